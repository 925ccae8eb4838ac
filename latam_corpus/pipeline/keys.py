"""What results rest on, as digests: work is found again by them, and is never taken for what was made otherwise."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.pipeline.reach import code
from latam_corpus.stages import Barrier

if TYPE_CHECKING:
    from collections.abc import Collection

    from latam_corpus.pipeline.tally import Pair
    from latam_corpus.stages import Stage

_READING: Final = "latam_corpus.collect.files"
_TABLES: Final = ("catalog/optout/agents.toml", "language/models/groups.toml")
_CONSERVE: Final = "latam_corpus.pipeline.conserve"
# What they import beside is of other concern: how files are read has a digest of its own.
_ROWS: Final = ("latam_corpus.pipeline.part", "latam_corpus.pipeline.step_file")
_CORPUS: Final = "latam_corpus.corpus"
_DECISIONS: Final = ("latam_corpus.pipeline.barriers", "latam_corpus.pipeline.decisions")


def digest_of(*values: Any) -> str:
    """32 hex digits that change when a value does.

    >>> digest_of("a", ["b"]) == digest_of("a", ["b"])
    True
    """
    told = json.dumps(values, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def reading_code() -> str:
    """Change with the code that makes rows of a source's files, and with the tables beside it."""
    ours = code()
    tables = [hashlib.sha256((ours.package / table).read_bytes()).hexdigest() for table in _TABLES]
    return digest_of(ours.digest([_READING]), tables)


def rows_code() -> str:
    """Change with the code that makes rows of what stages and barriers give, whichever they are."""
    return code().digest([_CONSERVE], _ROWS)


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
    roots, alone = (_CORPUS, _DECISIONS) if isinstance(stage, Barrier) else (_CONSERVE, _ROWS)
    own = None if entering is None or isinstance(stage, Barrier) else stage.fingerprint_for(entering)
    return {
        "stage": stage.name,
        "options": options,
        "models": stage.fingerprint() if own is None else own,
        "code": code().digest([type(stage).__module__, roots], alone),
        "libraries": {name: metadata.version(name) for name in stage.libraries},
    }
