"""A worker process: one rank of a datatrove executor, whose single step takes tasks as long as it is called."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latam_corpus.engine.rounds import take_tasks

if TYPE_CHECKING:
    from collections.abc import Iterator


def _listen(calls: queue.SimpleQueue[str]) -> None:
    """Pass on the rounds that the parent calls to; when its pipe closes, as at any end of it, end this session."""
    # Not sys.stdin: a process forked while this thread holds its lock waits for ever when it closes it.
    held = b""
    while read := os.read(0, 1024):
        *whole, held = (held + read).split(b"\n")
        for line in whole:
            calls.put(line.decode())
    os.killpg(0, signal.SIGKILL)


def main(workdir: str, rank: str, size: str, worker: str) -> None:
    """Run one rank of the executor over the rounds of tasks in the folder, under a name that no worker has had."""
    calls: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(calls,), daemon=True).start()
    # Imported here: datatrove takes half a second, and the in-process engine never needs it.
    from datatrove.executor.base import PipelineExecutor
    from datatrove.pipeline.base import PipelineStep

    class TakeTasks(PipelineStep):  # type: ignore[misc]
        """datatrove's view of a run: one step; batches never cross it."""

        name = "latam_corpus segment"
        type = "segment"

        def run(self, _data: Any = None, _rank: int = 0, _world_size: int = 1) -> Iterator[Any]:
            for call in iter(calls.get, None):  # nobody puts None: `_listen` ends the session
                for _ in take_tasks(Path(workdir) / call, worker, int(rank), int(size)):
                    self.stat_update("tasks")
            yield from ()

    class OneRank(PipelineExecutor):  # type: ignore[misc]
        """An executor of this rank alone, in this process.

        datatrove's local executor starts a manager process first. A manager whose worker is killed leaves its
        folder, `pymp-*`, in the temporary folder.
        """

        world_size = int(size)

        def __init__(self) -> None:
            logs = str(Path(workdir) / "datatrove" / rank)
            super().__init__([TakeTasks()], logging_dir=logs, skip_completed=False)

        def get_distributed_env(self, _node_rank: int = -1) -> dict[str, str]:
            """Return the variables of a single node, as datatrove's local executor does."""
            unknown = ("datatrove_cpus_per_task", "datatrove_mem_per_cpu", "datatrove_gpus_on_node")
            return {"datatrove_node_ips": "localhost", "datatrove_executor": "LOCAL", **dict.fromkeys(unknown, "-1")}

        def run(self) -> None:
            """Run the rank."""
            self._run_for_rank(int(rank))

    OneRank().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
