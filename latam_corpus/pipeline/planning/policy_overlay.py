"""Policies of a user's folder in the place of the shipped ones, file by file.

The files are named by what they say (`language`, `genre`), so that a folder may be a list of files as well as a copy of
`filters/`. A file that says the same as the shipped one replaces nothing.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tomllib
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus import vocabulary
from latam_corpus.config.toml_model import parse_toml, read_toml
from latam_corpus.errors import ConfigError, MistakesError, as_one, closest
from latam_corpus.messages import Message, _, enumerated, same
from latam_corpus.paths import data_folder
from latam_corpus.pipeline.planning.own_policies import OwnPolicy
from latam_corpus.policies.policy import cached_policies
from latam_corpus.policies.policy_files import GenreFile, LanguageFile
from latam_corpus.policies.policy_reviews import KEY, content_digest, reviews
from latam_corpus.privacy.privacy_policy import privacy_policies
from latam_corpus.storage.durable import beside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CODE: Final = re.compile("[a-z]{3}")
_KINDS: Final = ("languages", "genres", "privacy", "dedupe")


@dataclass(frozen=True)
class Overlay:
    """The shipped policies with a user's in their place.

    Attributes:
        folder: with all files.
        own: those that differ from the shipped ones.
    """

    folder: Path
    own: tuple[OwnPolicy, ...]

    def hints(self) -> list[Message]:
        """Return a sentence for each file that no one has signed."""
        return [_("policy {policy}", policy=policy.sentence) for policy in self.own if not policy.readers]

    def record(self) -> list[dict[str, Any]]:
        """Return the policies as a run's record has them."""
        return [asdict(policy) | {"readers": list(policy.readers)} for policy in self.own]


def overlay(folder: Path, work: Path) -> Overlay:
    """Return the shipped policies with those of a folder in their place, as a folder of their own.

    Args:
        folder: a copy of `filters/`, or files of it.
        work: where the merged folder is made.

    Raises:
        ConfigError: the folder has no policy, a file is none or can't be used, or it was changed after it was signed.
    """
    shipped = data_folder("filters")
    own = _own_files(folder, shipped)
    policies = tuple(_signed(name, path) for name, path in sorted(own.items()))
    merged = work / "policies" / _digest(own)
    if not merged.is_dir():
        _make(merged, shipped, own)
    return Overlay(merged.resolve(), policies)


def _make(merged: Path, shipped: Path, own: Mapping[str, Path]) -> None:
    """Make a folder of the shipped policies with a user's in their place, once these are checked.

    Raises:
        ConfigError: a policy can't be used.
    """
    partial = beside(merged, "partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        for kind in _KINDS:
            (partial / kind).mkdir(parents=True)
            for path in sorted((shipped / kind).glob("*.toml")):
                shutil.copyfile(path, partial / kind / path.name)
        for name, path in own.items():
            shutil.copyfile(path, partial / name)
        with named_as({partial / name: path for name, path in own.items()}):
            cached_policies(str(partial))
            privacy_policies(str(partial))
            if any(name.startswith("dedupe/") for name in own):
                from latam_corpus.dedupe.verify.bounds import dedupe_bounds  # loads compiled code

                dedupe_bounds(str(partial))
        with suppress(OSError):  # another process has made it
            partial.replace(merged)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _own_files(folder: Path, shipped: Path) -> dict[str, Path]:
    """Return the files that differ from the shipped ones, by their names in a folder of policies.

    Raises:
        ConfigError: there is no policy, a file is none, or two are of one language.
    """
    if not folder.is_dir():
        problem = _("there is no such folder of policies")
        raise ConfigError(str(folder), problem, _("name a folder with a policy, such as quy.toml"))
    own: dict[str, Path] = {}
    # Without hidden files, such as an editor's.
    paths = sorted(
        one for one in folder.rglob("*.toml") if not any(p.startswith(".") for p in one.relative_to(folder).parts)
    )
    if not paths:
        raise ConfigError(
            str(folder), _("there is no policy in it"), _("name a folder with a policy, such as quy.toml")
        )
    for path in paths:
        name = path.relative_to(folder).as_posix()
        if (shipped / name).is_file() and (shipped / name).read_bytes() == path.read_bytes():
            continue
        if name.startswith(("privacy/", "dedupe/")) and name.count("/") == 1:
            read_toml(path, "policy")
        else:
            _text, name = read_policy(path)
        if name in own:
            problem = _("{other} is a policy of the same language or genre", other=own[name])
            raise ConfigError(str(path), problem, _("keep one of the two"))
        own[name] = path
    return own


def _signed(name: str, path: Path) -> OwnPolicy:
    """Return a file as a policy, with its readers.

    Raises:
        ConfigError: it was signed, and no signature is of what it says now.
    """
    text = read_toml(path, "policy")
    digest = content_digest(text)
    signatures = reviews(map(str, tomllib.loads(text).get(KEY, ())), digest)
    readers = tuple(review.reader for review in signatures if review.state == "current")
    changed = [review.reader for review in signatures if review.state == "changed"]
    if changed and not readers:
        problem = _("it was changed after {readers} signed it", readers=enumerated(map(same, changed)))
        remedy = _(
            "let it be read and signed again (`judge sign {file} --reader …`), or delete the signature", file=path
        )
        raise ConfigError(str(path), problem, remedy)
    return OwnPolicy(name, digest, readers)


def _digest(own: Mapping[str, Path]) -> str:
    """Return the digest of the shipped files and a user's."""
    shipped = data_folder("filters")
    files = {f"{kind}/{path.name}": path for kind in _KINDS for path in sorted((shipped / kind).glob("*.toml"))} | dict(
        own
    )
    digests = [f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for name, path in sorted(files.items())]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:16]


def read_policy(file: Path) -> tuple[str, str]:
    """Return the text of a policy of a language or a genre, and the name that it has in a folder of policies.

    Raises:
        ConfigError: it is none.
    """
    text = read_toml(file, "policy")
    keys: set[str] = set()
    with suppress(tomllib.TOMLDecodeError):  # the models say what is wrong
        keys = tomllib.loads(text).keys() & {"genre", "language"}
        if not keys:
            problem = _("it is no policy of a language or a genre")
            raise ConfigError(str(file), problem, _("begin from a file of filters/languages or filters/genres"))
    if keys == {"genre"}:
        genre = parse_toml(text, GenreFile, str(file)).genre
        if genre not in vocabulary.GENRES:
            problem = _("there is no genre «{name}»", name=genre)
            raise ConfigError(str(file), problem, closest(genre, vocabulary.GENRES))
        return text, f"genres/{genre}.toml"
    code = parse_toml(text, LanguageFile, str(file)).language
    if not _CODE.fullmatch(code):
        problem = _("«{name}» is no ISO 639-3 code", name=code)
        raise ConfigError(str(file), problem, _("three small letters, such as spa or quy"))
    return text, f"languages/{code}.toml"


@contextmanager
def named_as(originals: Mapping[Path, Path]) -> Iterator[None]:
    """Name the original files, and not their copies, in what is wrong with them.

    Args:
        originals: the file of each copy.
    """
    try:
        yield
    except ConfigError as error:
        each = error.errors if isinstance(error, MistakesError) else (error,)
        raise as_one([ConfigError(_renamed(one.args[0], originals), *one.args[1:]) for one in each]) from None


def _renamed(place: str | Message, originals: Mapping[Path, Path]) -> str | Message:
    if isinstance(place, Message):
        return Message(place.msgid, {name: _renamed(value, originals) for name, value in place.values.items()})
    if not isinstance(place, str | Path):
        return place
    text = str(place)
    for copy, file in originals.items():
        text = text.replace(str(copy), str(file))
    return text
