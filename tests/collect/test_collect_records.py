"""Records become documents by the source's mapping; an unusable record becomes a failed row, and none is lost."""

from __future__ import annotations

import gzip
import hashlib
import json
import lzma
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import zstandard
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from latam_corpus.catalog.identity import doc_id
from latam_corpus.catalog.source import Source
from latam_corpus.collect import streams
from latam_corpus.collect.documents.contract import Watch
from latam_corpus.collect.files import list_inputs, read
from latam_corpus.config.toml_model import parse_toml
from latam_corpus.formats.sniff import sniffed
from latam_corpus.schema import DOCUMENT_SCHEMA, WORKING_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: zstandard.ZstdCompressor().compress(data),
}
_SOURCE = 'id = "relatos"\ntitle = "Relatos"\nholder = "Biblioteca"\n'


def _source(more: str = "") -> Source:
    return parse_toml(_SOURCE + more, Source, "relatos.toml")


def _file(folder: Path, *lines: Any, name: str = "r.jsonl") -> Path:
    path = folder / name
    encoded = [line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode() for line in lines]
    path.write_bytes(b"\n".join(encoded) + b"\n")
    return path


def _read(source: Source, path: Path, **options: Any) -> pl.DataFrame:
    return pl.concat([frame for file in list_inputs(source, path) for frame in read(source, file, **options)])


def test_unmapped_columns_are_taken_by_their_name(tmp_path: Path) -> None:
    """A record in the schema's words needs no mapping; the frame has the schema's types."""
    path = _file(
        tmp_path,
        {
            "id": "r1", "text": "Había una vez un río.", "title": "El río", "creators": ["Ana Ruiz"], "published": 1931,
            "language": "es", "country": "py", "genre": "literature", "url": "https://b.example/r1?utm_source=x",
            "obtained": "2024-05-01T10:00:00-03:00", "rights_tier": "open", "uses": ["train"], "otra": {"cosa": 1},
        },
    )  # fmt: skip
    frame = _read(_source(), path)
    for name, dtype in frame.schema.items():
        assert dtype == {**DOCUMENT_SCHEMA, **WORKING_SCHEMA}[name]
    row = frame.row(0, named=True)
    assert row["doc_id"] == doc_id("relatos", "r1")
    assert (row["text"], row["title"], row["creators"]) == ("Había una vez un río.", "El río", ["Ana Ruiz"])
    assert (row["published"], row["declared_language"], row["country"]) == ("1931", "es", "PY")
    assert (row["genre"], row["url"]) == ("literature", "https://b.example/r1")
    assert row["obtained"] == datetime(2024, 5, 1, 13, tzinfo=UTC)
    assert row["origin"] == {
        "file": "r.jsonl",
        "member": "r1",
        "offset": None,
        "digest": hashlib.sha256("Había una vez un río.".encode()).hexdigest(),
    }
    assert row["drop_reason"] is None
    # A record's own claim of rights counts only when the source maps it.
    assert (row["rights"], row["rights_tier"], row["uses"]) == (None, "unknown", [])


def test_the_source_says_what_its_records_do_not(tmp_path: Path) -> None:
    """The source's genre, country, language, rights and consent apply if a record has none; no time is made up."""
    source = _source(
        'genre = "oral_history"\ncountry = "CL"\nlanguages = ["spa"]\ncontributor = "Museo"\ncomposition = "original"\n'
        '[rights]\nstatement = "CC-BY-NC-4.0"\nbasis = "consent"\nuses = ["evaluate"]\nagreement = "acta-7"\n'
        "expires = 2030-01-31\nembargo_until = 2027-01-01\n"
        '[[consent.records]]\nid = "c-1"\nlabel = "https://localcontexts.org/label/tk-a/"\ncommunity = "Vecinos"\n'
    )
    path = _file(tmp_path, {"text": "Uno."}, {"text": "Dos.", "country": " ", "genre": None})
    frame = _read(source, path)
    for row in frame.iter_rows(named=True):
        assert (row["genre"], row["country"], row["declared_language"]) == ("oral_history", "CL", "spa")
        assert (row["rights"], row["rights_tier"], row["uses"]) == ("CC-BY-NC-4.0", "non_commercial", ["evaluate"])
        assert (row["basis"], row["agreement"], row["contributor"]) == ("consent", "acta-7", "Museo")
        assert (row["expires"], row["embargo_until"]) == (date(2030, 1, 31), date(2027, 1, 1))
        assert row["consent"] == [
            {"id": "c-1", "label": "https://localcontexts.org/label/tk-a/", "community": "Vecinos"}
        ]
        assert row["obtained"] is None  # a file's time says when it was copied
    assert frame["doc_id"].to_list() == [doc_id("relatos", "r.jsonl#1"), doc_id("relatos", "r.jsonl#2")]
    assert frame["origin"].struct.field("member").to_list() == ["1", "2"]


def test_the_country_is_that_of_the_address_where_nothing_else_says_it(tmp_path: Path) -> None:
    """A country that the record or its source states takes precedence; a domain sold worldwide names no country."""
    addresses = (
        ("https://www.diario.uy/nota", None, "UY"),
        ("http://prensa.com.bo:8080/n?x=.cl", None, "BO"),
        ("https://diario.cl/n", "PE", "PE"),
        ("https://diario.co/n", None, None),
        ("https://diario.com.co", None, "CO"),
        ("https://com.co/n", None, None),
        ("https://diario.example/blog.cl", None, None),
        ("https://canal.tv/n", None, None),
        ("nota-7.cl", None, None),
        (None, None, None),
    )
    path = _file(tmp_path, *({"text": "Uno.", "url": url, "country": stated} for url, stated, _ in addresses))
    assert _read(_source(), path)["country"].to_list() == [country for *_, country in addresses]
    assert set(_read(_source('country = "AR"\n'), path)["country"]) == {"AR", "PE"}
    assert _read(_source("[collect.columns]\nurl = false\n"), path)["country"].to_list()[:2] == [None, None]


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_a_cell_of_creators_may_name_several(tmp_path: Path, suffix: str) -> None:
    """In any format of table; commas are part of a name, and titles and lists aren't split."""
    rows = {
        "text": ["Uno.", "Dos.", "Tres.", "Cuatro."],
        "title": ["Sol; luna|mar"] * 4,
        "autores": ["Paz, Ana; Ríos, Luis", "Ana|Eva\nLuz", "Mu&ntilde;oz, Ana", "; "],
    }
    frame = pl.DataFrame(rows)
    path = tmp_path / f"r.{suffix}"
    getattr(frame, f"write_{suffix.replace('jsonl', 'ndjson')}")(path)
    source = _source('[collect.columns]\ncreators = "autores"\n')
    frame = _read(source, path)
    named = [["Paz, Ana", "Ríos, Luis"], ["Ana", "Eva", "Luz"], ["Mu&ntilde;oz, Ana"], None]
    assert frame["creators"].to_list() == named
    assert set(frame["title"]) == {"Sol; luna|mar"}
    lists_path = _file(tmp_path, {"text": "Uno.", "autores": ["Paz, Ana", "Taller Sol; Luna"]}, name="l.jsonl")
    assert _read(source, lists_path)["creators"].to_list() == [["Paz, Ana", "Taller Sol; Luna"]]


def test_a_mapping_translates_and_falls_back(tmp_path: Path) -> None:
    """A mapping may have a column, value, values, default, pattern, path, a path into a struct, or `false`."""
    source = _source(
        'genre = "lyrics"\n[collect.columns]\nid = "n"\ntext = "letra"\ncreators = "meta.autor"\ntitle = false\n'
        'country = { column = "pais", values = { "México" = "MX" }, default = "AR" }\n'
        "published = { path = '(\\d{4})' }\ncomposition = { value = \"translation\" }\n"
        'declared_language = { column = "lengua", pattern = "^[a-z]+" }\nrights = "licencia"\n'
    )
    path = _file(
        tmp_path,
        {
            "n": 7, "letra": "Vidalita", "meta": {"autor": "Anónimo"}, "title": "no", "pais": "México",
            "lengua": "es-MX", "licencia": "CC BY-SA 4.0",
        },
        {"n": 8, "letra": "Zamba", "pais": "Atlántida"},
        name="cantos-1912.jsonl",
    )  # fmt: skip
    rows = _read(source, path).to_dicts()
    assert [row["doc_id"] for row in rows] == [doc_id("relatos", "7"), doc_id("relatos", "8")]
    assert [row["country"] for row in rows] == ["MX", "AR"]
    assert [row["creators"] for row in rows] == [["Anónimo"], None]
    assert [row["declared_language"] for row in rows] == ["es", None]
    assert [row["rights_tier"] for row in rows] == ["share_alike", "unknown"]
    assert {(row["published"], row["composition"], row["title"]) for row in rows} == {("1912", "translation", None)}


def test_a_records_url_is_its_identity_when_it_has_no_id(tmp_path: Path) -> None:
    """Two forms of one address are one document."""
    path = _file(tmp_path, {"text": "a", "url": "HTTP://D.example/n#x"}, {"text": "b", "url": "http://d.example/n"})
    frame = _read(_source(), path)
    assert frame["doc_id"].to_list() == [doc_id("relatos", "http://d.example/n")] * 2


def test_the_recipes_genre_is_the_last_resort(tmp_path: Path) -> None:
    """A genre given by the recipe applies only if neither record nor source states one."""
    path = _file(tmp_path, {"text": "a", "genre": "news"}, {"text": "b"})
    assert _read(_source(), path, genre="web")["genre"].to_list() == ["news", "web"]
    assert _read(_source('genre = "legal"\n'), path, genre="web")["genre"].to_list() == ["news", "legal"]


def test_records_that_can_not_be_used_are_failed_rows_in_their_place(tmp_path: Path) -> None:
    """Bad JSON, bad UTF-8, no object, no text: each is a row with a countable cause and its evidence."""
    path = _file(
        tmp_path,
        {"text": "Primero."},
        b'{"text": "cortado',
        b'{"text": "a\xf1o"}',
        b"[1, 2]",
        {"texto": "columna ajena"},
        {"text": None},
        {"text": "  \n "},
        {"text": 5},
        b'{"n": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b"",
        {"text": "Último."},
    )
    frame = _read(_source(), path)
    assert frame["drop_reason"].to_list() == [
        None, "unreadable:not JSON", "unreadable:not UTF-8", "unreadable:not an object", *["unreadable:no text"] * 4,
        "unreadable:not JSON", "unreadable:not JSON", None,
    ]  # fmt: skip
    assert frame["doc_id"].to_list() == [doc_id("relatos", f"r.jsonl#{n}") for n in (*range(1, 11), 12)]
    assert frame["verdict"].to_list() == [None if reason is None else "failed" for reason in frame["drop_reason"]]
    notes = [json.loads(note) for note in frame["evidence"].drop_nulls()]
    assert notes[0]["line"] == 2
    assert notes[1]["near"] == '{"text": "a\ufffdo"}'
    assert (notes[3]["found"], notes[3]["columns"]) == ("missing", ["texto"])
    assert [note["found"] for note in notes[4:7]] == ["null", "blank", "int"]


def test_two_values_of_a_key_fail_a_record(tmp_path: Path) -> None:
    """No one knows which of the two the source means; `json.loads` would keep the last without a trace."""
    path = _file(
        tmp_path,
        b'{"text": "Uno.", "rights": "in copyright", "rights": "CC0-1.0"}',
        b'{"text": "Dos.", "text": "Dos."}',
        b'{"text": "Tres.", "meta": {"n": 1, "n": 2}}',
        b'{"text": "Cuatro."}',
    )
    frame = _read(_source(), path)
    assert frame["drop_reason"].to_list() == ["unreadable:malformed record", None, "unreadable:malformed record", None]
    errors = [json.loads(note)["error"] for note in frame["evidence"].drop_nulls()]
    assert errors == [f"the key «{key}» has two different values" for key in ("rights", "n")]


def test_half_a_surrogate_pair_does_not_stop_a_file(tmp_path: Path) -> None:
    """JSON can spell half a pair, which UTF-8 can't encode; it is replaced, and whole pairs are kept."""
    path = _file(tmp_path, b'{"id": "\\udc00", "text": "a\\ud800 b", "title": "\\ud83c\\udfb6"}')
    row = _read(_source(), path).row(0, named=True)
    assert (row["text"], row["title"]) == ("a\ufffd b", "\U0001f3b6")


@pytest.mark.parametrize("suffix", ["", ".gz", ".xz", ".zst"])
def test_every_compression_gives_the_same_rows(tmp_path: Path, suffix: str) -> None:
    """Plain, gzip, xz and Zstandard files, also of several members, give the same rows."""
    lines = [json.dumps({"id": f"r{n}", "text": f"Relato número {n}.\n" * 30}).encode() + b"\n" for n in range(500)]
    half = b"".join(lines[:200]), b"".join(lines[200:])
    path = tmp_path / f"r.jsonl{suffix}"
    path.write_bytes(b"".join(_PACK[suffix](part) for part in half))
    frame = _read(_source(), path)
    assert frame["doc_id"].to_list() == [doc_id("relatos", f"r{n}") for n in range(500)]
    assert frame["drop_reason"].null_count() == 500


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".zst"])
def test_a_cut_file_gives_what_was_read_and_one_failed_row(tmp_path: Path, suffix: str) -> None:
    """The records before the cut are kept, and a failed row reports the loss."""
    data = b"".join(
        json.dumps({"id": f"r{n}", "text": hashlib.sha256(b"%d" % n).hexdigest() * 20}).encode() + b"\n"
        for n in range(3000)
    )
    whole = _PACK[suffix](data)
    path = tmp_path / f"r.jsonl{suffix}"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    frame = _read(_source(), path)
    assert 500 < frame.height < 3000
    assert frame["drop_reason"].null_count() == frame.height - 1
    last = frame.row(-1, named=True)
    assert (last["drop_reason"], last["doc_id"]) == ("unreadable:damaged file", doc_id("relatos", f"r.jsonl{suffix}"))


def test_a_file_that_is_not_what_its_suffix_says_is_one_failed_row(tmp_path: Path) -> None:
    """An HTML error page saved as .gz or .parquet is one failed row."""
    for name in ("r.jsonl.gz", "r.parquet"):
        path = tmp_path / name
        path.write_bytes(b"<html>404</html>")
        frame = _read(_source(), path)
        assert frame["drop_reason"].to_list() == ["unreadable:damaged file"]
        assert json.loads(frame["evidence"][0])["error"]


@pytest.mark.parametrize("suffix", ["", ".gz", ".xz", ".zst"])
def test_a_record_without_end_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """A line, or a file, beyond the limit is a failed row; the lines around it are read."""
    monkeypatch.setattr(streams, "MAX_RECORD", 50_000)
    data = b'{"text": "uno"}\n' + b" " * 5_000_000 + b'\n{"text": "tres"}\n'
    (tmp_path / f"r.jsonl{suffix}").write_bytes(_PACK[suffix](data))
    (tmp_path / f"r.txt{suffix}").write_bytes(_PACK[suffix](data))
    frame = _read(_source(), tmp_path / f"r.jsonl{suffix}")
    assert frame["text"].to_list() == ["uno", None, "tres"]
    assert frame["drop_reason"].to_list() == [None, "unreadable:line too long", None]
    assert _read(_source(), tmp_path / f"r.txt{suffix}")["drop_reason"].to_list() == ["unreadable:too large"]


def test_frames_are_bounded_by_rows_and_by_bytes(tmp_path: Path) -> None:
    """The caps hold, and a record larger than the cap has a frame of its own."""
    path = _file(tmp_path, *({"id": str(n), "text": "x" * (5000 if n == 4 else 10)} for n in range(10)))
    file = list_inputs(_source(), path)[0]
    assert [frame.height for frame in read(_source(), file, rows=4)] == [4, 4, 2]
    assert [frame.height for frame in read(_source(), file, bytes_=1000)] == [5, 5]
    assert [frame.height for frame in read(_source(), file, rows=4, limit=5)] == [4, 1]
    assert [frame.height for frame in read(_source(), file, limit=3)] == [3]


def test_a_parquet_file_is_read_like_its_jsonl(tmp_path: Path) -> None:
    """The same records give the same rows; types that JSON doesn't have become the schema's."""
    records = [
        {"id": f"<urn:uuid:{n}>", "text": f"Página {n}", "url": f"https://p.example/{n}", "language": "spa", "n": n}
        for n in range(25)
    ]
    pl.DataFrame(records).write_parquet(tmp_path / "r.parquet", row_group_size=10)
    fields = ["doc_id", "text", "url", "declared_language", "drop_reason"]
    from_parquet = _read(_source(), tmp_path / "r.parquet", rows=4).select(fields)
    assert from_parquet.equals(_read(_source(), _file(tmp_path, *records)).select(fields))
    times = pl.DataFrame(
        {"text": ["a", "b"], "published": [date(1999, 5, 1), None], "obtained": [datetime(2020, 1, 2), None]},  # noqa: DTZ001
        schema_overrides={"obtained": pl.Datetime("ns")},
    )
    times.write_parquet(tmp_path / "t.parquet")
    frame = _read(_source(), tmp_path / "t.parquet")
    assert frame["published"].to_list() == ["1999-05-01", None]
    assert frame["obtained"][0] == datetime(2020, 1, 2, tzinfo=UTC)


def test_parquet_text_that_is_not_utf8_is_one_failed_row(tmp_path: Path) -> None:
    """Writers that don't check leave Latin-1 in text columns; the other rows are kept."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = pa.array([b"uno", b"a\xf1o", b"tres"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"text": texts}), tmp_path / "r.parquet")
    frame = _read(_source(), tmp_path / "r.parquet")
    assert frame["text"].to_list() == ["uno", None, "tres"]
    assert frame["drop_reason"].to_list() == [None, "unreadable:not UTF-8", None]


def test_html_in_a_column_arrives_as_bytes_with_its_charset(tmp_path: Path) -> None:
    """A column of markup goes to extraction with its true charset, whatever the page declares."""
    source = _source('[collect.columns]\nraw = "html"\n')
    frame = _read(source, _file(tmp_path, {"html": "<p>Año</p>"}, {"html": ""}))
    assert "text" not in frame.columns
    assert frame["raw"].to_list() == ["<p>Año</p>".encode(), None]
    assert set(frame["media_type"]) == {"text/html; charset=utf-8"}
    assert frame["drop_reason"].to_list() == [None, "unreadable:no text"]


def test_turns_are_joined_to_interviews(tmp_path: Path) -> None:
    """Consecutive records of equal group are one document of lines, with the first one's catalogue data."""
    turns = [
        {"conv": "e1", "text": "¿Y cómo era?", "title": "Doña Rosa"},
        {"conv": "e1", "text": ""},
        {"conv": "e1", "text": "Era <uh> lindo.\n"},
        b"{roto",
        {"conv": "e2", "text": "Buenas."},
        {"conv": None, "text": "Sin dueño."},
        {"text": "Sin dueño."},
    ]
    source = _source('[collect]\ngroup = ["conv"]\nremove = ["<[^>]*>"]\n[collect.columns]\nid = "conv"\n')
    frame = _read(source, _file(tmp_path, *turns), rows=2)
    kept_rows = frame.filter(pl.col("drop_reason").is_null())
    assert kept_rows["text"].to_list() == ["¿Y cómo era?\nEra lindo.", "Buenas.", "Sin dueño.", "Sin dueño."]
    assert kept_rows["title"].to_list() == ["Doña Rosa", None, None, None]
    assert kept_rows["doc_id"][:2].to_list() == [doc_id("relatos", "e1"), doc_id("relatos", "e2")]
    assert frame["drop_reason"].drop_nulls().to_list() == ["unreadable:not JSON"]
    assert frame["doc_id"].n_unique() == 5


def test_scattered_records_are_gathered_when_the_source_says_so(tmp_path: Path) -> None:
    """The sentences of one place are joined, wherever in the file they are."""
    turns = [{"lugar": place, "text": text} for place, text in (("A", "uno"), ("B", "dos"), ("A", "tres"))]
    plain = _source('[collect]\ngroup = ["lugar"]\n')
    gathered = _source('[collect]\ngroup = ["lugar"]\ngather = true\n')
    path = _file(tmp_path, *turns)
    assert _read(plain, path)["text"].to_list() == ["uno", "dos", "tres"]
    assert _read(gathered, path)["text"].to_list() == ["uno\ntres", "dos"]


def test_a_long_group_is_cut_into_pages(tmp_path: Path) -> None:
    """Each page is a document with an identity of its own."""
    turns = [{"k": "refranes", "text": str(n)} for n in range(7)]
    source = _source('[collect]\ngroup = ["k"]\ngroup_rows = 3\n[collect.columns]\nid = "k"\n')
    frame = _read(source, _file(tmp_path, *turns), rows=2)
    assert frame["text"].to_list() == ["0\n1\n2", "3\n4\n5", "6"]
    assert frame["doc_id"].to_list() == [doc_id("relatos", name) for name in ("refranes", "refranes/2", "refranes/3")]


def test_a_record_with_two_texts_is_two_documents(tmp_path: Path) -> None:
    """Each of the two documents has its own language, composition and identity."""
    source = _source(
        '[collect.columns]\nid = "i"\n[[collect.texts]]\ncolumn = "orig"\nlanguage = "spa"\n'
        '[[collect.texts]]\ncolumn = "trad"\nlanguage = "por"\ncomposition = "translation"\nremove = ["\\\\*"]\n'
    )
    path = _file(tmp_path, {"i": 1, "orig": "El *río*", "trad": "O *rio*"}, b"{", {"i": 2, "orig": "Sol"})
    frame = _read(source, path)
    assert frame["text"].to_list() == ["El *río*", "O rio", None, "Sol", None]
    assert frame["declared_language"].to_list() == ["spa", "por", None, "spa", "por"]
    assert frame["composition"].to_list() == ["original", "translation", "original", "original", "translation"]
    assert frame["doc_id"][:2].to_list() == [doc_id("relatos", "1#orig"), doc_id("relatos", "1#trad")]
    assert frame["drop_reason"].to_list() == [None, None, "unreadable:not JSON", None, "unreadable:no text"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_RECORDS = st.dictionaries(
    st.sampled_from(["id", "text", "url", "title", "creators", "published", "country", "obtained", "language", "x"]),
    _JSON,
)


@given(st.lists(_RECORDS | st.binary(max_size=20).map(lambda b: b.replace(b"\n", b"")), max_size=12), st.integers(1, 5))
@settings(
    max_examples=settings().max_examples // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_line_is_a_row(tmp_path: Path, lines: list[Any], rows: int) -> None:
    """Whatever a file of lines contains, each line that isn't blank is one row, and a file without any is one row."""
    encoded = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    assume(sniffed(b"\n".join(encoded)) is None)  # a recording, a PDF
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"\n".join(encoded))
    watch = Watch(_source(), strict=False)
    frames = [frame for file in list_inputs(_source(), path) for frame in read(_source(), file, rows=rows, watch=watch)]
    assert sum(frame.height for frame in frames) == max(sum(bool(line.strip()) for line in encoded), 1)
    assert all(frame.height <= rows for frame in frames)
