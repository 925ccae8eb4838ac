"""The events of a run, and what Python's callers are warned of because of them."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import pytest

import latam_corpus as lc
from latam_corpus.api import runner
from latam_corpus.api.planned_run import PlannedRun, RunRequest
from latam_corpus.api.runner import Decided, Failed, Released, StagesDone, run_recipe_events
from latam_corpus.errors import ConfigError
from latam_corpus.pipeline.execution.barriers import no_step
from latam_corpus.pipeline.execution.events import BarrierStarted, PartDone, SegmentStarted
from latam_corpus.pipeline.planning.recipe import load_recipe
from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import SmallRecipe, SmallSource


@pytest.fixture
def request_of(tmp_path: Path, small_recipe: SmallRecipe, small_source: SmallSource) -> Any:
    """A function that gives the request of a small run with a release."""
    rows = [{"id": str(n), "text": f"El molino número {n} muele el trigo del valle."} for n in range(3)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "fuente.toml").write_text(small_source())
    (tmp_path / "receta.toml").write_text(small_recipe("redact", "dedupe", release=""))
    recipe = load_recipe(str(tmp_path / "receta.toml"))
    where = {"fuente": str(tmp_path / "in.jsonl")}

    def made(**options: Any) -> RunRequest:
        return RunRequest(recipe, where, tmp_path / "out", engine="in-process", **options)

    return made


def test_a_run_yields_its_events_in_order(request_of: Any) -> None:
    """The plan comes first, then stages and parts, then the version; its plan comes before it is written."""
    versions = []
    names = []
    for event in run_recipe_events(request_of(), no_step):
        names.append(type(event).__name__)
        if isinstance(event, Decided):
            versions.append(event.plan.basis.store.latest("prueba"))
        elif isinstance(event, Released):
            versions.append(event.version.version)
    stages = [name for name in names if name != "Warned"]
    assert stages[0] == "PlannedRun"
    assert stages[-3:] == ["StagesDone", "Decided", "Released"]
    assert stages[1:-3].count("PartDone") == stages.count("SegmentStarted")
    assert "BarrierStarted" in stages
    assert versions[0] is None
    assert versions[1]


def test_a_file_in_the_place_of_the_work_is_named(request_of: Any, tmp_path: Path) -> None:
    """An output folder that can't be made is an error with its path."""
    (tmp_path / "out").write_text("")
    with pytest.raises(ConfigError, match=r"out/work.*it can't be used"):
        list(run_recipe_events(request_of(), no_step))


def test_a_trial_ends_with_its_stages(request_of: Any) -> None:
    """No version is planned, and the kept documents are counted as left out."""
    *_, last = run_recipe_events(request_of(limit=1), no_step)
    assert isinstance(last, StagesDone)
    assert last.left_out == {"limit": 1}


def test_a_run_that_is_stopped_early_releases_its_locks(request_of: Any) -> None:
    """A consumer that stops at any event closes the generator; the next run continues and releases."""
    for stop in (PlannedRun, SegmentStarted, PartDone, BarrierStarted, StagesDone, Decided):
        events = run_recipe_events(request_of(), no_step)
        next(event for event in events if isinstance(event, stop))
        events.close()
        assert Store.at(request_of().out / "store").latest("prueba") is None
    *_, last = run_recipe_events(request_of(), no_step)
    assert isinstance(last, Released)


def test_a_version_that_cannot_be_made_is_an_event(
    tmp_path: Path, request_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is done all the same, and its documents can be opened; Python raises the error."""

    def full(_plan: object) -> None:
        raise lc.ReleaseError("store", "no hay espacio")

    monkeypatch.setattr(runner, "write_version", full)
    *_, done, _, last = run_recipe_events(request_of(), no_step)
    assert isinstance(done, StagesDone)
    assert isinstance(last, Failed)
    assert lc.open_run(done.result.folder).documents().collect().height == 3
    with pytest.raises(lc.ReleaseError, match="no hay espacio"):
        lc.run(tmp_path / "receta.toml", tmp_path / "in.jsonl", tmp_path / "out", engine="in-process", progress=False)


def _warnings_of(*arguments: Any, **options: Any) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        lc.run(*arguments, engine="in-process", progress=False, **options)
    return [str(warning.message) for warning in caught]


@pytest.mark.usefixtures("request_of")
def test_python_warns_of_what_the_command_line_hints_at(tmp_path: Path, small_source: SmallSource) -> None:
    """A permission that has ended, and a column that is not taken."""
    source = small_source().replace("[rights]", "[rights]\nexpires = 2026-01-01", 1)
    (tmp_path / "fuente.toml").write_text(source)
    (tmp_path / "in.jsonl").write_text(json.dumps({"id": "a", "text": "La casa.", "estante": "b4"}) + "\n")
    texts = _warnings_of(tmp_path / "receta.toml", tmp_path / "in.jsonl", tmp_path / "out", limit=1)
    assert any("its permission ended on 2026-01-01" in text for text in texts), texts
    assert any("estante" in text for text in texts), texts
