"""Read the inputs of a new version, and check that they didn't change during the build."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from latam_corpus.catalog.naming import LATEST_KEYWORD
from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.messages import _
from latam_corpus.release.eligibility.build_inputs import Inputs, load_run
from latam_corpus.release.eligibility.removals import read_withdrawn
from latam_corpus.release.eligibility.replacement_copies import returned_parts
from latam_corpus.release.refusals.opt_outs import read_opt_outs
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.withdrawal_log import must_reach, read_log
from latam_corpus.schema.extra_columns import released

if TYPE_CHECKING:
    import polars as pl

    from latam_corpus.release.eligibility.build_inputs import InputPart
    from latam_corpus.release.eligibility.build_request import BuildRequest
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import WithdrawalLog


class OvertakenError(ReleaseError):
    """The parent, the withdrawals or the refusals changed during a build; build again from the current state."""


@dataclass(frozen=True)
class Basis:
    """The runs, the parent, the refusals and the withdrawals that a version is built from, read when the build begins.

    Attributes:
        inputs: the runs, the parent, and the versions from which documents return after a hold.
        parts: every file of documents; the parent's shards are consecutive.
        first_of_parent: the index in `parts` of the parent's first shard.
        parent_is_latest: whether the parent must still be the latest version when the build ends.
    """

    store: Store
    name: str
    inputs: Inputs
    parts: tuple[InputPart, ...]
    first_of_parent: int
    parent_is_latest: bool
    opt_outs: pl.DataFrame
    withdrawn: pl.DataFrame
    log: WithdrawalLog

    @classmethod
    def read(cls, request: BuildRequest, store: Store) -> Basis:
        """Read the runs and the parent that a request names, and the refusals of the release.

        Raises:
            ConfigError: the version exists already, or a run or the parent is wrong.
            OvertakenError: the parent must be the latest version and is not.
            ReleaseError: the log of withdrawals is damaged.
        """
        name, parent = request.name, request.parent
        if request.version is not None and request.version in store.versions(name):
            problem = _("it exists, and versions are never overwritten")
            raise ConfigError(f"{name}@{request.version}", problem, _("name another version"))
        is_latest = parent is not None and (request.must_be_latest or parent in (LATEST_KEYWORD, store.latest(name)))
        parent_manifest = None if parent is None else load_manifest(store, *store.find(f"{name}@{parent}"))
        inputs = Inputs.of([load_run(folder) for folder in request.runs], parent_manifest)
        released(inputs.extra)  # raises ConfigError for conflicting columns, before rows are read
        withdrawn, log = read_withdrawn(store, name, inputs.runs), read_log(store)
        inputs, parts, first_of_parent = _with_parts(inputs, store, log)
        basis = cls(
            store=store,
            name=name,
            inputs=inputs,
            parts=tuple(parts),
            first_of_parent=first_of_parent,
            parent_is_latest=is_latest,
            opt_outs=read_opt_outs(store, name),
            withdrawn=withdrawn,
            log=log,
        )
        if request.must_be_latest:
            basis.check_latest()
        return basis

    def check(self) -> None:
        """Raise OvertakenError if refusals or withdrawals changed since they were read."""
        opt_outs = read_opt_outs(self.store, self.name).drop("time")
        withdrawn = read_withdrawn(self.store, self.name, self.inputs.runs)
        if not opt_outs.equals(self.opt_outs.drop("time")) or not withdrawn.equals(self.withdrawn):
            raise self._changed()
        self.check_log()

    def check_log(self) -> None:
        """Raise OvertakenError if documents were withdrawn, held or returned since the log was read."""
        if read_log(self.store).withdrawals != self.log.withdrawals:
            raise self._changed()

    def check_latest(self) -> None:
        """Raise OvertakenError if the parent must be the latest version and is not."""
        if self._latest and self.store.latest(self.name) != self._latest:
            raise self._overtaken()

    def point(self, version: str) -> None:
        """Make a version the latest; raise OvertakenError if another build made its version the latest first."""
        if not self.store.point(self.name, version, self._latest):
            raise self._overtaken()

    @property
    def _latest(self) -> str | None:
        return self.inputs.parent.version if self.inputs.parent and self.parent_is_latest else None

    def _changed(self) -> OvertakenError:
        return OvertakenError(self.name, _("withdrawals or refusals changed during the build"), _("build it again"))

    def _overtaken(self) -> OvertakenError:
        versions = {"latest": self.store.latest(self.name), "parent": self._latest}
        problem = _(
            "version {latest} was made during the build; a version based on {parent} would lack its documents",
            **versions,
        )
        return OvertakenError(self.name, problem, _("run the command again, with {latest} as the parent", **versions))


def _with_parts(inputs: Inputs, store: Store, log: WithdrawalLog) -> tuple[Inputs, list[InputPart], int]:
    """Return the completed inputs, all their parts, and the index of the parent's first part."""
    parts = inputs.parts(store, log)
    parent = inputs.parent
    if parent is None:
        return inputs, parts, len(parts)
    must_reach(log, parent.withdrawal_sequence, parent.spec)
    returned, earlier_versions = returned_parts(store, parent, log)
    return replace(inputs, earlier=tuple(earlier_versions)), [*parts, *returned], len(parts) - len(parent.shards)
