"""Documents that LibreOffice saves, from OpenDocument in one file of XML."""

from __future__ import annotations

import subprocess
from html import escape
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.isolation import programs

from .layouts import HEAD, PAPERS, clock, initials

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from .layouts import Layout
    from .works import Collection

# LibreOffice's export filters by suffix.
FILTERS: Final = {
    "docx": "MS Word 2007 XML",
    "odt": "writer8",
    "rtf": "Rich Text Format",
    "doc": "MS Word 97",
    "pdf": "writer_pdf_Export",
    "epub": "EPUB",
}
SPACES: Final = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (
        ("office", "office"), ("style", "style"), ("text", "text"), ("table", "table"), ("fo", "xsl-fo-compatible"),
        ("draw", "drawing"), ("svg", "svg-compatible"), ("meta", "meta"),
    )
)  # fmt: skip
_PATIENCE: Final = 600


def save(documents: Mapping[str, str], suffix: str, folder: Path) -> dict[str, bytes]:
    """Return each document of flat OpenDocument as LibreOffice saves it under a suffix.

    Args:
        documents: by names that may be file names.
        suffix: of the format.
        folder: for files.
    """
    for name, content in documents.items():
        (folder / f"{name}.fodt").write_text(content, encoding="utf-8")
    command = [programs.office(), f"-env:UserInstallation=file://{folder}/profile", "--headless", "--norestore"]
    command += ["--convert-to", f"{suffix}:{FILTERS[suffix]}", "--outdir", str(folder)]
    command += [str(folder / f"{name}.fodt") for name in documents]
    subprocess.run(command, check=True, capture_output=True, timeout=_PATIENCE)
    return {name: (folder / f"{name}.{suffix}").read_bytes() for name in documents}


def flat(collection: Collection, layout: Layout) -> str:
    """Return a collection as OpenDocument in one file of XML."""
    body = "".join(
        f'<text:p text:style-name="H">{escape(work.title)}</text:p>'
        + "".join(_BODIES[collection.kind](work.parts, layout))
        for work in collection.works
    )
    return whole(body, _styles(layout, collection.language), _page(layout))


def whole(body: str, styles: str = "", page: str = "", more: str = "") -> str:
    """Return OpenDocument in one file with this body."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {SPACES} office:version="1.3" '
        f'office:mimetype="application/vnd.oasis.opendocument.text">{more}<office:styles>{styles}</office:styles>{page}'
        f"<office:body><office:text>{body}</office:text></office:body></office:document>"
    )


def _styles(layout: Layout, language: str) -> str:
    align = "justify" if layout.justified else "start"
    indent, gap = ("0.5cm", "0cm") if layout.indented else ("0cm", "0.25cm")
    letters = (
        f'<style:text-properties fo:font-size="{10 if layout.paper == "A5" else 11}pt" fo:language="{language}" '
        f'fo:country="MX" fo:hyphenate="{str(layout.hyphenated).lower()}" fo:hyphenation-remain-char-count="2" '
        'fo:hyphenation-push-char-count="2"/>'
    )

    def style(name: str, paragraph: str, letters: str = letters) -> str:
        return (
            f'<style:style style:name="{name}" style:family="paragraph"><style:paragraph-properties {paragraph}/>'
            f"{letters}</style:style>"
        )

    number = ' text:number-lines="true"' if layout.verses == "numbered" else ' text:number-lines="false"'
    return (
        style("P", f'fo:text-align="{align}" fo:text-indent="{indent}" fo:margin-bottom="{gap}"')
        + style("T", f'fo:text-align="{align}" fo:margin-left="3cm" fo:text-indent="-3cm" fo:margin-bottom="0.15cm"')
        + style("V", f'fo:margin-bottom="0cm"{number}')
        + style("VI", f'fo:margin-bottom="0cm" fo:margin-left="1cm"{number}')
        + style("VE", 'fo:margin-bottom="0.4cm" text:number-lines="false"')
        + style("H", 'fo:text-align="center" fo:margin-top="0.6cm" fo:margin-bottom="0.4cm" text:number-lines="false"',
                '<style:text-properties fo:font-size="14pt" fo:font-weight="bold"/>')
        + '<style:style style:name="B" style:family="text"><style:text-properties fo:font-weight="bold"/></style:style>'
        + (
            '<text:linenumbering-configuration text:number-lines="true" text:offset="0.5cm" text:increment="5" '
            'text:number-position="left" text:count-empty-lines="false" style:num-format="1"/>'
            if layout.verses == "numbered"
            else ""
        )
    )  # fmt: skip


def _page(layout: Layout) -> str:
    width, height = PAPERS[layout.paper]
    columns = f'<style:columns fo:column-count="{layout.columns}" fo:column-gap="0.8cm"/>' if layout.columns > 1 else ""
    apart = (
        '<style:{0}-style><style:header-footer-properties fo:min-height="0.6cm" fo:margin-{1}="0.5cm"/>'
        "</style:{0}-style>"
    )
    parts = apart.format("header", "bottom") + apart.format("footer", "top") if layout.headed else ""
    header = (
        f"<style:header><text:p>{HEAD}</text:p></style:header><style:footer><text:p><text:page-number/></text:p>"
        "</style:footer>"
        if layout.headed
        else ""
    )
    return (
        '<office:automatic-styles><style:page-layout style:name="L"><style:page-layout-properties '
        f'fo:page-width="{width}mm" fo:page-height="{height}mm" fo:margin="2cm">{columns}'
        f"</style:page-layout-properties>{parts}</style:page-layout></office:automatic-styles><office:master-styles>"
        f'<style:master-page style:name="Standard" style:page-layout-name="L">{header}</style:master-page>'
        "</office:master-styles>"
    )


def _verse(stanzas: tuple[tuple[str, ...], ...], layout: Layout) -> Iterator[str]:
    for stanza in stanzas:
        if layout.verses == "breaks":
            yield f'<text:p text:style-name="VE">{"<text:line-break/>".join(map(escape, stanza))}</text:p>'
            continue
        for number, line in enumerate(stanza):
            style = "VI" if layout.stepped and number % 2 else "V"
            yield f'<text:p text:style-name="{style}">{escape(line)}</text:p>'
        yield '<text:p text:style-name="V"/>'


def _prose(paragraphs: tuple[tuple[str, ...], ...], layout: Layout) -> Iterator[str]:
    del layout
    for (line,) in paragraphs:
        yield f'<text:p text:style-name="P">{escape(line)}</text:p>'


def _bold(words: str) -> str:
    return f'<text:span text:style-name="B">{escape(words)}</text:span>'


def _interview(turns: tuple[tuple[str, ...], ...], layout: Layout) -> Iterator[str]:
    first = turns[0][0]
    rows = []
    for number, (speaker, words) in enumerate(turns):
        if "table" in layout.turns:
            cells = [clock(number)] if layout.turns == "timed table" else []
            cells += [speaker, words]
            filled = "".join(f"<table:table-cell><text:p>{escape(cell)}</text:p></table:table-cell>" for cell in cells)
            rows.append(f"<table:table-row>{filled}</table:table-row>")
        elif layout.turns == "above":
            yield f'<text:p text:style-name="P">{_bold(f"{speaker}:")}</text:p>'
            yield f'<text:p text:style-name="P">{escape(words)}</text:p>'
        else:
            label = {
                "tab": f"{_bold(speaker)}<text:tab/>",
                "initials": f"{_bold(f'{initials(speaker, first)}:')} ",
                "dash": f"{_bold(f'{speaker}.—')} ",
            }[layout.turns]
            yield f'<text:p text:style-name="{"T" if layout.turns == "tab" else "P"}">{label}{escape(words)}</text:p>'
    if rows:
        columns = "<table:table-column/>" * (3 if layout.turns == "timed table" else 2)
        yield f"<table:table>{columns}{''.join(rows)}</table:table>"


_BODIES: Final = {"verse": _verse, "prose": _prose, "interview": _interview}
