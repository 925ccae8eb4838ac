"""Rich Text Format, by striprtf: the words of the body, a paragraph a line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.document import Extracted, UnusableError
from latam_corpus.extract.interview import with_turns
from latam_corpus.messages import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Counted up when the same bytes give another text.
EXTRACTOR: Final = "rtf 2"

_FIELD: Final = re.compile(r"\{\\(title|author) ((?:[^{}\\]|\\'[0-9a-f]{2}|\\u-?\d+ ?\??)*)\}")
_HEAD: Final = 2**16
_LINE: Final = "\u2028"
# striprtf takes a line's end for a paragraph's, and draws a bar after a cell.
_LINE_END: Final = re.compile(r"\\line(?![a-z]) ?")
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
    marked = _CELL_END.sub(r"\\tab", _LINE_END.sub(_LINE, coded))
    paragraphs = [_stanza(one) for one in _plain(marked).split("\n")]
    fields = {name: _plain(rf"{{\rtf1\ansi {value}}}").strip() for name, value in _FIELD.findall(coded[:_HEAD])}
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(paragraphs)).strip("\n")
    author = fields.get("author")
    extracted = Extracted(text, EXTRACTOR, title=fields.get("title") or None, creators=(author,) if author else ())
    return with_turns(extracted, parameters.get("form"))


def _stanza(paragraph: str) -> str:
    """Return a paragraph without doubled white space; one of several lines stands apart."""
    lines = [" ".join(line.split()) for line in paragraph.split(_LINE)]
    return lines[0] if len(lines) == 1 else "\n" + "\n".join(lines).strip("\n") + "\n"


def _plain(coded: str) -> str:
    from striprtf import striprtf

    read: Callable[..., str] = striprtf.rtf_to_text
    # A character beyond the basic plane is written in two halves.
    return read(coded, errors="replace").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
