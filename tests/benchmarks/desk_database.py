"""A PostgreSQL server of its own for tests and benchmarks, from the programs that Debian installs."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


def _owner() -> int | None:
    """The user who runs the server, which refuses to run as root; None for the user of this process."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


@contextmanager
def new_database() -> Iterator[str]:
    """Start a server, and yield the URL of its empty database."""
    assert PROGRAMS is not None
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

    run(f"{PROGRAMS}/initdb", "-D", f"{folder}/data", "-U", "desk", "-A", "trust", "-E", "UTF8")
    run(f"{PROGRAMS}/pg_ctl", "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
    try:
        run(f"{PROGRAMS}/createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "desk", "desk")
        yield f"postgresql://desk@127.0.0.1:{port}/desk"
    finally:
        run(f"{PROGRAMS}/pg_ctl", "-D", f"{folder}/data", "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
