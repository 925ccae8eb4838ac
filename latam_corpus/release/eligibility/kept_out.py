"""Copies of withdrawn documents that must not replace them: from the same source, or by the same people.

A run or a version dropped them as duplicates of withdrawn documents, so that their texts agree. By default, only a copy
from another source and by other people may be released. If a text or a person's works are withdrawn, no copy may be; if
a whole source is withdrawn, the people of a copy don't matter, since the withdrawal doesn't concern them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.messages import _
from latam_corpus.release.refusals.withdrawn_names import person_keys
from latam_corpus.release.storing.withdrawal_log import KEPT_OUT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latam_corpus.messages import Message
    from latam_corpus.release.eligibility.replacement_copies import ReplacementCopies
    from latam_corpus.release.storing.withdrawal_log import By

WORDS: Final = "words"
SOURCE: Final = "source"
PEOPLE: Final = "people"
OTHER_COPY: Final = "other copy"
_REASONS: Final = {
    WORDS: _("its text was withdrawn"),
    SOURCE: _("it is from the same source as the withdrawn document"),
    PEOPLE: _("the same people made or brought it"),
    OTHER_COPY: _("another copy took its place"),
}
# Names for unknown people in catalogues; equal names don't mean the same person.
_UNKNOWN_PEOPLE: Final = frozenset(
    {"", "anonimo", "anonima", "anonimos", "anonymous", "anon", "autor desconocido", "desconocido", "desconhecido",
     "unknown", "s n", "sin autor", "sem autor", "varios", "varios autores", "aa vv", "vv aa", "tradicional", "popular"}
)  # fmt: skip
PEOPLE_COLUMNS: Final = ("doc_id", "source_id", "creators", "contributor")


def reason_of(why: str) -> Message:
    """Describe why a copy wasn't released, given a reason from this module or from a ledger."""
    return _REASONS.get(why) or _("its terms: {reason}", reason=why)


def kept_out(documents: pl.DataFrame, kinds: dict[str, set[By]], copies: ReplacementCopies) -> pl.DataFrame:
    """Return the copies that must not be released, KEPT_OUT.

    `kinds` has the selections that matched each document, by its id.
    """
    originals = {row[0]: (row[1], _people(*row[2:])) for row in documents.select(PEOPLE_COLUMNS).iter_rows()}
    original_ids = dict(copies.of.iter_rows()) | dict(copies.unfinished.select("doc_id", "of").iter_rows())
    columns = schema.DOCUMENT_SCHEMA
    types = pl.Schema({name: columns[name] for name in PEOPLE_COLUMNS})
    frames = [schema.conform(frame, types) for part in copies.parts for frame in part.batches()]
    frames.append(schema.conform(copies.unfinished, types))
    rows = []
    for copy, source, *people in pl.concat(frames).iter_rows():
        # A copy of a document that replaced a withdrawn one may be a copy of any of the withdrawn documents.
        ids = [original_ids[copy]] if original_ids.get(copy) in originals else list(originals)
        why = _why(source, _people(*people), [(*originals[doc_id], kinds.get(doc_id, set())) for doc_id in ids])
        if why and copy not in originals:
            rows.append((copy, why))
    return pl.DataFrame(rows, schema=KEPT_OUT, orient="row").unique("doc_id", keep="first").sort("doc_id")


def _why(source: str, people: frozenset[str], originals: Iterable[tuple[str, frozenset[str], set[By]]]) -> str | None:
    reasons = set()
    for own_source, own_people, kinds in originals:
        if kinds & {"text", "creator"}:
            reasons.add(WORDS)
        if source == own_source:
            reasons.add(SOURCE)
        if kinds & {"doc", "url"} and people & own_people:
            reasons.add(PEOPLE)
    return next((why for why in (WORDS, SOURCE, PEOPLE) if why in reasons), None)


def _people(creators: list[str] | None, contributor: str | None) -> frozenset[str]:
    names = [name for name in (*(creators or ()), contributor) if name]
    return frozenset(key for name in names for key in person_keys(name)) - _UNKNOWN_PEOPLE
