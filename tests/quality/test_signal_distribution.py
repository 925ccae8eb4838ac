"""The intervals by which a signal's values are counted."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from latam_corpus.quality.distribution import BINS, count_by_interval, edges_of

_SHARE = st.sampled_from([0.0, 0.1, 0.3, 1 / 3, 0.7, 1.0])


@st.composite
def _near_share(draw: st.DrawFn) -> float:
    """A share, its float32, or one of the two floats beside that."""
    share = np.float32(draw(_SHARE))
    return float(draw(st.sampled_from([share, np.nextafter(share, np.float32(2)), np.nextafter(share, np.float32(0))])))


@example([float(np.float32(0.3))], None, 0.3)
@given(st.lists(_near_share(), min_size=1, max_size=9), st.none() | _SHARE, st.none() | _SHARE)
def test_intervals_separate_what_a_limit_separates(
    values: list[float], minimum: float | None, maximum: float | None
) -> None:
    """Each value is counted once, and no interval has both values that a limit drops and others."""
    if minimum is not None and maximum is not None and minimum >= maximum:
        minimum = None
    edges = edges_of(min(values), max(values), minimum, maximum, min(values))
    counts = count_by_interval(np.array(values), edges)
    assert len(counts) == BINS
    assert counts.sum() == len(values)
    if minimum is not None:
        dropped = sum(np.float32(value) < np.float32(minimum) for value in values)
        assert counts[: np.searchsorted(edges, float(np.float32(minimum)))].sum() == dropped
    if maximum is not None:
        dropped = sum(np.float32(value) > np.float32(maximum) for value in values)
        above = np.nextafter(np.float32(maximum), np.float32(np.inf))
        assert counts[np.searchsorted(edges, float(above)) :].sum() == dropped
