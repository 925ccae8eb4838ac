"""What people mostly did where a file is no TOML, in three languages: the first that fits the broken line is told."""

from __future__ import annotations

import re
from typing import Final

from latam_corpus.messages import Message, _, same

# What stays open, so that the TOML reader complains of the end of the file.
_OPEN: Final = (
    (
        r"""[^#=]*=\s*"[^"]*$""",
        _("the closing quote is missing"),
        _('a text begins and ends with "'),
    ),
    (
        r"[^#=]*=\s*\[[^\]]*$",
        _("a list isn't closed"),
        _("a list ends with ]"),
    ),
)
# A TOML reader's complaints, and what people mostly did: the first that fits is told.
_SYNTAX: Final = (
    (
        r"(?=.*[“”„‟«»])[^#]*=\s*[“”„‟«»]",
        _("the quotes are typographic"),
        _('use straight quotes: "…"'),
    ),
    (
        r"""\s*[\w.-]*[^\x00-\x7f\s="'#\[][^="'#]*=""",
        _("a key has no accents or spaces"),
        _("the keys are: id, title, holder, …"),
    ),
    (
        r"[^#=]*=\s*\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b",
        _("a date stands in another order"),
        _("a date is year-month-day, as in {key} = 2030-12-31"),
    ),
    (
        r"""[^#"']*=\s*[A-Za-zÀ-ÿ][^"'\[\]{}]*$""",
        _("the text isn't in quotes"),
        _('write {key} = "…"'),
    ),
    *_OPEN,
    (
        r"\s*[^#=\[\]]+$",
        _("the sign = is missing"),
        _("each line is key = value; a comment begins with #"),
    ),
)
# What the TOML reader says, by how it begins.
_REASONS: Final = (
    _("Expected newline or end of document after a statement"),
    _("Expected '=' after a key in a key/value pair"),
    _("Expected ']' at the end of a table declaration"),
    _("Expected ']]' at the end of an array declaration"),
    _("Invalid statement"),
    _("Invalid value"),
    _("Invalid date or datetime"),
    _("Invalid initial character for a key part"),
    _("Unclosed array"),
    _("Unclosed inline table"),
    _("Unterminated string"),
    _("Illegal character"),
    _("Found invalid character"),
    _("Unescaped '\\' in a string"),
)
_TWICE: Final = (
    _("it is there twice"),
    _("keep one of them"),
)
_NOT_TOML: Final = (
    _("it can't be read ({reason})"),
    _("texts stand in quotes, lists in brackets"),
)


def syntax_mistake(message: str, at: int | None, text: str) -> tuple[int | None, Message, Message]:
    """Return the line, what is wrong there, and the remedy.

    Args:
        message: what the TOML reader said.
        at: the line that it named, from 1.
        text: of the file.
    """
    if re.search(r"overwrite|twice|more than once|Cannot declare", message):
        return at, *_TWICE
    lines = list(enumerate(text.split("\n"), 1))
    suspects = [entry for entry in lines if entry[0] == at] if at else lines
    for number, line in suspects:
        for pattern, problem, remedy in _SYNTAX if at else _OPEN:
            if re.match(pattern, line):
                return number, problem, remedy.fill(key=line.partition("=")[0].strip())
    reason = next((one for one in _REASONS if message.startswith(str(one))), same(message))
    return at, _NOT_TOML[0].fill(reason=reason), _NOT_TOML[1]
