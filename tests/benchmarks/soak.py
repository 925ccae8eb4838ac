"""`soak`: packed streams over kills, changing numbers of ranks and withdrawals; no token is lost or doubled.

The words of the documents are numbers, each used once, and a word is a token: a token says which document it is of, and
where in it. What the ranks packed is counted by token, without any help of the streams.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import tempfile
import warnings
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.errors import ReleaseError
from latam_corpus.release.building.build import build
from latam_corpus.release.eligibility.build_request import BuildRequest
from latam_corpus.release.storing.store import Store
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest
from latam_corpus.train.streams.mixed_stream import MixedStream
from latam_corpus.train.streams.stream import CorpusStream

from .machine import Report, Table
from .soak_rank import RankTask, run_rank
from .written_run import doc_id, write_run

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from numpy.typing import NDArray

_WORLDS: Final = (8, 8, 8, 1, 2, 3, 5, 7)
_LENGTHS: Final = (16, 64, 250)
_LANGUAGES: Final = ("spa_Latn", "por_Latn", "spa_Latn")
# How often a mixture gives each document of a language.
_TIMES: Final = {"spa_Latn": 0.5, "por_Latn": 2.5}
_NOTES: Final = (
    "Each rank is a process. One that is killed (SIGKILL, at a block, between saved states) goes on from its own last",
    "state, or the next round goes on from the last states of all ranks, with another number of ranks. A round in",
    "which a rank was killed before its first state is given up, and begins again from the states before it.",
    "Documents are withdrawn between rounds: none of their tokens may come after that.",
    "Lost: tokens of documents that weren't withdrawn and came too seldom. Doubled: any that came too often.",
)


@dataclass
class Soak:
    """A run and its events.

    Attributes:
        spec: of the version that is streamed.
        plan: of a mixture; None streams the version.
        sizes: each document's words.
        events: how often what happened.
        tokens: what was packed, a round each.
        withdrawn: the round after which a document was withdrawn, by its number.
    """

    folder: Path
    store: Store
    spec: str
    plan: dict[str, Any] | None
    sizes: list[int]
    chance: random.Random
    events: Counter[str] = field(default_factory=Counter)
    tokens: list[NDArray[np.int32]] = field(default_factory=list)
    withdrawn: dict[int, int] = field(default_factory=dict)


def options(parser: argparse.ArgumentParser) -> None:
    """Add the benchmark's own options."""
    parser.add_argument("--documents", type=int, default=600, help="600 by default")
    parser.add_argument("--rounds", type=int, default=25, help="changes of the number of ranks, 25 by default")
    parser.add_argument("--seed", type=int, default=1, help="of the kills and withdrawals")


def measure(args: argparse.Namespace) -> Report:
    """Return the results for a version and for a mixture.

    Raises:
        ReleaseError: a token was lost, doubled, or came after its document was withdrawn.
    """
    rows = []
    for kind in ("version", "mixture"):
        with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
            soak = _prepared(Path(name), kind, args.documents, random.Random(args.seed))
            expected = _expected(soak)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of each withdrawal
                _run(soak, args.rounds)
            lost, doubled, late = wrong_tokens(soak.tokens, soak.sizes, expected, soak.withdrawn)
        counts = soak.events
        rows.append(
            (
                kind, len(soak.sizes), sum(map(len, soak.tokens)), counts["rounds"], counts["given up"],
                counts["killed"], counts["went on alone"], len(soak.withdrawn), counts["rests"], lost, doubled, late,
            )
        )  # fmt: skip
        if lost or doubled or late:
            problem = f"{kind}: {lost} tokens were lost, {doubled} doubled, {late} came after a withdrawal"
            raise ReleaseError("soak", problem, f"run it again with --seed {args.seed}")
    columns = (
        "streamed", "documents#", "tokens#", "rounds#", "given up#", "kills#", "went on alone#", "withdrawn#",
        "cut documents dropped#", "lost#", "doubled#", "after withdrawal#",
    )  # fmt: skip
    table = Table("Packed streams of 1 to 8 ranks, each token counted", columns, tuple(rows))
    settings = {"documents": args.documents, "rounds": args.rounds, "seed": args.seed}
    return Report("soak", {}, settings, (table,), _NOTES)


def _prepared(folder: Path, kind: str, documents: int, chance: random.Random) -> Soak:
    """Build a version of documents of many lengths, some of them longer than several blocks."""
    sizes = [chance.choice((1, 5, 30, 60, 60, 90, 700)) + chance.randrange(5) for _ in range(documents)]
    texts = (" ".join(map(str, range(first, first + size))) for first, size in _places(sizes))
    rows = ({"text": text, "language": _language(number)} for number, text in enumerate(texts))
    run = write_run(folder / "runs" / "benchmark-00000000", rows)
    store = Store.at(folder / "store")
    terms: dict[str, Any] = {"admit": ("open",), "uses": ("train",), "created": datetime.now(UTC)}
    request = BuildRequest(name="benchmark", runs=(run,), splits={}, index=False, shard_bytes=200_000, **terms)
    build(request, store)
    spec = f"benchmark@{store.latest('benchmark')}"
    return Soak(folder, store, spec, _plan(spec, documents) if kind == "mixture" else None, sizes, chance)


def _language(number: int) -> str:
    return _LANGUAGES[number % len(_LANGUAGES)]


def _plan(spec: str, documents: int) -> dict[str, Any]:
    sizes = Counter(map(_language, range(documents)))
    slices = [
        {"release": spec, "language": language, "documents": sizes[language], "drawn": round(times * sizes[language])}
        for language, times in _TIMES.items()
    ]
    return {"by": ["language"], "slices": slices}


def _expected(soak: Soak) -> list[int]:
    """Return the number of times that an undisturbed epoch yields each document, by rows of one rank."""
    columns: dict[str, Any] = {"columns": ["doc_id"], "seed": 7, "window": 200_000}
    url = soak.store.url
    stream = MixedStream(url, soak.plan, **columns) if soak.plan else CorpusStream(url, soak.spec, **columns)
    counts = Counter(row["doc_id"] for row in stream)
    return [counts[doc_id(number)] for number in range(len(soak.sizes))]


def _run(soak: Soak, rounds: int) -> None:
    """Pack an epoch in rounds; the last round packs the remaining tokens."""
    states: list[Any] = []
    while soak.events["rounds"] < rounds:
        next_states = _round(soak, states, soak.chance.choice(_WORLDS), rounds)
        if next_states is None:
            soak.events["given up"] += 1
            continue
        states = next_states
        if soak.chance.random() < 0.5:
            _withdraw(soak)
    _round(soak, states, 8, None)


def _round(soak: Soak, states: list[Any], world: int, rounds: int | None) -> list[Any] | None:
    """Start ranks from the states of others, and return their states; None if a rank has none."""
    chance = soak.chance
    folder = soak.folder / f"round-{soak.events['rounds']}-{soak.events['given up']}"
    folder.mkdir()
    length = chance.choice(_LENGTHS)
    block_limit = 2 * (sum(soak.sizes) + len(soak.sizes)) // (length * world * (rounds or 1))
    common = (soak.store.url, soak.spec, soak.plan, str(folder))
    tasks = [
        RankTask(
            *common, rank, world, tuple(chance.sample(states, len(states))), length, chance.randint(1, 9),
            chance.randint(0, block_limit + 1) if rounds else 1 << 60,
            is_killed=bool(rounds) and chance.random() < 0.2,
        )
        for rank in range(world)
    ]  # fmt: skip
    _start(soak, tasks)
    saved = [json.loads(task.state_file.read_bytes()) for task in tasks if task.state_file.exists()]
    if len(saved) < world:
        return None
    # Blocks after a rank's last state are packed again.
    kept_blocks = [task.blocks_file.read_bytes()[: record["bytes"]] for task, record in zip(tasks, saved, strict=True)]
    soak.tokens.append(np.frombuffer(b"".join(kept_blocks), np.int32))
    soak.events["rests"] += sum(record["rests"] for record in saved)
    soak.events["rounds"] += 1
    return [record["state"] for record in saved]


def _start(soak: Soak, tasks: list[RankTask]) -> None:
    """Run ranks side by side; half of the killed ones continue alone from their own state."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.benchmarks.soak_rank", "pyarrow.compute"])
    while tasks:
        processes = [context.Process(target=run_rank, args=(task,)) for task in tasks]
        for process in processes:
            process.start()
        restarted = []
        for task, process in zip(tasks, processes, strict=True):
            process.join()
            if process.exitcode and process.exitcode > 0:
                raise ReleaseError("soak", f"rank {task.rank} of {task.world} failed", "see its error above")
            if process.exitcode:
                soak.events["killed"] += 1
                if soak.chance.random() < 0.5:
                    restarted.append(replace(task, is_killed=soak.chance.random() < 0.3))
        soak.events["went on alone"] += sum(task.state_file.exists() for task in restarted)
        tasks = restarted


def _withdraw(soak: Soak) -> None:
    remaining = [number for number in range(len(soak.sizes)) if number not in soak.withdrawn]
    for number in soak.chance.sample(remaining, 3):
        withdraw(
            soak.store,
            WithdrawalRequest.of("benchmark", "doc", doc_id(number), "asked by its author"),
            datetime.now(UTC),
        )
        soak.withdrawn[number] = len(soak.tokens) - 1


def wrong_tokens(
    rounds: list[NDArray[np.int32]], sizes: list[int], expected: list[int], withdrawn: dict[int, int]
) -> tuple[int, int, int]:
    """Return the number of lost tokens, of doubled ones, and of those after a withdrawal."""
    counts = np.array([np.bincount(tokens, minlength=1 + sum(sizes)) for tokens in rounds])
    lost = doubled = late = least_ends = most_ends = 0
    for number, (first, size) in enumerate(_places(sizes)):
        by_round = counts[:, first : first + size]
        whole = by_round.sum(axis=0)
        doubled += int(np.maximum(whole - expected[number], 0).sum())
        most_ends += expected[number]
        if number not in withdrawn:
            lost += int(np.maximum(expected[number] - whole, 0).sum())
            least_ends += expected[number]
        else:
            # Of each time that it was begun a first part came.
            lost += int(np.maximum(np.diff(whole), 0).sum())
            late += int(by_round[withdrawn[number] + 1 :].sum())
    ends = int(counts[:, 0].sum())
    return lost + max(0, least_ends - ends), doubled + max(0, ends - most_ends), late


def _places(sizes: list[int]) -> Iterator[tuple[int, int]]:
    """Yield each document's first token and how many it has."""
    first = 1
    for size in sizes:
        yield first, size
        first += size
