"""Gather the texts, let each side judge them, and make tables of the half that the floors apply to."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError

from ..machine import Report, Table
from ..texts import NOVELS, VERSES, checksums
from . import fresh
from .good import good
from .junk import PROSE, SEED, junk
from .ours import measured, reasons

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from .good import Text

_RIVAL: Final = Path(__file__).with_name("rival_filters.py")
_GOOD: Final = {False: good, True: fresh.fresh_good}
_JUNK: Final = {False: junk, True: fresh.fresh_junk}
_FRESH: Final = """Texts of which no part was fitted to, scored or read before the first look at them, and junk made of
them by another seed. After that look some bounds of literature, reference and other prose were loosened."""
_NOTES: Final = (
    """Bounds were fitted to half of the texts, told by a hash of each; the tables are of the other half. That half was
looked at too, and the digitised pages as a whole: rules were changed after that (stop words in talk, literature and
the news, lines that begin with a bracket, the bounds on lines in all prose). It isn't blind.""",
    """FineWeb-2: datatrove's Gopher and FineWeb filters in the order and with the bounds of FineWeb-2's pipeline for
the language, Spanish bounds where it has none. With C4: C4's filter after them, open lines allowed, as in FineWeb; it
also cuts lines out of what it keeps, which isn't counted here.""",
    """Junk stands under each genre of prose, in Spanish or Portuguese; the column for other prose has the genre that
keeps the most. FineWeb-2 knows no genre.""",
    "AmericasNLP's sentences are judged as web pages, fifteen a document.",
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--rival-python", type=Path, help="a Python with datatrove and spacy; without it, ours alone")
    parser.add_argument("--fresh", action="store_true", help="texts that no bound was fitted to or looked at by")


def measure(args: argparse.Namespace) -> Report:
    """Count the good texts that each side drops, and the junk that it keeps."""
    good_texts, junk_texts = list(_GOOD[args.fresh](args.data)), list(_JUNK[args.fresh](args.data))
    if not args.fresh:
        good_texts, junk_texts = ([text for text in texts if text.scores] for texts in (good_texts, junk_texts))
    texts, split = [*good_texts, *junk_texts], len(good_texts)
    rival = filtered_by_rivals(texts, args.rival_python, args.data) if args.rival_python else None
    tables = (
        _good(texts[:split], rival and rival[:split]),
        _junk(texts[split:], rival and rival[split:]),
        _why(texts[split:]),
    )
    seed = fresh.SEED if args.fresh else SEED
    settings = {"seed": seed, "good": split, "junk": len(junk_texts), "genres": list(PROSE)}
    name = "quality_fresh" if args.fresh else "quality_kept"
    notes = (_FRESH, *_NOTES[1:]) if args.fresh else _NOTES
    return Report(name, checksums(args.data, (*NOVELS, *VERSES)), settings, tables, notes)


def filtered_by_rivals(texts: Sequence[Text], python: Path, data: Path) -> list[list[str | None]]:
    """Return for each text the reason of FineWeb-2's filters to drop it, and that of C4's filter after them."""
    configs = data / "quality/fineweb2_facts/configs.tar.xz"
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        source, out = Path(name, "texts.jsonl"), Path(name, "told.jsonl")
        with source.open("w", encoding="utf-8") as file:
            for text in texts:
                file.write(json.dumps({"language": text.language, "text": text.text}) + "\n")
        command = [str(python), str(_RIVAL), str(source), str(configs), str(out)]
        done = subprocess.run(
            command, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            reported = done.stderr.strip().splitlines()
            raise ConfigError(
                str(python), reported[-1] if reported else "it failed", "see quality_kept/rival_filters.py"
            )
        with out.open(encoding="utf-8") as lines:
            return list(map(json.loads, lines))


def _good(texts: Sequence[Text], rival: Sequence[list[str | None]] | None) -> Table:
    """Return a row per kind: its documents, and how many each side drops."""
    ours = reasons(measured(texts))
    rows = []
    for kind in dict.fromkeys(text.kind for text in texts):
        places = [i for i, text in enumerate(texts) if text.kind == kind]
        lost = Counter(ours[i][0] for i in places if ours[i])
        reported = ", ".join(f"{reason} {count}" for reason, count in lost.most_common(3))
        rows.append((kind, texts[places[0]].genre, len(places), sum(lost.values()), *_theirs(rival, places), reported))
    columns = ("good texts", "judged as", "documents#", "ours drops#", *_names(rival, "drops"), "why ours does")
    return Table("Good texts dropped", columns, tuple(rows))


def _junk(texts: Sequence[Text], rival: Sequence[list[str | None]] | None) -> Table:
    """Return a row per kind: its documents, and how many each side keeps under each genre of prose."""
    frame = measured(texts)
    is_kept = {genre: [not broken for broken in reasons(frame, genre)] for genre in (*PROSE, "lyrics", "dictionary")}
    shown = ("news", "literature", "oral_history")
    rows = []
    for kind in dict.fromkeys(text.kind for text in texts):
        places = [i for i, text in enumerate(texts) if text.kind == kind]
        counts = {genre: sum(is_kept[genre][i] for i in places) for genre in is_kept}
        other_prose = max(counts[genre] for genre in PROSE if genre not in shown)
        rival_kept = [len(places) - int(dropped) for dropped in _theirs(rival, places)]
        rows.append(
            (
                kind,
                len(places),
                *(counts[g] for g in shown),
                other_prose,
                counts["lyrics"],
                counts["dictionary"],
                *rival_kept,
            )
        )
    columns = (
        "junk",
        "documents#",
        "as news#",
        "literature#",
        "oral history#",
        "other prose#",
        "lyrics#",
        "dictionary#",
    )
    return Table("Junk kept", (*columns, *_names(rival, "keeps")), tuple(rows))


def _why(texts: Sequence[Text]) -> Table:
    """Return a row per kind: the bounds that most of its documents break as news, with the shares."""
    broken = reasons(measured(texts))
    rows = []
    for kind in dict.fromkeys(text.kind for text in texts):
        places = [i for i, text in enumerate(texts) if text.kind == kind]
        results = Counter(reason for i in places for reason in broken[i])
        reported = ", ".join(f"{reason} {count / len(places):.0%}" for reason, count in results.most_common(4))
        rows.append((kind, reported))
    return Table("Bounds that junk breaks as news", ("junk", "bounds broken, share of documents"), tuple(rows))


def _theirs(rival: Sequence[list[str | None]] | None, places: Sequence[int]) -> list[int]:
    if rival is None:
        return []
    return [sum(bool(rival[i][0]) for i in places), sum(any(rival[i]) for i in places)]


def _names(rival: Sequence[list[str | None]] | None, does: str) -> tuple[str, ...]:
    return () if rival is None else (f"FineWeb-2 {does}#", f"with C4 {does}#")
