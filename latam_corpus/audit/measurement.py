"""What `measure` reads: a file's rows, measured now, or a run's documents, measured then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus import schema, vocabulary
from latam_corpus.audit.documents import disclosure_of, run_meant, with_documents
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
        name: what was named.
        frame: `doc_id`, `language`, `genre`, `signals`, and as what readers `judged` it: `good`, `bad` or null.
        policies: what they are held against.
        texts: gives the documents with these ids again, whole.
        disclosure: which of them may be shown, and how they are redacted.
        unmeasured: documents of a run that fell before anything was measured.
        own: whether it is the reader's own file, without terms, and not documents of the catalogue.
    """

    name: str
    frame: pl.DataFrame
    policies: Policies
    texts: Callable[[Sequence[str]], pl.DataFrame]
    disclosure: Disclosure
    unmeasured: int = 0
    own: bool = False

    def beginnings(self, ids: Sequence[str], *, internal: bool = False) -> dict[str, str | None]:
        """Return by `doc_id` the redacted beginnings of texts; None where one may not be shown.

        Args:
            ids: of documents.
            internal: whether texts are shown whose terms hide them.
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
    every: bool = False,
    declared: Mapping[str, str] = MappingProxyType({}),
    anew: bool = False,
) -> MeasuredRows:
    """Return the documents of a file, of a folder of .txt files, or of a run given by its folder or name.

    Args:
        named: what the user typed.
        out: the folder in which `runs/` is.
        policies: a `filters/` folder; when empty, a run's own, and the shipped one for a file.
        today: the day on which terms are judged.
        tell: is given a sentence for each thing that a reader should know of the choice.
        every: whether signals that no policy bounds are measured in a file, too.
        declared: the `language` and `genre` of rows of a file that say none.
        anew: whether the documents of a run are measured now, as their texts stand.

    Raises:
        ConfigError: there is no such file or run, or it holds no document.
    """
    path = Path(named)
    judged = verdicts(read_judgements(out))
    if path.is_file() or _holds_texts(path):
        measured = _of_file(path, policies, today, tell, every, declared, judged)
    else:
        measured = measured_run(with_documents(_run_folder(named, out, tell)), policies, today, judged, anew=anew)
    _refuse_none(named, measured)
    return measured


def checked_facts(language: str, genre: str) -> dict[str, str]:
    """Return what somebody says of texts that say nothing themselves: a language by its code or name, and a genre.

    Raises:
        ConfigError: no language or genre is called so.

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


def _refuse_none(named: str, measured: MeasuredRows) -> None:
    """Refuse to tell of no document.

    Raises:
        ConfigError: none was measured.
    """
    if not measured.frame.height:
        if measured.unmeasured:
            problem = _("{n} {n:document|documents}, none measured", n=measured.unmeasured)
            raise ConfigError(named, problem, _("give the recipe a stage «filter» or «measure»"))
        raise ConfigError(named, _("no document is in it"))


def signal_table(measured: MeasuredRows) -> pl.DataFrame:
    """Give the signals that have values or bounds, a row for each language, genre and signal, the largest group first.

    Raises:
        ConfigError: no document was measured.
    """
    _refuse_none(measured.name, measured)
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
        for group in groups(measured.frame, measured.policies)
        for one in group.signals
        if one.bound or one.values
    ]
    numbers = dict.fromkeys([*(f"p{percent}" for percent in PERCENTS), "min", "max"], pl.Float64())
    return pl.DataFrame(rows, schema_overrides={**numbers, "file": pl.String()}, infer_schema_length=None)


def _of_file(
    path: Path,
    policies: str,
    today: date,
    tell: Callable[[str | Message], None],
    every: bool,
    declared: Mapping[str, str],
    judged: Mapping[str, Mapping[str, str]],
) -> MeasuredRows:
    stage = Measure(policies=policies, signals=(ALL,) if every else ())
    frames, own = [], True
    for rows, made in _rows_of(path, declared):
        documents = with_language(made, [stage], tell)
        _check_genres(documents, path)
        # A file that states no terms is the reader's own.
        own = own and not any(row.get("rights_tier") or row.get("rights") or row.get("uses") for row in rows)
        frames.append(_light(_with_judged(apply_stage(stage, Batch(documents)).frame, judged)))

    def again(ids: Sequence[str]) -> pl.DataFrame:
        wanted = pl.col("doc_id").is_in(list(ids))
        documents = (schema.conform(made, schema.DOCUMENT_SCHEMA) for _, made in _rows_of(path, declared))
        return pl.concat([one.filter(wanted) for one in documents])

    disclosure = Disclosure(today, Redaction(policies if (Path(policies) / "privacy").is_dir() else ""))
    return MeasuredRows(str(path), pl.concat(frames), cached_policies(policies), again, disclosure, own=own)


def _rows_of(path: Path, declared: Mapping[str, str]) -> Iterator[tuple[list[dict[str, Any]], pl.DataFrame]]:
    """Yield the rows of a file or of a folder of texts, some thousands at a time, and the documents made of them."""
    start = 0
    texts = path.is_dir() or path.suffix.lower() == ".txt"
    for rows in [text_rows(path)] if texts else read_chunks(path):
        yield rows, as_documents([{**declared, **_row_facts(row)} for row in rows], start, str(path))
        start += len(rows)


def _row_facts(row: Mapping[str, object]) -> dict[str, object]:
    """Return what a row says; nothing is said by an empty language or genre."""
    return {key: value for key, value in row.items() if value or key not in ("language", "genre")}


def _with_judged(frame: pl.DataFrame, judged: Mapping[str, Mapping[str, str]]) -> pl.DataFrame:
    """Return the rows, their texts whole, with how they were judged as they stand, or as redacted."""
    verdict = [
        next((known[one] for one in _hashes(text or "") if one in known), None)
        if (known := judged.get(doc_id))
        else None
        for doc_id, text in zip(frame["doc_id"], frame["text"], strict=True)
    ]
    return frame.with_columns(pl.Series("judged", verdict, dtype=pl.String))


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
    anew: bool = False,
) -> MeasuredRows:
    """Return the documents of the finished run in a folder, see `read_measured`.

    Args:
        folder: of the run.
        policies: see `read_measured`.
        today: see there.
        judged: the verdicts on documents, by the hash of the text.
        anew: see `read_measured`.
    """
    record = read_record(folder)
    record.files("filters")
    own = str(folder / "filters") if not policies and (folder / "filters" / "languages").is_dir() else ""
    used = cached_policies(policies or own)
    frames, unmeasured = [], 0
    files = sorted([*record.files("kept"), *record.files("dropped")])
    for file in files:
        whole = pl.lit(value=True) if anew else pl.col("doc_id").is_in(list(judged))
        text = pl.when(whole).then("text")
        rows = pl.scan_parquet(file, glob=False).select(*_LIGHT, "turns", text.alias("text")).collect()
        measured = rows.filter(pl.col("signals").is_not_null())
        unmeasured += rows.height - measured.height
        measured = _measured_anew(measured, used) if anew else measured
        frames.append(_light(_with_judged(measured, judged)))

    def again(ids: Sequence[str]) -> pl.DataFrame:
        wanted = pl.col("doc_id").is_in(list(ids))
        found = [schema.scan([file], schema.DOCUMENT_SCHEMA).filter(wanted).collect() for file in files]
        return pl.concat(found).unique("doc_id", keep="first", maintain_order=True)

    return MeasuredRows(folder.name, pl.concat(frames), used, again, disclosure_of(folder, today), unmeasured)


def _measured_anew(rows: pl.DataFrame, policies: Policies) -> pl.DataFrame:
    """Return the rows with the signals that texts alone give, measured now, and with the others as they were."""
    now = Measure(policies=str(policies.folder))(Batch(rows.drop("signals"))).frame["signals"].struct.unnest()
    then = rows["signals"].struct.unnest()
    absent = [name for name in now.columns if name in then.columns and now[name].is_null().all()]
    return rows.with_columns(now.with_columns(then.select(absent)).to_struct("signals"))


def _run_folder(named: str, out: Path, tell: Callable[[str | Message], None]) -> Path:
    try:
        return run_meant(named, out, tell)
    except ConfigError as error:
        if Path(named).suffix or "/" in named:
            remedy = _("name a JSONL or Parquet file, .txt or a folder of them, or a run's folder or name")
            raise ConfigError(named, _("there is no such file and no such run"), remedy) from None
        problem = _("neither a file nor a run: {problem}", problem=error.args[1])
        raise ConfigError(named, problem, error.args[2]) from None


def _light(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select("doc_id", pl.col("language").fill_null("und"), "genre", "signals", "judged")


def near_rows(groups: list[Group]) -> list[int]:
    """Return the rows of all documents at an edge."""
    return sorted({near.row for g in groups for m in g.signals for cost in m.costs for near in cost.edge})
