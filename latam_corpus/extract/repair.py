"""The stage `repair`: mojibake undone, NFC, control characters out; a glottal stop, ʼ or saltillo stays.

ftfy does this at about 2 MB/s. The word pass marks the lines in which ftfy could find anything to do, and only
those are given to it; a test holds the result equal to ftfy on every line.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import ftfy
import numpy as np
import polars as pl

from latam_corpus.stages import Stage
from latam_corpus.text.word_columns import REPAIRS

if TYPE_CHECKING:
    from latam_corpus.batch import Batch

# Typographic quotation marks and apostrophes are the author's; entities are only text where there is no markup.
_CONFIG: Final = ftfy.TextFixerConfig(uncurl_quotes=False, unescape_html=True, explain=False)
_BESIDE_MARKUP: Final = _CONFIG._replace(unescape_html=False)


# Printers' signs of one piece; long s and æ are letters of old spellings and stay.
_LIGATURE: Final = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "ſt", "ﬆ": "st"}
_LIGATURES: Final = "".join(_LIGATURE)
_BROKEN: Final = re.compile(r"[¬\x{ad}][ \t]*\n[ \t]*([^\s]+)[ \t]*".replace(r"\x{ad}", "\xad"))
_HYPHENATED: Final = re.compile(r"(?<![^\W\d_])([^\W\d_]{2,})-[ \t]*\n[ \t]*([^\W\d_]+[^\s]*)[ \t]*")
# What made a text that recognises pages, and may have seen letters where there were specks, rules and edges.
_RECOGNISED: Final = r"^(?:alto|hocr|recognised)\b|tesseract"
# Signs that no verse or sentence of print is made of.
_SPECK: Final = re.compile(r"[|~^_={}<>\\¦§#@°•■□▪▄█©®™¬•]")
_WORD: Final = re.compile(r"[^\W\d_]{3}")
_NO_WORDS: Final = 0.5
_LEAST_HYPHENS: Final = 3
# Ã at the end of a word in capitals, before a quotation mark that closes, a dash or an apostrophe: both signs together
# would be another letter in mojibake.
_SOUND: Final = re.compile("(?<=[A-ZÀ-ÖØ-Þ])Ã(?=[”–](?!\\w)|[»—’…´])")
_MASK: Final = "A"
_LINES_A_HYPHEN: Final = 50


@dataclass(frozen=True)
class Repair(Stage):
    """The stage that repairs text."""

    name: ClassVar[str] = "repair"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"text"})
    gives: ClassVar[frozenset[str]] = frozenset({"text"})
    libraries: ClassVar[tuple[str, ...]] = ("ftfy",)

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with repaired text; sound text is passed through untouched."""
        batch = _printed(batch)
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


def _printed(batch: Batch) -> Batch:
    """Give the batch with the words whole that a print has hyphenated at its lines' ends, and without its ligatures."""
    texts = batch.frame["text"]
    rows = (
        (texts.str.contains(_BROKEN.pattern) | texts.str.contains(f"[{_LIGATURES}]")).fill_null(value=False).arg_true()
    )
    better = {row: whole for row in rows.to_list() if (whole := unprinted(texts[row])) != texts[row]}
    if "extractor" in batch.frame.columns:
        recognised = batch.frame["extractor"].str.contains(_RECOGNISED).fill_null(value=False)
        for row in recognised.arg_true().to_list():
            before = better.get(row, texts[row])
            if before and (clean := without_specks(before)) != before:
                better[row] = clean
    if not better:
        return batch
    notes = [json.dumps({"print": True}) if row in better else None for row in range(len(batch))]
    return batch.with_columns({
        "text": texts.scatter(list(better), list(better.values())),
        "evidence": pl.Series("evidence", notes, dtype=pl.String),
    })  # fmt: skip


def unprinted(text: str) -> str:
    r"""Join words that stand on two lines, if the text is set in lines, and write ligatures as letters.

    The rest of a word goes up to where it begins, so that lines and verses stay. A line's end is hyphenated where `¬`
    or a soft hyphen stands, or a hyphen in a text in which many lines end so: one in fifty, and three.

    >>> unprinted("y las pala¬\nbras del ﬁn")
    'y las palabras\ndel fin'
    >>> unprinted("disse-\nlhe adeus")
    'disse-\nlhe adeus'
    """
    for ligature, letters in _LIGATURE.items():
        text = text.replace(ligature, letters)
    hyphens = len(_HYPHENATED.findall(text))
    if hyphens >= _LEAST_HYPHENS and hyphens * _LINES_A_HYPHEN >= text.count("\n"):
        text = _HYPHENATED.sub(r"\1\2\n", text)
    return _BROKEN.sub(r"\1\n", text).replace("\n\n\n", "\n\n")


def without_specks(text: str) -> str:
    r"""Return the text of a recognised page without the lines in which the engine saw specks and rules of the paper.

    Such a line has no word, fewer letters and figures than other signs, and one that print doesn't use.

    >>> without_specks("| ~ .\nLa barca salió.\n— ¿Y?\n* * *\n_ = ^ a .\n1810 | 25")
    'La barca salió.\n— ¿Y?\n* * *\n1810 | 25'
    """
    kept = [line for line in text.split("\n") if not _is_specks(line)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n") if len(kept) < text.count("\n") + 1 else text


def _is_specks(line: str) -> bool:
    if not _SPECK.search(line) or _WORD.search(line):
        return False
    signs = "".join(line.split())
    return sum(char.isalnum() for char in signs) < _NO_WORDS * len(signs)


def repair(text: str) -> str:
    r"""Return the text as ftfy repairs it, every line of it: what the stage gives, slowly.

    >>> repair("MaÃ±ana serÃ¡ otro dÃ\xada")
    'Mañana será otro día'
    >>> repair("ch\u02bculel, p\u2019unchaw")
    'chʼulel, p’unchaw'
    """
    config = _BESIDE_MARKUP if "<" in text else _CONFIG
    return "".join(_repaired(line, config) for line in re.findall(r"[^\n]*\n|[^\n]+", text))


def _repaired(line: str, config: ftfy.TextFixerConfig) -> str:
    """Return a line as ftfy repairs it, but with the pairs of a sound line that would be letters in a damaged one."""
    sound = _SOUND.sub(_MASK, line) if "Ã" in line else line
    if sound == line or ftfy.fix_encoding(sound) != sound:
        return ftfy.fix_text(line, config)
    pieces = _SOUND.split(line)
    return "Ã".join(ftfy.fix_text(piece, config) for piece in pieces)


def repair_lines(data: bytes, ends: list[int], marked: list[bool]) -> tuple[str, int] | None:
    """Return the UTF-8 with its marked lines repaired and how many of them changed, or None when none did.

    Args:
        data: the text's UTF-8.
        ends: for each line the offset after it, its line end left out.
        marked: for each line whether it may need repair.
    """
    config = _BESIDE_MARKUP if b"<" in data else _CONFIG
    pieces: list[bytes] = []
    start, clean, changed = 0, 0, 0
    for end, is_marked in zip(ends, marked, strict=True):
        stop = min(end + 1, len(data))  # ftfy sees a line with its line end
        if is_marked:
            line = data[start:stop]
            better = _repaired(line.decode(), config).encode()
            if better != line:
                pieces += [data[clean:start], better]
                clean = stop
                changed += 1
        start = stop
    return (b"".join([*pieces, data[clean:]]).decode(), changed) if pieces else None
