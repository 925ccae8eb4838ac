"""File systems that aren't a local disk: read patiently, written conditionally where they can."""

from __future__ import annotations

import errno
import random
import shutil
import sys
import tempfile
import time
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar, cast

from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
_NAME_STORE: Final = _("name a folder, or a URL such as s3://bucket/store")
_S3: Final = frozenset({"s3", "s3a"})
_FLAT: Final = _S3 | {"gs", "gcs", "abfs", "abfss", "az", "oss", "hf"}
_WEB: Final = frozenset({"http", "https"})
_SPOOLED: Final = 16 << 20  # bytes of a file kept in memory; a larger one is put into a temporary file
_PIECE: Final = 1 << 20
_SWAPS: Final = 5
_PAUSES: Final = (0.5, 2.0, 8.0)  # seconds, after the tries of a file system's own
# What a file system raises for a missing file; s3fs gives FileNotFoundError too.
NOT_THERE: Final = (FileNotFoundError, NotADirectoryError)
# Errors of a network or of a busy server, as file systems tell them; one without a number is of neither kind.
_PASSING: Final = frozenset(
    {
        None,
        errno.EIO,
        errno.EBUSY,
        errno.EAGAIN,
        errno.ETIMEDOUT,
        errno.EPIPE,
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.ECONNABORTED,
        errno.ENETUNREACH,
        errno.EHOSTUNREACH,
    }
)
_LASTING: Final = (*NOT_THERE, FileExistsError, PermissionError, IsADirectoryError)
_GONE: Final = frozenset({404, 410})  # what a server of files says of one that it hasn't
_UNLISTED: Final = _GONE | {403, 405}  # and of a folder that it doesn't list


def failures() -> tuple[type[Exception], ...]:
    """Return what a file system raises when it can't be read or written."""
    # S3's client raises its own errors for a missing key or network; it is there only when s3fs has loaded it.
    # That of web servers does, too, when it lists a folder.
    theirs = [("botocore.exceptions", "BotoCoreError"), ("aiohttp", "ClientError")]
    return (OSError, *(getattr(sys.modules[module], name) for module, name in theirs if module in sys.modules))


def file_system(url: str, **options: Any) -> tuple[Any, str]:
    """Return the file system of a path or fsspec URL, and the path there.

    Args:
        url: «::» joins several in a URL, as fsspec has it, and is part of a path's name.
        options: of the file system.

    Raises:
        ValueError: its protocol is unknown.
        ImportError: its package isn't installed.

    >>> file_system("/archivo/a::b")[1]
    '/archivo/a::b'
    """
    # Here and not above: most commands name a folder, and wait for no import.
    import fsspec

    if "://" in url:
        filesystem, path = fsspec.core.url_to_fs(url, **options)
        return filesystem, str(path)
    local = fsspec.filesystem("file", **options)
    return local, str(local._strip_protocol(url))  # noqa: SLF001  (as `url_to_fs` does)


def opened(url: str, **options: Any) -> tuple[Any, str]:
    """Return the file system of an address, and the path there.

    Args:
        url: a path or fsspec URL.
        options: of the file system.

    Raises:
        ConfigError: the URL's protocol is unknown, its package isn't installed, or a part of it is missing.
        ReleaseError: its server can't be reached.
    """
    if not url.strip():
        raise ConfigError("«»", _("the address is empty"), _NAME_STORE)
    try:
        filesystem, path = file_system(url, **options)
    except ImportError as missing:
        extra = "pip install 'latam-corpus[s3]'" if url.startswith("s3") else "pip install it"
        raise ConfigError(url, str(missing), extra) from None
    except (ValueError, TypeError) as unknown:  # a TypeError: the address lacks a part that its protocol needs
        raise ConfigError(url, str(unknown), _NAME_STORE) from None
    except failures() as error:
        raise ReleaseError(url, _("it can't be reached: {reason}", reason=error), _("check the address")) from None
    if not path.strip("/") and "://" in url and _FLAT.intersection(_protocols(filesystem)):
        raise ConfigError(url, _("the address names no bucket"), _NAME_STORE)
    return filesystem, path


def patiently(action: Callable[[], T]) -> T:
    """Return what an action gives; where what stops it may pass, it is tried again after longer and longer pauses."""
    for pause in _PAUSES:
        try:
            return action()
        except failures() as error:
            if not _passes(error):
                raise
        # Not all workers of a run at the same moment.
        time.sleep(pause * random.uniform(0.5, 1.5))
    return action()


def _passes(error: Exception) -> bool:
    if isinstance(error, OSError):
        return not isinstance(error, _LASTING) and error.errno in _PASSING
    return "Credentials" not in type(error).__name__


def info(filesystem: Any, path: str) -> dict[str, Any] | None:
    """Return what a file system knows of a file or folder; None only where it says that there is none.

    Raises:
        OSError: it can't be asked, or says neither.
    """
    try:
        known: dict[str, Any] = filesystem.info(path)
    except NOT_THERE as error:
        # That of web servers says so of every failure, with the failure as its cause.
        cause = error.__cause__
        if cause is None or isinstance(cause, NOT_THERE) or getattr(cause, "status", None) in _GONE:
            return None
        raise OSError(f"{path}: {str(cause) or type(cause).__name__}") from error
    return known


def matching(filesystem: Any, pattern: str) -> list[str]:
    """Return the paths of a pattern; none where its folder isn't there.

    Raises:
        OSError: a folder can't be read: what is in it isn't passed over, as `glob` would.
    """

    def unless_gone(error: OSError) -> None:
        if not isinstance(error, NOT_THERE):  # removed meanwhile
            raise error

    tells = (_S3 | {"file", "local"}).intersection(_protocols(filesystem))
    try:
        return list(filesystem.glob(pattern, **({"on_error": unless_gone} if tells else {})))
    except NOT_THERE:
        return []
    except failures() as error:
        if getattr(error, "status", None) in _UNLISTED:
            return []
        raise


def open_seekable(filesystem: Any, path: str, **options: Any) -> IO[bytes]:
    """Open a file for reading at any position.

    A plain web server that ignores requests for a range of bytes sends the whole file first, into a temporary one.

    Args:
        filesystem: where the file is.
        path: its path there.
        options: for the file system's `open`.
    """
    if _ignores_ranges(filesystem, path):
        whole = tempfile.SpooledTemporaryFile(_SPOOLED)  # noqa: SIM115  (the caller closes it)
        with filesystem.open(path, "rb", block_size=0) as sent:
            shutil.copyfileobj(sent, whole, _PIECE)
        whole.seek(0)
        return cast("IO[bytes]", whole)
    return cast("IO[bytes]", filesystem.open(path, "rb", **options))


def _ignores_ranges(filesystem: Any, path: str) -> bool:
    """Return whether a web server sends more than the one byte that it is asked for."""
    if not _WEB.intersection(_protocols(filesystem)) or (info(filesystem, path) or {}).get("size") in (0, 1):
        return False
    return len(filesystem.cat_file(path, start=1, end=2)) != 1


def write(filesystem: Any, target: str, data: bytes) -> None:
    """Write a small file, replacing what was there."""
    make_folder(filesystem, target)
    filesystem.pipe_file(target, data)


def create(filesystem: Any, target: str, data: bytes) -> None:
    """Write a small file, or raise FileExistsError when the name is taken by other bytes.

    Bytes that only one writer has tell it that a put whose answer was lost took place.
    """
    make_folder(filesystem, target)
    try:
        # On S3 this is a put with If-None-Match, so that of two builds one fails.
        filesystem.pipe_file(target, data, mode="create")
    except FileExistsError:
        if filesystem.cat_file(target) != data:
            raise
    except (TypeError, ValueError, NotImplementedError):
        if filesystem.exists(target):
            raise FileExistsError(target) from None
        filesystem.pipe_file(target, data)


def swap(filesystem: Any, target: str, data: bytes, overtaken: Callable[[], bool]) -> None:
    """Replace a small file; on S3 only if nobody else does so meanwhile.

    Args:
        filesystem: where.
        target: the path.
        data: the new bytes.
        overtaken: asked after somebody else did; True leaves theirs.
    """
    if not _S3.intersection(_protocols(filesystem)):
        write(filesystem, target, data)
        return
    for attempt in range(_SWAPS):
        filesystem.invalidate_cache()
        try:
            condition = {"IfMatch": filesystem.info(target)["ETag"]}
        except FileNotFoundError:
            condition = {"mode": "create"}
        if attempt and overtaken():
            return
        try:
            filesystem.pipe_file(target, data, **condition)
        except OSError as error:
            # s3fs tells a failed condition as EINVAL, or as FileExistsError.
            failed = isinstance(error, FileExistsError) or error.errno == errno.EINVAL
            if not failed or attempt == _SWAPS - 1:
                raise
        else:
            return


def exchange(filesystem: Any, target: str, data: bytes, expected: Callable[[bytes | None], bool]) -> bool:
    """Replace a small file if what stands there is what was expected; on S3 nobody else can do so in between.

    Args:
        filesystem: where.
        target: the path.
        data: the new bytes, which no other writer has.
        expected: is asked of the bytes that stand there, None where none do.
    """
    on_s3 = bool(_S3.intersection(_protocols(filesystem)))
    filesystem.invalidate_cache()
    known = info(filesystem, target)
    current = filesystem.cat_file(target) if known else None
    if current == data:  # a put of ours whose answer was lost
        return True
    if not expected(current):
        return False
    try:
        if known is None:
            create(filesystem, target, data)
        else:
            filesystem.pipe_file(target, data, **({"IfMatch": known["ETag"]} if on_s3 else {}))
    except OSError as error:
        if not isinstance(error, FileExistsError) and error.errno != errno.EINVAL:
            raise
        return bool(filesystem.cat_file(target) == data)
    return True


def make_folder(filesystem: Any, target: str) -> None:
    """Make the folder of a file to be written, where the file system has folders."""
    # s3fs would make a bucket of a mistyped name.
    if not _FLAT.intersection(_protocols(filesystem)):
        filesystem.makedirs(str(PurePosixPath(target).parent), exist_ok=True)


def _protocols(filesystem: Any) -> set[str]:
    named = filesystem.protocol
    return {named} if isinstance(named, str) else set(named)
