"""Decide which documents of a pack are dropped in favour of which kept one, and return rows with evidence.

Documents are visited in the order of keeping (`order.py`). A document is dropped only if a verified pair links it
directly with a kept document that contains it. A truncated copy that is more open or less damaged comes before the full
text but can't replace it, because it doesn't contain the full text: both are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus.corpus import ROW
from latam_corpus.dedupe.candidates.pairing_kernels import NO_DOCUMENT, containers, decide, neighbours, originals
from latam_corpus.dedupe.decide.order import DECIDED_BY, RELATIVE_DAMAGE, decided_by, is_fixed, reordered, terms_cross
from latam_corpus.dedupe.decide.relative_damage import compared_with_copies
from latam_corpus.dedupe.fingerprints.scheme import APPENDED, DAMAGE, WORDS
from latam_corpus.dedupe.verify.rules import RULE_NAMES
from latam_corpus.dedupe.verify.verify_pairs import DUPLICATE, KINDS

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from latam_corpus.dedupe.decide.pair_components import Pack


@dataclass(frozen=True, eq=False)
class Decisions:
    """The decisions on n documents, by number.

    Attributes:
        duplicate_of: int64[n], the kept document that contains a dropped one; -1 for a kept document.
        contained_in: int64[n], the much longer kept document that contains this one, or -1. This one may be kept too.
        variant_of: int64[n], for a kept document, its original (the first in the order of keeping), or -1.
        link: int64[n], the row of the pair by which the document is dropped, contained or a variant, or -1.
        cluster: int64[n], the first document of the cluster in the order of ids; the document itself if it has no
            cluster.
    """

    duplicate_of: NDArray[np.int64]
    contained_in: NDArray[np.int64]
    variant_of: NDArray[np.int64]
    link: NDArray[np.int64]
    cluster: NDArray[np.int64]

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Whether each document is kept, bool[n]."""
        return np.asarray(self.duplicate_of == NO_DOCUMENT, np.bool_)


def cluster(
    pairs: NDArray[np.uint32],
    inclusion: NDArray[np.uint8],
    kind: NDArray[np.uint8],
    order: NDArray[np.int64],
    id_rank: NDArray[np.int64],
    *,
    dropped_kinds: Collection[int] = (DUPLICATE,),
    existing: NDArray[np.bool_] | None = None,
    old: NDArray[np.bool_] | None = None,
) -> Decisions:
    """Return the decision on each document.

    Args:
        pairs: uint32[k, 2], verified pairs, in any order.
        inclusion: uint8[k], which document is in the other (`Verdicts.inclusion`).
        kind: uint8[k] (`Verdicts.kind`).
        order: int64[n], the documents in the order of keeping (`order.in_order`).
        id_rank: int64[n], the rank of each document's id among all ids; it names clusters.
        dropped_kinds: the kinds of pairs by which a document is dropped. For other kinds, it is kept and its container
            or original is recorded.
        existing: bool[n], whether a document of an earlier version comes first and is never dropped.
        old: bool[n], whether a document is of an earlier version, droppable or not; `existing` if omitted.

    >>> pairs = np.array([[0, 1], [1, 2]], np.uint32)  # 0 is in 1, and 1 in 2, but 0 isn't in 2
    >>> made = cluster(pairs, np.array([1, 1], np.uint8), np.array([1, 1], np.uint8), np.array([2, 1, 0]), np.arange(3))
    >>> made.kept.tolist(), made.duplicate_of.tolist()
    ([True, False, True], [-1, 2, -1])
    """
    n = len(order)
    fixed = np.zeros(n, np.bool_) if existing is None else existing
    order = np.concatenate((order[fixed[order]], order[~fixed[order]]))
    position = np.empty(n, np.int64)
    position[order] = np.arange(n)
    drops = np.zeros(len(KINDS), np.bool_)
    drops[list(dropped_kinds)] = True
    links_of = neighbours(pairs, kind, n)
    duplicate_of, link, labels = decide(pairs, inclusion, kind, order, position, fixed, drops, links_of)
    contained_in = containers(pairs, inclusion, kind, position, duplicate_of, link)
    variant_of = originals(pairs, kind, position, fixed if old is None else old, duplicate_of, link)
    first_rank = np.full(n, n, np.int64)
    np.minimum.at(first_rank, labels, id_rank)
    document_by_rank = np.empty(n, np.int64)
    document_by_rank[id_rank] = np.arange(n)
    return Decisions(duplicate_of, contained_in, variant_of, link, document_by_rank[first_rank[labels]])


# The evidence shows these values of both documents.
EVIDENCE_COLUMNS: Final = ("rights_tier", *DAMAGE, RELATIVE_DAMAGE, APPENDED, WORDS, "obtained")


# Columns of earlier versions only: the name of the document's cluster in that version, and the hash of its text.
EARLIER_COLUMNS: Final = pl.Schema({"earlier_cluster": pl.String(), "text_hash": pl.Binary()})


def decision_rows(pack: Pack, height: int, dropped_kinds: Collection[int]) -> pl.DataFrame:
    """Return a row with the decision for each document of a pack that has a verified pair or an equal text.

    Args:
        pack: the pack; each of its documents has the number of documents with an equal text (`copies`), the smallest id
            of these (`least_id`), and EARLIER_COLUMNS if any is of an earlier version.
        height: rows from this one on are of an earlier version.
        dropped_kinds: the kinds of pairs by which a document is dropped.

    Returns:
        `row`, `doc_id`, `drop_reason`, `kept_row`, `duplicate_of`, `contained_in`, `variant_of`, `containment`,
        `duplicate_cluster`, `cluster_size`, `evidence`, and for rows of an earlier version `text_hash`; null if a
        column doesn't apply.
    """
    verdicts = pack.verdicts
    pack_columns = pack.documents.columns
    documents = pack.documents.with_columns(
        pl.lit(None, kind).alias(n) for n, kind in EARLIER_COLUMNS.items() if n not in pack_columns
    )
    documents = documents.with_row_index("place")
    documents = reordered(documents, *compared_with_copies(documents, pack.pairs, verdicts))
    places = np.empty(documents.height, np.uint32)
    places[documents["place"].to_numpy()] = np.arange(documents.height, dtype=np.uint32)
    pairs = places[pack.pairs]
    documents = documents.with_columns(pl.Series("place", np.arange(documents.height)))
    id_rank = documents["doc_id"].rank("ordinal").to_numpy().astype(np.int64) - 1
    clusters = cluster(
        pairs,
        np.where(terms_cross(documents, pairs), 0, verdicts["inclusion"].to_numpy()).astype(np.uint8),
        verdicts["kind"].to_numpy(),
        np.arange(documents.height),
        id_rank,
        dropped_kinds=dropped_kinds,
        existing=documents.select(is_fixed()).to_series().to_numpy(),
        old=documents[ROW].to_numpy() >= height,
    )
    frame = documents.with_columns(
        pl.Series("winner", clusters.duplicate_of),
        pl.Series("container", clusters.contained_in),
        pl.Series("original", clusters.variant_of),
        pl.Series("link", clusters.link),
        pl.Series("label", clusters.cluster),
        _ids(documents["doc_id"], clusters.contained_in).alias("container_id"),
    )
    # If a variant is also in an anthology, the reported pair is the one that makes it a variant.
    is_variant = (pl.col("winner") < 0) & (pl.col("original") >= 0)
    frame = frame.with_columns(pl.col("copies").fill_null(1), pl.col("least_id").fill_null(pl.col("doc_id")))
    frame = frame.with_columns(
        pl.col("copies").sum().over("label").cast(pl.Int32).alias("cluster_size"),
        # A cluster keeps its name of the earlier version, so that a new version puts it into the same split.
        pl.coalesce(pl.col("earlier_cluster").min().over("label"), pl.col("least_id").min().over("label")).alias(
            "duplicate_cluster"
        ),
    )
    linked = pl.when(pl.col("winner") >= 0).then("winner").when(is_variant).then("original").otherwise("container")
    linked_documents = documents.select(
        pl.col("place").alias("linked"),
        pl.col(ROW).alias("kept_row"),
        pl.col("doc_id").alias("kept"),
        *(
            pl.col(name).alias(f"kept_{name}")
            for name in (*EVIDENCE_COLUMNS, *(s for s in DECIDED_BY if s not in EVIDENCE_COLUMNS))
        ),
    )
    links = verdicts.with_columns(
        pl.Series("link", np.arange(len(pairs))), pl.Series("pair_first", pairs[:, 0].astype(np.int64))
    )
    frame = (
        frame.with_columns(pl.when(linked >= 0).then(linked).alias("linked"))
        .join(linked_documents, on="linked", how="left", maintain_order="left")
        .join(links, on="link", how="left", maintain_order="left")
    )
    return _with_evidence(frame)


def _ids(ids: pl.Series, places: NDArray[np.int64]) -> pl.Series:
    """Return the ids at these indices; null for -1."""
    return ids.gather(pl.Series(places).replace({-1: None}).cast(pl.UInt32))


def _as_evidence(name: str) -> pl.Expr:
    return pl.col(name).dt.to_string("iso:strict") if name.endswith("obtained") else pl.col(name)


def _with_evidence(frame: pl.DataFrame) -> pl.DataFrame:
    is_first = pl.col("pair_first") == pl.col("place")
    is_dropped = pl.col("winner") >= 0
    is_linked = pl.col("linked").is_not_null()
    is_variant = is_linked & ~is_dropped & (pl.col("original") >= 0)
    kinds = dict(enumerate(KINDS))
    rules = dict(enumerate(RULE_NAMES))
    frame = frame.with_columns(
        pl.when(is_first).then("first_in_second").otherwise("second_in_first").alias("share"),
        pl.when(is_first).then("second_in_first").otherwise("first_in_second").alias("kept_share"),
        pl.when(is_first).then("first_longest_own").otherwise("second_longest_own").alias("longest_own"),
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
        *(_as_evidence(f"{whose}{name}") for name in EVIDENCE_COLUMNS for whose in ("", "kept_")),
    ).struct.json_encode()
    return frame.filter(is_linked | (pl.col("cluster_size") > pl.col("copies"))).select(
        ROW,
        "doc_id",
        pl.when(is_dropped).then("kind").alias("drop_reason"),
        pl.when(is_dropped).then("kept_row").alias("kept_row"),
        pl.when(is_dropped).then("kept").alias("duplicate_of"),
        pl.when(~is_dropped).then("container_id").alias("contained_in"),
        pl.when(is_variant).then("kept").alias("variant_of"),
        pl.when(is_linked).then("share").alias("containment"),
        *(pl.when(pl.col("cluster_size") > 1).then(name).alias(name) for name in ("duplicate_cluster", "cluster_size")),
        # A variant gets a ledger row too, although it isn't changed.
        pl.when(is_variant).then(pl.lit("changed")).alias("verdict"),
        pl.when(is_linked).then(evidence).alias("evidence"),
        # The hash identifies the text of a dropped earlier document, since a later record may have another text.
        pl.when(is_dropped).then("text_hash").alias("text_hash"),
    )
