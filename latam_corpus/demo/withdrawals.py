"""The second half of the demo: withdraw a song and a story, and show the effects on their copies."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus.api.planned_run import checked_plan
from latam_corpus.cli.interface.show import console, heading, number, show_trouble
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.engine.choose import make_engine
from latam_corpus.messages import _, decimal
from latam_corpus.paths import data_folder
from latam_corpus.pipeline.execution.run import find_parts
from latam_corpus.pipeline.execution.run import run as run_plan
from latam_corpus.pipeline.planning.recipe import load_recipe
from latam_corpus.release.building.build import build
from latam_corpus.release.building.diff import diff
from latam_corpus.release.eligibility.build_request import BuildRequest
from latam_corpus.release.pages.changelog import word_of
from latam_corpus.release.storing.store_tables import read_ledger
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_receipt import problems_of, write_receipt_entry
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.messages import Message
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import By

_SONG: Final = "Zamba del molino viejo"
_STORY: Final = "El escalón de más"
_SONG_BECAUSE: Final = _("the community that sings it asks for it back")
_STORY_BECAUSE: Final = _("its contract has ended")


def withdraw_two(workdir: Path, store: Store, rows: pl.DataFrame, run: Path) -> dict[str, Any] | None:
    """Withdraw a song by its words, collect a copy of the song, and withdraw a story by its id.

    Args:
        workdir: the folder of the demo.
        store: the store of the release.
        rows: the rows of its version.
        run: the folder of the run from which the version was built.

    Returns:
        The results for `song`, `again` (the copy) and `story`; None if an earlier demo in this folder withdrew both.
    """
    if not {_SONG, _STORY} <= set(rows["title"]):
        return None
    song = rows.filter(pl.col("title") == _SONG).row(0, named=True)
    story = rows.filter(pl.col("title") == _STORY).row(0, named=True)
    facts = {"song": _withdraw(workdir, store, "text", song["text"], str(_SONG_BECAUSE), run)}
    facts["again"] = _collect_again(workdir, store, song)
    facts["story"] = _withdraw(workdir, store, "doc", story["doc_id"], str(_STORY_BECAUSE), run)
    return facts


def _withdraw(workdir: Path, store: Store, by: By, value: str, because: str, run: Path) -> dict[str, Any]:
    start = time.perf_counter()
    withdrawal = withdraw(store, WithdrawalRequest.of("demo", by, value, because), datetime.now(UTC), {run.name: run})
    files = write_receipt_entry(store, withdrawal, datetime.now(UTC))
    receipt = workdir / f"{withdrawal.entry.request}.html"
    receipt.write_bytes(files["html"])
    changes = diff(store, withdrawal.before, withdrawal.after, {run.name: run})
    return {
        "request": withdrawal.entry.request,
        "because": because,
        "before": withdrawal.before.spec,
        "after": withdrawal.after.spec,
        "documents": withdrawal.after.rows,
        "changes": [[change.what, change.rows, change.reason] for change in changes],
        "promoted": [_source(withdrawal.after, store, doc_id) for doc_id in withdrawal.promoted],
        "receipt": receipt.name,
        "genuine": problems_of(files["html"], store) == [],
        "seconds": round(time.perf_counter() - start, 2),
    }


def _source(manifest: Manifest, store: Store, doc_id: str) -> str:
    return str(read_ledger(store, manifest.name, manifest.version, doc_id)["source_id"][0])


def _collect_again(workdir: Path, store: Store, song: dict[str, Any]) -> dict[str, Any]:
    """Run and release the song from another songbook, with another title and a changed word; return the counts."""
    folder = workdir / "another-songbook"
    folder.mkdir(exist_ok=True)
    copy = {
        "id": "otro-cancionero-12",
        "title": "Molino viejo (zamba)",
        "creators": ["anonymous, it says"],
        "country": song["country"],
        "language": "spa",
        "rights": "CC0-1.0",
        "obtained": "2026-11-25",
        "text": song["text"].replace("silbar", "cantar"),
    }
    (folder / "canciones.jsonl").write_text(json.dumps(copy, ensure_ascii=False) + "\n", encoding="utf-8")
    recipe = load_recipe(str(data_folder("pipelines") / "demo" / "demo.toml"))
    plan = checked_plan(recipe, {"demo-canciones": str(folder)}, None)
    result = run_plan(plan, find_parts(plan), workdir, make_engine("in-process", 1), show_trouble)
    request = BuildRequest(
        name="demo",
        runs=(result.folder,),
        admit=("open", "attribution"),
        uses=("train", "redistribute"),
        created=datetime.now(UTC),
        parent="latest",
    )
    release = build(request, store)
    return {"title": copy["title"], "kept_by_the_run": result.kept, "left_out": dict(release.left_out)}


def print_withdrawals(facts: dict[str, Any] | None) -> None:
    """Print the results of `withdraw_two`."""
    if facts is None:
        console.print(_("  an earlier demo in this folder withdrew a song and a story, so this version omits them"))
        return
    heading(_("a song is withdrawn"))
    _print_withdrawal(_SONG, _SONG_BECAUSE, facts["song"])
    copy = facts["again"]
    left_out = ", ".join(f"{word_of(reason).translate(spoken())} {number(n)}" for reason, n in copy["left_out"].items())
    console.print(
        _(
            "  collected again as «{again}», with a word changed: left out, {left_out}",
            again=copy["title"],
            left_out=left_out,
        )
    )
    heading(_("a story is withdrawn, and another holder's copy takes its place"))
    _print_withdrawal(_STORY, _STORY_BECAUSE, facts["story"])
    for source in facts["story"]["promoted"]:
        console.print(
            _("  the copy from {source}, dropped before as its duplicate, is in the version now", source=source)
        )


def _print_withdrawal(title: str, because: Message, facts: dict[str, Any]) -> None:
    console.print(f"  «{title}»: {because.translate(spoken())} ({facts['request']})")
    signs = {"added": "+", "removed": "−", "changed": "±"}
    changes = ", ".join(
        f"{signs[kind]}{number(rows)} {reason.translate(spoken())}" for kind, rows, reason in facts["changes"]
    )
    console.print(
        _(
            "  {before} → {after}: {changes}; {seconds} {seconds:second|seconds}",
            before=facts["before"],
            after=facts["after"],
            changes=changes,
            seconds=decimal(str(facts["seconds"])),
        )
    )
    console.print(_("  {version} has {n} {n:document|documents}", version=facts["after"], n=number(facts["documents"])))
    genuine = _("genuine, and in the store's log") if facts["genuine"] else _("not genuine")
    console.print(_("  the receipt {file} is {genuine}", file=facts["receipt"], genuine=genuine))
