"""Jobs about files: copy a folder, examine files, read a catalogue, run the collection's recipe."""

from __future__ import annotations

import difflib
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import latam_corpus as lc
from latam_corpus.api.catalogue_tables import read_catalogue
from latam_corpus.catalog.source import load_source
from latam_corpus.pipeline.planning.default_recipe import default_text
from latam_corpus.storage.durable import replace
from latam_corpus.web.files.catalogue import (
    COLUMNS,
    COLUMNS_OF_TERMS,
    FILE,
    FOLDER,
    NAME,
    catalogue_of,
    change_draft,
    write_catalogue,
)
from latam_corpus.web.jobs.queue import report_progress
from latam_corpus.web.models import CollectionFile
from latam_corpus.web.workspace import (
    collection_folder,
    files_folder,
    import_folder,
    out_folder,
    source_file,
    state_of,
    upload_of,
    used_rules,
)

if TYPE_CHECKING:
    from latam_corpus.web.models import Collection, Job

_MOST_NAMED = 50
_AT_ONCE: Final = 50  # files between two progress reports
_MOST_MISSING: Final = 2000  # rows without a file that are kept so that a user can join them
_MOST_COMPARED: Final = 300  # files, and also names
_CLOSE: Final = 0.7
_RELEASE: Final = re.compile(r"^\[release\]\n.*?(?=^\[|\Z)", re.MULTILINE | re.DOTALL)


def import_named_folder(job: Job) -> dict[str, Any]:
    """Copy a local folder's files into the job's collection, and examine them."""
    copied, left_out = 0, []
    for path, reason in import_folder(job.collection, Path(job.arguments["folder"])):
        if reason:
            left_out.append([path, reason])
        else:
            copied += 1
            report_progress(job, copied, 0, path)
    examined = survey(job)
    return {"copied": copied, "left_out": left_out[:_MOST_NAMED], **examined}


def survey(job: Job) -> dict[str, Any]:
    """Examine files of the job's collection: those in `paths`; all if `all`; otherwise those not examined yet.

    The first table that describes the files becomes the collection's catalogue.
    """
    collection = job.collection
    write_catalogue(collection)
    files = CollectionFile.objects.filter(collection=collection)
    if paths := job.arguments.get("paths"):
        files = files.filter(path__in=paths)
    elif not job.arguments.get("all"):
        files = files.filter(facts__isnull=True)
    named = list(files.values_list("path", flat=True))
    lists = []
    for start in range(0, len(named), _AT_ONCE):
        report_progress(job, start, len(named), named[start])
        lists += _survey(collection, named[start : start + _AT_ONCE])
    result: dict[str, Any] = {"files": len(named)}
    if lists and not catalogue_of(collection):
        file = CollectionFile.objects.get(collection=collection, path=lists[0])
        result |= use_catalogue(collection, Path(file.path).name, file.sha256)
        survey(job.__class__(pk=job.pk, collection=collection, arguments={"all": True}))
    return result


def _survey(collection: Collection, paths: list[str]) -> list[str]:
    """Store the facts about some files; return those that are catalogues."""
    by_path = {unicodedata.normalize("NFC", f"{FOLDER}/{path}"): path for path in paths}
    lists = []
    rows = lc.survey(collection_folder(collection), source_file(collection), files=list(by_path))
    for row in rows.iter_rows(named=True):
        path = by_path[unicodedata.normalize("NFC", row.pop("path"))]
        if row["is_catalogue"]:
            lists.append(path)
        sha256, is_read = row.pop("sha256"), row.pop("is_read")
        facts = row | {"read": is_read, "problem": row["problem"] or ""}
        unreplaced = CollectionFile.objects.filter(collection=collection, path=path)
        if sha256:  # a file that was replaced during this job is examined by another job
            unreplaced = unreplaced.filter(sha256=sha256)
        unreplaced.update(facts=facts)
    return lists


def read_uploaded_catalogue(job: Job) -> dict[str, Any]:
    """Read an uploaded catalogue with the columns that the librarian chose, and examine the files again."""
    arguments = job.arguments
    result = use_catalogue(
        job.collection, arguments["name"], arguments["sha256"], arguments.get("column"), arguments.get("columns")
    )
    survey(job.__class__(pk=job.pk, collection=job.collection, arguments={"all": True}))
    return result


def use_catalogue(
    collection: Collection, name: str, sha256: str, column: str | None = None, columns: dict[str, str] | None = None
) -> dict[str, Any]:
    """Make a table the catalogue of a collection: assign rows to files, and keep the rows without a file.

    If the table is one of the collection's files, it is removed from them, since it isn't a text. Rows that were joined
    by hand are kept if the table has them. If several rows describe a file differently, the file gets none of them
    until a user joins one by hand.

    By default, the column that names files is recognised by its head or its cells, and `columns`, the document's column
    for each column of the table, by their heads. `name` has the table's suffix.
    """
    files = {file.path: file for file in CollectionFile.objects.filter(collection=collection)}
    own = [path for path, file in files.items() if file.sha256 == sha256]
    table = read_catalogue(
        upload_of(sha256), [path for path in files if path not in own], name=name, column=column or None
    )
    for path in own:
        (files_folder(collection) / path).unlink(missing_ok=True)
        files.pop(path).delete()
    joined = catalogue_of(collection).get("joined", {})
    rows = {row.number: row for row in table.rows}
    numbers: dict[str, list[int]] = {}
    for row in table.rows:
        for path in row.files:
            numbers.setdefault(path, []).append(row.number)
    differ = {
        path for path, row_numbers in numbers.items() if len({_stated(rows[n], table.column) for n in row_numbers}) > 1
    }
    row_of = {path: row_numbers[0] for path, row_numbers in numbers.items() if path not in differ}
    row_of |= {path: number for path, number in joined.items() if path in files and number in rows}
    for path, file in files.items():
        cells = dict(rows[row_of[path]].cells) if path in row_of else None
        if file.row != cells:
            file.store(row=cells)
    used = set(row_of.values())
    missing = [row for row in table.rows if row.number not in used]
    without_row = [path for path in files if path not in row_of and path not in differ]
    catalogue = {
        "name": name,
        "sha256": sha256,
        "heads": list(table.heads),
        "header_row": table.header_row,
        "column": table.column,
        "columns": dict(table.columns) if columns is None else columns,
        "rows": len(table.rows),
        "differ": sorted(differ - row_of.keys())[:_MOST_NAMED],
        "missing": [
            {"number": row.number, "name": _name_of(row, table.column), "cells": dict(row.cells)}
            for row in missing[:_MOST_MISSING]
        ],
        "missing_count": len(missing),
        "languages": catalogue_of(collection).get("languages", {}),
        "joined": {path: number for path, number in joined.items() if row_of.get(path) == number},
        "near": _nearest(without_row, {_name_of(row, table.column): row.number for row in missing[:_MOST_MISSING]}),
    }
    change_draft(collection, lambda draft: draft.__setitem__("catalogue", catalogue))
    write_catalogue(collection)
    return {"rows": len(table.rows), "missing": len(missing)}


def replace_catalogue(collection: Collection, sha256: str) -> None:
    """Replace a collection's `catalogue.csv` by an upload with the same columns, such as an edited copy of it.

    The copy has the librarian's corrections in its cells, so it replaces them too.
    """
    change_draft(collection, lambda draft: draft.get("catalogue", {}).pop("joined", None))
    table = read_catalogue(upload_of(sha256), (), name=NAME)
    own = {head: head for head in table.heads if head in {"form", *COLUMNS, *COLUMNS_OF_TERMS}}
    for file in CollectionFile.objects.filter(collection=collection).exclude(correction={}):
        file.store(correction={name: value for name, value in file.correction.items() if name not in own})
    suggested = {head: name for head, name in table.columns.items() if name not in own}
    column = FILE if FILE in table.heads else None
    use_catalogue(collection, NAME, sha256, column, {**suggested, **own})


def _stated(row: Any, column: str) -> tuple[tuple[str, str], ...]:
    """Return the values of a row, except the name of its file."""
    return tuple(sorted((head, cell) for head, cell in row.cells.items() if head != column))


def _name_of(row: Any, column: str) -> str:
    return str(row.cells.get(column) or next(iter(row.cells.values()), ""))[:200]


def _nearest(paths: list[str], names: dict[str, int]) -> dict[str, int]:
    """Return for each file the number of the row with the closest name; no row is proposed twice."""
    pairs = []
    for path in paths[:_MOST_COMPARED]:
        own = _key(path)
        matcher = difflib.SequenceMatcher(b=own, autojunk=False)
        for name, number in list(names.items())[:_MOST_COMPARED]:
            candidate = _key(name)
            matcher.set_seq1(candidate)
            is_other_number = re.findall(r"\d+", own) != re.findall(r"\d+", candidate)
            score = _CLOSE if own and own in candidate else matcher.ratio()
            if score >= _CLOSE and not is_other_number:
                pairs.append((score, path, number))
    nearest: dict[str, int] = {}
    for _score, path, number in sorted(pairs, reverse=True):
        if path not in nearest and number not in nearest.values():
            nearest[path] = number
    return nearest


def _key(name: str) -> str:
    plain = unicodedata.normalize("NFKD", Path(name).stem.casefold())
    return "".join(sign for sign in plain if sign.isalnum())


def run_collection(job: Job) -> dict[str, Any]:
    """Run the collection's recipe without releasing anything, and store the result for each file."""
    collection = job.collection
    write_catalogue(collection)
    state = state_of(collection, None)
    source = load_source(source_file(collection))
    recipe = collection_folder(collection) / "recipe.toml"
    text = default_text([(source_file(collection).name, source)], job.arguments.get("language", "en"))
    replace(recipe, _RELEASE.sub("", text).encode())
    run = lc.run(
        recipe,
        collection_folder(collection),
        out_folder(),
        policies=used_rules(collection),
        progress=lambda title, done, of: report_progress(job, done, of, title),
    )
    results = {
        str(row["file"]): {key: row[key] for key in ("documents", "kept", "dropped", "reasons", "why")}
        for row in run.files().iter_rows(named=True)
        if row["file"]
    }
    at = job.started.isoformat() if job.started else ""
    for file in CollectionFile.objects.filter(collection=collection):
        name = unicodedata.normalize("NFC", f"{FOLDER}/{file.path}")
        fate = {**results[name], "run": run.name, "at": at} if name in results else None
        CollectionFile.objects.filter(pk=file.pk, sha256=file.sha256).update(fate=fate)
    kept_count = sum(fate["kept"] for fate in results.values())
    documents = sum(fate["documents"] for fate in results.values())
    return {"run": run.name, "documents": documents, "kept": kept_count, "state": state}
