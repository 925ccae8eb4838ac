"""A file of a source, and what lists beside it say of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeAlias

from fsspec.utils import glob_translate

from latam_corpus.collect.records import Failure
from latam_corpus.collect.streams import open_url
from latam_corpus.formats.compression import COMPRESSIONS, compression

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# The file by which a folder says that it is a bag (BagIt, RFC 8493).
BAG: Final = "bagit.txt"


@dataclass(frozen=True, order=True, slots=True)
class Beside:
    """What lists that lie beside a file say of it.

    Attributes:
        record: what a catalogue says of it, as JSON; empty where none does.
        algorithm: of the checksum in a bag's list.
        checksum: in hex; empty where no list has one.
        unlisted: whether it lies in a bag whose list doesn't name it.
        is_list: whether it is such a list itself, which has no text.
        failures: of a list what it names and isn't there, as JSON; of a link that it leads nowhere.
        bag: what the bag in which it lies says of itself, by its labels, as JSON.
        more_rows: further rows of the catalogue that name it, as a JSON list: their terms narrow those of the first.
        near: of a file that the catalogue doesn't name, the closest name in it; empty if none is close.
        header_row: of a catalogue that is a table, the row with its heads; 0 for another file.
        unnamed: the catalogues that may restrict it and that the source doesn't name, as JSON: the path of each, and
            the line of TOML that reads it; empty for none.
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
        """Everything that states terms of the file: the labels of its bag, and each row of the catalogue."""
        single = (json.loads(one) for one in (self.bag, self.record) if one)
        return [*single, *json.loads(self.more_rows or "[]")]

    @property
    def unnamed_catalogues(self) -> tuple[tuple[str, str], ...]:
        """The catalogues that the source doesn't name, each with the line of TOML that reads it."""
        return tuple((file, line) for file, line in json.loads(self.unnamed or "[]"))

    @property
    def columns(self) -> dict[str, Any]:
        """The columns that a catalogue gives it, and the labels of its bag."""
        values: dict[str, Any] = {**json.loads(self.bag or "{}"), **json.loads(self.record or "{}")}
        return values


@dataclass(frozen=True, order=True, slots=True)
class InputFile:
    """A file to read: its path in the source, where it is, and its size in bytes."""

    relative: str
    url: str
    size: int
    beside: Beside = Beside()

    @property
    def is_missing(self) -> bool:
        """Whether it is a link that leads nowhere, a pipe or a device, which can't be opened."""
        return bool(self.beside.failures) and not self.beside.is_list


def compiled(pattern: str, *, also_compressed: bool = True) -> re.Pattern[str]:
    """Return a source's pattern of files as a regular expression without case: old programs write `.PDF` and `.TXT`.

    Args:
        pattern: a glob.
        also_compressed: whether it matches compressed files too, such as `carta.txt.gz` for `*.txt`.

    >>> [bool(compiled("**/*.txt").fullmatch(name)) for name in ("1998/CARTA.TXT", "carta.txt.gz", "carta.txt.bak")]
    [True, True, False]
    """
    endings = ("", *COMPRESSIONS) if also_compressed and not compression(pattern) else ("",)
    return re.compile("|".join(glob_translate(pattern + ending) for ending in endings), re.IGNORECASE)


def is_one_of(name: str, patterns: Sequence[re.Pattern[str]]) -> bool:
    """Whether a source's patterns choose a file or member of this name; where it has none, they choose all."""
    return not patterns or any(pattern.fullmatch(name) for pattern in patterns)


# What opens a file: on a disk, at an address, in an archive.
Opener: TypeAlias = Callable[[InputFile], BinaryIO]


def opened_file(file: InputFile) -> BinaryIO:
    """Return the file open for reading its bytes as they are stored.

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
    """Yield what `as_json` wrote."""
    for number, cause, evidence, about in json.loads(failures or "[]"):
        yield Failure(number, cause, evidence, about=about)
