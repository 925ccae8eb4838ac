"""One rank of a packed run that may be killed at any block: it keeps its blocks, and its state now and then."""

from __future__ import annotations

import json
import os
import signal
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latam_corpus.train.streams.mixed_stream import MixedStream
from latam_corpus.train.streams.stream import CorpusStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from latam_corpus.train.streams.positioned_stream import PositionedStream


@dataclass(frozen=True)
class RankTask:
    """The work of a rank until it stops.

    Attributes:
        store: of the release.
        spec: of the version that is streamed.
        plan: of a mixture; None streams the version itself.
        folder: where the rank keeps its blocks and its state.
        states: of the ranks of the last round, from which all ranks go on; empty at the beginning.
        length: tokens in a block.
        save_every: blocks between saved states.
        blocks: after how many the rank stops.
        is_killed: whether it is killed then, without a saved state.
    """

    store: str
    spec: str
    plan: dict[str, Any] | None
    folder: str
    rank: int
    world: int
    states: tuple[Any, ...]
    length: int
    save_every: int
    blocks: int
    is_killed: bool

    @property
    def blocks_file(self) -> Path:
        """The file of its tokens."""
        return Path(self.folder) / f"{self.rank}.tokens"

    @property
    def state_file(self) -> Path:
        """The file of its state, and the number of bytes of the blocks before it."""
        return Path(self.folder) / f"{self.rank}.json"


class NumberTokenizer:
    """Reads each word as a number, which is its token."""

    sha256 = "0" * 64
    end_id = 0

    def encoded(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """Yield the numbers in each text."""
        for text in texts:
            yield [int(word) for word in text.split()]


def open_stream(task: RankTask) -> PositionedStream:
    """Open the rank's stream, with windows of few documents."""
    options: dict[str, Any] = {"rank": task.rank, "world": task.world, "seed": 7, "window": 200_000}
    if task.plan:
        return MixedStream(task.store, task.plan, **options)
    return CorpusStream(task.store, task.spec, **options)


def run_rank(task: RankTask) -> None:
    """Go on from the rank's own state, or from those of the last round, and pack blocks until it is time to stop."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        stream = open_stream(task)
        saved = json.loads(task.state_file.read_bytes()) if task.state_file.exists() else None
        if saved:
            stream.load_state_dict(saved["state"])
        elif task.states:
            stream.load_state_dict(task.states)
        with task.blocks_file.open("ab") as blocks:
            blocks.truncate(saved["bytes"] if saved else 0)
            blocks.seek(0, os.SEEK_END)
            if task.is_killed and not task.blocks:
                os.kill(os.getpid(), signal.SIGKILL)
            _save(task, stream, blocks.tell(), caught)
            packed = stream.packed(NumberTokenizer(), task.length, drop_last=False)
            for number, block in enumerate(packed, 1):
                blocks.write(block.tobytes())
                blocks.flush()
                if number >= task.blocks:
                    break
                if number % task.save_every == 0:
                    _save(task, stream, blocks.tell(), caught)
            if task.is_killed:
                os.kill(os.getpid(), signal.SIGKILL)
            _save(task, stream, blocks.tell(), caught)


def _save(task: RankTask, stream: PositionedStream, size: int, caught: list[warnings.WarningMessage]) -> None:
    rests = sum("its remaining tokens are skipped" in str(one.message) for one in caught)
    state = stream.state_dict()
    part = task.state_file.with_suffix(".part")
    part.write_text(json.dumps({"state": state, "bytes": size, "rests": rests}))
    part.replace(task.state_file)
