"""`latam-corpus check` and `latam-corpus run`."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from latam_corpus.catalog.display_names import GENRES, TIERS, USES, stage_names
from latam_corpus.cli.interface import completion
from latam_corpus.cli.interface.options import Json, Out, StoreUrl
from latam_corpus.cli.interface.show import RunProgress, console, note, number, print_json, table
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.cli.reading.report import NoReport, report_of_run
from latam_corpus.cli.running.inputs import Inputs, InputsFile, Select, located, selected
from latam_corpus.messages import N_, Message, _, enumerated, known

if TYPE_CHECKING:
    from latam_corpus.api.planned_run import PlannedRun
    from latam_corpus.collect.examine import Examined
    from latam_corpus.errors import ReleaseError
    from latam_corpus.pipeline.planning.plan import Plan
    from latam_corpus.pipeline.planning.recipe import Recipe
    from latam_corpus.release.storing.manifest import Manifest

RecipeName = Annotated[
    str,
    typer.Argument(help=N_("A recipe: a TOML file, or the name of a shipped one."), autocompletion=completion.recipes),
]
AcceptLoss = Annotated[
    str | None,
    typer.Option(
        metavar="WHY", help=N_("Release although a stage kept less than the recipe's floor; goes on the card.")
    ),
]
Sign = Annotated[
    Path | None,
    typer.Option(
        metavar="KEY", envvar="LATAM_CORPUS_KEY", help=N_("A secret key of minisign, which signs what is made.")
    ),
]


def check(
    recipe: RecipeName,
    inputs: Inputs = [],
    inputs_file: InputsFile = None,
    select: Select = [],
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Find everything that is wrong with a recipe; with --input also with its sources' columns, by the first records.

    Without --input, not one byte of a source is read.
    """
    from latam_corpus.api.planned_run import checked_plan, doubt_lines, spelling_hints, with_indexes
    from latam_corpus.api.runner import Warned
    from latam_corpus.cli.running.outcome import tell_warning
    from latam_corpus.pipeline.execution.contracts import examine_sources
    from latam_corpus.pipeline.planning.own_terms import REMEDY, own_terms
    from latam_corpus.pipeline.planning.recipe_errors import checked_recipe, hints_of, missing_inputs
    from latam_corpus.pipeline.stored_runs.reasons import meaning
    from latam_corpus.release.storing.store import Store

    loaded = selected(checked_recipe(recipe, spoken()), select)
    plan = checked_plan(loaded, {}, None)
    missing_inputs(plan)
    opened = Store.at(store or out / "store")
    _plan, against = with_indexes(plan, opened, None)
    places = located(loaded, inputs, inputs_file)
    seen = examine_sources(checked_plan(loaded, places, None)) if places else []
    own = {one.id: own_terms(one, place) for one in plan.sources if (place := places.get(one.id))}
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
        "inputs": [{**_input(loaded, one), "own_terms": own[one.source].as_dict()} for one in seen],
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
            console.print(_("         «{source}» will be measured and left out: {why}", source=source, why=why))
    for one in seen:
        figures = {"n": number(one.facts.records), "some": one.looked_at, "files": one.files}
        read = _READ_WHOLE if one.whole else _READ_IN_PART
        console.print(read.fill(source=one.source, **figures))
        for reason, n in _excluded(loaded, one).items():
            figures = {"n": number(n), "all": number(one.terms.total())}
            console.print(
                _(
                    "         «{source}»: {n} of {all} {all:document|documents} read will be left out: {why}",
                    source=one.source,
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
        tell_warning(Warned("hint", hint))
    for doubt in doubt_lines(seen):
        tell_warning(Warned("doubt", doubt))


_READ_WHOLE: Final = _("input    {source}: {n} {n:record|records} of {some} of {files} {files:file|files} looked at")
_READ_IN_PART: Final = _(
    "input    {source}: only the first {n} {n:record|records} of {some} of {files} {files:file|files} looked at"
)


def _excluded(recipe: Recipe, one: Examined) -> Counter[str]:
    """Return how many of the documents read the release won't hold by their own terms, by reason."""
    excluded = Counter[str]()
    for (tier, uses), n in one.terms.items():
        if recipe.release and tier not in recipe.release.admit:
            excluded[f"rights_tier={tier}"] += n
        elif recipe.release and (lacking := set(recipe.release.uses) - set(uses)):
            excluded[f"uses_lack={','.join(sorted(lacking))}"] += n
    return excluded


def _input(recipe: Recipe, one: Examined) -> dict[str, object]:
    """Return what was looked at of a source, for JSON."""
    from latam_corpus.pipeline.execution.contracts import mapping_rows

    return {
        "source": one.source,
        "files": one.files,
        "looked_at": one.looked_at,
        "records": one.facts.records,
        "whole": one.whole,
        "documents": one.terms.total(),
        "left_out": dict(_excluded(recipe, one)),
        "doubts": [{key: str(text) for key, text in doubt._asdict().items()} for doubt in one.notes],
        "mapping": mapping_rows({one.source: one.facts}),
    }


def _left_out(recipe: Recipe, plan: Plan) -> dict[str, Message]:
    """Return the sources that the release won't hold, and why; single records may state other rights."""
    from latam_corpus.pipeline.planning.default_recipe import unreleasable
    from latam_corpus.pipeline.stored_runs.reasons import meaning

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


def run(
    recipe: RecipeName,
    inputs: Inputs = [],
    inputs_file: InputsFile = None,
    select: Select = [],
    out: Out = Path("out"),
    engine: Annotated[str, typer.Option(help=N_("in-process, local, ray or slurm."))] = "local",
    site: Annotated[Path | None, typer.Option(help=N_("A TOML file that says where the cluster is."))] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            show_default=N_("1, on a cluster what the site file says"),
            help=N_("Worker processes; 0 for one a processor."),
        ),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help=N_("On Slurm: stay and lead the jobs; else a job of its own does."))
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help=N_("At most so many records of each file, as a trial: nothing is released.")),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=N_("Say what would be done, and do nothing."))] = False,
    accept_loss: AcceptLoss = None,
    work: Annotated[
        str,
        typer.Option(
            help=N_("Which work stays for later runs: all, measured (what explain and measure read) or none.")
        ),
    ] = "all",
    store: StoreUrl = None,
    sign: Sign = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help=N_("Make no release, and exit with 1, if an input can't be read whole.")),
    ] = False,
    policies: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help=N_("Policies that replace the shipped ones: a copy of filters/, or some files of it."),
        ),
    ] = None,
    no_report: NoReport = False,
    batch_rows: Annotated[int | None, typer.Option(min=1, hidden=True)] = None,
    as_json: Json = False,
) -> None:
    """Run a recipe: collect, work, and, where it has a [release], release."""
    from latam_corpus.api.planned_run import PlannedRun, RunRequest
    from latam_corpus.api.runner import Decided, Failed, Released, StagesDone, Warned, run_recipe_events
    from latam_corpus.cli.running.outcome import tell_looking, tell_plan, tell_result, tell_warning
    from latam_corpus.cli.running.repeated_version import print_repeated_note
    from latam_corpus.engine.cluster.submitted import refuse_changed, use_own_copies
    from latam_corpus.pipeline.execution.run import find_parts
    from latam_corpus.pipeline.planning.recipe import load_recipe

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
    before: str | None = None
    released: Manifest | None = None
    failed: ReleaseError | None = None
    doubts: list[Message] = []
    with (
        closing(RunProgress(as_json=as_json)) as progress,
        closing(run_recipe_events(request, progress.step, tell_looking, only_look=dry_run or submits)) as events,
    ):
        for event in events:
            match event:
                case PlannedRun() as planned:
                    refuse_changed(planned.recipe_plan)
                    if submits:
                        _submit(planned, inputs_file, as_json=as_json)
                        return
                    if dry_run:
                        parts = find_parts(planned.plan, limit, tell_looking)
                        tell_plan(planned.plan, parts, out, planned.engine, as_json=as_json)
                        return
                case Warned():
                    doubts.append(event.message)
                    tell_warning(event)
                case StagesDone(result, left_out):
                    progress.close()
                    before = planned.store.latest(loaded.release.name) if loaded.release else None
                case Decided(release_plan):
                    left_out = release_plan.left_out
                case Released(version):
                    released = version
                case Failed(error):
                    failed = error
                case _:
                    progress.show(event)
    made = None if no_report else report_of_run(result.folder, out, released, store)
    tell_result(result, released, before, made, left_out, doubts=doubts, as_json=as_json)
    print_repeated_note(planned.store, released, before)
    if failed:  # the run is done all the same, and its folder is where to look
        raise failed
    if not result.releasable or (planned.wants_version and released is None):
        raise typer.Exit(1)


def _submit(planned: PlannedRun, inputs_file: Path | None, *, as_json: bool) -> None:
    """Submit the command as a job of Slurm with copies of its files, unless it is known to fail there."""
    from latam_corpus.cli.running.outcome import tell_submitted
    from latam_corpus.engine.cluster.slurm_jobs import submit_driver
    from latam_corpus.engine.cluster.slurm_state import under_way
    from latam_corpus.engine.cluster.submitted import keep_copies
    from latam_corpus.engine.cost import refuse_beyond_site
    from latam_corpus.pipeline.execution.run import least_parts

    site, jobs = planned.request.site, planned.engine.jobs
    if site is None or jobs is None:
        raise TypeError("a run that is submitted has a site file and a folder of jobs")
    refuse_beyond_site(planned.engine, planned.plan, least_parts(planned.plan), led_by_job=True)
    if running := under_way(planned.request.out, planned.plan.recipe.name):
        note(running)
    keep_copies(jobs, planned.recipe_plan, [site, inputs_file])
    words = [word for word in sys.argv[1:] if word != "--json"]  # its log is for people
    tell_submitted(submit_driver(site, jobs, [*words, "--wait"], Path.cwd()), as_json=as_json)
