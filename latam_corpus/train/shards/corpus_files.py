"""The files of a version as a stream reads them: of a store, or of a folder into which a version was pulled."""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from latam_corpus import vocabulary
from latam_corpus.errors import ConfigError, NoteWarning, ReleaseError, closest
from latam_corpus.messages import N_, _, decimal
from latam_corpus.release.reading.corpus_lock import LOCK, PULL_STATE, check_known_withdrawals, read_lock, read_sums
from latam_corpus.release.storing.manifest import MANIFEST, VERIFY, parse_manifest, read_manifest
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.withdrawal_log import read_log, withdrawn_note
from latam_corpus.train.shards.file_piece import piece_of, range_of, read_group, words_of
from latam_corpus.train.shards.row_order import RowGroup

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from latam_corpus.messages import Message
    from latam_corpus.release.reading.corpus_lock import Lock
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.train.shards.group_cache import GroupCache
    from latam_corpus.train.shards.shared_groups import SharedGroups

# One footer from an object store is slow; sixteen fill most lines.
_FOOTERS: Final = 16
_TRAIN: Final = "train"
ALL_SPLITS: Final = "all"
_FOOTER_BYTES: Final = 64 << 10
_FIND: Final = _("find the store from which the lock's version was pulled")
_PULL_AGAIN: Final = N_("give the command `latam-corpus pull` again: it mends the folder")


@dataclass(frozen=True)
class CorpusFile:
    """A file of rows.

    Attributes:
        path: in the store or folder.
        sha256: its digest, hex.
        rows: how many; None where its footer alone says so.
        size: its bytes; None where that isn't known.
        language, genre, split: of all its rows.
        withdrawn: the ids of documents that readers leave out of it.
    """

    path: str
    sha256: str
    rows: int | None
    language: str
    genre: str
    split: str
    withdrawn: frozenset[str] = frozenset()
    size: int | None = None


@dataclass(frozen=True)
class CorpusFiles:
    """The files of a version, in the manifest's order.

    Attributes:
        store: the store or, as a store too, the folder.
        manifest: of the version.
        manifest_sha256: its digest, hex.
        files: those that are read.
        withdrawal_sequence: the last withdrawal that is observed.
        cache: where row groups are kept that aren't on this disk, or that were decompressed.
        remedy: for a file that is damaged.
        columns: those with which a folder was pulled; None where there are all.
        selection: which rows a folder was pulled with, as its lock says.
        rows_with: of the files' rows those that have these values, each a column and its value, "" for none.
        tallies: by columns and a file's digest, how many rows of each of its groups have which values.
        shared: where slices of the same files find the row groups that others have read.
    """

    store: Store
    manifest: Manifest
    manifest_sha256: str
    files: tuple[CorpusFile, ...]
    withdrawal_sequence: int = 0
    cache: GroupCache | None = None
    remedy: str | Message = VERIFY
    columns: tuple[str, ...] | None = None
    selection: str = ""
    rows_with: tuple[tuple[str, str], ...] = ()
    tallies: dict[tuple[tuple[str, ...], str], list[Counter[tuple[str, ...]]]] = field(default_factory=dict)
    shared: SharedGroups | None = None

    @property
    def digest(self) -> str:
        """What tells these rows in this order from others, hex."""
        lines = [*(file.sha256 for file in self.files), *(f"{name}={value}" for name, value in self.rows_with)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]

    def of(self, **wanted: str | None) -> CorpusFiles:
        """Those of a language, genre and split, as far as they are named.

        Raises:
            ConfigError: there is none.
        """
        chosen = self.files
        for key, value in wanted.items():
            if value is not None:
                known = {getattr(file, key) for file in self.files}
                if key == "split" and value in vocabulary.SPLITS and value not in known:
                    raise ConfigError(
                        f"split={value!r}",
                        _("{release} has none: it is too small, or held none out", release=self.manifest.spec),
                        _("its splits are {splits}; `all` takes them all", splits=", ".join(sorted(known))),
                    )
                if value not in known:
                    raise ConfigError(
                        f"{key}={value!r}", _("{release} has none", release=self.manifest.spec), closest(value, known)
                    )
                chosen = tuple(file for file in chosen if getattr(file, key) == value)
        return replace(self, files=chosen)

    def chosen_split(self, split: str | None) -> str | None:
        """Return the split to read, None for all of them: `train` by default, so that no run trains on held-out rows.

        Args:
            split: one of the splits, `all`, or None for the default.
        """
        if split is None:
            return None if {file.split for file in self.files} <= {_TRAIN} else _TRAIN
        return None if split == ALL_SPLITS else split

    @property
    def held_out(self) -> int:
        """How many documents the version has in splits of which no file is read."""
        read = {file.split for file in self.files}
        return sum(shard.rows for shard in self.manifest.shards if shard.split not in read)

    def of_rows(self, values: Mapping[str, str], shared: SharedGroups | None = None) -> CorpusFiles:
        """Return the same files with those rows alone that have values in columns, "" for none."""
        self.must_have(values)
        sliced = replace(self, rows_with=tuple(sorted(values.items())), shared=shared)
        sliced.__dict__["footers"] = self.footers
        return sliced

    def must_have(self, names: Iterable[str]) -> None:
        """Raise ConfigError where a folder was pulled without one of these columns."""
        for name in names:
            if self.columns is not None and name not in {"doc_id", "id", *self.columns}:
                problem = _("{url} was pulled without «{name}»", url=self.store.url, name=name)
                raise ConfigError("columns", problem, _("pull it with that column"))

    @cached_property
    def footers(self) -> list[pq.FileMetaData]:
        """The footer of each file.

        Raises:
            ReleaseError: a file is missing, is damaged, or has other rows than the manifest says.
        """
        with ThreadPoolExecutor(_FOOTERS if self.store.folder is None else 1) as pool:
            return list(pool.map(self._footer, self.files))

    @cached_property
    def groups(self) -> list[RowGroup]:
        """All row groups, in the order of the files."""
        return [group for index in range(len(self.files)) for group in self.groups_of(index)]

    def groups_of(self, index: int) -> list[RowGroup]:
        """Return the row groups of a file."""
        footer = self.footers[index]
        stored = (footer.row_group(number) for number in range(footer.num_row_groups))
        groups = [RowGroup(index, number, one.num_rows, one.total_byte_size) for number, one in enumerate(stored)]
        if not self.rows_with:
            return groups
        wanted = tuple(value for _, value in self.rows_with)
        tallies = zip(groups, self._tallies(index, groups), strict=True)
        sizes = [(group, tally[wanted]) for group, tally in tallies]
        return [replace(group, rows=rows, size=group.size * rows // max(1, group.rows)) for group, rows in sizes]

    def must_fit(self, columns: Sequence[str]) -> None:
        """Warn where the cache has no room for columns of all files: each epoch would make what it made before."""
        if self.cache is None or not self.cache.decompressed:
            return
        size = 0
        for footer in self.footers:
            paths = (footer.schema.column(number).path for number in range(footer.num_columns))
            wanted = [number for number, path in enumerate(paths) if path.partition(".")[0] in columns]
            for group in map(footer.row_group, range(footer.num_row_groups)):
                size += sum(one.total_uncompressed_size for one in map(group.column, wanted))
        if size > self.cache.limit:
            told = _(
                "{release} takes {size} {size:byte|bytes} decompressed, and the cache may have {limit}: what an epoch "
                "decompresses the next one decompresses again; give more `cache_bytes`, or leave `decompressed` out",
                release=self.manifest.spec,
                size=decimal(f"{size:,}"),
                limit=decimal(f"{self.cache.limit:,}"),
            )
            warnings.warn(NoteWarning(told), stacklevel=2)

    def _tallies(self, index: int, groups: Sequence[RowGroup]) -> list[Counter[tuple[str, ...]]]:
        """Return which values rows of a file's groups have in the columns of `rows_with`, and how often."""
        columns = tuple(name for name, _ in self.rows_with)
        key = columns, self.files[index].sha256
        if key not in self.tallies:
            tables = [self._stored(group, columns, columns) for group in groups]
            self.tallies[key] = [
                Counter(zip(*(words_of(table, name).to_pylist() for name in columns), strict=True)) for table in tables
            ]
        return self.tallies[key]

    def read(self, group: RowGroup, columns: Sequence[str]) -> pa.Table:
        """Return the rows of a group, of these columns those that its file has; sums of pages are checked.

        Raises:
            ReleaseError: the file is missing or damaged.
        """
        if not self.rows_with:
            return self._stored(group, columns)
        wanted = list(dict.fromkeys([*columns, *(name for name, _ in self.rows_with)]))
        key = self.files[group.file].sha256, group.number, *wanted
        table = (
            self.shared.read(key, partial(self._stored, group, wanted)) if self.shared else self._stored(group, wanted)
        )
        import pyarrow.compute as pc  # which takes longer to import than the first documents to read

        has = [pc.equal(words_of(table, name), value) for name, value in self.rows_with]
        return table.filter(reduce(pc.and_, has))

    def _stored(self, group: RowGroup, columns: Sequence[str], fetched: Sequence[str] | None = None) -> pa.Table:
        """Return all rows of a group, and cache them decompressed, or what is fetched for them: all when None."""
        if self.cache is None or not self.cache.decompressed:
            return self._decompressed(group, columns, fetched)
        names = hashlib.sha256("\n".join(sorted(columns)).encode()).hexdigest()[:16]
        key = f"{self.files[group.file].sha256}-{group.number}-{names}"
        return self.cache.table(key, partial(self._decompressed, group, columns, columns))

    def _decompressed(self, group: RowGroup, columns: Sequence[str], fetched: Sequence[str] | None) -> pa.Table:
        file, footer = self.files[group.file], self.footers[group.file]
        try:
            if self.store.folder is not None:
                with pa.OSFile(self.store.path(file.path)) as opened:
                    return read_group(opened, footer, group.number, columns)
            start, end = range_of(footer.row_group(group.number), fetched)
            key = f"{file.sha256}-{group.number}"
            if self.cache and fetched is None:
                data = self.cache.read(key, lambda: self._fetched(file, start, end))
                try:
                    return read_group(piece_of(data, start), footer, group.number, columns)
                except (pa.ArrowException, OSError):
                    self.cache.forget(key)  # what arrived damaged once would be so for ever
            return read_group(piece_of(self._fetched(file, start, end), start), footer, group.number, columns)
        except (pa.ArrowException, OSError) as error:
            raise self._wrong(file, _("it can't be read: {cause}", cause=error)) from error

    def _fetched(self, file: CorpusFile, start: int, end: int) -> bytes:
        with self.store.named_errors():
            data = bytes(self.store.filesystem.cat_file(self.store.path(file.path), start=start, end=end))
        # A web server that knows no ranges gives the whole file.
        return data[start:end] if len(data) > end - start else data

    def _footer(self, file: CorpusFile) -> pq.FileMetaData:
        try:
            footer = self._fetched_footer(file)
            if footer is None:
                with self.store.open(file.path) as opened:
                    footer = pq.read_metadata(opened)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._wrong(file, _("it can't be read: {cause}", cause=error)) from error
        except ReleaseError as error:
            raise self._wrong(file, error.problem) from error
        if "doc_id" not in footer.schema.names:
            raise self._wrong(file, _("it is another file, without the column «doc_id»"))
        if file.rows is not None and footer.num_rows != file.rows:
            problem = _("it has {n} {n:row|rows}, and the manifest says {rows}", n=footer.num_rows, rows=file.rows)
            raise self._wrong(file, problem)
        return footer

    def _fetched_footer(self, file: CorpusFile) -> pq.FileMetaData | None:
        """Return the footer of a file elsewhere by one request, for its end; None where that isn't enough."""
        if self.store.folder is not None or file.size is None:
            return None
        start = max(0, file.size - _FOOTER_BYTES)
        try:
            return pq.read_metadata(piece_of(self._fetched(file, start, file.size), start))
        except (pa.ArrowException, OSError, ReleaseError):
            return None  # a long footer, or what the whole file will tell better

    def _wrong(self, file: CorpusFile, problem: str | Message) -> ReleaseError:
        return ReleaseError(f"{self.store.url}, {file.path}", problem, self.remedy)


def open_files(
    address: str | Path, spec: str | None = None, lock: str | Path | None = None, cache: GroupCache | None = None
) -> CorpusFiles:
    """Return the files of a version.

    Args:
        address: a store, or a folder into which a version was pulled.
        spec: `NAME@VERSION`, or `NAME` for the latest; of a pulled folder it may be left out.
        lock: a `corpus.lock` that the version must match.
        cache: for a store that isn't on this disk, or for any, decompressed.

    Raises:
        ConfigError: there is no such store or version, or the lock is another version's.
        ReleaseError: the manifest is missing or damaged.
    """
    store = Store.at(address)
    pulled = store.folder is not None and any((store.folder / name).is_file() for name in (LOCK, PULL_STATE))
    held_to = read_lock(Path(lock), spec) if lock else None
    opened = _pulled(store, spec, cache) if pulled else _stored(store, spec, held_to, cache)
    if held_to:
        _must_match(held_to, opened, str(lock))
    return opened


def held_out_note(files: CorpusFiles) -> Message:
    """Return a sentence about the documents in splits that are not read."""
    return _(
        "{release}: {n} held-out {n:document|documents} left out (validation and test); --split all takes them too",
        release=files.manifest.spec,
        n=decimal(f"{files.held_out:,}"),
    )


def _must_match(lock: Lock, opened: CorpusFiles, place: str) -> None:
    manifest = opened.manifest
    if (lock.name, lock.version) != (manifest.name, manifest.version):
        problem = _(
            "it is of {lock}@{version}, and {spec} is read", lock=lock.name, version=lock.version, spec=manifest.spec
        )
        raise ConfigError(place, problem, _("name {lock}@{version}", lock=lock.name, version=lock.version))
    if lock.manifest_sha256 != opened.manifest_sha256:
        problem = _("{spec} has another manifest than the lock names: the version was replaced", spec=manifest.spec)
        raise ConfigError(place, problem, _FIND)
    check_known_withdrawals(opened.withdrawal_sequence, lock.withdrawal_sequence, opened.store.url, _FIND)


def _stored(store: Store, spec: str | None, lock: Lock | None, cache: GroupCache | None) -> CorpusFiles:
    if spec is None and lock is None:
        raise ConfigError(store.url, _("no release is named"), _("name it, such as latam-news@2026.11.0"))
    if spec is None and lock:
        spec = f"{lock.name}@{lock.version}"
    with store.named_errors():
        manifest, data = read_manifest(store, *store.find(str(spec)))
        log = read_log(store, manifest)
        shards = log.readable(manifest)
        note = withdrawn_note(log, manifest)
    if note:
        warnings.warn(NoteWarning(note), stacklevel=4)
    files = tuple(
        CorpusFile(
            shard.object,
            shard.sha256,
            shard.rows,
            shard.language,
            shard.genre,
            shard.split,
            frozenset() if without is None else frozenset(without),
            shard.bytes,
        )
        for shard, without in shards
    )
    return CorpusFiles(store, manifest, hashlib.sha256(data).hexdigest(), files, log.sequence, cache)


def _pulled(store: Store, spec: str | None, cache: GroupCache | None) -> CorpusFiles:
    """Return a pulled folder, whose files are other than the version's shards where rows were left out of them."""
    folder = Path(store.root)
    lock = read_lock(folder / LOCK)
    name, _at, version = (spec or lock.name).partition("@")
    if name != lock.name or version not in ("", lock.version):
        raise ConfigError(
            str(folder),
            _("it holds {lock}@{version}, not {spec}", lock=lock.name, version=lock.version, spec=spec),
            _("pull that into another one"),
        )
    try:
        data = (folder / MANIFEST).read_bytes()
        sums = read_sums(folder)
    except OSError as error:
        raise ReleaseError(str(error.filename), _("the file is missing"), _PULL_AGAIN) from None
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != lock.manifest_sha256:
        raise ReleaseError(str(folder / MANIFEST), _("it isn't the one that {lock} names", lock=LOCK), _PULL_AGAIN)
    manifest = parse_manifest(data, str(folder / MANIFEST))
    rows = {(shard.path, shard.sha256): shard.rows for shard in manifest.shards}
    files = []
    for path, digest in sums.items():
        if path.startswith("data/"):
            config, _slash, name = path.removeprefix("data/").partition("/")
            language, _dash, genre = config.partition("-")
            files.append(CorpusFile(path, digest, rows.get((path, digest)), language, genre, name.partition("-")[0]))
    places = {shard.path: number for number, shard in enumerate(manifest.shards)}
    files.sort(key=lambda file: (places.get(file.path, len(places)), file.path))
    return CorpusFiles(
        store,
        manifest,
        sha256,
        tuple(files),
        lock.withdrawal_sequence,
        cache,
        remedy=_PULL_AGAIN,
        columns=lock.columns,
        selection=lock.selection,
    )
