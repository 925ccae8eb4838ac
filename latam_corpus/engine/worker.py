"""A worker process of the local engine: run tasks of each round that the parent process names."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from pathlib import Path

from latam_corpus.engine.rounds import take_tasks


def _listen(rounds: queue.SimpleQueue[str]) -> None:
    """Pass on the names of rounds from standard input; end this session when the pipe closes with the parent."""
    # Not sys.stdin: a process forked while this thread holds the lock of sys.stdin would wait forever when closing it.
    partial_line = b""
    while read := os.read(0, 1024):
        *lines, partial_line = (partial_line + read).split(b"\n")
        for line in lines:
            rounds.put(line.decode())
    os.killpg(0, signal.SIGKILL)


def main(workdir: str, rank: str, size: str, worker: str) -> None:
    """Run tasks of all rounds in a folder, until `_listen` ends this process.

    Args:
        workdir: the folder of rounds.
        rank: the number of this worker among those of its parent.
        size: the number of workers of the parent.
        worker: a name that no other worker has had.
    """
    rounds: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(rounds,), daemon=True).start()
    while True:
        for _ in take_tasks(Path(workdir) / rounds.get(), worker, int(rank), int(size)):
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
