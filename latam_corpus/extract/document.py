"""What an extractor gives: a document's text, and what its bytes say about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, TypeAlias

from latam_corpus.errors import DocumentError

if TYPE_CHECKING:
    from latam_corpus.catalog.optout.opt_out import Signal

# Why bytes gave no text: all the words that may follow `extract:` in a reason, plain ones, since reasons are counted
# and read. What is peculiar to one document stands in its evidence.
Cause: TypeAlias = Literal[
    "no extractor",  # for its media type
    "no text",
    "not TEI",
    "not a transcript",  # of the format that it seems to be in
    "not UTF-8",  # the text has half of a character
    "not XML",  # or is deeper, or has a longer text, than any text has
    "several works",  # of several authors, which would be one document
    "text elsewhere",  # a part of it, in another file
    "own entity",  # the XML declares a piece of its text as an entity
    "parser error",
    "damaged file",  # a package lacks a piece, or can't be opened
    "encrypted",
    "too large",
    "memory",
    "timeout",  # it took its processor time
    "stalled",  # it waited until the clock ended it
    "killed",  # it, or the kernel, or somebody ended the process
]


class Turn(NamedTuple):
    """Where a turn of an interview, or another segment of a text, stands in it: each is one line.

    Attributes:
        speaker: as the transcript names them.
        start: seconds from the recording's beginning.
        end: the same.
        language: as the transcript says it.
        offset: of the line's first character in the text.
        segment: its number in the file, which its versions in other languages share.
    """

    speaker: str | None = None
    start: float | None = None
    end: float | None = None
    language: str | None = None
    offset: int = 0
    segment: int | None = None


@dataclass(frozen=True)
class Extracted:
    """A document's text, the extractor's name and version, and the catalogue data found in the bytes.

    `section` (of a newspaper or site), `licences` (addresses, names or sentences, as they are written), `notices` and
    `notes` have no column of their own; `extract.stated_rights.licences` says what becomes of them.

    Attributes:
        notices: lines outside the text that reserve rights, such as the foot of a page.
        refusals: signals by which the file refuses training or mining, each with its words (`catalog.optout`).
        turns: of an interview: who speaks in each line of the text, and when.
        notes: what was mended or is missing, in a few plain words each.
        versions: the same in other languages, each a document of its own.
        confidence: of an OCR engine in its words, 0 to 1.
    """

    text: str
    extractor: str
    title: str | None = None
    creators: tuple[str, ...] = ()
    published: str | None = None
    declared_language: str | None = None
    url: str | None = None
    section: str | None = None
    licences: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    refusals: tuple[tuple[Signal, str], ...] = ()
    composition: str | None = None
    turns: tuple[Turn, ...] = ()
    notes: tuple[str, ...] = ()
    versions: tuple[Extracted, ...] = ()
    confidence: float | None = None

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the document of its fields as JSON gives them back."""
        listed = {name: tuple(values[name]) for name in ("creators", "licences", "notices", "notes")}
        listed["refusals"] = tuple((signal, words) for signal, words in values["refusals"])
        turns = tuple(Turn(*turn) for turn in values["turns"])
        return cls(**{**values, **listed, "turns": turns, "versions": tuple(map(cls.of_json, values["versions"]))})


class Utterance(NamedTuple):
    """What was said in a turn, by whom and when; see `Turn`."""

    words: str
    speaker: str | None = None
    start: float | None = None
    end: float | None = None
    language: str | None = None
    segment: int | None = None


def as_lines(turns: Iterable[Utterance]) -> tuple[str, tuple[Turn, ...]]:
    r"""Return the text of an interview, a line a turn with its speaker before it, and where each turn stands in it.

    Turns without words are left out.

    >>> spoken = [Utterance("¿Quién vive?", "Juana"), Utterance(" ", "Pedro"), Utterance("Un  vecino.", "Pedro", 2.5)]
    >>> text, turns = as_lines(spoken)
    >>> text
    'Juana: ¿Quién vive?\nPedro: Un vecino.'
    >>> turns[1]
    Turn(speaker='Pedro', start=2.5, end=None, language=None, offset=20, segment=None)
    """
    lines: list[str] = []
    placed: list[Turn] = []
    offset = 0
    for turn in turns:
        words = " ".join(turn.words.split())
        if words:
            line = f"{turn.speaker}: {words}" if turn.speaker else words
            placed.append(Turn(turn.speaker, turn.start, turn.end, turn.language, offset, turn.segment))
            lines.append(line)
            offset += len(line) + 1
    return "\n".join(lines), tuple(placed)


class UnusableError(DocumentError):
    """A document of which its extractor can say why it can't be used.

    >>> print(UnusableError("not TEI", "its root is <alto>", "convert it"))
    not TEI: its root is <alto>; convert it
    """

    def __init__(self, cause: Cause, problem: str, remedy: str = "") -> None:
        super().__init__(cause, problem, remedy)
        self.cause: Cause = cause


# An extractor maps a document's bytes and the parameters of its media type to its text; it may raise anything, which
# the stage makes a failed row.
Extractor: TypeAlias = Callable[[bytes, Mapping[str, str]], Extracted]
