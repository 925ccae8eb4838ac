"""Measure a model on labelled texts."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.codes import UNDETERMINED, groups, known_code
from latam_corpus.errors import ConfigError
from latam_corpus.lab.language.texts import rows
from latam_corpus.language.judge import judge
from latam_corpus.language.labels import read_label
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from latam_corpus.lab.language.texts import Texts
    from latam_corpus.language.model import LanguageModel

_BATCH: Final = 5000


@dataclass(frozen=True)
class LanguageScores:
    """The scores of one language.

    Attributes:
        code: the code of the language, or of a group of languages of the Americas that are judged together.
        texts: the number of texts with this label.
        precision: the share of texts with this label among texts identified as the language; None if there are none.
        recall: the share of texts with this label that were identified as the language; None if there are none.
        f1: the harmonic mean of precision and recall.
        taken_for: the languages as which its texts were misidentified, with counts, most frequent first.
    """

    code: str
    texts: int
    precision: float | None
    recall: float | None
    f1: float
    taken_for: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Evaluation:
    """The scores of a model on labelled texts.

    Attributes:
        languages: the scores of each language that is a label or a result, those with most texts first.
        macro_f1: the mean F1 of the languages that have texts.
        per_second: the number of texts judged per second.
    """

    languages: tuple[LanguageScores, ...]
    texts: int
    right: int
    macro_f1: float
    per_second: float


def evaluate(model: LanguageModel, data: Sequence[Texts]) -> Evaluation:
    """Measure how well a model identifies the languages of labelled texts.

    For a language of the Americas, its group is a correct result, since `identify` decides between groups.

    Raises:
        ConfigError: a label isn't a language code, or there are no texts.
    """
    pairs = [(_group_of_label(label, str(texts.path)), text) for texts in data for label, text in rows(texts)]
    if not pairs:
        raise ConfigError(
            ", ".join(str(t.path) for t in data), _("it has no labelled text"), _("each line is «label<TAB>text»")
        )
    start = time.perf_counter()
    results: list[str] = []
    for first in range(0, len(pairs), _BATCH):
        results += [
            groups().of.get(judged.code, judged.code)
            for judged in judge(model, [text for _, text in pairs[first : first + _BATCH]])
        ]
    seconds = time.perf_counter() - start
    return score([(label, name) for (label, _), name in zip(pairs, results, strict=True)], len(pairs) / seconds)


def score(pairs: Iterable[tuple[str, str]], per_second: float = 0.0) -> Evaluation:
    """Compute precision, recall and F1 from pairs of a label and a result.

    >>> score([("spa", "spa"), ("spa", "glg"), ("por", "por")]).macro_f1
    0.8333333333333333
    """
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for label, name in pairs:
        table[label][name] += 1
    totals = Counter[str]()
    for names in table.values():
        totals.update(names)
    measured = [_scores(code, table[code], totals[code]) for code in sorted(set(table) | set(totals) - {UNDETERMINED})]
    with_texts = [row for row in measured if row.texts]
    return Evaluation(
        tuple(sorted(measured, key=lambda row: (-row.texts, row.code))),
        sum(row.texts for row in measured),
        sum(table[row.code][row.code] for row in measured),
        sum(row.f1 for row in with_texts) / len(with_texts) if with_texts else 0.0,
        per_second,
    )


def _scores(code: str, names: Counter[str], named: int) -> LanguageScores:
    texts, right = sum(names.values()), names[code]
    wrong_names = [(name, count) for name, count in names.most_common() if name != code]
    return LanguageScores(
        code,
        texts,
        right / named if named else None,
        right / texts if texts else None,
        2 * right / (texts + named) if texts + named else 0.0,
        tuple(wrong_names),
    )


def _group_of_label(label: str, place: str) -> str:
    read = read_label(label)
    code = read[0] if read else known_code(label)
    if code is None:
        raise ConfigError(
            place, _("«{label}» isn't a language code", label=label), _("label texts with ISO 639-3 codes, such as spa")
        )
    return groups().of.get(code, code)
