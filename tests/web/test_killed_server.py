"""A server or job that is killed loses no confirmed upload and no job; a restored backup has them all.

`make test` kills five times, `make gate` twenty times.
"""

from __future__ import annotations

import http.cookiejar
import importlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
uploads: Any = importlib.import_module("tests.benchmarks.desk")
_KILLS = 20 if "LATAM_CORPUS_GATE" in os.environ else 5


class Browser:
    """A desk's server for one person, and a browser with its session."""

    def __init__(self, data: Path) -> None:
        command = [sys.executable, "-m", "latam_corpus", "desk", "--data", str(data), "--no-browser", "--lang", "en"]
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.server.stdout is not None
        address = re.search(r"http://\S+", self.server.stdout.readline())
        assert address is not None
        self.root = address[0].partition("/start")[0]
        self._cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))
        self.page(address[0].removeprefix(self.root))

    def page(self, path: str, body: bytes | None = None, kind: str = "application/x-www-form-urlencoded") -> str:
        """The page at a path, after a form was sent there if there is a body."""
        headers = {"Content-Type": kind, "Referer": self.root}
        request = urllib.request.Request(self.root + path, body, headers)  # noqa: S310  (loopback)
        with self._opener.open(request, timeout=300) as answer:
            return str(answer.read().decode())

    def form(self, path: str, **values: str) -> str:
        """The page after a form was sent."""
        token = self._token()
        return self.page(path, urllib.parse.urlencode(values | {"csrfmiddlewaretoken": token}).encode())

    def upload(self, name: str, data: bytes) -> str:
        """The page after a file was uploaded."""
        body = uploads.upload_body(self._token(), name, data)
        return self.page("/collections/cantos/files/upload", body, uploads.UPLOAD_TYPE)

    def _token(self) -> str:
        found = re.search(r'csrfmiddlewaretoken" value="(\w+)"', self.page("/"))
        assert found is not None
        return found[1]

    def end(self, number: int = signal.SIGKILL) -> None:
        """End the server."""
        self.server.send_signal(number)
        self.server.wait(300)
        assert self.server.stdout is not None
        self.server.stdout.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    many = tmp_path / "muchos"
    many.mkdir()
    for number in range(300):
        (many / f"{number}.txt").write_text(f"texto {number}\n" * 50, "utf-8")
    return many


def _kill_jobs(data: Path) -> None:
    """Kill the processes of running jobs."""
    with sqlite3.connect(data / "desk.sqlite3") as database:
        running = database.execute("select pid from desk_job where state = 'running' and pid is not null")
        for (number,) in running.fetchall():
            with suppress(ProcessLookupError):
                os.killpg(number, signal.SIGKILL)


def test_confirmed_uploads_and_jobs_outlive_kills_and_a_restored_backup(tmp_path: Path, folder: Path) -> None:
    data = tmp_path / "desk"
    desk = Browser(data)
    desk.form("/collections/new", title="Cantos", custodian="Biblioteca")
    for moment in range(_KILLS):
        assert "1 file is here." in desk.upload(f"{moment}.bin", bytes([moment]) * 200_000)
        if moment == 2:
            desk.form("/collections/cantos/files/folder", folder=str(folder))
        time.sleep(0.15 * (moment % 7))
        if moment % 2:
            _kill_jobs(data)
        desk.end()
        desk = Browser(data)
    with sqlite3.connect(data / "desk.sqlite3") as database:
        for _ in range(3000):
            if not database.execute("select count(*) from desk_job where state in ('queued', 'running')").fetchone()[0]:
                break
            time.sleep(0.2)
    assert str(300 + _KILLS) in desk.page("/collections/cantos/")
    desk.end(signal.SIGINT)
    for moment in range(_KILLS):
        stored = data / "collections/cantos/files" / f"{moment}.bin"
        assert stored.read_bytes() == bytes([moment]) * 200_000
    base = [sys.executable, "-m", "latam_corpus", "desk"]
    archive, copy = str(tmp_path / "copia.tar.gz"), tmp_path / "copia"
    subprocess.run([*base, "backup", archive, "--data", str(data)], check=True)
    subprocess.run([*base, "restore", archive, "--data", str(copy)], check=True)
    restored = Browser(copy)
    assert str(300 + _KILLS) in restored.page("/collections/cantos/")
    restored.end(signal.SIGINT)
    assert not [path for path in (copy / "tmp").iterdir() if path.name != "health"]
