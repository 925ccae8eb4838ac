"""Run a recipe and yield its events, which `lc.run` and `latam-corpus run` consume."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

from latam_corpus.api.planned_run import PlannedRun, doubt_lines, plan_run, spelling_hints
from latam_corpus.engine.cost import refuse_beyond_site
from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.messages import Message, _, decimal, enumerated
from latam_corpus.pipeline.execution.contracts import mapping_rows
from latam_corpus.pipeline.execution.run import find_parts, run_events
from latam_corpus.pipeline.execution.work_cleanup import NONE, remove_documents
from latam_corpus.pipeline.planning.default_recipe import unreleasable
from latam_corpus.pipeline.planning.recipe_errors import hints_of
from latam_corpus.pipeline.stored_runs.held_documents import UNKNOWN, held_documents, with_true_reasons
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.pipeline.stored_runs.run_record import is_removed
from latam_corpus.release.building.build import planned_release, write_version
from latam_corpus.release.eligibility.build_request import BuildRequest
from latam_corpus.release.eligibility.strictest import overruled_lines
from latam_corpus.release.pages.judgements import read_judgements

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from latam_corpus.api.planned_run import RunRequest
    from latam_corpus.collect.files import InputFile
    from latam_corpus.pipeline.execution.engines import OnStep
    from latam_corpus.pipeline.execution.events import StageEvent
    from latam_corpus.pipeline.execution.result import RunResult
    from latam_corpus.pipeline.planning.plan import Plan
    from latam_corpus.pipeline.planning.recipe import ReleaseEntry
    from latam_corpus.release.building.release_plan import ReleasePlan
    from latam_corpus.release.storing.manifest import Manifest


@dataclass(frozen=True)
class Warned:
    """A possible problem that doesn't stop the run.

    Attributes:
        kind: `doubt` about a source's records, or `hint` about the recipe, the release or the stored work.
        message: a sentence about the problem.
    """

    kind: Literal["doubt", "hint"]
    message: Message


@dataclass(frozen=True)
class StagesDone:
    """All stages are done, and the results are in the run's folder; the version isn't made yet.

    Attributes:
        left_out: if the run makes no version, the number of kept documents by reason.
    """

    result: RunResult
    left_out: Counter[str]


@dataclass(frozen=True)
class Decided:
    """The version is planned, but not written yet."""

    plan: ReleasePlan


@dataclass(frozen=True)
class Released:
    """The version is in the store, or the store already had it."""

    version: Manifest


@dataclass(frozen=True)
class Failed:
    """The version can't be made; the run itself is done."""

    error: ReleaseError


RunEvent: TypeAlias = "Warned | PlannedRun | StageEvent | StagesDone | Decided | Released | Failed"


def run_recipe_events(
    request: RunRequest,
    on_step: OnStep,
    looking: Callable[[InputFile], None] | None = None,
    *,
    only_look: bool = False,
) -> Generator[RunEvent, None, None]:
    """Run a recipe, and yield its events.

    A run whose `StagesDone.result` isn't releasable ends with that event. A caller that stops early closes the
    generator: finished work is kept, and the next run continues from it. `on_step` is called with a step of a barrier,
    the number of items done and their total, and `looking` with a large file that must be read completely to find where
    it can be split. With `only_look` the caller stops at the event `PlannedRun`, before which nothing is written.

    Raises:
        ConfigError: the recipe or an option is wrong; nothing ran.
        SourceError: a source can't be read.
        PartError: rows were lost (a defect of the toolkit).
    """
    began = time.monotonic()
    run = plan_run(request, only_look=only_look)
    for doubt in doubt_lines(run.examined):
        yield Warned("doubt", doubt)
    yield run
    parts = find_parts(run.plan, request.limit, looking)
    refuse_beyond_site(run.engine, run.plan, len(parts))
    for hint in (*hints_of(run.plan, datetime.now(UTC).date()), *spelling_hints(run.plan, run.store, run.against)):
        yield Warned("hint", hint)
    settings = replace(run.settings, began=began)
    result = yield from run_events(run.plan, parts, request.out, run.engine, settings, on_step)
    yield StagesDone(result, _without_version(run.plan, result))
    if run.plan.recipe.release and run.wants_version and result.kept and result.releasable:
        yield from _release(run, run.plan.recipe.release, result)


def _release(run: PlannedRun, release: ReleaseEntry, result: RunResult) -> Iterator[RunEvent]:
    """Make the version of a run, and remove the run's documents unless they must be kept."""
    # The run dropped copies of this version's documents, which are in the next version only if this one is its parent.
    parent = next((version for version in run.against if version.name == release.name), None)
    pinned = parent and any(stage.options.get("against") == parent.spec for stage in run.plan.recipe.stage)
    request = BuildRequest.of_recipe(
        release,
        [result.folder],
        created=datetime.now(UTC),
        parent=parent.version if parent else None,
        must_be_latest=parent is not None and not pinned,
        judged=read_judgements(result.folder.parent.parent),
    )
    try:
        with planned_release(request, run.store) as plan:
            yield Decided(plan)
            for line in overruled_lines(plan.overruled):
                yield Warned("hint", line)
            version = write_version(plan)
    except ReleaseError as error:
        yield Failed(error)
        return
    if run.settings.keep == NONE:
        try:
            remove_documents(run.request.out, result.folder)
        except ConfigError as error:
            yield Warned("hint", _("the run's documents and work are kept: {reason}", reason=error))
    yield Released(version)


def _without_version(plan: Plan, result: RunResult) -> Counter[str]:
    """Count the kept documents by the reason why the run makes no version: it is a trial, or has no `[release]`."""
    if plan.limit:
        return +Counter({"limit": result.kept})
    if plan.recipe.release:
        return Counter()

    today = datetime.now(UTC).date()
    reasons = {source.id: unreleasable(source, today) or "release=null" for source in plan.sources}
    left_out = Counter[str]()
    for row in result.by_genre:
        left_out[reasons[row["source"]]] += row["kept"]
    return +left_out


def left_out_lines(result: RunResult, left_out: Mapping[str, int]) -> Iterator[Message]:
    """Yield one sentence per reason why kept documents are in no version, most frequent first."""
    if left_out.get(UNKNOWN) and not is_removed(result.folder):
        kept, ledger = (sorted((result.folder / kind).glob("*.parquet")) for kind in ("kept", "ledger"))
        held = held_documents(kept, ledger, mapping_rows(result.facts), datetime.now(UTC).date())
        left_out = with_true_reasons(left_out, held)
    for reason, n in sorted(left_out.items(), key=lambda item: (-item[1], item[0])):
        about = {"n": decimal(f"{n:,}"), "kept": decimal(f"{result.kept:,}"), "reason": meaning(reason)}
        yield _("{n} of {kept} kept {kept:document|documents} left out of the version: {reason}", **about)


def unread_problem(result: RunResult) -> Message:
    """Describe the inputs that couldn't be read completely, because of which `strict` refuses a release."""
    reasons = [
        Message("{reason} ({n})", {"reason": meaning(reason), "n": decimal(f"{n:,}")})
        for reason, n in sorted(result.unread.items(), key=lambda item: (-item[1], item[0]))
    ]
    return _(
        "{n} {n:input|inputs} couldn't be read whole, and no release is made: {reasons}",
        n=decimal(f"{result.unread.total():,}"),
        reasons=enumerated(reasons, "; "),
    )
