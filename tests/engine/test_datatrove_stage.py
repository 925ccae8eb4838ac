"""datatrove blocks in a recipe: rows are kept or on the ledger, and options are checked."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

import latam_corpus as lc
from latam_corpus.batch import Batch
from latam_corpus.engine import datatrove_block
from latam_corpus.errors import ConfigError, PartError
from latam_corpus.pipeline.planning.registry import make_stage
from latam_corpus.pipeline.rows.conserve import pass_through
from latam_corpus.pipeline.stored_runs.keys import made_of, stage_digest
from latam_corpus.stages import Stage

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe, SmallSource

_LONG = "La barca salió del puerto antes del alba y volvió con la red vacía. "
_GOPHER = "datatrove:GopherQualityFilter"


def _stage(name: str, **options: Any) -> Stage:
    created = make_stage(f"datatrove:{name}", options, "receta.toml")
    assert isinstance(created, Stage)
    return created


def _batch(*texts: str) -> Batch:
    ids = [f"d{n}" for n in range(len(texts))]
    return Batch(pl.DataFrame({"doc_id": ids, "source_id": ["fuente"] * len(texts), "text": texts}))


def test_a_recipe_with_a_block_keeps_its_books(
    tmp_path: Path, command_line: CommandLine, small_recipe: SmallRecipe, small_source: SmallSource
) -> None:
    """Dropped documents are on the ledger with their reason, in this process and in workers."""
    (tmp_path / "in").mkdir()
    for name in "ab":
        texts = [_LONG * 9 + name, "Muy corto.", "- " + "\n- ".join([_LONG] * 20), f"Corto {name}."]
        rows = [{"id": f"{name}{n}", "text": text} for n, text in enumerate(texts)]
        (tmp_path / "in" / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.jsonl"]'))
    (tmp_path / "receta.toml").write_text(small_recipe(f"{_GOPHER} stop_words = ['del', 'la']", release=""))
    run = ("run", tmp_path / "receta.toml", "--input", tmp_path / "in", "--json")
    first = command_line(*run, "--out", tmp_path / "one", "--engine", "in-process").json
    second = command_line(*run, "--out", tmp_path / "two", "--workers", "2").json
    assert first["release"] == second["release"]
    opened = lc.open_run("receta", tmp_path / "one")
    ledger = opened.ledger().filter(pl.col("stage") == _GOPHER).collect()
    assert sorted(ledger["reason"]) == ["gopher_short_doc"] * 4 + ["gopher_too_many_bullets"] * 2
    assert opened.documents().collect().height == 2
    assert set(opened.dropped().collect()["drop_reason"]) == {"gopher_short_doc", "gopher_too_many_bullets"}


def test_a_formatter_changes_texts_and_the_ledger_has_both_hashes() -> None:
    """Unchanged texts aren't on the ledger."""
    passed = pass_through(_stage("FTFYFormatter"), _batch("canciÃ³n", "canción"))
    assert passed.kept.frame["text"].to_list() == ["canción", "canción"]
    assert passed.ledger["doc_id"].to_list() == ["d0"]
    assert passed.ledger["verdict"].to_list() == ["changed"]


@pytest.mark.parametrize("options", [{}, {"email_replacement": "a@x.org"}, {"email_replacement": ["a@x.org"]}])
def test_what_a_formatter_makes_of_a_text_depends_on_no_other(options: dict[str, Any]) -> None:
    """The result is the same whichever texts the process had before, in any batches."""
    texts = [f"Escriba a vecina{n}@ejemplo.net o a otra{n}@ejemplo.net, desde 8.8.8.{n}." for n in range(3)]
    stage = _stage("PIIFormatter", **options)
    created = [pass_through(stage, _batch(*some)).kept.frame["text"].to_list() for some in (texts, texts[:1])]
    assert len({*created[0], *created[1]}) == 1


def test_what_a_block_writes_of_what_falls_is_the_evidence() -> None:
    """A filter without a reason gives its name, and the dropped text is the original one."""
    stage = _stage("RegexFilter", regex_exp="red")
    block = datatrove_block._block(stage.name, json.dumps({"regex_exp": "red"}))  # noqa: SLF001  (its filter is replaced)
    previous = block.filter

    def measured(document: Any) -> bool:
        document.metadata["share"] = 0.5
        document.text = document.text.upper()
        return "red" not in document.text.lower()

    block.filter = measured
    try:
        passed = pass_through(stage, _batch("la red", "la barca"))
    finally:
        block.filter = previous
    assert passed.kept.frame["text"].to_list() == ["LA BARCA"]
    assert passed.dropped.select("text", "drop_reason", "evidence").rows() == [
        ("la red", "datatrove:RegexFilter", '{"share": 0.5}')
    ]


def test_a_block_that_gives_other_documents_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise rows could be lost or doubled."""
    stage = _stage("FTFYFormatter")
    block = datatrove_block._block(stage.name, "{}")  # noqa: SLF001  (its work is replaced)
    monkeypatch.setattr(block, "run", lambda documents: [item for item in documents for _ in range(2)])
    with pytest.raises(PartError, match="or one twice"):
        pass_through(stage, _batch("uno"))


def test_the_digest_names_datatrove_the_options_and_the_files_that_they_name(tmp_path: Path) -> None:
    """Another version, option or file is another cache key."""
    assert made_of(_stage("GopherQualityFilter", min_doc_words=3)) | {"code": ""} == {
        "stage": _GOPHER,
        "options": {"name": _GOPHER, "options": {"min_doc_words": 3}},
        "models": "",
        "code": "",
        "libraries": {"datatrove": __import__("importlib.metadata").metadata.version("datatrove")},
    }
    assert stage_digest(_stage("GopherQualityFilter")) != stage_digest(_stage("GopherQualityFilter", min_doc_words=3))
    words = tmp_path / "lista"
    words.write_text("uno")
    named = datatrove_block.DatatroveBlock(name=_GOPHER, options={"stop_words": os.fspath(words)})
    previous = stage_digest(named)
    words.write_text("dos")
    assert stage_digest(named) != previous


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("GopherQualityFiltr", {}, "did you mean «GopherQualityFilter»"),
        ("JsonlReader", {}, "no filter or formatter «JsonlReader»"),
        ("GopherQualityFilter", {"min_words": 3}, "did you mean «min_doc_words»"),
        ("GopherQualityFilter", {"min_doc_words": "x"}, "it must be a whole number"),
        ("GopherQualityFilter", {"exclusion_writer": "x"}, "no option «exclusion_writer»"),
        ("GopherQualityFilter", {"language": "xxxx"}, "doesn't have a tokenizer assigned"),
        ("RegexFilter", {}, "missing 1 required positional argument"),
        ("RegexFilter", {"regex_exp": "("}, "unterminated subpattern"),
        ("SamplerFilter", {"rate": 0.5}, "two runs could"),
        ("C4BadWordsFilter", {"keep_fraction": 0.5}, "two runs could"),
        ("PIIFormatter", {"email_replacement": ["a@x.org", "b@x.org"]}, "two runs could differ; name one value"),
    ],
)
def test_a_block_that_cannot_be_made_is_refused(name: str, options: dict[str, Any], expected: str) -> None:
    """The problem is reported before anything runs."""
    with pytest.raises(ConfigError, match=expected):
        _stage(name, **options)


def test_words_of_a_language_are_asked_for_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that datatrove needs for a language is reported as missing at once."""

    def missing(_: str) -> None:
        raise ImportError("Please install `spacy`")

    monkeypatch.setattr("datatrove.utils.word_tokenizers.load_word_tokenizer", missing)
    with pytest.raises(ConfigError, match="without «language» the toolkit's own words are used"):
        _stage("GopherQualityFilter", language="spa")
