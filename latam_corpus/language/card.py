"""What a model says of itself: its data, licences and languages."""

from __future__ import annotations

import tomllib
from typing import Any

from latam_corpus.codes import groups
from latam_corpus.language.model import load
from latam_corpus.language.model_files import locate


def card(name: str, label_map: str = "") -> dict[str, Any]:
    """Name, version, digest, date, training data with licences, and languages of a model.

    Args:
        name: a shipped model's name or a path.
        label_map: the path of its label map.

    Raises:
        ConfigError: the model can't be used.
    """
    path, map_path = locate(name, label_map)
    model = load(name, label_map)
    told = tomllib.loads(map_path.read_text("utf-8")) if map_path else {}
    codes = sorted({label.code for label in model.labels})
    of = groups().of
    made: dict[str, Any] = {"name": told.get("name", path.stem), "bytes": path.stat().st_size}
    made |= {key: told[key] for key in ("version", "sha256", "trained") if key in told}
    made["languages"] = len(codes)
    made["trained_on"] = [
        {key: entry[key] for key in ("file", "label", "licence") if key in entry}
        for entry in told.get("trained_on", [])
    ]
    made["americas"] = [code for code in codes if code in of]
    made["others"] = [code for code in codes if code not in of]
    return made
