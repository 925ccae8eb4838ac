"""`lc.sample`, `lc.judge` and `lc.judgements`: texts to read, and what readers judge, from Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import latam_corpus as lc
from latam_corpus.report.sample_page import COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, Document, KeptRun


@pytest.fixture
def out(document: Document, kept_run: KeptRun, tmp_path: Path) -> Path:
    """The folder of a run with ten documents, of which the terms of one let no one read it."""
    documents = [document(n) for n in range(10)]
    documents[3]["rights_tier"] = "unknown"
    kept_run("cuentos-1a2b3c4d", documents)
    return tmp_path / "out"


def _judged(row: dict[str, Any], **answers: str) -> dict[str, Any]:
    return row | {"answers": answers, "note": "leída"}


def test_a_sample_is_that_of_the_command(out: Path, command_line: CommandLine) -> None:
    """The same rows for the same seed, without those that may not be shown, unless it is internal."""
    reported = command_line("sample", "cuentos-1a2b3c4d", "--n", "20", "--seed", "7", "--out", out, "--json").json
    drawn = lc.sample("cuentos-1a2b3c4d", n=20, seed=7, out=out)
    assert drawn.columns == list(COLUMNS)
    assert drawn.height == 9
    assert drawn.select("doc_id", "text_hash", "drawn_by", "text").to_dicts() == [
        {key: row[key] for key in ("doc_id", "text_hash", "drawn_by", "text")} for row in reported
    ]
    assert lc.sample("cuentos-1a2b3c4d", n=20, internal=True, out=out).height == 10
    grouped = lc.sample("cuentos-1a2b3c4d", by=["language"], n=1, out=out)
    assert grouped["drawn_by"].to_list() == ["language=spa_Latn"]
    assert lc.sample("cuentos", n=1, out=out).height == 1


def test_judgements_are_stored_as_by_the_command(out: Path, command_line: CommandLine) -> None:
    """A later one replaces an earlier one of the same reader; agreement is that of `judge show`."""
    rows = lc.sample("cuentos-1a2b3c4d", n=4, out=out).to_dicts()
    good = [_judged(row, verdict="good", language="yes") for row in rows]
    assert lc.judge(good, " Rosa  Paz ", out) == 0
    assert lc.judge([_judged(rows[0], verdict="bad", language="quz"), *good[1:]], "Ana", out) == 0
    assert lc.judge(good[:2], "Rosa Paz", out) == 2
    stored = lc.judgements(out)
    assert {judgement.reader for judgement in stored.rows} == {"Rosa Paz", "Ana"}
    assert {judgement.note for judgement in stored.rows} == {"leída"}
    assert len({judgement.sheet for judgement in stored.rows}) == 3
    reported = command_line("judge", "show", "--out", out, "--json").json
    assert [agreement.as_dict() for agreement in stored.agreement] == reported["agreement"]
    assert [(share.question, share.texts, share.right) for share in stored.shares] == [
        ("verdict", 4, 3),
        ("language", 4, 3),
    ]
    assert lc.judgements(out / "nada").rows == ()
    key = (rows[0]["doc_id"], rows[0]["text_hash"])
    of_text = lc.judgements(out, texts=[key])
    assert [(judgement.text, judgement.reader) for judgement in of_text.rows] == [(key, "Rosa Paz"), (key, "Ana")]
    assert {agreement.texts for agreement in of_text.agreement} == {1}
    assert {judgement.reader for judgement in lc.judgements(out, readers=["Ana"]).rows} == {"Ana"}
    assert lc.judgements(out, texts=[]).rows == lc.judgements(out, readers=[]).rows == ()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"text_hash": "x"}, r"judgements\[1\]: «text_hash» is x; use the value from the row that `sample` returned"),
        ({"doc_id": None}, r"judgements\[1\]: it has no «doc_id»"),
        ({"answers": {}}, r"judgements\[1\]: it has no answer; answer one of: verdict, "),
        ({"answers": {"verdicto": "good"}}, r"judgements\[1\]: there is no question «verdicto»"),
        ({"answers": {"verdict": "bien"}}, r"judgements\[1\]: «verdict» is bien; choose one: good, bad, unsure"),
        ({"answers": {"language": "quechua"}}, r"judgements\[1\]: «language» is quechua"),
    ],
)
def test_wrong_judgements_are_named_and_none_is_stored(out: Path, changed: dict[str, Any], told: str) -> None:
    """The judgement by its place in the list."""
    first, second = lc.sample("cuentos-1a2b3c4d", n=2, out=out).to_dicts()
    with pytest.raises(lc.ConfigError, match=told):
        lc.judge([_judged(first, verdict="good"), _judged(second, verdict="good") | changed], "Rosa", out)
    assert lc.judgements(out).rows == ()


def test_a_judgement_needs_a_reader(out: Path) -> None:
    """A name of spaces is none."""
    with pytest.raises(lc.ConfigError, match="reader: it is empty"):
        lc.judge([], " ", out)
