"""The report of a version: contents, terms of use, gaps, and instructions for withdrawing a text."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.community_labels import label_of
from latam_corpus.catalog.display_names import TIERS, USES, language_name
from latam_corpus.catalog.rights import obligations_of
from latam_corpus.codes import short
from latam_corpus.messages import enumerated, same, translated
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.release.pages.obligations import DUTIES
from latam_corpus.report.figures import Figures
from latam_corpus.report.names import value_name
from latam_corpus.report.page_words import LIMITS, WORDS
from latam_corpus.report.run_report.run_page import contents, first_rows
from latam_corpus.report.templating import render, sections_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.messages import Message
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.report.release_facts import ReleaseFacts

_SECTIONS: Final = ("obligations", "holds", "gaps", "left_out", "small", "limits", "since_version", "withdraw")
_MOST: Final = 40
_LARGE: Final = frozenset({"spa", "por", "eng"})


def release_page(facts: ReleaseFacts, language: str, store: str | None) -> str:
    """Return the page as HTML, without texts of documents.

    `store` is the value of `--store` in commands on the page.

    Raises:
        ConfigError: pages aren't available in the language.
    """
    manifest, figures = facts.manifest, Figures(language)
    left_out = [(meaning(reason), n) for reason, n in manifest.left_out.items()]
    columns = {column: facts.contents.get(column, []) for column in (*_COLUMNS, "contributor")}
    return render(
        "release.html",
        language,
        kind="release_report",
        title=translated(manifest.title, language),
        sections=sections_of(key for key in _SECTIONS if key != "small" or facts.small),
        facts=facts,
        manifest=manifest,
        created=figures.moment(manifest.created.isoformat()),
        sources_n=len({row.source_id for row in manifest.sources}),
        admits=enumerated(TIERS[tier] for tier in manifest.admit),
        uses=enumerated(USES[use] for use in manifest.uses),
        sources=first_rows(
            [(row, [DUTIES[name] for name in obligations_of(row.rights, row.rights_tier)]) for row in manifest.sources],
            _MOST,
        ),
        labels=list(_labels(manifest)),
        contents=[
            (column, contents(column, counted)) for column, counted in columns.items() if any(v for v, _ in counted)
        ],
        gaps=list(_gaps(facts, figures)),
        left_out=first_rows(left_out, _MOST),
        small=first_rows([(language_name(row[0]), row) for row in facts.small], _MOST),
        limits=LIMITS,
        changes=first_rows(list(_changes(facts, figures)), _MOST),
        command=shlex.join(
            [*("latam-corpus", "release", "withdraw", manifest.name, "--doc", "DOC_ID", "--because", "…")]
            + (["--store", store] if store else [])
        ),
    )


_COLUMNS: Final = ("language", "variety", "country", "genre", "decade", "rights_tier")


def _labels(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield the names and the URL of each label on a document."""
    for statement in sorted({label for source in manifest.sources for label in source.labels}):
        label = label_of(statement)
        yield (" · ".join(dict.fromkeys(label.names.values())), label.uri) if label else (statement, "")


def _gaps(facts: ReleaseFacts, figures: Figures) -> Iterator[tuple[str, Message]]:
    """Yield the gaps, each with its key in `WORDS`."""
    counts, nothing = facts.contents, WORDS["nothing"]
    languages = dict(counts["language"])

    def named(column: str, codes: tuple[str, ...]) -> Message:
        return enumerated(value_name(column, code) for code in codes) if codes else nothing

    rows = facts.manifest.rows
    large = sum(n for code, n in languages.items() if short(code) in _LARGE)
    oral = dict(counts["genre"]).get("oral_history", 0)
    yield "gap_country", named("country", facts.no_country)
    few = [enumerated([value_name("country", code), same(figures.number(n))], " ") for code, n in facts.few_country]
    yield "gap_few", enumerated(few) if few else nothing
    yield "gap_unstated", same(figures.share(dict(counts["country"]).get("", 0), rows))
    yield "gap_large", same(figures.share(large, rows))
    yield "gap_oral", same(figures.share(oral, rows))
    yield "gap_genre", named("genre", facts.no_genre)
    yield "gap_language", named("language", facts.no_language)


def _changes(facts: ReleaseFacts, figures: Figures) -> Iterator[tuple[Any, ...]]:
    """Yield the numbers of documents by source, language, country and genre that differ from the parent version."""
    if facts.parent is None:
        return
    parent_counts, own_counts = facts.parent.counts, facts.manifest.counts
    yield WORDS["documents"], "", figures.number(facts.parent.rows), figures.number(facts.manifest.rows)
    for what, word in (("source", "source"), ("language", "language"), ("country", "country"), ("genre", "genre")):
        parent_tallies, own_tallies = parent_counts.get(what, {}), own_counts.get(what, {})
        for value in sorted({*parent_tallies, *own_tallies}):
            row_counts = [
                tally.rows if (tally := tallies.get(value)) else 0 for tallies in (parent_tallies, own_tallies)
            ]
            if row_counts[0] != row_counts[1]:
                name = same(value) if what == "source" else value_name(what, value)
                yield WORDS[word], name, *map(figures.number, row_counts)
