"""Rich Text Format, by striprtf: the words of the body, a paragraph per line.

A pass before striprtf removes hidden text and tracked deletions, which it would keep, and moves text boxes after their
paragraphs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from striprtf.striprtf import destinations, rtf_to_text

from latam_corpus.extract.block_text import CELL, folded_block
from latam_corpus.extract.document import Extracted, UnusableError
from latam_corpus.extract.hidden_text import hidden_note
from latam_corpus.extract.interviews.interview import with_turns
from latam_corpus.extract.stated_rights.file_properties import title_and_creators
from latam_corpus.extract.stated_rights.reservations import notices_in
from latam_corpus.extract.stated_rights.stated_licences import is_name, stated
from latam_corpus.messages import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

# Increased when the same bytes yield a different text.
EXTRACTOR: Final = "rtf 6"

_FIELD: Final = re.compile(r"\{\\(title|author) ((?:[^{}\\]|\\'[0-9a-f]{2}|\\u-?\d+ ?\??)*)\}")
_HEAD: Final = 2**16
# A user-defined property; page headers and footers, which are not part of the text.
_PROPERTY: Final = re.compile(
    r"\{\\propname ([^{}]{1,80})\}\s*\\proptype\d+\s*\{\\staticval ((?:[^{}\\]|\\[^{}]){0,1000})\}"
)
_HEADS_AND_FEET: Final = re.compile(r"\{\\(?:footer|header)[lrf]?(?![a-z])((?:[^{}]|\{[^{}]*\}){0,4000})\}")
_MAX_HEADS_AND_FEET: Final = 20
_LINE: Final = "\u2028"
# striprtf treats a line's end as a paragraph's, and writes a bar after a cell.
_LINE_END: Final = re.compile(r"\\line(?![a-z]) ?")
_TOKEN: Final = re.compile(r"\\(?P<word>[a-zA-Z]+)(?P<number>-?\d+)? ?|\\'[0-9a-fA-F]{2}|\\(?s:.)|[{}]|[^\\{}]+|\\")
_NEEDS_PASS: Final = re.compile(r"\\(?:deleted|v|webhidden|shptxt|dptxbxtext)(?![a-z])")
_HIDES: Final = frozenset({"v", "webhidden"})
_HIDDEN_SHAPE: Final = re.compile(r"\{\\sn fHidden\}\s*\{\\sv 1\}")
_BOXES: Final = frozenset({"shptxt", "dptxbxtext"})
# The charset of a document without a code page; striprtf assumes `\ansi`.
_CHARSET: Final = re.compile(r"\{\\rtf\d*(?:\\(?!ansicpg)[a-z]+-?\d*\s*)*?\\(mac|pca|pc)(?![a-z])")
_CHARSETS: Final = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
_PAGE: Final = re.compile(r"\\ansicpg\d+")
_MAC_PAGE: Final = re.compile(r"\\ansicpg10000(?!\d) ?")
_CELL_END: Final = re.compile(r"\\(?:nest)?cell(?![a-z])")


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    r"""Return the text of an RTF document.

    Args:
        raw: the file's bytes.
        parameters: `form`, if the source declares an interview; `properties`, see `title_and_creators`. The file states
            its own charset.

    Raises:
        UnusableError: it ends too early.

    >>> extract(rb"{\rtf1\ansi Ma\'f1ana\par ser\'e1 otro d\'eda.}", {}).text
    'Mañana\nserá otro día.'
    """
    coded = raw.decode("latin-1")
    if not coded.rstrip("\0 \r\n\t\x1a").endswith("}"):
        raise UnusableError("damaged file", N_("it ends before its last brace"), N_("fetch the file again"))
    declared = _CHARSET.match(coded[:_HEAD])
    charset = _CHARSETS[declared[1]] if declared else "cp1252"
    code_page = _PAGE.search(coded[:_HEAD])
    start = rf"{{\rtf1{code_page[0] if code_page else ''} "
    fields = {name: _plain(f"{start}{value}}}", charset).strip() for name, value in _FIELD.findall(coded[:_HEAD])}
    coded, hidden = _shown(coded) if _NEEDS_PASS.search(coded) else (coded, "")
    with_marks = _CELL_END.sub(r"\\tab", _LINE_END.sub(_LINE, coded))
    paragraphs = [_stanza(paragraph) for paragraph in _plain(with_marks, charset).split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(paragraphs)).strip("\n")
    author = fields.get("author")
    title, creators = title_and_creators(parameters, fields.get("title") or None, (author,) if author else ())
    rights_fields = [
        _plain(f"{start}{value}}}", charset) for name, value in _PROPERTY.findall(coded) if is_name(name.strip())
    ]
    heads_and_feet = [
        _plain(f"{start}{content}}}", charset) for content in _HEADS_AND_FEET.findall(coded)[:_MAX_HEADS_AND_FEET]
    ]
    extracted = Extracted(
        text,
        EXTRACTOR,
        title=title,
        creators=creators,
        licences=stated(rights_fields),
        notices=notices_in([line for text_part in heads_and_feet for line in text_part.splitlines()]),
        notes=hidden_note([_plain(f"{start}{hidden}}}", charset)]),
    )
    return with_turns(extracted, parameters.get("form"))


def _stanza(paragraph: str) -> str:
    """Return a paragraph without repeated white space; one of several lines is set off by blank lines."""
    lines = [folded_block(line.replace("\t", f" {CELL} ")) for line in paragraph.split(_LINE)]
    return lines[0] if len(lines) == 1 else "\n" + "\n".join(lines).strip("\n") + "\n"


@dataclass
class _Group:
    """The state of an RTF group during filtering.

    Attributes:
        output: the pieces that are kept.
        deleted: whether its text is a tracked deletion.
        hidden: whether its text is hidden.
        is_buried: whether the group is the text of a hidden shape, or of a shape within hidden text.
        begins: the offset of the enclosing shape.
        is_body: whether the group's text is part of the body.
        is_shape: whether the group is part of a shape in the body.
        around: whether the enclosing group is part of the body.
    """

    output: list[str]
    deleted: bool = False
    hidden: bool = False
    is_buried: bool = False
    begins: int = 0
    is_body: bool = True
    is_shape: bool = False
    around: bool = True

    def switches(self, word: str | None, number: str | None) -> bool:
        """Apply a control word if it switches a property on or off; return whether it does."""
        if word == "deleted":
            self.deleted = number != "0"
        elif word == "plain":
            self.deleted = self.hidden = False
        elif word in _HIDES:
            self.hidden = number != "0"
        return word in ("deleted", "plain", *_HIDES)

    def enter(self, word: str | None, coded: str, place: int) -> None:
        """Enter the destination that a control word names; the text of a box in the body counts as body."""
        self.is_shape = (self.is_shape or (self.around and word in ("shp", "do"))) and word != "shprslt"
        self.is_body = False
        self.begins = place if word == "shp" else self.begins
        if self.is_shape and word in _BOXES:
            self.is_buried |= self.hidden or bool(_HIDDEN_SHAPE.search(coded, self.begins, place))
            self.output, self.is_body, self.is_shape, self.deleted = [], True, False, False


def _shown(coded: str) -> tuple[str, str]:
    r"""Return the document without hidden text and deletions, boxes moved after their paragraphs; and the hidden text.

    >>> _shown(r"{\rtf1 uno {\deleted dos}{\shp{\*\shpinst{\shptxt tres\par}}}cuatro\par {\v cinco}\par}")
    ('{\\rtf1 uno {\\deleted }{\\shp{\\*\\shpinst{\\shptxt }}}cuatro\\par {\\pard tres\\par }{\\v }\\par }', 'cinco')
    """
    body: list[str] = []
    boxes: list[str] = []
    hidden: list[str] = []
    groups = [_Group(body)]
    place = 0
    while match := _TOKEN.match(coded, place):
        piece, word, place = match[0], match["word"], match.end()
        group = groups[-1]
        if piece == "{":
            group.output.append(piece)
            groups.append(replace(group, around=group.is_body))
        elif piece == "}":
            groups.pop()
            groups = groups or [_Group(body)]
            if group.output is not groups[-1].output:
                boxes.append("".join(group.output))
            if len(groups) == 1 and boxes:
                body += [r"\par ", *_paragraphs(boxes)]
            groups[-1].output.append(piece)
        elif word == "bin" and match["number"]:  # a number of raw bytes, which may be braces
            place += int(match["number"])
        elif group.switches(word, match["number"]):
            group.output.append(piece)
        elif piece == r"\*" or word in destinations:
            group.output.append(piece)
            group.enter(word, coded, place)
        elif (group.hidden or group.is_buried) and group.is_body and word not in ("f", "uc"):
            hidden.append(rf"\{word} " if word and not match["number"] else piece)
        elif not group.deleted or word in ("f", "uc"):
            group.output.append(rf"\{word} " if word == "par" else piece)
            if word == "par" and group.is_body and group.output is body:
                body += _paragraphs(boxes)
    return "".join(body), "".join(hidden)


def _paragraphs(boxes: list[str]) -> list[str]:
    """Return the text boxes as paragraphs, and empty the list."""
    paragraphs = [rf"{{\pard {box}}}" if box.rstrip().endswith(r"\par") else rf"{{\pard {box}\par}}" for box in boxes]
    boxes.clear()
    return paragraphs


def _plain(coded: str, charset: str) -> str:
    coded = _MAC_PAGE.sub("", coded) if charset == "mac_roman" else coded
    text: str = rtf_to_text(coded, charset, errors="replace")  # type: ignore[no-untyped-call]
    # RTF writes a character beyond the basic plane as a surrogate pair.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
