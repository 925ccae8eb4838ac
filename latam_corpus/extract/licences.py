"""What a page states of its section and licences: told in the ledger, and a less open licence narrows the row's terms.

HTML says of `rel=license` that it gives the terms of the page's main content. It is the page's word, which anybody may
have copied into a template: so it takes uses away and never gives any, as a record's own statement does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

import polars as pl

from latam_corpus.batch import with_defaults
from latam_corpus.catalog.rights import is_known, openness, tier_of, uses_under
from latam_corpus.extract.document import Extracted

if TYPE_CHECKING:
    from collections.abc import Sequence

_TERMS: Final = ("rights", "rights_tier", "uses")


def with_page_terms(frame: pl.DataFrame, outcomes: Sequence[object]) -> pl.DataFrame:
    """Give the rows, those that state a section or licences, or have notes, marked as changed, with these as evidence.

    Of several licences that the vocabulary has, the least open counts, if it is less open than the row's tier: it is
    the row's statement of rights then. An address that nobody has read takes nothing away. The evidence has `section`,
    `notes`, `confidence` (of OCR), `licences`, and where the terms were narrowed, `rights_before` and `tier_before`.

    Args:
        frame: with `url`, filled already; terms are narrowed where it has `rights`, `rights_tier` and `uses`.
        outcomes: what became of each row; what isn't `Extracted` states nothing.

    >>> row = {"url": ["https://a.example/1"], "rights": ["CC0-1.0"], "rights_tier": ["open"], "uses": [["train"]]}
    >>> page = Extracted("Hola", "x", licences=("//creativecommons.org/licenses/by-nc/4.0/", "/aviso-legal"))
    >>> with_page_terms(pl.DataFrame(row), [page]).select("rights_tier", "uses").row(0)
    ('non_commercial', [])
    """
    terms = {
        row: _states(one, url)
        for row, (one, url) in enumerate(zip(outcomes, frame["url"], strict=True))
        if isinstance(one, Extracted) and (one.section or one.licences or one.notes or one.confidence is not None)
    }
    if not terms:
        return frame
    if set(_TERMS) <= set(frame.columns):
        frame = _narrowed(frame, terms)
    notes = pl.Series(
        [json.dumps(terms[row], ensure_ascii=False) if row in terms else None for row in range(len(outcomes))]
    )
    here = notes.is_not_null()
    frame = with_defaults(frame, ("verdict", "evidence"))
    return frame.with_columns(
        pl.when(here).then(pl.lit("changed")).otherwise("verdict").alias("verdict"),
        pl.when(here).then(notes).otherwise("evidence").alias("evidence"),
    )


def _states(page: Extracted, url: str | None) -> dict[str, Any]:
    """Return what the page states, its addresses whole as far as it is known where it stands."""
    whole = [one if is_known(one) else _joined(url or page.url or "", one) for one in page.licences]
    section = {"section": page.section} if page.section else {}
    notes: dict[str, Any] = {"notes": list(page.notes)} if page.notes else {}
    if page.confidence is not None:
        notes["confidence"] = page.confidence
    return section | notes | ({"licences": list(dict.fromkeys(whole))} if whole else {})


def _joined(url: str, address: str) -> str:
    if " " in address:  # is none
        return address
    try:  # of a page without an address too, what names a host is whole
        return urljoin(url or ("https:" if address.startswith("//") else ""), address)
    except ValueError:  # such as half an IPv6 address
        return address


def _narrowed(frame: pl.DataFrame, terms_of: dict[int, dict[str, Any]]) -> pl.DataFrame:
    """Return the rows under their least open licence, where their terms were more open; add the old to `terms_of`."""
    terms = {name: frame[name].to_list() for name in _TERMS}
    for row, states in terms_of.items():
        # The row's own statement says nothing new: an agreement may allow what the statement doesn't.
        licences = [one for one in states.get("licences", ()) if is_known(one) and one != terms["rights"][row]]
        tier = max(map(tier_of, licences), key=openness, default=None)
        before = terms["rights_tier"][row]
        if tier is None or before is None or openness(tier) <= openness(before):
            continue
        states |= {"rights_before": terms["rights"][row], "tier_before": before}
        terms["rights"][row] = next(one for one in licences if tier_of(one) == tier)
        terms["rights_tier"][row], terms["uses"][row] = tier, uses_under(tier, terms["uses"][row] or ())
    return frame.with_columns(pl.Series(name, values, frame.schema[name]) for name, values in terms.items())
