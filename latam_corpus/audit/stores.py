"""Find the store and the version that a user names, and report ignored files and folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latam_corpus.messages import _
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.minisign_keys import read_signer
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.store_tables import read_ledger
from latam_corpus.storage.bucket import may_have_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import polars as pl

    from latam_corpus.messages import Message
    from latam_corpus.release.storing.manifest import Manifest


def open_store(store: str | None, out: Path, sign: Path | None = None) -> Store:
    """Return the named store, or else the store in the folder of runs; it signs with the secret key in `sign`."""
    return Store.at(out / "store" if store is None else store, read_signer(sign) if sign else None)


def existing_store(store: str | None, out: Path) -> Store | None:
    """Return the named store, or else the store in the folder of runs if it exists, or None."""
    return open_store(store, out) if store is not None or may_have_store(out) else None


def folder_of_runs(out: Path, store: Store) -> Path:
    """Return the folder of runs, or the store's parent folder if only that one has runs."""
    parent = store.folder.resolve().parent if store.folder else out
    return parent if not (out / "runs").is_dir() and (parent / "runs").is_dir() else out


def runs_with_store(store: Store) -> Path | None:
    """Return the store's parent folder if it has runs or stored work, else None."""
    parent = store.folder.resolve().parent if store.folder else None
    return parent if parent and any((parent / name).is_dir() for name in ("runs", "work")) else None


def load_version(store: Store, spec: str, tell: Callable[[str | Message], None]) -> Manifest:
    """Return the manifest of `NAME@VERSION`, or of the latest version of `NAME`.

    `tell` is called with a sentence for each folder and file that was ignored.

    Raises:
        ConfigError: the version doesn't exist.
        ReleaseError: the store can't be read.
    """
    with store.named_errors():
        name, version = store.find(spec)
        for note in store.notes(name):
            tell(_("note: {note}", note=note))
        return load_manifest(store, name, version)


def releases_of(store: Store) -> dict[str, list[str]]:
    """Return the versions that were built from each run, as `NAME@VERSION`, by the run's name."""
    versions: dict[str, list[str]] = {}
    for manifest in _manifests(store):
        for run in manifest.runs:
            versions.setdefault(run.id, []).append(manifest.spec)
    return versions


def _manifests(store: Store) -> list[Manifest]:
    with store.named_errors():
        return list(store.manifests())


def released_ids(store: Store, manifest: Manifest) -> pl.Series:
    """Return the ids of a version's documents.

    Raises:
        ReleaseError: the ledger can't be read.
    """
    with store.named_errors():
        rows = read_ledger(store, manifest.name, manifest.version)
    return rows.filter(rows["verdict"] == "released")["doc_id"]


def made_of(store: Store, run: str) -> str | None:
    """Return the first version that was built from a run, as `NAME@VERSION`, or None."""
    versions = [manifest for manifest in _manifests(store) if run in {entry.id for entry in manifest.runs}]
    return min(versions, key=lambda manifest: manifest.created).spec if versions else None
