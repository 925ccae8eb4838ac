"""The stage looks closely at few texts only, and gives what looking closely at all of them gives."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import latam_corpus as lc
from latam_corpus.batch import Batch
from latam_corpus.privacy.redact import Redact, redact

if TYPE_CHECKING:
    from pathlib import Path

_PIECES = [
    *"0123456789kK.-+@() a,\n٣",
    "rosa@ejemplo.org",
    "+56 9 8765 4321",
    "(+56) 9 8765 4321",
    "12.345.678-5",
    "1000005-K",
    "529.982.247-25",
    "20-12345678-6",
    "8.8.8.8",
    "la calle ",
]


@given(st.lists(st.lists(st.sampled_from(_PIECES), max_size=10).map("".join), min_size=30, max_size=50))
@settings(deadline=None)
def test_the_quick_look_misses_nothing(texts: list[str]) -> None:
    """Whatever a pattern would replace, the stage replaces and counts; some forty texts at once, as rows are."""
    created = Redact()(Batch(pl.DataFrame({"text": texts}, {"text": pl.String}))).frame
    expected = [redact(text) for text in texts]
    assert created["text"].to_list() == [text for text, _ in expected]
    counts = [{item["key"]: item["value"] for item in matches or []} for matches in created["redactions"].to_list()]
    assert counts == [matches for _, matches in expected]
    assert [json.loads(output) if output else {} for output in created["evidence"]] == counts


def test_a_number_that_ends_in_k_is_found_without_dots() -> None:
    """A RUT may be written without dots, and its check digit may be a letter: no mark between two digits."""
    created = Redact()(Batch(pl.DataFrame({"text": ["Firma la vecina, RUT 1000005-K.", None]}))).frame
    assert created["text"].to_list() == ["Firma la vecina, RUT [RUT].", None]


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("(rosa@ejemplo.org, +56 9 8765 4321) no", "([EMAIL], [PHONE]) no"),
        ("(+56 9 8765 4321) 15 personas", "([PHONE]) 15 personas"),
        ("(al +56 9 8765 4321)", "(al [PHONE])"),
        ("tel (+56) 9 8765 4321, casa", "tel [PHONE], casa"),
        ("tel(+56 9) 8765 4321", "tel[PHONE]"),
        ("+54 (11) 4321-5678", "[PHONE]"),
        ("(+54 9 11) 4321-5678)", "[PHONE])"),
    ],
)
def test_a_bracket_around_a_telephone_number_stays_and_one_within_goes(text: str, redacted: str) -> None:
    """Only a pair that belongs to the number is taken with it."""
    assert redact(text)[0] == redacted


def test_titles_are_redacted_like_texts() -> None:
    """Identifiers of both are counted together; a row with one only in its title counts as changed."""
    rows = {
        "text": ["Escriba a rosa@ejemplo.org.", "Sin datos.", "Nada."],
        "title": ["Aviso: tel. +56 9 8765 4321, rosa@ejemplo.org", "Llame al +56 9 8765 4321", None],
    }
    created = Redact()(Batch(pl.DataFrame(rows))).frame
    assert created["title"].to_list() == ["Aviso: tel. [PHONE], [EMAIL]", "Llame al [PHONE]", None]
    assert [{item["key"]: item["value"] for item in matches or []} for matches in created["redactions"].to_list()] == [
        {"email": 2, "phone": 1}, {"phone": 1}, {},
    ]  # fmt: skip
    assert created["verdict"].to_list() == ["changed", "changed", None]


def test_a_listed_name_is_found_however_its_accents_are_written(tmp_path: Path) -> None:
    """In a text and in a title whose accents are marks of their own."""
    (tmp_path / "nombres.txt").write_text("José Núñez\n", encoding="utf-8")
    marked = unicodedata.normalize("NFD", "Habla José Núñez.")
    batch = Batch(pl.DataFrame({"text": [marked], "title": [marked], "source_id": ["archivo"]}))
    created = Redact(names=(("archivo", str(tmp_path / "nombres.txt")),))(batch).frame
    assert created.select("text", "title").row(0) == ("Habla [NAME].", "Habla [NAME].")


@pytest.mark.parametrize(
    ("said", "redacted"),
    [
        ("Mi cédula es 12345678", "Mi cédula es [CEDULA]"),
        ("Número de cédula 98765432.", "Número de cédula [CEDULA]."),
        ("Vive en el jirón Áncash 123.", "Vive en el [ADDRESS]."),
        ("Mora na Praça da Sé, 45.", "Mora na [ADDRESS]."),
    ],
)
def test_words_beside_a_number_count_however_their_accents_are_written(said: str, redacted: str) -> None:
    """In texts and titles, without any list of names."""
    marked = unicodedata.normalize("NFD", said)
    created = Redact()(Batch(pl.DataFrame({"text": [said, marked], "title": marked, "genre": "oral_history"}))).frame
    assert created.select("text", "title").rows() == [(redacted, redacted)] * 2


def test_a_column_that_nobody_gave_is_not_made() -> None:
    """A stage alone gives a title where there was one, and else leaves the rows as they are."""
    frame = pl.DataFrame({"id": ["a", "b"], "text": ["Llame al +56 9 8765 4321.", "Nada."]})
    assert "title" not in lc.stage("redact")(frame).columns
    titled = frame.with_columns(title=pl.Series([None, "De rosa@ejemplo.org"]))
    assert lc.stage("redact")(titled)["title"].to_list() == [None, "De [EMAIL]"]
