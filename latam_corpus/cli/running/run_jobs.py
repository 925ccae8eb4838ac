"""`latam-corpus runs status|logs|cancel|retry`: manage runs that were submitted to a cluster."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.cli.interface.show import console, errors, note, print_json, table
from latam_corpus.engine.cluster.slurm_jobs import DRIVER_LOG, submissions
from latam_corpus.engine.cluster.slurm_state import cancel, find_submission, last_lines, logs, resubmit, state_of
from latam_corpus.engine.cluster.submitted import edited
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _, first_of
from latam_corpus.pipeline.stored_runs.history import entry

if TYPE_CHECKING:
    from latam_corpus.engine.cluster.slurm_jobs import Submission
    from latam_corpus.engine.cluster.slurm_state import JobsState

_SHOWN: Final = 3  # number of files that a message names


def show_jobs(run: str | None, out: Path, *, as_json: bool) -> None:
    """Print the state and the counts of runs that were submitted to a cluster."""
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
    """Return a submission's row in `status`, which is also its JSON value."""
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


def show_logs(*, run: str, job: str | None, lines: int, out: Path, as_json: bool) -> None:
    """Print the last lines of the logs of a cluster run."""
    submission = find_submission(run, out.resolve())
    log_files = {path.stem: path for path in logs(submission)}
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


def cancel_jobs(run: str, out: Path, *, as_json: bool) -> None:
    """End the jobs of a cluster run."""
    submission = find_submission(run, out.resolve())
    state = state_of(submission)
    if not state.lives and not state.workers:
        raise ConfigError(
            submission.folder.name, _("its driver has ended ({word})", word=state.word), _("there is nothing to cancel")
        )
    cancel(submission)
    name = submission.folder.name
    if as_json:
        print_json({"cancelled": name})
        return
    console.print(
        _("{name} is cancelled; to continue from the finished parts: latam-corpus runs retry {name}", name=name)
    )


def submit_again(run: str, out: Path, *, as_json: bool) -> None:
    """Submit a cluster run again that was cancelled or failed."""
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


def print_submitted(submission: Submission, *, as_json: bool) -> None:
    """Print that a run's driver was submitted as a job, and the commands to follow it."""
    job, name = submission.values["job"], submission.folder.name
    if as_json:
        print_json({"submitted": name, "job": job, "folder": str(submission.folder)})
        return
    out = submission.folder.parent.parent
    console.print(_("submitted {name}: its driver is job {job}; you may log out", name=name, job=job))
    for verb in ("status", "logs", "cancel"):
        console.print(f"  latam-corpus runs {verb} {name} --out {shlex.quote(str(out))}")
