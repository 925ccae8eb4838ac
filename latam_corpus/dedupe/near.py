"""Near-duplicates over a whole corpus, in jobs that any engine runs.

Documents are numbered in the order of keeping. The jobs: each piece's fingerprints are laid into buckets (`scatter`);
for each range of values the pairs are found that share some (`meet`); each lot of pairs is checked on the word
streams (`check`). A job holds one piece, one range or one lot. What is held of the whole corpus are the columns of
`ranked`, about 100 bytes a document, and the pairs.
"""

from __future__ import annotations

import itertools
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus import schema
from latam_corpus.corpus import ROW, ragged, rows_of
from latam_corpus.dedupe.cluster import cluster
from latam_corpus.dedupe.guards import Rarity
from latam_corpus.dedupe.pairs import Extent, Partial, merge_partial, partial_pairs
from latam_corpus.dedupe.radix import mark, marked
from latam_corpus.dedupe.scheme import Ragged, Scheme
from latam_corpus.dedupe.verify import KINDS, NONE, RULES, verify_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latam_corpus.corpus import Corpus, Piece

WORDS: Final = "words"
ANCHORS: Final = "anchors"
STREAM: Final = "stream"
SKETCH: Final = pl.Schema({WORDS: pl.UInt32(), ANCHORS: pl.List(pl.UInt64()), STREAM: pl.List(pl.UInt32())})

TIER_ORDER: Final = {tier: place for place, tier in enumerate(schema.RIGHTS_TIERS)}
RANKED: Final = ("doc_id", "rights_tier", "obtained", WORDS)

_NOBODY: Final = np.uint32(0xFFFFFFFF)
_VALUES_A_RANGE: Final = 8_000_000  # 96 MB of fingerprints, and about three times as much to pair them
_KEYS_A_MERGE: Final = 16_000_000
_WORDS_A_LOT: Final = 40_000_000  # 160 MB of streams
_BUCKETS: Final = 256
_BITS_A_VALUE: Final = 16  # of the bitmap: at most one foreign value in sixteen passes
_SHIFT: Final = np.uint64(56)


@dataclass(frozen=True)
class Report:
    """What was proposed and what became of it.

    Attributes:
        documents: that have fingerprints.
        candidates: pairs that were checked.
        by_rule: pairs by the rule that accepted or the guard that refused them.
        common: fingerprints that more documents have than are paired with each other.
        left_out: pairs that were not made for that reason.
    """

    documents: int = 0
    candidates: int = 0
    by_rule: dict[str, int] | None = None
    common: int = 0
    left_out: int = 0


@dataclass(frozen=True)
class Linked:
    """The verified pairs among the documents of a corpus.

    Attributes:
        ranked: the documents that have fingerprints, best first: `row`, `existing`, `tier`, `words` and of RANKED.
        pairs: uint32[k, 2], places in `ranked`.
        checked: a row a pair: kind, stands, rule, containment both ways, longest run of own words both ways.
        report: the counts.
    """

    ranked: pl.DataFrame
    pairs: NDArray[np.uint32]
    checked: pl.DataFrame
    report: Report


def ranked(
    corpus: Corpus, also: Sequence[Piece], out: NDArray[np.int64], scheme: Scheme, *, keep_existing: bool = True
) -> pl.DataFrame:
    """The documents that have fingerprints, in the order of keeping.

    Those of an earlier version come first, then the more open rights, then the longest, then the earliest obtained,
    then the id.

    Args:
        corpus: whose rows are decided on.
        also: documents of an earlier version; their rows start at the corpus' height or after it.
        out: rows that are equal to another one, sorted.
        scheme: says from how many words on a document has fingerprints.
        keep_existing: documents of the earlier version come first and never fall.
    """
    frames = [*corpus.frames(RANKED), *(rows_of(piece, RANKED) for piece in also)]
    every = pl.concat([frame.filter(pl.col(WORDS) >= scheme.exact_words) for frame in frames])
    place = np.searchsorted(out, every[ROW].to_numpy()).clip(max=max(len(out) - 1, 0))
    equal = out[place] == every[ROW].to_numpy() if len(out) else np.zeros(every.height, np.bool_)
    tier = pl.col("rights_tier").replace_strict(TIER_ORDER, default=len(TIER_ORDER), return_dtype=pl.Int8)
    return (
        every.filter(~equal)
        .with_columns(tier.alias("tier"), ((pl.col(ROW) >= corpus.height) & keep_existing).alias("existing"))
        .sort(
            "existing", "tier", WORDS, "obtained", "doc_id", ROW,
            descending=[True, False, True, False, False, False], nulls_last=True,
        )
    )  # fmt: skip


def linked(
    corpus: Corpus, also: Sequence[Piece], out: NDArray[np.int64], scheme: Scheme, *, keep_existing: bool = True
) -> Linked:
    """The verified pairs of the corpus' documents, with those of an earlier version among them.

    Args:
        corpus: see `ranked`, as the other arguments.
        also: likewise.
        out: likewise.
        scheme: how candidates are proposed.
        keep_existing: see `ranked`.
    """
    order = ranked(corpus, also, out, scheme, keep_existing=keep_existing)
    pieces = [*corpus.pieces(), *also]
    with tempfile.TemporaryDirectory(prefix="near-", dir=corpus.room) as name:
        room = Path(name)
        rows = order[ROW].to_numpy()
        number_of = np.full(max((p.start + p.height for p in pieces), default=0), _NOBODY, np.uint32)
        number_of[rows] = np.arange(len(rows), dtype=np.uint32)
        np.save(room / "numbers.npy", number_of)
        np.save(room / "rows.npy", rows)
        counts = np.zeros(len(rows), np.int64)
        files = [room / f"{number:06d}" for number in range(len(pieces))]
        jobs = [Scatter(piece, file, room) for piece, file in zip(pieces, files, strict=True)]
        new, known = jobs[: len(pieces) - len(also)], jobs[len(pieces) - len(also) :]
        for numbers, found in corpus.map(scatter, new):
            counts[numbers] = found
        if known:
            _mark_new(new, int(counts.sum()), room)
        for numbers, found in corpus.map(scatter, [replace(job, known=True) for job in known]):
            counts[numbers] = found
        ranges = min(-(-int(counts.sum()) // _VALUES_A_RANGE), _BUCKETS)
        met = list(corpus.map(meet, [Meet(n, ranges, tuple(files), room) for n in range(ranges)]))
        words = order[WORDS].to_numpy().astype(np.int64)
        extent = Extent.of(words, counts, scheme)
        pairs, common, report = _merged(sorted(met), extent)
        if known:
            # What two documents of the earlier version are to one another was settled when it was built.
            pairs = pairs[(rows[pairs] < corpus.height).any(axis=1)]
        np.save(room / "common.npy", common)
        lots = _lots(pairs, rows, words, pieces, room)
        done = sorted(corpus.map(check, lots))
        if not done:
            return Linked(order, pairs[:0], pl.DataFrame(schema=_CHECKED), report)
        checked = pl.concat([pl.read_parquet(path) for path in done])
        by_rule = {RULES[rule] or "none": n for rule, n in checked.group_by("rule").len().sort("rule").iter_rows()}
    told = Report(order.height, checked.height, by_rule, report.common, report.left_out)
    true = checked.filter(pl.col("kind") != NONE).sort("first", "second")
    return Linked(order, true.select("first", "second").to_numpy().astype(np.uint32), true, told)


@dataclass(frozen=True)
class Scatter:
    """A piece whose fingerprints are laid into buckets by their top bits, in files named by `file`.

    Of a piece of an earlier version (`known`) only those are that a new document may have too.
    """

    piece: Piece
    file: Path
    room: Path
    known: bool = False

    @property
    def bytes(self) -> int:
        """How large it is, about."""
        return self.piece.bytes


def scatter(job: Scatter) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The numbers of the piece's documents, and how many fingerprints each has."""
    piece = job.piece
    numbers = np.load(job.room / "numbers.npy", mmap_mode="r")[piece.start : piece.start + piece.height]
    inside = numbers != _NOBODY
    values, offsets = ragged(piece.read([ANCHORS])[ANCHORS].filter(pl.Series(inside)))
    numbers = numbers[inside]
    counts = np.diff(offsets)
    documents = np.repeat(numbers, counts)
    if job.known:
        met = marked(values, np.load(job.room / "new.npy", mmap_mode="r"))
        values, documents = values[met], documents[met]
    buckets = (values >> _SHIFT).astype(np.uint8)
    order = np.argsort(buckets, kind="stable")
    starts = np.concatenate(([0], np.cumsum(np.bincount(buckets, minlength=_BUCKETS))))
    for name, found in (("values", values[order]), ("documents", documents[order]), ("starts", starts)):
        np.save(job.file.with_suffix(f".{name}.npy"), found)
    return numbers, counts


def _mark_new(jobs: Sequence[Scatter], values: int, room: Path) -> None:
    """Write a bitmap of the new documents' fingerprints, by which those of an earlier version are sifted."""
    marks = np.zeros(max(1, 1 << (values * _BITS_A_VALUE // 64).bit_length()), np.uint64)
    for job in jobs:
        mark(np.load(job.file.with_suffix(".values.npy"), mmap_mode="r"), marks)
    np.save(room / "new.npy", marks)


@dataclass(frozen=True)
class Meet:
    """A range of fingerprint values, of all pieces."""

    number: int
    ranges: int
    files: tuple[Path, ...]
    room: Path

    @property
    def bytes(self) -> int:
        """All ranges are about as large."""
        return 1


def meet(job: Meet) -> Path:
    """The file with the pairs that share fingerprints in the range."""
    low, high = (n * _BUCKETS // job.ranges for n in (job.number, job.number + 1))
    values, documents = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint32)]
    for file in job.files:
        first, end = np.load(file.with_suffix(".starts.npy"))[[low, high]].tolist()
        values.append(np.load(file.with_suffix(".values.npy"), mmap_mode="r")[first:end])
        documents.append(np.load(file.with_suffix(".documents.npy"), mmap_mode="r")[first:end])
    made = partial_pairs(np.concatenate(values), np.concatenate(documents))
    path = job.room / f"range-{job.number:06d}.npz"
    told = np.array([made.values, made.over_cap, made.left_out], np.int64)
    np.savez(path, keys=made.keys, counts=made.counts, common=made.common, told=told)
    return path


def _merged(files: Sequence[Path], extent: Extent) -> tuple[NDArray[np.uint32], NDArray[np.uint64], Report]:
    """The candidates of all ranges, the common fingerprints, and what the cap left out."""
    partials = []
    for path in files:
        with np.load(path) as found:
            values, over_cap, left_out = found["told"].tolist()
            partials.append(Partial(found["keys"], found["counts"], found["common"], values, over_cap, left_out))
    n = len(extent.counts)
    steps = 1 + sum(len(partial.keys) for partial in partials) // _KEYS_A_MERGE
    cuts = [n * step // steps for step in range(steps + 1)]
    made = [merge_partial(partials, extent, low, high) for low, high in itertools.pairwise(cuts)]
    report = Report(common=made[0].over_cap, left_out=made[0].left_out)
    return np.concatenate([one.pairs for one in made]), made[0].common, report


@dataclass(frozen=True, eq=False)
class Lot:
    """Pairs to be checked together."""

    pairs: NDArray[np.uint32]
    pieces: tuple[Piece, ...]
    file: Path
    room: Path

    @property
    def bytes(self) -> int:
        """As many as the pairs take."""
        return self.pairs.nbytes


def _lots(
    pairs: NDArray[np.uint32],
    rows: NDArray[np.int64],
    words: NDArray[np.int64],
    pieces: Sequence[Piece],
    room: Path,
) -> list[Lot]:
    """The pairs in lots, those of the same pieces together, each with the pieces that hold its documents."""
    starts = np.array([piece.start for piece in pieces], np.int64)
    at = (np.searchsorted(starts, rows, side="right") - 1)[pairs]
    order = np.lexsort((pairs[:, 1], pairs[:, 0], at[:, 1], at[:, 0]))
    pairs, at = pairs[order], at[order]
    # An upper bound: a document in several pairs of a lot is counted each time, but held once.
    weight = np.cumsum(words[pairs].sum(axis=1))
    lots: list[Lot] = []
    first = 0
    while first < len(pairs):
        end = int(np.searchsorted(weight, (weight[first - 1] if first else 0) + _WORDS_A_LOT, side="right"))
        end = max(end, first + 1)
        mine = tuple(pieces[number] for number in np.unique(at[first:end]).tolist())
        lots.append(Lot(pairs[first:end], mine, room / f"lot-{len(lots):06d}.parquet", room))
        first = end
    return lots


_CHECKED: Final = pl.Schema(
    {
        "first": pl.UInt32(),
        "second": pl.UInt32(),
        "kind": pl.UInt8(),
        "stands": pl.UInt8(),
        "rule": pl.UInt8(),
        "first_in_second": pl.Float32(),
        "second_in_first": pl.Float32(),
        "first_longest_own": pl.Int32(),
        "second_longest_own": pl.Int32(),
    }
)


def check(job: Lot) -> Path:
    """The file with the verdicts on the lot's pairs, in their order."""
    rows = np.load(job.room / "rows.npy", mmap_mode="r")
    numbers = np.unique(job.pairs)
    wanted = rows[numbers]
    order = np.argsort(wanted)  # as they lie in the pieces
    frames = []
    for piece in job.pieces:
        here = wanted[order]
        low, high = np.searchsorted(here, [piece.start, piece.start + piece.height])
        frames.append(piece.read([STREAM, ANCHORS, WORDS])[here[low:high] - piece.start])
    place = np.empty(len(numbers), np.uint32)
    place[order] = np.arange(len(numbers), dtype=np.uint32)
    held = pl.concat(frames)
    streams, anchors = (Ragged(*ragged(held[name])) for name in (STREAM, ANCHORS))
    rarity = Rarity(anchors, np.load(job.room / "common.npy"), held[WORDS].to_numpy().astype(np.int64))
    made = verify_pairs(streams, place[np.searchsorted(numbers, job.pairs)], rarity=rarity)
    columns = (job.pairs[:, 0], job.pairs[:, 1], made.kind, made.stands, made.rule,
               *made.containment.T, *made.longest_run.T)  # fmt: skip
    told = {name: np.ascontiguousarray(found) for name, found in zip(_CHECKED, columns, strict=True)}
    pl.DataFrame(told, schema=_CHECKED).write_parquet(job.file)
    return job.file


def decided(found: Linked, weights: pl.DataFrame, *, keep_contained: bool, keep_templates: bool) -> pl.DataFrame:
    """What is decided on each document that has a verified link: one row a document.

    Args:
        found: of `linked`.
        weights: `row`, how many documents have its text (`copies`) and the smallest id among them (`least_id`).
        keep_contained: a document that stands in a much longer one is kept.
        keep_templates: texts of one template are kept.

    Returns:
        `row`, `doc_id`, `drop_reason`, `kept_row`, `duplicate_of`, `contained_in`, `containment`, `duplicate_cluster`,
        `cluster_size`, `evidence`; null where it doesn't apply.
    """
    numbers = np.unique(found.pairs)
    pairs = np.searchsorted(numbers, found.pairs).astype(np.uint32)
    mine = found.ranked[numbers].with_row_index("place").with_columns(pl.col("place").cast(pl.Int64))
    id_rank = mine["doc_id"].rank("ordinal").to_numpy().astype(np.int64) - 1
    made = cluster(
        pairs,
        found.checked["stands"].to_numpy(),
        found.checked["kind"].to_numpy(),
        np.arange(len(numbers)),
        id_rank,
        keep_contained=keep_contained,
        keep_templates=keep_templates,
        existing=mine["existing"].to_numpy(),
    )
    frame = mine.with_columns(
        pl.Series("winner", made.duplicate_of),
        pl.Series("container", made.contained_in),
        pl.Series("link", made.link),
        pl.Series("label", made.cluster),
    ).join(weights, on=ROW, how="left", maintain_order="left")
    frame = frame.with_columns(pl.col("copies").fill_null(1), pl.col("least_id").fill_null(pl.col("doc_id")))
    frame = frame.with_columns(
        pl.col("copies").sum().over("label").cast(pl.Int32).alias("cluster_size"),
        pl.col("least_id").min().over("label").alias("duplicate_cluster"),
    )
    other = pl.when(pl.col("winner") >= 0).then("winner").otherwise("container")
    kept = mine.select(
        pl.col("place").alias("other"),
        pl.col(ROW).alias("kept_row"),
        pl.col("doc_id").alias("kept"),
        *(pl.col(name).alias(f"kept_{name}") for name in ("rights_tier", WORDS, "obtained")),
    )
    links = found.checked.with_columns(
        pl.Series("link", np.arange(len(pairs))), pl.Series("pair_first", pairs[:, 0].astype(np.int64))
    )
    frame = (
        frame.with_columns(pl.when(other >= 0).then(other).alias("other"))
        .join(kept, on="other", how="left", maintain_order="left")
        .join(links, on="link", how="left", maintain_order="left")
    )
    return _told(frame)


def _told(frame: pl.DataFrame) -> pl.DataFrame:
    first = pl.col("pair_first") == pl.col("place")
    falls = pl.col("winner") >= 0
    linked_ = pl.col("other").is_not_null()
    kinds = dict(enumerate(KINDS))
    rules = dict(enumerate(RULES))
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
        pl.col(WORDS),
        pl.col("kept_words"),
        pl.col("rights_tier"),
        pl.col("kept_rights_tier"),
        pl.col("obtained").dt.to_string("iso:strict"),
        pl.col("kept_obtained").dt.to_string("iso:strict"),
    ).struct.json_encode()
    return frame.filter(linked_ | (pl.col("cluster_size") > pl.col("copies"))).select(
        ROW,
        "doc_id",
        pl.when(falls).then("kind").alias("drop_reason"),
        pl.when(falls).then("kept_row").alias("kept_row"),
        pl.when(falls).then("kept").alias("duplicate_of"),
        pl.when(linked_ & ~falls).then("kept").alias("contained_in"),
        pl.when(linked_).then("share").alias("containment"),
        *(pl.when(pl.col("cluster_size") > 1).then(name).alias(name) for name in ("duplicate_cluster", "cluster_size")),
        pl.when(linked_).then(evidence).alias("evidence"),
    )
