"""The command `sources inventory`: list pages, documents and releases of each source, or survey a folder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.audit.stores import existing_store
from latam_corpus.catalog.display_names import TIERS
from latam_corpus.catalog.source import load_source
from latam_corpus.cli.interface.show import console, number, print_json, table
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.desk.source_argument import undescribed
from latam_corpus.errors import ConfigError
from latam_corpus.harvest.crawl.frontier import collection_summary
from latam_corpus.messages import Message, _
from latam_corpus.pipeline.stored_runs.history import finished_runs
from latam_corpus.pipeline.stored_runs.reasons import in_plain_words
from latam_corpus.release.storing.manifest import load_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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
    "{out} has no data yet: collect pages with `latam-corpus crawl SOURCE`, or "
    "process files with `latam-corpus run RECIPE`"
)
_COLLECTED: Final = _("collected: {pages} {pages:page|pages}, from {first} to {last}; {size} in {folder}")
_PAGE_STATES: Final = {
    "waiting": _("waiting: {n}"),
    "refused": _("not allowed: {n}"),
    "failed": _("failed: {n}"),
    "gone": _("no longer online: {n}"),
}
_DAMAGED: Final = _("collected: the crawl state in {folder} is damaged ({why})")
_RUN: Final = _("last run, {run}: {rows} read, {kept} kept")
_RELEASED: Final = _("in {release}: {n} {n:document|documents} ({tier})")
_MOST_REASONS: Final = 8
_MB: Final = 1000  # kilobytes


def show_inventory(
    *, named: list[str] | None, out: Path, store: str | None, draft: Path | None, html: Path | None, as_json: bool
) -> None:
    """List what is stored for each source: collected pages, documents kept by runs, and releases."""
    language = spoken()
    if named and (folder := folder_argument(named, out)):
        # Importing the modules for a survey takes longer than an inventory.
        from latam_corpus.desk.commands.survey_tables import show_survey

        show_survey(folder, draft, html, language, as_json=as_json)
        return
    if draft or html:
        raise ConfigError("--draft" if draft else "--html", _("it can only be used with a folder"), _("name a folder"))
    inventories = _inventories(out, existing_store(store, out))
    if named:
        ids = [name if name in inventories else load_source(name).id for name in named]
        inventories = {name: inventories.get(name) or _row(name) for name in ids}
    if as_json:
        print_json(list(inventories.values()))
    elif named:
        for row in inventories.values():
            _print_row(row, out, language)
    elif inventories:
        table("", _HEADS, map(_line, inventories.values()))
    else:
        console.print(_NOTHING.fill(out=out))


def folder_argument(named: Sequence[str], out: Path) -> Path | None:
    """Return the folder or file to survey; None if the arguments are sources.

    Raises:
        ConfigError: there are other arguments besides the folder.
    """
    # A folder may have the same name as the id of a collected source.
    not_collected = (name for name in named if Path(name).name != name or not (out / "collected" / name).is_dir())
    paths = [path for name in not_collected if (path := undescribed(name))]
    if paths and len(named) > 1:
        raise ConfigError(str(paths[0]), _("a folder must be the only argument"), _("run the command once for each"))
    return paths[0] if paths else None


def _row(name: str) -> dict[str, Any]:
    try:
        title = load_source(name).title
    except ConfigError:  # for a source outside the catalogue, the source file isn't known here
        title = None
    return {"source": name, "title": title, "collected": None, "run": None, "releases": []}


def _inventories(out: Path, store: Store | None) -> dict[str, dict[str, Any]]:
    """Return the inventory of each source, ordered by id."""
    inventories: dict[str, dict[str, Any]] = {}

    def row(name: str, title: str | None = None) -> dict[str, Any]:
        entry = inventories.setdefault(name, _row(name))
        entry["title"] = entry["title"] or title
        return entry

    for folder in sorted(out.glob("collected/*/warc")):
        row(folder.parent.name)["collected"] = _collected(folder.parent)
    for values in (record.values for record in finished_runs(out)):  # latest runs first
        titles = {source["id"]: source["title"] for source in values.get("sources", ())}
        for name in {counts["source"] for counts in values.get("by_genre", ())}:
            source_row = row(name, titles.get(name))
            source_row["run"] = source_row["run"] or _in_run(values, name)
    for manifest in _latest(store) if store else ():
        for entry in manifest.sources:
            release = {"release": manifest.spec, "documents": entry.rows, "rights_tier": entry.rights_tier}
            row(entry.source_id, entry.title)["releases"].append(release)
    return dict(sorted(inventories.items()))


def _latest(store: Store) -> Iterator[Manifest]:
    """Yield the latest version of each release."""
    with store.named_errors():
        for name in store.names():
            latest = store.latest(name)
            if latest:
                yield load_manifest(store, name, latest)


def _collected(folder: Path) -> dict[str, Any]:
    size = sum(file.stat().st_size for file in (folder / "warc").iterdir() if file.is_file())
    return {"folder": str(folder), "bytes": size, **collection_summary(folder / "frontier.sqlite")}


def _in_run(values: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the counts of a run for a source, over all genres."""
    rows = [row for row in values["by_genre"] if row["source"] == name]
    totals = {key: sum(row[key] for row in rows) for key in ("in", "kept")}
    return {"run": values["id"], **totals, "reasons": reasons_of(rows)}


def reasons_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Sum the numbers of dropped documents by reason over rows of `by_genre`; the most frequent reason comes first.

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
    numbers = [pages, run.get("in"), run.get("kept"), sum(release["documents"] for release in row["releases"]) or None]
    shown = [None if count is None else number(count) for count in numbers]
    return row["source"], shown[0], (collected.get("last") or "")[:10], *shown[1:], row["title"]


def _print_row(row: dict[str, Any], out: Path, language: str) -> None:
    def say(message: Message, **values: object) -> None:
        console.print("  " + message.fill(**values).translate(language))

    console.print(" · ".join(part for part in (row["source"], row["title"]) if part), style="bold")
    collected, run = row["collected"], row["run"]
    if collected is None:
        say(_("collected: nothing in {out}"), out=out / "collected")
    elif collected["busy"]:
        say(_("collected: a crawl is running"))
    elif collected["damaged"]:
        say(_DAMAGED, folder=collected["folder"], why=collected["damaged"])
    else:
        days = {name: (collected[name] or "—")[:10] for name in ("first", "last")}
        kilobytes = -(-collected["bytes"] // 1000)
        size = f"{number(kilobytes)} kB" if kilobytes < _MB else f"{number(kilobytes // _MB)} MB"
        pages = number(collected["states"].get("page", 0))
        say(_COLLECTED, pages=pages, size=size, folder=collected["folder"], **days)
        for state, state_message in _PAGE_STATES.items():
            if n := collected["states"].get(state):
                say(Message("  {state}"), state=state_message.fill(n=number(n)))
    if run is None:
        say(_("no run has read it yet"))
    else:
        say(_RUN, run=run["run"], rows=number(run["in"]), kept=number(run["kept"]))
        for reason, n in list(run["reasons"].items())[:_MOST_REASONS]:
            why = in_plain_words(reason, None)[0].translate(language)
            console.print(f"    {number(n)}  {why if why == reason else f'{why} ({reason})'}")
    for release in row["releases"]:
        tier = TIERS[release["rights_tier"]]
        say(_RELEASED, release=release["release"], n=number(release["documents"]), tier=tier)
    if not row["releases"]:
        say(_("not in any release"))
