"""A run fails if its counts don't add up, and reports rows kept and dropped by genre and source."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus.collect import files
from latam_corpus.collect.documents.contract import Facts
from latam_corpus.engine.local import InProcess
from latam_corpus.errors import ConfigError, PartError
from latam_corpus.messages import same
from latam_corpus.pipeline.execution.part import folder_of
from latam_corpus.pipeline.execution.result import RunResult, Work, sum_parts
from latam_corpus.pipeline.execution.run import find_parts, run
from latam_corpus.pipeline.planning import span_cache
from latam_corpus.pipeline.planning.plan import Plan, make_plan
from latam_corpus.pipeline.planning.recipe import load_recipe
from latam_corpus.pipeline.planning.survival import Loss
from latam_corpus.pipeline.rows.conserve import Count
from latam_corpus.pipeline.rows.step_file import StepCounts
from latam_corpus.privacy.redact import Redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from conftest import SmallRecipe

    from latam_corpus.batch import Batch
    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.input_files.input_file import InputFile
    from latam_corpus.collect.spans import Span

_TEXTS = [
    "La barca salió antes del alba.",
    "El río no perdona.",
    None,
    "Escriba a rosa@ejemplo.org.",
    "La barca vuelve.",
]


@pytest.fixture
def plan(tmp_path: Path, small_recipe: SmallRecipe) -> Plan:
    """Two files of three records; in the first, one can't be read; in the second, one is repeated."""
    data = tmp_path / "datos"
    data.mkdir()
    lines = [json.dumps({"id": f"d{n}", "text": text}) for n, text in enumerate(_TEXTS)]
    (data / "a.jsonl").write_text("\n".join([lines[0], lines[1], "{not json"]), encoding="utf-8")
    (data / "b.jsonl").write_text("\n".join([lines[3], lines[4], lines[4]]), encoding="utf-8")
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe("extract", "redact", source=str(data)), encoding="utf-8")
    return make_plan(load_recipe(str(recipe)), {})


def _run(plan: Plan, folder: Path) -> RunResult:
    return run(plan, find_parts(plan), folder / "out", InProcess())


def test_a_run_tells_what_became_of_every_row(plan: Plan, tmp_path: Path) -> None:
    """In = kept + dropped in the result, in `run.json`, in the files, and by genre and source."""
    result = _run(plan, tmp_path)
    assert (result.rows_in, result.kept, result.failures, result.releasable) == (6, 4, {}, True)
    assert list(result.stages) == list(plan.stages)
    output = json.loads((result.folder / "run.json").read_text(encoding="utf-8"))
    assert output["rows"] == {"in": 6, "kept": 4, "set_aside": 2}
    [row] = output["by_genre"]
    reasons = row.pop("reasons")
    assert row == {"genre": "literature", "source": plan.sources[0].id, "in": 6, "kept": 4}
    assert sorted(reasons.values()) == [1, 1]
    assert reasons["superseded"] == 1
    heights = {
        kind: sum(pl.read_parquet(file).height for file in (result.folder / kind).glob("*.parquet"))
        for kind in ("kept", "dropped", "ledger")
    }
    assert heights == {"kept": 4, "dropped": 2, "ledger": 3}  # one text was changed
    assert output["stages"]["collect"]["rows_in"] == 6
    assert output["stages"]["redact"]["changed"] == 1


def _more(result: StepCounts) -> None:
    result.stages["collect"].rows_in += 1


def _fewer_kept(result: StepCounts) -> None:
    result.kept[next(iter(result.kept))] -= 1


def _none_failed(result: StepCounts) -> None:
    assert result.stages["collect"].failed
    result.stages["collect"].failed.clear()


def _more_dropped(result: StepCounts) -> None:
    result.dropped[next(iter(result.dropped))] += 1


@pytest.mark.parametrize(("step", "damage"), [(0, _more), (-1, _fewer_kept), (0, _none_failed), (0, _more_dropped)])
def test_a_run_whose_counts_do_not_add_up_ends_with_an_error(
    plan: Plan, tmp_path: Path, step: int, damage: Callable[[StepCounts], None]
) -> None:
    """Lost or additional rows are an error even if every file is undamaged."""
    result = _run(plan, tmp_path)
    folder = folder_of(tmp_path / "out" / "work", next(iter(result.outputs.values()))[step])
    output = StepCounts.read(folder)
    damage(output)
    output.write(folder)
    with pytest.raises(PartError, match=r"rows came in, \d were kept and \d dropped"):
        _run(plan, tmp_path)


def test_a_run_without_parts_has_no_rows(plan: Plan, tmp_path: Path) -> None:
    """Every stage is reported with zero rows."""
    result = sum_parts(plan, tmp_path, {}, Work({}))
    assert (result.rows_in, result.kept, result.by_genre, result.seconds) == (0, 0, [], 0)
    assert result.stages == dict.fromkeys(plan.stages, Count())


def test_a_result_has_all_that_its_work_told(plan: Plan, tmp_path: Path) -> None:
    """The result has the failed parts and all reused, noted, mended and decided items."""
    facts = {"fuente": Facts(records=5)}
    work = Work({"a": ["k1", "k2"]}, {"b": "no se puede leer"}, {"extract": [1, 2]}, notes={"dedupe": {"pairs": 3}})
    work.mended, work.decisions, work.facts = [same("una parte")], ["decisiones.json"], facts
    result = sum_parts(plan, tmp_path, {}, work)
    assert (result.folder, result.outputs, result.failures) == (tmp_path, work.keys, work.failures)
    assert (result.reused, result.barriers, result.facts) == ({"extract": (1, 2)}, work.notes, facts)
    assert (result.mended, result.decisions, result.losses) == ((same("una parte"),), ("decisiones.json",), ())


def test_what_is_kept_is_what_the_last_of_many_steps_leaves(
    plan: Plan, tmp_path: Path, small_recipe: SmallRecipe
) -> None:
    """Only the rows of a part's last output count as kept, also for the survival floor."""
    recipe = tmp_path / "receta.toml"
    stages = ("extract", "dedupe", "redact", "boilerplate", "repair")
    recipe.write_text(small_recipe(*stages, source=plan.recipe.sources[0]) + "[survival]\nfloor = 0.9\nleast = 1\n")
    result = _run(make_plan(load_recipe(str(recipe)), {}), tmp_path)
    assert min(len(keys) for keys in result.outputs.values()) > 2
    heights = [pl.read_parquet(file).height for file in (result.folder / "kept").glob("*.parquet")]
    assert sum(heights) == result.kept == 4
    assert {(loss.stage, loss.kind, loss.rows_in, loss.kept) for loss in result.losses} >= {("collect", "source", 6, 5)}
    assert not result.releasable


def test_each_step_of_a_part_may_set_rows_aside(plan: Plan, tmp_path: Path) -> None:
    """Rows in are those read and made, rows kept those of the last step, rows dropped the sum of all steps."""
    group = ("literature", "fuente", "spa", "spa", "CL")
    outputs = [tmp_path / stage for stage in ("collect", "extract", "redact")]
    for folder, rows_in, created, fell in zip(outputs, (5, 4, 5), (0, 2, 0), (1, 1, 2), strict=True):
        remaining = rows_in + created - fell
        counts = StepCounts({folder.name: Count(rows_in, remaining, {"prueba": fell}, made=created)})
        counts.kept[group], counts.dropped[(folder.name, *group, "prueba")] = remaining, fell
        folder.mkdir()
        counts.write(folder)
    result = sum_parts(plan, tmp_path, {"a": outputs, "b": outputs}, Work({}))
    assert (result.rows_in, result.kept) == (14, 6)
    [row] = result.by_genre
    assert row == {"genre": "literature", "source": "fuente", "in": 14, "kept": 6, "reasons": {"prueba": 8}}


_LOSS = (Loss("filter", "genre", "lyrics", 80, 12, 0.5),)


@pytest.mark.parametrize(
    ("failures", "losses", "accepted", "releasable"),
    [
        ({}, (), None, True),
        ({}, (), "visto", True),
        ({}, _LOSS, None, False),
        ({}, _LOSS, "visto", True),
        ({"a": "no se puede leer"}, (), None, False),
        ({"a": "no se puede leer"}, _LOSS, "visto", False),
    ],
)
def test_a_run_may_be_released_when_no_part_failed_and_every_loss_is_accepted(
    failures: dict[str, str], losses: tuple[Loss, ...], accepted: str | None, releasable: bool
) -> None:
    """A written reason is enough for a loss, but not for a failure."""
    created = RunResult(Path(), 0, 0, {}, failures, {}, losses=losses, accepted_loss=accepted)
    assert created.releasable is releasable


@pytest.mark.parametrize("when", ["before", "meanwhile", "gone"])
def test_what_is_read_is_what_was_digested(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """A file that changes during a run fails its part; after it is restored, it is read."""
    path = tmp_path / "datos" / "b.jsonl"
    whole, existing = path.read_bytes(), path.stat()
    parts = find_parts(plan)
    read_all = files.read_all

    def reading(source: Source, read: Sequence[InputFile], **options: Any) -> Iterator[pl.DataFrame]:
        yield from read_all(source, read, **options)
        path.write_bytes(whole[:40] if read[0].relative == "b.jsonl" else whole)

    if when == "meanwhile":
        monkeypatch.setattr(files, "read_all", reading)
    elif when == "before":
        path.write_bytes(whole[:40])
    else:
        path.unlink()
    result = run(plan, parts, tmp_path / "out", InProcess())
    [(failed, why)] = result.failures.items()
    assert failed == parts[1].name
    assert ("can't be opened" if when == "gone" else "the file changed during the run; run it again") in str(why)
    monkeypatch.undo()
    path.write_bytes(whole)
    os.utime(path, ns=(existing.st_atime_ns, existing.st_mtime_ns))
    repeated = _run(plan, tmp_path)
    assert (repeated.rows_in, repeated.kept, repeated.failures) == (6, 4, {})


def test_where_a_file_is_cut_is_remembered_of_its_own_bytes_alone(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that changes between its digest and the search for cuts is an error."""

    def split_and_change(source: Source, file: InputFile, bytes_: int) -> list[Span | None]:
        with Path(file.url).open("ab") as stream:
            stream.write(b"{}\n")
        return files.split(source, file, bytes_)

    monkeypatch.setattr(span_cache, "SPAN_BYTES", 10)
    monkeypatch.setattr(span_cache, "split", split_and_change)
    remembered: list[Path] = []
    monkeypatch.setattr(span_cache, "_save", lambda path, _spans: remembered.append(path))
    with pytest.raises(PartError, match=r"a\.jsonl: the file changed during the run"):
        find_parts(plan)
    assert remembered == []


@pytest.mark.parametrize(
    ("status", "uses", "copy", "refused"),
    [
        ("verified", "[]", True, False),
        ("unverified", "[]", True, False),
        ("ask_first", '["evaluate"]', True, False),
        ("ask_first", '["evaluate"]', False, True),
        ("ask_first", "[]", True, True),
    ],
)
def test_a_source_whose_holder_must_be_asked_is_read_from_a_copy_that_was_given(
    tmp_path: Path, small_recipe: SmallRecipe, status: str, uses: str, copy: bool, refused: bool
) -> None:
    """A copy isn't enough: the source's file must allow some use of it."""
    (tmp_path / "fuente.toml").write_text(
        f'id = "fuente"\ntitle = "Cuentos"\nholder = "La vecina"\nstatus = "{status}"\n'
        f'[rights]\nstatement = "Todos los derechos reservados"\nuses = {uses}\n',
        encoding="utf-8",
    )
    (tmp_path / "receta.toml").write_text(small_recipe("redact"), encoding="utf-8")
    (tmp_path / "copia.txt").write_text("La barca salió antes del alba.", encoding="utf-8")
    inputs = {"fuente": str(tmp_path / "copia.txt")} if copy else {}
    created = make_plan(load_recipe(str(tmp_path / "receta.toml")), inputs)
    if refused:
        with pytest.raises(ConfigError, match=r"source «fuente».*asked first \(La vecina\).*name your copy.*--input"):
            find_parts(created)
    else:
        assert [part.source.id for part in find_parts(created)] == ["fuente"]


def test_the_seconds_of_a_stage_are_those_of_its_processes_too(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The processor time of a stage's child process is counted."""
    busy = "import time\nwhile time.process_time() < 0.5: pass"

    def works_elsewhere(_: Redact, batch: Batch) -> Batch:
        subprocess.run([sys.executable, "-c", busy], check=True)
        return batch

    monkeypatch.setattr(Redact, "__call__", works_elsewhere)
    assert _run(plan, tmp_path).stages["redact"].seconds >= 0.5
