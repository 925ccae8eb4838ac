"""What pages and files state of their rights: told in the ledger; what is less open narrows the row's terms.

HTML says of `rel=license` that it gives the terms of the page's main content. It is the page's word, which anybody may
have copied into a template: so it takes uses away and never gives any, as a record's own statement does. So do
reservations in words, statements that nobody understands, and refusals. All formats come through `with_page_terms`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

import polars as pl

from latam_corpus.batch import with_defaults
from latam_corpus.catalog.named_values import statement_of
from latam_corpus.catalog.optout.opt_out import withheld
from latam_corpus.catalog.rights import is_known, openness, tier_of, uses_under
from latam_corpus.catalog.rights_in_words import kind_of, takes_back
from latam_corpus.extract.document import Extracted
from latam_corpus.extract.stated_rights.reservations import edge_notices
from latam_corpus.schema import OPT_OUTS

if TYPE_CHECKING:
    from collections.abc import Sequence

_TERMS: Final = ("rights", "rights_tier", "uses")
_CLOSED: Final = "unknown"
_ASKING: Final = "rsl-permission"


def with_page_terms(frame: pl.DataFrame, outcomes: Sequence[object]) -> pl.DataFrame:
    """Return the rows under the terms that their pages and files state; rows that state any are marked as changed.

    Of several statements the least open counts, if it is less open than the row's tier: it is the row's statement of
    rights then (`narrowing`). Refusals are added to `opt_outs` and withhold uses. The evidence has `section`, `notes`,
    `confidence` (of OCR), `licences`, `notices`, `refusals`, and where the terms were narrowed, `rights_before`,
    `tier_before` and `because`. An agreement that the source names lifts what a file reserves.

    Args:
        frame: with `url` and `text`, filled already; terms are narrowed if it has `rights`, `rights_tier` and `uses`.
        outcomes: what became of each row; of what isn't `Extracted` only the text is looked at.

    >>> row = {"url": ["https://a.example/1"], "rights": ["CC0-1.0"], "rights_tier": ["open"], "uses": [["train"]]}
    >>> page = Extracted("Hola", "x", licences=("//creativecommons.org/licenses/by-nc/4.0/",))
    >>> with_page_terms(pl.DataFrame(row), [page]).select("rights_tier", "uses").row(0)
    ('non_commercial', [])
    """
    terms = _stated(frame, outcomes)
    if not terms:
        return frame
    if set(_TERMS) <= set(frame.columns):
        frame = _narrowed(_refused(frame, terms), terms)
    notes = pl.Series(
        [json.dumps(terms[row], ensure_ascii=False) if row in terms else None for row in range(frame.height)],
        dtype=pl.String,
    )
    here = notes.is_not_null()
    frame = with_defaults(frame, ("verdict", "evidence"))
    return frame.with_columns(
        pl.when(here).then(pl.lit("changed")).otherwise("verdict").alias("verdict"),
        pl.when(here).then(notes).otherwise("evidence").alias("evidence"),
    )


def narrowing(
    statements: Sequence[str], notices: Sequence[str], own: str | None = None, *, is_agreed: bool = False
) -> tuple[str, str, str] | None:
    """Return the statement that narrows most, its tier, and why; None where none of them restricts anything.

    A licence next to words that reserve the rights contradicts them, and the words count. A line that names who has the
    copyright contradicts no licence; alone in a field for rights it grants nothing, and the rights are reserved.

    Args:
        statements: of the file's fields for rights.
        notices: lines that reserve rights, outside such fields.
        own: the row's own statement, of which a repetition says nothing new.
        is_agreed: whether the source names an agreement, which lifts what would be `unknown`, and no licence.

    >>> narrowing(["CC BY 4.0", "© 2024 Revista del Sur"], [])
    ('CC BY 4.0', 'attribution', 'licence')
    >>> narrowing(["CC BY 4.0"], ["Todos los derechos reservados"])
    ('Todos los derechos reservados', 'unknown', 'reserved')
    >>> narrowing(["Uso libre con permiso"], []), narrowing(["Algunos derechos reservados"], [])
    (('Uso libre con permiso', 'unknown', 'unread'), None)
    """
    said = [one for one in statements if one != own]
    by_kind: dict[str, list[str]] = {}
    for statement in said:
        by_kind.setdefault(kind_of(statement), []).append(statement)
    is_licensed = any(kind_of(one) == "licence" for one in statements)
    reserved = [*by_kind.get("reserved", ()), *(one for one in notices if kind_of(one) == "reserved")]
    unread = [one for one in by_kind.get("unread", ()) if not is_licensed or takes_back(one)]
    claims = [] if is_licensed else [*by_kind.get("claimed", ()), *notices]
    for kind, found in (("reserved", reserved), ("unread", unread), ("claimed", claims)):
        if found and not is_agreed:
            return found[0], _CLOSED, kind
    licences = [statement_of(one) or one for one in by_kind.get("licence", ())]
    licences = [one for one in licences if not (is_agreed and tier_of(one) == _CLOSED)]
    least_open = max(licences, key=lambda one: openness(tier_of(one)), default=None)
    return None if least_open is None else (least_open, tier_of(least_open), "licence")


def _stated(frame: pl.DataFrame, outcomes: Sequence[object]) -> dict[int, dict[str, Any]]:
    """Return what each row states that states anything, by row."""
    published = frame["published"].to_list() if "published" in frame.columns else None
    noticed = edge_notices(frame["text"], published) if "text" in frame.columns else {}
    terms = {}
    for row, (outcome, url) in enumerate(zip(outcomes, frame["url"], strict=True)):
        states = _states(outcome, url) if isinstance(outcome, Extracted) else {}
        notices = [*states.get("notices", ()), *noticed.get(row, ())]
        if notices:
            states["notices"] = list(dict.fromkeys(notices))
        if states:
            terms[row] = states
    return terms


def _states(page: Extracted, url: str | None) -> dict[str, Any]:
    """Return what the page states, its addresses whole as far as it is known where it stands."""
    whole = [one if is_known(one) else _joined(url or page.url or "", one) for one in page.licences]
    states: dict[str, Any] = {
        "section": page.section,
        "notes": list(page.notes),
        "confidence": page.confidence,
        "licences": list(dict.fromkeys(whole)),
        "notices": list(page.notices),
        "refusals": [f"{signal}: {words}" for signal, words in page.refusals],
    }
    stated = {name: value for name, value in states.items() if value not in (None, "", [])}
    return {**stated, "signals": dict(page.refusals)} if page.refusals else stated


def _joined(url: str, address: str) -> str:
    if " " in address:  # is none
        return address
    try:  # of a page without an address too, what names a host is whole
        return urljoin(url or ("https:" if address.startswith("//") else ""), address)
    except ValueError:  # such as half an IPv6 address
        return address


def _refused(frame: pl.DataFrame, terms_of: dict[int, dict[str, Any]]) -> pl.DataFrame:
    """Return the rows with what their files refuse; `signals` of `terms_of` is taken out, and what is known already."""
    refusals = {row: states.pop("signals") for row, states in terms_of.items() if "signals" in states}
    if not refusals:
        return frame
    known = frame["opt_outs"].to_list() if "opt_outs" in frame.columns else [None] * frame.height
    times = frame["obtained"].to_list() if "obtained" in frame.columns else [None] * frame.height
    tiers, uses = frame["rights_tier"].to_list(), frame["uses"].to_list()
    for row, found in refusals.items():
        listed = known[row] or []
        fresh = [one for one in found.items() if one[0] not in {each["signal"] for each in listed}]
        address = frame["url"][row] or ""
        known[row] = listed + [
            {"signal": signal, "value": value, "address": address, "time": times[row]} for signal, value in fresh
        ]
        withheld_uses = withheld(found)
        uses[row] = None if uses[row] is None else [use for use in uses[row] if use not in withheld_uses]
        if _ASKING in found and tiers[row] is not None and openness(tiers[row]) < openness("permission"):
            tiers[row] = "permission"
        if not fresh:  # a web archive's record has said them
            del terms_of[row]["refusals"]
    for row in [row for row in refusals if not terms_of[row]]:
        del terms_of[row]
    return frame.with_columns(
        pl.Series("opt_outs", known, OPT_OUTS),
        pl.Series("uses", uses, frame.schema["uses"]),
        pl.Series("rights_tier", tiers, frame.schema["rights_tier"]),
    )


def _narrowed(frame: pl.DataFrame, terms_of: dict[int, dict[str, Any]]) -> pl.DataFrame:
    """Return the rows under their least open statement, where their terms were more open; add the old to `terms_of`."""
    terms = {name: frame[name].to_list() for name in _TERMS}
    agreements = frame["agreement"].to_list() if "agreement" in frame.columns else [None] * frame.height
    for row, states in terms_of.items():
        own, before = terms["rights"][row], terms["rights_tier"][row]
        stated = states.get("licences", ()), states.get("notices", ()), own
        found = narrowing(*stated)
        if found and found[1] == _CLOSED and before not in (None, _CLOSED) and agreements[row] is not None:
            states["agreement"] = agreements[row]
            found = narrowing(*stated, is_agreed=True)
        if found is None or before is None:
            continue
        statement, tier, because = found
        if (own, before, tier) == (None, _CLOSED, _CLOSED):  # the rights of copies are reserved, too
            terms["rights"][row] = statement
        if openness(tier) <= openness(before):
            continue
        states |= {"rights_before": own, "tier_before": before, "because": because}
        terms["rights"][row] = statement
        terms["rights_tier"][row], terms["uses"][row] = tier, uses_under(tier, terms["uses"][row] or ())
    return frame.with_columns(pl.Series(name, values, frame.schema[name]) for name, values in terms.items())
