"""A source's statements about its columns are enforced: a wrong name never gives a corpus without its texts."""

from __future__ import annotations

import gzip
import io
import json
import os
import unicodedata
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect import examine as examine_module
from latam_corpus.collect.documents.contract import Facts, Watch, over_all
from latam_corpus.collect.files import list_inputs, read, split
from latam_corpus.collect.repeats import unlike
from latam_corpus.config.toml_model import parse_toml
from latam_corpus.errors import ConfigError, PartError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe, SmallSource

ROWS = [
    {"clave": f"c{n}", "titulo": f"Cuento {n}", "es": f"La barca {n} salió.", "pt": f"O barco {n} saiu."}
    for n in range(4)
]
TEXTS = '[[collect.texts]]\ncolumn = "es"\n[[collect.texts]]\ncolumn = "{pt}"\n[collect.columns]\nid = "clave"\n'


def _source(collect: str) -> Source:
    return parse_toml(f'id = "pares"\ntitle = "Pares"\nholder = "B"\n{collect}', Source, "pares.toml")


def _csv(rows: Sequence[dict[str, Any]]) -> bytes:
    return pl.DataFrame(rows).write_csv().encode()


def _lines(rows: Sequence[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _parquet(rows: Sequence[dict[str, Any]]) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(rows).write_parquet(buffer)
    return buffer.getvalue()


def _arrow(rows: Sequence[dict[str, Any]], *, stream: bool = False) -> bytes:
    table, created = pl.DataFrame(rows).to_arrow(), io.BytesIO()
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(created, table.schema) as writer:
        writer.write_table(table)
    return created.getvalue()


def _zip(rows: Sequence[dict[str, Any]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.csv", _csv(rows))
    return buffer.getvalue()


FORMATS = {
    "p.csv": _csv,
    "p.csv.gz": lambda rows: gzip.compress(_csv(rows)),
    "p.jsonl": _lines,
    "p.parquet": _parquet,
    "p.arrow": _arrow,
    "p.feather": lambda rows: _arrow(rows, stream=True),
    "p.zip": _zip,
}


def _read(path: Path, collect: str, **options: Any) -> pl.DataFrame:
    source = _source(collect)
    return pl.concat([frame for file in list_inputs(source, path) for frame in read(source, file, **options)])


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("collect", "column", "key", "near"),
    [
        (TEXTS.format(pt="ptt"), "ptt", "texts", "pt"),
        ('[collect.columns]\ntext = "es"\ntitle = "Título"', "Título", "columns.title", "titulo"),
        ('[collect]\ngroup = ["claves"]\n[collect.columns]\ntext = "es"', "claves", "group", "clave"),
        ('[collect]\nrequired = ["ptt"]\n[collect.columns]\ntext = "es"', "ptt", "required", "pt"),
        ('[collect]\nunique = ["clav"]\n[collect.columns]\ntext = "es"', "clav", "unique", "clave"),
        (
            '[collect.columns]\ntext = "es"\ngenre = { column = "tituo", default = "news" }',
            "tituo",
            "columns.genre",
            "titulo",
        ),
    ],
)
def test_a_column_that_no_file_has_is_told(
    tmp_path: Path, name: str, collect: str, column: str, key: str, near: str
) -> None:
    """In each format, the error names the file, the column, the key, the closest column and all columns."""
    (tmp_path / name).write_bytes(FORMATS[name](ROWS))
    with pytest.raises(PartError) as reported:
        _read(tmp_path / name, collect)
    assert f"«{column}», which collect.{key} names" in str(reported.value)
    assert f"did you mean «{near}»? The columns are: clave, titulo, es, pt" in str(reported.value)
    assert f"input of pares, {name}" in str(reported.value)


@pytest.mark.parametrize("name", FORMATS)
def test_rightly_named_columns_are_read(tmp_path: Path, name: str) -> None:
    """Each record gives its two texts."""
    (tmp_path / name).write_bytes(FORMATS[name](ROWS))
    assert _read(tmp_path / name, TEXTS.format(pt="pt"))["text"].null_count() == 0


@pytest.mark.parametrize("name", FORMATS)
def test_texts_that_are_in_no_column_of_the_usual_name_are_told(tmp_path: Path, name: str) -> None:
    """A source that names no text column needs a column `text`."""
    (tmp_path / name).write_bytes(FORMATS[name](ROWS))
    with pytest.raises(PartError, match=r"«text», and the source names no other.*titulo.*write text = "):
        _read(tmp_path / name, "")


@pytest.mark.parametrize("name", ["p.jsonl", "p.parquet", "p.arrow"])
def test_a_path_into_a_record_is_looked_for_as_a_column_is(tmp_path: Path, name: str) -> None:
    """A right path passes, also if it is null; the error for a wrong one suggests the right one."""
    rows = [{"text": "La barca.", "meta": {"autora": None}}, {"text": "El río.", "meta": {"autora": "Ana Paz"}}]
    (tmp_path / name).write_bytes(FORMATS[name](rows))
    created = _read(tmp_path / name, '[collect.columns]\ncreators = "meta.autora"')
    assert created["creators"].to_list() == [None, ["Ana Paz"]]
    with pytest.raises(PartError, match=r"did you mean «meta\.autora»\?"):
        _read(tmp_path / name, '[collect.columns]\ncreators = "meta.autor"')


def test_a_field_that_one_record_has_is_there(tmp_path: Path) -> None:
    """Some JSON lines may lack a field; if all lack it, the source must name it as optional."""
    rows = [{"text": "La barca."}] * 30 + [{"text": "El río.", "autora": "Ana Paz"}]
    (tmp_path / "r.jsonl").write_bytes(_lines(rows))
    assert _read(tmp_path / "r.jsonl", '[collect.columns]\ncreators = "autora"', rows=5).height == 31
    (tmp_path / "r.jsonl").write_bytes(_lines(rows[:30]))
    with pytest.raises(PartError, match=r"if some files lack it, write optional = \[\"autora\"\]"):
        _read(tmp_path / "r.jsonl", '[collect.columns]\ncreators = "autora"')
    assert _read(
        tmp_path / "r.jsonl", '[collect]\noptional = ["autora"]\n[collect.columns]\ncreators = "autora"'
    ).height


def _in_parts(path: Path, collect: str) -> list[str]:
    """Return the mistakes in a file that is read in parts, over all parts."""
    source, facts = _source(collect), Facts()
    [file] = list_inputs(source, path)
    spans = split(source, file, 300)
    assert len(spans) > 2
    for span in spans:
        watch = Watch(source)
        list(read(source, file, span=span, watch=watch))
        facts.add(Facts.of(json.loads(json.dumps(watch.facts.as_dict()))))
    return [f"{breach.problem}; {breach.remedy}" for breach in over_all(source, facts)]


def test_a_field_that_one_part_of_a_file_has_is_there(tmp_path: Path) -> None:
    """A field may be missing in a part if another part has it; if all lack it, the file is reported once."""
    rows = [{"text": "La barca salió del puerto antes del alba."}] * 40
    path = tmp_path / "r.jsonl"
    path.write_bytes(_lines([*rows, {"text": "El río.", "autora": "Ana Paz"}, *rows]))
    assert not _in_parts(path, '[collect.columns]\ncreators = "autora"')
    [reported] = _in_parts(path, '[collect.columns]\ncreators = "autor"')
    assert "no record that was read has «autor»" in reported
    assert "did you mean «autora»?" in reported


def test_a_column_that_stands_twice_is_told(tmp_path: Path) -> None:
    """If a used name occurs twice, the right column is unknown; if neither is read, it doesn't matter."""
    (tmp_path / "p.csv").write_text("nota,nota,text\na,b,La barca.\n")
    assert _read(tmp_path / "p.csv", "").height == 1
    (tmp_path / "p.csv").write_text("text,text\nLa barca.,El río.\n")
    with pytest.raises(PartError, match="the column «text» appears twice"):
        _read(tmp_path / "p.csv", "")


@pytest.mark.parametrize("form", ["parquet", "file", "stream"])
def test_a_column_of_parquet_or_arrow_that_stands_twice_is_told(tmp_path: Path, form: str) -> None:
    """Reading and `check` report it as in CSV; a struct with two fields of one name is a failed row."""
    first_column, second_column = pa.array(["La barca."]), pa.array(["El río."])
    struct = pa.StructArray.from_arrays([first_column, second_column], fields=[pa.field("autor", pa.string())] * 2)
    path = tmp_path / ("p.parquet" if form == "parquet" else "p.arrow")

    def written(columns: list[pa.Array], names: list[str]) -> Path:
        table = pa.table(columns, names=names)
        if form == "parquet":
            pq.write_table(table, path)
            return path
        with (pa.ipc.new_file if form == "file" else pa.ipc.new_stream)(path, table.schema) as writer:
            writer.write_table(table)
        return path

    assert _read(written([first_column, second_column, second_column], ["text", "nota", "nota"]), "").height == 1
    with pytest.raises(PartError, match="the column «text» appears twice"):
        _read(written([first_column, second_column], ["text", "text"]), "")
    [breach] = examine_module.examine(_source(""), str(tmp_path)).breaches
    assert "the column «text» appears twice" in str(breach.problem)
    frame = _read(written([first_column, struct], ["text", "meta"]), '[collect.columns]\ncreators = "meta.autor"')
    assert frame["drop_reason"].to_list() == ["unreadable:damaged file"]


@pytest.mark.parametrize("empty", [None, "", "  ", []])
def test_a_required_column_is_empty_in_no_record(tmp_path: Path, empty: Any) -> None:
    """The error names the first record in which the column is empty or missing."""
    rows: list[dict[str, Any]] = [{"text": "La barca.", "autora": "Ana Paz"}, {"text": "El río.", "autora": empty}]
    (tmp_path / "r.jsonl").write_bytes(_lines(rows))
    with pytest.raises(PartError, match=r"r\.jsonl: «autora» is empty in record 2, and `required` names it"):
        _read(tmp_path / "r.jsonl", '[collect]\nrequired = ["autora"]')
    (tmp_path / "r.jsonl").write_bytes(_lines([{"text": "El río."}, rows[0]]))
    with pytest.raises(PartError, match=r"«autora» is empty in record 1"):
        _read(tmp_path / "r.jsonl", '[collect]\nrequired = ["autora"]', rows=1)


def test_a_value_of_a_unique_column_stands_once(tmp_path: Path) -> None:
    """The error names two records with one value; empty values are ignored."""
    rows = [{"text": "La barca.", "clave": key} for key in ("a", None, "b", None, "a")]
    (tmp_path / "r.jsonl").write_bytes(_lines(rows))
    with pytest.raises(
        PartError, match=r"«clave» has the same value in record 1 of r\.jsonl and in record 5 of r\.jsonl"
    ):
        _read(tmp_path / "r.jsonl", '[collect]\nunique = ["clave"]', rows=2)
    (tmp_path / "r.jsonl").write_bytes(_lines(rows[:4]))
    assert _read(tmp_path / "r.jsonl", '[collect]\nunique = ["clave"]').height == 4


@pytest.mark.parametrize(
    ("collect", "problem"),
    [
        ('[collect]\nformat = "html"\n[collect.columns]\ntitle = "titulo"', "read whole and have no column «titulo»"),
        ('[collect]\nformat = "warc"\n[collect.columns]\ntitle = "titulo"', "are pages and have no column «titulo»"),
        (
            '[collect]\nkind = "feeds"\ncolumns = { id = "guid" }\n[collect.feeds]\nstart = ["https://g.example/rss"]',
            "pages",
        ),
        ('[collect]\noptional = ["autoa"]\n[collect.columns]\ncreators = "autora"', "did you mean «autora»?"),
        ('[collect]\noptional = ["a"]\nrequired = ["a"]', "both required and optional"),
        ("[collect]\nmax_null_share = { text = 1.5 }", "max_null_share"),
    ],
)
def test_what_no_record_could_keep_is_refused_in_the_sources_file(collect: str, problem: str) -> None:
    """Columns for files without columns, and meaningless words, are refused before any record is read."""
    with pytest.raises(ConfigError) as reported:
        _source(collect)
    assert problem in str(reported.value)


def test_a_repository_may_name_what_its_records_say() -> None:
    """The columns that the harvester writes are known."""
    created = _source(
        '[collect]\nkind = "oai"\ncolumns = { contributor = "creators" }\n[collect.oai]\naddress = "https://r.example/oai"'
    )
    assert "rights" in created.collect.named


@pytest.fixture
def corpus(tmp_path: Path, small_recipe: SmallRecipe, small_source: SmallSource, command_line: CommandLine) -> Corpus:
    """A corpus of one source; a test sets its files and the lines in `[collect]`."""
    return Corpus(tmp_path, small_recipe("repair", release=""), small_source, command_line)


class Corpus:
    """A recipe in a folder with its source, and commands on them."""

    def __init__(self, room: Path, recipe: str, source: SmallSource, command: CommandLine) -> None:
        self.room, self.out, self.recipe = room, room / "salida", room / "receta.toml"
        self.source, self.inputs, self._command, self._source = room / "fuente.toml", room / "datos", command, source
        self.recipe.write_text(recipe)
        self.inputs.mkdir()

    def has(self, collect: str = "", **files: bytes) -> None:
        """Write the source with these lines, and these files: `a_csv` is `a.csv`."""
        self.source.write_text(self._source(collect))
        for name, data in files.items():
            (self.inputs / name.replace("_", ".")).write_bytes(data)

    def run_command(self, *command: str) -> tuple[int, str]:
        """Run a command with the source's records; return its exit code and output."""
        reported = self._command(*command, "--input", self.inputs)
        return reported.code, reported.out + reported.err

    def run(self, *more: str) -> tuple[int, str]:
        """Run the recipe; return the exit code and output."""
        return self.run_command("run", str(self.recipe), "--out", str(self.out), *more)

    @property
    def run_file(self) -> Any:
        """Return the record of the last run."""
        [results] = self.out.glob("runs/*/run.json")
        return json.loads(results.read_text())


def test_every_command_tells_a_wrong_column_before_anything_runs(corpus: Corpus) -> None:
    """All commands that read a source name the column, and nothing runs."""
    corpus.has('columns = { text = "contenido" }', a_csv=_csv([{"texto": "La barca.", "contenid": "El río."}]))
    for command in (
        ("check", str(corpus.recipe)),
        ("run", str(corpus.recipe), "--out", str(corpus.out), "--dry-run"),
        ("run", str(corpus.recipe), "--out", str(corpus.out)),
        ("sources", "check", str(corpus.source), "--lang", "es"),
        ("sources", "preview", str(corpus.source), "--lang", "pt"),
    ):
        code, output = corpus.run_command(*command)
        assert code == (1 if command[:2] == ("sources", "check") else 2)
        assert "«contenido»" in output or "“contenido”" in output
        assert "contenid»?" in output or "contenid”?" in output
    assert not (corpus.out / "work").exists()


@pytest.mark.parametrize("files", [{"a_txt": b"La barca."}, {"a_jsonl": _lines(ROWS), "README_md": b"Nota."}])
def test_files_whose_text_nobody_extracts_are_told_before_anything_runs(
    corpus: Corpus, files: dict[str, bytes], small_recipe: SmallRecipe
) -> None:
    """A note next to records is refused, too; a recipe with `extract` reads all files."""
    corpus.has('columns = { text = "es" }', **files)
    for command in ("check", "run", "run --dry-run"):
        name, *more = command.split()
        code, output = corpus.run_command(
            name, str(corpus.recipe), *(["--out", str(corpus.out), *more] if name == "run" else [])
        )
        assert (code, f"the text of «{list(files)[-1].replace('_', '.')}»" in output) == (2, True)
    assert not (corpus.out / "work").exists()
    corpus.recipe.write_text(small_recipe("extract", "repair", release=""))
    assert corpus.run_command("check", str(corpus.recipe))[0] == 0


def test_a_file_of_no_known_format_needs_no_stage(corpus: Corpus) -> None:
    """It is dropped, and the other files are kept."""
    corpus.has('columns = { text = "es" }', a_jsonl=_lines(ROWS), SUMAS=b"d41d8cd9  a.jsonl\n")
    assert corpus.run_command("check", str(corpus.recipe))[0] == 0
    assert corpus.run()[0] == 0
    assert (corpus.run_file["rows"]["kept"], corpus.run_file["rows"]["in"]) == (4, 5)


def test_check_with_records_says_what_it_looked_at(corpus: Corpus) -> None:
    """It prints how many records of a valid source were read; `--json` adds where columns come from."""
    corpus.has('columns = { text = "es" }', a_csv=_csv(ROWS))
    code, output = corpus.run_command("check", str(corpus.recipe))
    assert (code, "4 records of 1 of 1 file" in output) == (0, True)
    reported = json.loads(corpus.run_command("check", str(corpus.recipe), "--json")[1])
    assert reported["inputs"][0]["mapping"] == [
        {"source": "fuente", "column": "text", "from": "es", "records": 4, "filled": 4}
    ]


def test_check_says_which_files_only_a_run_reads(corpus: Corpus, small_recipe: SmallRecipe) -> None:
    """It doesn't count records of web pages, whose texts it doesn't extract."""
    corpus.recipe.write_text(small_recipe("extract"))
    corpus.has("", a_html="<p>La barca salió.</p>".encode())
    code, output = corpus.run_command("check", str(corpus.recipe))
    assert (code, "1 file, whose texts only a run reads" in output, "0 records" in output) == (0, True, False)


def test_a_column_that_a_later_file_lacks_fails_its_part(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run continues, exits with 1 and makes no release; the output and the record name file, column and remedy."""
    monkeypatch.setattr(examine_module, "_FILES", 1)
    corpus.has(
        'columns = { text = "texto" }',
        a_csv=_csv([{"texto": "La barca salió."}]),
        b_csv=_csv([{"textos": "El río creció."}]),
    )
    code, output = corpus.run()
    assert code == 1
    assert "b.csv: there is no column «texto», which collect.columns.text names; did you mean «textos»?" in output
    [failed] = [part["failed"] for part in corpus.run_file["parts"] if part["failed"]]
    assert "b.csv" in failed
    assert not (corpus.out / "store").exists()
    corpus.has('columns = { text = "texto" }', b_csv=_csv([{"texto": "El río creció."}]))
    assert corpus.run()[0] == 0


@pytest.mark.parametrize(
    ("collect", "message"),
    [
        ('required = ["autora"]', "«autora» is empty in record 3"),
        ('unique = ["clave"]', "«clave» has the same value in record 1 of a.jsonl and in record 1 of b.jsonl"),
        ("max_null_share = { autora = 0.1 }", "«autora» is empty in 1 of 7 records (14.3 %)"),
        ('columns = { text = "nada" }', "«nada» has no text in any of 7 records"),
    ],
)
def test_what_the_first_records_do_not_show_ends_the_run(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, collect: str, message: str
) -> None:
    """A promise broken in a later record, or by all records together, makes no release; exit code 1."""
    monkeypatch.setattr(examine_module, "_DOCUMENTS", 2)
    monkeypatch.setattr(examine_module, "_FILES", 1)
    rows = [{"text": f"La barca {n}.", "nada": None, "autora": "Ana Paz", "clave": f"c{n}"} for n in range(6)]
    rows[2]["autora"] = ""
    corpus.has(collect, a_jsonl=_lines(rows), b_jsonl=_lines([rows[0]]))
    code, output = corpus.run()
    assert code == 1
    assert message in output
    assert not (corpus.out / "store").exists()
    # With all records read, the same is reported before anything runs.
    monkeypatch.undo()
    code, output = corpus.run("--dry-run")
    assert code == 2
    assert message in output


def test_a_share_that_is_allowed_passes(corpus: Corpus) -> None:
    """One in seven is less than a fifth."""
    rows = [{"text": f"La barca {n}.", "autora": None if n == 3 else "Ana Paz"} for n in range(7)]
    corpus.has("max_null_share = { autora = 0.2 }", a_jsonl=_lines(rows))
    assert corpus.run()[0] == 0


def test_what_a_few_records_make_likely_is_a_doubt(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """A share in the first records is reported as a doubt and stops nothing."""
    monkeypatch.setattr(examine_module, "_DOCUMENTS", 2)
    rows = [{"text": f"La barca {n}.", "autora": None if n == 0 else "Ana Paz"} for n in range(7)]
    corpus.has("max_null_share = { autora = 0.2 }", a_jsonl=_lines(rows))
    code, output = corpus.run()
    assert code == 0
    assert "warning  input of fuente: «autora» is empty in 1 of 2 records (50 %)" in output


def test_a_field_that_the_first_records_lack_needs_the_sources_word(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A field that the first records of a long file lack is an error unless the source names it as optional."""
    monkeypatch.setattr(examine_module, "_DOCUMENTS", 2)
    rows = [{"text": f"La barca {n}.", "autora": "Ana Paz"} if n > 3 else {"text": f"La barca {n}."} for n in range(7)]
    corpus.has('columns = { creators = "autora" }', a_jsonl=_lines(rows))
    code, output = corpus.run()
    assert code == 2
    assert "no record that was read has «autora»" in output
    corpus.has('columns = { creators = "autora" }\noptional = ["autora"]')
    assert corpus.run()[0] == 0


def test_a_column_that_no_record_fills_is_told(corpus: Corpus) -> None:
    """A date that isn't one passes, and is reported once on the terminal, and in `run.json`, with values."""
    rows = [{"text": f"La barca {n}.", "fecha": f"{n + 1} de mayo de 1910"} for n in range(3)]
    corpus.has('columns = { published = "fecha", country = { path = "^(XX)" } }', a_csv=_csv(rows))
    code, output = corpus.run()
    assert code == 0
    assert output.count("input of fuente: 3 values of «fecha» aren't understood as «published»") == 1
    assert "such as «1 de mayo de 1910», «2 de mayo de 1910», «3 de mayo de 1910», and their documents are" in output
    assert "processed without them" in output
    assert "no «country» in any of 3 records; it is taken from «path»" in output
    reported = {entry["column"]: entry for entry in corpus.run_file["mapping"]}
    assert reported["published"] == {
        "source": "fuente",
        "column": "published",
        "from": "fecha",
        "records": 3,
        "filled": 0,
        "unread": 3,
        "examples": [f"{n} de mayo de 1910" for n in (1, 2, 3)],
    }
    ledger = pl.read_parquet([*corpus.out.glob("runs/*/ledger/*.parquet")]).filter(stage="collect", verdict="changed")
    assert '{"unread": {"published": "1 de mayo de 1910"}}' in ledger["evidence"].to_list()
    assert reported["text"]["filled"] == 3


def test_a_column_of_files_that_are_read_whole_is_told(corpus: Corpus) -> None:
    """Texts have no columns; if there are tables next to them, the tables' columns may be meant."""
    corpus.has('columns = { title = "titulo" }', a_txt=b"La barca.")
    code, output = corpus.run_command("sources", "check", str(corpus.source), "--lang", "en")
    assert code == 1
    assert "there is no column «titulo», which collect.columns.title names; these files are read whole" in output
    corpus.has('columns = { title = "titulo" }', b_csv=_csv([{"text": "El río.", "titulo": "Río"}]))
    assert corpus.run_command("sources", "check", str(corpus.source))[0] == 0


def test_a_pattern_that_no_file_matches_is_a_doubt(corpus: Corpus) -> None:
    """A misspelt folder is reported with existing ones; a compression suffix matches too."""
    corpus.has('files = ["**/*.txt", "cuentos/*.md", "**/*.txt.gz"]', a_txt=b"La barca.")
    code, output = corpus.run_command("sources", "check", str(corpus.source), "--lang", "en")
    assert code == 0
    assert "no file matches «cuentos/*.md», which collect.files names" in output
    assert "txt.gz" not in output


def test_case_of_a_suffix_doesnt_count_and_other_kinds_are_told(corpus: Corpus) -> None:
    """A suffix in capitals matches; if patterns name kinds, files of other kinds are counted by kind."""
    folder = corpus.inputs
    corpus.has('files = ["**/*.jsonl"]', a_jsonl=_lines([{"text": "La barca salió."}]))
    (folder / "B.JSONL").write_bytes(_lines([{"text": "El río creció."}]))
    for name in ("acta.PDF", "nota.pdf", "LEAME", ".oculto.pdf"):
        (folder / name).write_text("x", encoding="utf-8")
    code, output = corpus.run("--dry-run")
    assert code == 0
    assert "3 files aren't of the kinds in collect.files, and aren't read: .pdf (2), LEAME (1)" in output
    assert corpus.run()[0] == 0
    assert corpus.run_file["rows"]["in"] == 2
    for chosen in ("a.jsonl", "B*/**/*.jsonl", "a*.jsonl"):
        corpus.has(f'files = ["a.jsonl", "{chosen}"]')
        assert "aren't of the kinds" not in corpus.run("--dry-run")[1]


def test_what_lies_beside_texts_for_the_toolkit_is_no_file_left_out(corpus: Corpus) -> None:
    """The source's file, a recipe and the source's lists of persons aren't counted."""
    corpus.has('files = ["**/*.jsonl"]\n[consent]\nthird_persons = "nombres.txt"', a_jsonl=_lines([{"text": "Sí."}]))
    (corpus.room / "nombres.txt").write_text("José Núñez\n", encoding="utf-8")
    for name in ("nombres.txt", "fuente.toml", "receta-es.TOML"):
        (corpus.inputs / name).write_text("x = 1", encoding="utf-8")
    code, output = corpus.run("--dry-run")
    assert (code, "aren't of the kinds" in output) == (0, False), output


@pytest.mark.parametrize("language", ["es", "pt"])
def test_whatever_is_told_of_columns_is_said_in_the_readers_language(corpus: Corpus, language: str) -> None:
    """Each sentence differs from the English one."""
    cases = {
        'columns = { text = "texto" }': _csv([{"textos": "La barca."}]),
        'columns = { text = "cuerpo" }': _csv([{"es": "La barca."}]),
        "": _csv([{"es": "La barca."}]),
        'columns = { creators = "autora" }': _csv([{"text": "La barca.", "x": "1"}]),
        "form = 'prose'": b"text,text\nLa barca.,El agua.\n",
        'required = ["autora"]': _csv([{"text": "La barca.", "autora": ""}]),
        'unique = ["k"]': _csv([{"text": "La barca.", "k": k} for k in ("a", "a", "b", "b")]),
        "max_null_share = { k = 0.0 }": _csv([{"text": "La barca.", "k": ""}, {"text": "El agua.", "k": "b"}]),
        "group_rows = 5": _csv([{"text": ""}]),
        'columns = { id = "k" }': _csv([{"k": "a", "text": "La barca."}, {"k": "a", "text": "El agua."}]),
        'columns = { id = false, url = "k" }': _csv(
            [{"k": "https://g.cl/a", "text": text} for text in ("Uno.", "Dos.")]
        ),
    }
    lines = {'columns = { creators = "autora" }': {"text": "La barca."}, "": {"es": "La barca."}}
    files = [*((collect, "a_csv", data) for collect, data in cases.items())]
    files += [(collect, "a_jsonl", _lines([row])) for collect, row in lines.items()]
    for collect, name, data in files:
        for old in corpus.inputs.iterdir():
            old.unlink()
        corpus.has(collect, **{name: data})
        [translated, english] = [_wrong(corpus, spoken) for spoken in (language, "en")]
        assert english
        assert len(translated) == len(english)
        for sentence, english_sentence in zip(translated, english, strict=True):
            assert sentence != english_sentence


def _wrong(corpus: Corpus, language: str) -> list[str]:
    """Return the mistakes that `sources check` reports, a part of a sentence each."""
    report = json.loads(corpus.run_command("sources", "check", str(corpus.source), "--lang", language, "--json")[1])
    results = [finding for finding in report[0]["findings"] if finding["wrong"]]
    return [part for finding in results for key in ("problem", "remedy") for part in finding[key].split("; ")]


def _old(path: Path, seconds: int) -> None:
    os.utime(path, (seconds, seconds))


def _superseded(corpus: Corpus) -> int:
    return sum(corpus.run_file["stages"]["supersede"]["dropped"].values())


def test_records_under_one_id_with_different_texts_end_the_run(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong id column is reported with the first ids and a remedy, in the first records or after them."""
    rows = [{"autor": "Anónimo", "text": f"Poema número {n}: la luna y el agua."} for n in range(71)]
    corpus.has('columns = { id = "autor" }', a_csv=_csv(rows))
    code, output = corpus.run()
    assert code == 2
    assert "ids with different texts: 1, such as «Anónimo» in a.csv (71 times); name a column that tells" in output
    monkeypatch.setattr(examine_module, "_DOCUMENTS", 1)
    code, output = corpus.run()
    assert code == 1
    assert "«Anónimo» in a.csv (71 times)" in output
    assert not (corpus.out / "store").exists()


def test_files_whose_names_are_spelled_alike_are_told_by_name(corpus: Corpus) -> None:
    """A copied disk may have a name in both Unicode spellings; no column could distinguish them."""
    corpus.has("")
    (corpus.inputs / unicodedata.normalize("NFC", "Ñandú.txt")).write_text("La barca.", encoding="utf-8")
    (corpus.inputs / unicodedata.normalize("NFD", "Ñandú.txt")).write_text("El río.", encoding="utf-8")
    code, output = corpus.run()
    assert code == 2
    assert "names that differ only by how accents are encoded, with different texts: 1, such as Ñandú.txt (2" in output
    assert "give one of the files another name, or leave it out" in output
    assert "column" not in output


def test_the_time_of_a_file_makes_no_versions_of_its_records(corpus: Corpus) -> None:
    """Equal ids in several files are reported; if the source declares versions, the last file's row is kept."""
    files = {f"{name}_csv": _csv([{"id": "1", "text": f"El río {name}."}]) for name in "abcdef"}
    corpus.has("", **files)
    _old(corpus.inputs / "f.csv", 1_000_000_000)
    code, output = corpus.run()
    assert code == 2
    assert "«1» in a.csv and b.csv (6 times)" in output
    corpus.has("versions = true")
    assert corpus.run()[0] == 0
    assert _superseded(corpus) == 5
    [kept_folder] = corpus.out.glob("runs/*/kept")
    assert pl.read_parquet(kept_folder)["text"].to_list() == ["El río f."]


@pytest.mark.parametrize("column", ["obtained", "visto"])
def test_records_that_say_when_they_were_obtained_are_versions(corpus: Corpus, column: str) -> None:
    """The latest is kept; two with one time can't be ordered and are reported."""
    collect = "" if column == "obtained" else f'columns = {{ obtained = "{column}" }}'
    rows = [{"id": "1", "text": f"Nota {day}.", column: f"2024-05-0{day}T00:00:00Z"} for day in (3, 9, 1)]
    corpus.has(collect, a_jsonl=_lines(rows))
    assert corpus.run()[0] == 0
    assert _superseded(corpus) == 2
    [kept_folder] = corpus.out.glob("runs/*/kept")
    assert pl.read_parquet(kept_folder)["text"].to_list() == ["Nota 9."]
    corpus.has(collect, a_jsonl=_lines([*rows, {**rows[0], "text": "Otra nota."}]))
    code, output = corpus.run()
    assert code == 2
    assert "«1» in a.jsonl (2 times)" in output


def test_one_text_twice_under_one_id_is_superseded(corpus: Corpus) -> None:
    """A repeated record is one document, and its copy is counted as superseded."""
    corpus.has("", a_csv=_csv([{"id": "1", "text": "La barca."}]), b_csv=_csv([{"id": "1", "text": "La barca."}]))
    assert corpus.run()[0] == 0
    assert _superseded(corpus) == 1


def test_texts_under_one_address_may_be_joined(corpus: Corpus) -> None:
    """Paragraphs of a page, one per row, are reported; the suggested remedy works."""
    rows = [{"url": "https://g.cl/a", "text": f"Párrafo {n}."} for n in range(3)]
    corpus.has("", a_csv=_csv(rows))
    code, output = corpus.run()
    assert code == 2
    assert "addresses with different texts: 1, such as «https://g.cl/a» in a.csv (3 times)" in output
    assert 'join them (group = ["…"])' in output
    corpus.has('group = ["url"]')
    assert corpus.run()[0] == 0


def test_a_source_is_in_a_recipe_once(corpus: Corpus) -> None:
    """Two files with one id, or one source twice, are reported with both names; so is a repeated --input."""
    corpus.has("", a_csv=_csv([{"text": "La barca."}]))
    (corpus.room / "otra.toml").write_text(corpus.source.read_text())
    text = corpus.recipe.read_text()
    corpus.recipe.write_text(text.replace('["fuente.toml"]', '["fuente.toml", "otra.toml"]'))
    code, output = corpus.run()
    assert code == 2
    assert "two sources have the id «fuente»: «fuente.toml» and «otra.toml»" in output
    corpus.recipe.write_text(text)
    code, output = corpus.run("--input", f"fuente={corpus.room}")
    assert code == 2
    assert "«fuente» is given twice" in output


def test_two_source_files_with_one_id_are_told(corpus: Corpus, command_line: CommandLine) -> None:
    """`sources check` reports two files with one id, and an id that the catalogue has."""
    corpus.has()
    second_source = corpus.room / "otra.toml"
    second_source.write_text(corpus.source.read_text())
    result = command_line("sources", "check", corpus.source, second_source, "--lang", "es")
    assert result.code == 1
    assert f"«fuente» es también el id de {corpus.source}" in result.out.replace("\n", "")
    second_source.write_text(corpus.source.read_text().replace('"fuente"', '"conha19"'))
    result = command_line("sources", "check", second_source, "--lang", "pt")
    assert result.code == 0
    assert "o catálogo já tem uma fonte com esse id" in result.out


@pytest.mark.parametrize(
    ("file", "member", "is_reported"),
    [
        ("a.warc.gz", "4", False),
        ("a.wacz", "archive/data.warc.gz#4", False),
        ("cajas.zip", "b.warc#4", False),
        ("a.csv", "4", True),
        ("cajas.zip", "b.csv#4", True),
    ],
)
def test_captures_of_one_moment_are_no_matter(file: str, member: str, is_reported: bool) -> None:
    """A page that was fetched twice in a second may differ by a counter; two rows of a table may not."""
    row = {"doc_id": "d", "source_id": "s", "url": "https://g.cl/a", "obtained": datetime(2024, 5, 1, tzinfo=UTC)}
    origins = [{"file": file, "member": member, "offset": None, "digest": digest} for digest in ("x", "y")]
    rows = pl.DataFrame([{**row, "origin": origin} for origin in origins])
    assert bool(list(unlike(rows, ["s"], []))) is is_reported
