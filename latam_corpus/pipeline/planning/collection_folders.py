"""The folders of pages collected from the web, from which runs of their source read."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.catalog.source import Source
    from latam_corpus.pipeline.planning.plan import Plan


def collected_folder(source_id: str, out: Path) -> Path:
    """Return the folder for the collected records of a source, which may not exist."""
    return out / "collected" / source_id


def warc_folder(source: Source, out: Path) -> str:
    """Return the folder of the source's WARC files; empty if nothing was collected or the source isn't from the web."""
    folder = collected_folder(source.id, out) / "warc"
    return str(folder) if source.collect.asked and folder.is_dir() else ""


def with_warc_folders(plan: Plan, out: Path) -> Plan:
    """Return the plan; sources without a location get the folders of pages collected into `out`."""
    permitted = [source for source in plan.sources if source.status != "ask_first"]
    folders = {source.id: folder for source in permitted if (folder := warc_folder(source, out))}
    return dataclasses.replace(plan, locations={**folders, **plan.locations})
