"""`desk`: pages and uploads of many people at once, on SQLite and, where it is installed, PostgreSQL."""

from __future__ import annotations

import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .desk_database import PROGRAMS, new_database
from .machine import Report, Table
from .own import ROOT

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

_PAGES: Final = ("/", "/collections/{slug}/", "/collections/{slug}/files", "/collections/{slug}/rights", "/jobs/")
_BOUNDARY: Final = "limite"
UPLOAD_TYPE: Final = f"multipart/form-data; boundary={_BOUNDARY}"
_NOTE: Final = (
    "All browsers are in one process on the machine of the server, so that their share of time is counted, too."
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--readers", type=int, default=50, help="people who read pages, 50 by default")
    parser.add_argument("--uploads", type=int, default=10, help="people who upload files, 10 by default")
    parser.add_argument("--requests", type=int, default=20, help="requests of each person, 20 by default")
    parser.add_argument("--bytes", type=int, default=1_000_000, help="size of an upload, 1,000,000 by default")


def measure(args: argparse.Namespace) -> Report:
    """Seconds of the median request, of 95 of 100 and of the slowest one, and errors, by what was asked."""
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory(prefix="latam-bench-", ignore_cleanup_errors=True) as folder:
        rows += _rows("SQLite", Path(folder), "", args)
    if PROGRAMS is not None:
        with (
            tempfile.TemporaryDirectory(prefix="latam-bench-", ignore_cleanup_errors=True) as folder,
            new_database() as database,
        ):
            rows += _rows("PostgreSQL", Path(folder), database, args)
    columns = ("database", "what", "requests#", "errors#", "median s#", "95 % s#", "slowest s#")
    settings = {"readers": args.readers, "uploads": args.uploads, "requests": args.requests, "bytes": args.bytes}
    return Report("desk", {}, settings, (Table("People at once", columns, tuple(rows)),), (_NOTE,))


def _rows(title: str, data: Path, database: str, args: argparse.Namespace) -> list[tuple[object, ...]]:
    people = args.readers + args.uploads
    command = [sys.executable, "-m", "tests.benchmarks.desk_people", str(data), database, str(people), "100"]
    made = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    sessions = json.loads(made.stdout)
    seconds: dict[str, list[float]] = {"read a page": [], "upload a file": []}
    errors = dict.fromkeys(seconds, 0)
    with _served(data, database) as port:

        def person(number: int) -> None:
            what = "read a page" if number < args.readers else "upload a file"
            browser = _Browser(port, sessions[number])
            for turn in range(args.requests):
                start = time.monotonic()
                try:
                    if number < args.readers:
                        browser.page(_PAGES[turn % len(_PAGES)].format(slug=f"c{number}"))
                    else:
                        browser.upload(f"c{number}", f"carta_{turn}.txt", os.urandom(args.bytes))
                except (OSError, http.client.HTTPException, _RefusedError):
                    errors[what] += 1
                seconds[what].append(time.monotonic() - start)

        threads = [threading.Thread(target=person, args=(number,)) for number in range(people)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    stored = sum(len(list((data / "collections" / f"c{n}" / "files").glob("carta_*"))) for n in range(people))
    errors["upload a file"] += args.uploads * args.requests - errors["upload a file"] - stored
    return [
        (title, what, len(times), errors[what], *(f"{value:.2f}" for value in _spread(times)))
        for what, times in seconds.items()
    ]


def _spread(times: list[float]) -> tuple[float, float, float]:
    return statistics.median(times), statistics.quantiles(times, n=20)[-1], max(times)


def upload_body(token: str, name: str, data: bytes) -> bytes:
    """Return the body of a form of UPLOAD_TYPE that uploads a file."""
    fields = [("csrfmiddlewaretoken", "", token.encode()), ("files", f'; filename="{name}"', data)]
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"{more}\r\n\r\n'.encode() + value + b"\r\n"
        for field, more, value in fields
    ]
    return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()


class _RefusedError(Exception):
    """A page that wasn't shown."""


class _Browser:
    """A browser with a session, which sends one request at a time over one connection."""

    def __init__(self, port: int, cookies: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._cookies = dict(cookies)

    def page(self, path: str, body: bytes | None = None) -> str:
        """Return a page."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = UPLOAD_TYPE
        self._connection.request("GET" if body is None else "POST", path, body, headers)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self._cookies[key] = rest.partition(";")[0]
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise _RefusedError(f"{path}: {answer.status}")
        return text

    def upload(self, slug: str, name: str, data: bytes) -> None:
        """Upload a file to a collection."""
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', self.page(f"/collections/{slug}/files"))
        self.page(f"/collections/{slug}/files/upload", upload_body(token[1] if token else "", name, data))


@contextmanager
def _served(data: Path, database: str) -> Iterator[int]:
    """Serve a desk, and yield its port."""
    command = [sys.executable, "-m", "latam_corpus", "desk", "serve", "--data", str(data), "--bind", "127.0.0.1:0"]
    command += ["--database", database, "--lang", "en"]
    with (
        (data / "server.log").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as server,
    ):
        assert server.stdout is not None
        address = re.search(r"http://127.0.0.1:(\d+)/", server.stdout.readline())
        assert address is not None, (data / "server.log").read_text()
        try:
            yield int(address[1])
        finally:
            server.terminate()
            server.wait(60)
