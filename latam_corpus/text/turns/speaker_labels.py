"""Texts without speakers' labels, which stand before the lines of interviews and plays and which nobody says."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

# Read by Python and by Rust. A time may stand before the name, a remark in brackets after it.
_LABEL: Final = (
    r"(?m)^[ \t]*[\[(<*_]*(?:\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?[\])>]?[ \t–-]*)?[\[*_]*"
    r"([A-ZÁÉÍÓÚÜÑÀÂÃÊÔÕÇ][\w.'’ªº/&-]*(?: [\w.'’ªº/&-]+){0,4}?)[\]*_]*(?: ?\([^()\n]{1,30}\))?(?::|\.[–—-]+)\**[ \t]*"
)
_PYTHON: Final = re.compile(_LABEL)
_PARAGRAPH: Final = re.compile(r"\n[ \t]*\n\s*")
# As `interview.py` has it: two who take two turns each; of more than a dozen labels most are headings.
_LEAST_TURNS: Final = 4
_LEAST_SPEAKERS: Final = 2
_MOST_SPEAKERS: Final = 12
_OF_LINES: Final = 4  # a turn has so many lines at most, on the average,
_OF_PARAGRAPHS: Final = 2  # or so many paragraphs
_FEW: Final = 20  # of so many lines at least one has a label, or nobody looks further


def without_labels(texts: pl.Series, turns: pl.Series | None, by_shape: pl.Series) -> pl.Series | None:
    r"""Return the texts without their speakers' labels; None where none has any.

    Args:
        texts: of n documents.
        turns: of their lines, each with its speaker.
        by_shape: bool[n], whether labels of a document without turns are to be told by their shape.

    >>> import polars as pl
    >>> texts = pl.Series(["P: ¿Vino?\nROSA: No.\nP: ¿Y ella?\nROSA: Sí.", "Nota: no vino."])
    >>> list(without_labels(texts, None, pl.Series([True, True])))
    ['¿Vino?\nNo.\n¿Y ella?\nSí.', 'Nota: no vino.']
    >>> without_labels(texts, None, pl.Series([False, True])) is None
    True
    """
    changed: dict[int, str] = {}
    if turns is not None:
        spoken = turns.is_not_null() & texts.is_not_null()
        by_shape &= ~spoken
        changed = {row: _of_turns(texts[row], turns[row].to_list()) for row in spoken.arg_true()}
    if by_shape.any():
        labels = texts.set(~by_shape, None).str.count_matches(_LABEL)
        lines = texts.str.count_matches("\n", literal=True)
        few = (labels >= _LEAST_TURNS) & (labels * _FEW > lines)
        changed |= {row: _of_shape(texts[row]) for row in few.arg_true()}
    changed = {row: text for row, text in changed.items() if text != texts[row]}
    return texts.scatter(list(changed), list(changed.values())) if changed else None


def _of_turns(text: str, turns: Sequence[Mapping[str, Any]]) -> str:
    lines = text.split("\n")
    if len(lines) != len(turns):
        return text
    return "\n".join(line.removeprefix(f"{turn['speaker']}: ") for line, turn in zip(lines, turns, strict=True))


def _of_shape(text: str) -> str:
    counts = Counter(match[1].casefold() for match in _PYTHON.finditer(text))
    often = {name for name, count in counts.items() if count > 1}
    turns = sum(counts[name] for name in often)
    lines = sum(1 for line in text.split("\n") if line.strip())
    paragraphs = len(_PARAGRAPH.split(text.strip()))
    enough = turns * _OF_LINES >= lines or turns * _OF_PARAGRAPHS >= paragraphs > _LEAST_TURNS
    if turns < _LEAST_TURNS or not _LEAST_SPEAKERS <= len(often) <= _MOST_SPEAKERS or not enough:
        return text
    return _PYTHON.sub(lambda match: "" if match[1].casefold() in often else match[0], text)
