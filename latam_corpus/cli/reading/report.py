"""`latam-corpus report`: write a page about a run or a version."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from latam_corpus.audit.documents import disclosure_of, named_documents
from latam_corpus.audit.stores import existing_store, released_ids, releases_of
from latam_corpus.cli.interface.show import console, note, print_json
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.errors import CorpusError, cause_of
from latam_corpus.messages import _
from latam_corpus.pipeline.stored_runs.held_documents import held_documents
from latam_corpus.pipeline.stored_runs.run_record import INTERNAL_REPORT_FILE, REPORT_FILE, is_removed, read_record
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.report.page_frame import write_file
from latam_corpus.report.release_facts import release_facts
from latam_corpus.report.release_page import release_page
from latam_corpus.report.run_report.run_facts import run_facts
from latam_corpus.report.run_report.run_page import run_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store


def show_report(*, named: str, to: Path | None, internal: bool, out: Path, store: str | None, as_json: bool) -> None:
    """Write the page of a run or a version."""
    documents = named_documents(named, out, store, note)
    if documents.folder is None:
        assert documents.store is not None  # noqa: S101  (a version always has one)
        if internal:
            note(_("note: the page of a version shows no texts, even with --internal"))
        manifest = load_manifest(documents.store, *documents.store.find(documents.name))
        page = write_release_report(documents.store, manifest, out, to, store)
    else:
        opened_store = existing_store(store, documents.folder.resolve().parent.parent)
        versions = releases_of(opened_store).get(documents.name, []) if opened_store else []
        released = load_manifest(opened_store, *opened_store.find(versions[-1])) if opened_store and versions else None
        page = write_run_report(documents.folder, out, released, to, store, internal=internal)
    if as_json:
        print_json({"report": str(page)})
    else:
        console.print(_("report   {path}", path=page))


def write_run_report(
    folder: Path, out: Path, released: Manifest | None, to: Path | None, store: str | None, *, internal: bool
) -> Path:
    """Write the page about a finished run, by default in the run's folder; return its path.

    The page shows no withdrawn documents. The page in the run's folder names documents by title and file whatever their
    terms. A page written elsewhere, to be shared, doesn't.

    Raises:
        ConfigError: the page can't be written, or a list needed for redaction is missing.
        PartError: a file of the run is damaged.
        ReleaseError: the store can't be read.
    """
    disclosure = disclosure_of(folder, datetime.now(UTC), store, internal=internal, names=to is None)
    opened = existing_store(store, folder.resolve().parent.parent) if released else None
    ids = released_ids(opened, released) if opened and released else None
    record = read_record(folder)
    facts = run_facts(record, disclosure, ids)
    held_back: Mapping[str, int] = {}
    if not is_removed(folder):
        today = datetime.now(UTC).date()
        held_back = held_documents(
            record.files("kept"), record.files("ledger"), record.values.get("mapping", []), today
        )
    page = to or folder / (INTERNAL_REPORT_FILE if internal else REPORT_FILE)
    write_file(page, run_page(facts, spoken(), str(out), released, held_back=held_back, internal=internal))
    return page


def write_release_report(store: Store, manifest: Manifest, out: Path, to: Path | None, store_url: str | None) -> Path:
    """Write the page about a version, by default in `OUT/reports`; return its path.

    Raises:
        ConfigError: the page can't be written.
        ReleaseError: the store can't be read.
    """
    with store.named_errors():
        facts = release_facts(store, manifest)
    page = to or out / "reports" / f"{manifest.name}-{manifest.version}.html"
    write_file(page, release_page(facts, spoken(), store_url))
    return page


def report_of_run(folder: Path, out: Path, released: Manifest | None, store: str | None) -> Path | None:
    """Write the page about a run that has just ended and return its path; if that fails, print a note."""
    try:
        return write_run_report(folder, out, released, None, store, internal=False)
    except (CorpusError, OSError) as error:
        _print_failure(error)
        return None


def report_of_release(store: Store, manifest: Manifest, out: Path, store_url: str | None) -> Path | None:
    """Write the page about a version that was just built, like `report_of_run`."""
    try:
        return write_release_report(store, manifest, out, None, store_url)
    except (CorpusError, OSError) as error:
        _print_failure(error)
        return None


def _print_failure(error: CorpusError | OSError) -> None:
    cause = error.translated(spoken()) if isinstance(error, CorpusError) else cause_of(error)
    note(_("note: the report wasn't written: {cause}", cause=cause))
