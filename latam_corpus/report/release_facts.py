"""The facts in a version's report that its manifest lacks: the kinds of its documents, and the gaps."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow.parquet as pq

from latam_corpus import schema
from latam_corpus.catalog.display_names import COUNTRIES
from latam_corpus.codes import UNDETERMINED, admits, groups, short
from latam_corpus.errors import ReleaseError
from latam_corpus.messages import _
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.withdrawal_log import read_log
from latam_corpus.vocabulary import GENRES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store

_EUROPE: Final = frozenset({"ES", "PT"})
_SHARD_COLUMNS: Final = ("variety", "published", "contributor", "doc_id")
SMALL_COUNTRY: Final = 0.001  # a country with a smaller share of the documents counts as a gap


@dataclass(frozen=True)
class ReleaseFacts:
    """The facts of a version's report.

    Attributes:
        withdrawn: the number of its documents that were withdrawn since it was built.
        contents: for each column, the number of documents by value, largest first. For a remote store, columns that
            only the shards have are missing.
        parent: the version from which it was built; None if there is none, or the parent was removed.
        few_country: the countries with a smaller share of documents than SMALL_COUNTRY, with their numbers of
            documents.
        no_language: the languages of the region without documents that the shipped model identifies.
        small: the languages other than Spanish, Portuguese and English, with their numbers of documents: all,
            religious, and reference.
    """

    manifest: Manifest
    withdrawn: int
    contents: dict[str, list[tuple[str, int]]]
    parent: Manifest | None
    no_country: tuple[str, ...]
    few_country: tuple[tuple[str, int], ...]
    no_language: tuple[str, ...]
    no_genre: tuple[str, ...]
    small: list[tuple[str, int, int, int]]


def release_facts(store: Store, manifest: Manifest) -> ReleaseFacts:
    """Return the facts for a version's report, without fetching shards of a remote store.

    Raises:
        ReleaseError: the store's log or a local shard can't be read.
    """
    counts = {
        what: {value: tally.rows for value, tally in tallies.items()} for what, tallies in manifest.counts.items()
    }
    contents = {what: _most(counts.get(what, {})) for what in ("language", "country", "genre", "rights_tier")}
    languages = {short(code) for code in counts.get("language", {})} - {UNDETERMINED, ""}
    countries, rows = counts.get("country", {}), max(manifest.rows, 1)
    region_countries = [code for code in COUNTRIES if code not in _EUROPE]
    by_language = Counter[tuple[str, str]]()
    for shard in manifest.shards:
        by_language[short(shard.language), shard.genre] += shard.rows
    return ReleaseFacts(
        manifest=manifest,
        withdrawn=read_log(store).withdrawn_from(manifest),
        contents=contents | _of_shards(store, manifest),
        parent=_parent(store, manifest),
        no_country=tuple(code for code in region_countries if not countries.get(code)),
        few_country=tuple(
            (code, n) for code in region_countries if 0 < (n := countries.get(code, 0)) < SMALL_COUNTRY * rows
        ),
        no_language=tuple(
            code
            for code in sorted(set(groups().of.values()))
            if not any(admits(code, language) or admits(language, code) for language in languages)
        ),
        no_genre=tuple(genre for genre in GENRES if not counts.get("genre", {}).get(genre)),
        small=[
            (
                language,
                sum(n for (code, _), n in by_language.items() if code == language),
                by_language[language, "religious"],
                by_language[language, "reference"],
            )
            for language in sorted(languages - {"spa", "por", "eng"})
        ],
    )


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _parent(store: Store, manifest: Manifest) -> Manifest | None:
    if manifest.parent is None or manifest.parent.version not in store.versions(manifest.name):
        return None
    return load_manifest(store, manifest.name, manifest.parent.version)


def _of_shards(store: Store, manifest: Manifest) -> dict[str, list[tuple[str, int]]]:
    """Count varieties, decades and contributors, which are only in the shards, without reading texts."""
    if store.folder is None:
        return {}
    counters: dict[str, Counter[str]] = {"variety": Counter(), "decade": Counter(), "contributor": Counter()}
    for shard in read_log(store).readable(manifest):
        path = store.path(shard.shard.object)
        try:
            stored_columns = set(pq.read_schema(path).names)
            rows = pl.read_parquet(
                path, glob=False, columns=[name for name in _SHARD_COLUMNS if name in stored_columns]
            )
        except (OSError, pl.exceptions.PolarsError) as error:
            raise ReleaseError(
                f"{store.url}, {shard.shard.object}",
                _("it can't be read: {cause}", cause=error),
                _("run `latam-corpus release verify`"),
            ) from None
        rows = schema.conform(rows, pl.Schema({name: schema.DOCUMENT_SCHEMA[name] for name in _SHARD_COLUMNS})).filter(
            shard.wanted()
        )
        decade = pl.col("published").str.extract(r"^(\d{3})\d", 1) + "0"
        for name, column in (
            ("variety", pl.col("variety")),
            ("decade", decade),
            ("contributor", pl.col("contributor")),
        ):
            counts = rows.group_by(column.fill_null("").alias("value")).len("rows")
            counters[name].update(dict(counts.iter_rows()))
    return {name: _most(counts) for name, counts in counters.items()}
