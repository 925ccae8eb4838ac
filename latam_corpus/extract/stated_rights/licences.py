"""Record the rights statements of pages and files in the ledger, and apply those that restrict a row's terms.

In HTML, `rel=license` gives the terms of the page's main content. It is the page's own claim and may be copied from a
template, so it can only restrict uses, never allow any. The same applies to reservations in words, unrecognised
statements, and opt-outs. All formats go through `with_page_terms`.
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
    """Return the rows under the terms that their pages and files state; rows with any statement are marked as changed.

    The least open of several statements becomes the row's statement of rights if it is less open than the row's tier
    (`narrowing`). Opt-outs are added to `opt_outs` and withhold uses. The evidence has `section`, `notes`, `confidence`
    (of OCR), `licences`, `notices`, `refusals`, and if the terms were narrowed, `rights_before`, `tier_before` and
    `because`. An agreement that the source names overrides a file's reservations.

    Args:
        frame: rows with `url` and `text`, already filled; terms are narrowed if it has `rights`, `rights_tier` and
            `uses`.
        outcomes: the outcome of each row; for a row without an `Extracted`, only the text is searched for notices.

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
    has_terms = notes.is_not_null()
    frame = with_defaults(frame, ("verdict", "evidence"))
    return frame.with_columns(
        pl.when(has_terms).then(pl.lit("changed")).otherwise("verdict").alias("verdict"),
        pl.when(has_terms).then(notes).otherwise("evidence").alias("evidence"),
    )


def narrowing(
    statements: Sequence[str], notices: Sequence[str], own: str | None = None, *, is_agreed: bool = False
) -> tuple[str, str, str] | None:
    """Return the statement that restricts the terms most, its tier and its kind; None if none restricts them.

    Words that reserve the rights override a licence next to them. A line that only names the copyright holder doesn't
    contradict a licence. Alone in a field for rights, it grants nothing, so the rights are reserved.

    Args:
        statements: the statements of the file's fields for rights.
        notices: lines that reserve rights, outside such fields.
        own: the row's own statement; a repetition of it is ignored.
        is_agreed: whether the source names an agreement, which overrides statements of the tier `unknown` but not
            licences.

    >>> narrowing(["CC BY 4.0", "© 2024 Revista del Sur"], [])
    ('CC BY 4.0', 'attribution', 'licence')
    >>> narrowing(["CC BY 4.0"], ["Todos los derechos reservados"])
    ('Todos los derechos reservados', 'unknown', 'reserved')
    >>> narrowing(["Uso libre con permiso"], []), narrowing(["Algunos derechos reservados"], [])
    (('Uso libre con permiso', 'unknown', 'unread'), None)
    """
    new_statements = [statement for statement in statements if statement != own]
    by_kind: dict[str, list[str]] = {}
    for statement in new_statements:
        by_kind.setdefault(kind_of(statement), []).append(statement)
    is_licensed = any(kind_of(statement) == "licence" for statement in statements)
    reserved = [*by_kind.get("reserved", ()), *(statement for statement in notices if kind_of(statement) == "reserved")]
    unread = [statement for statement in by_kind.get("unread", ()) if not is_licensed or takes_back(statement)]
    claims = [] if is_licensed else [*by_kind.get("claimed", ()), *notices]
    for kind, matches in (("reserved", reserved), ("unread", unread), ("claimed", claims)):
        if matches and not is_agreed:
            return matches[0], _CLOSED, kind
    licences = [statement_of(statement) or statement for statement in by_kind.get("licence", ())]
    licences = [statement for statement in licences if not (is_agreed and tier_of(statement) == _CLOSED)]
    least_open = max(licences, key=lambda statement: openness(tier_of(statement)), default=None)
    return None if least_open is None else (least_open, tier_of(least_open), "licence")


def _stated(frame: pl.DataFrame, outcomes: Sequence[object]) -> dict[int, dict[str, Any]]:
    """Return the statements of each row's file, by row; rows without any are left out."""
    published = frame["published"].to_list() if "published" in frame.columns else None
    notices_by_row = edge_notices(frame["text"], published) if "text" in frame.columns else {}
    terms = {}
    for row, (outcome, url) in enumerate(zip(outcomes, frame["url"], strict=True)):
        statement_fields = _statement_fields(outcome, url) if isinstance(outcome, Extracted) else {}
        notices = [*statement_fields.get("notices", ()), *notices_by_row.get(row, ())]
        if notices:
            statement_fields["notices"] = list(dict.fromkeys(notices))
        if statement_fields:
            terms[row] = statement_fields
    return terms


def _statement_fields(page: Extracted, url: str | None) -> dict[str, Any]:
    """Return the fields of the evidence that the page fills, with relative addresses resolved if possible."""
    licences = [licence if is_known(licence) else _joined(url or page.url or "", licence) for licence in page.licences]
    fields: dict[str, Any] = {
        "section": page.section,
        "notes": list(page.notes),
        "confidence": page.confidence,
        "licences": list(dict.fromkeys(licences)),
        "notices": list(page.notices),
        "refusals": [f"{signal}: {text}" for signal, text in page.refusals],
    }
    filled = {name: value for name, value in fields.items() if value not in (None, "", [])}
    return {**filled, "signals": dict(page.refusals)} if page.refusals else filled


def _joined(url: str, address: str) -> str:
    if " " in address:  # a sentence
        return address
    try:  # an address with a host is complete even if the page's address is unknown
        return urljoin(url or ("https:" if address.startswith("//") else ""), address)
    except ValueError:  # such as half an IPv6 address
        return address


def _refused(frame: pl.DataFrame, terms_of: dict[int, dict[str, Any]]) -> pl.DataFrame:
    """Return the rows with the opt-outs of their files.

    `signals` is removed from `terms_of`, and so are opt-outs that the row already has.
    """
    refusals = {row: fields.pop("signals") for row, fields in terms_of.items() if "signals" in fields}
    if not refusals:
        return frame
    opt_outs = frame["opt_outs"].to_list() if "opt_outs" in frame.columns else [None] * frame.height
    times = frame["obtained"].to_list() if "obtained" in frame.columns else [None] * frame.height
    tiers, uses = frame["rights_tier"].to_list(), frame["uses"].to_list()
    for row, signals in refusals.items():
        recorded = opt_outs[row] or []
        new = [refusal for refusal in signals.items() if refusal[0] not in {opt_out["signal"] for opt_out in recorded}]
        address = frame["url"][row] or ""
        opt_outs[row] = recorded + [
            {"signal": signal, "value": value, "address": address, "time": times[row]} for signal, value in new
        ]
        withheld_uses = withheld(signals)
        uses[row] = None if uses[row] is None else [use for use in uses[row] if use not in withheld_uses]
        if _ASKING in signals and tiers[row] is not None and openness(tiers[row]) < openness("permission"):
            tiers[row] = "permission"
        if not new:  # already in the web archive's record
            del terms_of[row]["refusals"]
    for row in [row for row in refusals if not terms_of[row]]:
        del terms_of[row]
    return frame.with_columns(
        pl.Series("opt_outs", opt_outs, OPT_OUTS),
        pl.Series("uses", uses, frame.schema["uses"]),
        pl.Series("rights_tier", tiers, frame.schema["rights_tier"]),
    )


def _narrowed(frame: pl.DataFrame, terms_of: dict[int, dict[str, Any]]) -> pl.DataFrame:
    """Return the rows under their least open statement, if it is less open than their terms.

    The previous terms are added to `terms_of`.
    """
    terms = {name: frame[name].to_list() for name in _TERMS}
    agreements = frame["agreement"].to_list() if "agreement" in frame.columns else [None] * frame.height
    for row, fields in terms_of.items():
        own, tier_before = terms["rights"][row], terms["rights_tier"][row]
        arguments = fields.get("licences", ()), fields.get("notices", ()), own
        narrowed = narrowing(*arguments)
        if narrowed and narrowed[1] == _CLOSED and tier_before not in (None, _CLOSED) and agreements[row] is not None:
            fields["agreement"] = agreements[row]
            narrowed = narrowing(*arguments, is_agreed=True)
        if narrowed is None or tier_before is None:
            continue
        statement, tier, because = narrowed
        if (own, tier_before, tier) == (None, _CLOSED, _CLOSED):  # so that copies of the text are reserved, too
            terms["rights"][row] = statement
        if openness(tier) <= openness(tier_before):
            continue
        fields |= {"rights_before": own, "tier_before": tier_before, "because": because}
        terms["rights"][row] = statement
        terms["rights_tier"][row], terms["uses"][row] = tier, uses_under(tier, terms["uses"][row] or ())
    return frame.with_columns(pl.Series(name, values, frame.schema[name]) for name, values in terms.items())
