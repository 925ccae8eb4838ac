"""Read labelled texts for training and evaluation from TSV, JSONL and plain text files.

Files are named as `[LABEL=]PATH[#FIELD]`, or in a list, a TOML file that also states licences:

    [[data]]
    path = "literature/conha19/novels.jsonl.xz"
    label = "spa"
    licence = "Public Domain Mark 1.0"
"""

from __future__ import annotations

import gzip
import hashlib
import json
import lzma
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError, cause_of, closest
from latam_corpus.lab.language.fact_lists import TELLING, word_list_rows
from latam_corpus.lab.language.help_pages import help_rows
from latam_corpus.lab.language.message_catalogues import catalogue_rows, is_catalogue
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_LABEL_FIELDS: Final = ("label", "language", "lang", "iso639_3")
_GUTENBERG: Final = re.compile(r"\*\*\* ?START OF.*?\*\*\*\s*\n(.*?)\n\*\*\* ?END OF", re.DOTALL)
# Languages whose translated help still has many English strings.
_HELP: Final = frozenset({"cat", "eus", "fra", "glg", "ita", "oci", "por", "ron", "spa"})
# fmt: off
_ENGLISH: Final = frozenset({
    "the", "and", "with", "this", "which", "from", "your", "that", "choose", "select", "click", "of", "to",
    "is", "are", "when", "enter", "returns", "specifies", "number",
})
# fmt: on
_MANY_ENGLISH: Final = 2
_SHARE_ENGLISH: Final = 0.05  # share of the words: a book that quotes two English words isn't in English
_KEYS: Final[dict[str, type]] = {
    **dict.fromkeys(("path", "label", "field", "licence", "package"), str),
    **dict.fromkeys(("leave_out", "only", "packages"), list),
    "drawn": bool,
}
_EXAMPLES: Final = {list: _('write a list, such as ["spa", "por"]'), bool: _("write true or false")}
_HELD_OUT: Final = 10  # one text in ten is kept out of training, for measuring models


@dataclass(frozen=True)
class Texts:
    """A file of labelled texts.

    Attributes:
        path: TSV (`label<TAB>text`), JSONL or plain text, uncompressed or compressed with xz or gzip; or a folder of
            GNOME help (see `help_pages`), of translated messages (see `message_catalogues`) or of word lists (see
            `fact_lists`).
        label: the label of every text; empty if the file states it.
        field: the JSONL field of the text, or the name of the catalogue.
        licence: the licence, as stated by the person who trains.
        leave_out: labels whose texts are skipped because the file often assigns them wrongly.
        only: the labels whose texts are read; empty for all.
        drawn: whether its lines are words drawn by frequency, which must not outnumber sentences too much.
    """

    path: Path
    label: str = ""
    field: str = "text"
    licence: str = ""
    leave_out: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    drawn: bool = False


def named_texts(data: Sequence[str], root: Path | None = None, packages: Path | None = None) -> list[Texts]:
    """Return the files that the arguments name.

    Args:
        data: `[LABEL=]PATH[#FIELD]`, or the paths of lists (`.toml`).
        root: the folder of a list's relative paths; by default the list's folder.
        packages: a folder with unpacked Debian packages, each in a folder with the package's name; by default, the
            packages that a list names must be installed.

    Raises:
        ConfigError: a file is missing, or an entry of a list has no path or an unknown key.

    >>> named_texts(["spa=relatos.txt"])
    Traceback (most recent call last):
    ...
    latam_corpus.errors.ConfigError: relatos.txt: no such file; give an existing file, as [LABEL=]PATH[#FIELD]
    """
    listing: list[Texts] = []
    for argument in data:
        if argument.endswith(".toml"):
            listing += _from_list(Path(argument), root, packages)
            continue
        label, equals, place = argument.partition("=")
        path, _hash, field = (place if equals else argument).partition("#")
        listing.append(Texts(Path(path), label if equals else "", field or "text"))
    for texts in listing:
        if not texts.path.exists():
            raise ConfigError(str(texts.path), _("no such file"), _("give an existing file, as [LABEL=]PATH[#FIELD]"))
    return listing


def rows(texts: Texts) -> Iterator[tuple[str, str]]:
    """Yield the label and text of each text, in the file's order, except for labels that are left out.

    Raises:
        ConfigError: a line doesn't have the format of the file's suffix, or has no label.
    """
    for label, text in _all_rows(texts):
        if label not in texts.leave_out and (not texts.only or label in texts.only):
            yield label, text


def _all_rows(texts: Texts) -> Iterator[tuple[str, str]]:
    if texts.path.is_dir():
        if is_catalogue(texts.path):
            yield from catalogue_rows(texts.path, texts.field)
        else:
            yield from (word_list_rows if is_word_list(texts) else help_rows)(texts.path)
        return
    suffixes = [s for s in texts.path.suffixes if s not in (".xz", ".gz")]
    kind = suffixes[-1] if suffixes else ""
    if kind == ".txt":
        yield from _plain(texts)
        return
    if kind not in (".tsv", ".jsonl"):
        raise ConfigError(
            str(texts.path), _("it can't read «{kind}» files", kind=kind), _("give .tsv, .jsonl or .txt (.xz, .gz)")
        )
    read = _tsv if kind == ".tsv" else _jsonl
    for number, line in enumerate(_lines(texts.path), 1):
        if line.strip():
            yield from read(texts, line.rstrip("\r\n"), f"{texts.path}, line {number}")


def is_word_list(texts: Texts) -> bool:
    """Whether the texts are rows of words from word lists instead of sentences."""
    return (texts.path / TELLING).is_file()


def is_held_out(text: str) -> bool:
    """Whether a text is in the tenth that is never used for training, by the hash of its words.

    >>> sum(is_held_out(f"texto {number}") for number in range(1000))
    122
    """
    digest = hashlib.sha256(" ".join(text.split()).encode()).digest()
    return digest[0] % _HELD_OUT == 0


def is_untranslated(code: str, text: str) -> bool:
    """Whether a text labelled as a Romance language or Basque is in English, like some lines of translated help.

    >>> is_untranslated("glg", "Select the option to print the document."), is_untranslated("glg", "Abra o ficheiro.")
    (True, False)
    """
    if code not in _HELP:
        return False
    words = text.lower().split()
    english = [word for word in words if word in _ENGLISH]
    return len(set(english)) >= _MANY_ENGLISH and len(english) >= _SHARE_ENGLISH * len(words)


def _from_list(path: Path, root: Path | None, packages: Path | None) -> list[Texts]:
    try:
        entries = tomllib.loads(path.read_text("utf-8"))["data"]
        _check_keys(entries, path)
        return [
            Texts(
                source,
                entry.get("label", ""),
                entry.get("field", "text"),
                entry["licence"],
                tuple(entry.get("leave_out", ())),
                tuple(entry.get("only", ())),
                entry.get("drawn", False),
            )
            for entry in entries
            for source in _paths_of(entry, root or path.parent, packages)
        ]
    except OSError as error:
        raise ConfigError(
            str(path), _("it can't be read ({reason})", reason=cause_of(error)), _("give a list of texts")
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            str(path), _("it isn't TOML: {reason}", reason=error), _("see latam_corpus/lab/language/texts.py")
        ) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            str(path), _("it lacks {reason}", reason=error), _("each [[data]] has a path and a licence")
        ) from error


def _check_keys(entries: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Raise if a key is unknown or its value has the wrong type: a text instead of a list would be read as letters."""
    for number, entry in enumerate(entries, 1):
        place = _("{path}, entry {number}", path=path, number=number)
        for key, value in entry.items():
            if key not in _KEYS:
                raise ConfigError(place, _("unknown key «{key}»", key=key), closest(key, sorted(_KEYS)))
            if not isinstance(value, _KEYS[key]):
                raise ConfigError(
                    place,
                    _("«{key}» is {given}", key=key, given=f"{value!r}"),
                    _EXAMPLES.get(_KEYS[key], _("write a text in quotes")),
                )


def _paths_of(entry: Mapping[str, Any], root: Path, packages: Path | None) -> Iterable[Path]:
    """Return the paths of an entry's texts, under `root` or in Debian packages."""
    names = entry.get("packages", [entry["package"]] if "package" in entry else None)
    if names is None:
        return [Path(root, entry["path"])]
    # All installed packages have the same root.
    paths = {Path(packages / name if packages else "/", entry["path"]): name for name in names}
    for path, name in paths.items():
        if not path.exists():
            remedy = f"apt-get install {name}, or unpack it by dpkg-deb --extract and give --packages"
            raise ConfigError(str(path), _("the package «{name}» isn't installed", name=name), remedy)
    return paths


def _lines(path: Path) -> Iterator[str]:
    try:
        opened: Any = {".xz": lzma.open, ".gz": gzip.open}.get(path.suffix, open)
        with opened(path, "rt", encoding="utf-8", newline="\n") as lines:
            yield from lines
    except (OSError, EOFError, lzma.LZMAError, UnicodeDecodeError) as error:
        raise ConfigError(
            str(path),
            _("it can't be read: {reason}", reason=error),
            _("give UTF-8 text, uncompressed or as .xz or .gz"),
        ) from error


def _tsv(texts: Texts, line: str, place: str) -> Iterator[tuple[str, str]]:
    label, tab, text = line.partition("\t")
    if texts.label:
        yield texts.label, text if tab else line
    elif tab and label:
        yield label, text
    else:
        raise ConfigError(place, _("the line has no label before a tab"), _("each line is «label<TAB>text»"))


def _jsonl(texts: Texts, line: str, place: str) -> Iterator[tuple[str, str]]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise ConfigError(
            place, _("it isn't JSON: {reason}", reason=error), _("each line is one JSON object")
        ) from error
    if not isinstance(row, dict):
        raise ConfigError(place, _("it isn't a JSON object"), _("each line is one JSON object"))
    label = texts.label or next((str(row[f]) for f in _LABEL_FIELDS if row.get(f)), "")
    if not label:
        raise ConfigError(
            place,
            _("it has no label"),
            _("give LABEL=PATH, or one of the fields {names}", names=", ".join(_LABEL_FIELDS)),
        )
    if row.get(texts.field):
        yield label, str(row[texts.field])


def _plain(texts: Texts) -> Iterator[tuple[str, str]]:
    if not texts.label:
        raise ConfigError(str(texts.path), _("a plain text file has no label"), _("give LABEL=PATH"))
    raw = texts.path.read_bytes()
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    text = text.replace("\r\n", "\n")
    inside = _GUTENBERG.search(text)
    yield texts.label, inside[1] if inside else text
