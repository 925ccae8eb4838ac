"""Find texts by words, title or person in all versions, in the collection's last run, and among its files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

import latam_corpus as lc
from latam_corpus.errors import ConfigError
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.withdrawal_log import read_log
from latam_corpus.report.disclosure import beginning
from latam_corpus.text.folding import folded
from latam_corpus.web.files.catalogue import FOLDER
from latam_corpus.web.models import Collection, Job
from latam_corpus.web.releases.shares import store_folder
from latam_corpus.web.workspace import out_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from latam_corpus.web.models import CollectionFile

_MOST: Final = 500  # maximum number of matches in a search's list
_BEGINNING: Final = 180  # characters of a text in a list
_COLUMNS: Final = ("doc_id", "source_id", "title", "creators", "contributor", "language", "origin", "text", "text_hash")
_COLUMNS_OF_COPIES: Final = ("duplicate_cluster", "contained_in", "variant_of")


def _folded(column: pl.Expr) -> pl.Expr:
    plain = column.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
    return plain.str.replace_all(r"\s+", " ").str.strip_chars()


def _matching(query: str, by: str) -> pl.Expr:
    """Return an expression for whether a row has the query in its text, its title, or the names of its people."""
    people = pl.concat_str(
        pl.col("creators").list.join("; ").fill_null(""), pl.col("contributor").fill_null(""), separator="; "
    )
    column = {"words": pl.col("text"), "title": pl.col("title"), "person": people}[by]
    return _folded(column.fill_null("")).str.contains(_folded(pl.lit(query)), literal=True)


def last_run(collection: Collection) -> str:
    """Return the name of the collection's last run; empty if there is none."""
    jobs = Job.objects.filter(collection=collection, kind__in=("run", "release"), state=Job.State.DONE).order_by("-pk")
    return next((str(job.result["run"]) for job in jobs if (job.result or {}).get("run")), "")


def _scans(collection: Collection | None) -> Iterator[tuple[str, pl.LazyFrame]]:
    """Yield the documents of each version, newest first, and then of the last run, each with its name."""
    for version in reversed(lc.versions(store_folder())):
        yield version, lc.open_release(store_folder(), version).scan()
    run = last_run(collection) if collection is not None else ""
    if run:
        try:
            opened = lc.open_run(run, out_folder())
        except ConfigError:  # it was removed
            return
        yield "", opened.documents()
        yield "", opened.dropped()


def find(collection: Collection, query: str, by: str, *, everywhere: bool) -> tuple[list[dict[str, Any]], bool]:
    """Return the matches of a search and their copies, and whether there are more than the list can have.

    Matches come before copies, and the collection's own texts before others. Each has the versions that contain it.
    Case, accents and spaces of the query are ignored; `by` is `words`, `title` or `person`.
    """
    scope = pl.lit(value=True) if everywhere else pl.col("source_id") == collection.slug
    matches = _collected(collection, scope & _matching(query, by))
    hashes = [row["text_hash"] for row in matches.values()]
    clusters = [row["duplicate_cluster"] for row in matches.values() if row["duplicate_cluster"]]
    ids = list(matches)
    is_copy = (
        pl.col("text_hash").is_in(hashes)
        | pl.col("duplicate_cluster").is_in(clusters)
        | pl.col("contained_in").is_in(ids)
        | pl.col("variant_of").is_in(ids)
    ).fill_null(value=False)
    copies = _collected(collection, is_copy & ~pl.col("doc_id").is_in(ids)) if matches else {}
    rows = [_row(collection, row, is_copy=False) for row in matches.values()]
    rows += [_row(collection, row, is_copy=True) for row in copies.values()]
    held, withdrawn = _held_and_withdrawn([row["doc_id"] for row in rows])
    for row in rows:
        row["held_in"] = held.get(row["doc_id"], "")  # the release to withdraw it from
        row["is_withdrawn"] = row["doc_id"] in withdrawn and not row["versions"]
    paths = set(collection.files.values_list("path", flat=True))  # files may have been removed since the run
    rows = [row for row in rows if row["versions"] or row["file"] in paths]
    for file in _files(collection, query, by, {row["file"] for row in rows if row["is_own"]}):
        facts = {"doc_id": "", "source_id": collection.slug, "title": file.path, "origin": {"file": file.path}}
        unknown = dict.fromkeys(("creators", "language", "text", "dropped"))
        rows.append(_row(collection, facts | unknown | {"versions": []}, is_copy=False))
    rows.sort(key=lambda row: (row["is_copy"], not row["is_own"], row["title"], row["doc_id"]))
    return rows[:_MOST], max(len(rows), len(matches) + 1, len(copies) + 1) > _MOST


def _held_and_withdrawn(ids: Iterable[str]) -> tuple[dict[str, str], set[str]]:
    """Return the release of each document that is only held, and the ids of those that are held or withdrawn."""
    log = read_log(Store.at(store_folder()))
    listed = pl.Series(list(ids), dtype=pl.String).implode()
    documents = log.documents_of(log.withdrawals).filter(pl.col("doc_id").is_in(listed))
    erased = log.documents_of([entry for entry in log.withdrawals if entry.erases])["doc_id"]
    releases = {entry.number: entry.release for entry in log.withdrawals}
    held = documents.filter(~pl.col("doc_id").is_in(erased.implode()))
    return {doc_id: releases[number] for doc_id, number in held.iter_rows()}, set(documents["doc_id"])


def _collected(collection: Collection, condition: pl.Expr) -> dict[str, dict[str, Any]]:
    """Return the rows that meet a condition, by id, each with its versions and its drop reason in the run."""
    by_id: dict[str, dict[str, Any]] = {}
    for version, scan in _scans(collection):
        names = scan.collect_schema().names()
        columns = [name for name in (*_COLUMNS, *_COLUMNS_OF_COPIES, "drop_reason") if name in names]
        for row in scan.filter(condition).select(columns).head(_MOST).collect().iter_rows(named=True):
            match = by_id.setdefault(row["doc_id"], row | {"versions": [], "dropped": None})
            if version:
                match["versions"].append(version)
            else:
                match["dropped"] = row.get("drop_reason")
    return by_id


def _row(collection: Collection, row: dict[str, Any], *, is_copy: bool) -> dict[str, Any]:
    """Return a match as JSON for its page; for another collection's text, without title and words."""
    is_own = row["source_id"] == collection.slug
    origin = row["origin"] or {}
    return {
        "doc_id": row["doc_id"],
        "source": row["source_id"],
        "is_own": is_own,
        "is_copy": is_copy,
        "title": row["title"] or "",
        "people": "; ".join(row["creators"] or []),
        "language": row["language"] or "",
        "file": str(origin.get("file") or "").removeprefix(f"{FOLDER}/"),
        "beginning": beginning(row["text"], _BEGINNING),
        "versions": row["versions"],
        "dropped": row["dropped"],
    }


def _files(collection: Collection, query: str, by: str, listed_paths: set[str]) -> list[CollectionFile]:
    """Return the files that aren't listed yet and whose name or row has the query."""
    words = folded(query)
    matches = []
    for file in collection.files.all():
        texts = [file.path] if by != "person" else []
        texts += [str(cell) for cell in (file.row or {}).values() if cell] if by != "words" else []
        if file.path not in listed_paths and any(words in folded(text) for text in texts):
            matches.append(file)
    return matches


def documents_by_id(ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return title, source, people and text of documents, by id, from the versions and each collection's last run."""
    doc_ids = list(ids)
    by_id: dict[str, dict[str, Any]] = {}
    columns = ("doc_id", "title", "source_id", "creators", "text")
    scans = [scan for _version, scan in _scans(None)]
    for collection in Collection.objects.all():
        scans += [scan for version, scan in _scans(collection) if not version]
    for scan in scans:
        missing = [doc_id for doc_id in doc_ids if doc_id not in by_id]
        if not missing:
            break
        for row in scan.filter(pl.col("doc_id").is_in(missing)).select(columns).collect().iter_rows(named=True):
            by_id.setdefault(row["doc_id"], row)
    return by_id
