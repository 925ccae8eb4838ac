"""Identify the languages of texts: windows vote, groups are summed, pieces are counted; doubtful texts are `und`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus.codes import UNDETERMINED, groups
from latam_corpus.language.classifier.lines import piece_lines, window_lines
from latam_corpus.language.classifier.windows_kernels import WINDOW
from latam_corpus.language.evidence import (
    RULE,
    USUAL,
    Evidence,
    evidence,
    is_supported,
    is_supported_elsewhere,
    lead,
    overrules,
)
from latam_corpus.language.judge_kernels import mean
from latam_corpus.language.labels import script_of_letter
from latam_corpus.language.unknown_part import LEAST_FIRST, LEAST_PIECE, by_share, other_pieces
from latam_corpus.text.words import utf8

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from latam_corpus.language.classifier.lines import LineStore
    from latam_corpus.language.model import LanguageModel

SURE: Final = 0.8  # above this probability, the language is accepted if the windows agree
CLEAR: Final = 0.99  # above this probability, no pieces are examined
FINE: Final = 0.8  # the share of a group's probability at which a member is reported
BATCH_LINES: Final = 512  # per matrix product: a few MB of probabilities, which fit into the processor's cache


@dataclass(frozen=True)
class LanguageJudgement:
    """The language of a text.

    Attributes:
        language: code and script, such as `spa_Latn`, or `und`.
        score: the probability of the language's group, 0 for a text without letters.
        languages: for a mixed text, the code and the share of each language, larger shares first, with `und` for pieces
            in an unknown language; empty for a text in one language.
    """

    language: str
    score: float
    languages: tuple[tuple[str, float], ...] = ()

    @property
    def code(self) -> str:
        """The ISO 639-3 code, or `und`."""
        return self.language.split("_")[0]


NOTHING: Final = LanguageJudgement(UNDETERMINED, 0.0)


def batches(owner: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield ranges of about BATCH_LINES lines that don't divide the lines of a text."""
    first = 0
    while first < len(owner):
        last = min(first + BATCH_LINES, len(owner))
        while last < len(owner) and owner[last] == owner[last - 1]:
            last += 1
        yield first, last
        first = last


def mean_by_text(
    per_line: NDArray[np.float32], lines: LineStore
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return the start and end of each text's lines, and the mean probability of each label, float32[n, labels]."""
    starts = np.flatnonzero(np.diff(lines.owner, prepend=-1))
    ends = np.append(starts[1:], len(lines))
    weights = lines.chars.astype(np.float32)
    labels = np.zeros((len(starts), per_line.shape[1]), np.float32)
    totals = np.zeros(len(starts), np.float32)
    most = int((ends - starts).max(initial=0))
    # Scores are part of a release, so the lines of a text are always added in this order, with the first line last.
    for line in (*range(1, most), 0):
        texts = np.flatnonzero(ends - starts > line)
        rows = starts[texts] + line
        labels[texts] += per_line[rows] * weights[rows, None]
        totals[texts] += weights[rows]
    labels /= totals[:, None]
    return starts, ends, labels


def judge_together(
    model: LanguageModel, labels: NDArray[np.float32], chances: NDArray[np.float32], lines: Sequence[str]
) -> tuple[LanguageJudgement, Evidence]:
    """Return one language, or `und`, for lines that belong together, and the evidence for the likeliest group."""
    tokens = " ".join(lines).split()
    if all(token == token[0] * len(token) for token in tokens):
        return LanguageJudgement(UNDETERMINED, float(chances.max())), Evidence(len(tokens), 0.0, 0.0, 0, 0.0)
    best = int(chances.argmax())
    shown = evidence(tokens, model.groups[best], model.words)
    if model.groups[best] == UNDETERMINED:
        other_chances = chances.copy()
        other_chances[best] = 0
        judged_by_words = _judged_by_words(model, labels, other_chances, tokens)
        if judged_by_words:
            return judged_by_words
    judged = by_evidence(model, labels, chances, shown)
    if judged.language.endswith("_Latn") and not any(map(_is_latin, chain.from_iterable(tokens))):
        # The model wasn't trained on these letters, so its answer is meaningless.
        judged = LanguageJudgement(UNDETERMINED, judged.score)
    return judged, shown


def _is_latin(letter: str) -> bool:
    return letter.isalpha() and script_of_letter(letter) == "Latn"


def _judged_by_words(
    model: LanguageModel, labels: NDArray[np.float32], chances: NDArray[np.float32], tokens: Sequence[str]
) -> tuple[LanguageJudgement, Evidence] | None:
    """Return a language of the Americas whose words are in a text that the model judges to be nonsense, or None.

    Args:
        model: the identifier.
        labels: the probability of each label.
        chances: the probability of each group, without the group of no language.
        tokens: the text's words.
    """
    group = model.groups[int(chances.argmax())]
    total = float(chances.sum())
    if not model.needs_words(group) or not total:
        return None
    shown = evidence(tokens, group, model.words)
    if not overrules(shown, model.bounds.get(group, USUAL)):
        return None
    judged = by_evidence(model, labels, chances / total, shown)
    if judged.language == UNDETERMINED:
        return None
    return LanguageJudgement(judged.language, float(chances.max())), shown


def by_evidence(
    model: LanguageModel,
    labels: NDArray[np.float32],
    chances: NDArray[np.float32],
    shown: Evidence,
    long: int = RULE.long,
) -> LanguageJudgement:
    """Judge by the evidence for the likeliest group; `long` has the same meaning as in `evidence.is_supported`."""
    best = int(chances.argmax())
    chance, group = float(chances[best]), model.groups[best]
    if model.needs_words(group):
        bounds = model.bounds.get(group, USUAL)
        is_accepted = is_supported(lead(chances, shown.words), shown, bounds, long, consonants_of(model, labels, best))
    else:
        is_accepted = is_supported_elsewhere(chance, shown.words, group)
    return LanguageJudgement(member_or_group(model, labels, best) if is_accepted else UNDETERMINED, chance)


def member_or_group(model: LanguageModel, labels: NDArray[np.float32], group: int) -> str:
    """Return the member of a group if it is certain; otherwise the group, with its members' usual script."""
    members = model.members[group]
    if len(members) == 1:
        return model.labels[int(members[0])].name
    best = _likeliest_member(model, labels, group)
    if labels[best] >= FINE * labels[members].sum():
        return model.labels[best].name
    label, code = model.labels[best], model.groups[group]
    return f"{code}_{label.script}" if label.script else code


def consonants_of(model: LanguageModel, labels: NDArray[np.float32], group: int) -> int:
    """Return the number of consonants in longer texts of a group's likeliest member; 0 if unknown."""
    return model.consonants.get(model.labels[_likeliest_member(model, labels, group)].code, 0)


def _likeliest_member(model: LanguageModel, labels: NDArray[np.float32], group: int) -> int:
    """Return the likeliest label of a group."""
    members = model.members[group]
    return int(members[labels[members].argmax()])


def group_of(judgement: LanguageJudgement) -> str:
    """Return the group as which a judgement's language is judged.

    >>> group_of(LanguageJudgement("quy_Latn", 0.9)), group_of(LanguageJudgement("spa_Latn", 0.9))
    ('que', 'spa')
    """
    return groups().of.get(judgement.code, judgement.code)


LEAST_MIXED: Final = 0.1  # the smallest share of a text at which a second language is reported


def quotes(shown: Evidence) -> bool:
    """Return whether a text has enough Spanish, Portuguese, English or French to be mixed."""
    return shown.colonial >= LEAST_MIXED


def by_pieces(
    model: LanguageModel,
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    first_look: Mapping[int, LanguageJudgement],
    sure: Collection[int] = (),
) -> dict[int, LanguageJudgement]:
    """Judge by pieces the texts whose windows disagree, are unsure, or quote another language.

    The judgement by windows is kept for a sure text if no piece is surely in another language, or unlikely to be in the
    language of the windows.

    Args:
        model: the identifier.
        data: the UTF-8 of all texts.
        offsets: int64[n+1], where each text starts.
        first_look: the judgement by windows of each text to examine, by the text's index.
        sure: the indices of those texts whose judgement by windows is accepted.
    """
    judged = dict(first_look)
    only_group = {
        row: model.single_groups.get(group_of(judgement), -1) if row in sure else -1
        for row, judgement in first_look.items()
    }
    lines = piece_lines(data, offsets, list(first_look))
    for start, end in batches(lines.owner):
        per_line = model.probabilities(lines[start:end])
        per_group = model.by_group(per_line)
        owners = lines.owner[start:end]
        first_lines = np.flatnonzero(np.diff(owners, prepend=-1))
        expected = np.array([only_group[row] for row in owners.tolist()], np.int64)
        # Such pieces find neither another language in a text nor an unknown one.
        is_expected = (per_group.argmax(axis=1) == expected) | (per_group.max(axis=1) < SURE)
        is_expected &= (expected >= 0) & (per_group[np.arange(len(expected)), expected] >= LEAST_PIECE)
        agree = np.logical_and.reduceat(is_expected, first_lines).tolist()
        starts = first_lines.tolist()
        for line, line_end, is_same in zip(starts, [*starts[1:], end - start], agree, strict=True):
            if is_same:
                continue
            row = int(owners[line])
            own_lines = list(lines[start + line : start + line_end])
            judged[row] = _mixed(model, own_lines, per_line[line:line_end], per_group[line:line_end], first_look[row])
    return judged


def _mixed(
    model: LanguageModel,
    lines: Sequence[str],
    per_line: NDArray[np.float32],
    per_group: NDArray[np.float32],
    first_look: LanguageJudgement,
) -> LanguageJudgement:
    if len(lines) < 2:  # noqa: PLR2004 - a single piece is the whole text
        return first_look
    weights = np.array([len(line) for line in lines], np.float32)
    shown = _shown(model, lines, per_line, per_group, weights) or {first_look: True}
    if UNDETERMINED in {judgement.language for judgement in shown}:
        return first_look
    judgements = list(shown)
    places = [model.groups.index(group_of(judgement)) for judgement in judgements]
    # A short or doubtful piece is assigned to the likeliest of the languages of sure pieces.
    nearest = per_group[:, places].argmax(axis=1)
    is_assigned = per_group[:, places].max(axis=1) >= LEAST_PIECE
    shares = [float(weights[is_assigned & (nearest == n)].sum() / weights.sum()) for n in range(len(judgements))]
    order = sorted(range(len(judgements)), key=lambda n: -shares[n])
    first = judgements[order[0]]
    parts = {
        judgements[n].language: shares[n]
        for n in order
        if shares[n] >= LEAST_MIXED and (shown[judgements[n]] or judgements[n] is first)
    }
    unknown_pieces = other_pieces(model, lines, per_group, [first.language, *parts])
    if weights[unknown_pieces].sum() >= LEAST_MIXED * weights.sum():
        parts = {
            first.language: shares[order[0]],
            **parts,
            UNDETERMINED: float(weights[unknown_pieces].sum() / weights.sum()),
        }
    mixture = by_share(parts) if len(parts) > 1 else ()
    if shares[order[0]] < LEAST_FIRST:
        is_same = first_look.code == first.code
        return replace(first_look, languages=mixture) if is_same else LanguageJudgement(UNDETERMINED, first_look.score)
    return LanguageJudgement(first.language, first.score, mixture)


def _shown(
    model: LanguageModel,
    lines: Sequence[str],
    per_line: NDArray[np.float32],
    per_group: NDArray[np.float32],
    weights: NDArray[np.float32],
) -> dict[LanguageJudgement, bool]:
    """Return the languages of sure pieces with six or more words; each is judged on all of its pieces together.

    The value is whether these words are as much evidence as in a long text, which the second language of a mixed text
    requires.
    """
    best = per_group.argmax(axis=1)
    sure = (per_group.max(axis=1) >= SURE) & (np.array([line.count(" ") + 1 for line in lines]) >= RULE.least_words)
    has_evidence = {}
    for group in np.unique(best[sure]).tolist():
        rows = np.flatnonzero(sure & (best == group))
        labels = mean(per_line, rows, weights)
        chances = mean(per_group, rows, weights)
        judged, shown = judge_together(model, labels, chances, [lines[row] for row in rows.tolist()])
        if judged.language != UNDETERMINED:
            has_evidence[judged] = by_evidence(model, labels, chances, shown, long=RULE.least_words) == judged
    return has_evidence


_SCRAP: Final = 30  # characters; a shorter text is also examined by its words, since it may be a row of one letter


def judge(model: LanguageModel, texts: pl.Series | Sequence[str | None]) -> list[LanguageJudgement]:
    """Judge the language of each text, in order.

    Args:
        model: the identifier.
        texts: any texts; null and texts without letters are `und`. A series isn't copied.
    """
    series = texts.cast(pl.String) if isinstance(texts, pl.Series) else pl.Series(list(texts), dtype=pl.String)
    data, offsets = utf8(series)
    lines = window_lines(data, offsets)
    judged = [NOTHING] * len(series)
    doubtful: dict[int, LanguageJudgement] = {}
    for first, last in batches(lines.owner):
        _judge_some(model, lines[first:last], np.diff(offsets), judged, doubtful)
    sure_rows = {row for row in doubtful if judged[row] is not NOTHING}
    for row, judgement in by_pieces(model, data, offsets, doubtful, sure_rows).items():
        sure_judgement = judged[row]
        if sure_judgement is NOTHING:
            judged[row] = judgement
        elif sure_judgement.language == judgement.language:
            judged[row] = replace(sure_judgement, languages=judgement.languages)
        elif sure_judgement.language in dict(judgement.languages) and model.needs_words(group_of(judgement)):
            judged[row] = judgement
    return judged


def _judge_some(
    model: LanguageModel,
    lines: LineStore,
    sizes: NDArray[np.int64],
    judged: list[LanguageJudgement],
    doubtful: dict[int, LanguageJudgement],
) -> None:
    """Add sure judgements to `judged`, and judgements of doubtful or possibly mixed texts to `doubtful`."""
    per_line = model.probabilities(lines)
    starts, ends, labels = mean_by_text(per_line, lines)
    group_chances = model.by_group(labels)
    best = group_chances.argmax(axis=1)
    chance = group_chances[np.arange(len(best)), best]
    line_best = model.group_of[per_line.argmax(axis=1)]
    agree = np.minimum.reduceat(line_best == np.repeat(best, ends - starts), starts)
    rows = lines.owner[starts].tolist()
    sure = (agree & (chance >= SURE)).tolist()
    chances, chars = chance.tolist(), lines.chars.tolist()
    for i, (row, group_index, first, last) in enumerate(
        zip(rows, best.tolist(), starts.tolist(), ends.tolist(), strict=True)
    ):
        group = model.groups[group_index]
        if sure[i] and group in RULE.colonial and (last > first + 1 or chars[first] >= _SCRAP):
            judged[row] = LanguageJudgement(member_or_group(model, labels[i], group_index), chances[i])
            # A text longer than one window and shorter than two was read only in part.
            if chances[i] < CLEAR or (last == first + 1 and sizes[row] > WINDOW + WINDOW // 2):
                doubtful[row] = judged[row]
            continue
        own_lines = list(lines[first:last])
        judgement, shown = judge_together(model, labels[i], group_chances[i], own_lines)
        if sure[i] and judgement.language != UNDETERMINED and not quotes(shown):
            judged[row] = judgement
        else:
            doubtful[row] = judgement
