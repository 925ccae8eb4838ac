"""The store and the version that a name means; what is passed over for it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latam_corpus.release.manifest import load_manifest
from latam_corpus.release.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from latam_corpus.release.manifest import Manifest


def open_store(store: str | None, out: Path) -> Store:
    """Return the store that is named, else the one in the folder of runs."""
    return Store.at(store or out / "store")


def existing_store(store: str | None, out: Path) -> Store | None:
    """Return the store, where one is named or there is one yet."""
    return open_store(store, out) if store is not None or (out / "store").is_dir() else None


def load_version(store: Store, spec: str, tell: Callable[[str], None]) -> Manifest:
    """Return the version that `NAME` or `NAME@VERSION` means.

    Args:
        store: where it is.
        spec: its name.
        tell: is given a sentence for each thing that was passed over.

    Raises:
        ConfigError: there is none.
        ReleaseError: the store can't be read.
    """
    with store.told():
        name, version = store.find(spec)
        for note in store.notes(name):
            tell(f"note: {note}")
        return load_manifest(store, name, version)


def releases_of(store: Store) -> dict[str, list[str]]:
    """Return the versions that were made of each run, as `NAME@VERSION`, by the run's name."""
    found: dict[str, list[str]] = {}
    with store.told():
        for name in store.names():
            for version in store.versions(name):
                manifest = load_manifest(store, name, version)
                for run in manifest.runs:
                    found.setdefault(run.id, []).append(manifest.spec)
    return found
