"""Which documents are held out: by duplicate cluster, and where a recipe says so with all of an author, source or file.

What one version has for training is never held out by the next, and what is held out isn't trained on by the next.
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


@dataclass
class _NamedGroups:
    """Groups wider than a cluster: what is tied by names is one, called by the smallest of its names and keys."""

    _above: dict[str, str] = field(default_factory=dict)
    _least: dict[str, str] = field(default_factory=dict)
    _ranks: dict[str, int] = field(default_factory=dict)
    _had: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _rows: Counter[str] = field(default_factory=Counter)

    def add(self, names: pl.DataFrame, rows: pl.DataFrame, known: pl.DataFrame) -> None:
        """Add what a partition shows: `key` and `name`; rows and the parent's, each with its `group` and `rank`."""
        for name, key in names.group_by("name").agg(pl.col("key").min()).iter_rows():
            self._least[name] = min(key, self._least.get(name, key))
        for (several,) in names.group_by("key").agg("name").filter(pl.col("name").list.len() > 1).select("name").rows():
            for other in several[1:]:
                one, last = sorted((self._first(several[0]), self._first(other)))
                self._above[last] = one
        ranks = pl.concat([rows.select("group", "rank"), known.select("group", "rank")]).drop_nulls()
        for name, rank in ranks.group_by("group").agg(pl.col("rank").min()).iter_rows():
            self._ranks[name] = min(rank, self._ranks.get(name, rank))
        for name, rank in rows.select("group", "rank").drop_nulls().unique().iter_rows():
            self._had[name].add(rank)
        self._rows.update(dict(rows.group_by("group").len().iter_rows()))

    def _first(self, name: str) -> str:
        while (upper := self._above.setdefault(name, name)) != name:
            self._above[name] = name = self._above[upper]
        return name

    def names(self) -> pl.DataFrame:
        """Return each name as `group`, with its `root` among names that are tied."""
        names = list(self._least)
        return pl.DataFrame({"group": names, "root": [self._first(name) for name in names]}, schema=_ROOTS)

    def parted(self) -> int:
        """Return how many groups have released documents that were in several splits before, and stay there."""
        had: defaultdict[str, set[int]] = defaultdict(set)
        for name, ranks in self._had.items():
            had[self._first(name)] |= ranks
        return sum(len(ranks) > 1 for ranks in had.values())

    def groups(self) -> pl.DataFrame:
        """Return of each `root` what the `group` is called, its `rank`, null where it is new, and how many `rows`."""
        names = self.names().rename({"group": "name"})
        told = names.select(
            "root",
            pl.Series("group", [min(name, self._least[name]) for name in names["name"]], dtype=pl.String),
            pl.Series("rank", [self._ranks.get(name) for name in names["name"]], dtype=pl.Int8),
            pl.Series("rows", [self._rows[name] for name in names["name"]], dtype=pl.Int64),
        )
        return told.group_by("root").agg(pl.col("group", "rank").min(), pl.col("rows").sum())


@dataclass
class Splits:
    """Which documents are held out, one split for all of a cluster, as they come a partition at a time.

    What the parent version knew keeps its split: the cluster, the document, the text under another id, and the
    better copy that a document gave way to. A cluster that joins documents of several splits goes to the first of
    train, validation, test: a text that one version has for training is never held out by the next. What is new goes
    where its group is, and a group that is new is drawn by its hash, wide ones until there are enough. A split that was
    asked for gets a new group although none was drawn, where there are so many that its share is one.

    Attributes:
        shares: how much to hold out.
        by: what is in one split beside a cluster: all that an author wrote, that a source gave, or that one of a
            source's files holds.
    """

    shares: Mapping[str, float]
    by: SplitBy = "cluster"
    _documents: int = 0
    _groups: int = 0
    _there: set[str] = field(default_factory=set)
    _small: dict[int, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))
    _named: _NamedGroups = field(default_factory=_NamedGroups)

    def add(self, released: pl.DataFrame, parents: pl.DataFrame, replaced: pl.DataFrame) -> pl.DataFrame:
        """Return the released light rows with their split, null where their group is wider than a cluster, and `group`.

        Args:
            released: light rows, with all rows of their clusters.
            parents: the light rows of the parent version that these may meet, whose `split` is set.
            replaced: those of them that gave way, with the id of the released one in `kept`.
        """
        key = pl.coalesce("duplicate_cluster", "doc_id").alias("key")
        rank = pl.col("split").cast(pl.String).replace_strict(_RANK, default=None, return_dtype=pl.Int8)
        heirs = replaced.with_columns(pl.col("kept").alias("doc_id")).drop("kept")
        known = pl.concat([parents, heirs]).with_columns(key, rank.alias("rank"))
        rows = released.with_columns(key)
        for on in ("key", "doc_id", "text_hash"):
            best = known.group_by(on).agg(pl.col("rank").min().alias(f"by_{on}"))
            rows = rows.join(best, on=on, how="left", maintain_order="left")
        inherited = pl.min_horizontal("by_key", "by_doc_id", "by_text_hash").min().over("key")
        rows = rows.with_columns(inherited.alias("rank"))
        names = self._names(pl.concat([rows.select(_GROUPED), known.select(_GROUPED)]))
        first = names.unique("key", keep="first", maintain_order=True).rename({"name": "group"})
        rows = rows.join(first, on="key", how="left", maintain_order="left")
        known = known.join(first, on="key", how="inner", maintain_order="left")
        self._named.add(names, rows.filter(pl.col("group").is_not_null()), known)
        self._documents += rows.height
        fresh = rows.filter(pl.col("rank").is_null() & pl.col("group").is_null()).group_by("key").len("rows")
        drawn = fresh.with_columns(_drawn(fresh["key"], self.shares))
        self._remember(drawn)
        self._there |= {_SPLITS[rank] for rank in rows["rank"].drop_nulls().unique().to_list()}
        rows = rows.join(drawn.select("key", "drawn"), on="key", how="left", maintain_order="left")
        split = pl.coalesce(pl.col("rank").replace_strict(_SPLITS, default=None, return_dtype=pl.String), "drawn")
        return rows.with_columns(split.alias("split"), pl.coalesce("group", "key").alias("group")).select(
            *released.columns, "group"
        )

    def _names(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return `key` and each `name` that a cluster's rows share with others, once."""
        if self.by == "cluster":
            return pl.DataFrame(schema={"key": pl.String, "name": pl.String})
        source = pl.col("source_id").cast(pl.String)
        file = pl.concat_str(source, pl.when(pl.col("file") != "").then("file"), separator=" ")
        shared = {"author": pl.col("authors").str.split("\n"), "source": source, "file": file}
        names = rows.select("key", shared[self.by].alias("name"))
        names = (names.explode("name") if self.by == "author" else names).filter(pl.col("name") != "")
        return names.with_columns(pl.format(f"{self.by} {{}}", "name").alias("name")).unique(maintain_order=True)

    def _remember(self, drawn: pl.DataFrame) -> None:
        """Keep of new groups what is asked when all are known: how many there are, and which of a size came nearest."""
        self._groups += drawn.height
        self._there |= set(drawn["drawn"].unique().to_list())
        most = len(self.shares)
        nearest = drawn.filter(pl.col("drawn") == "train").sort("draw", "key").group_by("rows", maintain_order=True)
        for size, draw, group in nearest.head(most).select("rows", "draw", "key").iter_rows():
            self._small[size] = sorted([*self._small[size], (draw, group)])[:most]

    def settled(self) -> Settled:
        """Return what the splits are of groups that weren't known before all were."""
        groups = self._named.groups()
        fresh = groups.filter(pl.col("rank").is_null() & (pl.col("rows") > 0))
        drawn = fresh.with_columns(_drawn(fresh["group"].alias("key"), self.shares)).rename({"group": "key"})
        drawn = drawn.with_columns(self._filled(drawn, groups))
        self._remember(drawn)
        self._there |= {_SPLITS[rank] for rank in groups.filter(pl.col("rows") > 0)["rank"].drop_nulls()}
        chosen: dict[str, str] = {}
        for split, share in self.shares.items():
            if share * self._groups < 1 or split in self._there:
                continue
            # Of the groups that aren't larger than what was asked for, the one whose draw came nearest.
            small = [(size > share * self._documents, *one) for size, ones in self._small.items() for one in ones]
            nearest = min((one for one in small if one[2] not in chosen), default=None)
            if nearest:
                chosen[nearest[2]] = split
        final = pl.coalesce(
            pl.col("rank").replace_strict(_SPLITS, default=None, return_dtype=pl.String),
            pl.col("group").replace_strict(chosen, default=None, return_dtype=pl.String),
            "drawn",
        )
        settled = groups.join(drawn.select(pl.col("key").alias("group"), "drawn"), on="group", how="left")
        of = self._named.names().join(settled.select("root", final.alias("settled")), on="root").drop("root")
        return Settled(of.select("group", "settled"), chosen, self._named.parted())

    def _filled(self, drawn: pl.DataFrame, groups: pl.DataFrame) -> pl.Series:
        """Return the split of wide groups that are new: in the order of their draws as many as come nearest to a share.

        Each drawn by itself, a few large ones would hold out several times what was asked for.
        """
        rows = int(groups["rows"].sum())
        there = dict(groups.drop_nulls("rank").group_by("rank").agg(pl.col("rows").sum()).iter_rows())
        left = {split: share * rows - there.get(_RANK[split], 0) for split, share in sorted(self.shares.items())}
        splits = {}
        for key, size in drawn.sort("draw", "key").select("key", "rows").iter_rows():
            split = next((one for one, room in left.items() if room >= size / 2), "train")
            left[split] = left.get(split, 0) - size
            splits[key] = split
        return pl.Series("drawn", [splits[key] for key in drawn["key"]], dtype=pl.String)


@dataclass(frozen=True)
class Settled:
    """The splits that only all groups together decide.

    Attributes:
        named: `group`, by one of its names, and its split in `settled`.
        chosen: the split of new groups that aren't where they were drawn to.
        parted: how many groups have documents in several splits, as an earlier version left them.
    """

    named: pl.DataFrame
    chosen: Mapping[str, str]
    parted: int = 0

    def of(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return rows of `Splits.add` with their split."""
        joined = rows.join(self.named, on="group", how="left", maintain_order="left")
        chosen = pl.col("group").replace_strict(self.chosen, default=None, return_dtype=pl.String)
        return joined.with_columns(pl.coalesce(chosen, "split", "settled").alias("split")).drop("settled", "group")


def _drawn(groups: pl.Series, shares: Mapping[str, float]) -> list[pl.Series]:
    """Return `draw`, a number from 0 to 1 by the hash of each group's name, and the split `drawn` by it.

    >>> draws, splits = _drawn(pl.Series(["rosa", "inés", "mar"]), {"validation": 0.3, "test": 0.2})
    >>> draws.round(2).to_list(), splits.to_list()
    ([0.79, 0.4, 0.15], ['train', 'validation', 'test'])
    """
    # Salted: by the bare hash of doc_id, a held-out split would share its leading bits, and one shard.
    digests = b"".join(hashlib.sha256(f"split {group}".encode()).digest()[:8] for group in groups.to_list())
    draws = np.frombuffer(digests, ">u8").astype(np.uint64).astype(np.float64) / 2**64
    drawn = np.full(len(draws), _RANK["train"], np.int8)
    left = draws.copy()
    for split in ("test", "validation"):
        left -= shares.get(split, 0.0)
        drawn[(left < 0) & (drawn == _RANK["train"])] = _RANK[split]
    names = pl.Series("drawn", drawn).replace_strict(_SPLITS, return_dtype=pl.String)
    return [pl.Series("draw", draws, dtype=pl.Float64), names]


def authors_of(creators: pl.Series) -> pl.Series:
    """Return the authors of each row as names are compared, one a line; empty where none is catalogued.

    >>> authors_of(pl.Series([["Mistral, Gabriela"], ["gabriela  MISTRAL"], None])).to_list()
    ['gabriela mistral', 'gabriela mistral', '']
    """
    lines = ["\n".join(sorted({_key(name) for name in names if name})) if names else "" for names in creators.to_list()]
    return pl.Series("authors", lines, dtype=pl.String)


_key: Final = lru_cache(maxsize=1 << 16)(name_key)
