"""The compiled pass cuts and normalises texts as the plain functions do."""

from __future__ import annotations

import itertools
import json
import lzma
import os
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_corpus.language.classifier.lines import LineStore, piece_lines, window_lines
from latam_corpus.language.classifier.normalise import normalise_all
from latam_corpus.language.classifier.windows_kernels import MOST_PIECES, MOST_WINDOWS, NEAR, PIECE, WINDOW
from latam_corpus.text.words import utf8

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DATA = Path(os.environ.get("LATAM_CORPUS_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")

WORDS = [
    *[
        "la",
        "milpa",
        "cantó",
        "mañana,",
        "¿Quién?",
        "«Não»",
        "y",
        "ÑANDÚ",
        "12",
        "p\u2019unchaw",
        "ch\u02bculel",
        "t+xi",
    ],
    *[
        "¡Ay!",
        "dijo:",
        "fin…",
        "sí;",
        "ana@ejemplo.cl",
        "https://ejemplo.cl/a",
        "www.ejemplo.cl",
        "WWW.x",
        "—",
        "\U0001f600",
    ],
    *["\u2764\ufe0f", "m\u0331", "cafe\u0301", "x" * 250, "é" * 90, "İzmir", "ΣΑΣ", "가", "か\u3099"],
]
GAPS = [
    " ",
    " ",
    " ",
    " ",
    "\n",
    "\n\n",
    "  ",
    ". ",
    ".  ",
    "!\u00a0",
    "\t",
    "\r\n",
    "\x1c",
    "\x1f",
    "\u2028",
    "\u3000",
    "",
    ":\t ",
]
SIGNS = [*"'+’ʼ`´", "''", "++", "' ", " '", "\n", "\n ", " ", ",", "a", "é", "\u0301", "1", "@", "=\u0338", "\ufe0f"]
TRICKY = [
    *"aA1 \n\t\r\x0b\x1c\x1f\x85\xa0\u2003\u2028\u3000\u200b\xad\ufeff'+@:/.w",
    *"ñÑáÁçÇßẞİıſKÅΣσςΩǅⒶⅣȺȾꞋʼ¿¡—€ﬁＡŀʹ\u037e\u1fef\u1ffd",
    *"\u0301\u0303\u0327\u0331\u0345\u0344\u0489\ufe0f\u20ddeê\u1161\u11a8가か\u3099𐐀😀𝓛🇵",
    *["www.", "://"],
]

prose = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(GAPS)), max_size=60).map(
    lambda pairs: "".join(word + gap for word, gap in pairs)
)
# A few words over and over, since Hypothesis alone makes no text long enough to be cut in many places.
long_prose = st.tuples(prose, st.integers(1, 100)).map(lambda pair: pair[0] * pair[1])
any_text = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(SIGNS), max_size=12).map("".join),
    st.lists(st.sampled_from(TRICKY), max_size=12).map("".join),
    long_prose,
)

BOUNDARY = re.compile(r"\s")
BEFORE_SENTENCE = re.compile(r"(?<=[.!?…:;])\s+")


def windows(text: str, limit: int = MOST_WINDOWS, size: int = WINDOW) -> list[str]:
    """Return up to `limit` windows of about `size` characters, evenly spread and cut at word boundaries.

    A text up to one and a half windows is one window. The time does not depend on the length of the text.

    """
    if len(text) <= size + size // 2:
        return [text] if text and not text.isspace() else []
    count = min(limit, len(text) // size)
    if count == 1:
        return [_cut(text, 0, size)]
    step = (len(text) - size) / (count - 1)
    return [w for w in (_cut(text, int(i * step), size) for i in range(count)) if w]


def pieces(text: str, limit: int = MOST_PIECES) -> list[str]:
    r"""Return up to `limit` lines, with long ones cut at sentence ends, to identify the languages of a mixed text.

    Only the pieces' neighbourhoods are read, so that a very long text costs no more than a short one.

    """
    stretch = 2 * limit * PIECE
    if len(text) > 2 * stretch:
        text = "\n".join(windows(text, limit, 2 * PIECE))
    cut: list[str] = []
    for line in text.splitlines():
        kept_rows = line.strip()
        if len(kept_rows) <= PIECE:
            cut += [kept_rows] if kept_rows else []
            continue
        cut += _sentences(kept_rows)
    if len(cut) <= limit:
        return cut
    return [cut[i * len(cut) // limit] for i in range(limit)]


def _cut(text: str, start: int, size: int) -> str:
    if start:
        result = BOUNDARY.search(text, start, start + NEAR)
        start = result.end() if result else start
    end = min(start + size, len(text))
    if end < len(text):
        space = max(text.rfind(" ", end - NEAR, end), text.rfind("\n", end - NEAR, end))
        end = space if space > start else end
    return text[start:end].strip()


def _sentences(line: str) -> list[str]:
    result: list[str] = []
    held = ""
    for sentence in BEFORE_SENTENCE.split(line):
        held = f"{held} {sentence}".strip()
        while len(held) > 2 * PIECE:
            result.append(_cut(held, 0, PIECE))
            held = held[len(result[-1]) :].strip() if result[-1] else ""
        if len(held) >= PIECE // 2:
            result.append(held)
            held = ""
    return [*result, held] if held else result


def plainly(texts: Iterable[str | None], cut: Callable[[str], list[str]]) -> list[tuple[int, str]]:
    """Return the text's place and the normalised line for each window or piece, by the plain functions."""
    result = [(row, piece) for row, text in enumerate(texts) for piece in cut(text or "")]
    lines = normalise_all(pl.Series([piece for _, piece in result], dtype=pl.String)).str.replace_all("\n", " ")
    has_letter = lines.str.contains(r"\p{L}")
    return [(row, line) for (row, _), line, owns in zip(result, lines, has_letter, strict=True) if owns]


def compiled(lines: LineStore) -> list[tuple[int, str]]:
    """Return the same from the compiled pass, after checking its counts."""
    assert lines.chars.tolist() == [len(line) for line in lines]
    return list(zip(lines.owner.tolist(), lines, strict=True))


def agree(texts: list[Any]) -> None:
    """Assert that both ways give the same windows and the same pieces of these texts."""
    data, offsets = utf8(pl.Series(texts, dtype=pl.String))
    assert compiled(window_lines(data, offsets)) == plainly(texts, windows)
    assert compiled(piece_lines(data, offsets, range(len(texts)))) == plainly(texts, pieces)


@given(st.lists(any_text, min_size=1, max_size=6))
@settings(max_examples=250, deadline=None)
def test_windows_and_pieces_are_those_of_the_plain_functions(texts: list[str]) -> None:
    """Any mixture of prose, verse, signs, marks, addresses and Unicode is cut equally by both."""
    agree(texts)


def test_a_line_that_is_long_by_its_spaces_alone_is_cut_at_sentences() -> None:
    """A line that is long only because of its spaces is cut at sentences."""
    agree(["milpa.  " * 26])


@pytest.mark.parametrize("sign", ["'+", "'ʼ", "+\u0301", "\n1"])
def test_lone_apostrophes_and_pluses_go_as_by_the_expression(sign: str) -> None:
    """Apostrophes and pluses in any row of seven characters are treated as by the expression."""
    rows = ["".join(row) for size in range(8) for row in itertools.product(f"' a{sign}", repeat=size)]
    lines = pl.Series([f"a{row}{end}" if end else row for row in rows for end in ("", "a")])
    result = window_lines(*utf8(lines))
    expected = normalise_all(lines).str.replace_all("\n", " ")
    kept_rows = expected.str.contains(r"\p{L}")
    assert result.owner.tolist() == kept_rows.arg_true().to_list()
    assert list(result) == expected.filter(kept_rows).to_list()


@pytest.mark.slow
def test_every_code_point_is_normalised_alike() -> None:
    """Each code point is normalised equally alone, between letters and at the end of a word."""
    for shape in ("{0}", "a{0}B é{0}"):
        texts = [shape.format(chr(point)) for point in range(0x110000) if not 0xD800 <= point < 0xE000]
        data, offsets = utf8(pl.Series(texts))
        lines = window_lines(data, offsets)
        expected = normalise_all(pl.Series(texts)).str.replace_all("\n", " ")
        kept_rows = expected.str.contains(r"\p{L}")
        assert lines.owner.tolist() == kept_rows.arg_true().to_list()
        assert list(lines) == expected.filter(kept_rows).to_list()


def test_marks_are_composed_and_reordered_as_unicode_has_it() -> None:
    """Each combining mark after a letter and after another mark is composed and reordered as in Unicode."""
    marks = [chr(p) for p in range(0x10000) if unicodedata.category(chr(p))[0] == "M"]
    bases = ["a", "é", "ê", "ñ", "x", "ḷ", "ʼ", "+", "=", "か", "ऩ", "m\u0331", "o\u0328", "x\u0303", ""]
    agree([base + mark + "n" for base in bases for mark in marks])


def test_every_pair_that_composes_is_known() -> None:
    """Every pair that Unicode composes is recognised, also at a window's end."""
    whole = [chr(p) for p in range(0x110000) if not 0xD800 <= p < 0xE000]
    pairs = [unicodedata.normalize("NFD", character) for character in whole]
    agree([pair for pair in pairs if len(pair) > 1])


@pytest.mark.parametrize("size", [399, 400, 401, 599, 600, 601, 799, 800, 1199, 1200, 1600, 19199, 19200, 19201, 60000])
def test_texts_at_the_sizes_where_the_cutting_changes(size: int) -> None:
    """Texts just below and above each size limit are cut equally by both, in letters of one to three bytes."""
    units = ["a", "é", "ա", "가", "dijo que sí. ", "não há, ", "uno\n", "m\u0331 "]
    agree([(unit * size)[:size] for unit in units])


def test_no_text_gives_no_line() -> None:
    """Null, empty and blank texts and an empty batch have no lines."""
    agree([None, "", "  \n ", "12", "\u0301"])
    agree([])


@pytest.mark.real
@pytest.mark.skipif(not DATA.is_dir(), reason="the real texts are not here")
@pytest.mark.parametrize(
    "path",
    [
        "literature/conha19/novels.jsonl.xz",
        "literature/eltec_por/novels.jsonl.xz",
        "lyrics/disco_sonnets/sonnets.jsonl.xz",
        "indigenous/udhr/udhr_latam.jsonl.xz",
        "indigenous/udhr/udhr_world.jsonl.xz",
        "indigenous/common_voice_samples/samples.jsonl.xz",
        "indigenous/ud_treebanks/bor.jsonl.xz",
    ],
)
def test_real_texts_are_cut_and_normalised_alike(path: str) -> None:
    """Novels, poems and declarations in hundreds of languages are cut and normalised equally by both."""
    with lzma.open(DATA / path, "rt", encoding="utf-8") as lines:
        texts = [str(json.loads(line)["text"]) for line in lines]
    chapters = [text[i : i + 5000] for text in texts for i in range(0, len(text), 5000)]
    joined = ["\n".join(texts[i : i + 30]) for i in range(0, len(texts), 30)] if len(texts) > 500 else []
    agree([*texts, *chapters, *joined])
