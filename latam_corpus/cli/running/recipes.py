"""`latam-corpus check` and `latam-corpus run`."""

from __future__ import annotations

import sys
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from latam_corpus.api.planned_run import PlannedRun, RunRequest, checked_plan, doubt_lines, spelling_hints, with_indexes
from latam_corpus.api.runner import Decided, Failed, Released, StagesDone, Warned, run_recipe_events
from latam_corpus.catalog.display_names import GENRES, TIERS, USES, stage_names
from latam_corpus.cli.interface.show import RunProgress, console, note, number, print_json, table
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.cli.reading.report import report_of_run
from latam_corpus.cli.running.inputs import located, selected
from latam_corpus.cli.running.outcome import print_plan, print_result, print_scan, print_warning
from latam_corpus.cli.running.run_jobs import print_submitted
from latam_corpus.cli.running.shared_output import print_repeated_note
from latam_corpus.engine.cluster.slurm_jobs import submit_driver
from latam_corpus.engine.cluster.slurm_state import under_way
from latam_corpus.engine.cluster.submitted import keep_copies, refuse_changed, use_own_copies
from latam_corpus.engine.cost import refuse_beyond_site
from latam_corpus.messages import Message, _, enumerated, known
from latam_corpus.pipeline.execution.contracts import examine_sources, mapping_rows
from latam_corpus.pipeline.execution.run import find_parts, least_parts
from latam_corpus.pipeline.planning.default_recipe import unreleasable
from latam_corpus.pipeline.planning.own_terms import REMEDY, own_terms
from latam_corpus.pipeline.planning.recipe import load_recipe
from latam_corpus.pipeline.planning.recipe_errors import checked_recipe, hints_of, missing_inputs
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from latam_corpus.collect.examine import Examined
    from latam_corpus.errors import ReleaseError
    from latam_corpus.pipeline.planning.plan import Plan
    from latam_corpus.pipeline.planning.recipe import Recipe
    from latam_corpus.release.storing.manifest import Manifest


def check_recipe(
    *,
    recipe: str,
    inputs: list[str],
    inputs_file: Path | None,
    select: list[str],
    out: Path,
    store: str | None,
    as_json: bool,
) -> None:
    """Report all mistakes in a recipe and, with --input, in the columns of its sources' first records."""
    loaded = selected(checked_recipe(recipe, spoken()), select)
    plan = checked_plan(loaded, {}, None)
    missing_inputs(plan)
    opened = Store.at(store or out / "store")
    _plan, against = with_indexes(plan, opened, None)
    places = located(loaded, inputs, inputs_file)
    examined_sources = examine_sources(checked_plan(loaded, places, None)) if places else []
    own = {source.id: own_terms(source, place) for source in plan.sources if (place := places.get(source.id))}
    left_out = _left_out(loaded, plan)
    hints = [*hints_of(plan, datetime.now(UTC).date()), *spelling_hints(plan, opened, against)]
    result = {
        "recipe": loaded.name,
        "ok": True,
        "sources": [{"id": s.id, "rights_tier": s.tier, "uses": s.uses} for s in plan.sources],
        "steps": [step.title for segment in plan.segments for step in segment.steps],
        "against": [manifest.spec for manifest in against],
        "release": loaded.release.model_dump(mode="json") if loaded.release else None,
        "left_out": {source: str(why) for source, why in left_out.items()},
        "hints": list(map(str, hints)),
        "inputs": [{**_input(loaded, each), "own_terms": own[each.source].as_dict()} for each in examined_sources],
    }
    if as_json:
        print_json(result)
        return
    console.print(Message("{name}: {title}", {"name": loaded.name, "title": known(loaded.title)}))
    console.print(_("stages   {stages}", stages=stage_names(" → ".join(entry.use for entry in loaded.stage))))
    rows = [
        (s.id, s.genre and GENRES[s.genre], TIERS[s.tier], enumerated(USES[use] for use in s.uses))
        for s in plan.sources
    ]
    table("", [_("source"), _("genre"), _("rights"), _("uses")], rows)
    for manifest in against:
        console.print(
            _("against  {version}: {n} {n:document|documents}", version=manifest.spec, n=number(manifest.rows))
        )
    if loaded.release:
        admitted = enumerated(TIERS[tier] for tier in loaded.release.admit)
        console.print(_("release  {name}: admits {tiers}", name=loaded.release.name, tiers=admitted))
        for source, why in left_out.items():
            console.print(
                _("         «{source}» will be processed and left out of the version: {why}", source=source, why=why)
            )
    for examined in examined_sources:
        figures = {"n": number(examined.facts.records), "some": examined.looked_at, "files": examined.files}
        message = _READ_WHOLE if examined.whole else _READ_IN_PART
        console.print(message.fill(source=examined.source, **figures))
        for reason, n in _excluded(loaded, examined).items():
            figures = {"n": number(n), "all": number(examined.terms.total())}
            console.print(
                _(
                    "         «{source}»: {n} of {all} {all:document|documents} read will be left out: {why}",
                    source=examined.source,
                    why=meaning(reason),
                    **figures,
                )
            )
    for source, terms in own.items():
        if problem := terms.problem:
            about: dict[str, str | Message] = {"source": source, "problem": problem, "remedy": REMEDY}
            console.print(Message("         «{source}»: {problem}; {remedy}", about))
    console.print(_("nothing is wrong"))
    for hint in hints:
        print_warning(Warned("hint", hint))
    for doubt in doubt_lines(examined_sources):
        print_warning(Warned("doubt", doubt))


_READ_WHOLE: Final = _("input    {source}: {n} {n:record|records} of {some} of {files} {files:file|files} looked at")
_READ_IN_PART: Final = _(
    "input    {source}: only the first {n} {n:record|records} of {some} of {files} {files:file|files} looked at"
)


def _excluded(recipe: Recipe, examined: Examined) -> Counter[str]:
    """Return by reason the number of examined documents that the release leaves out because of their own terms."""
    excluded = Counter[str]()
    for (tier, uses), n in examined.terms.items():
        if recipe.release and tier not in recipe.release.admit:
            excluded[f"rights_tier={tier}"] += n
        elif recipe.release and (lacking := set(recipe.release.uses) - set(uses)):
            excluded[f"uses_lack={','.join(sorted(lacking))}"] += n
    return excluded


def _input(recipe: Recipe, examined: Examined) -> dict[str, object]:
    """Return the JSON value of an examined source."""
    return {
        "source": examined.source,
        "files": examined.files,
        "looked_at": examined.looked_at,
        "records": examined.facts.records,
        "whole": examined.whole,
        "documents": examined.terms.total(),
        "left_out": dict(_excluded(recipe, examined)),
        "doubts": [{key: str(text) for key, text in doubt._asdict().items()} for doubt in examined.notes],
        "mapping": mapping_rows({examined.source: examined.facts}),
    }


def _left_out(recipe: Recipe, plan: Plan) -> dict[str, Message]:
    """Return the sources that the release leaves out, with the reasons; single records may state other rights."""
    if not recipe.release:
        return {}
    reasons = {}
    for source in plan.sources:
        if source.tier not in recipe.release.admit:
            reasons[source.id] = meaning(f"rights_tier={source.tier}")
        elif missing := set(recipe.release.uses) - set(source.uses):
            reasons[source.id] = meaning(f"uses_lack={','.join(sorted(missing))}")
        elif why := unreleasable(source, datetime.now(UTC).date()):
            reasons[source.id] = meaning(why)
    return reasons


def run_recipe(
    *,
    recipe: str,
    inputs: list[str],
    inputs_file: Path | None,
    select: list[str],
    out: Path,
    engine: str,
    site: Path | None,
    workers: int | None,
    wait: bool,
    limit: int | None,
    dry_run: bool,
    accept_loss: str | None,
    work: str,
    store: str | None,
    sign: Path | None,
    strict: bool,
    policies: Path | None,
    no_report: bool,
    batch_rows: int | None,
    as_json: bool,
) -> None:
    """Run a recipe, and build a version if the recipe has a [release]."""
    use_own_copies()
    submits = engine == "slurm" and not (wait or dry_run)
    loaded = selected(load_recipe(recipe, spoken()), select)
    request = RunRequest(
        loaded,
        located(loaded, inputs, inputs_file),
        out,
        engine=engine,
        site=site,
        workers=workers,
        limit=limit,
        work=work,
        store=store,
        sign=sign,
        strict=strict,
        policies=policies,
        accept_loss=accept_loss,
        batch_rows=batch_rows,
    )
    previous_version: str | None = None
    released: Manifest | None = None
    failed: ReleaseError | None = None
    doubts: list[Message] = []
    ended = time.monotonic()
    with (
        closing(RunProgress(as_json=as_json)) as progress,
        closing(run_recipe_events(request, progress.step, print_scan, only_look=dry_run or submits)) as events,
    ):
        for event in events:
            match event:
                case PlannedRun() as planned:
                    refuse_changed(planned.recipe_plan)
                    if submits:
                        _submit(planned, inputs_file, as_json=as_json)
                        return
                    if dry_run:
                        parts = find_parts(planned.plan, limit, print_scan)
                        print_plan(planned.plan, parts, out, planned.engine, as_json=as_json)
                        return
                case Warned():
                    doubts.append(event.message)
                    print_warning(event)
                case StagesDone(result, left_out):
                    progress.close()
                    ended = time.monotonic()
                    previous_version = planned.store.latest(loaded.release.name) if loaded.release else None
                case Decided(release_plan):
                    left_out = release_plan.left_out
                case Released(version):
                    released = version
                case Failed(error):
                    failed = error
                case _:
                    progress.show(event)
    release_seconds = time.monotonic() - ended
    report = None if no_report else report_of_run(result.folder, out, released, store)
    print_result(
        result,
        released,
        previous_version,
        report,
        left_out,
        doubts=doubts,
        release_seconds=release_seconds,
        as_json=as_json,
    )
    print_repeated_note(planned.store, released, previous_version)
    if failed:  # raised only after the result is printed, since the run itself is done
        raise failed
    if not result.releasable or (planned.wants_version and released is None):
        raise typer.Exit(1)


def _submit(planned: PlannedRun, inputs_file: Path | None, *, as_json: bool) -> None:
    """Submit the command as a Slurm job, with copies of its files, if its parts fit the site's limits."""
    site, jobs = planned.request.site, planned.engine.jobs
    if site is None or jobs is None:
        raise TypeError("a run that is submitted has a site file and a folder of jobs")
    refuse_beyond_site(planned.engine, planned.plan, least_parts(planned.plan), led_by_job=True)
    if running := under_way(planned.request.out, planned.plan.recipe.name):
        note(running)
    keep_copies(jobs, planned.recipe_plan, [site, inputs_file])
    words = [word for word in sys.argv[1:] if word != "--json"]  # people read the job's log
    print_submitted(submit_driver(site, jobs, [*words, "--wait"], Path.cwd()), as_json=as_json)
