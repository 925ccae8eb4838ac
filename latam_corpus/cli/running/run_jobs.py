"""`latam-corpus runs status|logs|cancel|retry`: the jobs of runs that were given to a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from latam_corpus.cli.interface.options import DiskOut, Json
from latam_corpus.cli.interface.show import console, errors, note, print_json, table
from latam_corpus.errors import ConfigError
from latam_corpus.messages import N_, _, first_of

if TYPE_CHECKING:
    from latam_corpus.engine.cluster.slurm_jobs import Submission
    from latam_corpus.engine.cluster.slurm_state import JobsState

Name = Annotated[
    str,
    typer.Argument(metavar="RUN", help=N_("A submission's name or the start of it, its job, its run, or its recipe.")),
]
_SHOWN: Final = 3  # files that a message names
_NAME_OR_ALL: Final = N_(
    "A submission's name or the start of it, its job, its run, or its recipe. All where none is named."
)


def status(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help=_NAME_OR_ALL)] = None,
    out: DiskOut = Path("out"),
    as_json: Json = False,
) -> None:
    """Print the state and the counts of runs that were given to a cluster."""
    from latam_corpus.engine.cluster.slurm_jobs import submissions
    from latam_corpus.engine.cluster.slurm_state import find_submission, state_of

    out = out.resolve()
    shown = [(one, state_of(one)) for one in ([find_submission(run, out)] if run else submissions(out))]
    if as_json:
        print_json([_row(*one) for one in shown])
        return
    if not shown:
        console.print(_("no run was given to a cluster from here"))
        return
    rows = [_row(*one) for one in shown]
    for row in rows:  # a job that waits for ever says why
        row["state"] += f" ({row['reason']})" if row["state"] in ("queued", "held") and row["reason"] else ""
    heads = [_("submission"), _("state"), _("job"), _("workers run#"), _("wait#"), _("run")]
    table(
        "", heads, [[row[key] for key in ("submission", "state", "job", "running", "waiting", "run")] for row in rows]
    )
    for row in rows:
        if row["said"]:
            console.print(f"{row['submission']}: {row['said']}", markup=False)
        for failed in row["failed"]:
            console.print(
                _("failed   {part}: {error}", part=failed["part"], error=failed["error"].splitlines()[-1]),
                markup=False,
            )
    silence = next((state.silence for _, state in shown if state.silence), "")
    if silence:
        errors.print(_("Slurm doesn't answer: {why}", why=silence), markup=False)


def _row(submission: Submission, state: JobsState) -> dict[str, Any]:
    """Return what is shown of a submission."""
    from latam_corpus.pipeline.stored_runs.history import entry

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
        str | None, typer.Option("--job", help=N_("A worker's job, such as 12_3; else the driver's."))
    ] = None,
    lines: Annotated[int, typer.Option(min=1, help=N_("How many of its last lines."))] = 40,
    out: DiskOut = Path("out"),
    as_json: Json = False,
) -> None:
    """Print the last lines of the logs of a cluster run."""
    from latam_corpus.engine.cluster.slurm_jobs import DRIVER_LOG
    from latam_corpus.engine.cluster.slurm_state import find_submission, last_lines
    from latam_corpus.engine.cluster.slurm_state import logs as logs_of
    from latam_corpus.errors import closest

    submission = find_submission(run, out.resolve())
    every = {path.stem: path for path in logs_of(submission)}
    driver = Path(DRIVER_LOG).stem
    wanted = job or driver
    if wanted not in every and job:
        raise ConfigError(
            "--job",
            _("no job «{job}» of {folder} said anything", job=job, folder=submission.folder.name),
            closest(job, every),
        )
    last = last_lines(every[wanted], lines) if wanted in every else []
    others = [str(path) for name, path in every.items() if name != wanted]
    if as_json:
        print_json({"submission": submission.folder.name, "job": wanted, "lines": last, "others": others})
        return
    for line in last:
        console.print(line, markup=False)
    if not last:
        console.print(_("{folder}: nothing was said yet", folder=submission.folder.name), markup=False)
    for path in others:
        console.print(_("log      {path}", path=path), markup=False)


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
        _("{name} is cancelled; what was done is kept: latam-corpus runs retry {name}", name=name), markup=False
    )


def retry(run: Name, out: DiskOut = Path("out"), as_json: Json = False) -> None:
    """Submit a cluster run again that was cancelled or failed."""
    from latam_corpus.cli.running.outcome import tell_submitted
    from latam_corpus.engine.cluster.slurm_state import find_submission, resubmit, state_of
    from latam_corpus.engine.cluster.submitted import edited

    submission = find_submission(run, out.resolve())
    state = state_of(submission)
    if state.lives:
        problem = _("its driver is {word}", word=state.word)
        raise ConfigError(submission.folder.name, problem, _("wait until it has ended, or cancel it before"))
    again = resubmit(submission)
    if files := edited(submission.folder):
        told = _("changed since the run was submitted, and not used: {files}; to use them, give `run` again")
        note(told.fill(files=first_of(files, _SHOWN)))
    tell_submitted(again, as_json=as_json)
