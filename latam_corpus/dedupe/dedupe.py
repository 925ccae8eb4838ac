"""The barrier `dedupe`: find copies and near-copies of documents, and choose which document to keep.

Equal texts are found by their hash, near-duplicates by fingerprints and a direct comparison (`near_duplicates.py`). A
fixed order decides which document is kept (`order.py`). A document is dropped only if a direct comparison finds it in
the document that is kept. The result depends only on the documents, never on the order of files or workers.
"""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import polars as pl

from latam_corpus.corpus import ROW
from latam_corpus.dedupe.decide.decision_rows import decision_rows
from latam_corpus.dedupe.decide.equal_texts import EqualTexts
from latam_corpus.dedupe.decide.order import DECIDED_BY, REFUSED, Keeping, decided_by, in_order, keeper_group
from latam_corpus.dedupe.decide.pair_components import Packs
from latam_corpus.dedupe.fingerprints.fingerprint import Fingerprint, text_hash
from latam_corpus.dedupe.fingerprints.fingerprint_index import digest_of_index, open_index
from latam_corpus.dedupe.fingerprints.scheme import DEDUPE, GENRE, SKETCH, STATED, TERMS, Scheme
from latam_corpus.dedupe.near_duplicates import verified_pairs
from latam_corpus.dedupe.verify.bounds import dedupe_bounds
from latam_corpus.dedupe.verify.verify_pairs import CONTAINED, DUPLICATE, TEMPLATE, VARIANT
from latam_corpus.errors import ConfigError
from latam_corpus.messages import N_, _
from latam_corpus.paths import data_folder
from latam_corpus.stages import Barrier
from latam_corpus.storage.durable import known_digest
from latam_corpus.vocabulary import Tier, Use  # noqa: TC001  (a stage's options are checked by their types)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from latam_corpus.corpus import Corpus, Piece
    from latam_corpus.stages import Stage

_EMPTY: bytes = text_hash("")
_KEYS = ("text_hash", "doc_id", "rights_tier", *TERMS, "obtained")


@dataclass(frozen=True)
class Dedupe(Barrier):
    """The barrier that keeps one of several documents with the same or nearly the same text.

    Attributes:
        near: whether to look for near-duplicates; if not, only equal texts are found.
        contained: "keep" or "drop" documents that are part of a much longer one, such as a poem in an anthology.
        templates: "keep" or "drop" texts from one template with different numbers or names, such as decrees.
        variants: "keep" or "drop" texts that share much but differ throughout, such as a song from another place or a
            text in another spelling.
        against: an earlier release, NAME@VERSION, to compare with; the command line replaces it with the folder of that
            release's fingerprint index. Its documents are neither read nor changed.
        keep: which of a new document and its copy in that release to keep: "existing" (the release's), or "best" (the
            first in the order of keeping). Documents of the release that are dropped are listed in the run's
            `replaced.parquet`.
        admit: the rights tiers that the release admits; a copy that it may use comes before one that it may not. If
            empty, a plan takes the tiers from the recipe's release.
        uses: the uses that the release needs each document to allow; if empty, taken from the recipe's release too.
        refused: a Parquet file of documents that rights holders have since refused to the release, with the columns
            `doc_id` and `from` (a time); the command line fills it in for the recipe's release.
        scheme: how candidates are proposed: "anchors", or "minhash", the usual MinHash bands. This and the following
            options are as in `Scheme`.
        shingle: words in a run.
        bands: keys per document; for "minhash" only.
        rows: minima per key; for "minhash" only.
        seed: the seed of the hash functions.
        policies: a `filters/` folder whose `dedupe/` has the bounds; the shipped one if empty.
    """

    name: ClassVar[str] = DEDUPE
    version: ClassVar[int] = 2
    needs: ClassVar[frozenset[str]] = frozenset({*_KEYS, *STATED, GENRE})
    gives: ClassVar[frozenset[str]] = frozenset(
        {
            *("drop_reason", "duplicate_of", "contained_in", "variant_of"),
            *("containment", "duplicate_cluster", "cluster_size"),
        }
    )

    # `fingerprint` identifies them by their content, not by their paths.
    by_content: ClassVar[tuple[str, ...]] = ("against", "refused", "policies")

    near: bool = True
    contained: Literal["keep", "drop"] = "keep"
    templates: Literal["keep", "drop"] = "keep"
    variants: Literal["keep", "drop"] = "keep"
    against: str = ""
    keep: Literal["existing", "best"] = "existing"
    admit: tuple[Tier, ...] = ()
    uses: tuple[Use, ...] = ()
    refused: str = ""
    scheme: str = Scheme.name
    shingle: int = Scheme.shingle
    bands: int = Scheme.bands
    rows: int = Scheme.rows
    seed: int = Scheme.seed
    policies: str = ""

    def __post_init__(self) -> None:
        self._fingerprint().parameters()

    @property
    def aside(self) -> pl.Schema:
        """The columns to store next to the documents."""
        return SKETCH if self.near else pl.Schema()

    @property
    def policy_folder(self) -> Path | None:
        """The folder of policies whose `dedupe/` has the bounds; None if no pairs are compared."""
        return (Path(self.policies) if self.policies else data_folder("filters")) if self.near else None

    def _fingerprint(self) -> Fingerprint:
        return Fingerprint(self.near, self.scheme, self.shingle, self.bands, self.rows, self.seed)

    def expand(self) -> tuple[Stage, Dedupe]:
        """Return the stages that a plan runs: fingerprints before the barrier, and the barrier itself."""
        return (self._fingerprint(), self)

    def for_release(self, admit: tuple[Tier, ...], uses: tuple[Use, ...]) -> Dedupe:
        """Return this barrier with the terms of the recipe's release, unless it already has terms."""
        return self if self.admit or self.uses else replace(self, admit=admit, uses=uses)

    def fingerprint(self) -> str:
        """Return a digest of the bounds, the index to compare with, and the refused documents."""
        bounds = dedupe_bounds(self.policies).digest if self.near else ""
        index = digest_of_index(Path(self.against)) if self.against else ""
        if not self.refused:
            return f"{bounds} {index}"
        self._refused()  # raises if the file can't be read
        return f"{bounds} {index} {known_digest(Path(self.refused))}"

    def _refused(self) -> pl.DataFrame:
        """Return a frame REFUSED of the documents that the release may not use.

        Raises:
            ConfigError: the file can't be read.
        """
        if not self.refused:
            return pl.DataFrame(schema=REFUSED)
        try:
            return pl.read_parquet(self.refused, glob=False).select(REFUSED.names()).cast(REFUSED)
        except (OSError, pl.exceptions.PolarsError) as error:
            problem = _("it can't be read: {cause}", cause=error)
            raise ConfigError(self.refused, problem, _("name a Parquet file with `doc_id` and `from`")) from error

    def decide(self, corpus: Corpus) -> Iterator[pl.DataFrame]:
        """Yield the decisions on documents with a copy: their rows and the columns in `gives`.

        Raises:
            ConfigError: the index to compare with can't be used.
        """
        scheme = self._fingerprint().parameters()
        release_pieces = open_index(Path(self.against), corpus.height, scheme) if self.against else []
        earlier = _superseded_rows(corpus, release_pieces)
        keeping = Keeping(self.admit, self.uses, corpus.height, self.keep == "existing", self._refused())

        equal_groups = (
            _groups_of_equal_texts(rows.filter(~pl.col(ROW).is_in(earlier.implode())), keeping)
            for rows in corpus.repeated("text_hash", _KEYS, also=release_pieces)
        )
        if not self.near:
            yield from map(_decisions_on_groups, equal_groups)
            return
        with tempfile.TemporaryDirectory(prefix="equal-", dir=corpus.workdir) as folder:
            texts = EqualTexts(Path(folder))
            texts.exclude(earlier)
            for groups in equal_groups:
                texts.add(groups)
            texts.finish()
            yield from self._near(corpus, release_pieces, texts, keeping, Path(folder))
            for groups, near_decisions in texts.blocks():
                yield _decisions_on_groups(groups, near_decisions)

    def _near(
        self, corpus: Corpus, release_pieces: Sequence[Piece], texts: EqualTexts, keeping: Keeping, workdir: Path
    ) -> Iterator[pl.DataFrame]:
        """Yield the decisions on documents that have near-duplicates.

        Args:
            corpus: all documents.
            release_pieces: documents of the release to compare with.
            texts: the groups of equal texts; receives the decision on the kept document of each group.
            keeping: the order of copies.
            workdir: for temporary files.
        """
        packs = Packs(workdir)
        scheme, bounds = self._fingerprint().parameters(), dedupe_bounds(self.policies)
        choices = {CONTAINED: self.contained, TEMPLATE: self.templates, VARIANT: self.variants}
        dropped_kinds = [DUPLICATE, *(kind for kind, choice in choices.items() if choice == "drop")]
        report = verified_pairs(corpus, release_pieces, texts, scheme, bounds, keeping, packs)
        corpus.notes[self.name] = asdict(report)
        corpus.step(N_("deciding on confirmed pairs"), 0, packs.count)
        for number, pack in enumerate(packs, 1):
            decisions = decision_rows(pack, corpus.height, dropped_kinds)
            texts.add_decisions(decisions.select(pl.col(ROW).alias("kept_row"), *_NEAR_COLUMNS))
            yield decisions.drop("kept_row")
            corpus.step(N_("deciding on confirmed pairs"), number, packs.count)


def _superseded_rows(corpus: Corpus, release_pieces: Sequence[Piece]) -> pl.Series:
    """Return the rows of the release whose `doc_id` is also in the corpus: newer records supersede them."""
    earlier_rows = [pl.Series(dtype=pl.Int64)]
    is_new = pl.col(ROW) < corpus.height
    for rows in corpus.repeated("doc_id", ("doc_id",), also=release_pieces) if release_pieces else ():
        is_collected_again = pl.col("doc_id").is_in(rows.filter(is_new)["doc_id"].implode())
        earlier_rows.append(rows.filter(~is_new & is_collected_again)[ROW])
    return pl.concat(earlier_rows).sort()


def _groups_of_equal_texts(rows: pl.DataFrame, keeping: Keeping) -> pl.DataFrame:
    """Return the rows that have an equal text, each with the id and the ranking columns of the kept row.

    Args:
        rows: all rows of each text; length and damage are the same for equal texts.
        keeping: the order of copies.
    """
    ranking_columns = ("rights_tier", *DECIDED_BY, ROW)
    return (
        # Empty texts aren't copies of each other; a filter judges them.
        in_order(keeping.ranked(rows.filter(pl.col("text_hash") != _EMPTY)), "text_hash")
        .with_columns(
            pl.len().over("text_hash").alias("cluster_size"),
            pl.col("doc_id").min().over("text_hash").alias("duplicate_cluster"),
            keeper_group("text_hash"),
        )
        .with_columns(
            pl.col(name).first().over("text_hash", "keeper_group").alias(f"kept_{name}") for name in ranking_columns
        )
        .drop("keeper_group")
        .filter(pl.col("cluster_size") > 1)
    )


_NEAR_COLUMNS = (
    "drop_reason",
    "duplicate_of",
    "containment",
    "duplicate_cluster",
    "cluster_size",
    "contained_in",
    "variant_of",
)


def _decisions_on_groups(groups: pl.DataFrame, near: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return the decisions on equal documents; a group is dropped with its kept document."""
    is_dropped = pl.col(ROW) != pl.col("kept_row")
    decisions = groups.select(
        ROW,
        "doc_id",
        "text_hash",
        "kept_row",
        pl.when(is_dropped).then(pl.lit("duplicate")).alias("drop_reason"),
        pl.when(is_dropped).then("kept_doc_id").alias("duplicate_of"),
        pl.when(is_dropped).then(pl.lit(1.0, dtype=pl.Float32)).alias("containment"),
        "duplicate_cluster",
        pl.col("cluster_size").cast(pl.Int32),
        pl.when(is_dropped)
        .then(
            pl.struct(
                pl.lit("equal normalised text").alias("rule"),
                pl.col("kept_doc_id").alias("kept"),
                decided_by(),
                pl.col("rights_tier"),
                pl.col("kept_rights_tier"),
                pl.col("obtained").dt.to_string("iso:strict").alias("obtained"),
                pl.col("kept_obtained").dt.to_string("iso:strict").alias("kept_obtained"),
            ).struct.json_encode()
        )
        .alias("evidence"),
    )
    if near is None:
        return decisions.drop("kept_row")
    near_decisions = near.select("kept_row", *(pl.col(name).alias(f"near_{name}") for name in _NEAR_COLUMNS))
    decisions = decisions.join(near_decisions, on="kept_row", how="left", maintain_order="left")
    is_near_copy = pl.col("near_duplicate_of").is_not_null()
    return (
        # Decisions on kept documents come from the search for near-duplicates.
        decisions.filter((pl.col(ROW) != pl.col("kept_row")) | pl.col("near_duplicate_cluster").is_null())
        .with_columns(
            *(pl.when(is_near_copy).then(f"near_{n}").otherwise(n).alias(n) for n in ("duplicate_of", "containment")),
            pl.coalesce("near_duplicate_cluster", "duplicate_cluster").alias("duplicate_cluster"),
            pl.coalesce("near_cluster_size", "cluster_size").alias("cluster_size"),
        )
        .drop("kept_row", *(f"near_{name}" for name in _NEAR_COLUMNS))
    )
