"""Conserve rows: every row that enters a stage is kept, or dropped with a reason, and the ledger records changes.

`rows in == rows kept + rows dropped` holds for every stage of every run, because all stages are called through this
module. `stage_values.py` checks the values that a stage sets.
"""

from __future__ import annotations

import hashlib
import sys
import traceback
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl
import polars.selectors as cs

from latam_corpus import schema
from latam_corpus.batch import Batch, with_defaults
from latam_corpus.errors import CorpusError, PartError
from latam_corpus.messages import _, same
from latam_corpus.pipeline.rows.stage_values import undeclared, wrong_values
from latam_corpus.schema.extra_columns import with_added
from latam_corpus.text.turns.turn_lines import with_turns_moved
from latam_corpus.vocabulary import SKIMMED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from latam_corpus.stages import Stage

KILLED: Final = "killed_worker"
_NOTES = ("drop_reason", "verdict", "evidence")


@dataclass
class Count:
    """The row counts of one stage.

    Attributes:
        failed: rows that couldn't be processed, by reason.
        changed: rows whose change has a ledger row.
        seconds: seconds of processor time.
        made: rows that the stage made out of others.
        narrowed: rows whose own rights statements allow less than their source's, by kind (`licences.py`).
    """

    rows_in: int = 0
    kept: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    changed: int = 0
    seconds: float = 0.0
    made: int = 0
    narrowed: dict[str, int] = field(default_factory=dict)

    def add(self, addend: Count) -> None:
        """Add the counts of the same stage in another part."""
        self.rows_in += addend.rows_in
        self.kept += addend.kept
        self.changed += addend.changed
        self.seconds += addend.seconds
        self.made += addend.made
        pairs = ((self.dropped, addend.dropped), (self.failed, addend.failed), (self.narrowed, addend.narrowed))
        for own_counts, addend_counts in pairs:
            for reason, n in addend_counts.items():
                own_counts[reason] = own_counts.get(reason, 0) + n


@dataclass(frozen=True)
class Passed:
    """The output of a stage: the kept rows, the dropped rows, the ledger rows, and the counts."""

    kept: Batch
    dropped: pl.DataFrame
    ledger: pl.DataFrame
    count: Count


def pass_through(stage: Stage, batch: Batch, withheld: Mapping[str, str] | None = None) -> Passed:
    """Apply a stage to a batch, and separate the rows that it drops.

    Documents in `withheld` kill the worker in this stage. They are dropped with the cause, without being passed to it.

    Raises:
        PartError: the stage lost, added or reordered rows, set a wrong value, or raised an error.
    """
    if withheld and (is_withheld := batch.frame["doc_id"].is_in(list(withheld))).any():
        causes = [{"cause": withheld[doc_id]} for doc_id in batch.frame.filter(is_withheld)["doc_id"]]
        killed = Batch(batch.frame.filter(is_withheld)).drop([KILLED] * len(causes), causes, "failed")
        first, passed = split_dropped(killed, stage.name), pass_through(stage, Batch(batch.frame.filter(~is_withheld)))
        passed.count.add(first.count)
        dropped = pl.concat([passed.dropped, first.dropped], how="diagonal_relaxed")
        return Passed(passed.kept, dropped, pl.concat([passed.ledger, first.ledger]), passed.count)
    result = apply_stage(stage, batch)
    changes = _changes(stage, batch.frame, result.frame)
    passed = split_dropped(result, stage.name)
    passed.count.changed = changes.height
    passed.count.narrowed = _narrowed(changes)
    passed.count.made = result.frame.height - batch.frame.height
    return Passed(passed.kept, passed.dropped, pl.concat([passed.ledger, changes]), passed.count)


def apply_stage(stage: Stage, batch: Batch) -> Batch:
    """Apply a stage and check that its result has the same rows, with a `drop_reason` in those that it drops.

    Raises:
        PartError: the stage lost, added or reordered rows, set a wrong value, or raised an error.
    """
    result = _call(stage, batch)
    _check_rows(stage, batch.frame, result.frame)
    problem = undeclared(stage, batch.frame, result.frame)
    if problem := problem or wrong_values(batch.frame, result.frame, in_place=not stage.makes_rows):
        raise PartError(_("stage «{name}»", name=stage.name), *problem)
    if stage.adds:
        result = _with_added(stage, result)
    if not stage.makes_rows and (frame := with_turns_moved(batch.frame, result.frame)) is not result.frame:
        result = Batch(frame).sharing_words(result)
    return result


def _with_added(stage: Stage, result: Batch) -> Batch:
    """Move the additional columns that a stage declares into `extra`, if their types are as declared."""
    try:
        return Batch(with_added(result.frame, stage.adds)).sharing_words(result)
    except TypeError as error:
        name, given, declared = error.args
        problem = _("the column «{name}» is of the type {given}", name=name, given=same(str(given)))
        remedy = _("it must be {wanted}", wanted=same(str(declared)))
        raise PartError(_("stage «{name}»", name=stage.name), problem, remedy) from None


def _call(stage: Stage, batch: Batch) -> Batch:
    """Call a stage. If it raises an error for a single document, the `PartError` names it."""
    try:
        result = _call_unchecked(stage, batch)
    except (CorpusError, OSError, MemoryError):  # caused by a known problem, the disk or the machine, not by a document
        raise
    except (Exception, SystemExit) as error:
        in_a_line = " ".join(f"{type(error).__name__}: {error}".split())
        problem = _("{error}, in {where}", error=in_a_line, where=_innermost_line(error))
        place = _("stage «{stage}»", stage=stage.name)
        if document := _breaks_on(stage, batch):
            place = _("stage «{stage}», document {document}", stage=stage.name, document=document)
        remedy = _("correct the stage, or leave the document out; finished work is reused")
        raise PartError(place, problem, remedy) from error
    if not isinstance(result, Batch):
        problem = _("it returns a {kind} instead of a batch", kind=type(result).__name__)
        place = _("stage «{stage}»", stage=stage.name)
        raise PartError(place, problem, _("return the batch, such as `batch.with_columns(…)`"))
    return result


def _call_unchecked(stage: Stage, batch: Batch) -> object:
    # A stage may change its frame in place. The rows that the result is compared with stay as they are.
    own_batch = Batch(batch.frame.clone()).sharing_words(batch)
    with redirect_stdout(sys.stderr):  # the command's standard output may be JSON
        result = stage(own_batch)
    if result is not own_batch:
        return result
    texts = [frame.select(cs.by_name("text", require_all=False)) for frame in (batch.frame, own_batch.frame)]
    return result if texts[0].equals(texts[1]) else Batch(own_batch.frame)  # without the word table of the old texts


def _innermost_line(error: BaseException) -> str:
    """Return the file and line where an error was raised, such as `my_package/shorten.py:12`."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1]
    return f"{'/'.join(Path(last.filename).parts[-2:])}:{last.lineno}"


def _breaks_on(stage: Stage, batch: Batch) -> str | None:
    """Return the id of the first document that makes the stage fail on its own, or None."""
    for number in range(batch.frame.height):
        row_frame = batch.frame[number : number + 1]
        try:
            _call_unchecked(stage, Batch(row_frame))
        except (Exception, SystemExit):  # noqa: BLE001  (a plug-in may raise anything)
            return str(row_frame["doc_id"][0])
    return None


def pass_collected(batch: Batch) -> Passed:
    """Separate the records that couldn't be read, and add ledger rows for records that were only partly read."""
    passed = split_dropped(batch, "collect")
    noted = with_defaults(batch.frame, _NOTES)
    noted = noted.filter(noted["verdict"].eq_missing("changed"))
    if not noted.height:
        return passed
    passed.count.changed = noted.height
    return Passed(
        passed.kept, passed.dropped, pl.concat([passed.ledger, _noted(noted, noted, "collect")]), passed.count
    )


def split_dropped(batch: Batch, stage: str) -> Passed:
    """Separate the rows with a `drop_reason` from the others, and make a ledger row for each."""
    frame = batch.frame
    if "drop_reason" not in frame.columns:
        count = Count(rows_in=frame.height, kept=frame.height)
        return Passed(_clean(batch), frame.clear(), _EMPTY_LEDGER, count)
    is_dropped = frame["drop_reason"].is_not_null()
    if not is_dropped.any():
        return Passed(_clean(batch), frame.clear(), _EMPTY_LEDGER, Count(rows_in=frame.height, kept=frame.height))
    frame = with_defaults(frame, _NOTES)
    dropped = frame.filter(is_dropped)
    verdicts = dropped["verdict"].fill_null("dropped")
    chars = dropped["text"].str.len_chars() if "text" in dropped.columns else pl.lit(None)
    ledger = schema.conform(
        dropped.select(
            "doc_id", "source_id", pl.lit(stage).alias("stage"), verdicts.alias("verdict"),
            pl.col("drop_reason").alias("reason"), "evidence",
            _exact_hashes(dropped, "text_hash_before"), chars.alias("chars"),
        ),
        schema.LEDGER_SCHEMA,
    )  # fmt: skip
    count = Count(rows_in=frame.height, kept=frame.height - dropped.height)
    for verdict, reason, n in ledger.group_by("verdict", "reason").len().iter_rows():
        (count.failed if verdict == "failed" else count.dropped)[reason] = n
    return Passed(_clean(batch.filter(~is_dropped)), dropped, ledger, count)


_EMPTY_LEDGER = pl.DataFrame(schema=schema.LEDGER_SCHEMA)


def _clean(batch: Batch) -> Batch:
    """Remove the stage's notes about rows; the word table remains valid."""
    present = [name for name in _NOTES if name in batch.frame.columns]
    if not present:
        return batch
    return Batch(batch.frame.drop(present)).sharing_words(batch)


def _check_rows(stage: Stage, rows_in: pl.DataFrame, rows_out: pl.DataFrame) -> None:
    if stage.makes_rows:
        parents = set(with_defaults(rows_out, ("parent_id",))["parent_id"].drop_nulls())
        orphans = parents - set(rows_in["doc_id"])
        # Before `supersede`, several records may have one id; each of them must be kept.
        counts = Counter(rows_in["doc_id"]) - Counter(rows_out["doc_id"])
        lost = sum(n for name, n in counts.items() if name not in parents)
        if orphans or lost:
            raise PartError(
                _("stage «{name}»", name=stage.name),
                _("{n} {n:document|documents} lost, {others} without parent", n=lost, others=len(orphans)),
            )
    elif not rows_out["doc_id"].equals(rows_in["doc_id"]):
        raise PartError(
            _("stage «{name}»", name=stage.name),
            _("{n} {n:row|rows} in, {out} out, or in another order", n=rows_in.height, out=rows_out.height),
            _("a stage keeps its rows; to drop one, give it a drop_reason"),
        )


def _changes(stage: Stage, rows_in: pl.DataFrame, rows_out: pl.DataFrame) -> pl.DataFrame:
    """Return a ledger row for each row whose text the stage changed, or that it marked as `changed`."""
    if stage.makes_rows:  # the pieces of a document are new rows, not changes
        rows_out = rows_out.filter(rows_out["doc_id"].is_in(rows_in["doc_id"].implode()))
        # The stage may have reordered documents, but not records with the same id.
        of_id = pl.int_range(pl.len()).over("doc_id").alias("of_id")
        numbered = rows_in.with_columns(of_id)
        rows_in = rows_out.select("doc_id", of_id).join(
            numbered, on=["doc_id", "of_id"], how="left", maintain_order="left"
        )
    rows = with_defaults(rows_out, _NOTES)
    changed = rows["verdict"].eq_missing("changed")
    if "text" in stage.gives and "text" in rows_in.columns and not stage.makes_rows:
        # An extracted text isn't a change, even if `skim` had set a preliminary one.
        first = rows_in["text"].is_null() | with_defaults(rows_in, ("extractor",))["extractor"].eq_missing(SKIMMED)
        changed |= ~first & rows_in["text"].ne_missing(rows_out["text"])
    if not changed.any():
        return _EMPTY_LEDGER
    return _noted(rows_in.filter(changed), rows.filter(changed), stage.name)


def _narrowed(changes: pl.DataFrame) -> dict[str, int]:
    """Count the rows whose own statements or refusals narrowed their terms, by kind."""
    reasons = (
        pl.when(pl.col("evidence").str.contains('"tier_before": "', literal=True))
        .then(pl.col("evidence").str.extract('"because": "([a-z]+)"'))
        .when(pl.col("evidence").str.contains('"refusals": [', literal=True))
        .then(pl.lit("refused"))
    )
    counted = changes.select(why=reasons).drop_nulls().group_by("why").len().sort("why")
    return dict(counted.iter_rows())


def _noted(previous: pl.DataFrame, rows: pl.DataFrame, stage: str) -> pl.DataFrame:
    """Return a `changed` ledger row for each of these kept rows."""
    return schema.conform(
        rows.select(
            "doc_id", "source_id", pl.lit(stage).alias("stage"), pl.lit("changed").alias("verdict"),
            pl.lit(stage).alias("reason"), "evidence",
            _exact_hashes(previous, "text_hash_before"), _exact_hashes(rows, "text_hash_after"),
            (rows["text"].str.len_chars() if "text" in rows.columns else pl.lit(None)).alias("chars"),
        ),
        schema.LEDGER_SCHEMA,
    )  # fmt: skip


def _exact_hashes(frame: pl.DataFrame, name: str) -> pl.Series:
    texts: Iterable[str | None] = frame["text"] if "text" in frame.columns else [None] * frame.height
    hashes = [None if text is None else exact_hash(text) for text in texts]
    return pl.Series(name, hashes, dtype=pl.Binary)


def exact_hash(text: str) -> bytes:
    """Return the text hash of the ledger: the first 128 bits of the SHA-256 of the text in UTF-8.

    >>> exact_hash("La luna").hex()[:8]
    '4fda3e89'
    """
    return hashlib.sha256(text.encode()).digest()[:16]
