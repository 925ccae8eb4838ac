"""The undamaged one of several copies is kept; damage is recognised by comparison with the copies."""

from __future__ import annotations

import json
import random
import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl
import pytest

from latam_corpus import schema
from latam_corpus.audit.copies import why_kept
from latam_corpus.batch import Batch
from latam_corpus.corpus import Frames
from latam_corpus.dedupe.decide.relative_damage import compared_with_copies
from latam_corpus.dedupe.dedupe import Dedupe
from latam_corpus.dedupe.fingerprints.anchors import anchors_of, word_stream
from latam_corpus.dedupe.fingerprints.appended import appended_words
from latam_corpus.dedupe.fingerprints.fingerprint import Fingerprint
from latam_corpus.dedupe.fingerprints.scheme import Scheme
from latam_corpus.dedupe.verify.pair_facts import Rarity
from latam_corpus.dedupe.verify.verify_kernels import FREQUENCIES, FREQUENCY_BITS, count_words
from latam_corpus.dedupe.verify.verify_pairs import KINDS, verify_pairs
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_DAY = datetime(2024, 5, 1, tzinfo=UTC)
_TALE = """\
La lancha salió de noche y la mar estaba quieta. El patrón dijo que la luna no servía para pescar, que la noche sin
luna era mejor, y apagó el farol. De noche la costa parece otra costa, dijo, y la gente que la mira desde el muelle
no sabe si la lancha vuelve o si la lancha se va. Nadie le contestó. La red bajó despacio, y la mar la fue tragando."""
_OTHER_TALE = """\
En la noche del sábado la gente bajó al muelle con faroles. La lancha del patrón no había vuelto, y la mar, que toda
la noche estuvo quieta, empezó a golpear la costa. Una mujer dijo que la luna traía desgracia. La red apareció de
mañana en la playa, entera, y nadie quiso tocarla hasta que el cura bajó a mirarla y dijo que no había nada."""
_MISREAD = {"y la mar estaba": "y ia mar estaba", "la noche sin": "la nocbe sin", "la gente": "ia gente"}
_UNACCENTED = (
    "El muelle, la red y la lancha quedaron solos toda la noche; nadie bajó a la costa, nadie miró el agua. " * 2
)
_SONNET = """Detente, sombra de mi bien esquivo,
imagen del hechizo que más quiero,
bella ilusión por quien alegre muero,
dulce ficción por quien penosa vivo.
Si al imán de tus gracias, atractivo,
sirve mi pecho de obediente acero,
¿para qué me enamoras lisonjero
si has de burlarme luego fugitivo?
Mas blasonar no puedes, satisfecho,
de que triunfa de mí tu tiranía:
que aunque dejas burlado el lazo estrecho
que tu forma fantástica ceñía,
poco importa burlar brazos y pecho
si te labra prisión mi fantasía."""  # Juana Inés de la Cruz, 1651-1695
_ROMANCE = """Estaba la molinera
sentada junto al molino
con la saya remangada
y el pelo color de trigo
pasó por allí un soldado
de la guerra ha venido
agua pido molinera
que vengo por el camino."""
_MENU = (
    "Inicio\nPortada\nPolítica\nEconomía\nDeportes\nCultura\nOpinión\nAvisos económicos\nEdición impresa\nQuiénes somos"
)


def _bare(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")


def _fallen(texts: Mapping[str, str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the dropped documents with the kept ones and the evidence, after checking that order doesn't matter."""
    usual = {"rights_tier": "open", "obtained": _DAY, "language": "spa_Latn"}
    rows = [usual | {"doc_id": name, "text": text} for name, text in texts.items()]
    frame = schema.conform(pl.DataFrame(rows), schema.DOCUMENT_SCHEMA)
    frame = Fingerprint(sketch=True)(Batch(frame)).frame
    result = [_once(each) for each in (frame, frame.reverse())]
    assert result[0] == result[1]
    return result[0]


def _once(frame: pl.DataFrame) -> dict[str, tuple[str, dict[str, Any]]]:
    ids = frame["doc_id"].to_list()
    result = pl.concat(Dedupe().decide(Frames((frame,))), how="diagonal").filter(pl.col("duplicate_of").is_not_null())
    return {ids[row["row"]]: (row["duplicate_of"], json.loads(row["evidence"])) for row in result.iter_rows(named=True)}


def test_of_a_scan_and_the_text_the_text_is_kept() -> None:
    """A text is kept rather than its scan, even if the scan is longer and has the smaller id."""
    scan = f"{_TALE} Fin del cuento."
    for word, read in _MISREAD.items():
        scan = scan.replace(word, read)
    [(dropped_id, (kept_id, evidence))] = _fallen({"a": scan, "b": _TALE, "c": _OTHER_TALE}).items()
    assert (dropped_id, kept_id, evidence["decided_by"]) == ("a", "b", "damage")
    assert evidence["damage_beside"] > evidence["kept_damage_beside"] == 0
    assert "much more frequent word that looks alike" in str(why_kept(evidence))


def test_a_word_of_its_own_is_no_damage() -> None:
    """A rare word that looks like no frequent one isn't damage, so length decides."""
    second = _TALE.replace("el farol", "la bombilla").replace("despacio", "lentamente") + " Fin del cuento."
    [(dropped_id, (kept_id, evidence))] = _fallen({"a": _TALE, "b": second, "c": _OTHER_TALE}).items()
    assert (dropped_id, kept_id, evidence["decided_by"], evidence["kept_damage_beside"]) == ("a", "b", "words", 0)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_few_accents_are_missed_beside_the_copy_that_has_them(form: Literal["NFC", "NFD"]) -> None:
    """Missing accents are recognised by a copy, even if the text alone has too few to show it."""
    copy = unicodedata.normalize(form, _UNACCENTED)
    [(dropped_id, (kept_id, evidence))] = _fallen({"a": f"{_bare(_UNACCENTED)} Fin.", "b": copy}).items()
    assert (dropped_id, kept_id, evidence["decided_by"]) == ("a", "b", "damage")
    assert evidence["accents_missing"] == 0 < evidence["damage_beside"]


def test_a_saying_with_an_accent_less_is_not_damaged() -> None:
    """Of a saying with and without an accent the longer copy is kept, because so short a text isn't judged."""
    short = "24 horas num dia e 24 cervejas numa caixa. Coincidência?"
    long = "Existem 24 horas num dia e 24 cervejas numa caixa. Coincidencia?"
    [(dropped_id, (kept_id, evidence))] = _fallen({"a": long, "b": short}).items()
    assert (dropped_id, kept_id, evidence["decided_by"]) == ("b", "a", "words")


def test_a_copy_with_a_menu_is_not_the_less_damaged_one() -> None:
    """A menu doesn't make a copy look less damaged by adding undamaged words."""
    tale = _bare(_TALE)
    [(dropped_id, (kept_id, evidence))] = _fallen({"a": f"{_MENU}\n{tale}\n{_MENU}", "b": tale}).items()
    assert (dropped_id, kept_id, evidence["decided_by"]) == ("a", "b", "appended")


@pytest.mark.parametrize("page", [f"{_MENU}\n{_SONNET}", f"{_SONNET}\n{_MENU}", f"{_MENU}\n\n{_SONNET}\n\n{_MENU}"])
def test_a_menu_is_seen_beside_verses(page: str) -> None:
    """A menu next to verses is recognised, although verses are short lines without full stops too."""
    assert appended_words(WordTable.of([_SONNET, _ROMANCE])).tolist() == [0, 0]
    [(dropped_id, (kept_id, evidence))] = _fallen({"a": page, "b": _SONNET}).items()
    assert (dropped_id, kept_id, evidence["decided_by"]) == ("a", "b", "appended")
    assert evidence["appended"] == len(page.split()) - len(_SONNET.split())


def test_one_of_two_lacks_accents_where_the_other_has_twice_as_many() -> None:
    """A copy lacks accents only if the other has at least twice as many."""
    documents = pl.DataFrame({"words": [50, 50], "accented": [4, 9], "appended": [0, 0]})
    documents = documents.with_columns(accents_missing=0, mojibake=0, misread=0)
    verdicts = pl.DataFrame({"kind": [1], "first_in_second": [1.0], "second_in_first": [1.0]})
    verdicts = verdicts.with_columns(first_spoilt=pl.Series([0]), second_spoilt=pl.Series([0]))
    verdicts = verdicts.with_columns(first_appended=0, second_appended=0)
    pairs = np.array([[0, 1]])
    assert compared_with_copies(documents, pairs, verdicts)[0].tolist() == [100, 0]
    assert compared_with_copies(documents.with_columns(accented=pl.Series([5, 9])), pairs, verdicts)[0].tolist() == [
        0,
        0,
    ]


def _spoilt(text: str, scan: str, frequency: NDArray[np.int64]) -> list[int]:
    streams = word_stream(WordTable.of([text, scan]))
    return list(verify_pairs(streams, np.array([[0, 1]], np.uint32), frequency=frequency).facts.spoilt[0].tolist())


def _counted(words: Mapping[str, int]) -> NDArray[np.int64]:
    counts = np.zeros((FREQUENCIES, 1 << FREQUENCY_BITS), np.int64)
    for word, times in words.items():
        word_counts = np.zeros_like(counts)
        count_words(word_stream(WordTable.of([word])).values, word_counts)
        counts += times * word_counts
    return counts


def test_a_misread_word_is_rare_though_it_meets_a_frequent_one_where_words_are_counted() -> None:
    """A misread word counts as rare even if it collides with a frequent word in one of the two tables."""
    counts = _counted({"noche": 50})
    counts[0] += 1000  # every word collides with another one there
    assert _spoilt(_TALE, _TALE.replace("la noche sin", "la nocbe sin"), counts) == [0, 1]


@pytest.mark.parametrize(("times", "seen"), [(255, 0), (256, 1)])
def test_of_two_letters_only_far_rarer_ones_are_misread(times: int, seen: int) -> None:
    """A word of two letters counts as misread only if it is much rarer than the one it resembles."""
    assert _spoilt(_TALE, _TALE.replace("salió de noche", "salió ne noche"), _counted({"de": times})) == [0, seen]


def test_many_words_that_nobody_else_writes_are_a_scan_and_no_spelling() -> None:
    """Words that no other text has are a scan; if others have both forms, the two texts are variants."""
    text = f"{_TALE} {_OTHER_TALE}"
    misread = {
        "noche": "nocbe", "costa": "cosfa", "gente": "gcnte", "muelle": "muellc", "faroles": "farolcs",
        "mujer": "wujer", "desgracia": "desgracla", "entera": "eutera", "quieta": "quicta", "despacio": "dcspacio",
    }  # fmt: skip
    scan = text
    for word, second in misread.items():
        scan = scan.replace(word, second, 1)
    streams = word_stream(WordTable.of([text, scan]))
    pairs = np.array([[0, 1]], np.uint32)
    frequent = dict.fromkeys(misread, 500)
    both = frequent | dict.fromkeys(misread.values(), 500)
    result = [verify_pairs(streams, pairs, frequency=_counted(counts)).kind[0] for counts in (frequent, both)]
    assert [KINDS[kind] for kind in result] == ["duplicate", "variant"]


def test_a_word_that_the_scan_misread_lacks_no_accent() -> None:
    """A word without an accent doesn't count as damaged because the scan misread it."""
    documents = pl.DataFrame({"words": [100, 100], "accented": [0, 0], "appended": [0, 0]})
    documents = documents.with_columns(accents_missing=pl.Series([120, 100]), mojibake=0, misread=0)
    verdicts = pl.DataFrame({"kind": [1], "first_in_second": [0.96], "second_in_first": [0.96]})
    verdicts = verdicts.with_columns(first_spoilt=0, second_spoilt=pl.Series([3]), first_appended=0, second_appended=0)
    assert compared_with_copies(documents, np.array([[0, 1]]), verdicts)[0].tolist() == [0, 30]


@pytest.mark.parametrize("heading", ["", "En cuatro líneas\n", "Sobre este cuento\n"])
def test_a_summary_made_of_the_texts_own_pieces_is_told_by_them(heading: str) -> None:
    """A summary is recognised by the pieces of the text that it repeats, whatever its heading."""
    words = _TALE.split()
    pieces = [" ".join(words[start : start + 11]) for start in (2, 24, 45)]
    [(dropped_id, (kept_id, evidence))] = _fallen({"a": f"{_TALE}\n{heading}{'. '.join(pieces)}.", "b": _TALE}).items()
    assert (dropped_id, kept_id, evidence["decided_by"]) == ("a", "b", "appended")


def test_a_refrain_that_is_sung_again_is_no_summary() -> None:
    """A song that repeats its first verses at the end is kept rather than a copy without them."""
    refrain = "\n".join(_SONNET.split("\n")[:4])
    [(dropped_id, (kept_id, evidence))] = _fallen({"a": _SONNET, "b": f"{_SONNET}\n{refrain}"}).items()
    assert (dropped_id, kept_id, evidence["decided_by"]) == ("a", "b", "words")


_NOTICE = """Recibí cada domingo nuestra selección de lecturas en tu correo, sin costo y sin publicidad de terceros.
La reproducción de estos materiales está permitida con mención de la fuente y del fotógrafo."""


def _others(number: int) -> list[str]:
    """Return texts that have hardly any run of words in common."""
    drawn = random.Random(7)
    words = sorted({*_TALE.split(), *_OTHER_TALE.split(), *_SONNET.split()})
    return [" ".join(drawn.choice(words) for _ in range(60)) for _ in range(number)]


def test_what_a_copy_has_more_and_many_other_texts_have_was_added() -> None:
    """Words at the end of a copy are an addition if ten other pages have them, even if they don't look like a menu."""
    pages = {f"p{n}": f"{text}\n{_NOTICE}" for n, text in enumerate(_others(10))}
    fallen = _fallen({"a": f"{_TALE}\n{_NOTICE}", "b": _TALE, **pages})
    assert {dropped_id: kept_id for dropped_id, (kept_id, _) in fallen.items()} == {"a": "b"}
    assert fallen["a"][1]["decided_by"] == "appended"


def test_a_text_that_many_have_whole_lost_nothing_by_one_that_was_cut() -> None:
    """The end of a text isn't boilerplate if the ten copies that have it have the beginning too."""
    copies = {f"p{n}": f"{_TALE}\n{_OTHER_TALE}\n{line}" for n, line in enumerate(_others(10))}
    fallen = _fallen({"a": _TALE, **copies})
    assert fallen["a"][0] in copies


@pytest.mark.parametrize("label", ["P:", "P 1.", "r 12 )", "A.", "Q1:"])
def test_rows_of_questions_are_told_by_their_labels(label: str) -> None:
    """Rows of questions are recognised by their labels, with or without blanks and numbers."""
    rows = "".join(f"\n{label} La lancha volvió a la costa" for _ in range(4))
    words = len(rows.split()) - 4 * (label[-2:] == " )")
    assert appended_words(WordTable.of([f"{_TALE}{rows}"])).tolist() == [words]
    rows = "\nA la costa no volvió la lancha" * 4
    assert appended_words(WordTable.of([f"{_TALE}{rows}"])).tolist() == [0]


def test_a_menu_may_end_in_a_question() -> None:
    """One entry of a menu in three may be closed, including the first one at the edge."""
    foot = f"{_MENU}\n¿Olvidó su contraseña?\nIngresar"
    text = _TALE.replace("\n", " ")
    assert appended_words(WordTable.of([f"{text}\n{foot}"])).tolist() == [len(foot.split())]


def test_verses_before_a_tale_are_no_menu() -> None:
    """Lines that end in commas are verses, not entries of a menu."""
    verses = _ROMANCE.replace("\n", ",\n")
    assert appended_words(WordTable.of([f"{verses}\n{_TALE} {_OTHER_TALE}".replace("\nEn", " En")])).tolist() == [0]


def test_one_word_in_a_wrong_charset_tells() -> None:
    """A copy with one word in a wrong charset is dropped, even if the error makes it longer."""
    text = _TALE.replace("El patrón", "El dueño")
    copy = text.replace("dueño", "dueño".encode().decode("latin-1"))
    [(dropped_id, (kept_id, evidence))] = _fallen({"a": copy, "b": text}).items()
    assert (dropped_id, kept_id, evidence["decided_by"]) == ("a", "b", "damage")


def test_what_both_have_more_was_added_to_neither() -> None:
    """A menu that both copies have is an addition to neither, so the truncated copy is dropped."""
    menu = f"{_MENU}\nBuscar\nArchivo\nContacto"
    page = f"{_OTHER_TALE}\n{_TALE}\n{menu}"
    [(dropped_id, (kept_id, evidence))] = _fallen({"a": f"{_TALE}\n{menu}", "b": page}).items()
    assert (dropped_id, kept_id, evidence["decided_by"]) == ("a", "b", "words")


def test_one_fingerprint_tells_a_short_notice_if_it_has_no_other() -> None:
    """A short notice in a long text is recognised by its only fingerprint, if many texts have it."""
    text, words = " ".join(_others(6)), _SONNET.split()
    pairs, scheme = np.array([[0, 1]], np.uint32), Scheme()
    seen = set()
    for start in range(len(words) - 20):
        streams = word_stream(WordTable.of([text, f"{text} {' '.join(words[start : start + 20])}"]))
        anchors = anchors_of(streams, scheme)
        own = np.setdiff1d(anchors.of(1), anchors.of(0))
        added = verify_pairs(streams, pairs, rarity=Rarity(streams, scheme, own[:1])).facts.added[0].tolist()
        assert (added[0], added[1] > 0) == (0, len(own) == 1)
        seen.add(min(len(own), 2))
    assert seen >= {1, 2}
