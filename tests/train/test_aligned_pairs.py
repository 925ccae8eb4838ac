"""Translations in a version are written as pairs, a translation memory and a table."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from built_versions import build

from latam_corpus.batch import Batch
from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import list_inputs, read_all
from latam_corpus.errors import ConfigError
from latam_corpus.extract.interviews import tmx
from latam_corpus.extract.stage import Extract
from latam_corpus.release.storing.store import Store
from latam_corpus.train import CorpusStream, alignment
from latam_corpus.train.alignment import write_alignment

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

_SHEET = "n,quz,es\n1,Maypi tiyanki?,¿Dónde vives?\n1,,Solo aquí.\n1,Chakrapi & wasipi,En la chacra y la casa\n"
_MEMORY = (
    '<tmx version="1.4"><header srclang="quz"/><body><tu><tuv xml:lang="quz"><seg>Mayu uraykun</seg></tuv>'
    '<tuv xml:lang="es"><seg>El río baja</seg></tuv><tuv xml:lang="en"><seg>The river falls</seg></tuv></tu></body>'
    "</tmx>"
)
_LANGUAGES = {"quz": "quz_Latn", "es": "spa_Latn", "spa": "spa_Latn", "en": "eng_Latn"}


@pytest.fixture
def bilingual(tmp_path: Path, document: Any, kept_run: Any) -> Store:
    """A version with a sheet of two columns, a memory of three languages, and an untranslated document."""
    folder = tmp_path / "envio"
    folder.mkdir()
    (folder / "pares.csv").write_text(_SHEET, encoding="utf-8")
    (folder / "memoria.tmx").write_text(_MEMORY, encoding="utf-8")
    texts = [{"column": "quz", "language": "quz"}, {"column": "es", "language": "spa", "composition": "translation"}]
    described = {"id": "cuentos-del-puerto", "title": "P", "holder": "B"}
    sheet = Source.model_validate({**described, "collect": {"files": ["*.csv"], "group": ["n"], "texts": texts}})
    memory = Source.model_validate({**described, "collect": {"files": ["*.tmx"]}})
    rows: list[dict[str, Any]] = []
    for source in (sheet, memory):
        for frame in read_all(source, list_inputs(source, folder)):
            rows += Extract()(Batch(frame)).frame.to_dicts()
    paths = [
        document(number, **{name: row.get(name) for name in ("doc_id", "parent_id", "text", "turns")})
        | {"language": _LANGUAGES[row["declared_language"]]}
        for number, row in enumerate(rows)
    ]
    run = kept_run("a-1", [*paths, document(99)])
    build("pares", [run], Store.at(tmp_path / "store"), admit=["open"], uses=["train"], today=date(2026, 11, 25))
    return Store.at(tmp_path / "store")


def test_a_version_gives_its_pairs(bilingual: Store, tmp_path: Path, command_line: CommandLine) -> None:
    """Each pair names both documents and its place in them, and untranslated text is in no pair."""
    summary = command_line("pairs", "pares", "--to", tmp_path / "pares", "--store", bilingual.url, "--json")
    assert summary.code == 0, summary.err
    pairs = [json.loads(line) for line in (tmp_path / "pares/pairs.jsonl").read_text(encoding="utf-8").splitlines()]
    assert sorted((pair["text_a"], pair["text_b"]) for pair in pairs) == [
        ("Chakrapi & wasipi", "En la chacra y la casa"),
        ("Maypi tiyanki?", "¿Dónde vives?"),
        ("Mayu uraykun", "El río baja"),
        ("Mayu uraykun", "The river falls"),
    ]
    texts = {row["doc_id"]: row["text"] for row in CorpusStream(bilingual.url, "pares")}
    for row in pl.read_parquet(tmp_path / "pares/alignment.parquet").iter_rows(named=True):
        for side in "ab":
            start = row[f"offset_{side}"]
            segment_text = texts[row[f"doc_id_{side}"]][start : start + row[f"length_{side}"]]
            assert segment_text in {pair[f"text_{side}"] for pair in pairs if pair["segment"] == row["segment"]}
    memory = tmx.extract((tmp_path / "pares/pairs.tmx").read_bytes(), {})
    assert {line for document in (memory, *memory.versions) for line in document.text.split("\n")} == {
        text for pair in pairs for text in (pair["text_a"], pair["text_b"])
    }
    assert json.loads(summary.out)["languages"] == {"quz_Latn spa_Latn": 3, "quz_Latn eng_Latn": 1}


def test_large_versions_are_written_in_portions(
    bilingual: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several portions give the same pairs as one."""
    monkeypatch.setattr(alignment, "_PORTION_CHARACTERS", 1)
    summary = write_alignment(lambda columns: CorpusStream(bilingual.url, "pares", columns=columns), tmp_path / "p")
    assert (summary.pairs, summary.documents, summary.whole) == (4, 5, 0)


def test_a_version_without_translations_is_an_error(small_store: Store, tmp_path: Path) -> None:
    """A version without translations is an error that leaves no folder."""
    with pytest.raises(ConfigError, match="is a translation of another"):
        write_alignment(lambda columns: CorpusStream(small_store.url, "puerto", columns=columns), tmp_path / "p")
    assert not (tmp_path / "p").exists()


def test_documents_without_segments_are_a_pair_as_a_whole() -> None:
    """Rows that aren't joined, and texts with changed lines, are pairs of whole documents."""
    original = {"doc_id": "a", "text": "Mayu.", "language": "quz_Latn", "turns": None}
    (pair,) = alignment.pairs_of(original, {"doc_id": "b", "text": "El río.", "language": "spa_Latn"})
    assert (pair["segment"], pair["text_a"], pair["text_b"]) == (None, "Mayu.", "El río.")


def test_a_cell_of_several_lines_gives_no_segments(tmp_path: Path) -> None:
    """If lines and records no longer correspond, nothing is paired by chance."""
    (tmp_path / "a.csv").write_text('n,quz,es\n1,"uno\ndos",x\n1,tres,y\n', encoding="utf-8")
    texts = [{"column": "quz", "language": "quz"}, {"column": "es", "language": "spa"}]
    source = Source.model_validate(
        {"id": "s", "title": "S", "holder": "H", "collect": {"group": ["n"], "texts": texts}}
    )
    (frame,) = read_all(source, list_inputs(source, tmp_path))
    assert [turns is None for turns in frame["turns"]] == [True, False]
    assert frame["parent_id"].to_list() == [None, frame["doc_id"][0]]
