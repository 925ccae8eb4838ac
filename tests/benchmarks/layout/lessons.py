"""Train the layout model on labelled pages; all pages of a site are in one fold."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.extract.web_pages.block_features import context, features
from latam_corpus.extract.web_pages.page_blocks import LayoutModel

from .boosted_trees import Options, grow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from latam_corpus.extract.web_pages.forest import Forest
    from latam_corpus.extract.web_pages.markup import Markup

FIRST: Final = Options(trees=60, leaves=24, rate=0.16, seed=1, times=3)
SECOND: Final = Options(trees=45, leaves=16, rate=0.16, seed=2, times=3)
BOUND: Final = 0.5
_INNER_FOLDS: Final = 3  # folds for the first forest's predictions, from which the second one learns
# Blocks of links that no extractor keeps are sampled at this rate, and weighted to compensate.
_EASY: Final = 0.2
_LINKED: Final = 0.7  # a block of links has more than this share of its letters in links
_UNKEPT: Final = 0.05  # a block isn't kept if less than this share of it is in the main text


@dataclass(frozen=True, eq=False)
class Lesson:
    """A labelled page to learn from.

    Attributes:
        site: the registered domain of its host.
        markup: its elements and blocks.
        rows: float32[b, f], the features of its blocks.
        shares: float64[b], the share of each block in the main text.
        weights: float64[b], the weight of each block.
    """

    site: str
    markup: Markup
    rows: NDArray[np.float32]
    shares: NDArray[np.float64]
    weights: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        site: str,
        markup: Markup,
        metadata: NDArray[np.float32],
        shares: NDArray[np.float64],
        weights: NDArray[np.float64],
    ) -> Lesson:
        """Make a lesson of a page's labels; weights grow with a block's length, and sublinearly with the page's."""
        rows = features(markup, metadata)
        size = np.minimum(3.0, 0.3 + np.sqrt(markup.counts[:, 0]) / 8)
        return cls(site, markup, rows, shares, weights * size / max(1, len(markup)) ** 0.3)


def fold_of(site: str, folds: int, salt: str = "") -> int:
    """Return the fold of a site, from 0, by the digest of its name."""
    return int(hashlib.sha256((salt + site).encode()).hexdigest(), 16) % folds


def learn(lessons: Sequence[Lesson], about: dict[str, Any] | None = None) -> LayoutModel:
    """Train a model of two forests; the second also learns from predictions of the first.

    For that, each lesson is predicted by a first forest that was trained without the lesson's site.
    """
    chances: dict[int, NDArray[np.float32]] = {}
    for fold in range(_INNER_FOLDS):
        is_held_out = [fold_of(lesson.site, _INNER_FOLDS, "inner ") == fold for lesson in lessons]
        trained = [lesson for lesson, held_out in zip(lessons, is_held_out, strict=True) if not held_out]
        forest = _grow_forest(trained, _rows, FIRST)
        for lesson, held_out in zip(lessons, is_held_out, strict=True):
            if held_out:
                chances[id(lesson)] = forest.chances(lesson.rows)

    def rows_with_context(lesson: Lesson) -> NDArray[np.float32]:
        return np.concatenate([context(lesson.markup, chances[id(lesson)]), lesson.rows], axis=1)

    first, second = _grow_forest(lessons, _rows, FIRST), _grow_forest(lessons, rows_with_context, SECOND)
    return LayoutModel(first, second, BOUND, about or {})


def _rows(lesson: Lesson) -> NDArray[np.float32]:
    return lesson.rows


def _grow_forest(
    lessons: Sequence[Lesson], rows_of: Callable[[Lesson], NDArray[np.float32]], options: Options
) -> Forest:
    rng = np.random.default_rng(options.seed)
    rows, shares, weights = [], [], []
    for lesson in lessons:
        is_easy = (lesson.shares < _UNKEPT) & (lesson.markup.counts[:, 2] > _LINKED * lesson.markup.counts[:, 0])
        drawn = ~is_easy | (rng.random(len(is_easy)) < _EASY)
        rows.append(rows_of(lesson)[drawn])
        shares.append(lesson.shares[drawn])
        weights.append(np.where(is_easy, lesson.weights / _EASY, lesson.weights)[drawn])
    total = np.concatenate(weights)
    return grow(np.concatenate(rows), np.concatenate(shares), total / total.mean(), options)
