"""`release diff` gives a reason for each change, from ledgers and from runs that still exist."""

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
    """Return two versions: of five documents, and of one after drops, a refusal and a superseded record."""
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
    versions_built = [
        command_line("release", "build", "puerto", run, "--out", out, "--json").json["version"]
        for run in ("cuentos-1", "cuentos-3")
    ]
    return f"puerto@{versions_built[0]}", f"puerto@{versions_built[1]}"


def _drop(seal_run: SealRun, run: Path, *rows: dict[str, Any]) -> None:
    folder = run / "dropped"
    folder.mkdir(exist_ok=True)
    frame = schema.conform(pl.DataFrame(list(rows), infer_schema_length=None), schema.DOCUMENT_SCHEMA)
    frame.write_parquet(folder / f"parte-{len(list(folder.iterdir()))}.parquet")
    seal_run(run)


def _reasons(command_line: CommandLine, out: Path, *specs: str) -> dict[tuple[str, str], int]:
    changes = command_line("release", "diff", *specs, "--out", out, "--json").json["changes"]
    return {(change["what"], change["reason"]): change["rows"] for change in changes}


def test_a_document_dropped_by_a_run_has_its_drop_reason(
    command_line: CommandLine, tmp_path: Path, versions: tuple[str, str]
) -> None:
    """Documents have the drop reason of their run, the refusal of the release, or no known reason."""
    assert _reasons(command_line, tmp_path / "out", *versions) == {
        ("removed", "extract:timeout"): 1,
        ("removed", "not among the runs"): 1,
        ("removed", "rights_tier=unknown"): 1,
        ("removed", "stop_word_count<2"): 1,
    }
    assert "stop_word_count<2" in command_line("release", "diff", *versions, "--out", tmp_path / "out").out


def test_an_added_document_has_the_former_drop_reason(
    command_line: CommandLine, tmp_path: Path, versions: tuple[str, str]
) -> None:
    """The reason of an added document is why the older version left it out."""
    reasons = _reasons(command_line, tmp_path / "out", *reversed(versions))
    assert reasons[("added", "was stop_word_count<2")] == 1
    assert reasons[("added", "new")] == 1


def test_reasons_come_from_versions_between_the_two(
    command_line: CommandLine, tmp_path: Path, versions: tuple[str, str], document: Document, kept_run: KeptRun
) -> None:
    """Documents left out by a version between the two have the reasons of that version."""
    out = tmp_path / "out"
    kept_run("cuentos-55556666", [document(9)], release=_RELEASE)
    third = command_line("release", "build", "puerto", "cuentos-5", "--parent", "latest", "--out", out, "--json").json
    reasons = _reasons(command_line, out, versions[0], f"puerto@{third['version']}")
    assert reasons == {
        ("added", "new"): 1,
        ("removed", "extract:timeout"): 1,
        ("removed", "not among the runs"): 1,
        ("removed", "rights_tier=unknown"): 1,
        ("removed", "stop_word_count<2"): 1,
    }


def test_failed_parts_are_mentioned_in_the_reason(
    command_line: CommandLine, tmp_path: Path, document: Document, kept_run: KeptRun, seal_run: SealRun
) -> None:
    """A document that the new run does not mention may have been in a failed part."""
    out = tmp_path / "out"
    kept_run("cuentos-1", [document(n) for n in range(3)], release=_RELEASE)
    second = kept_run("cuentos-2", [document(0)], release=_RELEASE)
    seal_run(second, parts=[{"name": "a", "failed": "Traceback"}])
    built = [
        command_line("release", "build", "puerto", run, "--out", out, "--json").json["version"]
        for run in ("cuentos-1", "cuentos-2")
    ]
    assert _reasons(command_line, out, *(f"puerto@{version}" for version in built)) == {
        ("removed", "not among the runs, of which 1 part failed"): 2
    }


def test_a_source_that_was_not_run_is_named(
    command_line: CommandLine, tmp_path: Path, document: Document, kept_run: KeptRun
) -> None:
    """Documents of a source that the new run did not include have that as their reason."""
    out = tmp_path / "out"
    kept_run("cuentos-1", [document(0), document(1), document(8, source_id="cantos")], release=_RELEASE)
    kept_run("cuentos-2", [document(0)], release=_RELEASE)
    built = [
        command_line("release", "build", "puerto", run, "--out", out, "--json").json["version"]
        for run in ("cuentos-1", "cuentos-2")
    ]
    assert _reasons(command_line, out, *(f"puerto@{version}" for version in built)) == {
        ("removed", "not among the runs"): 1,
        ("removed", "source not run: cantos"): 1,
    }


def test_a_deleted_run_is_named(command_line: CommandLine, tmp_path: Path, versions: tuple[str, str]) -> None:
    """If a run was deleted, the reason is unknown and names it; reasons from the ledger stay."""
    shutil.rmtree(tmp_path / "out" / "runs" / "cuentos-33334444")
    assert _reasons(command_line, tmp_path / "out", *versions) == {
        ("removed", "not known: the run cuentos-33334444 isn't here"): 3,
        ("removed", "rights_tier=unknown"): 1,
    }


def test_a_damaged_file_of_a_run_is_an_error(
    command_line: CommandLine, tmp_path: Path, versions: tuple[str, str]
) -> None:
    """The error names the damaged file, and the exit code is 1."""
    (tmp_path / "out" / "runs" / "cuentos-33334444" / "dropped" / "parte-0.parquet").write_bytes(b"PAR1")
    result = command_line("release", "diff", *versions, "--out", tmp_path / "out")
    assert (result.code, "parte-0.parquet" in result.err) == (1, True), result.err


def test_versions_older_than_a_column_can_be_compared(
    command_line: CommandLine, tmp_path: Path, versions: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column that is newer than both versions is null in both and changes no row."""
    reasons = _reasons(command_line, tmp_path / "out", *versions)
    later_schema = pl.Schema({**schema.RELEASE_SCHEMA, "added_later": pl.Int32()})
    monkeypatch.setattr(schema, "RELEASE_SCHEMA", later_schema)
    monkeypatch.setattr(module, "_OTHER_COLUMNS", ["added_later", "language"])
    assert _reasons(command_line, tmp_path / "out", *versions) == reasons


def test_a_duplicate_names_the_kept_document(
    command_line: CommandLine, tmp_path: Path, document: Document, kept_run: KeptRun, seal_run: SealRun
) -> None:
    """The reason names the kept document, whether the version or the run dropped the copy."""
    out = tmp_path / "out"
    first = document(0)
    kept_run("cuentos-11112222", [document(n) for n in range(4)], release=_RELEASE)
    documents = [first, document(1, text=first["text"], obtained=first["obtained"])]
    second = kept_run("cuentos-33334444", documents, release=_RELEASE)
    _drop(seal_run, second, {**document(2), "drop_reason": "duplicate", "duplicate_of": first["doc_id"]})
    for run in ("cuentos-1", "cuentos-3"):
        built = command_line("release", "build", "puerto", run, "--out", out, "--json").json
    [kept_id] = _released(out, built["version"])
    duplicates = {("removed", f"duplicate of {doc_id}"): n for doc_id, n in Counter([kept_id, first["doc_id"]]).items()}
    specs = (_first(command_line, out), "puerto")
    removed = {change: n for change, n in _reasons(command_line, out, *specs).items() if change[0] == "removed"}
    assert removed == duplicates | {("removed", "not among the runs"): 1}
    for language, words in (
        ("es", ("quitados", "repite el texto de otro (")),
        ("pt", ("removidos", "repete o texto de outro (")),
    ):
        output = " ".join(command_line("release", "diff", *specs, "--out", out, "--lang", language).out.split())
        assert [word for word in words if word not in output] == []
    [shard, *_] = sorted((out / "store" / "objects").rglob("*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    for language, damaged in (("es", "que indica el manifiesto"), ("pt", "que o manifesto indica")):
        verified = [command_line("release", "verify", spec, "--out", out, "--lang", language).out for spec in specs]
        assert any(damaged in output for output in verified)


def _released(out: Path, version: str) -> set[str]:
    rows = pl.read_parquet(out / "store" / "releases" / "puerto" / version / "ledger.parquet")
    return set(rows.filter(verdict="released")["doc_id"])


def _first(command_line: CommandLine, out: Path) -> str:
    versions = command_line("release", "list", "--out", out, "--json").json
    return f"puerto@{versions[0]['version']}"


def test_the_changelog_of_a_version_agrees_with_diff(
    command_line: CommandLine, tmp_path: Path, document: Document, kept_run: KeptRun, seal_run: SealRun
) -> None:
    """CHANGELOG.md has the reasons of `release diff`, compared with the parent if there is one."""
    out = tmp_path / "out"
    _drop(
        seal_run,
        kept_run("cuentos-11112222", [document(0)], release=_RELEASE),
        {**document(1), "drop_reason": "duplicate", "duplicate_of": document(0)["doc_id"]},
    )
    kept_run("cuentos-33334444", [document(1), document(2)], release=_RELEASE)
    command_line("release", "build", "puerto", "cuentos-1", "--out", out)
    second = command_line("release", "build", "puerto", "cuentos-3", "--parent", "latest", "--out", out, "--json").json
    changes = out / "store" / "releases" / "puerto" / second["version"] / "CHANGELOG.md"
    newest, oldest = changes.read_text(encoding="utf-8").split("## ")[1:]
    assert "1 documents, compared with no earlier version: 1 added" in oldest
    reasons = _reasons(command_line, out, f"puerto@{second['parent']}", f"puerto@{second['version']}")
    assert set(reasons) == {("added", "new"), ("added", f"was duplicate of {document(0)['doc_id']}")}
    for (what, reason), rows in reasons.items():
        assert f"| {what} | spa_Latn | `{reason}` | {rows} |" in newest
    (out / "runs" / "cuentos-11112222" / "dropped" / "parte-0.parquet").write_bytes(b"no")
    rebuilt = command_line("release", "build", "puerto", "cuentos-3", "--parent", second["parent"], "--out", out)
    assert rebuilt.code == 0, rebuilt.err
