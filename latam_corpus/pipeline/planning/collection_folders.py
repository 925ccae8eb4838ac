"""Where pages that were collected from the web are kept, and read from by the runs that name their source."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.catalog.source import Source
    from latam_corpus.pipeline.planning.plan import Plan


def collected_folder(source_id: str, out: Path) -> Path:
    """Return the folder of what is collected of a source, whether it is there or not."""
    return out / "collected" / source_id


def warc_folder(source: Source, out: Path) -> str:
    """Return the folder of the source's WARC files; empty where nothing was collected, or where it isn't asked for."""
    folder = collected_folder(source.id, out) / "warc"
    return str(folder) if source.collect.asked and folder.is_dir() else ""


def with_warc_folders(plan: Plan, out: Path) -> Plan:
    """Give the plan, in which sources that were collected into `out` are read from there where nothing else is said."""
    there = {source.id: warc_folder(source, out) for source in plan.sources if source.status != "ask_first"}
    folders = {source: folder for source, folder in there.items() if folder}
    return dataclasses.replace(plan, locations={**folders, **plan.locations})
