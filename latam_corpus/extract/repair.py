"""The stage `repair`: mojibake, Unicode normalisation (NFC), control characters, and hyphenation of prints.

Glottal stops and saltillos are kept. ftfy repairs about 2 MB/s, so the word pass marks the lines that ftfy might
change, and ftfy gets only these; a test compares the result with ftfy on every line.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
import polars as pl

from latam_corpus.stages import Stage
from latam_corpus.text.word_columns import REPAIRS

if TYPE_CHECKING:
    from latam_corpus.batch import Batch

# Ligatures of printers; long s and æ are letters of old spellings and are kept.
_LIGATURE: Final = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "ſt", "ﬆ": "st"}
_LIGATURES: Final = "".join(_LIGATURE)
_BROKEN: Final = re.compile(r"[¬\x{ad}][ \t]*\n[ \t]*([^\s]+)[ \t]*".replace(r"\x{ad}", "\xad"))
_HYPHENATED: Final = re.compile(r"(?<![^\W\d_])([^\W\d_]{2,})-[ \t]*\n[ \t]*([^\W\d_]+[^\s]*)[ \t]*")
# Extractors of recognised pages, in which OCR may have taken specks, rules and edges for letters.
_RECOGNISED: Final = r"^(?:alto|hocr|recognised)\b|tesseract"
# Signs that no printed verse or sentence has.
_SPECK: Final = re.compile(r"[|~^_={}<>\\¦§#@°•■□▪▄█©®™¬•]")
_WORD: Final = re.compile(r"[^\W\d_]{3}")
_NO_WORDS: Final = 0.5
_MIN_HYPHENS: Final = 3
# A correct Ã at the end of a word in capitals, before a closing quotation mark, a dash or an apostrophe. The two
# characters look like mojibake of another letter.
_CORRECT: Final = re.compile("(?<=[A-ZÀ-ÖØ-Þ])Ã(?=[”–](?!\\w)|[»—’…´])")
_MASK: Final = "A"
_LINES_A_HYPHEN: Final = 50


@dataclass(frozen=True)
class Repair(Stage):
    """The stage that repairs damaged characters and hyphenation."""

    name: ClassVar[str] = "repair"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"text"})
    gives: ClassVar[frozenset[str]] = frozenset({"text"})
    libraries: ClassVar[tuple[str, ...]] = ("ftfy",)

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with repaired text; undamaged text is unchanged."""
        batch = _without_print_marks(batch)
        words = batch.words
        rows = np.flatnonzero(words.counts[:, REPAIRS])
        if not len(rows):
            return batch
        repaired: dict[int, str] = {}
        evidence: dict[int, str] = {}
        for row in rows.tolist():
            first, last = words.doc_lines[row], words.doc_lines[row + 1]
            text = words.data[words.doc_bytes[row] : words.doc_bytes[row + 1]].tobytes()
            ends = words.line_ends[first:last] - words.doc_bytes[row]
            better = repair_lines(text, ends.tolist(), words.line_repairs[first:last].tolist())
            if better is not None:
                repaired[row], lines = better
                evidence[row] = json.dumps({"lines": lines})
        if not repaired:
            return batch
        texts = batch.frame["text"].scatter(list(repaired), list(repaired.values()))
        notes = pl.Series("evidence", [evidence.get(row) for row in range(len(batch))], dtype=pl.String)
        return batch.with_columns({"text": texts, "evidence": notes})


def _without_print_marks(batch: Batch) -> Batch:
    """Return the batch with hyphenated words joined, ligatures resolved, and specks of recognised pages removed."""
    texts = batch.frame["text"]
    rows = (
        (texts.str.contains(_BROKEN.pattern) | texts.str.contains(f"[{_LIGATURES}]")).fill_null(value=False).arg_true()
    )
    better = {row: unprinted_text for row in rows.to_list() if (unprinted_text := unprinted(texts[row])) != texts[row]}
    if "extractor" in batch.frame.columns:
        recognised = batch.frame["extractor"].str.contains(_RECOGNISED).fill_null(value=False)
        for row in recognised.arg_true().to_list():
            current = better.get(row, texts[row])
            if current and (clean := without_specks(current)) != current:
                better[row] = clean
    if not better:
        return batch
    notes = [json.dumps({"print": True}) if row in better else None for row in range(len(batch))]
    return batch.with_columns({
        "text": texts.scatter(list(better), list(better.values())),
        "evidence": pl.Series("evidence", notes, dtype=pl.String),
    })  # fmt: skip


def unprinted(text: str) -> str:
    r"""Return the text with words that are hyphenated at line ends joined, and ligatures as letters.

    The second part of a word is moved up to the first, so that lines and verses are kept. A line end is hyphenated if
    it has `¬` or a soft hyphen. A plain hyphen counts only if at least three lines, and one in fifty, end with it.

    >>> unprinted("y las pala¬\nbras del ﬁn")
    'y las palabras\ndel fin'
    >>> unprinted("disse-\nlhe adeus")
    'disse-\nlhe adeus'
    """
    for ligature, letters in _LIGATURE.items():
        text = text.replace(ligature, letters)
    hyphens = len(_HYPHENATED.findall(text))
    if hyphens >= _MIN_HYPHENS and hyphens * _LINES_A_HYPHEN >= text.count("\n"):
        text = _HYPHENATED.sub(r"\1\2\n", text)
    return _BROKEN.sub(r"\1\n", text).replace("\n\n\n", "\n\n")


def without_specks(text: str) -> str:
    r"""Return the text of a recognised page without lines that are specks and rules of the paper.

    Such a line has no word, fewer letters and digits than other signs, and a sign that print doesn't use.

    >>> without_specks("| ~ .\nLa barca salió.\n— ¿Y?\n* * *\n_ = ^ a .\n1810 | 25")
    'La barca salió.\n— ¿Y?\n* * *\n1810 | 25'
    """
    kept_lines = [line for line in text.split("\n") if not _is_specks(line)]
    return (
        re.sub(r"\n{3,}", "\n\n", "\n".join(kept_lines)).strip("\n") if len(kept_lines) < text.count("\n") + 1 else text
    )


def _is_specks(line: str) -> bool:
    if not _SPECK.search(line) or _WORD.search(line):
        return False
    signs = "".join(line.split())
    return sum(char.isalnum() for char in signs) < _NO_WORDS * len(signs)


def _repaired(line: str, *, has_markup: bool) -> str:
    """Return a line repaired by ftfy, except for correct pairs of characters that look like mojibake."""
    import ftfy  # heavy, and undamaged texts don't need it

    # Typographic quotation marks and apostrophes are the author's and are kept. Entities are unescaped only in text
    # without markup.
    config = ftfy.TextFixerConfig(uncurl_quotes=False, unescape_html=not has_markup, explain=False)
    masked = _CORRECT.sub(_MASK, line) if "Ã" in line else line
    if masked == line or ftfy.fix_encoding(masked) != masked:
        return ftfy.fix_text(line, config)
    pieces = _CORRECT.split(line)
    return "Ã".join(ftfy.fix_text(piece, config) for piece in pieces)


def repair_lines(data: bytes, ends: list[int], marked: list[bool]) -> tuple[str, int] | None:
    """Return the text with its marked lines repaired, and the number of changed lines; None if no line changed.

    Args:
        data: the text's UTF-8.
        ends: for each line the offset after it, without its line end.
        marked: for each line whether it may need repair.
    """
    has_markup = b"<" in data
    pieces: list[bytes] = []
    start, copied_to, changed = 0, 0, 0
    for end, is_marked in zip(ends, marked, strict=True):
        stop = min(end + 1, len(data))  # ftfy gets a line with its line end
        if is_marked:
            line = data[start:stop]
            better = _repaired(line.decode(), has_markup=has_markup).encode()
            if better != line:
                pieces += [data[copied_to:start], better]
                copied_to = stop
                changed += 1
        start = stop
    return (b"".join([*pieces, data[copied_to:]]).decode(), changed) if pieces else None
