"""The rights of a collection: terms, consents, decisions by group or file, proposals and approvals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from latam_corpus.web.access.roles import editable_collection, is_single, readable_collection
from latam_corpus.web.files.catalogue import change_draft, write_catalogue
from latam_corpus.web.files.views import examine
from latam_corpus.web.forms import refuse_as_changed
from latam_corpus.web.jobs.queue import wait_for
from latam_corpus.web.log import log
from latam_corpus.web.models import Job
from latam_corpus.web.rights import approvals
from latam_corpus.web.rights.forms import ConsentForm, DecisionForm, GroupForm, TermsForm
from latam_corpus.web.rights.terms import decide_terms, group_of, groups
from latam_corpus.web.source_values import change_source, source_values, stated
from latam_corpus.web.templatetags.desk import licence

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from latam_corpus.web.models import Collection

_SHOWN = 30  # maximum number of files listed on a page about a decision


def rights(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the rights of the texts: the terms, their groups, the consents and the approvals."""
    collection = readable_collection(request, slug)
    source = source_values(collection)
    stands = [approvals.standing(collection, kind) for kind in approvals.KINDS]
    values = {
        **_statements(collection, source),
        "terms": source.get("rights") or {},
        "stands": [
            (stand, stand.state == "proposed" and approvals.may_decide(request.user, collection, stand.kind))
            for stand in stands
        ],
        "may_propose": any(stand.state not in {"approved", "proposed"} for stand in stands),
        "is_examining": collection.jobs.filter(kind="survey", state__in=Job.OPEN).exists(),
    }
    return render(request, "desk/rights/rights.html", values)


def _statements(collection: Collection, source: dict[str, Any]) -> dict[str, Any]:
    """Return what source file and catalogue state, for the pages of rights and of an approval."""
    return {
        "collection": collection,
        "statement": licence(stated(source, "rights.statement") or ""),
        "groups": groups(collection),
        "records": _records(source),
        "documents": approvals.consent_documents(collection),
    }


def terms(request: HttpRequest, slug: str) -> HttpResponse:
    """State the widest terms of a collection, its custodian and its rights holder."""
    collection = editable_collection(request, slug)
    stated_now = source_values(collection).get("rights") or {}
    seen = approvals.digest_of(approvals.covered(collection, "rights")["stated"])
    initial = TermsForm.initial_of(stated_now, collection.custodian, collection.rights_holder, seen)
    form = TermsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["seen"] != seen:
            text = _(
                "Someone else changed this in the meantime. Compare it with the present statement; if you save again, "
                "yours replaces it."
            )
            refuse_as_changed(form, "seen", seen, text)
        else:
            people = {"custodian": form.cleaned_data["custodian"], "rights_holder": form.cleaned_data["rights_holder"]}
            with transaction.atomic():
                collection.store(**people)
                old_values, new_values = change_source(collection, form.source_changes())
            write_catalogue(collection)
            log(request.user, "terms stated", f"collection {slug}", before=old_values, after=new_values)
            wait_for(examine(request, collection, all=True))
            messages.success(request, _("The terms are saved. They need an approval before a release."))
            return redirect("rights", slug)
    values = {"collection": collection, "form": form, "now": stated_now if form.errors else None}
    return render(request, "desk/rights/terms.html", values)


def group(request: HttpRequest, slug: str) -> HttpResponse:
    """Decide on the terms of a group of texts whose rows state the same rights, or of one file."""
    collection = editable_collection(request, slug)
    of_collection = source_values(collection).get("rights") or {}
    name = request.GET.get("file", "")
    value, is_without_row = request.GET.get("value", ""), request.GET.get("row") == "no"
    if name:
        file = get_object_or_404(collection.files, path=name)
        paths, licences = [name], []
        value = str(approvals.catalogue_rows(collection).get(f"files/{name}", {}).get("rights", ""))
        initial = _initial(file.correction)
    else:
        chosen = group_of(collection, value, is_without_row=is_without_row)
        if chosen is None:
            messages.info(request, _("No file states this any more."))
            return redirect("rights", slug)
        paths, licences = list(chosen.paths), chosen.licences
        initial = _initial(collection.files.get(path=paths[0]).correction)
    if not of_collection.get("statement") and not licences:
        messages.warning(request, _("First state what may be done with the collection; then decide on its parts."))
        return redirect("rights-terms", slug)
    form = GroupForm(request.POST or None, rights=of_collection, licences=licences, initial=initial)
    if request.method == "POST" and form.is_valid():
        count = decide_terms(collection, request.user, paths, form.cells())
        text = ngettext("The terms of %(n)d file are saved.", "The terms of %(n)d files are saved.", count)
        messages.success(request, text % {"n": count})
        return redirect("catalogue" if request.POST.get("next") == "catalogue" else "rights", slug)
    values = {
        "collection": collection,
        "form": form,
        "value": value,
        "file": name,
        "is_without_row": is_without_row,
        "paths": paths[:_SHOWN],
        "count": len(paths),
        "more": max(0, len(paths) - _SHOWN),
    }
    return render(request, "desk/rights/group.html", values)


def _initial(correction: dict[str, Any]) -> dict[str, Any]:
    uses = [use for use in str(correction.get("uses", "")).split("; ") if use]
    return {**correction, "statement": correction.get("rights"), "uses": uses}


def _records(source: dict[str, Any]) -> list[dict[str, Any]]:
    records = stated(source, "consent.records")
    return [record for record in records if isinstance(record, dict)] if isinstance(records, list) else []


def consent(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a record of consent, or change one."""
    collection = editable_collection(request, slug)
    records = _records(source_values(collection))
    name = request.GET.get("id", "")
    current = next((record for record in records if record.get("id") == name), None)
    other_ids = [str(record.get("id")) for record in records if record is not current]
    form = ConsentForm(request.POST or None, request.FILES or None, taken=other_ids, initial=current or {})
    if request.method == "POST" and form.is_valid():
        record = form.record()
        if current and "language" in current:
            record["language"] = current["language"]
        changed = [record if entry is current else entry for entry in records] if current else [*records, record]
        old_values, new_values = change_source(collection, {"consent.records": changed})
        _keep_document(request, collection, name, record["id"])
        log(request.user, "consent recorded", f"collection {slug}, {record['id']}", before=old_values, after=new_values)
        wait_for(examine(request, collection, all=True))
        messages.success(request, _("The consent is recorded. It needs an approval before a release."))
        return redirect("rights", slug)
    kept = approvals.consent_documents(collection).get(name)
    values = {"collection": collection, "form": form, "record": current, "kept": kept}
    return render(request, "desk/rights/consent.html", values)


def _keep_document(request: HttpRequest, collection: Collection, old: str, new: str) -> None:
    """Store an uploaded consent document under its digest, without parsing it."""
    upload = request.FILES.get("document")
    entry = None
    if upload is not None:
        digest = upload.digest.hexdigest()
        folder = approvals.consent_folder(collection)
        folder.mkdir(exist_ok=True)
        upload.file.flush()
        Path(upload.temporary_file_path()).replace(folder / digest)
        (folder / digest).chmod(0o440)
        entry = [Path(upload.relative).name, digest]

    def change(draft: dict[str, Any]) -> None:
        documents = draft.setdefault("consent_documents", {})
        earlier = documents.pop(old, None)
        if entry or earlier:
            documents[new] = entry or earlier

    change_draft(collection, change)


def consent_remove(request: HttpRequest, slug: str) -> HttpResponse:
    """Remove a record of consent from the source file; its document is kept with the collection."""
    collection = editable_collection(request, slug)
    name = request.POST.get("id", "")
    records = _records(source_values(collection))
    remaining = [record for record in records if record.get("id") != name]
    if len(remaining) == len(records):
        raise Http404
    old_values, new_values = change_source(collection, {"consent.records": remaining})
    change_draft(collection, lambda draft: draft.get("consent_documents", {}).pop(name, None))
    log(request.user, "consent removed", f"collection {slug}, {name}", before=old_values, after=new_values)
    wait_for(examine(request, collection, all=True))
    messages.success(request, _("The record is removed."))
    return redirect("rights", slug)


def document(request: HttpRequest, slug: str) -> HttpResponse:
    """Return a consent document as a download."""
    collection = readable_collection(request, slug)
    entry = approvals.consent_documents(collection).get(request.GET.get("id", ""))
    path = approvals.consent_folder(collection) / entry[1] if entry else None
    if entry is None or path is None or not path.is_file():
        raise Http404
    log(request.user, "consent document read", f"collection {slug}, {request.GET['id']}")
    content_type = "application/octet-stream"
    return FileResponse(path.open("rb"), as_attachment=True, filename=entry[0], content_type=content_type)


def propose_both(request: HttpRequest, slug: str) -> HttpResponse:
    """Propose the current rights and consent for approval."""
    collection = editable_collection(request, slug)
    if not stated(source_values(collection), "rights.statement"):
        messages.error(request, _("First state what may be done with the texts."))
    elif not collection.rights_holder:
        messages.error(request, _("First write who holds the rights."))
    elif not collection.files.exists():
        messages.error(request, _("First add files."))
    elif approvals.propose(collection, request.user):
        text = _("Proposed. Someone else now reads it, and approves it or says what is missing.")
        messages.success(request, _("Proposed. Now read both parts, and decide.") if is_single() else text)
    return redirect("rights", slug)


def approve(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Show the exact content of a proposal, and approve or refuse it."""
    collection = readable_collection(request, slug)
    if kind not in approvals.KINDS:
        raise Http404
    current = approvals.standing(collection, kind)
    if current.state != "proposed" or not approvals.may_decide(request.user, collection, kind):
        messages.info(request, _("There is nothing for you to approve here."))
        return redirect("rights", slug)
    form = DecisionForm(request.POST or None, initial={"digest": current.digest})
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        approved = answers["decision"] == "approve"
        if approvals.decide(
            collection, kind, request.user, answers["digest"], approved=approved, reason=answers["reason"]
        ):
            messages.success(request, _("Approved.") if approved else _("Refused. The owner sees your reason."))
            return redirect("rights", slug)
        text = _("It changed while you were reading it. Read it again, and decide again.")
        refuse_as_changed(form, "digest", current.digest, text)
    values = {
        **_statements(collection, source_values(collection)),
        "form": form,
        "found": current,
        "covers": approvals.covered(collection, kind),
    }
    return render(request, "desk/rights/approve.html", values)
