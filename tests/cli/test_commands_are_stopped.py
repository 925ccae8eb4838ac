"""A command that is stopped says so, and one whose reader has seen enough ends well."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys


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


def test_a_stopped_command_says_that_it_goes_on() -> None:
    """Ctrl-C ends it with 130 and a sentence, never a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it never answers, so that the command waits for it
        running = _started("release", "list", "--store", f"http://127.0.0.1:{silent.getsockname()[1]}/corpus")
        silent.settimeout(60)
        with silent.accept()[0]:
            running.send_signal(signal.SIGINT)
            _, stderr = running.communicate(timeout=300)
    assert stderr == "stopped; run the same command again to continue from here\n"
    assert running.returncode in (130, -signal.SIGINT)  # a shell calls both 130


def test_a_closed_pipe_is_no_error() -> None:
    """`latam-corpus list languages | head -1` succeeds and prints no error."""
    with _started("list", "languages", "--json") as running:
        assert running.stdout
        assert running.stderr
        running.stdout.close()
        assert (running.stderr.read(), running.wait()) == ("", 0)
