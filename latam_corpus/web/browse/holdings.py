"""The content of versions that a person may see: counts by language, genre, country and rights, and texts to show.

Visitors see only collections that their owners have made public, and only texts whose terms allow showing them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl

import latam_corpus as lc
from latam_corpus import schema
from latam_corpus.audit.documents import disclosure_of
from latam_corpus.audit.explanation import story_in_version
from latam_corpus.catalog.display_names import COUNTRIES, GENRES, TIERS, language_name
from latam_corpus.messages import same
from latam_corpus.web.access.roles import REVIEWERS, collections_of, is_single, role_of
from latam_corpus.web.models import Collection
from latam_corpus.web.releases.shares import by_age, store_folder, stored_counts, words_of_text
from latam_corpus.web.workspace import out_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.http import HttpRequest

# The columns of a slice in the stored counts of a version, see `shares.count_version`.
_SLICE: Final = ("source", "language", "genre", "country", "rights", "documents", "words")
FILTERS: Final = ("language", "genre", "country", "rights")
_NAMES: Final = {"genre": GENRES, "country": COUNTRIES, "rights": TIERS}
_MOST: Final = 8  # bars of a chart
_HIDDEN_STATES: Final = (Collection.State.HELD, Collection.State.WITHDRAWN)
_LISTED: Final = ("doc_id", "title", "creators", "language", "rights")


class Bar(NamedTuple):
    """A row of a chart; `percent` is the share of all words."""

    name: str
    documents: int
    words: int
    percent: float


def visible_sources(request: HttpRequest) -> set[str] | None:
    """Return the ids of the collections whose content a person may know of; None for all."""
    if request.user.is_authenticated and (is_single() or role_of(request) in REVIEWERS):
        return None
    public = Collection.objects.filter(draft__is_public=True).exclude(state__in=_HIDDEN_STATES)
    own = collections_of(request.user) if request.user.is_authenticated else Collection.objects.none()
    return {*public.values_list("slug", flat=True), *own.values_list("slug", flat=True)}


def catalogue(
    visible: set[str] | None, chosen: Mapping[str, str], language: str
) -> tuple[list[dict[str, Any]], dict[str, Any], list[str]]:
    """Return a card for the newest version of each release, the choices of each filter, and the uncounted versions.

    `visible` has the sources that may be shown, None for all; `chosen` a value for each of FILTERS, empty for any.
    """
    of_release: dict[str, list[dict[str, Any]]] = {}
    choices: dict[str, set[str]] = {name: set() for name in FILTERS}
    uncounted = []
    for version in lc.versions(store_folder()):
        counts = stored_counts(version)
        if counts is None:
            uncounted.append(version)
            continue
        rows = [row for row in slices(counts) if visible is None or row["source"] in visible]
        for name in FILTERS:
            choices[name].update(row[name] or "" for row in rows)
        rows = [row for row in rows if all(not value or row[name] == value for name, value in chosen.items())]
        if rows:
            of_release.setdefault(version.partition("@")[0], []).append({**counts, "rows": rows})
    cards = []
    for versions in of_release.values():
        newest, *earlier = sorted(versions, key=lambda values: by_age(values["day"], values["version"]), reverse=True)
        cards.append(_card(newest, [values["version"] for values in earlier], language))
    cards.sort(key=lambda card: (card["day"], card["version"]), reverse=True)
    return cards, {name: _choices(name, values, language) for name, values in choices.items()}, uncounted


def slices(counts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the slices of a version's stored counts."""
    return [dict(zip(_SLICE, row, strict=True)) for row in counts["slices"]]


def slices_of(version: str, source: str) -> list[dict[str, Any]]:
    """Return the slices of a source in a version that was counted."""
    return [row for row in slices(stored_counts(version) or {"slices": []}) if row["source"] == source]


def _card(values: Mapping[str, Any], earlier: list[str], language: str) -> dict[str, Any]:
    """Return a version as the catalogue shows it, with the documents that may be shown and that match the filters.

    `charts` has the bars of each of FILTERS, `collections` id, title, holder and licences, and `earlier` the older
    versions of the same release with such documents.
    """
    rows = values["rows"]
    return {
        "version": values["version"],
        "day": values["day"],
        "documents": sum(row["documents"] for row in rows),
        "words": sum(row["words"] for row in rows),
        "charts": {name: bars(rows, name, language) for name in FILTERS},
        "collections": named_sources(values["sources"], {row["source"] for row in rows}),
        "earlier": earlier,
    }


def bars(rows: Iterable[Mapping[str, Any]], column: str, language: str) -> list[Bar]:
    """Return the documents and words of each value of a column, most words first; the smallest values together."""
    sums: dict[str, list[int]] = {}
    for row in rows:
        of_value = sums.setdefault(row[column] or "", [0, 0])
        of_value[0] += row["documents"]
        of_value[1] += row["words"]
    ordered = sorted(sums.items(), key=lambda pair: (-pair[1][1], pair[0]))
    shown, rest = (ordered, []) if len(ordered) <= _MOST else (ordered[: _MOST - 1], ordered[_MOST - 1 :])
    named = [(_named(column, value, language), counts[0], counts[1]) for value, counts in shown]
    if rest:
        named.append(("…", sum(counts[0] for _value, counts in rest), sum(counts[1] for _value, counts in rest)))
    total = sum(words for _name, _documents, words in named) or 1
    return [Bar(name, documents, words, round(100 * words / total, 1)) for name, documents, words in named]


def _named(column: str, value: str, language: str) -> str:
    """Return the name of a value; empty if there is none."""
    if column == "language":
        code = value.partition("_")[0]
        return "" if code in {"", "und"} else language_name(code).translate(language)
    return _NAMES[column].get(value, same(value)).translate(language)


def _choices(column: str, values: set[str], language: str) -> list[tuple[str, str]]:
    named = [(value, _named(column, value, language) or value) for value in values if value]
    return sorted(named, key=lambda pair: pair[1].casefold())


def named_sources(entries: Iterable[Mapping[str, Any]], ids: set[str]) -> list[dict[str, Any]]:
    """Return id, title, holder and licences of sources of a version, by title; a collection has its current title."""
    titles = dict(Collection.objects.filter(slug__in=ids).values_list("slug", "title"))
    named: dict[str, dict[str, Any]] = {}
    for entry in entries:
        if entry["id"] in ids:
            title = titles.get(entry["id"]) or entry["title"] or entry["id"]
            row = named.setdefault(
                entry["id"], {"id": entry["id"], "title": title, "holder": entry["holder"], "licences": []}
            )
            if entry["rights"] and entry["rights"] not in row["licences"]:
                row["licences"].append(entry["rights"])
    return sorted(named.values(), key=lambda row: str(row["title"]).casefold())


def readable_texts(version: str, source: str) -> list[str]:
    """Return the ids of a source's texts in a version whose terms allow showing them, by title."""
    disclosure = disclosure_of(None, datetime.now(UTC).date())
    columns = [name for name in disclosure.reads if name != "drop_reason"]
    rows = _rows(version, source).select("doc_id", "title", *columns).collect()
    marked = disclosure.marked(rows.with_columns(pl.lit(None, pl.String).alias("drop_reason")))
    return marked.filter("readable").sort("title", "doc_id", nulls_last=True)["doc_id"].to_list()


def listed(version: str, source: str, ids: list[str]) -> list[dict[str, Any]]:
    """Return title, people, language, rights and number of words of texts, redacted, in the order of their ids."""
    rows = _rows(version, source).filter(pl.col("doc_id").is_in(ids)).collect()
    redacted = disclosure_of(None, datetime.now(UTC).date()).redaction.of(_conformed(rows))
    redacted = redacted.select(*_LISTED, words_of_text().alias("words"))
    by_id = {row["doc_id"]: row for row in redacted.iter_rows(named=True)}
    return [by_id[doc_id] for doc_id in ids]


def story_of(version: str, source: str, doc_id: str) -> dict[str, Any] | None:
    """Return the history of a text in a version, see `lineage`; None if the version has no such text.

    `readable` is false if the terms of the version or of a later run don't allow showing it.
    """
    rows = _conformed(_rows(version, source).filter(pl.col("doc_id") == doc_id).head(1).collect())
    if rows.is_empty():
        return None
    now = disclosure_of(None, datetime.now(UTC).date()).marked(rows)["readable"][0]
    release = lc.open_release(store_folder(), version)
    story = story_in_version(version, rows.row(0, named=True), out_folder(), release.store)
    return {**story, "readable": bool(now and story["readable"] and story["withdrawn"] is None)}


def _rows(version: str, source: str) -> pl.LazyFrame:
    return lc.open_release(store_folder(), version).scan().filter(pl.col("source_id") == source)


def _conformed(rows: pl.DataFrame) -> pl.DataFrame:
    return schema.conform(rows, schema.DOCUMENT_SCHEMA)
