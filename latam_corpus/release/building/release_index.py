"""The fingerprint index of a version, found and brought to where a run's workers can read it.

A run with `against = "NAME@VERSION"` reads a folder with the version's index files: links into a store on this disk,
copies of one that is elsewhere, their bytes those that the manifest names.
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
    """A version that has an index, in its store."""

    store: Store
    manifest: Manifest

    def folder(self, cache: Path, mended: list[Message] | None = None) -> Path:
        """Return the folder of its index files, in the cache.

        Args:
            cache: where; a store on this disk is linked from there and read in place.
            mended: a sentence is added for each copy that was damaged and is fetched anew.

        Raises:
            ConfigError: a file is missing or its bytes aren't those of the manifest.
        """
        name, version = self.manifest.name, self.manifest.version
        cached = cache / manifest_sha256(self.store, name, version)[:32]
        cached.mkdir(parents=True, exist_ok=True)
        with locked(cached, ".lock", wait=True):
            for file, side_file in self.manifest.index.items():
                path = f"releases/{name}/{version}/{file}"
                try:
                    damaged = self._brought(path, side_file.sha256, cached / Path(file).name)
                except ReleaseError as error:
                    raise ConfigError(error.place, error.problem, error.remedy) from None
                if damaged and mended is not None:
                    copy, problem = cached / Path(file).name, known(OTHER_BYTES)
                    mended.append(_("{file}: {problem}; it is fetched anew", file=copy, problem=problem))
        return cached

    def _brought(self, path: str, sha256: str, target: Path) -> bool:
        """Bring a file to its place in the cache; whether a damaged copy was there."""
        if self.store.folder is not None and not target.exists():
            target.unlink(missing_ok=True)
            # By name: what a store erases is gone from here too. A disk without links gets a copy.
            with suppress(OSError):
                target.symlink_to((self.store.folder / path).resolve())
        # The stage asks for the digest again, in the same process.
        if target.is_file() and known_digest(target) == sha256:
            return False
        mend = _(
            "mend it: {build_command}", build_command=build_command(self.store, self.manifest, self.manifest.version)
        )
        if target.is_symlink():
            problem = (
                _("its bytes aren't those that the manifest names") if target.exists() else _("the file is missing")
            )
            raise ReleaseError(f"{self.store.url}, {path}", problem, mend)
        if not self.store.exists(path):
            raise ReleaseError(f"{self.store.url}, {path}", _("the file is missing"), mend)
        part = target.with_suffix(".part")
        try:
            fetch(self.store, path, sha256, part)
        except ReleaseError as error:
            # One that broke off needs no mending.
            raise ReleaseError(error.place, error.problem, error.remedy if part.exists() else mend) from error
        damaged = target.is_file()
        part.replace(target)
        return damaged


def find_index(store: Store, spec: str, scheme: Scheme) -> Indexed:
    """Return the version that has the index; no more than its manifest and a file's footer is read.

    Args:
        store: where it is.
        spec: `NAME@VERSION`, or `NAME` for its latest.
        scheme: of the fingerprints that it is compared with.

    Raises:
        ConfigError: there is no such version, documents of it are withdrawn, it has no index, or one of another scheme.
    """
    name, version = store.find(spec)
    manifest = load_manifest(store, name, version)
    withdrawn = withdrawn_note(read_log(store), manifest)
    if withdrawn:
        # New documents would fall for copies that nobody gets.
        raise ConfigError(f"{store.url}, {manifest.spec}", withdrawn, _("compare with the latest: {name}", name=name))
    scheme.must_equal(scheme_in(store, manifest), f"{store.url}, {manifest.spec}")
    return Indexed(store, manifest)
