"""Learning the layout model from pages, and folds in which no site is both learnt from and judged."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.extract.web_pages.block_features import context, features
from latam_corpus.extract.web_pages.page_blocks import Model
from latam_corpus.lab.layout.boosted_trees import Options, grow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from latam_corpus.extract.web_pages.forest import Forest
    from latam_corpus.extract.web_pages.markup import Markup

FIRST: Final = Options(trees=60, leaves=24, rate=0.16, seed=1, times=3)
SECOND: Final = Options(trees=45, leaves=16, rate=0.16, seed=2, times=3)
BOUND: Final = 0.5
_FOLDS: Final = 5
_INNER: Final = 3  # folds in which the first look is made at the pages that the second learns from
# Of blocks that are all link and that nobody keeps, this share is learnt from, the others' weight being added.
_EASY: Final = 0.2
_LINKED: Final = 0.7
_NOBODY: Final = 0.05


@dataclass(frozen=True, eq=False)
class Lesson:
    """A page to learn from.

    Attributes:
        site: its host's registered name.
        markup: its elements and blocks.
        rows: float32[b, f], features.
        shares: float64[b], what each block should be.
        weights: float64[b].
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
        known: NDArray[np.float32],
        shares: NDArray[np.float64],
        weights: NDArray[np.float64],
    ) -> Lesson:
        """Return the lesson of a page whose blocks are labelled; a block counts by its length, a page by its root."""
        rows = features(markup, known)
        size = np.minimum(3.0, 0.3 + np.sqrt(markup.counts[:, 0]) / 8)
        return cls(site, markup, rows, shares, weights * size / max(1, len(markup)) ** 0.3)


def fold_of(site: str, folds: int = _FOLDS, salt: str = "") -> int:
    """Return the fold of a site, from 0, by its name's digest."""
    return int(hashlib.sha256((salt + site).encode()).hexdigest(), 16) % folds


def learn(lessons: Sequence[Lesson], about: dict[str, Any] | None = None) -> Model:
    """Train a model on the lessons; its second look learns from a first look that hadn't seen them."""
    seen: list[NDArray[np.float32]] = [np.zeros(0, np.float32)] * len(lessons)
    for inner in range(_INNER):
        folds = [fold_of(lesson.site, _INNER, "inner ") == inner for lesson in lessons]
        look = _grown([one for one, out in zip(lessons, folds, strict=True) if not out], lambda one: one.rows, FIRST)
        for index, (lesson, out) in enumerate(zip(lessons, folds, strict=True)):
            if out:
                seen[index] = look.chances(lesson.rows)
    chances = {id(lesson): one for lesson, one in zip(lessons, seen, strict=True)}

    def both(lesson: Lesson) -> NDArray[np.float32]:
        return np.concatenate([context(lesson.markup, chances[id(lesson)]), lesson.rows], axis=1)

    return Model(_grown(lessons, lambda one: one.rows, FIRST), _grown(lessons, both, SECOND), BOUND, about or {})


def by_folds(lessons: Sequence[Lesson], judged: Callable[[int, Model], None], folds: int = _FOLDS) -> None:
    """Call `judged` for each lesson's place with a model that has learnt from no page of its site."""
    for fold in range(folds):
        out = [fold_of(lesson.site, folds) == fold for lesson in lessons]
        model = learn([lesson for lesson, left_out in zip(lessons, out, strict=True) if not left_out])
        for index in np.flatnonzero(out).tolist():
            judged(index, model)


def _grown(lessons: Sequence[Lesson], rows_of: Callable[[Lesson], NDArray[np.float32]], options: Options) -> Forest:
    dice = np.random.default_rng(options.seed)
    rows, shares, weights = [], [], []
    for lesson in lessons:
        easy = (lesson.shares < _NOBODY) & (lesson.markup.counts[:, 2] > _LINKED * lesson.markup.counts[:, 0])
        drawn = ~easy | (dice.random(len(easy)) < _EASY)
        rows.append(rows_of(lesson)[drawn])
        shares.append(lesson.shares[drawn])
        weights.append(np.where(easy, lesson.weights / _EASY, lesson.weights)[drawn])
    total = np.concatenate(weights)
    return grow(np.concatenate(rows), np.concatenate(shares), total / total.mean(), replace(options))
