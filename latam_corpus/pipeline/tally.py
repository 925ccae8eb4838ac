"""Rows counted by group, as a part stores them beside its outputs."""

from __future__ import annotations

from collections import Counter
from typing import Final

import polars as pl

from latam_corpus import schema
from latam_corpus.codes import UNDETERMINED

GROUP: Final = ("genre", "source_id", "language", "declared_language", "country")
Tally = Counter[tuple[str, ...]]
Pair = tuple[str, str]  # a language, `und` where none is stated, and a genre


def tally(frame: pl.DataFrame, *more: str) -> Tally:
    """Rows by GROUP and `more` columns; what isn't stated counts under "".

    >>> tally(pl.DataFrame({"genre": ["news", "news"], "source_id": ["a", "a"], "country": ["CL", None]}))
    Counter({('news', 'a', '', '', 'CL'): 1, ('news', 'a', '', '', ''): 1})
    """
    wanted = (*GROUP, *more)
    columns = schema.conform(frame, pl.Schema(dict.fromkeys(wanted, pl.String())))
    counted = columns.group_by(wanted, maintain_order=True).len()
    return Counter({tuple(value or "" for value in key): rows for *key, rows in counted.iter_rows()})


def pairs(counted: Tally) -> set[Pair]:
    """The languages and genres of the rows that were counted.

    >>> sorted(pairs(Counter({("news", "a", "spa_Latn", "es", "CL"): 2, ("news", "a", "", "es", ""): 1})))
    [('spa_Latn', 'news'), ('und', 'news')]
    """
    return {(language or UNDETERMINED, genre) for genre, _, language, *_ in counted}
