"""Read and decompress the bytes of files as streams; a damaged file is read up to the damage."""

from __future__ import annotations

import io
import lzma
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol, cast

import zstandard

from latam_corpus.collect.spans import Entry
from latam_corpus.errors import PartError, SourceError, cause_of
from latam_corpus.formats.compression import compression
from latam_corpus.messages import _, decimal, same
from latam_corpus.storage.public_hosts import VARIABLE, private_address, web_options
from latam_corpus.storage.remote import file_system

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from typing_extensions import Buffer

    from latam_corpus.collect.records import Content

# fsspec's names for the version or the time of a file, by file system; the first one present shows a change.
_VERSIONS: Final = ("ETag", "etag", "generation", "blob_id", "Last-Modified")
_TIMES: Final = ("mtime", "LastModified", "last_modified", "updated", "created", "modified")

# The maximum size of a record or of a whole file, in bytes. Without it, one file (a decompression bomb, or a database
# dump without line ends) could fill a worker's memory.
MAX_RECORD: Final = 256 * 2**20

# The maximum ratio of unpacked to stored bytes, which is only checked above `RATIO_FROM` unpacked bytes. The ratio is 3
# to 20 for text, about 100 for tables of repeated lines, and at least 1,000 for bombs.
MAX_RATIO: Final = 250
RATIO_FROM: Final = 64 * 2**20

_BLOCK: Final = 2**20
_BUFFER: Final = 2**16
# The minimum distance, in unpacked bytes, between the recorded entries of a compressed file.
ENTRIES_APART: Final = 2**20
# A decompressor returns all output of an input at once, and loses it if the input is damaged; small inputs limit both.
# At the worst ratios (gzip 1:1,000, xz 1:7,000, Zstandard 1:30,000), an input of this size becomes about 100 MB.
_INPUT: Final = 2**12

_DAMAGE: Final = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError)


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def open_url(url: str) -> BinaryIO:
    """Open the file at a path or fsspec URL for reading bytes.

    A read error of the disk or the network raises PartError instead of OSError, which parsers raise for damaged bytes:
    a file that can't be read now may be undamaged.

    Raises:
        SourceError: the file can't be opened, or is in a private network.
    """
    if address := private_address(url):
        remedy = _("if it should be read, name its host in {variable}", variable=VARIABLE)
        raise SourceError(url, _("leads to {address}, which isn't a public address", address=address), remedy)
    try:
        if "://" in url:
            import fsspec  # it loads asyncio, and a stage on local files needs neither

            opened = fsspec.open(url, "rb", **web_options(url)).open()
        else:  # fsspec would read "::" in it as a chain of file systems
            opened = Path(url).open("rb", buffering=0)  # noqa: SIM115  (the caller closes it)
        return io.BufferedReader(_Medium(url, cast("BinaryIO", opened)), _BUFFER)
    except (OSError, ValueError, ImportError) as error:
        raise cannot_be_opened(url, error) from None


class _Medium(io.RawIOBase):
    """A file whose read errors are distinct from the errors of parsers."""

    def __init__(self, url: str, opened: BinaryIO) -> None:
        super().__init__()
        self._url, self._opened = url, opened

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._opened.seekable()

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer).cast("B")
        try:
            data = self._opened.read(len(view))
        except MemoryError:
            raise
        except Exception as error:
            cause = cause_of(error) if isinstance(error, OSError) else same(error)
            remedy = _("check the disk or the network, and run it again")
            raise PartError(self._url, _("can't be read ({cause})", cause=cause), remedy) from error
        view[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        pieces = []
        piece = bytearray(_BLOCK)
        while size := self.readinto(piece):
            pieces.append(bytes(piece[:size]))
        return b"".join(pieces)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._opened.seek(offset, whence)

    def tell(self) -> int:
        return self._opened.tell()

    def close(self) -> None:
        self._opened.close()
        super().close()


def state_of(url: str) -> str:
    """Return a file's size and its version or time, which change with the file, without reading its bytes.

    Raises:
        SourceError: there is no such file, or its state can't be read.
    """
    try:
        if "://" not in url:
            status = Path(url).stat()
            return f"{status.st_size} {status.st_mtime_ns}"
        fs, path = file_system(url, **web_options(url))
        fs.invalidate_cache()
        info = fs.info(path)
    except (OSError, ValueError, ImportError) as error:
        raise cannot_be_opened(url, error) from None
    return f"{info.get('size')} {next((info[key] for key in (*_VERSIONS, *_TIMES) if info.get(key)), '')}"


def cannot_be_opened(url: str, error: Exception) -> SourceError:
    """Return the error of a file or folder that can't be opened."""
    # For web addresses, fsspec reports every error as a missing file.
    cause = error.__cause__ if isinstance(error, FileNotFoundError) and error.__cause__ else error
    return SourceError(url, _("can't be opened ({cause})", cause=cause), _("check the path and the access rights"))


def seekable(content: Content) -> BinaryIO:
    """Open the content as a seekable stream; keep it in memory if it is compressed or in an archive.

    Raises:
        SourceError: it can't be opened, or is too large for memory (`MAX_RECORD`).
    """
    stream = content.open()
    suffix = compression(content.relative)
    if stream.seekable() and not suffix:
        return stream
    with stream:
        data = payload(blocks(stream, suffix))
    if data is None:
        raise SourceError(
            content.relative,
            _("it needs more than {max_record} bytes of memory", max_record=decimal(f"{MAX_RECORD:,}")),
            _("unpack it first"),
        )
    return io.BytesIO(data)


def blocks(stream: BinaryIO, suffix: str, entries: list[Entry] | None = None) -> Iterator[bytes]:
    """Yield the stream's bytes in blocks of about a megabyte, decompressed according to the suffix.

    `suffix` is one of COMPRESSIONS, or empty. The stream must be at the first byte of a member. The places at which
    unpacking can start are added to `entries`.

    Raises:
        SourceError: the compressed data is damaged or ends too early; all data before the damage has been yielded.
    """
    makers: dict[str, Callable[[], _Decompressor]] = {
        ".gz": lambda: zlib.decompressobj(31),
        # If xz guessed the format, it would read NULs as an empty file of an old format.
        ".xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ),
        ".zst": lambda: zstandard.ZstdDecompressor().decompressobj(),
    }
    pieces: list[bytes] = []
    size = 0
    damage: Exception | None = None
    try:
        for piece in members(stream, makers[suffix], entries) if suffix else _plain(stream):
            pieces.append(piece)
            size += len(piece)
            if size >= _BLOCK:
                yield b"".join(pieces)
                pieces, size = [], 0
    except (*_DAMAGE, SourceError) as error:
        damage = error
    if pieces:
        yield b"".join(pieces)
    if isinstance(damage, SourceError):
        raise damage
    if damage is not None:
        cause = str(damage) or type(damage).__name__
        raise SourceError("", cause, _("the file is damaged or was cut short; fetch it again"))


def surveyed(stream: BinaryIO, suffix: str, entries: list[Entry]) -> Iterator[bytes]:
    """Yield the unpacked blocks of a file for a pass that only counts or cuts; raise an error for a bomb.

    Raises:
        SourceError: it is damaged, or unpacks to far more than text does.
    """
    counted = Counted(stream)
    size = 0
    for block in blocks(cast("BinaryIO", counted), suffix, entries):
        size += len(block)
        check_ratio(size, counted.count)
        yield block


def check_ratio(unpacked: int, stored: int) -> None:
    """Raise `SourceError` if a file has unpacked to far more bytes than text does."""
    if unpacked > RATIO_FROM and unpacked > MAX_RATIO * stored:
        problem = _("it unpacks to more than {max_ratio} times its size, as decompression bombs do")
        raise SourceError("", problem.fill(max_ratio=MAX_RATIO), "")


def refuse_bomb(unpacked: int, packed: int, what: str) -> None:
    """Raise `ValueError` if data unpacks to far more bytes than text does."""
    if unpacked > RATIO_FROM and unpacked > MAX_RATIO * packed:
        raise ValueError(f"{what} unpacks from {packed:,} to {unpacked:,} bytes, as decompression bombs do")


def stretch(stream: BinaryIO, suffix: str, entry: int, skip: int, size: int) -> Iterator[bytes]:
    """Yield a range of bytes of a file, decompressed according to its suffix, in blocks of about a megabyte.

    Args:
        stream: the file.
        suffix: one of COMPRESSIONS; "" for a file that isn't compressed.
        entry: the offset at which to start reading; for a compressed file, the first byte of a member.
        skip: the number of unpacked bytes to skip from there.
        size: the number of unpacked bytes to return.

    Raises:
        SourceError: the stream can't be read, or ends too early.
    """
    try:
        stream.seek(entry)
    except OSError as error:
        raise SourceError("", str(error), _("check that the file is still there")) from None
    for piece in blocks(stream, suffix):
        if skip >= len(piece):
            skip -= len(piece)
            continue
        part = piece[skip : skip + size]
        skip = 0
        size -= len(part)
        yield part
        if not size:
            return
    if size:
        raise SourceError("", _("it has become shorter since it was listed"), _("run it again"))


def _plain(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(_BLOCK):
        yield piece


def members(stream: BinaryIO, make: Callable[[], _Decompressor], entries: list[Entry] | None = None) -> Iterator[bytes]:
    """Yield the unpacked bytes of all members of a stream; gzip, xz and Zstandard files may have several.

    Raises:
        EOFError: the last member is cut short. Damage raises the decompressor's errors.
    """
    member: _Decompressor | None = None
    read = unpacked = 0
    begun = False
    while data := stream.read(_INPUT):
        read += len(data)
        while data:
            if member is None:
                # Files from tapes and xz files may be padded with NULs between members.
                data = data.lstrip(b"\0") if begun else data
                if not data:
                    break
                if entries is not None and (not entries or unpacked - entries[-1].unpacked >= ENTRIES_APART):
                    entries.append(Entry(read - len(data), unpacked))
                member, begun = make(), True
            if piece := member.decompress(data):
                unpacked += len(piece)
                yield piece
            data = b""
            if member.eof:
                data, member = member.unused_data, None
    if member is not None:
        raise EOFError("the compressed data end too early")


def lines(pieces: Iterable[bytes]) -> Iterator[bytes | None]:
    r"""Yield the lines of a stream without their line ends; None for a line longer than `MAX_RECORD`.

    A last line that is incomplete because of damage is not yielded.

    >>> list(lines([b"uno\nd", b"os\n", b"tres"]))
    [b'uno', b'dos', b'tres']
    """
    line_pieces: list[bytes] = []
    size = 0
    for piece in pieces:
        first, *more_lines = piece.split(b"\n")
        size += len(first)
        line_pieces.append(first)
        if size > MAX_RECORD:
            line_pieces = []
        if not more_lines:
            continue
        line = b"".join(line_pieces) if size <= MAX_RECORD else None
        line_pieces = []  # don't keep a second copy while the caller uses the line
        yield line
        line = None
        complete_lines = more_lines[:-1]
        yield from (
            complete_lines
            if len(piece) <= MAX_RECORD
            else (line if len(line) <= MAX_RECORD else None for line in complete_lines)
        )
        line_pieces, size = [more_lines[-1]], len(more_lines[-1])
    if size:
        yield b"".join(line_pieces) if size <= MAX_RECORD else None


def payload(pieces: Iterable[bytes]) -> bytes | None:
    """Return all bytes of the stream; None if there are more than `MAX_RECORD`."""
    blocks_read: list[bytes] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_RECORD:
            return None
        blocks_read.append(piece)
    return b"".join(blocks_read)


class Pieces(io.RawIOBase):
    """Blocks of bytes as a readable stream that isn't seekable."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        super().__init__()
        self._pieces = iter(pieces)
        self._held = memoryview(b"")

    def readable(self) -> bool:
        """Return true: the stream is readable."""
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        """Fill the buffer from the next block; return 0 at the end."""
        view = memoryview(buffer).cast("B")
        while not self._held:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._held = memoryview(piece)
        size = min(len(view), len(self._held))
        view[:size] = self._held[:size]
        self._held = self._held[size:]
        return size


class Counted:
    """A stream that counts the bytes that were read from it."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner
        self.count = 0

    def read(self, size: int = -1, /) -> bytes:
        """Read as many bytes as requested, or fewer at the end."""
        data = self._inner.read(size)
        self.count += len(data)
        return data

    def tell(self) -> int:
        """Return the number of bytes that were read."""
        return self.count
