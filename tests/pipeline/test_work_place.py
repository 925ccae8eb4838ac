"""A run ends at once if its work folder can no longer be reached."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from latam_corpus.engine.local import InProcess
from latam_corpus.errors import PartError
from latam_corpus.pipeline.execution import run
from latam_corpus.pipeline.planning.plan import make_plan
from latam_corpus.pipeline.planning.recipe import load_recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from conftest import SmallRecipe

    from latam_corpus.pipeline.execution.part import J, Outcome


class _Unmounting(InProcess):
    """An engine whose disk is unmounted during the second part."""

    def __init__(self, work: Path, mounted_again: bool) -> None:
        self._work = work
        self._mounted_again = mounted_again
        self.done: list[str] = []

    def map(self, work: Callable[[J], Outcome], tasks: Sequence[J]) -> Iterator[Outcome]:
        """Yield the outcomes, and remove the folder before the second part."""
        for task in tasks:
            if len(self.done) == 1:
                self._work.rename(self._work.with_name("otro"))
                if self._mounted_again:
                    self._work.mkdir()
            self.done.append(task.name)
            yield work(task)


@pytest.mark.parametrize("mounted_again", [False, True])
def test_a_disk_that_is_unmounted_ends_the_run(
    mounted_again: bool, tmp_path: Path, small_recipe: SmallRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No further part is processed in another folder; when the disk is back, finished work is reused."""
    monkeypatch.setattr("latam_corpus.collect.files.packs", lambda files: ([file] for file in files))
    monkeypatch.setattr(run, "packs", lambda files: ([file] for file in files))
    (tmp_path / "datos").mkdir()
    for name in "abc":
        text = f"La barca {name} salió del puerto antes del alba."
        (tmp_path / "datos" / f"{name}.jsonl").write_text(json.dumps({"text": text}) + "\n")
    (tmp_path / "receta.toml").write_text(small_recipe("repair", source=str(tmp_path / "datos")))
    plan = make_plan(load_recipe(str(tmp_path / "receta.toml")), {})
    work = tmp_path / "out" / "work"
    engine = _Unmounting(work, mounted_again)
    with pytest.raises(PartError, match=r"/out: it can no longer be reached: .*give the same command"):
        run.run(plan, run.find_parts(plan), tmp_path / "out", engine)
    assert len(engine.done) == 2
    shutil.rmtree(work, ignore_errors=True)
    work.with_name("otro").rename(work)
    result = run.run(plan, run.find_parts(plan), tmp_path / "out", InProcess())
    assert not result.failures
    assert next(iter(result.reused.values()))[0] == 1
