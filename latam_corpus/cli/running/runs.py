"""`latam-corpus runs …`: list, show, compare, tag and remove runs, and show their disk use."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from latam_corpus.catalog.display_names import stage_names
from latam_corpus.cli.interface import completion
from latam_corpus.cli.interface.options import Json, Out, StoreUrl
from latam_corpus.cli.interface.show import console, number, print_json, table
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.cli.running.shared_output import print_by_genre
from latam_corpus.errors import ConfigError
from latam_corpus.messages import N_, Message, _, decimal, enumerated, known, megabytes, same, sentence
from latam_corpus.pipeline.planning.own_policies import policies_recorded
from latam_corpus.pipeline.stored_runs import history
from latam_corpus.pipeline.stored_runs.difference import (
    PRESENT,
    DocumentDifferences,
    counts,
    differences,
    documents,
    policy_differences,
    title_of,
)
from latam_corpus.pipeline.stored_runs.disk import disk_use, prune
from latam_corpus.storage.bucket import may_have_store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from latam_corpus.pipeline.stored_runs.difference import Difference, RowCounts
    from latam_corpus.pipeline.stored_runs.history import ListedRun

app = typer.Typer(no_args_is_help=True)
_RUN: Final = N_("A run's folder, its name or the start of it, a tag, or its recipe.")
RunName = Annotated[str, typer.Argument(metavar="RUN", help=_RUN, autocompletion=completion.runs)]
_STATES: Final = {
    "running": _("running"),
    "interrupted": _("interrupted"),
    "failed": _("failed"),
    "failed parts": _("failed parts"),
    "damaged": _("damaged"),
    "finished": _("finished"),
}
# Translations of words in `differences` and `counts`; in JSON they are in English.
_WORDS: Final = {
    str(word): word
    for word in (
        _("recipe"),
        _("stage"),
        _("policy"),
        _("source"),
        _("input"),
        _("run"),
        _("stages"),
        _("sources"),
        _("options"),
        _("code"),
        _("libraries"),
        _("content"),
        _("reading"),
        known(PRESENT),
    )
} | {"models": _("models and policies")}
_LONGEST_VALUE: Final = 40  # characters
_MOST_CHANGES: Final = 10  # per kind of change


@app.command("list")
def list_runs(out: Out = Path("out"), store: StoreUrl = None, as_json: Json = False) -> None:
    """List all runs, the latest first, with their state, their numbers of documents, tags and versions."""
    entries = history.history(out)
    rows = _rows(entries, out, store)
    if as_json:
        print_json(rows)
        return
    if not rows:
        console.print(_("{folder} has no run yet; start one with `latam-corpus run RECIPE`", folder=out / "runs"))
        return
    heads = [_("run"), _("when"), _("state"), _("in#"), _("kept#"), _("seconds#"), _("tag"), _("releases"), _("title")]
    table("", heads, [_line(row) for row in rows])
    for entry in entries:
        if entry.problem:
            console.print(f"{entry.name}: {known(entry.problem).translate(spoken()).splitlines()[0]}")


def _rows(entries: Sequence[ListedRun], out: Path, store: str | None) -> list[dict[str, Any]]:
    tags = history.read_tags(out)
    released = _released(out, store)
    rows = []
    for entry in entries:
        values = entry.record.values if entry.record else {}
        rows.append(
            {
                "run": entry.name,
                "when": entry.when,
                "state": entry.state,
                "in": values.get("rows", {}).get("in"),
                "kept": values.get("rows", {}).get("kept"),
                "seconds": values.get("seconds"),
                "tags": [tag for tag, name in tags.items() if name == entry.name],
                "releases": released.get(entry.name, []),
                "title": values.get("recipe", {}).get("title"),
                "problem": str(entry.problem),
            }
        )
    return rows


def _line(row: Mapping[str, Any]) -> Sequence[object]:
    rows_in, rows_kept = (None if row[key] is None else number(row[key]) for key in ("in", "kept"))
    seconds = None if row["seconds"] is None else decimal(f"{row['seconds']:.1f}")
    tags, releases = ", ".join(row["tags"]), ", ".join(row["releases"])
    return (
        row["run"],
        _minute(row["when"]),
        _STATES[row["state"]],
        rows_in,
        rows_kept,
        seconds,
        tags,
        releases,
        known(row["title"] or ""),
    )


def _minute(moment: str) -> str:
    """Format an ISO 8601 time without fractions of a second and time zone.

    >>> _minute("2026-11-27T06:12:31.120+00:00")
    '2026-11-27 06:12:31'
    """
    return moment[:19].replace("T", " ")


def _released(out: Path, store: str | None) -> dict[str, list[str]]:
    if store is None and not may_have_store(out):
        return {}
    # Imported here, since it loads file systems.
    from latam_corpus.audit.stores import open_store, releases_of

    return releases_of(open_store(store, out))


@app.command("show")
def show(run: RunName, out: Out = Path("out"), store: StoreUrl = None, as_json: Json = False) -> None:
    """Show a run: its state, its inputs, its counts by stage, and its versions."""
    run_entry = history.entry(history.find_run(run, out, must_be_finished=False))
    [row] = _rows([run_entry], out, store)
    values = run_entry.record.values if run_entry.record else None
    if as_json:
        print_json(row | {"folder": str(run_entry.folder), "attempt": run_entry.attempt, "record": values})
        return
    about = {"run": run_entry.name, "state": _STATES[run_entry.state], "when": _minute(run_entry.when)}
    console.print(_("{run}: {state}, {when} UTC", **about))
    for name in row["tags"]:
        console.print(_("tag      {name}", name=name))
    for name in row["releases"]:
        console.print(_("release  {name}", name=name))
    if run_entry.problem:
        console.print(_("problem  {problem}", problem=known(run_entry.problem)))
    if values:
        _show_record(values)


def _show_record(values: Mapping[str, Any]) -> None:
    console.print(_("recipe   {name}: {title}", name=values["recipe"]["name"], title=known(values["recipe"]["title"])))
    for policy in policies_recorded(values):
        console.print(_("policy   {policy}", policy=policy.sentence))
    files = {(part["source"], file["file"]) for part in values["parts"] for file in part["files"]}
    limit = _(", at most {n} {n:record|records} of each", n=values["limit"]) if values.get("limit") else ""
    console.print(
        _(
            "input    {files} {files:file|files} in {parts} {parts:part|parts}{limit}",
            files=number(len(files)),
            parts=number(len(values["parts"])),
            limit=limit,
        )
    )
    console.print(
        _(
            "rows     {n} in = {kept} kept + {aside} set aside, in {seconds} s",
            n=number(values["rows"]["in"]),
            kept=number(values["rows"]["kept"]),
            aside=number(values["rows"]["set_aside"]),
            seconds=decimal(f"{values['seconds']:.1f}"),
        )
    )
    if phases := values.get("phases"):  # records that earlier versions wrote have none
        times = {name: decimal(f"{phases.get(name, 0.0):.1f}") for name in ("start", "parts", "decisions", "record")}
        console.print(
            _("time     start {start} s, parts {parts} s, decisions {decisions} s, record {record} s", **times)
        )
    print_by_genre(values["by_genre"])
    stages = [
        (
            stage_names(name),
            number(c["rows_in"]),
            number(c["kept"]),
            number(c["changed"]),
            decimal(f"{c['seconds']:.1f}"),
        )
        for name, c in values["stages"].items()
    ]
    table("", [_("stage"), _("in#"), _("kept#"), _("changed#"), "CPU s#"], stages)
    for loss in values["losses"]:
        console.print(
            _(
                "loss     {stage}: {kind} {value}, {kept} of {rows}",
                stage=stage_names(loss["stage"]),
                kind=loss["kind"],
                value=loss["value"],
                kept=loss["kept"],
                rows=loss["rows_in"],
            )
        )
    if values.get("accepted_loss"):
        console.print(_("accepted because: {why}", why=values["accepted_loss"]))
    for part in values["parts"]:
        if part.get("failed"):
            console.print(
                _(
                    "failed   {part} ({title}): {error}",
                    part=part["name"],
                    title=title_of(part),
                    error=sentence(values, part["failed"]),
                )
            )
    for damaged in values.get("mended", ()):
        console.print(_("damaged  {what}", what=sentence(values, damaged)))


@app.command("diff")
def diff(
    run_a: Annotated[str, typer.Argument(metavar="RUN_A", help=_RUN, autocompletion=completion.runs)],
    run_b: Annotated[str, typer.Argument(metavar="RUN_B", help=N_("Another run."), autocompletion=completion.runs)],
    out: Out = Path("out"),
    as_json: Json = False,
) -> None:
    """Show the differences between two runs: recipe, stages, policies, sources, input and row counts.

    `compare` shows the documents on which two runs disagree.
    """
    a, b = (history.finished(history.find_run(run, out)) for run in (run_a, run_b))
    if a.folder.resolve() == b.folder.resolve():
        raise ConfigError(a.folder.name, _("a run can't be compared with itself"), _("name two runs"))
    changes = differences(a.values, b.values) + policy_differences(a, b)
    counted, document_changes = counts(a.values, b.values), documents(a, b)
    if as_json:
        rows = {what: [entry._asdict() for entry in changed_counts] for what, changed_counts in counted.items()}
        names = {"a": a.folder.name, "b": b.folder.name}
        about_documents = {"documents": document_changes._asdict() if document_changes else None}
        print_json(names | {"differences": [change._asdict() for change in changes]} | rows | about_documents)
        return
    console.print(f"A  {a.folder.name}")
    console.print(f"B  {b.folder.name}")
    if not changes:
        console.print(_("both have the same recipe, stages, policies, sources and input"))
    _show_differences(changes)
    for what, changed_counts in counted.items():
        if changed_counts:
            _show_counts(what, changed_counts)
    if not any(counted.values()):
        console.print(_("every stage and source has the same row counts in both"))
    console.print(_documents_line(document_changes))


def _documents_line(changes: DocumentDifferences | None) -> Message:
    """Return a sentence on how the kept documents differ.

    >>> str(_documents_line(DocumentDifferences(1, 0, 2, {"obtained": 2, "text": 1})))
    'kept documents: 1 only in A, 0 only in B, 2 in both with other values (obtained 2, text 1)'
    """
    if changes is None:
        return _("the kept documents can't be compared, because the documents of a run were removed")
    if changes == DocumentDifferences():
        return _("the kept documents are the same in both")
    columns = enumerated(same(f"{name} {n}") for name, n in changes.columns.items())
    values = {
        "a": number(changes.only_a),
        "b": number(changes.only_b),
        "n": number(changes.changed),
        "columns": columns,
    }
    if not changes.changed:
        return _("kept documents: {a} only in A, {b} only in B, all others the same", a=values["a"], b=values["b"])
    return _("kept documents: {a} only in A, {b} only in B, {n} in both with other values ({columns})", **values)


def _show_differences(changes: Sequence[Difference]) -> None:
    change_counts: dict[str, int] = {}
    rows = []
    for change in changes:
        change_counts[change.what] = change_counts.get(change.what, 0) + 1
        if change_counts[change.what] <= _MOST_CHANGES:
            name = enumerated([same(change.name), *([_word(change.aspect)] if change.aspect else [])], " ")
            rows.append((_word(change.what), name, _short(change.a), _short(change.b)))
    if rows:
        table("", [_("what differs"), "", "A", "B"], rows)
    for what, n in change_counts.items():
        if n > _MOST_CHANGES:
            console.print(
                _("and {n} more of «{what}»: --json lists them", n=number(n - _MOST_CHANGES), what=_word(what))
            )


def _word(word: str) -> Message:
    return _WORDS.get(word, same(word))


def _short(value: object) -> str | Message:
    """Shorten a value for a table cell.

    >>> _short(None), _short("0e35a1ba7e1cdda005ca1f1b65421460590f0d49ecdcb164226efd08880862c3")
    ('—', '0e35a1ba7e1cdda005ca1f1b65421460590f0d4…')
    """
    if value == PRESENT:
        return _word(PRESENT)
    text = "—" if value is None else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _show_counts(what: str, count_rows: Sequence[RowCounts]) -> None:
    rows = [[entry.name, *("—" if n is None else number(n) for n in entry[1:])] for entry in count_rows]
    table("", [_word(what), _("A in#"), _("B in#"), _("A kept#"), _("B kept#")], rows)


@app.command("tag")
def tag(
    run: RunName,
    name: Annotated[str, typer.Argument(metavar="NAME", help=N_("The tag."))],
    remove: Annotated[bool, typer.Option("--remove", help=N_("Remove the tag."))] = False,
    out: Out = Path("out"),
    as_json: Json = False,
) -> None:
    """Tag a run; a tagged run isn't pruned."""
    folder = history.find_run(run, out, must_be_finished=False)
    (history.untag if remove else history.tag)(out, folder, name)
    if as_json:
        print_json(
            {"run": folder.name, "tags": [each for each, of in history.read_tags(out).items() if of == folder.name]}
        )
    else:
        done = _("removed the tag «{tag}» of {run}") if remove else _("{run} has the tag «{tag}»")
        console.print(done.fill(run=folder.name, tag=name))


@app.command("du")
def du(out: Out = Path("out"), as_json: Json = False) -> None:
    """Show the disk use of each run, and of outputs that no run refers to."""
    disk = disk_use(out)
    if as_json:
        print_json(asdict(disk))
        return
    rows = [(use.run, megabytes(use.total), megabytes(use.alone)) for use in disk.runs]
    table("", [_("run"), _("disk use#"), _("alone#")], rows)
    console.print(
        _(
            "all outputs take {size}; no run refers to {unused} of that",
            size=megabytes(disk.work),
            unused=megabytes(disk.unused),
        )
    )


@app.command("prune")
def prune_runs(
    runs: Annotated[
        list[str] | None,
        typer.Argument(metavar="RUN…", help=N_("Runs to remove, by their full names."), autocompletion=completion.runs),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help=N_("Also remove runs that have a tag or a version."))] = False,
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Remove runs, and all outputs that no other run refers to; versions are kept."""
    folders = [_run_folder(run, out) for run in runs or ()]
    removed, freed = prune(out, folders, _released(out, store) if folders else None, force=force)
    if as_json:
        print_json({"removed": removed, "bytes_freed": freed})
    else:
        console.print(_("removed {n} {n:run|runs}; freed {size}", n=len(removed), size=megabytes(freed)))


def _run_folder(run: str, out: Path) -> Path:
    """Return the folder of the run with this full name."""
    folder = history.find_run(run, out, must_be_finished=False)
    if folder.name != Path(run).name:
        raise ConfigError(
            run,
            _("it isn't the full name of the run {folder}", folder=folder.name),
            _("write the full name to remove it"),
        )
    return folder
