"""The function `run`: run a recipe from its sources to its release, for notebooks."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping  # noqa: TC003  (arguments are checked against it)
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from latam_corpus.api.arguments import Limit, Workers, check_arguments
from latam_corpus.api.opened_run import Run
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
    progress: bool | Callable[[str, int, int], object] = True,
) -> Run:
    """Run a recipe: collect, process and, if it has a `[release]`, release documents, like `latam-corpus run`.

    Possible problems of a source or a recipe that don't stop the run are issued as warnings.

    Args:
        recipe: a TOML file, or the name of a shipped recipe.
        inputs: the path of the records of each source, by source id; only these sources are run. A single path if the
            recipe has one source.
        out: the folder of runs, work and the release store, or its address in an object store.
        workers: the number of worker processes, by default one; 0 for one per processor. A cluster has its own number.
        engine: `local`, `in-process`, `ray` or `slurm`; this process manages Slurm's jobs.
        site: a TOML file that describes the cluster.
        limit: the maximum number of records per file, for a trial, which releases nothing.
        accept_loss: the reason for making a release although a stage kept less than the recipe's floor.
        work: the intermediate results to keep for later runs: `all`, `measured` (those that `measure`, `explain`,
            samples and reports read), or `none` (after the release is made).
        store: the release store, a folder or URL; `<out>/store` by default.
        sign: the minisign secret key that signs the release.
        strict: whether to refuse a release if an input can't be read completely.
        policies: a folder of policies that replace the shipped ones: a copy of `filters/`, or some files.
        progress: whether to show a line with the run's progress on a terminal and in a notebook; or a function that is
            called with each step's title, the amount done, and the total amount.

    Raises:
        ConfigError: the recipe or an option is wrong; nothing ran.
        SourceError: a source can't be read.
        PartError: parts failed; finished work is kept, and another run continues from it.
        ReleaseError: the run is done, but no version was made: nothing was kept, a stage kept less than the recipe's
            floor, an input couldn't be read completely (`strict`), or the release can't be made.
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
    return Run.at(result.folder, used_store, version)


def _stage_warnings(result: RunResult, rebuilt: Sequence[Message]) -> Iterator[str]:
    """Yield warnings about damaged files, and about the inputs of sources."""
    for damage in rebuilt:
        yield f"damaged and rebuilt: {damage}"
    for source, facts in result.facts.items():
        yield from map(str, inputs_reported(source, facts))


def _end_warnings(result: RunResult, left_out: Mapping[str, int]) -> Iterator[Message]:
    """Yield warnings about columns, and the reasons why kept documents are in no version."""
    yield from never_filled(result.facts)
    for source, facts in result.facts.items():
        for breach in chain(unread(source, facts), terms_reported(source, facts)):
            yield breach.as_message()
    # Don't warn if the recipe asks for no release.
    yield from left_out_lines(result, {reason: n for reason, n in left_out.items() if reason != "release=null"})


def _located(recipe: Recipe, inputs: Mapping[str, str | Path] | str | Path | None) -> dict[str, str]:
    """Return the path of the records of each source, by source id; a single path is for the only source."""
    if inputs is None:
        return {}
    if isinstance(inputs, str | Path):
        ids = [source.id for source, _ in named_sources(recipe)]
        if len(ids) > 1:
            raise ConfigError(
                "inputs",
                _("«{entry}» names no source", entry=inputs),
                _('say which source it is for: {{"{ids}": "{inputs}"}}', ids=ids[0], inputs=inputs),
            )
        return {ids[0]: str(inputs)}
    return {source: str(where) for source, where in inputs.items()}


def _refuse_unreleasable(result: RunResult, *, wants_version: bool) -> None:
    """Raise PartError if parts failed, and ReleaseError if the run can't make a version for another reason."""
    look = _("{call} opens the existing run", call=f"lc.open_run({str(result.folder)!r})")
    if result.failures:
        name, error = next(iter(result.failures.items()))
        problem = _("{n} {n:part|parts} failed; {name} said: {error}", n=len(result.failures), name=name, error=error)
        raise PartError(str(result.folder), problem, _("run it again to repeat them; {look}", look=look))
    if result.strict and result.unread:
        raise ReleaseError(str(result.folder), unread_problem(result), look)
    if not result.releasable:
        losses = "; ".join(map(str, result.losses))
        raise ReleaseError(
            str(result.folder), losses, _("{look}; fix the cause, or give the reason with accept_loss", look=look)
        )
    if wants_version and not result.kept:
        raise ReleaseError(str(result.folder), _("no document was kept, so no version is made"), look)
