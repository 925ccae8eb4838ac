"""A folder of this machine that stands for a prefix of an object store: `--out s3://bucket/prefix`.

Runs and work are folders and files for whoever makes or reads them. Where `--out` is an address they are in a working
copy, in the user's scratch folder, whose name is the address: so a path tells, in whichever process and on whichever
machine, which object its file is. What is read and isn't there is fetched; what is whole is put. The copy may be
removed at any time between two runs, and a machine that has none begins with an empty one.

    work/objects/ab/<sha256>     outputs of steps, each named by its content, so that none is ever written anew
    work/ab/<key>/counts.json    what a step did: put after all the objects that it lists, and never changed
    work/decisions · work/lethal what barriers decided; documents that kill a worker
    runs/<run>/                  the small files of a run, `run.json` after the others; `lock`, while a run goes on

A prefix is listed at `runs/` and `work/lethal/` alone: all else is asked for by its name.
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
_MARK: Final = quote("://", safe="")  # in the name of a working copy
_AT_ONCE: Final = 16  # objects that are fetched or put at the same time
_SILENT_BEATS: Final = 3
_LIFE: Final = re.compile(rb", life ([^, ]+)")
_CHECK: Final = _("check the address, the rights to it and the space left")
_LARGE: Final = frozenset({"kept", "dropped", "ledger"})  # folders of a run's whose files are objects
_OWN: Final = frozenset({".html", ""})  # suffixes of what stays here: pages, which are made again, and locks


@dataclass(frozen=True)
class Bucket:
    """A prefix of an object store, and its working copy here.

    Attributes:
        url: its address.
        copy: the folder that stands for it.
        filesystem: what reads and writes it.
        root: the prefix, as the file system names it.
    """

    url: str
    copy: Path
    filesystem: Any
    root: str

    @classmethod
    def at(cls, url: str) -> Self:
        """Return the prefix of this address.

        Raises:
            ConfigError: the address' protocol is unknown, or its package isn't installed.
        """
        filesystem, root = remote.opened(url, use_listings_cache=False)
        return cls(url, _copy_of(url), filesystem, root.rstrip("/"))

    def name(self, path: Path) -> str:
        """Return the name, below the prefix, of the object that a file of the working copy is."""
        return path.relative_to(self.copy).as_posix()

    def _ask(self, name: str, action: Callable[[str], T]) -> T:
        """Return what an action on an object gives, tried several times.

        Raises:
            FileNotFoundError: there is no such object.
            PartError: it can't be read or written.
        """
        try:
            return remote.patiently(lambda: action(f"{self.root}/{name}"))
        except (*remote.NOT_THERE, FileExistsError):
            raise
        except remote.failures() as error:
            problem = _("it can't be read or written: {reason}", reason=error)
            raise PartError(f"{self.url}/{name}", problem, _CHECK) from error

    def read(self, name: str) -> bytes:
        """Return the bytes of a small object."""
        return bytes(self._ask(name, self.filesystem.cat_file))

    def write(self, name: str, data: bytes) -> None:
        """Write a small object, replacing what was there."""
        self._ask(name, lambda path: remote.write(self.filesystem, path, data))

    def create(self, name: str, data: bytes) -> bytes:
        """Write a small object that nobody changes; gives the bytes that stand there then, which may be another's."""
        try:
            self._ask(name, lambda path: remote.create(self.filesystem, path, data))
        except FileExistsError:
            return self.read(name)
        return data

    def exchange(self, name: str, data: bytes, expected: Callable[[bytes | None], bool]) -> bool:
        """Replace a small object if what stands there is what was expected; see `remote.exchange`."""
        return self._ask(name, lambda path: remote.exchange(self.filesystem, path, data, expected))

    def has(self, name: str) -> bool:
        """Whether there is such an object."""
        return self._ask(name, lambda path: remote.info(self.filesystem, path)) is not None

    def listed(self, folder: str) -> dict[str, dict[str, Any]]:
        """Return what is known of each object below a name."""
        found = self._ask(folder, lambda path: self.filesystem.find(path, detail=True))
        return {path.removeprefix(f"{self.root}/"): known for path, known in found.items()}

    def remove(self, name: str) -> None:
        """Remove an object."""
        self._ask(name, self.filesystem.rm_file)

    def put_object(self, file: Path, sha256: str) -> None:
        """Put a file among the objects that are named by their content."""
        name = _object(sha256)

        def put(path: str) -> None:
            remote.make_folder(self.filesystem, path)
            self.filesystem.put_file(str(file), path)

        self._ask(name, put)

    def get_object(self, sha256: str, target: Path) -> None:
        """Fetch one of them, every byte compared with its name.

        Raises:
            PartError: it isn't there, can't be read, or its bytes are others.
        """
        name = _object(sha256)

        def get(path: str) -> None:
            with replacing(target) as temporary:
                self.filesystem.get_file(path, str(temporary))
                if digest_of(temporary) != sha256:
                    raise OSError(OTHER_BYTES)

        try:
            self._ask(name, get)
        except FileNotFoundError:
            problem = _("the file is missing")
            raise PartError(f"{self.url}/{name}", problem, _("run it again: it is made anew")) from None

    def secured(self, folder: Path, files: Mapping[str, str], marker: str) -> Damage | None:
        """Put what is missing of a folder's files, and after them the file that lists them; tell what is nowhere.

        A file here that isn't as it was written is no damage, as long as its object is there: it is removed.

        Args:
            folder: of the working copy.
            files: the digests of its files, by name.
            marker: the file that lists them. Where another worker has put its own first, that one counts.
        """
        for name, sha256 in files.items():
            here = not damage(folder, {name: sha256})
            if not here:
                (folder / name).unlink(missing_ok=True)
            if not self.has(_object(sha256)):
                if not here:
                    return Damage(Path(folder / name), N_("the file is missing"))
                self.put_object(folder / name, sha256)
        mine = (folder / marker).read_bytes()
        theirs = self.create(self.name(folder / marker), mine)
        if theirs != mine:
            replace(folder / marker, theirs)
        return None


def _object(sha256: str) -> str:
    return f"work/objects/{sha256[:2]}/{sha256}"


def _copy_of(url: str) -> Path:
    return scratch_folder() / quote(url, safe="")


def is_address(named: str | Path) -> bool:
    """Whether it is the address of an object store, and no path of this machine."""
    return "://" in str(named) and not str(named).startswith("file://")


def may_have_store(out: Path) -> bool:
    """Whether a folder of runs has a store, or stands for a place in a bucket, which isn't asked."""
    return bucket_of(out) is not None or (out / "store").is_dir()


def bucket_of(path: Path) -> Bucket | None:
    """Return what the working copy stands for in which a path is; None where it is in none."""
    if _MARK not in str(path):
        return None
    names = [folder for folder in (path, *path.parents) if _MARK in folder.name]
    return _opened(unquote(names[-1].name)) if names else None


@cache
def _opened(url: str) -> Bucket:
    return Bucket.at(url)


def address_of(path: str | Path) -> str:
    """Return the address that a path in a working copy stands for; any other path as it is."""
    bucket = None if is_address(path) else bucket_of(Path(path))
    if bucket is None:
        return str(path)
    name = bucket.name(Path(path))
    return bucket.url if name == "." else f"{bucket.url}/{name}"


def out_folder(named: str | Path) -> Path:
    """Return the folder of runs and work that is named; of an address its working copy, with all runs' small files.

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
    """Fetch the small files of runs that have changed, and what is known of documents that kill."""
    listed: dict[str, dict[str, Any]] = {}
    for part in ("runs", "work/lethal"):
        listed |= bucket.listed(part)
    for folder in (bucket.copy / "runs").glob("*/"):
        gone = not any(name.startswith(f"runs/{folder.name}/") for name in listed)
        # One that isn't finished may be begun just now, by this machine.
        if gone and (folder / "run.json").exists() and not is_locked(folder):
            shutil.rmtree(folder)
    wanted = [name for name, known in listed.items() if _is_shared(name) and not _is_same(bucket.copy / name, known)]

    def pull(name: str) -> None:
        target = bucket.copy / name
        replace(target, bucket.read(name))
        if moment := listed[name].get("LastModified"):
            os.utime(target, (moment.timestamp(), moment.timestamp()))

    _each(pull, wanted)


def _is_shared(name: str) -> bool:
    """Whether a file below `runs/` is for all machines."""
    return Path(name).suffix not in _OWN and not _LARGE.intersection(name.split("/")[2:3])


def _is_same(file: Path, known: Mapping[str, Any]) -> bool:
    moment = known.get("LastModified")
    if moment is None or not file.exists():
        return False
    state = file.stat()
    return state.st_size == known["size"] and int(state.st_mtime) == int(moment.timestamp())


def _each(action: Callable[[T], object], items: Iterable[T]) -> None:
    """Take an action on each, several at once; the first error ends it."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _done in pool.map(action, items):
            pass


def fetched(path: Path) -> Path:
    """Return the path of a small file that never changes, which is here then, if it is anywhere."""
    if not path.exists() and (bucket := bucket_of(path)):
        with suppress(FileNotFoundError):
            replace(path, bucket.read(bucket.name(path)))
    return path


def fetch_small(paths: Iterable[Path]) -> None:
    """Fetch small files that never change and aren't here, several at once."""
    _each(fetched, [path for path in paths if not path.exists() and bucket_of(path)])


def fetch(wanted: Iterable[tuple[Path, str]]) -> None:
    """Fetch files of which the digests are given, and which aren't here, several at once.

    Raises:
        PartError: one isn't there, can't be read, or its bytes are others.
    """
    missing = [(path, sha256, bucket) for path, sha256 in wanted if not path.exists() and (bucket := bucket_of(path))]
    _each(lambda one: one[2].get_object(one[1], one[0]), missing)


def forget(path: Path) -> None:
    """Remove a damaged small file of a working copy from the bucket, so that another can take its place."""
    bucket = bucket_of(path)
    if bucket and path.exists():
        path.unlink()
        with suppress(FileNotFoundError):
            bucket.remove(bucket.name(path))


def publish(*paths: Path, once: bool = False) -> None:
    """Put small files of a working copy, in this order; elsewhere nothing.

    Args:
        paths: which.
        once: whether their names tell their content.
    """
    for path in paths:
        if bucket := bucket_of(path):
            (bucket.create if once else bucket.write)(bucket.name(path), path.read_bytes())


def publish_each(paths: Iterable[Path]) -> None:
    """Put small files whose names tell their content, several at once; elsewhere nothing."""
    _each(lambda path: publish(path, once=True), [path for path in paths if bucket_of(path)])


def publish_run(folder: Path, last: str) -> None:
    """Put the small files of a run's folder, the one that says that it is finished after all others."""
    bucket = bucket_of(folder)
    if bucket is None:
        return
    paths = [path for path in folder.rglob("*") if path.is_file() and _is_shared(bucket.name(path))]
    _each(publish, [path for path in paths if path != folder / last])
    publish(folder / last)


class Lease:
    """A hold of a run's folder in the bucket, which others see by an object that changes."""

    def __init__(self, bucket: Bucket, name: str) -> None:
        self._bucket = bucket
        self._name = name
        self._token = secrets.token_hex(8)
        self._since = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        self._life = own_life()
        self._ended = threading.Event()
        self._lost = False

    def take(self) -> None:
        """Hold it.

        Raises:
            ConfigError: another process holds it, or nothing can be written there.
        """
        place = f"{self._bucket.url}/{self._name}"
        try:
            seen = _content(self._bucket, self._name)
            if seen and _is_held(self._bucket, self._name, seen):
                raise _in_use(place, seen)
            if not self._bucket.exchange(self._name, self._words(), lambda there: there == seen):
                raise _in_use(place, _content(self._bucket, self._name))
        except FileNotFoundError as error:
            raise ConfigError(self._bucket.url, _("there is no such bucket"), _CHECK) from error
        except PartError as error:
            raise ConfigError(place, error.problem, error.remedy) from error
        threading.Thread(target=self._beat, daemon=True).start()

    def _words(self) -> bytes:
        beat = secrets.token_hex(4)
        holder = f"process {os.getpid()} on {socket.gethostname()} since {self._since}"
        return f"{holder}, {self._token}, life {self._life}, beat {beat}".encode()

    def _mine(self, there: bytes | None) -> bool:
        return there is not None and self._token.encode() in there

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            try:
                self._lost |= not self._bucket.exchange(self._name, self._words(), self._mine)
            except (PartError, OSError):  # no network for now; who looks meanwhile may take it over
                continue

    def check(self) -> None:
        """Nothing, while it is held.

        Raises:
            PartError: another process has taken it, since this one wasn't heard of.
        """
        if self._lost:
            problem = _("another process has taken over this run, since this one couldn't reach it for a while")
            raise PartError(f"{self._bucket.url}/{self._name}", problem, _("wait until it is done, or stop it"))

    def release(self) -> None:
        """Let others hold it."""
        self._ended.set()
        if not self._lost:
            self._bucket.exchange(self._name, b"", self._mine)


def _content(bucket: Bucket, name: str) -> bytes | None:
    try:
        return bucket.read(name)
    except FileNotFoundError:
        return None


def _changes(bucket: Bucket, name: str, seen: bytes) -> bool:
    """Whether somebody changes a lock while one looks on."""
    end = time.monotonic() + _SILENT_BEATS * BEAT_SECONDS
    while time.monotonic() < end:
        time.sleep(BEAT_SECONDS / 5)
        if _content(bucket, name) not in (seen, b"", None):
            return True
    return False


def _is_held(bucket: Bucket, name: str, seen: bytes) -> bool:
    """Whether the process that a lock names holds it; one of another machine is watched, which takes a while."""
    life = _LIFE.search(seen)
    alive = is_alive(life[1].decode()) if life else None
    if alive is not None:
        return alive
    told = _("looking for {seconds} {seconds:second|seconds} whether {holder} is alive, which holds {place}")
    seconds = f"{_SILENT_BEATS * BEAT_SECONDS:.0f}"
    note = told.fill(seconds=seconds, holder=_holder(seen), place=f"{bucket.url}/{name}")
    warnings.warn(NoteWarning(note), stacklevel=5)
    return _changes(bucket, name, seen)


def _holder(seen: bytes | None) -> str:
    return (seen or b"").decode(errors="replace").partition(",")[0] or "another process"


def _in_use(place: str, seen: bytes | None) -> ConfigError:
    seconds = f"{_SILENT_BEATS * BEAT_SECONDS:.0f}"
    remedy = _(
        "wait until it is done, or stop it: {seconds} {seconds:second|seconds} after its end the lock is free",
        seconds=seconds,
    )
    return ConfigError(place, _("in use by {holder}", holder=_holder(seen)), remedy)


@contextmanager
def leased(folder: Path) -> Iterator[Lease | None]:
    """Hold a run's folder against processes of other machines, where it is in a bucket.

    Raises:
        ConfigError: another process holds it, or nothing can be written there.
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
        with suppress(PartError, OSError):  # others see by its silence that nobody holds it
            lease.release()


def is_leased(folder: Path) -> bool:
    """Whether a process of any machine holds a run's folder that is in a bucket; it takes a while to see."""
    bucket = bucket_of(folder)
    name = bucket.name(folder / LOCK_FILE) if bucket else ""
    seen = _content(bucket, name) if bucket else None
    return bool(bucket and seen and _is_held(bucket, name, seen))
