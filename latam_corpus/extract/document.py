"""The result of an extractor: a document's text and the metadata in its bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, TypeAlias

from latam_corpus.errors import DocumentError

if TYPE_CHECKING:
    from latam_corpus.catalog.optout.opt_out import Signal
    from latam_corpus.messages import Message

# Why bytes gave no text: the words that may follow `extract:` in a reason. Reasons are counted, so they are few; the
# details of a document are in its evidence.
Cause: TypeAlias = Literal[
    "no extractor",  # for its media type
    "no text",
    "not TEI",
    "not a transcript",  # of the format that it seems to be in
    "not UTF-8",  # the text has half of a surrogate pair
    "not XML",  # or it is deeper or longer than the parser accepts
    "several works",  # of several authors, in one document
    "text elsewhere",  # part of it is in another file
    "own entity",  # the XML declares part of its text as an entity
    "parser error",
    "damaged file",  # it lacks a part, or can't be opened
    "encrypted",
    "too large",
    "memory",
    "timeout",  # the limit of processor time
    "stalled",  # the limit of wall-clock time
    "killed",  # the document, the kernel or a user ended the process
]


class Turn(NamedTuple):
    """A turn of an interview, or another segment of a text: one line of the text.

    Attributes:
        speaker: as the transcript names them.
        start: seconds from the recording's beginning.
        end: seconds from the recording's beginning.
        language: as the transcript states it.
        offset: the offset of the line's first character in the text.
        segment: its number in the file, shared with its versions in other languages.
    """

    speaker: str | None = None
    start: float | None = None
    end: float | None = None
    language: str | None = None
    offset: int = 0
    segment: int | None = None


@dataclass(frozen=True)
class Extracted:
    """A document's text, the extractor's name and version, and the metadata found in the bytes.

    `section` (of a newspaper or site), `licences` (addresses, names or sentences, as they are written), `notices` and
    `notes` have no columns; `extract.stated_rights.licences` records them.

    Attributes:
        notices: lines outside the text that reserve rights, such as the footer of a page.
        refusals: signals by which the file refuses training or mining, each with its words (`catalog.optout`).
        turns: for an interview, the speaker and times of each line of the text.
        notes: repairs and missing parts, in a few plain words each.
        versions: the same text in other languages, each as a separate document.
        confidence: the confidence of an OCR engine in its words, 0 to 1.
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
        """Return a document from its JSON fields, in which tuples are lists."""
        tuples = {name: tuple(values[name]) for name in ("creators", "licences", "notices", "notes")}
        tuples["refusals"] = tuple((signal, words) for signal, words in values["refusals"])
        turns = tuple(Turn(*turn) for turn in values["turns"])
        return cls(**{**values, **tuples, "turns": turns, "versions": tuple(map(cls.of_json, values["versions"]))})


class Utterance(NamedTuple):
    """The words of a turn, with its speaker and times; see `Turn`."""

    words: str
    speaker: str | None = None
    start: float | None = None
    end: float | None = None
    language: str | None = None
    segment: int | None = None


def as_lines(turns: Iterable[Utterance]) -> tuple[str, tuple[Turn, ...]]:
    r"""Return the text of an interview, a turn per line after its speaker's name, and the turns with their offsets.

    Turns without words are left out.

    >>> spoken = [Utterance("¿Quién vive?", "Juana"), Utterance(" ", "Pedro"), Utterance("Un  vecino.", "Pedro", 2.5)]
    >>> text, turns = as_lines(spoken)
    >>> text
    'Juana: ¿Quién vive?\nPedro: Un vecino.'
    >>> turns[1]
    Turn(speaker='Pedro', start=2.5, end=None, language=None, offset=20, segment=None)
    """
    lines: list[str] = []
    turns_of_lines: list[Turn] = []
    offset = 0
    for turn in turns:
        words = " ".join(turn.words.split())
        if words:
            line = f"{turn.speaker}: {words}" if turn.speaker else words
            turns_of_lines.append(Turn(turn.speaker, turn.start, turn.end, turn.language, offset, turn.segment))
            lines.append(line)
            offset += len(line) + 1
    return "\n".join(lines), tuple(turns_of_lines)


class UnusableError(DocumentError):
    """A document that can't be used, for a reason that its extractor knows.

    >>> print(UnusableError("not TEI", "its root is <alto>", "convert it"))
    not TEI: its root is <alto>; convert it
    """

    def __init__(self, cause: Cause, problem: str | Message, remedy: str | Message = "") -> None:
        super().__init__(cause, problem, remedy)
        self.cause: Cause = cause


# An extractor maps a document's bytes and the parameters of its media type to its text. The stage turns any exception
# into a failed row.
Extractor: TypeAlias = Callable[[bytes, Mapping[str, str]], Extracted]
