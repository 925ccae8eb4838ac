"""A `kill -9` of a build, a withdrawal or a publication leaves an intact store, and the same command completes it.

The process kills itself when it flushes its n-th file or folder. `LATAM_CORPUS_KILLS` is the number of moments to try,
a third of them for each command: five in `make test`, thirty in `make gate`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from built_versions import build

from latam_corpus.release.publish import publish
from latam_corpus.release.reading.verify_version import verify
from latam_corpus.release.storing.store import Store
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_receipt import write_receipt_entry
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest

if TYPE_CHECKING:
    from collections.abc import Callable

_KILLS = int(os.environ.get("LATAM_CORPUS_KILLS", "5"))
_COMMANDS = ("build", "withdraw", "publish")
_NOW = datetime(2026, 11, 27, tzinfo=UTC)
_TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25), "shard_bytes": 8_000}


def do(command: str, out: Path) -> None:
    """Run a command on a store that has a version of the run `a-1`; `build` adds the run `b-1` to it."""
    store, runs = Store.at(out / "store"), out.parent / "out" / "runs"
    if command == "build":
        build("puerto", [runs / "b-1"], store, parent="2026.11.0", **_TERMS)
    elif command == "withdraw":
        done = withdraw(
            store, WithdrawalRequest.of("puerto", "source", "cantos", "lo pide la familia"), _NOW, {"a-1": runs / "a-1"}
        )
        write_receipt_entry(store, done, _NOW)
    else:
        publish("puerto@2026.11.0", store, str(out / "published"))


def flushing(call: Callable[[], None], kill_at: int = 0) -> int:
    """Return the number of flushes during a call, and kill the process at one of them."""
    whole, count = os.fsync, 0

    def fsync(descriptor: int) -> None:
        nonlocal count
        count += 1
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        whole(descriptor)

    os.fsync = fsync  # type: ignore[assignment]
    try:
        call()
    finally:
        os.fsync = whole
    return count


def state(out: Path) -> dict[str, str]:
    """Return the digests of the files that readers see, without leftovers of a killed process."""
    digests = {}
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if path.is_file() and not any(part.startswith(".") for part in path.parts) and "/scratch/" not in name:
            digests[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return digests


def problems(out: Path) -> list[str]:
    """Return the problems of the versions of the store."""
    store = Store.at(out / "store")
    return [problem for version in store.versions("puerto") for problem in verify(store, "puerto", version)]


@pytest.mark.slow
@pytest.mark.parametrize("command", _COMMANDS)
def test_a_kill_at_any_moment_leaves_an_intact_store(
    tmp_path: Path, document: Any, kept_run: Any, command: str
) -> None:
    """The same command, run again, ends with the files of an undisturbed one."""
    documents = [
        document(n, source_id="cantos" if n % 9 == 0 else "cuentos", uses=["train", "redistribute"]) for n in range(60)
    ]
    kept_run("b-1", [document(n) for n in range(200, 230)])
    undisturbed = tmp_path / "whole"
    build("puerto", [kept_run("a-1", documents)], undisturbed / "store", **_TERMS)
    shutil.copytree(undisturbed, tmp_path / "before")
    flushes = flushing(lambda: do(command, undisturbed))
    expected = state(undisturbed)
    assert problems(undisturbed) == []
    moments = max(1, _KILLS // len(_COMMANDS))
    for moment in sorted({1 + place * (flushes - 1) // max(1, moments - 1) for place in range(moments)}):
        out = tmp_path / f"killed-{moment}"
        shutil.copytree(tmp_path / "before", out)
        script = [sys.executable, __file__, command, str(out), str(moment)]
        helpers = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
        killed = subprocess.run(script, env=helpers, check=False)
        assert killed.returncode == -signal.SIGKILL
        assert problems(out) == [], moment
        do(command, out)
        assert problems(out) == [], moment
        assert {name: digest for name, digest in state(out).items() if name in expected} == expected, moment


if __name__ == "__main__":
    flushing(lambda: do(sys.argv[1], Path(sys.argv[2])), int(sys.argv[3]))
