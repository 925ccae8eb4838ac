"""A release store at any fsspec URL: immutable objects named by their digest, versions that point at them.

    objects/sha256/ab/<hash>.parquet
    releases/<name>/<version>/manifest.json · SHA256SUMS · README.md · CHANGELOG.md · ledger.parquet · index/
    releases/<name>/latest.json

A version exists if and only if its `manifest.json` does, and that file is written after everything it names;
`latest.json` is swapped last. A build that is killed leaves objects nobody points at, and no half version.
"""

from __future__ import annotations

import io
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Final, Self

import fsspec
import polars as pl
from fsspec.implementations.local import LocalFileSystem

from latam_corpus import schema
from latam_corpus.errors import ConfigError, ReleaseError, closest
from latam_corpus.release import files, remote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from datetime import date

MANIFEST: Final = "manifest.json"
SUMS: Final = "SHA256SUMS"
LATEST: Final = "latest.json"
LEDGER: Final = "ledger.parquet"

_SAFE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
# What a file system raises for a missing file; s3fs gives FileNotFoundError too.
_NOT_THERE: Final = (FileNotFoundError, NotADirectoryError)


@dataclass(frozen=True)
class Store:
    """A release store: its URL, the file system that reads it and the path of its root there."""

    url: str
    filesystem: Any
    root: str

    @classmethod
    def at(cls, url: str | Path) -> Self:
        """The store at a path or fsspec URL; nothing is created until something is written.

        Raises:
            ConfigError: the URL's protocol is unknown, or its package isn't installed.
        """
        try:
            filesystem, root = fsspec.core.url_to_fs(str(url))
        except ImportError as missing:
            extra = "pip install 'latam-corpus[s3]'" if str(url).startswith("s3") else "pip install it"
            raise ConfigError(str(url), str(missing), extra) from None
        except ValueError as unknown:
            raise ConfigError(str(url), str(unknown), "name a folder, or a URL such as s3://bucket/store") from None
        return cls(str(url), filesystem, root.rstrip("/"))

    @property
    def folder(self) -> Path | None:
        """The store's folder when it is on a local disk."""
        return Path(self.root) if isinstance(self.filesystem, LocalFileSystem) else None

    def path(self, *names: str) -> str:
        """The path in the file system of something in the store."""
        return "/".join((self.root, *names))

    def exists(self, *names: str) -> bool:
        """Whether there is such a file."""
        return bool(self.filesystem.isfile(self.path(*names)))

    def size(self, *names: str) -> int | None:
        """The bytes of a file, or None when it isn't there."""
        try:
            return int(self.filesystem.info(self.path(*names))["size"])
        except _NOT_THERE:
            return None

    def open(self, *names: str) -> IO[bytes]:
        """The file, open for reading bytes, with seek."""
        try:
            opened: IO[bytes] = self.filesystem.open(self.path(*names), "rb")
        except _NOT_THERE:
            raise ReleaseError(
                f"{self.url}, {'/'.join(names)}", "the file is missing", "run `latam-corpus release verify`"
            ) from None
        return opened

    def read(self, *names: str) -> bytes:
        """The bytes of a small file.

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
            files.replace(Path(target), data)

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
                files.create(Path(target), data)
        except FileExistsError:
            raise ReleaseError(
                f"{self.url}, {'/'.join(names)}",
                "it exists already; versions are never overwritten",
                "build again",
            ) from None

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
            remote.make_room(self.filesystem, target)
            self.filesystem.put_file(str(file), target)
            file.unlink()
        else:
            files.move(file, Path(target))

    def read_ledger(self, name: str, version: str, doc_id: str | None = None) -> pl.DataFrame:
        """The ledger of a version, or what it says of one document.

        Raises:
            ReleaseError: it is missing or damaged.
        """
        # Read by Polars: pyarrow's dataset threads, still reading a Python file object while the interpreter ends,
        # abort the process.
        try:
            if self.folder is not None and self.exists("releases", name, version, LEDGER):
                rows = pl.scan_parquet(self.folder / "releases" / name / version / LEDGER)
            else:
                rows = pl.scan_parquet(io.BytesIO(self.read("releases", name, version, LEDGER)))
            return (rows if doc_id is None else rows.filter(pl.col("doc_id") == doc_id)).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            place = f"{self.url}, {name}@{version}, {LEDGER}"
            raise ReleaseError(place, f"it can't be read: {error}", "run `latam-corpus release verify`") from error

    def read_rows(self, name: str, file: str, columns: pl.Schema, remedy: str) -> pl.DataFrame:
        """A table that a release keeps for all of its versions; empty where there is none.

        Raises:
            ReleaseError: it can't be read.
        """
        if not self.exists("releases", name, file):
            return pl.DataFrame(schema=columns)
        try:
            return schema.conform(pl.read_parquet(io.BytesIO(self.read("releases", name, file))), columns)
        except pl.exceptions.PolarsError as error:
            raise ReleaseError(f"{self.url}, {name}, {file}", f"it can't be read: {error}", remedy) from error

    def write_rows(self, rows: pl.DataFrame, name: str, file: str) -> None:
        """Write a table that a release keeps, in the place of the former one."""
        written = io.BytesIO()
        rows.write_parquet(written, compression="zstd")
        self.write(written.getvalue(), "releases", name, file)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn what the file system raises into an error that names the store."""
        try:
            yield
        except remote.failures() as error:
            problem = f"it can't be read or written: {error}"
            raise ReleaseError(self.url, problem, "check the address, the rights to it and the space left") from error

    def names(self) -> list[str]:
        """The names of the releases, sorted; a name with no finished version is none."""
        return sorted({PurePosixPath(found).parent.parent.name for found in self._glob(f"releases/*/*/{MANIFEST}")})

    def versions(self, name: str) -> list[str]:
        """The finished versions of a release, sorted by number."""
        found = self._glob(f"releases/{checked(name, 'the release name')}/*/{MANIFEST}")
        return sorted((PurePosixPath(path).parent.name for path in found), key=version_key)

    def latest(self, name: str) -> str | None:
        """The version `latest.json` points at, or None when the release has none."""
        try:
            told = json.loads(self.read("releases", checked(name, "the release name"), LATEST))
        except ReleaseError:
            # A build that was killed just before the swap has a finished version and no pointer.
            versions = self.versions(name)
            return versions[-1] if versions else None
        except ValueError as error:
            raise ReleaseError(f"{self.url}, {name}, {LATEST}", f"it is not JSON: {error}") from None
        return str(told["version"])

    def point(self, name: str, version: str) -> None:
        """Swap `latest.json` to a version; of two builds at once on S3, the later version stays."""
        place = ("releases", name, LATEST)
        data = json.dumps({"version": version}).encode() + b"\n"
        if self.folder is not None:
            self.write(data, *place)
            return
        remote.swap(
            self.filesystem,
            self.path(*place),
            data,
            lambda: version_key(self.latest(name) or "") > version_key(version),
        )

    def find(self, spec: str) -> tuple[str, str]:
        """The name and version that `NAME` or `NAME@VERSION` means; `NAME` is its latest.

        Raises:
            ConfigError: there is no such release or version; it names the closest one.
        """
        name, _, version = spec.partition("@")
        versions = self.versions(name)
        if not versions:
            raise ConfigError(self.url, f"there is no release «{name}»", closest(name, self.names()))
        if version in ("", "latest"):
            version = self.latest(name) or versions[-1]
        if version not in versions:
            raise ConfigError(f"{self.url}, {name}", f"there is no version «{version}»", closest(version, versions))
        return name, version

    @contextmanager
    def claim(self, name: str) -> Iterator[None]:
        """Hold a release, on a local disk, so that two builds can't take one version; elsewhere see `reserve`."""
        if self.folder is None:
            yield
            return
        with files.locked(self.folder / "releases" / checked(name, "the release name") / ".lock"):
            yield

    def reserve(self, name: str, version: str) -> bool:
        """Take a version's number; False when another build has it.

        On a local disk `claim` is enough. Elsewhere a file takes the number, and the number of a build that was
        killed is not used again.
        """
        if self.folder is None:
            try:
                self.create(b"", "releases", name, version, ".claim")
            except ReleaseError:
                return False
        return True

    def scratch(self) -> AbstractContextManager[Path]:
        """A local folder for a build's temporary files.

        It is inside a local store, since a system's temporary folder may be memory.
        """
        return files.scratch(None if self.folder is None else self.folder / "scratch")

    def _glob(self, pattern: str) -> list[str]:
        self.filesystem.invalidate_cache()
        return list(self.filesystem.glob(self.path(pattern)))


def object_path(sha256: str) -> str:
    """Where the object with this digest is in a store.

    >>> object_path("ab12")
    'objects/sha256/ab/ab12.parquet'
    """
    return f"objects/sha256/{sha256[:2]}/{sha256}.parquet"


def checked(name: str, what: str) -> str:
    """The name, when it can be a folder's name in every store.

    >>> checked("latam-news", "the release name")
    'latam-news'
    """
    if not _SAFE.fullmatch(name):
        raise ConfigError(
            what,
            f"«{name}» can't be used",
            "use letters without accents, digits, dots, hyphens and underscores",
        )
    return name


def version_key(version: str) -> tuple[tuple[int, int | str], ...]:
    """A sort key that compares the numbers in versions as numbers.

    >>> sorted(["2026.11.10", "2026.11.9", "2026.2.0"], key=version_key)
    ['2026.2.0', '2026.11.9', '2026.11.10']
    """
    pieces = re.findall(r"\d+|[^\d.]+", version)
    return tuple((0, int(piece)) if piece.isdigit() else (1, piece) for piece in pieces)


def next_version(versions: Iterable[str], today: date) -> str:
    """The next free version of the month.

    >>> from datetime import date
    >>> next_version(["2026.10.4", "2026.11.0"], date(2026, 11, 25))
    '2026.11.1'
    """
    month = f"{today.year}.{today.month}."
    taken = [int(rest) for rest in (v.removeprefix(month) for v in versions if v.startswith(month)) if rest.isdigit()]
    return f"{month}{max(taken, default=-1) + 1}"
