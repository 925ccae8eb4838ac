"""The core's own commands."""

from __future__ import annotations

from typing import Final

from latam_corpus.cli.interface.lazy_command import Command
from latam_corpus.messages import N_

COMMANDS: Final = {
    "plugin": Command("latam_corpus.cli.scaffolds.plugin_new:app", "extend", N_("Write plug-in packages.")),
    "recipe": Command("latam_corpus.cli.scaffolds.recipe_new:app", "build", N_("Write recipes.")),
    "check": Command(
        "latam_corpus.cli.running.recipes:check",
        "build",
        N_(
            "Find everything that is wrong with a recipe; with --input also with its sources' columns, by the "
            "first records.\n"
            "\n"
            "Without --input, not one byte of a source is read."
        ),
    ),
    "run": Command(
        "latam_corpus.cli.running.recipes:run",
        "build",
        N_("Run a recipe: collect, work, and, where it has a [release], release."),
    ),
    "stage": Command(
        "latam_corpus.cli.running.stage_command:stage",
        "build",
        N_("Run one stage alone; the output has one row a row of the input, in its order."),
    ),
    "sample": Command(
        "latam_corpus.cli.reading.sample:sample",
        "inspect",
        N_(
            "Draw documents by lot, the same ones each time, redacted, and only those whose terms allow them to be "
            "shown."
        ),
    ),
    "report": Command(
        "latam_corpus.cli.reading.report:report",
        "inspect",
        N_(
            "Write one page about a run or a release: what came and stayed, what is in it, what fell and why.\n"
            "\n"
            "--serve writes nothing and shows the page on this machine, with a search over the documents and "
            "a page of each\n"
            "one's life, until Ctrl-C is pressed."
        ),
    ),
    "compare": Command(
        "latam_corpus.cli.running.compare:compare",
        "inspect",
        N_("Show what two runs kept, slice by slice, and on which documents they disagree."),
    ),
    "explain": Command(
        "latam_corpus.cli.reading.explain:explain",
        "inspect",
        N_("Tell a document's whole story; --html writes it as a page."),
    ),
    "pull": Command(
        "latam_corpus.cli.release.pull:pull",
        "train",
        N_(
            "Fetch a version, verified, in a layout that datasets, Polars and DuckDB read; it goes on where "
            "it was cut.\n"
            "\n"
            "Whole shards are compared with the manifest's SHA-256. Of those read in part, for --columns or "
            "out of a store\n"
            "elsewhere, the sums of the pages that are read are checked, which finds damage, and no forgery."
        ),
    ),
    "help": Command(
        "latam_corpus.cli.reading.reference:help_on",
        "inspect",
        N_("Print the reference: the keys of files, each stage's options, columns, errors, commands."),
    ),
    "list": Command(
        "latam_corpus.cli.reading.lists:list_app", "inspect", N_("List recipes, stages, signals, languages or sources.")
    ),
    "runs": Command("latam_corpus.cli.running.runs:app", "inspect", N_("List, show, compare, tag and remove runs.")),
    "runs status": Command(
        "latam_corpus.cli.running.run_jobs:status",
        "inspect",
        N_("Show the runs that were given to a cluster: what became of each, its jobs, and what its driver said last."),
    ),
    "runs logs": Command(
        "latam_corpus.cli.running.run_jobs:logs",
        "inspect",
        N_("Show the last lines of a job's log, and which other jobs of the run have said something."),
    ),
    "runs cancel": Command(
        "latam_corpus.cli.running.run_jobs:cancel",
        "inspect",
        N_("Cancel the jobs of a run; what they have done is kept."),
    ),
    "runs retry": Command(
        "latam_corpus.cli.running.run_jobs:retry",
        "inspect",
        N_(
            "Give a run's command to the cluster again: parts that failed or weren't reached are done, the "
            "others kept.\n"
            "\n"
            "Its site file is read anew, so that more time or memory may be stated there before. Its recipe, "
            "sources and policies\n"
            "are those that were submitted."
        ),
    ),
    "rights term": Command(
        "latam_corpus.cli.reading.copyright_term:term",
        "contribute",
        N_("Tell in which countries an author's works are free this year, by the year of death, and by which law."),
    ),
    "release": Command(
        "latam_corpus.cli.release.commands:app",
        "build",
        N_("Build, list, show, verify and compare versions of a corpus."),
    ),
}
