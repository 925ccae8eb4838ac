"""`latam-corpus stage`: one row a row of the input, in its order, with its columns and those the stage gives."""

from __future__ import annotations

import gzip
import json
import lzma
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import zstandard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import CommandLine

_SPANISH = (
    "La barca salió del puerto antes del alba y volvió con la red vacía, como todos los días de ese invierno. "
    "Mi abuela decía que el mar no perdona a los que se olvidan de saludarlo cuando pasan por la orilla, y por eso "
    "nosotros lo saludábamos siempre, aunque nos diera vergüenza que nos vieran los demás."
)
_PORTUGUESE = (
    "O barco saiu do porto antes do amanhecer e voltou com a rede vazia, como todos os dias daquele inverno. Minha avó "
    "dizia que o mar não perdoa quem se esquece de cumprimentá-lo, e por isso nós sempre o cumprimentávamos."
)
_MENU = "Inicio\nDeportes\nEconomía\nContacto\n" * 5


def _write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_identify_gives_language_and_score_and_keeps_ids(command_line: CommandLine, tmp_path: Path) -> None:
    """Spanish and Portuguese are distinguished; an unknown column is passed through."""
    rows: list[dict[str, Any]] = [
        {"id": "uno", "text": _SPANISH, "nota": 7},
        {"id": "dois", "text": _PORTUGUESE},
        {"id": "vacío", "text": ""},
    ]
    result = command_line("stage", "identify", _write(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl")
    assert result.code == 0, result.err
    out = _read(tmp_path / "out.jsonl")
    assert [row["id"] for row in out] == ["uno", "dois", "vacío"]
    assert [row["language"] for row in out] == ["spa_Latn", "por_Latn", "und"]
    assert {"language", "language_score", "languages", "variety"} <= set(out[0])
    assert out[0]["nota"] == 7


def test_rows_without_a_text_are_refused(command_line: CommandLine, tmp_path: Path) -> None:
    """The error lists the existing fields, and nothing is written. All rows would have no language."""
    source = _write(tmp_path / "in.jsonl", [{"id": "uno", "texto": _SPANISH}])
    result = command_line("stage", "identify", source, tmp_path / "out.jsonl")
    assert result.code == 2
    assert "no row has a field «text»; rename the field that has the text; there are id, texto" in " ".join(
        result.err.split()
    )
    assert not (tmp_path / "out.jsonl").exists()


def test_filter_gives_a_reason_derived_from_a_bound(command_line: CommandLine, tmp_path: Path) -> None:
    """A menu is dropped with its bound as the reason, prose is kept, and the signals of both are kept."""
    rows = [
        {"id": "a", "text": _SPANISH, "language": "spa_Latn", "genre": "news"},
        {"id": "b", "text": _MENU, "language": "spa_Latn", "genre": "news"},
    ]
    command_line("stage", "filter", _write(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl")
    good, bad = _read(tmp_path / "out.jsonl")
    assert good["drop_reason"] is None
    assert bad["drop_reason"] == "stop_word_count<2"
    assert bad["signals"]["words_per_line"] == 1.0


def test_dedupe_names_the_kept_document(command_line: CommandLine, tmp_path: Path) -> None:
    """The copy with the more open rights is kept, wherever it is in the file."""
    rows = [
        {"id": "cerrado", "text": _SPANISH, "rights_tier": "non_commercial"},
        {"id": "otro", "text": _PORTUGUESE, "rights_tier": "open"},
        {"id": "abierto", "text": _SPANISH.upper(), "rights_tier": "open"},
    ]
    command_line("stage", "dedupe", _write(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl")
    first, second, third = _read(tmp_path / "out.jsonl")
    assert (first["drop_reason"], first["duplicate_of"], first["containment"]) == ("duplicate", "abierto", 1.0)
    assert second["drop_reason"] is None
    assert second["duplicate_cluster"] is None
    assert third["drop_reason"] is None
    assert third["duplicate_cluster"] == first["duplicate_cluster"] == "abierto"


def test_rows_dropped_before_keep_their_reason(command_line: CommandLine, tmp_path: Path) -> None:
    """No row is dropped as a copy of them, and all their rows keep what another stage recorded."""
    rows = [
        {"id": "caída", "text": _SPANISH, "drop_reason": "language=spa"},
        {"id": "a-igual", "text": _SPANISH},
        {"id": "b-copia", "text": _SPANISH},
        {"id": "otra", "text": _PORTUGUESE, "drop_reason": "words<50"},
    ]
    result = command_line("stage", "dedupe", _write(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl")
    assert result.code == 0, result.err
    assert "4 rows, 3 with a drop reason" in result.out
    out = _read(tmp_path / "out.jsonl")
    assert [row["drop_reason"] for row in out] == ["language=spa", None, "duplicate", "words<50"]
    assert [row["duplicate_of"] for row in out] == [None, None, "a-igual", None]


def test_a_stage_that_drops_some_rows_gives_their_reasons(command_line: CommandLine, tmp_path: Path) -> None:
    """`identify` sets reasons if it is given the languages to keep."""
    source = _write(tmp_path / "in.jsonl", [{"id": "uno", "text": _SPANISH}, {"id": "dois", "text": _PORTUGUESE}])
    result = command_line("stage", "identify", source, tmp_path / "out.jsonl", "--set", "languages=spa")
    assert result.code == 0, result.err
    assert "2 rows, 1 with a drop reason" in result.out
    assert [row["drop_reason"] for row in _read(tmp_path / "out.jsonl")] == [None, "language=por"]


def test_redact_replaces_and_counts(command_line: CommandLine, tmp_path: Path) -> None:
    """It counts by kind and keeps nothing of the replaced text."""
    rows = [{"id": "a", "text": "Escríbame a rosa@ejemplo.org; mi RUT es 12.345.678-5."}]
    command_line("stage", "redact", _write(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl")
    [row] = _read(tmp_path / "out.jsonl")
    assert row["text"] == "Escríbame a [EMAIL]; mi RUT es [RUT]."
    assert row["redactions"] == {"email": 1, "rut": 1}


def test_repair_mends_and_parquet_goes_in_and_out(command_line: CommandLine, tmp_path: Path) -> None:
    """The suffix chooses the format on both sides."""
    pl.DataFrame({"id": ["a"], "text": ["MaÃ±ana"], "peso": [1.5]}).write_parquet(tmp_path / "in.parquet")
    assert command_line("stage", "repair", tmp_path / "in.parquet", tmp_path / "out.parquet").code == 0
    out = pl.read_parquet(tmp_path / "out.parquet")
    assert out.to_dicts() == [{"id": "a", "peso": 1.5, "text": "Mañana"}]


def test_extract_reads_a_folder_and_names_each_file(command_line: CommandLine, tmp_path: Path) -> None:
    """HTML and plain text, one row a document found, `origin.file` naming the file."""
    (tmp_path / "in").mkdir()
    paragraphs = "".join(f"<p>{_SPANISH}</p>" for _ in range(3))
    body = f"<nav>Inicio</nav><article>{paragraphs}</article>"
    page = f"<html><head><title>El puerto</title></head><body>{body}</body></html>"
    (tmp_path / "in" / "pagina.html").write_text(page, encoding="utf-8")
    (tmp_path / "in" / "viejo.txt").write_bytes("Canción del río\n".encode("latin-1"))
    assert command_line("stage", "extract", tmp_path / "in", tmp_path / "out.jsonl").code == 0
    rows = {row["origin"]["file"]: row for row in _read(tmp_path / "out.jsonl")}
    assert set(rows) == {"pagina.html", "viejo.txt"}
    assert "antes del alba" in rows["pagina.html"]["text"]
    assert "Inicio" not in rows["pagina.html"]["text"]
    assert rows["viejo.txt"]["text"].strip() == "Canción del río"


def test_skim_reads_a_folder_of_pages(command_line: CommandLine, tmp_path: Path) -> None:
    """`skim` takes a folder of pages, as `extract` does."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "nota.html").write_text(f"<html><body><p>{_SPANISH}</p></body></html>", encoding="utf-8")
    result = command_line("stage", "skim", folder, tmp_path / "out.jsonl")
    assert result.code == 0, result.err
    [row] = _read(tmp_path / "out.jsonl")
    assert row["text"].split() == _SPANISH.split()


@pytest.mark.parametrize("name", ["repair", "identify", "filter", "redact", "dedupe"])
def test_odd_rows_pass_through_every_stage(command_line: CommandLine, tmp_path: Path, name: str) -> None:
    """Rows with no id, no text, a null, a number, a lone surrogate, or a copy give one output row each, in order."""
    lines = ['{"text": "Hola"}', '{"id": 5, "text": null}', '{"id": "x"}', '{"id": "y", "text": 123}']
    lines += ['{"id": "z", "text": "\\u0000\\ud83d", "nota": "\\udc00"}'] * 2
    (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n\n")
    result = command_line("stage", name, tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert result.code == 0, result.err
    assert [row.get("id") for row in _read(tmp_path / "out.jsonl")] == [None, 5, "x", "y", "z", "z"]


def test_bytes_are_read_as_utf8_text(command_line: CommandLine, tmp_path: Path) -> None:
    """As in a run, bytes are judged and written as text; bytes in another charset aren't a text."""
    frame = pl.DataFrame({"id": ["a", "b"], "text": [_SPANISH.encode(), None], "language": ["spa_Latn"] * 2})
    frame.write_parquet(tmp_path / "in.parquet")
    result = command_line("stage", "filter", tmp_path / "in.parquet", tmp_path / "out.jsonl")
    assert result.code == 0, result.err
    good, empty = _read(tmp_path / "out.jsonl")
    assert (good["text"], good["drop_reason"], empty["text"]) == (_SPANISH, None, None)
    frame.with_columns(text=pl.lit("año".encode("latin-1"))).write_parquet(tmp_path / "in.parquet")
    result = command_line("stage", "filter", tmp_path / "in.parquet", tmp_path / "out.jsonl")
    assert (result.code, "in.parquet" in result.err, "UTF-8" in result.err) == (2, True, True), result.err


@pytest.mark.parametrize("text", [["La barca"], {"es": "La barca"}, True])
def test_values_that_are_not_texts_are_refused(command_line: CommandLine, tmp_path: Path, text: object) -> None:
    """The error for a list, an object or a boolean names its line; a column of another type is refused too."""
    source = _write(tmp_path / "in.jsonl", [{"text": _SPANISH}, {"text": text}])
    result = command_line("stage", "repair", source, tmp_path / "out.jsonl")
    assert result.code == 2
    assert "in.jsonl:2: «text» is " in "".join(result.err.split("\n"))
    pl.DataFrame({"text": [text]}).write_parquet(tmp_path / "in.parquet")
    result = command_line("stage", "repair", tmp_path / "in.parquet", tmp_path / "out.jsonl")
    assert (result.code, "the column «text» is of the type" in " ".join(result.err.split())) == (2, True), result.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("identifi", "in.jsonl", "out.jsonl"), "did you mean «identify»"),
        (("repair", "missing.jsonl", "out.jsonl"), "there is no such file"),
        (("repair", "in.csv", "out.jsonl"), "neither JSONL nor Parquet"),
        (("repair", "in.jsonl", "out.parquet.gz"), "use out.parquet"),
        (("repair", "in.jsonl", "out.csv"), "neither JSONL nor Parquet"),
        (("repair", "bad.jsonl", "out.jsonl"), "bad.jsonl:2"),
        (("filter", "in.jsonl", "out.jsonl", "--set", "policy=x"), "did you mean «policies»"),
        (("filter", "in.jsonl", "out.jsonl", "--set", "policies"), "write key=value"),
    ],
)
def test_a_wrong_input_is_one_sentence(
    command_line: CommandLine, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    """Exit code 2, the place and the remedy on standard error."""
    _write(tmp_path / "in.jsonl", [{"id": "a", "text": "Hola"}])
    (tmp_path / "in.csv").write_text("a,b")
    (tmp_path / "bad.jsonl").write_text('{"id": 1, "text": "uno"}\n{"id": 2, "text": \n')
    named = [str(tmp_path / a) if "." in a else a for a in arguments]
    result = command_line("stage", *named)
    assert result.code == 2
    assert told in result.err


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [
        (".gz", gzip.compress),
        (".xz", lzma.compress),
        (".zst", lambda data: zstandard.ZstdCompressor().compress(data)),
        (".GZ", lambda data: gzip.compress(data[:20]) + gzip.compress(data[20:])),
    ],
)
def test_compressed_rows_are_read_and_damage_is_reported(
    command_line: CommandLine, tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    """The suffix decides, for input and output, also with several members; a truncated file is an error."""
    packed = pack('{"id": "a", "text": "MaÃ±ana"}\n{"id": "b", "text": "Ayer"}'.encode())
    path = tmp_path / f"in.jsonl{suffix}"
    path.write_bytes(packed)
    assert command_line("stage", "repair", path, tmp_path / "out.jsonl").code == 0
    assert [row["text"] for row in _read(tmp_path / "out.jsonl")] == ["Mañana", "Ayer"]
    out = tmp_path / f"out.jsonl{suffix}"
    assert command_line("stage", "repair", path, out).code == 0
    assert out.read_bytes()[:2] == packed[:2]  # what the suffix promises
    assert command_line("stage", "repair", out, tmp_path / "again.jsonl").code == 0
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "out.jsonl").read_bytes()
    path.write_bytes(packed[:-10])
    result = command_line("stage", "repair", path, tmp_path / "out.jsonl")
    assert (result.code, str(path) in result.err, "damaged" in result.err) == (2, True, True), result.err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"text": ', ":2: not JSON (Expecting value)"),
        (b'{"text": "a\xf1o"}', ":2: not UTF-8"),
        (b"[1]", ":2: not an object"),
        (b"[" * 10**5, ":2: not JSON"),
    ],
)
def test_a_line_that_is_no_row_is_named(command_line: CommandLine, tmp_path: Path, line: bytes, told: str) -> None:
    """In the words of the ledger; brackets without end are no traceback."""
    (tmp_path / "in.jsonl").write_bytes(b'{"text": "Hola"}\n' + line + b"\n")
    result = command_line("stage", "repair", tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert (result.code, told in result.err) == (2, True), result.err
    assert not (tmp_path / "out.jsonl").exists()
