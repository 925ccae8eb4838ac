"""Remove speakers' labels, which precede the lines of interviews and plays but aren't spoken."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

# A pattern for both Python's and Rust's regex engine. A time may precede the name, and a remark in brackets may follow
# it.
_LABEL: Final = (
    r"(?m)^[ \t]*[\[(<*_]*(?:\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?[\])>]?[ \t–-]*)?[\[*_]*"
    r"([A-ZÁÉÍÓÚÜÑÀÂÃÊÔÕÇ][\w.'’ªº/&-]*(?: [\w.'’ªº/&-]+){0,4}?)[\]*_]*(?: ?\([^()\n]{1,30}\))?(?::|\.[–—-]+)\**[ \t]*"
)
_PYTHON: Final = re.compile(_LABEL)
_PARAGRAPH: Final = re.compile(r"\n[ \t]*\n\s*")
# As in `interview.py`: at least two speakers with two turns each; if there are more than a dozen labels, most are
# headings.
_MIN_TURNS: Final = 4
_MIN_SPEAKERS: Final = 2
_MAX_SPEAKERS: Final = 12
_LINES_PER_TURN: Final = 4  # a turn has at most this many lines on average,
_PARAGRAPHS_PER_TURN: Final = 2  # or at most this many paragraphs
_LINES_PER_LABEL: Final = 20  # texts with fewer than one label in this many lines are skipped


def without_labels(texts: pl.Series, turns: pl.Series | None, by_shape: pl.Series) -> pl.Series | None:
    r"""Return the texts without their speakers' labels; None if no text has labels.

    Args:
        texts: the texts of n documents.
        turns: the turns of their lines, each with its speaker.
        by_shape: bool[n], whether labels are recognised by their shape in a document without turns.

    >>> import polars as pl
    >>> texts = pl.Series(["P: ¿Vino?\nROSA: No.\nP: ¿Y ella?\nROSA: Sí.", "Nota: no vino."])
    >>> list(without_labels(texts, None, pl.Series([True, True])))
    ['¿Vino?\nNo.\n¿Y ella?\nSí.', 'Nota: no vino.']
    >>> without_labels(texts, None, pl.Series([False, True])) is None
    True
    """
    changed: dict[int, str] = {}
    if turns is not None:
        has_turns = turns.is_not_null() & texts.is_not_null()
        by_shape &= ~has_turns
        changed = {row: _of_turns(texts[row], turns[row].to_list()) for row in has_turns.arg_true()}
    if by_shape.any():
        labels = texts.set(~by_shape, None).str.count_matches(_LABEL)
        lines = texts.str.count_matches("\n", literal=True)
        candidates = (labels >= _MIN_TURNS) & (labels * _LINES_PER_LABEL > lines)
        changed |= {row: _of_shape(texts[row]) for row in candidates.arg_true()}
    changed = {row: text for row, text in changed.items() if text != texts[row]}
    return texts.scatter(list(changed), list(changed.values())) if changed else None


def _of_turns(text: str, turns: Sequence[Mapping[str, Any]]) -> str:
    lines = text.split("\n")
    if len(lines) != len(turns):
        return text
    return "\n".join(line.removeprefix(f"{turn['speaker']}: ") for line, turn in zip(lines, turns, strict=True))


def _of_shape(text: str) -> str:
    counts = Counter(match[1].casefold() for match in _PYTHON.finditer(text))
    repeated = {name for name, count in counts.items() if count > 1}
    turns = sum(counts[name] for name in repeated)
    lines = sum(1 for line in text.split("\n") if line.strip())
    paragraphs = len(_PARAGRAPH.split(text.strip()))
    is_conversation = turns * _LINES_PER_TURN >= lines or turns * _PARAGRAPHS_PER_TURN >= paragraphs > _MIN_TURNS
    if turns < _MIN_TURNS or not _MIN_SPEAKERS <= len(repeated) <= _MAX_SPEAKERS or not is_conversation:
        return text
    return _PYTHON.sub(lambda match: "" if match[1].casefold() in repeated else match[0], text)
