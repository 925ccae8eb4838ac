"""What `latam-corpus run` prints: the plan of a dry run, the result of one that was done."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.cli.show import console, errors, number, print_json, table
from latam_corpus.collect.files import SPAN_BYTES
from latam_corpus.pipeline.contracts import mapping_rows
from latam_corpus.pipeline.history import latest
from latam_corpus.pipeline.part import Task, folder_of, keys_of
from latam_corpus.pipeline.plan import run_digest
from latam_corpus.pipeline.step_file import is_whole
from latam_corpus.release.card import megabytes
from latam_corpus.toml_model import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.collect.contract import Facts
    from latam_corpus.collect.examine import Examined
    from latam_corpus.collect.files import InputFile
    from latam_corpus.pipeline.plan import Part, Plan
    from latam_corpus.pipeline.result import RunResult
    from latam_corpus.release.manifest import Manifest

_MOST_LOSSES: Final = 10
_MOST_FILES: Final = 10


def tell_looking(file: InputFile) -> None:
    """Say that a large file is looked through: it may take minutes before anything else is said."""
    size = megabytes(file.size)
    errors.print(f"{file.relative}: looking where it can be cut, once for its {size}", markup=False)


def tell_plan(plan: Plan, parts: Sequence[Part], out: Path, *, as_json: bool) -> None:
    """Print what a run would do: which parts are done already, and what the others would take."""
    from latam_corpus.pipeline.estimate import estimate

    first = plan.segments[0]
    run = latest(out / "runs", plan.recipe.name, run_digest(plan, parts)).name
    reused = {step.title: 0 for step in first.steps}
    for part in parts:
        for step, key in zip(first.steps, keys_of(Task(part, first, out / "work")), strict=True):
            reused[step.title] += is_whole(folder_of(out / "work", key))
    files = dict.fromkeys(file for part in parts for file in part.files)
    told: dict[str, Any] = {
        "run": run,
        "files": len(files),
        "parts": len(parts),
        "bytes": sum(file.size for file in files),
        **_told_parts(parts),
        "steps": [{"stages": title, "parts_reused": n} for title, n in reused.items()],
        "estimate": dataclasses.asdict(estimate(plan, parts, out / "work")),
        "barriers": [barrier.name for segment in plan.segments for barrier in segment.barriers],
    }
    if as_json:
        print_json(told)
        return
    count = f"{number(len(files))} files, {number(told['bytes'])} bytes, in {number(len(parts))} parts"
    console.print(f"run {run}: {count}")
    _print_parts(told)
    for step in told["steps"]:
        console.print(f"  {step['stages']}: {step['parts_reused']} of {len(parts)} parts are done already")
    guess = told["estimate"]
    if guess["remaining"]:
        seconds = f"{guess['seconds']:.0f}" if guess["seconds"] >= 1 else "less than 1"
        console.print(
            f"  about {seconds} CPU seconds and {megabytes(guess['disk'])} of disk for the rest, "
            f"estimated by working {megabytes(guess['sampled'])} of {megabytes(guess['remaining'])}, "
            "after a few records that compile code and open models"
        )
    console.print(f"  then decided over all: {', '.join(told['barriers'])}")


def tell_examined(examined: Sequence[Examined]) -> None:
    """Print, on standard error, what may be wrong with the columns of sources, by their first records."""
    for one in examined:
        lines = [f"{doubt.place}: {doubt.problem}; {doubt.remedy}" for doubt in one.doubts]
        for line in (*lines, *never_filled({one.source: one.facts})):
            errors.print(f"doubt    {line}", markup=False)


def _told_parts(parts: Sequence[Part]) -> dict[str, Any]:
    """Which files are taken together, and which are cut."""
    packs = [part for part in parts if len(part.files) > 1]
    cut: dict[InputFile, dict[str, Any]] = {}
    for part in parts:
        if part.span is not None:
            about = {"file": part.files[0].relative, "parts": 0, "bytes": 0, "unpacked_again": 0}
            told = cut.setdefault(part.files[0], about)
            told["parts"] += 1
            told["bytes"] += part.bytes
            told["unpacked_again"] += part.span.skip
    whole = [part.files[0] for part in parts if part.span is None and part.files[0].size > SPAN_BYTES]
    return {
        "together": {"files": sum(len(part.files) for part in packs), "parts": len(packs)},
        "cut": list(cut.values()),
        "uncut": [{"file": file.relative, "bytes": file.size} for file in whole],
    }


def _print_parts(told: dict[str, Any]) -> None:
    if told["together"]["files"]:
        count = (
            f"{number(told['together']['files'])} small files are taken together, in {told['together']['parts']} parts"
        )
        console.print(f"  {count}")
    lines = []
    for one in told["cut"]:
        again = one["unpacked_again"]
        reached = f"; to reach them, {megabytes(again)} are unpacked once more" if again else ""
        lines.append(f"{one['file']}: {one['parts']} parts, {megabytes(one['bytes'])} unpacked{reached}")
    lines += [f"{one['file']}: one part of {megabytes(one['bytes'])}, which can't be cut" for one in told["uncut"]]
    for line in lines[:_MOST_FILES]:
        console.print(f"  {line}", markup=False)
    if len(lines) > _MOST_FILES:
        console.print(f"  and {number(len(lines) - _MOST_FILES)} more large files, see --json")


def tell_result(result: RunResult, released: Manifest | None, before: str | None, *, as_json: bool) -> None:
    """Print what a run came to.

    Args:
        result: the run's.
        released: the version made of it, or the one that has it already.
        before: the latest version before.
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
                "by_genre": result.by_genre,
                "reused": {title: {"parts": n, "of": of} for title, (n, of) in result.reused.items()},
                "failures": result.failures,
                "losses": [loss.as_dict() for loss in result.losses],
                "accepted_loss": result.accepted_loss,
                "mended": list(result.mended),
                "seconds": result.seconds,
                "release": None if released is None else {"name": released.name, "version": released.version},
            }
        )
        return
    for title, (n, of) in result.reused.items():
        if n:
            console.print(f"reused   {title}: {n} of {of} parts")
    rows = []
    for row in result.by_genre:
        why = ", ".join(f"{reason} {number(n)}" for reason, n in row["reasons"].items())
        rows.append((row["genre"], row["source"], number(row["in"]), number(row["kept"]), why))
    table("", ["genre", "source", "in#", "kept#", "set aside, by reason"], rows)
    console.print(
        f"{number(result.rows_in)} documents in = {number(result.kept)} kept + "
        f"{number(result.rows_in - result.kept)} set aside, in {result.seconds:.1f} s"
    )
    _tell_left_out(result)
    for line in never_filled(result.facts):
        console.print(f"empty    {line}", markup=False)
    console.print(f"run      {result.folder}")
    if released is not None:
        again = ", nothing has changed since" if released.version == before else ""
        console.print(f"release  {released.spec}: {number(released.rows)} documents{again}")
    if not result.kept:
        look = f"latam-corpus sample {result.folder} --set-aside --by drop_reason"
        console.print(f"nothing was kept: `{look}` shows what fell", markup=False)
    _tell_losses(result)
    if result.failures:
        console.print(f"no release is made of a run with failed parts ({len(result.failures)}); run it again")
    for error, names in _by_error(result.failures).items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        console.print(f"failed   {names[0]}{more}: {error}", markup=False)


def _by_error(failures: Mapping[str, str]) -> dict[str, list[str]]:
    """The parts that failed, by what they said."""
    found: dict[str, list[str]] = {}
    for name, error in failures.items():
        found.setdefault(error, []).append(name)
    return found


def never_filled(facts: Mapping[str, Facts]) -> Iterator[str]:
    """A sentence for each column of the documents that is mapped and that no record of a source filled."""
    for source, told in facts.items():
        for name, given in told.empty().items():
            values = f", whose values aren't understood, such as {shown(given.example)}" if given.example else ""
            records = f"{number(given.records)} records"
            yield f"{source}: no «{name}» in any of {records}; it is taken from «{given.origin}»{values}"


def _tell_left_out(result: RunResult) -> None:
    """What the search for near-duplicates didn't compare, where so many documents share a passage."""
    found = result.barriers.get("dedupe", {})
    if found.get("left_out"):
        console.print(
            f"dedupe   {number(found['common'])} runs of words stand in more than {found['cap']} documents; "
            f"{number(found['left_out'])} pairs that share them weren't made for that"
        )
    if found.get("beyond"):
        console.print(
            f"dedupe   {number(found['over'])} documents share passages with more than {found['most']} others; "
            f"{number(found['beyond'])} pairs that share less weren't compared for that"
        )


def _tell_losses(result: RunResult) -> None:
    for loss in result.losses[:_MOST_LOSSES]:
        console.print(f"loss     {loss}", markup=False)
    if len(result.losses) > _MOST_LOSSES:
        console.print(f"         and {len(result.losses) - _MOST_LOSSES} more, in run.json")
    if result.losses and result.accepted_loss:
        console.print(f"let pass because: {result.accepted_loss}", markup=False)
    elif result.losses:
        console.print(
            "no release is made of a run that lost more than its recipe's floor: read what fell with `latam-corpus "
            f'sample {result.folder} --set-aside --by drop_reason`, mend it, or give --accept-loss "why"',
            markup=False,
        )
