"""The order of keeping, which decides which of several copies of a text is kept. It is defined only here.

1. Terms: documents that the recipe's release may use, always or for longer.
2. Version: a document of the earlier version, if its documents are kept.
3. Rights: the more open tier.
4. Damage: the less damaged text, judged alone (`damage.py`) and against its copies (`relative_damage.py`).
5. Added words: the text without an added menu, summary or questions (`appended.py`).
6. Length: the longer text, in steps of 2 %.
7. Date: the document obtained earlier.
8. Id: the smaller one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from latam_corpus import vocabulary
from latam_corpus.corpus import ROW
from latam_corpus.dedupe.fingerprints.appended import classes
from latam_corpus.dedupe.fingerprints.damage import CLASSES, class_of_damage
from latam_corpus.dedupe.fingerprints.scheme import APPENDED, DAMAGE, TERMS, WORDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Steps of the order: the column to sort by, ascending → the name of the step in the ledger.
DECIDED_BY: Final = {
    "terms": "terms",
    "ends": "terms",
    "begins": "terms",
    "new": "existing",
    "tier": "rights_tier",
    "damaged": "damage",
    "added": "appended",
    "shorter": "words",
    "obtained": "obtained",
    "doc_id": "doc_id",
}
_STEPS: Final = (*DECIDED_BY, ROW)
_TIERS: Final = {tier: rank for rank, tier in enumerate(vocabulary.RIGHTS_TIERS)}

RELATIVE_DAMAGE: Final = "damage_beside"  # damaged words per 1,000 that are undamaged in a copy

_USABLE: Final = 0
_FOR_A_TIME: Final = 1
_WITHHELD: Final = 2
_NEVER: Final = 1 << 22  # days after 1970: beyond the year 9999
# Documents that rights holders have refused to the release; a refusal covers copies obtained at `from` or later.
REFUSED: Final = pl.Schema({"doc_id": pl.String(), "from": pl.Datetime("us", "UTC")})

_LENGTH_STEP: Final = 50  # a class of lengths begins 1/50 above the previous one


def _length_thresholds() -> list[int]:
    # Computed in integers, because the rounding of a logarithm may differ between machines.
    steps = [1]
    while steps[-1] < 1 << 32:
        steps.append(max(steps[-1] + 1, steps[-1] * (_LENGTH_STEP + 1) // _LENGTH_STEP))
    return steps


_LENGTHS: Final = np.array(_length_thresholds(), np.int64)


@dataclass(frozen=True)
class Keeping:
    """The parameters of the order of keeping.

    Attributes:
        admit: the rights tiers that the recipe's release admits; empty if it makes no release.
        uses: the uses that each document must allow.
        height: rows from this one on are of an earlier version, which admitted them.
        existing: whether rows of the earlier version come before new rows, unless the release may use those for longer.
        refused: a frame REFUSED with one row for each document that the release may not use.
    """

    admit: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    height: int = 1 << 62
    existing: bool = False
    refused: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REFUSED), compare=False)

    def ranked(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows with sort columns in place of TERMS.

        Args:
            rows: `row`, `rights_tier`, `obtained`, `doc_id`, TERMS; also `words`, `appended` and DAMAGE if rows differ
                in them.

        >>> rows = pl.DataFrame({"row": [0, 1], "rights_tier": ["open", "attribution"], "uses": [["train"], []]})
        >>> rows = rows.with_columns(expires=None, embargo_until=None)
        >>> Keeping(("open", "attribution"), ("train",)).ranked(rows).select("terms", "tier").rows()
        [(0, 0), (2, 1)]
        """
        words = rows[WORDS].to_numpy() if WORDS in rows.columns else np.zeros(rows.height, np.uint32)
        damaged = class_of_damage(rows) if set(DAMAGE) <= set(rows.columns) else np.zeros(rows.height, np.int64)
        column = rows[APPENDED].fill_null(0) if APPENDED in rows.columns else pl.repeat(0, rows.height, eager=True)
        appended = column.to_numpy()
        ends, begins = (pl.col(name).cast(pl.Int32).clip(0) for name in ("expires", "embargo_until"))
        limited = pl.col("terms") == _FOR_A_TIME
        withheld = pl.when(pl.col("terms") == _WITHHELD).then(_NEVER).otherwise(0)
        return (
            rows.with_columns(self._terms(rows))
            .with_columns(
                pl.when(limited).then((_NEVER - ends).fill_null(0)).otherwise(withheld).cast(pl.Int32).alias("ends"),
                pl.when(limited).then(begins.fill_null(0)).otherwise(withheld).cast(pl.Int32).alias("begins"),
                (pl.lit(not self.existing) | (pl.col(ROW) < self.height)).alias("new"),
                _tier().alias("tier"),
                pl.Series("damaged", damaged, dtype=pl.Int8),
                pl.Series("added", classes(appended), dtype=pl.Int8),
                pl.Series("shorter", -np.searchsorted(_LENGTHS, words, side="right"), dtype=pl.Int32),
            )
            .drop(TERMS)
        )

    def _terms(self, rows: pl.DataFrame) -> pl.Series:
        """Rate the terms of each row: the release may use it always, for a limited time (at any date), or not."""
        if not self.admit:
            return pl.repeat(_USABLE, rows.height, dtype=pl.Int8, eager=True).alias("terms")
        refused = self._is_refused(rows) if self.refused.height else pl.lit(value=False)
        allowed = pl.all_horizontal(
            pl.col("rights_tier").is_in(self.admit).fill_null(value=False),
            *(pl.col("uses").list.contains(use).fill_null(value=False) for use in self.uses),
            ~refused,
        )
        limited = pl.col("expires").is_not_null() | pl.col("embargo_until").is_not_null()
        terms = pl.when(~allowed).then(_WITHHELD).when(limited).then(_FOR_A_TIME).otherwise(_USABLE)
        return rows.select(terms.cast(pl.Int8).alias("terms")).to_series()

    def _is_refused(self, rows: pl.DataFrame) -> pl.Series:
        dated_ids = rows.select("doc_id", pl.col("obtained").cast(REFUSED["from"]))
        refusals = dated_ids.join(self.refused, on="doc_id", how="left", maintain_order="left")
        # A document without a date may have been obtained after the refusal.
        return refusals["from"].is_not_null() & (refusals["obtained"] >= refusals["from"]).fill_null(value=True)


def in_order(rows: pl.DataFrame, *first_columns: str) -> pl.DataFrame:
    """Sort rows of `Keeping.ranked` so that the one to keep comes first.

    Args:
        rows: any.
        first_columns: columns to sort by before all others.
    """
    return rows.sort(*first_columns, *_STEPS, nulls_last=True)


def is_fixed() -> pl.Expr:
    """Return an expression: whether a document of the earlier version may be used forever and is always kept."""
    return ~pl.col("new") & (pl.col("terms") == _USABLE)


def keeper_group(text_column: str) -> pl.Expr:
    """Return an expression that groups the sorted rows of one text: the first row of each group may replace the rest.

    A row that may be used earlier than all previous rows, but not for as long, starts a new group.

    >>> rows = pl.DataFrame({"text": "a", "ends": [1, 2, 3, 4], "begins": [8, 9, 5, 6]})
    >>> rows.select(keeper_group("text")).to_series().to_list()
    [0, 0, 1, 1]
    """
    begins_earlier = pl.col("begins") < pl.col("begins").cum_min().shift(1).over(text_column)
    return begins_earlier.fill_null(value=False).cast(pl.Int32).cum_sum().over(text_column).alias("keeper_group")


def terms_cross(rows: pl.DataFrame, pairs: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Return whether one row of each pair may be used earlier and the other for longer: neither replaces the other.

    Args:
        rows: the result of `Keeping.ranked`.
        pairs: int[k, 2], indices of rows.
    """
    ends, begins = (rows[name].to_numpy()[pairs].astype(np.int64) for name in ("ends", "begins"))
    crossing: NDArray[np.bool_] = (ends[:, 0] - ends[:, 1]) * (begins[:, 0] - begins[:, 1]) < 0
    return crossing


def order_key(rows: pl.DataFrame) -> pl.Series:
    """Return a string for each row of `Keeping.ranked`; the strings never decrease in the order of keeping.

    >>> rows = pl.DataFrame({"row": [0, 1], "rights_tier": ["open", None], "obtained": None, "doc_id": ["b", "a"]})
    >>> ranked = Keeping().ranked(rows.with_columns(uses=None, expires=None, embargo_until=None))
    >>> order_key(ranked).is_sorted()
    True
    """
    terms = pl.lit(0, pl.Int64)
    for name in ("terms", "ends", "begins"):
        terms = terms * (_NEVER * 2) + pl.col(name).cast(pl.Int64)
    steps = pl.lit(0, pl.Int64)
    for name, bits in (("new", 1), ("tier", 4), ("damaged", 7), ("added", 7), ("shorter", 20)):
        value = pl.col(name).cast(pl.Int64) + (1 << 19 if name == "shorter" else 0)  # the step `shorter` is 0 or less
        steps = steps * (1 << bits) + value.fill_null((1 << bits) - 1)
    obtained = (pl.col("obtained").cast(pl.Datetime("us", "UTC")).dt.epoch("us") + (1 << 62)).fill_null((1 << 63) - 1)
    texts = (number.cast(pl.String).str.zfill(19) for number in (terms, steps, obtained))
    return rows.select(pl.concat_str(*texts, "doc_id").alias("key"))["key"]


def reordered(rows: pl.DataFrame, damage: NDArray[np.int64], added: NDArray[np.int64]) -> pl.DataFrame:
    """Return rows of `Keeping.ranked`, sorted again by the damage and additions that a comparison with copies shows.

    Args:
        rows: n rows.
        damage: int64[n], damaged words per 1,000 in comparison with a copy (`relative_damage.py`).
        added: int64[n], words that were added to the document.

    >>> rows = pl.DataFrame({"row": [0, 1], "rights_tier": "open", "obtained": None, "doc_id": ["a", "b"]})
    >>> ranked = Keeping().ranked(rows.with_columns(uses=None, expires=None, embargo_until=None))
    >>> reordered(ranked, np.array([5, 1]), np.array([0, 0])).select("doc_id", "damage_beside").rows()
    [('b', 1), ('a', 5)]
    """
    updated = rows.with_columns(
        pl.Series(RELATIVE_DAMAGE, damage),
        pl.Series(APPENDED, added, dtype=pl.UInt32),
        pl.Series("damaged", np.searchsorted(CLASSES, damage, side="right"), dtype=pl.Int8),
        pl.Series("added", classes(added), dtype=pl.Int8),
    )
    return in_order(updated)


def first_released(from_run: pl.Expr) -> list[pl.Expr | str]:
    """Return the expressions that sort rows of equal texts that a release may use, the row to keep first.

    Within a tier, the row of the earlier version comes first, so that its shard needs no rewriting.

    Args:
        from_run: an expression: whether a row is of a run rather than of the earlier version.
    """
    return [_tier(), from_run, "obtained", "doc_id"]


def decided_by() -> pl.Expr:
    """Return an expression: the step of the order that decided for the kept document.

    Columns of the kept document have the prefix `kept_`.

    >>> pair = {name: 0 for step in DECIDED_BY for name in (step, f"kept_{step}")} | {"shorter": 1, "obtained": 2}
    >>> pl.DataFrame(pair).select(decided_by()).item()
    'words'
    """
    differs = [pl.when(pl.col(s).ne_missing(pl.col(f"kept_{s}"))).then(pl.lit(name)) for s, name in DECIDED_BY.items()]
    return pl.coalesce(*differs, pl.lit("doc_id")).alias("decided_by")


def _tier() -> pl.Expr:
    return pl.col("rights_tier").cast(pl.String).replace_strict(_TIERS, default=len(_TIERS), return_dtype=pl.Int8)
