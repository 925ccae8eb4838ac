"""`latam-corpus release …` and `pull` as people type them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.testing import CliRunner

from latam_corpus.cli.release import command_line
from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

RECIPE = {"name": "puerto", "admit": ["open"], "uses": ["train"], "split": {"validation": 0.0, "test": 0.0}}


def run(out: Path, *arguments: str, code: int = 0) -> str:
    """What a command prints; an error of ours is raised."""
    app = typer.Typer()
    app.add_typer(command_line.app, name="release")
    app.command("pull")(command_line.pull)
    result = CliRunner().invoke(app, [*arguments, "--out", str(out)])
    if isinstance(result.exception, Exception):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout


def test_a_release_is_built_listed_shown_compared_verified_and_pulled(
    tmp_path: Path, document: Any, kept_run: Any
) -> None:
    """The commands of a release, one after another, with terms from the recipe and runs named by their beginning."""
    out = tmp_path / "out"
    kept_run("cuentos-11112222", [document(n) for n in range(4)], release=RECIPE)
    kept_run("cuentos-33334444", [document(4), document(5, rights_tier="attribution")], release=RECIPE)
    assert "4 documents" in run(out, "release", "build", "puerto", "cuentos-1")
    second = run(out, "release", "build", "puerto", "cuentos-3", "--parent", "latest", "--json")
    assert json.loads(second)["documents"] == 5
    assert json.loads(second)["left_out"] == {"rights_tier=attribution": 1}
    assert "nothing has changed" in run(out, "release", "build", "puerto", "cuentos-3", "--parent", "latest")
    listed = json.loads(run(out, "release", "list", "--json"))
    versions = [row["version"] for row in listed]
    assert [row["latest"] for row in listed] == [False, True]
    assert versions[0] in run(out, "release", "list")
    shown = run(out, "release", "show", "puerto")
    assert "cuentos-33334444" in shown
    assert "Biblioteca del Puerto" in shown
    assert json.loads(run(out, "release", "show", f"puerto@{versions[0]}", "--json"))["version"] == versions[0]
    changes = json.loads(run(out, "release", "diff", f"puerto@{versions[0]}", "puerto", "--json"))["changes"]
    assert changes == [{"what": "added", "language": "spa_Latn", "reason": "new", "rows": 1}]
    assert "have the same documents" in run(out, "release", "diff", "puerto", "puerto")
    assert "whole" in run(out, "release", "verify", "puerto")
    pulled = run(out, "pull", "puerto", "--to", str(tmp_path / "corpus"), "--where", "country = 'CL'")
    assert "5 documents" in pulled
    assert "every byte verified" in pulled
    part = run(out, "pull", "puerto", "--to", str(tmp_path / "parte"), "--columns", "text")
    assert "agree with their checksums" in " ".join(part.split())
    assert "every byte" not in part
    assert (tmp_path / "corpus" / "corpus.lock").is_file()


def test_verify_says_what_is_damaged_and_fails(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """A damaged version is exit code 1, with the problems in words or as JSON."""
    out = tmp_path / "out"
    kept_run("cuentos-11112222", [document(n) for n in range(4)], release=RECIPE)
    run(out, "release", "build", "puerto", "cuentos")
    next((out / "store" / "objects").rglob("*.parquet")).write_bytes(b"PAR1")
    assert "the manifest says" in run(out, "release", "verify", "puerto", code=1)
    told = json.loads(run(out, "release", "verify", "puerto", "--json", code=1))
    assert (told["whole"], len(told["problems"])) == (False, 1)


def test_what_is_typed_wrong_is_told(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Runs, releases and terms that aren't there or don't agree are the user's error, with what there is."""
    out = tmp_path / "out"
    kept_run("cuentos-11112222", [document(1)], release=RECIPE)
    kept_run("cuentos-33334444", [document(2)], release=RECIPE | {"admit": ["open", "attribution"]})
    kept_run("prensa-55556666", [document(3)])
    for arguments, told in (
        (["build", "puerto", "cuent"], "the names of 2 runs begin like this"),
        (["build", "puerto", "cuento-11112222"], "did you mean «cuentos-11112222»"),
        (["build", "puerto", "cuentos-1", "cuentos-3"], "the runs' recipes disagree"),
        (["build", "puerto", "prensa"], "pass --admit"),
        (["build", "puerto", "cuentos-1", "--parent", "2026.1.0"], "there is no release «puerto»"),
        (["build", "puerto"], "no run or version to build it from"),
        (["build", "./puerto", "cuentos-1"], "can't be a release's name"),
        (["show", "puerto"], "there is no release «puerto»"),
        (["list", "--store", "zzz://x"], "Protocol not known"),
    ):
        with pytest.raises(ConfigError, match=told):
            run(out, "release", *arguments)
    assert "no release in" in run(out, "release", "list")


def test_given_terms_stand_over_the_recipes(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """`--admit` and `--uses` decide where the runs' recipes say nothing or disagree."""
    out = tmp_path / "out"
    kept_run("prensa-55556666", [document(3), document(4, rights_tier="permission")])
    terms = ["--admit", "open", "--admit", "permission", "--uses", "train"]
    assert "2 documents" in run(out, "release", "build", "puerto", "prensa", *terms)
