"""Layouts of texts: those that rules were chosen on, and those that they were only tested on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from .works import Half

Paper = Literal["A4", "A5"]
# Width and height in millimetres.
PAPERS: Final[dict[Paper, tuple[int, int]]] = {"A4": (210, 297), "A5": (148, 210)}
HEAD: Final = "Archivo de la palabra"


class Layout(NamedTuple):
    """The layout of the pages of a document.

    Attributes:
        name: for the tables.
        half: tuned or held out.
        paper: the size of the page.
        columns: of a page.
        justified: whether lines are as long as the column.
        hyphenated: whether words are divided at line ends.
        headed: whether pages have a running head and a number.
        indented: whether paragraphs begin with an indent, rather than after a gap.
        verses: verses as lines of one paragraph (`breaks`), as paragraphs, or as paragraphs with every fifth numbered.
        stepped: whether every second verse is indented.
        turns: how a turn of an interview shows its speaker.
    """

    name: str
    half: Half
    paper: Paper = "A4"
    columns: int = 1
    justified: bool = True
    hyphenated: bool = False
    headed: bool = False
    indented: bool = True
    verses: Literal["breaks", "paragraphs", "numbered"] = "breaks"
    stepped: bool = False
    turns: Literal["tab", "initials", "table", "dash", "above", "timed table"] = "tab"


LAYOUTS: Final = (
    Layout("A4, justified", "tuned"),
    Layout("A4, two columns, heads", "tuned", columns=2, headed=True, verses="paragraphs", stepped=True,
           turns="initials"),
    Layout("A4, ragged, gaps", "tuned", justified=False, indented=False, verses="numbered", turns="timed table"),
    Layout("A5, hyphenated, heads", "held out", paper="A5", hyphenated=True, headed=True, verses="paragraphs",
           turns="dash"),
    Layout("A4, two ragged columns", "held out", columns=2, justified=False, indented=False, verses="breaks",
           turns="above"),
    Layout("A5, ragged", "held out", paper="A5", justified=False, stepped=True, verses="numbered", turns="table"),
)  # fmt: skip


def initials(speaker: str, first: str) -> str:
    """Return the label of a questioner or of who answers."""
    return "P" if speaker == first else "R"


def clock(turn: int) -> str:
    """Return a time for a turn, as a transcript's table has it."""
    return f"00:{turn // 3:02}:{turn % 3 * 20:02}"
