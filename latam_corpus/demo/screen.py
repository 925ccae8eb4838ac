"""One document's whole life on one screen, in and out.

A small folder of pieces written for this project is run, released and pulled; its newspaper pages are served on this
machine and crawled from there. The screen follows one document that stays, then one that fell, then tells the totals;
then a song and a story are withdrawn. With `--data` real texts of indigenous languages join it.
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from latam_corpus.api.planned_run import checked_plan
from latam_corpus.audit.lineage import find, lineage
from latam_corpus.audit.lineage_lines import bound_line
from latam_corpus.audit.stores import existing_store
from latam_corpus.cli.interface.show import console, errors, heading, number, print_json, show_trouble, styled
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.cli.reading.explain import tell
from latam_corpus.demo.newspaper import crawl_pieces
from latam_corpus.demo.taken_back import take_back, tell_taken_back
from latam_corpus.desk.commands.inventory import reasons_of
from latam_corpus.engine.choose import make_engine
from latam_corpus.errors import ConfigError
from latam_corpus.messages import Message, _
from latam_corpus.paths import data_folder
from latam_corpus.pipeline.execution.run import find_parts
from latam_corpus.pipeline.execution.run import run as run_plan
from latam_corpus.pipeline.planning.collection_folders import collected_folder
from latam_corpus.pipeline.planning.recipe import StageEntry, load_recipe
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.privacy.redact import redact
from latam_corpus.release.building.build import build
from latam_corpus.release.eligibility.build_request import BuildRequest
from latam_corpus.release.reading.pull import pull
from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from latam_corpus.pipeline.execution.result import RunResult
    from latam_corpus.release.storing.manifest import Manifest

_FOLLOWED = "El último tren de Quebrada Honda"
_CRAWLED = "demo-noticias"
_ON_THE_WEB = {f"sources/{_CRAWLED}.toml": f"sources/{_CRAWLED}-web.toml"}
_REAL = {"aymara-global-voices": "indigenous/aymara_globalvoices"}


def show_demo(data: Path | None, out: Path | None, *, as_json: bool) -> None:
    """Run the demo and show it.

    Args:
        data: a folder of real texts, to show indigenous languages too.
        out: where everything is kept; nowhere when None.
        as_json: whether values are wanted and no words.
    """
    workdir = out or Path(tempfile.mkdtemp(prefix="latam-corpus-demo-"))
    try:
        result, manifest, crawled = _work(workdir, data)
        pulled = workdir / "pulled"
        shutil.rmtree(pulled, ignore_errors=True)
        pull(manifest.spec, Store.at(workdir / "store"), pulled)
        _screen(workdir, result, manifest, pulled, crawled, as_json, lasts=out is not None)
    finally:
        if out is None:
            shutil.rmtree(workdir, ignore_errors=True)


def _work(workdir: Path, data: Path | None) -> tuple[RunResult, Manifest, int]:
    """Return the run, its release, and how many pages were crawled for it."""
    pieces = data_folder("pipelines") / "demo" / "pieces"
    inputs = {f"demo-{folder.name}": str(folder) for folder in sorted(pieces.iterdir()) if folder.is_dir()}
    recipe = load_recipe(str(data_folder("pipelines") / "demo" / "demo.toml"))
    if data is not None:
        real = {source: data / folder for source, folder in _REAL.items()}
        missing = [path for path in real.values() if not path.is_dir()]
        if missing:
            raise ConfigError(
                "--data", _("there is no {missing}", missing=missing[0]), _("name the folder that holds indigenous/")
            )
        wanted = StageEntry.model_validate({"use": "identify", "languages": ["spa", "por", "aym"]})
        stages = tuple(wanted if entry.use == "identify" else entry for entry in recipe.stage)
        recipe = recipe.model_copy(update={"sources": (*recipe.sources, *real), "stage": stages})
        inputs |= {source: str(path) for source, path in real.items()}
    crawled = _crawled(pieces.parent, workdir)
    if crawled:
        recipe = recipe.model_copy(update={"sources": tuple(_ON_THE_WEB.get(one, one) for one in recipe.sources)})
        inputs[_CRAWLED] = str(collected_folder(_CRAWLED, workdir) / "warc")
    plan = checked_plan(recipe, inputs, None)
    result = run_plan(plan, find_parts(plan), workdir, make_engine("in-process", 1), show_trouble)
    if recipe.release is None:
        raise ConfigError(str(recipe.file), _("the demo's recipe has no [release]"))
    request = BuildRequest.of_recipe(recipe.release, [result.folder], created=datetime.now(UTC))
    manifest = build(request, Store.at(workdir / "store"))
    return result, manifest, crawled


def _crawled(folder: Path, workdir: Path) -> int:
    """How many newspaper pages were served and crawled; 0 where they must be read from the disk, which is told."""
    try:
        result = crawl_pieces(folder / _ON_THE_WEB[f"sources/{_CRAWLED}.toml"], folder / "pieces" / "noticias", workdir)
    except (ConfigError, OSError) as error:
        errors.print(
            _("the newspaper pages are read from the disk, since they can't be crawled: {reason}", reason=error),
            markup=False,
        )
        return 0
    return int(result.pages)


def _screen(
    workdir: Path, result: RunResult, manifest: Manifest, pulled: Path, crawled: int, as_json: bool, *, lasts: bool
) -> None:
    store = existing_store(None, workdir)
    stays = find(workdir, _FOLLOWED, result.folder)[0]
    falls = next(f for f in _set_aside(result.folder) if f["reason"] not in ("duplicate", "superseded") and f["bounds"])
    kept_story = lineage(stays, store)
    rows = pl.read_parquet(sorted(pulled.glob("data/**/*.parquet")), glob=False)
    taken_back = take_back(workdir, Store.at(workdir / "store"), rows, result.folder)
    facts: dict[str, Any] = {
        "stays": kept_story,
        "falls": falls,
        "indigenous": _indigenous(rows),
        "taken_back": taken_back,
        "totals": {
            "crawled": crawled,
            "in": result.rows_in,
            "kept": result.kept,
            "set_aside": reasons_of(result.by_genre),
            "released": manifest.rows,
            "left_out": dict(manifest.left_out),
            "release": manifest.spec,
            "pulled": rows.height,
            "languages": dict(rows["language"].value_counts(sort=True).iter_rows()),
        },
    }
    if as_json:
        print_json(facts)
        return
    heading(_("one document that stays"))
    tell(kept_story)
    heading(_("one that was dropped, and exactly why"))
    label = falls["title"] or falls["beginning"].split("\n")[0][:60]
    console.print(styled(("bold", label), f"   {falls['source']['id']}"))
    console.print(styled("  ", ("red", falls["reason"]), f"   {falls['genre']}, {falls['language']['language']}"))
    for bound in falls["bounds"]:
        if not bound["kept_to"]:
            console.print("     " + bound_line(bound), markup=False)
    for sample in facts["indigenous"]:
        heading(_("{language}: a real text, as its source licenses it", language=sample["language"]))
        console.print(f"  {sample['beginning']} …", markup=False)
        console.print(
            _(
                "  {source}, {rights}, {n} {n:document|documents}",
                source=sample["source_id"],
                rights=sample["rights"],
                n=sample["documents"],
            ),
            markup=False,
        )
    heading(_("totals"))
    totals = facts["totals"]
    aside = number(totals["in"] - totals["kept"])
    if crawled:
        console.print(
            _(
                "  {crawled} newspaper {crawled:page|pages} served on this machine and crawled into WARC",
                crawled=crawled,
            )
        )
    console.print(
        _(
            "  {n} {n:document|documents} in = {kept} kept + {aside} set aside",
            n=number(totals["in"]),
            kept=number(totals["kept"]),
            aside=aside,
        )
    )
    reasons = ", ".join(f"{reason} {n}" for reason, n in totals["set_aside"].items())
    console.print(_("  set aside: {reasons}", reasons=reasons), markup=False)
    for reason, n in totals["left_out"].items():
        why = meaning(reason).translate(spoken())
        console.print(_("  left out of the release: {reason} {n}", reason=why, n=n), markup=False)
    languages = ", ".join(f"{code} {n}" for code, n in totals["languages"].items())
    console.print(
        _(
            "  released as {release}, pulled and verified: {n} {n:document|documents} ({languages})",
            release=totals["release"],
            n=totals["pulled"],
            languages=languages,
        )
    )
    tell_taken_back(facts["taken_back"])
    _tell_next(workdir, result, manifest, kept_story["doc_id"], lasts=lasts)


def _tell_next(workdir: Path, result: RunResult, manifest: Manifest, doc_id: str, *, lasts: bool) -> None:
    """Say where to look next; nothing of it is there any more where no folder was named."""
    heading(_("where to look next"))
    if not lasts:
        console.print(_("  keep all of this in a folder, and look into it:"))
        console.print("    latam-corpus demo --out out")
        return
    for about, command in (
        (_("this document's whole story"), f"explain {doc_id}"),
        (_("a page about the run"), f"report {result.folder.name}"),
        (_("what each bound costs"), f"measure {result.folder.name}"),
        (_("what fell, to read"), f"sample {result.folder.name} --set-aside --by drop_reason --to fell.html"),
        (_("what the version holds"), f"release show {manifest.name}"),
        (_("a collection of your own, by questions"), "sources new mine.toml"),
    ):
        there = "" if command.startswith("sources") else f" --out {workdir}"
        console.print(Message("  {about}:", {"about": about}))
        console.print(f"    latam-corpus {command}{there}")


def _indigenous(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the first document of each language that isn't Spanish or Portuguese, by its beginning."""
    others = rows.filter(~pl.col("language").is_in(["spa_Latn", "por_Latn"])).sort("doc_id")
    return [
        {
            "language": group["language"][0],
            "beginning": redact(group["text"][0], group["genre"][0], group["country"][0])[0]
            .strip()
            .split("\n")[0][:150],
            "source_id": group["source_id"][0],
            "rights": group["rights"][0],
            "documents": group.height,
        }
        for group in others.partition_by("language", maintain_order=True)
    ]


def _set_aside(run: Path) -> list[dict[str, Any]]:
    """Return the stories of the documents that the run set aside, those with broken bounds first."""
    ids = pl.read_parquet(sorted(run.glob("dropped/*.parquet")), columns=["doc_id", "drop_reason"], glob=False)
    stories = [lineage(find(run.parent.parent, doc_id, run)[0], None) for doc_id in ids["doc_id"]]
    return sorted(stories, key=lambda s: -sum(not bound["kept_to"] for bound in s["bounds"]))
