"""Pages to withdraw texts: search, select, review the effect, confirm, and get a receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import segno
from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from latam_corpus.web.access.roles import editable_collection, is_single, may_approve, may_edit, readable_collection
from latam_corpus.web.files.catalogue import change_draft
from latam_corpus.web.jobs.queue import enqueue, wait_for
from latam_corpus.web.log import log
from latam_corpus.web.models import Collection, Job, Role
from latam_corpus.web.withdrawals.forms import ReasonForm, RequestForm, SearchForm
from latam_corpus.web.workspace import data_folder

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_SHOWN: Final = 50


def withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    """Search for texts; list requests that await confirmation, and earlier withdrawals with their receipts."""
    collection = readable_collection(request, slug)
    may = may_edit(request.user, collection)
    form = SearchForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and may and form.is_valid():
        everywhere = request.user.role == Role.STEWARD
        job = wait_for(enqueue("find texts", request.user, collection, everywhere=everywhere, **form.cleaned_data))
        return redirect("withdraw-found", slug, job.pk)
    done = collection.jobs.filter(kind__in=("withdraw", "end hold")).select_related("person")
    values = {
        "collection": collection,
        "form": form,
        "waiting": _waiting(collection),
        "done": done[:_SHOWN],
        "asks_second": _asks_second(collection),
    }
    return render(request, "desk/withdrawals/withdraw.html", values)


def _asks_second(collection: Collection) -> bool:
    return bool((collection.draft or {}).get("second_person"))


def _waiting(collection: Collection) -> list[Job]:
    """Return the requests that wait for a second person or a steward."""
    tried = collection.jobs.filter(kind="try withdrawal", state=Job.State.DONE).select_related("person")[:_SHOWN]
    return [job for job in tried if _needs_other(job) and not job.arguments.get("dropped") and not _confirmed(job)]


def _needs_other(job: Job) -> bool:
    return _asks_second(job.collection) or bool((job.result or {}).get("concerns_others"))


def _confirmed(job: Job) -> Job | None:
    """Return the job that the confirmation of a request started."""
    return Job.objects.filter(kind="withdraw", arguments__request=job.pk).first()


def _may_confirm(request: HttpRequest, job: Job) -> bool:
    """Return whether a person may confirm a request; if a second person is required, the request must be another's."""
    person, collection = request.user, job.collection
    if is_single():
        return True
    if (job.result or {}).get("concerns_others") and person.role != Role.STEWARD:
        return False
    if _asks_second(collection):
        return person.pk != job.person_id and (may_edit(person, collection) or may_approve(person, collection))
    return bool(may_edit(person, collection))


def rule(request: HttpRequest, slug: str) -> HttpResponse:
    """Set whether a second person confirms each withdrawal from a collection."""
    collection = editable_collection(request, slug)
    asks_second = request.POST.get("second_person") == "on"
    if _asks_second(collection) and not asks_second and request.user.role != Role.STEWARD:
        messages.error(request, _("Only a steward can end this rule."))
        return redirect("withdraw", slug)
    change_draft(collection, lambda draft: draft.__setitem__("second_person", asks_second))
    reason = "second person" if asks_second else "one person"
    log(request.user, "withdrawal rule changed", f"collection {slug}", reason=reason)
    messages.success(request, _("Saved."))
    return redirect("withdraw", slug)


def _job(collection: Collection, number: int, *kinds: str) -> Job:
    job: Job = get_object_or_404(Job, pk=number, collection=collection, kind__in=kinds)
    return job


def found(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show the matches of a search, or start the dry run for the selected ones."""
    collection = editable_collection(request, slug)
    job = _job(collection, number, "find texts")
    if job.person_id != request.user.pk:
        raise Http404
    rows = (job.result or {}).get("rows", [])
    form = RequestForm(request.POST or None, rows=rows)
    if request.method == "POST" and job.state == Job.State.DONE and form.is_valid():
        answers, ticked = form.cleaned_data, form.ticked
        keeps = answers["keep_files"] or answers["kind"] == "hold"
        docs = {row["doc_id"]: _versions(row) for row in ticked if _versions(row)}
        files = [
            row["file"] for row in ticked if row["is_own"] and row["file"] and not (keeps and row["doc_id"] in docs)
        ]
        tried = enqueue(
            "try withdrawal",
            request.user,
            collection,
            what=answers["kind"],
            with_copies=answers["with_copies"],
            because=answers["because"].strip(),
            docs=docs,
            files=sorted(set(files)),
        )
        wait_for(tried)
        return redirect("withdraw-request", slug, tried.pk)
    ticked_numbers = set(request.POST.getlist("row"))
    numbered_rows = [(row, str(place) in ticked_numbers, place) for place, row in enumerate(rows)]
    values = {"collection": collection, "job": job, "form": form, "listed": numbered_rows}
    return render(request, "desk/withdrawals/found.html", values)


def _versions(row: dict[str, Any]) -> list[str]:
    """Return the versions to withdraw a match from; for a held text, its release."""
    held_in = row.get("held_in")
    return row["versions"] or ([held_in] if held_in else [])


def request_page(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show the texts that would be removed and the copies that would replace them; confirm the request."""
    collection = readable_collection(request, slug)
    job = _job(collection, number, "try withdrawal")
    may = job.state == Job.State.DONE and not job.arguments.get("dropped") and _may_confirm(request, job)
    if request.method == "POST" and may:
        wait_for(_start_once(request, job))
    started = _confirmed(job)
    if started is not None:
        return redirect("withdraw-done", slug, started.pk)
    values = {
        "collection": collection,
        "job": job,
        "may": may,
        "needs_other": job.state == Job.State.DONE and _needs_other(job) and not is_single(),
        "asks_second": _asks_second(collection),
        "may_drop": may_edit(request.user, collection) and not job.arguments.get("dropped"),
    }
    return render(request, "desk/withdrawals/request.html", values)


def _start_once(request: HttpRequest, job: Job) -> Job:
    """Start the withdrawal of a request unless it was already confirmed; return its job."""
    with transaction.atomic():
        Job.objects.select_for_update().get(pk=job.pk)  # if two people confirm at the same time, the second one waits
        started = _confirmed(job)
        if started is None:
            place, reason = f"collection {job.collection.slug}, job {job.pk}", job.arguments["because"]
            started = enqueue("withdraw", request.user, job.collection, request=job.pk, confirmed_by=request.user.pk)
            log(request.user, "withdrawal confirmed", place, reason=reason)
    return started


def drop(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Cancel a request that no one has confirmed."""
    collection = editable_collection(request, slug)
    job = _job(collection, number, "try withdrawal")
    if _confirmed(job) is None:
        Job.objects.filter(pk=job.pk).update(arguments=job.arguments | {"dropped": True})
        log(request.user, "withdrawal given up", f"collection {slug}, job {job.pk}")
        messages.success(request, _("Cancelled. Nothing was withdrawn."))
    return redirect("withdraw", slug)


def done(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show the receipts of a withdrawal, for printing, each with a code that leads to its status page."""
    collection = readable_collection(request, slug)
    job = _job(collection, number, "withdraw", "end hold")
    receipts = []
    for entry in (job.result or {}).get("receipts", ()):
        address = request.build_absolute_uri(reverse("status", args=[entry["request"]]))
        code = segno.make(address, error="m").svg_data_uri(scale=4, border=2, dark="#000", light="#fff")
        receipts.append((entry, address, code, _may_return(request, job, entry)))
    values = {"collection": collection, "job": job, "receipts": receipts, "form": ReasonForm()}
    return render(request, "desk/withdrawals/done.html", values)


def _may_return(request: HttpRequest, job: Job, entry: dict[str, Any]) -> bool:
    may = is_single() or request.user.role == Role.STEWARD
    return_jobs = Job.objects.filter(kind="end hold", arguments__request=entry["request"])
    ended = return_jobs.exclude(state__in=(Job.State.FAILED, Job.State.STOPPED))
    return may and entry["kind"] == "hold" and job.state == Job.State.DONE and not ended.exists()


def receipt(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Return the file of a receipt, which anyone can verify."""
    collection = readable_collection(request, slug)
    job = _job(collection, number, "withdraw", "end hold")
    numbers = {entry["file"]: entry["request"] for entry in (job.result or {}).get("receipts", ())}
    name = request.GET.get("file", next(iter(numbers), ""))
    path = data_folder() / "receipts" / name
    if name not in numbers or not path.is_file():
        raise Http404
    filename = f"{numbers[name]}{path.suffix}"
    return FileResponse(path.open("rb"), as_attachment=True, filename=filename, content_type="application/octet-stream")


def return_held(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """End a hold, with the reason."""
    collection = editable_collection(request, slug)
    job = _job(collection, number, "withdraw")
    form = ReasonForm(request.POST)
    entries = (job.result or {}).get("receipts", ())
    entry = next((row for row in entries if row["request"] == request.POST.get("request")), None)
    if entry is None or not _may_return(request, job, entry):
        raise Http404
    if not form.is_valid():
        messages.error(request, _("Say in a few words how it was settled."))
        return redirect("withdraw-done", slug, number)
    values = {"release": entry["release"], "request": entry["request"], "because": form.cleaned_data["because"]}
    ended = wait_for(enqueue("end hold", request.user, collection, **values))
    return redirect("withdraw-done", slug, ended.pk)
