"""Draw documents to read, and store readers' judgements, like `latam-corpus sample` and `latam-corpus judge`."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping, Sequence  # noqa: TC003  (arguments are checked against them)
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003  (arguments are checked against it)
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus.api.arguments import Limit, check_arguments
from latam_corpus.audit.documents import CHOSEN
from latam_corpus.audit.samples import drawn_sample
from latam_corpus.codes import known_code
from latam_corpus.columns import DOCUMENT
from latam_corpus.errors import ConfigError
from latam_corpus.messages import Message, _
from latam_corpus.release.pages.judgements import (
    DIGEST,
    QUESTIONS,
    Agreement,
    Judgement,
    add_judgements,
    agreements,
    audited,
    read_judgements,
)
from latam_corpus.report.sample_page import COLUMNS, by_columns
from latam_corpus.schema import polars_type
from latam_corpus.storage.bucket import out_folder

if TYPE_CHECKING:
    from latam_corpus.release.storing.manifest import Audited

_TYPES: Final = {column.name: polars_type(column.type) for column in DOCUMENT}
_SCHEMA: Final = pl.Schema(
    {name: pl.String() if name == "text_hash" else _TYPES.get(name, pl.String()) for name in COLUMNS}
)
_DRAWN_KEYS: Final = ("doc_id", "text_hash", "drawn_from", "drawn_by", "language")


def sample(
    named: str | Path,
    by: Sequence[str] = (),
    n: Limit = 10,
    *,
    seed: int = 1,
    dropped: bool = False,
    internal: bool = False,
    out: str | Path = "out",
    store: str | Path | None = None,
) -> pl.DataFrame:
    """Draw documents of a run or a version at random; the same seed draws the same documents.

    Documents that were withdrawn, or whose terms don't allow them to be read, are left out. Recognised personal data is
    masked.

    Args:
        named: a run, see `open_run`, or `NAME[@VERSION]` of a release.
        by: the columns that define groups, such as `["language", "genre"]`; if empty, all documents are one group.
        n: the number of documents; with `by`, the number per group.
        seed: another seed draws other documents.
        dropped: whether to draw from the documents that a run dropped.
        internal: whether to include documents whose terms don't allow them to be shown.
        out: the folder of runs.
        store: the release store; `<out>/store` by default.

    Returns:
        A row for each document, sorted by group: columns of documents, and `text_hash` (hex), `drawn_from` and
        `drawn_by`, which `judge` needs.

    Raises:
        ConfigError: there is no such run or release, or it has no document that may be shown.
    """
    check_arguments(sample, locals())
    columns = by_columns(",".join(by))
    drawn = drawn_sample(
        str(named),
        columns,
        n,
        seed,
        out_folder(out),
        None if store is None else str(store),
        _warn,
        set_aside=dropped,
        internal=internal,
    )
    return pl.DataFrame(drawn.rows, schema=_SCHEMA)


def _warn(note: str | Message) -> None:
    """Warn about a choice that may not be the intended one, like `open_run`."""
    if not (isinstance(note, Message) and note.msgid == CHOSEN.msgid):
        warnings.warn(str(note), stacklevel=5)


def judge(judgements: Sequence[Mapping[str, Any]], reader: str, out: str | Path = "out") -> int:
    """Store a reader's judgements of texts that `sample` drew; return how many replaced earlier ones by this reader.

    A later judgement of the same text by the same reader replaces the earlier one. `lc.Run.measure`, reports and cards
    of releases use the stored judgements. Cards state the number of readers, not their names.

    Args:
        judgements: one mapping per text, with the columns `doc_id`, `text_hash`, `drawn_from`, `drawn_by` and
            `language` of its row in the sample; `answers` by question (`verdict`: `good`, `bad` or `unsure`;
            `language`, `natural` and `personal_data`: `yes`, `no` or `unsure`; for `language`, also the code of the
            text's language); and `note`.
        reader: the name of the reader.
        out: the folder of runs.

    Raises:
        ConfigError: a judgement lacks a column, has no answer, or has an answer that isn't allowed; or the judgements
            can't be stored. In these cases nothing is stored.
    """
    check_arguments(judge, locals())
    name = " ".join(reader.split())
    if not name:
        raise ConfigError("reader", _("it is empty"), _("name who read the texts"))
    day = datetime.now(UTC).date().isoformat()
    digest = hashlib.sha256(json.dumps([dict(row) for row in judgements], sort_keys=True, default=str).encode())
    judged = [
        _judgement(f"judgements[{number}]", row, name, day, digest.hexdigest()[:16])
        for number, row in enumerate(judgements)
    ]
    return add_judgements(out_folder(out), judged) if judged else 0


def _judgement(place: str, row: Mapping[str, Any], reader: str, day: str, digest: str) -> Judgement:
    """Return the judgement of a row."""
    for key in _DRAWN_KEYS:
        if not isinstance(row.get(key), str):
            raise ConfigError(
                place, _("it has no «{key}»", key=key), _("use the value from the row that `sample` returned")
            )
    if not DIGEST.fullmatch(row["text_hash"]):
        problem = _("«{key}» is {given}", key="text_hash", given=row["text_hash"])
        raise ConfigError(place, problem, _("use the value from the row that `sample` returned"))
    answers = {question: answer for question, answer in dict(row.get("answers") or {}).items() if answer}
    if not answers:
        raise ConfigError(place, _("it has no answer"), _("answer one of: {known}", known=", ".join(QUESTIONS)))
    for question, answer in answers.items():
        allowed = QUESTIONS.get(question)
        if allowed is None:
            problem = _("there is no question «{question}»", question=question)
            raise ConfigError(place, problem, _("answer one of: {known}", known=", ".join(QUESTIONS)))
        if answer not in allowed and not (question == "language" and known_code(str(answer)) == answer):
            problem = _("«{key}» is {given}", key=question, given=answer)
            raise ConfigError(place, problem, _("choose one: {known}", known=", ".join(allowed)))
    drawn = (row["drawn_from"], row["drawn_by"], row["language"])
    note = str(row.get("note") or "")
    return Judgement(row["doc_id"], row["text_hash"], reader, day, digest, *drawn, answers, note)


@dataclass(frozen=True)
class Judgements:
    """The stored judgements of a folder of runs.

    Attributes:
        rows: the judgements, each of one text by one reader.
        shares: for each group that texts were drawn from and each question, how many texts are right.
        agreement: the agreement of each pair of readers on each question, with Cohen's kappa.
    """

    rows: tuple[Judgement, ...]
    shares: tuple[Audited, ...]
    agreement: tuple[Agreement, ...]


def judgements(
    out: str | Path = "out",
    *,
    texts: Sequence[tuple[str, str]] | None = None,
    readers: Sequence[str] | None = None,
) -> Judgements:
    """Return the judgements stored in a folder of runs, like `latam-corpus judge show`.

    Args:
        out: the folder of runs.
        texts: only judgements of these texts, by `doc_id` and `text_hash`; all by default.
        readers: only judgements by these readers; all by default.

    Raises:
        ConfigError: the file with the judgements is damaged.
    """
    check_arguments(judgements, locals())
    wanted = None if texts is None else set(texts)
    rows = [
        judgement
        for judgement in read_judgements(out_folder(out))
        if (wanted is None or judgement.text in wanted) and (readers is None or judgement.reader in readers)
    ]
    shares = audited(rows, {judgement.text: judgement.named for judgement in rows})
    return Judgements(tuple(rows), shares, tuple(agreements(rows)))
