"""A worker process of the local engine: it does tasks of each round that its parent names."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from pathlib import Path

from latam_corpus.engine.rounds import take_tasks


def _listen(rounds: queue.SimpleQueue[str]) -> None:
    """Pass on the names of rounds from standard input; end this session when the parent's end closes the pipe."""
    # Not sys.stdin: a process that is forked while this thread holds its lock would wait forever when it closes it.
    partial_line = b""
    while read := os.read(0, 1024):
        *lines, partial_line = (partial_line + read).split(b"\n")
        for line in lines:
            rounds.put(line.decode())
    os.killpg(0, signal.SIGKILL)


def main(workdir: str, rank: str, size: str, worker: str) -> None:
    """Do tasks of all rounds in a folder, until `_listen` ends this process.

    Args:
        workdir: the folder of rounds.
        rank: the number of this worker among those of its parent.
        size: how many workers the parent has.
        worker: a name that no other worker has had.
    """
    rounds: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(rounds,), daemon=True).start()
    while True:
        for _ in take_tasks(Path(workdir) / rounds.get(), worker, int(rank), int(size)):
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
