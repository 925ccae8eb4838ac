"""`latam-corpus sources inventory`: what is held of each source: collected, kept by runs, and in releases."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from latam_corpus.catalog.display_names import TIERS
from latam_corpus.catalog.source import load_source
from latam_corpus.cli.interface import completion
from latam_corpus.cli.interface.options import CollectedOut, Json, StoreUrl
from latam_corpus.cli.interface.show import console, number, print_json, table
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.desk.source_argument import undescribed
from latam_corpus.errors import ConfigError
from latam_corpus.messages import N_, Message, _
from latam_corpus.pipeline.stored_runs.history import finished_runs
from latam_corpus.pipeline.stored_runs.reasons import in_plain_words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store

_HEADS: Final = (
    _("source"),
    _("pages#"),
    _("until"),
    _("read#"),
    _("kept#"),
    _("released#"),
    _("title"),
)
_NOTHING: Final = _(
    "there is nothing in {out} yet: `latam-corpus crawl SOURCE` collects, `latam-corpus run RECIPE` works on it"
)
_COLLECTED: Final = _("collected: {pages} {pages:page|pages}, from {first} to {last}; {size} in {folder}")
_STATES: Final = {
    "waiting": _("waiting: {n}"),
    "refused": _("not allowed: {n}"),
    "failed": _("failed: {n}"),
    "gone": _("gone: {n}"),
}
_BUSY: Final = _("collected: it is being collected right now")
_DAMAGED: Final = _("collected: the crawl's record in {folder} is damaged ({why})")
_NOT_COLLECTED: Final = _("collected: nothing in {out}")
_RUN: Final = _("last run, {run}: {rows} read, {kept} kept")
_NO_RUN: Final = _("no run has read it yet")
_RELEASED: Final = _("in {release}: {n} {n:document|documents} ({tier})")
_NOT_RELEASED: Final = _("it is in no released version")
_MOST_REASONS: Final = 8
_MB: Final = 1000  # kilobytes


def inventory(
    named: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SOURCE]…|PATH",
            help=N_("Source files or ids, all that are held by default; or a folder of a partner's files."),
            autocompletion=completion.sources,
        ),
    ] = None,
    out: CollectedOut = Path("out"),
    store: StoreUrl = None,
    draft: Annotated[
        Path | None,
        typer.Option("--draft", metavar="FILE", help=N_("Of a folder: write a draft of its source's file.")),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help=N_("Of a folder: write a page here: one file, no network needed."))
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what is held of each source: what was collected, what runs kept of it and why not more, where it is released.

    Of a source that is named, all of it is told; of the others a line each. Of a folder that somebody hands over, what
    is in it: formats, sizes, checksums, charsets, pages to be recognised, languages at a glance.
    """
    from latam_corpus.audit.stores import existing_store

    language = spoken()
    if named and (folder := folder_of(named, out)):
        from latam_corpus.desk.commands.survey_tables import tell_survey

        tell_survey(folder, draft, html, language, as_json=as_json)
        return
    if draft or html:
        raise ConfigError("--draft" if draft else "--html", _("it goes with a folder"), _("name the folder first"))
    held = _held(out, existing_store(store, out))
    if named:
        held = {name: held.get(name) or _row(name) for name in (_id_of(one, held) for one in named)}
    if as_json:
        print_json(list(held.values()))
    elif named:
        for row in held.values():
            _tell(row, out, language)
    elif held:
        table("", [head.translate(language) for head in _HEADS], map(_line, held.values()))
    else:
        console.print(_NOTHING.fill(out=out).translate(language), markup=False)


def folder_of(named: Sequence[str], out: Path) -> Path | None:
    """Return the folder, or the file that describes no source, that is named alone; None where sources are named.

    Raises:
        ConfigError: another thing is named beside it.
    """
    held = (one for one in named if Path(one).name != one or not (out / "collected" / one).is_dir())
    paths = [path for one in held if (path := undescribed(one))]
    if paths and len(named) > 1:
        raise ConfigError(str(paths[0]), _("a folder is surveyed by itself"), _("give the command for each"))
    return paths[0] if paths else None


def _id_of(named: str, held: Collection[str]) -> str:
    """Return the id of a source's file, of one of the catalogue, or of one held that has left the catalogue.

    Raises:
        ConfigError: there is none of that name.
    """
    return named if named in held else load_source(named).id


def _row(name: str) -> dict[str, Any]:
    try:
        title = load_source(name).title
    except ConfigError:  # somebody's own, which is known by what is held of it alone
        title = None
    return {"source": name, "title": title, "collected": None, "run": None, "releases": []}


def _held(out: Path, store: Store | None) -> dict[str, dict[str, Any]]:
    """Return what is held of each source, by its id, sorted."""
    held: dict[str, dict[str, Any]] = {}

    def row(name: str, title: str | None = None) -> dict[str, Any]:
        entry = held.setdefault(name, _row(name))
        entry["title"] = entry["title"] or title
        return entry

    for folder in sorted(out.glob("collected/*/warc")):
        row(folder.parent.name)["collected"] = _collected(folder.parent)
    for values in (record.values for record in finished_runs(out)):  # the latest first
        titles = {source["id"]: source["title"] for source in values.get("sources", ())}
        for name in {one["source"] for one in values.get("by_genre", ())}:
            held_row = row(name, titles.get(name))
            held_row["run"] = held_row["run"] or _in_run(values, name)
    for manifest in _latest(store) if store else ():
        for entry in manifest.sources:
            release = {"release": manifest.spec, "documents": entry.rows, "rights_tier": entry.rights_tier}
            row(entry.source_id, entry.title)["releases"].append(release)
    return dict(sorted(held.items()))


def _latest(store: Store) -> Iterator[Manifest]:
    """Yield the latest version of each release."""
    from latam_corpus.release.storing.manifest import load_manifest

    with store.named_errors():
        for name in store.names():
            latest = store.latest(name)
            if latest:
                yield load_manifest(store, name, latest)


def _collected(folder: Path) -> dict[str, Any]:
    from latam_corpus.harvest.crawl.frontier import collection_summary

    size = sum(file.stat().st_size for file in (folder / "warc").iterdir() if file.is_file())
    return {"folder": str(folder), "bytes": size, **collection_summary(folder / "frontier.sqlite")}


def _in_run(values: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what a run made of a source, of whatever genre its documents are."""
    rows = [row for row in values["by_genre"] if row["source"] == name]
    totals = {key: sum(row[key] for row in rows) for key in ("in", "kept")}
    return {"run": values["id"], **totals, "reasons": reasons_of(rows)}


def reasons_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Why rows of `by_genre` were set aside, the most frequent reason first.

    >>> reasons_of([{"reasons": {"duplicate": 1}}, {"reasons": {"language=eng": 2, "duplicate": 3}}])
    {'duplicate': 4, 'language=eng': 2}
    """
    reasons: Counter[str] = Counter()
    for row in rows:
        reasons.update(row["reasons"])
    return dict(reasons.most_common())


def _line(row: dict[str, Any]) -> Sequence[object]:
    collected, run = row["collected"] or {}, row["run"] or {}
    pages = collected.get("states", {}).get("page")
    numbers = [pages, run.get("in"), run.get("kept"), sum(one["documents"] for one in row["releases"]) or None]
    shown = [None if one is None else number(one) for one in numbers]
    return row["source"], shown[0], (collected.get("last") or "")[:10], *shown[1:], row["title"]


def _tell(row: dict[str, Any], out: Path, language: str) -> None:
    def say(message: Message, **values: object) -> None:
        console.print("  " + message.fill(**values).translate(language), markup=False)

    console.print(" · ".join(one for one in (row["source"], row["title"]) if one), markup=False, style="bold")
    collected, run = row["collected"], row["run"]
    if collected is None:
        say(_NOT_COLLECTED, out=out / "collected")
    elif collected["busy"]:
        say(_BUSY)
    elif collected["damaged"]:
        say(_DAMAGED, folder=collected["folder"], why=collected["damaged"])
    else:
        days = {name: (collected[name] or "—")[:10] for name in ("first", "last")}
        kilobytes = -(-collected["bytes"] // 1000)
        size = f"{number(kilobytes)} kB" if kilobytes < _MB else f"{number(kilobytes // _MB)} MB"
        pages = number(collected["states"].get("page", 0))
        say(_COLLECTED, pages=pages, size=size, folder=collected["folder"], **days)
        for state, state_message in _STATES.items():
            if n := collected["states"].get(state):
                say(Message("  {state}"), state=state_message.fill(n=number(n)))
    if run is None:
        say(_NO_RUN)
    else:
        say(_RUN, run=run["run"], rows=number(run["in"]), kept=number(run["kept"]))
        for reason, n in list(run["reasons"].items())[:_MOST_REASONS]:
            why = in_plain_words(reason, None)[0].translate(language)
            console.print(f"    {number(n)}  {why if why == reason else f'{why} ({reason})'}", markup=False)
    for one in row["releases"]:
        say(_RELEASED, release=one["release"], n=number(one["documents"]), tier=TIERS[one["rights_tier"]])
    if not row["releases"]:
        say(_NOT_RELEASED)
