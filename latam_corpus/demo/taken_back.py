"""The demo's second half: a song and a story are withdrawn, and what becomes of their copies."""

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


def take_back(workdir: Path, store: Store, rows: pl.DataFrame, run: Path) -> dict[str, Any] | None:
    """Withdraw a song by its words and a story by its id, collect a copy of the song again, and tell what came of it.

    Nothing is told where an earlier demo in this folder has withdrawn them.

    Args:
        workdir: where everything is.
        store: of the release.
        rows: of its version.
        run: the run of which the version was made.
    """
    if not {_SONG, _STORY} <= set(rows["title"]):
        return None
    song = rows.filter(pl.col("title") == _SONG).row(0, named=True)
    story = rows.filter(pl.col("title") == _STORY).row(0, named=True)
    facts = {"song": _withdrawn(workdir, store, "text", song["text"], str(_SONG_BECAUSE), run)}
    facts["again"] = _collected_again(workdir, store, song)
    facts["story"] = _withdrawn(workdir, store, "doc", story["doc_id"], str(_STORY_BECAUSE), run)
    return facts


def _withdrawn(workdir: Path, store: Store, by: By, value: str, because: str, run: Path) -> dict[str, Any]:
    start = time.perf_counter()
    done = withdraw(store, WithdrawalRequest.of("demo", by, value, because), datetime.now(UTC), {run.name: run})
    files = write_receipt_entry(store, done, datetime.now(UTC))
    receipt = workdir / f"{done.entry.request}.html"
    receipt.write_bytes(files["html"])
    changes = diff(store, done.before, done.after, {run.name: run})
    return {
        "request": done.entry.request,
        "because": because,
        "before": done.before.spec,
        "after": done.after.spec,
        "documents": done.after.rows,
        "changes": [[change.what, change.rows, change.reason] for change in changes],
        "promoted": [_source(done.after, store, doc_id) for doc_id in done.promoted],
        "receipt": receipt.name,
        "genuine": problems_of(files["html"], store) == [],
        "seconds": round(time.perf_counter() - start, 2),
    }


def _source(manifest: Manifest, store: Store, doc_id: str) -> str:
    return str(read_ledger(store, manifest.name, manifest.version, doc_id)["source_id"][0])


def _collected_again(workdir: Path, store: Store, song: dict[str, Any]) -> dict[str, Any]:
    """Return what becomes of the song in another songbook, under another title and with a word changed."""
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


def tell_taken_back(facts: dict[str, Any] | None) -> None:
    """Print what `take_back` told."""
    if facts is None:
        console.print(_("  an earlier demo in this folder has taken a song and a story back, and they stay out"))
        return
    heading(_("a song is taken back"))
    _tell(_SONG, _SONG_BECAUSE, facts["song"])
    again = facts["again"]
    left_out = ", ".join(
        f"{word_of(reason).translate(spoken())} {number(n)}" for reason, n in again["left_out"].items()
    )
    console.print(
        _(
            "  collected again as «{again}», with a word changed: left out, {left_out}",
            again=again["title"],
            left_out=left_out,
        ),
        markup=False,
    )
    heading(_("a story is taken back, and another holder's copy takes its place"))
    _tell(_STORY, _STORY_BECAUSE, facts["story"])
    for source in facts["story"]["promoted"]:
        console.print(
            _("  the copy of {source}, which had been set aside for it, is in now", source=source), markup=False
        )


def _tell(title: str, because: Message, facts: dict[str, Any]) -> None:
    console.print(f"  «{title}»: {because.translate(spoken())} ({facts['request']})", markup=False)
    signs = {"added": "+", "removed": "−", "changed": "±"}
    changes = ", ".join(
        f"{signs[what]}{number(rows)} {reason.translate(spoken())}" for what, rows, reason in facts["changes"]
    )
    console.print(
        _(
            "  {before} → {after}: {changes}; {seconds} {seconds:second|seconds}",
            before=facts["before"],
            after=facts["after"],
            changes=changes,
            seconds=decimal(str(facts["seconds"])),
        ),
        markup=False,
    )
    console.print(
        _("  {version} has {n} {n:document|documents}", version=facts["after"], n=number(facts["documents"])),
        markup=False,
    )
    genuine = _("genuine, and in the store's log") if facts["genuine"] else _("not genuine")
    console.print(_("  the receipt {file} is {genuine}", file=facts["receipt"], genuine=genuine), markup=False)
