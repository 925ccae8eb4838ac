"""The frame of a page: one file without network, script or font, whose words stand in Spanish, Portuguese and English.

The reader chooses the language by a button; nothing but style sheets is needed for it, so that a page can be sent by
post, opened from a disk, and printed.
"""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError, cause_of, one_of
from latam_corpus.messages import LANGUAGES, Message, _

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

INTERNAL: Final = _("Internal: it holds texts whose terms don't allow them to be shown outside.")
_LOOK: Final = Path(__file__).with_name("look.css")


@cache
def look() -> str:
    """Return the style sheet that all pages share."""
    return _LOOK.read_text(encoding="utf-8")


def page(title: Message, body: Iterable[str], *, language: str = "es", internal: bool = False) -> str:
    """Return the page as one HTML document.

    Args:
        title: what it is about.
        body: HTML.
        language: which of the three is seen at first.
        internal: whether it holds texts that may not be shown outside; the page is stamped then.

    Raises:
        ConfigError: the language is none of the three.
    """
    chosen = checked_language(language)
    buttons = "".join(
        f'<input class="choose" type="radio" name="language" id="in-{code}"{" checked" * (code == chosen)}>'
        f'<label for="in-{code}" lang="{code}-x-name">{name}</label>'
        for code, name in LANGUAGES.items()
    )
    hidden = ", ".join(
        f'body:has(#in-{seen}:checked) main [lang="{code}"]' for seen in LANGUAGES for code in LANGUAGES if code != seen
    )
    stamp = [INTERNAL.html("p").replace("<p ", '<p class="stamp" ')] if internal else []
    content = "\n".join([f"<h1>{title.html()}</h1>", *stamp, *body])
    plain = escape(title.translate(chosen), quote=False)
    return f"""<!doctype html>
<html lang="{chosen}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{plain}</title><style>{look()}{hidden} {{ display: none }}</style></head><body>
<nav class="languages" aria-label="{" · ".join(LANGUAGES.values())}">{buttons}</nav>
<main>
{content}
</main></body></html>
"""


def checked_language(language: str) -> str:
    """Return the language, if pages speak it.

    Raises:
        ConfigError: they don't.
    """
    if language not in LANGUAGES:
        raise ConfigError("--in", _("pages don't speak «{language}»", language=language), one_of(LANGUAGES))
    return language


def write_file(path: Path, data: str | bytes) -> None:
    """Write a page or a sheet, in a new folder if need be.

    Raises:
        ConfigError: it can't be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    except OSError as error:
        raise unwritable(path, error) from None


def unwritable(path: Path, error: OSError) -> ConfigError:
    """Return the error of a file that can't be written."""
    return ConfigError(str(path), _("it can't be written: {cause}", cause=cause_of(error)), _("name another place"))


def table(heads: Sequence[Message | str], rows: Iterable[Sequence[str]], numeric: Sequence[int] = ()) -> str:
    """Return a table of cells that are HTML already; columns at the places in `numeric` stand to the right."""
    mark = [' class="n"' if column in numeric else "" for column in range(len(heads))]
    top = "".join(
        f"<th{m}>{head.html() if isinstance(head, Message) else escape(head)}</th>"
        for m, head in zip(mark, heads, strict=True)
    )
    body = "".join(
        "<tr>" + "".join(f"<td{m}>{cell}</td>" for m, cell in zip(mark, row, strict=True)) + "</tr>\n" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>\n{body}</tbody></table>"
