"""What people judged of texts that were drawn by lot, where it is kept, and how far it reaches.

A judgement is of a text as it was read: of a document whose text is another by now nothing is known. Several readers
may judge one text; their agreement is Cohen's kappa, and a text counts as right where none of them says that it isn't.
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
# What is asked of a text, in the order of a sheet's columns, with the answers; a language's name or code is one, too.
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
_Z: Final = 1.959964  # of the normal distribution, for 95 %


@dataclass(frozen=True)
class Judgement:
    """What one reader says of one text.

    Attributes:
        doc_id: of the document.
        text_hash: of the text that was read, hex, as the column of that name.
        reader: who read it.
        day: when it was imported, ISO 8601.
        sheet: SHA-256 of the sheet, the first 16 hex digits.
        drawn_from: the run or version, and which of its documents.
        drawn_by: the group that it was drawn from, such as `language=quy_Latn`; empty where all documents were one.
        named: the language that the document had.
        answers: by question; one that wasn't answered isn't there. A language is `yes`, `no`, `unsure` or a code.
        note: free words.
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
        """The document and its text."""
        return self.doc_id, self.text_hash

    def right(self, question: str, language: str) -> bool | None:
        """Whether nothing is wrong by this answer; None where it says neither.

        Args:
            question: of QUESTIONS.
            language: which the document is called now.

        >>> one = Judgement("a", "", "Rosa", "2026-11-27", "", "demo", "", "que_Latn", {"language": "quz"})
        >>> one.right("language", "que_Latn"), one.right("language", "spa_Latn"), one.right("verdict", "que_Latn")
        (True, False, None)
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
    """Return what was judged of the documents of a folder of runs; nothing where nothing was.

    Raises:
        ConfigError: the file is damaged.
    """
    path = out / FILE
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8") as file:
            lines = list(file)  # `splitlines` would end lines within a note, at a U+2028
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), _("it can't be read: {cause}", cause=error), _REMEDY) from None
    judged = []
    for number, line in enumerate(lines, 1):
        try:
            judged.append(Judgement(**json.loads(line)))
        except (ValueError, TypeError):
            raise ConfigError(f"{path}:{number}", _("this line is no judgement"), _REMEDY) from None
    return judged


_REMEDY: Final = _("put the file back from a copy, or take it away and import the sheets again")


def add_judgements(out: Path, judged: Sequence[Judgement]) -> int:
    """Keep what was judged, in the place of what the same reader said of the same text; return how many that is.

    Raises:
        ConfigError: the file is damaged, or can't be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with locked(out, f"{FILE}.lock", wait=True):
            kept = {(one.text, one.reader): one for one in read_judgements(out)}
            before = len(kept)
            kept |= {(one.text, one.reader): one for one in judged}
            lines = [json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in kept.values()]
            replace(out / FILE, "".join(lines).encode())
    except OSError as error:
        problem = _("it can't be written: {cause}", cause=cause_of(error))
        raise ConfigError(str(out / FILE), problem, _("name another place")) from None
    return len(judged) - (len(kept) - before)


@dataclass(frozen=True)
class Agreement:
    """How far two readers agree on what both answered.

    Attributes:
        counts: how often the first said one thing and the second another.
        kappa: Cohen's, 1 where they always agree, 0 where as often as by chance; None where each gave one answer alone.
    """

    question: str
    readers: tuple[str, str]
    counts: Mapping[tuple[str, str], int]
    kappa: float | None

    @property
    def texts(self) -> int:
        """What both answered."""
        return sum(self.counts.values())

    @property
    def alike(self) -> int:
        """Where they said the same."""
        return sum(n for (one, other), n in self.counts.items() if one == other)

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        counts = [{"first": one, "second": other, "texts": n} for (one, other), n in sorted(self.counts.items())]
        shown = {"question": self.question, "readers": list(self.readers), "texts": self.texts, "alike": self.alike}
        return shown | {"kappa": self.kappa, "counts": counts}


def agreements(judged: Iterable[Judgement]) -> list[Agreement]:
    """Return the agreement of each two readers on each question that both answered of some text."""
    by_text: dict[tuple[str, str], dict[str, Judgement]] = defaultdict(dict)
    for one in judged:
        by_text[one.text][one.reader] = one
    counts: dict[tuple[str, str, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    for readers in by_text.values():
        for first, second in combinations(sorted(readers), 2):
            mine, others = readers[first].answers, readers[second].answers
            for question in QUESTIONS:
                if question in mine and question in others:
                    pair = _answer(readers[first], question), _answer(readers[second], question)
                    counts[question, first, second][pair] += 1
    order = list(QUESTIONS)
    return [
        Agreement(question, (first, second), dict(pairs), cohen_kappa(pairs))
        for (question, first, second), pairs in sorted(
            counts.items(), key=lambda item: (order.index(item[0][0]), item[0])
        )
    ]


def _answer(one: Judgement, question: str) -> str:
    """Return the answer; a language that is right is the one that the document was called."""
    answer = one.answers[question]
    return short(one.named) if question == "language" and answer == YES else answer


def cohen_kappa(pairs: Mapping[tuple[str, str], int]) -> float | None:
    """Return Cohen's kappa (1960) of two readers' answers, by how often each pair of answers occurs.

    >>> cohen_kappa({("good", "good"): 20, ("good", "bad"): 5, ("bad", "good"): 10, ("bad", "bad"): 15})
    0.4
    >>> cohen_kappa({("good", "good"): 7}) is None
    True
    """
    total = sum(pairs.values())
    first, second = Counter[str](), Counter[str]()
    for (one, other), n in pairs.items():
        first[one] += n
        second[other] += n
    alike = sum(n for (one, other), n in pairs.items() if one == other) / total
    chance = sum(first[answer] * second[answer] for answer in first) / total**2
    return None if chance == 1 else round((alike - chance) / (1 - chance), 4)


def wilson(right: int, of: int) -> tuple[float, float]:
    """Return the interval that holds a share with 95 %, as so many were right of so many drawn by lot (Wilson 1927).

    >>> [round(end, 3) for end in wilson(8, 10)], [round(end, 3) for end in wilson(40, 40)]
    ([0.49, 0.943], [0.912, 1.0])
    """
    if not of:
        return 0.0, 1.0
    share, square = right / of, _Z**2
    centre = share + square / (2 * of)
    half = _Z * (share * (1 - share) / of + square / (4 * of**2)) ** 0.5
    return max(0.0, (centre - half) / (1 + square / of)), min(1.0, (centre + half) / (1 + square / of))


def audited(judged: Iterable[Judgement], languages: Mapping[tuple[str, str], str]) -> tuple[Audited, ...]:
    """Return what is known of documents by what was judged, for each group that they were drawn from by lot.

    Args:
        judged: what was judged.
        languages: of each document and text (hash, hex) that it is asked of, the language; others aren't counted.
    """
    answers: dict[tuple[str, str, str], dict[tuple[str, str], list[bool]]] = defaultdict(lambda: defaultdict(list))
    readers: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for one in judged:
        if one.text not in languages:
            continue
        for question in one.answers:
            right = one.right(question, languages[one.text])
            if right is not None:
                group = (one.drawn_from, one.drawn_by, question)
                answers[group][one.text].append(right)
                readers[group].add(one.reader)
    order = list(QUESTIONS)
    return tuple(
        Audited(
            drawn_from=drawn_from,
            drawn_by=drawn_by,
            question=question,
            texts=len(texts),
            right=sum(map(all, texts.values())),
            disputed=sum(any(one) and not all(one) for one in texts.values()),
            readers=len(readers[drawn_from, drawn_by, question]),
        )
        for (drawn_from, drawn_by, question), texts in sorted(
            answers.items(), key=lambda item: (item[0][0], item[0][1], order.index(item[0][2]))
        )
    )


def verdicts(judged: Iterable[Judgement]) -> dict[str, dict[str, str]]:
    """Return the verdict on each text, `good` or `bad`, by document and the text's hash; where readers differ, none."""
    by_text: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in judged:
        if one.answers.get("verdict", UNSURE) != UNSURE:
            by_text[one.text].add(one.answers["verdict"])
    by_document: dict[str, dict[str, str]] = defaultdict(dict)
    for (doc_id, text), answers in by_text.items():
        if len(answers) == 1:
            by_document[doc_id][text] = next(iter(answers))
    return dict(by_document)


def audited_rows(judged: Iterable[Judgement], rows: pl.DataFrame) -> tuple[Audited, ...]:
    """Return the same of rows with `doc_id`, `text_hash` and `language`."""
    named = rows.select("doc_id", "text_hash", "language")
    return audited(judged, {(doc, (text or b"").hex()): language for doc, text, language in named.iter_rows()})
