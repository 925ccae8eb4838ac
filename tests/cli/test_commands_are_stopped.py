"""A command that is stopped says so, and one whose reader has seen enough ends well."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path


def _started(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "latam_corpus", *words]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A process that was started in the background would ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )


def test_a_stopped_command_says_that_it_goes_on(tmp_path: Path) -> None:
    """Ctrl-C ends it with 130 and a sentence, never a traceback."""
    records = (json.dumps({"id": f"d{n}", "text": f"La barca {n} salió del puerto."}) + "\n" for n in range(200_000))
    (tmp_path / "in.jsonl").write_text("".join(records))
    running = _started("stage", "repair", str(tmp_path / "in.jsonl"), str(tmp_path / "out.parquet"))
    maps = Path(f"/proc/{running.pid}/maps")
    while running.poll() is None and "polars" not in maps.read_text():  # so that its own handlers are there
        time.sleep(0.05)
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate()
    assert told == "stopped; the same command goes on from here\n"
    assert running.returncode in (130, -signal.SIGINT)  # a shell calls both 130


def test_a_reader_may_stop_reading() -> None:
    """`latam-corpus list languages | head -1` is no failure, and nothing is said of it."""
    with _started("list", "languages", "--json") as running:
        assert running.stdout
        assert running.stderr
        running.stdout.close()
        assert (running.stderr.read(), running.wait()) == ("", 0)
