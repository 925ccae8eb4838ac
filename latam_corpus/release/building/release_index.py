"""Find the fingerprint index of a version in its store, and cache it where a run's workers can read it.

A run with `against = "NAME@VERSION"` reads a folder of the version's index files: links into a store on this disk, or
copies from a remote store. Their digests are checked against the manifest.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.messages import _, known
from latam_corpus.release.building.sketch import build_command, scheme_in
from latam_corpus.release.storing.fetch import fetch
from latam_corpus.release.storing.manifest import Manifest, load_manifest, manifest_sha256
from latam_corpus.release.storing.withdrawal_log import read_log, withdrawn_note
from latam_corpus.storage.durable import OTHER_BYTES, known_digest
from latam_corpus.storage.locks import locked

if TYPE_CHECKING:
    from latam_corpus.dedupe.fingerprints.scheme import Scheme
    from latam_corpus.messages import Message
    from latam_corpus.release.storing.store import Store


@dataclass(frozen=True)
class Indexed:
    """A version with a fingerprint index, and its store."""

    store: Store
    manifest: Manifest

    def folder(self, cache: Path, notes: list[Message] | None = None) -> Path:
        """Return the folder of the version's index files, in the cache.

        A message is added to `notes` for each damaged copy that was fetched again.

        Raises:
            ConfigError: a file is missing, or its bytes differ from those that the manifest names.
        """
        name, version = self.manifest.name, self.manifest.version
        cached = cache / manifest_sha256(self.store, name, version)[:32]
        cached.mkdir(parents=True, exist_ok=True)
        with locked(cached, ".lock", wait=True):
            for file, side_file in self.manifest.index.items():
                path = f"releases/{name}/{version}/{file}"
                try:
                    damaged = self._fetched(path, side_file.sha256, cached / Path(file).name)
                except ReleaseError as error:
                    raise ConfigError(error.place, error.problem, error.remedy) from None
                if damaged and notes is not None:
                    copy, problem = cached / Path(file).name, known(OTHER_BYTES)
                    notes.append(_("{file}: {problem}; it was fetched again", file=copy, problem=problem))
        return cached

    def _fetched(self, path: str, sha256: str, target: Path) -> bool:
        """Put a file into the cache and return whether this replaced a damaged copy."""
        if self.store.folder is not None and not target.exists():
            target.unlink(missing_ok=True)
            # A link, so that a file erased from the store disappears from the cache too. A disk without links gets a
            # copy.
            with suppress(OSError):
                target.symlink_to((self.store.folder / path).resolve())
        # `known_digest` caches: the stage computes the digest again in the same process.
        if target.is_file() and known_digest(target) == sha256:
            return False
        command = build_command(self.store, self.manifest, self.manifest.version)
        repair = _("repair it with {build_command}", build_command=command)
        if target.is_symlink():
            problem = (
                _("its bytes aren't those that the manifest names") if target.exists() else _("the file is missing")
            )
            raise ReleaseError(f"{self.store.url}, {path}", problem, repair)
        if not self.store.exists(path):
            raise ReleaseError(f"{self.store.url}, {path}", _("the file is missing"), repair)
        part = target.with_suffix(".part")
        try:
            fetch(self.store, path, sha256, part)
        except ReleaseError as error:
            # If the part file exists, the download was interrupted, and the store needs no repair.
            raise ReleaseError(error.place, error.problem, error.remedy if part.exists() else repair) from error
        damaged = target.is_file()
        part.replace(target)
        return damaged


def find_index(store: Store, spec: str, scheme: Scheme) -> Indexed:
    """Return the version that `NAME@VERSION` or `NAME` names, with its index.

    The checks read only its manifest and the footer of one index file.

    Raises:
        ConfigError: there is no such version, some of its documents are withdrawn, or it has no index of this scheme.
    """
    name, version = store.find(spec)
    manifest = load_manifest(store, name, version)
    withdrawn = withdrawn_note(read_log(store), manifest)
    if withdrawn:
        # New documents would be dropped as duplicates of withdrawn ones.
        raise ConfigError(f"{store.url}, {manifest.spec}", withdrawn, _("compare with the latest: {name}", name=name))
    scheme.must_equal(scheme_in(store, manifest), f"{store.url}, {manifest.spec}")
    return Indexed(store, manifest)
