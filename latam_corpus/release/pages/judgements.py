"""Readers' judgements of randomly drawn texts: storage, agreement between readers, and the shares of right texts.

A judgement applies to a text as it was read; if the document's text changes, it no longer counts. Several readers may
judge one text. Their agreement is Cohen's kappa, and a text counts as right if no reader says that it is wrong.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.codes import admits, short
from latam_corpus.errors import ConfigError, cause_of
from latam_corpus.messages import Message, _
from latam_corpus.release.storing.manifest import Audited
from latam_corpus.storage.durable import replace
from latam_corpus.storage.locks import locked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import polars as pl

FILE: Final = "judgements.jsonl"
YES: Final = "yes"
NO: Final = "no"
UNSURE: Final = "unsure"
GOOD: Final = "good"
BAD: Final = "bad"
WORDS: Final[Mapping[str, Message]] = {
    GOOD: _("good"),
    BAD: _("bad"),
    UNSURE: _("unsure"),
    YES: _("yes"),
    NO: _("no"),
}
# The questions about a text, in the order of a sheet's columns, with the answers to each; a question about the language
# may also be answered by the name or code of a language.
QUESTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "verdict": (GOOD, BAD, UNSURE),
    "language": (YES, NO, UNSURE),
    "natural": (YES, NO, UNSURE),
    "personal_data": (NO, YES, UNSURE),
}
NAMES: Final[Mapping[str, Message]] = {
    "verdict": _("verdict"),
    "language": _("is the language right? if not, which is it?"),
    "natural": _("is it natural text?"),
    "personal_data": _("is personal data left?"),
}
DIGEST: Final = re.compile(r"[0-9a-f]{32}")
_RIGHT: Final = {"verdict": GOOD, "natural": YES, "personal_data": NO}
_Z: Final = 1.959964  # quantile of the normal distribution for a 95 % interval


@dataclass(frozen=True)
class Judgement:
    """One reader's judgement of one text.

    Attributes:
        text_hash: the hash of the text that was read, hex, as in the column of that name.
        day: the day of the import, ISO 8601.
        sheet: the first 16 hex digits of the sheet's SHA-256.
        drawn_from: the run or version, and the subset of its documents.
        drawn_by: the group from which the text was drawn, such as `language=quy_Latn`; empty if there was only one
            group.
        named: the language of the document when it was judged.
        answers: the answer to each answered question; for the language it is `yes`, `no`, `unsure` or a code.
    """

    doc_id: str
    text_hash: str
    reader: str
    day: str
    sheet: str
    drawn_from: str
    drawn_by: str
    named: str
    answers: Mapping[str, str]
    note: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.answers, dict) or not self.answers.keys() <= QUESTIONS.keys():
            raise ValueError(self.answers)

    @property
    def text(self) -> tuple[str, str]:
        """The id of the document and the hash of its text."""
        return self.doc_id, self.text_hash

    def is_right(self, question: str, language: str) -> bool | None:
        """Whether the answer to a question says that the text is right; None if the reader was unsure or didn't answer.

        >>> judgement = Judgement("a", "", "Rosa", "2026-11-27", "", "demo", "", "que_Latn", {"language": "quz"})
        >>> judgement.is_right("language", "que_Latn"), judgement.is_right("language", "spa_Latn")
        (True, False)
        >>> judgement.is_right("verdict", "que_Latn") is None
        True
        """
        answer = self.answers.get(question, UNSURE)
        if answer == UNSURE:
            return None
        if question != "language":
            return answer == _RIGHT[question]
        if answer == NO:
            return False if language == self.named else None
        read = short(self.named) if answer == YES else answer
        return admits(read, short(language)) or admits(short(language), read)


def read_judgements(out: Path) -> list[Judgement]:
    """Return the judgements stored in a folder of runs; an empty list if the folder has none.

    Raises:
        ConfigError: the file is damaged.
    """
    path = out / FILE
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8") as file:
            lines = list(file)  # `splitlines` would break a line at a U+2028 in a note
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), _("it can't be read: {cause}", cause=error), _REMEDY) from None
    judged = []
    for number, line in enumerate(lines, 1):
        try:
            judged.append(Judgement(**json.loads(line)))
        except (ValueError, TypeError):
            raise ConfigError(f"{path}:{number}", _("this line isn't a judgement"), _REMEDY) from None
    return judged


_REMEDY: Final = _("restore the file from a backup, or remove it and import the sheets again")


def add_judgements(out: Path, judged: Sequence[Judgement]) -> int:
    """Store judgements and return how many of them replaced a judgement of the same text by the same reader.

    Raises:
        ConfigError: the file is damaged, or can't be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with locked(out, f"{FILE}.lock", wait=True):
            stored = {(judgement.text, judgement.reader): judgement for judgement in read_judgements(out)}
            former_count = len(stored)
            stored |= {(judgement.text, judgement.reader): judgement for judgement in judged}
            lines = [json.dumps(asdict(judgement), ensure_ascii=False) + "\n" for judgement in stored.values()]
            replace(out / FILE, "".join(lines).encode())
    except OSError as error:
        problem = _("it can't be written: {cause}", cause=cause_of(error))
        raise ConfigError(str(out / FILE), problem, _("name another place")) from None
    return len(judged) - (len(stored) - former_count)


@dataclass(frozen=True)
class Agreement:
    """The agreement of two readers on the texts for which both answered a question.

    Attributes:
        counts: how often each pair of answers occurred; the first reader's answer comes first.
        kappa: Cohen's kappa: 1 for full agreement, 0 for chance; None if both always gave the same single answer.
    """

    question: str
    readers: tuple[str, str]
    counts: Mapping[tuple[str, str], int]
    kappa: float | None

    @property
    def texts(self) -> int:
        """The number of texts for which both answered."""
        return sum(self.counts.values())

    @property
    def alike(self) -> int:
        """The number of texts for which both gave the same answer."""
        return sum(n for (first, second), n in self.counts.items() if first == second)

    def as_dict(self) -> dict[str, Any]:
        """Return the values for JSON."""
        counts = [{"first": first, "second": second, "texts": n} for (first, second), n in sorted(self.counts.items())]
        shown = {"question": self.question, "readers": list(self.readers), "texts": self.texts, "alike": self.alike}
        return shown | {"kappa": self.kappa, "counts": counts}


def agreements(judged: Iterable[Judgement]) -> list[Agreement]:
    """Return the agreement of each pair of readers on each question that both answered for at least one text."""
    by_text: dict[tuple[str, str], dict[str, Judgement]] = defaultdict(dict)
    for judgement in judged:
        by_text[judgement.text][judgement.reader] = judgement
    counts: dict[tuple[str, str, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    for readers in by_text.values():
        for first, second in combinations(sorted(readers), 2):
            for question in QUESTIONS:
                if question in readers[first].answers and question in readers[second].answers:
                    pair = _answer(readers[first], question), _answer(readers[second], question)
                    counts[question, first, second][pair] += 1
    order = list(QUESTIONS)
    return [
        Agreement(question, (first, second), dict(pairs), cohen_kappa(pairs))
        for (question, first, second), pairs in sorted(
            counts.items(), key=lambda item: (order.index(item[0][0]), item[0])
        )
    ]


def _answer(judgement: Judgement, question: str) -> str:
    """Return the answer to a question; "yes" to the language becomes the document's language."""
    answer = judgement.answers[question]
    return short(judgement.named) if question == "language" and answer == YES else answer


def cohen_kappa(pairs: Mapping[tuple[str, str], int]) -> float | None:
    """Return Cohen's kappa (1960) for counts of pairs of answers; None if only one answer occurs.

    >>> cohen_kappa({("good", "good"): 20, ("good", "bad"): 5, ("bad", "good"): 10, ("bad", "bad"): 15})
    0.4
    >>> cohen_kappa({("good", "good"): 7}) is None
    True
    """
    total = sum(pairs.values())
    first, second = Counter[str](), Counter[str]()
    for (answer, other_answer), n in pairs.items():
        first[answer] += n
        second[other_answer] += n
    observed = sum(n for (answer, other_answer), n in pairs.items() if answer == other_answer) / total
    chance = sum(first[answer] * second[answer] for answer in first) / total**2
    return None if chance == 1 else round((observed - chance) / (1 - chance), 4)


def wilson(right: int, drawn: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share, for `right` of `drawn` random texts (Wilson 1927).

    >>> [round(end, 3) for end in wilson(8, 10)], [round(end, 3) for end in wilson(40, 40)]
    ([0.49, 0.943], [0.912, 1.0])
    """
    if not drawn:
        return 0.0, 1.0
    share, square = right / drawn, _Z**2
    centre = share + square / (2 * drawn)
    half = _Z * (share * (1 - share) / drawn + square / (4 * drawn**2)) ** 0.5
    return max(0.0, (centre - half) / (1 + square / drawn)), min(1.0, (centre + half) / (1 + square / drawn))


def audited(judged: Iterable[Judgement], languages: Mapping[tuple[str, str], str]) -> tuple[Audited, ...]:
    """Count right, wrong and disputed texts for each question and each group from which texts were drawn.

    Args:
        judged: the judgements.
        languages: the language of each document to count, by document id and hash of its text, hex.
    """
    answers: dict[tuple[str, str, str], dict[tuple[str, str], list[bool]]] = defaultdict(lambda: defaultdict(list))
    readers: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for judgement in judged:
        if judgement.text not in languages:
            continue
        for question in judgement.answers:
            is_right = judgement.is_right(question, languages[judgement.text])
            if is_right is not None:
                group = (judgement.drawn_from, judgement.drawn_by, question)
                answers[group][judgement.text].append(is_right)
                readers[group].add(judgement.reader)
    order = list(QUESTIONS)
    return tuple(
        Audited(
            drawn_from=drawn_from,
            drawn_by=drawn_by,
            question=question,
            texts=len(texts),
            right=sum(map(all, texts.values())),
            disputed=sum(any(of_text) and not all(of_text) for of_text in texts.values()),
            readers=len(readers[drawn_from, drawn_by, question]),
        )
        for (drawn_from, drawn_by, question), texts in sorted(
            answers.items(), key=lambda item: (item[0][0], item[0][1], order.index(item[0][2]))
        )
    )


def verdicts(judged: Iterable[Judgement]) -> dict[str, dict[str, str]]:
    """Return the verdict `good` or `bad` by document and hash of its text, without texts on which readers disagree."""
    by_text: dict[tuple[str, str], set[str]] = defaultdict(set)
    for judgement in judged:
        if judgement.answers.get("verdict", UNSURE) != UNSURE:
            by_text[judgement.text].add(judgement.answers["verdict"])
    by_document: dict[str, dict[str, str]] = defaultdict(dict)
    for (doc_id, text), answers in by_text.items():
        if len(answers) == 1:
            by_document[doc_id][text] = next(iter(answers))
    return dict(by_document)


def audited_rows(judged: Iterable[Judgement], rows: pl.DataFrame) -> tuple[Audited, ...]:
    """Return `audited` for rows with `doc_id`, `text_hash` and `language`."""
    keys = rows.select("doc_id", "text_hash", "language")
    return audited(judged, {(doc_id, (digest or b"").hex()): language for doc_id, digest, language in keys.iter_rows()})
