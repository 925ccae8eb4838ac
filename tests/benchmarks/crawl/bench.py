"""`crawl`: pages a second of a site on loopback, its pace as the server saw it, and the WARC after kills."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import SourceError

from ..machine import Report, Table, rounded
from .library import content_of, pages_of, source_file
from .website import Website

if TYPE_CHECKING:
    import argparse

_SEED: Final = 7
_LONGEST: Final = 3600.0


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--pages", type=int, default=5000, help="pages of the site, 5000 by default")
    parser.add_argument("--delays", default="0,0.01", help="declared seconds between two requests, 0,0.01 by default")
    parser.add_argument("--kills", type=int, default=5, help="kills of a second crawl of each, 5 by default")


def measure(args: argparse.Namespace) -> Report:
    """For each declared delay: pages a second, the shortest pause that the server saw, and the content after kills."""
    rows = tuple(_row(args.pages, float(delay), args.kills) for delay in args.delays.split(","))
    columns = (
        "delay s#",
        "pages#",
        "seconds#",
        "CPU s#",
        "pages/s#",
        "pause ms#",
        "kills#",
        "asked twice#",
        "same WARC",
    )
    settings = {"pages": args.pages, "delays": args.delays, "kills": args.kills, "seed": _SEED}
    notes = ("Site and crawler share the machine; the pause is the shortest from one request's arrival to the next's.",)
    return Report("crawl", {}, settings, (Table("A site on loopback, one host", columns, rows),), notes)


def _row(pages: int, delay: float, kills: int) -> tuple[object, ...]:
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name, Website(any_=pages_of(pages)) as site:
        room = Path(name)
        source = room / "gaceta.toml"
        source.write_text(source_file(site.root, site.host, delay), encoding="utf-8")
        started, previous = time.monotonic(), os.times()
        _finish(source, room / "whole")
        seconds, after = time.monotonic() - started, os.times()
        cpu = after.children_user + after.children_system - previous.children_user - previous.children_system
        # The server sees a request some time after it was sent: between two requests lies the answer to the first.
        pause = min(b.time - a.time for a, b in pairwise(site.asked))
        whole = content_of(room / "whole" / "collected" / "gaceta")
        site.asked.clear()
        done = _killed(source, room / "cut", kills, seconds)
        same = content_of(room / "cut" / "collected" / "gaceta") == whole
        duplicates = len(site.asked) - len({one.path for one in site.asked})
        results = sum(path.startswith("nota/") for _, path, _ in whole)
        used = (rounded(seconds), rounded(cpu), rounded(results / seconds), rounded(pause * 1000))
        return (delay, results, *used, done, duplicates, same)


def _command(source: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "latam_corpus", "crawl", str(source), "--out", str(out)]


def _finish(source: Path, out: Path) -> None:
    reported = subprocess.run(_command(source, out), capture_output=True, text=True, check=False, timeout=_LONGEST)
    if reported.returncode:
        raise SourceError("crawl", reported.stderr.strip()[-500:])


def _killed(source: Path, out: Path, kills: int, seconds: float) -> int:
    """Crawl, killed at moments drawn by chance, then to the end; how often it was killed at work."""
    chance = random.Random(_SEED)
    done = 0
    for _ in range(kills):
        process = subprocess.Popen(_command(source, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(1 + chance.random() * seconds / max(kills, 1))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            done += 1
    _finish(source, out)
    return done
