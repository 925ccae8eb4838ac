"""Build a version: plan it, then write it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from latam_corpus.release.building.build_basis import Basis
from latam_corpus.release.building.release_plan import make_plan
from latam_corpus.release.building.write_version import write_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.pipeline.execution.engines import OnStep
    from latam_corpus.release.building.release_plan import ReleasePlan
    from latam_corpus.release.eligibility.build_request import BuildRequest
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store


@contextmanager
def planned_release(request: BuildRequest, store: Store, progress: OnStep | None = None) -> Iterator[ReleasePlan]:
    """Plan a version for `write_version`; the plan's temporary files exist until the block ends.

    Args:
        request: the runs, the parent and the terms.
        store: the store of the parent and of the new version.
        progress: called with the name of the step, the units done and their total.

    Raises:
        ConfigError: a run, the version or the parent is wrong; nothing was written.
        ReleaseError: a run lost more than its recipe's floor and no reason was given, or files of a run or of the
            parent are missing or damaged.
    """
    with store.named_errors():
        basis = Basis.read(request, store)
        with store.scratch() as folder:
            yield make_plan(request, basis, folder, progress)


def build(request: BuildRequest, store: Store, progress: OnStep | None = None) -> Manifest:
    """Build a version and return its manifest, or the latest version's manifest if nothing would change.

    Args:
        request: the runs, the parent and the terms.
        store: the store of the parent and of the new version.
        progress: called with the name of the step, the units done and their total.

    Raises:
        OvertakenError: during the build another version became the latest, or documents were withdrawn.
        ConfigError: a run, the version or the parent is wrong; nothing was written.
        ReleaseError: no document is left for the version, a run lost more than its recipe's floor and no reason was
            given, or files of a run or of the parent are missing or damaged.
    """
    with planned_release(request, store, progress) as plan:
        return write_version(plan, progress)
