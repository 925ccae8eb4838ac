"""Decide which documents may be shown, and redact them.

A document is shown if its terms allow it and it isn't withdrawn. Pages that are kept with a run also name the other
documents, by title and file.

All commands and pages that show texts, titles, authors, URLs or file names use this module. A document that was dropped
before the stage `redact`, or whose run had no such stage, is redacted here in the same way: by genre and country, with
the run's policies and the lists of its source. Always redact whole texts, since an excerpt may end within an identifier
or lack the word before it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import polars as pl

from latam_corpus import schema, vocabulary
from latam_corpus.batch import Batch
from latam_corpus.catalog.named_values import country_of
from latam_corpus.collect.records import WITHDRAWN
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.pipeline.stored_runs.run_record import read_attempt
from latam_corpus.privacy.privacy_policy import INTERVIEW, privacy_policies
from latam_corpus.privacy.redact import Redact
from latam_corpus.privacy.speakers import is_interview
from latam_corpus.release.eligibility.admission import ReleaseTerms, closed_by_labels
from latam_corpus.release.refusals import tombstones

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from latam_corpus.release.storing.withdrawal_log import WithdrawalLog

_BEGINNING: Final = 200
_BY: Final = (
    "genre",
    "country",
    "source_id",
    "turns",
    "drop_reason",
)  # the columns on which the redaction of a row depends
KEPT: Final = ""  # the drop reason of kept documents


@dataclass(frozen=True)
class Redaction:
    """The redaction of documents before they are shown.

    Attributes:
        names: pairs of a source's id and its file of third persons' names.
        speakers: pairs of a source's id and its key of speakers.
        passed: the drop reasons (KEPT for kept documents) of documents that the run's stage `redact` has processed:
            their speakers have codes, and the lists of names were applied.
    """

    READS: ClassVar[tuple[str, ...]] = tuple(dict.fromkeys(("text", *schema.FREE_FIELDS, *_BY)))
    _SHOWN: ClassVar[tuple[str, ...]] = ("text", *(name for name in schema.FREE_FIELDS if name != "turns"))

    policies: str = ""
    names: tuple[tuple[str, str], ...] = ()
    speakers: tuple[tuple[str, str], ...] = ()
    passed: frozenset[str] = frozenset()

    @classmethod
    def of_run(cls, folder: Path, values: Mapping[str, Any]) -> Redaction:
        """Return the redaction for a finished run by its `run.json`; without a recipe, all are redacted already."""
        if "recipe" not in values:
            return cls(passed=frozenset({KEPT}))
        try:
            lists = read_attempt(folder).get("lists", {})
        except ValueError:
            lists = {}
        stated = [(source["id"], source.get("consent") or {}) for source in values.get("sources", ())]
        names, speakers = (
            tuple(
                (source_id, lists.get(kind, {}).get(source_id, consent[kind]))
                for source_id, consent in stated
                if consent.get(kind)
            )
            for kind in ("third_persons", "speakers")
        )
        return cls(_policies(folder), names, speakers, _passed(values.get("stages") or {}))

    def of(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Redact the texts and metadata of rows with `drop_reason` and any other columns of READS.

        Raises:
            ConfigError: a list needed to redact one of the rows is missing.
        """
        raw = ~frame["drop_reason"].fill_null(KEPT).is_in(list(self.passed))
        sources = set(frame.filter(raw)["source_id"])
        names, speakers = (_existing_lists(lists, sources) for lists in (self.names, self.speakers))
        rows = frame.select(name for name in self.READS if name in frame.columns)
        # Rows may have invalid countries, for which `redact` would raise an error.
        countries = {country: country_of(country) for country in rows["country"].drop_nulls().unique()}
        rows = rows.with_columns(pl.col("country").replace_strict(countries, default=None, return_dtype=pl.String))
        if "turns" in rows.columns:
            rows = rows.with_columns(pl.when(raw).then("turns"))
        redacted = Redact(self.policies, names, speakers)(Batch(rows)).frame
        return frame.with_columns(redacted[name] for name in self._SHOWN if name in frame.columns)

    def value(self, value: Any, row: Mapping[str, Any]) -> Any:
        """Redact the strings in a value of a row's ledger, like the row's text."""
        if isinstance(value, dict):
            return {key: self.value(item, row) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, row) for item in value]
        if not isinstance(value, str):
            return value
        genre = INTERVIEW if is_interview(row["turns"]) else row["genre"]
        facts = {**{name: row[name] for name in ("country", "source_id", "drop_reason")}, "genre": genre, "text": value}
        return replace(self, passed=frozenset()).row(facts)["text"]

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Redact the text and metadata of a row."""
        columns = {name: schema.DOCUMENT_SCHEMA[name] for name in self.READS}
        frame = pl.DataFrame([{name: row.get(name) for name in columns}], schema=columns)
        return {**row, **self.of(frame).select(self._SHOWN).row(0, named=True)}

    def metadata(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Redact the metadata of a row, without lists; its title and text are unchanged."""
        unread = {"title": None, "text": None, "turns": None}
        redacted = replace(self, names=(), speakers=()).row({**row, **unread})
        return {**redacted, **{name: row[name] for name in unread}}


def _policies(folder: Path) -> str:
    """Return the folder of the run's policies; empty if there are none, or if some are missing (older versions)."""
    own = folder / "filters"
    if not (own / "privacy").is_dir():
        return ""
    try:
        privacy_policies(str(own))
    except ConfigError:
        return ""
    return str(own)


def _passed(stages: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """Return the drop reasons that occur only after `redact`, by the counts of stages in a run's record.

    >>> sorted(_passed({"filter": {"dropped": {"x<1": 2}}, "redact": {}, "dedupe": {"dropped": {"duplicate": 1}}}))
    ['', 'duplicate']
    """
    names = list(stages)
    if Redact.name not in names:
        return frozenset()
    at = names.index(Redact.name)
    up_to_redact, from_redact = (
        {reason for name in some for counts in ("dropped", "failed") for reason in stages[name].get(counts, ())}
        for some in (names[: at + 1], names[at:])
    )
    return frozenset({KEPT, *from_redact} - up_to_redact)


def _existing_lists(lists: Sequence[tuple[str, str]], sources: set[str | None]) -> tuple[tuple[str, str], ...]:
    """Return the lists of these sources; raise ConfigError if one is missing."""
    needed = tuple((source, path) for source, path in lists if source in sources)
    for source, path in needed:
        if not Path(path).is_file():
            raise ConfigError(
                path,
                _("the list for redacting texts of «{source}» is missing", source=source),
                _("restore it, or repeat the run's command, which reuses finished work"),
            )
    return needed


@dataclass(frozen=True)
class Disclosure:
    """The rules for showing documents of a run or a version.

    Attributes:
        today: the day, or the time in UTC, for which terms are checked.
        internal: whether to show texts even if their terms don't allow it, unless they are withdrawn.
        names: whether to show titles and files of documents whose texts may not be shown, on pages that are kept with
            the run. Documents that are withdrawn or restricted by a label aren't named.
    """

    today: date
    redaction: Redaction = Redaction()
    log: WithdrawalLog | None = None
    internal: bool = False
    names: bool = False

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns, except `text`, that decide whether a document may be shown."""
        return (*ReleaseTerms.READS, "drop_reason", *(tombstones.READS if self._log else ()))

    @property
    def _log(self) -> WithdrawalLog | None:
        return self.log if self.log and self.log.binding else None

    def marked(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add the columns `withdrawn`, `readable` (the text may be shown) and `nameable` (title and file may be shown).

        The rows have the columns `reads`. If they have an unredacted `text`, documents with the same text as a
        withdrawn one count as withdrawn too.
        """
        withdrawn = self.withdrawn_by(frame).is_not_null() | (frame["drop_reason"] == WITHDRAWN).fill_null(value=False)
        rows = with_readable(frame, self.today).with_columns(withdrawn.alias("withdrawn"))
        rows = rows.with_columns((pl.col("readable") | self.internal) & ~pl.col("withdrawn"))
        closed = _terms(frame).select(closed_by_labels().is_not_null()).to_series()
        is_nameable = pl.lit(self.names) & ~closed & ~pl.col("withdrawn")
        return rows.with_columns((pl.col("readable") | is_nameable).alias("nameable"))

    def withdrawn_by(self, frame: pl.DataFrame) -> pl.Series:
        """Return the number of the log entry that withdraws each row; null for other rows."""
        log = self._log
        if log is None:
            return pl.Series("number", [None] * frame.height, dtype=pl.UInt32)
        withdrawn_ids = log.rows.select("doc_id", "number").unique("doc_id", keep="first", maintain_order=True)
        rows = frame.select("doc_id").join(withdrawn_ids, on="doc_id", how="left", maintain_order="left")
        tombstone_index = tombstones.Tombstones(log)
        numbers = [rows["number"], tombstone_index.about(frame)]
        if "text" in frame.columns:
            matches = tombstone_index.matching_texts(frame.with_columns(pl.col("text").fill_null("")))
            rows = pl.DataFrame({"row": pl.arange(frame.height, dtype=pl.UInt32, eager=True)})
            numbers.append(rows.join(matches, on="row", how="left", maintain_order="left")["number"])
        return pl.select(pl.coalesce(pl.lit(column) for column in numbers).alias("number")).to_series()


def readable(today: date) -> pl.Expr:
    """Return an expression for whether the rights are known and allow `redistribute`, without embargo or label.

    The day is for embargoes; if it is a time in UTC, the day in each row's country counts too.

    >>> from datetime import date
    >>> rows = pl.DataFrame({"rights_tier": ["open", "open"], "uses": [["redistribute"], ["train"]]})
    >>> rows = schema.conform(rows, pl.Schema({name: schema.DOCUMENT_SCHEMA[name] for name in ReleaseTerms.READS}))
    >>> rows.select(readable(date(2026, 11, 25))).to_series().to_list()
    [True, False]
    """
    day, now = (today.date(), today) if isinstance(today, datetime) else (today, None)
    terms = ReleaseTerms(vocabulary.RIGHTS_TIERS[:-1], ("redistribute",), day, now)
    return pl.coalesce(closed_by_labels(), terms.refusal()).is_null()


def with_readable(frame: pl.DataFrame, today: date) -> pl.DataFrame:
    """Add the column `readable`; missing terms allow nothing."""
    return frame.with_columns(_terms(frame).select(readable(today).alias("readable")).to_series())


def _terms(frame: pl.DataFrame) -> pl.DataFrame:
    terms = schema.conform(frame, pl.Schema({name: schema.DOCUMENT_SCHEMA[name] for name in ReleaseTerms.READS}))
    return terms.with_columns(
        pl.col("uses").fill_null(pl.lit([], dtype=pl.List(pl.String))), pl.col("rights_tier").fill_null("unknown")
    )


def beginnings(rows: pl.DataFrame, redaction: Redaction) -> dict[str, str | None]:
    """Return the beginning of each redacted text on one line, by `doc_id`; None for texts that aren't `readable`."""
    shown = redaction.of(rows.filter("readable"))
    texts = dict(shown.select("doc_id", "text").iter_rows())
    return {doc_id: beginning(texts[doc_id]) if doc_id in texts else None for doc_id in rows["doc_id"]}


def beginning(text: str | None, length: int = _BEGINNING) -> str:
    """Return the beginning of a text, on one line."""
    line = " ".join((text or "").split())
    return line if len(line) <= length else line[:length] + "…"
