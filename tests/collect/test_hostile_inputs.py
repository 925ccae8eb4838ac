"""A library of hostile inputs: each is a clear error or a row with its reason, and its neighbours are kept."""

from __future__ import annotations

import gzip
import http.server
import io
import json
import lzma
import os
import tarfile
import threading
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from latam_corpus.engine.local import InProcess
from latam_corpus.errors import ConfigError
from latam_corpus.pipeline.execution.run import find_parts, run
from latam_corpus.pipeline.planning.plan import make_plan
from latam_corpus.pipeline.planning.recipe import load_recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import CommandLine, SmallRecipe

    from latam_corpus.pipeline.execution.result import RunResult

_GOOD = (
    "La barca salió del puerto antes del alba y volvió con la red vacía, como todos los días de ese invierno. Mi "
    "abuela decía que el mar no perdona a los que se olvidan de saludarlo cuando pasan por la orilla."
)
_OTHER = (
    "El afilador pasaba los jueves con su flauta de caña, y las vecinas bajaban con los cuchillos envueltos en un "
    "diario viejo. Nadie supo nunca en qué barrio vivía ni por qué dejó de venir después de la crecida del río."
)
_PAGE = (
    '<!doctype html><html lang="es"><head><meta charset="utf-8"><title>Vuelve el tren a la sierra</title></head><body>'
    "<article><h1>Vuelve el tren a la sierra</h1>"
    "<p>Después de once años sin servicio, el tren de la sierra volvió a salir este lunes de la estación vieja, con "
    "tres vagones pintados de verde y más de doscientos pasajeros que habían hecho fila desde la madrugada.</p>"
    "<p>«Mi padre fue guardabarrera en este ramal», contó una de las pasajeras, que viajó con el silbato que él usaba "
    "y lo hizo sonar al llegar a cada pueblo, entre los aplausos de los demás.</p></article></body></html>"
)


@dataclass(frozen=True)
class Told:
    """A run's rows: those that were kept and those that were dropped."""

    result: RunResult
    kept_rows: pl.DataFrame
    dropped_rows: pl.DataFrame

    @property
    def reasons(self) -> dict[str, str]:
        """Return the reason of each dropped row, by its file or its record in it."""
        named = self.dropped_rows.with_columns(
            pl.col("origin").struct.field("file").alias("file"), pl.col("origin").struct.field("member").alias("member")
        )
        return {
            f"{file}#{member}" if member else file: reason
            for file, member, reason in named.select("file", "member", "drop_reason").iter_rows()
        }

    def text_of(self, file: str) -> str:
        """Return the text of the only document of a file."""
        [text] = self.kept_rows.filter(pl.col("origin").struct.field("file") == file)["text"]
        return str(text)


@dataclass(frozen=True)
class Room:
    """A folder of inputs, two good ones among them, and a recipe that runs them."""

    root: Path
    recipe_of: SmallRecipe

    @property
    def data(self) -> Path:
        """The folder of the inputs."""
        return self.root / "datos"

    def write(self, name: str, content: bytes | str) -> Path:
        """Write an input with this name and content."""
        path = self.data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def recipe(self, options: str = "", source: str | None = None) -> Path:
        """Write a recipe with these options of `extract`, over the folder or a source file with this content."""
        named = str(self.data)
        if source is not None:
            (self.root / "fuente.toml").write_text(source, encoding="utf-8")
            named = "fuente.toml"
        path = self.root / "receta.toml"
        stages = (f"extract {options}", "repair", "redact", "dedupe near = false")
        path.write_text(self.recipe_of(*stages, source=named), encoding="utf-8")
        return path

    def run(self, options: str = "", source: str | None = None) -> Told:
        """Run the recipe and return its rows; each input row is kept, or dropped with a ledger row."""
        recipe = load_recipe(str(self.recipe(options, source)))
        plan = make_plan(recipe, {"fuente": str(self.data)} if source else {})
        result = run(plan, find_parts(plan), self.root / "out", InProcess())
        assert result.failures == {}
        kept_rows, dropped_rows, ledger = (
            pl.concat([pl.read_parquet(file) for file in sorted((result.folder / kind).glob("*.parquet"))])
            for kind in ("kept", "dropped", "ledger")
        )
        assert result.rows_in == kept_rows.height + dropped_rows.height
        fallen = ledger.filter(pl.col("verdict") != "changed")
        assert sorted(fallen["doc_id"]) == sorted(dropped_rows["doc_id"])
        assert fallen["reason"].null_count() == 0
        return Told(result, kept_rows, dropped_rows)


@pytest.fixture
def room(tmp_path: Path, small_recipe: SmallRecipe) -> Room:
    """Create a folder with two good documents, one before and one after the files of a test."""
    created = Room(tmp_path, small_recipe)
    created.write("aa-buena.txt", _GOOD)
    created.write("zz-buena.jsonl", json.dumps({"id": "afilador", "text": _OTHER}, ensure_ascii=False) + "\n")
    return created


def _lines(*records: Any) -> bytes:
    return b"".join((json.dumps(record, ensure_ascii=False) + "\n").encode() for record in records)


def _documents(count: int) -> list[dict[str, Any]]:
    return [
        {"id": f"d{number}", "text": f"{_GOOD} Así empezó la temporada número {number}."} for number in range(count)
    ]


def _good_kept(reported: Told) -> bool:
    return {_GOOD, _OTHER} <= set(reported.kept_rows["text"])


# What a person typed wrong: exit code 2, one sentence, nothing done.

_WRONG: dict[str, tuple[str, str]] = {
    "an unknown key of the recipe": ("autor = 'yo'\n{recipe}", "autor"),
    "an unknown key of [release]": ("{recipe}[release]\nname='x'\nadmit=['open']\nuses=['train']\nvia='x'\n", "via"),
    "a wrong type": ("{recipe}".replace("{recipe}", "title = 7\n{headless}"), "title"),
    "a list where one value stands": ("{recipe}[release]\nname=['x']\nadmit=['open']\nuses=['train']\n", "name"),
    "a stage without `use`": ("{recipe}[[stage]]\nnombre = 'extract'\n", "use"),
    "an unknown stage": ("{recipe}[[stage]]\nuse = 'extraer'\n", "extraer"),
    "an unknown option": ("{recipe}[[stage]]\nuse = 'extract'\ntime_limits = 3\n", "time_limit"),
    "an option of a wrong type": ("{recipe}[[stage]]\nuse = 'extract'\ntime_limit = 'mucho'\n", "time_limit"),
    "a limit that limits nothing": ("{recipe}[[stage]]\nuse = 'extract'\nmemory_limit_mb = 0\n", "memory_limit_mb"),
    "no TOML": ("title = \n", "receta.toml"),
    "NUL bytes": ("title = 'a'\x00\n", "receta.toml"),
    "nothing": ("", "title"),
}


@pytest.mark.parametrize("wrong", _WRONG)
def test_a_wrong_recipe_is_refused_before_anything_is_read(room: Room, wrong: str) -> None:
    """The error names the file and the thing; no folder is made."""
    written, named = _WRONG[wrong]
    recipe = room.recipe().read_text(encoding="utf-8")
    headless = recipe.replace('title = "Prueba"\n', "")
    path = room.root / "receta.toml"
    path.write_text(written.replace("{recipe}", recipe).replace("{headless}", headless), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        make_plan(load_recipe(str(path)), {})
    assert named in str(caught.value)
    assert "receta.toml" in str(caught.value)
    assert not (room.root / "out").exists()


def test_a_recipe_with_a_byte_order_mark_is_read(room: Room) -> None:
    """Some editors write one; it is no mistake."""
    path = room.recipe()
    path.write_bytes(path.read_text(encoding="utf-8").encode("utf-8-sig"))
    assert load_recipe(str(path)).title


@pytest.mark.parametrize("charset", ["latin-1", "utf-16"])
def test_a_recipe_saved_in_another_charset_is_refused(room: Room, charset: str) -> None:
    """A file that an editor on Windows re-encoded is reported in one sentence that names the file."""
    path = room.recipe()
    path.write_bytes(path.read_text(encoding="utf-8").replace("Prueba", "Comprobación").encode(charset))
    with pytest.raises(ConfigError, match=r"receta\.toml"):
        load_recipe(str(path))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"titulo": "x"}, "titulo"),
        ({"languages": "spa"}, "languages"),
        ({"languages": ["español"]}, "español"),
        ({"country": 56}, "country"),
        ({"collect": {"format": "wpd"}}, "format"),
        ({"collect": {"columns": {"texto": "cuerpo"}}}, "texto"),
    ],
)
def test_a_wrong_source_file_is_refused(room: Room, change: dict[str, Any], named: str) -> None:
    """Unknown keys and wrong types of a source file, before one of its documents is read."""
    lines = ["id = 'fuente'", "title = 'Fuente'", "holder = 'Nadie'"]
    for key, value in change.items():
        inline = json.dumps(value) if not isinstance(value, dict) else _inline(value)
        lines.append(f"{key} = {inline}")
    source = "\n".join(lines) + "\n"
    assert tomllib.loads(source)
    with pytest.raises(ConfigError, match=named):
        room.run(source=source)


def _inline(table: dict[str, Any]) -> str:
    pairs = (f"{k} = {_inline(v) if isinstance(v, dict) else json.dumps(v)}" for k, v in table.items())
    return "{" + ", ".join(pairs) + "}"


def test_the_command_line_refuses_with_one_sentence_and_code_2(room: Room, command_line: CommandLine) -> None:
    """A missing recipe, a missing input or an unknown key gives one sentence."""
    recipe = room.recipe()
    wrong = room.root / "otra.toml"
    wrong.write_text(recipe.read_text(encoding="utf-8") + "nombre = 'x'\n", encoding="utf-8")
    out = room.root / "out"
    reported = [
        command_line("run", room.root / "no-hay.toml", "--out", out),
        command_line("run", recipe, "--input", room.root / "no-hay", "--out", out),
        command_line("run", wrong, "--out", out),
    ]
    assert [answer.code for answer in reported] == [2, 2, 2], reported
    assert all(answer.err.startswith("error: ") for answer in reported), reported
    assert "no-hay.toml" in reported[0].err
    assert "no-hay" in reported[1].err
    assert "nombre" in reported[2].err


@pytest.mark.slow
def test_the_command_line_runs_through_hostile_files_with_worker_processes(
    room: Room, command_line: CommandLine, command_process: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code 0, since each of them is a row with its reason; the same in this process, and no process is left behind."""
    room.write("b.html", "<html><body>" + "<div><p>Hola <b>vecina</b> del puerto.</p></div>" * 20_000)
    room.write("c.html", _PAGE)
    room.write("d.zip", b"PK\x03\x04 nada")
    room.write("e.jsonl", b"{\n\xff\n" + _lines(*_documents(2)))
    room.write("f.parquet", b"PAR1")
    room.write("g.html.gz", gzip.compress(_PAGE.encode())[:-200])
    room.write("h.txt", b"")
    words = ("run", room.recipe('mode = "careful"\ntime_limit = 1.0'), "--json", "--out")
    both = [command_line(*words, room.root / "out-1", "--workers", "1").json]
    monkeypatch.setenv("LATAM_CORPUS_TEST_ROOM", str(room.root))
    both.append(command_process(*words, room.root / "out-2", "--workers", "2").json)
    for report in both:
        assert report["rows"] == {"in": 12, "kept": 5}
        assert report["failures"] == {}
        assert report["stages"]["extract"]["failed"] == {"extract:timeout": 1}
    assert both[0]["stages"]["collect"]["failed"] == both[1]["stages"]["collect"]["failed"]
    running = {process.name: _environment_of(process) for process in Path("/proc").glob("[0-9]*")}
    assert not [number for number, environment in running.items() if str(room.root) in environment]


def _environment_of(process: Path) -> str:
    """The variables that a process was started with; none for one that has ended."""
    try:
        return (process / "environ").read_text(errors="replace")
    except OSError:
        return ""


# What stands in a file.


def test_empty_files_are_told(room: Room) -> None:
    """An empty file of any format has a ledger row; empty JSON lines contain no record."""
    for name in ("a.txt", "b.html", "c.parquet", "d.txt.gz", "e.jsonl", "f.xml"):
        room.write(name, b"")
    room.write("g.txt", b" \r\n\t ")
    reported = room.run()
    assert _good_kept(reported)
    assert {"a.txt", "b.html", "c.parquet", "d.txt.gz", "f.xml", "g.txt"} <= set(reported.reasons)
    assert reported.kept_rows.height == 2


def test_a_folder_without_inputs_is_refused(room: Room) -> None:
    """An empty folder, and one with only unknown formats, is refused."""
    for path in room.data.iterdir():
        path.unlink()
    with pytest.raises(ConfigError, match="datos"):
        room.run()
    room.write("portada.gif", b"GIF89a")
    with pytest.raises(ConfigError, match="unknown format"):
        room.run()


def test_nul_bytes_do_not_pass_into_text(room: Room) -> None:
    """In a text, a page and a JSON string they are removed or reported; the surrounding words are kept."""
    room.write("b.txt", _GOOD.replace("barca", "bar\0ca").replace("puerto", "fondeadero"))
    room.write("c.html", _PAGE.replace("guardabarrera", "guarda\0barrera"))
    room.write("d.jsonl", _lines({"id": "n", "text": _OTHER.replace("flauta", "fla\0uta").replace("jueves", "martes")}))
    room.write("e.txt", b"\0" * 5000)
    reported = room.run()
    assert _good_kept(reported)
    assert not reported.kept_rows["text"].str.contains("\0", literal=True).any()
    assert "fondeadero" in reported.text_of("b.txt")
    assert "silbato" in reported.text_of("c.html")
    assert "martes" in reported.text_of("d.jsonl")
    assert "e.txt" in reported.reasons


def test_latin1_posing_as_utf8_is_read_or_told(room: Room) -> None:
    """Text and pages are read in the charset they are in; JSON is UTF-8 by its definition, so its line fails."""
    room.write("b.txt", _GOOD.replace("puerto", "peñón").encode("latin-1"))
    room.write("c.html", _PAGE.encode("latin-1"))
    room.write("d.jsonl", _lines({"id": "1", "text": _OTHER + " Ñandú."}) + '{"text": "Año"}\n'.encode("latin-1"))
    reported = room.run()
    assert _good_kept(reported)
    assert reported.text_of("b.txt") == _GOOD.replace("puerto", "peñón")
    assert "Después de once años" in reported.text_of("c.html")
    assert reported.reasons == {"d.jsonl#2": "unreadable:not UTF-8"}


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf16_is_read_or_told(room: Room, charset: str) -> None:
    """The encoding that Windows calls Unicode, with and without its byte order mark."""
    room.write("b.txt", _GOOD.replace("puerto", "peñón").encode(charset))
    room.write("c.html", _PAGE.encode(charset))
    room.write("d.jsonl", json.dumps({"text": _OTHER}).encode(charset) + "\n".encode(charset))
    reported = room.run()
    assert _good_kept(reported)
    for file, words in (("b.txt", "peñón"), ("c.html", "once años"), ("d.jsonl", "afilador")):
        if any(reason.startswith(file) for reason in reported.reasons):
            continue
        assert words in reported.text_of(file)
    assert "\ufffd" not in "".join(reported.kept_rows["text"])


def test_json_that_breaks_parsers_fails_line_by_line(room: Room) -> None:
    """Endless nesting, huge numbers, half a surrogate pair or two objects on a line cost one line each."""
    good = _documents(4)
    room.write(
        "b.jsonl",
        b"\n".join(
            [
                json.dumps(good[0]).encode(),
                b"[" * 200_000,
                b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
                json.dumps(good[1]).encode(),
                b'{"id": ' + b"9" * 10_000 + b', "text": "x"}',
                b'{"id": "m", "text": "\\ud800 mitad"}',
                b'"texto suelto"',
                b'{"text": "uno"} {"text": "dos"}',
                b'{"id": "nan", "text": NaN}',
                b'{"id": "l", "text": ["a", "b"]}',
                b'{"id": "u", "url": "http://[::1", "published": 1e400, "country": {"a": []}, "text": "Sin puerto."}',
                json.dumps(good[2]).encode(),
                b'{"id": "cortada", "text": "sin fin',
            ]
        ),
    )
    reported = room.run()
    assert _good_kept(reported)
    assert {good[n]["text"] for n in range(3)} <= set(reported.kept_rows["text"])
    dropped_names = [name for name in reported.reasons if name.startswith("b.jsonl")]
    file_rows = reported.kept_rows.filter(pl.col("origin").struct.field("file") == "b.jsonl")
    assert len(dropped_names) + file_rows.height == 13
    assert len(dropped_names) >= 7


def test_unknown_columns_and_wrong_types_in_records_are_no_error(room: Room) -> None:
    """A record may carry anything; what isn't of a column's type is left out, and the text is kept."""
    records = _documents(3)
    records[0] |= {"drop_reason": "yo", "doc_id": 7, "uses": "train", "rights": "CC0-1.0", "genre": "Tango", "raw": "x"}
    records[1] |= {"title": ["a", {"b": 1}], "creators": {"x": 1}, "url": 12, "published": True, "obtained": "ayer"}
    records[2] |= {"language": None, "country": "Chile", "composition": "remix", "signals": {"word_count": "muchas"}}
    room.write("b.jsonl", _lines(*records))
    reported = room.run()
    assert _good_kept(reported)
    assert {record["text"] for record in records} <= set(reported.kept_rows["text"])
    # A record's own claim never widens: its source states no rights.
    assert reported.kept_rows["rights_tier"].unique().to_list() == ["unknown"]


def test_a_null_licence_in_the_first_row_decides_nothing(room: Room) -> None:
    """Each row has the licence that it states, in JSON lines and in Parquet, where the first row is null or missing."""
    records = [
        {**record, "licencia": licence} for record, licence in zip(_documents(3), [None, "CC-BY-4.0", 7], strict=True)
    ]
    for path in room.data.iterdir():
        path.unlink()
    room.write("a.jsonl", _lines({k: v for k, v in records[0].items() if k != "licencia"}, *records[1:]))
    more = [{**record, "id": f"p{record['id']}", "text": record["text"] + " Fin."} for record in records[:2]]
    pl.DataFrame(more, schema={"id": pl.String, "text": pl.String, "licencia": pl.String}).write_parquet(
        room.data / "b.parquet"
    )
    nulls = [{**record, "id": f"n{record['id']}", "text": record["text"] + " Otra vez."} for record in records[:1]]
    pl.DataFrame(nulls, schema={"id": pl.String, "text": pl.String, "licencia": pl.Null}).write_parquet(
        room.data / "c.parquet"
    )
    reported = room.run(
        source="id = 'fuente'\ntitle = 'Fuente'\nholder = 'Nadie'\n[collect.columns]\nrights = 'licencia'\n"
    )
    results = dict(
        zip(reported.kept_rows["text"].str.slice(len(_GOOD)), reported.kept_rows["rights_tier"], strict=True)
    )
    assert len(results) == reported.kept_rows.height == 6
    by = {text: tier for text, tier in results.items() if tier == "attribution"}
    assert sorted(by) == [
        " Así empezó la temporada número 1.",
        " Así empezó la temporada número 1. Fin.",
    ]
    assert set(results.values()) == {"attribution", "unknown"}


def test_parquet_files_need_not_share_a_schema(room: Room) -> None:
    """In the second file the text is bytes and the id a number, the third is cut."""
    first, second, third = (_documents(6)[n : n + 2] for n in (0, 2, 4))
    pl.DataFrame(first).write_parquet(room.data / "b1.parquet")
    changed = [{"text": r["text"].encode(), "id": n, "extra": [n]} for n, r in enumerate(second)]
    pl.DataFrame(changed).write_parquet(room.data / "b2.parquet")
    pl.DataFrame(third).write_parquet(room.data / "b3.parquet")
    path = room.data / "b3.parquet"
    path.write_bytes(path.read_bytes()[:-40])
    reported = room.run()
    assert _good_kept(reported)
    assert {r["text"] for r in [*first, *second]} <= set(reported.kept_rows["text"])
    assert "b3.parquet" in reported.reasons


def test_a_damaged_parquet_page_costs_the_rest_of_its_file(room: Room) -> None:
    """Bytes turned at the head of a page, the file's footer whole: the rows before it are kept."""
    path = room.data / "b.parquet"
    documents = _documents(400)
    pl.DataFrame(documents).write_parquet(path, row_group_size=100)
    page = pq.read_metadata(path).row_group(2).column(1).data_page_offset
    content = bytearray(path.read_bytes())
    content[page : page + 64] = bytes(byte ^ 0xFF for byte in content[page : page + 64])
    path.write_bytes(content)
    reported = room.run()
    assert _good_kept(reported)
    assert {document["text"] for document in documents[:200]} <= set(reported.kept_rows["text"])
    assert any(name.startswith("b.parquet") for name in reported.reasons)


# How files are packed.


def test_a_truncated_gzip_keeps_what_came_before(room: Room) -> None:
    """Records before the cut are kept; a truncated document isn't a document."""
    lines = _documents(3000)
    packed = gzip.compress(_lines(*({**line, "ruido": os.urandom(20).hex()} for line in lines)))
    room.write("b.jsonl.gz", packed[: len(packed) // 2])
    room.write("c.txt.gz", gzip.compress(_OTHER.replace("río", "arroyo").encode() + os.urandom(4000))[:-500])
    room.write("d.jsonl.gz", b"<html>404</html>")
    reported = room.run()
    assert _good_kept(reported)
    assert 1000 < reported.kept_rows.filter(pl.col("origin").struct.field("file") == "b.jsonl.gz").height < 2000
    assert {"b.jsonl.gz", "c.txt.gz", "d.jsonl.gz"} <= {name.partition("#")[0] for name in reported.reasons}


def _zip(*members: tuple[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return held.getvalue()


def _tar(*members: tuple[str, bytes], mode: str = "w") -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return held.getvalue()


def _zip_bomb() -> bytes:
    """300 MB of zeros in 1.3 MB, between two good members; its bytes are never held whole."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("a.txt", _GOOD.replace("barca", "lancha"))
        with archive.open("b.txt", "w") as member:
            for _ in range(300):
                member.write(bytes(10**6))
        archive.writestr("c.txt", _OTHER.replace("flauta", "quena"))
    return held.getvalue()


def test_a_zip_bomb_is_refused_and_its_neighbours_are_read(room: Room) -> None:
    """300 MB of zeros in 1.3 MB or less, as a member of an archive and as a compressed file."""
    room.write("b.zip", _zip_bomb())
    room.write("c.txt.gz", gzip.compress(bytes(10**6)) * 300)  # members and streams that readers join
    room.write("d.jsonl.xz", lzma.compress(b" " * 10**6, preset=0) * 300)
    reported = room.run()
    assert _good_kept(reported)
    texts = "".join(reported.kept_rows["text"])
    assert "lancha" in texts
    assert "quena" in texts
    assert any(name.startswith("b.zip") for name in reported.reasons)
    assert "c.txt.gz" in reported.reasons
    assert max(map(len, reported.kept_rows["text"])) < 10**6


def test_archives_in_archives_are_told_and_not_opened_without_end(room: Room) -> None:
    """An archive within an archive, and one that holds itself ten levels deep."""
    inner = _zip(("n.txt", _OTHER.replace("flauta", "zampoña").encode()))
    room.write("b.zip", _zip(("a.txt", _GOOD.replace("barca", "balsa").encode()), ("dentro.zip", inner)))
    deep = inner
    for level in range(10):
        deep = _zip((f"nivel-{level}.zip", deep)) if level % 2 else _tar((f"nivel-{level}.zip", deep), mode="w:gz")
    room.write("c.zip", deep)
    reported = room.run()
    assert _good_kept(reported)
    texts = "".join(reported.kept_rows["text"])
    assert "balsa" in texts
    assert "zampoña" in texts or any("dentro.zip" in name for name in reported.reasons)
    assert any(name.startswith("c.zip") for name in reported.reasons)


@pytest.mark.parametrize("kind", ["b.zip", "b.tar", "b.tar.gz"])
def test_an_archive_writes_nothing_outside(room: Room, kind: str) -> None:
    """Members named `../../x` and `/tmp/x`, and links that lead out: nothing is written or read there."""
    secret = room.root / "secreto.txt"
    secret.write_text("Esto no es parte del archivo.", encoding="utf-8")
    evil = _OTHER.replace("afilador", "intruso").encode()
    absolute = str(room.root / "absoluto.txt")
    members = [("../../fuera.txt", evil), (absolute, evil), ("bueno.txt", _GOOD.replace("barca", "chalupa").encode())]
    previous = {path for path in room.root.rglob("*") if "out" not in path.parts}
    if kind.endswith(".zip"):
        content = _zip(*members)
    else:
        held = io.BytesIO()
        with tarfile.open(fileobj=held, mode="w:gz" if kind.endswith("gz") else "w") as archive:
            for name, body in members:
                info = tarfile.TarInfo(name)
                info.size = len(body)
                archive.addfile(info, io.BytesIO(body))
            for link, linked in ((tarfile.SYMTYPE, str(secret)), (tarfile.LNKTYPE, "../../secreto.txt")):
                info = tarfile.TarInfo(f"enlace-{linked[:2] == '..'}.txt")
                info.type, info.linkname = link, linked
                archive.addfile(info)
        content = held.getvalue()
    path = room.write(kind, content)
    reported = room.run()
    current = {path for path in room.root.rglob("*") if "out" not in path.parts}
    assert current - previous == {path, room.root / "receta.toml"}
    assert _good_kept(reported)
    assert any("chalupa" in text for text in reported.kept_rows["text"])
    assert not any("no es parte" in text for text in reported.kept_rows["text"])
    # Its text may be used under a name that leads nowhere, or the member is refused: in both cases it is on record.
    assert sum("intruso" in text for text in reported.kept_rows["text"]) + len(reported.reasons) >= 1


def test_damaged_archives_are_told(room: Room) -> None:
    """A zip without a directory, a truncated tar and noise named as an archive are reported."""
    good = ("a.txt", _GOOD.replace("barca", "canoa").encode())
    room.write("b.zip", _zip(good, ("b.txt", os.urandom(5000)))[:-100])
    room.write("c.tar", _tar(good, ("b.txt", b"x" * 50_000))[:20_000])
    room.write("d.zip", os.urandom(1000))
    room.write("e.tar.gz", gzip.compress(_tar(good, ("b.txt", os.urandom(50_000))))[:20_000])
    reported = room.run()
    assert _good_kept(reported)
    assert {"b.zip", "c.tar", "d.zip", "e.tar.gz"} <= {name.partition("#")[0] for name in reported.reasons}


def _warc(count: int, *, packed: bool) -> bytes:
    records = []
    for number in range(count):
        page = _PAGE.replace("once años", f"{number} años").encode()
        answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page
        head = (
            "WARC/1.0\r\nWARC-Type: response\r\n"
            f"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{number:012d}>\r\n"
            f"WARC-Date: 2024-05-{number + 1:02d}T10:00:00Z\r\nWARC-Target-URI: https://diario.example/nota/{number}\r\n"
            f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(answer)}\r\n\r\n"
        )
        record = head.encode() + answer + b"\r\n\r\n"
        records.append(gzip.compress(record) if packed else record)
    return b"".join(records)


@pytest.mark.parametrize("packed", [False, True])
def test_a_warc_cut_in_the_middle_keeps_what_came_before(room: Room, packed: bool) -> None:
    """The pages before the cut are kept, and the loss is on record."""
    whole = _warc(6, packed=packed)
    room.write("b.warc.gz" if packed else "b.warc", whole[: int(len(whole) * 0.6)])
    reported = room.run()
    assert _good_kept(reported)
    pages = reported.kept_rows.filter(pl.col("url").is_not_null())
    assert pages.height == 3
    assert any(name.startswith("b.warc") for name in reported.reasons)


# What breaks parsers of markup.


@pytest.fixture
def recording_server() -> Iterator[tuple[int, list[str]]]:
    """Start a server on this machine; return its port and its requests."""
    paths: list[str] = []

    class Recorder(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<!ENTITY robado 'traido de la red'>")

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1], paths
    server.shutdown()
    thread.join()
    server.server_close()


_TEI = (
    '<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt><title>Cuento</title></titleStmt>'
    "<publicationStmt><p>x</p></publicationStmt><sourceDesc><p>x</p></sourceDesc></fileDesc></teiHeader>"
    "<text><body><div><p>{}</p></div></body></text></TEI>"
)


def test_external_entities_are_never_fetched(room: Room, recording_server: tuple[int, list[str]]) -> None:
    """Entities, document types, stylesheets and inclusions that point to a server or a file: no request, no content."""
    port, paths = recording_server
    secret = room.root / "secreto.txt"
    secret.write_text("contenido-del-secreto", encoding="utf-8")
    web = f"http://127.0.0.1:{port}"
    body = _OTHER.replace("afilador", "vendedor")
    kinds = {
        "web": f'<!DOCTYPE TEI [<!ENTITY e SYSTEM "{web}/entidad">]>',
        "file": f'<!DOCTYPE TEI [<!ENTITY e SYSTEM "{secret.as_uri()}">]>',
        "subset": f'<!DOCTYPE TEI SYSTEM "{web}/tipo.dtd">',
        "parameter": f'<!DOCTYPE TEI [<!ENTITY % p SYSTEM "{web}/parametro"> %p;]>',
        "sheet": f'<?xml-stylesheet type="text/xsl" href="{web}/hoja.xsl"?>',
    }
    for kind, head in kinds.items():
        entity = "&e;" if "ENTITY e" in head else ""
        room.write(f"b-{kind}.xml", f'<?xml version="1.0"?>{head}{_TEI.format(body + kind + entity)}')
        room.write(
            f"c-{kind}.xhtml", f'<?xml version="1.0"?>{head}{_PAGE.replace("silbato", f"silbato {entity}{kind}")}'
        )
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret.as_uri()}" parse="text"/>'
    room.write("b-include.xml", f'<?xml version="1.0"?>{_TEI.format(body + "include" + include)}')
    links = (
        f'<base href="{web}/"><link rel="stylesheet" href="{web}/a.css"><img src="{web}/a.png"><iframe src="{web}/b">'
    )
    room.write("d.html", _PAGE.replace("<article>", f"{links}<article>"))
    reported = room.run()
    assert paths == []
    assert _good_kept(reported)
    assert not reported.kept_rows["text"].str.contains("contenido-del-secreto|traido de la red").any()
    hostile_files = {f"b-{kind}.xml" for kind in (*kinds, "include")}
    assert hostile_files <= {*reported.reasons, *reported.kept_rows["origin"].struct.field("file")}


def test_an_xml_bomb_is_told(room: Room) -> None:
    """Ten levels of ten entities are ten thousand million words; a quadratic one repeats a long entity."""
    levels = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(10))
    laughs = f'<!DOCTYPE TEI [<!ENTITY e0 "carcajada ">{levels}]>'
    quadratic = f'<!DOCTYPE TEI [<!ENTITY e10 "{"ja " * 100_000}">]>'
    for name, head, use in (("b", laughs, "&e10;"), ("c", quadratic, "&e10;" * 20_000)):
        room.write(f"{name}.xml", f'<?xml version="1.0"?>{head}{_TEI.format(use)}')
        room.write(f"{name}.xhtml", f'<?xml version="1.0"?>{head}{_PAGE.replace("silbato", use)}')
    reported = room.run("time_limit = 5.0\nmemory_limit_mb = 400")
    assert _good_kept(reported)
    assert {"b.xml", "c.xml"} <= set(reported.reasons)
    assert max(map(len, reported.kept_rows["text"])) < 10**6


@pytest.mark.parametrize("tag", ["div", "b", "table><tr><td", "ul><li", "blockquote", "font"])
def test_html_50000_tags_deep_costs_at_most_itself(room: Room, tag: str) -> None:
    """The page is deeper than any parser's stack: it becomes a failed row with its cause, or a text."""
    second_page = _PAGE.replace("padre fue guardabarrera", "madre vendía pan").replace(
        "silbato que él usaba", "canasto de ella"
    )
    room.write("b.html", second_page.replace("<article>", f"<{tag}>" * 50_000 + "<article>"))
    room.write("c.html", _PAGE)
    reported = room.run("time_limit = 5.0")
    assert _good_kept(reported)
    assert "silbato" in reported.text_of("c.html")
    assert "b.html" in {*reported.reasons, *reported.kept_rows["origin"].struct.field("file")}


def test_a_page_that_takes_its_parser_minutes_is_stopped(room: Room) -> None:
    """20,000 equal blocks take time by their square; the limit is the recipe's, and its evidence says so."""
    room.write(
        "b.html", "<html><body>" + "<div><p>Hola <b>vecina</b> del puerto.</p></div>" * 20_000 + "</body></html>"
    )
    room.write("c.html", _PAGE)
    reported = room.run('mode = "careful"\ntime_limit = 0.5')
    assert _good_kept(reported)
    assert "silbato" in reported.text_of("c.html")
    assert reported.reasons["b.html"] == "extract:timeout"
    [evidence] = [
        json.loads(text)
        for file in sorted((reported.result.folder / "ledger").glob("*.parquet"))
        for text in pl.read_parquet(file).filter(pl.col("reason") == "extract:timeout")["evidence"]
    ]
    assert evidence["limit_seconds"] == 0.5


@pytest.mark.parametrize(
    "make",
    [
        lambda: b"<" * 10**6,
        lambda: b"<!--" + b"-" * 10**6,
        lambda: b"<a " + b"x='y' " * 200_000 + b">",
        lambda: b"<p>" + b"&" * 10**6,
        lambda: b"<script>" + b"if (a < b) " * 10**5,
        lambda: bytes(range(256)) * 4000,
        lambda: b"<html lang=" + b"a-" * 10**5 + b"><meta charset=" + b"x" * 10**5 + b"><p>Hola.</p>",
        lambda: b'<meta charset="utf-7"><p>+ADw-script+AD4-</p>',
        lambda: b'<meta charset="rot13"><p>ubyn</p>' + bytes([0xE1]) * 100,
    ],
    ids=["angles", "comment", "attributes", "ampersands", "script", "noise", "long-names", "utf-7", "no-charset"],
)
def test_broken_markup_costs_at_most_itself(room: Room, make: Callable[[], bytes]) -> None:
    """A megabyte of invalid markup becomes a row with its reason, or a text."""
    room.write("b.html", make())
    reported = room.run("time_limit = 5.0")
    assert _good_kept(reported)
    assert "b.html" in {*reported.reasons, *reported.kept_rows["origin"].struct.field("file")}


# What isn't a file, and names.


def test_what_is_no_file_is_left_alone(room: Room) -> None:
    """A pipe is reported and never waited for; so are links without a target. A loop of folders is entered once."""
    os.mkfifo(room.data / "b.jsonl")
    (room.data / "c.txt").symlink_to(room.root / "no-hay")
    (room.data / "d.txt").symlink_to(room.data / "d.txt")
    (room.data / "e.txt").mkdir()
    (room.data / "f").symlink_to(room.data, target_is_directory=True)
    reported = room.run()
    assert _good_kept(reported)
    links = dict.fromkeys(("c.txt", "d.txt"), "unreadable:missing file")
    assert reported.reasons == {"b.jsonl": "unreadable:no file", **links}


def test_strange_names_are_only_names(room: Room) -> None:
    """Spaces, quotes, line ends, `::`, `#`, `%`, glob signs, bytes that are no UTF-8, and a name of 255 bytes."""
    names = ["a b.txt", "it's.txt", "l\nn.txt", "a::b.txt", "a#1.txt", "a%20b.txt", "[x]*?.txt", "ñ" * 125 + ".txt"]
    for number, name in enumerate(names):
        room.write(name, f"{_GOOD} Vuelta {number}.")
    broken = os.fsencode(room.data) + b"/mal\xff\xfe.txt"
    Path(os.fsdecode(broken)).write_text(f"{_GOOD} Vuelta 8.", encoding="utf-8")
    reported = room.run()
    assert reported.reasons == {}
    assert {f"{_GOOD} Vuelta {number}." for number in range(9)} <= set(reported.kept_rows["text"])


@pytest.mark.slow
def test_a_line_of_300_megabytes_is_one_failed_row(room: Room) -> None:
    """As JSON lines, as a text and as a page; the records before and after it are read."""
    first, last = _documents(2)
    with (room.data / "b.jsonl").open("wb") as stream:
        stream.write(_lines(first) + b'{"id": "larga", "text": "')
        stream.seek(300 * 10**6, os.SEEK_CUR)  # a hole: the disk holds none of it
        stream.write(b'"}\n' + _lines(last))
    for name in ("c.txt", "d.html"):
        with (room.data / name).open("wb") as stream:
            stream.write(_PAGE.encode())
            stream.truncate(300 * 10**6)
    reported = room.run()
    assert _good_kept(reported)
    assert {first["text"], last["text"]} <= set(reported.kept_rows["text"])
    assert {"b.jsonl#2", "c.txt", "d.html"} == set(reported.reasons)
