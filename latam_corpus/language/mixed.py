"""Texts in more than one language: pieces of a text are told apart, and their shares counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.codes import UNDETERMINED
from latam_corpus.language.evidence import RULE
from latam_corpus.language.judgement import SURE, Judgement, batches, by_evidence, group_of, whole
from latam_corpus.language.lines import piece_lines
from latam_corpus.language.mixed_kernels import mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from latam_corpus.language.evidence import Evidence
    from latam_corpus.language.model import Model

LEAST_MIXED: Final = 0.1  # the share of a text at which a second language is told
LEAST_FIRST: Final = 0.4  # the share of a mixed text that names it
LEAST_PIECE: Final = 0.2  # the probability at which a piece counts for one of the languages shown


def quotes(shown: Evidence) -> bool:
    """Whether there is so much Spanish, Portuguese, English or French in a text that it may be mixed."""
    return shown.colonial >= LEAST_MIXED


def by_pieces(
    model: Model, data: NDArray[np.uint8], offsets: NDArray[np.int64], first_look: Mapping[int, Judgement]
) -> dict[int, Judgement]:
    """The judgement by pieces of texts whose windows disagree, are unsure, or quote.

    Args:
        model: the identifier.
        data: the UTF-8 of all texts.
        offsets: int64[n+1], where each starts.
        first_look: what the windows said, by the place of the text, for those to look at again.
    """
    judged = dict(first_look)
    lines = piece_lines(data, offsets, list(first_look))
    for start, end in batches(lines.owner):
        per_line = model.probabilities(lines[start:end])
        per_group = model.by_group(per_line)
        here = lines.owner[start:end]
        starts = np.flatnonzero(np.diff(here, prepend=-1)).tolist()
        for a, b in zip(starts, [*starts[1:], end - start], strict=True):
            row = int(here[a])
            own = list(lines[start + a : start + b])
            judged[row] = _mixed(model, own, per_line[a:b], per_group[a:b], first_look[row])
    return judged


def _mixed(
    model: Model,
    lines: Sequence[str],
    per_line: NDArray[np.float32],
    per_group: NDArray[np.float32],
    first_look: Judgement,
) -> Judgement:
    if len(lines) < 2:  # noqa: PLR2004 - one piece is the whole
        return first_look
    weights = np.array([len(line) for line in lines], np.float32)
    shown = _shown(model, lines, per_line, per_group, weights)
    if not shown:
        return first_look
    found = list(shown)
    places = [model.groups.index(group_of(one)) for one in found]
    # Short or doubtful pieces go to the likeliest of the languages that sure pieces have shown.
    nearest = per_group[:, places].argmax(axis=1)
    held = per_group[:, places].max(axis=1) >= LEAST_PIECE
    shares = [float(weights[held & (nearest == n)].sum() / weights.sum()) for n in range(len(found))]
    order = sorted(range(len(found)), key=lambda n: -shares[n])
    first = found[order[0]]
    if shares[order[0]] < LEAST_FIRST:
        return first_look if first_look.code == first.code else Judgement(UNDETERMINED, first_look.score)
    told = tuple(
        (found[n].language, round(shares[n], 3))
        for n in order
        if shares[n] >= LEAST_MIXED and (shown[found[n]] or found[n] is first)
    )
    return Judgement(first.language, first.score, told if len(told) > 1 else ())


def _shown(
    model: Model,
    lines: Sequence[str],
    per_line: NDArray[np.float32],
    per_group: NDArray[np.float32],
    weights: NDArray[np.float32],
) -> dict[Judgement, bool]:
    """The languages that pieces of six words and more show surely, each judged on those pieces together.

    With each, whether its few words tell as much as a long text's do: what another text must have to be called mixed.
    """
    best = per_group.argmax(axis=1)
    sure = (per_group.max(axis=1) >= SURE) & (np.array([line.count(" ") + 1 for line in lines]) >= RULE.least_words)
    found = {}
    for group in np.unique(best[sure]).tolist():
        rows = np.flatnonzero(sure & (best == group))
        labels = mean(per_line, rows, weights)
        chances = mean(per_group, rows, weights)
        judged, seen = whole(model, labels, chances, [lines[row] for row in rows.tolist()])
        if judged.language != UNDETERMINED:
            found[judged] = by_evidence(model, labels, chances, seen, long=RULE.least_words) == judged
    return found
