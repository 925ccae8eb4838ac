"""The note about a new version that has exactly the documents of an earlier one."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from latam_corpus.cli.interface.show import note
from latam_corpus.errors import ReleaseError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store

_COMPARED: Final = 20  # newest versions


def print_repeated_note(store: Store, manifest: Manifest | None, *before: str | None) -> None:
    """Name the earlier version that has exactly the documents of a new one, if there is one.

    Args:
        store: of the release.
        manifest: of the version; None if none was made.
        before: versions that were there before the command; one of them isn't new.
    """
    if manifest is None or manifest.version in before:
        return
    from latam_corpus.release.storing.manifest import load_manifest

    own = {shard.sha256 for shard in manifest.shards}
    others = [version for version in store.versions(manifest.name) if version != manifest.version]
    earlier = (load_manifest(store, manifest.name, version) for version in others[: -_COMPARED - 1 : -1])
    with suppress(ReleaseError):  # `release verify` tells what is wrong with it
        if same := next((one for one in earlier if {shard.sha256 for shard in one.shards} == own), None):
            sentence = _(
                "{release} has exactly the documents of {earlier}; versions are in the order in which they are built, "
                "so the latest one is always new",
                release=manifest.spec,
                earlier=same.spec,
            )
            note(_("note: {note}", note=sentence))
