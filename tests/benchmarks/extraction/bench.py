"""The run: rivals extract the pages; ours learns from four fifths of the sites and is judged on the rest, in turn."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.extract.web_pages.html import DOUBT, LEAST, choose_text
from latam_corpus.extract.web_pages.page_blocks import read_page

from ..layout.gold_pages import counted
from ..layout.lessons import BOUND, FIRST, SECOND, fold_of, learn
from ..layout.other_extractors import SYSTEMS
from ..layout.shelves import Shelf
from ..machine import Report, Table
from .score import interval, scores

if TYPE_CHECKING:
    import argparse

    from numpy.typing import NDArray


_FOLDS: Final = 5
SETS: Final = {
    "T": "snippets",
    "L": "snippets, Latin American",
    "S": "whole texts",
    "E": "whole texts, Spanish and Mexican",
}
_WHOLE: Final = "SE"
_BASE: Final = "trafilatura"
_LOST: Final = 0.3
_COMPARED: Final = ("trafilatura", "trafilatura fast", "trafilatura precision")
_NOTES: Final = (
    "T has the pages of L. F1 with its 95 % interval by bootstrap over sites; differences are paired, page by page.",
    "What is learnt was never learnt from a page of the site that it is judged on.",
    """A page is lost where its F1 is below .3. What decides about hidden text, calls and the second opinion was chosen
on one half of the sites alone; the other is in the last column.""",
    """The features, the bounds of chance and of doubt and the sizes of the forests were chosen while looking at these
folds: expect somewhat less elsewhere.""",
    """Milliseconds are of processor time in one thread, from decoded markup to text, ours with what the page states of
itself; with the shipped model.""",
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument(
        "--rival-python", required=True, help="a Python with the rivals (tests/benchmarks/layout/other_extractors.py)"
    )
    parser.add_argument("--job", default="all", help="all, text or speed; all by default")
    parser.add_argument("--keep", type=Path, help="a folder for the rivals' texts, taken from there for the same pages")
    parser.add_argument("--timed", type=int, default=8, help="one page of so many is timed, 8 by default")
    parser.add_argument("--rounds", type=int, default=3, help="how often each page is timed, 3 by default")


def measure(args: argparse.Namespace) -> Report:
    """Return the tables of one run over all pages."""
    shelf = Shelf.of(args.data)
    pages = hashlib.sha256(b"".join(hashlib.sha256(page.raw).digest() for page in shelf.pages)).hexdigest()
    settings: dict[str, Any] = {
        "bound": BOUND,
        "doubt": DOUBT,
        "least": LEAST,
        "forests": [repr(FIRST), repr(SECOND)],
        "pages": {name: sum(name in page.sets for page in shelf.pages) for name in SETS},
        "sites": len({page.site for page in shelf.pages}),
    }
    tables: list[Table] = []
    if args.job != "speed":
        shelf.ask(args.rival_python, SYSTEMS, args.keep)
        settings |= {"asked_trafilatura": round(_extract(shelf) / len(shelf.pages), 3), "versions": shelf.versions}
        counts = {
            system: np.array([counted(page, text) for page, text in zip(shelf.pages, shelf.texts[system], strict=True)])
            for system in ("balanced", "fast", *SYSTEMS)
        }
        tables += [_scored(shelf, counts), _differences(shelf, counts), _lost(shelf, counts)]
    if args.job != "text":
        tables.append(_speed(shelf.every(args.timed), args.rival_python, args.rounds))
    return Report(
        f"extraction{'' if args.job == 'all' else '_' + args.job}", {"pages": pages}, settings, tuple(tables), _NOTES
    )


def _extract(shelf: Shelf) -> int:
    """Extract the pages with our systems; return the number of pages that trafilatura extracted.

    Each page is extracted with a model that was trained on no page of its site.
    """
    lessons = shelf.lessons()
    for system in ("balanced", "fast"):
        shelf.texts[system] = [""] * len(lessons)
    requested = 0
    for fold in range(_FOLDS):
        is_held_out = [fold_of(lesson.site, _FOLDS) == fold for lesson in lessons]
        model = learn([lesson for lesson, held_out in zip(lessons, is_held_out, strict=True) if not held_out])
        for index in np.flatnonzero(is_held_out).tolist():
            page = read_page(shelf.markups[index], model)
            shelf.texts["fast"][index] = page.text
            chosen = choose_text(page, shelf.markups[index])
            shelf.texts["balanced"][index] = chosen.text
            requested += chosen.extractor.startswith("trafilatura")
    return requested


def _speed(shelf: Shelf, python: str, rounds: int) -> Table:
    """Return each system's time per page: the fastest of several rounds, in which all systems take turns."""
    fastest: dict[str, NDArray[np.float64]] = {}
    for _ in range(rounds):
        shelf.ask(python, SYSTEMS)
        shelf.seconds |= {"fast": [], "balanced": []}
        for markup in shelf.markups:
            started = time.process_time()
            page = read_page(markup)
            read = time.process_time()
            choose_text(page, markup)
            shelf.seconds["fast"].append(read - started)
            shelf.seconds["balanced"].append(time.process_time() - started)
        for system, seconds in shelf.seconds.items():
            now = np.array(seconds)
            fastest[system] = np.minimum(fastest.get(system, now), now)
    base = float(fastest[_BASE].mean())
    rows = tuple(
        (system, f"{fastest[system].mean() * 1e3:.1f}", f"{base / float(fastest[system].mean()):.1f}")
        for system in ("balanced", "fast", *SYSTEMS)
    )
    return Table(f"{len(shelf.pages)} pages", ("system", "ms a page#", "times faster than trafilatura#"), rows)


def _members(shelf: Shelf, name: str) -> NDArray[np.int64]:
    return np.array([place for place, page in enumerate(shelf.pages) if name in page.sets])


def _scored(shelf: Shelf, counts: dict[str, NDArray[np.float64]]) -> Table:
    rows: list[tuple[Any, ...]] = []
    for system, counted_ in counts.items():
        row: list[Any] = [system]
        for name in SETS:
            members = _members(shelf, name)
            sites = [shelf.pages[place].site for place in members]
            results = scores(counted_[members], name in _WHOLE)
            low, high = interval(counted_[members], None, name in _WHOLE, sites)
            row.append(f"{results[0]:.3f} / {results[1]:.3f} / {results[2]:.3f} [{low:.3f}, {high:.3f}]")
        rows.append(tuple(row))
    sizes = [f"{name}: {report} ({len(_members(shelf, name))})#" for name, report in SETS.items()]
    return Table("precision / recall / F1", ("system", *sizes), tuple(rows))


def _lost(shelf: Shelf, counts: dict[str, NDArray[np.float64]]) -> Table:
    """Count the pages that each system loses, in each half of the sites."""
    halves = np.array([fold_of(page.site, 2, "half ") for page in shelf.pages])
    rows = []
    for system, counted_ in counts.items():
        hits, wrong, missed = counted_.T
        lost = 2 * hits < _LOST * (2 * hits + wrong + missed)
        rows.append((system, *(str(int(lost[halves == half].sum())) for half in (0, 1))))
    sizes = [f"{name} ({int((halves == half).sum())})#" for half, name in enumerate(("looked at", "not looked at"))]
    return Table("pages lost", ("system", *sizes), tuple(rows))


def _differences(shelf: Shelf, counts: dict[str, NDArray[np.float64]]) -> Table:
    rows = []
    for own_system in ("balanced", "fast"):
        for rival in _COMPARED:
            row = [own_system, rival]
            for name in SETS:
                members = _members(shelf, name)
                sites = [shelf.pages[place].site for place in members]
                whole = name in _WHOLE
                own_counts, rival_counts = counts[own_system][members], counts[rival][members]
                low, high = interval(own_counts, rival_counts, whole, sites)
                row.append(
                    f"{scores(own_counts, whole)[2] - scores(rival_counts, whole)[2]:+.3f} [{low:+.3f}, {high:+.3f}]"
                )
            rows.append(tuple(row))
    return Table("F1, ours minus theirs", ("ours", "theirs", *(f"{name}#" for name in SETS)), tuple(rows))
