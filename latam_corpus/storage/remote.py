"""Access remote file systems: with retries, and with conditional writes if the file system supports them."""

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
_SPOOLED: Final = 16 << 20  # bytes of a file kept in memory; larger files are stored on the disk
_PIECE: Final = 1 << 20
_SWAPS: Final = 5
_PAUSES: Final = (0.5, 2.0, 8.0)  # seconds, in addition to the file system's own retries
# The errors of a file system for a missing file.
MISSING_ERRORS: Final = (FileNotFoundError, NotADirectoryError)
# Errors of a network or a busy server, which may be temporary. An error without a number may be one of these.
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
_LASTING: Final = (*MISSING_ERRORS, FileExistsError, PermissionError, IsADirectoryError)
_GONE: Final = frozenset({404, 410})  # a web server's status codes for a missing file
_UNLISTED: Final = _GONE | {403, 405}  # a web server's status codes for a folder that it doesn't list


def failures() -> tuple[type[Exception], ...]:
    """Return the exceptions that file systems raise when reading or writing fails."""
    # The clients of S3 and web servers, if imported, have their own exceptions.
    known_errors = [("botocore.exceptions", "BotoCoreError"), ("aiohttp", "ClientError")]
    return (OSError, *(getattr(sys.modules[module], name) for module, name in known_errors if module in sys.modules))


def file_system(url: str, **options: Any) -> tuple[Any, str]:
    """Return the file system of a path or fsspec URL, and the path within it.

    Only in URLs does «::» chain several file systems.

    Raises:
        ValueError: the protocol is unknown.
        ImportError: the protocol's package isn't installed.

    >>> file_system("/archivo/a::b")[1]
    '/archivo/a::b'
    """
    # Imported here because the import is slow and most commands name a local folder.
    import fsspec

    if "://" in url:
        filesystem, path = fsspec.core.url_to_fs(url, **options)
        return filesystem, str(path)
    local = fsspec.filesystem("file", **options)
    return local, str(local._strip_protocol(url))  # noqa: SLF001  (as `url_to_fs` does)


def opened(url: str, **options: Any) -> tuple[Any, str]:
    """Return the file system of an address, and the path within it; raise errors for users if the address is wrong.

    Raises:
        ConfigError: the URL's protocol is unknown, its package isn't installed, or a part of it is missing.
        ReleaseError: its server can't be reached.
    """
    if not url.strip():
        raise ConfigError("«»", _("the address is empty"), _NAME_STORE)
    try:
        filesystem, path = file_system(url, **options)
    except ImportError as missing:
        extra = next((f"'latam-corpus[{name}]'" for name in ("s3", "http") if url.startswith(name)), "it")
        raise ConfigError(url, str(missing), f"pip install {extra}") from None
    except (ValueError, TypeError) as unknown:  # TypeError: the address lacks a part that its protocol requires
        raise ConfigError(url, str(unknown), _NAME_STORE) from None
    except failures() as error:
        raise ReleaseError(url, _("it can't be reached: {reason}", reason=error), _("check the address")) from None
    if not path.strip("/") and "://" in url and _FLAT.intersection(_protocols(filesystem)):
        raise ConfigError(url, _("the address doesn't name a bucket"), _NAME_STORE)
    return filesystem, path


def patiently(action: Callable[[], T]) -> T:
    """Return the result of an action; if its error may be temporary, repeat it after growing pauses."""
    for pause in _PAUSES:
        try:
            return action()
        except failures() as error:
            if not _passes(error):
                raise
        # Random pauses, so that a run's workers don't all try again at the same moment.
        time.sleep(pause * random.uniform(0.5, 1.5))
    return action()


def _passes(error: Exception) -> bool:
    if isinstance(error, OSError):
        return not isinstance(error, _LASTING) and error.errno in _PASSING
    return "Credentials" not in type(error).__name__


def info(filesystem: Any, path: str) -> dict[str, Any] | None:
    """Return a file system's details of a file or folder, or None if it reports that the path doesn't exist.

    Raises:
        OSError: the file system can't be reached, or its answer isn't clear.
    """
    try:
        details: dict[str, Any] = filesystem.info(path)
    except MISSING_ERRORS as error:
        # The HTTP file system raises FileNotFoundError for every failure, with the real error as the cause.
        cause = error.__cause__
        if cause is None or isinstance(cause, MISSING_ERRORS) or getattr(cause, "status", None) in _GONE:
            return None
        raise OSError(f"{path}: {str(cause) or type(cause).__name__}") from error
    return details


def matching(filesystem: Any, pattern: str) -> list[str]:
    """Return the paths that match a pattern; an empty result if its folder doesn't exist.

    Raises:
        OSError: a folder can't be read; `glob` would silently skip it.
    """

    def unless_gone(error: OSError) -> None:
        if not isinstance(error, MISSING_ERRORS):  # the folder may have been removed since it was listed
            raise error

    supports_on_error = (_S3 | {"file", "local"}).intersection(_protocols(filesystem))
    try:
        return list(filesystem.glob(pattern, **({"on_error": unless_gone} if supports_on_error else {})))
    except MISSING_ERRORS:
        return []
    except failures() as error:
        if getattr(error, "status", None) in _UNLISTED:
            return []
        raise


def open_seekable(filesystem: Any, path: str, **options: Any) -> IO[bytes]:
    """Open a file for reading at any position.

    If a web server ignores requests for byte ranges, the whole file is first downloaded to a temporary file.
    """
    if _ignores_ranges(filesystem, path):
        copy = tempfile.SpooledTemporaryFile(_SPOOLED)  # noqa: SIM115  (the caller closes it)
        with filesystem.open(path, "rb", block_size=0) as response:
            shutil.copyfileobj(response, copy, _PIECE)
        copy.seek(0)
        return cast("IO[bytes]", copy)
    return cast("IO[bytes]", filesystem.open(path, "rb", **options))


def _ignores_ranges(filesystem: Any, path: str) -> bool:
    """Whether a web server sends more than the one requested byte."""
    if not _WEB.intersection(_protocols(filesystem)) or (info(filesystem, path) or {}).get("size") in (0, 1):
        return False
    return len(filesystem.cat_file(path, start=1, end=2)) != 1


def write(filesystem: Any, target: str, data: bytes) -> None:
    """Write a small file; an existing one is replaced."""
    make_folder(filesystem, target)
    filesystem.pipe_file(target, data)


def create(filesystem: Any, target: str, data: bytes) -> None:
    """Create a small file.

    If each writer's bytes are unique, a writer recognises its own file even if the server's answer was lost.

    Raises:
        FileExistsError: the file exists and has other bytes.
    """
    make_folder(filesystem, target)
    try:
        # On S3, this is a PUT with If-None-Match, so that only one of two writers succeeds.
        filesystem.pipe_file(target, data, mode="create")
    except FileExistsError:
        if filesystem.cat_file(target) != data:
            raise
    except (TypeError, ValueError, NotImplementedError):
        if filesystem.exists(target):
            raise FileExistsError(target) from None
        filesystem.pipe_file(target, data)


def swap(filesystem: Any, target: str, data: bytes, overtaken: Callable[[], bool]) -> None:
    """Replace a small file; on S3, try again if another process replaces it at the same time.

    If another process has replaced the file, `overtaken` returns whether to keep that file.
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
            # s3fs reports a failed condition as EINVAL, or as FileExistsError.
            failed = isinstance(error, FileExistsError) or error.errno == errno.EINVAL
            if not failed or attempt == _SWAPS - 1:
                raise
        else:
            return


def exchange(filesystem: Any, target: str, data: bytes, expected: Callable[[bytes | None], bool]) -> bool:
    """Replace a small file if its current bytes are as expected (atomically on S3); return whether it was replaced.

    The bytes must differ from every other writer's. `expected` is called with the current bytes, or None if the file
    doesn't exist.
    """
    on_s3 = bool(_S3.intersection(_protocols(filesystem)))
    filesystem.invalidate_cache()
    details = info(filesystem, target)
    current = filesystem.cat_file(target) if details else None
    if current == data:  # written by an earlier attempt whose answer was lost
        return True
    if not expected(current):
        return False
    try:
        if details is None:
            create(filesystem, target, data)
        else:
            filesystem.pipe_file(target, data, **({"IfMatch": details["ETag"]} if on_s3 else {}))
    except OSError as error:
        if not isinstance(error, FileExistsError) and error.errno != errno.EINVAL:
            raise
        return bool(filesystem.cat_file(target) == data)
    return True


def make_folder(filesystem: Any, target: str) -> None:
    """Create the folder of a file if the file system has folders."""
    # s3fs would create a bucket with a mistyped name.
    if not _FLAT.intersection(_protocols(filesystem)):
        filesystem.makedirs(str(PurePosixPath(target).parent), exist_ok=True)


def _protocols(filesystem: Any) -> set[str]:
    protocol = filesystem.protocol
    return {protocol} if isinstance(protocol, str) else set(protocol)
