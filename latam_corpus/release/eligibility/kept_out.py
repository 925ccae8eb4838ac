"""Copies of withdrawn documents that must not take their place: from the same source, or by the same people.

A run or a version dropped them as duplicates of what is withdrawn, so that they say the same. By default only another
source's copy by other people comes back. If the words themselves are withdrawn (a text, a person's works) none does,
and if a whole source is withdrawn the people of a copy do not matter, since nobody named them.
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
    from latam_corpus.release.eligibility.replacement_copies import Twins
    from latam_corpus.release.storing.withdrawal_log import By

WORDS: Final = "words"
SOURCE: Final = "source"
PEOPLE: Final = "people"
OTHER_COPY: Final = "other copy"
_REASONS: Final = {
    WORDS: _("its words are withdrawn"),
    SOURCE: _("it is from the same source as the withdrawn document"),
    PEOPLE: _("the same people made or brought it"),
    OTHER_COPY: _("another copy took the place"),
}
# What catalogues write if they know nobody; two such values are not the same people.
_NOBODY: Final = frozenset(
    {"", "anonimo", "anonima", "anonimos", "anonymous", "anon", "autor desconocido", "desconocido", "desconhecido",
     "unknown", "s n", "sin autor", "sem autor", "varios", "varios autores", "aa vv", "vv aa", "tradicional", "popular"}
)  # fmt: skip
PEOPLE_COLUMNS: Final = ("doc_id", "source_id", "creators", "contributor")


def reason_of(why: str) -> Message:
    """Return why a copy did not come back, for people: a reason of this module, or of a ledger."""
    return _REASONS.get(why) or _("its terms: {reason}", reason=why)


def kept_out(documents: pl.DataFrame, kinds: dict[str, set[By]], twins: Twins) -> pl.DataFrame:
    """Return the copies that stay out, KEPT_OUT.

    Args:
        documents: what is withdrawn, with PEOPLE_COLUMNS.
        kinds: by the id of each document, how it was named.
        twins: its copies.
    """
    originals = {row[0]: (row[1], _people(*row[2:])) for row in documents.select(PEOPLE_COLUMNS).iter_rows()}
    of = dict(twins.of.iter_rows()) | dict(twins.unfinished.select("doc_id", "of").iter_rows())
    columns = schema.DOCUMENT_SCHEMA
    types = pl.Schema({name: columns[name] for name in PEOPLE_COLUMNS})
    copies = [schema.conform(frame, types) for part in twins.parts for frame in part.batches()]
    copies.append(schema.conform(twins.unfinished, types))
    rows = []
    for copy, source, *people in pl.concat(copies).iter_rows():
        # A copy of what had come in the place of a withdrawn document may be of any of these.
        ids = [of[copy]] if of.get(copy) in originals else list(originals)
        why = _why(source, _people(*people), [(*originals[one], kinds.get(one, set())) for one in ids])
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
    return frozenset(key for name in names for key in person_keys(name)) - _NOBODY
