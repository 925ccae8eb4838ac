"""`latam-corpus check` and `latam-corpus run`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latam_corpus.cli import completion
from latam_corpus.cli.show import RunProgress, console, errors, number, print_json, table
from latam_corpus.errors import ConfigError, ReleaseError, closest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.collect.examine import Examined
    from latam_corpus.pipeline.plan import Plan
    from latam_corpus.pipeline.recipe import Recipe

RecipeName = Annotated[
    str,
    typer.Argument(help="A recipe: a TOML file, or the name of a shipped one.", autocompletion=completion.recipes),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Inputs = Annotated[
    list[str],
    typer.Option("--input", help="Where a source's records are: SOURCE=PATH, or PATH when the recipe has one source."),
]
Out = Annotated[Path, typer.Option("--out", help="The folder of runs, work and the release store.")]
AcceptLoss = Annotated[
    str | None,
    typer.Option(metavar="WHY", help="Release although a stage kept less than the recipe's floor; goes on the card."),
]
StoreUrl = Annotated[str | None, typer.Option("--store", help="Release store, a folder or URL; OUT/store by default.")]


def check(
    recipe: RecipeName,
    inputs: Inputs = [],  # noqa: B006  (Typer reads the default and never changes it)
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Find everything that is wrong with a recipe; with --input also with its sources' columns, by the first records.

    Without --input, not one byte of a source is read.
    """
    from latam_corpus.api.run_recipe import checked_plan, with_indexes
    from latam_corpus.cli.outcome import tell_examined
    from latam_corpus.pipeline.contracts import examine_sources
    from latam_corpus.pipeline.recipe import load_recipe
    from latam_corpus.release.store import Store

    found = load_recipe(recipe)
    plan = checked_plan(found, {}, None)
    _, against = with_indexes(plan, Store.at(store or out / "store"), None)
    seen = examine_sources(checked_plan(found, parse_inputs(found, inputs), None)) if inputs else []
    told = {
        "recipe": found.name,
        "ok": True,
        "sources": [{"id": s.id, "rights_tier": s.tier, "uses": s.uses} for s in plan.sources],
        "steps": [step.title for segment in plan.segments for step in segment.steps],
        "against": [manifest.spec for manifest in against],
        "release": found.release.model_dump(mode="json") if found.release else None,
        "left_out": _left_out(found, plan),
        "hints": [*found.hints(), *_source_hints(plan)],
        "inputs": [_input(one) for one in seen],
    }
    if as_json:
        print_json(told)
        return
    console.print(f"{found.name}: {found.title}")
    console.print("stages   " + " → ".join(entry.use for entry in found.stage))
    table("", ["source", "genre", "rights", "uses"], [(s.id, s.genre, s.tier, " ".join(s.uses)) for s in plan.sources])
    for manifest in against:
        console.print(f"against  {manifest.spec}: {number(manifest.rows)} documents")
    if found.release:
        console.print(f"release  {found.release.name}: admits {', '.join(found.release.admit)}")
        for source, why in told["left_out"].items():  # type: ignore[attr-defined]
            console.print(f"         «{source}» will be measured and left out: {why}")
    for one in seen:
        looked = f"{number(one.facts.records)} records of {one.looked_at} of {one.files} files looked at"
        console.print(f"input    {one.source}: {looked}", markup=False)
    console.print("nothing is wrong")
    for hint in told["hints"]:  # type: ignore[attr-defined]
        errors.print(f"hint     {hint}", markup=False)
    tell_examined(seen)


def _input(one: Examined) -> dict[str, object]:
    """What was looked at of a source, for JSON."""
    from latam_corpus.pipeline.contracts import mapping_rows

    return {
        "source": one.source,
        "files": one.files,
        "looked_at": one.looked_at,
        "records": one.facts.records,
        "whole": one.whole,
        "doubts": [{key: str(text) for key, text in doubt._asdict().items()} for doubt in one.doubts],
        "mapping": mapping_rows({one.source: one.facts}),
    }


def _tell_hints(recipe: Recipe) -> None:
    for hint in recipe.hints():
        errors.print(f"hint     {hint}", markup=False)


def _source_hints(plan: Plan) -> list[str]:
    """What will keep a source out, or its files unread, though nothing in the recipe is wrong."""
    from latam_corpus.collect.formats import unread_patterns

    today = datetime.now(UTC).date()
    hints = []
    for source in plan.sources:
        if source.expires and source.expires < today:
            hints.append(f"the permission of «{source.id}» ended on {source.expires}: none of it is released any more")
        if source.status == "ask_first":
            hints.append(f"{source.holder} must be asked first about «{source.id}»: until then nothing is collected")
        if source.closed_by:
            labels = ", ".join(source.closed_by)
            hints.append(
                f"the label {labels} closes «{source.id}»: name the holder's written agreement, or leave it out"
            )
        if source.collect.kind == "files" and source.collect.format is None:
            hints += [
                f"nothing reads the files «{pattern}» of «{source.id}»: convert them, or state their format"
                for pattern in unread_patterns(source.collect.files)
            ]
    return hints


def _left_out(recipe: Recipe, plan: Plan) -> dict[str, str]:
    """The sources that the release won't hold, and why; single records may state other rights."""
    if not recipe.release:
        return {}
    found = {}
    for source in plan.sources:
        if source.tier not in recipe.release.admit:
            found[source.id] = f"its rights tier is {source.tier}"
        elif missing := set(recipe.release.uses) - set(source.uses):
            found[source.id] = f"its terms don't allow: {', '.join(sorted(missing))}"
    return found


def parse_inputs(recipe: Recipe, given: Sequence[str]) -> dict[str, str]:
    """Source id → path, from `SOURCE=PATH` or, where the recipe has one source, `PATH`.

    Raises:
        ConfigError: a path alone for a recipe with several sources, an unknown source, or one that is named twice.
    """
    from latam_corpus.pipeline.plan import named_sources

    ids = [source.id for source, _ in named_sources(recipe)]
    found: dict[str, str] = {}
    for entry in given:
        name, separator, path = entry.partition("=")
        if separator and name in ids:
            source, where = name, path
        elif len(ids) == 1 and not (separator and "/" not in name and not Path(entry).exists()):
            source, where = ids[0], entry
        elif separator:
            raise ConfigError("--input", f"«{name}» is no source of {recipe.name}", closest(name, ids))
        else:
            raise ConfigError("--input", f"«{entry}» names no source", f"say which: {ids[0]}={entry}")
        if source in found:
            places = f"«{found[source]}» and «{where}»"
            raise ConfigError(
                "--input",
                f"«{source}» is given twice: {places}",
                "name one folder, or a glob in quotes, for all its files",
            )
        if not where:
            raise ConfigError("--input", f"«{source}» has no place", f"write {source}=PATH")
        found[source] = where
    return found


def run(
    recipe: RecipeName,
    inputs: Inputs = [],  # noqa: B006  (Typer reads the default and never changes it)
    out: Out = Path("out"),
    engine: Annotated[str, typer.Option(help="in-process or local.")] = "local",
    workers: Annotated[int, typer.Option(help="Worker processes; 0 for one a processor.")] = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many records of each file.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    accept_loss: AcceptLoss = None,
    store: StoreUrl = None,
    batch_rows: Annotated[int | None, typer.Option(min=1, hidden=True)] = None,
    as_json: Json = False,
) -> None:
    """Run a recipe: collect, work, and, where it has a [release], release."""
    from latam_corpus.api.run_recipe import planned, released_of
    from latam_corpus.audit.stores import open_store
    from latam_corpus.cli.outcome import tell_examined, tell_looking, tell_plan, tell_result
    from latam_corpus.engine.choose import make_engine
    from latam_corpus.pipeline.contracts import examine_sources
    from latam_corpus.pipeline.recipe import load_recipe
    from latam_corpus.pipeline.run import find_parts
    from latam_corpus.pipeline.run import run as run_plan
    from latam_corpus.pipeline.survival import accepted

    reason = accepted(accept_loss)
    found = load_recipe(recipe)
    opened = open_store(store, out)
    located = parse_inputs(found, inputs)
    mended: list[str] = []
    plan, against = planned(found, located, out, opened, limit, mended=mended, only_look=dry_run)
    chosen = make_engine(engine, workers or os.cpu_count() or 1)
    tell_examined(examine_sources(plan))
    parts = find_parts(plan, limit, tell_looking)
    if dry_run:
        tell_plan(plan, parts, out, as_json=as_json)
        return
    _tell_hints(found)
    progress = RunProgress()
    try:
        batch = (batch_rows, 2**24) if batch_rows else None
        result = run_plan(plan, parts, out, chosen, progress, batch, reason, mended)
    finally:
        progress.close()
    before = opened.latest(found.release.name) if found.release else None
    try:
        released = released_of(found, result, opened, against)
    except ReleaseError:  # the run is done all the same, and its folder is where to look
        tell_result(result, None, None, as_json=as_json)
        raise
    tell_result(result, released, before, as_json=as_json)
    if not result.releasable:
        raise typer.Exit(1)
