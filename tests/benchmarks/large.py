"""`large`: the whole job from JSONL to a verified release, as large as disk and half an hour allow."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError

from .machine import Report, Table, peak_bytes, rounded
from .texts import NOVELS, SEED, checksums, collections, recombined, write_jsonl

if TYPE_CHECKING:
    import argparse

_GB: Final = 1e9
_MB: Final = 1e6
_WORDS: Final = 300
_BYTES_EACH: Final = 2180  # of a document of 300 words and more, about
_FILE_GB: Final = 0.5
_DISK_FACTOR: Final = 4.5  # input, outputs, release: bytes for each byte of input, seen at 1 GB
SOURCE: Final = """id = "documents"
title = "Paragraphs of novels in the public domain, recombined"
holder = "conha19 and ELTeC"
country = "AR"
genre = "literature"
languages = ["spa", "por"]
[rights]
statement = "https://creativecommons.org/publicdomain/mark/1.0/"
basis = "public_domain"
uses = ["train", "redistribute", "evaluate"]
[collect]
files = ["*.jsonl"]
"""
# Documents are made of 28 MB of paragraphs, so that each would be near hundreds of others: only equal ones fall.
RECIPE: Final = """title = "The largest job"
genre = "literature"
sources = ["documents.toml"]
[[stage]]
use = "repair"
[[stage]]
use = "identify"
languages = ["spa", "por"]
[[stage]]
use = "filter"
[[stage]]
use = "redact"
[[stage]]
use = "dedupe"
near = false
[release]
name = "large"
admit = ["open"]
uses = ["train", "redistribute"]
"""


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--gb", type=float, default=10.0, help="GB of input, 10 by default")
    parser.add_argument("--workers", type=int, default=2, help="worker processes, 2 by default")
    parser.add_argument("--room", type=Path, default=None, help="a folder with space; the system's for temporary files")


def measure(args: argparse.Namespace) -> Report:
    """Seconds, core seconds, peak disk and files of `run` with its release, and of `release verify`."""
    lines = collections(args.data, NOVELS)
    with tempfile.TemporaryDirectory(prefix="latam-bench-", dir=args.room) as name:
        room = Path(name)
        free = shutil.disk_usage(room).free
        if free < args.gb * _GB * _DISK_FACTOR:
            raise ConfigError(str(room), f"{free / _GB:.0f} GB are free", "give --room elsewhere or a smaller --gb")
        for place in range(max(1, round(args.gb / _FILE_GB))):
            texts = recombined(lines, int(_FILE_GB * _GB / _BYTES_EACH), _WORDS, SEED + place)
            write_jsonl(room / f"documents-{place:03d}.jsonl", texts, f"{place:03d}")
        size = sum(path.stat().st_size for path in room.glob("*.jsonl"))
        (room / "documents.toml").write_text(SOURCE, encoding="utf-8")
        (room / "large.toml").write_text(RECIPE, encoding="utf-8")
        out = str(room / "out")
        recipe, given = str(room / "large.toml"), f"documents={room}"
        workers = str(args.workers)
        created = _command(room, "run", recipe, "--input", given, "--out", out, "--workers", workers, "--json")
        reported = json.loads(created.printed)
        verified = _command(room, "release", "verify", "large", "--store", str(room / "out" / "store"), "--json")
        files = [path.stat() for path in Path(out).rglob("*") if path.is_file()]
        sizes = {(s.st_dev, s.st_ino): s.st_size for s in files}
        disk, distinct = sum(sizes.values()), len(sizes)
        store = [path for path in (room / "out" / "store").rglob("*") if path.is_file()]
        released = sum(path.stat().st_size for path in store)
    rows = (
        ("input", f"{size / _GB:.1f} GB in {round(args.gb / _FILE_GB)} files, {reported['rows']['in']:,} documents"),
        ("kept", f"{reported['rows']['kept']:,}"),
        ("run and release", f"{created.seconds:.0f} s by the clock, {created.cpu:.0f} core seconds"),
        ("verify", f"{verified.seconds:.0f} s by the clock, {verified.cpu:.0f} core seconds"),
        ("input a core second", f"{size / _MB / created.cpu:.1f} MB"),
        ("peak disk beside the input", f"{created.peak_disk / _GB:.1f} GB"),
        ("disk at the end", f"{disk / _GB:.1f} GB, of it the release {released / _GB:.1f} GB"),
        (
            "files",
            f"{len(files)} names of {distinct} files, {len(store)} in the store",
        ),
        ("peak memory of one process", f"{created.peak_mb:.0f} MB"),
    )
    settings = {"gb": args.gb, "workers": args.workers, "words": _WORDS, "seed": SEED}
    table = Table("From JSONL to a verified release", ("what", "seen"), rows)
    figures = {"seconds": rounded(created.seconds), "core_seconds": rounded(created.cpu), "bytes": size}
    return Report("large", checksums(args.data, NOVELS), settings | figures, (table,))


class _Command:
    """One run of the command line: its output and resources."""

    def __init__(self) -> None:
        self.printed = ""
        self.seconds = self.cpu = self.peak_mb = 0.0
        self.peak_disk = 0


def _command(room: Path, *words: str) -> _Command:
    reported = _Command()
    free = shutil.disk_usage(room).free
    previous = os.times()
    started = time.monotonic()
    with subprocess.Popen([sys.executable, "-m", "latam_corpus", *words], stdout=subprocess.PIPE, text=True) as process:
        watch = threading.Thread(target=_watch, args=(process, room, free, reported), daemon=True)
        watch.start()
        reported.printed = process.communicate()[0]
        watch.join()
    reported.seconds = time.monotonic() - started
    after = os.times()
    reported.cpu = after.children_user + after.children_system - previous.children_user - previous.children_system
    if process.returncode:
        raise ConfigError(" ".join(words[:2]), f"it ended with {process.returncode}", "see what it printed above")
    return reported


def _watch(process: subprocess.Popen[str], room: Path, free: int, reported: _Command) -> None:
    """Note the least free disk and the largest process of the tree, as long as it runs."""
    while process.poll() is None:
        reported.peak_disk = max(reported.peak_disk, free - shutil.disk_usage(room).free)
        for child in [str(process.pid), *_children(process.pid)]:
            reported.peak_mb = max(reported.peak_mb, peak_bytes(child) / _MB)
        time.sleep(0.5)


def _children(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
