"""Whether the folder of work, or the object store that it stands for, is still there while a run goes on."""

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
    """The folder of work as it was when the run began.

    Attributes:
        work: the folder.
        identity: its device and number: an unmounted disk leaves another folder under the same name.
    """

    work: Path
    identity: tuple[int, int]

    @classmethod
    def at(cls, work: Path) -> Self:
        """Return the folder as it is now."""
        state = work.stat()
        return cls(work, (state.st_dev, state.st_ino))

    def check(self, *, failed: bool) -> None:
        """Raise unless outputs can still be kept there: else the parts that are left would fail one by one.

        Args:
            failed: whether a part has failed. Only then is an object store asked, which takes a while if it is gone.

        Raises:
            PartError: the disk was unmounted, the folder or the bucket was removed, or nobody answers there.
        """
        reason = self._folder_problem() or (self._bucket_problem() if failed else None)
        if reason is not None:
            problem = _("it can't be reached any more: {reason}", reason=known(reason))
            remedy = _("when it is there again, give the same command: it goes on from here")
            raise PartError(address_of(self.work.parent), problem, remedy)

    def _folder_problem(self) -> str | Message | None:
        try:
            state = self.work.stat()
        except OSError as error:
            return cause_of(error)
        same_folder = (state.st_dev, state.st_ino) == self.identity
        return None if same_folder else N_("another disk or folder is there now")

    def _bucket_problem(self) -> str | Message | None:
        bucket = bucket_of(self.work)
        try:
            if bucket:
                bucket.listed("work/lethal")
        except CorpusError as error:
            return error.args[1]  # type: ignore[no-any-return]
        except remote.NOT_THERE:
            return _("there is no such bucket")
        return None
