"""The store and the version that a command means; what is passed over for it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latam_corpus.cli.show import errors

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.release.manifest import Manifest
    from latam_corpus.release.store import Store


def open_store(store: str | None, out: Path) -> Store:
    """The store that is named, else the one in the folder of runs."""
    from latam_corpus.release.store import Store

    return Store.at(store or out / "store")


def existing_store(store: str | None, out: Path) -> Store | None:
    """The store, where one is named or there is one yet."""
    return open_store(store, out) if store is not None or (out / "store").is_dir() else None


def load_version(store: Store, spec: str) -> Manifest:
    """The version that `NAME` or `NAME@VERSION` means.

    Raises:
        ConfigError: there is none.
        ReleaseError: the store can't be read.
    """
    from latam_corpus.release.manifest import load_manifest

    with store.told():
        name, version = store.find(spec)
        tell_notes(store, name)
        return load_manifest(store, name, version)


def tell_notes(store: Store, name: str | None = None) -> None:
    """Tell what is passed over in a release, or in all of them."""
    for note in store.notes(name):
        errors.print(f"note: {note}", markup=False)
