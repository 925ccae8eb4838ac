"""What was measured, as a page: the bounds that cost most, as plots, and then every signal of each group in a table."""

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
_FLOOR: Final = 80  # where the bars stand; the scale is below
_LISTED: Final = 20  # of the bounds that drop something
_DRAWN: Final = 12  # of these
_GROUPS: Final = 40  # of a language and a genre, each with its table


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

    Args:
        name: of the run or file.
        groups: what was measured.
        beginnings: doc_id → the beginning of its text; None where it may not be shown.
        folder: where the bounds stand.
        unmeasured: documents that fell before.
        language: of the page.
        internal: whether it is stamped as not for outside.
    """
    figures = Figures(language)
    costly = [(group, one) for group in groups for one in group.signals if one.drops]
    costly.sort(key=lambda pair: (-pair[1].drops, -pair[1].alone, pair[0].language, pair[0].genre, pair[1].signal))
    costs = [_cost(group, one, beginnings, figures) for group, one in costly[:_LISTED]]
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
        groups=[{"fact": one, "name": _named(one), "signals": _signals(one)} for one in groups[:_GROUPS]],
        more_groups=max(len(groups) - _GROUPS, 0),
        percents=PERCENTS,
    )


def _named(group: Group) -> Message:
    return enumerated([value_name("language", group.language), genre_name(group.genre)], " · ")


def _signals(group: Group) -> list[tuple[Any, ...]]:
    """Return the signals with a bound, what costs most first, and then the others that have values."""
    told = [one for one in group.signals if one.bound or one.values]
    told.sort(key=lambda one: (one.bound is None, -one.drops))
    return [(signal_label(one.signal), one, format_bound(one.bound) if one.bound else "") for one in told]


def _cost(
    group: Group, one: SignalDistribution, beginnings: Mapping[str, str | None], figures: Figures
) -> dict[str, Any]:
    bound = one.bound
    assert bound is not None  # noqa: S101  (without one nothing is dropped)
    name = signal_label(one.signal)
    limits = [limit for limit in (bound.minimum, bound.maximum) if limit is not None]
    label = WORDS["distribution"].fill(
        signal=name,
        low=figures.short(one.edges[0]),
        high=figures.short(one.edges[-1]),
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
        for cost in one.costs
        if cost.drops
    ]
    return {
        "fact": one,
        "group": _named(group),
        "name": name,
        "asked": format_bound(bound),
        "near": near,
        "bins": intervals(one.counts, one.edges),
        "drawing": histogram(
            one.counts,
            one.edges,
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
    """Return the drawing; a count of one is still seen, since the rare values are the ones that fall.

    Args:
        counts: documents by interval, the outermost open.
        edges: where the intervals begin and end, of which one ends at each limit; they are drawn equally wide.
        limits: the bound's minimum and maximum.
        figure: how a value is written.
        label: what is drawn, for who doesn't see it.

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
        below = limits[0] is not None and edges[index + 1] <= float(np.float32(limits[0]))
        out = below or (limits[1] is not None and edges[index] > float(np.float32(limits[1])))
        tall = max(2.0, (_FLOOR - 14) * count / tallest)
        bar = f"M{index * step + 0.5:.1f} {_FLOOR}v-{tall:.1f}h{step - 1:.1f}v{tall:.1f}z"
        (beyond if out else inside).append(bar)
    lines = "".join(_limit(limit, edges, figure(limit)) for limit in limits if limit is not None)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(label)}">'
        f'<path class="in" d="{"".join(inside)}"/><path class="out" d="{"".join(beyond)}"/>'
        f'<path class="floor" d="M0 {_FLOOR + 0.5}h{_WIDTH}"/>{lines}'
        f'<g><text x="0" y="{_HEIGHT - 3}">… {figure(edges[1])}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT - 3}" text-anchor="end">{figure(edges[-2])} …</text></g></svg>'
    )


def intervals(counts: Sequence[int], edges: Sequence[float]) -> list[tuple[float | None, float | None, int]]:
    """Return the same as rows of a table: where each interval that holds something begins and ends; None if it's open.

    >>> intervals([1, 0, 3, 2], [0.0, 1.0, 2.0, 3.0, 4.0])
    [(None, 1.0, 1), (2.0, 3.0, 3), (3.0, None, 2)]
    """
    begins, ends = [None, *edges[1:-1]], [*edges[1:-1], None]
    return [(low, high, n) for low, high, n in zip(begins, ends, counts, strict=True) if n]


def _limit(limit: float, edges: Sequence[float], side: str) -> str:
    place = min(range(len(edges)), key=lambda index: abs(edges[index] - limit))
    at = _WIDTH * place / (len(edges) - 1)
    anchor = "start" if at < _WIDTH / 2 else "end"
    beside = at + 4 if anchor == "start" else at - 4
    return (
        f'<path class="limit" d="M{at:.1f} 0V{_FLOOR}"/>'
        f'<text x="{beside:.1f}" y="10" class="limit" text-anchor="{anchor}">{side}</text>'
    )
