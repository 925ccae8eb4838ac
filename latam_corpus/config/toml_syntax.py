"""Explain common TOML syntax errors; the first explanation whose pattern matches the broken line is reported."""

from __future__ import annotations

import re
from typing import Final

from latam_corpus.messages import Message, _, same

# Unclosed quotes and lists, for which the TOML reader reports the end of the file, not the line.
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
# A pattern for the line, the likely mistake and its remedy.
_SYNTAX: Final = (
    (
        r"(?=.*[“”„‟«»])[^#]*=\s*[“”„‟«»]",
        _("the quotes are typographic"),
        _('use straight quotes: "…"'),
    ),
    (
        r"""\s*[\w.-]*[^\x00-\x7f\s="'#\[][^="'#]*=""",
        _("a key can't contain accents or spaces"),
        _("the keys are: id, title, holder, …"),
    ),
    (
        r"[^#=]*=\s*\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b",
        _("the date isn't in the order year-month-day"),
        _("write it as in {key} = 2030-12-31"),
    ),
    (
        r"""[^#"']*=\s*[A-Za-zÀ-ÿ][^"'\[\]{}]*$""",
        _("the text isn't in quotes"),
        _('write {key} = "…"'),
    ),
    *_OPEN,
    (
        r"\s*[^#=\[\]]+$",
        _("the = sign is missing"),
        _("each line is key = value; a comment begins with #"),
    ),
)
# The beginnings of the TOML reader's own messages.
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
    _("it is defined twice"),
    _("keep one of them"),
)
_NOT_TOML: Final = (
    _("it can't be read ({reason})"),
    _("put texts in quotes and lists in brackets"),
)


def syntax_mistake(message: str, reported_line: int | None, text: str) -> tuple[int | None, Message, Message]:
    """Return a syntax error's line, the problem and its remedy.

    Args:
        message: the TOML reader's message.
        reported_line: the line that the message names, from 1, or None.
        text: the text of the file.
    """
    if re.search(r"overwrite|twice|more than once|Cannot declare", message):
        return reported_line, *_TWICE
    lines = list(enumerate(text.split("\n"), 1))
    suspects = [entry for entry in lines if entry[0] == reported_line] if reported_line else lines
    for number, line in suspects:
        for pattern, problem, remedy in _SYNTAX if reported_line else _OPEN:
            if re.match(pattern, line):
                return number, problem, remedy.fill(key=line.partition("=")[0].strip())
    reason = next((reason for reason in _REASONS if message.startswith(str(reason))), same(message))
    return reported_line, _NOT_TOML[0].fill(reason=reason), _NOT_TOML[1]
