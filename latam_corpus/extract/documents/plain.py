"""Plain text: charset, line ends, Project Gutenberg's header and footer, hard wraps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.charset import decode
from latam_corpus.extract.document import Extracted, as_lines
from latam_corpus.extract.gutenberg import declared_charset, strip_gutenberg
from latam_corpus.extract.interviews.interview import turns_of
from latam_corpus.extract.stated_rights.stated_licences import is_name, stated
from latam_corpus.extract.wraps import join_wraps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


# Increased when the same bytes yield a different text.
EXTRACTOR: Final = "plain 5"

_HEAD: Final = 4096
_HEAD_LINES: Final = 20
_FIELD: Final = re.compile(r"[#%*;\s]{0,4}([^\W\d_]{6,20})\s{0,3}[:=]\s{0,8}(\S.{0,500})")


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    r"""Return the text of a plain text file.

    Args:
        raw: the file's bytes.
        parameters: `charset`, detected by default; `form`: prose or verse, by default judged for each block, or
            interview. A text with speakers' labels is always read as an interview.

    >>> extract("Mañana\r\nserá otro día.".encode("cp1252"), {"form": "prose"}).text
    'Mañana será otro día.'
    """
    text, _ = decode(raw, parameters.get("charset") or declared_charset(raw))
    book = strip_gutenberg(text.replace("\r\n", "\n").replace("\r", "\n"))
    form = parameters.get("form")
    utterances = turns_of(book.text, form)
    lines, turns = as_lines(utterances) if utterances else (join_wraps(book.text, form).strip("\n"), ())
    return Extracted(
        lines,
        EXTRACTOR,
        turns=turns,
        title=book.title,
        creators=book.creators,
        declared_language=book.language,
        url=book.url,
        licences=stated(_rights_fields(text)),
    )


def _rights_fields(text: str) -> Iterator[str]:
    """Yield the values of rights fields in the first lines, such as `Licencia: …` at the head of a transcript."""
    for line in text[:_HEAD].splitlines()[:_HEAD_LINES]:
        if (field := _FIELD.fullmatch(line)) and is_name(field[1]):
            yield field[2]
