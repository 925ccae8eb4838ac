"""`latam-corpus list …`: list recipes, stages, signals and languages; the package `desk` adds `list sources`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import typer

from latam_corpus.catalog.display_names import language_name
from latam_corpus.catalog.stage_list import ENTRIES
from latam_corpus.cli.interface.options import Json
from latam_corpus.cli.interface.show import console, number, print_json, table
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.messages import N_, Message, _, known
from latam_corpus.pipeline.planning.registry import registered, stage_class
from latam_corpus.signals import BY_NAME, signal_names
from latam_corpus.signals.plugged import plugged

if TYPE_CHECKING:
    from collections.abc import Sequence

# The titles of the shipped recipes, listed so that Babel extracts them.
TITLES: Final = (
    N_("Common Crawl, in the languages of the region"),
    N_("Literature of the region, in Spanish and Portuguese"),
    N_("Verse, song lyrics and sayings"),
    N_("News of the region, in Spanish, Portuguese and Aymara"),
    N_("Oral history: interviews in Spanish and Mapudungun"),
    N_("Crawled websites under open licences, in the languages of the region"),
)

list_app = typer.Typer(no_args_is_help=True)


@list_app.command("recipes")
def recipes(as_json: Json = False) -> None:
    """List the shipped recipes."""
    # Importing the models of recipes and sources takes longer than any other list.
    from latam_corpus.pipeline.planning.recipe import load_recipe, shipped_recipes

    loaded = [load_recipe(str(path)) for path in shipped_recipes().values()]
    rows = [{"name": r.name, "title": r.title, "sources": list(r.sources)} for r in loaded]
    _show(
        rows,
        as_json,
        lambda r: (r["name"], known(r["title"]), ", ".join(r["sources"])),
        [_("recipe"), _("title"), _("sources")],
    )


@list_app.command("stages")
def stages(as_json: Json = False) -> None:
    """List the stages that a recipe can name."""
    rows = []
    for name in sorted(registered()):
        kind = stage_class(name, "list stages")
        summary = (kind.__doc__ or "").strip().split("\n")[0]
        rows.append({"name": name, "does": summary, "needs": sorted(kind.needs), "gives": sorted(kind.gives)})
    _show(
        rows,
        as_json,
        lambda r: (r["name"], ENTRIES[r["name"]].does if r["name"] in ENTRIES else r["does"], ", ".join(r["gives"])),
        [_("stage"), _("what it is"), _("gives")],
    )


@list_app.command("signals")
def signals(as_json: Json = False) -> None:
    """List the signals, their definitions, and other pipelines that use them."""
    in_english = spoken() == "en"  # definitions exist only in English, labels in every language
    by_name = {name: BY_NAME.get(name) or plugged(name) for name in signal_names()}
    meanings = {name: s.definition if in_english or name not in BY_NAME else s.label for name, s in by_name.items()}
    _show(
        [{"name": s.name, "definition": s.definition, "used_by": s.used_by} for s in by_name.values()],
        as_json,
        lambda r: (r["name"], meanings[r["name"]], known(r["used_by"])),
        [_("signal"), _("definition"), _("used by")],
    )


@list_app.command("languages")
def languages(as_json: Json = False) -> None:
    """List the languages that can be identified or have a policy: training lines, policy, stop words, reviewers."""
    from latam_corpus.language.coverage import coverage
    from latam_corpus.policies.policy import cached_policies

    covered = coverage(cached_policies())
    if as_json:
        print_json([asdict(language) for language in covered])
        return
    shown = [language for language in covered if language.americas or language.policy == "own"]
    _show(
        [asdict(language) for language in shown],
        as_json,
        lambda r: (
            r["code"],
            language_name(r["code"]),
            "" if r["group"] == r["code"] else r["group"],
            number(r["training_lines"]) if r["training_lines"] else _("none"),
            r["policy_file"],
            r["stop_words"] or _("none"),
            _reviewers(r),
        ),
        [_("code"), _("language"), _("group"), _("trained on#"), _("policy"), _("stop words#"), _("reviewed by")],
    )
    console.print(
        _(
            "{n} {n:language|languages}; the model also knows {others} others, so that it recognises texts in them: "
            "--json lists them",
            n=number(len(shown)),
            others=number(len(covered) - len(shown)),
        )
    )


def _reviewers(row: dict[str, Any]) -> str | Message:
    """Return the reviewers of a policy's current version, or else the reviewers of an earlier version."""
    if row["reviewed_by"]:
        return ", ".join(row["reviewed_by"])
    return (
        _("unreviewed (before: {readers})", readers=", ".join(row["read_before"]))
        if row["read_before"]
        else _("unreviewed")
    )


def _show(rows: list[dict[str, Any]], as_json: bool, cells: Any, columns: Sequence[str | Message]) -> None:
    if as_json:
        print_json(rows)
    elif rows:
        table("", columns, [cells(row) for row in rows])
    else:
        console.print(_("there is none yet"))
