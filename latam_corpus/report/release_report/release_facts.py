"""What a release's report says beyond its manifest: what its documents are, and what is missing among them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

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

_EUROPE = frozenset({"ES", "PT"})
_READ = ("variety", "published", "contributor", "genre", "language")
SMALL_COUNTRY = 0.001  # share of the documents below which a country is told of


@dataclass(frozen=True)
class ReleaseFacts:
    """What a release's report says.

    Attributes:
        manifest: the version's.
        withdrawn: its documents that were withdrawn since.
        contents: by column the documents by value, most first; of a store elsewhere, without what only shards tell.
        parent: the version that it was built upon; None where there is none, or it is no longer there.
        no_country: countries of the region of which it has no document.
        few_country: those with less than SMALL_COUNTRY of them, and how many.
        no_language: languages of the region that the shipped model names, of which it has none.
        no_genre: genres of which it has none.
        small: languages other than Spanish, Portuguese and English: documents, religious ones, those of reference.
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
    """Return what the report of a version says; of a store elsewhere no shard is fetched for it.

    Raises:
        ReleaseError: the store's log, or a shard on this disk, can't be read.
    """
    counts = {
        what: {value: tally.rows for value, tally in tallies.items()} for what, tallies in manifest.counts.items()
    }
    contents = {what: _most(counts.get(what, {})) for what in ("language", "country", "genre", "rights_tier")}
    languages = {short(code) for code in counts.get("language", {})} - {UNDETERMINED, ""}
    countries, rows = counts.get("country", {}), max(manifest.rows, 1)
    of_region = [code for code in COUNTRIES if code not in _EUROPE]
    by_language = Counter[tuple[str, str]]()
    for shard in manifest.shards:
        by_language[short(shard.language), shard.genre] += shard.rows
    return ReleaseFacts(
        manifest=manifest,
        withdrawn=read_log(store).withdrawn_from(manifest),
        contents=contents | _of_shards(store, manifest),
        parent=_parent(store, manifest),
        no_country=tuple(code for code in of_region if not countries.get(code)),
        few_country=tuple((code, n) for code in of_region if 0 < (n := countries.get(code, 0)) < SMALL_COUNTRY * rows),
        no_language=tuple(
            code
            for code in sorted(set(groups().of.values()))
            if not any(admits(code, one) or admits(one, code) for one in languages)
        ),
        no_genre=tuple(genre for genre in GENRES if not counts.get("genre", {}).get(genre)),
        small=[
            (
                language,
                sum(n for (one, _), n in by_language.items() if one == language),
                by_language[language, "religious"],
                by_language[language, "reference"],
            )
            for language in sorted(languages - {"spa", "por", "eng"})
        ],
    )


def _most(counted: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))


def _parent(store: Store, manifest: Manifest) -> Manifest | None:
    if manifest.parent is None or manifest.parent.version not in store.versions(manifest.name):
        return None
    return load_manifest(store, manifest.name, manifest.parent.version)


def _of_shards(store: Store, manifest: Manifest) -> dict[str, list[tuple[str, int]]]:
    """Varieties, decades and contributors, which the shards alone tell: one column after the other, and no text."""
    if store.folder is None:
        return {}
    counted: dict[str, Counter[str]] = {"variety": Counter(), "decade": Counter(), "contributor": Counter()}
    for shard in read_log(store).readable(manifest):
        path = store.path(shard.shard.object)
        names = [*_READ[:3], "doc_id"]
        try:
            there = set(pq.read_schema(path).names)
            rows = pl.read_parquet(path, glob=False, columns=[name for name in names if name in there])
        except (OSError, pl.exceptions.PolarsError) as error:
            raise ReleaseError(
                f"{store.url}, {shard.shard.object}",
                _("it can't be read: {cause}", cause=error),
                _("run `latam-corpus release verify`"),
            ) from None
        rows = schema.conform(rows, pl.Schema({name: schema.DOCUMENT_SCHEMA[name] for name in names})).filter(
            shard.wanted()
        )
        decade = pl.col("published").str.extract(r"^(\d{3})\d", 1) + "0"
        for name, column in (
            ("variety", pl.col("variety")),
            ("decade", decade),
            ("contributor", pl.col("contributor")),
        ):
            counts = rows.group_by(column.fill_null("").alias("value")).len("rows")
            counted[name].update(dict(counts.iter_rows()))
    return {name: _most(counts) for name, counts in counted.items()}
