"""Take a source's declared language into account, which matters for texts with many loanwords."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.codes import UNDETERMINED, groups, known_code, short
from latam_corpus.language.classifier.lines import piece_lines, window_lines
from latam_corpus.language.evidence import RULE, USUAL, Evidence, evidence, is_supported, lead
from latam_corpus.language.judge import LanguageJudgement, consonants_of, group_of, mean_by_text, member_or_group
from latam_corpus.language.judge_kernels import mean
from latam_corpus.language.unknown_part import LEAST_PIECE, by_share, other_pieces
from latam_corpus.text.words import utf8

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from latam_corpus.language.model import LanguageModel

# The factor by which a declaration multiplies the odds of its language.
WEIGHT: Final = RULE.declared / (1 - RULE.declared)


def declared_judgements(
    model: LanguageModel, texts: pl.Series, shown: Sequence[LanguageJudgement], declared: Sequence[str | None]
) -> dict[int, LanguageJudgement]:
    """Return the judgements that a source's declaration changes, by the index of the text.

    If the declared language is one of the Americas and a text doesn't show it, the text is judged again, with the odds
    of the declared language multiplied by WEIGHT. The text needs evidence in its words like any text, but these may be
    fewer than the function words of Spanish. If the text alone may be Spanish and has words of both languages, it is
    mixed. A text with too few words to identify any language gets the declared one if that is also the likeliest
    without the declaration. If a part of a mixed text is in an unknown language, only that part is judged in this way.

    Args:
        model: the identifier.
        texts: n texts.
        shown: the judgement of each text by itself.
        declared: n languages, as written in sources.
    """
    declared_groups: dict[int, str] = {}
    for row, (judgement, declared_language) in enumerate(zip(shown, declared, strict=True)):
        if (
            declared_language
            and (group := _declared_group(declared_language)) in model.groups
            and group_of(judgement) != group
        ):
            declared_groups[row] = str(group)
    if not declared_groups:
        return {}
    rows = list(declared_groups)
    lines = window_lines(*utf8(texts.gather(rows)))
    if not len(lines):
        return {}
    starts, ends, labels = mean_by_text(model.probabilities(lines), lines)
    judgements = {}
    for text_labels, first, last in zip(labels, starts.tolist(), ends.tolist(), strict=True):
        row = rows[int(lines.owner[first])]
        judged = _judged(model, text_labels, " ".join(lines[first:last]).split(), declared_groups[row])
        if judged:
            judgements[row] = judged
    undecided = [row for row in rows if row not in judgements and UNDETERMINED in dict(shown[row].languages)]
    return judgements | _by_part(model, texts, undecided, shown, declared_groups)


def _by_part(
    model: LanguageModel,
    texts: pl.Series,
    rows: Sequence[int],
    shown: Sequence[LanguageJudgement],
    declared_groups: Mapping[int, str],
) -> dict[int, LanguageJudgement]:
    """Return the judgements of mixed texts whose unknown part is in the declared language."""
    judgements: dict[int, LanguageJudgement] = {}
    if not rows:
        return judgements
    lines = piece_lines(*utf8(texts), list(rows))
    per_line = model.probabilities(lines)
    per_group = model.by_group(per_line)
    for row in rows:
        own_pieces = np.flatnonzero(lines.owner == row)
        pieces = [lines[piece] for piece in own_pieces.tolist()]
        parts = dict(shown[row].languages)
        known_languages = sorted(parts.keys() - {UNDETERMINED}, key=lambda code: code != shown[row].language)
        part = other_pieces(model, pieces, per_group[own_pieces], known_languages)
        if not len(part):
            continue
        labels = mean(per_line[own_pieces], part, np.array([len(piece) for piece in pieces], np.float32))
        judged = _judged(model, labels, " ".join(pieces[n] for n in part.tolist()).split(), declared_groups[row])
        if judged:
            parts[judged.language] = parts.pop(UNDETERMINED) + parts.get(judged.language, 0.0)
            mixture = by_share(parts)
            first = mixture[0][0]
            score = judged.score if first == judged.language else shown[row].score
            judgements[row] = LanguageJudgement(first, score, mixture)
    return judgements


def note(shown: LanguageJudgement, declared: str) -> dict[str, Any]:
    """Return the ledger's note on a judgement that a declaration changed; `explain` reports it too."""
    return {"shown": shown.language, "score": round(shown.score, 3), "declared": declared, "prior": RULE.declared}


def _declared_group(declared: str) -> str | None:
    """Return the group under which a declared language of the Americas is judged; None for other languages."""
    code = known_code(short(declared))
    of = groups().of
    return of.get(code, code if code in of.values() else None) if code else None


def _judged(
    model: LanguageModel, labels: NDArray[np.float32], tokens: Sequence[str], group: str
) -> LanguageJudgement | None:
    group_index = model.groups.index(group)
    undeclared_chances = model.by_group(labels[None])[0]
    lifted = labels.copy()
    lifted[model.members[group_index]] *= np.float32(WEIGHT)
    lifted /= lifted.sum()
    chances = model.by_group(lifted[None])[0]
    shown = evidence(tokens, group, model.words)
    if int(chances.argmax()) != group_index or shown.colonial > RULE.most_colonial:
        return None
    language = member_or_group(model, lifted, group_index)
    if len(tokens) < RULE.least_words:
        is_certain = int(undeclared_chances.argmax()) == group_index and chances[group_index] >= RULE.certain[1]
        return LanguageJudgement(language, float(chances[group_index])) if is_certain else None
    words = replace(shown, colonial=min(shown.colonial, shown.own))
    bounds, sounds = model.bounds.get(group, USUAL), consonants_of(model, lifted, group_index)
    if not is_supported(lead(chances, shown.words), words, bounds, RULE.long, sounds):
        return None
    return LanguageJudgement(language, float(chances[group_index]), _mixed(model, language, shown, undeclared_chances))


def _mixed(
    model: LanguageModel, language: str, shown: Evidence, undeclared_chances: NDArray[np.float32]
) -> tuple[tuple[str, float], ...]:
    """Return the shares of two languages by their frequent words, larger first; empty if one of them has hardly any."""
    colonial_groups = [model.groups.index(code) for code in RULE.colonial if code in model.groups]
    colonial_group = max(colonial_groups, key=lambda index: float(undeclared_chances[index]), default=None)
    if (
        colonial_group is None
        or undeclared_chances[colonial_group] < LEAST_PIECE
        or min(shown.own, shown.colonial) < RULE.least_share
    ):
        return ()
    own_share = round(shown.own / (shown.own + shown.colonial), 3)
    parts = ((language, own_share), (model.labels[int(model.members[colonial_group][0])].name, round(1 - own_share, 3)))
    return parts if own_share >= 1 - own_share else parts[::-1]
