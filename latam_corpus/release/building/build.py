"""Building a version: its plan is made, then written."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from latam_corpus.release.building.build_basis import Basis
from latam_corpus.release.building.release_plan import make_plan
from latam_corpus.release.building.write_version import write_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.release.building.release_plan import ReleasePlan
    from latam_corpus.release.eligibility.build_request import BuildRequest
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Progress, Store


@contextmanager
def planned_release(request: BuildRequest, store: Store, progress: Progress | None = None) -> Iterator[ReleasePlan]:
    """Plan a version, and keep the plan's temporary files until the block ends; `write_version` writes it.

    Args:
        request: what is asked.
        store: where the parent is and the version goes.
        progress: called with what is done, how much of it, and of how much.

    Raises:
        ConfigError: a run, the version or the parent is wrong; nothing was written.
        ReleaseError: a run lost more than its recipe's floor and no reason was given, or the files of a run or of the
            parent can't be used.
    """
    with store.named_errors():
        basis = Basis.read(request, store)
        with store.scratch() as folder:
            yield make_plan(request, basis, folder, progress)


def build(request: BuildRequest, store: Store, progress: Progress | None = None) -> Manifest:
    """Return the manifest of the new version, or of the latest one if nothing would change.

    Args:
        request: what is asked.
        store: where the parent is and the version goes.
        progress: called with what is done, how much of it, and of how much.

    Raises:
        OvertakenError: another version was made meanwhile, whose documents this one would lack, or something was
            withdrawn.
        ConfigError: a run, the version or the parent is wrong; nothing was written.
        ReleaseError: nothing is left to release, a run lost more than its recipe's floor and no reason was given, or
            the files of a run or of the parent can't be used.
    """
    with planned_release(request, store, progress) as plan:
        return write_version(plan, progress)
