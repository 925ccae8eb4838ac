"""The options of the commands `check`, `run`, `stage`, `compare` and `runs status|logs|cancel|retry`.

Each command's function is imported when the command runs, since it loads libraries that `--help` doesn't need.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latam_corpus.cli.interface import completion
from latam_corpus.cli.interface.options import (
    AcceptLoss,
    DiskOut,
    Inputs,
    InputsFile,
    Json,
    NoReport,
    Out,
    OwnPolicies,
    RecipeName,
    Select,
    Sign,
    StoreUrl,
)
from latam_corpus.messages import N_

JobName = Annotated[
    str,
    typer.Argument(metavar="RUN", help=N_("A submission's name or the start of it, its job, its run, or its recipe.")),
]
_NAME_OR_ALL = N_("A submission's name or the start of it, its job, its run, or its recipe; all by default.")


def check(
    recipe: RecipeName,
    inputs: Inputs = [],
    inputs_file: InputsFile = None,
    select: Select = [],
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Report all mistakes in a recipe and, with --input, in the columns of its sources' first records.

    Without --input, it reads no source file.
    """
    from latam_corpus.cli.running.recipes import check_recipe

    check_recipe(
        recipe=recipe, inputs=inputs, inputs_file=inputs_file, select=select, out=out, store=store, as_json=as_json
    )


def run(
    recipe: RecipeName,
    inputs: Inputs = [],
    inputs_file: InputsFile = None,
    select: Select = [],
    out: Out = Path("out"),
    engine: Annotated[str, typer.Option(help=N_("in-process, local, ray or slurm."))] = "local",
    site: Annotated[Path | None, typer.Option(help=N_("A TOML file that describes the cluster."))] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            show_default=N_("1; on a cluster, from the site file"),
            help=N_("Worker processes; 0 for one per processor."),
        ),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help=N_("On Slurm, run the driver here instead of as a job."))
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help=N_("For a trial, read at most this many records of each file; no version is built.")),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=N_("Print what would be done, and do nothing."))] = False,
    accept_loss: AcceptLoss = None,
    work: Annotated[
        str,
        typer.Option(
            help=N_("Which work to keep for later runs: all, measured (what explain and measure read) or none.")
        ),
    ] = "all",
    store: StoreUrl = None,
    sign: Sign = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help=N_("Build no version, and exit with 1, if an input can't be read whole.")),
    ] = False,
    policies: OwnPolicies = None,
    no_report: NoReport = False,
    batch_rows: Annotated[int | None, typer.Option(min=1, hidden=True)] = None,
    as_json: Json = False,
) -> None:
    """Run a recipe, and build a version if the recipe has a [release]."""
    from latam_corpus.cli.running.recipes import run_recipe

    run_recipe(
        recipe=recipe,
        inputs=inputs,
        inputs_file=inputs_file,
        select=select,
        out=out,
        engine=engine,
        site=site,
        workers=workers,
        wait=wait,
        limit=limit,
        dry_run=dry_run,
        accept_loss=accept_loss,
        work=work,
        store=store,
        sign=sign,
        strict=strict,
        policies=policies,
        no_report=no_report,
        batch_rows=batch_rows,
        as_json=as_json,
    )


def compare(
    run_a: Annotated[
        str,
        typer.Argument(
            metavar="RUN_A", help=N_("A run's folder, its name, or the start of it."), autocompletion=completion.runs
        ),
    ],
    run_b: Annotated[
        str,
        typer.Argument(
            metavar="RUN_B", help=N_("Another run over the same documents."), autocompletion=completion.runs
        ),
    ],
    examples: Annotated[
        int, typer.Option(min=0, help=N_("How many example documents to name per kind and reason."))
    ] = 3,
    to: Annotated[
        Path | None, typer.Option(help=N_("Write every document on which they disagree: .jsonl or .parquet."))
    ] = None,
    out: Out = Path("out"),
    as_json: Json = False,
) -> None:
    """Compare what two runs kept, by slice, and list the documents on which they disagree."""
    from latam_corpus.cli.running.compare import show_comparison

    show_comparison(run_a=run_a, run_b=run_b, examples=examples, to=to, out=out, as_json=as_json)


def stage(
    name: Annotated[
        str,
        typer.Argument(help=N_("The stage's key: see `latam-corpus list stages`."), autocompletion=completion.stages),
    ],
    source: Annotated[
        Path, typer.Argument(metavar="INPUT", help=N_("JSONL or Parquet; for extract and skim a file or folder."))
    ],
    output: Annotated[Path, typer.Argument(help=N_("JSONL or Parquet, by its suffix."))],
    settings: Annotated[list[str], typer.Option("--set", help=N_("An option of the stage: key=value."))] = [],
    as_json: Json = False,
) -> None:
    """Run one stage on a file; the output has one row per input row, in the same order."""
    from latam_corpus.cli.running.stage_command import run_stage

    run_stage(name=name, source=source, output=output, settings=settings, as_json=as_json)


def status(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help=_NAME_OR_ALL)] = None,
    out: DiskOut = Path("out"),
    as_json: Json = False,
) -> None:
    """Print the state and the counts of runs that were submitted to a cluster."""
    from latam_corpus.cli.running.run_jobs import show_jobs

    show_jobs(run, out, as_json=as_json)


def logs(
    run: JobName,
    job: Annotated[
        str | None, typer.Option("--job", help=N_("A worker's job, such as 12_3; the driver's by default."))
    ] = None,
    lines: Annotated[int, typer.Option(min=1, help=N_("How many lines to print."))] = 40,
    out: DiskOut = Path("out"),
    as_json: Json = False,
) -> None:
    """Print the last lines of the logs of a cluster run."""
    from latam_corpus.cli.running.run_jobs import show_logs

    show_logs(run=run, job=job, lines=lines, out=out, as_json=as_json)


def cancel(run: JobName, out: DiskOut = Path("out"), as_json: Json = False) -> None:
    """End the jobs of a cluster run."""
    from latam_corpus.cli.running.run_jobs import cancel_jobs

    cancel_jobs(run, out, as_json=as_json)


def retry(run: JobName, out: DiskOut = Path("out"), as_json: Json = False) -> None:
    """Submit a cluster run again that was cancelled or failed."""
    from latam_corpus.cli.running.run_jobs import submit_again

    submit_again(run, out, as_json=as_json)
