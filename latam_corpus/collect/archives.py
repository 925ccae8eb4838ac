"""Archives: the members of zip and tar files, each opened as a stream; nothing is written to disk.

What would take the worker's memory or time without end (a bomb), what can't be opened (an encrypted member), and names
that lead out of the archive are refused, one by one; the other members are read.
"""

from __future__ import annotations

import io
import lzma
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from latam_corpus.collect.records import Content, Failure
from latam_corpus.collect.streams import Counted, Pieces, blocks, compression, seekable
from latam_corpus.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Buffer

# A member may be this many times larger than it is stored, counted from a size on that matters: text is packed 3 to
# 20 times, tables of repeated lines some 100; bombs are packed 1,000 times and more.
MAX_RATIO: Final = 250
RATIO_FROM: Final = 64 * 2**20
# All members of an archive together.
MAX_TOTAL: Final = 64 * 2**30

_ZIP: Final = (".zip", ".wacz")
_SHORT: Final = {".tgz": ".gz", ".txz": ".xz"}
_ENCRYPTED: Final = 0x1
_DAMAGE: Final = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError)


@dataclass(frozen=True)
class Member:
    """A file in an archive: its name, its time, and what opens it; members of a tar open only in their turn."""

    name: str
    modified: datetime
    open: Callable[[], BinaryIO]


@dataclass(frozen=True)
class Refused:
    """A member that isn't read, and why."""

    name: str
    modified: datetime
    failure: Failure


@dataclass
class _Budget:
    """What the members of one archive may still come to."""

    left: int = field(default_factory=lambda: MAX_TOTAL)


class _Guarded(io.RawIOBase):
    """A member's bytes; a SourceError when they become more than a member or an archive may have."""

    def __init__(self, inner: BinaryIO, stored: Callable[[], int], budget: _Budget) -> None:
        super().__init__()
        self._inner, self._stored, self._budget, self._size = inner, stored, budget, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer).cast("B")
        try:
            data = self._inner.read(len(view))
        except (*_DAMAGE, NotImplementedError, RuntimeError) as error:
            raise SourceError("", str(error) or type(error).__name__, "the archive is damaged") from None
        self._size += len(data)
        self._budget.left -= len(data)
        if self._size > RATIO_FROM and self._size > MAX_RATIO * max(self._stored(), 1):
            raise SourceError("", f"it unpacks to more than {MAX_RATIO} times its size, as bombs do", "")
        if self._budget.left < 0:
            raise SourceError("", f"the archive unpacks to more than {MAX_TOTAL:,} bytes", "hand it over in pieces")
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._inner.close()
        super().close()


def members(content: Content, modified: datetime) -> Iterator[Member | Refused]:
    """The archive's files in its order, without hidden ones; folders and links are no files.

    Args:
        content: the archive.
        modified: the archive's time, for members that have none.

    Raises:
        SourceError: the archive can't be opened, or is damaged from some place on.
    """
    is_zip = content.relative.lower().endswith(_ZIP)
    for member in _zip(content, modified) if is_zip else _tar(content, modified):
        if any(part.startswith(".") and part != ".." for part in member.name.split("/")):
            continue
        problem = _unsafe(member.name)
        if problem and isinstance(member, Member):
            name = member.name.replace("\\", "/").lstrip("/")
            yield Refused(name, member.modified, Failure(None, "unsafe name", {"name": member.name, "why": problem}))
        else:
            yield member


def _unsafe(name: str) -> str:
    r"""Why a member's name is refused, or nothing.

    >>> _unsafe("../../etc/passwd"), _unsafe("C:\\notas.txt"), _unsafe("notas/año.txt")
    ('it leads out of the archive', 'it is absolute', '')
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or path.parts[0][1:2] == ":":
        return "it is absolute"
    return "it leads out of the archive" if ".." in path.parts else ""


def _normal(name: str) -> str:
    """The name without `./` and doubled slashes, which mean nothing; a name that isn't UTF-8 becomes readable.

    >>> _normal("./notas//a.txt")
    'notas/a.txt'
    """
    readable = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return f"{'/' * readable.startswith('/')}{'/'.join(p for p in readable.split('/') if p not in ('', '.'))}"


def _zip(content: Content, modified: datetime) -> Iterator[Member | Refused]:
    budget = _Budget()
    with seekable(content) as stream:
        try:
            archive = zipfile.ZipFile(stream)
        except (*_DAMAGE, NotImplementedError, ValueError) as error:
            raise SourceError(content.relative, str(error) or type(error).__name__, "check the archive") from None
        for info in archive.infolist():
            if info.is_dir():
                continue
            time = _zip_time(info, modified)
            if info.flag_bits & _ENCRYPTED:
                yield Refused(_normal(info.filename), time, Failure(None, "encrypted member", {"remedy": "unlock it"}))
                continue
            yield Member(_normal(info.filename), time, _opener(archive, info, budget))


def _opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: _Budget) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        try:
            inner = cast("BinaryIO", archive.open(info))
        except (*_DAMAGE, NotImplementedError, RuntimeError) as error:
            raise SourceError(info.filename, str(error) or type(error).__name__, "the archive is damaged") from None
        return io.BufferedReader(_Guarded(inner, lambda: info.compress_size, budget))

    return opened


def _zip_time(info: zipfile.ZipInfo, modified: datetime) -> datetime:
    """The member's time, which has no zone and is taken as UTC; the archive's where it has none (1980-01-01)."""
    try:
        time = datetime(*info.date_time, tzinfo=UTC)
    except ValueError:
        return modified
    return time if time.year > 1980 else modified  # noqa: PLR2004


def _tar(content: Content, modified: datetime) -> Iterator[Member | Refused]:
    budget = _Budget()
    suffix = compression(content.relative) or _SHORT.get(PurePosixPath(content.relative).suffix.lower(), "")
    with content.open() as raw:
        counted = Counted(raw)
        unpacked = io.BufferedReader(Pieces(blocks(cast("BinaryIO", counted), suffix)))
        try:
            with tarfile.open(fileobj=unpacked, mode="r|", errorlevel=0) as archive:
                for info in archive:
                    inner = archive.extractfile(info) if info.isreg() else None
                    if inner is None:
                        continue
                    time = datetime.fromtimestamp(info.mtime, UTC) if info.mtime > 0 else modified
                    guarded = _Guarded(cast("BinaryIO", inner), lambda: counted.count if suffix else MAX_TOTAL, budget)
                    yield Member(_normal(info.name), time, lambda opened=guarded: io.BufferedReader(opened))  # type: ignore[misc]
        except (*_DAMAGE, ValueError, OverflowError) as error:
            raise SourceError(content.relative, str(error) or type(error).__name__, "check the archive") from None
