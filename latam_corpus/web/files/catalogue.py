"""The catalogue of a collection, `catalogue.csv`: the librarian's table with the corrections of each file."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from latam_corpus.catalog.rights import is_known
from latam_corpus.codes import declared_tag
from latam_corpus.collect.documents.mapping import stated_by
from latam_corpus.columns import KEYS
from latam_corpus.storage.durable import replace
from latam_corpus.web.models import Collection, CollectionFile
from latam_corpus.web.source_values import change_source, source_values, stated
from latam_corpus.web.workspace import collection_folder, text_and_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NAME: Final = "catalogue.csv"
FOLDER: Final = "files"  # the folder of the files, inside the collection's folder
FILE: Final = "file"
_PATTERN: Final = f"{FOLDER}/**/*"
# The rights of a file that has corrections but no row: correcting a file must not make it releasable.
WITHOUT_ROW: Final = "not in the catalogue"
COLUMNS: Final = ("title", "creators", "published", "declared_language", "genre", "country", "composition", "rights")
COLUMNS_OF_TERMS: Final = ("uses", "expires", "embargo_until", "consent")
_BETWEEN: Final = re.compile(r"\s*(?:[;/|\n]|,|\bo\b|\bou\b|\bor\b|\by\b|\be\b|\band\b)\s*", re.IGNORECASE)
_TERMS: Final = ("rights", *COLUMNS_OF_TERMS)
_OWN: Final = frozenset({FILE, "form", *KEYS})


def catalogue_of(collection: Collection) -> dict[str, Any]:
    """Return the facts about a collection's uploaded catalogue; empty if there is none."""
    catalogue: dict[str, Any] = (collection.draft or {}).get("catalogue") or {}
    return catalogue


def change_draft(collection: Collection, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a collection's draft without overwriting concurrent changes."""
    with transaction.atomic():
        row = Collection.objects.select_for_update().get(pk=collection.pk)
        draft = dict(row.draft or {})
        change(draft)
        Collection.objects.filter(pk=row.pk).update(draft=draft)
    collection.draft = draft


def read_written_catalogue(collection: Collection) -> tuple[str, str]:
    """Return the text of `catalogue.csv`, and its SHA-256; both empty if there is none."""
    return text_and_digest(collection_folder(collection) / NAME)


def value_of(file: CollectionFile, column: str, columns: Mapping[str, str]) -> str:
    """Return a file's value in a document's column: the correction, or else the cell of the file's row.

    `columns` has the document's column, such as `rights`, for each column of the librarian's table.
    """
    if column in (file.correction or {}):
        return str(file.correction[column])
    heads = (head for head, name in columns.items() if name == column)
    return next((str(value) for head in heads if (value := (file.row or {}).get(head))), "")


def licences_in(cell: str) -> list[str]:
    """Return the licences that a cell names; empty unless it names several."""
    parts = list(dict.fromkeys(part for part in _BETWEEN.split(cell) if part and is_known(part)))
    return parts if len(parts) > 1 and not is_known(cell) else []


def language_code(typed: str) -> str:
    """Return the code of a language's common name; the name itself if it is unknown or ambiguous."""
    return declared_tag(typed) or typed


def write_catalogue(collection: Collection) -> None:
    """Write `catalogue.csv` from the database, and name it in the source file.

    Without an uploaded catalogue, all files get a row once any file has a correction.
    """
    catalogue = catalogue_of(collection)
    columns: dict[str, str] = catalogue.get("columns", {})
    files = list(CollectionFile.objects.filter(collection=collection))
    is_needed = bool(catalogue) or any(file.correction for file in files)
    of_terms = {*columns.values(), *(name for file in files for name in file.correction or {})} if is_needed else set()
    if is_needed and any(file.row is None for file in files if file.correction):
        of_terms.add("rights")
    change_source(
        collection,
        {
            "collect.files": stated(source_values(collection), "collect.files") or [_PATTERN],
            "collect.index.file": NAME if is_needed else None,
            "collect.index.column": FILE if is_needed else None,
            **{f"collect.columns.{name}": name if name in of_terms else None for name in _TERMS},
        },
    )
    path = collection_folder(collection) / NAME
    if not is_needed:
        path.unlink(missing_ok=True)
        return
    rows = [
        _row(file, columns, catalogue) for file in files if not catalogue or file.row is not None or file.correction
    ]
    standard = [FILE, "form", *COLUMNS, *COLUMNS_OF_TERMS]
    names = list(dict.fromkeys([*standard, *(name for row in rows for name in row)]))
    required = {FILE, *of_terms.intersection(_TERMS)}
    used = [name for name in names if name in required or any(row.get(name) for row in rows)]
    text = io.StringIO()
    writer = csv.DictWriter(text, used, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    replace(path, text.getvalue().encode())


def _row(file: CollectionFile, columns: Mapping[str, str], catalogue: Mapping[str, Any]) -> dict[str, str]:
    row = {FILE: f"{FOLDER}/{file.path}"}
    for head, cell in (file.row or {}).items():
        name = columns.get(head, "")
        if name:
            row.setdefault(name, cell)
        elif head not in _OWN:
            row[head] = cell
        elif stated_by(head):  # a name that isn't a column of the desk keeps the cell, which narrows the terms
            row[f"dc.{head}"] = cell
    row |= {name: str(value) for name, value in (file.correction or {}).items() if value}
    if typed := row.get("declared_language"):
        row["declared_language"] = catalogue.get("languages", {}).get(typed) or language_code(typed)
    if catalogue and file.row is None and "rights" not in (file.correction or {}):
        row["rights"] = WITHOUT_ROW
    return row
