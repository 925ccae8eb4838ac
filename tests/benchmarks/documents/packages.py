"""Plain text, EPUB, captions, and Word documents by python-docx."""

from __future__ import annotations

import io
import textwrap
import zipfile
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING, Any, Final

from .layouts import clock, initials

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .layouts import Layout
    from .works import Collection

_WIDTH: Final = 72
_CUE: Final = 40  # characters of a line of captions
_SECONDS: Final = 3


def text(collection: Collection, layout: Layout, *, wrapped: bool = False) -> str:
    """Return a collection as plain text; prose and turns may be broken at a column."""
    blocks = []
    for work in collection.works:
        blocks.append(work.title)
        if collection.kind == "verse":
            blocks += ["\n".join(_stepped(stanza, layout)) for stanza in work.parts]
            continue
        first = work.parts[0][0]
        lines = [
            part[0] if collection.kind == "prose" else _labelled(number, part, first, layout)
            for number, part in enumerate(work.parts)
        ]
        blocks += [_filled(line) if wrapped else line for line in lines]
    return ("\n\n" if wrapped or collection.kind == "verse" or not layout.indented else "\n").join(blocks) + "\n"


def _filled(line: str) -> str:
    # A tab stays one, as editors that break lines leave it.
    return textwrap.fill(line, _WIDTH, break_long_words=False, expand_tabs=False, replace_whitespace=False)


def _stepped(stanza: tuple[str, ...], layout: Layout) -> Iterator[str]:
    for number, line in enumerate(stanza):
        yield f"    {line}" if layout.stepped and number % 2 else line


def _labelled(number: int, turn: tuple[str, ...], first: str, layout: Layout) -> str:
    speaker, words = turn
    return {
        "tab": f"{speaker}\t{words}",
        "initials": f"{initials(speaker, first)}: {words}",
        "dash": f"{speaker}.— {words}",
        "above": f"{speaker}:\n{words}",
        "table": f"{speaker}\t{words}",
        "timed table": f"{clock(number)}\t{speaker}\t{words}",
    }[layout.turns]


def epub(collection: Collection, layout: Layout) -> bytes:
    """Return a book with a chapter for each work; verses as lines of a paragraph, as blocks or as preformatted."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as book:
        book.writestr("mimetype", "application/epub+zip")
        book.writestr("META-INF/container.xml", "<container><rootfile full-path='b.opf'/></container>")
        items = "".join(
            f"<item id='c{number}' href='c{number}.xhtml' media-type='application/xhtml+xml'/>"
            for number in range(len(collection.works))
        )
        order = "".join(f"<itemref idref='c{number}'/>" for number in range(len(collection.works)))
        book.writestr("b.opf", f"<package><manifest>{items}</manifest><spine>{order}</spine></package>")
        for number, work in enumerate(collection.works):
            body = "".join(_xhtml(collection.kind, work.parts, layout))
            page = f"<html xmlns='http://www.w3.org/1999/xhtml'><body><h2>{escape(work.title)}</h2>{body}</body></html>"
            book.writestr(f"c{number}.xhtml", page)
    return held.getvalue()


def _xhtml(kind: str, parts: tuple[tuple[str, ...], ...], layout: Layout) -> Iterator[str]:
    first = parts[0][0]
    rows = []
    for number, part in enumerate(parts):
        lines = [*map(escape, part)]
        if kind == "prose":
            yield f"<p>{lines[0]}</p>"
        elif kind == "verse":
            yield {
                "breaks": f"<p>{'<br/>'.join(lines)}</p>",
                "paragraphs": f"<div class='stanza'>{''.join(f'<p>{line}</p>' for line in lines)}</div>",
                "numbered": "<div class='stanza'>" + "".join(f"<div>{line}</div>" for line in lines) + "</div>",
            }[layout.verses]
        elif "table" in layout.turns:
            time = f"<td>{clock(number)}</td>" if layout.turns == "timed table" else ""
            rows.append(f"<tr>{time}<td>{lines[0]}</td><td>{lines[1]}</td></tr>")
        else:
            yield {
                "tab": f"<p><b>{lines[0]}:</b> {lines[1]}</p>",
                "initials": f"<p><b>{initials(part[0], first)}:</b> {lines[1]}</p>",
                "dash": f"<p><b>{lines[0]}.—</b> {lines[1]}</p>",
                "above": f"<p><b>{lines[0]}:</b></p><p>{lines[1]}</p>",
            }[layout.turns]
    if rows:
        yield f"<table>{''.join(rows)}</table>"


def captions(collection: Collection, suffix: str) -> str:
    """Return a collection as SRT or WebVTT: two verses a cue, or what fits in two lines, with who speaks."""
    cues: list[str] = []
    for work in collection.works:
        cues.append(work.title)
        for part in work.parts:
            if collection.kind == "verse":
                cues += ["\n".join(part[at : at + 2]) for at in range(0, len(part), 2)]
                continue
            speaker, words = part if collection.kind == "interview" else ("", part[0])
            is_voice = suffix == "vtt" and speaker
            label = f"{speaker.upper()}: " if speaker and not is_voice else ""
            lines = textwrap.wrap(label + words, _CUE, break_long_words=False)
            voice = f"<v {speaker}>" if is_voice else ""
            cues += [voice + "\n".join(lines[at : at + 2]) for at in range(0, len(lines), 2)]
    rows = [f"{_time(at, suffix)} --> {_time(at + 1, suffix, -0.1)}\n{cue}" for at, cue in enumerate(cues)]
    if suffix == "vtt":
        return "WEBVTT\n\n" + "\n\n".join(rows) + "\n"
    return "\n\n".join(f"{number}\n{row}" for number, row in enumerate(rows, 1)) + "\n"


def _time(cue: int, suffix: str, more: float = 0.0) -> str:
    clock_time = f"0{timedelta(seconds=cue * _SECONDS + more)}"
    whole, _, part = clock_time.partition(".")
    return f"{whole}{',' if suffix == 'srt' else '.'}{part[:3] or '000'}"


def by_python_docx(collection: Collection, layout: Layout) -> bytes:
    """Return a Word document as python-docx writes it."""
    import docx
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    document: Any = docx.Document()
    for work in collection.works:
        document.add_heading(work.title, 2)
        if collection.kind == "verse":
            _add_verse(document, work.parts, layout)
        elif collection.kind == "prose":
            for (line,) in work.parts:
                paragraph = document.add_paragraph(line)
                paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY if layout.justified else None
        else:
            _add_interview(document, work.parts, layout)
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


def _add_verse(document: Any, stanzas: tuple[tuple[str, ...], ...], layout: Layout) -> None:
    for stanza in stanzas:
        if layout.verses == "breaks":
            document.add_paragraph("\n".join(stanza))
            continue
        for line in stanza:
            document.add_paragraph(line)
        document.add_paragraph()


def _add_interview(document: Any, turns: tuple[tuple[str, ...], ...], layout: Layout) -> None:
    first = turns[0][0]
    timed = layout.turns == "timed table"
    table = document.add_table(0, 2 + timed) if "table" in layout.turns else None
    for number, (speaker, words) in enumerate(turns):
        if table is not None:
            cells = [clock(number), speaker, words] if timed else [speaker, words]
            for cell, content in zip(table.add_row().cells, cells, strict=True):
                cell.text = content
            continue
        label = {
            "tab": speaker, "initials": f"{initials(speaker, first)}:", "dash": f"{speaker}.—", "above": f"{speaker}:",
        }[layout.turns]  # fmt: skip
        paragraph = document.add_paragraph()
        paragraph.add_run(label).bold = True
        if layout.turns == "above":
            document.add_paragraph(words)
        else:
            paragraph.add_run(("\t" if layout.turns == "tab" else " ") + words)
