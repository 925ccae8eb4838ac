"""Files as a source: what a path names, and the raw documents in it, in frames of bounded size."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import fsspec
from fsspec.utils import glob_translate

from latam_corpus.collect.formats import SUFFIXES, format_of, reader_of, splitter_of
from latam_corpus.collect.frames import Place, failures_frame, frame_of
from latam_corpus.collect.groups import grouped, is_grouped
from latam_corpus.collect.records import Chunk, Content, Failure, Limits
from latam_corpus.collect.spans import SPAN_BYTES
from latam_corpus.collect.streams import open_url
from latam_corpus.errors import ConfigError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import polars as pl

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.formats import Format
    from latam_corpus.collect.spans import Span

ROWS: Final = 2000
BYTES: Final = 16 * 2**20

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# The names that fsspec's file systems give a file's time.
_TIMES: Final = ("mtime", "LastModified", "last_modified", "updated", "created", "modified")
_SHOWN: Final = 5


@dataclass(frozen=True, order=True)
class InputFile:
    """A file to read: its path in the source, where it is, its size in bytes and its time."""

    relative: str
    url: str
    size: int
    modified: datetime


def list_inputs(source: Source, where: str | Path) -> list[InputFile]:
    """The source's files at a place, by their path relative to it.

    Args:
        source: its `collect.files` chooses among a folder's files; without it, every file of a known format.
        where: a file, a folder, a glob (`**` for any depth), or a URL of fsspec of one of the three.

    Raises:
        ConfigError: nothing is there, nothing that the source looks for, or a file of an unknown format.
    """
    named = os.path.expanduser(os.fspath(where))  # noqa: PTH111  (it may be a URL, which Path would spoil)
    try:
        fs, path = fsspec.core.url_to_fs(named)
    except (ValueError, ImportError) as error:
        raise ConfigError(f"input of {source.id}", f"«{named}» can't be read: {error}", "") from None
    fs.invalidate_cache()
    if fs.isfile(path):
        found = [_input_file(fs, fs.info(path), PurePosixPath(path).name)]
    elif fs.isdir(path):
        found = _in_folder(fs, path.rstrip("/"), named, source)
    elif re.search(r"[*?\[]", named):
        found = _matching(fs, path, named, source)
    else:
        raise ConfigError(f"input of {source.id}", f"there is nothing at «{named}»", _beside(fs, path))
    for file in found:
        _known_format(source, file)
    return found


def digest(file: InputFile) -> str:
    """SHA-256, in hex, of the file's bytes as they are stored.

    Raises:
        SourceError: the file can't be read.
    """
    with open_url(file.url) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]


def split(source: Source, file: InputFile, bytes_: int = SPAN_BYTES) -> list[Span | None]:
    """The parts of a file that can be read by themselves, in its order; `[None]` for a file that is read as one.

    Lines of uncompressed JSON lines, row groups of Parquet. A file of at most `bytes_` is one part, as is every file
    of a source that joins records. Sound files give the same rows, whether they are read by spans or whole.

    Args:
        source: how the file is read.
        file: one of `list_inputs`.
        bytes_: bytes a part, about.
    """
    entry = _known_format(source, file)
    splitter = splitter_of(entry)
    if splitter is None or file.size <= bytes_ or is_grouped(source.collect):
        return [None]
    try:
        spans = splitter(_content(file), bytes_)
    except SourceError:  # reading it tells why
        return [None]
    return list(spans) if len(spans) > 1 else [None]


def read(
    source: Source,
    file: InputFile,
    rows: int = ROWS,
    bytes_: int = BYTES,
    limit: int | None = None,
    genre: str | None = None,
    span: Span | None = None,
) -> Iterator[pl.DataFrame]:
    """The file's documents, in frames of at most about `rows` rows and `bytes_` bytes.

    A record that can't be used is a row too, with its `drop_reason`; of a damaged file everything before the damage
    is given, then one failed row for the file.

    Args:
        source: the mapping, and what all its documents share.
        file: one of `list_inputs`.
        rows: records a frame.
        bytes_: bytes a frame; a larger record has a frame of its own.
        limit: documents after which to stop.
        genre: the genre where neither record nor source says one.
        span: one of `split`; None for the whole file.

    Raises:
        ConfigError: the file is of no known format.
    """
    entry = _known_format(source, file)
    place = Place(source, file.relative, file.modified, entry, genre)
    joined = is_grouped(source.collect) and place.media_type is None
    limits = Limits(rows if limit is None or joined else max(1, min(rows, limit)), bytes_)
    chunks = _guarded(source, _content(file, span), entry, limits)
    if joined:
        chunks = grouped(chunks, source.collect, limits)
    left = limit
    for chunk in chunks:
        frame = frame_of(place, chunk) if chunk.records else failures_frame(place, chunk.failures, _body(place))
        if left is not None:
            frame = frame.head(left)
            left -= frame.height
        if frame.height:
            yield frame
        if left == 0:
            return


def _known_format(source: Source, file: InputFile) -> Format:
    entry = format_of(file.relative, source.collect.format)
    if entry is None:
        remedy = f"known are {', '.join(sorted(SUFFIXES))}, also with .gz, .xz, .zst; or set collect.format"
        raise ConfigError(file.url, "a file of an unknown format", remedy)
    return entry


def _body(place: Place) -> str:
    return "raw" if place.media_type else "text"


def _content(file: InputFile, span: Span | None = None) -> Content:
    return Content(file.relative, partial(open_url, file.url), span)


def _guarded(source: Source, content: Content, entry: Format, limits: Limits) -> Iterator[Chunk]:
    """The reader's chunks; when the file fails, a last chunk that says so."""
    try:
        yield from reader_of(entry)(content, source, limits)
    except SourceError as error:
        yield Chunk([], [], [Failure(None, "damaged file", {"error": error.problem})])


def _in_folder(fs: Any, root: str, named: str, source: Source) -> list[InputFile]:  # noqa: ANN401
    """The folder's files that the source looks for."""
    files = _below(root, fs.find(root, detail=True))
    patterns = [re.compile(glob_translate(pattern)) for pattern in source.collect.files]
    if patterns:
        wanted = [name for name in files if any(pattern.fullmatch(name) for pattern in patterns)]
    else:
        wanted = [name for name in files if format_of(name, source.collect.format)]
    if not wanted:
        looked = ", ".join(source.collect.files) or "files of a known format"
        raise ConfigError(f"input of {source.id}", f"«{named}» has no {looked}", _there(list(files)))
    return sorted(_input_file(fs, files[name], name) for name in wanted)


def _matching(fs: Any, path: str, named: str, source: Source) -> list[InputFile]:  # noqa: ANN401
    """The files that a glob names, by their path below its last fixed folder."""
    root = re.split(r"[*?\[]", path)[0].rpartition("/")[0]
    files = _below(root, fs.glob(path, detail=True))
    known = [name for name in files if format_of(name, source.collect.format)]
    if not known:
        raise ConfigError(f"input of {source.id}", f"no file matches «{named}»", _there(list(files)))
    return sorted(_input_file(fs, files[name], name) for name in known)


def _below(root: str, found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The files by their path below the root; hidden ones are left out."""
    files = {path[len(root) :].lstrip("/"): info for path, info in found.items() if info["type"] == "file"}
    return {name: info for name, info in files.items() if not any(part.startswith(".") for part in name.split("/"))}


def _input_file(fs: Any, info: dict[str, Any], relative: str) -> InputFile:  # noqa: ANN401
    # A file name need not be UTF-8, a document's origin must be; only `url` keeps the name's own bytes.
    readable = relative.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    url = info["name"] if "file" in _protocols(fs) else fs.unstrip_protocol(info["name"])
    size = info.get("size")
    return InputFile(unicodedata.normalize("NFC", readable), url, int(size or 0), _modified(info))


def _protocols(fs: Any) -> tuple[str, ...]:  # noqa: ANN401
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)


def _modified(info: dict[str, Any]) -> datetime:
    """The file's time in UTC; the epoch where the file system knows none, since the clock is no property of a file."""
    for key in _TIMES:
        value = info.get(key)
        if isinstance(value, (int, float)):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                continue
        if isinstance(value, datetime):
            return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return _EPOCH


def _there(names: list[str]) -> str:
    if not names:
        return "it has no files"
    shown = ", ".join(sorted(names)[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"there: {shown}{more}"


def _beside(fs: Any, path: str) -> str:  # noqa: ANN401
    """What is in the nearest folder that exists, for a path that doesn't."""
    folder = PurePosixPath(path).parent
    while not fs.isdir(str(folder)) and folder != folder.parent:
        folder = folder.parent
    if str(folder) in (".", "/", ""):
        return "check the path"
    names = [PurePosixPath(name).name for name in fs.ls(str(folder), detail=False)]
    return f"in {folder} — {_there(names)}"
