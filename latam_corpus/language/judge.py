"""From texts to languages: windows vote, groups are summed, and `und` is said rather than a guess."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latam_corpus.language.codes import UNDETERMINED
from latam_corpus.language.evidence import COLONIAL
from latam_corpus.language.judgement import NOTHING, SURE, Judgement, batches, fine, normalised_lines, whole
from latam_corpus.language.mixed import by_pieces, quotes
from latam_corpus.language.windows import windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latam_corpus.language.model import Model


def judge(model: Model, texts: Sequence[str | None]) -> list[Judgement]:
    """The language of each text, in order.

    Args:
        model: the identifier.
        texts: any texts; null and texts without letters are `und`.
    """
    cut = [windows(text) if text else [] for text in texts]
    lines, owner = normalised_lines([(row, window) for row, found in enumerate(cut) for window in found])
    judged = [NOTHING] * len(texts)
    again: dict[int, Judgement] = {}
    for first, last in batches(owner):
        _judge_some(model, lines[first:last], owner[first:last], judged, again)
    for row, found in by_pieces(model, texts, again).items():
        judged[row] = found
    return judged


def _judge_some(
    model: Model,
    lines: list[str],
    owner: NDArray[np.int64],
    judged: list[Judgement],
    again: dict[int, Judgement],
) -> None:
    """Put what is sure into `judged`, and the first look at the rest into `again`."""
    weights = np.array([len(line) for line in lines], np.float32)[:, None]
    per_line = model.probabilities(lines)
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    totals = np.add.reduceat(weights, starts)
    labels = (np.add.reduceat(per_line * weights, starts) / totals).astype(np.float32)
    group_chances = model.by_group(labels)
    best = group_chances.argmax(axis=1)
    chance = group_chances[np.arange(len(best)), best]
    line_best = model.group_of[per_line.argmax(axis=1)]
    agree = np.minimum.reduceat(line_best == np.repeat(best, np.diff([*starts, len(lines)])), starts)
    for i, row in enumerate(owner[starts].tolist()):
        group = model.groups[best[i]]
        if chance[i] >= SURE and agree[i] and group in COLONIAL:
            judged[row] = Judgement(fine(model, labels[i], int(best[i])), float(chance[i]))
            continue
        own = lines[starts[i] : starts[i + 1] if i + 1 < len(starts) else len(lines)]
        found = whole(model, labels[i], group_chances[i], own)
        agreed = chance[i] >= SURE and agree[i] and found.language != UNDETERMINED
        if agreed and not quotes(model, group, own):
            judged[row] = found
        else:
            again[row] = found
