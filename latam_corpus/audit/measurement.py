"""What `measure` reads: a file's rows, measured now, or a run's documents, measured then."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus import vocabulary
from latam_corpus.audit.documents import run_meant, with_documents
from latam_corpus.batch import Batch
from latam_corpus.collect.row_files import as_documents, read_chunks
from latam_corpus.errors import ConfigError
from latam_corpus.pipeline.one_stage import with_language
from latam_corpus.pipeline.run_record import read_record
from latam_corpus.policy import cached_policies
from latam_corpus.quality.distribution import PERCENTS, groups
from latam_corpus.quality.measure import ALL, Measure
from latam_corpus.release.admission import Terms
from latam_corpus.report.disclosure import BEGINNING, with_readable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from latam_corpus.policy import Policies
    from latam_corpus.quality.distribution import Group

_LIGHT: Final = ("doc_id", "language", "genre", "signals", *Terms.READS)


@dataclass(frozen=True)
class MeasuredRows:
    """Documents with their signals.

    Attributes:
        name: what was named.
        frame: `doc_id`, `language`, `genre`, `signals`, the beginning of `text`, and whether it is `readable`.
        policies: what they are held against.
        unmeasured: documents of a run that fell before anything was measured.
        own: whether it is the reader's own file, without terms, and not documents of the catalogue.
    """

    name: str
    frame: pl.DataFrame
    policies: Policies
    unmeasured: int = 0
    own: bool = False


def read_measured(
    named: str, out: Path, policies: str, today: date, tell: Callable[[str], None], *, every: bool = False
) -> MeasuredRows:
    """Return the documents of a file, or of a run given by its folder or name.

    Args:
        named: what the user typed.
        out: the folder in which `runs/` is.
        policies: a `filters/` folder; when empty, a run's own, and the shipped one for a file.
        today: the day on which terms are judged.
        tell: is given a sentence for each thing that a reader should know of the choice.
        every: whether signals that no policy bounds are measured in a file, too.

    Raises:
        ConfigError: there is no such file or run, or it holds no document.
    """
    path = Path(named)
    if path.is_file():
        found = _of_file(path, policies, today, tell, every)
    else:
        found = measured_run(with_documents(_run_folder(named, out, tell)), policies, today)
    _refuse_none(named, found)
    return found


def _refuse_none(named: str, found: MeasuredRows) -> None:
    """Refuse to tell of no document.

    Raises:
        ConfigError: none was measured.
    """
    if not found.frame.height:
        told = f"{found.unmeasured} documents, none measured" if found.unmeasured else "no document is in it"
        raise ConfigError(named, told, "give the recipe a stage «filter» or «measure»" if found.unmeasured else "")


def signal_table(found: MeasuredRows) -> pl.DataFrame:
    """Give the signals that have values or bounds, a row for each language, genre and signal, the largest group first.

    Raises:
        ConfigError: no document was measured.
    """
    _refuse_none(found.name, found)
    rows = [
        {
            "language": group.language,
            "genre": group.genre,
            "documents": group.documents,
            "signal": one.signal,
            **{f"p{percent}": one.quantiles.get(percent) for percent in PERCENTS},
            "min": one.bound and one.bound.minimum,
            "max": one.bound and one.bound.maximum,
            "file": one.bound and one.bound.file,
            "would_drop": one.drops,
            "would_drop_alone": one.alone,
        }
        for group in groups(found.frame, found.policies)
        for one in group.signals
        if one.bound or one.values
    ]
    numbers = dict.fromkeys([*(f"p{percent}" for percent in PERCENTS), "min", "max"], pl.Float64())
    return pl.DataFrame(rows, schema_overrides={**numbers, "file": pl.String()}, infer_schema_length=None)


def _of_file(path: Path, policies: str, today: date, tell: Callable[[str], None], every: bool) -> MeasuredRows:
    stage = Measure(policies=policies, signals=(ALL,) if every else ())
    frames, start, own = [], 0, True
    for rows in read_chunks(path):
        documents = with_language(as_documents(rows, start), [stage], tell)
        _check_genres(documents, path)
        start += len(rows)
        own = own and not any(row.get("rights_tier") or row.get("rights") or row.get("uses") for row in rows)
        frames.append(_light(stage(Batch(documents)).frame, today))
    frame = pl.concat(frames)
    if own:  # a file that states no terms is the reader's own
        frame = frame.with_columns(pl.lit(value=True).alias("readable"))
    return MeasuredRows(str(path), frame, cached_policies(policies), own=own)


def _check_genres(documents: pl.DataFrame, path: Path) -> None:
    for genre in documents["genre"].unique():
        if genre not in vocabulary.GENRES:
            raise ConfigError(f"{path}, «genre»", f"there is no genre «{genre}»", ", ".join(vocabulary.GENRES))


def measured_run(folder: Path, policies: str, today: date) -> MeasuredRows:
    """Return the documents of the finished run in a folder, see `read_measured`."""
    record = read_record(folder)
    own = str(folder / "filters") if not policies and record.files("filters") else ""
    used = cached_policies(policies or own)
    frames, unmeasured = [], 0
    for file in sorted([*record.files("kept"), *record.files("dropped")]):
        rows = pl.scan_parquet(file, glob=False).select(*_LIGHT, pl.col("text").str.slice(0, BEGINNING)).collect()
        measured = rows.filter(pl.col("signals").is_not_null())
        unmeasured += rows.height - measured.height
        frames.append(_light(measured, today))
    return MeasuredRows(folder.name, pl.concat(frames), used, unmeasured)


def _run_folder(named: str, out: Path, tell: Callable[[str], None]) -> Path:
    try:
        return run_meant(named, out, tell)
    except ConfigError as error:
        if Path(named).suffix or "/" in named:
            remedy = "name a JSONL or Parquet file, or a run's folder or name"
            raise ConfigError(named, "there is no such file and no such run", remedy) from None
        raise ConfigError(named, f"neither a file nor a run: {error.problem}", error.remedy) from None


def _light(frame: pl.DataFrame, today: date) -> pl.DataFrame:
    rows = with_readable(frame, today)
    return rows.select(
        "doc_id",
        pl.col("language").fill_null("und"),
        "genre",
        "signals",
        pl.col("text").str.slice(0, BEGINNING),
        "readable",
    )


def near_rows(groups: list[Group]) -> list[int]:
    """Return the rows of all documents at an edge."""
    return sorted({near.row for g in groups for m in g.signals for cost in m.costs for near in cost.edge})
