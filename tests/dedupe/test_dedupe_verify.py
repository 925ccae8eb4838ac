from __future__ import annotations

import json
import lzma
import os
import random
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_corpus.dedupe.candidates.buckets import into_buckets
from latam_corpus.dedupe.candidates.pairs import CAP, COMMON, HUBS, Extent, Pairing, merge_runs, pair_runs
from latam_corpus.dedupe.fingerprints.anchors import anchors_of, word_stream
from latam_corpus.dedupe.fingerprints.scheme import Scheme
from latam_corpus.dedupe.verify.pair_facts import Rarity
from latam_corpus.dedupe.verify.rules import RULE_NAMES
from latam_corpus.dedupe.verify.verify_kernels import OTHER_RUN
from latam_corpus.dedupe.verify.verify_pairs import A_IN_B, B_IN_A, KINDS, Verdicts, verify_pairs
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(os.environ.get("LATAM_CORPUS_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
STORY = (
    "El correo llegaba los jueves en una mula parda que conocía sola el camino del páramo. Don Anselmo la esperaba "
    "sentado en la puerta de la tienda con los anteojos puestos aunque no sabía leer, y cuando la veía asomar por la "
    "curva del molino mandaba al muchacho a avisar a las comadres que pusieran agua para el café. Las cartas se leían "
    "en voz alta, una por una, y nadie se iba hasta la última. Después venían las encomiendas: un corte de tela, unas "
    "semillas, el retrato de un nieto que nadie conocía y que pasaba de mano en mano hasta quedar colgado sobre la "
    "estufa. De noche la mula dormía en el corral y soñaba, decía el muchacho, con un pueblo donde nadie escribe."
)
DECREE = (
    "Decreto número {0}. El Presidente de la República, en uso de sus atribuciones, considerando lo solicitado por el "
    "Ministerio en oficio {1}, decreta: artículo {2}, autorízase el gasto de {3} pesos con cargo a la partida {4} del "
    "presupuesto vigente. Comuníquese, publíquese y archívese. Dado en la Casa de Gobierno el día {5}."
)
NOTICE = (
    "Con profundo pesar participamos el fallecimiento de doña {0} {1}, ocurrido ayer en la ciudad de {2}. Sus hijos "
    "{3} y {4}, sus nietos y demás familiares ruegan una oración por su descanso y agradecen a quienes los acompañen "
    "al sepelio, que saldrá hoy por la tarde de la iglesia de {5} hacia el cementerio municipal."
)
LETTERS = st.lists(st.sampled_from("abcde"), min_size=3, max_size=40)
NAMES = ("Rosa Quispe Cusco Julio Marta Belén", "Elvira Godoy Temuco Hugo Inés Lourdes")


def verdict(a: str, b: str) -> tuple[str, str, int, list[float]]:
    """Return kind, rule, inclusion and containment of a pair."""
    result = verify_pairs(word_stream(WordTable.of([a, b])), np.array([[0, 1]], np.uint32))
    return (
        KINDS[result.kind[0]],
        RULE_NAMES[result.rule[0]],
        int(result.inclusion[0]),
        result.facts.containment[0].tolist(),
    )


def judged(texts: list[str]) -> tuple[np.ndarray, Verdicts]:
    """Return the candidates among these texts and their verdicts, as a run makes them."""
    scheme, stream = Scheme(), word_stream(WordTable.of(texts))
    result = anchors_of(stream, scheme)
    owners = np.repeat(np.arange(len(texts), dtype=np.uint32), result.counts)
    passing = Pairing(into_buckets(result.values, owners), CAP, HUBS, COMMON)
    candidates = merge_runs(list(pair_runs(passing)), Extent.of(stream.counts, result.counts, scheme))
    rarity = Rarity(stream, scheme, np.sort(passing.common))
    return candidates.pairs, verify_pairs(stream, candidates.pairs, rarity=rarity)


def covered(words: list[str], second: list[str]) -> float:
    """Return the share of words in runs of three that the other text has too, computed naively."""
    other_runs = {tuple(second[i : i + 3]) for i in range(len(second) - 2)}
    inside = {j for i in range(len(words) - 2) if tuple(words[i : i + 3]) in other_runs for j in range(i, i + 3)}
    return len(inside) / len(words)


def edited(text: str, share: float, seed: int = 3) -> str:
    """Return the text with this share of its words replaced by new ones."""
    chance = random.Random(seed)
    words = text.split()
    chosen = set(chance.sample(range(len(words)), round(share * len(words))))
    return " ".join("guacharaca" if i in chosen else word for i, word in enumerate(words))


def misread(text: str, share: float, seed: int = 5) -> str:
    """Return the text with this share of its letters misread as by a scanner."""
    chance = random.Random(seed)
    like = {
        "e": "c",
        "c": "e",
        "i": "l",
        "l": "i",
        "n": "u",
        "u": "n",
        "o": "0",
        "h": "b",
        "s": "5",
        "r": "v",
        "m": "in",
        "a": "á",
        "t": "f",
    }
    return "".join(like.get(c, c) if chance.random() < share else c for c in text)


@settings(deadline=None)
@given(LETTERS, LETTERS)
def test_containment_is_the_share_in_shared_runs(first: list[str], second: list[str]) -> None:
    """Both containments equal a naive count, exactly so for texts with repetitions."""
    *_, (a, b) = verdict(" ".join(first), " ".join(second))
    expected = covered(first, second), covered(second, first)
    if max(expected) >= 0.5 and max(len(first), len(second)) <= 8 * min(len(first), len(second)):
        assert (a, b) == pytest.approx(expected)
    else:
        assert max(a, b) < 0.5 or max(len(first), len(second)) > 8 * min(len(first), len(second))


@settings(deadline=None)
@given(a=st.integers(0, 30), b=st.integers(0, 30), other=st.booleans())
def test_a_pair_has_one_verdict_whichever_comes_first(a: int, b: int, *, other: bool) -> None:
    """A reversed pair has the same kind and rule, and the reversed bits."""
    words = STORY.split()
    first, two = " ".join(words[a:]), " ".join(words[b:] if other else words[: 90 + b])
    kind, rule, stands, (x, y) = verdict(first, two)
    turned = {0: 0, A_IN_B: B_IN_A, B_IN_A: A_IN_B, A_IN_B | B_IN_A: A_IN_B | B_IN_A}[stands]
    assert verdict(two, first) == (kind, rule, turned, [y, x])


@pytest.mark.parametrize("share", [0.01, 0.05, 0.1])
def test_edited_copies_are_duplicates(share: float) -> None:
    """A copy with up to a tenth of its words replaced is a duplicate."""
    assert verdict(STORY, edited(STORY, share))[0] == "duplicate"


@pytest.mark.parametrize("share", [0.01, 0.03, 0.05])
def test_misread_copies_are_duplicates(share: float) -> None:
    """A scan with up to a twentieth of its letters misread is a duplicate, short or long."""
    assert verdict(STORY, misread(STORY, share))[0] == "duplicate"
    part = " ".join(STORY.split()[:45])
    assert verdict(part, misread(part, share))[0] == "duplicate"


def test_a_rewritten_text_is_another_text() -> None:
    """A text with three of seven words replaced is a new version, and is kept."""
    words = STORY.split()
    rewritten = [f"otra{i}" if i % 7 in (0, 1, 2) else word for i, word in enumerate(words)]
    kind, _, _, (share, _) = verdict(STORY, " ".join(rewritten))
    assert share > 0.5
    assert kind == "none"


def test_a_truncated_copy_stands_in_the_whole_and_not_the_reverse() -> None:
    """Half a text is in the whole, but the whole isn't in its half."""
    half = " ".join(STORY.split()[:60])
    assert verdict(half, STORY)[:3] == ("duplicate", "share", A_IN_B)


def test_a_text_in_a_much_longer_one_is_contained() -> None:
    """A paragraph in a book is contained in it, and so is a saying quoted in one piece."""
    book = " ".join(f"palabra{i} vecina{i % 91}" for i in range(2000))
    assert verdict(STORY, f"{book} {STORY} {book}")[:3] == ("contained", "share", A_IN_B)
    saying = "camarón que se duerme se lo lleva la corriente"
    assert verdict(f"{book} {saying} {book}", saying)[:3] == ("contained", "share", B_IN_A)


def test_a_short_text_scattered_over_a_longer_one_is_not_contained() -> None:
    """Runs of three words scattered over a long text aren't a quotation."""
    book = " ".join(f"palabra{i} vecina{i % 91}" for i in range(400)).split()
    pieces = ["uno dos tres", "cuatro cinco seis", "siete ocho nueve"]
    for place, piece in enumerate(pieces):
        book.insert(200 * (place + 1), piece)
    assert verdict(" ".join(pieces), " ".join(book))[0] == "none"


def test_texts_of_one_form_are_templates() -> None:
    """Two decrees with different numbers and two death notices with different names are of one form."""
    decrees = [DECREE.format(*(str(n * 7 + i * 13) for i in range(6))) for n in (111, 358)]
    assert verdict(*decrees)[:2] == ("template", "numbers")
    assert verdict(*(NOTICE.format(*names.split()) for names in NAMES))[:2] == ("template", "names")


def test_a_misread_notice_is_still_a_copy() -> None:
    """Misread names look alike, so the scan of a notice is a copy of it."""
    notice = NOTICE.format(*NAMES[0].split())
    scan = (
        notice.replace("Quispe", "Qulspe").replace("Julio", "Jullo").replace("Marta", "Marfa").replace("Cusco", "Cuseo")
    )
    assert verdict(notice, scan)[0] == "duplicate"


def test_page_numbers_make_no_template() -> None:
    """Numbers that the other text lacks, such as a scan's page numbers, don't prevent a copy."""
    words = STORY.split()
    paged = " ".join([*words[:30], "17", *words[30:60], "18", *words[60:90], "19", *words[90:]])
    assert verdict(STORY, paged)[0] == "duplicate"


def test_pages_with_one_menu_are_not_copies() -> None:
    """Pages that share only a long menu aren't copies."""
    menu = " ".join(f"sección{i} portada servicios{i % 17}" for i in range(80))
    articles = [" ".join(f"nota{n} dice{i}{n} aquí" for i in range(14)) for n in range(20)]
    pairs, result = judged([f"{menu} {article} {menu}" for article in articles])
    assert len(pairs) > 100
    assert not result.inclusion.any()
    assert {RULE_NAMES[rule] for rule in result.rule} == {"boilerplate"}


def test_a_text_copied_many_times_is_found_each_time() -> None:
    """Twenty edited copies of a text are duplicates, though their words have become common."""
    pairs, result = judged([edited(STORY, 0.05, seed) for seed in range(20)])
    assert len(pairs) == 190
    assert {KINDS[kind] for kind in result.kind} == {"duplicate"}


def test_short_articles_that_begin_alike_are_not_copies() -> None:
    """Articles that share a menu and one opening word aren't copies."""
    menu = " ".join(f"sección{i} portada servicios{i % 17}" for i in range(60))
    chance = random.Random(8)
    articles = []
    for n in range(20):
        # Short words look alike by chance.
        words = [f"dijo{n}x{i}" if i % 2 else chance.choice(("a", "la", "de", "el", "en", "su")) for i in range(24)]
        articles.append(" ".join(["Ayer" if n < 3 else f"Don{n}", *words]))
    pairs, result = judged([f"{menu} {article} {menu}" for article in articles])
    assert len(pairs) > 100
    assert {KINDS[kind] for kind in result.kind} <= {"none", "template"}


def test_misread_copies_stand_in_each_other() -> None:
    """Either of two misread copies of one length may be dropped for the other."""
    kind, _, stands, _ = verdict(STORY, misread(STORY, 0.06))
    assert (kind, stands) == ("duplicate", A_IN_B | B_IN_A)


def test_a_saying_with_a_word_that_looks_alike_is_another_saying() -> None:
    """In a saying a word that looks alike makes another saying."""
    assert verdict("Amor de padre, que todo lo demás es aire", "Amor de madre, que todo lo demás es aire")[0] == "none"


def test_a_formula_found_far_off_makes_no_passage_of_ones_own() -> None:
    """A formula found at a distant first occurrence doesn't make a passage of one's own."""
    sentences = [["y", "así", "fue", "que", *(f"vecino{n}x{i}" for i in range(10))] for n in range(30)]
    story = " ".join(word for sentence in sentences for word in sentence)
    damaged = " ".join("guacharaca" if i in (4, 13) else word for s in sentences for i, word in enumerate(s))
    result = verify_pairs(word_stream(WordTable.of([story, damaged])), np.array([[0, 1]], np.uint32))
    assert KINDS[result.kind[0]] == "duplicate"
    assert result.facts.tallies[0, OTHER_RUN] < 25


@pytest.mark.parametrize(
    ("a", "b", "kind"),
    [
        ("", "", "none"),
        ("", STORY, "none"),
        ("hola", "hola", "duplicate"),
        ("hola", "chau", "none"),
        ("uno dos tres cuatro cinco seis", "uno dos tres cuatro cinco siete", "none"),
        ("El que mucho abarca en la vida poco aprieta", "El que mucho abarca en esta vida poco aprieta", "none"),
        ("El que mucho abarca, poco aprieta siempre", "El que mucho abarca poco aprieta siempre", "duplicate"),
        ("El 5 de mayo de 1862 ganó Zaragoza en Puebla", "El 5 de mayo de 1863 ganó Zaragoza en Puebla", "template"),
        ("春眠不覺曉處處聞啼鳥", "春眠不覺曉處處聞啼鳥夜來風雨聲", "none"),
    ],
)  # fmt: skip
def test_very_short_texts_are_equal_or_not(a: str, b: str, kind: str) -> None:
    """Texts under eight words have only equal copies, and under fourteen one different word makes another saying.

    A number or name swapped in a short one makes it another text of the same form.
    """
    assert verdict(a, b)[0] == kind


def test_one_word_many_times() -> None:
    """Texts that repeat a word many times are copies of each other, and not of prose."""
    long, short = "ay " * 200_000, "ay " * 150_000
    assert verdict(short, long)[0] == "duplicate"
    assert verdict("ay " * 200, STORY)[0] == "none"


@pytest.mark.real
@pytest.mark.skipif(not DATA.is_dir(), reason="the real texts are not here")
def test_novels_of_one_author_are_different_texts() -> None:
    """Two novels of one author have no copies among their chunks, while another release has copies of all."""
    with lzma.open(DATA / "literature/conha19/novels.jsonl.xz", "rt", encoding="utf-8") as file:
        novels = {row["id"]: row for row in map(json.loads, file)}
    with lzma.open(DATA / "dedup/novel_editions_es/pairs.jsonl.xz", "rt", encoding="utf-8") as file:
        edition = json.loads(next(file))
    first = novels[edition["a"].rpartition("=")[2]]
    by_author: dict[str, list[str]] = {}
    for row in novels.values():
        by_author.setdefault(row["author"], []).append(row["text"])
    shelf = max(by_author.values(), key=len)
    assert len(shelf) > 2

    def chunks(text: str) -> list[str]:
        words = text.split()
        return [" ".join(words[i : i + 700]) for i in range(0, len(words), 700)]

    cut = [(place, chunk) for place, text in enumerate(shelf) for chunk in chunks(text)]
    pairs, result = judged([chunk for _, chunk in cut])
    works = np.array([place for place, _ in cut])
    assert not result.inclusion[works[pairs[:, 0]] != works[pairs[:, 1]]].any()

    parts = chunks(first["text"])
    pairs, result = judged([edition["text_b"], first["text"], *parts])
    in_other = (pairs[:, 0] == 0) & (pairs[:, 1] > 1) & (result.inclusion == B_IN_A)
    assert [KINDS[kind] for kind in result.kind[(pairs == [0, 1]).all(axis=1)]] == ["duplicate"]
    assert in_other.sum() >= 0.99 * len(parts)


@pytest.mark.parametrize("change", [str, str.upper, str.lower])
def test_one_other_name_number_or_denial_makes_another_act(change: Callable[[str], str]) -> None:
    """One different name, number or denial makes a different act, whatever the case of its letters."""
    leave = (
        "El Rector, vista la solicitud, resuelve: concédese licencia por {0} días a {1}, profesor de la Facultad, "
        "quien {2}deberá presentar el informe. Anótese, comuníquese a la Tesorería y archívese con sus antecedentes."
    )
    first = change(leave.format("treinta", "Juan Pérez", ""))
    for replaced_words, rule in (
        (("treinta", "Luis Rojas", ""), "names"),
        (("sesenta", "Juan Pérez", ""), "numbers"),
        (("treinta", "Juan Pérez", "no "), "denial"),
    ):
        assert verdict(first, change(leave.format(*replaced_words)))[:2] == ("template", rule)
    assert verdict(first, change(leave.format("treinta", "Juan Pérez", ""))) == ("duplicate", "equal", 3, [1, 1])


def test_a_glottal_stop_at_the_end_of_a_word_may_be_an_apostrophe() -> None:
    """Words with either sign for a final glottal stop are equal."""
    words = "jun winaq xbek pa ri tinamit chuqa xutz'et ri ka\u02bc chi re ri ja\u02bc"
    twin = words.replace("\u02bc", "'")
    assert verdict(words, twin)[:2] == ("duplicate", "equal")
    pairs, _ = judged([words, twin])
    assert len(pairs) == 1
    # Inside a word it is a letter that counts.
    assert verdict(words, words.replace("xutz'et", "xutzet"))[1] != "equal"


def test_a_short_text_that_looks_like_part_of_another_is_no_misread_copy() -> None:
    """A misread copy must have about the same length, because thirty words find likenesses in sixty."""
    words = " ".join(STORY.split()[:40])
    scan = misread(words, 0.07, seed=1)
    more = " ".join(STORY.split()[60:100])
    assert verdict(words, scan)[0] == "duplicate"
    result = verdict(words, f"{scan} {more}")
    assert result[0] == "none"
    assert result[3][0] < 0.8
