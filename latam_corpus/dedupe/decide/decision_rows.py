"""Which documents fall and for which kept one, without chaining, as rows with the evidence that a run keeps.

Documents are looked at in the order of keeping (`order.py`). One falls only if it stands, by a direct and verified
link, in one that is already kept. A more open or less damaged copy that is truncated is kept before the full text and
can't make it fall, since the full text doesn't stand in it: both are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus.corpus import ROW
from latam_corpus.dedupe.candidates.pairing_kernels import NOBODY, containers, decide, neighbours, originals
from latam_corpus.dedupe.decide.order import BESIDE, DECIDED_BY, at_other_times, decided_by, reordered, stays
from latam_corpus.dedupe.decide.relative_damage import beside_copies
from latam_corpus.dedupe.fingerprints.scheme import APPENDED, DAMAGE, WORDS
from latam_corpus.dedupe.verify.rules import RULE_NAMES
from latam_corpus.dedupe.verify.verify_pairs import CONTAINED, DUPLICATE, KINDS, NONE, TEMPLATE, VARIANT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.dedupe.decide.pair_components import Pack


@dataclass(frozen=True, eq=False)
class Decisions:
    """What becomes of each of n documents, by number.

    Attributes:
        kept: bool[n].
        duplicate_of: int64[n], the kept document that a fallen one stands in; -1 for a kept one.
        contained_in: int64[n], the much longer kept document that this one stands in; -1 where there is none. With
            `keep_contained` the document itself may be kept.
        variant_of: int64[n], the first kept document, in the order of keeping, of which a kept one is a variant, if it
            comes before it; -1 where there is none.
        link: int64[n], the row of the pair that the document fell by, or is contained by, or is a variant by; -1 where
            there is none.
        cluster: int64[n], the first document, in the order of ids, of the cluster; its own number when it is alone.
        cluster_size: int64[n].
    """

    kept: NDArray[np.bool_]
    duplicate_of: NDArray[np.int64]
    contained_in: NDArray[np.int64]
    variant_of: NDArray[np.int64]
    link: NDArray[np.int64]
    cluster: NDArray[np.int64]
    cluster_size: NDArray[np.int64]


def cluster(
    pairs: NDArray[np.uint32],
    stands: NDArray[np.uint8],
    kind: NDArray[np.uint8],
    order: NDArray[np.int64],
    id_rank: NDArray[np.int64],
    *,
    keep_contained: bool = True,
    keep_templates: bool = True,
    keep_variants: bool = True,
    existing: NDArray[np.bool_] | None = None,
    old: NDArray[np.bool_] | None = None,
) -> Decisions:
    """Return what becomes of each document.

    Args:
        pairs: uint32[k, 2], verified pairs, in any order.
        stands: uint8[k], who stands in whom (`Verdicts.stands`).
        kind: uint8[k] (`Verdicts.kind`).
        order: int64[n], the documents in the order of keeping (`order.in_order`).
        id_rank: int64[n], place of each one's id among all ids, which names clusters.
        keep_contained: a document that stands in a much longer one is kept, and its container told. Else it falls.
        keep_templates: texts of one template are kept. Else they fall like copies.
        keep_variants: a variant is kept, and what it is a variant of is told. Else it falls like a copy.
        existing: bool[n], documents that come before all others and never fall: those of an earlier version.
        old: bool[n], documents of an earlier version, whether they may fall or not; `existing` when left out.

    >>> pairs = np.array([[0, 1], [1, 2]], np.uint32)  # 0 stands in 1, 1 in 2, but 0 doesn't in 2
    >>> made = cluster(pairs, np.array([1, 1], np.uint8), np.array([1, 1], np.uint8), np.array([2, 1, 0]), np.arange(3))
    >>> made.kept.tolist(), made.duplicate_of.tolist()
    ([True, False, True], [-1, 2, -1])
    """
    n = len(order)
    fixed = np.zeros(n, np.bool_) if existing is None else existing
    order = np.concatenate((order[fixed[order]], order[~fixed[order]]))
    position = np.empty(n, np.int64)
    position[order] = np.arange(n)
    falls_by = np.zeros(len(_KIND_NUMBERS), np.bool_)
    falls_by[DUPLICATE] = True
    falls_by[CONTAINED] = not keep_contained
    falls_by[TEMPLATE] = not keep_templates
    falls_by[VARIANT] = not keep_variants
    links_of = neighbours(pairs, kind, n)
    duplicate_of, link, label = decide(pairs, stands, kind, order, position, fixed, falls_by, links_of)
    contained_in = containers(pairs, stands, kind, position, duplicate_of, link)
    variant_of = originals(pairs, kind, position, fixed if old is None else old, duplicate_of, link)
    first = np.full(n, n, np.int64)
    np.minimum.at(first, label, id_rank)
    number_of = np.empty(n, np.int64)
    number_of[id_rank] = np.arange(n)
    sizes = np.bincount(label, minlength=n)
    return Decisions(
        duplicate_of == NOBODY,
        duplicate_of,
        contained_in,
        variant_of,
        link,
        number_of[first[label]],
        sizes[label].astype(np.int64),
    )


_KIND_NUMBERS: Final = (NONE, DUPLICATE, CONTAINED, TEMPLATE, VARIANT)


# What the choice rests on, as the evidence tells it of both documents.
WEIGHED: Final = ("rights_tier", *DAMAGE, BESIDE, APPENDED, WORDS, "obtained")


# What is known of a document of an earlier version alone: how that names its cluster, and the hash of its text.
FROM_OLD: Final = pl.Schema({"known": pl.String(), "text_hash": pl.Binary()})


def decision_rows(
    pack: Pack, height: int, *, keep_contained: bool, keep_templates: bool, keep_variants: bool
) -> pl.DataFrame:
    """Return what is decided on each document of a pack that has a verified link: one row a document.

    Args:
        pack: its documents with how many documents have their text (`copies`) and the smallest id among these
            (`least_id`), and FROM_OLD where there are any of an earlier version.
        height: rows from this one on are of an earlier version.
        keep_contained: a document that stands in a much longer one is kept.
        keep_templates: texts of one template are kept.
        keep_variants: variants are kept.

    Returns:
        `row`, `doc_id`, `drop_reason`, `kept_row`, `duplicate_of`, `contained_in`, `variant_of`, `containment`,
        `duplicate_cluster`, `cluster_size`, `evidence`; `text_hash` of those of an earlier version; null where it
        doesn't apply.
    """
    verdicts = pack.verdicts
    here = pack.documents.columns
    mine = pack.documents.with_columns(pl.lit(None, kind).alias(n) for n, kind in FROM_OLD.items() if n not in here)
    mine = mine.with_row_index("place")
    mine = reordered(mine, *beside_copies(mine, pack.pairs, verdicts))
    places = np.empty(mine.height, np.uint32)
    places[mine["place"].to_numpy()] = np.arange(mine.height, dtype=np.uint32)
    pairs = places[pack.pairs]
    mine = mine.with_columns(pl.Series("place", np.arange(mine.height)))
    id_rank = mine["doc_id"].rank("ordinal").to_numpy().astype(np.int64) - 1
    clusters = cluster(
        pairs,
        np.where(at_other_times(mine, pairs), 0, verdicts["stands"].to_numpy()).astype(np.uint8),
        verdicts["kind"].to_numpy(),
        np.arange(mine.height),
        id_rank,
        keep_contained=keep_contained,
        keep_templates=keep_templates,
        keep_variants=keep_variants,
        existing=mine.select(stays()).to_series().to_numpy(),
        old=mine[ROW].to_numpy() >= height,
    )
    frame = mine.with_columns(
        pl.Series("winner", clusters.duplicate_of),
        pl.Series("container", clusters.contained_in),
        pl.Series("original", clusters.variant_of),
        pl.Series("link", clusters.link),
        pl.Series("label", clusters.cluster),
        _ids(mine["doc_id"], clusters.contained_in).alias("container_id"),
    )
    # Of a variant in an anthology too: what its row tells is of the pair by which it is a variant.
    variant = (pl.col("winner") < 0) & (pl.col("original") >= 0)
    frame = frame.with_columns(pl.col("copies").fill_null(1), pl.col("least_id").fill_null(pl.col("doc_id")))
    frame = frame.with_columns(
        pl.col("copies").sum().over("label").cast(pl.Int32).alias("cluster_size"),
        # As an earlier version names it, so that a new version puts it into the same split.
        pl.coalesce(pl.col("known").min().over("label"), pl.col("least_id").min().over("label")).alias(
            "duplicate_cluster"
        ),
    )
    other = pl.when(pl.col("winner") >= 0).then("winner").when(variant).then("original").otherwise("container")
    winners = mine.select(
        pl.col("place").alias("other"),
        pl.col(ROW).alias("kept_row"),
        pl.col("doc_id").alias("kept"),
        *(pl.col(name).alias(f"kept_{name}") for name in (*WEIGHED, *(s for s in DECIDED_BY if s not in WEIGHED))),
    )
    links = verdicts.with_columns(
        pl.Series("link", np.arange(len(pairs))), pl.Series("pair_first", pairs[:, 0].astype(np.int64))
    )
    frame = (
        frame.with_columns(pl.when(other >= 0).then(other).alias("other"))
        .join(winners, on="other", how="left", maintain_order="left")
        .join(links, on="link", how="left", maintain_order="left")
    )
    return _with_evidence(frame)


def _ids(ids: pl.Series, places: NDArray[np.int64]) -> pl.Series:
    """Return the ids at these places; null for -1."""
    return ids.gather(pl.Series(places).replace({-1: None}).cast(pl.UInt32))


def _weighed(name: str) -> pl.Expr:
    return pl.col(name).dt.to_string("iso:strict") if name.endswith("obtained") else pl.col(name)


def _with_evidence(frame: pl.DataFrame) -> pl.DataFrame:
    first = pl.col("pair_first") == pl.col("place")
    falls = pl.col("winner") >= 0
    linked_ = pl.col("other").is_not_null()
    varies = linked_ & ~falls & (pl.col("original") >= 0)
    kinds = dict(enumerate(KINDS))
    rules = dict(enumerate(RULE_NAMES))
    frame = frame.with_columns(
        pl.when(first).then("first_in_second").otherwise("second_in_first").alias("share"),
        pl.when(first).then("second_in_first").otherwise("first_in_second").alias("kept_share"),
        pl.when(first).then("first_longest_own").otherwise("second_longest_own").alias("longest_own"),
        pl.col("kind").replace_strict(kinds, return_dtype=pl.String).alias("kind"),
        pl.col("rule").replace_strict(rules, return_dtype=pl.String).alias("rule"),
    )
    evidence = pl.struct(
        pl.col("rule"),
        pl.col("kept"),
        pl.col("share").cast(pl.Float64).round(4).alias("containment"),
        pl.col("kept_share").cast(pl.Float64).round(4).alias("containment_of_kept"),
        pl.col("longest_own").alias("longest_run_of_own_words"),
        decided_by(),
        *(_weighed(f"{whose}{name}") for name in WEIGHED for whose in ("", "kept_")),
    ).struct.json_encode()
    return frame.filter(linked_ | (pl.col("cluster_size") > pl.col("copies"))).select(
        ROW,
        "doc_id",
        pl.when(falls).then("kind").alias("drop_reason"),
        pl.when(falls).then("kept_row").alias("kept_row"),
        pl.when(falls).then("kept").alias("duplicate_of"),
        pl.when(~falls).then("container_id").alias("contained_in"),
        pl.when(varies).then("kept").alias("variant_of"),
        pl.when(linked_).then("share").alias("containment"),
        *(pl.when(pl.col("cluster_size") > 1).then(name).alias(name) for name in ("duplicate_cluster", "cluster_size")),
        # Of a variant the ledger has a row, though nothing of it has changed.
        pl.when(varies).then(pl.lit("changed")).alias("verdict"),
        pl.when(linked_).then(evidence).alias("evidence"),
        # Of an old document that gives way is told what it said, since a later version may say otherwise.
        pl.when(falls).then("text_hash").alias("text_hash"),
    )
