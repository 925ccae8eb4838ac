"""The output of `latam-corpus run`: the plan of a dry run, or the result of a run."""

from __future__ import annotations

import dataclasses
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.api.runner import left_out_lines, unread_problem
from latam_corpus.catalog.display_names import stage_names
from latam_corpus.cli.interface.show import console, duration, errors, note, number, print_json
from latam_corpus.cli.running.shared_output import print_by_genre
from latam_corpus.collect.documents.contract import inputs_reported, terms_reported, unread
from latam_corpus.collect.files import SPAN_BYTES
from latam_corpus.engine.cost import cost_of
from latam_corpus.messages import Message, _, decimal, first_of, known, megabytes
from latam_corpus.pipeline.execution.contracts import input_values, never_filled
from latam_corpus.pipeline.execution.estimate import estimate
from latam_corpus.pipeline.execution.part import Task, folder_of, keys_of
from latam_corpus.pipeline.planning.plan import run_digest
from latam_corpus.pipeline.rows.step_file import is_whole
from latam_corpus.pipeline.stored_runs.history import latest
from latam_corpus.storage.bucket import address_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.api.runner import Warned
    from latam_corpus.collect.files import InputFile
    from latam_corpus.pipeline.execution.engines import Engine
    from latam_corpus.pipeline.execution.result import RunResult
    from latam_corpus.pipeline.planning.plan import Part, Plan
    from latam_corpus.release.storing.manifest import Manifest

_MOST_LOSSES: Final = 10
_MOST_FILES: Final = 10


def print_scan(file: InputFile) -> None:
    """Print that a large file is scanned for places to split it, which may take minutes."""
    size = megabytes(file.size)
    errors.print(_("{file}: finding where to split it; this reads its {size} once", file=file.relative, size=size))


def print_plan(plan: Plan, parts: Sequence[Part], out: Path, engine: Engine, *, as_json: bool) -> None:
    """Print the plan of a run: the parts that are already done, and the cost of the others on the engine."""
    first = plan.segments[0]
    run = latest(out / "runs", plan.recipe.name, run_digest(plan, parts)).name
    reused = {step.title: 0 for step in first.steps}
    for part in parts:
        for step, key in zip(first.steps, keys_of(Task(part, first, out / "work")), strict=True):
            reused[step.title] += is_whole(folder_of(out / "work", key))
    files = dict.fromkeys(file for part in parts for file in part.files)
    summary: dict[str, Any] = {
        "run": run,
        "files": len(files),
        "parts": len(parts),
        "bytes": sum(file.size for file in files),
        **_parts_summary(parts),
        "steps": [{"stages": title, "parts_reused": n} for title, n in reused.items()],
        "estimate": dataclasses.asdict(estimate(plan, parts, out / "work")),
        "barriers": [barrier.name for segment in plan.segments for barrier in segment.barriers],
    }
    estimated = summary["estimate"]
    cost = cost_of(engine, plan, len(parts), estimated["seconds"])
    summary["engine"] = dataclasses.asdict(cost)
    if as_json:
        print_json(summary)
        return
    figures = {"files": number(len(files)), "bytes": number(summary["bytes"]), "parts": number(len(parts))}
    console.print(
        _(
            "run {run}: {files} {files:file|files}, {bytes} {bytes:byte|bytes}, in {parts} {parts:part|parts}",
            run=run,
            **figures,
        )
    )
    _print_parts(summary)
    for step in summary["steps"]:
        done = {"stages": stage_names(step["stages"]), "n": step["parts_reused"], "parts": len(parts)}
        console.print(_("  {stages}: {n} of {parts} {parts:part is|parts are} already done", **done))
    if estimated["remaining"]:
        sizes = {key: megabytes(estimated[key]) for key in ("disk", "sampled", "remaining")}
        console.print(
            _(
                "  the rest takes about {time} on one processor and {disk} on disk, estimated by processing {sampled} "
                "of {remaining} after a few records that compile code and load models",
                time=duration(estimated["seconds"]),
                **sizes,
            )
        )
    console.print(
        _(
            "  with {workers} {workers:worker|workers}, this takes about {time}, and {files} files and folders",
            workers=cost.workers,
            time=duration(3600 * cost.hours),
            files=number(cost.files),
        )
    )
    if cost.jobs:
        console.print(
            _(
                "  in {n} {n:job|jobs} of {memory} GB, with a driver job of {driver} GB",
                n=number(cost.jobs),
                memory=decimal(f"{cost.memory_gb:g}"),
                driver=decimal(f"{cost.driver_memory_gb:g}"),
            )
        )
    console.print(_("  then over all documents: {stages}", stages=stage_names(", ".join(summary["barriers"]))))


def _print_narrowed(result: RunResult) -> None:
    """Print the number of documents that state narrower rights than their source, or refuse a use."""
    narrowed = Counter[str]()
    for count in result.stages.values():
        narrowed.update(count.narrowed)
    messages = {
        "reserved": _("rights   {n} {n:document reserves|documents reserve} all rights, unlike the source"),
        "claimed": _("rights   {n} {n:document names|documents name} a copyright and no licence"),
        "unread": _("rights   {n} {n:document states|documents state} rights that no person has reviewed"),
        "licence": _("rights   {n} {n:document states|documents state} a less open licence than the source"),
        "refused": _("rights   {n} {n:document refuses|documents refuse} a use, such as training"),
    }
    for reason, message in messages.items():
        if narrowed[reason]:
            console.print(message.fill(n=number(narrowed[reason])))


def print_warning(warned: Warned) -> None:
    """Print a doubt or a hint on standard error."""
    text = warned.message
    note(_("warning  {doubt}", doubt=text) if warned.kind == "doubt" else _("hint     {hint}", hint=text))


def _parts_summary(parts: Sequence[Part]) -> dict[str, Any]:
    """Return the numbers of files that share a part, files that are split, and large files that can't be split."""
    joined = [part for part in parts if len(part.files) > 1]
    split: dict[InputFile, dict[str, Any]] = {}
    for part in parts:
        if part.span is not None:
            counts = {"file": part.files[0].relative, "parts": 0, "bytes": 0, "unpacked_again": 0}
            group = split.setdefault(part.files[0], counts)
            group["parts"] += 1
            group["bytes"] += part.bytes
            group["unpacked_again"] += part.span.skip
    uncut = [part.files[0] for part in parts if part.span is None and part.files[0].size > SPAN_BYTES]
    return {
        "together": {"files": sum(len(part.files) for part in joined), "parts": len(joined)},
        "cut": list(split.values()),
        "uncut": [{"file": file.relative, "bytes": file.size} for file in uncut],
    }


def _print_parts(summary: dict[str, Any]) -> None:
    if summary["together"]["files"]:
        figures = {"files": number(summary["together"]["files"]), "parts": summary["together"]["parts"]}
        console.print(_("  {files} small files are read together, in {parts} {parts:part|parts}", **figures))
    lines: list[Message] = []
    for entry in summary["cut"]:
        about = {"file": entry["file"], "parts": entry["parts"], "size": megabytes(entry["bytes"])}
        if entry["unpacked_again"]:
            message = _(
                "  {file}: {parts} {parts:part|parts}, {size} unpacked; to reach them, {again} are unpacked once more"
            )
            lines.append(message.fill(again=megabytes(entry["unpacked_again"]), **about))
        else:
            lines.append(_("  {file}: {parts} {parts:part|parts}, {size} unpacked", **about))
    for entry in summary["uncut"]:
        size = megabytes(entry["bytes"])
        lines.append(_("  {file}: one part of {size}, which can't be split", file=entry["file"], size=size))
    for line in lines[:_MOST_FILES]:
        console.print(line)
    if len(lines) > _MOST_FILES:
        console.print(_("  and {n} more large {n:file|files}, see --json", n=number(len(lines) - _MOST_FILES)))


def print_result(
    result: RunResult,
    released: Manifest | None,
    previous_version: str | None,
    report: Path | None,
    left_out: Mapping[str, int],
    *,
    doubts: Collection[Message] = (),
    release_seconds: float = 0.0,
    as_json: bool,
) -> None:
    """Print the result of a run.

    `left_out` has the number of kept documents that aren't in the version, by reason. `doubts` were printed before the
    run, and aren't repeated.
    """
    if as_json:
        print_json(
            {
                "run": result.folder.name,
                "folder": str(result.folder),
                "rows": {"in": result.rows_in, "kept": result.kept},
                "stages": {name: dataclasses.asdict(count) for name, count in result.stages.items()},
                "barriers": result.barriers,
                **input_values(result.facts),
                "unread": dict(result.unread),
                "by_genre": result.by_genre,
                "reused": {title: {"parts": n, "of": of} for title, (n, of) in result.reused.items()},
                "failures": {name: str(error) for name, error in result.failures.items()},
                "losses": [loss.as_dict() for loss in result.losses],
                "accepted_loss": result.accepted_loss,
                "mended": list(map(str, result.mended)),
                "seconds": result.seconds,
                "phases": {**result.phases, "release": round(release_seconds, 2)},
                "release": None if released is None else {"name": released.name, "version": released.version},
                "left_out": dict(left_out),
                "report": None if report is None else str(report),
            }
        )
        return
    for title, (n, of) in result.reused.items():
        if n:
            console.print(
                _("reused   {stages}: {n} of {parts} {parts:part|parts}", stages=stage_names(title), n=n, parts=of)
            )
    _print_narrowed(result)
    print_by_genre(result.by_genre)
    sums: dict[str, str | Message] = {"rows": number(result.rows_in), "kept": number(result.kept)}
    sums |= {"dropped": number(result.rows_in - result.kept), "seconds": decimal(f"{result.seconds:.1f}")}
    console.print(_("{rows} {rows:document|documents} in = {kept} kept + {dropped} set aside, in {seconds} s", **sums))
    _print_left_out(result)
    for line in chain.from_iterable(inputs_reported(source, facts) for source, facts in result.facts.items()):
        console.print(_("input    {line}", line=line))
    for line in never_filled(result.facts):
        console.print(_("empty    {line}", line=line))
    _print_unread(result, doubts)
    for breach in chain.from_iterable(terms_reported(source, facts) for source, facts in result.facts.items()):
        console.print(_("terms    {line}", line=breach.as_message()))
    console.print(_("run      {folder}", folder=address_of(result.folder)))
    _print_release(result, released, previous_version, left_out)
    if not result.kept:
        command = f"latam-corpus sample {result.folder} --set-aside --by drop_reason"
        console.print(_("nothing was kept: `{command}` shows the dropped documents", command=command))
    _print_losses(result)
    if result.failures:
        n = len(result.failures)
        console.print(_("no version is built from a run with failed parts ({n}); run it again", n=n))
    for names in _by_error(result.failures).values():
        console.print(_("failed   {parts}: {error}", parts=first_of(names, 1), error=known(result.failures[names[0]])))
    if report is not None:
        console.print(_("report   {path}", path=report))


def _print_unread(result: RunResult, doubts: Collection[Message]) -> None:
    """Print the values that weren't understood, unless a doubt already listed exactly these values before the run."""
    for breach in chain.from_iterable(unread(source, facts) for source, facts in result.facts.items()):
        line = breach.as_message()
        if line not in doubts:
            console.print(_("unread   {line}", line=line))


def _print_release(
    result: RunResult, released: Manifest | None, previous_version: str | None, left_out: Mapping[str, int]
) -> None:
    """Print the version, and by reason the number of kept documents that aren't in it."""
    if released is not None:
        figures = {"release": released.spec, "n": number(released.rows)}
        if released.version == previous_version:
            console.print(_("release  {release}: {n} {n:document|documents}, unchanged", **figures))
        else:
            console.print(_("release  {release}: {n} {n:document|documents}", **figures))
    elif left_out:
        console.print(_("release  no version was built"))
    for line in left_out_lines(result, left_out):
        console.print(line)


def _by_error(failures: Mapping[str, str | Message]) -> dict[str, list[str]]:
    """Group the names of failed parts by their error."""
    by_error: dict[str, list[str]] = {}
    for name, error in failures.items():
        by_error.setdefault(str(error), []).append(name)
    return by_error


def _print_left_out(result: RunResult) -> None:
    """Print how many pairs the search for near-duplicates skipped because too many documents share a passage."""
    notes = result.barriers.get("dedupe", {})
    if notes.get("left_out"):
        figures = {"n": number(notes["common"]), "cap": notes["cap"], "pairs": number(notes["left_out"])}
        message = _(
            "dedupe   {n} {n:run of words is|runs of words are} in more than {cap} documents; {pairs} "
            "{pairs:pair|pairs} of documents that share them {pairs:was|were} not made candidates"
        )
        console.print(message.fill(**figures))
    if notes.get("beyond"):
        figures = {"n": number(notes["over"]), "most": notes["most"], "pairs": number(notes["beyond"])}
        message = _(
            "dedupe   {n} {n:document shares|documents share} passages with more than {most} others; {pairs} "
            "{pairs:pair that shares|pairs that share} less {pairs:was|were} not compared"
        )
        console.print(message.fill(**figures))


def _print_losses(result: RunResult) -> None:
    if result.strict and result.unread:
        console.print(unread_problem(result))
    for loss in result.losses[:_MOST_LOSSES]:
        console.print(_("loss     {loss}", loss=loss.message))
    if len(result.losses) > _MOST_LOSSES:
        console.print(_("         and {n} more, in run.json", n=len(result.losses) - _MOST_LOSSES))
    if result.losses and result.accepted_loss:
        console.print(_("accepted because: {why}", why=result.accepted_loss))
    elif result.losses:
        remedy = _(
            "no version is built from a run that kept less than its recipe's floor: look at the dropped documents with "
            '`{command}`, and correct the recipe or the source, or add --accept-loss "why"'
        )
        look = f"latam-corpus sample {result.folder} --set-aside --by drop_reason"
        console.print(remedy.fill(command=look))
