"""Read and write a run's folder.

    kept/ · dropped/ · ledger/                  links to the outputs of steps
    recipe.toml · filters/                      the recipe and the policies of the run
    replaced.parquet                            documents of an earlier version that this run replaces
    digests.json                                the SHA-256 of all files above
    run.json                                    the record of the finished run
    attempt.json                                the last start and end of the command, and the paths of private lists
    report.html · report-internal.html          pages about the run, which can be removed and created again

`run.json` is written last, atomically: a folder without it isn't a finished run. The JSON files are sealed. Documents
are read through `Record.files`, which first verifies the digest of each file.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import socket
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from latam_corpus.errors import ConfigError, CorpusError, PartError, cause_of
from latam_corpus.messages import N_, _, sentences
from latam_corpus.storage.bucket import bucket_of, fetch, publish
from latam_corpus.storage.durable import (
    Damage,
    damage,
    link_or_copy,
    rebuild_notice,
    replace,
    replacing,
    sealed,
    sync,
    unsealed,
)
from latam_corpus.storage.locks import LOCK_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from latam_corpus.messages import Message

T = TypeVar("T")
RUN_FILE: Final = "run.json"
ATTEMPT_FILE: Final = "attempt.json"
REMOVED_FILE: Final = "removed"  # marks a run whose documents `run --work none` removed
DIGESTS_FILE: Final = "digests.json"
RECIPE_FILE: Final = "recipe.toml"
REPLACED_FILE: Final = "replaced.parquet"
REPORT_FILE: Final = "report.html"
INTERNAL_REPORT_FILE: Final = "report-internal.html"
KINDS: Final = ("kept", "dropped", "ledger")
REMOVED_KINDS: Final = ("kept", "dropped")
FORMAT: Final = 2  # the format of `run.json`
_REMEDY: Final = N_("run its recipe again on the same input: damaged files are rebuilt")


@dataclass(frozen=True)
class Record:
    """A finished run: its folder, the contents of `run.json`, and the digest of that file."""

    folder: Path
    values: dict[str, Any]
    sha256: str

    def files(self, kind: str) -> list[Path]:
        """Check the run's files of one kind against their digests, and return them sorted.

        The kind is `kept`, `dropped`, `ledger`, `filters` or `replaced.parquet`.

        Raises:
            PartError: a file is damaged, missing or foreign to the run, or the documents were removed.
        """
        if kind in REMOVED_KINDS:
            refuse_removed(self.folder)
        present = _below(self.folder, kind)
        try:
            all_digests = read_digests(self.folder)
        except ValueError as error:
            raise PartError(str(self.folder / DIGESTS_FILE), error.args[0], _REMEDY) from error
        digests = {name: digest for name, digest in all_digests.items() if name.partition("/")[0] == kind}
        fetch((self.folder / name, digest) for name, digest in digests.items() if kind in KINDS)
        wrong = damage(self.folder, digests) or _unlisted(self.folder, present, digests)
        if wrong:
            raise PartError(str(wrong.file), wrong.problem, _REMEDY)
        return [self.folder / name for name in sorted(digests)]


def read_record(folder: Path) -> Record:
    """Return the record of the finished run in a folder; raise `ConfigError` if it is missing or damaged."""
    file = folder / RUN_FILE
    try:
        data = file.read_bytes()
    except OSError as error:
        problem = _("it can't be read: {cause}", cause=cause_of(error))
        raise ConfigError(str(file), problem, _("name a run's folder, such as out/runs/news-1a2b3c4d")) from None
    try:
        values = unsealed(data)
    except ValueError as error:
        problem = _("this isn't the record of a run ({missing})", missing=error)
        raise ConfigError(str(file), problem, _("run its recipe again, or remove the folder")) from None
    return Record(folder, values, hashlib.sha256(data).hexdigest())


def is_removed(folder: Path) -> bool:
    """Whether the documents of a run were removed when its release was made."""
    return (folder / REMOVED_FILE).exists()


def refuse_removed(folder: Path) -> None:
    """Raise `PartError` if the documents of a run were removed."""
    if is_removed(folder):
        problem = _("its documents were removed after its release was made (`--work none`)")
        raise PartError(str(folder), problem, _("rebuild them: run its recipe again with `--work measured`"))


def read_digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of the run's files, by their names in its folder; raise `ValueError` if they can't be read."""
    try:
        return unsealed((folder / DIGESTS_FILE).read_bytes())
    except OSError as error:
        raise ValueError(_("it can't be read: {cause}", cause=cause_of(error))) from None


def _below(folder: Path, kind: str) -> list[str]:
    """Return the names of the existing files of a kind, without hidden files."""
    root = folder / kind
    paths = [root] if root.is_file() else [path for path in root.rglob("*") if path.is_file()]
    return sorted(str(path.relative_to(folder)) for path in paths if not path.name.startswith("."))


def _unlisted(folder: Path, present: list[str], digests: Mapping[str, str]) -> Damage | None:
    extra = next((name for name in present if name not in digests), None)
    return Damage(folder / extra, N_("it is not one of the run's files")) if extra else None


@dataclass(frozen=True)
class Contents:
    """The files of a run's folder, without its record: outputs of steps with their digests, and small files."""

    linked: Mapping[str, tuple[Path, str]]
    written: Mapping[str, bytes]
    replaced: pl.DataFrame

    @property
    def small(self) -> dict[str, bytes]:
        """The bytes of all small files, including the table `replaced`."""
        table = io.BytesIO()
        self.replaced.write_parquet(table)
        return {**self.written, REPLACED_FILE: table.getvalue()}


def write_run(folder: Path, contents: Contents, values: Mapping[str, Any]) -> None:
    """Write all files of a run; previous contents of the folder are removed."""
    (folder / RUN_FILE).unlink(missing_ok=True)
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in (LOCK_FILE, ATTEMPT_FILE):
            path.unlink()
    for kind in KINDS:
        (folder / kind).mkdir()
    for name, (output, _digest) in contents.linked.items():
        if output.exists() or not bucket_of(folder):
            link_or_copy(output, folder / name)
    small = contents.small
    for name, data in small.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
        sync(folder / name)
    for path in folder.rglob("*"):
        if path.is_dir():
            sync(path)
    digests = {name: digest for name, (_, digest) in contents.linked.items()}
    digests |= {name: hashlib.sha256(data).hexdigest() for name, data in small.items()}
    replace(folder / DIGESTS_FILE, sealed(digests, indent=1))
    replace(folder / RUN_FILE, sealed(values, indent=1))
    sync(folder.parent)


def is_confirmed(record: Record, contents: Contents, values: Mapping[str, Any]) -> bool:
    """Whether a repeated run gave the results that its record states."""
    if record.values.get("format") != FORMAT or _outcome(record.values) != _outcome(values):
        return False
    try:
        digests = read_digests(record.folder)
    except ValueError:  # damaged digests will be rebuilt
        return True
    linked = {name: digest for name, digest in digests.items() if name.partition("/")[0] in KINDS}
    if linked != {name: digest for name, (_, digest) in contents.linked.items()}:
        return False
    if damage(record.folder, {REPLACED_FILE: digests[REPLACED_FILE]}):
        return True
    import polars as pl  # `runs list` must not import Polars

    # Rows are compared, not bytes, which may differ between versions of a library.
    return pl.read_parquet(record.folder / REPLACED_FILE, glob=False).equals(contents.replaced)


def _outcome(values: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the results that a record states: outputs and failures of parts, row counts, and counts by stage."""
    counts = {
        stage: {key: value for key, value in count.items() if key != "seconds"}
        for stage, count in values["stages"].items()
    }
    return [(p["name"], list(p["outputs"]), bool(p["failed"])) for p in values["parts"]], values["rows"], counts


def mend(folder: Path, contents: Contents) -> list[Message]:
    """Rebuild damaged files in the folder of a confirmed run; return a sentence for each."""
    mended: list[Message] = []
    if is_removed(folder):  # documents are restored without a sentence, since nothing was damaged
        for name, (output, _digest) in contents.linked.items():
            (folder / name).parent.mkdir(exist_ok=True)
            _link(output, folder / name)
        (folder / REMOVED_FILE).unlink()
    try:
        digests = read_digests(folder)
    except ValueError as error:
        digests = {}
        mended.append(rebuild_notice(folder / DIGESTS_FILE, error))
    renewed = {}
    for name, (output, digest) in contents.linked.items():
        renewed[name] = digest
        if wrong := _damaged_link(folder, name, output, digest):
            mended.append(rebuild_notice(*wrong))
            _link(output, folder / name)
    for name, data in contents.small.items():
        renewed[name] = digests.get(name, hashlib.sha256(data).hexdigest())
        if wrong := damage(folder, {name: renewed[name]}):
            mended.append(rebuild_notice(*wrong))
            renewed[name] = hashlib.sha256(data).hexdigest()
            replace(folder / name, data)
    for kind in (*KINDS, "filters"):
        for name in _below(folder, kind):
            if name not in renewed:
                mended.append(_("{file}: it is not one of the run's files; it was removed", file=folder / name))
                (folder / name).unlink()
    if renewed != digests:
        replace(folder / DIGESTS_FILE, sealed(renewed, indent=1))
    return mended


def _damaged_link(folder: Path, name: str, output: Path, digest: str) -> Damage | None:
    """Return the damage of a link to a step's output; in a bucket's working copy, unlink it to be fetched again."""
    file = folder / name
    if file.exists() and output.exists() and file.samefile(output):
        return None
    wrong = damage(folder, {name: digest})
    if wrong and bucket_of(folder):
        file.unlink(missing_ok=True)
        return None
    return wrong


def links(part: str, outputs: Sequence[T]) -> Iterator[tuple[str, T, str]]:
    """Yield a part's links to step outputs: the name in the run's folder, the output, and the file in the output.

    >>> [name for name, _, _ in links("fuente-00000", ["ab12"])]
    ['kept/fuente-00000.parquet', 'dropped/fuente-00000-0.parquet', 'ledger/fuente-00000-0.parquet']
    """
    from latam_corpus.pipeline.rows.step_file import DROPPED, LEDGER, ROWS

    yield f"kept/{part}.parquet", outputs[-1], ROWS
    for number, output in enumerate(outputs):
        yield f"dropped/{part}-{number}.parquet", output, DROPPED
        yield f"ledger/{part}-{number}.parquet", output, LEDGER


def mend_links(record: Record, folders: Mapping[str, Path]) -> list[Message]:
    """Repair another run's damaged links to outputs that were rebuilt equal; return a sentence for each."""
    if is_removed(record.folder):
        return []
    try:
        digests = read_digests(record.folder)
    except ValueError:
        return []
    mended = []
    for part in record.values["parts"]:
        for name, key, file in links(part["name"], part["outputs"]) if not part["failed"] else ():
            if key not in folders or name not in digests or bucket_of(record.folder):
                continue
            wrong = damage(record.folder, {name: digests[name]})
            if wrong and not damage(folders[key], {file: digests[name]}):
                mended.append(rebuild_notice(*wrong))
                _link(folders[key] / file, record.folder / name)
    return mended


def _link(output: Path, file: Path) -> None:
    with replacing(file) as temporary:
        link_or_copy(output, temporary)


def add(record: Record, mended: Sequence[Message], accepted_loss: str | None = None) -> None:
    """Add repairs and the reason for accepting a loss to a finished run's record."""
    values = record.values | {"mended": [*record.values["mended"], *map(str, mended)]}
    values |= {"sentences": record.values.get("sentences", {}) | sentences(mended)} if mended else {}
    values |= {"accepted_loss": accepted_loss or values["accepted_loss"]}
    if values != record.values:
        replace(record.folder / RUN_FILE, sealed(values, indent=1))


@contextmanager
def attempted(
    folder: Path, jobs: Path | None = None, lists: Mapping[str, Mapping[str, str]] | None = None
) -> Iterator[None]:
    """Record the start and end of the command in `attempt.json`; if the process is killed, the end is missing.

    `jobs` is the folder for the output of a cluster's jobs; `lists` are the paths of the private lists used to redact
    texts, by kind and source.
    """
    values: dict[str, Any] = {"run": folder.name, "process": os.getpid(), "host": socket.gethostname()}
    values["started"] = now()
    values |= ({"jobs": str(jobs)} if jobs else {}) | ({"lists": lists} if lists else {})
    _write_attempt(folder, values)
    try:
        yield
    except Exception as error:
        with suppress(OSError, PartError):  # if the disk is full, the first error is the useful one
            _write_attempt(folder, {**values, "ended": now(), "error": str(error), **_error_sentences(error)})
        raise
    _write_attempt(folder, {**values, "ended": now(), "error": None})


def _error_sentences(error: Exception) -> dict[str, Any]:
    return {"sentences": sentences([error.as_message()])} if isinstance(error, CorpusError) else {}


def _write_attempt(folder: Path, values: Mapping[str, Any]) -> None:
    replace(folder / ATTEMPT_FILE, sealed(values, indent=1))
    publish(folder / ATTEMPT_FILE)


def read_attempt(folder: Path) -> dict[str, Any]:
    """Return the contents of `attempt.json`, empty if there is none; raise `ValueError` if it is damaged."""
    try:
        return unsealed((folder / ATTEMPT_FILE).read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ValueError(_("it can't be read: {cause}", cause=cause_of(error))) from None


def now() -> str:
    """Return the current time in ISO 8601 with a fixed width, so that times sort as strings."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
