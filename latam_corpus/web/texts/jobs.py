"""Jobs about texts: preview some with the stages of a run, and draw pages as pictures."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

import latam_corpus as lc
from latam_corpus.api.previews import page_picture
from latam_corpus.storage.durable import replace
from latam_corpus.web.files.catalogue import FOLDER, write_catalogue
from latam_corpus.web.workspace import collection_folder, data_folder, source_file, upload_of, used_rules

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.web.models import Collection, Job

MOST: Final = 20  # texts in a preview of a collection
_OF_A_FILE: Final = 10
_PICTURES: Final = 3  # pages per file
_LONGEST: Final = 30_000  # maximum characters of a text, and of its original


def preview(job: Job) -> dict[str, Any]:
    """Preview the texts of the file that the job names, or else some texts of the collection."""
    collection, path = job.collection, job.arguments.get("path")
    write_catalogue(collection)
    items = lc.preview(
        source_file(collection),
        collection_folder(collection),
        _OF_A_FILE if path else MOST,
        files=[f"{FOLDER}/{path}"] if path else [],
        policies=used_rules(collection),
        language=job.arguments["language"],
    )
    return {"items": [_as_json(item) for item in items], "pictures": _draw(collection, path) if path else 0}


def _draw(collection: Collection, path: str) -> int:
    """Draw the first pages of a PDF, for people who may change the collection; return the number of pictures."""
    file = collection.files.get(path=path)
    facts = file.facts or {}
    if facts.get("kind") == "image":
        return 1
    if facts.get("kind") != "pdf":
        return 0
    pages = min(facts.get("pages") or 0, _PICTURES)
    for page in range(1, pages + 1):
        target = picture_path(file.sha256, page)
        if not target.exists():
            try:
                picture = page_picture(upload_of(file.sha256), page)
            except lc.ConfigError:
                return page - 1
            target.parent.mkdir(parents=True, exist_ok=True)
            replace(target, picture)
    return pages


def picture_path(digest: str, page: int) -> Path:
    """Return the path of the picture of a page, by the SHA-256 of the upload."""
    return data_folder() / "pictures" / f"{digest}-{page}.png"


def _as_json(item: lc.PreviewItem) -> dict[str, Any]:
    original = item.original_lines if item.original else []
    failing = [number for number in item.numbers if number.is_outside]
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
        "reasons": [
            reason for reason in item.reasons if not any(reason.startswith(f"{number.label}:") for number in failing)
        ],
        "numbers": [
            {"sentence": number.sentence, "fails": number.is_outside, "signal": number.signal}
            for number in item.numbers
        ],
    }


def _cut(lines: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    lengths = accumulate(len(line) for line, _out in lines)
    return [line for line, length in zip(lines, lengths, strict=True) if length <= _LONGEST]
