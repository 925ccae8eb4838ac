"""Documents that hold nothing, hardly anything, far too much, or what very many others hold."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus import schema
from latam_corpus.batch import Batch
from latam_corpus.corpus import Frames
from latam_corpus.dedupe.candidates.pairs import CAP, HUBS
from latam_corpus.dedupe.dedupe import Dedupe
from latam_corpus.dedupe.fingerprints.fingerprint import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TALE = (
    "La creciente se llevó el puente de tablas y dejó en la orilla una mesa, dos sillas y la campana de la escuela, "
    "que nadie quiso tocar hasta que llegara el cura: una campana que ha estado bajo el río suena de otra manera."
)


def decided(texts: Mapping[str, str], pieces: int = 1) -> tuple[dict[str, str], Mapping[str, Any]]:
    """Who falls for whom, and what the stage tells of its work."""
    rows = [{"doc_id": name, "text": text, "rights_tier": "open"} for name, text in texts.items()]
    size = -(-len(rows) // pieces)
    frames = tuple(_sketched(rows[at : at + size]) for at in range(0, len(rows), size))
    corpus = Frames(frames)
    made = pl.concat(Dedupe().decide(corpus), how="diagonal").filter(pl.col("drop_reason").is_not_null())
    return dict(zip(made["doc_id"], made["duplicate_of"], strict=True)), corpus.notes["dedupe"]


def _sketched(rows: Sequence[Mapping[str, str]]) -> pl.DataFrame:
    return Fingerprint(sketch=True)(Batch(schema.conform(pl.DataFrame(rows), schema.DOCUMENT_SCHEMA))).frame


def test_nothing_is_a_copy_of_nothing() -> None:
    """Texts that are empty or blank, or have signs and no word, are left to a filter; equal signs are equal texts."""
    fallen, _ = decided({"a": "", "b": "", "c": " \n\t ", "d": "… --- …", "e": "… --- … --- …", "f": "🙂", "g": "🙂🙂"})
    assert fallen == {}
    assert decided({"a": "… --- …", "b": "…  ---  …"})[0] == {"b": "a"}


def test_a_corpus_of_empty_texts_has_no_candidates() -> None:
    """Not one document with a fingerprint: no candidate, no error."""
    fallen, told = decided({str(n): "" for n in range(20)}, pieces=3)
    assert (fallen, told["candidates"], told["documents"]) == ({}, 0, 0)


def test_texts_of_one_word_are_equal_or_not() -> None:
    """Case and spaces aside; a word of a million letters is a word."""
    texts = {"a": "agua", "b": " AGUA\n", "c": "aguas", "d": "a" * 1_000_000, "e": "A" * 1_000_000, "f": "a" * 999_999}
    assert decided(texts)[0] == {"b": "a", "e": "d"}


@pytest.mark.parametrize("other", ["agua " * 999_999, "fuego " * 1_000_000, "agua", _TALE])
def test_one_word_a_million_times_takes_nothing_with_it(other: str) -> None:
    """It ends, and neither another word, the word alone nor a tale falls for it or with it."""
    long = "agua " * 1_000_000
    fallen, _ = decided({"long": long, "same": long, "other": other})
    assert fallen.pop("same") == "long"
    assert set(fallen.items()) <= ({("other", "long")} if other.startswith("agua agua") else set())


def test_scripts_without_spaces_are_compared_clause_by_clause() -> None:
    """What stands between marks counts as a word: equal texts fall, others of a few such words don't."""
    line = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"
    texts = {"a": line, "b": f"{line}\n", "c": "吾輩は猫である。名前はもう有る。どこで生れたかとんと見当がつかぬ。"}
    assert decided(texts)[0] == {"b": "a"}


def test_equal_rows_by_the_thousand_leave_one_and_no_candidate() -> None:
    """However many, in however many pieces: all others name the first id, and none of them is checked."""
    fallen, told = decided({f"{n:05d}": _TALE for n in range(20_000)}, pieces=7)
    assert len(fallen) == 19_999
    assert set(fallen.values()) == {"00000"}
    assert told["candidates"] == 0


def test_a_quotation_in_two_articles_under_one_menu_joins_nothing() -> None:
    """Twelve words that both quote are a third of what is rare of forty: neither a copy nor a variant of the other."""

    def words(seed: int, count: int) -> str:
        draw = Random(seed)
        return " ".join("".join(draw.choices("abcdefghijlmnoprstuv", k=7)) for _ in range(count))

    menu, quoted = words(100, 150), words(101, 12)
    texts = {f"{n:02d}": f"Inicio {menu}\n{words(n, 40)}" for n in range(12)}
    for n, name in enumerate(("00", "01")):
        own = words(n, 40).split()
        texts[name] = f"Inicio {menu}\n{' '.join([*own[:20], quoted, *own[20:]])}"
    fallen, counts = decided(texts)
    assert fallen == {}
    assert set(counts["by_rule"]) == {"boilerplate"}


@pytest.mark.parametrize("sign", ["'", "’", "´", "`", "ʻ"])
def test_a_short_text_meets_its_twin_with_another_apostrophe(sign: str) -> None:
    """K'iche' and its neighbours are typed with what a keyboard has: ten words fall for the same ones."""
    text = "Ri alkʼwal xubʼij chike kitat kinan are kʼu taq xeʼopan chi kachoch"
    assert decided({"a": text, "b": text.replace("ʼ", sign)})[0] == {"b": "a"}


def test_near_copies_by_the_hundred_are_capped_and_counted() -> None:
    """Each has a word of its own: pairs grow with the documents and not with their square, and one is kept."""
    number = 400
    letters = str.maketrans("0123456789", "bcdfghjklm")  # a number or a name would make another text of one form
    fallen, told = decided({f"{n:05d}": f"{_TALE} palabra{n:05d}".translate(letters) for n in range(number)}, pieces=3)
    assert len(fallen) == number - 1
    assert len(set(fallen.values())) == 1
    assert told["candidates"] <= CAP * (CAP - 1) // 2 + number * HUBS
    assert told["common"] > 0
    assert told["left_out"] > 0
