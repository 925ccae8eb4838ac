"""Read the input of `measure`: measure the rows of a file, or read the documents of a run with their signals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus import schema, vocabulary
from latam_corpus.audit.documents import disclosure_of, resolve_run, with_documents
from latam_corpus.batch import Batch
from latam_corpus.catalog.display_names import language_of, near_word
from latam_corpus.catalog.named_values import genre_of
from latam_corpus.codes import iso_code
from latam_corpus.collect.row_files import as_documents, read_chunks, text_rows
from latam_corpus.dedupe.fingerprints.fingerprint import text_hash
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _
from latam_corpus.pipeline.execution.one_stage import with_language
from latam_corpus.pipeline.rows.conserve import apply_stage
from latam_corpus.pipeline.stored_runs.run_record import RUN_FILE, read_record
from latam_corpus.policies.policy import cached_policies
from latam_corpus.privacy.redact import redact
from latam_corpus.quality.distribution import PERCENTS, groups
from latam_corpus.quality.measure import ALL, Measure
from latam_corpus.release.pages.judgements import read_judgements, verdicts
from latam_corpus.report.disclosure import Disclosure, Redaction
from latam_corpus.report.disclosure import beginnings as shown_beginnings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from latam_corpus.messages import Message
    from latam_corpus.policies.policy import Policies
    from latam_corpus.quality.distribution import Group

_LIGHT: Final = ("doc_id", "language", "genre", "signals")
_NOTHING: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType({})


@dataclass(frozen=True)
class MeasuredRows:
    """Documents with their signals.

    Attributes:
        frame: `doc_id`, `language`, `genre`, `signals`, and the readers' verdict `judged`: `good`, `bad` or null.
        texts: a function that reads the complete documents with these ids.
        unmeasured: the number of a run's documents that were dropped before anything was measured.
        own: whether the input is a file without terms, which is taken to be the user's own.
    """

    name: str
    frame: pl.DataFrame
    policies: Policies
    texts: Callable[[Sequence[str]], pl.DataFrame]
    disclosure: Disclosure
    unmeasured: int = 0
    own: bool = False

    def beginnings(self, ids: Sequence[str], *, internal: bool = False) -> dict[str, str | None]:
        """Return the redacted beginnings of texts, by `doc_id`; None for a text that may not be shown.

        With `internal`, texts whose terms don't allow display are shown too.
        """
        rows = self.texts(ids)
        disclosure = replace(self.disclosure, internal=internal or self.own)
        return shown_beginnings(disclosure.marked(rows), disclosure.redaction) if ids else {}


def read_measured(
    named: str,
    out: Path,
    policies: str,
    today: date,
    tell: Callable[[str | Message], None],
    *,
    all_signals: bool = False,
    declared: Mapping[str, str] = MappingProxyType({}),
    remeasure: bool = False,
) -> MeasuredRows:
    """Return the documents of a file, of a folder of .txt files, or of a run.

    If `policies` is empty, a run's own policies are used, or the shipped ones for a file. Rows of a file that don't
    state their `language` and `genre` have the declared ones, and `all_signals` also measures its signals without a
    bound. `remeasure` measures the documents of a run again.

    Raises:
        ConfigError: the file or run doesn't exist, or has no documents.
    """
    path = Path(named)
    judged = verdicts(read_judgements(out))
    if path.is_file() or _holds_texts(path):
        measured = _of_file(path, policies, today, tell, all_signals, declared, judged)
    else:
        folder = with_documents(_run_folder(named, out, tell))
        measured = measured_run(folder, policies, today, judged, remeasure=remeasure)
    _check_not_empty(named, measured)
    return measured


def checked_facts(language: str, genre: str) -> dict[str, str]:
    """Return the codes of the `language` and `genre` that a user states for texts by code or name.

    Raises:
        ConfigError: the language or the genre is unknown.

    >>> checked_facts("náhuatl", "história oral")
    {'language': 'nah', 'genre': 'oral_history'}
    """
    facts = {}
    if language:
        facts["language"] = language_of(language) or iso_code(language, "--language")
    if genre:
        word = genre_of(genre)
        if word is None:
            near = near_word("genre", genre, vocabulary.GENRES)
            raise ConfigError(
                "--genre", _("there is no genre «{name}»", name=genre), closest(near or genre, vocabulary.GENRES)
            )
        facts["genre"] = word
    return facts


def _holds_texts(path: Path) -> bool:
    return path.is_dir() and not (path / RUN_FILE).is_file() and next(path.rglob("*.txt"), None) is not None


def _check_not_empty(named: str, measured: MeasuredRows) -> None:
    """Raise ConfigError if no document was measured."""
    if not measured.frame.height:
        if measured.unmeasured:
            problem = _("{n} {n:document|documents}, none measured", n=measured.unmeasured)
            raise ConfigError(named, problem, _("give the recipe a stage «filter» or «measure»"))
        raise ConfigError(named, _("it has no documents"))


def signal_table(measured: MeasuredRows) -> pl.DataFrame:
    """Return a row for each language, genre and signal with values or a bound, the largest group first.

    Raises:
        ConfigError: no document was measured.
    """
    _check_not_empty(measured.name, measured)
    rows = [
        {
            "language": group.language,
            "genre": group.genre,
            "documents": group.documents,
            "signal": signal.signal,
            **{f"p{percent}": signal.quantiles.get(percent) for percent in PERCENTS},
            "min": signal.bound and signal.bound.minimum,
            "max": signal.bound and signal.bound.maximum,
            "file": signal.bound and signal.bound.file,
            "would_drop": signal.drops,
            "would_drop_alone": signal.alone,
        }
        for group in groups(measured.frame, measured.policies)
        for signal in group.signals
        if signal.bound or signal.values
    ]
    numbers = dict.fromkeys([*(f"p{percent}" for percent in PERCENTS), "min", "max"], pl.Float64())
    return pl.DataFrame(rows, schema_overrides={**numbers, "file": pl.String()}, infer_schema_length=None)


def _of_file(
    path: Path,
    policies: str,
    today: date,
    tell: Callable[[str | Message], None],
    all_signals: bool,
    declared: Mapping[str, str],
    judged: Mapping[str, Mapping[str, str]],
) -> MeasuredRows:
    stage = Measure(policies=policies, signals=(ALL,) if all_signals else ())
    frames, own = [], True
    for rows, unlabelled in _rows_of(path, declared):
        documents = with_language(unlabelled, [stage], tell)
        _check_genres(documents, path)
        # A file without terms is taken to be the user's own.
        own = own and not any(row.get("rights_tier") or row.get("rights") or row.get("uses") for row in rows)
        frames.append(_light(_with_judged(apply_stage(stage, Batch(documents)).frame, judged)))

    def read_documents(ids: Sequence[str]) -> pl.DataFrame:
        has_id = pl.col("doc_id").is_in(list(ids))
        frames = (schema.conform(documents, schema.DOCUMENT_SCHEMA) for _, documents in _rows_of(path, declared))
        return pl.concat([frame.filter(has_id) for frame in frames])

    disclosure = Disclosure(today, Redaction(policies if (Path(policies) / "privacy").is_dir() else ""))
    return MeasuredRows(str(path), pl.concat(frames), cached_policies(policies), read_documents, disclosure, own=own)


def _rows_of(path: Path, declared: Mapping[str, str]) -> Iterator[tuple[list[dict[str, Any]], pl.DataFrame]]:
    """Yield the rows of a file or of a folder of texts, some thousands at a time, with the documents made from them."""
    start = 0
    texts = path.is_dir() or path.suffix.lower() == ".txt"
    for rows in [text_rows(path)] if texts else read_chunks(path):
        yield rows, as_documents([{**declared, **_row_facts(row)} for row in rows], start, str(path))
        start += len(rows)


def _row_facts(row: Mapping[str, object]) -> dict[str, object]:
    """Return the values of a row, except an empty language or genre."""
    return {key: value for key, value in row.items() if value or key not in ("language", "genre")}


def _with_judged(frame: pl.DataFrame, judged: Mapping[str, Mapping[str, str]]) -> pl.DataFrame:
    """Add readers' verdicts on each text, or on its redacted form, as `judged`."""
    verdicts_of_rows = [
        next((by_hash[digest] for digest in _hashes(text or "") if digest in by_hash), None)
        if (by_hash := judged.get(doc_id))
        else None
        for doc_id, text in zip(frame["doc_id"], frame["text"], strict=True)
    ]
    return frame.with_columns(pl.Series("judged", verdicts_of_rows, dtype=pl.String))


def _hashes(text: str) -> Iterator[str]:
    yield text_hash(text).hex()
    yield text_hash(redact(text)[0]).hex()


def _check_genres(documents: pl.DataFrame, path: Path) -> None:
    for genre in documents["genre"].unique():
        if genre not in vocabulary.GENRES:
            problem = _("there is no genre «{name}»", name=genre)
            raise ConfigError(f"{path}, «genre»", problem, ", ".join(vocabulary.GENRES))


def measured_run(
    folder: Path,
    policies: str,
    today: date,
    judged: Mapping[str, Mapping[str, str]] = _NOTHING,
    *,
    remeasure: bool = False,
) -> MeasuredRows:
    """Return the documents of a finished run with their signals, see `read_measured`.

    `judged` has, for each document id, the verdicts by the hash of the text.
    """
    record = read_record(folder)
    record.files("filters")
    own = str(folder / "filters") if not policies and (folder / "filters" / "languages").is_dir() else ""
    used = cached_policies(policies or own)
    frames, unmeasured = [], 0
    files = sorted([*record.files("kept"), *record.files("dropped")])
    for file in files:
        needs_text = pl.lit(value=True) if remeasure else pl.col("doc_id").is_in(list(judged))
        text = pl.when(needs_text).then("text")
        rows = pl.scan_parquet(file, glob=False).select(*_LIGHT, "turns", text.alias("text")).collect()
        measured = rows.filter(pl.col("signals").is_not_null())
        unmeasured += rows.height - measured.height
        measured = _remeasured(measured, used) if remeasure else measured
        frames.append(_light(_with_judged(measured, judged)))

    def read_documents(ids: Sequence[str]) -> pl.DataFrame:
        has_id = pl.col("doc_id").is_in(list(ids))
        documents = [schema.scan([file], schema.DOCUMENT_SCHEMA).filter(has_id).collect() for file in files]
        return pl.concat(documents).unique("doc_id", keep="first", maintain_order=True)

    return MeasuredRows(folder.name, pl.concat(frames), used, read_documents, disclosure_of(folder, today), unmeasured)


def _remeasured(rows: pl.DataFrame, policies: Policies) -> pl.DataFrame:
    """Measure the signals that depend only on the text again, and keep the others."""
    new = Measure(policies=str(policies.folder))(Batch(rows.drop("signals"))).frame["signals"].struct.unnest()
    old = rows["signals"].struct.unnest()
    unmeasured = [name for name in new.columns if name in old.columns and new[name].is_null().all()]
    return rows.with_columns(new.with_columns(old.select(unmeasured)).to_struct("signals"))


def _run_folder(named: str, out: Path, tell: Callable[[str | Message], None]) -> Path:
    try:
        return resolve_run(named, out, tell)
    except ConfigError as error:
        if Path(named).suffix or "/" in named:
            remedy = _("name a JSONL or Parquet file, .txt or a folder of them, or a run's folder or name")
            raise ConfigError(named, _("there is no such file and no such run"), remedy) from None
        problem = _("neither a file nor a run: {problem}", problem=error.args[1])
        raise ConfigError(named, problem, error.args[2]) from None


def _light(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select("doc_id", pl.col("language").fill_null("und"), "genre", "signals", "judged")


def near_rows(groups: list[Group]) -> list[int]:
    """Return the row numbers of documents that are close to a bound."""
    return sorted({near.row for g in groups for m in g.signals for cost in m.costs for near in cost.edge})
