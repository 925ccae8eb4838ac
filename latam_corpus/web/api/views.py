"""The API: read collections and jobs, read and write source files."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, F
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from latam_corpus.web.api_access import error
from latam_corpus.web.home.views import jobs_of
from latam_corpus.web.log import log
from latam_corpus.web.middleware import core_language
from latam_corpus.web.models import Collection
from latam_corpus.web.roles import OWNERS, collections_of, is_single, may_edit
from latam_corpus.web.sources import LARGEST, check_sent_source, read_source, replace_source, sentence
from latam_corpus.web.workspace import collection_folder

if TYPE_CHECKING:
    from django.http import HttpRequest

    from latam_corpus.web.models import Job

_A_PAGE: Final = 100
_DESCRIPTION: Final = Path(__file__).with_name("openapi.json")


@require_GET
def openapi(request: HttpRequest) -> HttpResponse:
    """Return the description of the API (OpenAPI 3.1)."""
    del request
    return HttpResponse(_DESCRIPTION.read_bytes(), content_type="application/json")


@csrf_exempt
@require_GET
def collections(request: HttpRequest) -> HttpResponse:
    """List the collections that the token's owner may read."""
    rows = collections_of(request.user).annotate(file_count=Count("files")).order_by("slug")
    return _page(request, "collections", rows, _collection_row)


@csrf_exempt
@require_GET
def collection(request: HttpRequest, slug: str) -> HttpResponse:
    """Return a collection."""
    row = collections_of(request.user).annotate(file_count=Count("files")).filter(slug=slug).first()
    return _missing() if row is None else JsonResponse(_collection_row(row))


@csrf_exempt
@require_http_methods(["GET", "PUT"])
def source(request: HttpRequest, slug: str) -> HttpResponse:
    """Return a collection's source file, or replace it; an unknown id creates a collection."""
    collection = collections_of(request.user).filter(slug=slug).first()
    if request.method == "PUT":
        return _put_source(request, slug, collection)
    if collection is None:
        return _missing()
    text, digest = read_source(collection)
    return JsonResponse({"toml": text, "sha256": digest})


def _put_source(request: HttpRequest, slug: str, existing: Collection | None) -> HttpResponse:
    """Replace a source file if it hasn't changed since the sender read it."""
    body = _body(request)
    if not isinstance(body.get("toml"), str) or not isinstance(body.get("replaces", ""), str):
        return error(400, _("The body must be JSON with the texts `toml` and `replaces`"), place="toml")
    language = core_language()
    findings = check_sent_source(body["toml"], slug)
    mistakes = [sentence(finding, language) for finding in findings if finding.wrong]
    if mistakes:
        return JsonResponse({"errors": mistakes}, status=422)
    with transaction.atomic():
        answer = _replaced(request, slug, existing, body)
    if isinstance(answer, HttpResponse):
        return answer
    advice = [sentence(finding, language) for finding in findings]
    return JsonResponse({"sha256": answer, "advice": advice}, status=201 if existing is None else 200)


def _replaced(request: HttpRequest, slug: str, existing: Collection | None, body: dict[str, Any]) -> str | HttpResponse:
    """Write the source file and the collection's row; return the file's digest, or a response with the refusal."""
    values = tomllib.loads(body["toml"])
    shown = {"title": values["title"][:200], "custodian": values["holder"][:200]}
    if existing is None:
        exists = Collection.objects.filter(slug=slug).exists() or collection_folder(Collection(slug=slug)).exists()
        if exists or not (is_single() or request.user.role in OWNERS):
            return error(403, _("The collection with this id belongs to someone else"), _("Use another id."), "id")
        existing = Collection.objects.create(slug=slug, owner=request.user, **shown)
        log(request.user, "collection made", f"collection {slug}")
        former = ""
    else:
        locked = Collection.objects.select_for_update().get(pk=existing.pk)
        if not may_edit(request.user, locked):
            return error(403, _("Your account doesn't allow this"))
        former = read_source(locked)[1]
        if former != body.get("replaces", ""):
            remedy = _("Get the current file, merge your changes, and send it again with the new digest in `replaces`.")
            return error(409, _("The source file has changed in the meantime"), remedy, former)
        Collection.objects.filter(pk=locked.pk).update(version=F("version") + 1, **shown)
    digest = replace_source(existing, body["toml"])
    log(request.user, "source replaced", f"collection {slug}", before=former, after=digest)
    return digest


@csrf_exempt
@require_GET
def jobs(request: HttpRequest) -> HttpResponse:
    """List the jobs that the token's owner may see, newest first."""
    return _page(request, "jobs", jobs_of(request), _job_row)


@csrf_exempt
@require_GET
def job(request: HttpRequest, number: int) -> HttpResponse:
    """Return a job."""
    row = jobs_of(request).filter(pk=number).first()
    return _missing() if row is None else JsonResponse(_job_row(row))


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
    page = Paginator(rows, _A_PAGE).get_page(request.GET.get("page"))
    following = page.next_page_number() if page.has_next() else None
    return JsonResponse({name: [as_row(row) for row in page], "next_page": following})


def _body(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object that a request contains; an empty one if it contains none, or is too large."""
    if int(request.headers.get("Content-Length") or 0) > 2 * LARGEST:
        return {}
    try:
        value = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) and len(str(value.get("toml", ""))) <= LARGEST else {}


def _missing() -> JsonResponse:
    return error(404, _("There is no such page"), _("The address is wrong, or the page isn't open to you."))
