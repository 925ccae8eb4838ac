"""`latam-corpus sample`: the same documents for the same seed, redacted, and only those that may be shown."""

from __future__ import annotations

import json
import random
import zipfile
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from built_versions import build

from latam_corpus.report.sample_page import draw

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, Document, KeptRun, SealRun


def test_which_are_drawn_depends_on_the_documents_alone() -> None:
    """Order and frames don't matter; a larger sample contains the smaller; another seed draws others."""
    rows = [{"doc_id": f"{n:03d}", "genre": "news" if n % 3 else "lyrics", "country": None} for n in range(60)]
    mixed = rows.copy()
    random.Random(5).shuffle(mixed)
    whole = draw([pl.DataFrame(rows)], ["genre", "country"], 4, 1)
    cut = draw([pl.DataFrame(mixed[i : i + 7]) for i in range(0, 60, 7)], ["genre", "country"], 4, 1)
    assert whole.rows() == cut.rows()
    assert whole["genre"].to_list() == ["lyrics"] * 4 + ["news"] * 4
    more = draw([pl.DataFrame(rows)], ["genre"], 9, 1)
    assert set(whole["doc_id"]) < set(more["doc_id"])
    assert set(draw([pl.DataFrame(rows)], ["genre"], 4, 2)["doc_id"]) != set(whole["doc_id"])
    assert draw([pl.DataFrame(rows)], [], 5, 1).height == 5


@pytest.fixture
def run(document: Document, kept_run: KeptRun, seal_run: SealRun) -> Path:
    """A run of 12 documents that may be shown and 3 that may not, one of them until its embargo ends."""
    documents = [document(n, text=f"Cuento {n}. Escriba a rosa@ejemplo.org", title=f"=SUMA({n})") for n in range(12)]
    documents += [document(12, uses=["train"]), document(13, rights_tier="unknown")]
    documents += [document(14, embargo_until=date(2999, 1, 1))]
    for n, row in enumerate(documents):
        row["country"] = "CL" if n % 2 else "MX"
    folder = kept_run("cuentos-1a2b3c4d", documents)
    fallen = (
        pl.read_parquet(folder / "kept" / "*.parquet")
        .head(1)
        .with_columns(pl.lit("word_count<20").alias("drop_reason"))
    )
    (folder / "dropped").mkdir()
    fallen.write_parquet(folder / "dropped" / "parte-00000-0.parquet")
    seal_run(folder)
    return folder


def test_drawn_texts_do_not_keep_the_others_in_memory() -> None:
    """Polars' views of strings would keep the buffers of all texts."""
    frames = (
        pl.DataFrame({"doc_id": [f"{part}-{n}" for n in range(100)], "text": ["palabra " * 1000] * 100})
        for part in range(10)
    )
    drawn = draw(frames, [], 10, 1)
    buffers = drawn["text"].to_arrow(compat_level=pl.CompatLevel.newest()).buffers()
    assert sum(buffer.size for buffer in buffers if buffer) < 2 * drawn.estimated_size()


def test_only_what_may_be_shown_is_drawn_and_redacted(run: Path, command_line: CommandLine, tmp_path: Path) -> None:
    """`--internal` draws from all and marks each line."""
    out = ("--out", tmp_path / "out")
    rows = command_line("sample", "cuentos", "--n", "50", "--json", *out).json
    assert len(rows) == 12
    assert all("rosa@" not in row["text"] and "[EMAIL]" in row["text"] for row in rows)
    result = command_line("sample", run, "--n", "50", "--to", tmp_path / "s.jsonl", *out)
    assert "3 more were left out" in result.out
    command_line("sample", run, "--n", "50", "--internal", "--to", tmp_path / "s.jsonl", *out)
    lines = [json.loads(line) for line in (tmp_path / "s.jsonl").read_text().splitlines()]
    assert len(lines) == 15
    assert all(line["internal"] for line in lines)


def test_each_group_gives_its_share(run: Path, command_line: CommandLine, tmp_path: Path) -> None:
    """`--by` draws two documents of each country, and `--set-aside` dropped ones with their reasons."""
    out = ("--out", tmp_path / "out")
    rows = command_line("sample", run, "--by", "country", "--n", "2", "--json", *out).json
    assert [row["country"] for row in rows] == ["CL", "CL", "MX", "MX"]
    [fallen] = command_line("sample", run, "--set-aside", "--json", *out).json
    assert fallen["drop_reason"] == "word_count<20"


def test_a_release_gives_a_sample_too(
    tmp_path: Path, command_line: CommandLine, document: Document, kept_run: KeptRun
) -> None:
    """A release's name works, also if a run's name begins with it."""
    folder = kept_run("cuentos-9", [document(n) for n in range(5)])
    moment = datetime(2026, 11, 25, tzinfo=UTC)
    created = build("cuentos", [folder], tmp_path / "out" / "store", admit=["open"], uses=["train"], created=moment)
    for spec in ("cuentos", created.spec):
        rows = command_line("sample", spec, "--n", "3", "--json", "--out", tmp_path / "out").json
        assert len(rows) == 3
    ended = command_line("sample", created.spec, "--set-aside", "--out", tmp_path / "out")
    assert (ended.code, "name a run" in ended.err) == (2, True)


def test_a_name_of_a_recipe_and_a_release_means_the_run(run: Path, command_line: CommandLine, tmp_path: Path) -> None:
    """The name means the run; the release is `NAME@latest`, as a note says."""
    out, moment = ("--out", tmp_path / "out"), datetime(2026, 11, 25, tzinfo=UTC)
    created = build("cuentos", [run], tmp_path / "out" / "store", admit=["open"], uses=["train"], created=moment)
    result = command_line("sample", "cuentos", "--set-aside", "--json", *out)
    assert [row["drop_reason"] for row in result.json] == ["word_count<20"]
    assert "«cuentos» means the run here; the release of that name is cuentos@latest" in result.err
    assert command_line("report", "cuentos", "--json", *out).json == {"report": str(run / "report.html")}
    page = tmp_path / "out" / "reports" / f"{created.name}-{created.version}.html"
    result = command_line("report", created.spec, "--json", *out)
    assert (result.json, result.err) == ({"report": str(page)}, "")


def test_the_page_and_the_sheet_hold_the_texts_as_texts(run: Path, command_line: CommandLine, tmp_path: Path) -> None:
    """A title that begins with = isn't a formula, and the sheet offers a list of verdicts."""
    out = ("--out", tmp_path / "out")
    command_line("sample", run, "--by", "genre", "--to", tmp_path / "s.html", *out)
    page = (tmp_path / "s.html").read_text()
    assert "rosa@" not in page
    assert page.count("<article ") == 10
    pytest.importorskip("xlsxwriter")
    command_line("sample", run, "--to", tmp_path / "s.xlsx", "--in", "pt", *out)
    with zipfile.ZipFile(tmp_path / "s.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        strings = book.read("xl/sharedStrings.xml").decode()
    assert "<f>" not in sheet
    assert "=SUMA(" in strings
    assert "rosa@" not in strings
    assert '"bom,ruim,duvidoso"' in sheet


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["cuentos", "--by", "genero"], "did you mean «genre»?"),
        (["cuentos", "--by", "text"], "can't be grouped by «text»"),
        (["cuentos", "--to", "s.docx"], "a sample can't be written as «.docx»"),
        (["cuentos", "--to", "/proc/nada/s.html"], "it can't be written"),
        (["cuento-1"], "there is no such run or release"),
        (["puerto@2026.1.0"], "there is no release «puerto»"),
    ],
)
def test_what_is_wrong_is_a_sentence(
    run: Path, command_line: CommandLine, tmp_path: Path, more: list[Any], message: str
) -> None:
    """The exit code is 2, and the error names the closest name."""
    assert run.is_dir()
    ended = command_line("sample", *more, "--out", tmp_path / "out")
    assert ended.code == 2
    assert message in ended.err


def test_a_copy_stands_beside_the_one_kept_where_both_may_be_shown(
    document: Document, kept_run: KeptRun, seal_run: SealRun, command_line: CommandLine, tmp_path: Path
) -> None:
    """With the words that both have and those of each alone, redacted and as text; never next to a hidden one."""
    tale = "Cuando bajó el agua los del barrio salieron a buscar lo que la crecida se había llevado"
    kept_documents = [
        document(0, text=f"{tale} <i>ayer</i> rosa@ejemplo.org", title="La <b>campana</b>"),
        document(1, text=f"{tale} hoy", uses=["train"], title="Cerrada"),
        document(2, text=f"{tale} mañana", variant_of=document(0)["doc_id"]),
    ]
    folder = kept_run("copias-1a2b3c4d", kept_documents)
    copies = [document(n, text=f"{tale} anoche") | {"duplicate_of": kept_documents[n - 8]["doc_id"]} for n in (8, 9)]
    rows = kept_run("otras-1a2b3c4d", copies)
    (folder / "dropped").mkdir()
    fallen = pl.read_parquet(rows / "kept" / "*.parquet").with_columns(pl.lit("duplicate").alias("drop_reason"))
    fallen.write_parquet(folder / "dropped" / "parte-00000-0.parquet")
    seal_run(folder)
    page = tmp_path / "p.html"
    shown = command_line("sample", folder, "--set-aside", "--to", page, "--out", tmp_path / "out")
    assert shown.code == 0, shown.err
    reported = page.read_text()
    assert reported.count("Both have") == 1
    assert "Compared with “La &lt;b&gt;campana&lt;/b&gt;”" in reported
    assert "only in this one: </span>anoche</del>" in reported
    assert "only in the other: </span>&lt;i&gt;ayer&lt;/i&gt; [EMAIL]</ins>" in reported
    assert "Cerrada" not in reported
    command_line("sample", folder, "--set-aside", "--internal", "--to", page, "--out", tmp_path / "out")
    assert page.read_text().count("Both have") == 2
    command_line("sample", folder, "--to", page, "--out", tmp_path / "out")
    assert page.read_text().count("</span>mañana</del>") == 1
