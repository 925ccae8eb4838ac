"""Check during a run that its work folder, or the object store behind it, can still be reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from latam_corpus.errors import CorpusError, PartError, cause_of
from latam_corpus.messages import N_, _, known
from latam_corpus.storage import remote
from latam_corpus.storage.bucket import address_of, bucket_of

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.messages import Message


@dataclass(frozen=True)
class WorkPlace:
    """The work folder as it was when the run started.

    Attributes:
        identity: its device and inode; if a disk is unmounted, another folder appears under the same name.
    """

    work: Path
    identity: tuple[int, int]

    @classmethod
    def at(cls, work: Path) -> Self:
        """Return the work place for a folder in its current state."""
        state = work.stat()
        return cls(work, (state.st_dev, state.st_ino))

    def check(self, *, failed: bool) -> None:
        """Raise `PartError` if outputs can no longer be stored, instead of letting all remaining parts fail.

        The disk may have been unmounted, the folder or the bucket removed, or the store may not answer. An object store
        is queried only if a part has failed, since an unreachable one answers slowly.
        """
        reason = self._folder_problem() or (self._bucket_problem() if failed else None)
        if reason is not None:
            problem = _("it can no longer be reached: {reason}", reason=known(reason))
            remedy = _("when it can be reached again, give the same command: the run continues from here")
            raise PartError(address_of(self.work.parent), problem, remedy)

    def _folder_problem(self) -> str | Message | None:
        try:
            state = self.work.stat()
        except OSError as error:
            return cause_of(error)
        same_folder = (state.st_dev, state.st_ino) == self.identity
        return None if same_folder else N_("another disk or folder is now at this path")

    def _bucket_problem(self) -> str | Message | None:
        bucket = bucket_of(self.work)
        try:
            if bucket:
                bucket.listed("work/lethal")
        except CorpusError as error:
            return error.args[1]  # type: ignore[no-any-return]
        except remote.MISSING_ERRORS:
            return _("there is no such bucket")
        return None
