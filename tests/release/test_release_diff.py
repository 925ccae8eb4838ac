"""`release diff` tells why a document came or went: from ledgers, from the runs that are still there, or not at all."""

from __future__ import annotations

import shutil
from collections import Counter
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus import schema
from latam_corpus.release.building import diff as module

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, Document, KeptRun, SealRun

_RELEASE = {"name": "puerto", "admit": ["open"], "uses": ["train"]}


@pytest.fixture
def versions(
    command_line: CommandLine, tmp_path: Path, document: Document, kept_run: KeptRun, seal_run: SealRun
) -> tuple[str, str]:
    """Two versions of five documents and of one: of the others one was dropped, one refused, one superseded first."""
    out = tmp_path / "out"
    kept_run("cuentos-11112222", [document(n) for n in range(5)], release=_RELEASE)
    second = kept_run("cuentos-33334444", [document(0), document(1, rights_tier="unknown")], release=_RELEASE)
    _drop(seal_run, second, {**document(2), "drop_reason": "stop_word_count<2"})
    _drop(
        seal_run,
        second,
        {**document(3), "drop_reason": "superseded"},
        {**document(3), "drop_reason": "extract:timeout"},
    )
    told = [
        command_line("release", "build", "puerto", run, "--out", out, "--json").json["version"]
        for run in ("cuentos-1", "cuentos-3")
    ]
    return f"puerto@{told[0]}", f"puerto@{told[1]}"


def _drop(seal_run: SealRun, run: Path, *rows: dict[str, Any]) -> None:
    folder = run / "dropped"
    folder.mkdir(exist_ok=True)
    frame = schema.conform(pl.DataFrame(list(rows), infer_schema_length=None), schema.DOCUMENT_SCHEMA)
    frame.write_parquet(folder / f"parte-{len(list(folder.iterdir()))}.parquet")
    seal_run(run)


def _reasons(command_line: CommandLine, out: Path, *specs: str) -> dict[tuple[str, str], int]:
    changes = command_line("release", "diff", *specs, "--out", out, "--json").json["changes"]
    return {(change["what"], change["reason"]): change["rows"] for change in changes}


def test_a_document_that_a_run_dropped_says_by_which_bound(
    command_line: CommandLine, tmp_path: Path, versions: tuple[str, str]
) -> None:
    """Beside those that the release refused, and the one of which the run never heard."""
    assert _reasons(command_line, tmp_path / "out", *versions) == {
        ("removed", "extract:timeout"): 1,
        ("removed", "not among the runs"): 1,
        ("removed", "rights_tier=unknown"): 1,
        ("removed", "stop_word_count<2"): 1,
    }
    assert "stop_word_count<2" in command_line("release", "diff", *versions, "--out", tmp_path / "out").out


def test_one_that_comes_back_says_why_it_was_out(
    command_line: CommandLine, tmp_path: Path, versions: tuple[str, str]
) -> None:
    """The older version's run is asked in the same way."""
    found = _reasons(command_line, tmp_path / "out", *reversed(versions))
    assert found[("added", "was stop_word_count<2")] == 1
    assert found[("added", "new")] == 1


def test_what_a_version_between_left_out_is_known(
    command_line: CommandLine, tmp_path: Path, versions: tuple[str, str], document: Document, kept_run: KeptRun
) -> None:
    """The newest is built upon the second: its own run says nothing of what the second's dropped and refused."""
    out = tmp_path / "out"
    kept_run("cuentos-55556666", [document(9)], release=_RELEASE)
    told = command_line("release", "build", "puerto", "cuentos-5", "--parent", "latest", "--out", out, "--json").json
    found = _reasons(command_line, out, versions[0], f"puerto@{told['version']}")
    assert found == {
        ("added", "new"): 1,
        ("removed", "extract:timeout"): 1,
        ("removed", "not among the runs"): 1,
        ("removed", "rights_tier=unknown"): 1,
        ("removed", "stop_word_count<2"): 1,
    }


def test_parts_that_failed_are_no_silence(
    command_line: CommandLine, tmp_path: Path, document: Document, kept_run: KeptRun, seal_run: SealRun
) -> None:
    """A document of which the new run says nothing may have been in them."""
    out = tmp_path / "out"
    kept_run("cuentos-1", [document(n) for n in range(3)], release=_RELEASE)
    second = kept_run("cuentos-2", [document(0)], release=_RELEASE)
    seal_run(second, parts=[{"name": "a", "failed": "Traceback"}])
    made = [
        command_line("release", "build", "puerto", run, "--out", out, "--json").json["version"]
        for run in ("cuentos-1", "cuentos-2")
    ]
    assert _reasons(command_line, out, *(f"puerto@{version}" for version in made)) == {
        ("removed", "not among the runs, of which 1 part failed"): 2
    }


def test_a_source_that_wasnt_run_is_named(
    command_line: CommandLine, tmp_path: Path, document: Document, kept_run: KeptRun
) -> None:
    """Beside a document of a source that was, of which the run says nothing."""
    out = tmp_path / "out"
    kept_run("cuentos-1", [document(0), document(1), document(8, source_id="cantos")], release=_RELEASE)
    kept_run("cuentos-2", [document(0)], release=_RELEASE)
    made = [
        command_line("release", "build", "puerto", run, "--out", out, "--json").json["version"]
        for run in ("cuentos-1", "cuentos-2")
    ]
    assert _reasons(command_line, out, *(f"puerto@{version}" for version in made)) == {
        ("removed", "not among the runs"): 1,
        ("removed", "source not run: cantos"): 1,
    }


def test_a_run_that_is_gone_is_named(command_line: CommandLine, tmp_path: Path, versions: tuple[str, str]) -> None:
    """Nothing is claimed of its documents; what the ledger knows is told as before."""
    shutil.rmtree(tmp_path / "out" / "runs" / "cuentos-33334444")
    assert _reasons(command_line, tmp_path / "out", *versions) == {
        ("removed", "not known: the run cuentos-33334444 isn't here"): 3,
        ("removed", "rights_tier=unknown"): 1,
    }


def test_a_damaged_file_of_a_run_is_one_sentence(
    command_line: CommandLine, tmp_path: Path, versions: tuple[str, str]
) -> None:
    """Exit code 1, and the file's name."""
    (tmp_path / "out" / "runs" / "cuentos-33334444" / "dropped" / "parte-0.parquet").write_bytes(b"PAR1")
    told = command_line("release", "diff", *versions, "--out", tmp_path / "out")
    assert (told.code, "parte-0.parquet" in told.err) == (1, True), told.err


def test_versions_from_before_a_column_can_be_compared(
    command_line: CommandLine, tmp_path: Path, versions: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column that the schema has since got is null in both, and no row has changed for it."""
    before = _reasons(command_line, tmp_path / "out", *versions)
    later = pl.Schema({**schema.RELEASE_SCHEMA, "added_later": pl.Int32()})
    monkeypatch.setattr(schema, "RELEASE_SCHEMA", later)
    monkeypatch.setattr(module, "_OTHER_COLUMNS", ["added_later", "language"])
    assert _reasons(command_line, tmp_path / "out", *versions) == before


def test_a_duplicate_names_what_is_kept(
    command_line: CommandLine, tmp_path: Path, document: Document, kept_run: KeptRun, seal_run: SealRun
) -> None:
    """Whether the version or its run set it aside; in Spanish and Portuguese too, as does `verify`."""
    out = tmp_path / "out"
    first = document(0)
    kept_run("cuentos-11112222", [document(n) for n in range(4)], release=_RELEASE)
    again = [first, document(1, text=first["text"], obtained=first["obtained"])]
    second = kept_run("cuentos-33334444", again, release=_RELEASE)
    _drop(seal_run, second, {**document(2), "drop_reason": "duplicate", "duplicate_of": first["doc_id"]})
    for run in ("cuentos-1", "cuentos-3"):
        made = command_line("release", "build", "puerto", run, "--out", out, "--json").json
    [kept] = _released(out, made["version"])
    fallen = {("removed", f"duplicate of {one}"): n for one, n in Counter([kept, first["doc_id"]]).items()}
    specs = (_first(command_line, out), "puerto")
    removed = {change: n for change, n in _reasons(command_line, out, *specs).items() if change[0] == "removed"}
    assert removed == fallen | {("removed", "not among the runs"): 1}
    for language, words in (
        ("es", ("quitados", "dice lo mismo que otro (")),
        ("pt", ("removidos", "diz o mesmo que outro (")),
    ):
        told = " ".join(command_line("release", "diff", *specs, "--out", out, "--lang", language).out.split())
        assert [word for word in words if word not in told] == []
    [shard, *_] = sorted((out / "store" / "objects").rglob("*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    for language, damaged in (("es", "que nombra el manifiesto"), ("pt", "que o manifesto nomeia")):
        verified = [command_line("release", "verify", spec, "--out", out, "--lang", language).out for spec in specs]
        assert any(damaged in one for one in verified)


def _released(out: Path, version: str) -> set[str]:
    rows = pl.read_parquet(out / "store" / "releases" / "puerto" / version / "ledger.parquet")
    return set(rows.filter(verdict="released")["doc_id"])


def _first(command_line: CommandLine, out: Path) -> str:
    versions = command_line("release", "list", "--out", out, "--json").json
    return f"puerto@{versions[0]['version']}"


def test_a_versions_changelog_tells_what_diff_does(
    command_line: CommandLine, tmp_path: Path, document: Document, kept_run: KeptRun, seal_run: SealRun
) -> None:
    """Of a copy that comes back, too, for which document it fell; a version without parent is compared with none."""
    out = tmp_path / "out"
    _drop(
        seal_run,
        kept_run("cuentos-11112222", [document(0)], release=_RELEASE),
        {**document(1), "drop_reason": "duplicate", "duplicate_of": document(0)["doc_id"]},
    )
    kept_run("cuentos-33334444", [document(1), document(2)], release=_RELEASE)
    command_line("release", "build", "puerto", "cuentos-1", "--out", out)
    told = command_line("release", "build", "puerto", "cuentos-3", "--parent", "latest", "--out", out, "--json").json
    changes = out / "store" / "releases" / "puerto" / told["version"] / "CHANGELOG.md"
    newest, oldest = changes.read_text(encoding="utf-8").split("## ")[1:]
    assert "1 documents, compared with no earlier version: 1 added" in oldest
    same = _reasons(command_line, out, f"puerto@{told['parent']}", f"puerto@{told['version']}")
    assert set(same) == {("added", "new"), ("added", f"was duplicate of {document(0)['doc_id']}")}
    for (what, reason), rows in same.items():
        assert f"| {what} | spa_Latn | `{reason}` | {rows} |" in newest
    (out / "runs" / "cuentos-11112222" / "dropped" / "parte-0.parquet").write_bytes(b"no")
    later = command_line("release", "build", "puerto", "cuentos-3", "--parent", told["parent"], "--out", out)
    assert later.code == 0, later.err
