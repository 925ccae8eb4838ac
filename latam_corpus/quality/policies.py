"""The one cached loader of policies, keyed by folder and by what its files say."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from latam_corpus.paths import data_folder
from latam_corpus.policy import Policies


def cached_policies(folder: str = "") -> Policies:
    """The policies of a `filters/` folder (the shipped one when empty), read anew when a file has changed."""
    path = Path(folder) if folder else data_folder("filters")
    stamps = tuple((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in sorted(path.glob("*/*.toml")))
    return _load(path, stamps)


@lru_cache(maxsize=8)
def _load(path: Path, _stamps: tuple[tuple[str, int, int], ...]) -> Policies:
    return Policies.load(path)
