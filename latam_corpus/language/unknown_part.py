"""What part of a text is in a language that isn't known: pieces that show none of the languages that are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.codes import UNDETERMINED, groups
from latam_corpus.language.evidence import RULE, evidence
from latam_corpus.language.judge_kernels import mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from latam_corpus.language.model import Model

LEAST_FIRST: Final = 0.4  # the share of a mixed text that names it
LEAST_PIECE: Final = 0.2  # the probability at which a piece counts for one of the languages shown


def other_pieces(
    model: Model, lines: Sequence[str], per_group: NDArray[np.float32], told: Sequence[str]
) -> NDArray[np.int64]:
    """Return the pieces of a text in Spanish, Portuguese, English or French that are in a language which isn't known.

    They are hardly in a language that is told nor in none, as lists of names are, and have no more function words of
    these four than a language of the Americas may have. Pieces under six words must be like one language of the
    Americas together. Of fewer than `long` words nothing is said, and nothing where the text is named after another
    language, in a spelling of which a piece may be.

    Args:
        model: the identifier.
        lines: the pieces.
        per_group: the probability of each group, a row a piece.
        told: labels of the languages that the text shows, the one that names it first.
    """
    nothing: NDArray[np.int64] = np.empty(0, np.int64)
    of = groups().of
    shown = [of.get(code, code) for code in (label.partition("_")[0] for label in told)]
    if shown[0] not in RULE.colonial or shown[0] not in model.words:
        return nothing
    places = [model.groups.index(group) for group in {*shown, UNDETERMINED} if group in model.groups]
    tokens = [line.split() for line in lines]
    left = np.flatnonzero(per_group[:, places].max(axis=1) < LEAST_PIECE)
    is_long = np.array([len(tokens[row]) >= RULE.least_words for row in left.tolist()], bool)
    short = left[~is_long]
    if len(short):
        together = mean(per_group, short, np.array([len(line) for line in lines], np.float32))
        agree = together.max() >= LEAST_FIRST and model.needs_words(model.groups[int(together.argmax())])
        short = short if agree and _is_other(model, [word for row in short for word in tokens[row]]) else nothing
    long = [row for row in left[is_long].tolist() if _is_other(model, tokens[row])]
    other = np.sort(np.concatenate([np.array(long, np.int64), short]))
    return other if sum(len(tokens[row]) for row in other) >= RULE.long else nothing


def _is_other(model: Model, tokens: Sequence[str]) -> bool:
    """Whether words are hardly Spanish, Portuguese, English or French; of laughter and refrains it can't be said."""
    different = len(set(tokens)) >= RULE.least_different
    return different and evidence(tokens, UNDETERMINED, model.words).colonial <= RULE.most_colonial


def by_share(parts: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Return the languages of a mixed text and their shares, the larger first.

    >>> by_share({"spa_Latn": 0.25, "und": 0.75})
    (('und', 0.75), ('spa_Latn', 0.25))
    """
    return tuple((code, round(parts[code], 3)) for code in sorted(parts, key=lambda code: -parts[code]))
