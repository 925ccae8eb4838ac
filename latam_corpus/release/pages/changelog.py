"""The changes between two versions, for the terminal, as JSON and in CHANGELOG.md."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.messages import Message, _
from latam_corpus.pipeline.stored_runs.reasons import reason_label
from latam_corpus.release.pages.card_markdown import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.release.storing.manifest import Manifest

CHANGELOG: Final = "CHANGELOG.md"
CHANGES: Final = {"added": _("added"), "removed": _("removed"), "changed": _("changed")}
NEW: Final = "new"
# Reasons other than the drop reasons of stages.
_REASON_NAMES: Final = {
    NEW: _("new"),
    "text": _("text"),
    "rights": _("rights"),
    "split": _("split"),
    "other columns": _("other columns"),
}


@dataclass(frozen=True)
class Change:
    """A number of documents of one language that were added, removed or changed for one reason."""

    what: str
    language: str
    reason: Message
    rows: int

    def as_dict(self) -> dict[str, Any]:
        """Return the values for JSON, with the reason in English."""
        return {"what": self.what, "language": self.language, "reason": str(self.reason), "rows": self.rows}


def word_of(reason: str) -> Message:
    """Return the name of a drop reason, or of a part of a document that changed, for tables.

    >>> word_of("text").translate("es"), word_of("duplicate").translate("es"), str(word_of("stop_word_count<2"))
    ('texto', 'repite el texto de otro', 'stop_word_count<2')
    >>> str(word_of("rights_tier=unknown")), word_of("expires<2026-11-28").translate("pt")
    ('rights_tier=unknown', 'sua permissão terminou antes de 2026-11-28')
    """
    return _REASON_NAMES.get(reason) or reason_label(reason)


def all_new(version: Manifest) -> list[Change]:
    """Return the changes of a version without a parent, in which all documents are new."""
    rows = Counter[str]()
    for shard in version.shards:
        rows[shard.language] += shard.rows
    ordered = sorted(rows.items(), key=lambda item: (-item[1], item[0]))
    return [Change("added", language, word_of(NEW), count) for language, count in ordered if count]


def changelog(manifest: Manifest, changes: Sequence[Change], earlier: str) -> str:
    """Return the text of CHANGELOG.md, newest version first.

    `changes` are those since the parent, and `earlier` is the parent's CHANGELOG.md.
    """
    totals = {kind: sum(c.rows for c in changes if c.what == kind) for kind in CHANGES}
    against = f", from {manifest.parent.version}" if manifest.parent else ""
    how = "" if manifest.parent else ", compared with no earlier version"
    summary = ", ".join(f"{rows:,} {kind}" for kind, rows in totals.items())
    rows = [[c.what, c.language, f"`{c.reason}`", f"{c.rows:,}"] for c in changes]
    section = (
        f"## {manifest.version} ({manifest.created:%Y-%m-%d}{against})\n\n"
        f"{manifest.rows:,} documents{how}: {summary}.\n\n"
        f"{table(['what', 'language', 'reason', 'documents'], rows)}\n"
    )
    head = f"# Changes of {manifest.name}\n"
    return f"{head}\n{section}{earlier.removeprefix(head)}"
