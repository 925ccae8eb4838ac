"""`latam-corpus report`: one page that shows a run or a release, to be looked at and passed on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latam_corpus.cli.interface.options import Json, Out, StoreUrl
from latam_corpus.cli.interface.show import console, note, print_json
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.cli.reading.sample import RunOrRelease
from latam_corpus.errors import ConfigError, CorpusError, cause_of
from latam_corpus.messages import N_, _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.audit.documents import Documents
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store

NoReport = Annotated[bool, typer.Option("--no-report", help=N_("Write no page about it."))]


def report(
    named: RunOrRelease,
    to: Annotated[
        Path | None, typer.Option(help=N_("The page; report.html in the run's folder, or OUT/reports, when left out."))
    ] = None,
    internal: Annotated[
        bool, typer.Option("--internal", help=N_("Show texts whose terms keep them inside; stamps the page."))
    ] = False,
    out: Out = Path("out"),
    store: StoreUrl = None,
    serve: Annotated[
        bool,
        typer.Option("--serve", help=N_("Serve it to this machine alone, with a search over its documents.")),
    ] = False,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help=N_("With --serve; a free one when left out."))
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the page of a run or a version, or serve it with a search."""
    from latam_corpus.audit.documents import named_documents
    from latam_corpus.audit.stores import existing_store, releases_of
    from latam_corpus.release.storing.manifest import load_manifest

    _refuse(serve, to, port, as_json)
    documents = named_documents(named, out, store, note)
    if documents.folder is None:
        assert documents.store is not None  # noqa: S101  (a version is in one)
        if internal and not serve:
            note(_("note: a release's page shows no texts, with --internal neither"))
        manifest = load_manifest(documents.store, *documents.store.find(documents.name))
        if serve:
            html = release_html(documents.store, manifest, store, served=True)
            _serve(documents, html, out, documents.store, store, port, internal=internal)
            return
        page = write_release_report(documents.store, manifest, out, to, store)
    else:
        beside = existing_store(store, documents.folder.resolve().parent.parent)
        versions = releases_of(beside).get(documents.name, []) if beside else []
        released = load_manifest(beside, *beside.find(versions[-1])) if beside and versions else None
        if serve:
            html = run_html(documents.folder, out, released, store, internal=internal, served=True)
            _serve(documents, html, out, beside, store, port, internal=internal)
            return
        page = write_run_report(documents.folder, out, released, to, store, internal=internal)
    if as_json:
        print_json({"report": str(page)})
    else:
        console.print(_("report   {path}", path=page))


def _refuse(serve: bool, to: Path | None, port: int | None, as_json: bool) -> None:
    """Refuse options that don't go together.

    Raises:
        ConfigError: they don't.
    """
    if serve and (to or as_json):
        raise ConfigError("--serve", _("it writes no page and prints no JSON"), _("leave --to and --json out"))
    if port is not None and not serve:
        raise ConfigError("--port", _("it goes with --serve"), _("add --serve"))


def _serve(
    documents: Documents,
    html: str,
    out: Path,
    opened: Store | None,
    named: str | None,
    port: int | None,
    *,
    internal: bool,
) -> None:
    from latam_corpus.audit.explanation import explained_of
    from latam_corpus.audit.life_page import where_options
    from latam_corpus.cli.reading.report_server import ReportServer, Served, serve

    served = Served(
        documents.name,
        html,
        lambda query: explained_of(documents, query, out, opened),
        spoken(),
        where_options(out, named),
        internal=internal,
    )
    server = ReportServer(served, port or 0)
    console.print(_("report   {path}", path=server.address))
    note(_("it answers this machine alone; press Ctrl-C to end it"))
    serve(server)


def run_html(
    folder: Path,
    out: Path,
    released: Manifest | None,
    store: str | None = None,
    *,
    internal: bool = False,
    served: bool = False,
    names: bool = True,
) -> str:
    """Return the page of a finished run; of what is withdrawn from the store, or the one beside it, it shows nothing.

    With `names` it names documents by title and file whatever their terms: for a page that stays with the run.

    Raises:
        ConfigError: a list by which texts are redacted isn't there.
        PartError: a file of the run is damaged.
        ReleaseError: the store can't be read.
    """
    from latam_corpus.audit.documents import disclosure_of
    from latam_corpus.audit.stores import existing_store, released_ids
    from latam_corpus.pipeline.stored_runs.held_documents import held_documents
    from latam_corpus.pipeline.stored_runs.run_record import is_removed, read_record
    from latam_corpus.report.run_report.run_facts import run_facts
    from latam_corpus.report.run_report.run_page import run_page

    disclosure = disclosure_of(folder, datetime.now(UTC), store, internal=internal, names=names)
    opened = existing_store(store, folder.resolve().parent.parent) if released else None
    ids = released_ids(opened, released) if opened and released else None
    record = read_record(folder)
    facts = run_facts(record, disclosure, ids)
    held: Mapping[str, int] = {}
    if not is_removed(folder):
        today = datetime.now(UTC).date()
        held = held_documents(record.files("kept"), record.files("ledger"), record.values.get("mapping", []), today)
    return run_page(facts, spoken(), str(out), released, held=held, internal=internal, served=served)


def write_run_report(
    folder: Path,
    out: Path,
    released: Manifest | None,
    to: Path | None = None,
    store: str | None = None,
    *,
    internal: bool = False,
) -> Path:
    """Write the page of a finished run, and give its path: in the run's folder where none is named.

    The page in the run's folder names documents by title and file whatever their terms; one that is written elsewhere,
    to be passed on, doesn't.

    Raises:
        ConfigError: it can't be written there, or as `run_html`.
        PartError: a file of the run is damaged.
    """
    from latam_corpus.pipeline.stored_runs.run_record import INTERNAL_REPORT_FILE, REPORT_FILE
    from latam_corpus.report.page_frame import write_file

    html = run_html(folder, out, released, store, internal=internal, names=to is None)
    page = to or folder / (INTERNAL_REPORT_FILE if internal else REPORT_FILE)
    write_file(page, html)
    return page


def release_html(store: Store, manifest: Manifest, named: str | None = None, *, served: bool = False) -> str:
    """Return the page of a version.

    Raises:
        ReleaseError: the store can't be read.
    """
    from latam_corpus.report.release_report.release_facts import release_facts
    from latam_corpus.report.release_report.release_page import release_page

    with store.named_errors():
        facts = release_facts(store, manifest)
    return release_page(facts, spoken(), named, served=served)


def write_release_report(
    store: Store, manifest: Manifest, out: Path, to: Path | None = None, named: str | None = None
) -> Path:
    """Write the page of a version, and give its path: in `OUT/reports`, apart from the store, where none is named.

    Raises:
        ConfigError: it can't be written there.
        ReleaseError: the store can't be read.
    """
    from latam_corpus.report.page_frame import write_file

    html = release_html(store, manifest, named)
    page = to or out / "reports" / f"{manifest.name}-{manifest.version}.html"
    write_file(page, html)
    return page


def report_of_run(folder: Path, out: Path, released: Manifest | None, store: str | None = None) -> Path | None:
    """Write the page of a run that was just done; where that fails the run is done all the same, and a note says so."""
    try:
        return write_run_report(folder, out, released, None, store)
    except (CorpusError, OSError) as error:
        _tell_none(error)
        return None


def report_of_release(store: Store, manifest: Manifest, out: Path, named: str | None) -> Path | None:
    """Write the page of a version that was just made, see `report_of_run`."""
    try:
        return write_release_report(store, manifest, out, None, named)
    except (CorpusError, OSError) as error:
        _tell_none(error)
        return None


def _tell_none(error: CorpusError | OSError) -> None:
    cause = error.translated(spoken()) if isinstance(error, CorpusError) else cause_of(error)
    note(_("note: no report was written: {cause}", cause=cause))
