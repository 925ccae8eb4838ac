"""Compute cache keys: digests of everything on which a result depends.

Work of earlier runs is reused if its key is unchanged. A key covers a stage's options, its models and policies, the
versions of the libraries that it names, and its `version`, which must be raised when the code returns other results.
`tests/pipeline/test_versions.py` fails if results changed and the version didn't. Of a plug-in, a key covers the bytes
of all modules, since that test doesn't check plug-ins.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.stages import Barrier
from latam_corpus.storage.durable import package_digest, tables_digest

if TYPE_CHECKING:
    from collections.abc import Collection

    from latam_corpus.pipeline.rows.step_file import Pair
    from latam_corpus.stages import Stage

_TOOLKIT: Final = "latam_corpus"


def digest_of(*values: Any) -> str:
    """Return 32 hex digits that change if a value changes.

    >>> digest_of("a", ["b"]) == digest_of("a", ["b"])
    True
    """
    encoded = json.dumps(values, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(encoded.encode()).hexdigest()[:32]


def stage_digest(stage: Stage | Barrier, entering: Collection[Pair] | None = None) -> str:
    """Return a digest of everything except the rows on which a stage's result depends; see `made_of`."""
    return digest_of(*made_of(stage, entering).values(), tables_digest())


def made_of(stage: Stage | Barrier, entering: Collection[Pair] | None = None) -> dict[str, Any]:
    """Describe the inputs of a stage's result except the rows: options, models and policies, version, and libraries.

    If the languages and genres of the rows that enter are known, models and policies for other rows may be omitted; see
    `Stage.fingerprint_for`. A plug-in without a source file is a `ConfigError`.
    """
    options = {key: value for key, value in dataclasses.asdict(stage).items() if key not in stage.by_content}
    partial_fingerprint = None if entering is None or isinstance(stage, Barrier) else stage.fingerprint_for(entering)
    return {
        "stage": stage.name,
        "options": options,
        "models": stage.fingerprint() if partial_fingerprint is None else partial_fingerprint,
        "code": _version(stage),
        "libraries": {name: _installed_version(name) for name in stage.libraries},
    }


@cache
def _installed_version(library: str) -> str:
    """Return the version of a library; cached, since each look-up reads a file and a run needs fifty."""
    return metadata.version(library)


def _version(stage: Stage | Barrier) -> str:
    """Return the version of a stage's code; for a plug-in, also the digest of its package."""
    module = type(stage).__module__
    if module.partition(".")[0] == _TOOLKIT:
        return str(stage.version)
    digest = package_digest(module)
    if not digest:
        remedy = _("put it into a file that can be imported: the file's digest is part of the cache key")
        raise ConfigError(_("module «{module}»", module=module), _("it has no source file"), remedy)
    return f"{stage.version} {digest}"
