"""From texts to languages: windows vote, groups are summed, and `und` is said rather than a guess."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus.language.codes import UNDETERMINED, groups
from latam_corpus.language.evidence import COLONIAL, LEAST_WORDS, evidence, holds, others_hold
from latam_corpus.language.normalise import normalise_all
from latam_corpus.language.windows import pieces, windows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from latam_corpus.language.model import Model

LEAST_MAJOR: Final = 0.4  # Spanish, Portuguese, English and French need this much
SURE: Final = 0.8  # above it, with windows that agree, nothing more is looked at
FINE: Final = 0.8  # the share of its group's probability at which a member is named
LEAST_MIXED: Final = 0.1  # the share of a text at which a second language is told
LEAST_FIRST: Final = 0.4  # the share of a mixed text that names it
LEAST_PIECE: Final = 0.2  # the probability at which a piece counts for one of the languages shown
_AT_ONCE: Final = 2048  # windows a matrix product


@dataclass(frozen=True)
class Judgement:
    """The language of a text.

    Attributes:
        language: code and script, such as `spa_Latn`, or `und`.
        score: the probability of the language's group, 0 where there is nothing to judge.
        languages: code and share of each language of a mixed text, the larger first; empty for one language.
    """

    language: str
    score: float
    languages: tuple[tuple[str, float], ...] = ()

    @property
    def code(self) -> str:
        """The ISO 639-3 code, or `und`."""
        return self.language.split("_")[0]


NOTHING: Final = Judgement(UNDETERMINED, 0.0)


def judge(model: Model, texts: Sequence[str | None]) -> list[Judgement]:
    """The language of each text, in order.

    Args:
        model: the identifier.
        texts: any texts; null and texts without letters are `und`.
    """
    cut = [windows(text) if text else [] for text in texts]
    lines, owner = _lines([(row, window) for row, found in enumerate(cut) for window in found])
    judged = [NOTHING] * len(texts)
    for first, last in _batches(owner):
        _judge_some(model, texts, lines[first:last], owner[first:last], judged)
    return judged


def _lines(cut: list[tuple[int, str]]) -> tuple[list[str], NDArray[np.int64]]:
    """Normalised lines that have a letter, and the place of the text that each is from."""
    frame = pl.DataFrame(
        {"owner": [row for row, _ in cut], "line": [w for _, w in cut]}, {"owner": pl.Int64, "line": pl.String}
    )
    frame = frame.with_columns(line=normalise_all(frame["line"]).str.replace_all("\n", " "))
    frame = frame.filter(pl.col("line").str.contains(r"\p{L}"))
    return frame["line"].to_list(), frame["owner"].to_numpy()


def _batches(owner: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Ranges of lines that keep the lines of one text together."""
    first = 0
    while first < len(owner):
        last = min(first + _AT_ONCE, len(owner))
        while last < len(owner) and owner[last] == owner[last - 1]:
            last += 1
        yield first, last
        first = last


def _judge_some(
    model: Model, texts: Sequence[str | None], lines: list[str], owner: NDArray[np.int64], judged: list[Judgement]
) -> None:
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
            judged[row] = Judgement(_fine(model, labels[i], int(best[i])), float(chance[i]))
            continue
        own = lines[starts[i] : starts[i + 1] if i + 1 < len(starts) else len(lines)]
        whole = _whole(model, labels[i], group_chances[i], own)
        if chance[i] >= SURE and agree[i]:
            judged[row] = whole
            continue
        judged[row] = _mixed(model, texts[row] or "", whole)


def _whole(model: Model, labels: NDArray[np.float32], chances: NDArray[np.float32], lines: Sequence[str]) -> Judgement:
    """One language for lines that go together, or `und`."""
    best = int(chances.argmax())
    chance, group = float(chances[best]), model.groups[best]
    if group in COLONIAL:
        held = chance >= LEAST_MAJOR
    else:
        tokens = " ".join(lines).split()
        american = group in groups().of
        held = holds(chance, evidence(tokens, group, model.words)) if american else others_hold(chance, len(tokens))
    return Judgement(_fine(model, labels, best) if held else UNDETERMINED, chance)


def _fine(model: Model, labels: NDArray[np.float32], group: int) -> str:
    """The member of a group where it is certain, else the group with its members' usual script."""
    members = np.flatnonzero(model.group_of == group)
    best = int(members[labels[members].argmax()])
    if len(members) == 1 or labels[best] >= FINE * labels[members].sum():
        return model.labels[best].name
    label, code = model.labels[best], model.groups[group]
    return f"{code}_{label.script}" if label.script else code


def _mixed(model: Model, text: str, whole: Judgement) -> Judgement:
    """The judgement by pieces of a text whose windows disagree or are unsure."""
    lines, _ = _lines([(0, piece) for piece in pieces(text)])
    if len(lines) < 2:  # noqa: PLR2004 - one piece is the whole
        return whole
    per_line = model.probabilities(lines)
    per_group = model.by_group(per_line)
    weights = np.array([len(line) for line in lines], np.float32)
    shown = _shown(model, lines, per_line, per_group, weights)
    if not shown:
        return whole
    places = [model.groups.index(group_of(found)) for found in shown]
    # Short or doubtful pieces go to the likeliest of the languages that sure pieces have shown.
    nearest = per_group[:, places].argmax(axis=1)
    held = per_group[:, places].max(axis=1) >= LEAST_PIECE
    shares = [float(weights[held & (nearest == n)].sum() / weights.sum()) for n in range(len(shown))]
    order = sorted(range(len(shown)), key=lambda n: -shares[n])
    first = shown[order[0]]
    if shares[order[0]] < LEAST_FIRST:
        return whole if whole.code == first.code else Judgement(UNDETERMINED, whole.score)
    told = tuple((shown[n].language, round(shares[n], 3)) for n in order if shares[n] >= LEAST_MIXED)
    return Judgement(first.language, first.score, told if len(told) > 1 else ())


def _shown(
    model: Model,
    lines: Sequence[str],
    per_line: NDArray[np.float32],
    per_group: NDArray[np.float32],
    weights: NDArray[np.float32],
) -> list[Judgement]:
    """The languages that pieces of six words and more show surely, each judged on those pieces together."""
    best = per_group.argmax(axis=1)
    sure = (per_group.max(axis=1) >= SURE) & (np.array([line.count(" ") + 1 for line in lines]) >= LEAST_WORDS)
    found = []
    for group in np.unique(best[sure]).tolist():
        rows = np.flatnonzero(sure & (best == group)).tolist()
        labels = np.average(per_line[rows], axis=0, weights=weights[rows])
        chances = np.average(per_group[rows], axis=0, weights=weights[rows])
        judged = _whole(model, labels, chances, [lines[row] for row in rows])
        if judged.language != UNDETERMINED:
            found.append(judged)
    return found


def group_of(found: Judgement) -> str:
    """The group under which a judgement's language is judged.

    >>> group_of(Judgement("quy_Latn", 0.9)), group_of(Judgement("spa_Latn", 0.9))
    ('que', 'spa')
    """
    return groups().of.get(found.code, found.code)
