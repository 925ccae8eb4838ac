"""The files of a version, in a store or in a folder into which the version was pulled."""

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
import pyarrow.compute as pc
import pyarrow.parquet as pq

from latam_corpus import vocabulary
from latam_corpus.errors import ConfigError, NoteWarning, ReleaseError, closest
from latam_corpus.messages import N_, _, decimal
from latam_corpus.release.reading.corpus_lock import LOCK, PULL_STATE, check_known_withdrawals, read_lock, read_sums
from latam_corpus.release.storing.manifest import MANIFEST, VERIFY, parse_manifest, read_manifest
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.withdrawal_log import read_log, withdrawn_note
from latam_corpus.train.shards.file_piece import file_of_piece, range_of, read_group, texts_of
from latam_corpus.train.shards.row_order import RowGroup

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from latam_corpus.messages import Message
    from latam_corpus.release.reading.corpus_lock import Lock
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.train.shards.group_cache import GroupCache, SharedGroups

# The number of footers fetched concurrently from a remote store, since single requests are slow.
_CONCURRENT_FOOTERS: Final = 16
_TRAIN: Final = "train"
ALL_SPLITS: Final = "all"
_FOOTER_BYTES: Final = 64 << 10
_FIND: Final = _("find the store from which the lock's version was pulled")
_PULL_AGAIN: Final = N_("run `latam-corpus pull` again to repair the folder")


@dataclass(frozen=True)
class CorpusFile:
    """A file of rows.

    Attributes:
        path: its path in the store or folder.
        sha256: its digest, hex.
        rows: number of rows; None if only its footer states it.
        language: the language of all its rows.
        genre: the genre of all its rows.
        split: the split of all its rows.
        withdrawn: the ids of its withdrawn documents, which readers leave out.
        size: its size in bytes; None if unknown.
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
        manifest_sha256: the manifest's digest, hex.
        withdrawal_sequence: the number of the last withdrawal that is applied.
        cache: a cache on disk for remote or decompressed row groups.
        remedy: the remedy for a damaged file, for messages.
        columns: the columns of a pulled folder; None for all.
        selection: the digest of the selection with which a folder was pulled, from its lock.
        rows_with: pairs of a column and the value that rows must have in it; "" means null.
        tallies: by columns and a file's digest, a counter per row group of the rows with each combination of values.
        shared: a cache in memory, shared by slices of the same files.
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
        """The digest, in hex, of the chosen rows in their order."""
        lines = [*(file.sha256 for file in self.files), *(f"{name}={value}" for name, value in self.rows_with)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]

    def of(self, **filters: str | None) -> CorpusFiles:
        """Return only the files with a language, genre and split; None means any.

        Raises:
            ConfigError: the version has no such file.
        """
        chosen = self.files
        for key, value in filters.items():
            if value is not None:
                existing = {getattr(file, key) for file in self.files}
                if key == "split" and value in vocabulary.SPLITS and value not in existing:
                    raise ConfigError(
                        f"split={value!r}",
                        _(
                            "{release} has no such split: it is too small, or none was held out",
                            release=self.manifest.spec,
                        ),
                        _("its splits are {splits}; `all` reads all of them", splits=", ".join(sorted(existing))),
                    )
                if value not in existing:
                    raise ConfigError(
                        f"{key}={value!r}",
                        _("{release} has none", release=self.manifest.spec),
                        closest(value, existing),
                    )
                chosen = tuple(file for file in chosen if getattr(file, key) == value)
        return replace(self, files=chosen)

    def chosen_split(self, split: str | None) -> str | None:
        """Return the split to read, or None for all splits.

        By default it is `train`, so that no run trains on held-out rows by accident.
        """
        if split is None:
            return None if {file.split for file in self.files} <= {_TRAIN} else _TRAIN
        return None if split == ALL_SPLITS else split

    @property
    def held_out(self) -> int:
        """The number of documents in splits that aren't read."""
        splits = {file.split for file in self.files}
        return sum(shard.rows for shard in self.manifest.shards if shard.split not in splits)

    def of_rows(self, values: Mapping[str, str], shared: SharedGroups | None = None) -> CorpusFiles:
        """Restrict the files to rows with the given values; "" means null.

        `shared` is a cache in memory, for several restrictions of the same files.

        Raises:
            ConfigError: the folder was pulled without one of the columns.
        """
        self.must_have(values)
        sliced = replace(self, rows_with=tuple(sorted(values.items())), shared=shared)
        sliced.__dict__["footers"] = self.footers
        return sliced

    def must_have(self, names: Iterable[str]) -> None:
        """Raise `ConfigError` if the folder was pulled without one of these columns."""
        for name in names:
            if self.columns is not None and name not in {"doc_id", "id", *self.columns}:
                problem = _("{url} was pulled without «{name}»", url=self.store.url, name=name)
                raise ConfigError("columns", problem, _("pull it with that column"))

    @cached_property
    def footers(self) -> list[pq.FileMetaData]:
        """The footer of each file.

        Raises:
            ReleaseError: a file is missing or damaged, or its number of rows contradicts the manifest.
        """
        with ThreadPoolExecutor(_CONCURRENT_FOOTERS if self.store.folder is None else 1) as pool:
            return list(pool.map(self._footer, self.files))

    @cached_property
    def groups(self) -> list[RowGroup]:
        """All row groups, in the order of the files."""
        return [group for index in range(len(self.files)) for group in self.groups_of(index)]

    def groups_of(self, index: int) -> list[RowGroup]:
        """Return the row groups of a file."""
        footer = self.footers[index]
        stored = (footer.row_group(number) for number in range(footer.num_row_groups))
        groups = [RowGroup(index, number, group.num_rows, group.total_byte_size) for number, group in enumerate(stored)]
        if not self.rows_with:
            return groups
        values = tuple(value for _, value in self.rows_with)
        tallies = zip(groups, self._tallies(index, groups), strict=True)
        sizes = [(group, tally[values]) for group, tally in tallies]
        return [replace(group, rows=rows, size=group.size * rows // max(1, group.rows)) for group, rows in sizes]

    def must_fit(self, columns: Sequence[str]) -> None:
        """Warn if the cache is too small for these columns, so that every epoch decompresses them again."""
        if self.cache is None or not self.cache.decompressed:
            return
        size = 0
        for footer in self.footers:
            paths = (footer.schema.column(number).path for number in range(footer.num_columns))
            numbers = [number for number, path in enumerate(paths) if path.partition(".")[0] in columns]
            for group in map(footer.row_group, range(footer.num_row_groups)):
                size += sum(column.total_uncompressed_size for column in map(group.column, numbers))
        if size > self.cache.limit:
            message = _(
                "{release} takes {size} {size:byte|bytes} decompressed, but the cache is limited to {limit}, so that "
                "every epoch decompresses it again; increase `cache_bytes`, or leave `decompressed` out",
                release=self.manifest.spec,
                size=decimal(f"{size:,}"),
                limit=decimal(f"{self.cache.limit:,}"),
            )
            warnings.warn(NoteWarning(message), stacklevel=2)

    def _tallies(self, index: int, groups: Sequence[RowGroup]) -> list[Counter[tuple[str, ...]]]:
        """Return for each group of a file the number of rows by their values in the columns of `rows_with`."""
        columns = tuple(name for name, _ in self.rows_with)
        key = columns, self.files[index].sha256
        if key not in self.tallies:
            tables = [self._read_group(group, columns, columns) for group in groups]
            self.tallies[key] = [
                Counter(zip(*(texts_of(table, name).to_pylist() for name in columns), strict=True)) for table in tables
            ]
        return self.tallies[key]

    def read(self, group: RowGroup, columns: Sequence[str]) -> pa.Table:
        """Return the chosen rows of a group, checking the pages' checksums; columns that its file lacks are ignored.

        Raises:
            ReleaseError: the file is missing or damaged.
        """
        if not self.rows_with:
            return self._read_group(group, columns)
        all_columns = list(dict.fromkeys([*columns, *(name for name, _ in self.rows_with)]))
        key = self.files[group.file].sha256, group.number, *all_columns
        read = partial(self._read_group, group, all_columns)
        table = self.shared.read(key, read) if self.shared else read()

        has_values = [pc.equal(texts_of(table, name), value) for name, value in self.rows_with]
        return table.filter(reduce(pc.and_, has_values))

    def _read_group(self, group: RowGroup, columns: Sequence[str], fetched: Sequence[str] | None = None) -> pa.Table:
        """Return all rows of a group, through the cache.

        `fetched` are the columns to fetch from a remote store; None fetches, and caches, all.
        """
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
                data = self.cache.read(key, lambda: self._fetch(file, start, end))
                try:
                    return read_group(file_of_piece(data, start), footer, group.number, columns)
                except (pa.ArrowException, OSError):
                    self.cache.forget(key)  # data that arrived damaged must not remain in the cache
            return read_group(file_of_piece(self._fetch(file, start, end), start), footer, group.number, columns)
        except (pa.ArrowException, OSError) as error:
            raise self._file_error(file, _("it can't be read: {cause}", cause=error)) from error

    def _fetch(self, file: CorpusFile, start: int, end: int) -> bytes:
        with self.store.named_errors():
            data = bytes(self.store.filesystem.cat_file(self.store.path(file.path), start=start, end=end))
        # A web server without range requests returns the whole file.
        return data[start:end] if len(data) > end - start else data

    def _footer(self, file: CorpusFile) -> pq.FileMetaData:
        try:
            footer = self._fetch_footer(file)
            if footer is None:
                with self.store.open(file.path) as opened:
                    footer = pq.read_metadata(opened)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._file_error(file, _("it can't be read: {cause}", cause=error)) from error
        except ReleaseError as error:
            raise self._file_error(file, error.problem) from error
        if "doc_id" not in footer.schema.names:
            raise self._file_error(file, _("it isn't a file of the version: it lacks the column «doc_id»"))
        if file.rows is not None and footer.num_rows != file.rows:
            problem = _("it has {n} {n:row|rows}, and the manifest says {rows}", n=footer.num_rows, rows=file.rows)
            raise self._file_error(file, problem)
        return footer

    def _fetch_footer(self, file: CorpusFile) -> pq.FileMetaData | None:
        """Read the footer of a remote file with one request for the file's end; return None if that isn't enough."""
        if self.store.folder is not None or file.size is None:
            return None
        start = max(0, file.size - _FOOTER_BYTES)
        try:
            return pq.read_metadata(file_of_piece(self._fetch(file, start, file.size), start))
        except (pa.ArrowException, OSError, ReleaseError):
            return None  # the footer is long, or reading the whole file will explain the error better

    def _file_error(self, file: CorpusFile, problem: str | Message) -> ReleaseError:
        return ReleaseError(f"{self.store.url}, {file.path}", problem, self.remedy)


def open_files(
    address: str | Path, spec: str | None = None, lock: str | Path | None = None, cache: GroupCache | None = None
) -> CorpusFiles:
    """Open the files of a version.

    `address` is a store, or a folder into which a version was pulled; `spec` is optional for a pulled folder. The
    version must match `lock`, a `corpus.lock`. `cache` is for a remote store, or for any store if it is decompressed.

    Raises:
        ConfigError: the store or version doesn't exist, or the lock is for another version.
        ReleaseError: the manifest is missing or damaged.
    """
    store = Store.at(address)
    is_pulled = store.folder is not None and any((store.folder / name).is_file() for name in (LOCK, PULL_STATE))
    required = read_lock(Path(lock), spec) if lock else None
    opened = _open_pulled(store, spec, cache) if is_pulled else _open_stored(store, spec, required, cache)
    if required:
        _must_match(required, opened, str(lock))
    return opened


def held_out_note(files: CorpusFiles) -> Message:
    """Return a note about the documents in splits that aren't read."""
    return _(
        "{release}: {n} held-out {n:document|documents} left out (validation and test); --split all includes them",
        release=files.manifest.spec,
        n=decimal(f"{files.held_out:,}"),
    )


def _must_match(lock: Lock, opened: CorpusFiles, place: str) -> None:
    manifest = opened.manifest
    if (lock.name, lock.version) != (manifest.name, manifest.version):
        problem = _(
            "it is for {lock}@{version}, but {spec} is being read",
            lock=lock.name,
            version=lock.version,
            spec=manifest.spec,
        )
        raise ConfigError(place, problem, _("name {lock}@{version}", lock=lock.name, version=lock.version))
    if lock.manifest_sha256 != opened.manifest_sha256:
        problem = _("the lock names another manifest of {spec}: the version was replaced", spec=manifest.spec)
        raise ConfigError(place, problem, _FIND)
    check_known_withdrawals(opened.withdrawal_sequence, lock.withdrawal_sequence, opened.store.url, _FIND)


def _open_stored(store: Store, spec: str | None, lock: Lock | None, cache: GroupCache | None) -> CorpusFiles:
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
            frozenset() if withdrawn is None else frozenset(withdrawn),
            shard.bytes,
        )
        for shard, withdrawn in shards
    )
    return CorpusFiles(store, manifest, hashlib.sha256(data).hexdigest(), files, log.sequence, cache)


def _open_pulled(store: Store, spec: str | None, cache: GroupCache | None) -> CorpusFiles:
    """Open a pulled folder; its files differ from the version's shards if rows were left out."""
    folder = Path(store.root)
    lock = read_lock(folder / LOCK)
    name, _at, version = (spec or lock.name).partition("@")
    if name != lock.name or version not in ("", lock.version):
        raise ConfigError(
            str(folder),
            _("it contains {lock}@{version}, not {spec}", lock=lock.name, version=lock.version, spec=spec),
            _("pull that version into another folder"),
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
