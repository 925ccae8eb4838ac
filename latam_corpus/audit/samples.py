"""Draw documents of a run or a version at random and redact them; documents that may not be shown are left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from latam_corpus.audit.documents import disclosure_of, named_documents
from latam_corpus.errors import ConfigError
from latam_corpus.messages import Message, _
from latam_corpus.report.sample_page import beside, draw, named_by, shown_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from latam_corpus.audit.documents import Documents
    from latam_corpus.report.disclosure import Disclosure


@dataclass(frozen=True)
class DrawnSample:
    """Documents of a run or a version, drawn at random, unredacted in `frame` and redacted in `rows`.

    `hidden` is the number of documents that may not be shown.
    """

    documents: Documents
    frame: pl.DataFrame
    rows: list[dict[str, Any]]
    hidden: int
    disclosure: Disclosure

    def compared(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Return comparisons of copies and variants with the kept documents that they name, if these may be shown."""
        kept_ids = named_by(self.frame).drop_nulls()
        if not kept_ids.len():
            return {}
        kept_frames = _readable(self.documents, "kept", self.disclosure, Counter())
        originals = pl.concat(
            [
                self.frame.clear(),
                *(kept_frame.filter(pl.col("doc_id").is_in(kept_ids.implode())) for kept_frame in kept_frames),
            ]
        )
        return beside(self.frame, originals, self.disclosure.redaction)


def drawn_sample(
    named: str,
    by: Sequence[str],
    n: int,
    seed: int,
    out: Path,
    store: str | None,
    tell: Callable[[str | Message], None],
    *,
    set_aside: bool,
    internal: bool,
) -> DrawnSample:
    """Draw documents of a run or a version at random; the same seed draws the same documents.

    For the names see `named_documents`. `n` is the number of documents per group with `by`, else of all.

    Raises:
        ConfigError: there is no such run or release, or it has no document that may be shown.
    """
    documents = named_documents(named, out, store, tell)
    if set_aside and documents.folder is None:
        raise ConfigError(named, _("a version has no dropped documents"), _("name a run"))
    hidden: Counter[str] = Counter()
    disclosure = disclosure_of(documents.folder, datetime.now(UTC), store, internal=internal)
    frame = draw(_readable(documents, "dropped" if set_aside else "kept", disclosure, hidden), by, n, seed)
    if not frame.height:
        problem = (
            _(
                "{hidden:its only document may not|none of its {hidden} documents may} be shown",
                hidden=hidden["documents"],
            )
            if hidden
            else _("it has no documents")
        )
        raise ConfigError(documents.name, problem, _("--internal shows them") if hidden else "")
    drawn_from = f"{documents.name}, set aside" if set_aside else documents.name
    rows = shown_rows(frame, drawn_from, by, disclosure.redaction)
    return DrawnSample(documents, frame, rows, hidden["documents"], disclosure)


def _readable(documents: Documents, kind: str, disclosure: Disclosure, hidden: Counter[str]) -> Iterator[pl.DataFrame]:
    for frame in documents.frames(kind):
        rows = disclosure.marked(frame)
        hidden += Counter({"documents": rows.height - int(rows["readable"].sum())})
        yield rows.filter("readable")
