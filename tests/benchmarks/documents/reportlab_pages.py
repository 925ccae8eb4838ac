"""PDF by ReportLab: a program of its own, for a Python that has it.

It reads a list of documents as JSON from its standard input, and writes a PDF for each into a folder.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_LEFT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph, Spacer, Table, TableStyle


def write(document: dict[str, Any], path: Path) -> None:
    """Write one document."""
    layout = document["layout"]
    width, height = (side * mm for side in document["paper"])
    margin, gap = 20 * mm, 8 * mm
    columns = layout["columns"]
    measure = (width - 2 * margin - (columns - 1) * gap) / columns
    frames = [
        Frame(margin + number * (measure + gap), margin, measure, height - 2 * margin, 0, 0, 0, 0)
        for number in range(columns)
    ]

    def head(canvas: Any, template: Any) -> None:
        if layout["headed"]:
            canvas.setFont("Times-Roman", 9)
            canvas.drawCentredString(width / 2, height - 12 * mm, document["head"])
            canvas.drawCentredString(width / 2, 10 * mm, str(template.page))

    template = BaseDocTemplate(str(path), pagesize=(width, height))
    template.addPageTemplates([PageTemplate("all", frames, onPage=head)])
    template.build(list(_flowables(document, layout, measure)))


def _flowables(document: dict[str, Any], layout: dict[str, Any], measure: float) -> Any:
    size = 10 if layout["paper"] == "A5" else 11
    indent, after = (14, 0) if layout["indented"] else (0, 7)
    hyphens = {"hyphenationLang": "es", "uriWasteReduce": 0} if layout["hyphenated"] else {}
    prose = ParagraphStyle(
        "P", fontName="Times-Roman", fontSize=size, leading=1.2 * size, firstLineIndent=indent, spaceAfter=after,
        alignment=TA_JUSTIFY if layout["justified"] else TA_LEFT, **hyphens,
    )  # fmt: skip
    title = ParagraphStyle(
        "H", fontName="Times-Bold", fontSize=14, leading=17, alignment=TA_CENTER, spaceBefore=14, spaceAfter=10
    )
    verse = ParagraphStyle("V", fontName="Times-Roman", fontSize=size, leading=1.2 * size, leftIndent=24)
    stepped = ParagraphStyle("S", parent=verse, leftIndent=40, bulletIndent=0)
    hanging = ParagraphStyle("T", parent=prose, leftIndent=80, firstLineIndent=0, bulletIndent=0, spaceAfter=4)
    cell = ParagraphStyle("C", parent=prose, firstLineIndent=0, alignment=TA_LEFT)
    for work in document["works"]:
        yield Paragraph(escape(work["title"]), title)
        if document["kind"] == "verse":
            yield from _verse(work["parts"], layout, verse, stepped)
        elif document["kind"] == "prose":
            yield from (Paragraph(escape(line), prose) for (line,) in work["parts"])
        else:
            yield from _interview(work["parts"], layout, prose, hanging, cell, measure)


def _verse(stanzas: Any, layout: dict[str, Any], verse: Any, stepped: Any) -> Any:
    count = 0
    for stanza in stanzas:
        if layout["verses"] == "breaks":
            yield Paragraph("<br/>".join(map(escape, stanza)), verse)
        else:
            for place, line in enumerate(stanza):
                count += 1
                numbered = layout["verses"] == "numbered" and count % 5 == 0
                style = stepped if layout["stepped"] and place % 2 else verse
                yield Paragraph(escape(line), style, bulletText=str(count) if numbered else None)
        yield Spacer(1, 12)


def _interview(turns: Any, layout: dict[str, Any], prose: Any, hanging: Any, cell: Any, measure: float) -> Any:
    rows = []
    for turn in turns:
        said, name = escape(turn["words"]), f"<b>{escape(turn['label'])}</b>"
        if "table" in layout["turns"]:
            time = [Paragraph(turn["clock"], cell)] if layout["turns"] == "timed table" else []
            rows.append([*time, Paragraph(escape(turn["label"]), cell), Paragraph(said, cell)])
        elif layout["turns"] == "tab":
            yield Paragraph(said, hanging, bulletText=turn["label"])
        elif layout["turns"] == "above":
            yield Paragraph(f"{name}:", prose)
            yield Paragraph(said, prose)
        else:
            yield Paragraph(f"{name}{'.—' if layout['turns'] == 'dash' else ':'} {said}", prose)
    if rows:
        widths = [0.2 * measure] * (len(rows[0]) - 1)
        table = Table(rows, [*widths, measure - sum(widths)])
        table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP")]))
        yield table


if __name__ == "__main__":
    for each in json.load(sys.stdin):
        write(each, Path(sys.argv[1]) / f"{each['name']}.pdf")
