"""From texts to languages: windows vote, groups are summed, and `und` is said rather than a guess."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus.codes import UNDETERMINED
from latam_corpus.language.evidence import RULE
from latam_corpus.language.judge_kernels import mean_of_each
from latam_corpus.language.judgement import NOTHING, SURE, Judgement, batches, fine, whole
from latam_corpus.language.lines import window_lines
from latam_corpus.language.mixed import by_pieces, quotes
from latam_corpus.text.words import utf8

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.language.lines import Lines
    from latam_corpus.language.model import Model


_SCRAP: Final = 30  # characters; so short a text is looked at twice, since it may be a row of one letter


def judge(model: Model, texts: pl.Series | Sequence[str | None]) -> list[Judgement]:
    """The language of each text, in order.

    Args:
        model: the identifier.
        texts: any texts; null and texts without letters are `und`. A series is read where it is.
    """
    series = texts.cast(pl.String) if isinstance(texts, pl.Series) else pl.Series(list(texts), dtype=pl.String)
    data, offsets = utf8(series)
    lines = window_lines(data, offsets)
    judged = [NOTHING] * len(series)
    again: dict[int, Judgement] = {}
    for first, last in batches(lines.owner):
        _judge_some(model, lines[first:last], judged, again)
    for row, found in by_pieces(model, data, offsets, again).items():
        judged[row] = found
    return judged


def _judge_some(model: Model, lines: Lines, judged: list[Judgement], again: dict[int, Judgement]) -> None:
    """Put what is sure into `judged`, and the first look at the rest into `again`."""
    per_line = model.probabilities(lines)
    starts = np.flatnonzero(np.diff(lines.owner, prepend=-1))
    ends = np.append(starts[1:], len(lines))
    labels = np.empty((len(starts), per_line.shape[1]), np.float32)
    mean_of_each(per_line, lines.chars.astype(np.float32), starts, ends, labels)
    group_chances = model.by_group(labels)
    best = group_chances.argmax(axis=1)
    chance = group_chances[np.arange(len(best)), best]
    line_best = model.group_of[per_line.argmax(axis=1)]
    agree = np.minimum.reduceat(line_best == np.repeat(best, ends - starts), starts)
    rows = lines.owner[starts].tolist()
    sure = (agree & (chance >= SURE)).tolist()
    chances, chars = chance.tolist(), lines.chars.tolist()
    for i, (row, place, first, last) in enumerate(
        zip(rows, best.tolist(), starts.tolist(), ends.tolist(), strict=True)
    ):
        group = model.groups[place]
        if sure[i] and group in RULE.colonial and (last > first + 1 or chars[first] >= _SCRAP):
            judged[row] = Judgement(fine(model, labels[i], place), chances[i])
            continue
        own = list(lines[first:last])
        found, shown = whole(model, labels[i], group_chances[i], own)
        if sure[i] and found.language != UNDETERMINED and not quotes(shown):
            judged[row] = found
        else:
            again[row] = found
