"""The kinds of jobs, and their queue: each job is a row of a table."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext_lazy

from latam_corpus.web.models import Job

if TYPE_CHECKING:
    from latam_corpus.web.models import Collection, Person


class Kind(NamedTuple):
    """A kind of job; a short one takes seconds and doesn't wait for long ones, `route` is the page with its result.

    `where` is `module:function`. The function is called with the job, returns a result for JSON, and can be called
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
    "import folder": Kind(f"{_FILES}:import_named_folder", gettext_lazy("copy a folder"), route="files"),
    "survey": Kind(f"{_FILES}:survey", gettext_lazy("examine files"), is_short=True, route="files"),
    "read catalogue": Kind(
        f"{_FILES}:read_uploaded_catalogue", gettext_lazy("read the catalogue"), is_short=True, route="catalogue"
    ),
    "run": Kind(f"{_FILES}:run_collection", gettext_lazy("run the collection"), route="files"),
    "preview": Kind("latam_corpus.web.texts.jobs:preview", gettext_lazy("preview texts"), is_short=True, route="texts"),
    "try rules": Kind(
        "latam_corpus.web.policies.jobs:try_rules", gettext_lazy("try the rules of a language"), is_short=True
    ),
    "draw texts": Kind("latam_corpus.web.judging.samples:draw", gettext_lazy("draw texts"), is_short=True),
    "release": Kind(f"{_RELEASES}:make_version", gettext_lazy("make a version"), route="release"),
    "count versions": Kind(f"{_RELEASES}:count_versions", gettext_lazy("count the contents of versions")),
    "find texts": Kind(f"{_WITHDRAWALS}:find_texts", gettext_lazy("look for texts"), is_short=True),
    "try withdrawal": Kind(f"{_WITHDRAWALS}:try_withdrawal", gettext_lazy("try a withdrawal"), is_short=True),
    "withdraw": Kind(f"{_WITHDRAWALS}:withdraw", gettext_lazy("withdraw texts"), route="withdraw"),
    "end hold": Kind(f"{_WITHDRAWALS}:end_hold", gettext_lazy("end a hold"), route="withdraw"),
}


def enqueue(kind: str, person: Person | None, collection: Collection | None = None, **arguments: Any) -> Job:
    """Add a job to the queue; the server's worker starts it within a moment."""
    if kind not in KINDS:
        raise KeyError(kind)
    job: Job = Job.objects.create(kind=kind, person=person, collection=collection, arguments=arguments)
    return job


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
