"""What a source's word for its language is worth: a text with many loans is told by it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.codes import UNDETERMINED, groups, known_code, short
from latam_corpus.language.classifier.lines import piece_lines, window_lines
from latam_corpus.language.evidence import RULE, USUAL, Evidence, evidence, holds, lead
from latam_corpus.language.judge import Judgement, consonants_of, fine, group_of
from latam_corpus.language.judge_kernels import mean, mean_of_each
from latam_corpus.language.unknown_part import LEAST_PIECE, by_share, other_pieces
from latam_corpus.text.words import utf8

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from latam_corpus.language.model import Model

# Times by which a declaration multiplies the odds of its language.
WEIGHT: Final = RULE.declared / (1 - RULE.declared)


def shifted(
    model: Model, texts: pl.Series, shown: Sequence[Judgement], declared: Sequence[str | None]
) -> dict[int, Judgement]:
    """Return the judgements that a source's declaration changes, by the place of the text.

    A text that shows another language than the declared one of the Americas, or none, is judged again with the odds of
    the declared one multiplied by WEIGHT. Its words must speak as for any text, but may be fewer than the function
    words of Spanish. Where the text alone may be Spanish, and has words of both, it is mixed. A text of fewer words
    than any language is named by takes the declared one if it is the likeliest without the declaration, too. Where a
    part of a mixed text is in a language that isn't known, that part alone is judged so.

    Args:
        model: the identifier.
        texts: n texts.
        shown: what each shows by itself.
        declared: n languages, as sources write them.
    """
    asked: dict[int, str] = {}
    for row, (judgement, declared_language) in enumerate(zip(shown, declared, strict=True)):
        if declared_language and (group := _group(declared_language)) in model.groups and group_of(judgement) != group:
            asked[row] = str(group)
    if not asked:
        return {}
    rows = list(asked)
    lines = window_lines(*utf8(texts.gather(rows)))
    if not len(lines):
        return {}
    starts = np.flatnonzero(np.diff(lines.owner, prepend=-1))
    ends = np.append(starts[1:], len(lines))
    per_line = model.probabilities(lines)
    labels = np.empty((len(starts), per_line.shape[1]), np.float32)
    mean_of_each(per_line, lines.chars.astype(np.float32), starts, ends, labels)
    judgements = {}
    for own, first, last in zip(labels, starts.tolist(), ends.tolist(), strict=True):
        row = rows[int(lines.owner[first])]
        judged = _judged(model, own, " ".join(lines[first:last]).split(), asked[row])
        if judged:
            judgements[row] = judged
    left = [row for row in rows if row not in judgements and UNDETERMINED in dict(shown[row].languages)]
    return judgements | _by_part(model, texts, left, shown, asked)


def _by_part(
    model: Model, texts: pl.Series, rows: Sequence[int], shown: Sequence[Judgement], asked: Mapping[int, str]
) -> dict[int, Judgement]:
    """Return the judgements of mixed texts whose part in no known language is in the declared one."""
    judgements: dict[int, Judgement] = {}
    if not rows:
        return judgements
    lines = piece_lines(*utf8(texts), list(rows))
    per_line = model.probabilities(lines)
    per_group = model.by_group(per_line)
    for row in rows:
        own = np.flatnonzero(lines.owner == row)
        pieces = [lines[piece] for piece in own.tolist()]
        parts = dict(shown[row].languages)
        told = sorted(parts.keys() - {UNDETERMINED}, key=lambda code: code != shown[row].language)
        part = other_pieces(model, pieces, per_group[own], told)
        if not len(part):
            continue
        labels = mean(per_line[own], part, np.array([len(piece) for piece in pieces], np.float32))
        judged = _judged(model, labels, " ".join(pieces[n] for n in part.tolist()).split(), asked[row])
        if judged:
            parts[judged.language] = parts.pop(UNDETERMINED) + parts.get(judged.language, 0.0)
            mixture = by_share(parts)
            first = mixture[0][0]
            score = judged.score if first == judged.language else shown[row].score
            judgements[row] = Judgement(first, score, mixture)
    return judgements


def note(shown: Judgement, declared: str) -> dict[str, Any]:
    """Return what the ledger says of a judgement that a declaration changed, and `explain` after it."""
    return {"shown": shown.language, "score": round(shown.score, 3), "declared": declared, "prior": RULE.declared}


def _group(declared: str) -> str | None:
    """Return the group of the Americas that a declared language is judged in; None for any other language."""
    code = known_code(short(declared))
    of = groups().of
    return of.get(code, code if code in of.values() else None) if code else None


def _judged(model: Model, labels: NDArray[np.float32], tokens: Sequence[str], group: str) -> Judgement | None:
    group_index = model.groups.index(group)
    alone = model.by_group(labels[None])[0]
    lifted = labels.copy()
    lifted[model.members[group_index]] *= np.float32(WEIGHT)
    lifted /= lifted.sum()
    chances = model.by_group(lifted[None])[0]
    shown = evidence(tokens, group, model.words)
    if int(chances.argmax()) != group_index or shown.colonial > RULE.most_colonial:
        return None
    language = fine(model, lifted, group_index)
    if len(tokens) < RULE.least_words:
        surely = int(alone.argmax()) == group_index and chances[group_index] >= RULE.certain[1]
        return Judgement(language, float(chances[group_index])) if surely else None
    words = replace(shown, colonial=min(shown.colonial, shown.own))
    asked, sounds = model.bounds.get(group, USUAL), consonants_of(model, lifted, group_index)
    if not holds(lead(chances, shown.words), words, asked, RULE.long, sounds):
        return None
    return Judgement(language, float(chances[group_index]), _mixed(model, language, shown, alone))


def _mixed(model: Model, language: str, shown: Evidence, alone: NDArray[np.float32]) -> tuple[tuple[str, float], ...]:
    """Return the shares of two languages by their frequent words, the larger first; none where one has hardly any."""
    others = [model.groups.index(code) for code in RULE.colonial if code in model.groups]
    other = max(others, key=lambda index: float(alone[index]), default=None)
    if other is None or alone[other] < LEAST_PIECE or min(shown.own, shown.colonial) < RULE.least_share:
        return ()
    own = round(shown.own / (shown.own + shown.colonial), 3)
    parts = ((language, own), (model.labels[int(model.members[other][0])].name, round(1 - own, 3)))
    return parts if own >= 1 - own else parts[::-1]
