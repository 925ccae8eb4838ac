"""Assign each document to a split: by duplicate cluster or, if a recipe asks for it, by author, source or file.

A document keeps its split in all later versions: training documents are never held out later, nor the reverse.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus import vocabulary
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.text.folding import name_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.vocabulary import SplitBy

SPLIT_SHARES: Final[Mapping[str, float]] = {"validation": 0.005, "test": 0.005}
_GROUPED: Final = ("key", "source_id", "authors", "file")
_SPLITS: Final = dict(enumerate(vocabulary.SPLITS))
_RANK: Final = {split: place for place, split in _SPLITS.items()}
_ROOTS: Final = pl.Schema({"group": pl.String(), "root": pl.String()})


def check_shares(shares: Mapping[str, float]) -> None:
    """Raise ConfigError unless the shares are valid and leave documents to train on."""
    for split, share in shares.items():
        if split not in vocabulary.SPLITS[1:]:
            raise ConfigError("splits", _("unknown split «{split}»", split=split), _("choose from: validation, test"))
        if not 0 <= share < 1:
            raise ConfigError(
                "splits", _("{split} = {share} isn't a share", split=split, share=share), _("give a number from 0 to 1")
            )
    if sum(shares.values()) >= 1:
        raise ConfigError("splits", _("nothing is left to train on"), _("hold out less than all documents"))


@dataclass
class _NamedGroups:
    """Groups of clusters that share the name of an author, source or file, as a union-find forest of names.

    The id of a group is the smallest of its names and cluster keys.
    """

    _parents: dict[str, str] = field(default_factory=dict)
    _smallest_keys: dict[str, str] = field(default_factory=dict)
    _ranks: dict[str, int] = field(default_factory=dict)
    _previous_ranks: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _rows: Counter[str] = field(default_factory=Counter)

    def add(self, names: pl.DataFrame, rows: pl.DataFrame, parent_rows: pl.DataFrame) -> None:
        """Add the clusters of a partition.

        Args:
            names: `key` of a cluster and each `name` of its rows.
            rows: released rows with `group`, one of its names, and `rank`.
            parent_rows: the parent's rows, with the same columns.
        """
        for name, key in names.group_by("name").agg(pl.col("key").min()).iter_rows():
            self._smallest_keys[name] = min(key, self._smallest_keys.get(name, key))
        for (tied,) in names.group_by("key").agg("name").filter(pl.col("name").list.len() > 1).select("name").rows():
            for name in tied[1:]:
                root, child = sorted((self._root(tied[0]), self._root(name)))
                self._parents[child] = root
        ranks = pl.concat([rows.select("group", "rank"), parent_rows.select("group", "rank")]).drop_nulls()
        for name, rank in ranks.group_by("group").agg(pl.col("rank").min()).iter_rows():
            self._ranks[name] = min(rank, self._ranks.get(name, rank))
        for name, rank in rows.select("group", "rank").drop_nulls().unique().iter_rows():
            self._previous_ranks[name].add(rank)
        self._rows.update(dict(rows.group_by("group").len().iter_rows()))

    def _root(self, name: str) -> str:
        while (parent := self._parents.setdefault(name, name)) != name:
            self._parents[name] = name = self._parents[parent]
        return name

    def names(self) -> pl.DataFrame:
        """Return each name in `group`, and the root of its tree in `root`."""
        names = list(self._smallest_keys)
        return pl.DataFrame({"group": names, "root": [self._root(name) for name in names]}, schema=_ROOTS)

    def parted(self) -> int:
        """Count the groups whose documents the parent version put into different splits."""
        ranks_by_root: defaultdict[str, set[int]] = defaultdict(set)
        for name, ranks in self._previous_ranks.items():
            ranks_by_root[self._root(name)] |= ranks
        return sum(len(ranks) > 1 for ranks in ranks_by_root.values())

    def groups(self) -> pl.DataFrame:
        """Return, for each `root`, the id of the `group`, its `rank`, null if it is new, and its number of `rows`."""
        names = self.names().rename({"group": "name"})
        groups = names.select(
            "root",
            pl.Series("group", [min(name, self._smallest_keys[name]) for name in names["name"]], dtype=pl.String),
            pl.Series("rank", [self._ranks.get(name) for name in names["name"]], dtype=pl.Int8),
            pl.Series("rows", [self._rows[name] for name in names["name"]], dtype=pl.Int64),
        )
        return groups.group_by("root").agg(pl.col("group", "rank").min(), pl.col("rows").sum())


@dataclass
class Splits:
    """The splits of a version, computed one partition at a time. All documents of a cluster get the same split.

    A split is inherited from the parent version's cluster, document or text, or from the document that a better copy
    replaced. A cluster that joins documents of several splits gets the first of train, validation and test, since a
    training document must never be held out. A new document gets the split of its group. A new group gets a split by
    its hash, which serves as a random draw; groups wider than a cluster fill the shares in the order of their draws. If
    no group was drawn for a requested split, it gets one, provided that its share of all groups is at least one group.

    Attributes:
        shares: the share of documents of each held-out split.
        by: the documents that must be in the same split: those of a cluster, or also all of an author, a source, or a
            source's file.
    """

    shares: Mapping[str, float]
    by: SplitBy = "cluster"
    _documents: int = 0
    _groups: int = 0
    _used_splits: set[str] = field(default_factory=set)
    _nearest_draws: dict[int, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))
    _named: _NamedGroups = field(default_factory=_NamedGroups)

    def add(self, released: pl.DataFrame, parents: pl.DataFrame, replaced: pl.DataFrame) -> pl.DataFrame:
        """Return released light rows with `group` and `split`; the split of a group wider than a cluster is null.

        Args:
            released: light rows, with all rows of their clusters.
            parents: the related light rows of the parent version, whose `split` is set.
            replaced: rows of the parent that a better copy replaces, with the id of the copy in `kept`.
        """
        key = pl.coalesce("duplicate_cluster", "doc_id").alias("key")
        rank = pl.col("split").cast(pl.String).replace_strict(_RANK, default=None, return_dtype=pl.Int8)
        replacements = replaced.with_columns(pl.col("kept").alias("doc_id")).drop("kept")
        parent_rows = pl.concat([parents, replacements]).with_columns(key, rank.alias("rank"))
        rows = released.with_columns(key)
        for on in ("key", "doc_id", "text_hash"):
            ranks = parent_rows.group_by(on).agg(pl.col("rank").min().alias(f"by_{on}"))
            rows = rows.join(ranks, on=on, how="left", maintain_order="left")
        inherited = pl.min_horizontal("by_key", "by_doc_id", "by_text_hash").min().over("key")
        rows = rows.with_columns(inherited.alias("rank"))
        names = self._names(pl.concat([rows.select(_GROUPED), parent_rows.select(_GROUPED)]))
        groups = names.unique("key", keep="first", maintain_order=True).rename({"name": "group"})
        rows = rows.join(groups, on="key", how="left", maintain_order="left")
        parent_rows = parent_rows.join(groups, on="key", how="inner", maintain_order="left")
        self._named.add(names, rows.filter(pl.col("group").is_not_null()), parent_rows)
        self._documents += rows.height
        fresh = rows.filter(pl.col("rank").is_null() & pl.col("group").is_null()).group_by("key").len("rows")
        drawn = fresh.with_columns(_drawn(fresh["key"], self.shares))
        self._count_new(drawn)
        self._used_splits |= {_SPLITS[rank] for rank in rows["rank"].drop_nulls().unique().to_list()}
        rows = rows.join(drawn.select("key", "drawn"), on="key", how="left", maintain_order="left")
        split = pl.coalesce(pl.col("rank").replace_strict(_SPLITS, default=None, return_dtype=pl.String), "drawn")
        return rows.with_columns(split.alias("split"), pl.coalesce("group", "key").alias("group")).select(
            *released.columns, "group"
        )

    def _names(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the distinct pairs of a cluster's `key` and a `name` that ties it to other clusters."""
        if self.by == "cluster":
            return pl.DataFrame(schema={"key": pl.String, "name": pl.String})
        source = pl.col("source_id").cast(pl.String)
        file = pl.concat_str(source, pl.when(pl.col("file") != "").then("file"), separator=" ")
        shared = {"author": pl.col("authors").str.split("\n"), "source": source, "file": file}
        names = rows.select("key", shared[self.by].alias("name"))
        names = (names.explode("name") if self.by == "author" else names).filter(pl.col("name") != "")
        return names.with_columns(pl.format(f"{self.by} {{}}", "name").alias("name")).unique(maintain_order=True)

    def _count_new(self, drawn: pl.DataFrame) -> None:
        """Count new groups; of each size, remember those whose draws were nearest to a held-out split."""
        self._groups += drawn.height
        self._used_splits |= set(drawn["drawn"].unique().to_list())
        limit = len(self.shares)
        nearest = drawn.filter(pl.col("drawn") == "train").sort("draw", "key").group_by("rows", maintain_order=True)
        for size, draw, group in nearest.head(limit).select("rows", "draw", "key").iter_rows():
            self._nearest_draws[size] = sorted([*self._nearest_draws[size], (draw, group)])[:limit]

    def settled(self) -> Settled:
        """Return the splits that depend on all groups. Call it after the last `add`."""
        groups = self._named.groups()
        fresh = groups.filter(pl.col("rank").is_null() & (pl.col("rows") > 0))
        drawn = fresh.with_columns(_drawn(fresh["group"].alias("key"), self.shares)).rename({"group": "key"})
        drawn = drawn.with_columns(self._filled(drawn, groups))
        self._count_new(drawn)
        self._used_splits |= {_SPLITS[rank] for rank in groups.filter(pl.col("rows") > 0)["rank"].drop_nulls()}
        chosen: dict[str, str] = {}
        for split, share in self.shares.items():
            if share * self._groups < 1 or split in self._used_splits:
                continue
            # Choose the group whose draw was nearest, preferably one that is no larger than the share.
            candidates = [
                (size > share * self._documents, draw, group)
                for size, draws in self._nearest_draws.items()
                for draw, group in draws
            ]
            nearest = min((candidate for candidate in candidates if candidate[2] not in chosen), default=None)
            if nearest:
                chosen[nearest[2]] = split
        final = pl.coalesce(
            pl.col("rank").replace_strict(_SPLITS, default=None, return_dtype=pl.String),
            pl.col("group").replace_strict(chosen, default=None, return_dtype=pl.String),
            "drawn",
        )
        settled = groups.join(drawn.select(pl.col("key").alias("group"), "drawn"), on="group", how="left")
        by_name = self._named.names().join(settled.select("root", final.alias("settled")), on="root")
        return Settled(by_name.select("group", "settled"), chosen, self._named.parted())

    def _filled(self, drawn: pl.DataFrame, groups: pl.DataFrame) -> pl.Series:
        """Return the splits of new wide groups, assigned in the order of their draws until each share is filled.

        If each were drawn independently, a few large groups could hold out several times the share.
        """
        rows = int(groups["rows"].sum())
        assigned = dict(groups.drop_nulls("rank").group_by("rank").agg(pl.col("rows").sum()).iter_rows())
        room = {split: share * rows - assigned.get(_RANK[split], 0) for split, share in sorted(self.shares.items())}
        splits = {}
        for key, size in drawn.sort("draw", "key").select("key", "rows").iter_rows():
            split = next((name for name, free in room.items() if free >= size / 2), "train")
            room[split] = room.get(split, 0) - size
            splits[key] = split
        return pl.Series("drawn", [splits[key] for key in drawn["key"]], dtype=pl.String)


@dataclass(frozen=True)
class Settled:
    """The splits that depend on all groups.

    Attributes:
        named: the name of each author, source or file in `group`, and its split in `settled`.
        parted: how many groups have documents in several splits, because the parent version had them there.
    """

    named: pl.DataFrame
    chosen: Mapping[str, str]
    parted: int = 0

    def of(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of `Splits.add` with their final `split`."""
        joined = rows.join(self.named, on="group", how="left", maintain_order="left")
        chosen = pl.col("group").replace_strict(self.chosen, default=None, return_dtype=pl.String)
        return joined.with_columns(pl.coalesce(chosen, "split", "settled").alias("split")).drop("settled", "group")


def _drawn(groups: pl.Series, shares: Mapping[str, float]) -> list[pl.Series]:
    """Return `draw`, a number from 0 to 1 derived from each group's id, and `drawn`, the split that it selects.

    >>> draws, splits = _drawn(pl.Series(["rosa", "inés", "mar"]), {"validation": 0.3, "test": 0.2})
    >>> draws.round(2).to_list(), splits.to_list()
    ([0.79, 0.4, 0.15], ['train', 'validation', 'test'])
    """
    # Salted, since shards are divided by the hash of doc_id too: without salt, a held-out split would be in few shards.
    digests = b"".join(hashlib.sha256(f"split {group}".encode()).digest()[:8] for group in groups.to_list())
    draws = np.frombuffer(digests, ">u8").astype(np.uint64).astype(np.float64) / 2**64
    drawn = np.full(len(draws), _RANK["train"], np.int8)
    remainder = draws.copy()
    for split in ("test", "validation"):
        remainder -= shares.get(split, 0.0)
        drawn[(remainder < 0) & (drawn == _RANK["train"])] = _RANK[split]
    names = pl.Series("drawn", drawn).replace_strict(_SPLITS, return_dtype=pl.String)
    return [pl.Series("draw", draws, dtype=pl.Float64), names]


def authors_of(creators: pl.Series) -> pl.Series:
    """Return the normalised names of each row's authors, one per line; empty if none is catalogued.

    >>> authors_of(pl.Series([["Mistral, Gabriela"], ["gabriela  MISTRAL"], None])).to_list()
    ['gabriela mistral', 'gabriela mistral', '']
    """
    lines = ["\n".join(sorted({_key(name) for name in names if name})) if names else "" for names in creators.to_list()]
    return pl.Series("authors", lines, dtype=pl.String)


_key: Final = lru_cache(maxsize=1 << 16)(name_key)
