"""Find the part of a text in an unknown language: pieces in none of the languages found in the text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.codes import UNDETERMINED, groups
from latam_corpus.language.evidence import RULE, evidence
from latam_corpus.language.judge_kernels import mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from latam_corpus.language.model import LanguageModel

LEAST_FIRST: Final = 0.4  # the minimum share of a mixed text's main language
LEAST_PIECE: Final = 0.2  # the probability from which a piece counts as in one of the text's languages


def other_pieces(
    model: LanguageModel, lines: Sequence[str], per_group: NDArray[np.float32], found_labels: Sequence[str]
) -> NDArray[np.int64]:
    """Return the pieces of a text in Spanish, Portuguese, English or French that are in an unknown language.

    Such pieces are unlikely to be in a language found in the text, or in no language, as lists of names are. They have
    no more function words of these four languages than a language of the Americas may have. Pieces under six words must
    together resemble one language of the Americas. If the pieces have fewer than `long` words in all, the result is
    empty. It is also empty if the text's main language isn't one of the four, since a piece may be in another spelling
    of it.

    Args:
        model: the identifier.
        lines: the pieces.
        per_group: the probability of each group, with one row per piece.
        found_labels: labels of the languages found in the text, the main one first.
    """
    nothing: NDArray[np.int64] = np.empty(0, np.int64)
    group_by_code = groups().of
    found_groups = [group_by_code.get(code, code) for code in (label.partition("_")[0] for label in found_labels)]
    if found_groups[0] not in RULE.colonial or found_groups[0] not in model.words:
        return nothing
    places = [model.groups.index(group) for group in {*found_groups, UNDETERMINED} if group in model.groups]
    tokens = [line.split() for line in lines]
    unassigned = np.flatnonzero(per_group[:, places].max(axis=1) < LEAST_PIECE)
    is_long = np.array([len(tokens[row]) >= RULE.least_words for row in unassigned.tolist()], bool)
    short = unassigned[~is_long]
    if len(short):
        mean_chances = mean(per_group, short, np.array([len(line) for line in lines], np.float32))
        agree = mean_chances.max() >= LEAST_FIRST and model.needs_words(model.groups[int(mean_chances.argmax())])
        short = short if agree and _is_other(model, [word for row in short for word in tokens[row]]) else nothing
    long = [row for row in unassigned[is_long].tolist() if _is_other(model, tokens[row])]
    result = np.sort(np.concatenate([np.array(long, np.int64), short]))
    return result if sum(len(tokens[row]) for row in result) >= RULE.long else nothing


def _is_other(model: LanguageModel, tokens: Sequence[str]) -> bool:
    """Return whether the words are hardly Spanish, Portuguese, English or French; false for laughter and refrains."""
    has_variety = len(set(tokens)) >= RULE.least_different
    return has_variety and evidence(tokens, UNDETERMINED, model.words).colonial <= RULE.most_colonial


def by_share(parts: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Return the languages of a mixed text and their shares, larger shares first.

    >>> by_share({"spa_Latn": 0.25, "und": 0.75})
    (('und', 0.75), ('spa_Latn', 0.25))
    """
    return tuple((code, round(parts[code], 3)) for code in sorted(parts, key=lambda code: -parts[code]))
