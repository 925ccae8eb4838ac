"""The page of `measure`: plots of the bounds that drop most documents, and a table of all signals for each group."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.catalog.display_names import genre_name
from latam_corpus.messages import enumerated
from latam_corpus.quality.distribution import PERCENTS, format_bound
from latam_corpus.report.figures import Figures
from latam_corpus.report.names import value_name
from latam_corpus.report.page_words import WORDS
from latam_corpus.report.templating import render, sections_of
from latam_corpus.signals import signal_label

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from latam_corpus.messages import Message
    from latam_corpus.quality.distribution import Group, SignalDistribution

_WIDTH: Final = 600
_HEIGHT: Final = 96
_FLOOR: Final = 80  # the y coordinate of the bars' base line, above the scale
_LISTED: Final = 20  # bounds
_DRAWN: Final = 12  # bounds that have a plot
_GROUPS: Final = 40  # groups of a language and a genre, each with a table


def signals_page(
    name: str,
    groups: Sequence[Group],
    beginnings: Mapping[str, str | None],
    folder: str,
    unmeasured: int = 0,
    language: str = "es",
    internal: bool = False,
) -> str:
    """Return the page as HTML.

    `beginnings` has the beginning of each text by doc_id, None for a text that may not be shown; `unmeasured` documents
    were dropped before signals were measured.
    """
    figures = Figures(language)
    costly = [(group, signal) for group in groups for signal in group.signals if signal.drops]
    costly.sort(key=lambda pair: (-pair[1].drops, -pair[1].alone, pair[0].language, pair[0].genre, pair[1].signal))
    costs = [_cost(group, signal, beginnings, figures) for group, signal in costly[:_LISTED]]
    return render(
        "signals.html",
        language,
        kind="measured",
        title=name,
        sections=sections_of(("costs", "groups")),
        internal=internal,
        documents=sum(group.documents for group in groups),
        drops=sum(group.drops for group in groups),
        unmeasured=unmeasured,
        folder=folder,
        costs=costs,
        more_costs=max(len(costly) - _LISTED, 0),
        drawn=costs[:_DRAWN],
        judged=any(group.good[0] + group.bad[0] for group in groups),
        groups=[{"fact": group, "name": _group_name(group), "signals": _signals(group)} for group in groups[:_GROUPS]],
        more_groups=max(len(groups) - _GROUPS, 0),
        percents=PERCENTS,
    )


def _group_name(group: Group) -> Message:
    return enumerated([value_name("language", group.language), genre_name(group.genre)], " · ")


def _signals(group: Group) -> list[tuple[Any, ...]]:
    """Return the signals with a bound, those that drop most first, then the other signals that have values."""
    signals = [signal for signal in group.signals if signal.bound or signal.values]
    signals.sort(key=lambda signal: (signal.bound is None, -signal.drops))
    return [
        (signal_label(signal.signal), signal, format_bound(signal.bound) if signal.bound else "") for signal in signals
    ]


def _cost(
    group: Group, distribution: SignalDistribution, beginnings: Mapping[str, str | None], figures: Figures
) -> dict[str, Any]:
    bound = distribution.bound
    assert bound is not None  # noqa: S101  (a signal without a bound drops nothing)
    name = signal_label(distribution.signal)
    limits = [limit for limit in (bound.minimum, bound.maximum) if limit is not None]
    label = WORDS["distribution"].fill(
        signal=name,
        low=figures.short(distribution.edges[0]),
        high=figures.short(distribution.edges[-1]),
        limit=" · ".join(map(figures.short, limits)),
    )
    near = [
        (
            cost.reason,
            [
                vars(edge)
                | {"text": beginnings.get(edge.doc_id), "title": None, "withdrawn": False, "language": group.language}
                for edge in cost.edge
            ],
        )
        for cost in distribution.costs
        if cost.drops
    ]
    return {
        "fact": distribution,
        "group": _group_name(group),
        "name": name,
        "asked": format_bound(bound),
        "near": near,
        "bins": intervals(distribution.counts, distribution.edges),
        "drawing": histogram(
            distribution.counts,
            distribution.edges,
            (bound.minimum, bound.maximum),
            figures.short,
            label.translate(figures.language),
        ),
    }


def histogram(
    counts: Sequence[int],
    edges: Sequence[float],
    limits: tuple[float | None, float | None],
    figure: Callable[[float], str],
    label: str,
) -> str:
    """Return a histogram as SVG; even a count of one is visible, since bounds drop rare values.

    The first and last intervals are open, and all have the same width. `limits` are the bound's minimum and maximum,
    and `label` describes the histogram to screen readers.

    >>> drawn = histogram([1, 2], [0.0, 0.5, 1.0], (0.5, None), str, "values")
    >>> [drawn.partition(f'class="{side}" d="')[2].partition('"')[0].count("M") for side in ("in", "out")]
    [1, 1]
    """
    tallest = max(counts, default=0) or 1
    step = _WIDTH / max(len(counts), 1)
    inside: list[str] = []
    beyond: list[str] = []
    for index, count in enumerate(counts):
        if not count:
            continue
        is_below = limits[0] is not None and edges[index + 1] <= float(np.float32(limits[0]))
        is_outside = is_below or (limits[1] is not None and edges[index] > float(np.float32(limits[1])))
        height = max(2.0, (_FLOOR - 14) * count / tallest)
        bar = f"M{index * step + 0.5:.1f} {_FLOOR}v-{height:.1f}h{step - 1:.1f}v{height:.1f}z"
        (beyond if is_outside else inside).append(bar)
    lines = "".join(_limit(limit, edges, figure(limit)) for limit in limits if limit is not None)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(label)}">'
        f'<path class="in" d="{"".join(inside)}"/><path class="out" d="{"".join(beyond)}"/>'
        f'<path class="floor" d="M0 {_FLOOR + 0.5}h{_WIDTH}"/>{lines}'
        f'<g><text x="0" y="{_HEIGHT - 3}">… {figure(edges[1])}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT - 3}" text-anchor="end">{figure(edges[-2])} …</text></g></svg>'
    )


def intervals(counts: Sequence[int], edges: Sequence[float]) -> list[tuple[float | None, float | None, int]]:
    """Return the start, end and count of each nonempty interval; an open side is None.

    >>> intervals([1, 0, 3, 2], [0.0, 1.0, 2.0, 3.0, 4.0])
    [(None, 1.0, 1), (2.0, 3.0, 3), (3.0, None, 2)]
    """
    begins, ends = [None, *edges[1:-1]], [*edges[1:-1], None]
    return [(low, high, n) for low, high, n in zip(begins, ends, counts, strict=True) if n]


def _limit(limit: float, edges: Sequence[float], side: str) -> str:
    place = min(range(len(edges)), key=lambda index: abs(edges[index] - limit))
    x = _WIDTH * place / (len(edges) - 1)
    anchor = "start" if x < _WIDTH / 2 else "end"
    text_x = x + 4 if anchor == "start" else x - 4
    return (
        f'<path class="limit" d="M{x:.1f} 0V{_FLOOR}"/>'
        f'<text x="{text_x:.1f}" y="10" class="limit" text-anchor="{anchor}">{side}</text>'
    )
