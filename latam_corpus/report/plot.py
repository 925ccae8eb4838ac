"""A histogram as inline SVG: what lies within the bounds in one colour, what lies beyond in another."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH: Final = 600
_HEIGHT: Final = 96
_FLOOR: Final = 80  # where the bars stand; the scale is below


def histogram(counts: Sequence[int], low: float, high: float, limits: tuple[float | None, float | None]) -> str:
    """The drawing; a count of one is still seen, since the rare values are the ones that fall.

    Args:
        counts: documents in equal intervals from `low` to `high`.
        low: where the first interval begins.
        high: where the last one ends.
        limits: the bound's minimum and maximum.

    >>> histogram([1, 2], 0.0, 1.0, (0.5, None)).count("#c2553a")
    1
    """
    tallest = max(counts, default=0) or 1
    step = _WIDTH / max(len(counts), 1)
    inside: list[str] = []
    beyond: list[str] = []
    for place, count in enumerate(counts):
        if not count:
            continue
        middle = low + (place + 0.5) * (high - low) / len(counts)
        out = (limits[0] is not None and middle < limits[0]) or (limits[1] is not None and middle > limits[1])
        tall = max(2.0, (_FLOOR - 14) * count / tallest)
        bar = f"M{place * step + 0.5:.1f} {_FLOOR}v-{tall:.1f}h{step - 1:.1f}v{tall:.1f}z"
        (beyond if out else inside).append(bar)
    lines = "".join(_limit(limit, low, high) for limit in limits if limit is not None)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(_told(counts, low, high))}">'
        f'<path fill="#6b8fa3" d="{"".join(inside)}"/><path fill="#c2553a" d="{"".join(beyond)}"/>'
        f'<path stroke="#dcdad4" d="M0 {_FLOOR + 0.5}h{_WIDTH}"/>{lines}'
        f'<g font-size="11" fill="#6a6a66"><text x="0" y="{_HEIGHT - 3}">{low:.3g}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT - 3}" text-anchor="end">{high:.3g}</text></g></svg>'
    )


def _limit(limit: float, low: float, high: float) -> str:
    at = _WIDTH * (limit - low) / (high - low)
    anchor = "start" if at < _WIDTH / 2 else "end"
    beside = at + 4 if anchor == "start" else at - 4
    return (
        f'<path stroke="#1d1d1b" stroke-dasharray="3 2" d="M{at:.1f} 0V{_FLOOR}"/>'
        f'<text x="{beside:.1f}" y="10" font-size="11" text-anchor="{anchor}">{limit:.4g}</text>'
    )


def _told(counts: Sequence[int], low: float, high: float) -> str:
    return f"{sum(counts)}: {low:.3g}–{high:.3g}"
