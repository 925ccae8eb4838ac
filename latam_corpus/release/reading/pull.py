"""Pull a version: copy its files to this disk in the layout of the Hugging Face Hub, verify them, and write a lock.

A shard that is copied whole is checked against the SHA-256 in the manifest. If only some of its columns are read, or
only some rows from a remote store, the Parquet page checksums are verified; they detect damage, but not forgery. Intact
files in the folder aren't copied again, and an interrupted copy is resumed. `corpus.lock` is written last: a folder
that has one is complete.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Self

import polars as pl

from latam_corpus.errors import ConfigError, ReleaseError, cause_of
from latam_corpus.messages import N_, _, decimal
from latam_corpus.release.eligibility.summary import recounted
from latam_corpus.release.pages.card import CARD, card
from latam_corpus.release.pages.changelog import CHANGELOG
from latam_corpus.release.pages.croissant import CROISSANT, croissant
from latam_corpus.release.pages.obligations import ATTRIBUTION, attribution
from latam_corpus.release.reading.condition import condition
from latam_corpus.release.reading.corpus_lock import (
    LOCK,
    PULL_STATE,
    Lock,
    check_known_withdrawals,
    check_type,
    read_lock,
    read_sums,
    selection_digest,
    write_lock,
)
from latam_corpus.release.reading.exclusions import no_exclusion_found
from latam_corpus.release.reading.select import columns_of, fetch_rows, picks, rewrite, wanted_rows, without_excluded
from latam_corpus.release.storing.fetch import fetch
from latam_corpus.release.storing.manifest import MANIFEST, SIGNATURE, VERIFY, read_manifest, read_side_file
from latam_corpus.release.storing.signatures import version_signature_problems
from latam_corpus.release.storing.store import SUMS, Store
from latam_corpus.release.storing.store_tables import LEDGER, read_ledger
from latam_corpus.release.storing.withdrawal_log import read_log, withdrawn_note
from latam_corpus.schema.extra_columns import released
from latam_corpus.storage.durable import digest_of, replace, sync

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.messages import Message
    from latam_corpus.pipeline.execution.engines import OnStep
    from latam_corpus.release.reading.condition import Condition
    from latam_corpus.release.reading.select import PulledShard
    from latam_corpus.release.storing.manifest import Manifest, Shard
    from latam_corpus.release.storing.minisign_keys import PublicKey
    from latam_corpus.release.storing.withdrawal_log import WithdrawalLog

_PARTS: Final = ".pull"
PULLED_PATH: Final = re.compile(r"data/[\w-]+/[\w-]+\.parquet|index/[\w-]+\.parquet|[A-Za-z][A-Za-z0-9._-]*")
# One stream from an object store is slow; four fill most connections.
_COPIES: Final = 4


@dataclass(frozen=True)
class Subset:
    """The part of a version to pull; all documents with all columns by default.

    Attributes:
        where: a condition on rows (`release.reading.condition`); None selects all rows.
        columns: the columns, in addition to `doc_id`; all if empty. `id` names a copy of `doc_id`.
        with_index: whether to add the fingerprints of the documents, in the folder `index`.
        with_ledger: whether to add the ledger's rows about the selected documents, which requires reading the whole
            ledger. A whole version always includes the ledger.
    """

    where: str | None = None
    columns: Sequence[str] = ()
    exclude: Collection[str] = ()
    with_index: bool = False
    with_ledger: bool = False


WHOLE: Final = Subset()


def pull(
    spec: str,
    store: Store | str | Path,
    to: Path,
    subset: Subset = WHOLE,
    progress: OnStep | None = None,
    *,
    report: Callable[[Message], None] | None = None,
    keys: Sequence[PublicKey] = (),
) -> Lock:
    """Pull a version, or a part of it, into a folder, and return its lock.

    Args:
        spec: `NAME@VERSION`, or `NAME` for the latest version.
        store: the store of the version.
        to: a folder that is new or empty, or contains an earlier pull of the same release.
        subset: the rows, the columns and the additional files.
        progress: called with the name of the step, the bytes done and their total.
        report: called with a note if withdrawn documents are left out, if none of the excluded documents is in the
            version, or if the folder had another version or selection.
        keys: public keys, one of which must have signed the version and the withdrawal log; if empty, signatures aren't
            checked.

    Raises:
        ConfigError: there is no such version, the condition is wrong or selects nothing, the version has no index
            although one is requested, or the folder has other contents.
        ReleaseError: files in the store are missing or differ from the manifest, or a signature is forged.
    """
    opened = store if isinstance(store, Store) else Store.at(store)
    if subset.with_index and (subset.where or subset.columns or subset.exclude):
        what = "rows" if subset.where or subset.exclude else "columns"
        raise ConfigError(
            "--with-index", _("a selection of {what} has no index", what=what), _("pull it without --with-index")
        )
    with opened.named_errors():
        manifest, data = read_manifest(opened, *opened.find(spec))
        selection = _Selection.of(subset, manifest)
        log = read_log(opened, manifest)
        for problem in version_signature_problems(manifest, data, log, keys):
            raise ReleaseError(
                manifest.spec, problem, _("nothing was pulled; ask its publisher for the version that they signed")
            )
        return _Pull(opened, manifest, data, log, to, selection, report or _ignore).run(progress)


def _ignore(_note: Message) -> None:
    """Report a note to no one."""


@dataclass(frozen=True)
class _Selection:
    """A subset of one version, with its condition parsed and its columns checked; None selects all."""

    where: Condition | None
    columns: pl.Schema | None
    excluded: frozenset[str]
    with_index: bool
    with_ledger: bool

    @classmethod
    def of(cls, subset: Subset, manifest: Manifest) -> Self:
        """Return the selection for a version; raise ConfigError if the condition is wrong, or a column is unknown."""
        where = None if subset.where is None else condition(subset.where, extra=manifest.extra)
        columns = columns_of(subset.columns, manifest.extra) if subset.columns else None
        return cls(where, columns, frozenset(subset.exclude), subset.with_index, subset.with_ledger)

    @property
    def condition_text(self) -> str | None:
        """The condition as the user wrote it."""
        return self.where.text if self.where else None

    def summary(self, excluded_count: int) -> str | None:
        """Return a description of the selection for a card; None if everything is selected."""
        pieces = [self.where.text] if self.where else []
        pieces += [f"columns {', '.join(self.columns)}"] if self.columns is not None else []
        pieces += [f"{excluded_count} documents excluded"] if excluded_count else []
        return "; ".join(pieces) or None

    @property
    def digest(self) -> str:
        """The digest of the columns and excluded documents; "" if neither is restricted."""
        if self.columns is None and not self.excluded:
            return ""
        encoded = json.dumps([list(self.columns or ()), sorted(self.excluded)])
        return hashlib.sha256(encoded.encode()).hexdigest()


@dataclass(frozen=True)
class _Pull:
    """A pull of one version into a folder."""

    store: Store
    manifest: Manifest
    manifest_bytes: bytes
    log: WithdrawalLog
    folder: Path
    selection: _Selection
    report: Callable[[Message], None]

    def run(self, progress: OnStep | None) -> Lock:
        """Copy all files, then write the lock."""
        manifest, selection, folder = self.manifest, self.selection, self.folder
        readable = self.log.readable(manifest)
        remaining = without_excluded(self.store, readable, selection.excluded)
        excluded_count = sum(shard.rows for shard in readable) - sum(shard.rows for shard in remaining)
        chosen = picks(self.store, manifest, remaining, selection.where)
        self._check(chosen, excluded_count)
        summary = selection.summary(excluded_count)
        side_files = self._side_files(summary, chosen)
        writes_ledger = selection.with_ledger and LEDGER not in side_files
        jobs = self._jobs(chosen)
        planned = [job.path for job in jobs] + [*side_files, CROISSANT] + ([LEDGER] if writes_ledger else [])
        former_lock = self._former_lock()
        state = self._prepare(planned)
        digests = _copy_all(self.store, folder, jobs, state, progress)
        if summary or CROISSANT not in side_files:
            side_files |= self._part_files(chosen, digests, summary)
        if writes_ledger:
            side_files[LEDGER] = self._ledger_of([folder / job.path for job in jobs])
        for file, content in side_files.items():
            replace(folder / file, content)
            digests[file] = hashlib.sha256(content).hexdigest()
        replace(folder / SUMS, "".join(f"{digests[path]}  {path}\n" for path in sorted(digests)).encode())
        where, columns = selection.condition_text, selection.columns
        lock = Lock(
            name=manifest.name,
            version=manifest.version,
            manifest_sha256=self._manifest_sha256,
            withdrawal_sequence=self.log.sequence,
            where=where,
            rewritten=columns is not None or not all(pick.whole for pick in chosen),
            rows=sum(pick.rows for pick in chosen),
            columns=None if columns is None else tuple(columns),
            excluded=excluded_count,
            selection=selection_digest(where, selection.excluded) if where or excluded_count else "",
        )
        write_lock(lock, folder / LOCK)
        (folder / PULL_STATE).unlink()
        if former_lock:
            self._report_replaced(former_lock, lock)
        return lock

    @cached_property
    def _manifest_sha256(self) -> str:
        return hashlib.sha256(self.manifest_bytes).hexdigest()

    def _check(self, chosen: Sequence[PulledShard], excluded_count: int) -> None:
        """Report withdrawn and unknown documents.

        Raises:
            ConfigError: nothing is selected, or there is no index to pull.
        """
        manifest, selection = self.manifest, self.selection
        withdrawn = withdrawn_note(self.log, manifest)
        if withdrawn and selection.with_index:
            raise ConfigError("--with-index", withdrawn, _("pull it without the index, or name a later version"))
        if withdrawn:
            self.report(withdrawn)
        if selection.excluded and not excluded_count:
            self.report(no_exclusion_found(selection.excluded, manifest.spec))
        if selection.where and not chosen:
            remedy = _("see `release show`")
            if ("language",) in selection.where.columns:
                languages = sorted({shard.language for shard in manifest.shards})
                remedy = _("its languages are {names}", names=", ".join(languages))
            problem = _("this condition matches no document of {spec}", spec=manifest.spec)
            raise ConfigError(f"--where {selection.where.text}", problem, remedy)
        if not chosen and selection.excluded:
            problem = _("all documents of {spec} are excluded", spec=manifest.spec)
            raise ConfigError("--exclude", problem, _("exclude fewer documents"))
        if selection.with_index and not manifest.index:
            problem = _("{spec} was built without an index", spec=manifest.spec)
            raise ConfigError("--with-index", problem, _("pull it without the index"))

    def _jobs(self, chosen: Sequence[PulledShard]) -> list[_FileJob]:
        """Return the large files to copy: shards, and index files if requested."""
        manifest, selection = self.manifest, self.selection
        is_read_in_part = selection.columns is not None or self.store.folder is None
        jobs = [
            _FileJob(
                path=pick.path,
                stored_path=pick.shard.object,
                sha256=pick.shard.sha256,
                bytes=pick.shard.bytes,
                rows=None if pick.whole and selection.columns is None else wanted_rows(selection.where, pick.without),
                shard=pick.shard if is_read_in_part else None,
                columns=selection.columns or released(manifest.extra),
            )
            for pick in chosen
        ]
        if selection.with_index:
            place = f"releases/{manifest.name}/{manifest.version}"
            jobs += [
                _FileJob(file, f"{place}/{file}", side_file.sha256, side_file.bytes)
                for file, side_file in manifest.index.items()
            ]
        return jobs

    def _former_lock(self) -> Lock | None:
        """Return the lock of an earlier pull into the folder.

        Raises:
            ConfigError: the folder has a whole version, which a selection would replace.
        """
        lock = read_lock(self.folder / LOCK) if (self.folder / LOCK).is_file() else None
        if lock and lock.is_whole and (self.selection.where or self.selection.columns is not None):
            problem = _("it has all of {spec}, which a selection would replace", spec=lock.spec)
            raise ConfigError(
                str(self.folder), problem, _("name another folder for the selection, or remove this one first")
            )
        return lock

    def _report_replaced(self, former: Lock, lock: Lock) -> None:
        """Report that this pull replaces another version, other documents or other columns."""
        if (former.spec, former.selection, former.columns) != (lock.spec, lock.selection, lock.columns):
            names = {"folder": self.folder, "before": former.spec, "spec": lock.spec}
            note = _(
                "{folder} had {n} {n:document|documents} of {before}; this pull replaced {n:it|them}: "
                "it now has {m} of {spec}",
                n=decimal(f"{former.rows:,}"),
                m=decimal(f"{lock.rows:,}"),
                **names,
            )
            self.report(note)

    def _part_files(
        self, chosen: Sequence[PulledShard], digests: Mapping[str, str], summary: str | None
    ) -> dict[str, bytes]:
        """Return the files that describe a part of a version, with counts of its rows if it has the columns for these.

        `summary` describes the selection. If only withdrawn documents were left out, it is None, and the version's card
        applies.
        """
        counted = recounted(self.manifest, [(pick.shard, self.folder / pick.path) for pick in chosen])
        files = {}
        if counted and not self.selection.columns:  # croissant.json describes all columns
            pulled = []
            for shard in counted.shards:
                size = (self.folder / shard.path).stat().st_size
                pulled.append(shard.model_copy(update={"sha256": digests[shard.path], "bytes": size}))
            files[CROISSANT] = croissant(counted.model_copy(update={"shards": tuple(pulled)}))
        if summary:
            shards = [pick.shard.model_copy(update={"path": pick.path, "rows": pick.rows}) for pick in chosen]
            files[CARD] = card(counted or self.manifest, summary, shards, of_selection=counted is not None).encode()
            files |= {ATTRIBUTION: attribution(counted).encode()} if counted else {}
        return files

    def _side_files(self, summary: str | None, chosen: Sequence[PulledShard]) -> dict[str, bytes]:
        """Return the small files of the version, verified; for a selection without those that describe the whole."""
        manifest = self.manifest
        files = {MANIFEST: self.manifest_bytes}
        place = ("releases", manifest.name, manifest.version, MANIFEST + SIGNATURE)
        if self.store.exists(*place):
            files[place[-1]] = self.store.read(*place)
        has_whole_shards = all(pick.whole for pick in chosen)
        for name in (CARD, CHANGELOG, ATTRIBUTION, LEDGER, CROISSANT):
            # The ledger covers all documents, and croissant.json has the digests of all shards.
            is_of_whole = name in (LEDGER, CROISSANT)
            if name not in manifest.files or (summary and is_of_whole) or (name == CROISSANT and not has_whole_shards):
                continue
            files[name] = read_side_file(self.store, manifest, name)
        return files

    def _ledger_of(self, files: Sequence[Path]) -> bytes:
        """Return the rows of the ledger about the documents in some files, as Parquet."""
        store, manifest = self.store, self.manifest
        ids = pl.concat([pl.read_parquet(file, columns=["doc_id"]) for file in files])
        rows = read_ledger(store, manifest.name, manifest.version)
        rows = rows.join(ids, on="doc_id", how="semi", maintain_order="left")
        missing = ids.join(rows.filter(verdict="released"), on="doc_id", how="anti")
        if missing.height:
            problem = _(
                "it doesn't list {n} of the pulled documents as part of the version, such as {id}",
                n=decimal(f"{missing.height:,}"),
                id=missing.item(0, 0),
            )
            raise ReleaseError(f"{store.url}, {manifest.spec}, {LEDGER}", problem, VERIFY)
        written = io.BytesIO()
        rows.write_parquet(written, compression="zstd")
        return written.getvalue()

    def _prepare(self, planned: Sequence[str]) -> _PullState:
        """Prepare the folder, remove files of an earlier pull, and return the state from which to continue.

        Raises:
            ConfigError: the folder can't be made, or has other contents.
            ReleaseError: the earlier pull knew withdrawals that the store doesn't have.
        """
        folder, sequence = self.folder, self.log.sequence
        if folder.exists() and not folder.is_dir():
            raise ConfigError(str(folder), _("it is a file"), _("name a folder"))
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            problem = _("the folder can't be made: {reason}", reason=cause_of(error))
            raise ConfigError(str(folder), problem, _("name another folder")) from None
        former = _former_state(folder, self.manifest.name)
        if former:
            remedy = _("name the store that the folder was pulled from; an old copy of it lacks later withdrawals")
            check_known_withdrawals(sequence, former.withdrawal_sequence, str(folder), remedy)
        # The list comes from the folder, which may be someone else's: no path in it may lead out of the folder.
        owned = {path for path in former.planned if PULLED_PATH.fullmatch(path)} if former else set()
        if former is None:
            for temporary in folder.glob(f".{PULL_STATE}-*.tmp"):  # left by a pull that was killed at its start
                temporary.unlink()
        if former is None and any(folder.iterdir()):
            raise ConfigError(str(folder), _("the folder has other files"), _("name a new or empty folder"))
        existing = {path.relative_to(folder).as_posix() for path in (folder / "data").rglob("*") if path.is_file()}
        foreign = sorted(existing - owned - set(planned))
        if foreign:
            problem = _("«{file}» isn't part of the release, but readers of the folder would read it", file=foreign[0])
            raise ConfigError(str(folder), problem, _("move it elsewhere, or name a new folder"))
        state = _PullState(
            folder / PULL_STATE,
            self._manifest_sha256,
            self.selection.condition_text,
            {},
            sorted(owned | set(planned)),
            sequence,
            self.selection.digest,
        )
        if former and former.has_same_selection(state):
            state.finished.update(former.finished)
        state.save()
        (folder / LOCK).unlink(missing_ok=True)
        for path in sorted(owned - set(planned)):
            (folder / path).unlink(missing_ok=True)
        return state


@dataclass(frozen=True)
class _PullState:
    """The planned and the finished files of an unfinished pull, so that it can be resumed.

    Attributes:
        finished: the digest of each file whose rows were selected, by path.
        selection: the digest of the columns and excluded documents (`_Selection.digest`).
    """

    file: Path
    manifest_sha256: str
    where: str | None
    finished: dict[str, str]
    planned: list[str]
    withdrawal_sequence: int = 0
    selection: str = ""

    def has_same_selection(self, former: _PullState) -> bool:
        """Whether both pull the same selection of the same version and omit the same withdrawn documents."""
        own_key, other_key = (
            (state.manifest_sha256, state.where, state.withdrawal_sequence, state.selection) for state in (self, former)
        )
        return own_key == other_key

    def save(self) -> None:
        """Write the state to its file."""
        values = {key: value for key, value in self.__dict__.items() if key != "file"}
        replace(self.file, json.dumps(values, ensure_ascii=False).encode())


def _former_state(folder: Path, name: str) -> _PullState | None:
    """Return the state of an earlier pull into a folder, finished or not.

    Raises:
        ConfigError: the folder has another release, or the state is damaged.
    """
    if (folder / LOCK).is_file():
        lock = read_lock(folder / LOCK)
        if lock.name != name:
            problem = _("the folder has {lock}@{version}", lock=lock.name, version=lock.version)
            raise ConfigError(str(folder), problem, _("name another folder"))
    try:
        state = _PullState(file=folder / PULL_STATE, **json.loads((folder / PULL_STATE).read_bytes()))
        check_type(dict, state.finished)
        check_type(list, state.planned)
        check_type(int, state.withdrawal_sequence)
        check_type(str, state.selection, *state.planned, *state.finished, *state.finished.values())
    except FileNotFoundError:
        pass
    except (OSError, ValueError, TypeError, RecursionError):
        raise ConfigError(str(folder / PULL_STATE), _("it is damaged"), _("remove the folder and pull again")) from None
    else:
        return state
    if not (folder / LOCK).is_file():
        return None
    sums = read_sums(folder) if (folder / SUMS).is_file() else {}
    lock = read_lock(folder / LOCK)
    finished = sums if lock.columns is None and not lock.excluded else {}
    sequence = lock.withdrawal_sequence
    return _PullState(folder / PULL_STATE, lock.manifest_sha256, lock.where, finished, list(sums), sequence)


@dataclass(frozen=True)
class _FileJob:
    """A file to copy, or to write from selected rows of a shard.

    Attributes:
        rows: the expression that selects rows; None to copy the file unchanged.
        shard: the shard, if its rows are read from the store; None if the file is copied before rows are selected.
    """

    path: str
    stored_path: str
    sha256: str
    bytes: int
    rows: pl.Expr | None = None
    shard: Shard | None = None
    columns: pl.Schema | None = None


def _copy_all(
    store: Store, folder: Path, jobs: Sequence[_FileJob], state: _PullState, progress: OnStep | None
) -> dict[str, str]:
    """Copy or write all large files, several at a time, and return the digest of each by path."""
    total = sum(job.bytes for job in jobs)
    done = 0
    digests: dict[str, str] = {}
    stop = threading.Event()
    with ThreadPoolExecutor(_COPIES) as pool:
        running = {pool.submit(_copy, store, folder, job, state.finished.get(job.path), stop): job for job in jobs}
        try:
            for copied in as_completed(running):
                job = running[copied]
                digests[job.path] = copied.result()
                if job.rows is not None:
                    state.finished[job.path] = digests[job.path]
                    state.save()
                done += job.bytes
                if progress:
                    progress(N_("pulling"), done, total)
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    parts = folder / _PARTS
    if parts.is_dir():
        for part in parts.iterdir():
            part.unlink()
        parts.rmdir()
    return digests


def _copy(store: Store, folder: Path, job: _FileJob, finished: str | None, stop: threading.Event) -> str:
    """Copy or write a file unless it exists with the right digest, and return its digest.

    `finished` is the digest of the file if an earlier pull wrote it; `stop` is set if another file failed.
    """
    target = folder / job.path
    expected = job.sha256 if job.rows is None else finished
    if expected and target.is_file() and digest_of(target) == expected:
        return expected
    target.parent.mkdir(parents=True, exist_ok=True)
    part = folder / _PARTS / f"{job.sha256}.part"
    if job.rows is not None and job.shard is not None:
        part.parent.mkdir(parents=True, exist_ok=True)
        if stop.is_set():
            raise ReleaseError(job.stored_path, "stopped", _("the same command continues from here"))
        fetch_rows(store, job.shard, job.rows, job.columns or released({}), part)
        sync(part)
        sha256 = digest_of(part)
        part.replace(target)
        return sha256
    fetch(store, job.stored_path, job.sha256, part, stop)
    if job.rows is None:
        part.replace(target)
        sync(target.parent)
        return job.sha256
    selected = part.with_suffix(".selected")
    rewrite(part, job.rows, selected)
    sync(selected)
    sha256 = digest_of(selected)
    selected.replace(target)
    part.unlink()
    return sha256
