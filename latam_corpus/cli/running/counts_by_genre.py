"""What of a run's documents came and stayed, by genre and source: the table of `run` and of `runs show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latam_corpus.catalog.display_names import genre_name
from latam_corpus.cli.interface.show import number, table
from latam_corpus.messages import Message, _, enumerated
from latam_corpus.pipeline.stored_runs.reasons import reason_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def tell_by_genre(counted: Iterable[Mapping[str, Any]]) -> None:
    """Print a row for each genre and source, with the reasons why documents were set aside."""
    rows = [
        (
            genre_name(row["genre"]),
            row["source"],
            number(row["in"]),
            number(row["kept"]),
            counted_reasons(row["reasons"]),
        )
        for row in counted
    ]
    table("", [_("genre"), _("source"), _("in#"), _("kept#"), _("set aside, by reason")], rows)


def counted_reasons(counts: Mapping[str, int]) -> Message:
    """Return reasons why documents were set aside or left out, each with their number."""
    return enumerated(
        Message("{reason} {n}", {"reason": reason_label(reason), "n": number(n)}) for reason, n in counts.items()
    )
