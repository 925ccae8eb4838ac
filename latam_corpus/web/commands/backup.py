"""Back a desk up into one archive, and restore it into an empty folder, on SQLite or PostgreSQL."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, Final

from django.core.management import call_command
from django.db import transaction

from latam_corpus.errors import ConfigError, cause_of
from latam_corpus.messages import _
from latam_corpus.storage.durable import digest_of
from latam_corpus.web.commands.archive import ROWS
from latam_corpus.web.models import Job, Person
from latam_corpus.web.workspace import data_folder, recover

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LEFT_OUT: Final = ("tmp", "jobs", "desk.log", "desk.sqlite3", ROWS)
_NOT_ROWS: Final = ("sessions", "contenttypes", "auth", "desk.attempt")


def back_up(target: Path) -> int:
    """Write the rows and the files of the desk into an archive; return the number of files.

    The rows are written first. A file that is added meanwhile has no row in the archive; restoring creates one.

    Raises:
        ConfigError: a job is running, or the archive exists or can't be written.
    """
    if Job.objects.filter(state=Job.State.RUNNING).exists():
        problem = _("a job is running, and its files would be stored half written")
        raise ConfigError(str(target), problem, _("stop it, or wait for its end"))
    if target.exists():
        raise ConfigError(str(target), _("it exists"), _("name another file"))
    rows = data_folder() / "tmp" / ROWS
    unfinished = target.with_name(f"{target.name}.part")
    count = 0
    try:
        with transaction.atomic():
            call_command("dumpdata", exclude=_NOT_ROWS, output=str(rows), verbosity=0)
        with tarfile.open(unfinished, "w:gz" if target.suffix == ".gz" else "w") as archive:
            archive.add(rows, ROWS)
            for path in _files():
                archive.add(path, path.relative_to(data_folder()).as_posix(), recursive=False)
                count += path.is_file()
        unfinished.replace(target)
    except OSError as error:
        problem = _("it can't be written: {cause}", cause=cause_of(error))
        raise ConfigError(str(target), problem, _("name another place")) from None
    finally:
        rows.unlink(missing_ok=True)
        unfinished.unlink(missing_ok=True)
    return count


def _files() -> Iterator[Path]:
    """Yield the files and folders to back up, folders first and without links."""
    for entry in sorted(data_folder().iterdir()):
        if entry.name.startswith(_LEFT_OUT) or entry.is_symlink():
            continue
        yield entry
        if entry.is_dir():
            yield from (path for path in sorted(entry.rglob("*")) if not path.is_symlink())


def restore_rows() -> int:
    """Load the unpacked rows into empty tables; return the number of people.

    Raises:
        ConfigError: the database already has people, or an upload differs from its digest.
    """
    if Person.objects.exists():
        raise ConfigError("--database", _("it already has accounts"), _("name an empty database"))
    rows = data_folder() / ROWS
    call_command("loaddata", str(rows), verbosity=0)
    rows.unlink()
    for upload in (data_folder() / "uploads").glob("*/*"):
        if digest_of(upload) != upload.name:
            raise ConfigError(str(upload), _("its bytes changed"), _("use an older backup"))
    recover()
    return Person.objects.count()
