"""What `latam-corpus run` prints: the plan of a dry run, the result of one that was done."""

from __future__ import annotations

import dataclasses
import shlex
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.api.runner import left_out_lines, unread_problem
from latam_corpus.catalog.display_names import stage_names
from latam_corpus.cli.interface.show import console, duration, errors, note, number, print_json
from latam_corpus.cli.running.counts_by_genre import tell_by_genre
from latam_corpus.collect.documents.contract import inputs_reported, terms_reported, unread
from latam_corpus.collect.files import SPAN_BYTES
from latam_corpus.messages import Message, _, decimal, first_of, known
from latam_corpus.pipeline.execution.contracts import (
    damaged_rows,
    header_rows,
    mapping_rows,
    never_filled,
    not_taken_rows,
    passed_over_rows,
    unlisted_rows,
    unnamed_catalogue_rows,
)
from latam_corpus.pipeline.execution.part import Task, folder_of, keys_of
from latam_corpus.pipeline.planning.plan import run_digest
from latam_corpus.pipeline.rows.step_file import is_whole
from latam_corpus.pipeline.stored_runs.history import latest
from latam_corpus.release.pages.card import megabytes
from latam_corpus.storage.bucket import address_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.api.runner import Warned
    from latam_corpus.collect.files import InputFile
    from latam_corpus.engine.cluster.slurm_jobs import Submission
    from latam_corpus.pipeline.execution.engines import Engine
    from latam_corpus.pipeline.execution.result import RunResult
    from latam_corpus.pipeline.planning.plan import Part, Plan
    from latam_corpus.release.storing.manifest import Manifest

_MOST_LOSSES: Final = 10
_MOST_FILES: Final = 10


def tell_looking(file: InputFile) -> None:
    """Say that a large file is looked through: it may take minutes before anything else is said."""
    size = megabytes(file.size)
    errors.print(_("{file}: looking where it can be cut, once for its {size}", file=file.relative, size=size))


def tell_plan(plan: Plan, parts: Sequence[Part], out: Path, engine: Engine, *, as_json: bool) -> None:
    """Print what a run would do: which parts are done already, and what the others would take on the engine."""
    from latam_corpus.engine.cost import cost_of
    from latam_corpus.pipeline.execution.estimate import estimate

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
    guess = summary["estimate"]
    cost = cost_of(engine, plan, len(parts), guess["seconds"])
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
        console.print(_("  {stages}: {n} of {parts} {parts:part is|parts are} done already", **done))
    if guess["remaining"]:
        sizes = {key: megabytes(guess[key]) for key in ("disk", "sampled", "remaining")}
        console.print(
            _(
                "  about {time} of one processor and {disk} of disk for the rest, estimated by working {sampled} of "
                "{remaining}, after a few records that compile code and open models",
                time=duration(guess["seconds"]),
                **sizes,
            )
        )
    asked = {"workers": cost.workers, "time": duration(3600 * cost.hours), "files": number(cost.files)}
    console.print(
        _(
            "  with {workers} {workers:worker|workers} about {time} up to there, and {files} files and folders",
            **asked,
        )
    )
    if cost.jobs:
        asked = {"n": number(cost.jobs), "memory": decimal(f"{cost.memory_gb:g}")}
        asked |= {"driver": decimal(f"{cost.driver_memory_gb:g}")}
        console.print(_("  in {n} {n:job|jobs} of {memory} GB, led by one of {driver} GB", **asked))
    console.print(_("  then decided over all: {stages}", stages=stage_names(", ".join(summary["barriers"]))))


def _tell_narrowed(result: RunResult) -> None:
    """Print how many documents state less open rights than their source, or refuse a use."""
    narrowed = Counter[str]()
    for count in result.stages.values():
        narrowed.update(count.narrowed)
    messages = {
        "reserved": _("rights   {n} {n:document reserves|documents reserve} all rights, unlike the source"),
        "claimed": _("rights   {n} {n:document names|documents name} a copyright and no licence"),
        "unread": _("rights   {n} {n:document states|documents state} rights that nobody has read"),
        "licence": _("rights   {n} {n:document states|documents state} a less open licence than the source"),
        "refused": _("rights   {n} {n:document refuses|documents refuse} a use, such as training"),
    }
    for why, message in messages.items():
        if narrowed[why]:
            console.print(message.fill(n=number(narrowed[why])))


def tell_submitted(submission: Submission, *, as_json: bool) -> None:
    """Print that a run's driver is a job now, and what shows how it fares."""
    job, name = submission.values["job"], submission.folder.name
    if as_json:
        print_json({"submitted": name, "job": job, "folder": str(submission.folder)})
        return
    out = submission.folder.parent.parent
    console.print(_("submitted {name}: job {job} leads it; you may log out", name=name, job=job))
    for verb in ("status", "logs", "cancel"):
        console.print(f"  latam-corpus runs {verb} {name} --out {shlex.quote(str(out))}", markup=False)


def tell_warning(warned: Warned) -> None:
    """Print, on standard error, what may be wrong."""
    text = warned.message
    note(_("doubt    {doubt}", doubt=text) if warned.kind == "doubt" else _("hint     {hint}", hint=text))


def _parts_summary(parts: Sequence[Part]) -> dict[str, Any]:
    """Which files are taken together, and which are cut."""
    packs = [part for part in parts if len(part.files) > 1]
    cut: dict[InputFile, dict[str, Any]] = {}
    for part in parts:
        if part.span is not None:
            about = {"file": part.files[0].relative, "parts": 0, "bytes": 0, "unpacked_again": 0}
            group = cut.setdefault(part.files[0], about)
            group["parts"] += 1
            group["bytes"] += part.bytes
            group["unpacked_again"] += part.span.skip
    whole = [part.files[0] for part in parts if part.span is None and part.files[0].size > SPAN_BYTES]
    return {
        "together": {"files": sum(len(part.files) for part in packs), "parts": len(packs)},
        "cut": list(cut.values()),
        "uncut": [{"file": file.relative, "bytes": file.size} for file in whole],
    }


def _print_parts(summary: dict[str, Any]) -> None:
    if summary["together"]["files"]:
        figures = {"files": number(summary["together"]["files"]), "parts": summary["together"]["parts"]}
        console.print(_("  {files} small files are taken together, in {parts} {parts:part|parts}", **figures))
    lines: list[Message] = []
    for one in summary["cut"]:
        about = {"file": one["file"], "parts": one["parts"], "size": megabytes(one["bytes"])}
        if one["unpacked_again"]:
            again = megabytes(one["unpacked_again"])
            reached = _(
                "  {file}: {parts} {parts:part|parts}, {size} unpacked; to reach them, {again} are unpacked once more"
            )
            lines.append(reached.fill(again=again, **about))
        else:
            lines.append(_("  {file}: {parts} {parts:part|parts}, {size} unpacked", **about))
    for one in summary["uncut"]:
        size = megabytes(one["bytes"])
        lines.append(_("  {file}: one part of {size}, which can't be cut", file=one["file"], size=size))
    for line in lines[:_MOST_FILES]:
        console.print(line)
    if len(lines) > _MOST_FILES:
        console.print(_("  and {n} more large {n:file|files}, see --json", n=number(len(lines) - _MOST_FILES)))


def tell_result(
    result: RunResult,
    released: Manifest | None,
    before: str | None,
    report: Path | None,
    left_out: Mapping[str, int],
    *,
    doubts: Collection[Message] = (),
    as_json: bool,
) -> None:
    """Print what a run came to.

    Args:
        result: the run's.
        released: the version made of it, or the one that has it already.
        before: the latest version before.
        report: the page about it; None where none was written.
        left_out: documents that it kept and that are in no version, by reason.
        doubts: that were printed before the run began, and aren't printed again.
        as_json: whether values are wanted and no words.
    """
    if as_json:
        print_json(
            {
                "run": result.folder.name,
                "folder": str(result.folder),
                "rows": {"in": result.rows_in, "kept": result.kept},
                "stages": {name: dataclasses.asdict(count) for name, count in result.stages.items()},
                "barriers": result.barriers,
                "mapping": mapping_rows(result.facts),
                "without_catalogue_row": unlisted_rows(result.facts),
                "unnamed_catalogues": unnamed_catalogue_rows(result.facts),
                "passed_over": passed_over_rows(result.facts),
                "damaged": damaged_rows(result.facts),
                "not_taken": not_taken_rows(result.facts),
                "header_rows": header_rows(result.facts),
                "unread": dict(result.unread),
                "by_genre": result.by_genre,
                "reused": {title: {"parts": n, "of": of} for title, (n, of) in result.reused.items()},
                "failures": {name: str(error) for name, error in result.failures.items()},
                "losses": [loss.as_dict() for loss in result.losses],
                "accepted_loss": result.accepted_loss,
                "mended": list(map(str, result.mended)),
                "seconds": result.seconds,
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
    _tell_narrowed(result)
    tell_by_genre(result.by_genre)
    sums: dict[str, str | Message] = {"rows": number(result.rows_in), "kept": number(result.kept)}
    sums |= {"dropped": number(result.rows_in - result.kept), "seconds": decimal(f"{result.seconds:.1f}")}
    console.print(_("{rows} {rows:document|documents} in = {kept} kept + {dropped} set aside, in {seconds} s", **sums))
    _tell_left_out(result)
    for line in chain.from_iterable(inputs_reported(source, facts) for source, facts in result.facts.items()):
        console.print(_("input    {line}", line=line))
    for line in never_filled(result.facts):
        console.print(_("empty    {line}", line=line))
    _tell_unread(result, doubts)
    for breach in chain.from_iterable(terms_reported(source, facts) for source, facts in result.facts.items()):
        console.print(_("terms    {line}", line=breach.as_message()))
    console.print(_("run      {folder}", folder=address_of(result.folder)))
    _tell_release(result, released, before, left_out)
    if not result.kept:
        look = f"latam-corpus sample {result.folder} --set-aside --by drop_reason"
        console.print(_("nothing was kept: `{command}` shows what fell", command=look))
    _tell_losses(result)
    if result.failures:
        n = len(result.failures)
        console.print(_("no release is made of a run with failed parts ({n}); run it again", n=n))
    for names in _by_error(result.failures).values():
        console.print(_("failed   {parts}: {error}", parts=first_of(names, 1), error=known(result.failures[names[0]])))
    if report is not None:
        console.print(_("report   {path}", path=report))


def _tell_unread(result: RunResult, doubts: Collection[Message]) -> None:
    """Print which values weren't understood, unless a doubt said exactly that before the run."""
    for breach in chain.from_iterable(unread(source, facts) for source, facts in result.facts.items()):
        line = breach.as_message()
        if line not in doubts:
            console.print(_("unread   {line}", line=line))


def _tell_release(
    result: RunResult, released: Manifest | None, before: str | None, left_out: Mapping[str, int]
) -> None:
    """Tell which version was made, and of the documents that were kept and aren't in it how many for which reason."""
    if released is not None:
        figures = {"release": released.spec, "n": number(released.rows)}
        if released.version == before:
            console.print(_("release  {release}: {n} {n:document|documents}, nothing has changed since", **figures))
        else:
            console.print(_("release  {release}: {n} {n:document|documents}", **figures))
    elif left_out:
        console.print(_("release  none is made"))
    for line in left_out_lines(result, left_out):
        console.print(line)


def _by_error(failures: Mapping[str, str | Message]) -> dict[str, list[str]]:
    """Return the parts that failed, by what they said."""
    by_error: dict[str, list[str]] = {}
    for name, error in failures.items():
        by_error.setdefault(str(error), []).append(name)
    return by_error


def _tell_left_out(result: RunResult) -> None:
    """Tell what the search for near-duplicates didn't compare, where so many documents share a passage."""
    notes = result.barriers.get("dedupe", {})
    if notes.get("left_out"):
        figures = {"n": number(notes["common"]), "cap": notes["cap"], "pairs": number(notes["left_out"])}
        message = _(
            "dedupe   {n} {n:run of words stands|runs of words stand} in more than {cap} documents; {pairs} "
            "{pairs:pair that shares|pairs that share} them {pairs:wasn't|weren't} made for that"
        )
        console.print(message.fill(**figures))
    if notes.get("beyond"):
        figures = {"n": number(notes["over"]), "most": notes["most"], "pairs": number(notes["beyond"])}
        message = _(
            "dedupe   {n} {n:document shares|documents share} passages with more than {most} others; {pairs} "
            "{pairs:pair that shares|pairs that share} less {pairs:wasn't|weren't} compared for that"
        )
        console.print(message.fill(**figures))


def _tell_losses(result: RunResult) -> None:
    if result.strict and result.unread:
        console.print(unread_problem(result))
    for loss in result.losses[:_MOST_LOSSES]:
        console.print(_("loss     {loss}", loss=loss.message))
    if len(result.losses) > _MOST_LOSSES:
        console.print(_("         and {n} more, in run.json", n=len(result.losses) - _MOST_LOSSES))
    if result.losses and result.accepted_loss:
        console.print(_("let pass because: {why}", why=result.accepted_loss))
    elif result.losses:
        remedy = _(
            "no release is made of a run that lost more than its recipe's floor: read what fell with `{command}`, mend "
            'it, or give --accept-loss "why"'
        )
        look = f"latam-corpus sample {result.folder} --set-aside --by drop_reason"
        console.print(remedy.fill(command=look))
