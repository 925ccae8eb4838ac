"""The API: read collections and jobs, read and write source files and catalogues.

A file is replaced only if `If-Match` has the ETag of the current one, so that nobody overwrites unseen changes.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from latam_corpus.errors import CorpusError
from latam_corpus.web.access.middleware import core_language
from latam_corpus.web.access.roles import OWNERS, collections_of, is_single, may_edit, readable_collection
from latam_corpus.web.access.tokens import error
from latam_corpus.web.files.catalogue import NAME, read_written_catalogue
from latam_corpus.web.files.jobs import replace_catalogue
from latam_corpus.web.home.views import jobs_of
from latam_corpus.web.jobs.queue import enqueue
from latam_corpus.web.log import log
from latam_corpus.web.models import Collection
from latam_corpus.web.rights.approvals import reopen
from latam_corpus.web.sources import LARGEST, check_sent_source, read_source, replace_source, sentence
from latam_corpus.web.workspace import data_folder, is_taken, store_upload

if TYPE_CHECKING:
    from django.http import HttpRequest

    from latam_corpus.web.models import Job

_A_PAGE: Final = 100
_LARGEST: Final = {"toml": LARGEST, "csv": 4 * LARGEST}  # characters
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,9}")
DESCRIPTION: Final = Path(__file__).with_name("openapi.json")


@require_GET
def openapi(request: HttpRequest) -> HttpResponse:
    """Return the description of the API (OpenAPI 3.1)."""
    del request
    return HttpResponse(DESCRIPTION.read_bytes(), content_type="application/json")


@require_GET
def collections(request: HttpRequest) -> HttpResponse:
    """List the collections that the token's owner may read."""
    rows = collections_of(request.user).annotate(file_count=Count("files")).order_by("slug")
    return _page(request, "collections", rows, _collection_row)


@require_GET
def collection(request: HttpRequest, slug: str) -> HttpResponse:
    """Return a collection."""
    rows = collections_of(request.user).annotate(file_count=Count("files"))
    return JsonResponse(_collection_row(get_object_or_404(rows, slug=slug)))


@require_http_methods(["GET", "PUT"])
def source(request: HttpRequest, slug: str) -> HttpResponse:
    """Return a collection's source file, or replace it; an unknown id creates a collection."""
    if request.method == "PUT":
        return _put_source(request, slug, collections_of(request.user).filter(slug=slug).first())
    text, digest = read_source(readable_collection(request, slug))
    return JsonResponse({"toml": text, "sha256": digest}, headers={"ETag": f'"{digest}"'})


def _put_source(request: HttpRequest, slug: str, existing: Collection | None) -> HttpResponse:
    """Replace a source file if it hasn't changed since the sender read it."""
    text = _sent(request, "toml")
    if isinstance(text, HttpResponse):
        return text
    language = core_language()
    findings = check_sent_source(text, slug)
    mistakes = [sentence(finding, language) for finding in findings if finding.wrong]
    if mistakes:
        return JsonResponse({"errors": mistakes}, status=422)
    with transaction.atomic():
        answer = _replaced(request, slug, existing, text)
    if isinstance(answer, HttpResponse):
        return answer
    advice = [sentence(finding, language) for finding in findings]
    return _pushed(slug, answer, advice, 201 if existing is None else 200)


def _replaced(request: HttpRequest, slug: str, existing: Collection | None, text: str) -> str | HttpResponse:
    """Write the source file and the collection's row; return the file's digest, or the response that refuses it."""
    values = tomllib.loads(text)
    shown = {"title": values["title"][:200], "custodian": values["holder"][:200]}
    if existing is None:
        if is_taken(slug) or not (is_single() or request.user.role in OWNERS):
            return error(403, _("The collection with this id belongs to someone else"), _("Use another id."), "id")
        if request.headers.get("If-Match"):
            return _changed(request)
        existing = Collection.objects.create(slug=slug, owner=request.user, **shown)
        log(request.user, "collection made", f"collection {slug}")
        former = ""
    else:
        locked = Collection.objects.select_for_update().get(pk=existing.pk)
        if not may_edit(request.user, locked):
            return error(403, _("Your account doesn't allow this"))
        former = read_source(locked)[1]
        if not _is_current(request, former):
            return _changed(request)
        locked.store(**shown)
    digest = replace_source(existing, text)
    log(request.user, "source replaced", f"collection {slug}", before=former, after=digest)
    return digest


@require_http_methods(["GET", "PUT"])
def catalogue(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the catalogue that a collection's runs read, or replace it."""
    collection = readable_collection(request, slug)
    if request.method == "PUT":
        return _put_catalogue(request, collection)
    text, digest = read_written_catalogue(collection)
    if not digest:
        return error(404, _("The collection has no catalogue"), place=NAME)
    return JsonResponse({"csv": text, "sha256": digest}, headers={"ETag": f'"{digest}"'})


def _put_catalogue(request: HttpRequest, collection: Collection) -> HttpResponse:
    """Replace a catalogue if it hasn't changed since the sender read it."""
    text = _sent(request, "csv")
    if isinstance(text, HttpResponse):
        return text
    if not may_edit(request.user, collection):
        return error(403, _("Your account doesn't allow this"))
    data = text.encode()
    sent_digest = hashlib.sha256(data).hexdigest()
    with tempfile.TemporaryDirectory(dir=data_folder() / "tmp") as folder:
        path = Path(folder, NAME)
        path.write_bytes(data)
        store_upload(path, sent_digest)
    try:
        with transaction.atomic():
            locked = Collection.objects.select_for_update().get(pk=collection.pk)
            former = read_written_catalogue(locked)[1]
            if former and not _is_current(request, former):
                return _changed(request)
            replace_catalogue(locked, sent_digest)
            digest = read_written_catalogue(locked)[1]
            log(request.user, "catalogue added", f"collection {locked.slug}", before=former, after=digest)
    except CorpusError as failed:
        told = failed.translated(core_language())
        return error(422, told.problem, told.remedy, told.place)
    enqueue("survey", request.user, locked, all=True)
    return _pushed(collection.slug, digest, [], 200 if former else 201)


def _pushed(slug: str, digest: str, advice: list[dict[str, str]], status: int) -> HttpResponse:
    """Return the response to a push: the digest, advice, and the state of each approval; the rest is a draft again."""
    states = reopen(Collection.objects.get(slug=slug))
    values = {"sha256": digest, "advice": advice, "approvals": states}
    return JsonResponse(values, status=status, headers={"ETag": f'"{digest}"'})


def _is_current(request: HttpRequest, digest: str) -> bool:
    """Return whether the sender knows the file that it replaces; `*` doesn't show that."""
    return f'"{digest}"' in parse_etags(request.headers.get("If-Match", ""))


def _changed(request: HttpRequest) -> HttpResponse:
    """Return the error of a sender who doesn't know the current file."""
    remedy = _("Get the current file, merge your changes, and send it with its ETag in If-Match.")
    if request.headers.get("If-Match"):
        return error(412, _("The file has changed in the meantime"), remedy, "If-Match")
    return error(428, _("The file exists already"), remedy, "If-Match")


@require_GET
def jobs(request: HttpRequest) -> HttpResponse:
    """List the jobs that the token's owner may see, newest first."""
    return _page(request, "jobs", jobs_of(request), _job_row)


@require_GET
def job(request: HttpRequest, number: int) -> HttpResponse:
    """Return a job."""
    return JsonResponse(_job_row(get_object_or_404(jobs_of(request), pk=number)))


def _collection_row(collection: Collection) -> dict[str, Any]:
    return {
        "id": collection.slug,
        "title": collection.title,
        "custodian": collection.custodian,
        "rights_holder": collection.rights_holder,
        "state": collection.state,
        "files": collection.file_count,
    }


def _job_row(job: Job) -> dict[str, Any]:
    return {
        "number": job.pk,
        "kind": job.kind,
        "collection": job.collection.slug if job.collection else None,
        "state": job.state,
        "progress": job.progress,
        "created": job.created.isoformat(),
        "ended": job.ended.isoformat() if job.ended else None,
    }


def _page(request: HttpRequest, name: str, rows: Any, as_row: Any) -> JsonResponse:
    number = request.GET.get("page", "1")
    if not _NUMBER.fullmatch(number):
        return error(400, _("It isn't the number of a page"), _("Use a whole number from 1."), "page")
    page = Paginator(rows, _A_PAGE).get_page(number)
    following = page.next_page_number() if page.has_next() else None
    return JsonResponse({name: [as_row(row) for row in page], "next_page": following})


def _sent(request: HttpRequest, name: str) -> str | HttpResponse:
    """Return the text that a request's JSON has under a name, or the response that refuses the request."""
    too_large = error(413, _("This is too large"), _("Send a smaller file."), name)
    if int(request.headers.get("Content-Length") or 0) > 2 * _LARGEST[name]:
        return too_large
    try:
        text: str = json.loads(request.body)[name]
        text.encode()  # JSON can have half of a surrogate pair, which isn't text
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return error(400, _("The body must be JSON with the text `%(name)s`") % {"name": name}, place=name)
    return text if len(text) <= _LARGEST[name] else too_large
