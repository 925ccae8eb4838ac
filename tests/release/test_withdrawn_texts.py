"""Copies of a withdrawn text are recognised whatever they lack, and texts that only share a form with it are not."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from built_versions import prose

from latam_corpus.dedupe.fingerprints.fingerprint import text_hash
from latam_corpus.release.refusals.withdrawn_texts import WithdrawnTexts, texts_of
from latam_corpus.release.storing.withdrawal_log import TEXTS

SONG = """Canción del muelle viejo

1.
Salió la barca de mi padre antes del alba,
con una red remendada y un farol sin aceite,
y mi madre contaba las olas desde la ventana
como quien cuenta los días que faltan para el lunes.

2.
Volvió la barca sin nadie cuando caía la tarde,
traía dos remos cruzados y una gorra mojada;[1]
en el muelle callaron los que vendían pescado
y el cura mandó que tocaran despacio las campanas.

[1] La gorra se guarda todavía en la capilla.

14

3.
Desde entonces camino por la orilla los domingos,
busco entre las piedras una carta o un botón,
y cuando me preguntan digo que espero el correo,
que el mar también escribe, pero nunca firma.

Caleta Honda, 7 de julio de 1931
"""
DECREE = """Decreto número {number}, del {day} de marzo de {year}. El alcalde de la villa, en uso de las facultades que
le da la ley, y visto el informe del ingeniero, dispone que se repare el puente de madera sobre el río, que se cobre a
cada carreta un derecho de {cents} centavos, y que lo recaudado se entregue cada sábado al tesorero, quien rendirá
cuenta ante el concejo en la primera sesión de cada mes. Comuníquese, publíquese y archívese."""


def texts_in(*texts: str, by: str = "text", columns: tuple[str, ...] = tuple(TEXTS)) -> WithdrawnTexts:
    """Return withdrawn texts; an older toolkit stored only some columns."""
    rows = texts_of(pl.Series(texts))
    older = [pl.lit(None, dtype).alias(name) for name, dtype in TEXTS.items() if name not in columns]
    return WithdrawnTexts(rows.with_columns(*older, number=pl.lit(1, pl.UInt32), by=pl.lit(by)))


def shares(withdrawn: WithdrawnTexts, documents: list[str]) -> list[float]:
    """Return the share of a text in each document, or of the document in the text; 0 if it is not recognised."""
    copies = withdrawn.copies(pl.Series(documents), pl.Series(map(text_hash, documents), dtype=pl.Binary))
    by_row = dict(copies.select("row", "share").iter_rows())
    return [float(by_row.get(row, 0)) for row in range(len(documents))]


def share(withdrawn: WithdrawnTexts, document: str) -> float:
    """Return the share of a text in a document, or of the document in the text; 0 if it is not recognised."""
    return shares(withdrawn, [document])[0]


def without_numbers(text: str) -> str:
    """Return the plain text of a page, without numbers of pages and stanzas, notes and date line."""
    lines = [line for line in text.splitlines() if not re.match(r"\d+\.?$|\[|Caleta", line)]
    return "\n".join(lines).replace("[1]", "")


@pytest.mark.parametrize("by", ["text", "doc", "creator"])
def test_a_copy_without_its_numbers_is_recognised(by: str) -> None:
    """Either of the two may be withdrawn, alone or among other texts."""
    plain = without_numbers(SONG)
    assert "1931" not in plain
    for withdrawn, copy in ((SONG, plain), (plain, SONG)):
        assert share(texts_in(withdrawn, by=by), copy) > 0.8
        assert share(texts_in(withdrawn, by=by), f"{prose(1, 900)}\n{copy}\n{prose(2, 900)} 12 345 6 de 1899") > 0.8


@pytest.mark.parametrize("written", ["1 234 567", "1234567", "1,234,567", "1’234’567", "", "(1)"])
def test_a_number_that_is_written_otherwise_is_the_same(written: str) -> None:
    """A missing number doesn't matter either."""
    text = f"{prose(3, 30)} la población de 1.234.567 habitantes {prose(4, 30)}"
    assert share(texts_in(text), text.replace("1.234.567", written)) > 0.9


def test_more_of_a_text_never_makes_a_document_less_recognised() -> None:
    """Excerpts of 13 words or more are recognised alone, longer ones also among other texts."""
    words = re.findall(r"\S+\s*", SONG)
    for withdrawn in (texts_in(SONG), texts_in(without_numbers(SONG))):
        for change in (str, without_numbers, lambda text: re.sub(r"\d", "", text)):
            excerpts = [change("".join(words[: size + 1])) for size in range(len(words))]
            assert min(shares(withdrawn, excerpts[12:])) > 0
            longer = [f"{prose(1, 600)}\n{excerpt}" for excerpt in excerpts[::4]]
            within = [result > 0 for result in shares(withdrawn, longer)]
            assert within == sorted(within)
            assert within[-len(within) // 3]


def test_forms_with_other_numbers_are_other_texts() -> None:
    """A book without the withdrawn form isn't recognised either; one with the form among others is."""
    filled = [DECREE.format(number=n, day=n % 28 + 1, year=1890 + n, cents=5 * n) for n in (3, 4, 5)]
    for columns in (tuple(TEXTS), ("text_hash", "words", "runs", "numbers")):
        withdrawn = texts_in(filled[0], columns=columns)
        assert [share(withdrawn, decree) > 0 for decree in filled] == [True, False, False]
        assert share(withdrawn, " ".join(filled[1:])) == 0
    assert share(texts_in(filled[0]), " ".join(filled)) > 0.9


@pytest.mark.parametrize(
    ("rate", "minimum"), [(0.01, 1.0), (0.05, 0.95), (0.07, 0.75)], ids=["one per cent", "five", "seven"]
)
def test_misread_copies_are_recognised(rate: float, minimum: float) -> None:
    """With one character in fourteen misread, at least three in four texts of 140 long words are recognised."""
    texts = [prose(seed, 140) for seed in range(20)]
    draw = random.Random(1)

    def misread(text: str) -> str:
        return "".join(draw.choice("abcdefilmnorstu") if draw.random() < rate else character for character in text)

    assert sum(share(texts_in(text), misread(text)) > 0 for text in texts) >= minimum * len(texts)


def test_what_only_shares_questions_a_refrain_or_a_quotation_is_another_text() -> None:
    """Interviews with the same questions are as far apart as their answers."""
    questions = [f"¿Qué recuerda usted de {what} en aquellos años?" for what in prose(9, 14).split()]
    draw = random.Random(4)

    def interview(seed: int) -> str:
        words = iter(prose(seed, 900).split())
        turns = [(question, " ".join(next(words) for _ in range(draw.randrange(8, 45)))) for question in questions]
        return "\n".join(part for turn in turns for part in turn)

    refrain = prose(70, 24)
    songs = [f"{prose(seed, 40)}\n{refrain}\n{prose(seed + 1, 40)}\n{refrain}" for seed in (60, 80)]
    assert share(texts_in(interview(20)), interview(30)) == 0
    assert share(texts_in(songs[0]), songs[1]) == 0
    assert share(texts_in(SONG), f"{prose(5, 200)} {SONG[30:200]} {prose(6, 200)}") == 0


def test_entries_of_older_toolkits_are_applied() -> None:
    """Their copies may lack numbers, too; excerpts and longer texts that have them are recognised as before."""
    old = texts_in(SONG, columns=("text_hash", "words", "runs", "numbers"))
    assert all(share(old, copy) > 0 for copy in (SONG, without_numbers(SONG), f"{prose(1, 300)} {SONG}"))
    assert share(old, prose(8, 200)) == 0


def test_the_benchmarks_disguises_are_recognised(pytestconfig: pytest.Config) -> None:
    """A few texts of each genre, in all disguises: the floors of the table that the documentation shows."""
    disguises: Any = pytest.importorskip("tests.benchmarks.disguises")
    data = Path(os.environ.get("LATAM_CORPUS_DATA") or pytestconfig.rootpath.parent / "shared" / "data")
    if not data.is_dir():
        pytest.skip("the public texts are not there")
    genres = disguises.genres_of(data)
    chance = random.Random(5)
    pairs = []
    for texts in genres.values():
        for text in texts[:2]:
            created = [disguise(text, chance, texts[:30]) for disguise in disguises.DISGUISES.values()]
            pairs += [pair for pair in created if pair]
    results = disguises.recognised(pairs)
    assert sum(results) >= 0.95 * len(pairs)
    texts = [text for genre_texts in genres.values() for text in genre_texts[:12]]
    unrelated_pairs = [(text, texts[number - 13]) for number, text in enumerate(texts)]
    assert sum(disguises.recognised(unrelated_pairs)) == 0
