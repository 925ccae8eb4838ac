"""Jobs about texts: take a few through the stages of a run, and draw pages as pictures."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

import latam_corpus as lc
from latam_corpus.web.files.catalogue import FOLDER, write_catalogue
from latam_corpus.web.workspace import collection_folder, source_file

if TYPE_CHECKING:
    from latam_corpus.web.models import Collection, CollectionFile, Job

MOST: Final = 20  # texts of a collection's preview
_OF_A_FILE: Final = 10
_LONGEST: Final = 30_000  # characters of a text, and of its original


def preview(job: Job) -> dict[str, Any]:
    """Preview a file's texts, if the job names one, or else some texts of the whole collection."""
    collection, path = job.collection, job.arguments.get("path")
    write_catalogue(collection)
    items = lc.preview(
        source_file(collection),
        collection_folder(collection),
        _OF_A_FILE if path else MOST,
        files=[f"{FOLDER}/{path}"] if path else [],
        language=job.arguments["language"],
    )
    return {"items": [_as_json(item) for item in items]}


def _as_json(item: lc.PreviewItem) -> dict[str, Any]:
    original = [[line, is_left_out] for line, is_left_out in item.original_lines] if item.original else []
    return {
        "file": item.file.removeprefix(f"{FOLDER}/"),
        "member": item.member,
        "title": item.title,
        "original": _cut(original),
        "original_is_cut": sum(len(line) for line, _out in original) > _LONGEST,
        "text": item.text[:_LONGEST],
        "text_is_cut": len(item.text) > _LONGEST,
        "language": item.language,
        "kept": item.kept,
        "verdict": item.verdict,
        "reasons": list(item.reasons),
        "numbers": [
            {"sentence": number.sentence, "fails": _fails(number), "signal": number.signal} for number in item.numbers
        ],
    }


def _cut(lines: list[list[Any]]) -> list[list[Any]]:
    kept, length = [], 0
    for line in lines:
        length += len(line[0])
        if length > _LONGEST:
            break
        kept.append(line)
    return kept


def _fails(number: lc.Number) -> bool:
    value = number.value
    if value is None:
        return False
    is_low = number.minimum is not None and value < number.minimum
    return is_low or (number.maximum is not None and value > number.maximum)


def state_of(collection: Collection, file: CollectionFile | None) -> str:
    """Return a digest of all that a preview depends on: the file, its row and corrections, and the source."""
    of_file = (
        [file.sha256, file.row, file.correction]
        if file
        else sorted(collection.files.values_list("path", "sha256", "version"))
    )
    source = source_file(collection)
    described = source.read_bytes() if source.exists() else b""
    return hashlib.sha256(json.dumps(of_file, sort_keys=True).encode() + described).hexdigest()
