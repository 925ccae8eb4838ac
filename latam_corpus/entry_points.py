"""The entry points of installed packages, by which plug-ins declare stages, signals and formats."""

from __future__ import annotations

from functools import cache
from importlib import metadata
from typing import cast


def in_group(group: str) -> list[metadata.EntryPoint]:
    """Return the entry points of a group, sorted by name and value."""
    return sorted(installed().select(group=group), key=lambda entry: (entry.name, entry.value))


@cache
def installed() -> metadata.EntryPoints:
    """Return the entry points of all packages, which takes 10 to 30 ms."""
    return cast("metadata.EntryPoints", metadata.entry_points())  # Python 3.11 returns a dictionary that has `select`
