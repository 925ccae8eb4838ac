"""Trying a command on a store: what it writes goes into a temporary folder, and the store is not changed."""

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
    """Give a store that reads as this one does, and forgets at the end what was written into it.

    It runs exactly the code of the real command, so that what is shown is what would happen.
    """
    with scratch(None) as folder:
        yield Store(store.url, _Overlay(store.filesystem, folder, skip_instance_cache=True), store.root)


class _Overlay(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A file system that reads from two places, and writes and removes only in the temporary one."""

    protocol = "file"  # as the store's code knows it: with folders, and without conditional writes

    def __init__(self, below: Any, folder: Path, **options: Any) -> None:
        super().__init__(**options)
        self._below = below
        self._local = LocalFileSystem()
        self._folder = folder
        self._removed: set[str] = set()

    def _above(self, path: str) -> str:
        return str(self._folder / path.lstrip("/"))

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        """Return what is known of a file or folder."""
        with suppress(*_NOT_A_FOLDER):
            return {**self._local.info(self._above(path)), "name": path}
        if path in self._removed:
            raise FileNotFoundError(path)
        below: dict[str, Any] = self._below.info(path, **options)
        return {**below, "name": path}

    def ls(self, path: str, detail: bool = True, **_options: Any) -> list[Any]:
        """Return what is in a folder, in both places."""
        entries: dict[str, dict[str, Any]] = {}
        found = False
        for filesystem, place in ((self._below, path), (self._local, self._above(path))):
            try:
                listed = filesystem.ls(place, detail=True)
            except _NOT_A_FOLDER:
                continue
            found = True
            names = [f"{path.rstrip('/')}/{PurePosixPath(one['name']).name}" for one in listed]
            entries |= {name: {**one, "name": name} for name, one in zip(names, listed, strict=True)}
        if not found:
            raise FileNotFoundError(path)
        there = [entry for name, entry in sorted(entries.items()) if name not in self._removed]
        return there if detail else [entry["name"] for entry in there]

    def open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        """Open a file of either place, or a temporary one for writing."""
        above = self._above(path)
        if mode != "rb":
            self._removed.discard(path)
            self._local.makedirs(str(PurePosixPath(above).parent), exist_ok=True)
            return self._local.open(above, mode)
        if self._local.exists(above):
            return self._local.open(above, mode)
        if path in self._removed:
            raise FileNotFoundError(path)
        return self._below.open(path, mode, **options)

    def rm_file(self, path: str) -> None:
        """Forget a file, which stays where it is."""
        if remote.info(self._local, self._above(path)):
            self._local.rm_file(self._above(path))
        self._removed.add(path)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Make a temporary folder."""
        self._local.makedirs(self._above(path), exist_ok=exist_ok)

    def invalidate_cache(self, path: str | None = None) -> None:
        """Ask the store again."""
        self._below.invalidate_cache(path)
