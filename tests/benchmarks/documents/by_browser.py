"""PDF that Chromium prints from web pages."""

from __future__ import annotations

import shutil
import subprocess
from html import escape
from typing import TYPE_CHECKING, Final

from .layouts import clock, initials

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .layouts import Layout
    from .works import Collection

NAMES: Final = ("chromium-headless-shell", "chromium", "chrome")
_PATIENCE: Final = 120


def browser() -> str | None:
    """Return the browser; None if none is installed."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def save(page: str, folder: Path, *, headed: bool) -> bytes:
    """Return a page as Chromium prints it, with or without the lines that it sets above and below."""
    (folder / "page.html").write_text(page, encoding="utf-8")
    command = [str(browser()), "--headless", "--no-sandbox", "--disable-gpu"]
    command += [] if headed else ["--no-pdf-header-footer"]
    command += [f"--print-to-pdf={folder / 'page.pdf'}", (folder / "page.html").as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=_PATIENCE)
    return (folder / "page.pdf").read_bytes()


def html(collection: Collection, layout: Layout) -> str:
    """Return a collection as a web page."""
    body = "".join(
        f"<h2>{escape(work.title)}</h2>{''.join(_BODIES[collection.kind](work.parts, layout))}"
        for work in collection.works
    )
    css = (
        f"@page{{size:{layout.paper};margin:18mm}}body{{font:{10 if layout.paper == 'A5' else 11}pt serif;"
        f"column-count:{layout.columns};column-gap:8mm;text-align:{'justify' if layout.justified else 'left'};"
        f"hyphens:{'auto' if layout.hyphenated else 'manual'}}}"
        f"p{{{'margin:0;text-indent:1.2em' if layout.indented else 'margin:0 0 .7em'}}}"
        ".v{text-indent:0;text-align:left;margin:0 0 1em 2em;position:relative}.i{padding-left:2em}"
        ".n{position:absolute;left:-2em}.t{text-indent:-3.6cm;margin-left:3.6cm}.t b{display:inline-block;width:3.6cm;"
        "text-indent:0}td{vertical-align:top;padding-right:1em}"
    )
    head = f"<meta charset=utf-8><title>{escape(collection.works[0].title)}</title><style>{css}</style>"
    return f"<!doctype html><html lang={collection.language}><head>{head}</head><body>{body}</body></html>"


def _verse(stanzas: tuple[tuple[str, ...], ...], layout: Layout) -> Iterator[str]:
    count = 0
    for stanza in stanzas:
        lines = []
        for place, line in enumerate(stanza):
            count += 1
            number = f"<span class=n>{count}</span>" if layout.verses == "numbered" and count % 5 == 0 else ""
            step = ' class="i"' if layout.stepped and place % 2 else ""
            lines.append(f"{number}<span{step}>{escape(line)}</span>")
        if layout.verses == "breaks":
            yield f"<p class=v>{'<br>'.join(lines)}</p>"
        else:
            yield f"<div class=v>{''.join(f'<div>{line}</div>' for line in lines)}</div>"


def _prose(paragraphs: tuple[tuple[str, ...], ...], layout: Layout) -> Iterator[str]:
    del layout
    for (line,) in paragraphs:
        yield f"<p>{escape(line)}</p>"


def _interview(turns: tuple[tuple[str, ...], ...], layout: Layout) -> Iterator[str]:
    first = turns[0][0]
    rows = []
    for number, (speaker, words) in enumerate(turns):
        said, name = escape(words), escape(speaker)
        if "table" in layout.turns:
            time = f"<td>{clock(number)}</td>" if layout.turns == "timed table" else ""
            rows.append(f"<tr>{time}<td>{name}</td><td>{said}</td></tr>")
        else:
            yield {
                "tab": f"<p class=t><b>{name}</b>{said}</p>",
                "initials": f"<p><b>{initials(speaker, first)}:</b> {said}</p>",
                "dash": f"<p><b>{name}.—</b> {said}</p>",
                "above": f"<p><b>{name}:</b></p><p>{said}</p>",
            }[layout.turns]
    if rows:
        yield f"<table>{''.join(rows)}</table>"


_BODIES: Final = {"verse": _verse, "prose": _prose, "interview": _interview}
