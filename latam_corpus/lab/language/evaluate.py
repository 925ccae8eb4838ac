"""A model measured on labelled texts."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.codes import UNDETERMINED, groups, known_code
from latam_corpus.errors import ConfigError
from latam_corpus.lab.language.texts import rows
from latam_corpus.language.judge import judge
from latam_corpus.language.labels import read_label
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from latam_corpus.lab.language.texts import Texts
    from latam_corpus.language.model import Model

_AT_ONCE: Final = 5000


@dataclass(frozen=True)
class LanguageScores:
    """How well one language is told.

    Attributes:
        code: the language, or the group of languages of the Americas that are judged together.
        texts: how many are labelled so.
        precision: the share of what was named so that is so; None when nothing was.
        recall: the share of the texts that were named so; None when there is no text.
        f1: the harmonic mean of both.
        taken_for: what the others were named and how often, the most frequent first.
    """

    code: str
    texts: int
    precision: float | None
    recall: float | None
    f1: float
    taken_for: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Evaluation:
    """How well a model tells the languages of a file.

    Attributes:
        languages: one row a language that the file or the model named, the most texts first.
        texts: how many there are.
        right: how many were named as labelled.
        macro_f1: the mean F1 of the languages that have texts.
        per_second: texts judged a second.
    """

    languages: tuple[LanguageScores, ...]
    texts: int
    right: int
    macro_f1: float
    per_second: float

    def as_dict(self) -> dict[str, Any]:
        """Return the same as plain values, for JSON."""
        return asdict(self)


def evaluate(model: Model, data: Sequence[Texts]) -> Evaluation:
    """How well the model tells the languages of these texts.

    A language of the Americas counts as told when its group is, since that is what is decided.

    Raises:
        ConfigError: a label is no language code, or there is no text.
    """
    pairs = [(_group_of_label(label, str(texts.path)), text) for texts in data for label, text in rows(texts)]
    if not pairs:
        raise ConfigError(
            ", ".join(str(t.path) for t in data), _("no labelled text"), _("each line is «label<TAB>text»")
        )
    start = time.perf_counter()
    named: list[str] = []
    for first in range(0, len(pairs), _AT_ONCE):
        named += [
            groups().of.get(judged.code, judged.code)
            for judged in judge(model, [text for _, text in pairs[first : first + _AT_ONCE]])
        ]
    seconds = time.perf_counter() - start
    return score([(label, name) for (label, _), name in zip(pairs, named, strict=True)], len(pairs) / seconds)


def score(pairs: Iterable[tuple[str, str]], per_second: float = 0.0) -> Evaluation:
    """Precision, recall and F1 from pairs of what a text is and what it was named.

    >>> score([("spa", "spa"), ("spa", "glg"), ("por", "por")]).macro_f1
    0.8333333333333333
    """
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for label, name in pairs:
        table[label][name] += 1
    named = Counter[str]()
    for names in table.values():
        named.update(names)
    measured = [_measured(code, table[code], named[code]) for code in sorted(set(table) | set(named) - {UNDETERMINED})]
    with_texts = [row for row in measured if row.texts]
    return Evaluation(
        tuple(sorted(measured, key=lambda row: (-row.texts, row.code))),
        sum(row.texts for row in measured),
        sum(table[row.code][row.code] for row in measured),
        sum(row.f1 for row in with_texts) / len(with_texts) if with_texts else 0.0,
        per_second,
    )


def _measured(code: str, names: Counter[str], named: int) -> LanguageScores:
    texts, right = sum(names.values()), names[code]
    others = [(name, count) for name, count in names.most_common() if name != code]
    return LanguageScores(
        code,
        texts,
        right / named if named else None,
        right / texts if texts else None,
        2 * right / (texts + named) if texts + named else 0.0,
        tuple(others),
    )


def _group_of_label(label: str, place: str) -> str:
    read = read_label(label)
    code = read[0] if read else known_code(label)
    if code is None:
        raise ConfigError(
            place, _("«{label}» is no language code", label=label), _("label texts with ISO 639-3 codes, such as spa")
        )
    return groups().of.get(code, code)
