"""`latam-corpus runs status|logs|cancel|retry`: runs that were submitted to a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from latam_corpus.cli.interface.options import DiskOut, Json
from latam_corpus.cli.interface.show import console, errors, note, print_json, table
from latam_corpus.engine.cluster.slurm_jobs import DRIVER_LOG, submissions
from latam_corpus.engine.cluster.submitted import edited
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import N_, _, first_of
from latam_corpus.pipeline.stored_runs.history import entry

if TYPE_CHECKING:
    from latam_corpus.engine.cluster.slurm_jobs import Submission
    from latam_corpus.engine.cluster.slurm_state import JobsState

Name = Annotated[
    str,
    typer.Argument(metavar="RUN", help=N_("A submission's name or the start of it, its job, its run, or its recipe.")),
]
_SHOWN: Final = 3  # files that a message names
_NAME_OR_ALL: Final = N_("A submission's name or the start of it, its job, its run, or its recipe; all by default.")


def status(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help=_NAME_OR_ALL)] = None,
    out: DiskOut = Path("out"),
    as_json: Json = False,
) -> None:
    """Print the state and the counts of runs that were submitted to a cluster."""
    from latam_corpus.engine.cluster.slurm_state import find_submission, state_of

    out = out.resolve()
    states = [(each, state_of(each)) for each in ([find_submission(run, out)] if run else submissions(out))]
    rows = [_row(submission, state) for submission, state in states]
    if as_json:
        print_json(rows)
        return
    if not rows:
        console.print(_("no run was submitted to a cluster from here"))
        return
    for row in rows:  # a job may wait forever; Slurm gives the reason
        row["state"] += f" ({row['reason']})" if row["state"] in ("queued", "held") and row["reason"] else ""
    heads = [_("submission"), _("state"), _("job"), _("workers run#"), _("wait#"), _("run")]
    table(
        "", heads, [[row[key] for key in ("submission", "state", "job", "running", "waiting", "run")] for row in rows]
    )
    for row in rows:
        if row["said"]:
            console.print(f"{row['submission']}: {row['said']}")
        for failed in row["failed"]:
            console.print(_("failed   {part}: {error}", part=failed["part"], error=failed["error"].splitlines()[-1]))
    silence = next((state.silence for _, state in states if state.silence), "")
    if silence:
        errors.print(_("Slurm doesn't answer: {why}", why=silence))


def _row(submission: Submission, state: JobsState) -> dict[str, Any]:
    """Return a submission's row of `status`, also its JSON."""
    run_entry = entry(state.run) if state.run else None
    parts = run_entry.record.values["parts"] if run_entry and run_entry.record and not state.lives else []
    return {
        "submission": submission.folder.name,
        "submitted": submission.values["submitted"],
        "state": state.word,
        "job": submission.values["job"],
        "code": submission.code,
        "reason": state.driver.reason if state.driver else None,
        "running": sum(not job.waits for job in state.workers),
        "waiting": sum(job.waits for job in state.workers),
        "run": state.run.name if state.run else None,
        "said": state.last_line,
        "failed": [{"part": part["name"], "error": part["failed"]} for part in parts if part.get("failed")],
    }


def logs(
    run: Name,
    job: Annotated[
        str | None, typer.Option("--job", help=N_("A worker's job, such as 12_3; the driver's by default."))
    ] = None,
    lines: Annotated[int, typer.Option(min=1, help=N_("How many lines to print."))] = 40,
    out: DiskOut = Path("out"),
    as_json: Json = False,
) -> None:
    """Print the last lines of the logs of a cluster run."""
    from latam_corpus.engine.cluster.slurm_state import find_submission, last_lines
    from latam_corpus.engine.cluster.slurm_state import logs as logs_of

    submission = find_submission(run, out.resolve())
    log_files = {path.stem: path for path in logs_of(submission)}
    log_name = job or Path(DRIVER_LOG).stem
    if job and job not in log_files:
        raise ConfigError(
            "--job",
            _("{folder} has no log of a job «{job}»", job=job, folder=submission.folder.name),
            closest(job, log_files),
        )
    last = last_lines(log_files[log_name], lines) if log_name in log_files else []
    other_logs = [str(path) for name, path in log_files.items() if name != log_name]
    if as_json:
        print_json({"submission": submission.folder.name, "job": log_name, "lines": last, "others": other_logs})
        return
    for line in last:
        console.print(line)
    if not last:
        console.print(_("{folder}: the log is still empty", folder=submission.folder.name))
    for path in other_logs:
        console.print(_("log      {path}", path=path))


def cancel(run: Name, out: DiskOut = Path("out"), as_json: Json = False) -> None:
    """End the jobs of a cluster run."""
    from latam_corpus.engine.cluster.slurm_state import cancel as cancel_jobs
    from latam_corpus.engine.cluster.slurm_state import find_submission, state_of

    submission = find_submission(run, out.resolve())
    state = state_of(submission)
    if not state.lives and not state.workers:
        raise ConfigError(
            submission.folder.name, _("its driver has ended ({word})", word=state.word), _("there is nothing to cancel")
        )
    cancel_jobs(submission)
    name = submission.folder.name
    if as_json:
        print_json({"cancelled": name})
        return
    console.print(
        _("{name} is cancelled; to continue from the finished parts: latam-corpus runs retry {name}", name=name)
    )


def retry(run: Name, out: DiskOut = Path("out"), as_json: Json = False) -> None:
    """Submit a cluster run again that was cancelled or failed."""
    from latam_corpus.cli.running.outcome import print_submitted
    from latam_corpus.engine.cluster.slurm_state import find_submission, resubmit, state_of

    submission = find_submission(run, out.resolve())
    state = state_of(submission)
    if state.lives:
        problem = _("its driver is {word}", word=state.word)
        raise ConfigError(submission.folder.name, problem, _("wait until it has ended, or cancel it"))
    resubmitted = resubmit(submission)
    if files := edited(submission.folder):
        sentence = _("changed since the run was submitted, and not used: {files}; to use them, start a new `run`")
        note(sentence.fill(files=first_of(files, _SHOWN)))
    print_submitted(resubmitted, as_json=as_json)
