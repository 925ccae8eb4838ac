"""Every error of the toolkit, as one tree; the class says what happens next.

    CorpusError
    ├── ConfigError     the user's input is wrong: nothing ran (exit code 2); MistakesError is several of them
    ├── SourceError     a source can't be read: retried, then reported (exit code 1)
    ├── DocumentError   one document can't be used: it becomes a ledger row, the rest goes on
    ├── PartError       one part of a run failed: it is recorded, the rest goes on (exit code 1)
    └── ReleaseError    a release can't be made or trusted: nothing is published (exit code 1)

Every error names the place, the problem and the remedy, and survives pickling, since workers send them home. Each of
the three is a text, or a message that can be translated.
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

_OF_SYSTEM: Final = {
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


_OF_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE})
_NUMBER: Final = re.compile(r"(?:os error |\[errno )(\d{1,5})\b", re.IGNORECASE)
# As SQLite and NumPy say it.
_FULL: Final = re.compile(r"disk is full|(?<!\d)\d+ requested and \d+ written")
_ROOM: Final = 2**20  # bytes: a disk with less is full
DISK: Final = _("the disk")
MAKE_ROOM: Final = _("mend that, or name another place, and give the same command: it goes on from here")
MORE_MEMORY: Final = _(
    "give it more, on a cluster by «memory_gb» or «driver_memory_gb» in the site file, and give the same command: "
    "it goes on from here"
)


class CorpusError(Exception):
    """An error with a place, a problem and, where there is one, a remedy.

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
        """The place, where there is one, and the problem."""
        place, problem = self.args[:2]
        named = Message("{place}: {problem}", {"place": same(place), "problem": known(problem)})
        return named if str(place) else known(problem)

    @property
    def help(self) -> str | Message:
        """The remedy as it was given, which may be a message; empty where there is none."""
        given: str | Message = self.args[2]
        return given

    def as_message(self) -> Message:
        """Return the error as a part of another sentence.

        >>> print(ConfigError("a.toml", _("there is no such file")).as_message().translate("es"))
        a.toml: ese archivo no existe
        """
        told = {"error": self.without_remedy, "remedy": known(self.help)}
        return Message("{error}; {remedy}", told) if self.help else self.without_remedy

    def translated(self, language: str) -> Self:
        """Return the error in a language; what is neither a message nor the id of one stays as it is.

        A place is never taken for an id: somebody's file may be called as a word is.

        >>> print(ConfigError(_("source"), "two", closest("xyz", ["a"])).translated("es"))
        fuente: two; elija: a
        """
        place, *rest = self.args
        told = place.translate(language) if isinstance(place, Message) else place
        return type(self)(told, *(known(part).translate(language) for part in rest))


class ConfigError(CorpusError):
    """A recipe, policy, source file, option or input is wrong; nothing ran."""

    exit_code = 2


class MistakesError(ConfigError):
    """Several mistakes of the user's, of one file or more; place, problem and remedy are the first one's.

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
        """The errors, a line each, with what helps against each."""
        return enumerated((error.as_message() for error in self.errors), "\n")

    @property
    def help(self) -> str | Message:
        """Nothing more than what each error has."""
        return ""

    def translated(self, language: str) -> Self:
        """Return the errors in a language."""
        return type(self)(*(error.translated(language) for error in self.errors))


def as_one(errors: Sequence[ConfigError]) -> ConfigError:
    """One error for one or several, the same one told once."""
    each = [one for error in errors for one in (error.errors if isinstance(error, MistakesError) else (error,))]
    distinct = list({str(one): one for one in each}.values())
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
    """What is told while the work goes on; the command line says it in the language that is spoken."""

    def __init__(self, note: Message) -> None:
        super().__init__(str(note))
        self.note = note


def cause_of(error: OSError) -> Message:
    """Return what the operating system says of an error.

    >>> cause_of(PermissionError(errno.EACCES, "Permission denied")).translate("pt")
    'não há permissão'
    """
    return _OF_SYSTEM.get(error.errno or 0) or same(error.strerror or error)


def on_disk(cause: str | Message, *folders: Path) -> Message:
    """Add to what a disk said the folders that are on it: those whose disk is full, else all that it may be.

    Args:
        cause: what the disk said.
        folders: those that were written to; that of temporary files may be another.
    """
    written = [*folders, Path(tempfile.gettempdir())]
    named = dict.fromkeys(map(str, [folder for folder in written if _is_full(folder)] or written))
    return _("{cause} (disk of {folders})", cause=known(cause), folders=", ".join(named))


def _is_full(folder: Path) -> bool:
    try:
        existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
        return shutil.disk_usage(existing).free < _ROOM
    except OSError:
        return False


def cause_in_disk(error: BaseException, *folders: Path) -> Message | None:
    """Return what a disk that is full, broken or may not be written said; None of an error of another kind.

    Libraries raise it as errors of their own, whose words end in the system's number.

    Args:
        error: what was raised.
        folders: those that were written to, one of which is named; without any, no disk is.

    >>> str(cause_in_disk(RuntimeError("write: No space left on device (os error 28)")))
    'No space left on device'
    >>> cause_in_disk(OSError(errno.EPIPE, "Broken pipe"))
    """
    told: BaseException | None = error
    while told is not None:
        numbered = _NUMBER.search(str(told))
        number = told.errno if isinstance(told, OSError) and told.errno else numbered and int(numbered[1])
        if number not in _OF_DISK and _FULL.search(str(told)):
            number = errno.ENOSPC
        if number in _OF_DISK:
            cause = _OF_SYSTEM[number]
            return on_disk(cause, *folders) if folders and number != errno.EMFILE else cause
        told = told.__cause__ or told.__context__
    return None


def one_of(known: Iterable[str]) -> Message:
    """Return a remedy that names all words there are."""
    return _("choose one of: {known}", known=", ".join(known))


def closest(word: str, known: Iterable[str]) -> Message:
    """Return a remedy that names the closest known word, or all of them when none is close.

    >>> print(closest("filtro", ["filter", "extract"]))
    did you mean «filter»?
    >>> print(closest("xyz", ["filter", "extract"]))
    choose one of: extract, filter
    """
    names = sorted(known)
    near = nearest(word, names)
    if near:
        return _("did you mean «{near}»?", near=near)
    return one_of(names) if names else _("there is none yet")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the closest known word; None when none is close.

    >>> nearest("filtro", ["filter", "extract"])
    'filter'
    """
    match = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.55)
    return match[0] if match else None


class Breach(NamedTuple):
    """A promise of a source's file that its records don't keep: where, what, and what to do."""

    place: Message
    problem: Message
    remedy: Message

    def as_message(self) -> Message:
        """Return it as one sentence."""
        return Message("{place}: {problem}; {remedy}", self._asdict())
