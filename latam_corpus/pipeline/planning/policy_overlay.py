"""Merge a user's policies with the shipped ones, file by file.

The user's folder is a copy of `filters/`, or contains a few policies, each of which states its language or genre. A
file that equals the shipped one is ignored.
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
from latam_corpus.storage.durable import process_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CODE: Final = re.compile("[a-z]{3}")
_KINDS: Final = ("languages", "genres", "privacy", "dedupe")


@dataclass(frozen=True)
class Overlay:
    """The shipped policies, some of them replaced by a user's, in a merged folder."""

    folder: Path
    own: tuple[OwnPolicy, ...]

    def hints(self) -> list[Message]:
        """Return a sentence for each file that no one has signed."""
        return [_("policy {policy}", policy=policy.sentence) for policy in self.own if not policy.readers]

    def record(self) -> list[dict[str, Any]]:
        """Return the entries in `run.json`."""
        return [asdict(policy) | {"readers": list(policy.readers)} for policy in self.own]


def overlay(folder: Path, work: Path) -> Overlay:
    """Merge a user's policies with the shipped ones into a new folder.

    The user's folder is a copy of `filters/`, or some files of it; the merged folder is created in `work`.

    Raises:
        ConfigError: the folder has no policy, a file isn't a valid policy, or it was changed after it was signed.
    """
    shipped = data_folder("filters")
    own_files = _own_files(folder, shipped)
    policies = tuple(_signed(name, path) for name, path in sorted(own_files.items()))
    merged = work / "policies" / _digest(own_files)
    if not merged.is_dir():
        _make(merged, shipped, own_files)
    return Overlay(merged.resolve(), policies)


def _make(merged: Path, shipped: Path, own: Mapping[str, Path]) -> None:
    """Create the merged folder after loading all its policies once, which raises errors for wrong ones."""
    partial = process_path(merged, "partial")
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
            from latam_corpus.privacy.privacy_policy import privacy_policies  # imported only for a user's policies

            privacy_policies(str(partial))
            if any(name.startswith("dedupe/") for name in own):
                from latam_corpus.dedupe.verify.bounds import dedupe_bounds  # its import loads compiled code

                dedupe_bounds(str(partial))
        with suppress(OSError):  # another process created it first
            partial.replace(merged)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _own_files(folder: Path, shipped: Path) -> dict[str, Path]:
    """Return the user's files that differ from the shipped ones, by their names in a folder of policies."""
    if not folder.is_dir():
        problem = _("there is no such folder of policies")
        raise ConfigError(str(folder), problem, _("name a folder with a policy, such as quy.toml"))
    own: dict[str, Path] = {}
    # Hidden files, such as an editor's, are ignored.
    paths = sorted(
        path for path in folder.rglob("*.toml") if not any(p.startswith(".") for p in path.relative_to(folder).parts)
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
            problem = _("{other} is a policy for the same language or genre", other=own[name])
            raise ConfigError(str(path), problem, _("keep one of the two"))
        own[name] = path
    return own


def _signed(name: str, path: Path) -> OwnPolicy:
    """Return the policy in a file, with the readers who signed its current content."""
    text = read_toml(path, "policy")
    digest = content_digest(text)
    signatures = reviews(map(str, tomllib.loads(text).get(KEY, ())), digest)
    readers = tuple(review.reader for review in signatures if review.state == "current")
    changed = [review.reader for review in signatures if review.state == "changed"]
    if changed and not readers:
        problem = _("it was changed after {readers} signed it", readers=enumerated(map(same, changed)))
        remedy = _("have it read and signed again (`judge sign {file} --reader …`), or delete the signature", file=path)
        raise ConfigError(str(path), problem, remedy)
    return OwnPolicy(name, digest, readers)


def _digest(own: Mapping[str, Path]) -> str:
    """Return a digest of the merged folder's files."""
    shipped = data_folder("filters")
    files = {f"{kind}/{path.name}": path for kind in _KINDS for path in sorted((shipped / kind).glob("*.toml"))} | dict(
        own
    )
    digests = [f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for name, path in sorted(files.items())]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:16]


def read_policy(file: Path) -> tuple[str, str]:
    """Return the text of a policy for a language or a genre, and its name in a folder of policies.

    Raises:
        ConfigError: the file isn't a policy for a language or a genre.
    """
    text = read_toml(file, "policy")
    keys: set[str] = set()
    with suppress(tomllib.TOMLDecodeError):  # `parse_toml` reports it below
        keys = tomllib.loads(text).keys() & {"genre", "language"}
        if not keys:
            problem = _("it is not a policy for a language or a genre")
            raise ConfigError(str(file), problem, _("start from a file of filters/languages or filters/genres"))
    if keys == {"genre"}:
        genre = parse_toml(text, GenreFile, str(file)).genre
        if genre not in vocabulary.GENRES:
            problem = _("there is no genre «{name}»", name=genre)
            raise ConfigError(str(file), problem, closest(genre, vocabulary.GENRES))
        return text, f"genres/{genre}.toml"
    code = parse_toml(text, LanguageFile, str(file)).language
    if not _CODE.fullmatch(code):
        problem = _("«{name}» is not an ISO 639-3 code", name=code)
        raise ConfigError(str(file), problem, _("write three lower-case letters, such as spa or quy"))
    return text, f"languages/{code}.toml"


@contextmanager
def named_as(originals: Mapping[Path, Path]) -> Iterator[None]:
    """Replace the names of copies by those of their original files in any `ConfigError` that the block raises."""
    try:
        yield
    except ConfigError as error:
        errors = error.errors if isinstance(error, MistakesError) else (error,)
        renamed = [ConfigError(_renamed(mistake.args[0], originals), *mistake.args[1:]) for mistake in errors]
        raise as_one(renamed) from None


def _renamed(place: str | Message, originals: Mapping[Path, Path]) -> str | Message:
    if isinstance(place, Message):
        return Message(place.msgid, {name: _renamed(value, originals) for name, value in place.values.items()})
    if not isinstance(place, str | Path):
        return place
    text = str(place)
    for copy, file in originals.items():
        text = text.replace(str(copy), str(file))
    return text
