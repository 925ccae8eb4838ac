"""Repair changes only marked lines, with the same result as ftfy on all lines."""

from __future__ import annotations

import itertools
import re

import polars as pl
import pytest
from ftfy.badness import MOJIBAKE_CATEGORIES
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_corpus.batch import Batch
from latam_corpus.extract.repair import Repair, repair_lines
from latam_corpus.text.word_columns import REPAIRS
from latam_corpus.text.words import WordTable

_SUSPICIOUS = [
    *"".join(c for c in "".join(MOJIBAKE_CATEGORIES.values()) if c != "-"),
    *"ñáéíóúüÁÉÍÓÚÑãõçÃÕÇàâêô¿¡«»“”‘’—–…ºª°€",
    *"abcxyzABC <>&;#\t\n\r\x00\x0b\x1b\x7f\x85\x93\u2028\u0301\u0303\ufeff\uff21\ufffd\u02bc\ua78c'ŒœÂØÙ",
    "&aacute;",
    "&#241;",
    "&lt",
    "Ã±",
    "Ã¡",
    "â€œ",
    "Â ",
    " Â «",
    "á\u201d y",
]

# What the stage mends before ftfy sees it: words that a print has hyphenated at a line's end, and its ligatures.
_PRINTED = re.compile(r"[¬\xad][ \t]*\n|[\ufb00-\ufb06]")


def _staged(texts: list[str]) -> list[str]:
    return Repair()(Batch(pl.DataFrame({"text": texts}))).frame["text"].to_list()


def repair(text: str) -> str:
    """Return a text with every line repaired, marked or not."""
    data = text.encode()
    ends = [end - 1 for end in itertools.accumulate(len(line) + 1 for line in data.split(b"\n"))]
    repaired = repair_lines(data, ends, [True] * len(ends))
    return repaired[0] if repaired else text


def _many(texts: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """Generate some thirty texts per example, since a call of the stage costs more than they do."""
    return st.lists(texts.filter(lambda text: not _PRINTED.search(text)), min_size=20, max_size=40)


@given(_many(st.lists(st.sampled_from(_SUSPICIOUS), max_size=12).map("".join)))
@settings(deadline=None)
def test_suspicious_sequences_are_repaired_as_ftfy_does(texts: list[str]) -> None:
    """The word pass marks every line that ftfy would change."""
    assert _staged(texts) == list(map(repair, texts))


@given(_many(st.text(max_size=40)))
@settings(deadline=None)
def test_any_text_is_repaired_as_ftfy_does(texts: list[str]) -> None:
    """Any Unicode text is repaired as by ftfy, not only mojibake."""
    assert _staged(texts) == list(map(repair, texts))


@pytest.mark.parametrize(
    ("damaged", "repaired"),
    [
        ("El niÃ±o comiÃ³ guayaba.\nSano.", "El niño comió guayaba.\nSano."),
        ("línea uno\r\nlínea dos", "línea uno\nlínea dos"),
        ("cafe\u0301", "café"),
        ("La \ufb01esta de los o\ufb03cios", "La fiesta de los officios"),
        ("nul\x00o", "nulo"),
        ("p\u2019unchaw, ch\u02bculel, a\ua78cay", "p\u2019unchaw, ch\u02bculel, a\ua78cay"),
        ("«Está bien», dijo. —¿Quién?", "«Está bien», dijo. —¿Quién?"),
    ],
)
def test_damage_is_repaired_and_apostrophes_are_kept(damaged: str, repaired: str) -> None:
    """Mojibake, line ends, combining marks and control characters are repaired; apostrophes are kept."""
    assert _staged([damaged]) == [repaired]


@pytest.mark.parametrize(
    ("damaged", "repaired"),
    [
        ("O jornal “A MANHÃ” saiu.", "O jornal “A MANHÃ” saiu."),
        ("«TUPû he'i", "«TUPû he'i"),
        ("LEÃO\nAMANHÃ— disse &amp; foi…", "LEÃO\nAMANHÃ— disse & foi…"),
        ("PELA MANHÃ, “AMANHÃ…”", "PELA MANHÃ, “AMANHÃ…”"),
        ("CORAZÃ“N", "CORAZÓN"),
        ("KÃ–LN", "KÖLN"),
        ("AVÃ” e mÃ£e", "AVÔ e mãe"),
    ],
)
def test_a_lone_pair_in_an_undamaged_line_is_kept(damaged: str, repaired: str) -> None:
    """Ã at the end of a word in capitals, before a quotation mark or dash, is kept unless the line has other damage."""
    assert _staged([damaged]) == [repair(damaged)] == [repaired]


@pytest.mark.parametrize("text", ["—¡¡Fuego!!", "«¡Ay!», dijo.", "¡¿Qué?!", "“«No»”", "A dijo: «“¿Quién?”»"])
def test_adjacent_signs_of_speech_mark_no_line(text: str) -> None:
    """Adjacent signs of speech, which are common in prose, don't mark a line."""
    assert WordTable.of(pl.Series([text])).counts[0, REPAIRS] == 0
    assert repair(text) == text


@given(_many(st.lists(st.sampled_from([*_SUSPICIOUS, *"¡¿«»“”„‹›"]), max_size=8).map("".join)))
@settings(deadline=None)
def test_signs_of_speech_hide_nothing(texts: list[str]) -> None:
    """Damage next to signs of speech is found."""
    assert _staged(texts) == list(map(repair, texts))
