"""The page of `measure`: each bounded signal's distribution, what its bound costs, and the documents at the edge."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from latam_corpus.messages import Message, _
from latam_corpus.quality.distribution import PERCENTS, shown
from latam_corpus.report.names import genre_name, signal_name
from latam_corpus.report.page_frame import page, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from latam_corpus.quality.distribution import Cost, Group, SignalDistribution

_WIDTH: Final = 600
_HEIGHT: Final = 96
_FLOOR: Final = 80  # where the bars stand; the scale is below

_TITLE: Final = _("Measured against asked: {name}")
_HOW: Final = _(
    "Each figure shows how many documents have each value of a signal. The dashed lines are the policy's bounds; in "
    "red, what would be left out. “By this alone” counts the documents that no other bound would drop. Below, the "
    "documents nearest to the bound: ✗ out, ✓ in."
)
_UNMEASURED: Final = _("{n} more documents fell before they were measured.")
_GROUP: Final = _("{n} documents; all bounds together would drop {drops} ({share} %)")
_DROPS: Final = _("would drop {drops}; by this alone, {alone}")
_HIDDEN: Final = _("its terms don't allow it to be shown")
_UNBOUNDED: Final = _("Signals without a bound")
_SIGNAL: Final = _("signal")
_NO_VALUE: Final = _("no document has a value (its language lacks a list)")


def signals_page(
    name: str,
    groups: Sequence[Group],
    beginnings: Mapping[str, str | None],
    unmeasured: int = 0,
    language: str = "es",
    internal: bool = False,
) -> str:
    """Return the page as HTML.

    Args:
        name: of the run or file.
        groups: what was measured.
        beginnings: doc_id → the beginning of its text; None where it may not be shown.
        unmeasured: documents that fell before.
        language: which the page opens in.
        internal: whether it is stamped as not for outside.
    """
    body = [_HOW.html("p")]
    if unmeasured:
        body.append(_UNMEASURED.fill(n=unmeasured).html("p"))
    for group in groups:
        body += _group(group, beginnings)
    return page(_TITLE.fill(name=name), body, language=language, internal=internal)


def _group(group: Group, beginnings: Mapping[str, str | None]) -> Iterator[str]:
    yield f"<h2>{escape(group.language)} · {genre_name(group.genre).html()}</h2>"
    share = f"{100 * group.drops / max(group.documents, 1):.2g}"
    yield _GROUP.fill(n=group.documents, drops=group.drops, share=share).html("p")
    for measured in group.signals:
        if measured.bound:
            yield _bounded(measured, beginnings)
    rest = [m for m in group.signals if not m.bound and m.values]
    if rest:
        heads: list[Message | str] = [_SIGNAL, *(f"{percent} %" for percent in PERCENTS)]
        rows = [[signal_name(m.signal).html(), *(f"{m.quantiles[percent]:.3g}" for percent in PERCENTS)] for m in rest]
        listing = table(heads, rows, range(1, len(heads)))
        yield f"<details><summary>{_UNBOUNDED.html()} ({len(rest)})</summary>{listing}</details>"


def _bounded(measured: SignalDistribution, beginnings: Mapping[str, str | None]) -> str:
    bound = measured.bound
    assert bound is not None  # noqa: S101  (the caller has looked)
    parts = [
        f"<h3>{signal_name(measured.signal).html()}</h3>",
        f'<div class="mono soft">{escape(measured.signal)} {escape(shown(bound))}<br>{escape(bound.file)}</div>',
    ]
    if measured.values:
        drops = _DROPS.fill(drops=measured.drops, alone=measured.alone)
        mark = ' class="out"' if measured.drops else ""
        parts.append(f"<p{mark}>{drops.html()}</p>")
        drawn = histogram(measured.counts, measured.low, measured.high, (bound.minimum, bound.maximum))
    else:
        drawn = f'<p class="soft">{_NO_VALUE.html()}</p>'
    edges = "".join(_edge(cost, beginnings) for cost in measured.costs if cost.drops)
    return f'<div class="signal"><div>{"".join(parts)}</div><div>{drawn}{edges}</div></div>'


def _edge(cost: Cost, beginnings: Mapping[str, str | None]) -> str:
    rows = []
    for near in cost.edge:
        text = beginnings.get(near.doc_id)
        passage = f'<span class="soft">{_HIDDEN.html()}</span>' if text is None else escape(text)
        mark = '<span class="out">✗</span>' if near.dropped else "✓"
        rows.append([f"{mark} {near.value:.4g}", f"{passage}<br><code>{escape(near.doc_id)}</code>"])
    head = f"<summary><code>{escape(cost.reason)}</code> · {cost.drops}</summary>"
    return f"<details>{head}{table(['', ''], rows)}</details>"


def histogram(
    counts: Sequence[int],
    low: float,
    high: float,
    limits: tuple[float | None, float | None],
    figure: Callable[[float], str] = "{:.4g}".format,
    label: str = "",
) -> str:
    """Return the drawing; a count of one is still seen, since the rare values are the ones that fall.

    Args:
        counts: documents in equal intervals from `low` to `high`.
        low: where the first interval begins.
        high: where the last one ends.
        limits: the bound's minimum and maximum.
        figure: how a value is written.
        label: what is drawn, for who doesn't see it; the number of documents and the range where it is empty.

    >>> histogram([1, 2], 0.0, 1.0, (0.5, None)).count('class="out"')
    1
    """
    tallest = max(counts, default=0) or 1
    step = _WIDTH / max(len(counts), 1)
    inside: list[str] = []
    beyond: list[str] = []
    for index, count in enumerate(counts):
        if not count:
            continue
        middle = low + (index + 0.5) * (high - low) / len(counts)
        out = (limits[0] is not None and middle < limits[0]) or (limits[1] is not None and middle > limits[1])
        tall = max(2.0, (_FLOOR - 14) * count / tallest)
        bar = f"M{index * step + 0.5:.1f} {_FLOOR}v-{tall:.1f}h{step - 1:.1f}v{tall:.1f}z"
        (beyond if out else inside).append(bar)
    lines = "".join(_limit(limit, low, high, figure(limit)) for limit in limits if limit is not None)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(label or _label(counts, low, high))}">'
        f'<path class="in" d="{"".join(inside)}"/><path class="out" d="{"".join(beyond)}"/>'
        f'<path class="floor" d="M0 {_FLOOR + 0.5}h{_WIDTH}"/>{lines}'
        f'<g><text x="0" y="{_HEIGHT - 3}">{figure(low)}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT - 3}" text-anchor="end">{figure(high)}</text></g></svg>'
    )


def _limit(limit: float, low: float, high: float, side: str) -> str:
    at = _WIDTH * (limit - low) / (high - low)
    anchor = "start" if at < _WIDTH / 2 else "end"
    beside = at + 4 if anchor == "start" else at - 4
    return (
        f'<path class="limit" d="M{at:.1f} 0V{_FLOOR}"/>'
        f'<text x="{beside:.1f}" y="10" class="limit" text-anchor="{anchor}">{side}</text>'
    )


def _label(counts: Sequence[int], low: float, high: float) -> str:
    return f"{sum(counts)}: {low:.3g}–{high:.3g}"
