"""The working copy of a prefix in an object store: `--out s3://bucket/prefix`.

All other modules read and write runs and work as local files. If `--out` is an address, these files are in a working
copy in the user's scratch folder. The copy is named after the address, so that any process on any machine can derive an
object's name from a path. Missing files are fetched when they are read; finished files are uploaded. The copy can be
removed between runs; a machine without a copy starts with an empty one.

    work/objects/ab/<sha256>      files of step outputs, named by their content, so that none is ever overwritten
    work/ab/<key>/counts.json     the counts of a step, uploaded after all objects that it lists, and never changed
    work/decisions · work/lethal  decisions of barriers; documents that kill a worker
    runs/<run>/                   the small files of a run, `run.json` last; `lock` during the run

Only `runs/` and `work/lethal/` are ever listed; all other objects are requested by name.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar
from urllib.parse import quote, unquote

from latam_corpus.errors import ConfigError, NoteWarning, PartError
from latam_corpus.messages import N_, _
from latam_corpus.paths import scratch_folder
from latam_corpus.storage import remote
from latam_corpus.storage.durable import OTHER_BYTES, Damage, damage, digest_of, replace, replacing
from latam_corpus.storage.locks import BEAT_SECONDS, LOCK_FILE, is_alive, is_locked, own_life

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

T = TypeVar("T")
_MARK: Final = quote("://", safe="")  # replaces «://» in the name of a working copy
_AT_ONCE: Final = 16  # objects transferred at the same time
_SILENT_BEATS: Final = 3
_LIFE: Final = re.compile(rb", life ([^, ]+)")
_CHECK: Final = _("check the address, the access rights and the free space")
_LARGE: Final = frozenset({"kept", "dropped", "ledger"})  # folders of a run whose files are stored in `work/objects`
_LOCAL: Final = frozenset({".html", ""})  # suffixes of files that aren't uploaded: report pages and locks


@dataclass(frozen=True)
class Bucket:
    """A prefix of an object store, at `root` in its file system, and the folder of its local working copy."""

    url: str
    copy: Path
    filesystem: Any
    root: str

    @classmethod
    def at(cls, url: str) -> Self:
        """Return the bucket at an address.

        Raises:
            ConfigError: the protocol of the address is unknown, or its package isn't installed.
        """
        filesystem, root = remote.opened(url, use_listings_cache=False)
        return cls(url, scratch_folder() / quote(url, safe=""), filesystem, root.rstrip("/"))

    def name(self, path: Path) -> str:
        """Return the name, relative to the prefix, of the object for a file of the working copy."""
        return path.relative_to(self.copy).as_posix()

    def _try(self, name: str, action: Callable[[str], T]) -> T:
        """Return the result of an action on an object; repeat it after temporary errors.

        Raises:
            FileNotFoundError: there is no such object.
            PartError: the object can't be read or written.
        """
        try:
            return remote.patiently(lambda: action(f"{self.root}/{name}"))
        except (*remote.MISSING_ERRORS, FileExistsError):
            raise
        except remote.failures() as error:
            problem = _("it can't be read or written: {reason}", reason=error)
            raise PartError(f"{self.url}/{name}", problem, _CHECK) from error

    def read(self, name: str) -> bytes:
        """Return the bytes of a small object."""
        return bytes(self._try(name, self.filesystem.cat_file))

    def write(self, name: str, data: bytes) -> None:
        """Write a small object; an existing one is replaced."""
        self._try(name, lambda path: remote.write(self.filesystem, path, data))

    def create(self, name: str, data: bytes) -> bytes:
        """Create an object; return its bytes, or those of the existing object if another process created it first."""
        try:
            self._try(name, lambda path: remote.create(self.filesystem, path, data))
        except FileExistsError:
            return self.read(name)
        return data

    def exchange(self, name: str, data: bytes, expected: Callable[[bytes | None], bool]) -> bool:
        """Replace a small object if its current bytes are as expected; return whether it was, see `remote.exchange`."""
        return self._try(name, lambda path: remote.exchange(self.filesystem, path, data, expected))

    def has(self, name: str) -> bool:
        """Whether an object with this name exists."""
        return self._try(name, lambda path: remote.info(self.filesystem, path)) is not None

    def listed(self, folder: str) -> dict[str, dict[str, Any]]:
        """Return the details of each object below a folder, by name."""
        files = self._try(folder, lambda path: self.filesystem.find(path, detail=True))
        return {path.removeprefix(f"{self.root}/"): details for path, details in files.items()}

    def remove(self, name: str) -> None:
        """Remove an object."""
        self._try(name, self.filesystem.rm_file)

    def put_object(self, file: Path, sha256: str) -> None:
        """Upload a file as an object named by its content."""
        name = _object(sha256)

        def put(path: str) -> None:
            remote.make_folder(self.filesystem, path)
            self.filesystem.put_file(str(file), path)

        self._try(name, put)

    def get_object(self, sha256: str, target: Path) -> None:
        """Fetch an object named by its content, and check its bytes.

        Raises:
            PartError: the object is missing, can't be read, or has other bytes.
        """
        name = _object(sha256)

        def get(path: str) -> None:
            with replacing(target) as temporary:
                self.filesystem.get_file(path, str(temporary))
                if digest_of(temporary) != sha256:
                    raise OSError(OTHER_BYTES)

        try:
            self._try(name, get)
        except FileNotFoundError:
            problem = _("the file is missing")
            raise PartError(f"{self.url}/{name}", problem, _("run it again: it is rebuilt")) from None

    def secured(self, folder: Path, files: Mapping[str, str], marker: str) -> Damage | None:
        """Upload the files of a folder that the bucket lacks, followed by the file that lists them.

        A damaged local file is removed; it counts as damage only if the bucket lacks it too. If another worker has
        uploaded its version of the marker first, that version replaces the local one. Returns the first file that
        neither the folder nor the bucket has, or None.
        """
        for name, sha256 in files.items():
            is_intact = not damage(folder, {name: sha256})
            if not is_intact:
                (folder / name).unlink(missing_ok=True)
            if not self.has(_object(sha256)):
                if not is_intact:
                    return Damage(Path(folder / name), N_("the file is missing"))
                self.put_object(folder / name, sha256)
        own_marker = (folder / marker).read_bytes()
        stored_marker = self.create(self.name(folder / marker), own_marker)
        if stored_marker != own_marker:
            replace(folder / marker, stored_marker)
        return None


def _object(sha256: str) -> str:
    return f"work/objects/{sha256[:2]}/{sha256}"


def is_address(named: str | Path) -> bool:
    """Whether a name is the address of an object store rather than a local path."""
    return "://" in str(named) and not str(named).startswith("file://")


def may_have_store(out: Path) -> bool:
    """Whether a folder of runs has a release store; always true for a bucket, which isn't queried."""
    return bucket_of(out) is not None or (out / "store").is_dir()


def bucket_of(path: Path) -> Bucket | None:
    """Return the bucket of the working copy that contains a path, or None."""
    if _MARK not in str(path):
        return None
    names = [folder for folder in (path, *path.parents) if _MARK in folder.name]
    return _opened(unquote(names[-1].name)) if names else None


@cache
def _opened(url: str) -> Bucket:
    return Bucket.at(url)


def address_of(path: str | Path) -> str:
    """Return the address of a path in a working copy; return other paths unchanged."""
    bucket = None if is_address(path) else bucket_of(Path(path))
    if bucket is None:
        return str(path)
    name = bucket.name(Path(path))
    return bucket.url if name == "." else f"{bucket.url}/{name}"


def out_folder(named: str | Path) -> Path:
    """Return the folder of runs and work; for an address, its working copy, updated with the small files of all runs.

    Raises:
        ConfigError: the address is wrong, or can't be read.
    """
    if not is_address(named):
        return Path(str(named).removeprefix("file://"))
    bucket = _opened(str(named).rstrip("/"))
    try:
        bucket.copy.mkdir(parents=True, exist_ok=True)
        _pull(bucket)
    except PartError as error:
        raise ConfigError(error.place, error.problem, error.remedy) from error
    except FileNotFoundError as error:
        raise ConfigError(bucket.url, _("there is no such bucket"), _CHECK) from error
    return bucket.copy


def _pull(bucket: Bucket) -> None:
    """Fetch the changed small files of runs, and the lists of documents that kill workers."""
    objects: dict[str, dict[str, Any]] = {}
    for part in ("runs", "work/lethal"):
        objects |= bucket.listed(part)
    for folder in (bucket.copy / "runs").glob("*/"):
        is_removed = not any(name.startswith(f"runs/{folder.name}/") for name in objects)
        # An unfinished run may just have been started on this machine.
        if is_removed and (folder / "run.json").exists() and not is_locked(folder):
            shutil.rmtree(folder)
    changed_names = [
        name for name, details in objects.items() if _is_shared(name) and not _is_same(bucket.copy / name, details)
    ]

    def pull(name: str) -> None:
        target = bucket.copy / name
        replace(target, bucket.read(name))
        if moment := objects[name].get("LastModified"):
            os.utime(target, (moment.timestamp(), moment.timestamp()))

    _each(pull, changed_names)


def _is_shared(name: str) -> bool:
    """Whether a file below `runs/` is uploaded for other machines."""
    return Path(name).suffix not in _LOCAL and not _LARGE.intersection(name.split("/")[2:3])


def _is_same(file: Path, details: Mapping[str, Any]) -> bool:
    moment = details.get("LastModified")
    if moment is None or not file.exists():
        return False
    state = file.stat()
    return state.st_size == details["size"] and int(state.st_mtime) == int(moment.timestamp())


def _each(action: Callable[[T], object], items: Iterable[T]) -> None:
    """Apply an action to each item, several at once; raise the first error."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _result in pool.map(action, items):
            pass


def fetched(path: Path) -> Path:
    """Fetch an immutable small file if only the bucket has it; return its path."""
    if not path.exists() and (bucket := bucket_of(path)):
        with suppress(FileNotFoundError):
            replace(path, bucket.read(bucket.name(path)))
    return path


def fetch_small(paths: Iterable[Path]) -> None:
    """Fetch missing small files, which must be immutable, several at once."""
    _each(fetched, [path for path in paths if not path.exists() and bucket_of(path)])


def fetch(files: Iterable[tuple[Path, str]]) -> None:
    """Fetch missing files by their digests, several at once.

    Raises:
        PartError: a file is missing in the bucket, can't be read, or has other bytes.
    """
    missing = [(path, sha256, bucket) for path, sha256 in files if not path.exists() and (bucket := bucket_of(path))]
    _each(lambda item: item[2].get_object(item[1], item[0]), missing)


def forget(path: Path) -> None:
    """Remove a damaged small file from the working copy and the bucket, so that it can be written again."""
    bucket = bucket_of(path)
    if bucket and path.exists():
        path.unlink()
        with suppress(FileNotFoundError):
            bucket.remove(bucket.name(path))


def publish(*paths: Path, once: bool = False) -> None:
    """Upload small files in this order; outside of working copies, do nothing.

    With `once`, an existing object is kept, because the name identifies the content.
    """
    for path in paths:
        if bucket := bucket_of(path):
            (bucket.create if once else bucket.write)(bucket.name(path), path.read_bytes())


def publish_each(paths: Iterable[Path]) -> None:
    """Upload small files named by their content, several at once; outside of working copies, do nothing."""
    _each(lambda path: publish(path, once=True), [path for path in paths if bucket_of(path)])


def publish_run(folder: Path, last: str) -> None:
    """Upload the small files of a run's folder; `last` marks a finished run and is uploaded after all others."""
    bucket = bucket_of(folder)
    if bucket is None:
        return
    paths = [path for path in folder.rglob("*") if path.is_file() and _is_shared(bucket.name(path))]
    _each(publish, [path for path in paths if path != folder / last])
    publish(folder / last)


class Lease:
    """A lock of a run's folder in the bucket: an object that changes regularly while its process is alive."""

    def __init__(self, bucket: Bucket, name: str) -> None:
        self._bucket = bucket
        self._name = name
        self._token = secrets.token_hex(8)
        self._since = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        self._life = own_life()
        self._ended = threading.Event()
        self._beats = threading.Thread(target=self._beat, daemon=True)
        self._lost = False

    def take(self) -> None:
        """Acquire the lease; raise ConfigError if another process has it, or the bucket can't be written to."""
        place = f"{self._bucket.url}/{self._name}"
        try:
            content = _content(self._bucket, self._name)
            if content and _is_held(self._bucket, self._name, content):
                raise _in_use(place, content)
            if not self._bucket.exchange(self._name, self._content(), lambda current: current == content):
                raise _in_use(place, _content(self._bucket, self._name))
        except FileNotFoundError as error:
            raise ConfigError(self._bucket.url, _("there is no such bucket"), _CHECK) from error
        except PartError as error:
            raise ConfigError(place, error.problem, error.remedy) from error
        self._beats.start()

    def _content(self) -> bytes:
        beat = secrets.token_hex(4)
        holder = f"process {os.getpid()} on {socket.gethostname()} since {self._since}"
        return f"{holder}, {self._token}, life {self._life}, beat {beat}".encode()

    def _is_own(self, content: bytes | None) -> bool:
        return content is not None and self._token.encode() in content

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            try:
                self._lost |= not self._bucket.exchange(self._name, self._content(), self._is_own)
            except (PartError, OSError):  # no network for now; another process may take over the lease
                continue

    def check(self) -> None:
        """Raise `PartError` if another process has taken over the lease because this one was silent for too long."""
        if self._lost:
            problem = _("another process has taken over this run, since this one couldn't reach the bucket for a while")
            raise PartError(f"{self._bucket.url}/{self._name}", problem, _("wait until it is done, or stop it"))

    def release(self) -> None:
        """Release the lease."""
        self._ended.set()
        self._beats.join()  # a beat while `exchange` reads and writes would keep the lock
        if not self._lost:
            self._bucket.exchange(self._name, b"", self._is_own)


def _content(bucket: Bucket, name: str) -> bytes | None:
    try:
        return bucket.read(name)
    except FileNotFoundError:
        return None


def _changes(bucket: Bucket, name: str, content: bytes) -> bool:
    """Whether a lock changes within three beats."""
    end = time.monotonic() + _SILENT_BEATS * BEAT_SECONDS
    while time.monotonic() < end:
        time.sleep(BEAT_SECONDS / 5)
        if _content(bucket, name) not in (content, b"", None):
            return True
    return False


def _is_held(bucket: Bucket, name: str, content: bytes) -> bool:
    """Whether the process that a lock names is alive; another machine's lock is watched for three beats."""
    life = _LIFE.search(content)
    alive = is_alive(life[1].decode()) if life else None
    if alive is not None:
        return alive
    sentence = _("waiting {seconds} {seconds:second|seconds} to see whether {holder}, which holds {place}, is alive")
    seconds = f"{_SILENT_BEATS * BEAT_SECONDS:.0f}"
    note = sentence.fill(seconds=seconds, holder=_holder(content), place=f"{bucket.url}/{name}")
    warnings.warn(NoteWarning(note), stacklevel=5)
    return _changes(bucket, name, content)


def _holder(content: bytes | None) -> str:
    return (content or b"").decode(errors="replace").partition(",")[0] or "another process"


def _in_use(place: str, content: bytes | None) -> ConfigError:
    seconds = f"{_SILENT_BEATS * BEAT_SECONDS:.0f}"
    remedy = _(
        "wait until it is done, or stop it: the lock is free {seconds} {seconds:second|seconds} after its end",
        seconds=seconds,
    )
    return ConfigError(place, _("in use by {holder}", holder=_holder(content)), remedy)


@contextmanager
def leased(folder: Path) -> Iterator[Lease | None]:
    """Lock a run's folder against processes on other machines if it is in a bucket.

    Raises:
        ConfigError: another process holds the lock, or the bucket can't be written to.
    """
    bucket = bucket_of(folder)
    if bucket is None:
        yield None
        return
    lease = Lease(bucket, bucket.name(folder / LOCK_FILE))
    lease.take()
    try:
        _pull(bucket)  # another machine may have finished this run since the command began
        yield lease
    finally:
        with suppress(PartError, OSError):  # without beats, the lease expires
            lease.release()


def is_leased(folder: Path) -> bool:
    """Whether a process on any machine has locked a run's folder in a bucket; this may take several seconds."""
    bucket = bucket_of(folder)
    name = bucket.name(folder / LOCK_FILE) if bucket else ""
    content = _content(bucket, name) if bucket else None
    return bool(bucket and content and _is_held(bucket, name, content))
