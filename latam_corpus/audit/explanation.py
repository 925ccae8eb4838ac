"""What a notebook or the command line shows of the documents that a question means."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.audit.lineage import MOST, DocumentMatch, find, lineage, meant_by
from latam_corpus.audit.lineage_lines import lineage_lines
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.pipeline.stored_runs.history import finished_runs
from latam_corpus.report.notebook import lines_html
from latam_corpus.text.display.terminal_text import visible

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.audit.documents import Documents
    from latam_corpus.audit.lineage_lines import Line
    from latam_corpus.release.storing.store import Store

_BRIEF: Final = ("doc_id", "verdict", "reason", "title")
_NONE_MEANT: Final = _("quote words as they stand in the text, or give the name of its file without the folders")

_CODED: Final = _(
    "speakers of {n} {n:interview have|interviews have} codes such as H1 in place of their names, so a name isn't "
    "found: quote other words of the text, or give the name of its file"
)


@dataclass(frozen=True, repr=False)
class Explanation:
    """The stories of the documents that a question means, each once, from the latest run that has it.

    Attributes:
        stories: see `lineage`; one at least. The first is told, the others are named.
    """

    stories: tuple[dict[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the first document's story as plain values, with the other documents, in brief, as `others`."""
        return self.stories[0] | {"others": [{key: one[key] for key in _BRIEF} for one in self.stories[1:]]}

    def __str__(self) -> str:
        return "\n".join(visible("".join(text for _style, text in line)) for line in self._lines())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return lines_html(self._lines())

    def _lines(self) -> list[Line]:
        lines = lineage_lines(self.stories[0])
        for one in self.stories[1:]:
            reason = f": {one['reason']}" if one["reason"] else ""
            label = one["title"] or one["beginning"][:50]
            lines.append([("", f"  {'another':<13}{one['doc_id']}  {one['verdict']}{reason}  {label}")])
        return lines


def explained(query: str, out: Path, run: Path | None, store: Store | None) -> Explanation:
    """Return what is known of the documents that a query means, see `find`.

    Args:
        query: a doc_id, an address, or words of the text.
        out: the folder of runs.
        run: a run's folder; None for any, the latest first.
        store: where releases are that may have them.

    Raises:
        ConfigError: nothing is asked for, no run is finished, or no document is meant.
        PartError: a run's file is damaged.
    """
    if not query.strip():
        remedy = _("give a doc_id, an address, or some words of the text")
        raise ConfigError("explain", _("nothing is asked for"), remedy)
    runs = [run] if run else [record.folder for record in finished_runs(out)]
    if not runs:
        remedy = _("name the folder of runs with --out")
        raise ConfigError(str(out), _("there is no finished run here"), remedy)
    documents = find(out, query, run)
    if not documents:
        where = _("{n} {n:run|runs}", n=len(runs)) if len(runs) > 1 else runs[0].name
        problem = _("no document of {where} has it", where=where)
        coded = sum(map(_interviews_with_codes, runs))
        raise ConfigError(f"«{query}»", problem, _CODED.fill(n=coded) if coded else _NONE_MEANT)
    latest = {one.row["doc_id"]: one for one in reversed(documents)}
    return Explanation(tuple(lineage(one, store) for one in reversed(latest.values())))


def _interviews_with_codes(run: Path) -> int:
    """Return how many documents of a run have codes in place of their speakers' names."""
    rows = schema.scan(sorted((run / "ledger").glob("*.parquet")), schema.LEDGER_SCHEMA)
    coded = (pl.col("stage") == "redact") & pl.col("evidence").str.contains('"speakers"', literal=True)
    return int(rows.filter(coded).select(pl.col("doc_id").n_unique()).collect().item())


def explained_of(documents: Documents, query: str, out: Path, store: Store | None) -> tuple[dict[str, Any], ...]:
    """Return the stories of what a question means among the documents of a run or of a version, see `explained`.

    Args:
        documents: the run's or the version's.
        query: a doc_id, an address, or words of the text.
        out: the folder of runs, in which a version's documents are looked for.
        store: where releases are.

    Raises:
        ConfigError: nothing is asked for, or no document is meant.
        PartError: a file of the run is damaged.
        ReleaseError: one of the version is.
    """
    if documents.folder is not None:
        return explained(query, out, documents.folder, store).stories
    if not query.strip():
        return ()
    rows = (row for frame in documents.frames() for row in frame.filter(meant_by(query)).iter_rows(named=True))
    stories = tuple(_of_version(documents.name, row, out, store) for row in islice(rows, MOST))
    if not stories:
        raise ConfigError(
            f"«{query}»",
            _("no document of {where} has it", where=documents.name),
            _NONE_MEANT,
        )
    return stories


def _of_version(name: str, row: dict[str, Any], out: Path, store: Store | None) -> dict[str, Any]:
    """Return the story of a version's document: as a run here tells it, else what its row says."""
    known = find(out, row["doc_id"])
    return lineage(known[0] if known else DocumentMatch(out / "runs" / name, {"id": name}, row), store)
