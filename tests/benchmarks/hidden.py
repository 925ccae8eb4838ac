"""`hidden`: how each reader treats hidden text, notes, changes, names of programs' users and deep markup.

The files are made here, so that their content is known. With `--before` an earlier checkout reads them too.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from .documents.by_office import SPACES
from .machine import Report, Table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

_WORDS: Final = "habla Juana Quispe"
_BEFORE, _AFTER = "La barca salió del puerto.", "Volvió con la red vacía."
_WORD: Final = re.compile(r"\w+")
_DEEP: Final = (300, 2000)
_ROOT: Final = Path(__file__).resolve().parents[2]
_DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_TYPES: Final = {
    "DOCX": _DOCX,
    "ODT": "application/vnd.oasis.opendocument.text",
    "RTF": "application/rtf",
    "EPUB": "application/epub+zip",
    "PDF": "application/pdf",
    "HTML": "text/html",
    "hOCR": "text/vnd.hocr+html",
    "TEI": "application/tei+xml",
    "ELAN": "text/x-eaf+xml",
    "SRT": "text/vtt",
    "WebVTT": "text/vtt",
}


class Case(NamedTuple):
    """A file: its format, its content, its bytes, and whether a reader should leave words out or keep them all."""

    kind: str
    what: str
    raw: bytes
    leaves_out: bool = True


class Outcome(NamedTuple):
    """The fate of a case's words, the reader's notes or error, and how many words were shown and released."""

    became: str
    evidence: str
    shown: int
    released: int


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--before", type=Path, help="a checkout of an earlier commit, whose readers are compared")


def measure(args: argparse.Namespace) -> Report:
    """Read each file, and report whether its words were kept."""
    files = list(cases())
    all_outcomes = {"now": read_by(_ROOT, files)}
    if args.before:
        all_outcomes = {f"at {_commit(args.before)}": read_by(args.before, files)} | all_outcomes
    rows = [
        (
            *(case.kind, case.what, _wanted(case)),
            *(outcomes[at].became for outcomes in all_outcomes.values()),
            all_outcomes["now"][at].evidence,
        )
        for at, case in enumerate(files)
    ]
    heads = ("format", "what is in the file", "should be", *all_outcomes, "evidence")
    return Report(
        "hidden",
        {},
        {"files": len(files)},
        (
            _by_reader(files, all_outcomes),
            Table("Hidden text, names, notes and deep markup", heads, tuple(rows)),
        ),
        ("A name that a program wrote counts as released if it becomes the title or a creator of the document.",),
    )


def _by_reader(files: Sequence[Case], all_outcomes: dict[str, list[Outcome]]) -> Table:
    """Return the words kept and released by each reader, at each commit."""
    rows = []
    for kind in (*dict.fromkeys(case.kind for case in files), "all"):
        places = [at for at, case in enumerate(files) if kind in (case.kind, "all")]
        visible = sum(len(_WORD.findall(_visible(files[at]))) for at in places)
        hidden = sum(len(_WORDS.split()) for at in places if files[at].leaves_out)
        wrong = (sum(each[at].became != _wanted(files[at]) for at in places) for each in all_outcomes.values())
        kept_words = (sum(each[at].shown for at in places) for each in all_outcomes.values())
        released = (sum(each[at].released for at in places) for each in all_outcomes.values())
        rows.append((kind, len(places), *wrong, visible, *kept_words, hidden, *released))
    heads = (
        *("reader", "files#", *(f"wrong, {name}#" for name in all_outcomes)),
        *("visible words#", *(f"kept, {name}#" for name in all_outcomes)),
        *("hidden words#", *(f"released, {name}#" for name in all_outcomes)),
    )
    return Table("Words by reader", heads, tuple(rows))


def _wanted(case: Case) -> str:
    return "left out" if case.leaves_out else "kept"


def _visible(case: Case) -> str:
    return f"{_BEFORE} {'' if case.leaves_out else _WORDS} {_AFTER}"


def read_by(checkout: Path, files: Sequence[Case]) -> list[Outcome]:
    """Read each file with the readers of a checkout, and return the outcomes."""
    lines = "".join(json.dumps([_TYPES[case.kind], base64.b64encode(case.raw).decode()]) + "\n" for case in files)
    command = [sys.executable, "-P", str(Path(__file__).with_name("hidden_readers.py"))]
    environment = os.environ | {"PYTHONPATH": str(checkout.resolve())}
    done = subprocess.run(command, input=lines, env=environment, capture_output=True, text=True, check=True)
    return [_outcome(case, *json.loads(line)) for case, line in zip(files, done.stdout.splitlines(), strict=True)]


def _outcome(case: Case, text: str, names: Sequence[str], notes: Sequence[str], error: str) -> Outcome:
    folded = " ".join(text.split())
    is_kept = _WORDS in folded
    released = case.leaves_out and (is_kept or any(_WORDS in name for name in names))
    shown = (Counter(_WORD.findall(_visible(case))) & Counter(_WORD.findall(folded))).total()
    if error:
        return Outcome("refused", error, 0, 0)
    if _BEFORE not in folded or _AFTER not in folded:
        became = "words around it are lost"
    elif is_kept and not folded.index(_BEFORE) < folded.index(_WORDS) < folded.index(_AFTER):
        became = "kept in another place"
    else:
        became = "kept" if is_kept or released else "left out"
    return Outcome(became, "; ".join(notes), shown, len(_WORDS.split()) * released)


def _commit(checkout: Path) -> str:
    command = ["git", "-C", str(checkout), "rev-parse", "--short=8", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def cases() -> Iterator[Case]:
    """Yield the files."""
    yield from _docx()
    yield from _odt()
    yield from _rtf()
    yield from _epub()
    yield from _pdf()
    yield from _html()
    yield from _others()


_W: Final = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def _docx() -> Iterator[Case]:
    def document(middle: str, more: dict[str, str] | None = None) -> bytes:
        paragraphs = (_in_word(_BEFORE), middle, _in_word(_AFTER))
        return _zipped(
            {
                "[Content_Types].xml": "<Types/>",
                "_rels/.rels": (
                    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
                    'Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
                    'Target="word/document.xml"/></Relationships>'
                ),
                "word/document.xml": f"<w:document {_W}><w:body>{''.join(paragraphs)}</w:body></w:document>",
                **(more or {}),
            }
        )

    run = f"<w:r>{{}}<w:t>{_WORDS}</w:t></w:r>"
    hidden = run.format("<w:rPr><w:vanish/></w:rPr>")
    comment = f'<w:comments {_W}><w:comment w:id="1"><w:p>{run.format("")}</w:p></w:comment></w:comments>'
    yield Case("DOCX", "a hidden run", document(f"<w:p>{hidden}</w:p>"))
    yield Case("DOCX", "a hidden run in a table", document(_in_table(f"<w:p>{hidden}</w:p>")))
    yield Case(
        "DOCX",
        "a deletion that is tracked",
        document(f'<w:p><w:del w:id="1"><w:r><w:delText>{_WORDS}</w:delText></w:r></w:del></w:p>'),
    )
    yield Case(
        "DOCX",
        "an insertion that is tracked",
        document(f'<w:p><w:ins w:id="1">{run.format("")}</w:ins></w:p>'),
        leaves_out=False,
    )
    yield Case(
        "DOCX", "a comment", document('<w:p><w:commentReference w:id="1"/></w:p>', {"word/comments.xml": comment})
    )
    yield Case(
        "DOCX",
        "a footnote",
        document(
            '<w:p><w:r><w:footnoteReference w:id="1"/></w:r></w:p>',
            {"word/footnotes.xml": comment.replace("comments", "footnotes").replace("comment ", "footnote ")},
        ),
    )
    yield Case(
        "DOCX",
        "the instruction of a field",
        document(
            f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>AUTHOR {_WORDS}</w:instrText></w:r>'
            '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
        ),
    )
    yield Case(
        "DOCX",
        "the computer's user as author",
        document(
            "",
            {
                "docProps/core.xml": (
                    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
                    f' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>{_WORDS}</dc:creator></cp:coreProperties>'
                )
            },
        ),
    )
    yield Case(
        "DOCX",
        "a text box",
        document(f"<w:p><w:r><w:txbxContent><w:p>{run.format('')}</w:p></w:txbxContent></w:r></w:p>"),
        leaves_out=False,
    )


def _in_word(words: str) -> str:
    return f"<w:p><w:r><w:t>{words}</w:t></w:r></w:p>"


def _in_table(cell: str) -> str:
    return f"<w:tbl><w:tr><w:tc>{cell}</w:tc></w:tr></w:tbl>"


def _odt() -> Iterator[Case]:
    def document(middle: str, styles: str = "", meta: str = "") -> bytes:
        return (
            f'<office:document {SPACES} xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.3" '
            f'office:mimetype="application/vnd.oasis.opendocument.text">{meta}<office:automatic-styles>{styles}'
            f"</office:automatic-styles><office:body><office:text><text:p>{_BEFORE}</text:p>{middle}"
            f"<text:p>{_AFTER}</text:p></office:text></office:body></office:document>"
        ).encode()

    secret = f"<text:p>{_WORDS}</text:p>"
    style = '<style:style style:name="T" style:family="text"><style:text-properties text:display="none"/></style:style>'
    change = (
        '<text:tracked-changes><text:changed-region text:id="c1"><text:deletion><office:change-info><dc:creator>x'
        f"</dc:creator></office:change-info>{secret}</text:deletion></text:changed-region></text:tracked-changes>"
    )
    yield Case("ODT", "a hidden section", document(f'<text:section text:display="none">{secret}</text:section>'))
    yield Case(
        "ODT",
        "hidden characters",
        document(f'<text:p><text:span text:style-name="T">{_WORDS}</text:span></text:p>', style),
    )
    yield Case(
        "ODT",
        "a hidden paragraph",
        document(f'<text:p><text:hidden-paragraph text:is-hidden="true"/>{_WORDS}</text:p>'),
    )
    yield Case(
        "ODT",
        "a hidden row",
        document(
            '<table:table><table:table-row table:visibility="collapse"><table:table-cell>'
            f"{secret}</table:table-cell></table:table-row></table:table>"
        ),
    )
    yield Case("ODT", "a deletion that is tracked", document(change))
    yield Case("ODT", "a comment", document(f"<text:p>x<office:annotation>{secret}</office:annotation></text:p>"))
    yield Case(
        "ODT",
        "a footnote",
        document(
            '<text:p>x<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body>'
            f"{secret}</text:note-body></text:note></text:p>"
        ),
    )
    yield Case(
        "ODT",
        "the computer's user as author",
        document("", meta=f"<office:meta><dc:creator>{_WORDS}</dc:creator></office:meta>"),
    )
    yield Case(
        "ODT",
        "a text box",
        document(f"<text:p><draw:frame><draw:text-box>{secret}</draw:text-box></draw:frame></text:p>"),
        leaves_out=False,
    )


def _rtf() -> Iterator[Case]:
    def document(middle: str, info: str = "") -> bytes:
        first, last = r"La barca sali\'f3 del puerto.", r"Volvi\'f3 con la red vac\'eda."
        return rf"{{\rtf1\ansi{info}\pard {first}\par {middle}{last}\par}}".encode()

    yield Case("RTF", "hidden characters", document(rf"{{\v {_WORDS}\par}}"))
    yield Case("RTF", "a deletion that is tracked", document(rf"{{\deleted {_WORDS}\par}}"))
    yield Case("RTF", "a comment", document(rf"{{\*\annotation {_WORDS}}}"))
    yield Case("RTF", "a footnote", document(rf"{{\footnote {_WORDS}}}"))
    yield Case(
        "RTF",
        "a hidden shape",
        document(rf"{{\shp{{\*\shpinst{{\sp{{\sn fHidden}}{{\sv 1}}}}{{\shptxt \pard\plain {_WORDS}\par}}}}}}"),
    )
    yield Case("RTF", "the computer's user as author", document("", rf"{{\info{{\author {_WORDS}}}}}"))


def _epub() -> Iterator[Case]:
    def book(middle: str, css: str = "") -> bytes:
        page = (
            f'<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><head><style>{css}'
            f"</style></head><body><p>{_BEFORE}</p>{middle}<p>{_AFTER}</p></body></html>"
        )
        return _zipped(
            {
                "META-INF/container.xml": "<container><rootfile full-path='b.opf'/></container>",
                "b.opf": (
                    "<package><manifest><item id='a' href='a.xhtml' media-type='application/xhtml+xml'/>"
                    "</manifest><spine><itemref idref='a'/></spine></package>"
                ),
                "a.xhtml": page,
            }
        )

    yield Case("EPUB", "the attribute hidden", book(f"<p hidden='hidden'>{_WORDS}</p>"))
    yield Case("EPUB", "display: none in a stylesheet", book(f"<p class='n'>{_WORDS}</p>", ".n{display:none}"))
    yield Case("EPUB", "visibility: hidden", book(f"<p style='visibility:hidden'>{_WORDS}</p>"))
    yield Case("EPUB", "a footnote that is marked", book(f"<aside epub:type='footnote'><p>{_WORDS}</p></aside>"))
    for levels in _DEEP:
        wrapped = book(f"{'<div>' * levels}<p>{_WORDS}</p>{'</div>' * levels}")
        yield Case("EPUB", f"{levels:,} open elements around the words", wrapped, leaves_out=False)
        unclosed = book(f"{'<font>' * levels}<p>{_WORDS}</p>")
        yield Case("EPUB", f"{levels:,} elements that nothing closes", unclosed, leaves_out=False)


def _pdf() -> Iterator[Case]:
    def page(middle: str, catalogue: str = "", info: str = "") -> bytes:
        content = _shown(_BEFORE, 250) + middle + _shown(_AFTER, 150)
        objects = (
            f"<</Type/Catalog/Pages 2 0 R{catalogue}>>",
            "<</Type/Pages/Kids[3 0 R]/Count 1>>",
            (
                "<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>"
                "/Properties<</MC0 6 0 R>>>>>>"
            ),
            f"<</Length {len(content)}>>stream\n{content}\nendstream",
            "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
            "<</Type/OCG/Name(notas)>>",
            f"<<{info}>>",
        )
        body = "".join(f"{number} 0 obj\n{pdf_object}\nendobj\n" for number, pdf_object in enumerate(objects, 1))
        return f"%PDF-1.5\n{body}trailer<</Root 1 0 R/Info 7 0 R/Size 8>>\n%%EOF\n".encode("latin-1")

    note = _shown(_WORDS, 200)
    yield Case("PDF", "white text", page(_shown(_WORDS, 200, "1 g")))
    yield Case("PDF", "invisible text", page(_shown(_WORDS, 200, "3 Tr")))
    yield Case("PDF", "text off the page", page(_shown(_WORDS, -40)))
    yield Case("PDF", "clipped text", page(_shown(_WORDS, 200, "0 0 10 10 re W n")))
    yield Case("PDF", "covered text", page(note + "0 g 40 190 200 30 re f\n"))
    yield Case(
        "PDF",
        "a layer that is off",
        page(f"/OC /MC0 BDC {note}EMC\n", "/OCProperties<</OCGs[6 0 R]/D<</OFF[6 0 R]>>>>"),
    )
    yield Case("PDF", "the computer's user as author", page("", info=f"/Author({_WORDS})"))
    yield Case("PDF", "text that is shown", page(note), leaves_out=False)


def _shown(words: str, y: float, operators: str = "") -> str:
    octal = "".join(letter if letter.isascii() else f"\\{ord(letter):o}" for letter in words)
    return f"q {operators} BT /F1 12 Tf 50 {y} Td ({octal}) Tj ET Q\n"


_LONG: Final = (
    "La barca salió del puerto antes del alba, y nadie en la playa supo decir adónde iba esa mañana de enero. "
)


def _html() -> Iterator[Case]:
    def page(middle: str, head: str = "") -> bytes:
        paragraphs = "".join(f"<p>{_LONG}{number}</p>" for number in range(5))
        return (
            f"<!doctype html><html lang=es><head><meta charset=utf-8>{head}</head><body><article><h1>La barca</h1>"
            f"<p>{_BEFORE}</p>{paragraphs}{middle}<p>{_AFTER} {_LONG}</p></article></body></html>"
        ).encode()

    note = f"<p {{}}>{_WORDS}, que no quiere que se sepa su nombre en ninguna parte.</p>"
    yield Case("HTML", "the attribute hidden", page(note.format("hidden")))
    yield Case("HTML", "display: none", page(note.format("style='display:none'")))
    yield Case("HTML", "visibility: hidden", page(note.format("style='visibility:hidden'")))
    yield Case(
        "HTML",
        "display: none in a stylesheet of the page",
        page(note.format("class=n"), "<style>.n{display:none}</style>"),
    )
    yield Case("HTML", "a comment", page(f"<!-- {_WORDS} -->"))
    yield Case("HTML", "a template", page(f"<template>{note.format('')}</template>"))
    yield Case("HTML", "not read aloud (aria-hidden)", page(note.format("aria-hidden=true")), leaves_out=False)
    for levels in _DEEP:
        wrapped = page(f"{'<div>' * levels}{note.format('')}{'</div>' * levels}")
        yield Case("HTML", f"{levels:,} open elements around the words", wrapped, leaves_out=False)
        unclosed = page(f"{'<font>' * levels}{note.format('')}")
        yield Case("HTML", f"{levels:,} elements that nothing closes", unclosed, leaves_out=False)
    yield Case(
        "HTML",
        "the computer's user as author",
        page("", f"<meta name=generator content='LibreOffice 7'><meta name=author content='{_WORDS}'>"),
    )


def _others() -> Iterator[Case]:
    def tei(middle: str) -> bytes:
        paragraphs = f"<p>{_BEFORE}</p>{middle}<p>{_AFTER}</p>"
        return f"<TEI><teiHeader/><text><body><div>{paragraphs}</div></body></text></TEI>".encode()

    yield Case("TEI", "a deletion", tei(f"<p><del>{_WORDS}</del> x</p>"))
    yield Case("TEI", "a note", tei(f"<p>x<note>{_WORDS}</note></p>"))
    yield Case("TEI", "a comment", tei(f"<!-- {_WORDS} -->"))
    for levels in _DEEP:
        wrapped = tei(f"{'<div>' * levels}<p>{_WORDS}</p>{'</div>' * levels}")
        yield Case("TEI", f"{levels:,} elements around the words", wrapped, leaves_out=False)
    for levels in _DEEP:
        lines = [f"<p class=ocr_par><span class=ocr_line>{line}</span></p>" for line in (_BEFORE, _WORDS, _AFTER)]
        scan = f"<html><body><div class=ocr_page>{lines[0]}{'<div><i>' * (levels // 2)}{lines[1]}{lines[2]}"
        yield Case("hOCR", f"{levels:,} elements that nothing closes", scan.encode(), leaves_out=False)

    def elan(middle: str, author: str = "") -> bytes:
        annotations = _annotation(1, _BEFORE) + middle + _annotation(3, _AFTER)
        slots = "".join(f'<TIME_SLOT TIME_SLOT_ID="t{number}"/>' for number in range(1, 7))
        return (
            f'<ANNOTATION_DOCUMENT AUTHOR="{author}"><TIME_ORDER>{slots}</TIME_ORDER><TIER TIER_ID="tx" '
            f'LINGUISTIC_TYPE_REF="tx">{annotations}</TIER></ANNOTATION_DOCUMENT>'
        ).encode()

    yield Case("ELAN", "an annotation without a time", elan(_annotation(2, _WORDS)), leaves_out=False)
    times = ('TIME_VALUE="0"', 'TIME_VALUE="900"', "", "", 'TIME_VALUE="5000"', 'TIME_VALUE="6000"')
    slots = "".join(f'<TIME_SLOT TIME_SLOT_ID="t{number}" {time}/>' for number, time in enumerate(times, 1))
    first_tier, second_tier = (
        f'<TIER TIER_ID="{name}" LINGUISTIC_TYPE_REF="tx">{"".join(parts)}</TIER>'
        for name, parts in (
            ("a", (_annotation(1, _BEFORE), _annotation(3, _AFTER))),
            ("b", (_annotation(2, _WORDS),)),
        )
    )
    tiers = f"<ANNOTATION_DOCUMENT><TIME_ORDER>{slots}</TIME_ORDER>{first_tier}{second_tier}</ANNOTATION_DOCUMENT>"
    yield Case("ELAN", "an annotation without a time between two others", tiers.encode(), leaves_out=False)
    yield Case("ELAN", "the program's user as author", elan("", _WORDS))
    cue = f"1\n00:00:0{{}} --> 00:00:0{{}}\n{_BEFORE}\n\n2\n{{}}\n{{}}\n\n3\n00:00:07,000 --> 00:00:09,000\n{_AFTER}\n"
    middle = cue.format("1,000", "2,000", "00:00:03 --> 00:00:04", _WORDS)
    yield Case("SRT", "a cue whose times have no milliseconds", middle.encode(), leaves_out=False)
    for first in ("NOTE", "REGION"):
        middle = cue.format("1,000", "2,000", "00:00:03,000 --> 00:00:04,000", f"{first} {_WORDS}")
        yield Case("SRT", f"a cue that begins with {first}", middle.encode(), leaves_out=False)
    middle = cue.format("1,000", "2,000", "no time", _WORDS)
    yield Case("SRT", "words under a broken time", middle.encode(), leaves_out=False)
    clock = "00:00:0{}.000 --> 00:00:0{}.500"
    for what, part, leaves_out in (
        ("a note between cues", f"NOTE {_WORDS}", True),
        ("a cue that begins with NOTE", f"{clock.format(3, 4)}\nNOTE {_WORDS}", False),
        ("a cue that begins with REGION", f"{clock.format(3, 4)}\nREGION {_WORDS}", False),
    ):
        parts = ("WEBVTT", f"{clock.format(1, 2)}\n{_BEFORE}", part, f"{clock.format(5, 6)}\n{_AFTER}", "")
        yield Case("WebVTT", what, "\n\n".join(parts).encode(), leaves_out)


def _annotation(number: int, words: str) -> str:
    return (
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{number}" TIME_SLOT_REF1="t{2 * number - 1}" '
        f'TIME_SLOT_REF2="t{2 * number}"><ANNOTATION_VALUE>{words}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION>'
        "</ANNOTATION>"
    )


def _zipped(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name, content in members.items():
            package.writestr(name, content)
    return buffer.getvalue()
