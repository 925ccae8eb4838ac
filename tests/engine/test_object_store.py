"""`--out` in an object store gives the shards of a disk, whatever is killed or fails, from any machine.

In this process the store is fsspec's memory; elsewhere it is moto's S3, behind a proxy that fails as networks do.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

import fsspec
import pytest

import latam_corpus as lc
from latam_corpus.errors import ConfigError, NoteWarning
from latam_corpus.storage.bucket import Lease, address_of, bucket_of, leased, out_folder
from latam_corpus.storage.locks import own_life

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import CommandLine
    from engine.conftest import Tales


# By name: the package is `tests.engine` to Python and `engine` to the type checker.
_network: Any = importlib.import_module("tests.engine.faulty_network")
_GATE = pytest.mark.skipif("LATAM_CORPUS_GATE" not in os.environ, reason="it takes long: `make gate`")


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of working copies."""
    monkeypatch.setenv("LATAM_CORPUS_SCRATCH", str(tmp_path / "scratch"))
    return tmp_path / "scratch"


def _shards(address: str) -> dict[str, bytes]:
    """Return the names of a store's shards and tables."""
    filesystem, root = fsspec.core.url_to_fs(address)
    actual = filesystem.find(root)
    return {path.removeprefix(f"{root}/"): filesystem.cat_file(path) for path in actual if path.endswith(".parquet")}


def test_runs_are_the_same_as_on_a_disk(tales: Tales, copies: Path) -> None:
    """A machine without a working copy finds and reads all work."""
    out = "memory://corpus/uno"
    run = lc.run(tales.recipe, tales.given, out, engine="in-process", progress=False)
    assert _shards(f"{out}/store") == tales.shards
    previous = (run.name, run.documents().collect(), run.values["rows"])
    shutil.rmtree(copies)
    repeated = lc.run(tales.recipe, tales.given, out, engine="in-process", progress=False)
    assert (repeated.name, repeated.documents().collect().equals(previous[1])) == (previous[0], True)
    shutil.rmtree(copies)
    opened = lc.open_run(previous[0], out)
    assert opened.documents().collect().equals(previous[1])
    assert address_of(opened.folder) == f"{out}/runs/{previous[0]}"
    assert not list(out_folder(out).glob("work/*/*/rows.parquet"))


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["local", "ray"])
@_GATE
def test_s3_gives_the_shards_of_a_disk(tales: Tales, copies: Path, object_store: str, engine: str) -> None:
    """Other processes on another machine reuse the work of an engine."""
    if engine == "ray" and find_spec("ray") is None:
        pytest.skip("Ray isn't installed")
    out = f"{object_store}/obra/{engine}"
    run = lc.run(tales.recipe, tales.given, out, engine=engine, workers=2, progress=False)
    assert _shards(f"{out}/store") == tales.shards
    shutil.rmtree(copies)
    repeated = lc.run(tales.recipe, tales.given, out, engine="in-process", progress=False)
    assert (repeated.name, repeated.values["written"]) == (run.name, run.values["written"])


# Where it doesn't matter which process works on a part: starting workers takes longer than the parts.
_ALONE = ("--engine", "in-process")


def _command(tales: Tales, out: str, *more: str) -> list[str]:
    paths = (str(tales.recipe), "--input", tales.given["fuente"], "--out", out)
    return [sys.executable, "-m", "latam_corpus", "run", *paths, "--workers", "2", "--json", "--no-report", *more]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the S3 clients try a request once, so that only the toolkit retries."""
    _wait_at_most(60, monkeypatch)


def _wait_at_most(seconds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients of S3 wait so long for an answer."""
    settings = {"connect_timeout": 10, "read_timeout": seconds, "retries": {"max_attempts": 1}}
    monkeypatch.setenv("FSSPEC_S3", json.dumps({"config_kwargs": settings}))


@pytest.mark.slow
def test_what_a_killed_run_did_is_found_from_another_machine(
    tales: Tales, tmp_path: Path, copies: Path, object_store: str, command_line: CommandLine
) -> None:
    """The work is in the bucket, and a lease without beats doesn't delay the next run."""
    out = f"{object_store}/obra"
    filesystem = fsspec.filesystem("s3", use_listings_cache=False)
    with subprocess.Popen(_command(tales, out), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as driver:
        while driver.poll() is None and not filesystem.glob(f"{out}/work/??/*/counts.json"):
            time.sleep(0.2)
        driver.kill()
        output = driver.communicate()[1]
    assert tales.shards_in(copies), output
    shutil.move(copies, tmp_path / "lost")
    result = command_line(*_command(tales, out, *_ALONE)[3:])
    assert result.code == 0, result.err
    reused = result.json["reused"]
    assert any(step["parts"] for step in reused.values()), reused
    assert _shards(f"{out}/store") == tales.shards


@pytest.mark.slow
@pytest.mark.usefixtures("copies")
def test_two_people_at_one_run(
    tales: Tales, tmp_path: Path, object_store: str, monkeypatch: pytest.MonkeyPatch, command_process: CommandLine
) -> None:
    """The second process reports which process uses the run, also from another machine."""
    out = f"{object_store}/obra"
    run = lc.run(tales.recipe, tales.given, out, engine="in-process", progress=False)
    with leased(run.folder):
        monkeypatch.setenv("LATAM_CORPUS_SCRATCH", str(tmp_path / "other"))
        result = command_process(*_command(tales, out, *_ALONE)[3:])
    assert (result.code, f"in use by process {os.getpid()}" in result.err) == (2, True), result.err
    assert f"{out}/runs/{run.name}/lock" in result.err


class _SlowBucket:
    """A bucket with one object, which is replaced only if it is unchanged since it was read."""

    def __init__(self) -> None:
        self.url = "memory://lento"
        self.content = b""
        self.beating = threading.Event()

    def read(self, _name: str) -> bytes:
        return self.content

    def exchange(self, _name: str, data: bytes, expected: Callable[[bytes | None], bool]) -> bool:
        previous = self.content
        if not expected(previous):
            return False
        if threading.current_thread() is threading.main_thread():
            time.sleep(0.3)  # longer than a beat
        else:
            self.beating.set()
            time.sleep(0.1)
        if self.content != previous:
            return False
        self.content = data
        return True


def test_a_lease_is_free_though_it_is_given_up_during_a_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    """A beat in progress doesn't take the lease again after its release."""
    monkeypatch.setattr("latam_corpus.storage.bucket.BEAT_SECONDS", 0.01)
    bucket = _SlowBucket()
    lease = Lease(cast("Any", bucket), "lock")
    lease.take()
    bucket.beating.clear()
    assert bucket.beating.wait(60)
    lease.release()
    assert bucket.content == b""


@pytest.mark.slow
@pytest.mark.usefixtures("copies", "impatient")
@_GATE
def test_a_bad_network_costs_nothing_but_time(
    tales: Tales, object_store: str, monkeypatch: pytest.MonkeyPatch, command_process: CommandLine
) -> None:
    """One in eight requests fails: 503, no answer, slow or truncated bodies, a conditional put without answer."""
    _wait_at_most(2, monkeypatch)  # half as long as the network is silent
    out = f"{object_store}/obra"
    with _network.FaultyNetwork(os.environ["AWS_ENDPOINT_URL"], every=8) as network:
        direct = os.environ["AWS_ENDPOINT_URL"]
        monkeypatch.setenv("AWS_ENDPOINT_URL", network.address)
        result = command_process(*_command(tales, out)[3:])
        monkeypatch.setenv("AWS_ENDPOINT_URL", direct)
    assert result.code == 0, result.err
    assert set(network.faults) == {"", *_network.KINDS}, network.faults
    assert _shards(f"{out}/store") == tales.shards


@pytest.mark.slow
@pytest.mark.usefixtures("copies", "impatient")
def test_parts_that_can_not_be_kept_are_told(
    tales: Tales,
    object_store: str,
    monkeypatch: pytest.MonkeyPatch,
    command_process: CommandLine,
    command_line: CommandLine,
) -> None:
    """The error names the object; the same command later runs the remaining parts."""
    out = f"{object_store}/obra"
    direct = os.environ["AWS_ENDPOINT_URL"]
    with _network.FaultyNetwork(direct) as network:
        monkeypatch.setenv("AWS_ENDPOINT_URL", network.address)
        network.refuses = lambda method, path: method == "PUT" and "/work/objects/" in path and path[-1] in "01234567"
        result = command_process(*_command(tales, out, *_ALONE)[3:])
        assert result.code == 1, result.err
        assert "can't be read or written" in result.err + result.out
        assert f"{out}/work/objects/" in result.err + result.out
    monkeypatch.setenv("AWS_ENDPOINT_URL", direct)
    result = command_line(*_command(tales, out, *_ALONE)[3:])
    assert result.code == 0, result.err
    assert _shards(f"{out}/store") == tales.shards


@pytest.mark.slow
@pytest.mark.usefixtures("copies", "impatient")
def test_what_can_not_be_read_or_written_is_told(
    tales: Tales,
    object_store: str,
    monkeypatch: pytest.MonkeyPatch,
    command_process: CommandLine,
    command_line: CommandLine,
) -> None:
    """A wrong address, a missing bucket, no server and missing rights are errors before anything runs."""
    result = command_line("runs", "list", "--out", "s4://obra")
    assert (result.code, "Protocol not known: s4" in result.err) == (2, True), result.err
    result = command_line("runs", "list", "--out", f"{object_store}-otra/obra")
    assert (result.code, "there is no such bucket" in result.err) == (2, True), result.err
    result = command_line("runs", "prune", "--out", f"{object_store}/obra")
    assert (result.code, "can't be measured or removed" in result.err) == (2, True), result.err
    result = command_line("judge", "show", "--out", f"{object_store}/obra")
    assert (result.code, "needs a folder on this machine" in result.err) == (2, True), result.err
    with _network.FaultyNetwork(os.environ["AWS_ENDPOINT_URL"]) as network:
        monkeypatch.setenv("AWS_ENDPOINT_URL", network.address)
        network.refuses = lambda method, _path: method == "PUT"
        result = command_process(*_command(tales, f"{object_store}/obra", *_ALONE)[3:])
        assert (result.code, "can't be read or written: Access Denied" in result.err) == (2, True), result.err
    result = command_process("runs", "list", "--out", f"{object_store}/obra")  # nobody answers there any more
    assert (result.code, "can't be read or written: Could not connect" in result.err) == (2, True), result.err


def test_a_shared_file_is_exchanged_by_one(copies: Path) -> None:
    """One of two writers with the same old bytes succeeds, also if its answer was lost."""
    bucket = bucket_of(out_folder("memory://corpus/dos"))
    assert bucket
    assert bucket.copy.is_relative_to(copies)
    assert bucket.exchange("runs/x/lock", b"uno", lambda existing: existing is None)
    assert not bucket.exchange("runs/x/lock", b"dos", lambda existing: existing is None)
    assert bucket.exchange("runs/x/lock", b"uno", lambda existing: existing is None)
    assert bucket.exchange("runs/x/lock", b"dos", lambda existing: existing == b"uno")
    assert (bucket.create("a", b"1"), bucket.create("a", b"2"), bucket.read("a")) == (b"1", b"1", b"1")


def test_a_lock_of_a_killed_process_is_taken_over(copies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A local holder is checked at once, and a remote one is watched."""
    bucket = bucket_of(out_folder("memory://corpus/cuatro"))
    assert bucket
    folder = copies / bucket.copy.name / "runs" / "x"
    script = "from latam_corpus.storage.locks import own_life; print(own_life())"
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    watched: list[str] = []

    def silent(_bucket: object, name: str, _seen: bytes) -> bool:
        watched.append(name)
        return False

    monkeypatch.setattr("latam_corpus.storage.bucket._changes", silent)

    def hold(life: str) -> None:
        words = f"process 7 on nodo3 since 2026-11-30 08:00 UTC, token, life {life}, beat 1"
        bucket.write("runs/x/lock", words.encode())
        with leased(folder):
            assert b" since 20" in bucket.read("runs/x/lock")

    hold(killed)
    refused = (
        "in use by process 7 on nodo3 since 2026-11-30 08:00 UTC; wait .*, or stop it: the lock is free 15 seconds"
    )
    with pytest.raises(ConfigError, match=refused):
        hold(own_life())
    assert watched == []
    with pytest.warns(NoteWarning, match="waiting 15 seconds to see whether process 7 on nodo3"):
        hold("0123456789abcdef-7-1")
    assert len(watched) == 1


def test_a_lost_object_is_made_anew(tales: Tales, copies: Path) -> None:
    """A lost object is rebuilt, and a damaged local file is fetched again."""
    out = "memory://corpus/tres"
    run = lc.run(tales.recipe, tales.given, out, engine="in-process", progress=False)
    filesystem, _root = fsspec.core.url_to_fs(out)
    [*files] = run.folder.glob("kept/*")
    (damaged,) = files[:1]
    damaged.chmod(0o644)
    damaged.write_bytes(b"PAR1")
    assert lc.run(tales.recipe, tales.given, out, engine="in-process", progress=False).documents().collect().height
    shutil.rmtree(copies)
    largest = max(filesystem.find("/corpus/tres/work/objects", detail=True).values(), key=lambda entry: entry["size"])
    filesystem.rm_file(largest["name"])
    with pytest.warns(UserWarning, match="the file is missing; it is rebuilt"):
        repeated = lc.run(tales.recipe, tales.given, out, engine="in-process", progress=False)
    assert repeated.name == run.name
    assert filesystem.exists(largest["name"])


@pytest.mark.slow
@pytest.mark.usefixtures("copies", "impatient")
def test_a_bucket_that_is_gone_ends_the_run_at_once(
    tales: Tales,
    object_store: str,
    monkeypatch: pytest.MonkeyPatch,
    command_process: CommandLine,
    command_line: CommandLine,
) -> None:
    """One error names the store, and no further part is tried."""
    out = f"{object_store}/obra"
    with _network.FaultyNetwork(os.environ["AWS_ENDPOINT_URL"]) as network:
        direct = os.environ["AWS_ENDPOINT_URL"]
        monkeypatch.setenv("AWS_ENDPOINT_URL", network.address)
        put: list[str] = []

        def gone(_method: str, path: str) -> bool:
            if "/work/objects/" in path:
                put.append(path)
            return bool(put)

        network.refuses = gone
        result = command_process(*_command(tales, out, *_ALONE)[3:])
        monkeypatch.setenv("AWS_ENDPOINT_URL", direct)
    assert result.code == 1, result.err
    [error] = json.loads(result.err.splitlines()[-1])["errors"]
    assert (error["place"], "it can no longer be reached" in error["problem"]) == (out, True), result.err
    assert len(set(put)) == 1
    assert command_line(*_command(tales, out, *_ALONE)[3:]).code == 0
