"""What a new version is built from, and whether it is still so when the version is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from latam_corpus.catalog.naming import LATEST_KEYWORD
from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.extra_columns import released
from latam_corpus.messages import _
from latam_corpus.release.eligibility.build_inputs import Inputs, load_run
from latam_corpus.release.eligibility.removals import read_withdrawn
from latam_corpus.release.refusals.opt_outs import read_listed
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.withdrawal_log import must_reach, read_log

if TYPE_CHECKING:
    import polars as pl

    from latam_corpus.release.eligibility.build_inputs import Part
    from latam_corpus.release.eligibility.build_request import BuildRequest
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import WithdrawalLog


class OvertakenError(ReleaseError):
    """The parent, the withdrawals or the refusals changed during a build; a new build starts from what there is now."""


@dataclass(frozen=True)
class Basis:
    """The runs, the parent and the refusals that a version is built from, as they were when they were read.

    Attributes:
        store: where versions are.
        name: the release.
        inputs: the runs and the parent, with the versions from which documents come back after a hold.
        parts: every file of documents; the parent's shards follow one another.
        first_of_parent: the number of the first of them.
        parent_is_latest: whether the parent must still be the latest version at the end.
        listed: what owners refuse.
        withdrawn: what holders have taken back.
        log: the store's log of withdrawals.
    """

    store: Store
    name: str
    inputs: Inputs
    parts: tuple[Part, ...]
    first_of_parent: int
    parent_is_latest: bool
    listed: pl.DataFrame
    withdrawn: pl.DataFrame
    log: WithdrawalLog

    @classmethod
    def read(cls, request: BuildRequest, store: Store) -> Basis:
        """Read what a request names.

        Raises:
            ConfigError: the version exists already, or a run or the parent is wrong.
            OvertakenError: the parent must be the latest version and isn't.
            ReleaseError: the log of withdrawals is damaged.
        """
        name, parent = request.name, request.parent
        if request.version is not None and request.version in store.versions(name):
            problem = _("it exists, and versions are never overwritten")
            raise ConfigError(f"{name}@{request.version}", problem, _("name another version"))
        is_latest = parent is not None and (request.must_be_latest or parent in (LATEST_KEYWORD, store.latest(name)))
        old = None if parent is None else load_manifest(store, *store.find(f"{name}@{parent}"))
        inputs = Inputs.of([load_run(folder) for folder in request.runs], old)
        released(inputs.extra)  # two declarations of one column are refused before rows are read
        withdrawn, log = read_withdrawn(store, name, inputs.runs), read_log(store)
        inputs, parts, first_of_parent = _with_parts(inputs, store, log)
        basis = cls(
            store=store,
            name=name,
            inputs=inputs,
            parts=tuple(parts),
            first_of_parent=first_of_parent,
            parent_is_latest=is_latest,
            listed=read_listed(store, name),
            withdrawn=withdrawn,
            log=log,
        )
        if request.must_be_latest:
            basis.check_latest()
        return basis

    def check(self) -> None:
        """Raise OvertakenError if what may be released has changed."""
        listed = read_listed(self.store, self.name).drop("time")
        withdrawn = read_withdrawn(self.store, self.name, self.inputs.runs)
        if not listed.equals(self.listed.drop("time")) or not withdrawn.equals(self.withdrawn):
            raise self._changed()
        self.check_log()

    def check_log(self) -> None:
        """Raise OvertakenError if something was withdrawn, held or given back."""
        if read_log(self.store).withdrawals != self.log.withdrawals:
            raise self._changed()

    def check_latest(self) -> None:
        """Raise OvertakenError if the parent must be the latest version, and another is."""
        if self._latest and self.store.latest(self.name) != self._latest:
            raise self._overtaken()

    def point(self, version: str) -> None:
        """Make a version the latest.

        Raises:
            OvertakenError: another has become it meanwhile.
        """
        if not self.store.point(self.name, version, self._latest):
            raise self._overtaken()

    @property
    def _latest(self) -> str | None:
        return self.inputs.parent.version if self.inputs.parent and self.parent_is_latest else None

    def _changed(self) -> OvertakenError:
        return OvertakenError(self.name, _("what may be released has changed while it was built"), _("build it again"))

    def _overtaken(self) -> OvertakenError:
        about = {"latest": self.store.latest(self.name), "parent": self._latest}
        problem = _(
            "{latest} was made meanwhile, and its documents would be missing in a version upon {parent}", **about
        )
        return OvertakenError(self.name, problem, _("give the command again, upon {latest}", **about))


def _with_parts(inputs: Inputs, store: Store, log: WithdrawalLog) -> tuple[Inputs, list[Part], int]:
    """Return the inputs, every file of documents, and the number of the first of the parent's shards."""
    parts = inputs.parts(store, log)
    old = inputs.parent
    if old is None:
        return inputs, parts, len(parts)
    from latam_corpus.release.eligibility.returned import returned_parts

    must_reach(log, old.withdrawal_sequence, old.spec)
    returned, had = returned_parts(store, old, log)
    return replace(inputs, earlier=tuple(had)), [*parts, *returned], len(parts) - len(old.shards)
