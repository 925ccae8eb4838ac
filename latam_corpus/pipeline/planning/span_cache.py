"""Where large files are cut, remembered by their bytes: to find it, a file is read, and unpacked, from end to end."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING

from latam_corpus.collect.files import SPAN_BYTES, reading_version, split
from latam_corpus.collect.spans import Span
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
    source: Source, input_: Input, looking: Callable[[InputFile], None] | None = None
) -> list[Span | None]:
    """Return the parts of a file, as `split` finds them; from the user's cache where they were found before.

    Args:
        source: how the file is read.
        input_: the file, with the digest of its bytes.
        looking: is told of the file before it is read from end to end.

    Raises:
        PartError: it has changed since its digest was taken.
    """
    file = input_.file
    if file.size <= SPAN_BYTES:
        return [None]
    settings = source.collect.model_dump(mode="json")
    # The name tells format and compression.
    key = digest_of(input_.sha256, file.relative, settings, SPAN_BYTES)
    path = cache_folder() / "cuts" / digest_of(reading_version()) / f"{key}.json"
    spans = _remembered(path)
    if spans is None:
        if looking:
            looking(file)
        spans = split(source, file, SPAN_BYTES)
        input_.check()
        _remember(path, spans)
    return spans


def _remembered(path: Path) -> list[Span | None] | None:
    """Return what stands there; None where it can't be relied on."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["digest"] == digest_of(values["cuts"]):
            return [None if one is None else Span(**one) for one in values["cuts"]]
    except (OSError, ValueError, TypeError, KeyError):
        pass
    return None


def _remember(path: Path, spans: list[Span | None]) -> None:
    cuts = [None if one is None else asdict(one) for one in spans]
    use_folder(path.parent)
    with suppress(OSError):  # a home folder that can't be written to: they are found again
        replace(path, json.dumps({"digest": digest_of(cuts), "cuts": cuts}).encode())
