"""The store and the version that a name means; what is passed over for it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latam_corpus.messages import _
from latam_corpus.release.storing.manifest import load_manifest
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
    """Return the store that is named, else the one in the folder of runs; with a secret key it signs what it says."""
    if sign is None:
        return Store.at(out / "store" if store is None else store)
    from latam_corpus.release.storing.minisign_keys import read_signer

    return Store.at(out / "store" if store is None else store, read_signer(sign))


def existing_store(store: str | None, out: Path) -> Store | None:
    """Return the store, where one is named or there is one yet."""
    return open_store(store, out) if store is not None or may_have_store(out) else None


def folder_of_runs(out: Path, store: Store) -> Path:
    """Return the folder of runs; if it has none, the folder that contains the store, if runs are in it."""
    beside = store.folder.resolve().parent if store.folder else out
    return beside if not (out / "runs").is_dir() and (beside / "runs").is_dir() else out


def runs_beside(store: Store) -> Path | None:
    """Return the folder that contains the store and the runs from which its versions were made; None without one."""
    beside = store.folder.resolve().parent if store.folder else None
    return beside if beside and any((beside / name).is_dir() for name in ("runs", "work")) else None


def load_version(store: Store, spec: str, tell: Callable[[str | Message], None]) -> Manifest:
    """Return the version that `NAME` or `NAME@VERSION` means.

    Args:
        store: where it is.
        spec: its name.
        tell: is given a sentence for each thing that was passed over.

    Raises:
        ConfigError: there is none.
        ReleaseError: the store can't be read.
    """
    with store.named_errors():
        name, version = store.find(spec)
        for note in store.notes(name):
            tell(_("note: {note}", note=note))
        return load_manifest(store, name, version)


def releases_of(store: Store) -> dict[str, list[str]]:
    """Return the versions that were made of each run, as `NAME@VERSION`, by the run's name."""
    by_run: dict[str, list[str]] = {}
    for manifest in _manifests(store):
        for run in manifest.runs:
            by_run.setdefault(run.id, []).append(manifest.spec)
    return by_run


def _manifests(store: Store) -> list[Manifest]:
    with store.named_errors():
        return [load_manifest(store, name, version) for name in store.names() for version in store.versions(name)]


def released_ids(store: Store, manifest: Manifest) -> pl.Series:
    """Return the ids of a version's documents, of its parent's too.

    Raises:
        ReleaseError: its ledger can't be read.
    """
    with store.named_errors():
        rows = read_ledger(store, manifest.name, manifest.version)
    return rows.filter(rows["verdict"] == "released")["doc_id"]


def made_of(store: Store, run: str) -> str | None:
    """Return the version that was made of a run, as `NAME@VERSION`; later ones may still hold documents of it.

    Args:
        store: where versions are.
        run: the run's name.
    """
    holding = [manifest for manifest in _manifests(store) if run in {one.id for one in manifest.runs}]
    return min(holding, key=lambda manifest: manifest.created).spec if holding else None
