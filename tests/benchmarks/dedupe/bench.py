"""The jobs of the benchmark `dedupe`: recall on planted sets, speed, growth, memory, the library, earlier versions."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError, closest

from ..machine import Report, Table, rounded
from ..texts import NOVELS, checksums, collections
from . import ablation, culture, planted, pool
from .chance import chance
from .culture_otherwise import SEED, otherwise
from .documents import write_beginnings, write_documents
from .incremental import NEW, compared
from .judged import HALVES, agreement, as_planted, decided, files, read, written
from .library import gutenberg, library, verdicts
from .parts import growth, speed
from .planted import EACH, SEEDS
from .score import score
from .shelf import FILES, OTHERS, Shelf
from .tables import COST_COLUMNS, apart_table, cost_cells, found_table, markdown, natural_table, summary_table
from .tools import OURS, chosen, median, run, versions

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from .documents import Planted, Result, Used
    from .score import Score

WORDS: Final = 300  # least words of a document of the jobs growth and incremental
_MB: Final = 1e6
_NOTES: Final = (
    """CPU seconds of a process with one thread; «working» is without interpreter, imports and compiled code. datatrove
also writes what it keeps (its stage 4), which the others leave out.""",
    """A pair is found when both documents stand for one kept document; contained also when the tool recorded it. A
removal that was not planted is read by a person (verdicts.toml) or, unread, is right from a coverage of .70 on.""",
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument(
        "--job",
        default="recall",
        help="recall, speed, growth, library, incremental, recombined, judged, culture, chance or ablation",
    )
    parser.add_argument("--sets", default="first,second,third", help="planted sets of the job recall")
    parser.add_argument("--each", type=int, default=EACH, help=f"pairs of a kind in a planted set, {EACH} by default")
    parser.add_argument("--documents", type=int, default=10_000, help="of speed, incremental, recombined, culture")
    parser.add_argument("--sizes", default="10000,30000,100000,300000", help="documents of the job growth")
    parser.add_argument("--words", type=int, default=WORDS, help="least words of a document of the job growth")
    parser.add_argument("--holders", type=int, default=pool.HOLDERS, help="of a paragraph, in the job recombined")
    parser.add_argument("--workers", type=int, default=2, help="worker processes of the job recombined")
    parser.add_argument("--rounds", type=int, default=1, help="how often each row is run, in turn; medians are shown")
    parser.add_argument("--rows", default="", help="tools, by comma; all that can run by default")
    parser.add_argument("--rival-python", type=Path, help="a Python with the other tools (dedupe/rivals.py)")
    parser.add_argument("--sheet", type=Path, help="a CSV file for removals to be read, of the job culture")
    parser.add_argument("--markdown", type=Path, help="write the tables as Markdown to this file too")


def measure(args: argparse.Namespace) -> Report:
    """Return the tables of the job."""
    jobs = {
        "recall": _recall, "speed": _speed, "growth": _growth, "library": _library, "incremental": _incremental,
        "recombined": _recombined, "judged": _judged, "culture": _culture, "chance": _chance,
        "ablation": _ablation,
    }  # fmt: skip
    if args.job not in jobs:
        raise ConfigError("--job", f"there is no job «{args.job}»", closest(args.job, jobs))
    names = chosen(args.rows, args.rival_python)
    shelf = Shelf.load(args.data)
    settings: dict[str, Any] = {"job": args.job, "rows": names, "rounds": args.rounds, "seeds": SEEDS}
    if args.rival_python:
        settings["rival"] = versions(args.rival_python)
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        tables = jobs[args.job](args, shelf, names, Path(name), settings)
    if args.markdown:
        args.markdown.write_text("\n\n".join(map(markdown, tables)) + "\n", encoding="utf-8")
    sized = f"_{args.words}" if args.job == "growth" and args.words != WORDS else ""
    return Report(f"dedupe_{args.job}{sized}", checksums(args.data, FILES), settings, tuple(tables), _NOTES)


def _runs(args: argparse.Namespace, names: Sequence[str], documents: Path) -> tuple[dict[str, Result], dict[str, Used]]:
    """Run each tool on the file, once per round.

    Raises:
        ConfigError: a tool decided otherwise in another round: its cost and its decisions would be of two things.
    """
    results: dict[str, Result] = {}
    used: dict[str, list[Used]] = {name: [] for name in names}
    for _ in range(args.rounds):
        for name in names:
            result, usage = run(name, documents, documents.with_suffix(".out"), args.rival_python)
            if results.setdefault(name, result) != result:
                difference = f"{len(results[name].dropped)} and {len(result.dropped)} removals in two rounds"
                raise ConfigError(name, difference, "run it again while nobody changes the code")
            used[name].append(usage)
    return results, {name: median(rounds) for name, rounds in used.items()}


def _judge(
    args: argparse.Namespace, planted_set: Planted, names: Sequence[str], room: Path, settings: dict[str, Any]
) -> tuple[dict[str, Score], list[Table]]:
    """Return the tools' scores on a set, and the table of their costs."""
    path = room / f"{planted_set.name}.jsonl"
    write_documents(path, planted_set.documents)
    results, used = _runs(args, names, path)
    known_verdicts = verdicts()
    scores = {name: score(planted_set, results[name], known_verdicts) for name in names}
    settings[planted_set.name] = {
        "documents": len(planted_set.documents),
        "words": sum(len(document.text.split()) for document in planted_set.documents),
        "bytes": path.stat().st_size,
        "kinds": planted.kinds(planted_set),
        "scores": {name: scores[name].told() for name in names},
    }
    title = f"Set «{planted_set.name}»: {len(planted_set.documents)} documents, {path.stat().st_size / _MB:.1f} MB"
    return scores, [summary_table(title, len(planted_set.documents), scores, used)]


def _recall(
    args: argparse.Namespace, shelf: Shelf, names: Sequence[str], room: Path, settings: dict[str, Any]
) -> list[Table]:
    tables: list[Table] = []
    names_of_sets = args.sets.split(",")
    shelf = shelf.with_others(args.data) if OTHERS in names_of_sets else shelf
    for name in names_of_sets:
        if name not in SEEDS:
            raise ConfigError("--sets", f"there is no set «{name}»", closest(name, SEEDS))
        scores, created = _judge(args, planted.make(shelf, name, args.each), names, room, settings)
        tables += [*created, found_table(name, scores), apart_table(name, scores)]
        tables += [natural_table(f"{name}, {tool}", result) for tool, result in scores.items() if tool == OURS]
    return tables


def _speed(
    args: argparse.Namespace, shelf: Shelf, names: Sequence[str], room: Path, settings: dict[str, Any]
) -> list[Table]:
    scores, tables = _judge(args, speed(shelf, args.documents), names, room, settings)
    return [*tables, found_table("speed", scores)]


def _library(
    args: argparse.Namespace, shelf: Shelf, names: Sequence[str], room: Path, settings: dict[str, Any]
) -> list[Table]:
    scores, tables = _judge(args, library(shelf, gutenberg(args.data)), names, room, settings)
    tables.append(found_table("library", scores))
    return [*tables, *(natural_table(f"library, {tool}", result) for tool, result in scores.items())]


def _growth(
    args: argparse.Namespace, shelf: Shelf, names: Sequence[str], room: Path, settings: dict[str, Any]
) -> list[Table]:
    rows: list[tuple[object, ...]] = []
    settings["words"] = args.words
    paths = {int(size): room / f"growth-{size}.jsonl" for size in args.sizes.split(",")}
    write_beginnings(paths, growth(shelf, max(paths), words=args.words))
    for number, path in paths.items():
        results, used = _runs(args, names, path)
        size = rounded(path.stat().st_size / _MB)
        rows += [(name, number, size, *cost_cells(used[name], number, results[name])) for name in names]
        path.unlink()
    columns = ("", "documents#", "MB#", *COST_COLUMNS)
    title = f"Recombined paragraphs of {args.words} words and more, a fifth of them copies with 5 % of the words edited"
    return [Table(title, columns, tuple(rows))]


def _incremental(
    args: argparse.Namespace, shelf: Shelf, names: Sequence[str], room: Path, settings: dict[str, Any]
) -> list[Table]:
    """Measure our own tool alone, because no other tool compares with an earlier version."""
    settings["rows"] = [name for name in names if name == OURS]
    documents = list(growth(shelf, args.documents, words=args.words))
    compared(documents[: 10 * NEW], room / "first")  # what is compiled, once, before the measurement
    results = compared(documents, room / "index")
    both = results.full, results.incremental
    rows = [(step, *(rounded(run[step]) for run in both)) for step in results.full]
    rows.append(("all", *(rounded(sum(run.values())) for run in both)))
    rows.append(("share of the full run", 1, rounded(sum(results.incremental.values()) / sum(results.full.values()))))
    rows.append(("kept by this run alone", len(results.only_full), len(results.only_incremental)))
    settings["only"] = [sorted(results.only_full), sorted(results.only_incremental)]
    title = f"{OURS}: {results.new} new documents, {results.kept} kept, beside {results.indexed} indexed ones; CPU s"
    return [Table(title, ("", "full run#", "new alone#"), tuple(rows))]


def _recombined(
    args: argparse.Namespace, _shelf: Shelf, _names: Sequence[str], room: Path, settings: dict[str, Any]
) -> list[Table]:
    """Measure our own tool with worker processes, as `run` uses it."""
    settings |= {"rows": [OURS], "documents": args.documents, "holders": args.holders, "workers": args.workers}
    results = pool.measured(collections(args.data, NOVELS), args.documents, args.holders, args.workers, room)
    rows = [(name, rounded(value) if isinstance(value, float) else value) for name, value in results.items()]
    title = f"{args.documents} documents, each paragraph in {args.holders} of them; {args.workers} workers"
    return [Table(title, ("", "seen#"), tuple(rows))]


def _judged(
    args: argparse.Namespace, shelf: Shelf, names: Sequence[str], room: Path, settings: dict[str, Any]
) -> list[Table]:
    """Return, for pairs that were read, how often each tool agrees with two readings, and wrong removals."""
    pairs = [*written(), *read(shelf)]

    def by(name: str) -> Callable[[Path], Result]:
        return lambda path: run(name, path, path.with_suffix(".out"), args.rival_python)[0]

    created = {name: decided(pairs, by(name), room) for name in names}
    settings["pairs"] = len(pairs)
    settings["unclear"] = sum(not pair.clear for pair in pairs)
    tables = []
    for half in ("", *HALVES):
        counts = {name: agreement(pairs, result, half) for name, result in created.items()}
        kinds = sorted({kind for count in counts.values() for kind in count})
        rows: list[tuple[object, ...]] = [
            (kind, counts[names[0]][kind][2], *(_of_pairs(counts[name][kind]) for name in names)) for kind in kinds
        ]
        sums = {name: tuple(map(sum, zip(*result.values(), strict=True))) for name, result in counts.items()}
        rows.append(("all", sums[names[0]][2], *(_of_pairs(sums[name]) for name in names)))
        rows.append(("share", "", *(rounded(sums[name][0] / sums[name][2]) for name in names)))
        of = f"half «{half}»" if half else "all pairs of which both readings say the same"
        title = f"Treated as two readings have it, {of}; in brackets wrong removals"
        tables.append(Table(title, ("kind", "pairs#", *(f"{name}#" for name in names)), tuple(rows)))
    return tables


def _culture(
    args: argparse.Namespace, shelf: Shelf, names: Sequence[str], room: Path, settings: dict[str, Any]
) -> list[Table]:
    """Measure the mixed set, and write a sheet of removals for readers."""
    created = culture.heap(shelf, args.data, args.documents)
    settings["documents"], settings["kinds"] = len(created.documents), planted.kinds(created)
    path = room / "culture.jsonl"
    write_documents(path, created.documents)
    results, used = _runs(args, names, path)
    if args.sheet:
        settings["read"] = culture.write_sheets(args.sheet, culture.removals(created, results[names[0]]))
    tables = culture.tables(created, results, used)
    created = culture.heap(shelf, args.data, args.documents, SEED, otherwise)
    write_documents(path, created.documents)
    settings["otherwise"] = {"seed": SEED, "kinds": planted.kinds(created)}
    return [*tables, *(culture.worse_table(created, name, _runs(args, [name], path)[0][name]) for name in names)]


def _chance(
    _args: argparse.Namespace, shelf: Shelf, names: Sequence[str], _room: Path, settings: dict[str, Any]
) -> list[Table]:
    """Measure for our own tool the parts that two long texts share by chance."""
    settings["rows"] = [name for name in names if name == OURS]
    return [chance(shelf)]


def _ablation(
    args: argparse.Namespace, shelf: Shelf, names: Sequence[str], _room: Path, settings: dict[str, Any]
) -> list[Table]:
    """Measure for our own tool the effect of each rule and bound of the check."""
    settings |= {"rows": [name for name in names if name == OURS], "each": args.each, "documents": args.documents}
    pairs = [*written(), *read(shelf)]
    sets = [ablation.judged_pairs(pairs, files(pairs), as_planted)]
    for name in args.sets.split(","):
        planted_set = planted.make(shelf.with_others(args.data) if name == OTHERS else shelf, name, args.each)
        sets.append(ablation.of_planted(planted_set))
    sets.append(ablation.of_planted(culture.heap(shelf, args.data, args.documents)))
    return ablation.tables(sets)


def _of_pairs(counts: Sequence[int]) -> str:
    right, wrong, _ = counts
    return f"{right} ({wrong})"
