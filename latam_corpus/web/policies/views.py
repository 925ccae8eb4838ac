"""Pages of a language's rules: pick it by its common name, edit its rules, sign them, and use them in runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from latam_corpus.api.language_rules import language_rules, readers_of, rules_code, sign_rules
from latam_corpus.codes import find_languages, is_tag, known_code, varieties, variety_name
from latam_corpus.policies.policy_reviews import content_digest
from latam_corpus.storage.durable import replace
from latam_corpus.web.access.middleware import core_language
from latam_corpus.web.access.roles import may_edit
from latam_corpus.web.forms import refuse_as_changed
from latam_corpus.web.jobs.queue import newest_or_new
from latam_corpus.web.log import log
from latam_corpus.web.models import Job, PolicyDraft, Role
from latam_corpus.web.policies.forms import PolicyForm, SignForm, scale, words_of_one
from latam_corpus.web.policies.jobs import own_collections, policy_text, state_of_trial
from latam_corpus.web.workspace import rules_folder

if TYPE_CHECKING:
    from pathlib import Path

    from django.http import HttpRequest, HttpResponse

    from latam_corpus.policies.policy_reviews import Review
    from latam_corpus.web.models import Collection

_A_PAGE: Final = 100  # words per page
_MOST_FOUND: Final = 60
_MOST_DROPPED: Final = 10  # texts shown per bound


def policies(request: HttpRequest) -> HttpResponse:
    """Show the drafts, and a picker of languages: from a group to its varieties, or by any common name."""
    typed, group = request.GET.get("q", "").strip()[:100], request.GET.get("group", "")
    codes = find_languages(typed)
    groups = [code for code in codes if code in varieties()]
    if len(groups) == 1 and 2 * len(set(codes) & set(varieties()[groups[0]])) >= len(varieties()[groups[0]]):
        group = groups[0]  # it is the group's name
    if group in varieties():
        codes = tuple({*codes, *varieties()[group]} - {group})
    drafts = [
        (draft, variety_name(draft.language, core_language()), _review(draft, policy_text(draft)))
        for draft in _drafts(request)
    ]
    values = {
        "drafts": drafts,
        "typed": typed,
        "group": (group, variety_name(group, core_language())) if group in varieties() else None,
        "found": _named([code for code in codes if code not in varieties()][:_MOST_FOUND], group),
        "groups": [
            (code, name, len(varieties()[code]))
            for code, name in _named([code for code in (codes if typed else varieties()) if code in varieties()])
        ],
    }
    return render(request, "desk/policies/policies.html", values)


def _named(codes: Any, group: str = "") -> list[tuple[str, str]]:
    """Return codes with their names, sorted by name; remove the group's name, which is the title of its page."""
    name = variety_name(group, core_language()) if group else ""
    shown = [
        (code, variety_name(code, core_language()).removeprefix(f"{name} de ").removesuffix(f" {name}"))
        for code in codes
    ]
    return sorted(shown, key=lambda pair: pair[1].casefold())


def _drafts(request: HttpRequest) -> Any:
    drafts = PolicyDraft.objects.select_related("owner").order_by("pk")
    return drafts if request.user.role == Role.STEWARD else drafts.filter(owner=request.user)


def _review(draft: PolicyDraft, text: str) -> Review | None:
    """Return the signature of a draft, which may be for other content than this text; None if it was never signed."""
    return next(iter(readers_of(draft.signed, draft.language, text)), None) if draft.signed else None


def new(request: HttpRequest) -> HttpResponse:
    """Open the person's draft for the chosen language or group, or create one from the shipped rules."""
    code = request.POST.get("code", "")
    if code == "und" or not (is_tag(code) or known_code(code) == code):
        messages.error(request, _("Choose a language from the list."))
        return redirect("policies")
    rules = language_rules(code)
    first = {"words": rules["stop_words"]["words"], "bounds": rules["bounds"]}
    draft, is_new = PolicyDraft.objects.get_or_create(owner=request.user, language=code, defaults={"rules": first})
    if is_new:
        log(request.user, "rules opened", f"language {code}")
    return redirect("policy", draft.pk)


def policy(request: HttpRequest, number: int) -> HttpResponse:
    """Show words with examples from own texts, and the texts that each bound drops; save changes of both."""
    draft = get_object_or_404(_drafts(request), pk=number)
    page = Paginator(draft.rules["words"], _A_PAGE).get_page(request.GET.get("page"))
    form = PolicyForm(request.POST or None, instance=draft, page_words=list(page.object_list))
    if request.method == "POST" and form.is_valid():
        previous = PolicyDraft.objects.get(pk=number).rules
        if form.save_unless_changed():
            if draft.rules != previous:
                difference = _difference(previous, draft.rules)
                log(request.user, "rules changed", f"language {draft.language}", reason=difference)
            messages.success(request, _("Saved. This is what the rules drop now."))
            return redirect("policy", number)
    draft.refresh_from_db()  # validating the form changed the rules of this object
    return _shown(request, draft, form, page, status=422 if form.errors else 200)


def _difference(previous: dict[str, Any], current: dict[str, Any]) -> str:
    """Return the added and removed words and the new bounds, for the log."""
    removed, added = words_of_one(previous, current)
    bounds = [
        f"{signal} {ends}" for signal, ends in current["bounds"].items() if ends != previous["bounds"].get(signal)
    ]
    return "; ".join([*(f"+{word}" for word in added), *(f"-{word}" for word in removed), *bounds])


def _shown(
    request: HttpRequest, draft: PolicyDraft, form: PolicyForm, page: Any, sign_form: Any = None, status: int = 200
) -> HttpResponse:
    collections, text = own_collections(draft), policy_text(draft)
    digest, review = content_digest(text), _review(draft, text)
    job = _tried(request, draft, collections)
    tried = (job.result or {}) if job and job.state == Job.State.DONE else {}
    texts, places = tried.get("texts", []), tried.get("examples", {})
    kept_words = set(request.POST.getlist("keep")) if form.is_bound else set(page)
    bounds, dropped = [], set()
    for name, (signal, end) in form.bounds.items():
        outside = _outside(texts, signal, end, draft.rules["bounds"][signal][end])
        dropped |= {place for place, _value in outside}
        rows = [(texts[place], round(value * scale(signal), 1)) for place, value in outside[:_MOST_DROPPED]]
        bounds.append({"field": form[name], "rows": rows, "count": len(outside), "is_share": scale(signal) > 1})
    values = {
        "draft": draft,
        "name": variety_name(draft.language, core_language()),
        "form": form,
        "page": page,
        "words": [(word, word in kept_words, places.get(word, [])) for word in page],
        "unseen_count": sum(word not in places for word in draft.rules["words"]) if texts else 0,
        "bounds": bounds,
        "texts": texts,
        "dropped_count": len(dropped),
        "of_genre": sum(text["is_out"] for place, text in enumerate(texts) if place not in dropped),
        "tried": tried,
        "job": job,
        "review": review,
        "digest": digest,
        "is_own": draft.owner_id == request.user.pk,
        "sign_form": sign_form or SignForm(initial={"reader": request.user.name, "digest": digest}),
        "uses": [
            (collection, _use_of(collection, draft)) for collection in collections if may_edit(request.user, collection)
        ],
        "may_use": review is not None and review.state == "current",
    }
    return render(request, "desk/policies/policy.html", values, status=status)


def _tried(request: HttpRequest, draft: PolicyDraft, collections: list[Collection]) -> Job | None:
    """Return the newest trial of a draft's words on the current texts, or start one; None without texts."""
    if not any(collection.files.exists() for collection in collections):
        return None
    state = state_of_trial(draft, collections)
    return newest_or_new(request, "try rules", draft=draft.pk, state=state, words=draft.rules["words"])


def _outside(texts: list[dict[str, Any]], signal: str, end: str, bound: float) -> list[tuple[int, float]]:
    """Return place and value of each text that a minimum or maximum drops, the furthest from it first."""
    outside = []
    for place, text in enumerate(texts):
        value, low, high = text["values"].get(signal, (None, None, None))
        compared = low if end == "min" else high
        if compared is not None and (compared < bound if end == "min" else compared > bound):
            outside.append((place, value))
    return sorted(outside, key=lambda pair: pair[1], reverse=end == "max")


def _file(collection: Collection, draft: PolicyDraft) -> Path:
    return rules_folder(collection) / f"{rules_code(draft.language)}.toml"


def _use_of(collection: Collection, draft: PolicyDraft) -> dict[str, Any] | None:
    """Return who signed the rules used by a collection's runs, and whether they are this draft's; None if shipped."""
    path = _file(collection, draft)
    if not path.is_file():
        return None
    text = path.read_text("utf-8", "replace")
    return {"review": next(iter(readers_of(text, str(path))), None), "is_this": text == draft.signed}


def sign(request: HttpRequest, number: int) -> HttpResponse:
    """Sign the rules that the page showed; only the draft's owner may do it."""
    draft = get_object_or_404(_drafts(request), pk=number, owner=request.user)
    form, text = SignForm(request.POST), policy_text(draft)
    digest = content_digest(text)
    if form.is_valid() and form.cleaned_data["digest"] != digest:
        message = _("The rules were changed since you opened the page. Read them again, then sign.")
        refuse_as_changed(form, "digest", digest, message)
    if not form.is_valid():
        page = Paginator(draft.rules["words"], _A_PAGE).get_page(1)
        return _shown(request, draft, PolicyForm(instance=draft, page_words=list(page)), page, form, status=422)
    reader, statement = form.cleaned_data["reader"], form.cleaned_data["statement"]
    signed = sign_rules(text, reader, timezone.now().date())
    signed = f"# {reader}: {statement}\n{signed}"
    PolicyDraft.objects.filter(pk=number).update(signed=signed, statement=statement)
    log(request.user, "rules signed", f"language {draft.language}", after=digest, reason=f"{reader}: {statement}")
    messages.success(request, _("Signed. Choose now in which collections they are used."))
    return redirect(f"/rules/{number}#use")


def use(request: HttpRequest, number: int) -> HttpResponse:
    """Use the signed rules in runs of the ticked collections, and stop using them in runs of the others."""
    draft = get_object_or_404(_drafts(request), pk=number)
    text, ticked = policy_text(draft), set(request.POST.getlist("collection"))
    review = _review(draft, text)
    is_valid = review is not None and review.state == "current"
    for collection in own_collections(draft):
        path, log_object = _file(collection, draft), f"collection {collection.slug}, language {draft.language}"
        if not may_edit(request.user, collection):
            continue
        if collection.slug not in ticked:
            if path.is_file():
                path.unlink()
                log(request.user, "rules no longer used", log_object)
        elif is_valid and not (path.is_file() and path.read_text("utf-8") == draft.signed):
            path.parent.mkdir(parents=True, exist_ok=True)
            replace(path, draft.signed.encode())
            log(request.user, "rules used", log_object, after=content_digest(text))
    if ticked and not is_valid:
        messages.error(request, _("Sign the rules first: runs use only signed ones."))
    else:
        messages.success(request, _("Saved. The next run of each ticked collection uses these rules."))
    return redirect(f"/rules/{number}#use")
