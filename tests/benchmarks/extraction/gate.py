"""`gate`: a stream of mostly unwanted pages from WARC to text, compared with datatrove and trafilatura."""

from __future__ import annotations

import io
import json
import random
import re
import statistics
import tempfile
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl

from latam_corpus.errors import CorpusError
from latam_corpus.language.judge import judge
from latam_corpus.language.model import load
from latam_corpus.language.model_files import SHIPPED, locate

from ..beside import rival_apart, run_script
from ..layout.shelves import Shelf
from ..machine import Report, Table
from ..own import run_apart, write_recipe
from ..texts import NOVELS, checksums, chunks, read_texts

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ..layout.gold_pages import GoldPage

_WANTED: Final = ("spa", "por")
_SHARE: Final = 20  # one page in so many is wanted
_SEED: Final = 11
_PARAGRAPH: Final = re.compile(r"(<p\b[^>]*>)([^<]{80,})(</p>)")
_WORDS: Final = 5  # of the text that is kept of a page: fewer are a date or a name
_LEAST: Final = 3  # paragraphs of a page that can be filled with another text
_GATE: Final = (
    *("skim", f"identify\nlanguages = {json.dumps([*_WANTED, 'und'])}"),
    *("extract", f"identify\nlanguages = {json.dumps(_WANTED)}"),
)
_WHOLE: Final = ("extract", "repair", "identify", "filter", "dedupe")
_COLUMNS: Final = (
    *("pages", "number#", "ours kept#", "theirs#", "of theirs, ours too#", f"of those with {_WORDS} words#"),
    *("CPU s#", "theirs#", "times#"),
)
_NOTES: Final = (
    "CPU seconds of a process and its children without its start; each run is a process with one thread; medians.",
    """Both sides use the toolkit's language model: datatrove on the whole text through fastText, with its threshold of
.65, the toolkit by `identify` on what `skim` sees and again on what `extract` gives.""",
    """«Filled» are real pages in Spanish and Portuguese whose paragraphs were replaced with those of public novels:
their menus, notices and lists are as they were.""",
    "datatrove's trafilatura block has 60 seconds a page by the clock, not 1, so that a busy machine costs it none.",
)


class _Lost(NamedTuple):
    """A page that datatrove keeps and ours doesn't, and the text that it takes from it."""

    url: str
    text: str


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument(
        "--rival-python", type=Path, required=True, help="a Python with datatrove (extraction/rival_gate.py)"
    )
    parser.add_argument("--job", default="all", help="all, gate or whole; all by default")
    parser.add_argument("--times", type=int, default=2, help="how often each page is in the stream, 2 by default")
    parser.add_argument("--filled", type=int, default=2000, help="filled pages, 2000 by default")
    parser.add_argument("--rounds", type=int, default=1, help="how often the stream is run, 1 by default")


def measure(args: argparse.Namespace) -> Report:
    """Measure what each system keeps and costs, on the whole stream and on the wanted pages."""
    wanted_pages, unwanted = _by_language(args.data)
    dice = random.Random(_SEED)
    stream = [*unwanted, *dice.sample(wanted_pages, max(1, len(unwanted) // (_SHARE - 1)))]
    dice.shuffle(stream)
    filled = [*wanted_pages, *_filled(wanted_pages, args.data, args.filled, dice)]
    tables: list[Table] = []
    all_lost: list[tuple[str, str, str]] = []
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        if args.job != "whole":
            rows = []
            for title, pages, times in (("stream", stream, args.times), ("filled", filled, 1)):
                room = Path(name) / title
                room.mkdir()
                write_warc(room / "pages.warc.gz", pages, times)
                row, lost = _compared(room, args.rival_python, args.rounds)
                rows.append((title, times * len(pages), *row))
                all_lost += [(title, *lost_page) for lost_page in lost]
            tables.append(Table("The gate", _COLUMNS, tuple(rows)))
            reported = tuple((title, url, len(text.split()), _shown(text)) for title, url, text in all_lost)
            columns = ("pages", "address", "words that it takes#", f"these, if fewer than {_WORDS}")
            tables.append(Table("Kept by datatrove alone", columns, reported))
        if args.job != "gate":
            room = Path(name) / "whole"
            room.mkdir()
            write_warc(room / "pages.warc.gz", filled)
            tables.append(_whole(room, args.rival_python, len(filled)))
    settings: dict[str, Any] = {
        "wanted": len(wanted_pages),
        "unwanted": len(unwanted),
        "seed": _SEED,
        "rounds": args.rounds,
    }
    return Report("gate", checksums(args.data, NOVELS), settings, tuple(tables), _NOTES)


def _by_language(data: Path) -> tuple[list[GoldPage], list[GoldPage]]:
    """Return the pages whose visible text is in a wanted language, and those in other languages."""
    from latam_corpus.extract.web_pages.page_blocks import read_page

    shelf = Shelf.of(data)
    texts = [read_page(markup).text for markup in shelf.markups]
    codes = [result.code for result in judge(load(SHIPPED, ""), texts)]
    pages = [
        replace(page, url=f"https://page-{number}.example/", raw=markup.encode())
        for number, (page, markup) in enumerate(zip(shelf.pages, shelf.markups, strict=True))
    ]
    return (
        [page for page, code in zip(pages, codes, strict=True) if code in _WANTED],
        [page for page, code in zip(pages, codes, strict=True) if code not in _WANTED],
    )


def _filled(wanted_pages: Sequence[GoldPage], data: Path, number: int, dice: random.Random) -> list[GoldPage]:
    """Return this number of pages, each a wanted page with other paragraphs."""
    frames = [page for page in wanted_pages if len(_PARAGRAPH.findall(page.raw.decode())) >= _LEAST]
    texts = list(chunks(read_texts(data, NOVELS), 60))
    dice.shuffle(texts)
    passages = cycle(texts)
    pages = []
    for turn in range(number):
        frame = frames[turn % len(frames)]
        page = _PARAGRAPH.sub(lambda results: results[1] + _plain(next(passages)) + results[3], frame.raw.decode())
        pages.append(replace(frame, url=f"https://filled-{turn}.example/", raw=page.encode()))
    return pages


def _shown(text: str) -> str:
    """Return a text of few words, such as a date or a name; an empty string for a longer one."""
    words = text.split()
    return " ".join(words) if len(words) < _WORDS else ""


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("&", "y").replace("<", "(")


def write_warc(path: Path, pages: Sequence[GoldPage], times: int = 1) -> None:
    """Write the pages as responses of a compressed WARC file, each several times under different addresses."""
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for page in (replace(page, url=f"{page.url}{turn or ''}") for turn in range(times) for page in pages):
            head = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
            record = writer.create_warc_record(page.url, "response", payload=io.BytesIO(page.raw), http_headers=head)
            writer.write_record(record)


def _compared(room: Path, python: Path, rounds: int) -> tuple[tuple[Any, ...], list[_Lost]]:
    """Return a row (kept by each, shares of datatrove's that ours keeps, CPU seconds, ratio) and the lost pages."""
    recipe = write_recipe(room, _GATE, files="*.warc.gz", genre="web")
    out = room / "kept.json"
    arguments = (str(room / "pages.warc.gz"), str(out), str(locate(SHIPPED)[0]))
    own_seconds, rival_seconds = [], []
    warm = run_apart(recipe, room / "warm")  # compiles, where nothing is compiled yet
    kept_urls = _kept(room / "warm")
    if len(kept_urls) != warm.kept:
        raise CorpusError(
            "gate", f"{len(kept_urls)} addresses are left, and the run kept {warm.kept}", "mend the benchmark"
        )
    for turn in range(rounds):
        reported = run_apart(recipe, room / f"out{turn}")
        own_seconds.append(reported.cpu - reported.started)
        used = run_script(python, Path(__file__).with_name("rival_gate.py"), arguments)
        rival_seconds.append(used["cpu"] - used["started"])
    rival_texts: dict[str, str] = json.loads(out.read_text())
    texts = {url for url, text in rival_texts.items() if len(text.split()) >= _WORDS}
    lost = [_Lost(url, text) for url, text in rival_texts.items() if url not in kept_urls]
    mean, rival_mean = statistics.median(own_seconds), statistics.median(rival_seconds)
    shares = [f"{len(kept_urls & result) / max(1, len(result)):.2%}" for result in (set(rival_texts), texts)]
    row = (len(kept_urls), len(rival_texts), *shares, f"{mean:.2f}", f"{rival_mean:.1f}", f"{rival_mean / mean:.1f}")
    return row, lost


def _whole(room: Path, python: Path, number: int) -> Table:
    """From WARC to Parquet with filters and exact dedupe, where all pages are wanted: ours, two rows of datatrove."""
    recipe = write_recipe(room, _WHOLE, files="*.warc.gz", genre="news")
    run_apart(recipe, room / "warm")  # compiles, where nothing is compiled yet
    results = {"latam_corpus": run_apart(recipe, room / "out")}
    archive = room / "pages.warc.gz"
    results |= {f"datatrove, {row}": rival_apart(python, archive, room / row, row) for row in ("regex", "stock")}
    used = {name: report.cpu - report.started for name, report in results.items()}
    base = used["latam_corpus"]
    rows = tuple(
        (name, report.kept, f"{used[name]:.1f}", f"{number / used[name]:.1f}", f"{used[name] / base:.1f}")
        for name, report in results.items()
    )
    return Table(f"From WARC to Parquet, {number} pages", ("", "kept#", "CPU s#", "pages/s#", "times ours#"), rows)


def _kept(out: Path) -> set[str]:
    """Return the addresses of the rows that no step dropped."""
    from latam_corpus.pipeline.rows.step_file import DROPPED, ROWS

    rows, dropped = (
        {url for path in out.glob(f"work/**/{name}") for url in pl.read_parquet(path, columns=["url"])["url"]}
        for name in (ROWS, DROPPED)
    )
    return rows - dropped
