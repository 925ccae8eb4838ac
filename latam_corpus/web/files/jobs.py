"""Jobs about files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from latam_corpus.web.jobs import report_progress
from latam_corpus.web.workspace import import_folder

if TYPE_CHECKING:
    from latam_corpus.web.models import Job

_MOST_NAMED = 50


def import_named_folder(job: Job) -> dict[str, Any]:
    """Copy the files of a folder on this machine into the job's collection."""
    copied, left_out = 0, []
    for path, reason in import_folder(job.collection, Path(job.arguments["folder"])):
        if reason:
            left_out.append([path, reason])
        else:
            copied += 1
            report_progress(job, copied, 0, path)
    return {"copied": copied, "left_out": left_out[:_MOST_NAMED], "left_out_count": len(left_out)}
