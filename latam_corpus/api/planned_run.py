"""The request and the plan of a run: all checks before it starts, without reading any source completely."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.audit.stores import open_store
from latam_corpus.codes import admits, short
from latam_corpus.dedupe.fingerprints.scheme import DEDUPE
from latam_corpus.engine.choose import make_engine, slurm_site
from latam_corpus.errors import ConfigError
from latam_corpus.messages import Message, _, recognised
from latam_corpus.paths import cache_folder
from latam_corpus.pipeline.execution.contracts import examine_sources, never_filled
from latam_corpus.pipeline.execution.decisions import store as store_table
from latam_corpus.pipeline.execution.run import RunSettings
from latam_corpus.pipeline.execution.work_cleanup import checked_choice
from latam_corpus.pipeline.planning.collection_folders import with_warc_folders
from latam_corpus.pipeline.planning.plan import make_plan
from latam_corpus.pipeline.planning.policy_overlay import overlay
from latam_corpus.pipeline.planning.survival import accepted
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.policies.policy import cached_policies
from latam_corpus.release.building.sketch import build_command, otherwise_spelled, scheme_of
from latam_corpus.release.storing.withdrawal_log import read_log
from latam_corpus.storage.bucket import address_of, bucket_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.collect.examine import Examined
    from latam_corpus.pipeline.execution.engines import Engine
    from latam_corpus.pipeline.planning.plan import Plan
    from latam_corpus.pipeline.planning.recipe import Recipe
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store
    from latam_corpus.stages import Barrier

_BATCH_BYTES: Final = 2**24


@dataclass(frozen=True)
class RunRequest:
    """The recipe and the options of a run, from Python or the command line.

    Attributes:
        recipe: the recipe.
        inputs: the path or URL of the records, by source id.
        out: the folder of runs, work and the release store.
        engine: `local`, `in-process`, `ray` or `slurm`.
        site: a TOML file that describes the cluster.
        workers: how many worker processes; 0 for one per processor, None for one, or the cluster's own number.
        limit: the most records that are read of each file, for a trial that releases nothing.
        work: which outputs are kept, see `work_cleanup`.
        store: the release store, if it isn't in `out`.
        sign: a minisign secret key that signs the release.
        strict: whether to make no release if an input can't be read completely.
        policies: a folder of policies that replace the shipped ones.
        accept_loss: why a release may be made although a stage kept less than the recipe's floor.
        batch_rows: the most rows of a batch; the results don't depend on it.
    """

    recipe: Recipe
    inputs: Mapping[str, str]
    out: Path
    engine: str = "local"
    site: Path | None = None
    workers: int | None = None
    limit: int | None = None
    work: str = "all"
    store: str | None = None
    sign: Path | None = None
    strict: bool = False
    policies: Path | None = None
    accept_loss: str | None = None
    batch_rows: int | None = None


@dataclass(frozen=True)
class PlannedRun:
    """A checked run that has not started; a caller that only wants the plan stops at this event.

    Attributes:
        request: the recipe and the options.
        recipe_plan: the recipe's plan, without the changes for the release store.
        plan: the plan with these changes: indexes, refusals and withdrawals.
        against: the versions that documents are compared with.
        store: the release store.
        engine: the engine.
        settings: the settings for `run_events`.
        examined: the results of examining the sources' first records.
    """

    request: RunRequest
    recipe_plan: Plan
    plan: Plan
    against: tuple[Manifest, ...]
    store: Store
    engine: Engine
    settings: RunSettings
    examined: tuple[Examined, ...]

    @property
    def wants_version(self) -> bool:
        """Whether the run will make a version: the recipe has a `[release]`, and the run isn't a trial."""
        return self.plan.recipe.release is not None and not self.plan.limit


def plan_run(request: RunRequest, *, only_look: bool = False) -> PlannedRun:
    """Check everything that can be known before a run, and plan it.

    Args:
        request: the recipe and the options.
        only_look: whether to write nothing to `out`, and not to fetch indexes.

    Raises:
        ConfigError: the recipe, its policies, a source, a version that it names, the site file or an option is wrong.
        ReleaseError: the store's log of withdrawals is damaged.
        SourceError: a source can't be read.
    """
    out, site = request.out, request.site
    accepted_loss = accepted(request.accept_loss)
    recipe = _with_policies(request, only_look=only_look)
    keep = checked_choice(request.work, out, releases=recipe.release is not None)
    store = open_store(request.store, out, request.sign)
    recipe_plan = checked_plan(recipe, request.inputs, request.limit)
    rebuilt: list[Message] = []
    plan, against = with_indexes(recipe_plan, store, None if only_look else out / "work" / "index", rebuilt)
    plan = _with_refused(plan, store, cache_folder() if only_look else out / "work")
    plan = with_warc_folders(_with_withdrawals(plan, store), out)
    jobs = _cluster_folder(request, plan, store)
    return PlannedRun(
        request=request,
        recipe_plan=recipe_plan,
        plan=plan,
        against=tuple(against),
        store=store,
        engine=make_engine(request.engine, request.workers, site, jobs),
        settings=RunSettings(
            batch=(request.batch_rows, _BATCH_BYTES) if request.batch_rows else None,
            accepted_loss=accepted_loss,
            mended=tuple(rebuilt),
            keep=keep,
            strict=request.strict,
        ),
        examined=tuple(examine_sources(plan)),
    )


def _cluster_folder(request: RunRequest, plan: Plan, store: Store) -> Path | None:
    """Return the folder that a cluster's jobs share with this process; None for an engine without jobs.

    Raises:
        ConfigError: the site file is wrong, or the nodes can't see a folder that they need.
    """
    out = request.out
    if request.engine != "slurm":
        return None
    if bucket_of(out):
        problem = _(
            "Slurm's jobs need a folder that all nodes see, but «{address}» is an address", address=address_of(out)
        )
        raise ConfigError("--out", problem, _("name a folder; only the release store may be elsewhere (--store)"))
    from latam_corpus.engine.cluster.slurm_jobs import new_folder, require_shared

    places: list[tuple[str, str | Path]] = [("--out", out), ("--store", store.url)]
    places += [(f"--input {source}", location) for source, location in plan.locations.items()]
    require_shared(slurm_site(request.site), places)
    return new_folder(out, plan.recipe.name)


def _with_withdrawals(plan: Plan, store: Store) -> Plan:
    """Return the plan; if it makes a release, withdrawn documents are dropped before the search for copies.

    Raises:
        ReleaseError: the log is damaged.
    """
    if plan.recipe.release is None:
        return plan
    with store.named_errors():
        log = read_log(store)
    if not log.withdrawals:
        return plan
    from latam_corpus.release.withdrawals.withdrawn_in_run import with_withdrawals

    return with_withdrawals(plan, log, plan.recipe.release.name)


def _with_policies(request: RunRequest, *, only_look: bool) -> Recipe:
    """Return the recipe with the requested policies in place of the shipped ones.

    Raises:
        ConfigError: a policy can't be used or was changed after it was signed, or no stage uses policies.
    """
    if not request.policies:
        return request.recipe
    cache = cache_folder() if only_look else request.out / "work"
    return request.recipe.decided_by(overlay(request.policies.expanduser(), cache))


def checked_plan(recipe: Recipe, inputs: Mapping[str, str], limit: int | None) -> Plan:
    """Return the plan of a recipe after checking its policies and the rights of its sources.

    Raises:
        ConfigError: a policy is missing, or the recipe has a release and no source has rights.
    """
    plan = make_plan(recipe, inputs, limit)
    place = str(recipe.file)
    for entry in recipe.stage:
        if entry.use in ("filter", "measure"):
            policies = cached_policies(recipe.policies_of(entry))
            for genre in {source.genre or recipe.genre for source in plan.sources} - {None}:
                policies.genre(str(genre))
    if recipe.release and all(source.rights is None for source in plan.sources):
        problem = _("the recipe has a [release], but the source «{source}» has no rights", source=plan.sources[0].id)
        raise ConfigError(place, problem, _("state [rights] in its source file"))
    return plan


def with_indexes(
    plan: Plan, store: Store, cache: Path | None, mended: list[Message] | None = None
) -> tuple[Plan, list[Manifest]]:
    """Fetch the indexes of versions that barriers name in `against`.

    Args:
        plan: the recipe's plan.
        store: the release store.
        cache: the folder of fetched indexes; None to only check that they exist.
        mended: a list to which a sentence is added for each damaged file in `cache` that is fetched again.

    Returns:
        The plan, whose barriers refer to the fetched indexes; and the versions.

    Raises:
        ConfigError: there is no such version, or its index can't be used.
    """
    manifests: list[Manifest] = []

    def with_index(barrier: Barrier) -> Barrier:
        if barrier.name != DEDUPE:
            return barrier
        from latam_corpus.dedupe.dedupe import Dedupe
        from latam_corpus.release.building.release_index import find_index

        if not isinstance(barrier, Dedupe) or not barrier.against:
            return barrier
        spec = barrier.against
        try:
            index = find_index(store, spec, scheme_of(dataclasses.asdict(barrier)))
            manifests.append(index.manifest)
            if cache is None:
                return barrier
            return dataclasses.replace(barrier, against=str(index.folder(cache, mended)))
        except ConfigError as error:
            place = f"{plan.recipe.file}, stage «{barrier.name}», against = «{spec}»"
            raise ConfigError(place, f"{error.place}: {error.problem}", error.remedy) from None

    with store.named_errors():
        return _with_barriers(plan, with_index), manifests


def _with_refused(plan: Plan, store: Store, work: Path) -> Plan:
    """Pass to `dedupe` the documents that their owners have refused to the release, so that they don't displace copies.

    Raises:
        ReleaseError: the release's list of refusals can't be read.
    """
    release = plan.recipe.release
    if release is None or all(barrier.name != DEDUPE for segment in plan.segments for barrier in segment.barriers):
        return plan
    from latam_corpus.dedupe.dedupe import Dedupe
    from latam_corpus.release.refusals.opt_outs import read_listed, refused_to

    with store.named_errors():
        refusals = read_listed(store, release.name)

    def with_refusals(barrier: Barrier) -> Barrier:
        if not isinstance(barrier, Dedupe) or barrier.refused or not barrier.admit:
            return barrier
        rows = refused_to(refusals, barrier.admit, barrier.uses)
        return dataclasses.replace(barrier, refused=str(store_table(rows, work)[0])) if rows.height else barrier

    return _with_barriers(plan, with_refusals)


def _with_barriers(plan: Plan, changed: Callable[[Barrier], Barrier]) -> Plan:
    segments = tuple(
        dataclasses.replace(segment, barriers=tuple(map(changed, segment.barriers))) for segment in plan.segments
    )
    return dataclasses.replace(plan, segments=segments)


def spelling_hints(plan: Plan, store: Store, against: Sequence[Manifest]) -> list[Message]:
    """Return a hint for each version whose index was made with older spelling rules, so that copies may be missed."""
    language_sets = [source.languages for source in plan.sources]
    hints = []
    for manifest in against:
        languages = [
            code
            for code in otherwise_spelled(store, manifest)
            if any(
                not codes or any(admits(short(language), short(code)) for language in codes) for codes in language_sets
            )
        ]
        if languages:
            hint = _(
                "the index of {version} was made with other spelling rules for {languages} than this run uses, so "
                "copies in an older spelling aren't found; make its next version: {command}"
            )
            command = build_command(store, manifest, "latest")
            hints.append(hint.fill(version=manifest.spec, languages=", ".join(languages), command=command))
    return hints


def doubt_lines(examined: Iterable[Examined]) -> Iterator[Message]:
    """Yield a sentence for each possible problem in the sources' first records."""
    for source_examined in examined:
        for note in source_examined.notes:
            yield note.as_message()
        for (file, reason), remedy in source_examined.unread.items():
            if remedy:
                values: dict[str, str | Message] = {"file": file, "problem": meaning(reason)}
                yield _("«{file}»: {problem}; {remedy}", remedy=recognised(remedy), **values)
        yield from never_filled({source_examined.source: source_examined.facts})
