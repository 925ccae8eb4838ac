"""Pulling a version: its files on this disk in the layout of the Hub, verified, and a lock that says which.

A shard that is fetched whole is compared with the manifest's SHA-256. Of one that is read in part, for some columns or
out of a store elsewhere, the sums of the pages that are read are checked: they find damage, and no forgery.
What is there already and right is not copied again; a file that was cut goes on where it stopped. `corpus.lock` is
written last: a folder that has one is whole.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus.errors import ConfigError, ReleaseError, cause_of
from latam_corpus.extra_columns import released
from latam_corpus.messages import N_, _, decimal
from latam_corpus.release.eligibility.summary import counted_anew
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
from latam_corpus.storage.durable import digest_of, replace, sync

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.messages import Message
    from latam_corpus.release.reading.condition import Condition
    from latam_corpus.release.reading.select import Pick
    from latam_corpus.release.storing.manifest import Manifest, Shard
    from latam_corpus.release.storing.minisign_keys import PublicKey
    from latam_corpus.release.storing.store import Progress

_PARTS: Final = ".pull"
OURS: Final = re.compile(r"data/[\w-]+/[\w-]+\.parquet|index/[\w-]+\.parquet|[A-Za-z][A-Za-z0-9._-]*")
# One stream from an object store is slow; four fill most lines.
_COPIES: Final = 4


def pull(
    spec: str,
    store: Store | str | Path,
    to: Path,
    where: str | None = None,
    progress: Progress | None = None,
    *,
    with_index: bool = False,
    columns: Sequence[str] = (),
    exclude: Collection[str] = (),
    with_ledger: bool = False,
    tell: Callable[[Message], None] | None = None,
    keys: Sequence[PublicKey] = (),
) -> Lock:
    """Return the lock of the version that `to` now holds.

    Args:
        spec: `NAME@VERSION`, or `NAME` for its latest.
        store: where it is.
        to: a folder that is new, empty, or holds an earlier pull of the same release.
        where: a condition on rows (see `release.reading.condition`); all rows when None.
        progress: told what is done, how much of it and of how much, in bytes.
        with_index: also the fingerprints of its documents, in the folder `index`.
        columns: those that are wanted, beside `doc_id`; all when empty. `id` is `doc_id` under that name.
        exclude: ids of documents that are left out.
        with_ledger: also, of a selection, the rows of the version's ledger about its documents; for these all of the
            ledger is read. A whole version comes with its ledger.
        tell: is given a sentence where documents are left out since they are withdrawn, or no excluded one is there.
        keys: of those of whom one must have signed the version and the log of withdrawals; anybody where there is none.

    Raises:
        ConfigError: there is no such version, the condition is wrong or selects nothing, the version has no index
            that is wanted, or the folder holds something else.
        ReleaseError: bytes in the store are missing or aren't those of the manifest, or a signature is forged.
    """
    opened = store if isinstance(store, Store) else Store.at(store)
    if with_index and (where or columns or exclude):
        what = "rows" if where or exclude else "columns"
        raise ConfigError(
            "--with-index", _("a selection of {what} has no index", what=what), _("pull it without --with-index")
        )
    with opened.named_errors():
        manifest, data = read_manifest(opened, *opened.find(spec))
        wanted = None if where is None else condition(where, extra=manifest.extra)
        types = columns_of(columns, manifest.extra) if columns else None
        selected = _Wanted(wanted, types, frozenset(exclude), with_ledger)
        return _pull(opened, manifest, data, to, selected, with_index, progress, tell or _ignore, keys)


class _Wanted:
    """What of a version is wanted.

    Attributes:
        where: a condition on rows; None for all.
        columns: by name and type; None for all.
        excluded: ids that are left out.
        ledger: whether a selection has a ledger.
    """

    def __init__(
        self, where: Condition | None, columns: pl.Schema | None, excluded: frozenset[str], ledger: bool = False
    ) -> None:
        self.where, self.excluded, self.ledger = where, excluded, ledger
        self.columns = columns

    def summary(self, excluded: int) -> str | None:
        """Return what a card says of it; None where all is wanted."""
        pieces = [self.where.text] if self.where else []
        pieces += [f"columns {', '.join(self.columns)}"] if self.columns is not None else []
        pieces += [f"{excluded} documents excluded"] if excluded else []
        return "; ".join(pieces) or None

    @property
    def digest(self) -> str:
        """What tells it from others with the same condition; "" where there is nothing but that."""
        if self.columns is None and not self.excluded:
            return ""
        encoded = json.dumps([list(self.columns or ()), sorted(self.excluded)])
        return hashlib.sha256(encoded.encode()).hexdigest()


def _pull(
    opened: Store,
    manifest: Manifest,
    data: bytes,
    to: Path,
    selected: _Wanted,
    with_index: bool,
    progress: Progress | None,
    tell: Callable[[Message], None],
    keys: Sequence[PublicKey],
) -> Lock:
    where, name, version = selected.where, manifest.name, manifest.version
    log = read_log(opened, manifest)
    for problem in version_signature_problems(manifest, data, log, keys):
        raise ReleaseError(
            manifest.spec, problem, _("nothing was pulled; ask who made it for the one that they signed")
        )
    shards = log.readable(manifest)
    readable = without_excluded(opened, shards, selected.excluded)
    excluded = sum(one.rows for one in shards) - sum(one.rows for one in readable)
    wanted = picks(opened, manifest, readable, where)
    withdrawn = withdrawn_note(log, manifest)
    if withdrawn and with_index:
        raise ConfigError("--with-index", withdrawn, _("pull it without, or name a later version"))
    if withdrawn:
        tell(withdrawn)
    if selected.excluded and not excluded:
        tell(no_exclusion_found(selected.excluded, manifest.spec))
    text = where.text if where else None
    if where and not wanted:
        remedy = _("see `release show`")
        if ("language",) in where.columns:
            remedy = _(
                "its languages are {names}", names=", ".join(sorted({shard.language for shard in manifest.shards}))
            )
        raise ConfigError(f"--where {text}", _("no document of {spec} is so", spec=manifest.spec), remedy)
    if not wanted and selected.excluded:
        raise ConfigError("--exclude", _("no document of {spec} is left", spec=manifest.spec), _("exclude fewer"))
    if with_index and not manifest.index:
        raise ConfigError(
            "--with-index", _("{spec} was built without an index", spec=manifest.spec), _("pull it without")
        )
    sha256 = hashlib.sha256(data).hexdigest()
    summary = selected.summary(excluded)
    side = _side_files(opened, manifest, data, summary, wanted)
    own_ledger = selected.ledger and LEDGER not in side
    jobs = [
        _Job(
            pick.path,
            pick.shard.object,
            pick.shard.sha256,
            pick.shard.bytes,
            None if pick.whole and selected.columns is None else wanted_rows(where, pick.without),
            pick.shard if selected.columns is not None or opened.folder is None else None,
            selected.columns or released(manifest.extra),
        )
        for pick in wanted
    ]
    if with_index:
        folder = f"releases/{name}/{version}"
        jobs += [
            _Job(file, f"{folder}/{file}", side_file.sha256, side_file.bytes)
            for file, side_file in manifest.index.items()
        ]
    planned = [job.path for job in jobs] + [*side, CROISSANT] + ([LEDGER] if own_ledger else [])
    before = _replaceable(to, selected)
    state = _prepared(to, manifest.name, sha256, text, log.sequence, planned, selected.digest)
    digests = _copied(opened, to, jobs, state, progress)
    is_part = summary or CROISSANT not in side
    side |= _of_part(manifest, wanted, to, digests, summary, has_columns=not selected.columns) if is_part else {}
    if own_ledger:
        side[LEDGER] = _ledger_of(opened, manifest, [to / job.path for job in jobs])
    for file, content in side.items():
        replace(to / file, content)
        digests[file] = hashlib.sha256(content).hexdigest()
    replace(to / SUMS, "".join(f"{digests[path]}  {path}\n" for path in sorted(digests)).encode())
    lock = Lock(
        name=name,
        version=version,
        manifest_sha256=sha256,
        withdrawal_sequence=log.sequence,
        where=text,
        rewritten=selected.columns is not None or not all(pick.whole for pick in wanted),
        rows=sum(pick.rows for pick in wanted),
        columns=None if selected.columns is None else tuple(selected.columns),
        excluded=excluded,
        selection=selection_digest(text, selected.excluded) if text or excluded else "",
    )
    write_lock(lock, to / LOCK)
    (to / PULL_STATE).unlink()
    _report_replaced(to, before, lock, tell)
    return lock


def _ignore(_note: Message) -> None:
    """Report a note to no one."""


def _replaceable(to: Path, selected: _Wanted) -> Lock | None:
    """Return the lock of a folder that was pulled before.

    Raises:
        ConfigError: it has a whole version, and a selection would replace it.
    """
    before = read_lock(to / LOCK) if (to / LOCK).is_file() else None
    if before and before.is_whole and (selected.where or selected.columns is not None):
        problem = _("it has the whole of {spec}, which a selection would replace", spec=before.spec)
        raise ConfigError(str(to), problem, _("name another folder for the selection, or remove this one first"))
    return before


def _report_replaced(to: Path, before: Lock | None, lock: Lock, tell: Callable[[Message], None]) -> None:
    """Report that a folder had another version, other documents or other columns until this pull."""
    if before and (before.spec, before.selection, before.columns) != (lock.spec, lock.selection, lock.columns):
        names = {"folder": to, "before": before.spec, "spec": lock.spec}
        replaced = _(
            "{folder} had {n} {n:document|documents} of {before}; this pull replaced {n:it|them}: "
            "it now has {m} of {spec}",
            n=decimal(f"{before.rows:,}"),
            m=decimal(f"{lock.rows:,}"),
            **names,
        )
        tell(replaced)


def _of_part(
    manifest: Manifest,
    wanted: list[Pick],
    to: Path,
    digests: Mapping[str, str],
    summary: str | None,
    *,
    has_columns: bool,
) -> dict[str, bytes]:
    """Return the files that describe a part of a version, counted from its rows if it has the columns for that.

    Args:
        manifest: the version.
        wanted: its shards, and what was pulled of each.
        to: the folder.
        digests: the SHA-256 of each pulled shard, by its path.
        summary: what was selected; None if only withdrawn documents were left out, so that the version's card holds.
        has_columns: whether the files have all columns, as croissant.json says.
    """
    counted = counted_anew(manifest, [(pick.shard, to / pick.path) for pick in wanted])
    files = {}
    if counted and has_columns:
        pulled = [
            shard.model_copy(update={"sha256": digests[shard.path], "bytes": (to / shard.path).stat().st_size})
            for shard in counted.shards
        ]
        files[CROISSANT] = croissant(counted.model_copy(update={"shards": tuple(pulled)}))
    if summary:
        held = [pick.shard.model_copy(update={"path": pick.path, "rows": pick.rows}) for pick in wanted]
        files[CARD] = card(counted or manifest, summary, held, of_selection=counted is not None).encode()
        files |= {ATTRIBUTION: attribution(counted).encode()} if counted else {}
    return files


def _side_files(
    store: Store, manifest: Manifest, data: bytes, where: str | None, wanted: list[Pick]
) -> dict[str, bytes]:
    """Return the version's files beside the shards, verified; of a selection without the ledger of the whole."""
    files = {MANIFEST: data}
    place = ("releases", manifest.name, manifest.version, MANIFEST + SIGNATURE)
    if store.exists(*place):
        files[place[-1]] = store.read(*place)
    whole = all(pick.whole for pick in wanted)
    for name in (CARD, CHANGELOG, ATTRIBUTION, LEDGER, CROISSANT):
        # The ledger is of all documents, and croissant.json has the digests of all shards.
        if name not in manifest.files or (where and name == LEDGER) or (name == CROISSANT and (where or not whole)):
            continue
        files[name] = read_side_file(store, manifest, name)
    return files


def _ledger_of(store: Store, manifest: Manifest, files: list[Path]) -> bytes:
    """Return the rows of a version's ledger about the documents in these files, as Parquet.

    Raises:
        ReleaseError: the ledger is damaged, or doesn't call each of them released.
    """
    ids = pl.concat([pl.read_parquet(file, columns=["doc_id"]) for file in files])
    rows = read_ledger(store, manifest.name, manifest.version).join(ids, on="doc_id", how="semi", maintain_order="left")
    lacking = ids.join(rows.filter(verdict="released"), on="doc_id", how="anti")
    if lacking.height:
        problem = _(
            "it doesn't call {n} of the pulled documents released, such as {id}",
            n=decimal(f"{lacking.height:,}"),
            id=lacking.item(0, 0),
        )
        raise ReleaseError(f"{store.url}, {manifest.spec}, {LEDGER}", problem, VERIFY)
    written = io.BytesIO()
    rows.write_parquet(written, compression="zstd")
    return written.getvalue()


@dataclass(frozen=True)
class _State:
    """What a pull that isn't done has planned and finished, so that it can go on."""

    file: Path
    manifest_sha256: str
    where: str | None
    finished: dict[str, str]
    planned: list[str]
    withdrawal_sequence: int = 0
    selection: str = ""

    def of_same(self, other: _State) -> bool:
        """Whether both are of one selection of one version."""
        mine, theirs = (
            (one.manifest_sha256, one.where, one.withdrawal_sequence, one.selection) for one in (self, other)
        )
        return mine == theirs

    def save(self) -> None:
        values = {key: value for key, value in self.__dict__.items() if key != "file"}
        replace(self.file, json.dumps(values, ensure_ascii=False).encode())


def _prepared(
    to: Path, name: str, sha256: str, where: str | None, sequence: int, planned: list[str], selection: str
) -> _State:
    """Return the folder ready for these files: what an earlier pull left and this one doesn't want is removed."""
    if to.exists() and not to.is_dir():
        raise ConfigError(str(to), _("it is a file"), _("name a folder"))
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            str(to), _("the folder can't be made: {reason}", reason=cause_of(error)), _("name another folder")
        ) from None
    before = _earlier(to, name)
    if before:
        remedy = _("find the store from which the folder was pulled; an old copy of it doesn't know what must stay out")
        check_known_withdrawals(sequence, before.withdrawal_sequence, str(to), remedy)
    # The list is read from the folder, which may be someone else's: no name in it may lead out of the folder.
    owned = {path for path in before.planned if OURS.fullmatch(path)} if before else set()
    if before is None:
        for left in to.glob(f".{PULL_STATE}-*.tmp"):  # of a pull that was killed as it began
            left.unlink()
    if before is None and any(to.iterdir()):
        raise ConfigError(str(to), _("the folder holds other files"), _("name a new or empty folder"))
    there = {path.relative_to(to).as_posix() for path in (to / "data").rglob("*") if path.is_file()}
    strangers = sorted(there - owned - set(planned))
    if strangers:
        problem = _(
            "«{strangers}» isn't part of the release, and readers of the folder would take it in",
            strangers=strangers[0],
        )
        raise ConfigError(str(to), problem, _("move it elsewhere, or name a new folder"))
    state = _State(to / PULL_STATE, sha256, where, {}, sorted(owned | set(planned)), sequence, selection)
    if before and before.of_same(state):
        state.finished.update(before.finished)
    state.save()
    (to / LOCK).unlink(missing_ok=True)
    for path in sorted(owned - set(planned)):
        (to / path).unlink(missing_ok=True)
    return state


def _earlier(to: Path, name: str) -> _State | None:
    """Return what an earlier pull into the folder left: one that was cut, or one that is whole."""
    if (to / LOCK).is_file():
        lock = read_lock(to / LOCK)
        if lock.name != name:
            raise ConfigError(
                str(to),
                _("the folder holds {lock}@{version}", lock=lock.name, version=lock.version),
                _("name another folder"),
            )
    try:
        state = _State(file=to / PULL_STATE, **json.loads((to / PULL_STATE).read_bytes()))
        check_type(dict, state.finished)
        check_type(list, state.planned)
        check_type(int, state.withdrawal_sequence)
        check_type(str, state.selection, *state.planned, *state.finished, *state.finished.values())
    except FileNotFoundError:
        pass
    except (OSError, ValueError, TypeError, RecursionError):
        raise ConfigError(str(to / PULL_STATE), _("it is damaged"), _("remove the folder and pull again")) from None
    else:
        return state
    if not (to / LOCK).is_file():
        return None
    listed = read_sums(to) if (to / SUMS).is_file() else {}
    lock = read_lock(to / LOCK)
    of_rows_alone = lock.columns is None and not lock.excluded
    finished = listed if of_rows_alone else {}
    return _State(to / PULL_STATE, lock.manifest_sha256, lock.where, finished, list(listed), lock.withdrawal_sequence)


@dataclass(frozen=True)
class _Job:
    """A file to be brought: where it goes, where it is in the store, and what of it is wanted where not all.

    Attributes:
        rows: which; None for the file as it is.
        shard: the shard, where its rows are read out of the store; None where the file is fetched whole.
        columns: which, of a selection of rows.
    """

    path: str
    stored_path: str
    sha256: str
    bytes: int
    rows: pl.Expr | None = None
    shard: Shard | None = None
    columns: pl.Schema | None = None


def _copied(store: Store, to: Path, wanted: list[_Job], state: _State, progress: Progress | None) -> dict[str, str]:
    """Return the digest of each large file, once all are there."""
    total = sum(job.bytes for job in wanted)
    done = 0
    digests: dict[str, str] = {}
    stop = threading.Event()
    with ThreadPoolExecutor(_COPIES) as pool:
        running = {pool.submit(_bring, store, to, job, state.finished.get(job.path), stop): job for job in wanted}
        try:
            for brought in as_completed(running):
                job = running[brought]
                digests[job.path] = brought.result()
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
    parts = to / _PARTS
    if parts.is_dir():
        for left in parts.iterdir():
            left.unlink()
        parts.rmdir()
    return digests


def _bring(store: Store, to: Path, job: _Job, finished: str | None, stop: threading.Event) -> str:
    """Return the digest of a pulled file, which is there and right afterwards."""
    target = to / job.path
    expected = job.sha256 if job.rows is None else finished
    if expected and target.is_file() and digest_of(target) == expected:
        return expected
    target.parent.mkdir(parents=True, exist_ok=True)
    part = to / _PARTS / f"{job.sha256}.part"
    if job.rows is not None and job.shard is not None:
        part.parent.mkdir(parents=True, exist_ok=True)
        if stop.is_set():
            raise ReleaseError(job.stored_path, "stopped", _("the same command goes on from here"))
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
