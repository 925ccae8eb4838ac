"""A document that kills its worker is dropped with the cause, and the rest of its part is processed."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

import polars as pl
import pytest

from latam_corpus.pipeline.execution.part import Outcome
from latam_corpus.pipeline.execution.run import find_parts, run
from latam_corpus.pipeline.planning.plan import Plan, Step, make_plan
from latam_corpus.pipeline.planning.recipe import load_recipe
from latam_corpus.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from conftest import SmallRecipe

    from latam_corpus.batch import Batch
    from latam_corpus.pipeline.execution.part import J

_MORTAL = "la red volvió vacía"


class Killed(BaseException):
    """The end of a worker, which no code in it can catch."""


@dataclass(frozen=True)
class Lethal(Stage):
    """A stage whose library crashes on one text, like one that isn't written in Python."""

    name: ClassVar[str] = "lethal"
    needs: ClassVar[frozenset[str]] = frozenset({"text"})

    together: int = 1

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch if the worker survives it."""
        if batch.frame["text"].str.contains(_MORTAL, literal=True).sum() >= self.together:
            raise Killed
        return batch


class Mortal:
    """An engine in this process whose workers can die.

    Attributes:
        killed: how many did.
    """

    workers: ClassVar[int] = 1
    jobs: ClassVar[None] = None

    @property
    def here(self) -> Self:
        """The engine itself."""
        return self

    def __init__(self) -> None:
        self.killed = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, work: Callable[[J], Outcome], tasks: Sequence[J]) -> Iterator[Outcome]:
        """Yield the outcomes, in order."""
        for task in tasks:
            try:
                yield work(task)
            except Killed:
                self.killed += 1
                yield Outcome(task.name, error="SIGKILL", killed=True)


@pytest.fixture
def plan(tmp_path: Path, small_recipe: SmallRecipe) -> Callable[[int], Plan]:
    """Return a maker of plans for two files of sixty records; the first has two documents that kill together."""
    data = tmp_path / "datos"
    data.mkdir()
    for name in "ab":
        rows = [{"id": f"{name}{n}", "text": f"La barca {n} salió antes del alba."} for n in range(60)]
        for mortal in (17, 43) if name == "a" else ():
            rows[mortal]["text"] = f"Al alba {_MORTAL}. {mortal}"
        (data / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe("repair", "extract", source=str(data)))

    def made(combined: int) -> Plan:
        actual = make_plan(load_recipe(str(recipe)), {})
        first, *others = actual.segments
        *steps, last = first.steps
        step = Step.of((*last.stages, Lethal(together=combined)))
        return replace(actual, segments=(replace(first, steps=(*steps, step)), *others))

    return made


def test_lethal_documents_are_set_aside_and_the_rest_is_done(plan: Callable[[int], Plan], tmp_path: Path) -> None:
    """They have ledger rows, and the next run knows them until the file about them is removed."""
    engine = Mortal()
    result = run(plan(1), find_parts(plan(1)), tmp_path / "out", engine)
    assert not result.failures
    assert (result.rows_in, result.kept) == (120, 118)
    ledger = pl.read_parquet(result.folder / "ledger" / "*.parquet").filter(pl.col("reason") == "killed_worker")
    assert ledger["stage"].to_list() == ["lethal"] * 2
    assert ledger["verdict"].to_list() == ["failed"] * 2
    assert ledger["evidence"].to_list() == ['{"cause": "SIGKILL"}'] * 2
    dropped = pl.read_parquet(result.folder / "dropped" / "*.parquet").filter(pl.col("drop_reason") == "killed_worker")
    assert sorted(dropped["text"].str.slice(-2)) == ["17", "43"]
    assert engine.killed
    repeated = Mortal()
    assert run(plan(1), find_parts(plan(1)), tmp_path / "out", repeated).folder == result.folder
    assert not repeated.killed
    for file in (tmp_path / "out" / "work" / "lethal").iterdir():
        file.write_text("{")
    assert run(plan(1), find_parts(plan(1)), tmp_path / "out", repeated).folder == result.folder
    assert repeated.killed


def test_where_no_document_alone_kills_the_part_fails(plan: Callable[[int], Plan], tmp_path: Path) -> None:
    """The part fails with the cause of its worker's end."""
    result = run(plan(2), find_parts(plan(2)), tmp_path / "out", Mortal())
    assert list(map(str, result.failures.values())) == ["SIGKILL"]
    assert not (tmp_path / "out" / "work" / "lethal").exists()
