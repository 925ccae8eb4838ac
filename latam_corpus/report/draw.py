"""Documents drawn by lot, the same ones each time: from each group those whose hash with the seed is smallest."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.errors import ConfigError, closest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GROUPING: Final = tuple(c.name for c in schema.DOCUMENT if c.dtype == pl.String() and c.name not in ("doc_id", "text"))


def by_columns(told: str) -> tuple[str, ...]:
    """The columns named, separated by commas.

    Raises:
        ConfigError: one isn't a column of words; the message has the closest.
    """
    names = tuple(name.strip() for name in told.split(",") if name.strip())
    for name in names:
        if name not in GROUPING:
            raise ConfigError("--by", f"documents can't be grouped by «{name}»", closest(name, GROUPING))
    return names


def draw(frames: Iterable[pl.DataFrame], by: Sequence[str], number: int, seed: int) -> pl.DataFrame:
    """At most `number` documents of each group, by group and then as drawn; what isn't stated is a group too.

    Which are drawn depends on the documents alone, not on the order in which they come: more of them, or another
    seed, draw others.

    Args:
        frames: documents, `doc_id` and the columns of `by` among their columns.
        by: columns; all documents are one group when empty.
        number: of each group.
        seed: of the lot.

    >>> rows = pl.DataFrame({"doc_id": ["a", "b", "c"], "genre": ["news", "news", "lyrics"]})
    >>> draw([rows], ["genre"], 1, 0)["genre"].to_list()
    ['lyrics', 'news']
    """
    held = pl.DataFrame()
    for frame in frames:
        lots = [hashlib.sha256(f"{seed} {doc_id}".encode()).hexdigest() for doc_id in frame["doc_id"]]
        drawn = frame.with_columns(pl.Series("lot", lots, dtype=pl.String))
        held = pl.concat([held, drawn]) if held.width else drawn
        held = held.sort("lot")
        held = held.filter(pl.int_range(pl.len()).over(by) < number) if by else held.head(number)
    return held.sort(*by, "lot").drop("lot") if held.height else held
