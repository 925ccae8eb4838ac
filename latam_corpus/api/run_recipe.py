"""`run`: a recipe from its sources to its release, for a notebook; the command line goes the same way, step by step."""

from __future__ import annotations

import dataclasses
import warnings
from collections import Counter
from collections.abc import Mapping  # noqa: TC003  (arguments are held against it)
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from latam_corpus.api.arguments import Limit, Workers, check_arguments
from latam_corpus.api.progress import LineProgress, NoProgress
from latam_corpus.audit.stores import open_store
from latam_corpus.codes import admits, short
from latam_corpus.collect.documents.contract import inputs_reported, terms_reported, unread
from latam_corpus.dedupe.fingerprints.scheme import DEDUPE
from latam_corpus.engine.choose import make_engine, slurm_site
from latam_corpus.errors import ConfigError, PartError, ReleaseError
from latam_corpus.messages import Message, _, decimal, enumerated
from latam_corpus.paths import cache_folder
from latam_corpus.pipeline.execution.contracts import examine_sources, never_filled
from latam_corpus.pipeline.execution.decisions import store as store_table
from latam_corpus.pipeline.execution.run import find_parts
from latam_corpus.pipeline.execution.run import run as run_plan
from latam_corpus.pipeline.execution.work_cleanup import NONE, checked_choice, remove_documents
from latam_corpus.pipeline.planning.collection_folders import with_warc_folders
from latam_corpus.pipeline.planning.plan import make_plan, named_sources
from latam_corpus.pipeline.planning.policy_overlay import overlay
from latam_corpus.pipeline.planning.recipe import load_recipe
from latam_corpus.pipeline.planning.survival import accepted
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.policies.policy import cached_policies
from latam_corpus.release.building.build import build
from latam_corpus.release.building.sketch import build_command, otherwise_spelled, scheme_of
from latam_corpus.release.eligibility.build_request import BuildRequest
from latam_corpus.release.eligibility.strictest import Overruled, overruled_lines
from latam_corpus.release.pages.judgements import read_judgements
from latam_corpus.release.storing.withdrawal_log import read_log
from latam_corpus.storage.bucket import address_of, bucket_of, out_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from latam_corpus.api.opened_run import Run
    from latam_corpus.pipeline.execution.result import RunResult
    from latam_corpus.pipeline.planning.plan import Plan
    from latam_corpus.pipeline.planning.recipe import Recipe
    from latam_corpus.release.building.release_plan import ReleasePlan
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store
    from latam_corpus.stages import Barrier


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
    """Run a recipe: collect, work, and, where it has a `[release]`, release; as `latam-corpus run` does.

    What may be wrong with a source or a recipe and doesn't stop it is a warning.

    Args:
        recipe: a TOML file, or the name of a shipped recipe.
        inputs: source id → where its records are; only these sources are run. A path alone where the recipe has one
            source.
        out: the folder of runs, work and the release store, or its address in an object store.
        workers: worker processes, one where nothing is said; 0 for one a processor. A cluster has its own number.
        engine: `local`, `in-process`, `ray` or `slurm`, whose jobs this process leads.
        site: a TOML file that says where the cluster is.
        limit: at most so many records of each file; nothing is released then.
        accept_loss: why it may be released although a stage kept less than the recipe's floor.
        work: which work stays for later runs, `all`, `measured` (what `measure`, `explain`, samples and reports read)
            or `none` (once the release is made).
        store: the release store, a folder or URL; `<out>/store` by default.
        sign: a secret key of minisign, by which the release is signed.
        strict: whether to make no release if an input can't be read whole.
        policies: a folder of policies that take the place of the shipped ones: a copy of `filters/`, or some files.
        progress: whether a line tells how far it is, on a terminal and in a notebook.

    Raises:
        ConfigError: the recipe or an option is wrong; nothing ran.
        SourceError: a source can't be read.
        PartError: parts failed; what was done is kept, and running it again goes on from there.
        ReleaseError: no version was made: nothing was kept, a stage kept less than the recipe's floor, an input
            couldn't be read whole (`strict`), or the release can't be made. The run itself is done.
    """
    check_arguments(run, locals())
    from latam_corpus.engine.cost import refuse_beyond_site

    reason = accepted(accept_loss)
    folder, loaded = out_folder(out), load_recipe(str(recipe))
    keep = checked_choice(work, folder, releases=loaded.release is not None)
    opened = open_store(None if store is None else str(store), folder, Path(sign) if sign else None)
    mended: list[Message] = []
    loaded = with_policies(loaded, policies, folder)
    plan, against = planned(loaded, _located(loaded, inputs), folder, opened, limit, mended=mended)
    site_file = Path(site) if site else None
    chosen = make_engine(engine, workers, site_file, cluster_folder(engine, site_file, folder, plan, opened))
    for one in examine_sources(plan):
        for doubt in one.doubts:
            warnings.warn(str(doubt.as_message()), stacklevel=2)
    for hint in [*loaded.hints(), *spelling_hints(plan, opened, against)]:
        warnings.warn(str(hint), stacklevel=2)
    parts = find_parts(plan, limit)
    refuse_beyond_site(chosen, plan, len(parts))
    with LineProgress() if progress else NoProgress() as line:
        result = run_plan(plan, parts, folder, chosen, line, None, reason, mended, keep, strict=strict)
    for damaged in result.mended:
        warnings.warn(f"damaged and made anew: {damaged}", stacklevel=2)
    for of_input in chain.from_iterable(inputs_reported(source, facts) for source, facts in result.facts.items()):
        warnings.warn(str(of_input), stacklevel=2)
    _refuse_unreleasable(result)
    if plan.recipe.release and not limit and not result.kept:
        look = f"lc.open_run({str(result.folder)!r})"
        raise ReleaseError(
            str(result.folder),
            _("nothing was kept, and no version is made"),
            _("{call} opens what there is", call=look),
        )
    left_out = unreleased_of(plan, result)
    overruled: Counter[Overruled] = Counter()
    released = released_of(plan, result, opened, against, left_out, overruled)
    breaches = chain.from_iterable(
        chain(unread(source, facts), terms_reported(source, facts)) for source, facts in result.facts.items()
    )
    of_columns = chain(never_filled(result.facts), (breach.as_message() for breach in breaches))
    # Who has a recipe without a release in a notebook wants none.
    unreleased = {reason: n for reason, n in left_out.items() if reason != "release=null"}
    contradictions = overruled_lines(overruled)
    of_release = chain(left_out_lines(result, unreleased), contradictions, left_nothing(keep, folder, result, released))
    for why in chain(of_columns, of_release):
        warnings.warn(str(why), stacklevel=2)
    # What a run shows of itself: the command line, which goes the same way to here, shows it otherwise.
    from latam_corpus.api.opened_run import Run

    return Run.at(result.folder, opened, released.spec if released else None)


def cluster_folder(engine: str, site: Path | None, out: Path, plan: Plan, store: Store) -> Path | None:
    """Return the folder that the jobs of a cluster share with this process; None on an engine without jobs.

    Raises:
        ConfigError: something is wrong with the site file, or the nodes don't see a place that they must.
    """
    if engine != "slurm":
        return None
    if bucket_of(out):
        problem = _(
            "jobs of Slurm meet in a folder that all nodes see, and «{address}» is none", address=address_of(out)
        )
        raise ConfigError("--out", problem, _("name a folder; a release store may be elsewhere (--store)"))
    from latam_corpus.engine.cluster.slurm_jobs import new_folder, require_shared

    places: list[tuple[str, str | Path]] = [("--out", out), ("--store", store.url)]
    places += [(f"--input {source}", where) for source, where in plan.locations.items()]
    require_shared(slurm_site(site), places)
    return new_folder(out, plan.recipe.name)


def _located(recipe: Recipe, inputs: Mapping[str, str | Path] | str | Path | None) -> dict[str, str]:
    """Source id → where its records are.

    Raises:
        ConfigError: a path alone for a recipe with several sources.
    """
    if inputs is None:
        return {}
    if isinstance(inputs, str | Path):
        ids = [source.id for source, _ in named_sources(recipe)]
        if len(ids) > 1:
            raise ConfigError(
                "inputs",
                _("«{entry}» names no source", entry=inputs),
                _('say which: {{"{ids}": "{inputs}"}}', ids=ids[0], inputs=inputs),
            )
        return {ids[0]: str(inputs)}
    return {source: str(where) for source, where in inputs.items()}


def _refuse_unreleasable(result: RunResult) -> None:
    """Refuse to go on with a run that lacks documents which it should have; the command line ends with 1 then.

    Raises:
        PartError: parts failed.
        ReleaseError: a stage kept less than the recipe's floor, or an input couldn't be read whole (`strict`).
    """
    look = _("{call} opens what there is", call=f"lc.open_run({str(result.folder)!r})")
    if result.failures:
        name, error = next(iter(result.failures.items()))
        problem = _("{n} {n:part|parts} failed; {name} said: {error}", n=len(result.failures), name=name, error=error)
        raise PartError(str(result.folder), problem, _("run it again to do them; {look}", look=look))
    if result.strict and result.unread:
        raise ReleaseError(str(result.folder), unread_problem(result), look)
    if not result.releasable:
        losses = "; ".join(map(str, result.losses))
        raise ReleaseError(
            str(result.folder), losses, _("{look}; mend it, or say with accept_loss why it may pass", look=look)
        )


def planned(
    recipe: Recipe,
    inputs: Mapping[str, str],
    out: Path,
    store: Store,
    limit: int | None,
    *,
    mended: list[Message],
    only_look: bool = False,
) -> tuple[Plan, list[Manifest]]:
    """Give the checked plan of a recipe with all that it reads beside its sources, and the versions it is held against.

    Args:
        recipe: what to do.
        inputs: source id → where its records are.
        out: the folder of runs; what was collected there is read from there.
        store: where versions are.
        limit: at most so many records of each file.
        mended: a sentence is added for each file of an index that was damaged and is fetched anew.
        only_look: whether indexes are looked for and not fetched.

    Raises:
        ConfigError: something is wrong with the recipe, its policies, its sources or a version that it names.
        ReleaseError: the store's log of withdrawals is damaged.
    """
    cache = None if only_look else out / "work" / "index"
    plan, against = with_indexes(checked_plan(recipe, inputs, limit), store, cache, mended)
    plan = _with_refused(plan, store, cache_folder() if only_look else out / "work")
    return with_warc_folders(_with_withdrawals(plan, store), out), against


def _with_withdrawals(plan: Plan, store: Store) -> Plan:
    """Return the plan; if it makes a release, what was withdrawn is set aside before copies are looked for.

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


def with_policies(recipe: Recipe, policies: str | Path | None, out: Path, *, only_look: bool = False) -> Recipe:
    """Return the recipe with the policies of a folder in place of the shipped ones, if one is named.

    Args:
        recipe: what to do.
        policies: a copy of `filters/`, or some files of it.
        out: the folder of runs and work.
        only_look: whether nothing is written there.

    Raises:
        ConfigError: a policy can't be used, was changed after it was signed, or no stage decides by policies.
    """
    if not policies:
        return recipe
    return recipe.decided_by(overlay(Path(policies).expanduser(), cache_folder() if only_look else out / "work"))


def checked_plan(recipe: Recipe, inputs: Mapping[str, str], limit: int | None) -> Plan:
    """Return the plan, after the checks that need the policies and the catalogue.

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
    """Return the plan whose barriers read the index of the version that they name in `against`, and those versions.

    Args:
        plan: of a recipe.
        store: where the versions are.
        cache: the folder in which indexes are found; None only looks whether they exist.
        mended: a sentence is added for each file there that was damaged and is fetched anew.

    Raises:
        ConfigError: there is no such version, or its index can't be used.
    """
    manifests: list[Manifest] = []

    def settled(barrier: Barrier) -> Barrier:
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
        return _with_barriers(plan, settled), manifests


def _with_refused(plan: Plan, store: Store, work: Path) -> Plan:
    """Return the plan in which copies that owners have refused to its release since displace no others.

    Raises:
        ReleaseError: the release's list can't be read.
    """
    release = plan.recipe.release
    if release is None or all(barrier.name != DEDUPE for segment in plan.segments for barrier in segment.barriers):
        return plan
    from latam_corpus.dedupe.dedupe import Dedupe
    from latam_corpus.release.refusals.opt_outs import read_listed, refused_to

    with store.named_errors():
        listed = read_listed(store, release.name)

    def told(barrier: Barrier) -> Barrier:
        if not isinstance(barrier, Dedupe) or barrier.refused or not barrier.admit:
            return barrier
        rows = refused_to(listed, barrier.admit, barrier.uses)
        return dataclasses.replace(barrier, refused=str(store_table(rows, work)[0])) if rows.height else barrier

    return _with_barriers(plan, told)


def _with_barriers(plan: Plan, changed: Callable[[Barrier], Barrier]) -> Plan:
    segments = tuple(
        dataclasses.replace(segment, barriers=tuple(map(changed, segment.barriers))) for segment in plan.segments
    )
    return dataclasses.replace(plan, segments=segments)


def spelling_hints(plan: Plan, store: Store, against: Sequence[Manifest]) -> list[Message]:
    """Say what a comparison with versions misses, since their indexes are older than the spellings compared now."""
    language_sets = [source.languages for source in plan.sources]
    hints = []
    for manifest in against:
        asked = [
            code
            for code in otherwise_spelled(store, manifest)
            if any(not codes or any(admits(short(one), short(code)) for one in codes) for codes in language_sets)
        ]
        if asked:
            hint = _(
                "the index of {version} was made by other spellings of {languages} than this run's: copies in an older "
                "spelling aren't found; make its next version: {command}"
            )
            command = build_command(store, manifest, "latest")
            hints.append(hint.fill(version=manifest.spec, languages=", ".join(asked), command=command))
    return hints


def left_nothing(keep: str, out: Path, result: RunResult, released: Manifest | None) -> list[Message]:
    """Remove documents and work of a run that keeps `none`, once it is released; gives why not, if they stay."""
    if keep == NONE and released is not None:
        try:
            remove_documents(out, result.folder)
        except ConfigError as error:
            return [_("the run's documents and work stay: {reason}", reason=error)]
    return []


def is_done(plan: Plan, result: RunResult, released: Manifest | None) -> bool:
    """Whether a run did everything that was asked: no part failed, and a [release] has its version."""
    wants_version = bool(plan.recipe.release) and not plan.limit
    return result.releasable and (released is not None or not wants_version)


def unread_problem(result: RunResult) -> Message:
    """Return how many documents couldn't be read whole, by reason, for which `strict` makes no release."""
    reasons = [
        Message("{reason} ({n})", {"reason": meaning(reason), "n": decimal(f"{n:,}")})
        for reason, n in sorted(result.unread.items(), key=lambda one: (-one[1], one[0]))
    ]
    return _(
        "{n} {n:input|inputs} couldn't be read whole, and no release is made: {reasons}",
        n=decimal(f"{result.unread.total():,}"),
        reasons=enumerated(reasons, "; "),
    )


def unreleased_of(plan: Plan, result: RunResult) -> Counter[str]:
    """Return the documents that a run kept, by reason, where no release is made: none is asked for, or it's a trial."""
    if plan.limit:
        return +Counter({"limit": result.kept})
    if plan.recipe.release:
        return Counter()
    from latam_corpus.pipeline.planning.default_recipe import unreleasable

    today = datetime.now(UTC).date()
    reasons = {source.id: unreleasable(source, today) or "release=null" for source in plan.sources}
    left_out = Counter[str]()
    for row in result.by_genre:
        left_out[reasons[row["source"]]] += row["kept"]
    return +left_out


def left_out_lines(result: RunResult, left_out: Mapping[str, int]) -> Iterator[Message]:
    """Yield a sentence a reason for which documents that a run kept are in no version, the most frequent first."""
    for reason, n in sorted(left_out.items(), key=lambda one: (-one[1], one[0])):
        about = {"n": decimal(f"{n:,}"), "kept": decimal(f"{result.kept:,}"), "reason": meaning(reason)}
        yield _("left out {n} of {kept} kept {kept:document|documents}: {reason}", **about)


def released_of(
    plan: Plan,
    result: RunResult,
    store: Store,
    against: Sequence[Manifest],
    left_out: Counter[str] | None = None,
    overruled: Counter[Overruled] | None = None,
) -> Manifest | None:
    """Return the version made of a run, where its recipe wants one, it is no trial, and there is anything to release.

    Args:
        plan: what was run.
        result: what it came to.
        store: where the version goes.
        against: the versions that it was held against.
        left_out: the run's documents that aren't in the version are added to it, by reason.
        overruled: those to which a stricter statement than the run's applies are added to it.

    Raises:
        ReleaseError: it can't be made.
    """
    release = plan.recipe.release
    if plan.limit or not (release and result.kept and result.releasable):
        return None
    # Documents that this run set aside as copies of a version's are in the next one through it alone.
    parent = next((one for one in against if one.name == release.name), None)
    pinned = parent and any(stage.options.get("against") == parent.spec for stage in plan.recipe.stage)
    request = BuildRequest.of_recipe(
        release,
        [result.folder],
        created=datetime.now(UTC),
        parent=parent.version if parent else None,
        must_be_latest=parent is not None and not pinned,
        judged=read_judgements(result.folder.parent.parent),
    )

    def count(planned: ReleasePlan) -> None:
        if left_out is not None:
            left_out.update(planned.left_out)
        if overruled is not None:
            overruled.update(planned.overruled)

    return build(request, store, on_plan=count)
