"""The kinds of jobs, and their queue: each job is a row of a table."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from latam_corpus.web.models import Job

if TYPE_CHECKING:
    from django.http import HttpRequest

    from latam_corpus.web.models import Collection, Person


class Kind(NamedTuple):
    """A kind of job; a short one takes seconds and doesn't wait for long ones, `route` is the page with its result.

    `where` is the dotted path of a function. It is called with the job, returns a result for JSON, and can be called
    again after being killed at any moment.
    """

    where: str
    label: Any
    is_short: bool = False
    route: str = ""


_FILES: Final = "latam_corpus.web.files.jobs"
_RELEASES: Final = "latam_corpus.web.releases.jobs"
_WITHDRAWALS: Final = "latam_corpus.web.withdrawals.jobs"
KINDS: Final = {
    "import folder": Kind(f"{_FILES}.import_named_folder", _("copy a folder"), route="files"),
    "survey": Kind(f"{_FILES}.survey", _("examine files"), is_short=True, route="files"),
    "read catalogue": Kind(
        f"{_FILES}.read_uploaded_catalogue", _("read the catalogue"), is_short=True, route="catalogue"
    ),
    "run": Kind(f"{_FILES}.run_collection", _("run the collection"), route="files"),
    "preview": Kind("latam_corpus.web.texts.jobs.preview", _("preview texts"), is_short=True, route="texts"),
    "try rules": Kind("latam_corpus.web.policies.jobs.try_rules", _("try the rules of a language"), is_short=True),
    "draw texts": Kind("latam_corpus.web.judging.samples.draw", _("draw texts"), is_short=True),
    "release": Kind(f"{_RELEASES}.make_version", _("make a version"), route="release"),
    "count versions": Kind(f"{_RELEASES}.count_versions", _("count the contents of versions")),
    "find texts": Kind(f"{_WITHDRAWALS}.find_texts", _("look for texts"), is_short=True),
    "try withdrawal": Kind(f"{_WITHDRAWALS}.try_withdrawal", _("try a withdrawal"), is_short=True),
    "withdraw": Kind(f"{_WITHDRAWALS}.withdraw", _("withdraw texts"), route="withdraw"),
    "end hold": Kind(f"{_WITHDRAWALS}.end_hold", _("end a hold"), route="withdraw"),
}


def enqueue(kind: str, person: Person | None, collection: Collection | None = None, **arguments: Any) -> Job:
    """Add a job to the queue; the server's worker starts it within a moment."""
    if kind not in KINDS:
        raise KeyError(kind)
    job: Job = Job.objects.create(kind=kind, person=person, collection=collection, arguments=arguments)
    return job


def newest_or_new(request: HttpRequest, kind: str, collection: Collection | None = None, **key: Any) -> Job:
    """Wait for the newest job with these arguments, or for a new one if there is none or the person tries again."""
    of_key = {f"arguments__{name}": value for name, value in key.items()}
    jobs = Job.objects.filter(kind=kind, collection=collection, **of_key)
    job: Job | None = jobs.exclude(state=Job.State.STOPPED).first()
    if job is None or (job.state == Job.State.FAILED and "again" in request.GET):
        job = enqueue(kind, request.user, collection, **key)
    return wait_for(job)


def wait_for(job: Job, seconds: float = 4.0) -> Job:
    """Wait a few seconds for a short job to end; return its current row."""
    end = time.monotonic() + seconds
    while job.is_open and time.monotonic() < end:
        time.sleep(0.1)
        job.refresh_from_db()
    return job


def request_stop(job: Job) -> None:
    """Stop a job: at once if it is queued, within seconds if it is running."""
    now = timezone.now()
    if not Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).update(state=Job.State.STOPPED, ended=now):
        Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(stop_requested=True)


def report_progress(job: Job, done: int, of: int, what: str = "") -> None:
    """Store a job's progress for its page; `what` is the name of the object in work."""
    Job.objects.filter(pk=job.pk).update(progress={"done": done, "of": of, "what": what})
