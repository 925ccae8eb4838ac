"""The files of a source, with their descriptions in bag lists and catalogues."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeAlias

from latam_corpus.collect.records import Failure
from latam_corpus.collect.streams import open_url
from latam_corpus.formats.compression import COMPRESSIONS, compression

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# The file that marks a folder as a bag (BagIt, RFC 8493).
BAG: Final = "bagit.txt"


@dataclass(frozen=True, order=True, slots=True)
class FileDescription:
    """The description of a file in the bag lists and catalogues of its folder.

    Attributes:
        record: the catalogue's row or record of the file, as JSON; empty if there is none.
        checksum: the checksum in hex; empty if no list has one.
        unlisted: whether the file is in a bag whose lists don't name it.
        is_list: whether the file is a list or catalogue itself, which has no text.
        failures: as JSON, the failures of a list, such as missing files that it names, or the failure of a broken link.
        bag: the metadata of the file's bag, by its labels, as JSON.
        more_rows: a JSON list of further rows of the catalogue that name the file; they narrow the first row's terms.
        near: for a file that the catalogue doesn't name, the closest name in it; empty if none is close.
        header_row: for a catalogue that is a table, the row of its header; 0 for other files.
        unnamed: the catalogues that may restrict the file and that the source doesn't name, as JSON: the path of each,
            and the line of TOML that reads it; empty for none.
    """

    record: str = ""
    algorithm: str = ""
    checksum: str = ""
    unlisted: bool = False
    is_list: bool = False
    failures: str = ""
    bag: str = ""
    more_rows: str = ""
    near: str = ""
    header_row: int = 0
    unnamed: str = ""

    @property
    def rows(self) -> list[dict[str, Any]]:
        """All rows that may state terms of the file: the labels of its bag, and each row of the catalogue."""
        single = (json.loads(text) for text in (self.bag, self.record) if text)
        return [*single, *json.loads(self.more_rows or "[]")]

    @property
    def unnamed_catalogues(self) -> tuple[tuple[str, str], ...]:
        """The catalogues that the source doesn't name, each with the line of TOML that reads it."""
        return tuple((file, line) for file, line in json.loads(self.unnamed or "[]"))

    @property
    def columns(self) -> dict[str, Any]:
        """The columns that a catalogue states of the file, and the labels of its bag."""
        values: dict[str, Any] = {**json.loads(self.bag or "{}"), **json.loads(self.record or "{}")}
        return values


@dataclass(frozen=True, order=True, slots=True)
class InputFile:
    """A file to read: its path in the source, its location, its size in bytes, and its description."""

    relative: str
    url: str
    size: int
    description: FileDescription = FileDescription()

    @property
    def is_missing(self) -> bool:
        """Whether the file is a broken link, a pipe or a device, which can't be opened."""
        return bool(self.description.failures) and not self.description.is_list


def compiled(pattern: str, *, also_compressed: bool = True) -> re.Pattern[str]:
    """Compile a source's glob of files; it ignores case, since old programs write suffixes such as `.PDF`.

    `also_compressed` matches compressed files too, such as `carta.txt.gz` for `*.txt`.

    >>> [bool(compiled("**/*.txt").fullmatch(name)) for name in ("1998/CARTA.TXT", "carta.txt.gz", "carta.txt.bak")]
    [True, True, False]
    """
    from fsspec.utils import glob_translate

    endings = ("", *COMPRESSIONS) if also_compressed and not compression(pattern) else ("",)
    return re.compile("|".join(glob_translate(pattern + ending) for ending in endings), re.IGNORECASE)


def is_one_of(name: str, patterns: Sequence[re.Pattern[str]]) -> bool:
    """Whether a source's patterns choose a file or member with this name; without patterns, all are chosen."""
    return not patterns or any(pattern.fullmatch(name) for pattern in patterns)


# A function that opens a file on a disk, at a URL, or in an archive.
Opener: TypeAlias = Callable[[InputFile], BinaryIO]


def opened_file(file: InputFile) -> BinaryIO:
    """Open the file for reading its stored bytes.

    Raises:
        SourceError: it can't be opened.
    """
    return open_url(file.url)


def as_json(failures: list[Failure]) -> str:
    """Return failures as JSON; empty for none."""
    return (
        json.dumps([[f.number, f.cause, f.evidence, f.about] for f in failures], ensure_ascii=False) if failures else ""
    )


def of_json(failures: str) -> Iterator[Failure]:
    """Yield the failures that `as_json` wrote."""
    for number, cause, evidence, about in json.loads(failures or "[]"):
        yield Failure(number, cause, evidence, about=about)
