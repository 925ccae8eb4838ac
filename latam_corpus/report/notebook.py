"""HTML for notebooks, without style sheets; all values are escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from latam_corpus.text.display.terminal_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_STYLES: Final = {"bold": "font-weight: bold", "green": "color: #2e7d32", "red": "color: #c62828"}


def lines_html(lines: Iterable[Iterable[tuple[str, str]]]) -> str:
    """Return preformatted lines of pieces, each with a style: "", "bold", "green" or "red".

    >>> lines_html([[("bold", "<b>La barca</b>"), ("", " salió")]])
    '<pre><span style="font-weight: bold">&lt;b&gt;La barca&lt;/b&gt;</span> salió</pre>'
    """
    body = "\n".join("".join(_piece(style, text) for style, text in line) for line in lines)
    return f"<pre>{body}</pre>"


def table_html(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return an HTML table with column names.

    >>> table_html(["genre"], [["<news>"]])
    '<table><tr><th>genre</th></tr><tr><td>&lt;news&gt;</td></tr></table>'
    """
    cells = [("th", heads), *(("td", row) for row in rows)]
    body = "".join("<tr>" + "".join(f"<{tag}>{plain(cell)}</{tag}>" for cell in row) + "</tr>" for tag, row in cells)
    return f"<table>{body}</table>"


def plain(value: object) -> str:
    """Escape a value for HTML; empty for None."""
    return "" if value is None else escape(visible(str(value)))


def _piece(style: str, text: str) -> str:
    return f'<span style="{_STYLES[style]}">{plain(text)}</span>' if style else plain(text)
