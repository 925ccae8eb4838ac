"""Cache the places at which large files are cut; finding them requires reading the whole file."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from math import ceil
from typing import TYPE_CHECKING

from latam_corpus.collect.files import SPAN_BYTES, reading_version, split
from latam_corpus.collect.spans import SMALL_SOURCE, SMALL_SPAN_BYTES, Span
from latam_corpus.paths import cache_folder, use_folder
from latam_corpus.pipeline.stored_runs.keys import digest_of
from latam_corpus.storage.durable import replace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.files import InputFile
    from latam_corpus.pipeline.planning.plan import Input


def cached_spans(
    source: Source, input_: Input, source_bytes: int, on_scan: Callable[[InputFile], None] | None = None
) -> list[Span | None]:
    """Return the spans of a file, from the user's cache if it has them, else from `split`.

    The size of all files of the source determines the size of spans. `on_scan` is called with the file before it is
    read from end to end.

    Raises:
        PartError: the file has changed since its digest was computed.
    """
    file = input_.file
    most = SPAN_BYTES if source_bytes > SMALL_SOURCE else min(SPAN_BYTES, SMALL_SPAN_BYTES)
    if file.size <= most:
        return [None]
    # Equal spans: with a small rest as the last one, workers would take different times.
    span_bytes = ceil(file.size / ceil(file.size / most))
    settings = source.collect.model_dump(mode="json")
    # The file's suffixes state its format and compression.
    key = digest_of(input_.sha256, file.relative, settings, span_bytes)
    path = cache_folder() / "cuts" / digest_of(reading_version()) / f"{key}.json"
    spans = _load(path)
    if spans is None:
        if on_scan:
            on_scan(file)
        spans = split(source, file, span_bytes)
        input_.check()
        _save(path, spans)
    return spans


def _load(path: Path) -> list[Span | None] | None:
    """Return the spans in a file of the cache; None if it is missing or damaged."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["digest"] == digest_of(values["cuts"]):
            return [None if span is None else Span(**span) for span in values["cuts"]]
    except (OSError, ValueError, TypeError, KeyError):
        pass
    return None


def _save(path: Path, spans: list[Span | None]) -> None:
    cuts = [None if span is None else asdict(span) for span in spans]
    use_folder(path.parent)
    with suppress(OSError):  # if the home folder isn't writable, each run finds spans again
        replace(path, json.dumps({"digest": digest_of(cuts), "cuts": cuts}).encode())
