"""An export is readable by its format's own library, and the map has the place of each document."""

from __future__ import annotations

import errno
import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
import zstandard
from datatrove.pipeline.tokens.megatron_tokenizer import MegatronTokenizedFile
from datatrove.pipeline.tokens.tokenizer import TokenizedFile

from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.release.reading.corpus_lock import join_locks, read_lock
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest
from latam_corpus.train import CorpusStream
from latam_corpus.train.export.write_export import COLUMNS, write_export
from latam_corpus.train.tokens.tokenizer import Tokenizer, load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import CommandLine

    from latam_corpus.release.storing.store import Store

SMALL = 3_000  # bytes of tokens a file, so that there are several


@pytest.fixture(params=[False, True], ids=["uint16", "int32"])
def exported(
    request: pytest.FixtureRequest,
    small_store: Store,
    tokenizer_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], Path]:
    """A function that exports with a small vocabulary or with one that counts as large."""
    if request.param:
        monkeypatch.setattr(Tokenizer, "size", 100_000)

    def make(form: str) -> Path:
        stream = CorpusStream(small_store.url, "puerto", seed=5, columns=COLUMNS)
        write_export(stream, load_tokenizer(tokenizer_file), form, tmp_path / form, SMALL)
        return tmp_path / form

    return make


@pytest.fixture
def expected(small_store: Store, tokenizer_file: Path) -> dict[str, list[int]]:
    """The tokens of each document, in the stream's order."""
    tokenizer = load_tokenizer(tokenizer_file)
    rows = list(CorpusStream(small_store.url, "puerto", seed=5))
    return {row["doc_id"]: [*tokenizer.encode([row["text"]])[0], 0] for row in rows}


def spans(folder: Path) -> pl.DataFrame:
    """Return the map from documents to tokens."""
    return pl.read_parquet(folder / "documents.parquet")


def dtype_of(folder: Path) -> np.dtype[Any]:
    """Return the type of an export's tokens."""
    dtype: np.dtype[Any] = np.dtype(json.loads((folder / "export.json").read_text())["dtype"])
    return dtype


@pytest.mark.parametrize("form", ["ds", "megatron", "mds", "litdata", "jsonl"])
def test_the_map_has_each_document(exported: Callable[[str], Path], expected: dict[str, list[int]], form: str) -> None:
    """Documents are in order and without gaps, in existing files of at most the requested size."""
    folder = exported(form)
    token_map = spans(folder)
    assert token_map["doc_id"].to_list() == list(expected)
    assert (token_map["end"] - token_map["start"]).to_list() == [len(ids) for ids in expected.values()]
    assert token_map["file"].n_unique() > 2
    about = json.loads((folder / "export.json").read_text())
    assert about["tokens"] == sum(map(len, expected.values()))
    for (file,), rows in token_map.group_by("file", maintain_order=True):
        assert str(file) in about["files"]
        assert rows["start"].to_list() == [0, *rows["end"].to_list()[:-1]]
        assert rows["end"][-1] * dtype_of(folder).itemsize <= SMALL


@pytest.mark.parametrize(("form", "suffix"), [("ds", ".ds"), ("megatron", ".bin")])
def test_the_map_leads_to_the_tokens(
    exported: Callable[[str], Path], expected: dict[str, list[int]], form: str, suffix: str
) -> None:
    """The tokens at each place of the map are the document's, so that they can be masked."""
    folder = exported(form)
    for doc_id, file, start, end in spans(folder).iter_rows():
        assert file.endswith(suffix)
        assert np.fromfile(folder / file, dtype_of(folder))[start:end].tolist() == expected[doc_id]


@pytest.mark.parametrize("form", ["ds", "megatron"])
def test_files_equal_those_of_datatrove(
    exported: Callable[[str], Path], expected: dict[str, list[int]], tmp_path: Path, form: str
) -> None:
    """The files equal those that datatrove writes, byte by byte."""
    folder = exported(form)
    size = dtype_of(folder).itemsize
    for (file,), rows in spans(folder).group_by("file", maintain_order=True):
        reference: Any
        if form == "ds":
            name = str(file)
            reference = TokenizedFile(
                str(tmp_path / "theirs"), name, tokenizer_name_or_path="tokenizer.json", token_size=size,
                save_final_metadata=True,
            )  # fmt: skip
        else:
            name = str(file).removesuffix(".bin")
            reference = MegatronTokenizedFile(str(tmp_path / "theirs"), name, token_size=size)
        for doc_id in rows["doc_id"]:
            reference.write(expected[doc_id], *([None] if form == "ds" else []))
        reference.close()
        for suffix in ("", ".index") if form == "ds" else (".bin", ".idx"):
            assert (folder / f"{name}{suffix}").read_bytes() == (tmp_path / "theirs" / f"{name}{suffix}").read_bytes()
        if form == "ds":
            metadata = [
                (place / f"{name}.metadata").read_text().splitlines()[:2] for place in (folder, tmp_path / "theirs")
            ]
            assert metadata[0] == metadata[1]


def test_datatrove_reads_ds(exported: Callable[[str], Path], expected: dict[str, list[int]]) -> None:
    """Datatrove reads sequences of eight tokens."""
    pytest.importorskip("torch")
    from datatrove.utils.dataset import DatatroveFileDataset

    folder = exported("ds")
    first = min(folder.glob("*.ds"))
    data = DatatroveFileDataset(str(first), 7, token_size=dtype_of(folder).itemsize)
    tokens = [token for doc_id in spans(folder).filter(file=first.name)["doc_id"] for token in expected[doc_id]]
    assert [data[at]["input_ids"].tolist() for at in range(3)] == [tokens[at * 8 : at * 8 + 8] for at in range(3)]


def test_megatron_reads_bin_and_idx(exported: Callable[[str], Path], expected: dict[str, list[int]]) -> None:
    """Megatron reads one sequence per document."""
    indexed = pytest.importorskip("megatron.core.datasets.indexed_dataset")
    folder = exported("megatron")
    read = [
        sequence.tolist()
        for file in sorted(folder.glob("*.bin"))
        for sequence in indexed.IndexedDataset(str(file)[:-4])
    ]
    assert read == list(expected.values())


def test_streaming_reads_mds(exported: Callable[[str], Path], expected: dict[str, list[int]]) -> None:
    """Streaming reads samples with their documents' ids."""
    streaming = pytest.importorskip("streaming")
    data = streaming.StreamingDataset(local=str(exported("mds")), shuffle=False, batch_size=1)
    assert {data[at]["doc_id"]: data[at]["tokens"].tolist() for at in range(len(data))} == expected


def test_litdata_reads_its_chunks(exported: Callable[[str], Path], expected: dict[str, list[int]]) -> None:
    """Litdata reads blocks of eight tokens."""
    litdata = pytest.importorskip("litdata")
    folder = exported("litdata")
    data = litdata.StreamingDataset(str(folder), item_loader=litdata.TokensLoader(block_size=8), shuffle=False)
    blocks = []
    for _, rows in spans(folder).group_by("file", maintain_order=True):
        tokens = [token for doc_id in rows["doc_id"] for token in expected[doc_id]]
        blocks += [tokens[at : at + 8] for at in range(0, len(tokens) - 7, 8)]
    assert [data[at].tolist() for at in range(len(data))] == blocks


def test_json_lines_are_texts(exported: Callable[[str], Path], small_store: Store) -> None:
    """JSON lines have the document's id, text and columns."""
    lines = []
    for file in sorted(exported("jsonl").glob("*.jsonl.zst")):
        with zstandard.open(io.BytesIO(file.read_bytes()), "rt", encoding="utf-8") as opened:
            lines += [json.loads(line) for line in opened]
    rows = list(CorpusStream(small_store.url, "puerto", seed=5))
    assert [(line["id"], line["text"]) for line in lines] == [(row["doc_id"], row["text"]) for row in rows]
    assert lines[0]["rights"] == "CC0-1.0"


def test_the_command_leaves_out_excluded_documents(
    small_store: Store, tokenizer_file: Path, tmp_path: Path, command_line: CommandLine
) -> None:
    """Excluded documents are left out, and wrong formats and nonempty folders are refused."""
    id_file = tmp_path / "excluded.txt"
    first = next(CorpusStream(small_store.url, "puerto", language="por_Latn"))["doc_id"]
    id_file.write_text(f"{first}\n")
    base: list[Any] = ["export", "puerto", "--store", small_store.url, "--tokenizer", tokenizer_file]
    to = tmp_path / "out"
    options: list[Any] = ["--where", "language = 'por_Latn'", "--exclude", id_file, "--json"]
    result = command_line(*base, "--format", "ds", "--to", to, *options)
    assert result.json["documents"] == 23
    assert first not in spans(to)["doc_id"].to_list()
    repeated = command_line(*base, "--format", "ds", "--to", to)
    assert (repeated.code, "it isn't empty" in repeated.err) == (2, True)
    wrong = command_line(*base, "--format", "mdss", "--to", tmp_path / "x")
    assert (wrong.code, "did you mean «mds»" in wrong.err) == (2, True)
    none = command_line(*base, "--format", "ds", "--to", tmp_path / "x", "--where", "country = 'PE'")
    assert (none.code, " is selected" in none.err) == (2, True)
    assert not (tmp_path / "x").exists()


@pytest.mark.filterwarnings("ignore:.*(is|are) withdrawn")
def test_withdrawn_tokens_can_be_masked(
    split_store: Store, tokenizer_file: Path, tmp_path: Path, command_line: CommandLine
) -> None:
    """The lock leads to the tokens of withdrawn documents, which a new export omits."""
    line: list[Any] = ["puerto@2026.11.0", "--store", split_store.url]
    export = ["export", *line, "--tokenizer", tokenizer_file, "--format", "ds", "--split"]
    assert command_line(*export, "all", "--to", tmp_path / "first").code == 0
    check: list[Any] = [
        "release",
        "check-lock",
        tmp_path / "first" / "corpus.lock",
        "--store",
        split_store.url,
        "--json",
    ]
    assert command_line(*check).code == 0
    first_spans = spans(tmp_path / "first")
    doc_id, file, start, end = first_spans.row(7)
    withdraw(
        split_store,
        WithdrawalRequest.of("puerto", "doc", doc_id, "asked by the author"),
        datetime(2026, 11, 27, tzinfo=UTC),
    )
    checked = command_line(*check)
    assert (checked.code, checked.json["rows"]) == (
        1,
        [{"doc_id": doc_id, "file": file, "start": start, "end": end}],
    )
    assert command_line(*export, "all", "--to", tmp_path / "second").code == 0
    assert spans(tmp_path / "second")["doc_id"].to_list() == [
        other_id for other_id in first_spans["doc_id"] if other_id != doc_id
    ]
    assert command_line(*export, "test", "--to", tmp_path / "part").code == 0
    folders = ("first", "second", "part")
    locks = {name: read_lock(tmp_path / name / "corpus.lock") for name in folders}
    assert {name: lock.is_part for name, lock in locks.items()} == {"first": False, "second": False, "part": True}
    # A run that took several selections of one version is held to it by all of their locks in one file.
    join_locks([tmp_path / name / "corpus.lock" for name in folders], tmp_path / "run.lock")
    for name in ("puerto@2026.11.0", None):
        assert CorpusStream(split_store.url, name, lock=tmp_path / "run.lock").version == "puerto@2026.11.0"


def test_a_failed_export_leaves_no_folder(
    small_store: Store, tokenizer_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed export leaves no folder, and the next one replaces a killed one's files."""

    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("latam_corpus.train.new_folder.sync", full)
    stream = CorpusStream(small_store.url, "puerto", columns=COLUMNS)
    with pytest.raises(ReleaseError, match="No space left"):
        write_export(stream, load_tokenizer(tokenizer_file), "ds", tmp_path / "to")
    assert not (tmp_path / "to").exists()
    monkeypatch.undo()
    (tmp_path / ".to.partial").mkdir()
    (tmp_path / ".to.partial" / "00000.ds").write_bytes(b"x")
    stream = CorpusStream(small_store.url, "puerto", columns=COLUMNS)
    assert write_export(stream, load_tokenizer(tokenizer_file), "ds", tmp_path / "to").documents == 120
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    stream = CorpusStream(small_store.url, "puerto", columns=COLUMNS)
    assert write_export(stream, load_tokenizer(tokenizer_file), "ds", type(tmp_path)()).documents == 120
    assert (tmp_path / "here" / "export.json").is_file()
    with pytest.raises(ConfigError, match="it isn't empty"):
        write_export(stream, load_tokenizer(tokenizer_file), "ds", tmp_path / "to")
