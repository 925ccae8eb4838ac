"""Samples of texts for judging: who may read which text, each reader's answers, and their agreement.

`lc.judge` stores the answers like those from sheets, so that runs, reports and cards of versions count them.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from django.utils import timezone

import latam_corpus as lc
from latam_corpus import schema
from latam_corpus.audit.documents import disclosure_of
from latam_corpus.report.sample_page import shown_rows
from latam_corpus.web.access.roles import collections_of
from latam_corpus.web.models import Job, Person, Role, Sample
from latam_corpus.web.releases.shares import store_folder
from latam_corpus.web.workspace import out_folder, state_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from latam_corpus.web.models import Collection

    Key = tuple[str, str]  # doc_id and text_hash

_LONGEST: Final = 20_000  # maximum number of characters that are shown of a text
_BY: Final = ("language",)


def current_run(collection: Collection) -> str:
    """Return a collection's last run; "" if there is none, or if files, rows or source have changed since."""
    job = collection.jobs.filter(kind="run", state=Job.State.DONE).first()
    is_current = job is not None and job.result.get("state") == state_of(collection, None)
    return str(job.result["run"]) if is_current else ""


def sources_of(person: Any) -> dict[str, Collection | None]:
    """Return the versions and runs from which a person may draw texts, each run with its collection."""
    versions = [] if person.role == Role.CONTRIBUTOR else lc.versions(store_folder())
    runs = {current_run(collection): collection for collection in collections_of(person)}
    return {**dict.fromkeys(reversed(versions)), **{run: collection for run, collection in runs.items() if run}}


def may_open_sample(person: Any, sample: Sample) -> bool:
    """Return whether a person may open a sample; `texts_of` decides about each of its texts."""
    if sample.collection is None:
        return bool(person.role != Role.CONTRIBUTOR)
    return bool(collections_of(person).filter(pk=sample.collection.pk).exists())


def draw(job: Job) -> dict[str, Any]:
    """Draw texts of each language for all readers, and return the samples. Drawing again returns the same texts.

    Raises:
        ConfigError: there is no such run or version, or none of its texts may be read.
    """
    named, number = job.arguments["named"], job.arguments["number"]
    try:
        rows = lc.sample(named, _BY, number, internal=_owns(job.person, job.collection), out=out_folder())
    except lc.ConfigError as error:  # its remedy is an option of the command line
        raise lc.ConfigError(error.place, error.problem, "") from None
    samples = []
    for (language,), group in rows.group_by("language", maintain_order=True):
        values = {"collection": job.collection, "texts": list(group.select("doc_id", "text_hash").iter_rows())}
        key = {"named": named, "language": language or "und", "number": number}
        samples.append(Sample.objects.get_or_create(**key, defaults=values)[0].pk)
    return {"samples": samples}


def _owns(person: Any, collection: Collection | None) -> bool:
    return collection is not None and collection.owner_id == person.pk


def texts_of(person: Any, sample: Sample) -> dict[int, dict[str, Any]]:
    """Return the redacted texts of a sample that a person may read now, by their places, from 1.

    The terms must allow people to read a text, but the owner of a collection may read its whole run. Texts that were
    withdrawn or are on hold are left out, and all texts of a run whose collection has changed since.
    """
    if sample.collection is not None and current_run(sample.collection) != sample.named:
        return {}
    withdrawals = store_folder() / "withdrawals"
    entries = tuple(sorted(path.name for path in withdrawals.iterdir())) if withdrawals.is_dir() else ()
    texts = tuple(map(tuple, sample.texts))
    rows: dict[Key, dict[str, Any]] = {}
    for internal in {False, _owns(person, sample.collection)}:
        rows |= _readable(out_folder(), sample.named, texts, internal, timezone.now().date(), entries)
    return {place: rows[key] for place, key in enumerate(texts, 1) if key in rows}


@lru_cache(maxsize=16)
def _readable(
    out: Path, named: str, texts: tuple[Key, ...], internal: bool, *as_of: object
) -> Mapping[Key, dict[str, Any]]:
    """Return those of some texts that may be read now, redacted; `as_of`, the day and the log, is only a cache key."""
    del as_of
    folder = None if "@" in named else out / "runs" / named
    try:
        documents = lc.open_run(named, out).documents() if folder else lc.open_release(out / "store", named).scan()
    except lc.ConfigError:  # the run was removed
        return {}
    drawn = documents.filter(pl.col("doc_id").is_in([doc_id for doc_id, _hash in texts])).collect()
    disclosure = disclosure_of(folder, datetime.now(UTC), internal=internal)
    frame = disclosure.marked(schema.conform(drawn, schema.DOCUMENT_SCHEMA)).filter("readable")
    rows = shown_rows(frame, named, _BY, disclosure.redaction) if frame.height else []
    return {(row["doc_id"], row["text_hash"]): _shown(row) for row in rows}


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    text = row["text"]
    return {**row, "language": row["language"] or "und", "text": text[:_LONGEST], "is_cut": len(text) > _LONGEST}


def judgements_of(texts: Mapping[int, Mapping[str, Any]]) -> lc.Judgements:
    """Return all readers' judgements of texts, and their agreement."""
    return lc.judgements(out_folder(), texts=[(row["doc_id"], row["text_hash"]) for row in texts.values()])


def answers_of(person: Any, texts: Mapping[int, Mapping[str, Any]], stored: lc.Judgements) -> dict[int, Any]:
    """Return a person's judgements of texts, by the places of the texts."""
    places = {(row["doc_id"], row["text_hash"]): place for place, row in texts.items()}
    return {places[judgement.text]: judgement for judgement in stored.rows if judgement.reader == person.username}


def agreement_of(
    person: Any, texts: Mapping[int, Mapping[str, Any]], stored: lc.Judgements
) -> list[dict[str, Any]] | None:
    """Return how far the readers who judged all these texts agree; None if the person may not see it yet.

    Stewards may see it, and readers who have judged all texts; others could infer other readers' answers.
    """
    judged: dict[str, set[Key]] = defaultdict(set)
    for judgement in stored.rows:
        judged[judgement.reader].add(judgement.text)
    finished = {reader for reader, keys in judged.items() if len(keys) == len(texts)}
    if person.username not in finished and person.role != Role.STEWARD:
        return None
    names = {reader.username: str(reader) for reader in Person.objects.filter(username__in=finished)}
    return [
        {
            "question": pair.question,
            "readers": " – ".join(names.get(reader, reader) for reader in pair.readers),
            "texts": pair.texts,
            "percent": round(100 * pair.alike / pair.texts),
            "kappa": pair.kappa,
        }
        for pair in stored.agreement
        if finished.issuperset(pair.readers)
    ]
