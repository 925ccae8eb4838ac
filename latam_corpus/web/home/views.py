"""The home page, collections, jobs, static files and the health check."""

from __future__ import annotations

import mimetypes
from itertools import chain, count
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Count, Q
from django.forms import modelform_factory
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import slugify

from latam_corpus.web.access.roles import collections_of, is_single, may_edit, readable_collection
from latam_corpus.web.jobs.queue import KINDS, request_stop
from latam_corpus.web.log import log
from latam_corpus.web.models import Collection, Job, Role
from latam_corpus.web.templatetags.desk import STATIC
from latam_corpus.web.workspace import data_folder, is_taken, write_source

if TYPE_CHECKING:
    from django.http import HttpRequest

_A_PAGE = 50
_NewCollection = modelform_factory(Collection, fields=("title", "custodian", "rights_holder"))


def home(request: HttpRequest) -> HttpResponse:
    """List the person's collections, those with problems first, and the open jobs."""
    is_problem = Q(files__facts__read=False) | (Q(files__facts__problem__isnull=False) & ~Q(files__facts__problem=""))
    counted = collections_of(request.user).annotate(
        file_count=Count("files", distinct=True),
        problem_count=Count("files", filter=is_problem, distinct=True),
        failed_jobs=Count("jobs", filter=Q(jobs__state=Job.State.FAILED), distinct=True),
    )
    ordered = counted.order_by("-problem_count", "-failed_jobs", "title")
    page = Paginator(ordered, _A_PAGE).get_page(request.GET.get("page"))
    open_jobs = jobs_of(request).filter(state__in=Job.OPEN)
    return render(request, "desk/home/home.html", {"page": page, "open_jobs": open_jobs[:10]})


def collection_new(request: HttpRequest) -> HttpResponse:
    """Create a collection, with a folder and a source file without rights."""
    form = _NewCollection(request.POST or None)
    if request.method == "POST" and form.is_valid():
        new = form.save(commit=False)
        new.owner = request.user
        new.slug = _free_slug(new.title)
        new.save()
        write_source(new)
        log(request.user, "collection made", f"collection {new.slug}")
        return redirect("files", new.slug)
    return render(request, "desk/home/collection_new.html", {"form": form})


def collection(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a collection: its custodian, its state and the next step."""
    row = readable_collection(request, slug)
    values = {"collection": row, "jobs": row.jobs.all()[:5], "files": row.files.count()}
    return render(request, "desk/home/collection.html", values)


def jobs(request: HttpRequest) -> HttpResponse:
    """List jobs, newest first."""
    page = Paginator(jobs_of(request), _A_PAGE).get_page(request.GET.get("page"))
    return render(request, "desk/home/jobs.html", {"page": page})


def job(request: HttpRequest, number: int) -> HttpResponse:
    """Show a job: its progress, or its result."""
    row = get_object_or_404(jobs_of(request), pk=number)
    kind = KINDS[row.kind]
    values = {
        "job": row,
        "label": kind.label,
        "may_stop": row.is_open and _may_stop(request, row),
        "result_page": reverse(kind.route, args=[row.collection.slug]) if kind.route and row.collection else "",
    }
    return render(request, "desk/home/job.html", values)


def job_stop(request: HttpRequest, number: int) -> HttpResponse:
    """Stop a job."""
    row = get_object_or_404(jobs_of(request), pk=number)
    if not _may_stop(request, row):
        raise Http404
    request_stop(row)
    log(request.user, "job stopped", f"job {row.pk}, {row.kind}")
    return redirect("job", number)


def asset(request: HttpRequest, name: str) -> HttpResponse:
    """Return a style sheet or script; browsers cache it for good, since a change to it changes its URL."""
    path = STATIC / "desk" / name
    if path.parent != STATIC / "desk" or not path.is_file():
        raise Http404
    response = HttpResponse(path.read_bytes(), content_type=mimetypes.guess_type(name)[0])
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if "v" in request.GET else "no-cache"
    return response


def health(request: HttpRequest) -> HttpResponse:
    """Return `ok`, for a monitor, if the database answers and the data folder is writable."""
    del request
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    (data_folder() / "tmp" / "health").write_bytes(b"ok")
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


def jobs_of(request: HttpRequest) -> Any:
    """Return the jobs that a person may see: for contributors, jobs of their own collections; for others, all."""
    everything = Job.objects.select_related("collection", "person")
    if request.user.role == Role.CONTRIBUTOR and not is_single():
        return everything.filter(Q(person=request.user) | Q(collection__owner=request.user))
    return everything


def _may_stop(request: HttpRequest, row: Job) -> bool:
    is_own = row.person_id == request.user.pk
    return is_own or (row.collection is not None and may_edit(request.user, row.collection))


def _free_slug(title: str) -> str:
    """Return an id for a collection that no row and no folder has."""
    stem = slugify(title)[:50].strip("-_").replace("_", "-") or "collection"
    if not stem[0].isalpha():
        stem = f"c-{stem}"
    numbered = (f"{stem}-{number}" for number in count(2))
    return next(slug for slug in chain([stem], numbered) if not is_taken(slug))
