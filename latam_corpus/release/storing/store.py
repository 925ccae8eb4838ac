"""A release store at any fsspec URL: immutable objects named by their digests, and versions that refer to them.

    objects/sha256/ab/<hash>.parquet
    releases/<name>/<version>/manifest.json · SHA256SUMS · README.md · CHANGELOG.md · ATTRIBUTION.md · ledger.parquet
                              croissant.json · manifest.json.minisig · index/
    releases/<name>/latest.json
    withdrawals/NNNN.json · NNNN.json.minisig · <hash>.parquet

A version exists if and only if its `manifest.json` does, which is written after every file that it names; `latest.json`
is swapped last. A killed build leaves unused objects, but no incomplete version. Folders with other names and a damaged
`latest.json` are ignored, and `notes` reports them.
"""

from __future__ import annotations

import glob
import json
import os
import secrets
import shutil
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Final, Self

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
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from latam_corpus.messages import Message
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.minisign_keys import Signer


@contextmanager
def scratch(parent: Path | None) -> Iterator[Path]:
    """Make a temporary folder, which is removed at the end. Folders of killed processes are removed first.

    Without a parent it is in the system's temporary folder, from which nothing else is removed.
    """
    if parent is None:
        with tempfile.TemporaryDirectory(prefix="latam-corpus-") as temporary:
            yield Path(temporary)
        return
    parent.mkdir(parents=True, exist_ok=True)
    folder = parent / f"build-{secrets.token_hex(4)}"
    lock = folder.with_suffix(".lock")
    with ExitStack() as stack:
        with locked(parent, ".lock", wait=True):
            stack.enter_context(locked(parent, lock.name))
            _remove_abandoned(parent)
            folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.unlink(missing_ok=True)


def _remove_abandoned(parent: Path) -> None:
    """Remove the folders whose lock isn't held: their builds were killed."""
    for lock in parent.glob("build-*.lock"):
        if not is_locked(parent, lock.name):
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)


SUMS: Final = "SHA256SUMS"
NO_STORE: Final = _("there is no store at this address; correct it, or name one with --store")
LATEST: Final = "latest.json"


@dataclass(frozen=True)
class Store:
    """A release store.

    Attributes:
        signer: the key that signs manifests and entries of the log; None to leave them unsigned.
    """

    url: str
    filesystem: Any
    root: str
    signer: Signer | None = None

    @classmethod
    def at(cls, url: str | Path, signer: Signer | None = None) -> Self:
        """Return the store at a path or fsspec URL. Nothing is created until a file is written.

        Raises:
            ConfigError: the URL's protocol is unknown, its package isn't installed, or the path leads to a file.
        """
        address = address_of(url)
        filesystem, root = remote.opened(address)
        store = cls(address, filesystem, root.rstrip("/"), signer)
        if store.folder is not None and store.folder.exists() and not store.folder.is_dir():
            raise ConfigError(address, _("it is a file"), _("name the folder of a store"))
        return store

    def is_there(self) -> bool:
        """Whether the store's address exists."""
        return remote.info(self.filesystem, self.root) is not None

    @property
    def folder(self) -> Path | None:
        """The folder of the store, if it is on a local disk."""
        return Path(self.root) if isinstance(self.filesystem, LocalFileSystem) else None

    def path(self, *names: str) -> str:
        """Return the path of a file or folder of the store in the file system."""
        return "/".join((self.root, *names))

    def exists(self, *names: str) -> bool:
        """Whether a file or folder exists. Errors of the file system are raised, not taken as False."""
        return remote.info(self.filesystem, self.path(*names)) is not None

    def names_in(self, *names: str) -> list[str]:
        """Return the sorted names of the files in a folder; empty if it doesn't exist."""
        self.filesystem.invalidate_cache()
        paths = remote.matching(self.filesystem, f"{glob.escape(self.path(*names))}/*")
        return sorted(name for name in (PurePosixPath(path).name for path in paths) if not name.startswith("."))

    def size(self, *names: str) -> int | None:
        """Return the size of a file in bytes, or None if it doesn't exist."""
        info = remote.info(self.filesystem, self.path(*names))
        return None if info is None else int(info["size"])

    def open(self, *names: str, cache_type: str | None = None) -> IO[bytes]:
        """Open a file for reading bytes, with seek.

        `cache_type` is the cache of fsspec for remote stores.

        Raises:
            ReleaseError: the file is missing, or is a folder.
        """
        options = {} if cache_type is None or self.folder is not None else {"cache_type": cache_type}
        try:
            return remote.open_seekable(self.filesystem, self.path(*names), **options)
        except remote.MISSING_ERRORS:
            raise ReleaseError(f"{self.url}, {'/'.join(names)}", _("the file is missing"), VERIFY) from None
        except IsADirectoryError:
            raise ReleaseError(f"{self.url}, {'/'.join(names)}", _("it is a folder"), _("move it elsewhere")) from None

    def read(self, *names: str) -> bytes:
        """Return the bytes of a small file; raise ReleaseError if the file is missing, or is a folder."""
        with self.open(*names) as file:
            try:
                return file.read()
            except remote.MISSING_ERRORS:  # removed since it was opened
                raise ReleaseError(f"{self.url}, {'/'.join(names)}", _("the file is missing"), VERIFY) from None

    def write(self, data: bytes, *names: str) -> None:
        """Write a small file, or replace it; on a local disk the operation is atomic."""
        target = self.path(*names)
        if self.folder is None:
            remote.write(self.filesystem, target, data)
        else:
            replace(Path(target), data)

    def create(self, data: bytes, *names: str) -> None:
        """Write a small file that must not exist yet.

        Raises:
            ReleaseError: the file exists, for instance because another build has just written it.
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
        """Write a signature file next to a file; without a signer, remove an old one."""
        signature = (*names[:-1], names[-1] + SIGNATURE)
        if self.signer:
            self.write(self.signer.signature(data, "/".join(names)), *signature)
        elif self.exists(*signature):
            self.remove(*signature)

    def remove(self, *names: str) -> None:
        """Remove an existing file."""
        self.filesystem.rm_file(self.path(*names))

    def add_object(self, file: Path, sha256: str) -> bool:
        """Move a local file to the objects, or upload and delete it; return False if the store already had it."""
        name = object_path(sha256)
        # On stores without atomic writes, an interrupted upload can leave a short object.
        if self.size(name) == file.stat().st_size:
            file.unlink()
            return False
        self.put(file, name)
        return True

    def put(self, file: Path, *names: str) -> None:
        """Move a local file into the store, or upload and delete it; an existing file is replaced."""
        target = self.path(*names)
        if self.folder is None:
            remote.make_folder(self.filesystem, target)
            self.filesystem.put_file(str(file), target)
            file.unlink()
        else:
            with replacing(Path(target)) as temporary:
                shutil.move(file, temporary)  # works across disks

    @contextmanager
    def named_errors(self) -> Iterator[None]:
        """Turn errors of the file system into a ReleaseError that names the store."""
        try:
            yield
        except remote.failures() as error:
            problem = _("it can't be read or written: {reason}", reason=error)
            raise ReleaseError(
                self.url, problem, _("check the address, the access rights and the free space")
            ) from error

    def names(self) -> list[str]:
        """Return the sorted names of the releases that have a version."""
        return sorted({name for name, version in self._manifests("*") if _is_name(name) and is_version(version)})

    def versions(self, name: str) -> list[str]:
        """Return the versions of a release that have a manifest, sorted by number. Manifests may be damaged."""
        numbers = (version for _, version in self._manifests(checked_name(name)))
        return sorted(filter(is_version, numbers), key=version_key)

    def manifests(self, *names: str) -> Iterator[Manifest]:
        """Yield the manifest of each version, sorted by name and number; skip versions that are removed meanwhile.

        For example, a build that another one overtakes removes its manifest. Without names, those of all releases.

        Raises:
            ReleaseError: a manifest is damaged.
        """
        for name in names or self.names():
            for version in self.versions(name):
                try:
                    manifest = load_manifest(self, name, version)
                except ReleaseError:
                    if version in self.versions(name):
                        raise
                else:
                    yield manifest

    def newest_manifests(self, read: Manifest | None = None) -> Iterator[Manifest]:
        """Yield the manifest of the newest readable version of each release; `read` isn't read again."""
        versions = [(name, version) for name, version in self._manifests("*") if _is_name(name) and is_version(version)]
        done: set[str] = set()
        for name, version in sorted(versions, key=lambda pair: version_key(pair[1]), reverse=True):
            if name not in done:
                if read and (name, version) == (read.name, read.version):
                    done.add(name)
                    yield read
                    continue
                with suppress(ReleaseError):  # commands that read the version report the damage
                    yield load_manifest(self, name, version)
                    done.add(name)

    def lineage(self, manifest: Manifest | None) -> Iterator[Manifest]:
        """Yield a version and its ancestors, the newest first, up to the first one that doesn't exist."""
        versions = self.versions(manifest.name) if manifest else []
        while manifest:
            yield manifest
            parent = manifest.parent.version if manifest.parent else None
            manifest = load_manifest(self, manifest.name, parent) if parent in versions else None

    def latest(self, name: str) -> str | None:
        """Return the version in `latest.json`, else the newest undamaged version, else None."""
        return self._latest(name)[0]

    def notes(self, name: str | None = None) -> list[Message]:
        """Return a sentence for each ignored folder and each damaged file, of one release or of the whole store."""
        notes: list[Message] = []
        for folder, version in self._manifests(name or "*"):
            if not _is_name(folder):
                ignored = _("{store}: the folder «{folder}» is ignored, since it doesn't have the name of a release")
                notes.append(ignored.fill(store=self.url, folder=folder))
            elif not is_version(version):
                ignored = _(
                    "{store}, {release}: the folder «{folder}» is ignored, since {form}; rename it, or move it "
                    "elsewhere"
                )
                notes.append(ignored.fill(store=self.url, release=folder, folder=version, form=VERSION_FORM))
        for release in [name] if name else self.names():
            notes += self._latest(release)[1]
        return notes

    def _latest(self, name: str) -> tuple[str | None, list[Message]]:
        """Return the latest version, and sentences about files and folders that were ignored in the search."""
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
                note = _("{place}: {problem}; the newest undamaged version is used; to fix it, write {line} into it")
                line = f'{{"version": "{version}"}}'
                notes.append(note.fill(place=f"{self.url}, {name}, {LATEST}", problem=problem, line=line))
            return version, notes
        return None, notes

    def pointed(self, name: str) -> tuple[str | None, str | Message]:
        """Return the version in `latest.json`, or None and the problem of the file."""
        try:
            values = parsed(self.read("releases", checked_name(name), LATEST), "", "")
        except ReleaseError as error:
            return None, error.problem
        version = values.get("version") if isinstance(values, dict) else None
        if not isinstance(version, str) or not is_version(version):
            return None, _("it names no version")
        exists = version in self.versions(name)
        return (version, "") if exists else (None, _("it points at {version}, which doesn't exist", version=version))

    def point(self, name: str, version: str, previous: str | None = None) -> bool:
        """Set `latest.json` to a version, atomically; of two concurrent builds on S3, the later version remains.

        If `previous` isn't the latest version any more, nothing is written, and False is returned. On a local disk
        `claim` ensures this, and `previous` is ignored.
        """
        path = ("releases", name, LATEST)
        data = json.dumps({"version": version}).encode() + b"\n"
        if self.folder is not None:
            self.write(data, *path)
            return True
        place = self.path(*path)
        if previous is not None:
            return remote.exchange(self.filesystem, place, data, lambda _now: self.latest(name) in (previous, version))
        remote.swap(
            self.filesystem, place, data, lambda: version_key(self.latest(name) or version) > version_key(version)
        )
        return True

    def find(self, spec: str) -> tuple[str, str]:
        """Return the name and the version of `NAME@VERSION`, or the latest version of `NAME`.

        Raises:
            ConfigError: the release or version doesn't exist; the error names the closest one.
            ReleaseError: all versions of the release are damaged.
        """
        name, separator, version = spec.partition("@")
        versions = self.versions(name)
        if not versions:
            remedy = closest(name, self.names()) if self.is_there() else NO_STORE
            raise ConfigError(self.url, _("there is no release «{name}»", name=name), remedy)
        place = f"{self.url}, {name}"
        if separator and not version:
            raise ConfigError(
                place,
                _("there is no version after the @"),
                _("write {name}@{versions}, or {name} alone", name=name, versions=versions[-1]),
            )
        if version in ("", LATEST_KEYWORD):
            latest, notes = self._latest(name)
            if latest is None:
                raise ReleaseError(place, _("all of its versions are damaged"), notes[0])
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
        """Lock releases on a local disk, so that no other process makes a version; elsewhere see `reserve`."""
        if self.folder is None:
            yield
            return
        with ExitStack() as stack:
            for name in sorted(names):  # always in the same order, to avoid deadlocks
                folder = self.folder / "releases" / checked_name(name)
                folder.mkdir(parents=True, exist_ok=True)
                stack.enter_context(locked(folder, ".lock", wait=True))
            yield

    def reserve(self, name: str, version: str) -> bool:
        """Reserve the number of a version; return False if another build has reserved it.

        On a local disk, `claim` suffices. Elsewhere a file reserves the number; the number of a killed build is never
        reused.
        """
        if self.folder is None:
            try:
                self.create(secrets.token_bytes(16), "releases", name, version, ".claim")
            except ReleaseError:
                return False
        return True

    def scratch(self) -> AbstractContextManager[Path]:
        """Return a local folder for the temporary files of a build.

        It is inside a local store, since the system's temporary folder may be in memory.
        """
        return scratch(None if self.folder is None else self.folder / "scratch")

    def _manifests(self, name: str) -> list[tuple[str, str]]:
        """Return the release and the version of each folder with a manifest, whether or not the names are valid."""
        if self.folder is not None:
            folder = self.folder / "releases"
            releases = _listed(folder) if name == "*" else [name]
            pairs = ((release, version) for release in releases for version in _listed(folder / release))
            return sorted(pair for pair in pairs if os.path.lexists(f"{folder}/{pair[0]}/{pair[1]}/{MANIFEST}"))
        self.filesystem.invalidate_cache()
        # The path of a store may contain brackets, as in «datos [2026]».
        paths = remote.matching(self.filesystem, f"{glob.escape(self.root)}/releases/{name}/*/{MANIFEST}")
        return sorted((path.parts[-3], path.parts[-2]) for path in map(PurePosixPath, paths))


def _listed(folder: Path) -> list[str]:
    """Return the names of the entries of a local folder; none if it doesn't exist or is a file."""
    try:
        return [path.name for path in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_name(name: str) -> bool:
    try:
        return bool(release_name(name))
    except ValueError:
        return False
