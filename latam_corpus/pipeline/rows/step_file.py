"""How a step's outputs are stored: Parquet that is small even where it holds one document, counts, and digests.

A step's folder holds `rows.parquet` (what goes on), `dropped.parquet`, `ledger.parquet` and `counts.json`, and before
a barrier that asks for it `aside.parquet`, the columns of the same rows that no document has. Where a source has
columns whose values don't repeat, `values.parquet` has their hashes. `counts.json` is sealed and has the others'
digests, so that a folder is either as it was written or known to be damaged. Where a run keeps less
(`work_cleanup.py`), a file `cleared` stands for rows that no later step needed: what the step told stays, and its rows
are made again for whoever needs them.
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
from latam_corpus.storage.durable import Damage, beside, damage, digests, sealed, sync, unsealed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

GROUP: Final = ("genre", "source_id", "language", "declared_language", "country")
Tally = Counter[tuple[str, ...]]
Pair = tuple[str, str]  # a language, `und` where none is stated, and a genre


def tally(frame: pl.DataFrame, *more: str) -> Tally:
    """Rows by GROUP and `more` columns; what isn't stated counts under "".

    >>> tally(pl.DataFrame({"genre": ["news", "news"], "source_id": ["a", "a"], "country": ["CL", None]}))
    Counter({('news', 'a', '', '', 'CL'): 1, ('news', 'a', '', '', ''): 1})
    """
    wanted = (*GROUP, *more)
    columns = schema.conform(frame, pl.Schema(dict.fromkeys(wanted, pl.String())))
    counted = columns.group_by(wanted, maintain_order=True).len()
    return Counter({tuple(value or "" for value in key): rows for *key, rows in counted.iter_rows()})


def pairs(counted: Tally) -> set[Pair]:
    """Return the languages and genres of the rows that were counted.

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
_CLEARS: Final = (ROWS, ASIDE)
_TAKEN: Final = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)


class StepFile:
    """A Parquet file that frames are appended to, a row group each; an empty one still has its columns.

    Where a source has many small files, what a file says of itself outweighs its rows. So it says no more than a reader
    needs: no second copy of the schema, no dictionary of signals that hardly recur, no smallest and greatest value but
    the one by which a document is found.
    """

    def __init__(self, path: Path, columns: pl.Schema) -> None:
        """Open the file.

        Args:
            path: where.
            columns: their names and types.
        """
        arrow = schema.arrow_schema(columns)
        self._file = pq.ParquetWriter(
            path,
            arrow,
            compression="zstd",
            compression_level=1,
            store_schema=False,
            use_dictionary=[name for name, kind in schema.leaves(arrow) if not pa.types.is_floating(kind)],
            write_statistics=["doc_id"],
            filesystem=LocalFileSystem(),  # else «::» in a path is an address
        )

    def write(self, frame: pl.DataFrame) -> None:
        """Append the frame, whose columns are those of the file."""
        if frame.height:
            self._file.write_table(frame.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(self._file.schema))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


@dataclass
class StepCounts:
    """What a step did, as it is stored beside its outputs.

    Attributes:
        stages: what happened, by stage.
        kept: rows that go on, by GROUP.
        dropped: rows set aside, by stage, GROUP and reason.
        facts: of the step that reads the source, what its records showed of their columns.
        files: the SHA-256 of the outputs, by their names.
    """

    stages: dict[str, Count] = field(default_factory=dict)
    kept: Counter[tuple[str, ...]] = field(default_factory=Counter)
    dropped: Counter[tuple[str, ...]] = field(default_factory=Counter)
    facts: Facts = field(default_factory=Facts)
    files: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Keep it beside the outputs in the folder; they and it are on the disk then.

        A digest that is known already is that of the bytes meant, and isn't taken of those that are there.
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
        """Return what the step did whose outputs are in the folder.

        Raises:
            PartError: it is damaged.
        """
        try:
            values = unsealed(fetched(folder / COUNTS).read_bytes())
        except (OSError, ValueError) as error:
            problem = cause_of(error) if isinstance(error, OSError) else error.args[0]
            raise PartError(str(folder / COUNTS), problem, _("run it again: it is made anew")) from error
        return cls(
            {name: Count(**count) for name, count in values["stages"].items()},
            Counter({tuple(key): rows for *key, rows in values["kept"]}),
            Counter({tuple(key): rows for *key, rows in values["dropped"]}),
            Facts.of(values["facts"]),
            values["files"],
        )


def is_there(folder: Path) -> bool:
    """Whether a step's outputs are there, whole or not."""
    fetched(folder / COUNTS)
    return folder.is_dir()


def damage_in(folder: Path) -> Damage | None:
    """Return what is wrong with a step's folder; None where every byte of it is as it was written.

    Of a working copy's folder all of it is in the bucket then.
    """
    try:
        counts = StepCounts.read(folder)
    except PartError as error:
        forget(folder / COUNTS)
        return Damage(folder / COUNTS, error.args[1])
    bucket = bucket_of(folder)
    if bucket:
        return bucket.secured(folder, counts.files, COUNTS)
    without = _CLEARS if is_cleared(folder) else ()
    return damage(folder, {name: sha256 for name, sha256 in counts.files.items() if name not in without})


def is_whole(folder: Path) -> bool:
    """Whether a step's outputs are there, and as they were written; its rows may be cleared."""
    return is_there(folder) and not damage_in(folder)


def is_cleared(folder: Path) -> bool:
    """Whether a step's rows were removed since no later step needed them."""
    return (folder / CLEARED).exists()


def clear(folder: Path) -> None:
    """Remove a step's rows; what it told, what it dropped and its ledger stay. Other names of the same file do too."""
    (folder / CLEARED).touch()
    sync(folder)  # a file that is missing without it is damage
    for name in _CLEARS:
        (folder / name).unlink(missing_ok=True)


def fetch_outputs(folders: Iterable[Path], *names: str) -> None:
    """Have these files of steps' folders here, where they are in a bucket.

    Raises:
        PartError: one can't be fetched.
    """
    mine = [folder for folder in folders if bucket_of(folder)]
    fetch_small(folder / COUNTS for folder in mine)
    fetch(
        (folder / name, sha256)
        for folder in mine
        for name, sha256 in StepCounts.read(folder).files.items()
        if name in names
    )


def put(partial: Path, final: Path) -> None:
    """Rename a step's finished folder into its place; what is damaged there gives way, what is whole stays.

    Raises:
        PartError: it can't be renamed.
    """
    while True:
        try:
            partial.rename(final)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise PartError(str(final), _("it can't be written: {cause}", cause=cause_of(error))) from error
        else:
            sync(final.parent)
            sync(final.parent.parent)  # the folder above may be new
            if bucket_of(final) and (wrong := damage_in(final)):
                raise PartError(str(wrong.file), wrong.problem, _("run it again: it is made anew"))
            return
        if is_whole(final) and not is_cleared(final):  # another worker made the same output first
            shutil.rmtree(partial)
            return
        damaged = beside(final, "damaged")
        with suppress(FileNotFoundError):  # another worker took it away first
            final.rename(damaged)
        shutil.rmtree(damaged, ignore_errors=True)
        with suppress(OSError):  # where a file stood in the folder's place
            damaged.unlink()
