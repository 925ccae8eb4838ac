"""Folders of compiled code: one for each source; unused ones are removed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from latam_corpus import compiled
from latam_corpus.compiled import KERNELS, digest_of_compiled
from latam_corpus.errors import NoteWarning
from latam_corpus.paths import PACKAGE, use_folder

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe

_DAY = 86_400


def _folder(path: Path, days: float) -> Path:
    """Create a folder of compiled code that was last used this many days ago."""
    path.mkdir(parents=True)
    (path / "words.nbi").write_bytes(b"x")
    used_at = time.time() - days * _DAY
    os.utime(path, (used_at, used_at))
    return path


def test_a_new_folder_removes_what_nobody_uses(tmp_path: Path) -> None:
    """The four last used are kept, however old; others are kept if they were used within a day."""
    for days in range(2, 12):
        _folder(tmp_path / f"{days:016x}", days)
    use_folder(tmp_path / "new")
    remaining = {path.name for path in tmp_path.iterdir()}
    assert remaining == {"new", *(f"{days:016x}" for days in (2, 3, 4, 5))}


def test_what_was_used_today_stays(tmp_path: Path) -> None:
    """Several checkouts may be in use at a time, and none may remove the compiled code of another."""
    for number in range(10):
        _folder(tmp_path / f"{number:016x}", 0.5)
    use_folder(tmp_path / "new")
    assert len(list(tmp_path.iterdir())) == 11


def test_a_known_folder_is_marked_and_nothing_is_looked_for(tmp_path: Path) -> None:
    """Each start marks its folder, so that one in use is never among the oldest."""
    old = [_folder(tmp_path / f"{days:016x}", days) for days in range(2, 12)]
    use_folder(old[-1])
    assert all(path.is_dir() for path in old)
    use_folder(tmp_path / "new")
    assert old[-1].is_dir()
    assert not old[-2].is_dir()


def test_processes_that_start_together_remove_the_same_once(tmp_path: Path) -> None:
    """A folder that another process has already removed is no error."""
    for days in range(2, 40):
        _folder(tmp_path / f"{days:016x}", days)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use_folder, [tmp_path / f"new{n}" for n in range(8)]))
    remaining = {path.name for path in tmp_path.iterdir()}
    assert remaining >= {f"new{n}" for n in range(8)}
    assert not [name for name in remaining if not name.startswith("new") and int(name, 16) > 5]


def test_a_home_that_cant_be_written_to_is_no_error(tmp_path: Path) -> None:
    """Numba itself reports a cache that it can't write."""
    (tmp_path / "file").write_bytes(b"")
    use_folder(tmp_path / "file" / "new")
    assert not (tmp_path / "file" / "new").exists()


def test_compiled_code_is_read_by_the_next_process(tmp_path: Path) -> None:
    """The next processes find it in the toolkit's cache, so that workers don't compile again."""
    script = (
        "import numba\n"
        "from latam_corpus.text import words, words_kernels\n"
        "words.WordTable.of(['¡Ay, ay, ay, ay! ' * 300_000])\n"
        "kernels = (words_kernels.scan, words_kernels.decode, words_kernels.finish)\n"
        "used = [kernel.compiled.stats for kernel in kernels]\n"
        "print(sum(sum(s.cache_hits.values()) for s in used), sum(sum(s.cache_misses.values()) for s in used))\n"
    )
    environment = os.environ | {"LATAM_CORPUS_CACHE": str(tmp_path)}
    for named in ("NUMBA_CACHE_DIR", "LATAM_CORPUS_COMPILING"):
        environment.pop(named, None)
    counts, noted = [], []
    for _ in range(2):
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        counts.append([int(count) for count in done.stdout.split()])
        noted.append(done.stderr.count(f"it is kept in {tmp_path}"))
    assert noted == [1, 0]
    (hits, misses), (hits_again, misses_again) = counts
    assert (hits, misses_again) == (0, 0)
    assert 0 < hits_again < misses  # what is inlined is within what calls it
    assert list(tmp_path.glob("numba/*/*/*/*.nbc"))


def test_what_is_compiled_stands_in_files_of_kernels() -> None:
    """The digest of compiled code and the lint settings select kernels by file name."""
    compiling = re.compile(
        r"latam_corpus\.compiled import (inlined|kernel)|^\s*(import numba|from numba)", re.MULTILINE
    )
    named = {path for path in PACKAGE.rglob("*.py") if compiling.search(path.read_text(encoding="utf-8"))}
    kernels = set(PACKAGE.rglob(KERNELS))
    assert named == kernels | {PACKAGE / "compiled.py"}
    assert len(kernels) > 15


def test_a_change_of_what_a_kernel_imports_is_compiled_again(tmp_path: Path) -> None:
    """Compiled code has constants of other modules, in any folder; modules that no kernel imports don't count."""
    sources = {
        "text/words_kernels.py": "from latam_corpus.signs.letters import (\n    LETTER,\n)\n",
        "signs/letters.py": "from latam_corpus.signs import marks\nLETTER = marks.MARK\n",
        "signs/marks.py": "MARK = 1\n",
        "text/rows.py": "ROW = 1\n",
    }
    for name, source in sources.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(source)
    digests = [digest_of_compiled(tmp_path)]
    for name, source in reversed(sources.items()):
        (tmp_path / name).write_text(f"{source}MORE = 1\n")
        digests.append(digest_of_compiled(tmp_path))
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4


def test_another_way_to_compile_is_compiled_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Changed decorators change the digest of compiled code."""
    previous = digest_of_compiled(PACKAGE)
    (tmp_path / "compiled.py").write_text("kernel = None\n")
    monkeypatch.setattr(compiled, "__file__", str(tmp_path / "compiled.py"))
    assert digest_of_compiled(PACKAGE) != previous


@pytest.mark.filterwarnings("always::latam_corpus.errors.NoteWarning")
def test_a_run_with_an_empty_cache_says_that_it_compiles(
    tmp_path: Path, small_recipe: SmallRecipe, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The note comes once, on standard error, or with --json as an event; a small run doesn't compile."""
    (tmp_path / "datos").mkdir()
    letter = tmp_path / "datos" / "a.jsonl"
    letter.write_text('{"text": "La barca salió antes del alba."}\n')
    (tmp_path / "receta.toml").write_text(small_recipe("repair", source=str(tmp_path / "datos")))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "vacía"))
    words = ("run", tmp_path / "receta.toml", "--out", tmp_path / "out", "--no-report", "--workers", "2")
    monkeypatch.delenv("LATAM_CORPUS_COMPILING", raising=False)
    assert "compiling" not in command_line(*words).err
    letter.write_text(json.dumps({"text": "La barca salió antes del alba. " * 4_000}) + "\n")
    result = command_line(*words)
    assert (result.code, result.err.count(f"it is kept in {tmp_path / 'vacía'}")) == (0, 1), result.err
    assert "compiling" not in command_line(*words).err
    letter.write_text(json.dumps({"text": "La barca volvió antes del alba. " * 4_000}) + "\n")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "otra"))
    monkeypatch.delenv("LATAM_CORPUS_COMPILING")
    stderr = command_line(*words, "--json").err
    events = [json.loads(line) for line in stderr.splitlines()]
    assert len([event for event in events if event["event"] == "note" and "compiling" in event["text"]]) == 1, stderr
    (tmp_path / "otra" / "text").mkdir(parents=True)
    (tmp_path / "otra" / "text" / "a.nbi").touch()
    monkeypatch.delenv("LATAM_CORPUS_COMPILING")
    assert "compiling" not in command_line(*words).err


def test_a_later_command_that_compiles_more_does_not_announce_the_whole_toolkit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The toolkit is compiled as a whole once; later additions are smaller."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    for name, note in (
        ("", "compiling the toolkit"),
        ("a.nbi", "compiling functions that no earlier command has used"),
    ):
        monkeypatch.delenv("LATAM_CORPUS_COMPILING")
        (tmp_path / "text").mkdir(exist_ok=True)
        (tmp_path / "text" / (name or "otro")).touch()
        with pytest.warns(NoteWarning, match=note):
            compiled.note_compiling()


@pytest.mark.parametrize(("value", "compiles"), [(None, False), ("", False), ("0", False), ("1", True)])
def test_the_environment_turns_compiling_on(
    value: str | None, compiles: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a value other than empty and 0 does; with an empty cache a note then comes before any input."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("LATAM_CORPUS_COMPILING")
    monkeypatch.delenv("LATAM_CORPUS_COMPILE", raising=False)
    if value is not None:
        monkeypatch.setenv("LATAM_CORPUS_COMPILE", value)
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        compiled.note_empty_cache(1)
    assert bool(noted) == compiles


def test_compiled_code_is_found_from_another_place(tmp_path: Path) -> None:
    """An image is built in one folder and used in another, and a new installation has other times."""
    kernels = "from latam_corpus.compiled import kernel\n\n\n@kernel\ndef double(number):\n    return 2 * number\n"
    script = "import doubles_kernels as d; d.double(4); print(sum(d.double.compiled.stats.cache_hits.values()))"
    hits: list[int] = []
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "doubles_kernels.py").write_text(kernels)
        os.utime(tmp_path / place / "doubles_kernels.py", (len(hits), len(hits)))
        path = os.pathsep.join([str(tmp_path / place), *sys.path])
        environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": path}
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=True)
        hits.append(int(done.stdout))
    assert hits == [0, 1]
