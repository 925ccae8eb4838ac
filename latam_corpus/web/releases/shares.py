"""Statistics of each collection in each version: documents, words, and the share of each language.

A version never changes, so its counts are stored in `versions/`. They are recounted after a withdrawal, since older
versions then have fewer documents for readers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

import latam_corpus as lc
from latam_corpus.storage.durable import replace
from latam_corpus.web.workspace import data_folder, out_folder

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Share:
    """Statistics of a collection in a version, such as `voces@2026.1.0`, which was built on `day`.

    `languages` has code, documents and words of each language, and their share of the version's words in it, in
    percent; `attribution` is the required credit: title, holder and terms. `approvals` has kind, name and day of each
    approval, and whether the proposer approved it alone.
    """

    version: str
    day: str
    documents: int
    words: int
    languages: list[tuple[str, int, int, float]]
    title: str
    holder: str
    attribution: str
    approvals: list[dict[str, Any]]


def store_folder() -> Path:
    """Return the folder of the version store."""
    return out_folder() / "store"


def _file(version: str) -> Path:
    return data_folder() / "versions" / f"{version}.json"


def count_version(version: str, approvals: dict[str, list[dict[str, Any]]] | None = None) -> dict[str, Any]:
    """Count a version's documents and words by collection and language, store the counts, and return them.

    `approvals` are those with which the version was built, by collection; stored ones are kept.
    """
    release = lc.open_release(store_folder(), version)
    counted = (
        release.scan()
        .group_by("source_id", "language", "genre", "country", "rights_tier")
        .agg(pl.len().alias("documents"), words_of_text().sum().alias("words"))
        .sort("source_id", "language", "genre", "country", "rights_tier")
        .collect()
    )
    values = {
        "version": version,
        "day": release.manifest.created.date().isoformat(),
        "slices": counted.rows(),
        "sources": [
            {"id": entry.source_id, "title": entry.title, "holder": entry.holder, "rights": entry.rights}
            for entry in release.manifest.sources
        ],
        "approvals": _stored(version).get("approvals", {}) | (approvals or {}),
    }
    _file(version).parent.mkdir(exist_ok=True)
    replace(_file(version), json.dumps(values, ensure_ascii=False).encode())
    return values


def words_of_text() -> pl.Expr:
    """Return an expression: the words of a text as they were measured, or else counted between spaces."""
    counted = pl.coalesce(pl.col("signals").struct.field("word_count"), pl.col("text").str.count_matches(r"\S+"))
    return counted.cast(pl.Int64)


def stored_counts(version: str) -> dict[str, Any] | None:
    """Return the stored counts of a version; None if it wasn't counted yet."""
    counts = _stored(version)
    return counts if "slices" in counts else None  # of an earlier desk, it is counted again


def _stored(version: str) -> dict[str, Any]:
    """Return what is stored of a version, by this desk or an earlier one; nothing if it wasn't counted yet."""
    path = _file(version)
    return json.loads(path.read_bytes()) if path.is_file() else {}


def count_all() -> list[str]:
    """Recount all versions, after a withdrawal; return their names."""
    versions = lc.versions(store_folder())
    for version in versions:
        count_version(version)
    return versions


def shares_of(slug: str) -> tuple[list[Share], list[str]]:
    """Return the collection's statistics in each version, newest first, and the versions not counted yet."""
    shares, uncounted = [], []
    for version in lc.versions(store_folder()):
        values = stored_counts(version)
        if values is None:
            uncounted.append(version)
        elif any(source == slug for source, *_rest in values["slices"]):
            shares.append(_share(values, slug))
    return sorted(shares, key=lambda share: by_age(share.day, share.version), reverse=True), uncounted


def by_age(day: str, version: str) -> tuple[str, list[int]]:
    """Return a key that sorts versions by age, the oldest first."""
    return day, [int(part) for part in version.partition("@")[2].split(".") if part.isdigit()]


def _share(values: dict[str, Any], slug: str) -> Share:
    own: dict[str, tuple[int, int]] = {}
    all_words: dict[str, int] = {}
    for source, language, _genre, _country, _tier, documents, words in values["slices"]:
        all_words[language] = all_words.get(language, 0) + words
        if source == slug:
            earlier = own.get(language, (0, 0))
            own[language] = earlier[0] + documents, earlier[1] + words
    languages = [
        (language, documents, words, 100 * words / all_words[language] if all_words[language] else 0.0)
        for language, (documents, words) in own.items()
    ]
    entries = [entry for entry in values["sources"] if entry["id"] == slug]
    terms = ", ".join(dict.fromkeys(str(entry["rights"]) for entry in entries if entry["rights"]))
    credited = entries[0] if entries else {"title": slug, "holder": ""}
    attribution = ". ".join(
        str(part) for part in (credited["title"], credited["holder"], terms, values["version"]) if part
    )
    return Share(
        values["version"],
        values["day"],
        sum(documents for documents, _words in own.values()),
        sum(words for _documents, words in own.values()),
        languages,
        str(credited["title"] or slug),
        str(credited["holder"] or ""),
        f"{attribution}.",
        values["approvals"].get(slug, []),
    )
