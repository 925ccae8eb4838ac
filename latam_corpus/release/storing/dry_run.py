"""Run a command on a store without changing the store: new files are written to a temporary folder."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from fsspec.implementations.local import LocalFileSystem
from fsspec.spec import AbstractFileSystem

from latam_corpus.release.storing.store import Store, scratch
from latam_corpus.storage import remote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NOT_A_FOLDER: Final = (FileNotFoundError, NotADirectoryError)


@contextmanager
def trial_store(store: Store) -> Iterator[Store]:
    """Yield a copy-on-write view of a store, whose changes are discarded at the end.

    A dry run executes the code of the real command, so that it reports the same result.
    """
    with scratch(None) as folder:
        yield Store(store.url, _Overlay(store.filesystem, folder, skip_instance_cache=True), store.root)


class _Overlay(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A file system that overlays a temporary folder on another file system, which it only reads."""

    protocol = "file"  # treated like a local disk: with folders, without conditional writes

    def __init__(self, base: Any, folder: Path, **options: Any) -> None:
        super().__init__(**options)
        self._base = base
        self._local = LocalFileSystem()
        self._folder = folder
        self._removed: set[str] = set()

    def _temporary(self, path: str) -> str:
        return str(self._folder / path.lstrip("/"))

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        """Return the properties of a file or folder."""
        with suppress(*_NOT_A_FOLDER):
            return {**self._local.info(self._temporary(path)), "name": path}
        if path in self._removed:
            raise FileNotFoundError(path)
        properties: dict[str, Any] = self._base.info(path, **options)
        return {**properties, "name": path}

    def ls(self, path: str, detail: bool = True, **_options: Any) -> list[Any]:
        """Return the entries of a folder on both file systems."""
        entries: dict[str, dict[str, Any]] = {}
        is_folder = False
        for filesystem, place in ((self._base, path), (self._local, self._temporary(path))):
            try:
                listing = filesystem.ls(place, detail=True)
            except _NOT_A_FOLDER:
                continue
            is_folder = True
            for entry in listing:
                name = f"{path.rstrip('/')}/{PurePosixPath(entry['name']).name}"
                entries[name] = {**entry, "name": name}
        if not is_folder:
            raise FileNotFoundError(path)
        existing = [entry for name, entry in sorted(entries.items()) if name not in self._removed]
        return existing if detail else [entry["name"] for entry in existing]

    def open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        """Open a file of either file system for reading, or a temporary file for writing."""
        temporary = self._temporary(path)
        if mode != "rb":
            self._removed.discard(path)
            self._local.makedirs(str(PurePosixPath(temporary).parent), exist_ok=True)
            return self._local.open(temporary, mode)
        if self._local.exists(temporary):
            return self._local.open(temporary, mode)
        if path in self._removed:
            raise FileNotFoundError(path)
        return self._base.open(path, mode, **options)

    def rm_file(self, path: str) -> None:
        """Hide a file, and remove its temporary version."""
        if remote.info(self._local, self._temporary(path)):
            self._local.rm_file(self._temporary(path))
        self._removed.add(path)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Make a temporary folder."""
        self._local.makedirs(self._temporary(path), exist_ok=exist_ok)

    def invalidate_cache(self, path: str | None = None) -> None:
        """Discard cached listings of the base file system."""
        self._base.invalidate_cache(path)
