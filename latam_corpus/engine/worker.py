"""A worker process: one rank of datatrove's local executor, whose single step takes tasks as long as it is called."""

from __future__ import annotations

import os
import pickle
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def claim(workdir: Path, number: int, rank: int) -> bool:
    """Whether this rank now holds the task: a name can be linked once, and the file behind it is whole by then."""
    mine = workdir / "claims" / f"by-{rank}"
    mine.write_text(str(rank))
    try:
        os.link(mine, workdir / "claims" / str(number))
    except FileExistsError:
        return False
    return True


def take_tasks(workdir: Path, rank: int) -> Iterator[int]:
    """Do every task of a round that no other rank holds; gives the numbers of those done."""
    work, tasks = pickle.loads((workdir / "tasks.pickle").read_bytes())  # noqa: S301  (written by engine/local.py)
    for number, task in enumerate(tasks):
        if not (workdir / "claims" / str(number)).exists() and claim(workdir, number, rank):
            outcome = work(task)
            (workdir / "outcomes" / str(number)).write_bytes(pickle.dumps(outcome))
            with (workdir / f"done-{rank}").open("ab", buffering=0) as done:
                done.write(f"{number}\n".encode())
            yield number


def _listen(calls: queue.SimpleQueue[str]) -> None:
    """Pass on the rounds that the parent calls to; when its pipe closes, as at any end of it, end this session."""
    # Not sys.stdin: a process forked while this thread holds its lock waits for ever when it closes it.
    held = b""
    while read := os.read(0, 1024):
        *whole, held = (held + read).split(b"\n")
        for line in whole:
            calls.put(line.decode())
    os.killpg(0, signal.SIGKILL)


def main(workdir: str, rank: str, size: str) -> None:
    """Run one rank of the executor over the rounds of tasks in the room."""
    calls: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(calls,), daemon=True).start()
    # Imported here: datatrove takes half a second, and the in-process engine never needs it.
    from datatrove.executor.local import LocalPipelineExecutor
    from datatrove.pipeline.base import PipelineStep

    class TakeTasks(PipelineStep):  # type: ignore[misc]
        """datatrove's view of a run: one step; batches never cross it."""

        name = "latam_corpus segment"
        type = "segment"

        def run(self, _data: Any = None, _rank: int = 0, _world_size: int = 1) -> Iterator[Any]:
            for call in iter(calls.get, None):  # nobody puts None: `_listen` ends the session
                for _ in take_tasks(Path(workdir) / call, int(rank)):
                    self.stat_update("tasks")
            yield from ()

    LocalPipelineExecutor(
        pipeline=[TakeTasks()],
        tasks=int(size),
        workers=1,
        local_tasks=1,
        local_rank_offset=int(rank),
        logging_dir=str(Path(workdir) / "datatrove" / rank),
        skip_completed=False,
    ).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
