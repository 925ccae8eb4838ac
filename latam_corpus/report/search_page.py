"""The page of results of a search over a report's documents, for `report --serve`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.report.page_words import WORDS
from latam_corpus.report.templating import render

if TYPE_CHECKING:
    from collections.abc import Sequence

_BEGINNING: Final = 80  # characters shown of a text without a title


def search_page(
    title: str,
    query: str,
    stories: Sequence[dict[str, Any]],
    language: str,
    problem: str = "",
    *,
    internal: bool = False,
) -> str:
    """Return the page as HTML; `problem` is the reason why no document matches."""
    rows = [_row(story, shown=story["withdrawn"] is None and (internal or story["readable"])) for story in stories]
    return render(
        "search.html",
        language,
        kind="search",
        title=title,
        sections=(),
        internal=internal,
        served=True,
        query=query,
        rows=rows,
        problem=problem,
    )


def missing_page(title: str, language: str, problem: str = "") -> str:
    """Return the page for an unknown URL, as HTML."""
    message = problem or WORDS["nothing_there"].translate(language)
    return search_page(title, "", (), language, message)


def _row(story: dict[str, Any], *, shown: bool) -> dict[str, Any]:
    return {
        "doc_id": story["doc_id"],
        "title": (story["title"] or story["beginning"][:_BEGINNING]) if shown else _name_of(story),
        "hidden": not shown,
        "withdrawn": story["withdrawn"] is not None,
        "source": story["source"]["id"],
        "run": story["run"],
        "why": meaning(story["reason"]) if story["reason"] else None,
    }


def _name_of(story: dict[str, Any]) -> str | None:
    """Return the title or file name of a document whose text is hidden; None if it may not be named."""
    if story["withdrawn"] is not None or not story["nameable"]:
        return None
    return story["title"] or (story["source"]["origin"] or {}).get("file")
