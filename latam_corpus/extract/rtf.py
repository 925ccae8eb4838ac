"""Rich Text Format, by striprtf: the words of the body, a paragraph a line.

What striprtf doesn't know is done before: tracked deletions go, text boxes follow their paragraphs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.block_text import CELL, folded_block
from latam_corpus.extract.document import Extracted, UnusableError
from latam_corpus.extract.interview import with_turns
from latam_corpus.extract.reservations import notices_in
from latam_corpus.extract.stated_licences import is_name, stated
from latam_corpus.messages import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Counted up when the same bytes give another text.
EXTRACTOR: Final = "rtf 5"

_FIELD: Final = re.compile(r"\{\\(title|author) ((?:[^{}\\]|\\'[0-9a-f]{2}|\\u-?\d+ ?\??)*)\}")
_HEAD: Final = 2**16
# A property that somebody named, a comment on the file, and page headers and footers, which are no part of the text.
_PROPERTY: Final = re.compile(
    r"\{\\propname ([^{}]{1,80})\}\s*\\proptype\d+\s*\{\\staticval ((?:[^{}\\]|\\[^{}]){0,1000})\}"
)
_BESIDE: Final = re.compile(r"\{\\(?:footer|header)[lrf]?(?![a-z])((?:[^{}]|\{[^{}]*\}){0,4000})\}")
_MOST_BESIDE: Final = 20
_LINE: Final = "\u2028"
# striprtf takes a line's end for a paragraph's, and draws a bar after a cell.
_LINE_END: Final = re.compile(r"\\line(?![a-z]) ?")
_TOKEN: Final = re.compile(r"\\(?P<word>[a-zA-Z]+)(?P<number>-?\d+)? ?|\\'[0-9a-fA-F]{2}|\\(?s:.)|[{}]|[^\\{}]+|\\")
_NEEDS_PASS: Final = re.compile(r"\\(?:deleted|shptxt|dptxbxtext)(?![a-z])")
_BOXES: Final = frozenset({"shptxt", "dptxbxtext"})
# Which charset a document without a code page is in; `\ansi` is striprtf's usual one.
_CHARSET: Final = re.compile(r"\{\\rtf\d*(?:\\(?!ansicpg)[a-z]+-?\d*\s*)*?\\(mac|pca|pc)(?![a-z])")
_CHARSETS: Final = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
_PAGE: Final = re.compile(r"\\ansicpg\d+")
_MAC_PAGE: Final = re.compile(r"\\ansicpg10000(?!\d) ?")
_CELL_END: Final = re.compile(r"\\(?:nest)?cell(?![a-z])")


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    r"""Return the text of an RTF document.

    Args:
        raw: the file's bytes.
        parameters: `form`, where the source says that it is an interview; the file says its own charset.

    Raises:
        UnusableError: it ends before it should.

    >>> extract(rb"{\rtf1\ansi Ma\'f1ana\par ser\'e1 otro d\'eda.}", {}).text
    'Mañana\nserá otro día.'
    """
    coded = raw.decode("latin-1")
    if not coded.rstrip("\0 \r\n\t\x1a").endswith("}"):
        raise UnusableError("damaged file", N_("it ends before its last brace"), N_("fetch the file again"))
    declared = _CHARSET.match(coded[:_HEAD])
    charset = _CHARSETS[declared[1]] if declared else "cp1252"
    page = _PAGE.search(coded[:_HEAD])
    start = rf"{{\rtf1{page[0] if page else ''} "
    fields = {name: _plain(f"{start}{value}}}", charset).strip() for name, value in _FIELD.findall(coded[:_HEAD])}
    coded = _accepted(coded) if _NEEDS_PASS.search(coded) else coded
    marked = _CELL_END.sub(r"\\tab", _LINE_END.sub(_LINE, coded))
    paragraphs = [_stanza(one) for one in _plain(marked, charset).split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(paragraphs)).strip("\n")
    author = fields.get("author")
    named = [_plain(f"{start}{value}}}", charset) for name, value in _PROPERTY.findall(coded) if is_name(name.strip())]
    beside = [_plain(f"{start}{one}}}", charset) for one in _BESIDE.findall(coded)[:_MOST_BESIDE]]
    extracted = Extracted(
        text,
        EXTRACTOR,
        title=fields.get("title") or None,
        creators=(author,) if author else (),
        licences=stated(named),
        notices=notices_in([line for one in beside for line in one.splitlines()]),
    )
    return with_turns(extracted, parameters.get("form"))


def _stanza(paragraph: str) -> str:
    """Return a paragraph without doubled white space; one of several lines stands apart."""
    lines = [folded_block(line.replace("\t", f" {CELL} ")) for line in paragraph.split(_LINE)]
    return lines[0] if len(lines) == 1 else "\n" + "\n".join(lines).strip("\n") + "\n"


@dataclass
class _Group:
    """What is written in a group, and whether it is deleted, the body's text, or a shape that stands in that.

    `around` says whether the group around it is the body's text.
    """

    written: list[str]
    deleted: bool = False
    is_body: bool = True
    is_shape: bool = False
    around: bool = True


def _accepted(coded: str) -> str:
    r"""Return the document without what was deleted under tracked changes, its text boxes after their paragraphs.

    >>> _accepted(r"{\rtf1 uno {\deleted dos}{\shp{\*\shpinst{\shptxt tres\par}}}cuatro\par cinco\par}")
    '{\\rtf1 uno {\\deleted }{\\shp{\\*\\shpinst{\\shptxt }}}cuatro\\par {\\pard tres\\par }cinco\\par }'
    """
    from striprtf.striprtf import destinations

    whole: list[str] = []
    boxes: list[str] = []
    groups = [_Group(whole)]
    place = 0
    while match := _TOKEN.match(coded, place):
        piece, word, place = match[0], match["word"], match.end()
        group = groups[-1]
        if piece == "{":
            group.written.append(piece)
            groups.append(replace(group, around=group.is_body))
        elif piece == "}":
            groups.pop()
            groups = groups or [_Group(whole)]
            if group.written is not groups[-1].written:
                boxes.append("".join(group.written))
            if len(groups) == 1 and boxes:
                whole += [r"\par ", *_paragraphs(boxes)]
            groups[-1].written.append(piece)
        elif word == "bin" and match["number"]:  # so many bytes, braces among them
            place += int(match["number"])
        elif word in ("deleted", "plain"):
            group.deleted = word == "deleted" and match["number"] != "0"
            group.written.append(piece)
        elif piece == r"\*" or word in destinations:
            group.is_shape = (group.is_shape or (group.around and word in ("shp", "do"))) and word != "shprslt"
            group.is_body = False
            group.written.append(piece)
            if group.is_shape and word in _BOXES:
                group.written, group.is_body, group.is_shape, group.deleted = [], True, False, False
        elif not group.deleted or word in ("f", "uc"):
            group.written.append(rf"\{word} " if word == "par" else piece)
            if word == "par" and group.is_body and group.written is whole:
                whole += _paragraphs(boxes)
    return "".join(whole)


def _paragraphs(boxes: list[str]) -> list[str]:
    """Return the text boxes as paragraphs, and let them go."""
    paragraphs = [rf"{{\pard {box}}}" if box.rstrip().endswith(r"\par") else rf"{{\pard {box}\par}}" for box in boxes]
    boxes.clear()
    return paragraphs


def _plain(coded: str, charset: str) -> str:
    from striprtf import striprtf

    read: Callable[..., str] = striprtf.rtf_to_text
    coded = _MAC_PAGE.sub("", coded) if charset == "mac_roman" else coded
    # A character beyond the basic plane is written in two halves.
    return read(coded, charset, errors="replace").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
