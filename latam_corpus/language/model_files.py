"""Where a language model's files are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from latam_corpus.errors import ConfigError, closest
from latam_corpus.language.labels import MODELS

SHIPPED: Final = "americas"


def locate(name: str, label_map: str = "") -> tuple[Path, Path | None]:
    """Return the files of a model: its path and its label map's, None where it has none."""
    if "/" not in name and "." not in name:
        path = MODELS / f"{name}.ftz"
        if not path.is_file():
            shipped = [found.stem for found in MODELS.glob("*.ftz")]
            raise ConfigError(name, "no such language model", closest(name, shipped or [SHIPPED]))
    else:
        path = Path(name)
        if not path.is_file():
            raise ConfigError(name, "no such language model file", "give a shipped name or the path of a .ftz or .bin")
    if label_map:
        if not Path(label_map).is_file():
            raise ConfigError(label_map, "no such label map", "give the path of a TOML file with a [labels] table")
        return path, Path(label_map)
    beside = path.with_suffix(".toml")
    return path, beside if beside.is_file() else None
