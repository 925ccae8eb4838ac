"""The demo: run, release and pull a small corpus, and show one document's whole life on one screen.

The texts were written for this project; the newspaper pages are served on this machine and crawled. The screen shows a
kept document, a dropped one and the totals; then a song and a story are withdrawn. `--data` adds real texts in
indigenous languages.
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
from latam_corpus.demo.withdrawals import print_withdrawals, withdraw_two
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
    """Run the demo and print its screen.

    Args:
        data: a folder with real texts in indigenous languages to add, or None.
        out: the folder for all results; a temporary one if None.
        as_json: whether to print values as JSON instead of the screen.
    """
    workdir = out or Path(tempfile.mkdtemp(prefix="latam-corpus-demo-"))
    try:
        result, manifest, crawled_pages = _run_and_release(workdir, data)
        pulled = workdir / "pulled"
        shutil.rmtree(pulled, ignore_errors=True)
        pull(manifest.spec, Store.at(workdir / "store"), pulled)
        facts = _facts(workdir, result, manifest, pulled, crawled_pages)
        if as_json:
            print_json(facts)
            return
        _print_screen(facts)
        _print_next_steps(workdir, result, manifest, facts["stays"]["doc_id"], is_kept=out is not None)
    finally:
        if out is None:
            shutil.rmtree(workdir, ignore_errors=True)


def _run_and_release(workdir: Path, data: Path | None) -> tuple[RunResult, Manifest, int]:
    """Return the run, the manifest of its release, and the number of crawled pages."""
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
        identify = StageEntry.model_validate({"use": "identify", "languages": ["spa", "por", "aym"]})
        stages = tuple(identify if entry.use == "identify" else entry for entry in recipe.stage)
        recipe = recipe.model_copy(update={"sources": (*recipe.sources, *real), "stage": stages})
        inputs |= {source: str(path) for source, path in real.items()}
    crawled_pages = _crawl(pieces.parent, workdir)
    if crawled_pages:
        recipe = recipe.model_copy(
            update={"sources": tuple(_ON_THE_WEB.get(source, source) for source in recipe.sources)}
        )
        inputs[_CRAWLED] = str(collected_folder(_CRAWLED, workdir) / "warc")
    plan = checked_plan(recipe, inputs, None)
    result = run_plan(plan, find_parts(plan), workdir, make_engine("in-process", 1), show_trouble)
    if recipe.release is None:
        raise ConfigError(str(recipe.file), _("the demo's recipe has no [release]"))
    request = BuildRequest.of_recipe(recipe.release, [result.folder], created=datetime.now(UTC))
    manifest = build(request, Store.at(workdir / "store"))
    return result, manifest, crawled_pages


def _crawl(folder: Path, workdir: Path) -> int:
    """Serve and crawl the newspaper pages, and return their number; if this fails, print the reason and return 0."""
    try:
        result = crawl_pieces(folder / _ON_THE_WEB[f"sources/{_CRAWLED}.toml"], folder / "pieces" / "noticias", workdir)
    except (ConfigError, OSError) as error:
        errors.print(
            _("the newspaper pages are read from the disk, since they can't be crawled: {reason}", reason=error)
        )
        return 0
    return int(result.pages)


def _facts(workdir: Path, result: RunResult, manifest: Manifest, pulled: Path, crawled_pages: int) -> dict[str, Any]:
    """Withdraw two documents, and return the values of the screen, which `--json` prints."""
    kept_story = lineage(find(workdir, _FOLLOWED, result.folder)[0], existing_store(None, workdir))
    dropped_story = next(
        document
        for document in _dropped_documents(result.folder)
        if document["reason"] not in ("duplicate", "superseded") and document["bounds"]
    )
    rows = pl.read_parquet(sorted(pulled.glob("data/**/*.parquet")), glob=False)
    withdrawals = withdraw_two(workdir, Store.at(workdir / "store"), rows, result.folder)
    return {
        "stays": kept_story,
        "falls": dropped_story,
        "indigenous": _indigenous_languages(rows),
        "taken_back": withdrawals,
        "totals": {
            "crawled": crawled_pages,
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


def _print_screen(facts: dict[str, Any]) -> None:
    heading(_("one document that was kept"))
    tell(facts["stays"])
    dropped = facts["falls"]
    heading(_("one that was dropped, and exactly why"))
    label = dropped["title"] or dropped["beginning"].split("\n")[0][:60]
    console.print(styled(("bold", label), f"   {dropped['source']['id']}"))
    console.print(styled("  ", ("red", dropped["reason"]), f"   {dropped['genre']}, {dropped['language']['language']}"))
    for bound in dropped["bounds"]:
        if not bound["kept_to"]:
            console.print("     " + bound_line(bound))
    for sample in facts["indigenous"]:
        heading(_("{language}: a real text, as its source licenses it", language=sample["language"]))
        console.print(f"  {sample['beginning']} …")
        console.print(
            _(
                "  {source}, {rights}, {n} {n:document|documents}",
                source=sample["source_id"],
                rights=sample["rights"],
                n=sample["documents"],
            )
        )
    heading(_("totals"))
    totals = facts["totals"]
    if totals["crawled"]:
        console.print(
            _(
                "  {crawled} newspaper {crawled:page|pages} served on this machine and crawled into WARC",
                crawled=totals["crawled"],
            )
        )
    console.print(
        _(
            "  {n} {n:document|documents} in = {kept} kept + {aside} set aside",
            n=number(totals["in"]),
            kept=number(totals["kept"]),
            aside=number(totals["in"] - totals["kept"]),
        )
    )
    reasons = ", ".join(f"{reason} {n}" for reason, n in totals["set_aside"].items())
    console.print(_("  set aside: {reasons}", reasons=reasons))
    for reason, n in totals["left_out"].items():
        why = meaning(reason).translate(spoken())
        console.print(_("  left out of the release: {reason} {n}", reason=why, n=n))
    languages = ", ".join(f"{code} {n}" for code, n in totals["languages"].items())
    console.print(
        _(
            "  released as {release}, pulled and verified: {n} {n:document|documents} ({languages})",
            release=totals["release"],
            n=totals["pulled"],
            languages=languages,
        )
    )
    print_withdrawals(facts["taken_back"])


def _print_next_steps(workdir: Path, result: RunResult, manifest: Manifest, doc_id: str, *, is_kept: bool) -> None:
    """Print commands to run next; if the folder was temporary, only the command that keeps it."""
    heading(_("where to look next"))
    if not is_kept:
        console.print(_("  keep all of this in a folder, and look into it:"))
        console.print("    latam-corpus demo --out out")
        return
    for about, command in (
        (_("this document's whole story"), f"explain {doc_id}"),
        (_("a page about the run"), f"report {result.folder.name}"),
        (_("what each bound costs"), f"measure {result.folder.name}"),
        (
            _("the dropped documents, to read"),
            f"sample {result.folder.name} --set-aside --by drop_reason --to dropped.html",
        ),
        (_("the contents of the version"), f"release show {manifest.name}"),
        (_("a collection of your own, by questions"), "sources new mine.toml"),
    ):
        out = "" if command.startswith("sources") else f" --out {workdir}"
        console.print(Message("  {about}:", {"about": about}))
        console.print(f"    latam-corpus {command}{out}")


def _indigenous_languages(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the beginning and facts of one document in each language other than Spanish and Portuguese."""
    documents = rows.filter(~pl.col("language").is_in(["spa_Latn", "por_Latn"])).sort("doc_id")
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
        for group in documents.partition_by("language", maintain_order=True)
    ]


def _dropped_documents(run: Path) -> list[dict[str, Any]]:
    """Return the histories of the run's dropped documents, those with the most broken bounds first."""
    ids = pl.read_parquet(sorted(run.glob("dropped/*.parquet")), columns=["doc_id", "drop_reason"], glob=False)
    stories = [lineage(find(run.parent.parent, doc_id, run)[0], None) for doc_id in ids["doc_id"]]
    return sorted(stories, key=lambda story: -sum(not bound["kept_to"] for bound in story["bounds"]))
