"""The desk on PostgreSQL: its tables, the log's chain, and a backup of SQLite restored into it."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROGRAMS = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(_PROGRAMS is None, reason="PostgreSQL isn't here: apt install postgresql"),
]


def _owner() -> int | None:
    """The user who runs the server, which refuses to run as root; None for the user of this process."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


@pytest.fixture
def database() -> Iterator[str]:
    """The URL of an empty database of a server of its own."""
    pytest.importorskip("psycopg")
    assert _PROGRAMS is not None
    folder = tempfile.mkdtemp(prefix="desk-pg-")
    owner = _owner()
    if owner is not None:
        os.chown(folder, owner, -1)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"

    def run(*command: str) -> None:
        subprocess.run(command, check=True, user=owner, cwd=folder, stdout=subprocess.DEVNULL)

    run(f"{_PROGRAMS}/initdb", "-D", f"{folder}/data", "-U", "desk", "-A", "trust", "-E", "UTF8")
    run(f"{_PROGRAMS}/pg_ctl", "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
    try:
        run(f"{_PROGRAMS}/createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "desk", "desk")
        yield f"postgresql://desk@127.0.0.1:{port}/desk"
    finally:
        run(f"{_PROGRAMS}/pg_ctl", "-D", f"{folder}/data", "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


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
