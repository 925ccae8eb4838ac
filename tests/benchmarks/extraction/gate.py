"""`gate`: a stream of pages most of which nobody wants, WARC in and text out, beside datatrove and trafilatura."""

from __future__ import annotations

import io
import json
import os
import random
import re
import statistics
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus.language.judge import judge
from latam_corpus.language.model import SHIPPED, load, locate
from latam_corpus.policy import Policies

from ..machine import Report, Table  # noqa: TID252  (`python -m` and mypy name it differently)
from ..own import run_apart  # noqa: TID252
from ..texts import NOVELS, checksums, chunks, read_texts  # noqa: TID252
from .shelf import Shelf

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from .pages import Page

_WANTED: Final = ("spa", "por")
_ONE: Final = {"OMP_NUM_THREADS": "1"}
_SHARE: Final = 20  # one page in so many is wanted
_SEED: Final = 11
_PARAGRAPH: Final = re.compile(r"(<p\b[^>]*>)([^<]{80,})(</p>)")
_LEAST: Final = 3  # paragraphs of a page that can be filled with another text
_GATE: Final = f"""[[stage]]
use = "skim"
[[stage]]
use = "identify"
languages = {json.dumps([*_WANTED, "und"])}
[[stage]]
use = "extract"
[[stage]]
use = "identify"
languages = {json.dumps(_WANTED)}
"""
_COLUMNS: Final = ("pages", "number#", "ours kept#", "theirs#", "of theirs, ours too#", "CPU s#", "theirs#", "times#")
_SOURCE: Final = """id = "documents"
title = "Pages of a benchmark"
holder = "nobody"
languages = []
[collect]
files = ["*.warc.gz"]
"""
_NOTES: Final = (
    "CPU seconds of a process and its children without its start; each run is a process with one thread; medians.",
    """Both sides use the toolkit's language model: datatrove on the whole text through fastText, with its threshold of
.65, the toolkit by `identify` on what `skim` sees and again on what `extract` gives.""",
    """«Filled» are real pages in Spanish and Portuguese whose paragraphs were replaced with those of public novels:
their menus, notices and lists are as they were.""",
    "datatrove's trafilatura block has 60 seconds a page by the clock, not 1, so that a busy machine costs it none.",
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--rival-python", required=True, help="a Python with datatrove (extraction/rival_gate.py)")
    parser.add_argument("--job", default="all", help="all, gate or whole; all by default")
    parser.add_argument("--times", type=int, default=2, help="how often each page is in the stream, 2 by default")
    parser.add_argument("--filled", type=int, default=640, help="filled pages, 640 by default")
    parser.add_argument("--rounds", type=int, default=1, help="how often the stream is run, 1 by default")


def measure(args: argparse.Namespace) -> Report:
    """What each keeps and takes, of the stream and of the wanted pages."""
    wanted, unwanted = _by_language(args.data)
    dice = random.Random(_SEED)  # noqa: S311  (repeatable, not secret)
    stream = [*unwanted, *dice.sample(wanted, max(1, len(unwanted) // (_SHARE - 1)))]
    dice.shuffle(stream)
    filled = [*wanted, *_filled(wanted, args.data, args.filled, dice)]
    tables = []
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        if args.job != "whole":
            rows = []
            for title, pages, times in (("stream", stream, args.times), ("filled", filled, 1)):
                room = Path(name) / title
                room.mkdir()
                write_warc(room / "pages.warc.gz", pages, times)
                rows.append((title, times * len(pages), *_compared(room, args.rival_python, args.rounds)))
            tables.append(Table("The gate", _COLUMNS, tuple(rows)))
        if args.job != "gate":
            room = Path(name) / "whole"
            room.mkdir()
            write_warc(room / "pages.warc.gz", filled)
            tables.append(_whole(room, args.rival_python, len(filled)))
    settings: dict[str, Any] = {"wanted": len(wanted), "unwanted": len(unwanted), "seed": _SEED, "rounds": args.rounds}
    return Report("gate", checksums(args.data, NOVELS), settings, tuple(tables), _NOTES)


def _by_language(data: Path) -> tuple[list[Page], list[Page]]:
    """The pages whose visible text is in a wanted language, and the others that have a language."""
    from latam_corpus.extract.page import read_page  # noqa: PLC0415

    shelf = Shelf.of(data)
    texts = [read_page(markup).text for markup in shelf.markups]
    codes = [found.code for found in judge(load(SHIPPED, ""), texts)]
    pages = [
        replace(page, url=f"https://page-{number}.example/", raw=markup.encode())
        for number, (page, markup) in enumerate(zip(shelf.pages, shelf.markups, strict=True))
    ]
    return (
        [page for page, code in zip(pages, codes, strict=True) if code in _WANTED],
        [page for page, code in zip(pages, codes, strict=True) if code not in _WANTED],
    )


def _filled(wanted: Sequence[Page], data: Path, number: int, dice: random.Random) -> list[Page]:
    """So many pages made of the wanted ones, each with other paragraphs."""
    frames = [page for page in wanted if len(_PARAGRAPH.findall(page.raw.decode())) >= _LEAST]
    passages = list(chunks(read_texts(data, NOVELS), 60))
    dice.shuffle(passages)
    made = []
    for turn in range(number):
        frame = frames[turn % len(frames)]
        page = _PARAGRAPH.sub(lambda found: found[1] + _plain(passages.pop()) + found[3], frame.raw.decode())
        made.append(replace(frame, url=f"https://filled-{turn}.example/", raw=page.encode()))
    return made


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("&", "y").replace("<", "(")


def write_warc(path: Path, pages: Sequence[Page], times: int = 1) -> None:
    """The pages as responses of a compressed WARC file, each so many times under other addresses."""
    from warcio.statusandheaders import StatusAndHeaders  # noqa: PLC0415
    from warcio.warcwriter import WARCWriter  # noqa: PLC0415

    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for page in (replace(page, url=f"{page.url}{turn or ''}") for turn in range(times) for page in pages):
            head = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
            record = writer.create_warc_record(page.url, "response", payload=io.BytesIO(page.raw), http_headers=head)
            writer.write_record(record)


def _compared(room: Path, python: str, rounds: int) -> tuple[Any, ...]:
    """Kept by ours, kept by theirs, the share of theirs that ours keeps, CPU seconds of both, their ratio."""
    (room / "documents.toml").write_text(_SOURCE, encoding="utf-8")
    recipe = room / "benchmark.toml"
    recipe.write_text(f'title = "Gate"\ngenre = "web"\nsources = ["documents.toml"]\n{_GATE}', encoding="utf-8")
    model, out = str(locate(SHIPPED)[0]), room / "kept.json"
    command = [python, str(Path(__file__).with_name("rival_gate.py")), str(room / "pages.warc.gz"), str(out), model]
    ours, theirs = [], []
    run_apart(recipe, room / "warm")  # compiles, where nothing is compiled yet
    for turn in range(rounds):
        told = run_apart(recipe, room / f"out{turn}")
        ours.append(told.cpu - told.started)
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | _ONE)
        used = json.loads(done.stdout.splitlines()[-1])
        theirs.append(used["cpu"] - used["started"])
    kept = _kept(room / "warm")
    other = set(json.loads(out.read_text()))
    mean, mean_other = statistics.median(ours), statistics.median(theirs)
    share = len(kept & other) / max(1, len(other))
    return len(kept), len(other), f"{share:.2%}", f"{mean:.2f}", f"{mean_other:.1f}", f"{mean_other / mean:.1f}"


def _whole(room: Path, python: str, number: int) -> Table:
    """From WARC to Parquet with filters and exact dedupe, where all pages are wanted: ours, two rows of datatrove."""
    (room / "documents.toml").write_text(_SOURCE, encoding="utf-8")
    recipe = room / "benchmark.toml"
    stages = ("extract", "repair", "identify", "filter", "dedupe")
    entries = "".join(f'[[stage]]\nuse = "{name}"\n{"near = false" * (name == "dedupe")}\n' for name in stages)
    recipe.write_text(f'title = "Whole"\ngenre = "news"\nsources = ["documents.toml"]\n{entries}', encoding="utf-8")
    ours = run_apart(recipe, room / "out")
    rows: list[tuple[str, float, int]] = [("latam_corpus", ours.cpu - ours.started, ours.kept)]
    languages = Policies.load().languages
    lists = [found for code in _WANTED if (found := languages[code].stop_words)]
    words = json.dumps(sorted({word for one in lists for word in one.words}))
    for row in ("regex", "stock"):
        script = Path(__file__).resolve().parents[1] / "rival.py"
        command = [
            python,
            str(script),
            str(room / "pages.warc.gz"),
            str(room / row),
            str(locate(SHIPPED)[0]),
            row,
            words,
        ]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | _ONE)
        used = json.loads(done.stdout.splitlines()[-1])
        rows.append((f"datatrove, {row}", used["cpu"] - used["started"], used["kept"]))
    base = rows[0][1]
    told = tuple((name, kept, f"{cpu:.1f}", f"{number / cpu:.1f}", f"{cpu / base:.1f}") for name, cpu, kept in rows)
    return Table(f"From WARC to Parquet, {number} pages", ("", "kept#", "CPU s#", "pages/s#", "times ours#"), told)


def _kept(out: Path) -> set[str]:
    """The addresses of the rows that went through the last step."""
    from latam_corpus.pipeline.part import ROWS  # noqa: PLC0415

    last = max((path for path in out.glob(f"work/**/{ROWS}")), key=lambda path: path.stat().st_mtime_ns)
    return set(pl.read_parquet(last)["url"])
