"""Explain the documents that match a query, for notebooks and the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.audit.lineage import DocumentMatch, find, lineage
from latam_corpus.audit.lineage_lines import lineage_lines
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.pipeline.stored_runs.history import finished_runs
from latam_corpus.report.notebook import lines_html
from latam_corpus.text.display.terminal_text import visible

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.audit.lineage_lines import Line
    from latam_corpus.release.storing.store import Store

_BRIEF: Final = ("doc_id", "verdict", "reason", "title")
_NO_MATCH: Final = _("quote words exactly as in the text, or give the name of its file without the folders")

_CODED: Final = _(
    "speakers of {n} {n:interview have|interviews have} codes such as H1 in place of their names, so a name isn't "
    "found: quote other words of the text, or give the name of its file"
)


@dataclass(frozen=True, repr=False)
class Explanation:
    """The histories of the documents that match a query (`lineage`); the first is described, the others are listed."""

    stories: tuple[dict[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the first document's history as plain values, with summaries of the others in `others`."""
        return self.stories[0] | {"others": [{key: story[key] for key in _BRIEF} for story in self.stories[1:]]}

    def __str__(self) -> str:
        return "\n".join(visible("".join(text for _style, text in line)) for line in self._lines())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return lines_html(self._lines())

    def _lines(self) -> list[Line]:
        lines = lineage_lines(self.stories[0])
        for story in self.stories[1:]:
            reason = f": {story['reason']}" if story["reason"] else ""
            label = story["title"] or story["beginning"][:50]
            lines.append([("", f"  {'another':<13}{story['doc_id']}  {story['verdict']}{reason}  {label}")])
        return lines


def explained(query: str, out: Path, run: Path | None, store: Store | None) -> Explanation:
    """Explain the documents that match a query (see `find`).

    The query is a doc_id, an address, or words of the text. Without a run, all are searched, the latest first.

    Raises:
        ConfigError: the query is empty, no run is finished, or no document matches.
        PartError: a file of a run is damaged.
    """
    if not query.strip():
        remedy = _("give a doc_id, an address, or some words of the text")
        raise ConfigError("explain", _("the query is empty"), remedy)
    runs = [run] if run else [record.folder for record in finished_runs(out)]
    if not runs:
        remedy = _("name the folder of runs with --out")
        raise ConfigError(str(out), _("there is no finished run in this folder"), remedy)
    documents = find(out, query, run)
    if not documents:
        where = _("{n} {n:run|runs}", n=len(runs)) if len(runs) > 1 else runs[0].name
        problem = _("there is no matching document in {where}", where=where)
        coded = sum(map(_interviews_with_codes, runs))
        raise ConfigError(_("«{query}»", query=query), problem, _CODED.fill(n=coded) if coded else _NO_MATCH)
    latest = {match.row["doc_id"]: match for match in reversed(documents)}
    return Explanation(tuple(lineage(match, store) for match in reversed(latest.values())))


def _interviews_with_codes(run: Path) -> int:
    """Return the number of documents of a run with codes in place of their speakers' names."""
    rows = schema.scan(sorted((run / "ledger").glob("*.parquet")), schema.LEDGER_SCHEMA)
    coded = (pl.col("stage") == "redact") & pl.col("evidence").str.contains('"speakers"', literal=True)
    return int(rows.filter(coded).select(pl.col("doc_id").n_unique()).collect().item())


def story_in_version(name: str, row: dict[str, Any], out: Path, store: Store | None) -> dict[str, Any]:
    """Return the history of a version's document from a run on this disk, else from its row alone."""
    matches = find(out, row["doc_id"])
    return lineage(matches[0] if matches else DocumentMatch(out / "runs" / name, {"id": name}, row), store)
