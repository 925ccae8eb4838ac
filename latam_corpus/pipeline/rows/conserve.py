"""Rows are conserved: what goes into a stage comes out kept or set aside with a reason, and each change is on record.

What a stage sets in them is of the schema (`stage_values.py`).

`rows in == rows kept + rows set aside` holds for every stage of every run, because every stage is called here and
nowhere else, whether in a run or alone.
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

from latam_corpus import schema
from latam_corpus.batch import Batch, with_defaults
from latam_corpus.errors import CorpusError, PartError
from latam_corpus.extra_columns import with_added
from latam_corpus.messages import _, same
from latam_corpus.pipeline.rows.stage_values import undeclared, wrong_values
from latam_corpus.text.turns.turn_lines import with_turns_moved
from latam_corpus.vocabulary import SKIMMED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from latam_corpus.stages import Stage

KILLED: Final = "killed_worker"
_NOTES = ("drop_reason", "verdict", "evidence")


@dataclass
class Count:
    """What happened in one stage: rows in and kept, set aside by reason, on record as changed, and made of others.

    `narrowed` counts rows whose own statements of rights left less than their source's, by why (`licences.py`).
    """

    rows_in: int = 0
    kept: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    changed: int = 0
    seconds: float = 0.0
    made: int = 0
    narrowed: dict[str, int] = field(default_factory=dict)

    def add(self, other: Count) -> None:
        """Add another part's count of the same stage."""
        self.rows_in += other.rows_in
        self.kept += other.kept
        self.changed += other.changed
        self.seconds += other.seconds
        self.made += other.made
        pairs = ((self.dropped, other.dropped), (self.failed, other.failed), (self.narrowed, other.narrowed))
        for mine, theirs in pairs:
            for reason, n in theirs.items():
                mine[reason] = mine.get(reason, 0) + n


@dataclass(frozen=True)
class Passed:
    """What a stage made of a batch: the rows that go on, those set aside, and their ledger rows."""

    kept: Batch
    dropped: pl.DataFrame
    ledger: pl.DataFrame
    count: Count


def pass_through(stage: Stage, batch: Batch, withheld: Mapping[str, str] | None = None) -> Passed:
    """Return the batch after the stage, its dropped rows set aside.

    Args:
        stage: what is done.
        batch: on which rows.
        withheld: documents that the stage isn't given since they end the worker, by id, with the cause; they are set
            aside.

    Raises:
        PartError: the stage lost, added or reordered rows, set what no document has, or broke off.
    """
    if withheld and (mine := batch.frame["doc_id"].is_in(list(withheld))).any():
        causes = [{"cause": withheld[doc_id]} for doc_id in batch.frame.filter(mine)["doc_id"]]
        fallen = Batch(batch.frame.filter(mine)).drop([KILLED] * len(causes), causes, "failed")
        first, rest = set_aside(fallen, stage.name), pass_through(stage, Batch(batch.frame.filter(~mine)))
        rest.count.add(first.count)
        dropped = pl.concat([rest.dropped, first.dropped], how="diagonal_relaxed")
        return Passed(rest.kept, dropped, pl.concat([rest.ledger, first.ledger]), rest.count)
    after = conserved(stage, batch)
    changes = _changes(stage, batch.frame, after.frame)
    passed = set_aside(after, stage.name)
    passed.count.changed = changes.height
    passed.count.narrowed = _narrowed(changes)
    passed.count.made = after.frame.height - batch.frame.height
    return Passed(passed.kept, passed.dropped, pl.concat([passed.ledger, changes]), passed.count)


def conserved(stage: Stage, batch: Batch) -> Batch:
    """Return what the stage makes of a batch: the same rows, those that fall among them with their reason.

    Raises:
        PartError: the stage lost, added or reordered rows, set what no document has, or broke off.
    """
    after = _called(stage, batch)
    _check_rows(stage, batch.frame, after.frame)
    wrong = undeclared(stage, batch.frame, after.frame)
    if wrong := wrong or wrong_values(batch.frame, after.frame, in_place=not stage.makes_rows):
        raise PartError(_("stage «{name}»", name=stage.name), *wrong)
    if stage.adds:
        after = _with_added(stage, after)
    if not stage.makes_rows and (frame := with_turns_moved(batch.frame, after.frame)) is not after.frame:
        after = Batch(frame).sharing_words(after)
    return after


def _with_added(stage: Stage, after: Batch) -> Batch:
    """Return the batch with the stage's own columns in `extra`.

    Raises:
        PartError: one is of another type than the stage declares.
    """
    try:
        return Batch(with_added(after.frame, stage.adds)).sharing_words(after)
    except TypeError as error:
        name, given, wanted = error.args
        problem = _("the column «{name}» is of the type {given}", name=name, given=same(str(given)))
        remedy = _("it must be {wanted}", wanted=same(str(wanted)))
        raise PartError(_("stage «{name}»", name=stage.name), problem, remedy) from None


def _called(stage: Stage, batch: Batch) -> Batch:
    """Return what the stage makes of a batch.

    Raises:
        PartError: it broke off, on a document that is named where one alone makes it do so, or gave no batch.
    """
    try:
        after = _given_by(stage, batch)
    except (CorpusError, OSError, MemoryError):  # of the disk and the machine, not of a document
        raise
    except (Exception, SystemExit) as error:
        problem = _("{error}, in {where}", error=_in_a_line(error), where=_where(error))
        place = _("stage «{stage}»", stage=stage.name)
        if document := _breaks_on(stage, batch):
            place = _("stage «{stage}», document {document}", stage=stage.name, document=document)
        remedy = _("mend the stage, or leave the document out; what was done before it is kept")
        raise PartError(place, problem, remedy) from error
    if not isinstance(after, Batch):
        problem = _("it gives a {kind}, and no batch", kind=type(after).__name__)
        place = _("stage «{stage}»", stage=stage.name)
        raise PartError(place, problem, _("return the batch, such as `batch.with_columns(…)`"))
    return after


def _given_by(stage: Stage, batch: Batch) -> object:
    with redirect_stdout(sys.stderr):  # standard output is the command's, and may be JSON
        return stage(batch)


def _in_a_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _where(error: BaseException) -> str:
    """Return the innermost line of the code that raised it: `my_package/shorten.py:12`."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1]
    return f"{'/'.join(Path(last.filename).parts[-2:])}:{last.lineno}"


def _breaks_on(stage: Stage, batch: Batch) -> str | None:
    """Return the first document that alone makes the stage break off."""
    for row in range(batch.frame.height):
        one = batch.frame[row : row + 1]
        try:
            _given_by(stage, Batch(one))
        except (Exception, SystemExit):  # noqa: BLE001  (whatever a plug-in raises)
            return str(one["doc_id"][0])
    return None


def collected(batch: Batch) -> Passed:
    """Return the rows as they were read, those without a text set aside; of others it is on record what wasn't read."""
    passed = set_aside(batch, "collect")
    noted = with_defaults(batch.frame, _NOTES)
    noted = noted.filter(noted["verdict"].eq_missing("changed"))
    if not noted.height:
        return passed
    passed.count.changed = noted.height
    return Passed(
        passed.kept, passed.dropped, pl.concat([passed.ledger, _noted(noted, noted, "collect")]), passed.count
    )


def set_aside(batch: Batch, stage: str) -> Passed:
    """Return the batch without the rows that have a `drop_reason`, and these with their ledger rows."""
    frame = batch.frame
    if "drop_reason" not in frame.columns:
        count = Count(rows_in=frame.height, kept=frame.height)
        return Passed(_clean(batch), frame.clear(), _EMPTY_LEDGER, count)
    fallen = frame["drop_reason"].is_not_null()
    if not fallen.any():
        return Passed(_clean(batch), frame.clear(), _EMPTY_LEDGER, Count(rows_in=frame.height, kept=frame.height))
    frame = with_defaults(frame, _NOTES)
    dropped = frame.filter(fallen)
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
    return Passed(_clean(batch.filter(~fallen)), dropped, ledger, count)


_EMPTY_LEDGER = pl.DataFrame(schema=schema.LEDGER_SCHEMA)


def _clean(batch: Batch) -> Batch:
    """Return the batch without the notes of the stage that has passed, its word table kept."""
    present = [name for name in _NOTES if name in batch.frame.columns]
    if not present:
        return batch
    return Batch(batch.frame.drop(present)).sharing_words(batch)


def _check_rows(stage: Stage, before: pl.DataFrame, after: pl.DataFrame) -> None:
    if stage.makes_rows:
        parents = set(with_defaults(after, ("parent_id",))["parent_id"].drop_nulls())
        orphans = parents - set(before["doc_id"])
        # Several records may have one id before `supersede`: each must be there.
        counts = Counter(before["doc_id"]) - Counter(after["doc_id"])
        lost = sum(n for name, n in counts.items() if name not in parents)
        if orphans or lost:
            raise PartError(
                _("stage «{name}»", name=stage.name),
                _("{n} {n:document|documents} lost, {others} without parent", n=lost, others=len(orphans)),
            )
    elif not after["doc_id"].equals(before["doc_id"]):
        raise PartError(
            _("stage «{name}»", name=stage.name),
            _("{n} {n:row|rows} in, {out} out, or in another order", n=before.height, out=after.height),
            _("a stage keeps its rows; to drop one, give it a drop_reason"),
        )


def _changes(stage: Stage, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Return a ledger row for each row of which the stage changed the text, or itself says that it was `changed`."""
    if stage.makes_rows:  # pieces are no change of a text
        after = after.filter(after["doc_id"].is_in(before["doc_id"].implode()))
        # The stage may have put the documents that stay in another order, records of one id in theirs.
        of_id = pl.int_range(pl.len()).over("doc_id").alias("of_id")
        known = before.with_columns(of_id)
        before = after.select("doc_id", of_id).join(known, on=["doc_id", "of_id"], how="left", maintain_order="left")
    rows = with_defaults(after, _NOTES)
    changed = rows["verdict"].eq_missing("changed")
    if "text" in stage.gives and "text" in before.columns and not stage.makes_rows:
        # Text made from bytes is no change: nothing was there before, or a first impression.
        first = before["text"].is_null() | with_defaults(before, ("extractor",))["extractor"].eq_missing(SKIMMED)
        changed |= ~first & before["text"].ne_missing(after["text"])
    if not changed.any():
        return _EMPTY_LEDGER
    return _noted(before.filter(changed), rows.filter(changed), stage.name)


def _narrowed(changes: pl.DataFrame) -> dict[str, int]:
    """Count the rows whose terms were narrowed by what they state or refuse, by why."""
    reasons = (
        pl.when(pl.col("evidence").str.contains('"tier_before": "', literal=True))
        .then(pl.col("evidence").str.extract('"because": "([a-z]+)"'))
        .when(pl.col("evidence").str.contains('"refusals": [', literal=True))
        .then(pl.lit("refused"))
    )
    counted = changes.select(why=reasons).drop_nulls().group_by("why").len().sort("why")
    return dict(counted.iter_rows())


def _noted(before: pl.DataFrame, rows: pl.DataFrame, stage: str) -> pl.DataFrame:
    """Return a ledger row for each of these rows, which go on."""
    return schema.conform(
        rows.select(
            "doc_id", "source_id", pl.lit(stage).alias("stage"), pl.lit("changed").alias("verdict"),
            pl.lit(stage).alias("reason"), "evidence",
            _exact_hashes(before, "text_hash_before"), _exact_hashes(rows, "text_hash_after"),
            (rows["text"].str.len_chars() if "text" in rows.columns else pl.lit(None)).alias("chars"),
        ),
        schema.LEDGER_SCHEMA,
    )  # fmt: skip


def _exact_hashes(frame: pl.DataFrame, name: str) -> pl.Series:
    texts: Iterable[str | None] = frame["text"] if "text" in frame.columns else [None] * frame.height
    hashes = [None if text is None else exact_hash(text) for text in texts]
    return pl.Series(name, hashes, dtype=pl.Binary)


def exact_hash(text: str) -> bytes:
    """Return the first 128 bits of the SHA-256 of the text's UTF-8, as the ledger has it.

    >>> exact_hash("La luna").hex()[:8]
    '4fda3e89'
    """
    return hashlib.sha256(text.encode()).digest()[:16]
