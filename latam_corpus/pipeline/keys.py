"""What results rest on, as digests: work is found again by them, and is never taken for what was made otherwise."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import json
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latam_corpus.stage import Barrier

if TYPE_CHECKING:
    from collections.abc import Collection

    from latam_corpus.pipeline.tally import Pair
    from latam_corpus.stage import Stage


def digest_of(*values: Any) -> str:  # noqa: ANN401  (anything that JSON holds)
    """32 hex digits that change when a value does.

    >>> digest_of("a", ["b"]) == digest_of("a", ["b"])
    True
    """
    told = json.dumps(values, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


@cache
def code_digest(package: str) -> str:
    """Changes when a module of the package, at any depth, does: work made by other code is not reused."""
    found = importlib.import_module(package)
    folders = [Path(p) for p in getattr(found, "__path__", [])] or [Path(str(found.__file__))]
    files = [f for folder in folders for f in (sorted(folder.rglob("*.py")) if folder.is_dir() else [folder])]
    return hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()[:16]


def stage_digest(stage: Stage | Barrier, entering: Collection[Pair] | None = None) -> str:
    """Changes when the stage's options, its code, its models or the libraries it names do; see `made_of`."""
    return digest_of(*made_of(stage, entering).values())


def made_of(stage: Stage | Barrier, entering: Collection[Pair] | None = None) -> dict[str, Any]:
    """All that a stage's result rests on beside the rows: its options, models and policies, code, and libraries.

    Args:
        stage: a stage or a barrier.
        entering: the languages and genres of the rows that it is given; what it rests on for others may not
            count then, see `Stage.fingerprint_for`.
    """
    options = {key: value for key, value in dataclasses.asdict(stage).items() if key not in stage.by_content}
    module = type(stage).__module__
    room = module.rpartition(".")[0] if module.startswith("latam_corpus.") else module
    own = None if entering is None or isinstance(stage, Barrier) else stage.fingerprint_for(entering)
    code = [code_digest(room), code_digest("latam_corpus.text"), code_digest("latam_corpus.codes")]
    return {
        "stage": stage.name,
        "options": options,
        "models": stage.fingerprint() if own is None else own,
        "code": code,
        "libraries": {name: metadata.version(name) for name in stage.libraries},
    }
