"""Output to a terminal: words of a document, a file's name or the user can't control it, and none are hidden."""

from __future__ import annotations

import ast
import json
import os
import sys
import unicodedata
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import latam_corpus
from latam_corpus.cli.interface import show
from latam_corpus.text.display.terminal_text import visible, visible_json, visible_lines

if TYPE_CHECKING:
    from conftest import CommandLine, SmallRecipe

# A colour, a window's title, the same in one byte, a direction turned, a joiner, a new line that pretends, a picture's
# name and a style of the library that draws.
HOSTILE = (
    "La \x1b[31mbarca\x1b]0;x\x07 \x9b2J\u202e\u2066 pue\u200brto\r\nerror: nada\u2028"
    " :boat: [red]roja[/red] [/]\x00\x08\x7f"
)
SEEN = (
    r"La \x1b[31mbarca\x1b]0;x\x07 \x9b2J\u202e\u2066 pue\u200brto error: nada\u2028"
    r" :boat: [red]roja[/red] [/]\x00\x08\x7f"
)
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def hidden_in(text: str) -> set[str]:
    """Return the characters of a text that may control a terminal or be invisible, except line ends."""
    return {sign for sign in text if unicodedata.category(sign) in HIDDEN} - {"\n"}


@given(st.text(st.characters()))
def test_what_is_shown_hides_nothing_and_has_one_line(text: str) -> None:
    """Whatever a text holds, lone surrogates too; what can be seen stays as it is."""
    line = visible(text)
    assert not hidden_in(line)
    assert "\n" not in line
    assert not hidden_in(visible_lines(text))
    assert [sign for sign in text if sign.isprintable()] == [
        sign for sign in text if sign.isprintable() and sign in line
    ]
    line.encode()


@given(
    st.recursive(
        st.text(st.characters()) | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=5,
    )
)
def test_json_says_exactly_what_it_said_and_hides_nothing(value: Any) -> None:
    """Escaped, the data are the same; letters with accents stay letters."""
    text = visible_json(json.dumps(value, ensure_ascii=False, indent=1))
    assert json.loads(text) == value
    assert not hidden_in(text)
    assert visible_json('"año \U0001f6a4"') == '"año \U0001f6a4"'


def screen(**options: Any) -> tuple[Any, StringIO]:
    """A screen that writes into a string."""
    written = StringIO()
    return show._Screen(file=written, highlight=False, soft_wrap=True, **options), written  # noqa: SLF001


def test_a_string_is_one_line_without_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    """Printed, in a table's cell, head and title, and as an option to the contrary says."""
    console, written = screen()
    console.print(HOSTILE)
    console.print(HOSTILE, markup=True, emoji=True)
    assert written.getvalue() == f"{SEEN}\n{SEEN}\n"
    shown = StringIO()
    monkeypatch.setattr(show, "_WIDTH_OF_FILES", 400)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.stdout", shown)
        show.table(HOSTILE, [HOSTILE, "n#"], [(HOSTILE, 1)])
    assert shown.getvalue().count(SEEN) == 3
    assert len([line for line in shown.getvalue().splitlines() if line.strip()]) == 3
    assert not hidden_in(shown.getvalue())


def test_on_a_terminal_only_our_own_colours_are_obeyed() -> None:
    """Styles are set and reset around the words; the words bring none."""
    console, written = screen(force_terminal=True, color_system="standard")
    console.print(show.styled(("red", HOSTILE), HOSTILE))
    console.print(HOSTILE, style="bold")
    console.print(show.block(HOSTILE))
    text = written.getvalue()
    for code in ("\x1b[31m", "\x1b[0m", "\x1b[1m"):
        assert code in text
        text = text.replace(code, "")
    assert not hidden_in(text)


def test_a_block_keeps_its_lines() -> None:
    """All other control characters are replaced."""
    console, written = screen()
    console.print(show.block("uno\r\ndos\x1b[2J\n\ttres"))
    assert written.getvalue() == "uno\ndos\\x1b[2J\n    tres\n"


def test_only_the_screen_module_prints() -> None:
    """No other module of the package prints, echoes or draws."""
    package = Path(latam_corpus.__file__).parent
    for file in sorted(package.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        where = file.relative_to(package).as_posix()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [item.name for item in node.names]
                assert where == "cli/interface/show.py" or not any(name.split(".")[0] == "rich" for name in names), (
                    where
                )
            # The line of a notebook's progress is made visible where it is written, and a test of it holds that.
            if isinstance(node, ast.Call) and where not in {"cli/interface/show.py", "api/progress.py"}:
                called = ast.unparse(node.func)
                assert called not in {"print", "typer.echo", "typer.secho", "typer.confirm", "typer.prompt", "input"}, (
                    where
                )
                assert not called.endswith(("stdout.write", "stderr.write")), where


@pytest.fixture
def corpus(tmp_path: Path, small_recipe: SmallRecipe) -> Path:
    """Files of documents whose texts, titles, addresses and ids are hostile, as their names are, and a recipe."""
    files = tmp_path / "in"
    files.mkdir()
    quoted = json.dumps(HOSTILE)
    about = f'id = "fuente"\ntitle = {quoted}\nholder = {quoted}\nlanguages = ["spa"]\n'
    rights = '[rights]\nstatement = "CC0-1.0"\nbasis = "licence"\nuses = ["train", "redistribute"]\n'
    (tmp_path / "fuente.toml").write_text(f'{about}{rights}[collect]\nfiles = ["**/*"]\n', encoding="utf-8")
    rows = [
        {
            "id": f"{n} {HOSTILE}",
            "title": HOSTILE,
            "text": f"Cuento {n}: {HOSTILE}\nLa barca {n} salió del puerto antes del alba y volvió con la red vacía.",
            "creators": [HOSTILE],
            "url": f"https://a.example/{n}/{HOSTILE}",
            "country": "CL",
            "published": HOSTILE,
        }
        for n in range(4)
    ]
    rows.append(rows[0] | {"id": f"otra {HOSTILE}"})
    name = HOSTILE.replace("/", "").replace("\0", "")
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (files / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    Path(os.fsdecode(os.fsencode(files) + b"/\xff\x1b.jsonl")).write_text(
        lines.replace("Cuento", "Relato").replace('"id": "', '"id": "otro '), encoding="utf-8"
    )
    (files / f"rota {name}.jsonl").write_text("{", encoding="utf-8")
    (files / f"vieja {name}.html").write_text(f"<html><title>{HOSTILE}</title><p>{HOSTILE}</p>", encoding="utf-8")
    recipe = small_recipe(
        "extract",
        "repair",
        "identify",
        "measure",
        "dedupe near = false",
        release="split.test = 0.0\nsplit.validation = 0.0",
    )
    (tmp_path / "receta.toml").write_text(recipe.replace('"Prueba"', quoted), encoding="utf-8")
    return tmp_path


def ids(out: Path) -> list[str]:
    """The ids of the documents in the last run."""
    return sorted(pl.read_parquet(out / "runs" / "*" / "kept" / "*.parquet")["doc_id"].to_list())


def test_no_command_lets_a_word_through(
    corpus: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over a hostile corpus, and with hostile arguments, nothing but line ends is left on either stream."""
    monkeypatch.chdir(corpus)
    out, evil = corpus / "out", HOSTILE.replace("\0", "")
    common: list[str | Path] = ["--out", out]
    output = [command_line("run", corpus / "receta.toml", "--input", corpus / "in", "--engine", "in-process", *common)]
    matches = ids(out)
    run = next((out / "runs").iterdir()).name
    commands: list[list[str | Path]] = [
        ["check", corpus / "receta.toml"],
        ["run", corpus / "receta.toml", "--input", corpus / "in", "--dry-run", *common],
        ["explain", matches[0], *common],
        ["explain", "barca", *common],
        ["explain", evil, *common],
        ["runs", "list", *common],
        ["sample", run, *common, "--internal"],
        ["sample", run, *common, "--internal", "--set-aside"],
        ["measure", run, *common],
        ["compare", run, evil, *common],
        ["release", "list", *common],
        ["release", "show", "prueba", *common],
        ["release", "verify", "prueba", *common],
        ["release", "diff", "prueba", "prueba", *common],
        ["pull", "prueba", "--to", corpus / f"corpus {evil}".replace("/", ""), *common],
        ["pull", "prueba", "--to", corpus / "parte", "--where", f"title = '{evil}", *common],
        ["pull", "prueba", "--to", corpus / "parte", "--where", "title = 'nada\x1b[2J'", *common],
        ["pull", f"prueba@{evil}", "--to", corpus / "parte", *common],
        ["release", "build", evil, run, *common],
        ["release", "build", "prueba", run, "--version", evil, *common],
        ["release", "build", "prueba", run, "--accept-loss", evil, *common],
        ["release", "show", "prueba", "--store", f"{evil}://x"],
        ["sources", "check", corpus / "fuente.toml", f"{evil}.toml"],
        ["sources", "preview", corpus / "fuente.toml", "--input", corpus / "in", "--n", "4"],
        ["sources", "list", "--country", evil],
        ["sources", "inventory", *common],
        ["sources", "inventory", "fuente", *common],
        ["stage", evil, corpus / "in" / "x.jsonl", corpus / "y.jsonl"],
        ["stage", "repair", evil, corpus / "y.jsonl"],
        ["stage", "repair", next((corpus / "in").glob("La*.jsonl")), corpus / f"y {evil}.jsonl".replace("/", "")],
        ["list", "recipes"],
        [evil],
        ["release", evil],
        ["explain", f"--{evil}"],
        ["pull", "prueba"],
        ["run", f"{evil}.toml", *common],
        ["crawl", evil, *common],
    ]
    for arguments in commands:
        result = command_line(*arguments)
        assert result.code in (0, 1, 2), arguments
        assert result.out or result.err, arguments
        output.append(result)
        assert not hidden_in(result.out + result.err), (arguments, hidden_in(result.out + result.err), result)
        if (
            "--json" not in arguments
            and result.code == 0
            and arguments[0] in ("explain", "sample", "release", "runs", "measure")
        ):
            exact = command_line(*arguments, "--json")
            assert not hidden_in(exact.out + exact.err), arguments
            assert exact.json is not None
    assert any(SEEN in result.out for result in output)
    [story] = command_line("explain", matches[0], *common, "--json").json
    assert story["title"] == HOSTILE


def test_the_same_in_a_process_with_workers(corpus: Path, command_process: CommandLine) -> None:
    """Workers, and the libraries in them, write nothing by themselves."""
    result = command_process(
        "run",
        corpus / "receta.toml",
        "--input",
        corpus / "in",
        "--engine",
        "local",
        "--workers",
        "2",
        "--out",
        corpus / "out",
    )
    assert not hidden_in(result.out + result.err), result
    assert result.code in (0, 1)
    assert "documents in" in result.out


def test_a_screen_that_is_not_utf8_works(monkeypatch: pytest.MonkeyPatch, command_process: CommandLine) -> None:
    """Characters that it can't show are shown by their codes; JSON is unchanged."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    wrong = command_process("check", "ñandú.toml")
    assert (wrong.code, r"\xf1and\xfa.toml" in wrong.err) == (2, True)
    for encoding in ("ascii", "utf-8"):
        written = BytesIO()
        monkeypatch.setattr("sys.stdout", TextIOWrapper(written, encoding=encoding, errors="backslashreplace"))
        show.print_json({"año": HOSTILE, "barca": "\U0001f6a4"})
        sys.stdout.flush()
        assert json.loads(written.getvalue()) == {"año": HOSTILE, "barca": "\U0001f6a4"}
        assert not hidden_in(written.getvalue().decode())
    assert "año".encode() in written.getvalue()


@pytest.mark.parametrize(
    "raised",
    [
        OSError(28, "No space left on device"),
        RuntimeError("could not write: No space left on device (os error 28)"),
        OSError("1048576 requested and 38384 written"),
    ],
)
def test_a_full_disk_is_one_sentence_from_any_library(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch, raised: Exception
) -> None:
    """The sentence has problem and remedy, with exit code 1; other errors keep their own text."""

    def full(*_arguments: object) -> None:
        raise raised

    monkeypatch.setattr("latam_corpus.pipeline.stored_runs.history.history", full)
    result = command_line("runs", "list", "--lang", "es", "--out", "otra-salida")
    assert result.code == 1
    assert result.err.startswith("error: el disco: no queda espacio en el disco (")
    assert "otra-salida, " in result.err
    assert "; corrija eso, o indique otro lugar" in result.err


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (FileNotFoundError(2, "No such file or directory", "/datos/lista.txt"), "error: /datos/lista.txt: "),
        (OSError(28, "No space left on device"), "error: stage «dedupe»: No space left on device (disk of "),
        (MemoryError(), "error: memory: this process can't get more of it; give it more (on a cluster, with"),
    ],
)
def test_errors_of_a_barrier_name_the_file_or_the_stage(
    command_line: CommandLine,
    small_recipe: SmallRecipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    raised: Exception,
    told: str,
) -> None:
    """The error names the file if the system does, else the stage; a lack of memory is reported as such."""

    def fails(*_arguments: object) -> None:
        raise raised

    (tmp_path / "r.jsonl").write_text('{"id": "a", "text": "La barca salió."}\n', encoding="utf-8")
    (tmp_path / "r.toml").write_text(small_recipe("dedupe", source="./r.jsonl"), encoding="utf-8")
    monkeypatch.setattr("latam_corpus.dedupe.dedupe.Dedupe.decide", fails)
    monkeypatch.chdir(tmp_path)
    result = command_line("run", "r.toml", "--out", tmp_path / "out", "--lang", "en")
    assert result.code != 0
    assert told in result.err


def test_a_note_is_json_on_any_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under `--json`, also where a letter can't be shown."""
    written = BytesIO()
    monkeypatch.setattr("sys.argv", ["latam-corpus", "run", "--json"])
    monkeypatch.setattr("sys.stderr", TextIOWrapper(written, encoding="ascii", errors="backslashreplace"))
    show.note("está \U0001f6a4")
    sys.stderr.flush()
    assert json.loads(written.getvalue()) == {"event": "note", "text": "está \U0001f6a4"}


def test_every_hint_under_json_is_an_event(
    tmp_path: Path,
    small_recipe: SmallRecipe,
    command_line: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Those of a recipe, and whatever else is printed on standard error, as a sentence or as a styled text."""
    (tmp_path / "datos").mkdir()
    (tmp_path / "datos" / "a.jsonl").write_text('{"text": "La barca salió antes del alba."}\n')
    (tmp_path / "receta.toml").write_text(small_recipe("boilerplate", "redact", source=str(tmp_path / "datos")))
    words = ("run", tmp_path / "receta.toml", "--out", tmp_path / "out", "--no-report", "--json")
    events = [json.loads(line) for line in command_line(*words).err.splitlines()]
    assert [event for event in events if event["event"] == "note" and "put «redact» first" in event["text"]]
    monkeypatch.setattr(sys, "argv", ["latam-corpus", "--json"])
    capfd.readouterr()
    show.errors.print(show.styled(("red", "sin «red»")), markup=False)
    show.errors.print("dos\nlíneas")
    texts = [json.loads(line)["text"] for line in capfd.readouterr().err.splitlines()]
    assert texts == ["sin «red»", "dos\nlíneas"]
