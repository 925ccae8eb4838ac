"""Check a recipe and the files that it names; report all mistakes at once, and hints about probable mistakes."""

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
    """Load a recipe (see `load_recipe`), and check its sources, stages and policies; an error names all mistakes.

    Raises:
        ConfigError: something is wrong; the error names all mistakes.
    """
    errors: list[ConfigError] = []
    recipe = _attempted(errors, lambda: load_recipe(named, language))
    path = recipe.file if recipe else shipped_recipes().get(named, Path(named).expanduser())
    values = _values(recipe.text if recipe else _text(path))
    for source in _listed(values.get("sources"), str):
        _attempted(errors, lambda name=source: _checked_source(name, path))  # type: ignore[misc]
    for number, entry in enumerate(_listed(values.get("stage"), dict), 1):
        if isinstance(entry.get("use"), str):
            _attempted(errors, lambda entry=entry, number=number: _checked_stage(entry, path, number))  # type: ignore[misc]
    if errors or recipe is None:
        raise as_one(errors)
    return recipe


def _attempted(errors: list[ConfigError], make: Callable[[], T]) -> T | None:
    """Call a function and return its result; if it raises `ConfigError`, append the error and return None."""
    try:
        return make()
    except ConfigError as error:
        errors.append(error)
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
    return [item for item in value if isinstance(item, kind)] if isinstance(value, list) else []


def _checked_source(named: str, recipe: Path) -> None:
    source, where = named_source(named, recipe)
    if where is None:
        for problem, remedy in unreadable_suffixes(source):
            raise ConfigError(_("source {source}", source=source.id), problem, remedy)


def _checked_stage(entry: Mapping[str, Any], recipe: Path, number: int) -> None:
    place = _("{recipe}, stage {number}", recipe=recipe, number=number)
    options = {key: value for key, value in entry.items() if key != "use"}
    make_stage(entry["use"], options, place)
    if entry["use"] in ("filter", "measure"):
        cached_policies(str(options.get("policies", "")))


def unreadable_suffixes(source: Source) -> Iterator[tuple[Message, Message]]:
    """Yield a problem and a remedy for each suffix in a source's file patterns that no reader supports."""
    if source.collect.format:
        return
    for suffix in dict.fromkeys(filter(None, map(unread_suffix, source.collect.files))):
        readable_suffixes = ", ".join(sorted(suffixes()))
        problem = _("files that end in «{suffix}» can't be read", suffix=suffix)
        yield problem, _("save them as one of {known}; or set collect.format", known=readable_suffixes)


def missing_inputs(plan: Plan) -> None:
    """Raise `ConfigError` unless all local inputs exist; the run checks URLs and globs."""
    errors = []
    for source, where in plan.locations.items():
        local = "://" not in where and not any(sign in where for sign in "*?[")
        if local and not Path(where).expanduser().exists():
            problem = _("there is nothing at «{named}»", named=where)
            errors.append(ConfigError(_("input of {source}", source=source), problem, _("check the path")))
    if errors:
        raise as_one(errors)


def hints_of(plan: Plan, today: date) -> list[Message]:
    """Return a sentence with a remedy for each setting that is allowed but probably unintended."""
    hints = plan.recipe.hints()
    for source in plan.sources:
        if source.status == "ask_first":
            hint = _("«{source}» isn't read until its holder has been asked ({holder})")
            hints.append(hint.fill(source=source.id, holder=source.holder))
        if source.expires and source.expires < today:
            hint = _("«{source}»: its permission ended on {day}; ask for a new one")
            hints.append(hint.fill(source=source.id, day=source.expires))
        if source.closed_by:
            hint = _(
                "«{source}»: a label restricts its use ({labels}); name the holder's written agreement, or leave it out"
            )
            hints.append(hint.fill(source=source.id, labels=", ".join(source.closed_by)))
        hints += _language_hints(plan, source)
        hints += _mark_hints(plan, source)
    return [*hints, *_model_hints(plan)]


def _model_hints(plan: Plan) -> Iterator[Message]:
    """Yield a hint if this machine is set up to identify languages with another model than the shipped one."""
    for stage in plan.all_stages:
        if stage.name == "identify" and SHIPPED != chosen() == getattr(stage, "model", ""):
            yield _("languages are identified by {model}, chosen on this machine with `language use`", model=chosen())
            return


def _mark_hints(plan: Plan, source: Source) -> Iterator[Message]:
    """Yield a hint if the policy of a source's genre normalises or removes marks and the recipe lacks `unmark`."""
    uses = {entry.use: plan.recipe.policies_of(entry) for entry in plan.recipe.stage}
    file = cached_policies(uses.get("filter", "")).genres.get(source.genre or plan.recipe.genre or "")
    if file and file.marks != "keep" and "filter" in uses and "unmark" not in uses:
        hint = _(
            "«{source}»: the policy of its genre has marks = «{marks}» (marks of transcribers and song sheets), but no "
            "stage applies it: put «unmark» after «extract»"
        )
        yield hint.fill(source=source.id, marks=file.marks)


def _language_hints(plan: Plan, source: Source) -> Iterator[Message]:
    """Yield a hint if `identify` drops languages that a source states."""
    for stage in plan.all_stages:
        kept_languages = getattr(stage, "languages", ()) if stage.name == "identify" else ()
        dropped = [
            code for code in source.languages if not any(admits(kept_code, code) for kept_code in kept_languages)
        ]
        if kept_languages and dropped:
            hint = _(
                "«{source}» has texts in {languages}, but «identify» only keeps texts in {wanted}: add the languages "
                "that you want to keep"
            )
            yield hint.fill(
                source=source.id, languages=", ".join(dropped), wanted=enumerated(map(same, kept_languages))
            )
            return
