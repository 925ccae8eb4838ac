"""The table of the core's commands, from which `--help` is printed without importing a command's module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from latam_corpus.messages import N_

Purpose = Literal["contribute", "build", "inspect", "train", "extend"]
HEADINGS: Final[dict[Purpose, str]] = {
    "contribute": N_("Contribute texts"),
    "build": N_("Build a corpus"),
    "inspect": N_("Inspect results"),
    "train": N_("Train models"),
    "extend": N_("Extend the toolkit"),
}


@dataclass(frozen=True, slots=True)
class Command:
    """An entry of a table of commands, by name; `list sources` is added to the group `list`.

    Attributes:
        where: the module and the function, or the Typer object of a group, joined by a colon.
        purpose: the heading of `--help` under which the command is listed.
        help: the command's help; its first paragraph is the command's line in lists.
    """

    where: str
    purpose: Purpose
    help: str


COMMANDS: Final = {
    "plugin": Command("latam_corpus.cli.scaffolds.plugin_new:app", "extend", N_("Write plug-in packages.")),
    "recipe": Command("latam_corpus.cli.scaffolds.recipe_new:app", "build", N_("Write recipes.")),
    "check": Command(
        "latam_corpus.cli.running.command_line:check",
        "build",
        N_(
            "Report all mistakes in a recipe and, with --input, in the columns of its sources' first records.\n"
            "\n"
            "Without --input, it reads no source file."
        ),
    ),
    "run": Command(
        "latam_corpus.cli.running.command_line:run",
        "build",
        N_("Run a recipe, and build a version if the recipe has a [release]."),
    ),
    "stage": Command(
        "latam_corpus.cli.running.command_line:stage",
        "build",
        N_("Run one stage on a file; the output has one row per input row, in the same order."),
    ),
    "sample": Command(
        "latam_corpus.cli.reading.command_line:sample",
        "inspect",
        N_(
            "Draw redacted documents at random, the same ones for the same seed, if their terms allow them to be shown."
        ),
    ),
    "report": Command(
        "latam_corpus.cli.reading.command_line:report",
        "inspect",
        N_("Write a page about a run or a release: its counts, its content, and what was dropped and why."),
    ),
    "compare": Command(
        "latam_corpus.cli.running.command_line:compare",
        "inspect",
        N_("Compare what two runs kept, by slice, and list the documents on which they disagree."),
    ),
    "explain": Command(
        "latam_corpus.cli.reading.command_line:explain",
        "inspect",
        N_("Show what each stage did to a document; --html writes it as a page."),
    ),
    "pull": Command(
        "latam_corpus.cli.release.command_line:pull",
        "train",
        N_(
            "Fetch and verify a version, in a layout that datasets, Polars and DuckDB read; resume an interrupted "
            "fetch.\n"
            "\n"
            "Whole shards are compared with the SHA-256 in the manifest. If a shard is read in part, for --columns or\n"
            "from a remote store, only the checksums of its pages are checked, which detects damage but not forgery."
        ),
    ),
    "help": Command(
        "latam_corpus.cli.reading.command_line:help_on",
        "inspect",
        N_("Print the reference: the keys of files, each stage's options, columns, errors, commands."),
    ),
    "list": Command(
        "latam_corpus.cli.reading.lists:list_app", "inspect", N_("List recipes, stages, signals, languages or sources.")
    ),
    "runs": Command("latam_corpus.cli.running.runs:app", "inspect", N_("List, show, compare, tag and remove runs.")),
    "runs status": Command(
        "latam_corpus.cli.running.command_line:status",
        "inspect",
        N_("Show the runs submitted to a cluster: the state of each, its jobs, and the last line of its driver's log."),
    ),
    "runs logs": Command(
        "latam_corpus.cli.running.command_line:logs",
        "inspect",
        N_("Show the last lines of a job's log, and list the other logs of the run."),
    ),
    "runs cancel": Command(
        "latam_corpus.cli.running.command_line:cancel",
        "inspect",
        N_("Cancel the jobs of a run; finished parts are kept."),
    ),
    "runs retry": Command(
        "latam_corpus.cli.running.command_line:retry",
        "inspect",
        N_(
            "Submit a run to the cluster again; finished parts are kept, all others are processed.\n"
            "\n"
            "The site file is read again, so you can raise its limits of time or memory first. The recipe, sources\n"
            "and policies are those that were submitted."
        ),
    ),
    "rights term": Command(
        "latam_corpus.cli.reading.copyright_term:term",
        "contribute",
        N_("List where an author's works are in the public domain this year, by the year of death, and by which law."),
    ),
    "release": Command(
        "latam_corpus.cli.release.command_line:app",
        "build",
        N_("Build, list, show, verify and compare versions of a corpus."),
    ),
}
