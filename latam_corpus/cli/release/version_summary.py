"""The summary of a version, which several commands print."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from latam_corpus.catalog.display_names import TIERS, USES, genre_name, language_label
from latam_corpus.cli.interface.show import console, note, number, table
from latam_corpus.cli.running.counts_by_genre import counted_reasons
from latam_corpus.errors import ReleaseError
from latam_corpus.messages import Message, _, enumerated, known
from latam_corpus.release.pages.card import megabytes
from latam_corpus.release.storing.withdrawal_log import read_log, withdrawn_note

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store


def summary_values(manifest: Manifest) -> dict[str, Any]:
    """Return the values of a version for `--json`."""
    return {
        "name": manifest.name,
        "version": manifest.version,
        "title": manifest.title,
        "created": manifest.created.isoformat(),
        "parent": manifest.parent.version if manifest.parent else None,
        "documents": manifest.rows,
        "text_bytes": manifest.text_bytes,
        "shards": len(manifest.shards),
        "shard_bytes": manifest.shard_bytes,
    }


def print_version(manifest: Manifest) -> None:
    """Print the title, the counts and the slices of a version."""
    console.print(Message("{name}: {title}", {"name": manifest.spec, "title": known(manifest.title)}))
    summary = _(
        "{n} {n:document|documents}, {text} of text, {shards} {shards:shard|shards} of {size} in all; admits "
        "{tiers} for {uses}",
        n=number(manifest.rows),
        text=megabytes(manifest.text_bytes),
        shards=len(manifest.shards),
        size=megabytes(manifest.shard_bytes),
        tiers=enumerated(TIERS[tier] for tier in manifest.admit),
        uses=enumerated(USES[use] for use in manifest.uses),
    )
    console.print(summary)
    counted: dict[tuple[str, str], list[int]] = {}
    for shard in manifest.shards:
        tally = counted.setdefault((shard.language, shard.genre), [0, 0, 0, 0])
        tally[("train", "validation", "test").index(shard.split)] += shard.rows
        tally[3] += shard.text_bytes
    table(
        "",
        [_("language"), _("genre"), _("train#"), _("validation#"), _("test#"), _("text#")],
        [
            (language_label(key[0]), genre_name(key[1]), *map(number, tally[:3]), megabytes(tally[3]))
            for key, tally in sorted(counted.items())
        ],
    )
    if manifest.left_out:
        console.print(_("left out {reasons}", reasons=counted_reasons(manifest.left_out)))


def print_withdrawn_note(store: Store, manifest: Manifest) -> None:
    """Print a note on the withdrawn documents of a version; ignore errors of the log."""
    with suppress(ReleaseError):  # `release verify` reports the error
        notice = withdrawn_note(read_log(store), manifest)
        if notice:
            note(_("note: {note}", note=notice))


def print_receipt_path(receipt: Path | None) -> None:
    """Print the path of the receipt and the command that verifies it."""
    if receipt:
        command = f"latam-corpus release verify-receipt {receipt}"
        console.print(_("{receipt} is the receipt; verify it with `{command}`", receipt=receipt, command=command))
