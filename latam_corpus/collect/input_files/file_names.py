"""The files of a folder by the names under which a catalogue may know them, and never a wrong one."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections import Counter, defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

from latam_corpus.formats.compression import stem
from latam_corpus.formats.registry import suffixes
from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from latam_corpus.collect.input_files.input_file import InputFile

# Records of these names stand for all of their folder.
_OF_A_FOLDER: Final = frozenset(
    {"dublin_core", "dc", "mets", "mods", "marc", "marcxml", "metadata", "metadatos", "metadados"}
)


class Found(NamedTuple):
    """The files that a name may mean, and how surely: 0 by its whole name, 1 by less; None where it is none alone."""

    files: tuple[str, ...] = ()
    rank: int | None = None


class FileNames:
    """The files by all the names under which a catalogue may know them."""

    def __init__(self, files: Sequence[InputFile]) -> None:
        self.files = files
        # Of two names that differ only in how an accent is coded, a catalogue can't say which it means.
        self._paths = Counter(one.relative for one in files)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        self._by_folder: dict[str, list[str]] = defaultdict(list)
        self._by_key: dict[str, list[str]] = defaultdict(list)
        self._folders: dict[Callable[[str], str], set[str]] = {str.casefold: set(), name_key: set()}
        for one in files:
            path = PurePosixPath(one.relative)
            for name in {path.name, stem(path.name)}:
                self._by_name[name.casefold()].append(one.relative)
            self._by_stem[_without_suffix(path.name).casefold()].append(one.relative)
            for key in {name_key(path.name), name_key(_without_suffix(path.name))}:
                self._by_key[key].append(one.relative)
            self._by_folder[str(path.parent)].append(one.relative)
            for key_of, folders in self._folders.items():
                folders.update(map(key_of, path.parent.parts))

    def of(self, names: Iterable[str], list_: InputFile, *, each: bool) -> tuple[list[str], dict[str, Sequence[str]]]:
        """Return the files that are called so, and the names that no file bears alone, with those that might be meant.

        Args:
            names: of one row or record.
            list_: where they stand.
            each: whether each names a file; of a record they are several names of one, the surest of which count.
        """
        found: dict[str, Found] = {name: self._find(name, PurePosixPath(list_.relative).parent) for name in names}
        surest = min((one.rank for one in found.values() if one.rank is not None), default=None)
        matched = [one for one in found.values() if one.rank is not None and (each or one.rank == surest)]
        unmatched: dict[str, Sequence[str]] = {name: one.files for name, one in found.items() if one.rank is None}
        files = list(dict.fromkeys(file for one in matched for file in one.files))
        return files, unmatched if each or not files else {}

    def _find(self, name: str, here: PurePosixPath) -> Found:
        """Return the files of a name: by path from the list or the folder, else by a name that one file alone has."""
        path, is_address = _as_path(name)
        if not path:
            return Found()
        exact = [] if is_address else list(dict.fromkeys(_resolved(str(base), path) for base in (here, "")))
        for one in exact:
            if one in self._paths:
                return Found((one,), 0 if self._paths[one] == 1 else None)
        for one in exact:
            if one in self._by_folder and one != ".":
                return Found(tuple(self._by_folder[one]), 1)
        bare = PurePosixPath(path).name.casefold()
        for rank, by_name in ((0, self._by_name), (1, self._by_stem)):
            meant = tuple(one for one in by_name.get(bare, ()) if is_address or self._may_be(path, one))
            if meant:
                return Found(meant, rank if len(meant) == 1 else None)
        written = unquote(path)  # the addresses of METS are coded as those of the web
        return self._find(written, here) if written != path else Found()

    def _may_be(self, path: str, file: str, key: Callable[[str], str] = str.casefold) -> bool:
        """Whether a path that isn't there as it is written may be a file's: their folders don't contradict each other.

        What is more in one of them lies above: the list was made where the folder stood in another, or is told of
        a folder above.
        """
        named, there = ([key(part) for part in PurePosixPath(one).parent.parts] for one in (path, file))
        common = min(len(named), len(there))
        if named[len(named) - common :] != there[len(there) - common :] or ".." in named:
            return False
        return len(named) <= common or named[len(named) - common - 1] not in self._folders[key]

    def alike(self, name: str) -> tuple[str, ...]:
        """Return the files whose names differ from this one by accents, case or separators alone, or by no suffix."""
        path, is_address = _as_path(name)
        if not path:
            return ()
        named = unquote(path)
        files = self._by_key.get(name_key(PurePosixPath(named).name), ())
        return tuple(one for one in files if is_address or self._may_be(named, one, name_key))

    def beside(self, list_: InputFile) -> list[str]:
        """Return the files that a record stands beside."""
        path = PurePosixPath(list_.relative)
        name = path.name.partition(".")[0].casefold()
        inside = self._by_folder.get(str(path.parent), [])
        if name in _OF_A_FOLDER:
            return [one for one in inside if one != list_.relative]
        return [one for one in inside if PurePosixPath(one).name.partition(".")[0].casefold() == name]


def name_key(name: str) -> str:
    """Return a name as it is compared when it isn't found as it is written.

    >>> name_key("Canción_01.TXT") == name_key("cancion-01.txt") == name_key("Cancio\u0301n  01.txt")
    True
    """
    return " ".join(re.split(r"[\s_\-\u2010-\u2015]+", folded(name))).strip()


def _without_suffix(name: str) -> str:
    """Return the name without a suffix that a format has: `a.b` is whole, `a.pdf` isn't."""
    plain = PurePosixPath(stem(name))
    return plain.stem if plain.suffix.lower() in suffixes() else name


def _as_path(name: str) -> tuple[str, bool]:
    r"""Return a path with slashes, of an address its own; and whether it is an address of another machine.

    >>> _as_path(r"Libros\1896\coplas.pdf"), _as_path("file:///libros/a%20b.pdf"), _as_path("https://b.example/d/1.txt?x")
    (('Libros/1896/coplas.pdf', False), ('libros/a b.pdf', False), ('b.example/d/1.txt', True))
    """
    plain = unicodedata.normalize("NFC", name.strip()).replace("\\", "/")
    address = re.match(r"([a-z][\w+.-]*)://", plain, re.IGNORECASE)
    if address:
        plain = unquote(plain[address.end() :].partition("?")[0].partition("#")[0])
    elif drive := re.match(r"[a-z]:/", plain, re.IGNORECASE):
        plain = plain[drive.end() :]
    path = "/".join(part for part in plain.split("/") if part not in ("", "."))
    return unicodedata.normalize("NFC", path), address is not None and address[1].lower() != "file"


def _resolved(folder: str, path: str) -> str:
    """Return the path as it is from a folder; one that leads out of all of them begins with two points.

    >>> _resolved("mets", "../textos/uno.txt"), _resolved("", "../uno.txt")
    ('textos/uno.txt', '../uno.txt')
    """
    return posixpath.normpath(posixpath.join(folder, path))
