"""A note about a new version that has exactly the documents of an earlier version."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from latam_corpus.cli.interface.show import note
from latam_corpus.errors import ReleaseError
from latam_corpus.messages import _
from latam_corpus.release.storing.manifest import load_manifest

if TYPE_CHECKING:
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store

_COMPARED: Final = 20  # number of newest versions that are compared


def print_repeated_note(store: Store, manifest: Manifest | None, *previous: str | None) -> None:
    """Print a note if an earlier version has exactly the documents of a new version.

    `previous` are the versions that existed before the command, which don't count as new.
    """
    if manifest is None or manifest.version in previous:
        return

    digests = {shard.sha256 for shard in manifest.shards}
    older_versions = [version for version in store.versions(manifest.name) if version != manifest.version]
    older = (load_manifest(store, manifest.name, version) for version in older_versions[: -_COMPARED - 1 : -1])
    with suppress(ReleaseError):  # `release verify` reports a damaged version
        if repeated := next((each for each in older if {shard.sha256 for shard in each.shards} == digests), None):
            sentence = _(
                "{release} has exactly the documents of {earlier}; versions are ordered by when they were built, "
                "so this one is the latest",
                release=manifest.spec,
                earlier=repeated.spec,
            )
            note(_("note: {note}", note=sentence))
