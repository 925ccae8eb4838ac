"""The stored output of a step: a folder with Parquet files, counts and digests.

    rows.parquet       the kept rows
    dropped.parquet    the dropped rows
    ledger.parquet     the ledger rows
    aside.parquet      columns of the kept rows that only the next barrier needs
    values.parquet     hashes of columns whose values must be unique in their source
    counts.json        the counts and the digests of the files above, sealed
    cleared            marks an output whose rows were removed, since no later step needed them

The digests reveal any change since the folder was written. `work_cleanup.py` clears rows; `restart.py` restores them
when they are needed again.
"""

from __future__ import annotations

import errno
import shutil
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import LocalFileSystem

from latam_corpus import schema
from latam_corpus.codes import UNDETERMINED
from latam_corpus.collect.documents.contract import Facts
from latam_corpus.errors import PartError, cause_of
from latam_corpus.messages import _
from latam_corpus.pipeline.rows.conserve import Count
from latam_corpus.storage.bucket import bucket_of, fetch, fetch_small, fetched, forget
from latam_corpus.storage.durable import Damage, damage, digests, process_path, sealed, sync, unsealed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

GROUP: Final = ("genre", "source_id", "language", "declared_language", "country")
Tally = Counter[tuple[str, ...]]
Pair = tuple[str, str]  # a language (`und` if unstated) and a genre


def tally(frame: pl.DataFrame, *more: str) -> Tally:
    """Count rows by GROUP and `more` columns; missing values count under "".

    >>> tally(pl.DataFrame({"genre": ["news", "news"], "source_id": ["a", "a"], "country": ["CL", None]}))
    Counter({('news', 'a', '', '', 'CL'): 1, ('news', 'a', '', '', ''): 1})
    """
    group_columns = (*GROUP, *more)
    columns = schema.conform(frame, pl.Schema(dict.fromkeys(group_columns, pl.String())))
    counted = columns.group_by(group_columns, maintain_order=True).len()
    return Counter({tuple(value or "" for value in key): rows for *key, rows in counted.iter_rows()})


def pairs(counted: Tally) -> set[Pair]:
    """Return the languages and genres of counted rows.

    >>> sorted(pairs(Counter({("news", "a", "spa_Latn", "es", "CL"): 2, ("news", "a", "", "es", ""): 1})))
    [('spa_Latn', 'news'), ('und', 'news')]
    """
    return {(language or UNDETERMINED, genre) for genre, _, language, *_ in counted}


ROWS: Final = "rows.parquet"
DROPPED: Final = "dropped.parquet"
LEDGER: Final = "ledger.parquet"
ASIDE: Final = "aside.parquet"
VALUES: Final = "values.parquet"
COUNTS: Final = "counts.json"
CLEARED: Final = "cleared"
_DISTINCT: Final = ("doc_id", "text", "text_hash")
_CLEARS: Final = (ROWS, ASIDE)
_TAKEN: Final = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)


class StepFile:
    """A Parquet file to which frames are appended, each as a row group.

    Sources may have many small files, whose metadata would outweigh their rows. So metadata is minimal: no Arrow
    schema, dictionaries only for columns whose values repeat, and statistics only for `doc_id`, by which documents are
    found.
    """

    def __init__(self, path: Path, columns: pl.Schema) -> None:
        """Create the file.

        Args:
            path: the path of the file.
            columns: the names and types of its columns.
        """
        arrow = schema.arrow_schema(columns)
        self._file = pq.ParquetWriter(
            path,
            arrow,
            compression="zstd",
            compression_level=1,
            store_schema=False,
            use_dictionary=[
                name for name, kind in schema.leaves(arrow) if not pa.types.is_floating(kind) and name not in _DISTINCT
            ],
            write_statistics=["doc_id"],
            filesystem=LocalFileSystem(),  # without it, a path with «::» is taken for a URL
        )

    def write(self, frame: pl.DataFrame) -> None:
        """Append a frame, which must have the columns of the file."""
        if frame.height:
            self._file.write_table(frame.to_arrow(compat_level=pl.CompatLevel.oldest()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


@dataclass
class StepCounts:
    """The counts of a step, stored in `counts.json`.

    Attributes:
        stages: the counts of each stage.
        kept: kept rows by GROUP.
        dropped: dropped rows by stage, GROUP and reason.
        facts: facts about the columns of the source's records; set only by the step that reads the source.
        files: the SHA-256 of the output files, by name.
    """

    stages: dict[str, Count] = field(default_factory=dict)
    kept: Counter[tuple[str, ...]] = field(default_factory=Counter)
    dropped: Counter[tuple[str, ...]] = field(default_factory=Counter)
    facts: Facts = field(default_factory=Facts)
    files: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write `counts.json` into the folder of the outputs, and flush all files to the disk.

        Digests that are already in `files` aren't recomputed, since the files may have been damaged meanwhile.
        """
        file_digests = digests(folder, sorted(path.name for path in folder.glob("*.parquet")))
        values: dict[str, Any] = {
            "stages": {name: asdict(count) for name, count in self.stages.items()},
            "kept": [[*key, rows] for key, rows in self.kept.items()],
            "dropped": [[*key, rows] for key, rows in self.dropped.items()],
            "facts": self.facts.as_dict(),
            "files": file_digests | self.files,
        }
        (folder / COUNTS).write_bytes(sealed(values))
        sync(folder / COUNTS)
        sync(folder)

    @classmethod
    def read(cls, folder: Path) -> StepCounts:
        """Read the counts of the outputs in a folder.

        Raises:
            PartError: the file is missing or damaged.
        """
        try:
            values = unsealed(fetched(folder / COUNTS).read_bytes())
        except (OSError, ValueError) as error:
            problem = cause_of(error) if isinstance(error, OSError) else error.args[0]
            raise PartError(str(folder / COUNTS), problem, _("run it again: it is rebuilt")) from error
        return cls(
            {name: Count(**count) for name, count in values["stages"].items()},
            Counter({tuple(key): rows for *key, rows in values["kept"]}),
            Counter({tuple(key): rows for *key, rows in values["dropped"]}),
            Facts.of(values["facts"]),
            values["files"],
        )


def is_there(folder: Path) -> bool:
    """Whether a step's outputs exist, damaged or not."""
    fetched(folder / COUNTS)
    return folder.is_dir()


def damage_in(folder: Path) -> Damage | None:
    """Return the damage of a step's outputs, or None if every byte is as it was written.

    In the working copy of a bucket, undamaged outputs are also uploaded if the bucket lacks them.
    """
    try:
        counts = StepCounts.read(folder)
    except PartError as error:
        forget(folder / COUNTS)
        return Damage(folder / COUNTS, error.args[1])
    bucket = bucket_of(folder)
    if bucket:
        return bucket.secured(folder, counts.files, COUNTS)
    removed = _CLEARS if is_cleared(folder) else ()
    return damage(folder, {name: sha256 for name, sha256 in counts.files.items() if name not in removed})


def is_whole(folder: Path) -> bool:
    """Whether a step's outputs exist and aren't damaged; the rows may be cleared."""
    return is_there(folder) and not damage_in(folder)


def is_cleared(folder: Path) -> bool:
    """Whether a step's rows were removed."""
    return (folder / CLEARED).exists()


def clear(folder: Path) -> None:
    """Remove a step's rows, but keep its counts, dropped rows and ledger. Hard links to the rows remain valid."""
    (folder / CLEARED).touch()
    sync(folder)  # the mark must be on the disk first, or the missing files would count as damage
    for name in _CLEARS:
        (folder / name).unlink(missing_ok=True)


def fetch_outputs(folders: Iterable[Path], *names: str) -> None:
    """Fetch these files of outputs from their bucket, if there is one.

    Raises:
        PartError: a file can't be fetched.
    """
    remote_folders = [folder for folder in folders if bucket_of(folder)]
    fetch_small(folder / COUNTS for folder in remote_folders)
    fetch(
        (folder / name, sha256)
        for folder in remote_folders
        for name, sha256 in StepCounts.read(folder).files.items()
        if name in names
    )


def put(partial: Path, final: Path) -> None:
    """Rename a finished folder of outputs to its final name; replace damaged or cleared outputs, but not whole ones.

    Raises:
        PartError: the folder can't be renamed.
    """
    while True:
        try:
            partial.rename(final)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise PartError(str(final), _("it can't be written: {cause}", cause=cause_of(error))) from error
        else:
            sync(final.parent)
            sync(final.parent.parent)  # the parent folder may be new
            if bucket_of(final) and (wrong := damage_in(final)):
                raise PartError(str(wrong.file), wrong.problem, _("run it again: it is rebuilt"))
            return
        if is_whole(final) and not is_cleared(final):  # another worker made the same output first
            shutil.rmtree(partial)
            return
        damaged = process_path(final, "damaged")
        with suppress(FileNotFoundError):  # another worker moved it first
            final.rename(damaged)
        shutil.rmtree(damaged, ignore_errors=True)
        with suppress(OSError):  # a file had the folder's name
            damaged.unlink()
