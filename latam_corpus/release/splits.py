"""Which documents are held out: by duplicate cluster, and where a recipe says so with all of an author or of a source.

What one version has for training is never held out by the next, and what is held out isn't trained on by the next.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus import vocabulary
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.release.tombstones import name_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.vocabulary import SplitBy

SPLIT_SHARES: Final[Mapping[str, float]] = {"validation": 0.005, "test": 0.005}
_GROUPED: Final = ("key", "source_id", "authors")
_RANK: Final = {split: place for place, split in enumerate(vocabulary.SPLITS)}


def check_shares(shares: Mapping[str, float]) -> None:
    """Raise ConfigError unless these are shares of documents to hold out, less than all of them."""
    for split, share in shares.items():
        if split not in vocabulary.SPLITS[1:]:
            raise ConfigError("splits", _("unknown split «{split}»", split=split), _("choose from: validation, test"))
        if not 0 <= share < 1:
            raise ConfigError(
                "splits", _("{split} = {share} isn't a share", split=split, share=share), _("give a number from 0 to 1")
            )
    if sum(shares.values()) >= 1:
        raise ConfigError("splits", _("nothing is left to train on"), _("hold out less than all documents"))


def with_splits(
    released: pl.DataFrame,
    parents: pl.DataFrame,
    replaced: pl.DataFrame,
    shares: Mapping[str, float],
    by: SplitBy = "cluster",
) -> pl.DataFrame:
    """Return the released light rows with their split, one for all documents of a cluster.

    What the parent version knew keeps its split: the cluster, the document, the text under another id, and the
    better copy that a document gave way to. A cluster that joins documents of several splits goes to the first of
    train, validation, test: a text that one version has for training is never held out by the next. What is new goes
    where its group is, and a group that is new is drawn by its hash. A split that was asked for gets a new group
    although none was drawn, where there are so many that its share is one.

    Args:
        released: light rows.
        parents: the light rows of the parent version, whose `split` is set.
        replaced: those of them that gave way, with the id of the released one in `kept`.
        shares: how much to hold out.
        by: what is in one split beside a cluster: all that an author wrote, or that a source gave.
    """
    key = pl.coalesce("duplicate_cluster", "doc_id").alias("key")
    rank = pl.col("split").cast(pl.String).replace_strict(_RANK, default=None, return_dtype=pl.Int8)
    heirs = replaced.with_columns(pl.col("kept").alias("doc_id")).drop("kept")
    known = pl.concat([parents, heirs]).with_columns(key, rank.alias("rank"))
    rows = released.with_columns(key)
    groups = _groups(pl.concat([rows.select(_GROUPED), known.select(_GROUPED)]), by)
    rows = rows.with_columns(groups[: rows.height])
    known = known.with_columns(groups[rows.height :])
    for on in ("key", "doc_id", "text_hash", "group"):
        best = known.group_by(on).agg(pl.col("rank").min().alias(f"by_{on}"))
        rows = rows.join(best, on=on, how="left", maintain_order="left")
    inherited = pl.min_horizontal("by_key", "by_doc_id", "by_text_hash").min().over("key")
    rows = rows.with_columns(inherited.alias("inherited"))
    of_group = pl.min_horizontal("by_group", pl.col("inherited").min().over("group"))
    rows = rows.with_columns(pl.coalesce("inherited", of_group).alias("rank"))
    fresh = rows.filter(pl.col("rank").is_null()).group_by("group").len("rows")
    there = set(rows["rank"].drop_nulls().to_list())
    drawn = _drawn(dict(fresh.iter_rows()), shares, {split for split in shares if _RANK[split] in there}, rows.height)
    names = dict(enumerate(vocabulary.SPLITS))
    pairs = rows.select("group", "rank").iter_rows()
    splits = [names[rank] if rank is not None else drawn[group] for group, rank in pairs]
    return rows.with_columns(pl.Series("split", splits, dtype=pl.String)).select(released.columns)


def _groups(rows: pl.DataFrame, by: SplitBy) -> pl.Series:
    """Return the group of each row, named by one of its clusters, its authors or its source: what is tied is one."""
    if by == "cluster":
        return rows["key"].alias("group")
    above: dict[str, str] = {}

    def first(name: str) -> str:
        while (upper := above.setdefault(name, name)) != name:
            above[name] = name = above[upper]
        return name

    shared = rows["source_id"] if by == "source" else rows["authors"]
    for key, names in zip(rows["key"], shared.cast(pl.String).fill_null("").str.split("\n"), strict=True):
        for name in filter(None, names):
            one, other = sorted((first(key), first(f"{by} {name}")))
            above[other] = one
    return pl.Series("group", [first(key) for key in rows["key"]], dtype=pl.String)


def _drawn(groups: Mapping[str, int], shares: Mapping[str, float], there: set[str], documents: int) -> dict[str, str]:
    """Return the split of each new group, of which the documents are given; `there` are splits that have some."""
    draws = {group: _draw(group) for group in groups}
    found = {group: _split_at(draw, shares) for group, draw in draws.items()}
    for split, share in shares.items():
        if share * len(groups) < 1 or split in there or split in found.values():
            continue
        # Of the groups that aren't larger than what was asked for, the one whose draw came nearest.
        small = [(size > share * documents, draws[group], group) for group, size in groups.items()]
        nearest = min((one for one in small if found[one[2]] == "train"), default=None)
        if nearest:
            found[nearest[2]] = split
    return found


def _draw(group: str) -> float:
    """Return a number from 0 to 1, by the hash of a group's name."""
    # Salted: by the bare hash of doc_id, a held-out split would share its leading bits, and one shard.
    return int.from_bytes(hashlib.sha256(f"split {group}".encode()).digest()[:8], "big") / 2**64


def _split_at(draw: float, shares: Mapping[str, float]) -> str:
    """Return the split at a number from 0 to 1.

    >>> [_split_at(draw, {"validation": 0.2, "test": 0.1}) for draw in (0.05, 0.2, 0.9)]
    ['test', 'validation', 'train']
    """
    for split in ("test", "validation"):
        draw -= shares.get(split, 0.0)
        if draw < 0:
            return split
    return "train"


def authors_of(creators: pl.Series) -> pl.Series:
    """Return the authors of each row as names are compared, one a line; empty where none is catalogued.

    >>> authors_of(pl.Series([["Mistral, Gabriela"], ["gabriela  MISTRAL"], None])).to_list()
    ['gabriela mistral', 'gabriela mistral', '']
    """
    lines = ["\n".join(sorted({_key(name) for name in names if name})) if names else "" for names in creators.to_list()]
    return pl.Series("authors", lines, dtype=pl.String)


_key: Final = lru_cache(maxsize=1 << 16)(name_key)
