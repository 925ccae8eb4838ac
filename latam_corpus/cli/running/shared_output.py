"""Output that several commands share: documents by genre and source, and a note about a repeated version."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.display_names import genre_name
from latam_corpus.cli.interface.show import note, number, table
from latam_corpus.errors import ReleaseError
from latam_corpus.messages import Message, _, enumerated
from latam_corpus.pipeline.stored_runs.reasons import reason_label
from latam_corpus.release.storing.manifest import load_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store


_COMPARED: Final = 20  # number of newest versions that are compared


def print_by_genre(counts: Iterable[Mapping[str, Any]]) -> None:
    """Print the number of documents read and kept, and the reasons for drops, for each genre and source."""
    rows = [
        (
            genre_name(row["genre"]),
            row["source"],
            number(row["in"]),
            number(row["kept"]),
            counted_reasons(row["reasons"]),
        )
        for row in counts
    ]
    table("", [_("genre"), _("source"), _("in#"), _("kept#"), _("set aside, by reason")], rows)


def counted_reasons(counts: Mapping[str, int]) -> Message:
    """Return the drop reasons in one line, each with its number of documents."""
    return enumerated(
        Message("{reason} {n}", {"reason": reason_label(reason), "n": number(n)}) for reason, n in counts.items()
    )


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
