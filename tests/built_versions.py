"""Building versions in tests, and texts for them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from latam_corpus.release.building.build import planned_release, write_version
from latam_corpus.release.eligibility.build_request import BuildRequest
from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence
    from pathlib import Path

    from latam_corpus.release.storing.manifest import Manifest

_WORDS = "puerto barca faro noche vecina canción papel sombra invierno carta puente mercado".split()  # noqa: SIM905


def prose(number: int, words: int = 60) -> str:
    """Return a text that shares no run of five words with that of another number, except by chance."""
    draw = random.Random(number)
    return " ".join(f"{draw.choice(_WORDS)}{draw.choice('aeiou')}" for _ in range(words))


def build(
    name: str,
    runs: Sequence[Path],
    store: Store | str | Path,
    *,
    left_out: Counter[str] | None = None,
    overruled: Counter[Any] | None = None,
    progress: Any = None,
    **options: Any,
) -> Manifest:
    """Return the version of a request with these options; `created` is the start of `today` if it isn't given.

    Args:
        name: the release.
        runs: folders of finished runs.
        store: where the version goes.
        left_out: documents of the runs that the plan leaves out are added to it, by reason.
        overruled: documents of the runs to which stricter statements apply are added to it.
        progress: as for `build`.
        options: the other attributes of a `BuildRequest`.
    """
    created = options.pop("created", None) or datetime.combine(options["today"], time(), UTC)
    for key in ("admit", "uses", "judged"):
        options[key] = tuple(options.get(key, ()))
    request = BuildRequest(name=name, runs=tuple(runs), created=created, **options)
    with planned_release(request, store if isinstance(store, Store) else Store.at(store), progress) as plan:
        if left_out is not None:
            left_out.update(plan.left_out)
        if overruled is not None:
            overruled.update(plan.overruled)
        return write_version(plan, progress)
