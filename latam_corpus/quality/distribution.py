"""Compare measured signals with bounds: the distribution of each signal, and the documents that each bound drops.

The cost of a bound is two numbers: the documents outside it, and the documents outside only it, which would be kept
without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from latam_corpus.quality.filter import outside
from latam_corpus.signals import signal_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from latam_corpus.policies.policy import Bound, Policies

PERCENTS: Final = (1, 5, 25, 50, 75, 95, 99)
BINS: Final = 40
_DROPPED_AT_EDGE: Final = 3  # of the five documents nearest to a bound, up to three are outside it
_AT_EDGE: Final = 5


@dataclass(frozen=True)
class EdgeDocument:
    """A document near a bound: its row in the frame, its value, and whether the bound drops it."""

    row: int
    doc_id: str
    value: float
    dropped: bool


@dataclass(frozen=True)
class Cost:
    """The effect of one limit of a bound (its minimum or maximum) on a group of documents.

    Attributes:
        reason: the drop reason, such as `words_per_line<6`.
        limit: the value of the limit.
        drops: the number of documents beyond it.
        alone: the number of documents beyond it that no other bound would drop.
        edge: the documents nearest to it, on both sides.
        good: the number of documents beyond it that readers judged good.
        bad: the number of documents beyond it that readers judged bad.
    """

    reason: str
    limit: float
    drops: int
    alone: int
    edge: tuple[EdgeDocument, ...]
    good: int = 0
    bad: int = 0


@dataclass(frozen=True)
class SignalDistribution:
    """A signal over a group of documents.

    Attributes:
        signal: its name.
        values: the number of documents with a value; a document in a language without the needed list has none.
        quantiles: the quantiles by per cent; empty if no document has a value.
        counts: the number of documents in each interval; the outermost intervals are open.
        edges: the ends of the intervals, see `edges_of`.
        bound: the policy's bound; None if it has none.
        costs: the cost of each limit of the bound.
    """

    signal: str
    values: int
    quantiles: dict[int, float]
    counts: tuple[int, ...]
    edges: tuple[float, ...]
    bound: Bound | None
    costs: tuple[Cost, ...]

    @property
    def drops(self) -> int:
        """The number of documents outside the bound; no document is beyond both limits."""
        return sum(cost.drops for cost in self.costs)

    @property
    def alone(self) -> int:
        """The number of documents outside this bound and no other."""
        return sum(cost.alone for cost in self.costs)

    @property
    def good(self) -> int:
        """The number of documents outside the bound that readers judged good."""
        return sum(cost.good for cost in self.costs)

    @property
    def bad(self) -> int:
        """The number of documents outside the bound that readers judged bad."""
        return sum(cost.bad for cost in self.costs)


@dataclass(frozen=True)
class Group:
    """The measured documents of one language and genre.

    Attributes:
        drops: the number of documents outside any bound.
        good: the numbers of documents that readers judged good, in total and outside any bound.
        bad: the numbers of documents that readers judged bad, in total and outside any bound.
    """

    language: str
    genre: str
    documents: int
    drops: int
    signals: tuple[SignalDistribution, ...]
    good: tuple[int, int] = (0, 0)
    bad: tuple[int, int] = (0, 0)


def groups(frame: pl.DataFrame, policies: Policies) -> list[Group]:
    """Return the documents by language and genre, the largest group first.

    Args:
        frame: rows with `doc_id`, `language`, `genre` and `signals`, with all signals measured; if readers judged
            documents, also `judged`: `good`, `bad` or null.
        policies: the policies with the bounds.

    Raises:
        ConfigError: a genre has no policy.
    """
    numbered = frame.with_row_index("row")
    measured = [
        _group(part, str(language), str(genre), policies.bounds(str(language), str(genre)))
        for (language, genre), part in numbered.group_by("language", "genre", maintain_order=True)
    ]
    return sorted(measured, key=lambda group: (-group.documents, group.language, group.genre))


def _group(part: pl.DataFrame, language: str, genre: str, bounds: Sequence[Bound]) -> Group:
    values = {name: signal_values(part, name) for name in signal_names()}
    masks = {bound.signal: outside(values[bound.signal], bound, values["word_count"]) for bound in bounds}
    bounds_broken = np.zeros(part.height, np.int64)
    for below, above in masks.values():
        bounds_broken += below | above
    by_signal = {bound.signal: bound for bound in bounds}
    signals = []
    for name in signal_names():
        bound = by_signal.get(name)
        costs = tuple(_costs(part, values[name], bound, *masks[name], bounds_broken)) if bound else ()
        signals.append(_distribution(name, values[name], bound, costs))
    good, bad = ((int(mask.sum()), int((mask & (bounds_broken > 0)).sum())) for mask in _judged(part))
    return Group(language, genre, part.height, int((bounds_broken > 0).sum()), tuple(signals), good, bad)


def _judged(part: pl.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return whether each document was judged good, and whether it was judged bad."""
    if "judged" not in part.columns:
        return np.zeros(part.height, np.bool_), np.zeros(part.height, np.bool_)
    good, bad = (part["judged"].eq_missing(verdict).to_numpy() for verdict in ("good", "bad"))
    return good, bad


def reasons(frame: pl.DataFrame, policies: Policies) -> list[tuple[str, ...]]:
    """Return the drop reasons of each document, one for each bound that it is outside of, as in `filter`.

    Args:
        frame: see `groups`.
        policies: the policies with the bounds.

    Raises:
        ConfigError: a genre has no policy.
    """
    by_row: list[list[str]] = [[] for _ in range(frame.height)]
    for (language, genre), part in frame.with_row_index("row").group_by("language", "genre", maintain_order=True):
        words = signal_values(part, "word_count")
        for bound in policies.bounds(str(language), str(genre)):
            below, above = outside(signal_values(part, bound.signal), bound, words)
            for mask, reason in ((below, "too_low"), (above, "too_high")):
                for row in part["row"].filter(pl.Series(mask)):
                    by_row[row].append(getattr(bound, reason))
    return list(map(tuple, by_row))


def signal_values(rows: pl.DataFrame, name: str) -> NDArray[np.float32]:
    """Return a signal of each row, float32[n]; NaN if it isn't measured."""
    if name not in rows["signals"].struct.fields:  # rows of an earlier version
        return np.full(rows.height, np.nan, np.float32)
    values: NDArray[np.float32] = rows["signals"].struct.field(name).to_numpy().astype(np.float32)
    return values


def _costs(
    part: pl.DataFrame,
    values: NDArray[np.float32],
    bound: Bound,
    below: NDArray[np.bool_],
    above: NDArray[np.bool_],
    bounds_broken: NDArray[np.int64],
) -> Iterator[Cost]:
    for limit, mask, reason in ((bound.minimum, below, "too_low"), (bound.maximum, above, "too_high")):
        if limit is not None:
            drops_alone = int((mask & (bounds_broken == 1)).sum())
            good, bad = (int((mask & judged).sum()) for judged in _judged(part))
            edge = _edge(part, values, limit, mask)
            yield Cost(getattr(bound, reason), limit, int(mask.sum()), drops_alone, edge, good, bad)


def _edge(
    part: pl.DataFrame, values: NDArray[np.float32], limit: float, mask: NDArray[np.bool_]
) -> tuple[EdgeDocument, ...]:
    distance = np.abs(values - np.float32(limit))
    rows = part.select(
        "row",
        "doc_id",
        pl.Series("value", values),
        pl.Series("dropped", mask),
        pl.Series("distance", distance),
    ).filter(pl.col("distance").is_finite())
    # Nearest first, then by id, so that the result doesn't depend on the order of rows.
    sides = [rows.filter(pl.col("dropped") == side) for side in (True, False)]
    dropped, passing = (_nearest(side) for side in sides)
    dropped_count = max(_DROPPED_AT_EDGE, _AT_EDGE - passing.height)
    chosen = pl.concat([dropped.head(dropped_count), passing.head(_AT_EDGE - min(dropped_count, dropped.height))])
    return tuple(EdgeDocument(*row) for row in chosen.select("row", "doc_id", "value", "dropped").iter_rows())


def _nearest(rows: pl.DataFrame) -> pl.DataFrame:
    if rows.height > _AT_EDGE:  # a preselection, so that only a few rows are sorted by id
        last = np.partition(rows["distance"].to_numpy(), _AT_EDGE - 1)[_AT_EDGE - 1]
        rows = rows.filter(pl.col("distance") <= last)
    return rows.sort("distance", "doc_id").head(_AT_EDGE)


def _distribution(
    name: str, values: NDArray[np.float32], bound: Bound | None, costs: tuple[Cost, ...]
) -> SignalDistribution:
    finite = values[np.isfinite(values)].astype(float)
    if not len(finite):
        return SignalDistribution(name, 0, {}, (), (), bound, costs)
    quantiles = dict(zip(PERCENTS, map(float, np.quantile(finite, [p / 100 for p in PERCENTS])), strict=True))
    limits = (bound.minimum, bound.maximum) if bound else (None, None)
    edges = edges_of(quantiles[1], quantiles[99], *limits, float(finite.min()))
    counts, edge_values = count_by_interval(finite, edges), tuple(map(float, edges))
    return SignalDistribution(name, len(finite), quantiles, tuple(map(int, counts)), edge_values, bound, costs)


def edges_of(
    low: float, high: float, minimum: float | None, maximum: float | None, lowest: float
) -> NDArray[np.float64]:
    """Return the ends of BINS intervals of a signal's values; each limit is an end, so no interval spans a limit.

    Apart from that, intervals are equal. A limit at the edge of the range has some room beyond it for the dropped
    values.

    Args:
        low: where most values begin.
        high: where most values end.
        minimum: the value below which a document is dropped; None if there is none.
        maximum: the value above which a document is dropped; None if there is none.
        lowest: the smallest of all values.

    >>> edges = edges_of(8.0, 1_000_000.0, None, 30.0, 8.0)
    >>> len(edges), count_by_interval(np.array([8.0, 30.0, 40.0, 1_400_000.0]), edges)[:2].tolist()
    (41, [2, 1])
    """
    # A value equal to a limit passes, so it is counted above the minimum and below the maximum. Values are float32.
    limit_edges = [float(np.float32(minimum))] if minimum is not None else []
    limit_edges += [float(np.nextafter(np.float32(maximum), np.float32(np.inf)))] if maximum is not None else []
    low, high = min([low, *limit_edges]), max([high, *limit_edges])
    beyond = (high - low) / 20 or 0.5
    below = low - beyond if low in limit_edges else low
    low, high = below if lowest < 0 else max(below, 0.0), high + beyond * (high in limit_edges)
    if high <= low:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, BINS + 1)
    places = np.searchsorted(edges, limit_edges).clip(1, BINS - 1)
    if len(places) == 2 and places[0] == places[1]:  # noqa: PLR2004  (both limits)
        places = np.array([-1, 0]) + max(int(places[0]), 2)
    edges[places] = limit_edges
    return edges


def count_by_interval(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the number of values in each interval; the outermost intervals are open."""
    return np.histogram(values.clip(edges[0], edges[-1]), edges)[0]


def as_dict(group: Group, beginnings: dict[str, str | None]) -> dict[str, Any]:
    """Return the group for JSON output, with the beginning of each document at an edge; null if it may not be shown.

    Args:
        group: the measured group.
        beginnings: doc_id → the redacted beginning of its text.
    """
    return {
        "language": group.language,
        "genre": group.genre,
        "documents": group.documents,
        "would_drop": group.drops,
        "judged": {
            verdict: {"documents": n, "would_drop": drops}
            for verdict, (n, drops) in (("good", group.good), ("bad", group.bad))
        },
        "signals": [_signal(measured, beginnings) for measured in group.signals],
    }


def _signal(measured: SignalDistribution, beginnings: dict[str, str | None]) -> dict[str, Any]:
    bound = measured.bound
    return {
        "signal": measured.signal,
        "documents": measured.values,
        "quantiles": {str(percent): measured.quantiles.get(percent, float("nan")) for percent in PERCENTS},
        "bounds": format_bound(bound) if bound else "",
        "file": bound.file if bound else None,
        "would_drop": measured.drops,
        "would_drop_alone": measured.alone,
        "would_drop_judged": {"good": measured.good, "bad": measured.bad},
        "reasons": {cost.reason: cost.drops for cost in measured.costs},
        "edge": [
            {
                "reason": cost.reason,
                "doc_id": near.doc_id,
                "value": near.value,
                "dropped": near.dropped,
                "beginning": beginnings.get(near.doc_id),
            }
            for cost in measured.costs
            for near in cost.edge
        ],
    }


def format_bound(bound: Bound) -> str:
    """Format a bound for people.

    >>> from latam_corpus.policies.policy import Bound
    >>> format_bound(Bound("words_per_line", 2, 30, "genres/lyrics.toml"))
    '≥ 2 ≤ 30'
    """
    low = [] if bound.minimum is None else [f"≥ {bound.minimum:g}"]
    return " ".join(low + ([] if bound.maximum is None else [f"≤ {bound.maximum:g}"]))
