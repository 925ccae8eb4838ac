"""Building a version: its plan is made, then written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latam_corpus.release.building.build_basis import Basis
from latam_corpus.release.building.release_plan import make_plan
from latam_corpus.release.building.write_version import write_version

if TYPE_CHECKING:
    from collections.abc import Callable

    from latam_corpus.release.building.release_plan import ReleasePlan
    from latam_corpus.release.eligibility.build_request import BuildRequest
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Progress, Store


def build(
    request: BuildRequest,
    store: Store,
    progress: Progress | None = None,
    on_plan: Callable[[ReleasePlan], None] | None = None,
) -> Manifest:
    """Return the manifest of the new version, or of the latest one if nothing would change.

    Args:
        request: what is asked.
        store: where the parent is and the version goes.
        progress: called with what is done, how much of it, and of how much.
        on_plan: called with the plan before it is written; also if no version comes of it.

    Raises:
        OvertakenError: another version was made meanwhile, whose documents this one would lack, or something was
            withdrawn.
        ConfigError: a run, the version or the parent is wrong; nothing was written.
        ReleaseError: nothing is left to release, a run lost more than its recipe's floor and nobody said why, or
            the files of a run or of the parent can't be used.
    """
    with store.named_errors():
        basis = Basis.read(request, store)
        with store.scratch() as folder:
            plan = make_plan(request, basis, folder, progress)
            if on_plan:
                on_plan(plan)
            return write_version(plan, progress)
