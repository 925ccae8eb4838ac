"""The table of a run's documents by genre and source, for `run` and `runs show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latam_corpus.catalog.display_names import genre_name
from latam_corpus.cli.interface.show import number, table
from latam_corpus.messages import Message, _, enumerated
from latam_corpus.pipeline.stored_runs.reasons import reason_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


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
