"""What may be shown of documents: redacted, and only where their terms allow it and nobody has withdrawn them.

Pages that stay with a run name its documents by title and file whatever their terms, for whoever ran it.

Every text that people see comes through here, and so do titles, authors, addresses and names of files. Documents may
have fallen before the stage `redact` of their run, or their run had none: they are redacted as that stage does it, by
genre and country, by the run's policies and by the lists of their sources. Whole texts are redacted: a text that is cut
first may end within an identifier, or lack the word before it.
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
from latam_corpus.release.eligibility.admission import Terms, closed_by_labels
from latam_corpus.release.refusals import tombstones

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from latam_corpus.release.storing.withdrawal_log import WithdrawalLog

_BEGINNING: Final = 200
_BY: Final = ("genre", "country", "source_id", "turns", "drop_reason")  # what the redaction of a row rests on
KEPT: Final = ""  # among reasons why documents fell


@dataclass(frozen=True)
class Redaction:
    """How documents are redacted before people see them.

    Attributes:
        policies: a `filters/` folder; the shipped one when empty.
        names: source ids, each with its file of third persons' names.
        speakers: source ids, each with the key of its speakers.
        passed: why documents fell that had passed a run's `redact`, KEPT for those that didn't fall: their speakers
            have codes, and the lists were applied.
    """

    READS: ClassVar[tuple[str, ...]] = tuple(dict.fromkeys(("text", *schema.FREE_FIELDS, *_BY)))
    _SHOWN: ClassVar[tuple[str, ...]] = ("text", *(name for name in schema.FREE_FIELDS if name != "turns"))

    policies: str = ""
    names: tuple[tuple[str, str], ...] = ()
    speakers: tuple[tuple[str, str], ...] = ()
    passed: frozenset[str] = frozenset()

    @classmethod
    def of_run(cls, folder: Path, values: Mapping[str, Any]) -> Redaction:
        """Return that of a finished run; of what isn't one, as a version, all documents have passed `redact`.

        Args:
            folder: the run's.
            values: what `run.json` says.
        """
        if "recipe" not in values:
            return cls(passed=frozenset({KEPT}))
        try:
            lists = read_attempt(folder).get("lists", {})
        except ValueError:
            lists = {}
        stated = [(source["id"], source.get("consent") or {}) for source in values.get("sources", ())]
        names, speakers = (
            tuple((one, lists.get(kind, {}).get(one, consent[kind])) for one, consent in stated if consent.get(kind))
            for kind in ("third_persons", "speakers")
        )
        return cls(_policies(folder), names, speakers, _passed(values.get("stages") or {}))

    def of(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows with their texts and metadata redacted.

        Args:
            frame: with `drop_reason` and any other of READS.

        Raises:
            ConfigError: a list isn't there by which one of the rows is redacted.
        """
        raw = ~frame["drop_reason"].fill_null(KEPT).is_in(list(self.passed))
        sources = set(frame.filter(raw)["source_id"])
        names, speakers = (_there(lists, sources) for lists in (self.names, self.speakers))
        rows = frame.select(name for name in self.READS if name in frame.columns)
        # A page is made of whatever stands in the rows; `redact` itself refuses a country that is none.
        countries = {one: country_of(one) for one in rows["country"].drop_nulls().unique()}
        rows = rows.with_columns(pl.col("country").replace_strict(countries, default=None, return_dtype=pl.String))
        if "turns" in rows.columns:
            rows = rows.with_columns(pl.when(raw).then("turns"))
        redacted = Redact(self.policies, names, speakers)(Batch(rows)).frame
        return frame.with_columns(redacted[name] for name in self._SHOWN if name in frame.columns)

    def value(self, value: Any, row: Mapping[str, Any]) -> Any:
        """Return a value of a row's ledger with what is written in it redacted as the row's text was."""
        if isinstance(value, dict):
            return {key: self.value(one, row) for key, one in value.items()}
        if isinstance(value, list):
            return [self.value(one, row) for one in value]
        if not isinstance(value, str):
            return value
        genre = INTERVIEW if is_interview(row["turns"]) else row["genre"]
        facts = {**{name: row[name] for name in ("country", "source_id", "drop_reason")}, "genre": genre, "text": value}
        return replace(self, passed=frozenset()).row(facts)["text"]

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row with its text and metadata redacted."""
        columns = {name: schema.DOCUMENT_SCHEMA[name] for name in self.READS}
        frame = pl.DataFrame([{name: row.get(name) for name in columns}], schema=columns)
        return {**row, **self.of(frame).select(self._SHOWN).row(0, named=True)}

    def metadata(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row with its metadata redacted, for which no list is needed; its title and text stay as they are."""
        unread = {"title": None, "text": None, "turns": None}
        redacted = replace(self, names=(), speakers=()).row({**row, **unread})
        return {**redacted, **{name: row[name] for name in unread}}


def _policies(folder: Path) -> str:
    """Return the run's own policies; none where it kept none, or where they lack a kind that is known since."""
    own = folder / "filters"
    if not (own / "privacy").is_dir():
        return ""
    try:
        privacy_policies(str(own))
    except ConfigError:
        return ""
    return str(own)


def _passed(stages: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """Return why documents fell after `redact` alone, as a run's record counts them by stage.

    >>> sorted(_passed({"filter": {"dropped": {"x<1": 2}}, "redact": {}, "dedupe": {"dropped": {"duplicate": 1}}}))
    ['', 'duplicate']
    """
    names = list(stages)
    if Redact.name not in names:
        return frozenset()
    at = names.index(Redact.name)
    before, after = (
        {reason for name in some for counts in ("dropped", "failed") for reason in stages[name].get(counts, ())}
        for some in (names[: at + 1], names[at:])
    )
    return frozenset({KEPT, *after} - before)


def _there(lists: Sequence[tuple[str, str]], sources: set[str | None]) -> tuple[tuple[str, str], ...]:
    """Return the lists of these sources.

    Raises:
        ConfigError: one isn't there.
    """
    mine = tuple((source, path) for source, path in lists if source in sources)
    for source, path in mine:
        if not Path(path).is_file():
            raise ConfigError(
                path,
                _("the list by which texts of «{source}» are redacted isn't there", source=source),
                _("put it back there, or give the run's command again: what was done is kept"),
            )
    return mine


@dataclass(frozen=True)
class Disclosure:
    """What people may see of the documents of a run or a version.

    Attributes:
        today: the day on which terms are judged, or the moment, in UTC.
        redaction: how they are redacted.
        log: of the store, which says what is withdrawn; None where there is no store.
        internal: whether texts are shown whose terms hide them; what is withdrawn isn't.
        names: whether documents are named by title and file although their terms hide their texts. For pages that stay
            with the run; what is withdrawn, or closed by a label, isn't named.
    """

    today: date
    redaction: Redaction = Redaction()
    log: WithdrawalLog | None = None
    internal: bool = False
    names: bool = False

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns by which it is judged whether a document may be shown, but for its text."""
        return (*Terms.READS, "drop_reason", *(tombstones.READS if self._log else ()))

    @property
    def _log(self) -> WithdrawalLog | None:
        return self.log if self.log and self.log.binding else None

    def marked(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the frame with the columns `withdrawn`, `readable` and `nameable`.

        `readable` says whether a document may be shown, `nameable` whether its title and file may be.

        Args:
            frame: with `reads`; with `text`, as it stands, where what says the same as a withdrawn text is told, too.
        """
        withdrawn = self.withdrawn_by(frame).is_not_null() | (frame["drop_reason"] == WITHDRAWN).fill_null(value=False)
        rows = with_readable(frame, self.today).with_columns(withdrawn.alias("withdrawn"))
        rows = rows.with_columns((pl.col("readable") | self.internal) & ~pl.col("withdrawn"))
        closed = _terms(frame).select(closed_by_labels().is_not_null()).to_series()
        named = pl.lit(self.names) & ~closed & ~pl.col("withdrawn")
        return rows.with_columns((pl.col("readable") | named).alias("nameable"))

    def withdrawn_by(self, frame: pl.DataFrame) -> pl.Series:
        """Return for each row the number of the log's entry that withdraws it; null where none does."""
        log = self._log
        if log is None:
            return pl.Series("number", [None] * frame.height, dtype=pl.UInt32)
        listed = log.rows.select("doc_id", "number").unique("doc_id", keep="first", maintain_order=True)
        rows = frame.select("doc_id").join(listed, on="doc_id", how="left", maintain_order="left")
        stones = tombstones.Tombstones(log)
        numbers = [rows["number"], stones.about(frame)]
        if "text" in frame.columns:
            matches = stones.matching_texts(frame.with_columns(pl.col("text").fill_null("")))
            rows = pl.DataFrame({"row": pl.arange(frame.height, dtype=pl.UInt32, eager=True)})
            numbers.append(rows.join(matches, on="row", how="left", maintain_order="left")["number"])
        return pl.select(pl.coalesce(pl.lit(one) for one in numbers).alias("number")).to_series()

    def redacted(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows with their texts and metadata redacted, see `Redaction.of`."""
        return self.redaction.of(frame)


def readable(today: date) -> pl.Expr:
    """Whether a row's terms allow it to be shown: rights that are known, the use `redistribute`, no embargo or label.

    Args:
        today: the day; of a moment in UTC, the day of each row's country too.

    >>> from datetime import date
    >>> rows = pl.DataFrame({"rights_tier": ["open", "open"], "uses": [["redistribute"], ["train"]]})
    >>> rows = schema.conform(rows, pl.Schema({name: schema.DOCUMENT_SCHEMA[name] for name in Terms.READS}))
    >>> rows.select(readable(date(2026, 11, 25))).to_series().to_list()
    [True, False]
    """
    day, now = (today.date(), today) if isinstance(today, datetime) else (today, None)
    terms = Terms(vocabulary.RIGHTS_TIERS[:-1], ("redistribute",), day, now)
    return pl.coalesce(closed_by_labels(), terms.refusal()).is_null()


def with_readable(frame: pl.DataFrame, today: date) -> pl.DataFrame:
    """Return the frame with the column `readable`; what isn't stated allows nothing."""
    return frame.with_columns(_terms(frame).select(readable(today).alias("readable")).to_series())


def _terms(frame: pl.DataFrame) -> pl.DataFrame:
    terms = schema.conform(frame, pl.Schema({name: schema.DOCUMENT_SCHEMA[name] for name in Terms.READS}))
    return terms.with_columns(
        pl.col("uses").fill_null(pl.lit([], dtype=pl.List(pl.String))), pl.col("rights_tier").fill_null("unknown")
    )


def beginnings(rows: pl.DataFrame, redaction: Redaction) -> dict[str, str | None]:
    """Return by `doc_id` the beginning of each redacted text, on one line; None where it isn't `readable`.

    Args:
        rows: with whole texts, what `redaction` reads, and `readable`.
        redaction: how they are redacted.
    """
    shown = redaction.of(rows.filter("readable"))
    texts = dict(shown.select("doc_id", "text").iter_rows())
    return {doc_id: beginning(texts[doc_id]) if doc_id in texts else None for doc_id in rows["doc_id"]}


def beginning(text: str | None, most: int = _BEGINNING) -> str:
    """Return the beginning of a text, on one line."""
    whole = " ".join((text or "").split())
    return whole if len(whole) <= most else whole[:most] + "…"
