"""`writers`: the lines of verse, paragraphs and turns that come through documents which real programs wrote.

Two halves, of texts and of layouts: what decides how a reader joins and parts lines was chosen on `tuned` alone.
"""

from __future__ import annotations

import shutil
import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from latam_corpus.extract.isolation import programs
from latam_corpus.extract.stage import EXTRACTORS

from .documents import by_browser, by_latex, by_office, by_reportlab, packages
from .documents.counts import Counts, count, share
from .documents.layouts import LAYOUTS, Layout, initials
from .documents.works import HALVES, TALKS, Collection, collections
from .machine import Report, Table
from .texts import NOVELS, VERSES, checksums

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping

    from latam_corpus.extract.document import Extracted

TYPES: Final = {
    "txt": "text/plain",
    "epub": "application/epub+zip",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "odt": "application/vnd.oasis.opendocument.text",
    "rtf": "application/rtf",
    "doc": "application/msword",
    "pdf": "application/pdf",
    "srt": "text/vtt",
    "vtt": "text/vtt",
}
KINDS: Final = ("verse", "prose", "interview")


class Written(NamedTuple):
    """A file: which program wrote it, its suffix, the texts in it, how they are set, and its bytes."""

    writer: str
    suffix: str
    collection: Collection
    layout: Layout
    raw: bytes


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--only", default="", help="writers whose names contain this")
    parser.add_argument("--keep", type=Path, help="a folder for the files and what was read from them")
    parser.add_argument("--half", choices=HALVES, help="one half alone")


def measure(args: argparse.Namespace) -> Report:
    """Write the texts by each program in each layout, read them back, and count."""
    rows: dict[tuple[str, str, str], Counts] = {}
    layouts: dict[tuple[str, str, str], Counts] = {}
    with tempfile.TemporaryDirectory(prefix="writers-") as folder:
        for written in _all_written(args, Path(folder)):
            kind, half = written.collection.kind, written.layout.half
            counts = _counted(written, args.keep)
            for table, key in ((rows, written.writer), (layouts, f"{written.writer}: {written.layout.name}")):
                place = (kind, half, key)
                table[place] = table.get(place, Counts()).plus(counts)
    tables = [_table(kind, half, rows) for kind in KINDS for half in HALVES]
    tables += [_table(kind, half, layouts, "by layout") for kind in KINDS for half in HALVES]
    notes = (
        "The held-out half was first looked at when the readers were done; see docs/extraction.md.",
        "A unit is a verse, a paragraph or a turn with its speaker; titles count as one.",
        "`joined` and `parted` are ends between units that are gone, and breaks within one.",
        "Read as for a source without a form, but captions of verse: they can't show that they are.",
        "Nor do captions say where a paragraph ends.",
        *(f"Not installed here: {name}." for name in _missing()),
    )
    sums = checksums(args.data, (NOVELS[0], *VERSES, TALKS))
    return Report("writers", sums, {"half": args.half or "both"}, tuple(one for one in tables if one.rows), notes)


def _table(kind: str, half: str, rows: Mapping[tuple[str, str, str], Counts], by: str = "by writer") -> Table:
    named = {"verse": "verses", "prose": "paragraphs", "interview": "turns"}[kind]
    heads = ["writer", f"{named}#", "kept#", "joined#", "parted#", "words lost#", "words added#"]
    heads += {"verse": ["stanza ends kept#"], "prose": [], "interview": ["speakers of 2#"]}[kind]
    filled = []
    for (its_kind, its_half, name), one in rows.items():
        if (its_kind, its_half) == (kind, half):
            no_ends = kind == "prose" and name.startswith(("SRT", "WebVTT"))
            ends: dict[str, list[object]] = {
                "verse": [share(one.stanzas_kept, one.stanzas)],
                "interview": [one.speakers],
            }
            last = ends.get(kind, [])
            filled.append((
                name, one.units, "" if no_ends else share(one.kept, one.units), one.joined, one.parted, one.lost,
                one.added, *last,
            ))  # fmt: skip
    return Table(f"{kind.capitalize()}, {half}, {by}", tuple(heads), tuple(filled))


def _counted(written: Written, keep: Path | None) -> Counts:
    # Captions can't show that they are verse; the source says so.
    form = "verse" if written.collection.kind == "verse" and written.suffix in ("srt", "vtt") else None
    extracted = read(written.suffix, written.raw, form)
    if keep:
        name = f"{written.writer} {written.layout.name} {written.collection.kind}".replace(" ", "_").replace(",", "")
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"{name}.{written.suffix}").write_bytes(written.raw)
        (keep / f"{name}.read.txt").write_text(extracted.text, encoding="utf-8")
    labels = {}
    if written.collection.kind == "interview":
        speakers = {turn[0] for work in written.collection.works for turn in work.parts}
        first = written.collection.works[0].parts[0][0]
        if written.suffix == "srt":
            labels = {speaker: speaker.upper() for speaker in speakers}
        elif written.layout.turns == "initials" and written.suffix != "vtt":
            labels = {speaker: initials(speaker, first) for speaker in speakers}
    return count(written.collection, extracted, labels)


def read(suffix: str, raw: bytes, form: str | None = None) -> Extracted:
    """Return the text that the reader of a format extracts, for a source that states this form or none."""
    module, _, name = EXTRACTORS[TYPES[suffix]].partition(":")
    read_file = getattr(import_module(module), name)
    stated = {"form": form} if form else {}
    extracted: Extracted = read_file(raw, {"libreoffice": "yes", **stated} if suffix == "doc" else stated)
    return extracted


def _missing() -> Iterator[str]:
    checks = {
        "LibreOffice": _has_office(),
        "Chromium": by_browser.browser(),
        "ReportLab": by_reportlab.python(),
        "LaTeX": by_latex.is_installed(),
    }
    return (name for name, result in checks.items() if not result)


def _has_office() -> bool:
    return shutil.which(programs.OFFICE) is not None


def _all_written(args: argparse.Namespace, folder: Path) -> Iterator[Written]:
    halves = [args.half] if args.half else HALVES
    pairs = [
        (collection, layout)
        for collection in collections(args.data)
        for layout in LAYOUTS
        if collection.half == layout.half and layout.half in halves
    ]
    writers: dict[str, Callable[[Collection, Layout, Path], _File | None]] = {
        "plain text": _plain, "plain text, wrapped": _wrapped, "plain text, Windows-1252": _in_1252,
        "DOCX by python-docx": _python_docx, "EPUB": _epub, "SRT": _srt, "WebVTT": _vtt,
        "PDF by Chromium": _chromium, "PDF by LaTeX": _latex,
    }  # fmt: skip
    missing = set(_missing())
    for name, write in writers.items():
        if args.only in name and not any(name.endswith(one) for one in missing):
            for collection, layout in pairs:
                if file := write(collection, layout, folder):
                    suffix, *_, raw = file
                    yield Written(name, suffix, collection, layout, raw)
    documents = {f"t{number}": pair for number, pair in enumerate(pairs)}
    if args.only in "PDF by ReportLab" and "ReportLab" not in missing:
        for name, raw in by_reportlab.save(documents, folder).items():
            yield Written("PDF by ReportLab", "pdf", *documents[name], raw)
    flat = {name: by_office.flat(*pair) for name, pair in documents.items()}
    for suffix in by_office.FILTERS:
        writer = f"{suffix.upper()} by LibreOffice"
        if args.only in writer and "LibreOffice" not in missing:
            for name, raw in by_office.save(flat, suffix, folder).items():
                yield Written(writer, suffix, *documents[name], raw)


_File = tuple[str, Collection, Layout, bytes]


def _plain(collection: Collection, layout: Layout, _folder: Path) -> _File:
    return "txt", collection, layout, packages.text(collection, layout).encode()


def _wrapped(collection: Collection, layout: Layout, _folder: Path) -> _File | None:
    if collection.kind == "verse":
        return None
    return "txt", collection, layout, packages.text(collection, layout, wrapped=True).encode()


def _in_1252(collection: Collection, layout: Layout, _folder: Path) -> _File:
    return "txt", collection, layout, packages.text(collection, layout).encode("cp1252", "replace")


def _python_docx(collection: Collection, layout: Layout, _folder: Path) -> _File:
    return "docx", collection, layout, packages.by_python_docx(collection, layout)


def _epub(collection: Collection, layout: Layout, _folder: Path) -> _File:
    return "epub", collection, layout, packages.epub(collection, layout)


def _srt(collection: Collection, layout: Layout, _folder: Path) -> _File | None:
    return _captions(collection, layout, "srt")


def _vtt(collection: Collection, layout: Layout, _folder: Path) -> _File | None:
    return _captions(collection, layout, "vtt")


def _captions(collection: Collection, layout: Layout, suffix: str) -> _File | None:
    first = next(each for each in LAYOUTS if each.half == layout.half)  # captions have no layout
    if layout != first:
        return None
    return suffix, collection, layout, packages.captions(collection, suffix).encode()


def _chromium(collection: Collection, layout: Layout, folder: Path) -> _File:
    page = by_browser.html(collection, layout)
    return "pdf", collection, layout, by_browser.save(page, folder, headed=layout.headed)


def _latex(collection: Collection, layout: Layout, folder: Path) -> _File:
    return "pdf", collection, layout, by_latex.save(by_latex.tex(collection, layout), folder)
