"""Pages of versions: build the next one, list a collection's texts in each, and show the public status page."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.core.validators import RegexValidator
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import latam_corpus as lc
from latam_corpus.web.access.roles import editable_collection, readable_collection
from latam_corpus.web.files.catalogue import change_draft
from latam_corpus.web.jobs.queue import enqueue
from latam_corpus.web.log import log
from latam_corpus.web.models import Collection, Job
from latam_corpus.web.releases.shares import shares_of, store_folder
from latam_corpus.web.rights.approvals import KINDS, missing_approvals, standing

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_A_PAGE: Final = 100
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # characters that are easily confused are left out


class VersionForm(forms.Form):
    """The corpus to which a collection is added, and the uses of its first version."""

    name = forms.CharField(
        label=gettext_lazy("Name of the corpus"),
        max_length=60,
        validators=[
            RegexValidator(
                r"^[a-z][a-z0-9]*(-[a-z0-9]+)*\Z", gettext_lazy("Use small letters, digits and hyphens only.")
            )
        ],
        help_text=gettext_lazy("All collections with the same name here are in one corpus, such as voces-del-rio."),
    )
    uses = forms.MultipleChoiceField(
        label=gettext_lazy("What is it for?"),
        widget=forms.CheckboxSelectMultiple,
        choices=[
            ("train", gettext_lazy("to train models")),
            ("redistribute", gettext_lazy("to pass the texts on, and show them")),
        ],
        help_text=gettext_lazy(
            "A text is in the version only if its terms allow all of this. Later versions keep the answer."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = list(dict.fromkeys(version.partition("@")[0] for version in lc.versions(store_folder())))
        self.fields["name"].initial = names[-1] if names else ""
        if names:
            del self.fields["uses"]


def release(request: HttpRequest, slug: str, form: VersionForm | None = None, status: int = 200) -> HttpResponse:
    """Show the statistics of a collection in each version, and whether the next version can be built."""
    collection = readable_collection(request, slug)
    shares, uncounted = shares_of(collection.slug)
    count_later(request, uncounted)
    values = {
        "collection": collection,
        "shares": shares,
        "uncounted": uncounted,
        "stands": [(standing(collection, kind), False) for kind in KINDS],
        "missing": missing_approvals(collection),
        "form": form or VersionForm(),
        "open_job": collection.jobs.filter(kind="release", state__in=Job.OPEN).first(),
        "last": collection.jobs.filter(kind="release").exclude(state__in=Job.OPEN).first(),
        "number": number_of(collection),
        "is_public": bool((collection.draft or {}).get("is_public")),
    }
    return render(request, "desk/releases/release.html", values, status=status)


def count_later(request: HttpRequest, uncounted: list[str]) -> None:
    """Start the job that counts versions, unless it waits or runs. A visitor doesn't repeat one that failed."""
    person = request.user if request.user.is_authenticated else None
    newest = Job.objects.filter(kind="count versions").first()
    is_tried = newest and (newest.is_open or (newest.state == Job.State.FAILED and person is None))
    if uncounted and not is_tried:
        enqueue("count versions", person)


def build(request: HttpRequest, slug: str) -> HttpResponse:
    """Start the job that builds the next version, if both approvals match."""
    collection = editable_collection(request, slug)
    missing = missing_approvals(collection)
    if missing:
        messages.error(
            request, _("Nothing is released before both approvals match. %(why)s") % {"why": " ".join(missing)}
        )
        return redirect("release", slug)
    form = VersionForm(request.POST)
    if not form.is_valid():
        return release(request, slug, form, status=422)
    if collection.jobs.filter(kind="release", state__in=Job.OPEN).exists():
        messages.info(request, _("A version is being made already."))
        return redirect("release", slug)
    job = enqueue("release", request.user, collection, **form.cleaned_data)
    log(request.user, "version requested", f"collection {slug}, job {job.pk}")
    return redirect("job", job.pk)


def public(request: HttpRequest, slug: str) -> HttpResponse:
    """Set whether the status page names the collection."""
    collection = editable_collection(request, slug)
    is_public = request.POST.get("is_public") == "on"
    change_draft(collection, lambda draft: draft.__setitem__("is_public", is_public))
    log(request.user, "status page changed", f"collection {slug}", reason="with the title" if is_public else "no title")
    messages.success(request, _("Saved."))
    return redirect("release", slug)


def texts(request: HttpRequest, slug: str) -> HttpResponse:
    """List a collection's texts in a version; its owner may see them even if the terms hide them from others."""
    collection = editable_collection(request, slug)
    version = request.GET.get("version", "")
    rows = _own_texts(collection, version).select(
        "doc_id", "title", "creators", "language", "origin", pl.col("signals").struct.field("word_count").alias("words")
    )
    page = Paginator(rows.sort("title", "doc_id").collect().to_dicts(), _A_PAGE).get_page(request.GET.get("page"))
    values = {"collection": collection, "version": version, "page": page}
    return render(request, "desk/releases/texts.html", values)


def text(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a collection's text in the form that a version contains."""
    collection = editable_collection(request, slug)
    version = request.GET.get("version", "")
    rows = _own_texts(collection, version).filter(pl.col("doc_id") == request.GET.get("doc", "")).head(1).collect()
    if rows.is_empty():
        raise Http404
    values = {"collection": collection, "version": version, "row": rows.to_dicts()[0]}
    return render(request, "desk/releases/text.html", values)


def _own_texts(collection: Collection, version: str) -> pl.LazyFrame:
    """Return the texts of a collection in a version; raise Http404 if there is no such version."""
    if version not in lc.versions(store_folder()):
        raise Http404
    return lc.open_release(store_folder(), version).scan().filter(pl.col("source_id") == collection.slug)


def number_of(collection: Collection) -> str:
    """Return the public status number of a collection; create one if there is none."""
    if not collection.status_number:
        signs = "".join(secrets.choice(_ALPHABET) for _sign in range(12))
        number = "-".join(signs[start : start + 4] for start in range(0, 12, 4))
        Collection.objects.filter(pk=collection.pk, status_number=None).update(status_number=number)
        collection.refresh_from_db(fields=["status_number"])
    return str(collection.status_number)


def find_status(request: HttpRequest) -> HttpResponse:
    """Ask for a status number, and redirect to the status of its collection or request."""
    number = re.sub(r"[^0-9A-Za-z-]", "", request.GET.get("number", ""))[:40]
    return redirect("status", number) if number else render(request, "desk/releases/status_find.html")


def status(request: HttpRequest, number: str) -> HttpResponse:
    """Show the status of a collection or withdrawal by its number; no account is needed, and no titles are shown."""
    collection = Collection.objects.filter(status_number=number.upper()).first()
    request_values = None if collection else _withdrawal(number)
    if collection is None and request_values is None:
        return render(request, "desk/releases/status_find.html", {"number": number, "is_unknown": True}, status=404)
    values: dict[str, Any] = {"number": number, "withdrawal": request_values, "found": collection}
    if collection is not None:
        values["shares"] = shares_of(collection.slug)[0]
        values["stands"] = [standing(collection, kind) for kind in KINDS]
        values["title"] = collection.title if (collection.draft or {}).get("is_public") else ""
    return render(request, "desk/releases/status.html", values)


def _withdrawal(number: str) -> dict[str, Any] | None:
    """Return a withdrawal's public facts: number, day, versions and number of documents; None if there is none."""
    for job in Job.objects.filter(kind__in=("withdraw", "end hold"), state=Job.State.DONE).order_by("-pk"):
        for entry in (job.result or {}).get("receipts", ()):
            if secrets.compare_digest(str(entry["request"]).lower().encode(), number.lower().encode()):
                names = ("request", "kind", "day", "documents", "before", "after", "versions", "entry_sha256")
                return {name: entry.get(name) for name in names}
    return None
