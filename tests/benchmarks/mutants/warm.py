"""Runs a room's tests once for each of its mutants, in a copy of the checkout: `python warm.py < job.json`.

A process imports what the changed module can't reach, and forks for each mutant: to start Python anew takes longer than
the tests do. The change stands in the file, so that processes which a test starts have it too. Each outcome is a line
of JSON.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

_PACKAGE: Final = "latam_corpus"
# Of the CPU seconds that the tests take unchanged: a mutant that takes so many more will not end. The clock says so
# only of one that waits, on a machine with other work.
_CPU, _CPU_MORE = 4, 10
_CLOCK, _CLOCK_MORE = 20, 120


def main() -> None:
    """Do the job that standard input describes: `tests`, `file`, `compiled`, and `mutants` with number and bytes."""
    job = json.load(sys.stdin)
    sys.path[0] = str(Path.cwd())
    file = Path(job["file"])
    text = file.read_bytes()
    if job["compiled"]:  # interpreted, the tests' short texts take less than the compiler would for each mutant
        os.environ["NUMBA_DISABLE_JIT"] = "1"
    loaded = Path("loaded.json")
    code, cpu = _forked(job["tests"], [10_000, 10_000], loaded)
    if code:
        _tell({"broken": code})
        return
    limits = [int(cpu * _CPU) + _CPU_MORE, int(cpu * _CLOCK) + _CLOCK_MORE]
    _warm(json.loads(loaded.read_text()), _module(file))
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    for mutant in job["mutants"]:
        for kept in file.parent.glob(f"__pycache__/{file.stem}.*"):
            kept.unlink()
        file.write_bytes(text[: mutant["start"]] + mutant["new"].encode() + text[mutant["end"] :])
        code, used = _forked(job["tests"], limits)
        _tell({"number": mutant["number"], "code": code, "cpu": round(used, 2)})
    file.write_bytes(text)
    _tell({"unchanged": round(cpu, 2)})


def _tell(outcome: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(outcome) + "\n")
    sys.stdout.flush()


def _forked(tests: list[str], limits: list[int], loaded: Path | None = None) -> tuple[int, float]:
    """The exit code of the tests in a process of their own, -1 of one that took too long, and its CPU seconds."""
    ends = time.monotonic() + limits[1]
    child = os.fork()
    if not child:
        code = 3
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_CPU, (limits[0], limits[0] + 1))
            code = _tested(tests)
            if loaded:
                loaded.write_text(json.dumps(sorted(sys.modules)))
        finally:
            os._exit(code)
    while True:
        ended, status, used = os.wait4(child, os.WNOHANG)
        if ended or time.monotonic() > ends:
            break
        time.sleep(0.01)
    with contextlib.suppress(ProcessLookupError):  # what a test started
        os.killpg(child, signal.SIGKILL)
    if not ended:
        _, status, used = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return (code if code >= 0 else -1), used.ru_utime + used.ru_stime


def _tested(tests: list[str]) -> int:
    import pytest
    from hypothesis import Phase, settings

    # The same examples each time, and no search for the smallest one.
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile("mutants", derandomize=True, database=None, phases=phases)
    settings.load_profile("mutants")
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silent, stream)
    # Plug-ins are imported before pytest can rewrite them, which it warns of, and our warnings are errors.
    quiet = ["-W", "ignore::pytest.PytestAssertRewriteWarning", "-p", "no:cacheprovider", "-p", "no:xdist"]
    if "NUMBA_DISABLE_JIT" in os.environ:  # compiled, hashes run over without a word
        quiet += ["-W", "ignore:overflow:RuntimeWarning"]
    return int(pytest.main(["-x", "-q", *quiet, *tests]))


def _module(file: Path) -> str:
    return ".".join(file.with_suffix("").parts)


def _warm(names: list[str], changed: str) -> None:
    """Import what the tests import but what may see the changed module, the tests and the programs themselves."""
    ours = {name for name in names if name.split(".")[0] == _PACKAGE}
    seeing = {changed}
    imports = {name: _imports(name) for name in ours}
    while more := {name for name in ours - seeing if imports[name] & seeing}:
        seeing |= more
    for name in names:
        if name not in seeing and name.split(".")[0] not in ("tests", "conftest", "__main__", "__mp_main__"):
            with contextlib.suppress(Exception):  # names that a package gives to what can't be imported by them
                importlib.import_module(name)


def _imports(name: str) -> set[str]:
    """Return the modules that a module of ours imports anywhere in it, and their packages."""
    path = Path(*name.split("."))
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    results = {name.rpartition(".")[0]} - {""}
    for node in ast.walk(ast.parse(source.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            results |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
        elif isinstance(node, ast.Import):
            results |= {one.name for one in node.names}
    return results


if __name__ == "__main__":
    main()
