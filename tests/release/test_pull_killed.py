"""A pull that is killed at any moment is resumed by the same command, verified, and causes little more traffic.

`LATAM_CORPUS_KILLS` is the number of kills: two in `make test`, thirty in `make gate`.
"""

from __future__ import annotations

import hashlib
import http.server
import os
import random
import signal
import subprocess
import sys
import threading
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
import pytest
from built_versions import build

from latam_corpus.release.reading.pull import Subset, pull
from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import MadeOnce

_KILLS = int(os.environ.get("LATAM_CORPUS_KILLS", "2"))
_PIECE = 4096
_SLICE = ["text", "language"]
_CODE = """
import sys
from pathlib import Path
from latam_corpus.release.reading.pull import Subset, pull
store, to, columns = sys.argv[1], Path(sys.argv[2]), sys.argv[3].split()
pull("puerto", store, to, Subset("language = 'spa_Latn'" if columns else None, columns))
"""


class _Served(http.server.SimpleHTTPRequestHandler):
    """Serves files and ranges of files; kills the client after a number of bytes."""

    bytes_out: ClassVar[int] = 0
    moment: ClassVar[int | None] = None
    child: ClassVar[subprocess.Popen[bytes] | None] = None
    lock: ClassVar[threading.Lock] = threading.Lock()

    def log_message(self, *_: Any) -> None:
        """Write no log."""

    def do_GET(self) -> None:
        """Serve a file, or the requested range of it."""
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return super().do_GET()
        whole = path.read_bytes()
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        piece = whole[int(first) : int(last) + 1 if last else None]
        self.send_response(206 if "Range" in self.headers else 200)
        self.send_header("Content-Range", f"bytes {first}-{int(first) + len(piece) - 1}/{len(whole)}")
        self.send_header("Content-Length", str(len(piece)))
        self.end_headers()
        for start in range(0, len(piece), _PIECE):
            try:
                self.wfile.write(piece[start : start + _PIECE])
            except OSError:  # the client was killed
                return None
            self._count(len(piece[start : start + _PIECE]))
        return None

    def _count(self, size: int) -> None:
        served = type(self)
        with self.lock:
            served.bytes_out += size
            if served.child and served.moment is not None and served.bytes_out >= served.moment:
                served.child.send_signal(signal.SIGKILL)
                served.moment = None


@pytest.fixture
def store(document: Any, kept_run: Any, made_once: MadeOnce) -> Store:
    """Return a store with a version of 40 documents of 100 kB, a fifth of them in Portuguese."""
    documents = [
        document(n, text=random.Random(n).randbytes(50_000).hex(), language="spa_Latn" if n % 5 else "por_Latn")
        for n in range(40)
    ]
    terms: dict[str, Any] = {
        "admit": ["open"],
        "uses": ["train"],
        "today": date(2026, 11, 25),
        "shard_bytes": 2_000_000,
    }

    def make(folder: Path) -> None:
        build("puerto", [kept_run("a-1", documents)], folder, splits={}, **terms)

    return Store.at(made_once("pull-killed", make))


@pytest.fixture
def served(store: Store) -> Iterator[str]:
    """Return the store's address on loopback."""
    _Served.bytes_out = 0
    _Served.moment = _Served.child = None
    handler = partial(_Served, directory=str(store.folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _pulled(served: str, to: Path, columns: list[str], moment: int | None) -> bool:
    """Return whether a pull in another process ended, if it is killed after a number of bytes."""
    command = [sys.executable, "-c", _CODE, served, str(to), " ".join(columns)]
    with _Served.lock:  # nothing is served before it is known when the child is killed
        child = _Served.child = subprocess.Popen(command, stderr=subprocess.PIPE)
        _Served.moment = None if moment is None else _Served.bytes_out + moment
    said = child.communicate()[1]
    assert child.returncode in (0, -signal.SIGKILL), said.decode()
    return child.returncode == 0


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("columns", [[], _SLICE], ids=["whole", "slice"])
def test_a_pull_killed_several_times_ends_verified(
    store: Store, served: str, tmp_path: Path, columns: list[str]
) -> None:
    """The files at the end equal those of an undisturbed pull."""
    expected = tmp_path / "expected"
    pull("puerto", store, expected, Subset(where="language = 'spa_Latn'" if columns else None, columns=columns))
    draw = random.Random(7)
    to = tmp_path / "killed"
    killed = 0
    for _ in range(_KILLS):
        killed += not _pulled(served, to, columns, draw.randrange(1, 2 * _size(expected) // _KILLS))
        assert (to / "corpus.lock").is_file() <= (not killed)
    assert killed > _KILLS // 2
    assert _pulled(served, to, columns, None)
    sums = dict(line.split("  ")[::-1] for line in (to / "SHA256SUMS").read_text().splitlines())
    files = {path.relative_to(to).as_posix() for path in to.rglob("*") if path.is_file()}
    assert files == {*sums, "SHA256SUMS", "corpus.lock"}
    assert {name: hashlib.sha256((to / name).read_bytes()).hexdigest() for name in sums} == sums
    for name in files:
        assert (to / name).read_bytes() == (expected / name).read_bytes(), name


def test_the_traffic_of_a_selection_is_close_to_its_size(store: Store, served: str, tmp_path: Path) -> None:
    """Columns and partitions that are not selected are not read."""
    slices = [
        ("language = 'spa_Latn'", ["id", "text", "language"]),
        (None, ["text"]),
        ("language = 'por_Latn'", ["text"]),
    ]
    traffic, sizes = [], []
    for number, (where, columns) in enumerate(slices):
        bytes_before = _Served.bytes_out
        pull("puerto", served, tmp_path / str(number), Subset(where=where, columns=columns))
        traffic.append(_Served.bytes_out - bytes_before)
        sizes.append(_size(tmp_path / str(number) / "data"))
    assert min(sizes) > 400_000
    for out, size in zip(traffic[:2], sizes[:2], strict=True):
        assert out < 1.2 * size
    assert traffic[2] < sizes[2] + 150_000 < 0.3 * _size(Path(store.root))


def test_a_selection_read_by_ranges_is_correct(served: str, tmp_path: Path) -> None:
    """Texts that were read by ranges equal those in the store."""
    pull("puerto", served, tmp_path / "slice", Subset(where="language = 'por_Latn'", columns=["text"]))
    rows = pl.read_parquet(tmp_path / "slice" / "data" / "**" / "*.parquet")
    assert sorted(rows["text"]) == sorted(random.Random(n).randbytes(50_000).hex() for n in range(0, 40, 5))
