"""Plan a run: make all checks that don't read a source completely."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.audit.stores import open_store
from latam_corpus.codes import admits, short
from latam_corpus.dedupe.dedupe import Dedupe
from latam_corpus.dedupe.fingerprints.scheme import DEDUPE
from latam_corpus.engine.choose import make_engine, slurm_site
from latam_corpus.engine.cluster.slurm_jobs import new_folder, require_shared
from latam_corpus.errors import ConfigError
from latam_corpus.messages import Message, _
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
from latam_corpus.release.building.release_index import find_index
from latam_corpus.release.building.sketch import build_command, languages_with_former_spellings, scheme_of
from latam_corpus.release.refusals.opt_outs import read_opt_outs, withheld_documents
from latam_corpus.release.storing.withdrawal_log import read_log
from latam_corpus.release.withdrawals.withdrawn_in_run import with_withdrawals
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
    """The request for a run, from Python or the command line.

    Attributes:
        inputs: the path of the records of each source, by source id.
        out: the folder of runs, work and the release store.
        engine: `local`, `in-process`, `ray` or `slurm`.
        site: a TOML file that describes the cluster.
        workers: the number of worker processes; 0 for one per processor; None for one, or for the cluster's number.
        limit: the maximum number of records per file, for a trial, which releases nothing.
        work: the intermediate results to keep, see `work_cleanup`.
        store: the release store, unless it is in `out`.
        sign: the minisign secret key that signs the release.
        policies: a folder of policies that replace the shipped ones.
        accept_loss: the reason for making a release although a stage kept less than the recipe's floor.
        batch_rows: the maximum number of rows of a batch; results don't depend on it.
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
    """A checked run that hasn't started. A caller that needs only the plan stops at this event.

    Attributes:
        recipe_plan: the plan of the recipe alone, without additions from the release store.
        plan: the plan with these additions, which is executed.
        against: the versions that the documents are compared with.
        examined: the findings about the first records of the sources.
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
        """Whether the run is meant to make a version: the recipe has a `[release]`, and the run isn't a trial."""
        return self.plan.recipe.release is not None and not self.plan.limit


def plan_run(request: RunRequest, *, only_look: bool = False) -> PlannedRun:
    """Check a request, and plan the run.

    With `only_look`, nothing is written to `out`, and no indexes are fetched.

    Raises:
        ConfigError: the recipe, its policies, a source, a named version, the site file or an option is wrong.
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
    """Return the folder that a cluster's jobs share with this process; None for an engine without jobs."""
    out = request.out
    if request.engine != "slurm":
        return None
    if bucket_of(out):
        problem = _(
            "Slurm jobs need a folder that all nodes can see, but «{address}» is an object store",
            address=address_of(out),
        )
        raise ConfigError("--out", problem, _("name a folder; a release store may be elsewhere (--store)"))

    places: list[tuple[str, str | Path]] = [("--out", out), ("--store", store.url)]
    places += [(f"--input {source}", where) for source, where in plan.locations.items()]
    require_shared(slurm_site(request.site), places)
    return new_folder(out, plan.recipe.name)


def _with_withdrawals(plan: Plan, store: Store) -> Plan:
    """Make a plan with a release drop withdrawn documents before the search for copies."""
    if plan.recipe.release is None:
        return plan
    with store.named_errors():
        log = read_log(store)
    if not log.withdrawals:
        return plan

    return with_withdrawals(plan, log, plan.recipe.release.name)


def _with_policies(request: RunRequest, *, only_look: bool) -> Recipe:
    """Return the recipe with a folder's policies instead of the shipped ones, if a folder is named."""
    if not request.policies:
        return request.recipe
    cache = cache_folder() if only_look else request.out / "work"
    policies = overlay(request.policies.expanduser(), cache)
    return request.recipe.decided_by(policies) if policies.own else request.recipe


def checked_plan(recipe: Recipe, inputs: Mapping[str, str], limit: int | None) -> Plan:
    """Plan a recipe, with the checks that need policies and the catalogue.

    Raises:
        ConfigError: a policy is missing, or the release would admit a source without rights.
    """
    plan = make_plan(recipe, inputs, limit)
    place = str(recipe.file)
    for entry in recipe.stage:
        if entry.use in ("filter", "measure"):
            policies = cached_policies(recipe.policies_of(entry))
            for genre in {source.genre or recipe.genre for source in plan.sources} - {None}:
                policies.genre(str(genre))
    if recipe.release and all(source.rights is None for source in plan.sources):
        problem = _("[release] over «{source}», a source without rights", source=plan.sources[0].id)
        raise ConfigError(place, problem, _("state [rights] in its source file"))
    return plan


def with_indexes(
    plan: Plan, store: Store, cache: Path | None, mended: list[Message] | None = None
) -> tuple[Plan, list[Manifest]]:
    """Return the plan with barriers that read the index of the version named in `against`, and the named versions.

    Without a cache for them, only their existence is checked. A sentence is added to `mended` for each damaged file
    that is fetched again.

    Raises:
        ConfigError: a version doesn't exist, or its index can't be used.
    """
    manifests: list[Manifest] = []

    def with_index(barrier: Barrier) -> Barrier:
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
    """Change the plan so that copies that their owner refused to the release don't displace other copies."""
    release = plan.recipe.release
    if release is None or all(barrier.name != DEDUPE for segment in plan.segments for barrier in segment.barriers):
        return plan

    with store.named_errors():
        listed = read_opt_outs(store, release.name)

    def with_refusals(barrier: Barrier) -> Barrier:
        if not isinstance(barrier, Dedupe) or barrier.refused or not barrier.admit:
            return barrier
        rows = withheld_documents(listed, barrier.admit, barrier.uses)
        return dataclasses.replace(barrier, refused=str(store_table(rows, work)[0])) if rows.height else barrier

    return _with_barriers(plan, with_refusals)


def _with_barriers(plan: Plan, changed: Callable[[Barrier], Barrier]) -> Plan:
    segments = tuple(
        dataclasses.replace(segment, barriers=tuple(map(changed, segment.barriers))) for segment in plan.segments
    )
    return dataclasses.replace(plan, segments=segments)


def spelling_hints(plan: Plan, store: Store, against: Sequence[Manifest]) -> list[Message]:
    """Return one hint per version whose index has older spellings, so that a comparison with it misses copies."""
    language_sets = [source.languages for source in plan.sources]
    hints = []
    for manifest in against:
        languages = [
            code
            for code in languages_with_former_spellings(store, manifest)
            if any(
                not codes or any(admits(short(language), short(code)) for language in codes) for codes in language_sets
            )
        ]
        if languages:
            hint = _(
                "the index of {version} was made with other spellings of {languages} than this run's: copies in an "
                "older spelling aren't found; build its next version: {command}"
            )
            command = build_command(store, manifest, "latest")
            hints.append(hint.fill(version=manifest.spec, languages=", ".join(languages), command=command))
    return hints


def doubt_lines(examined: Iterable[Examined]) -> Iterator[Message]:
    """Yield one sentence per possible problem of a source, according to its first records."""
    for source in examined:
        for note in source.notes:
            yield note.as_message()
        for (file, reason), remedy in source.unread.items():
            if remedy:
                about: dict[str, str | Message] = {"file": file, "problem": meaning(reason)}
                yield _("«{file}»: {problem}; {remedy}", remedy=remedy, **about)
        yield from never_filled({source.source: source.facts})
