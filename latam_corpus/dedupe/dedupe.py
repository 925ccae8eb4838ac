"""The barrier `dedupe`: which documents say what another one says already, and which of them is kept.

Equal texts are found by their hash, near-duplicates by fingerprints and a check (`near_duplicates.py`). The kept one is
chosen by a stated order (`order.py`). What falls stands in what is kept, by a direct link. The result depends on the
documents alone, never on the order of files or workers.
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
from latam_corpus.dedupe.decide.order import DECIDED_BY, REFUSED, TERMS, Keeping, decided_by, in_order, part_of
from latam_corpus.dedupe.decide.pair_components import Packs
from latam_corpus.dedupe.fingerprints.fingerprint import Fingerprint, text_hash
from latam_corpus.dedupe.fingerprints.fingerprint_index import digest_of_index, open_index
from latam_corpus.dedupe.fingerprints.scheme import DEDUPE, GENRE, SKETCH, STATED, Scheme
from latam_corpus.dedupe.near_duplicates import verified_pairs
from latam_corpus.dedupe.verify.bounds import dedupe_bounds
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
    """The barrier that keeps one of several documents which say the same.

    Attributes:
        near: whether near-duplicates are looked for; else only equal texts are.
        contained: "keep" or "drop" documents that stand in a much longer one, such as a poem in an anthology.
        templates: "keep" or "drop" texts of one form with other numbers or names, such as decrees.
        variants: "keep" or "drop" texts that share much and have words of their own throughout, such as a song from
            another place or a text in another spelling.
        against: a release, NAME@VERSION, whose documents are known already; the command line puts the folder of its
            fingerprint index in its place. Its documents are neither read nor changed.
        keep: of a document of that release and a new one: "existing", the release's; or "best", whichever the order
            of keeping prefers. Old ones that fall are listed in the run's `replaced.parquet`.
        admit: the rights tiers that the release admits: a copy that it may use comes before one that it may not. A plan
            puts those of the recipe's release in the place of none.
        uses: what the release needs each document to allow; the same.
        refused: a Parquet file of documents that owners have refused to the release since, with `doc_id` and `from`
            when; the command line puts that of the recipe's release there.
        scheme: how candidates are proposed: "anchors", or "minhash", the field's bands; what follows as in `Scheme`.
        shingle: words in a run.
        bands: keys of a document; for "minhash" only.
        rows: minima that a key is made of; for "minhash" only.
        seed: of the hash functions.
        policies: a `filters/` folder, whose `dedupe/` has the bounds; the shipped one when empty.
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

    # They are told by their content: see `fingerprint`.
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
        """The columns that it wants stored beside the documents."""
        return SKETCH if self.near else pl.Schema()

    @property
    def policy_folder(self) -> Path | None:
        """The folder of policies whose `dedupe/` has its bounds; None if it compares no pairs."""
        return (Path(self.policies) if self.policies else data_folder("filters")) if self.near else None

    def _fingerprint(self) -> Fingerprint:
        return Fingerprint(self.near, self.scheme, self.shingle, self.bands, self.rows, self.seed)

    def expand(self) -> tuple[Stage, Dedupe]:
        """Return what a plan runs for it: fingerprints before the cut, the decision at it."""
        return (self._fingerprint(), self)

    def for_release(self, admit: tuple[Tier, ...], uses: tuple[Use, ...]) -> Dedupe:
        """Return the same, weighing the terms of the recipe's release where it states none."""
        return self if self.admit or self.uses else replace(self, admit=admit, uses=uses)

    def fingerprint(self) -> str:
        """Return what changes with the bounds, with the index that is compared with, and with what is refused."""
        bounds = dedupe_bounds(self.policies).digest if self.near else ""
        index = digest_of_index(Path(self.against)) if self.against else ""
        if not self.refused:
            return f"{bounds} {index}"
        self._refused()
        return f"{bounds} {index} {known_digest(Path(self.refused))}"

    def _refused(self) -> pl.DataFrame:
        """Return the documents that the release may not use, REFUSED.

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
        """Yield what it decides, for each document that has a copy: the row and what the barrier gives.

        Raises:
            ConfigError: the index that is compared with can't be used.
        """
        scheme = self._fingerprint().parameters()
        also = open_index(Path(self.against), corpus.height, scheme) if self.against else []
        earlier = _earlier_records(corpus, also)
        keeping = Keeping(self.admit, self.uses, corpus.height, self.keep == "existing", self._refused())

        equal = (
            _equal(rows.filter(~pl.col(ROW).is_in(earlier.implode())), keeping)
            for rows in corpus.repeated("text_hash", _KEYS, also=also)
        )
        if not self.near:
            yield from map(_decided, equal)
            return
        with tempfile.TemporaryDirectory(prefix="equal-", dir=corpus.workdir) as name:
            texts = EqualTexts(Path(name))
            texts.leave_out(earlier)
            for groups in equal:
                texts.add(groups)
            texts.end()
            yield from self._near(corpus, also, texts, keeping, Path(name))
            for groups, near in texts.blocks():
                yield _decided(groups, near)

    def _near(
        self, corpus: Corpus, also: Sequence[Piece], texts: EqualTexts, keeping: Keeping, workdir: Path
    ) -> Iterator[pl.DataFrame]:
        """Yield what is decided on documents that have near-duplicates.

        Args:
            corpus: all of them.
            also: those of the release that is compared with.
            texts: those that have an equal text; they are told what becomes of the kept ones.
            keeping: by what copies are put in order.
            workdir: for files.
        """
        packs = Packs(workdir)
        scheme, bounds = self._fingerprint().parameters(), dedupe_bounds(self.policies)
        report = verified_pairs(corpus, also, texts, scheme, bounds, keeping, packs)
        corpus.notes[self.name] = asdict(report)
        corpus.step(N_("deciding on true pairs"), 0, packs.count)
        for number, pack in enumerate(packs, 1):
            near = decision_rows(
                pack,
                corpus.height,
                keep_contained=self.contained == "keep",
                keep_templates=self.templates == "keep",
                keep_variants=self.variants == "keep",
            )
            texts.tell(near.select(pl.col(ROW).alias("kept_row"), *_NEAR_COLUMNS))
            yield near.drop("kept_row")
            corpus.step(N_("deciding on true pairs"), number, packs.count)


def _earlier_records(corpus: Corpus, also: Sequence[Piece]) -> pl.Series:
    """Give the rows of an earlier version that are earlier records of documents of the corpus: these supersede them."""
    found = [pl.Series(dtype=pl.Int64)]
    mine = pl.col(ROW) < corpus.height
    for rows in corpus.repeated("doc_id", ("doc_id",), also=also) if also else ():
        known = pl.col("doc_id").is_in(rows.filter(mine)["doc_id"].implode())
        found.append(rows.filter(~mine & known)[ROW])
    return pl.concat(found).sort()


def _equal(rows: pl.DataFrame, keeping: Keeping) -> pl.DataFrame:
    """Give the rows that have an equal text, each with the kept row of its group, its id and what the choice rests on.

    Args:
        rows: with all of a text; it is as long and as damaged in each.
        keeping: by what copies are put in order.
    """
    weighed = ("rights_tier", *DECIDED_BY, ROW)
    return (
        # Nothing is a copy of nothing: empty texts are for a filter to judge.
        in_order(keeping.ranked(rows.filter(pl.col("text_hash") != _EMPTY)), "text_hash")
        .with_columns(
            pl.len().over("text_hash").alias("cluster_size"),
            pl.col("doc_id").min().over("text_hash").alias("duplicate_cluster"),
            part_of("text_hash"),
        )
        .with_columns(pl.col(name).first().over("text_hash", "part_of").alias(f"kept_{name}") for name in weighed)
        .drop("part_of")
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


def _decided(groups: pl.DataFrame, near: pl.DataFrame | None = None) -> pl.DataFrame:
    """Give what is decided on equal documents; where the kept one of a group falls as a near-duplicate, so do they."""
    falls = pl.col(ROW) != pl.col("kept_row")
    decisions = groups.select(
        ROW,
        "doc_id",
        "text_hash",
        "kept_row",
        pl.when(falls).then(pl.lit("duplicate")).alias("drop_reason"),
        pl.when(falls).then("kept_doc_id").alias("duplicate_of"),
        pl.when(falls).then(pl.lit(1.0, dtype=pl.Float32)).alias("containment"),
        "duplicate_cluster",
        pl.col("cluster_size").cast(pl.Int32),
        pl.when(falls)
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
    fates = near.select("kept_row", *(pl.col(name).alias(f"near_{name}") for name in _NEAR_COLUMNS))
    decisions = decisions.join(fates, on="kept_row", how="left", maintain_order="left")
    is_near_copy = pl.col("near_duplicate_of").is_not_null()
    return (
        # What the search for near-duplicates has said of the kept ones stands there.
        decisions.filter((pl.col(ROW) != pl.col("kept_row")) | pl.col("near_duplicate_cluster").is_null())
        .with_columns(
            *(pl.when(is_near_copy).then(f"near_{n}").otherwise(n).alias(n) for n in ("duplicate_of", "containment")),
            pl.coalesce("near_duplicate_cluster", "duplicate_cluster").alias("duplicate_cluster"),
            pl.coalesce("near_cluster_size", "cluster_size").alias("cluster_size"),
        )
        .drop("kept_row", *(f"near_{name}" for name in _NEAR_COLUMNS))
    )
