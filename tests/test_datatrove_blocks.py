"""Stages as blocks of a datatrove pipeline, between datatrove's own readers and writers."""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import polars as pl
import pytest
from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader, ParquetReader
from datatrove.pipeline.writers import JsonlWriter, ParquetWriter

import latam_corpus as lc
import latam_corpus.datatrove as ld
from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_TALE = (
    "La barca salió del puerto antes del alba y volvió con la red vacía, como todos los días de ese invierno. "
    "El viejo la dejó en la arena, dijo que el mar ya no quería nada con nosotros y se fue a dormir. "
    "Por la tarde llegaron los hijos, que traían el pan y las noticias de la ciudad.\n"
    "Nadie les preguntó por el precio de los peces, porque hacía meses que no había peces que vender."
)
_PORTUGUESE = "O barco saiu do porto antes do amanhecer e voltou com a rede vazia, como quase sempre naquele inverno."


def _run(block: ld.Block, *documents: Document) -> list[Document]:
    return list(block.run(iter(documents), 0, 1))


def _written(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_pipeline_of_datatroves_reads_filters_and_writes(tmp_path: Path) -> None:
    """Two ranks; the exclusion writer writes dropped documents with their reasons, and the counts add up."""
    rows: Sequence[dict[str, Any]] = [
        {"id": "cuento", "text": _TALE, "url": "https://puerto.example/1", "autora": "Ana"},
        {"id": "menu", "text": "Inicio | Contacto | Menú"},
    ]
    for name in ("a", "b"):
        (tmp_path / "in").mkdir(exist_ok=True)
        lines = "".join(json.dumps(row | {"id": f"{name}-{row['id']}"}) + "\n" for row in rows)
        (tmp_path / "in" / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    block = ld.block(
        "filter",
        genre="news",
        language="spa_Latn",
        exclusion_writer=JsonlWriter(str(tmp_path / "fallen"), "${rank}.jsonl", compression=None),
    )
    executor = LocalPipelineExecutor(
        [
            JsonlReader(str(tmp_path / "in")),
            block,
            JsonlWriter(str(tmp_path / "kept"), "${rank}.jsonl", compression=None),
        ],
        tasks=2,
        logging_dir=str(tmp_path / "logs"),
    )
    executor.run()
    kept_rows = [row for n in (0, 1) for row in _written(tmp_path / "kept" / f"0000{n}.jsonl")]
    dropped_rows = [row for n in (0, 1) for row in _written(tmp_path / "fallen" / f"0000{n}.jsonl")]
    assert [row["id"] for row in kept_rows] == ["a-cuento", "b-cuento"]
    assert kept_rows[0]["metadata"]["autora"] == "Ana"
    assert kept_rows[0]["metadata"]["signals"]["word_count"] == 77
    assert [row["id"] for row in dropped_rows] == ["a-menu", "b-menu"]
    assert [row["text"] for row in dropped_rows] == ["Inicio | Contacto | Menú"] * 2
    metadata = dropped_rows[0]["metadata"]
    assert metadata["filter_reason"] == metadata["drop_reason"] == "stop_word_count<2"
    assert metadata["stage"] == "filter"
    assert json.loads(metadata["evidence"])["stop_word_count<2"] == 0
    counts = json.loads((tmp_path / "logs" / "stats.json").read_text())[1]["stats"]
    totals = [counts[key] for key in ("total", "forwarded", "dropped", "dropped_stop_word_count<2")]
    assert totals == [4, 2, 2, 2]


def test_a_block_gives_what_the_stage_gives_a_frame() -> None:
    """Verdicts and columns are the same for any batch size."""
    texts = [_TALE, "corto", _TALE[:90], "Inicio | Contacto", _TALE * 2]
    frame = pl.DataFrame({"id": [str(n) for n in range(5)], "text": texts, "language": ["spa_Latn"] * 5})
    expected = lc.stage("filter")(frame)
    for size in (1, 2, 2000):
        block = ld.block("filter", language="spa_Latn", batch_size=size)
        given = _run(block, *(Document(text, str(n)) for n, text in enumerate(texts)))
        assert [document.id for document in given] == expected.filter(pl.col("drop_reason").is_null())["id"].to_list()
        signals = expected["signals"].struct.field("char_entropy").to_list()
        assert [document.metadata["signals"]["char_entropy"] for document in given] == [
            signals[int(document.id)] for document in given
        ]


def test_metadata_are_columns_and_columns_metadata() -> None:
    """A document's own metadata take precedence over the block's; a language may be in datatrove's form."""
    spoken = {"language": "por", "language_script": "Latn"}
    given = _run(
        ld.block("measure", language="spa_Latn", signals=["stop_word_share"]),
        Document(_PORTUGUESE, "por", metadata=dict(spoken)),
        Document(_PORTUGUESE, "spa"),
        Document(_PORTUGUESE, "es", metadata={"language": "lengua de la costa"}),
    )
    shares = [document.metadata["signals"]["stop_word_share"] for document in given]
    assert shares[0] > shares[1] == shares[2]
    assert given[0].metadata.items() >= spoken.items()
    [identified] = _run(ld.block("identify"), Document(_PORTUGUESE, "x", metadata={"language": "spa"}))
    assert identified.metadata["language"] == "por_Latn"


def test_ids_that_are_doubled_lose_no_document() -> None:
    """Each keeps its id and its text."""
    given = _run(ld.block("repair"), *(Document(f"canciÃ³n {n}", "uno") for n in range(3)))
    assert [(document.id, document.text) for document in given] == [("uno", f"canción {n}") for n in range(3)]


def test_pages_are_extracted_whatever_charset_they_claim() -> None:
    """The input is decoded already; documents without text go to the exclusion writer unchanged."""

    class Writer:
        """Collects dropped documents."""

        def __init__(self) -> None:
            self.documents: list[Document] = []

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def write(self, document: Document, rank: int) -> None:
            """Keep the document."""
            assert rank == 3
            self.documents.append(document)

    page = f"<html><head><meta charset='latin-1'></head><body><p>{_TALE}</p><p>{_TALE}</p></body></html>"
    writer = Writer()
    block = ld.block("extract", mode="careful", exclusion_writer=writer)
    given = list(block.run(iter([Document(page, "una"), Document("<html></html>", "vacía")]), 3, 4))
    assert [document.id for document in given] == ["una"]
    assert "salió del puerto" in given[0].text
    assert "<" not in given[0].text
    assert [(document.id, document.text) for document in writer.documents] == [("vacía", "<html></html>")]
    assert writer.documents[0].metadata["verdict"] == "failed"


def test_what_is_given_can_be_written_as_parquet(tmp_path: Path) -> None:
    """The schema that datatrove takes is that of the first document."""
    documents = [Document(_TALE, "a"), Document(_PORTUGUESE, "b"), Document("123", "c")]
    with ParquetWriter(str(tmp_path), "x.parquet") as writer:
        for document in _run(ld.block("identify"), *documents):
            writer.write(document)
    read = list(ParquetReader(str(tmp_path)).run())
    assert [document.metadata["language"] for document in read[:2]] == ["spa_Latn", "por_Latn"]
    assert len(read) == 3


def test_a_block_can_be_sent_to_a_worker() -> None:
    """It can be pickled, as datatrove's executors do."""
    block = pickle.loads(pickle.dumps(ld.block("redact", language="spa_Latn")))  # noqa: S301  (ours)
    [given] = _run(block, Document("Escriba a ana.perez@puerto.example y espere.", "a"))
    assert "ana.perez" not in given.text
    assert given.metadata["redactions"]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("dedupe", {}, "needs all documents at once.*latam-corpus stage dedupe"),
        ("boilerplate", {}, "needs all documents at once"),
        ("filtro", {}, "did you mean «filter»"),
        ("filter", {"langage": "spa"}, "did you mean «language»"),
        ("filter", {"genre": "nws"}, "there is no genre «nws»"),
        ("filter", {"language": "xq"}, "isn't a language code"),
        ("filter", {"country": 56}, "it must be a text"),
        ("filter", {"batch_size": 0}, "batch_size is 0"),
        ("filter", {"signals": ["nada"]}, "nada"),
    ],
)
def test_a_block_that_cannot_be_made_is_refused(name: str, options: dict[str, Any], message: str) -> None:
    """The error has the problem and the remedy."""
    with pytest.raises(ConfigError, match=message):
        ld.block(name, **options)


@pytest.mark.parametrize("name", ["filter", "redact", "repair"])
def test_a_document_of_an_unknown_country_or_genre_does_not_stop_the_job(name: str) -> None:
    """The value is counted as unknown and kept in the metadata, and the block's own value applies."""
    options: dict[str, Any] = {} if name == "repair" else {"genre": "news", "language": "spa_Latn"}
    block = ld.block(name, **options)
    given: list[dict[str, Any]] = [
        {"country": "Ruritania", "genre": "blog", "composition": "a medias"},
        {"country": "XX"},
        {"country": 5, "genre": 3},
        {"country": "Perú", "genre": "Prensa"},
    ]
    text = "La señora abrió la puerta y vio que el perro había vuelto con la pata herida, y no dijo nada a nadie. " * 5
    documents = [Document(text, str(n), metadata=dict(metadata)) for n, metadata in enumerate(given)]
    results = list(block.run(documents))
    assert block.stats["total"].total == len(documents)
    for document in results:
        given_metadata = given[int(document.id)]
        assert {key: document.metadata[key] for key in given_metadata} == given_metadata
    counted = {key: block.stats[key].total for key in ("unknown_country", "unknown_genre", "unknown_composition")}
    assert counted == {"unknown_country": 3, "unknown_genre": 1, "unknown_composition": 1}


@dataclass(frozen=True)
class _Counting(lc.Stage):
    """A plug-in's stage that adds a column."""

    name: ClassVar[str] = "cuenta"
    gives: ClassVar[frozenset[str]] = frozenset({"temas: list[string]"})

    def __call__(self, batch: lc.Batch) -> lc.Batch:
        return batch.with_columns({"temas": pl.lit(pl.Series([["mar", "río"]]))})


def test_additional_columns_are_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are in `extra`, next to the document's own; a column without a type is refused as in a run."""
    monkeypatch.setattr(ld, "make_stage", lambda *_: _Counting())
    monkeypatch.setattr(ld, "stage_class", lambda *_: _Counting)
    [document] = _run(ld.block("cuenta"), Document(_TALE, "uno", metadata={"extra": {"precio": 12.5}}))
    assert document.metadata["extra"] == {"precio": 12.5, "temas": ["mar", "río"]}
    undeclared: Any = type("_Undeclared", (_Counting,), {"gives": frozenset({"temas"})})
    monkeypatch.setattr(ld, "make_stage", lambda *_: undeclared())
    with pytest.raises(ConfigError, match="the column «temas» isn't declared with a type"):
        ld.block("cuenta")
