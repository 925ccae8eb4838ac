"""Tags and filters that all templates of the desk can use without `{% load %}`."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from latam_corpus.api.surveys import format_label, not_read
from latam_corpus.catalog.display_names import BASES, LICENCES, TIERS, USES, language_name
from latam_corpus.messages import Message, known, read_back
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.web.access.middleware import core_language
from latam_corpus.web.access.roles import may_edit, may_open
from latam_corpus.web.jobs.queue import KINDS
from latam_corpus.web.log import ACTIONS

register: Final = template.Library()
STATIC: Final = Path(__file__).parent.parent / "static"
# The tabs of a collection: the route of each, with which the folder of its pages' templates begins.
TABS: Final = {
    "files": _("Files"),
    "rights": _("Rights"),
    "texts": _("Texts"),
    "release": _("Release"),
    "withdraw": _("Withdraw"),
}


@register.simple_tag
def asset(name: str) -> str:
    """Return the URL of a file in `static/desk`; it changes with the file's content."""
    return f"{reverse('asset', args=[name])}?v={_digests()[name]}"


@cache
def _digests() -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in (STATIC / "desk").iterdir()}


@register.filter
def said(text: Any) -> str:
    """Return a message of the core, or one that `messages.recorded` stored as JSON, in the language of the page."""
    if isinstance(text, dict):
        text = read_back(text, str(text.get("text") or text.get("number") or text.get("msgid", "")))
    message = text if isinstance(text, Message) else known(text or "")
    return message.translate(core_language())


@register.filter
def means(code: str) -> str:
    """Explain a code of the core in a sentence, such as the reason for dropping or holding a document."""
    return meaning(code).translate(core_language()) if code else ""


@register.filter
def licence(statement: str) -> str:
    """Return the name of a common licence or statement of rights; return others unchanged."""
    return LICENCES[statement].translate(core_language()) if statement and statement in LICENCES else statement


@register.filter
def problem_of(facts: dict[str, Any] | None) -> str:
    """Return the problem and the remedy of a surveyed file without text; empty if it has text."""
    if not facts or not facts.get("problem"):
        return ""
    reason = facts.get("reason") or ""
    problem = not_read(facts["kind"]) if reason == "unreadable:unknown format" else meaning(reason)
    language = core_language()
    known_problem = known(facts["problem"]) if reason == "not chosen" else problem
    remedy = [known(facts["remedy"])] if facts.get("remedy") else []
    return "; ".join(part.translate(language) for part in (known_problem, *remedy))


@register.filter
def kind_name(kind: str) -> str:
    """Return the name of a surveyed file's format."""
    return format_label(kind).translate(core_language())


@register.filter
def named_language(code: str | None) -> str:
    """Return the name of a language by its code, such as `que` or `spa_Latn`; nothing if the language isn't clear."""
    return "" if code in {None, "", "und"} else language_name(str(code).partition("_")[0]).translate(core_language())


@register.filter
def count(number: Any) -> str:
    """Return a whole number with the thousands separators of the page's language."""
    return str(intcomma(number or 0))


@register.inclusion_tag("desk/parts/tabs.html", takes_context=True)
def collection_tabs(context: Any) -> dict[str, Any]:
    """Show the tabs of the page's collection."""
    folder = context.template.name.split("/")[1]
    tabs = [
        (reverse(route, args=[context["collection"].slug]), label, folder.startswith(route))
        for route, label in TABS.items()
        if may_open(context["request"], route)
    ]
    return {"tabs": tabs}


@register.simple_tag(takes_context=True)
def can_open(context: Any, route: str) -> bool:
    """Return whether the person may open a route."""
    return may_open(context["request"], route)


@register.simple_tag(takes_context=True)
def can_edit(context: Any) -> bool:
    """Return whether the person may change the page's collection."""
    return may_edit(context["request"].user, context["collection"])


@register.filter
def job_label(job: Any) -> Any:
    """Return the label of a job's kind."""
    return KINDS[job.kind].label if job.kind in KINDS else job.kind


@register.filter
def action_label(action: str) -> Any:
    """Return the label of an action in the log."""
    return ACTIONS.get(action, action)


@register.filter
def item(values: Any, key: str) -> Any:
    """Return the value of a key, which may be a file's path without the folder `files`."""
    value = (values or {}).get(key)
    return (values or {}).get(f"files/{key}") if value is None else value


@register.filter
def pairs(values: Any) -> list[tuple[str, Any]]:
    """Return the keys and values of a dictionary, which may be None."""
    return list((values or {}).items())


@register.filter
def names(codes: Any, vocabulary: str) -> str:
    """Return the names of one or several codes of a vocabulary: `uses`, `tiers` or `bases`."""
    known_names = {"uses": USES, "tiers": TIERS, "bases": BASES}[vocabulary]
    listed = [codes] if isinstance(codes, str) else codes or ()
    said_names = [known_names[code].translate(core_language()) if code in known_names else str(code) for code in listed]
    return ", ".join(said_names) or "–"
