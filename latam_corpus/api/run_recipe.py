"""`run`: run a recipe from its sources to its release, from Python."""

from __future__ import annotations

import warnings
from collections.abc import Mapping  # noqa: TC003  (arguments are checked against it)
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from latam_corpus.api.arguments import Limit, Workers, check_arguments
from latam_corpus.api.planned_run import PlannedRun, RunRequest
from latam_corpus.api.progress import LineProgress
from latam_corpus.api.runner import (
    Decided,
    Failed,
    Released,
    StagesDone,
    Warned,
    left_out_lines,
    run_recipe_events,
    unread_problem,
)
from latam_corpus.collect.documents.contract import inputs_reported, terms_reported, unread
from latam_corpus.errors import ConfigError, PartError, ReleaseError
from latam_corpus.messages import Message, _
from latam_corpus.pipeline.execution.contracts import never_filled
from latam_corpus.pipeline.execution.events import Rebuilt
from latam_corpus.pipeline.planning.plan import named_sources
from latam_corpus.pipeline.planning.recipe import load_recipe
from latam_corpus.storage.bucket import out_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from latam_corpus.api.opened_run import Run
    from latam_corpus.pipeline.execution.result import RunResult
    from latam_corpus.pipeline.planning.recipe import Recipe


def run(
    recipe: str | Path,
    inputs: Mapping[str, str | Path] | str | Path | None = None,
    out: str | Path = "out",
    *,
    workers: Workers | None = None,
    engine: str = "local",
    site: str | Path | None = None,
    limit: Limit | None = None,
    accept_loss: str | None = None,
    work: str = "all",
    store: str | Path | None = None,
    sign: str | Path | None = None,
    strict: bool = False,
    policies: str | Path | None = None,
    progress: bool = True,
) -> Run:
    """Run a recipe, and make its release if it has a `[release]`, as `latam-corpus run` does.

    Problems of a source or a recipe that don't stop the run are reported as warnings.

    Args:
        recipe: a TOML file, or the name of a shipped recipe.
        inputs: the path or URL of the records, by source id; only these sources are run. A single path is enough if the
            recipe has one source.
        out: the folder of runs, work and the release store, or its address in an object store.
        workers: how many worker processes, one by default; 0 for one per processor. A cluster has its own number.
        engine: `local`, `in-process`, `ray` or `slurm`, whose jobs this process leads.
        site: a TOML file that describes the cluster.
        limit: the most records that are read of each file, for a trial that releases nothing.
        accept_loss: why a release may be made although a stage kept less than the recipe's floor.
        work: which outputs are kept for later runs: `all`, `measured` (those that `measure`, `explain`, samples and
            reports read), or `none` (after the release is made).
        store: the release store, a folder or URL; `<out>/store` by default.
        sign: a minisign secret key that signs the release.
        strict: whether to make no release if an input can't be read completely.
        policies: a folder of policies that replace the shipped ones: a copy of `filters/`, or some files.
        progress: whether to show a progress line, on a terminal and in a notebook.

    Returns:
        The finished run.

    Raises:
        ConfigError: the recipe or an option is wrong; nothing ran.
        SourceError: a source can't be read.
        PartError: parts failed. Finished work is stored, and running the recipe again continues from it.
        ReleaseError: no version was made, because nothing was kept, a stage kept less than the recipe's floor, an input
            couldn't be read completely (`strict`), or the release can't be made. The run itself is finished.
    """
    check_arguments(run, locals())
    loaded = load_recipe(str(recipe))
    request = RunRequest(
        loaded,
        _located(loaded, inputs),
        out_folder(out),
        engine=engine,
        site=Path(site) if site else None,
        workers=workers,
        limit=limit,
        work=work,
        store=None if store is None else str(store),
        sign=Path(sign) if sign else None,
        strict=strict,
        policies=Path(policies) if policies else None,
        accept_loss=accept_loss,
    )
    version: str | None = None
    rebuilt: list[Message] = []
    with LineProgress(shown=progress) as line, closing(run_recipe_events(request, line.step)) as events:
        for event in events:
            line.show(event)
            match event:
                case PlannedRun() as planned:
                    wants_version, used_store = planned.wants_version, planned.store
                case Warned(_, message):
                    warnings.warn(str(message), stacklevel=2)
                case Rebuilt(damage):
                    rebuilt.append(damage)
                case StagesDone(result, left_out):
                    for text in _stage_warnings(result, rebuilt):
                        warnings.warn(text, stacklevel=2)
                    _refuse_unreleasable(result, wants_version=wants_version)
                case Decided(release_plan):
                    left_out = release_plan.left_out
                case Released(manifest):
                    version = manifest.spec
                case Failed(error):
                    raise error
    for message in _end_warnings(result, left_out):
        warnings.warn(str(message), stacklevel=2)
    # Imported here because running a recipe doesn't need these modules.
    from latam_corpus.api.opened_run import Run

    return Run.at(result.folder, used_store, version)


def _stage_warnings(result: RunResult, rebuilt: Sequence[Message]) -> Iterator[str]:
    """Yield a warning for each damaged file, and for each problem of the sources' inputs."""
    for damage in rebuilt:
        yield f"damaged and rebuilt: {damage}"
    for source, facts in result.facts.items():
        yield from map(str, inputs_reported(source, facts))


def _end_warnings(result: RunResult, left_out: Mapping[str, int]) -> Iterator[Message]:
    """Yield a warning for each problem with columns and terms, and for kept documents that are in no version."""
    yield from never_filled(result.facts)
    for source, facts in result.facts.items():
        for breach in chain(unread(source, facts), terms_reported(source, facts)):
            yield breach.as_message()
    # A recipe without a release needs no warning.
    yield from left_out_lines(result, {reason: n for reason, n in left_out.items() if reason != "release=null"})


def _located(recipe: Recipe, inputs: Mapping[str, str | Path] | str | Path | None) -> dict[str, str]:
    """Return the locations of records by source id.

    Raises:
        ConfigError: a single path is given for a recipe with several sources.
    """
    if inputs is None:
        return {}
    if isinstance(inputs, str | Path):
        ids = [source.id for source, _ in named_sources(recipe)]
        if len(ids) > 1:
            raise ConfigError(
                "inputs",
                _("«{entry}» is given without the name of a source", entry=inputs),
                _('name the source: {{"{ids}": "{inputs}"}}', ids=ids[0], inputs=inputs),
            )
        return {ids[0]: str(inputs)}
    return {source: str(location) for source, location in inputs.items()}


def _refuse_unreleasable(result: RunResult, *, wants_version: bool) -> None:
    """Raise unless the run has all requested results.

    Raises:
        PartError: parts failed.
        ReleaseError: a stage kept less than the recipe's floor, an input couldn't be read completely (`strict`), or a
            version is wanted but no document was kept.
    """
    hint = _("{call} opens the results", call=f"lc.open_run({str(result.folder)!r})")
    if result.failures:
        name, error = next(iter(result.failures.items()))
        problem = _("{n} {n:part|parts} failed, {name} with: {error}", n=len(result.failures), name=name, error=error)
        raise PartError(str(result.folder), problem, _("run it again to repeat them; {look}", look=hint))
    if result.strict and result.unread:
        raise ReleaseError(str(result.folder), unread_problem(result), hint)
    if not result.releasable:
        losses = "; ".join(map(str, result.losses))
        raise ReleaseError(
            str(result.folder),
            losses,
            _("{look}; correct the cause, or state in accept_loss why the loss is acceptable", look=hint),
        )
    if wants_version and not result.kept:
        raise ReleaseError(str(result.folder), _("no document was kept, so no version was made"), hint)
