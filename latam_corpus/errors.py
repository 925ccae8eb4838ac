"""All errors of the toolkit, as one tree; the class decides how a run continues.

    CorpusError
    ├── ConfigError     the user's input is wrong: nothing ran (exit code 2); MistakesError is several of them
    ├── SourceError     a source can't be read: retried, then reported (exit code 1)
    ├── DocumentError   one document can't be used: it becomes a ledger row, the rest goes on
    ├── PartError       one part of a run failed: it is recorded, the rest goes on (exit code 1)
    └── ReleaseError    a release can't be made or trusted: nothing is published (exit code 1)

Every error names the place, the problem and the remedy; each of these is a text or a translatable message. Errors can
be pickled, because workers return them.
"""

from __future__ import annotations

import difflib
import errno
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from latam_corpus.messages import Message, _, enumerated, known, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SYSTEM_MESSAGES: Final = {
    errno.EEXIST: _("File exists"),
    errno.EISDIR: _("Is a directory"),
    errno.ENOTDIR: _("Not a directory"),
    errno.EACCES: _("Permission denied"),
    errno.EPERM: _("Operation not permitted"),
    errno.EROFS: _("Read-only file system"),
    errno.ENOSPC: _("No space left on device"),
    errno.ENOENT: _("No such file or directory"),
    errno.ENAMETOOLONG: _("File name too long"),
    errno.EIO: _("Input/output error"),
    errno.EDQUOT: _("Disk quota exceeded"),
    errno.EMFILE: _("Too many open files"),
    errno.ETXTBSY: _("it is in use"),
    errno.EBUSY: _("it is in use"),
    errno.EINVAL: _("it can't be read or written there"),
    errno.ETIMEDOUT: _("it didn't answer in time"),
    errno.ECONNREFUSED: _("the connection was refused"),
}


_DISK_ERRORS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE})
_ERROR_NUMBER: Final = re.compile(r"(?:os error |\[errno )(\d{1,5})\b", re.IGNORECASE)
# Error texts of SQLite and NumPy.
_DISK_IS_FULL: Final = re.compile(r"disk is full|(?<!\d)\d+ requested and \d+ written")
_MINIMUM_SPACE: Final = 2**20  # bytes; a disk with less free space counts as full
DISK: Final = _("the disk")
MAKE_ROOM: Final = _("fix that, or name another place, and run the same command again: it continues from here")
MORE_MEMORY: Final = _(
    "give it more (on a cluster, with «memory_gb» or «driver_memory_gb» in the site file), and run the same "
    "command again: it continues from here"
)


class CorpusError(Exception):
    """An error with a place, a problem and an optional remedy.

    >>> print(ConfigError("news.toml, stage 2", "unknown stage «filtro»", "did you mean «filter»?"))
    news.toml, stage 2: unknown stage «filtro»; did you mean «filter»?
    """

    exit_code = 1

    def __init__(self, place: str | Message, problem: str | Message, remedy: str | Message = "") -> None:
        super().__init__(place, problem, remedy)
        self.place = str(place)
        self.problem = str(problem)
        self.remedy = str(remedy)

    def __str__(self) -> str:
        return str(self.as_message())

    @property
    def without_remedy(self) -> Message:
        """The place, if any, and the problem."""
        place, problem = self.args[:2]
        message = Message("{place}: {problem}", {"place": same(place), "problem": known(problem)})
        return message if str(place) else known(problem)

    @property
    def help(self) -> str | Message:
        """The remedy, a text or a message; empty if the error has no remedy."""
        remedy: str | Message = self.args[2]
        return remedy

    def as_message(self) -> Message:
        """Return the error as a part of another sentence.

        >>> print(ConfigError("a.toml", _("there is no such file")).as_message().translate("es"))
        a.toml: ese archivo no existe
        """
        values = {"error": self.without_remedy, "remedy": known(self.help)}
        return Message("{error}; {remedy}", values) if self.help else self.without_remedy

    def translated(self, language: str) -> Self:
        """Return the error in a language; texts that aren't messages are unchanged.

        A place is translated only if it is a message, because a file's name may equal the text of one.

        >>> print(ConfigError(_("source"), "two", closest("xyz", ["a"])).translated("es"))
        fuente: two; elija: a
        """
        place, *texts = self.args
        translated_place = place.translate(language) if isinstance(place, Message) else place
        return type(self)(translated_place, *(known(part).translate(language) for part in texts))


class ConfigError(CorpusError):
    """A recipe, policy, source file, option or input is wrong; nothing ran."""

    exit_code = 2


class MistakesError(ConfigError):
    """Several mistakes in one or more files; place, problem and remedy are those of the first one.

    >>> one, two = ConfigError("a.toml", "no"), ConfigError("b.toml", "neither", "write it")
    >>> print(MistakesError(one, two))
    a.toml: no
    b.toml: neither; write it
    """

    def __init__(self, *errors: ConfigError) -> None:
        self.errors = errors
        super().__init__(*errors[0].args)
        self.args = errors

    def __str__(self) -> str:
        return "\n".join(map(str, self.errors))

    @property
    def without_remedy(self) -> Message:
        """The errors with their remedies, one per line."""
        return enumerated((error.as_message() for error in self.errors), "\n")

    @property
    def help(self) -> str | Message:
        """Empty, because each error has its own remedy."""
        return ""

    def translated(self, language: str) -> Self:
        """Return the errors in a language."""
        return type(self)(*(error.translated(language) for error in self.errors))


def as_one(errors: Sequence[ConfigError]) -> ConfigError:
    """Join one or more errors into a single one, without repetitions."""
    single = [part for error in errors for part in (error.errors if isinstance(error, MistakesError) else (error,))]
    distinct = list({str(error): error for error in single}.values())
    return distinct[0] if len(distinct) == 1 else MistakesError(*distinct)


class SourceError(CorpusError):
    """A source's bytes can't be read."""


class DocumentError(CorpusError):
    """One document can't be used."""


class PartError(CorpusError):
    """One part of a run failed."""


class ReleaseError(CorpusError):
    """A release can't be made, found or trusted."""


class NoteWarning(UserWarning):
    """A note that doesn't stop the work; the command line prints it in the user's language."""

    def __init__(self, note: Message) -> None:
        super().__init__(str(note))
        self.note = note


def cause_of(error: OSError) -> Message:
    """Return the operating system's message for an error.

    >>> cause_of(PermissionError(errno.EACCES, "Permission denied")).translate("pt")
    'não há permissão'
    """
    return _SYSTEM_MESSAGES.get(error.errno or 0) or same(error.strerror or error)


def on_disk(cause: str | Message, *folders: Path) -> Message:
    """Add to a disk error the folders on full disks, or all candidates if no disk is full.

    Args:
        cause: the error's message.
        folders: the folders that were written to; the folder of temporary files is always a candidate.
    """
    written = [*folders, Path(tempfile.gettempdir())]
    listed_folders = dict.fromkeys(map(str, [folder for folder in written if _is_full(folder)] or written))
    return _("{cause} (disk of {folders})", cause=known(cause), folders=", ".join(listed_folders))


def _is_full(folder: Path) -> bool:
    try:
        existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
        return shutil.disk_usage(existing).free < _MINIMUM_SPACE
    except OSError:
        return False


def cause_in_disk(error: BaseException, *folders: Path) -> Message | None:
    """Return the message of a full, broken or read-only disk; None for an error of another kind.

    Libraries raise such errors as their own, with the system's error number in the text.

    Args:
        error: the error that was raised.
        folders: the folders that were written to, to name the disk; without any, no disk is named.

    >>> str(cause_in_disk(RuntimeError("write: No space left on device (os error 28)")))
    'No space left on device'
    >>> cause_in_disk(OSError(errno.EPIPE, "Broken pipe"))
    """
    reason: BaseException | None = error
    while reason is not None:
        match = _ERROR_NUMBER.search(str(reason))
        number = reason.errno if isinstance(reason, OSError) and reason.errno else match and int(match[1])
        if number not in _DISK_ERRORS and _DISK_IS_FULL.search(str(reason)):
            number = errno.ENOSPC
        if number in _DISK_ERRORS:
            cause = _SYSTEM_MESSAGES[number]
            return on_disk(cause, *folders) if folders and number != errno.EMFILE else cause
        reason = reason.__cause__ or reason.__context__
    return None


def one_of(candidates: Iterable[str]) -> Message:
    """Return a remedy that lists all known words."""
    return _("choose one of: {known}", known=", ".join(candidates))


def closest(word: str, candidates: Iterable[str]) -> Message:
    """Return a remedy that names the closest known word, or all of them if none is close.

    >>> print(closest("filtro", ["filter", "extract"]))
    did you mean «filter»?
    >>> print(closest("xyz", ["filter", "extract"]))
    choose one of: extract, filter
    """
    names = sorted(candidates)
    near = nearest(word, names)
    if near:
        return _("did you mean «{near}»?", near=near)
    return one_of(names) if names else _("there is none yet")


def nearest(word: str, candidates: Iterable[str], cutoff: float = 0.55) -> str | None:
    """Return the closest known word; None if none is close.

    Args:
        word: the word as typed.
        candidates: the known words.
        cutoff: the minimum similarity of a close word, from 0 to 1.

    >>> nearest("filtro", ["filter", "extract"])
    'filter'
    """
    match = difflib.get_close_matches(word, sorted(candidates), n=1, cutoff=cutoff)
    return match[0] if match else None


class Breach(NamedTuple):
    """A statement of a source file that its records contradict: the place, the problem and the remedy."""

    place: Message
    problem: Message
    remedy: Message

    def as_message(self) -> Message:
        """Return the breach as one sentence."""
        return Message("{place}: {problem}; {remedy}", self._asdict())
