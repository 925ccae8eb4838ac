"""All that is wrong with a recipe and the files that it names, at once; and what will run and isn't what is meant."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from latam_corpus.codes import admits
from latam_corpus.errors import ConfigError, as_one
from latam_corpus.formats.registry import suffixes, unread_suffix
from latam_corpus.language.model_files import SHIPPED, chosen
from latam_corpus.messages import _, enumerated, same
from latam_corpus.pipeline.planning.plan import named_source
from latam_corpus.pipeline.planning.recipe import load_recipe, shipped_recipes
from latam_corpus.pipeline.planning.registry import make_stage
from latam_corpus.policies.policy import cached_policies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date

    from latam_corpus.catalog.source import Source
    from latam_corpus.messages import Message
    from latam_corpus.pipeline.planning.plan import Plan
    from latam_corpus.pipeline.planning.recipe import Recipe

T = TypeVar("T")


def checked_recipe(named: str, language: str) -> Recipe:
    """Load the recipe if nothing is wrong in its file, its sources, its stages and their policies.

    Args:
        named: as `load_recipe` takes it.
        language: of the comments in a default recipe.

    Raises:
        ConfigError: all that is wrong.
    """
    wrong: list[ConfigError] = []
    recipe = _attempted(wrong, lambda: load_recipe(named, language))
    path = recipe.file if recipe else shipped_recipes().get(named, Path(named).expanduser())
    values = _values(recipe.text if recipe else _text(path))
    for source in _listed(values.get("sources"), str):
        _attempted(wrong, lambda name=source: _checked_source(name, path))  # type: ignore[misc]
    for number, entry in enumerate(_listed(values.get("stage"), dict), 1):
        if isinstance(entry.get("use"), str):
            _attempted(wrong, lambda entry=entry, number=number: _checked_stage(entry, path, number))  # type: ignore[misc]
    if wrong or recipe is None:
        raise as_one(wrong)
    return recipe


def _attempted(wrong: list[ConfigError], make: Callable[[], T]) -> T | None:
    """Return what a function gives; None, and the error among those that are wrong, where it raises one."""
    try:
        return make()
    except ConfigError as error:
        wrong.append(error)
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""


def _values(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _listed(value: object, kind: type) -> list[Any]:
    return [one for one in value if isinstance(one, kind)] if isinstance(value, list) else []


def _checked_source(named: str, recipe: Path) -> None:
    source, where = named_source(named, recipe)
    if where is None:
        for problem, remedy in unread(source):
            raise ConfigError(_("source {source}", source=source.id), problem, remedy)


def _checked_stage(entry: Mapping[str, Any], recipe: Path, number: int) -> None:
    place = _("{recipe}, stage {number}", recipe=recipe, number=number)
    options = {key: value for key, value in entry.items() if key != "use"}
    make_stage(entry["use"], options, place)
    if entry["use"] in ("filter", "measure"):
        cached_policies(str(options.get("policies", "")))


def unread(source: Source) -> Iterator[tuple[Message, Message]]:
    """Yield the suffixes among a source's files that no reader knows, each with the remedy."""
    if source.collect.format:
        return
    for suffix in dict.fromkeys(filter(None, map(unread_suffix, source.collect.files))):
        known = ", ".join(sorted(suffixes()))
        problem = _("nothing reads files that end in «{suffix}»", suffix=suffix)
        yield problem, _("save them as one of {known}; or set collect.format", known=known)


def missing_inputs(plan: Plan) -> None:
    """Refuse places of records that aren't there; those of other machines, and globs, are left to the run.

    Raises:
        ConfigError: all of them.
    """
    wrong = []
    for source, where in plan.locations.items():
        local = "://" not in where and not any(sign in where for sign in "*?[")
        if local and not Path(where).expanduser().exists():
            problem = _("there is nothing at «{named}»", named=where)
            wrong.append(ConfigError(_("input of {source}", source=source), problem, _("check the path")))
    if wrong:
        raise as_one(wrong)


def hints_of(plan: Plan, today: date) -> list[Message]:
    """Return what may run and isn't what is usually meant, a sentence each with what to do."""
    hints = plan.recipe.hints()
    for source in plan.sources:
        if source.status == "ask_first":
            hint = _("«{source}»: its holder must be asked first ({holder}); until then it isn't read")
            hints.append(hint.fill(source=source.id, holder=source.holder))
        if source.expires and source.expires < today:
            hint = _("«{source}»: its permission ended on {day}; ask for it anew")
            hints.append(hint.fill(source=source.id, day=source.expires))
        if source.closed_by:
            hint = _("«{source}»: the label {labels} closes it; name the holder's written agreement, or leave it out")
            hints.append(hint.fill(source=source.id, labels=", ".join(source.closed_by)))
        hints += _of_languages(plan, source)
        hints += _of_marks(plan, source)
    return [*hints, *_of_models(plan)]


def _of_models(plan: Plan) -> Iterator[Message]:
    """Yield that languages are told by another model than the shipped one, where no recipe says so."""
    for stage in (stage for segment in plan.segments for step in segment.steps for stage in step.stages):
        if stage.name == "identify" and SHIPPED != chosen() == getattr(stage, "model", ""):
            yield _("languages are told by {model}, which `language use` chose on this machine", model=chosen())
            return


def _of_marks(plan: Plan, source: Source) -> Iterator[Message]:
    """Yield what the policy of a source's genre says of marks, where no stage of the recipe does it."""
    uses = {entry.use: plan.recipe.policies_of(entry) for entry in plan.recipe.stage}
    file = cached_policies(uses.get("filter", "")).genres.get(source.genre or plan.recipe.genre or "")
    if file and file.marks != "keep" and "filter" in uses and "unmark" not in uses:
        hint = _(
            "«{source}»: the policy of its genre says marks = «{marks}» (of transcribers, of song sheets), and no "
            "stage does so: put «unmark» after «extract»"
        )
        yield hint.fill(source=source.id, marks=file.marks)


def _of_languages(plan: Plan, source: Source) -> Iterator[Message]:
    """Yield what a stage that keeps some languages does to a source that is in others."""
    for stage in (stage for segment in plan.segments for step in segment.steps for stage in step.stages):
        wanted = getattr(stage, "languages", ()) if stage.name == "identify" else ()
        fall = [one for one in source.languages if not any(admits(asked, one) for asked in wanted)]
        if wanted and fall:
            hint = _(
                "«{source}» is in {languages}, and «identify» sets aside what isn't in {wanted}: put them there, if "
                "you want its texts"
            )
            yield hint.fill(source=source.id, languages=", ".join(fall), wanted=enumerated(map(same, wanted)))
            return
