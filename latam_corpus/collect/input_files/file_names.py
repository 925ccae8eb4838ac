"""Match the names in a catalogue with the files of a folder; an ambiguous name matches no file."""

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

# Records with these names describe all files of their folder.
_OF_A_FOLDER: Final = frozenset(
    {"dublin_core", "dc", "mets", "mods", "marc", "marcxml", "metadata", "metadatos", "metadados"}
)


class NameMatch(NamedTuple):
    """The files that a name may mean, with a rank: 0 for a whole name, 1 for a part, None for no single match."""

    files: tuple[str, ...] = ()
    rank: int | None = None


class FileNames:
    """The files of a folder, indexed by all names that a catalogue may use for them."""

    def __init__(self, files: Sequence[InputFile]) -> None:
        self.files = files
        # A catalogue can't distinguish two names that differ only in the encoding of an accent.
        self._paths = Counter(file.relative for file in files)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        self._by_folder: dict[str, list[str]] = defaultdict(list)
        self._by_key: dict[str, list[str]] = defaultdict(list)
        self._folders: dict[Callable[[str], str], set[str]] = {str.casefold: set(), name_key: set()}
        for file in files:
            path = PurePosixPath(file.relative)
            for name in {path.name, stem(path.name)}:
                self._by_name[name.casefold()].append(file.relative)
            self._by_stem[_without_suffix(path.name).casefold()].append(file.relative)
            for key in {name_key(path.name), name_key(_without_suffix(path.name))}:
                self._by_key[key].append(file.relative)
            self._by_folder[str(path.parent)].append(file.relative)
            for key_of, folders in self._folders.items():
                folders.update(map(key_of, path.parent.parts))

    def match(
        self, names: Iterable[str], list_: InputFile, *, each: bool
    ) -> tuple[list[str], dict[str, Sequence[str]]]:
        """Return the files that have one of the names, and the names that match no file or several.

        With `each`, each name means a different file; if not, the names are alternatives, and the best rank counts.

        Returns:
            The files, and the names without a single match, each with the possible files.
        """
        matches: dict[str, NameMatch] = {name: self._find(name, PurePosixPath(list_.relative).parent) for name in names}
        best_rank = min((match.rank for match in matches.values() if match.rank is not None), default=None)
        matched = [match for match in matches.values() if match.rank is not None and (each or match.rank == best_rank)]
        unmatched: dict[str, Sequence[str]] = {
            name: match.files for name, match in matches.items() if match.rank is None
        }
        files = list(dict.fromkeys(file for match in matched for file in match.files))
        return files, unmatched if each or not files else {}

    def _find(self, name: str, folder: PurePosixPath) -> NameMatch:
        """Return the files of a name: at its path from the list or the folder, or else by the name if it is unique."""
        path, is_address = _as_path(name)
        if not path:
            return NameMatch()
        exact = [] if is_address else list(dict.fromkeys(_resolved(str(base), path) for base in (folder, "")))
        for candidate in exact:
            if candidate in self._paths:
                return NameMatch((candidate,), 0 if self._paths[candidate] == 1 else None)
        for candidate in exact:
            if candidate in self._by_folder and candidate != ".":
                return NameMatch(tuple(self._by_folder[candidate]), 1)
        bare = PurePosixPath(path).name.casefold()
        for rank, by_name in ((0, self._by_name), (1, self._by_stem)):
            files = tuple(
                candidate for candidate in by_name.get(bare, ()) if is_address or self._may_be(path, candidate)
            )
            if files:
                return NameMatch(files, rank if len(files) == 1 else None)
        decoded = unquote(path)  # METS uses percent-encoded addresses
        return self._find(decoded, folder) if decoded != path else NameMatch()

    def _may_be(self, path: str, file: str, key: Callable[[str], str] = str.casefold) -> bool:
        """Whether a path without a file may mean this file, because their folders don't contradict each other.

        Either path may have additional parent folders, if the list was written in a parent folder or elsewhere.
        """
        stated, actual = ([key(part) for part in PurePosixPath(name).parent.parts] for name in (path, file))
        common = min(len(stated), len(actual))
        if stated[len(stated) - common :] != actual[len(actual) - common :] or ".." in stated:
            return False
        return len(stated) <= common or stated[len(stated) - common - 1] not in self._folders[key]

    def alike(self, name: str) -> tuple[str, ...]:
        """Return the files whose names differ from this one only by accents, case, separators or a missing suffix."""
        path, is_address = _as_path(name)
        if not path:
            return ()
        decoded = unquote(path)
        files = self._by_key.get(name_key(PurePosixPath(decoded).name), ())
        return tuple(file for file in files if is_address or self._may_be(decoded, file, name_key))

    def next_to(self, list_: InputFile) -> list[str]:
        """Return the files that a record without names describes: those next to it."""
        path = PurePosixPath(list_.relative)
        name = path.name.partition(".")[0].casefold()
        in_folder = self._by_folder.get(str(path.parent), [])
        if name in _OF_A_FOLDER:
            return [file for file in in_folder if file != list_.relative]
        return [file for file in in_folder if PurePosixPath(file).name.partition(".")[0].casefold() == name]


def name_key(name: str) -> str:
    """Return the normalized form of a name, for comparison if there is no exact match.

    >>> name_key("Canción_01.TXT") == name_key("cancion-01.txt") == name_key("Cancio\u0301n  01.txt")
    True
    """
    return " ".join(re.split(r"[\s_\-\u2010-\u2015]+", folded(name))).strip()


def _without_suffix(name: str) -> str:
    """Return the name without the suffix of a known format: `a.pdf` loses it, `a.b` doesn't."""
    plain = PurePosixPath(stem(name))
    return plain.stem if plain.suffix.lower() in suffixes() else name


def _as_path(name: str) -> tuple[str, bool]:
    r"""Return a name as a path with slashes, and whether it is an address on another machine.

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
    """Resolve a path relative to a folder; a path that leads out of all folders begins with two dots.

    >>> _resolved("mets", "../textos/uno.txt"), _resolved("", "../uno.txt")
    ('textos/uno.txt', '../uno.txt')
    """
    return posixpath.normpath(posixpath.join(folder, path))
