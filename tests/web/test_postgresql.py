"""The desk on PostgreSQL: its tables, the log's chain, and a backup of SQLite restored into it."""

from __future__ import annotations

import importlib
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

server: Any = importlib.import_module("tests.benchmarks.desk_database")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(server.PROGRAMS is None, reason="PostgreSQL isn't here: apt install postgresql"),
]


@pytest.fixture
def database() -> Iterator[str]:
    """The URL of an empty database of a server of its own."""
    pytest.importorskip("psycopg")
    with server.new_database() as url:
        yield url


def test_a_backup_of_sqlite_is_restored_into_postgresql(tmp_path: Path, database: str) -> None:
    base = [sys.executable, "-m", "latam_corpus", "desk"]
    data, copy, archive = str(tmp_path / "desk"), str(tmp_path / "copia"), str(tmp_path / "copia.tar")

    def run(*arguments: str, fails: bool = False) -> str:
        done = subprocess.run([*base, *arguments, "--lang", "en"], capture_output=True, text=True, check=False)
        assert (done.returncode != 0) == fails, done.stderr
        return done.stdout + done.stderr

    for _ in range(2):
        assert "/join/" in run("invite", "--role", "steward", "--data", data)
    run("backup", archive, "--data", data)
    run("restore", archive, "--data", copy, "--database", database)
    assert "/join/" in run("invite", "--role", "reviewer", "--data", copy, "--database", database)
    run("backup", str(tmp_path / "otra.tar"), "--data", copy, "--database", database)
    rows = subprocess.run(
        ["tar", "-xOf", str(tmp_path / "otra.tar"), "rows.json"], capture_output=True, text=True, check=True
    )
    assert rows.stdout.count('"desk.logentry"') == 3
    assert rows.stdout.count('"desk.invitation"') == 3
    assert "the database doesn't answer" in run(
        "invite", "--role", "steward", "--data", copy, "--database", database.replace("/desk", "/nada"), fails=True
    )
