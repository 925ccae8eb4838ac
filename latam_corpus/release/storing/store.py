"""A release store at any fsspec URL: immutable objects named by their digest, versions that point at them.

    objects/sha256/ab/<hash>.parquet
    releases/<name>/<version>/manifest.json · SHA256SUMS · README.md · CHANGELOG.md · ATTRIBUTION.md · ledger.parquet
                              croissant.json · manifest.json.minisig · index/
    releases/<name>/latest.json
    withdrawals/NNNN.json · NNNN.json.minisig · <hash>.parquet

A version exists if and only if its `manifest.json` does, and that file is written after everything it names;
`latest.json` is swapped last. A build that is killed leaves objects nobody points at, and no half version. What stands
beside (folders with other names, a damaged pointer) hides no version: it is passed over, and `notes` tells of it.
"""

from __future__ import annotations

import glob
import json
import secrets
import shutil
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Final, Self, TypeAlias

from fsspec.implementations.local import LocalFileSystem

from latam_corpus.catalog.naming import (
    LATEST_KEYWORD,
    VERSION_FORM,
    checked_name,
    checked_version,
    is_version,
    release_name,
    version_key,
)
from latam_corpus.errors import ConfigError, ReleaseError, closest
from latam_corpus.messages import _
from latam_corpus.release.storing.manifest import (
    MANIFEST,
    SIGNATURE,
    VERIFY,
    NewerFormatError,
    load_manifest,
    object_path,
    parsed,
)
from latam_corpus.storage import remote
from latam_corpus.storage.bucket import address_of
from latam_corpus.storage.durable import create, replace, replacing
from latam_corpus.storage.locks import is_locked, locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from latam_corpus.messages import Message
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.minisign_keys import Signer


@contextmanager
def scratch(parent: Path | None) -> Iterator[Path]:
    """Make a folder for temporary files, removed afterwards; those of killed processes are removed first.

    Args:
        parent: where to make it; None is the system's temporary folder, where nothing is swept.
    """
    if parent is None:
        with tempfile.TemporaryDirectory(prefix="latam-corpus-") as temporary:
            yield Path(temporary)
        return
    parent.mkdir(parents=True, exist_ok=True)
    folder = parent / f"build-{secrets.token_hex(4)}"
    lock = folder.with_suffix(".lock")
    with ExitStack() as held:
        with locked(parent, ".lock", wait=True):
            held.enter_context(locked(parent, lock.name))
            _sweep(parent)
            folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.unlink(missing_ok=True)


def _sweep(parent: Path) -> None:
    """Remove the folders whose lock nobody holds any more: their builds were killed."""
    for lock in parent.glob("build-*.lock"):
        if not is_locked(parent, lock.name):
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)


# Called with what is being done, how much of it is done, and how much there is.
Progress: TypeAlias = "Callable[[str, int, int], None]"

SUMS: Final = "SHA256SUMS"
NO_STORE: Final = _("there is no store at this address; check it for a mistake")
LATEST: Final = "latest.json"


@dataclass(frozen=True)
class Store:
    """A release store: its URL, the file system that reads it, the path of its root there, and who signs in it."""

    url: str
    filesystem: Any
    root: str
    signer: Signer | None = None

    @classmethod
    def at(cls, url: str | Path, signer: Signer | None = None) -> Self:
        """Return the store at a path or fsspec URL; nothing is created until something is written.

        Args:
            url: where it is.
            signer: by whom manifests and entries of the log are signed; None leaves them unsigned.

        Raises:
            ConfigError: the URL's protocol is unknown, its package isn't installed, or it is the address of a file.
        """
        address = address_of(url)
        filesystem, root = remote.opened(address)
        store = cls(address, filesystem, root.rstrip("/"), signer)
        if store.folder is not None and store.folder.exists() and not store.folder.is_dir():
            raise ConfigError(address, _("it is a file"), _("name the folder of a store"))
        return store

    def is_there(self) -> bool:
        """Whether there is something at the store's address."""
        return remote.info(self.filesystem, self.root) is not None

    @property
    def folder(self) -> Path | None:
        """The store's folder when it is on a local disk."""
        return Path(self.root) if isinstance(self.filesystem, LocalFileSystem) else None

    def path(self, *names: str) -> str:
        """Return the path in the file system of something in the store."""
        return "/".join((self.root, *names))

    def exists(self, *names: str) -> bool:
        """Whether there is such a file; what can't be asked is an error of the file system's, and no answer.

        A folder in the place of a file is there: who reads it is told.
        """
        return remote.info(self.filesystem, self.path(*names)) is not None

    def names_in(self, *names: str) -> list[str]:
        """Return the names of the files in a folder, sorted; none where there is no such folder."""
        self.filesystem.invalidate_cache()
        paths = remote.matching(self.filesystem, f"{glob.escape(self.path(*names))}/*")
        return sorted(name for name in (PurePosixPath(path).name for path in paths) if not name.startswith("."))

    def size(self, *names: str) -> int | None:
        """Return the bytes of a file, or None when it isn't there."""
        found = remote.info(self.filesystem, self.path(*names))
        return None if found is None else int(found["size"])

    def open(self, *names: str, cache_type: str | None = None) -> IO[bytes]:
        """Return the file, open for reading bytes, with seek.

        Args:
            names: the path to it.
            cache_type: of fsspec, for a store elsewhere; its own when None.
        """
        options = {} if cache_type is None or self.folder is not None else {"cache_type": cache_type}
        try:
            return remote.open_seekable(self.filesystem, self.path(*names), **options)
        except remote.MISSING_ERRORS:
            raise ReleaseError(f"{self.url}, {'/'.join(names)}", _("the file is missing"), VERIFY) from None
        except IsADirectoryError:
            raise ReleaseError(f"{self.url}, {'/'.join(names)}", _("it is a folder"), _("move it elsewhere")) from None

    def read(self, *names: str) -> bytes:
        """Return the bytes of a small file.

        Raises:
            ReleaseError: there is no such file.
        """
        with self.open(*names) as file:
            return file.read()

    def write(self, data: bytes, *names: str) -> None:
        """Write a small file, replacing what was there; on a local disk it is whole or not there."""
        target = self.path(*names)
        if self.folder is None:
            remote.write(self.filesystem, target, data)
        else:
            replace(Path(target), data)

    def create(self, data: bytes, *names: str) -> None:
        """Write a small file that must not exist yet.

        Raises:
            ReleaseError: it is there, for instance because another build wrote it meanwhile.
        """
        target = self.path(*names)
        try:
            if self.folder is None:
                remote.create(self.filesystem, target, data)
            else:
                create(Path(target), data)
        except FileExistsError:
            raise ReleaseError(
                f"{self.url}, {'/'.join(names)}",
                _("it exists already; versions are never overwritten"),
                _("build again"),
            ) from None

    def sign(self, data: bytes, *names: str) -> None:
        """Write the signature of a file beside it, where somebody signs; where nobody does, a former file's goes."""
        signature = (*names[:-1], names[-1] + SIGNATURE)
        if self.signer:
            self.write(self.signer.signature(data, "/".join(names)), *signature)
        elif self.exists(*signature):
            self.remove(*signature)

    def remove(self, *names: str) -> None:
        """Remove a file that is there."""
        self.filesystem.rm_file(self.path(*names))

    def add_object(self, file: Path, sha256: str) -> bool:
        """Move a finished local file among the objects; False when the store has it already.

        Args:
            file: the file; it is moved, or uploaded and deleted.
            sha256: its digest, hex.
        """
        name = object_path(sha256)
        # A remote upload that was cut can leave a short object on stores without atomic writes.
        if self.size(name) == file.stat().st_size:
            file.unlink()
            return False
        self.put(file, name)
        return True

    def put(self, file: Path, *names: str) -> None:
        """Move a finished local file into the store, or upload and delete it, replacing what was there."""
        target = self.path(*names)
        if self.folder is None:
            remote.make_folder(self.filesystem, target)
            self.filesystem.put_file(str(file), target)
            file.unlink()
        else:
            with replacing(Path(target)) as temporary:
                shutil.move(file, temporary)  # from another disk too

    @contextmanager
    def named_errors(self) -> Iterator[None]:
        """Turn what the file system raises into an error that names the store."""
        try:
            yield
        except remote.failures() as error:
            problem = _("it can't be read or written: {reason}", reason=error)
            raise ReleaseError(
                self.url, problem, _("check the address, the rights to it and the space left")
            ) from error

    def names(self) -> list[str]:
        """Return the names of the releases, sorted; a name with no finished version is none."""
        return sorted({name for name, version in self._manifests("*") if _is_name(name) and is_version(version)})

    def versions(self, name: str) -> list[str]:
        """Return the versions of a release that have a manifest, sorted by number; one may be damaged."""
        numbers = (version for _, version in self._manifests(checked_name(name)))
        return sorted(filter(is_version, numbers), key=version_key)

    def newest_manifests(self, read: Manifest | None = None) -> Iterator[Manifest]:
        """Yield the manifest of the newest version of each release that can be read.

        Args:
            read: a manifest that was read already, and isn't read again.
        """
        versions = [(name, version) for name, version in self._manifests("*") if _is_name(name) and is_version(version)]
        done: set[str] = set()
        for name, version in sorted(versions, key=lambda pair: version_key(pair[1]), reverse=True):
            if name not in done:
                if read and (name, version) == (read.name, read.version):
                    done.add(name)
                    yield read
                    continue
                with suppress(ReleaseError):  # it is damaged; commands that read it say so
                    yield load_manifest(self, name, version)
                    done.add(name)

    def lineage(self, manifest: Manifest | None) -> Iterator[Manifest]:
        """Yield a version and those that it was built upon, the newest first, as far as they are there."""
        while manifest:
            yield manifest
            parent = manifest.parent.version if manifest.parent else None
            there = parent in self.versions(manifest.name)
            manifest = load_manifest(self, manifest.name, parent) if parent and there else None

    def latest(self, name: str) -> str | None:
        """Return the version `latest.json` points at; else the newest whole one; None where there is none."""
        return self._latest(name)[0]

    def notes(self, name: str | None = None) -> list[Message]:
        """Return what is passed over in a release, or in all, a sentence each: foreign folders, damaged files.

        Args:
            name: the release; every one when None, and what is none.
        """
        remarks: list[Message] = []
        for folder, version in self._manifests(name or "*"):
            if not _is_name(folder):
                told = _("{store}: the folder «{folder}» isn't named as a release is, and is passed over")
                remarks.append(told.fill(store=self.url, folder=folder))
            elif not is_version(version):
                about = {"store": self.url, "release": folder, "folder": version, "form": VERSION_FORM}
                told = _(
                    "{store}, {release}: the folder «{folder}» is passed over, since {form}; "
                    "rename it, or move it elsewhere"
                )
                remarks.append(told.fill(**about))
        for release in [name] if name else self.names():
            remarks += self._latest(release)[1]
        return remarks

    def _latest(self, name: str) -> tuple[str | None, list[Message]]:
        """See `latest`, and what was passed over for it."""
        versions = self.versions(name)
        if not versions:
            return None, []
        notes: list[Message] = []
        pointed, problem = self.pointed(name)
        for version in dict.fromkeys((*([pointed] if pointed else ()), *reversed(versions))):
            try:
                load_manifest(self, name, version)
            except NewerFormatError:
                pass
            except ReleaseError as error:
                notes.append(error.as_message())
                continue
            if problem or version != pointed:
                problem = problem or _("it points at {version}, which is damaged", version=pointed)
                about = {"place": f"{self.url}, {name}, {LATEST}", "problem": problem}
                told = _("{place}: {problem}; the newest whole version is taken, or write {line} into it")
                notes.append(told.fill(line=f'{{"version": "{version}"}}', **about))
            return version, notes
        return None, notes

    def pointed(self, name: str) -> tuple[str | None, str | Message]:
        """Return the version that `latest.json` names, where there is such a one, or else what is wrong with it."""
        try:
            values = parsed(self.read("releases", checked_name(name), LATEST), "", "")
        except ReleaseError as error:
            return None, error.problem
        version = values.get("version") if isinstance(values, dict) else None
        if not isinstance(version, str) or not is_version(version):
            return None, _("it names no version")
        there = version in self.versions(name)
        return (version, "") if there else (None, _("it points at {version}, which isn't there", version=version))

    def point(self, name: str, version: str, upon: str | None = None) -> bool:
        """Swap `latest.json` to a version; of two builds at once on S3, the later version stays.

        Args:
            name: the release.
            version: the version.
            upon: which must be the latest until then: where it isn't, nothing is swapped, and the answer is False. On a
                local disk `claim` sees to it.
        """
        path = ("releases", name, LATEST)
        data = json.dumps({"version": version}).encode() + b"\n"
        if self.folder is not None:
            self.write(data, *path)
            return True
        place = self.path(*path)
        if upon is not None:
            return remote.exchange(self.filesystem, place, data, lambda _now: self.latest(name) in (upon, version))
        remote.swap(
            self.filesystem, place, data, lambda: version_key(self.latest(name) or version) > version_key(version)
        )
        return True

    def find(self, spec: str) -> tuple[str, str]:
        """Return the name and version that `NAME` or `NAME@VERSION` means; `NAME` is its latest.

        Raises:
            ConfigError: there is no such release or version; it names the closest one.
            ReleaseError: the latest is asked for, and no version is whole.
        """
        name, at, version = spec.partition("@")
        versions = self.versions(name)
        if not versions:
            remedy = closest(name, self.names()) if self.is_there() else NO_STORE
            raise ConfigError(self.url, _("there is no release «{name}»", name=name), remedy)
        place = f"{self.url}, {name}"
        if at and not version:
            raise ConfigError(
                place,
                _("no version stands after the @"),
                _("write {name}@{versions}, or {name} alone", name=name, versions=versions[-1]),
            )
        if version in ("", LATEST_KEYWORD):
            latest, notes = self._latest(name)
            if latest is None:
                raise ReleaseError(place, _("none of its versions is whole"), notes[0])
            return name, latest
        if checked_version(version, place, versions) not in versions:
            if self.filesystem.exists(self.path("releases", name, version)):
                problem = _(
                    "the version «{version}» was never finished: it has no {manifest}",
                    version=version,
                    manifest=MANIFEST,
                )
                raise ConfigError(place, problem, closest(version, versions))
            raise ConfigError(place, _("there is no version «{version}»", version=version), closest(version, versions))
        return name, version

    @contextmanager
    def claim(self, *names: str) -> Iterator[None]:
        """Hold releases, on a local disk, so that no version of them is made meanwhile; elsewhere see `reserve`."""
        if self.folder is None:
            yield
            return
        with ExitStack() as held:
            for name in sorted(names):  # two who hold several take them in one order
                folder = self.folder / "releases" / checked_name(name)
                folder.mkdir(parents=True, exist_ok=True)
                held.enter_context(locked(folder, ".lock", wait=True))
            yield

    def reserve(self, name: str, version: str) -> bool:
        """Take a version's number; False when another build has it.

        On a local disk `claim` is enough. Elsewhere a file takes the number, and the number of a build that was
        killed is not used again.
        """
        if self.folder is None:
            try:
                self.create(secrets.token_bytes(16), "releases", name, version, ".claim")
            except ReleaseError:
                return False
        return True

    def scratch(self) -> AbstractContextManager[Path]:
        """Return a local folder for a build's temporary files.

        It is inside a local store, since a system's temporary folder may be memory.
        """
        return scratch(None if self.folder is None else self.folder / "scratch")

    def _manifests(self, name: str) -> list[tuple[str, str]]:
        """Return the release and the version of each folder that has a manifest, whatever they are called."""
        self.filesystem.invalidate_cache()
        # A store's own path may have brackets, as in «datos [2026]».
        paths = remote.matching(self.filesystem, f"{glob.escape(self.root)}/releases/{name}/*/{MANIFEST}")
        return sorted((path.parts[-3], path.parts[-2]) for path in map(PurePosixPath, paths))


def _is_name(name: str) -> bool:
    try:
        return bool(release_name(name))
    except ValueError:
        return False
