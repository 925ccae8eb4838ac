"""In the sandbox, a document that loops, grows or crashes costs one row, and no process is left over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.errors import ConfigError, PartError
from latam_corpus.extract import stage as stage_module
from latam_corpus.extract.isolation import sandbox
from latam_corpus.extract.isolation.child import DocumentLimits, ExtractFailure, ExtractJob
from latam_corpus.extract.stage import Extract
from latam_corpus.pipeline.planning.registry import make_stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.extract.document import Extracted

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the limits are read from /proc")

_HOSTILE = """
import ctypes, os, re, sys, time
from pathlib import Path
from latam_corpus.extract.document import Extracted

def extract(raw, parameters):
    does, _, rest = raw.decode().partition(" ")
    if does in ("sleeps", "backtracks") and rest:
        Path(rest).touch()
    if does == "sleeps":
        time.sleep(60)
    elif does == "waits":
        time.sleep(float(rest))
    elif does == "works":
        until = time.process_time() + float(rest)
        while time.process_time() < until:
            pass
    elif does == "backtracks":  # in C, holding the interpreter's lock
        re.match("(a+)+$", "a" * 64 + "b")
    elif does == "grows":
        held = [bytes(10**6) + bytes([n % 7]) for n in range(10**4)]
    elif does == "crashes":
        ctypes.string_at(0)
    elif does == "leaves":
        os._exit(7)
    elif does == "exits":
        sys.exit("no")
    elif does == "prints":
        print("hola" * 10**5)
    elif does == "halves":
        return Extracted(chr(0xd800), "hostile")
    elif does == "dies-once" and not Path(rest).exists():
        Path(rest).touch()
        os.kill(os.getpid(), 9)
    elif does == "tells":
        return Extracted(f"{os.getpid()} {os.getppid()}", "hostile", title="T", creators=("A", "B"))
    return Extracted(f"text of {does}", "hostile")
"""
_LIMITS = DocumentLimits(seconds=1.5, memory_mb=200)


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sandbox.Sandbox]:
    """Return a sandbox of its own, whose child can import the module `hostile`."""
    (tmp_path / "hostile.py").write_text(_HOSTILE)
    monkeypatch.syspath_prepend(tmp_path)
    own_sandbox = sandbox.Sandbox()
    yield own_sandbox
    own_sandbox.stop()


def _jobs(*words: str) -> list[ExtractJob]:
    return [ExtractJob("hostile:extract", word.encode()) for word in words]


def _shown(outcomes: list[Extracted | ExtractFailure]) -> list[str]:
    return [outcome.reason if isinstance(outcome, ExtractFailure) else outcome.text for outcome in outcomes]


def _evidence(outcome: Extracted | ExtractFailure) -> dict[str, object]:
    assert isinstance(outcome, ExtractFailure)
    return outcome.evidence


def _alive(pid: int) -> bool:
    """Return whether the process still runs; a zombie doesn't."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def _ends_within(pid: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while _alive(pid):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_a_document_whose_time_is_over_fails_alone(box: sandbox.Sandbox) -> None:
    """A document that exceeds its time fails, even in C code that holds the lock; the others in its group are kept."""
    started = time.monotonic()
    outcomes = box.extract(_jobs("a", "backtracks", "b", "c"), _LIMITS)
    assert _shown(outcomes) == ["text of a", "extract:timeout", "text of b", "text of c"]
    assert _evidence(outcomes[1]) == {"limit_seconds": 1.5, "bytes": 10}
    assert time.monotonic() - started > 1.4


def test_a_document_that_waits_without_end_fails_alone(box: sandbox.Sandbox) -> None:
    """A document that waits forever is ended by the wall-clock limit, with a reason of its own."""
    outcomes = box.extract(_jobs("a", "sleeps", "b"), replace(_LIMITS, clock_seconds=3.0))
    assert _shown(outcomes) == ["text of a", "extract:stalled", "text of b"]
    assert _evidence(outcomes[1]) == {"limit_clock_seconds": 3.0, "bytes": 6}


def test_waiting_for_the_processor_takes_nothing_of_a_documents_time(box: sandbox.Sandbox) -> None:
    """Waiting for the processor longer than the limit, as on a busy machine, doesn't count."""
    limits = DocumentLimits(seconds=0.5, memory_mb=200)
    assert _shown(box.extract(_jobs("a", "waits 1", "works 0.1", "b"), limits)) == [
        "text of a",
        "text of waits",
        "text of works",
        "text of b",
    ]


def test_each_document_has_the_whole_of_its_time(box: sandbox.Sandbox) -> None:
    """The time of earlier documents in the same process isn't counted."""
    words = ["works 0.3"] * 4
    assert _shown(box.extract(_jobs(*words), DocumentLimits(seconds=0.8, memory_mb=200))) == ["text of works"] * 4


def test_a_document_that_takes_all_memory_fails_alone(box: sandbox.Sandbox) -> None:
    """A document that allocates ten gigabytes fails at the limit, and the next one starts afresh."""
    outcomes = box.extract(_jobs("a", "grows", "b"), _LIMITS)
    assert _shown(outcomes) == ["text of a", "extract:memory", "text of b"]
    assert _evidence(outcomes[1])["limit_mb"] == 200


def test_memory_is_named_where_the_parser_hides_it(box: sandbox.Sandbox) -> None:
    """The reason is memory, even if libxml2 returns an empty tree instead of an error."""
    page = b"<html><body>" + b"<div><p>Hola <b>vecina</b> del puerto.</p></div>" * 100_000
    outcomes = box.extract(
        [ExtractJob("latam_corpus.extract.web_pages.html:careful", page)], DocumentLimits(60, 40, 360)
    )
    assert _shown(outcomes) == ["extract:memory"]


@pytest.mark.parametrize(
    ("does", "key", "value"),
    [("crashes", "signal", "SIGSEGV"), ("leaves", "exit_code", 7), ("exits", "exit_code", 1)],
)
def test_a_document_that_ends_the_process_fails_alone(box: sandbox.Sandbox, does: str, key: str, value: object) -> None:
    """A crash or an exit of the process fails one document, and the evidence states how the process ended."""
    outcomes = box.extract(_jobs("a", does, "b"), _LIMITS)
    assert _shown(outcomes) == ["text of a", "extract:killed", "text of b"]
    assert _evidence(outcomes[1])[key] == value


def test_a_process_killed_from_outside_costs_nothing(box: sandbox.Sandbox, tmp_path: Path) -> None:
    """If the child is killed once, at work or at rest, the document is tried again and extracted."""
    assert _shown(box.extract(_jobs(f"dies-once {tmp_path / 'mark'}", "b"), _LIMITS)) == [
        "text of dies-once",
        "text of b",
    ]
    child = int(_shown(box.extract(_jobs("tells"), _LIMITS))[0].split()[0])
    os.kill(child, signal.SIGKILL)
    assert _shown(box.extract(_jobs("a"), _LIMITS)) == ["text of a"]


def test_output_of_a_parser_is_discarded(box: sandbox.Sandbox) -> None:
    """A parser's standard output is discarded."""
    assert _shown(box.extract(_jobs("prints", "b"), _LIMITS)) == ["text of prints", "text of b"]


def test_text_that_no_utf8_can_hold_fails_alone(box: sandbox.Sandbox) -> None:
    """Half of a surrogate pair in a text fails the document instead of the part."""
    assert _shown(box.extract(_jobs("halves", "b"), _LIMITS)) == ["extract:not UTF-8", "text of b"]


def test_one_child_serves_all_threads_and_keeps_the_order(box: sandbox.Sandbox) -> None:
    """Four threads with 200 documents each get their own texts, all from one process."""
    texts_by_thread: dict[int, list[str]] = {}

    def work(thread: int) -> None:
        texts_by_thread[thread] = _shown(box.extract(_jobs(*(f"{thread}-{n}" for n in range(200)), "tells"), _LIMITS))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(4):
        assert texts_by_thread[number][:-1] == [f"text of {number}-{n}" for n in range(200)]
    assert len({texts[-1] for texts in texts_by_thread.values()}) == 1


def test_a_missing_extractor_fails_the_part_and_leaves_no_stale_reply(box: sandbox.Sandbox) -> None:
    """A module that can't be imported fails the part, and the next documents get their own texts."""
    with pytest.raises(PartError, match="missing_module"):
        box.extract([*_jobs("a"), ExtractJob("missing_module:extract", b""), *_jobs("b", "c")], _LIMITS)
    assert _shown(box.extract(_jobs("d", "e"), _LIMITS)) == ["text of d", "text of e"]


@pytest.mark.parametrize("last", ["a", "sleeps", "backtracks"])
def test_the_child_does_not_outlive_a_parent_killed_at_once(tmp_path: Path, last: str) -> None:
    """After kill -9 of its parent the child ends: at rest, at work, and in C code at the latest with its time limit."""
    (tmp_path / "hostile.py").write_text(_HOSTILE)
    mark = tmp_path / "there"
    script = (
        "from latam_corpus.extract.isolation import sandbox\n"
        "from latam_corpus.extract.isolation.child import DocumentLimits, ExtractJob\n"
        "def one(word):\n"
        "    return sandbox.extract([ExtractJob('hostile:extract', word)], DocumentLimits(2, 200))[0]\n"
        "print(one(b'tells').text, flush=True)\n"
        f"one({f'{last} {mark}'!r}.encode())\n"
        f"import pathlib; pathlib.Path({str(mark)!r}).touch()\n"
        "import time; time.sleep(60)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout
        child, its_parent = map(int, parent.stdout.readline().split())
        assert its_parent == parent.pid
        assert _alive(child)
        while not mark.exists():  # the child is at work, or at rest again
            assert parent.poll() is None
            time.sleep(0.01)
        parent.kill()
    assert _ends_within(child, 120)


def test_the_child_ends_with_a_process_that_ends_well(tmp_path: Path) -> None:
    """The child ends with its parent without being stopped, and without output on standard error."""
    (tmp_path / "hostile.py").write_text(_HOSTILE)
    script = (
        "from latam_corpus.extract.isolation import sandbox\n"
        "from latam_corpus.extract.isolation.child import DocumentLimits, ExtractJob\n"
        "print(sandbox.extract([ExtractJob('hostile:extract', b'tells')], DocumentLimits())[0].text)\n"
    )
    command = [sys.executable, "-W", "error", "-c", script]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, timeout=300)
    assert done.stderr == ""
    assert _ends_within(int(done.stdout.split()[0]), 120)


def test_a_forked_process_has_a_child_of_its_own(tmp_path: Path) -> None:
    """A forked process starts its own child, since two processes on one pipe would mix up replies."""
    (tmp_path / "hostile.py").write_text(_HOSTILE)
    script = (
        "import os\n"
        "from latam_corpus.extract.isolation import sandbox\n"
        "from latam_corpus.extract.isolation.child import DocumentLimits, ExtractJob\n"
        "def one():\n"
        "    [result] = sandbox.extract([ExtractJob('hostile:extract', b'tells')], DocumentLimits())\n"
        "    print(result.text, os.getpid(), flush=True)\n"
        "one()\n"
        "forked = os.fork()\n"
        "one()\n"
        "if forked:\n"
        "    os.waitpid(forked, 0)\n"
        "    one()\n"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, timeout=300)
    process_ids = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert len(process_ids) == 4
    assert all(parent == caller for _, parent, caller in process_ids)
    assert len({child for child, _, _ in process_ids}) == 2


def test_the_stage_makes_failed_rows_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reason, verdict and evidence are on the row, and the limits are the stage's options."""
    (tmp_path / "hostile.py").write_text(_HOSTILE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(stage_module.EXTRACTORS, "text/hostile", "hostile:extract")
    sandbox.stop()
    raws = [b"a", b"backtracks", b"tells"]
    frame = pl.DataFrame(
        {"doc_id": ["1", "2", "3"], "raw": pl.Series(raws, dtype=pl.Binary), "media_type": ["text/hostile"] * 3}
    )
    rows = Extract(time_limit=1.0)(Batch(frame)).frame
    sandbox.stop()
    assert rows["drop_reason"].to_list() == [None, "extract:timeout", None]
    assert rows["verdict"].to_list() == [None, "failed", None]
    assert '"media_type": "text/hostile"' in rows["evidence"][1]
    assert '"limit_seconds": 1.0' in rows["evidence"][1]
    assert (rows["title"][2], rows["creators"][2].to_list()) == ("T", ["A", "B"])


@pytest.mark.parametrize(
    ("option", "value"), [("time_limit", 0), ("time_limit", float("nan")), ("memory_limit_mb", -1), ("time_limit", "x")]
)
def test_limits_that_limit_nothing_are_refused(option: str, value: object) -> None:
    """Limits of zero are refused, since the kernel's timer would treat them as none."""
    with pytest.raises(ConfigError, match=option):
        make_stage("extract", {option: value}, "receta.toml, stage 1")
