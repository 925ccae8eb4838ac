"""Open the members of zip and tar files as streams, without writing to disk.

A member is refused if it would use too much memory or time (a bomb, in bytes or in files), if it is encrypted, or if
its name leads out of the archive. The other members are read.
"""

from __future__ import annotations

import io
import lzma
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from latam_corpus.collect.records import Content, Failure, readable
from latam_corpus.collect.spans import Span, by_size
from latam_corpus.collect.streams import Counted, Pieces, blocks, check_ratio, seekable
from latam_corpus.errors import SourceError
from latam_corpus.formats.compression import compression
from latam_corpus.formats.registry import format_of
from latam_corpus.messages import N_, _, decimal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Buffer

    from latam_corpus.catalog.source import Source

# The maximum total size of an archive's members, in bytes.
MAX_TOTAL: Final = 64 * 2**30
# Each member is a row, and each member of a zip takes 0.7 kB of the worker's memory before the first is read.
MAX_MEMBERS: Final = 500_000
# The minimum and maximum size, in bytes, of an entry in a zip's list of members; a long name and extra fields add to
# it.
_LEAST_ENTRY: Final = 46
_MOST_ENTRY: Final = 256
_ENTRY: Final = b"PK\x01\x02"

_ZIP: Final = (".zip", ".wacz")
_SHORT: Final = {".tgz": ".gz", ".txz": ".xz"}
_ENCRYPTED: Final = 0x1
_DAMAGE: Final = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError)


@dataclass(frozen=True)
class Member:
    """A file in an archive: its name, and a function that opens it; a tar's members can only be opened in order."""

    name: str
    open: Callable[[], BinaryIO]


@dataclass(frozen=True)
class Refused:
    """A member that isn't read, and the reason."""

    name: str
    failure: Failure


@dataclass
class ArchiveBudget:
    """The bytes and members still allowed for an archive and the archives inside it."""

    bytes_: int = field(default_factory=lambda: MAX_TOTAL)
    members: int = field(default_factory=lambda: MAX_MEMBERS)


class _TooManyError(Exception):
    """An archive has more than `MAX_MEMBERS` members."""


class _Guarded(io.RawIOBase):
    """A stream of a member's bytes; raises SourceError if they exceed the limit of a member or of an archive."""

    def __init__(self, inner: BinaryIO, stored: Callable[[], int], budget: ArchiveBudget) -> None:
        super().__init__()
        self._inner, self._stored, self._budget, self._size = inner, stored, budget, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer).cast("B")
        try:
            data = self._inner.read(len(view))
        except (*_DAMAGE, NotImplementedError, RuntimeError) as error:
            raise SourceError("", str(error) or type(error).__name__, _("the archive is damaged")) from None
        self._size += len(data)
        self._budget.bytes_ -= len(data)
        check_ratio(self._size, max(self._stored(), 1))
        if self._budget.bytes_ < 0:
            raise SourceError(
                "",
                _("the archive unpacks to more than {max_total} bytes", max_total=decimal(f"{MAX_TOTAL:,}")),
                _("split it into smaller archives"),
            )
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._inner.close()
        super().close()


class _Directory:
    """A zip file; reading it raises an error if its list of members doesn't fit into memory."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def read(self, size: int = -1, /) -> bytes:
        """Read up to this many bytes; zipfile reads the whole list of members first, in one call."""
        if size > MAX_MEMBERS * _MOST_ENTRY:
            raise _TooManyError
        data = self._inner.read(size)
        if size > MAX_MEMBERS * _LEAST_ENTRY and data.count(_ENTRY) > MAX_MEMBERS:
            raise _TooManyError
        return data


def members(content: Content, budget: ArchiveBudget | None = None) -> Iterator[Member | Refused | Failure]:
    """Yield the files of an archive in their stored order; skip hidden files, folders and links.

    `budget` is the rest of the outer archive's budget.

    Yields:
        Members and refused members; finally a failure if the archive has more than `MAX_MEMBERS` members.

    Raises:
        SourceError: the archive can't be opened, or no more of it can be read because of damage.
    """
    allowed = budget or ArchiveBudget()
    entries = _zip(content, allowed) if _is_zip(content) else _tar(content, allowed)
    try:
        yield from _safe(entries)
    except _TooManyError:
        yield Failure(None, "too large", {"limit_members": MAX_MEMBERS, "remedy": N_("split it into smaller archives")})


def split(content: Content, source: Source, bytes_: int) -> list[Span]:
    """Return the members of a zip in spans of about this many unpacked bytes; a zip with archives, or a tar, has none.

    Raises:
        SourceError: the archive can't be opened.
    """
    del source
    if not _is_zip(content):
        return []
    try:
        with seekable(content) as stream:
            infos = _open_zip(stream, content).infolist()
    except _TooManyError:
        return []
    # The limit of the total applies only if the whole archive is read: a single span can't exceed it.
    if sum(info.file_size for info in infos) > MAX_TOTAL or any(_is_archive(info.filename) for info in infos):
        return []
    return by_size("members", ((info.file_size, 1) for info in infos), bytes_)


def _is_zip(content: Content) -> bool:
    return content.relative.lower().endswith(_ZIP)


def _is_archive(name: str) -> bool:
    entry = format_of(name)
    return entry is not None and entry.archive


def _safe(entries: Iterator[Member | Refused]) -> Iterator[Member | Refused]:
    """Yield the members without hidden ones; refuse those whose names lead out of the archive."""
    for member in entries:
        if any(part.startswith(".") and part != ".." for part in member.name.split("/")):
            continue
        problem = _unsafe(member.name)
        if problem and isinstance(member, Member):
            name = member.name.replace("\\", "/").lstrip("/")
            yield Refused(name, Failure(None, "unsafe name", {"name": member.name, "why": problem}))
        else:
            yield member


def _unsafe(name: str) -> str:
    r"""Return why a member's name is refused; an empty string if it is safe.

    >>> _unsafe("../../etc/passwd"), _unsafe("C:\\notas.txt"), _unsafe("notas/año.txt")
    ('its path leads out of the archive', 'its path is absolute', '')
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or path.parts[0][1:2] == ":":
        return N_("its path is absolute")
    return N_("its path leads out of the archive") if ".." in path.parts else ""


def _normal(name: str) -> str:
    """Return the name without `./` and doubled slashes; bytes that aren't UTF-8 are replaced.

    >>> _normal("./notas//a.txt")
    'notas/a.txt'
    """
    text = readable(name)
    return f"{'/' * text.startswith('/')}{'/'.join(p for p in text.split('/') if p not in ('', '.'))}"


def _open_zip(stream: BinaryIO, content: Content) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(cast("BinaryIO", _Directory(stream)))
    except (*_DAMAGE, NotImplementedError, ValueError) as error:
        raise SourceError(content.relative, str(error) or type(error).__name__, _("check the archive")) from None


def _zip(content: Content, budget: ArchiveBudget) -> Iterator[Member | Refused]:
    with seekable(content) as stream:
        archive = _open_zip(stream, content)
        infos = archive.infolist()
        for info in infos[content.span.start : content.span.stop] if content.span else infos:
            _count(budget)
            if info.is_dir():
                continue
            if info.flag_bits & _ENCRYPTED:
                yield Refused(
                    _normal(info.filename), Failure(None, "encrypted member", {"remedy": N_("remove its password")})
                )
                continue
            yield Member(_normal(info.filename), _opener(archive, info, budget))


def _count(budget: ArchiveBudget) -> None:
    budget.members -= 1
    if budget.members < 0:
        raise _TooManyError


def _opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: ArchiveBudget) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        try:
            inner = cast("BinaryIO", archive.open(info))
        except (*_DAMAGE, NotImplementedError, RuntimeError) as error:
            raise SourceError(info.filename, str(error) or type(error).__name__, _("the archive is damaged")) from None
        return io.BufferedReader(_Guarded(inner, lambda: info.compress_size, budget))

    return opened


def _tar(content: Content, budget: ArchiveBudget) -> Iterator[Member | Refused]:
    suffix = compression(content.relative) or _SHORT.get(PurePosixPath(content.relative).suffix.lower(), "")
    with content.open() as raw:
        counted = Counted(raw)
        unpacked = io.BufferedReader(Pieces(blocks(cast("BinaryIO", counted), suffix)))
        try:
            with tarfile.open(fileobj=unpacked, mode="r|", errorlevel=0) as archive:
                for info in archive:
                    # tarfile keeps every member in memory for seeking, which a stream can't do.
                    archive.members.clear()  # type: ignore[attr-defined]
                    _count(budget)
                    inner = archive.extractfile(info) if info.isreg() else None
                    if inner is None:
                        continue
                    guarded = _Guarded(cast("BinaryIO", inner), lambda: counted.count if suffix else MAX_TOTAL, budget)
                    yield Member(_normal(info.name), lambda opened=guarded: io.BufferedReader(opened))  # type: ignore[misc]
        except (*_DAMAGE, ValueError, OverflowError) as error:
            raise SourceError(content.relative, str(error) or type(error).__name__, _("check the archive")) from None
