"""Documents without content, with hardly any, with far too much, or with content that very many others have."""

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
    """Return the dropped documents with the kept ones, and the notes of the stage."""
    rows = [{"doc_id": name, "text": text, "rights_tier": "open"} for name, text in texts.items()]
    size = -(-len(rows) // pieces)
    frames = tuple(_sketched(rows[at : at + size]) for at in range(0, len(rows), size))
    corpus = Frames(frames)
    result = pl.concat(Dedupe().decide(corpus), how="diagonal").filter(pl.col("drop_reason").is_not_null())
    return dict(zip(result["doc_id"], result["duplicate_of"], strict=True)), corpus.notes["dedupe"]


def _sketched(rows: Sequence[Mapping[str, str]]) -> pl.DataFrame:
    return Fingerprint(sketch=True)(Batch(schema.conform(pl.DataFrame(rows), schema.DOCUMENT_SCHEMA))).frame


def test_nothing_is_a_copy_of_nothing() -> None:
    """Empty and blank texts aren't copies of each other, while equal texts of signs are."""
    fallen, _ = decided({"a": "", "b": "", "c": " \n\t ", "d": "… --- …", "e": "… --- … --- …", "f": "🙂", "g": "🙂🙂"})
    assert fallen == {}
    assert decided({"a": "… --- …", "b": "…  ---  …"})[0] == {"b": "a"}


def test_a_corpus_of_empty_texts_has_no_candidates() -> None:
    """A corpus without fingerprints has no candidates and raises no error."""
    fallen, notes = decided({str(n): "" for n in range(20)}, pieces=3)
    assert (fallen, notes["candidates"], notes["documents"]) == ({}, 0, 0)


def test_texts_of_one_word_are_equal_or_not() -> None:
    """Texts of one word are compared as a whole, ignoring case and spaces, even at a million letters."""
    texts = {"a": "agua", "b": " AGUA\n", "c": "aguas", "d": "a" * 1_000_000, "e": "A" * 1_000_000, "f": "a" * 999_999}
    assert decided(texts)[0] == {"b": "a", "e": "d"}


@pytest.mark.parametrize("second", ["agua " * 999_999, "fuego " * 1_000_000, "agua", _TALE])
def test_one_word_a_million_times_takes_nothing_with_it(second: str) -> None:
    """A word repeated a million times is processed, and no other text is dropped because of it."""
    long = "agua " * 1_000_000
    fallen, _ = decided({"long": long, "same": long, "other": second})
    assert fallen.pop("same") == "long"
    assert set(fallen.items()) <= ({("other", "long")} if second.startswith("agua agua") else set())


def test_scripts_without_spaces_are_compared_clause_by_clause() -> None:
    """In scripts without spaces a clause counts as a word: equal texts are dropped, similar ones aren't."""
    line = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"
    texts = {"a": line, "b": f"{line}\n", "c": "吾輩は猫である。名前はもう有る。どこで生れたかとんと見当がつかぬ。"}
    assert decided(texts)[0] == {"b": "a"}


def test_equal_rows_by_the_thousand_leave_one_and_no_candidate() -> None:
    """Thousands of equal rows are dropped for the first id, without any comparison."""
    fallen, notes = decided({f"{n:05d}": _TALE for n in range(20_000)}, pieces=7)
    assert len(fallen) == 19_999
    assert set(fallen.values()) == {"00000"}
    assert notes["candidates"] == 0


def test_a_quotation_in_two_articles_under_one_menu_joins_nothing() -> None:
    """Twelve words that two short articles quote make neither a copy nor a variant."""

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
    """A text of ten words is a copy of the same text with another form of apostrophe."""
    text = "Ri alkʼwal xubʼij chike kitat kinan are kʼu taq xeʼopan chi kachoch"
    assert decided({"a": text, "b": text.replace("ʼ", sign)})[0] == {"b": "a"}


def test_near_copies_by_the_hundred_are_capped_and_counted() -> None:
    """For hundreds of near-copies the number of pairs grows linearly, and one document is kept."""
    number = 400
    letters = str.maketrans("0123456789", "bcdfghjklm")  # a number or a name would make another text of one form
    fallen, notes = decided({f"{n:05d}": f"{_TALE} palabra{n:05d}".translate(letters) for n in range(number)}, pieces=3)
    assert len(fallen) == number - 1
    assert len(set(fallen.values())) == 1
    assert notes["candidates"] <= CAP * (CAP - 1) // 2 + number * HUBS
    assert notes["common"] > 0
    assert notes["left_out"] > 0
