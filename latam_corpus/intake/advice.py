"""Advice on a valid source file: obstacles to releasing, collecting or understanding the source."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.display_names import TIERS
from latam_corpus.catalog.named_values import statement_of
from latam_corpus.catalog.rights import is_known, near_licence
from latam_corpus.catalog.source import SOURCES
from latam_corpus.messages import Message, _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.catalog.source import Source

# Tiers that allow neither training nor redistribution without a written permission.
_RESTRICTED_TIERS: Final = frozenset({"non_commercial", "no_derivatives", "unknown"})
_NO_RIGHTS: Final = (
    _("the source doesn't state any rights: it can be collected and measured, but is never released"),
    _("once you know the rights, add the table [rights]"),
)
_NO_LICENCE: Final = (
    _("«{statement}» isn't a licence that the toolkit knows, so nothing of the source is released"),
    _("write a licence by its name or address, such as CC-BY-4.0 or https://creativecommons.org/licenses/by/4.0/"),
)
_TOO_MANY_USES: Final = (
    _("it allows {uses}, but its statement of rights is in the tier «{tier}», which doesn't"),
    _("without a permission, write only evaluate; with one, name it in agreement"),
)
_EXPIRED: Final = (
    _("the permission ended on {day}: nothing of the source is released"),
    _("ask for a new permission, and write its last day into expires"),
)
_NO_QUOTATION: Final = (
    _("no one can check where the licence comes from"),
    _("copy the sentence that states the licence into quotation, and the address of its page into quoted_from"),
)
NO_CONTACT: Final = (
    _("without a contact no page is collected: the crawler tells each site whom to write to"),
    _('add contact = "name@…"'),
)
ASK_FIRST: Final = (
    _("{holder} must give permission first: until then nothing is collected"),
    _("once there is an answer, write what was agreed into [rights] and change status"),
)
_RESTRICTED: Final = (
    _("the label {label} doesn't allow any of it to be released"),
    _("if its community has agreed in writing, name that agreement in [rights]"),
)
_INCOMPLETE_RECORD: Final = (
    _("its use depends on consent, and the consent record «{id}» lacks {missing}"),
    _("add what you know, so that those who gave the consent can withdraw it"),
)
_NO_JURISDICTION: Final = (
    _("it is in the public domain, but it doesn't say in which country"),
    _('add jurisdiction = "CL", the country whose law applies; `rights term` computes when the term ends'),
)
_NO_GENRE: Final = (
    _("without a genre, its texts are judged by the genre of the recipe"),
    _('add genre = "…"'),
)
_NO_LANGUAGES: Final = (
    _("it doesn't name the languages of its texts"),
    _('add languages = ["spa"]'),
)
_EXAMPLE: Final = (
    _("it still has the example value «{value}»"),
    _("write your own value"),
)
_FILE_NAME: Final = (
    _("the file is called «{name}»"),
    _("a source file is named after the source's id: {id}.toml"),
)

_SAME_ID_AS_SHIPPED: Final = (
    _("the catalogue has a source with that id already"),
    _("if yours is a different source, give it another id: a recipe can't use two sources with the same id"),
)


def advice(source: Source, name: str = "") -> Iterator[tuple[str, Message, Message]]:
    """Yield the key, the problem and the remedy of each suggestion for a valid source.

    If `name` is empty, the file's name and the shipped catalogue aren't checked.
    """
    yield from _of_rights(source)
    if source.status == "ask_first":
        yield "status", ASK_FIRST[0].fill(holder=source.holder), ASK_FIRST[1]
    if source.collect.kind != "files" and not source.contact and source.status != "ask_first":
        yield "", *NO_CONTACT
    yield from _of_consent(source)
    if source.genre is None:
        yield "", *_NO_GENRE
    if not source.languages:
        yield "", *_NO_LANGUAGES
    for key, value in _examples(source):
        yield key, _EXAMPLE[0].fill(value=value), _EXAMPLE[1]
    if name.endswith(".toml") and PurePath(name).stem != source.id:
        yield "id", _FILE_NAME[0].fill(name=PurePath(name).name), _FILE_NAME[1].fill(id=source.id)
    shipped_file = SOURCES / f"{source.id}.toml"
    if name and shipped_file.exists() and Path(name).resolve() != shipped_file.resolve():
        yield "id", *_SAME_ID_AS_SHIPPED


def _of_rights(source: Source) -> Iterator[tuple[str, Message, Message]]:
    rights = source.rights
    if rights is None:
        yield "", *_NO_RIGHTS
        return
    suggestion = None
    if source.tier == "unknown" and not is_known(rights.statement):
        suggestion = statement_of(rights.statement) or near_licence(rights.statement)
        remedy = _("did you mean «{near}»?", near=suggestion) if suggestion else _NO_LICENCE[1]
        yield "rights.statement", _NO_LICENCE[0].fill(statement=rights.statement), remedy
    claimed_uses = [use for use in rights.uses if use != "evaluate"]
    if claimed_uses and source.tier in _RESTRICTED_TIERS and not rights.agreement and suggestion is None:
        problem = _TOO_MANY_USES[0].fill(uses=", ".join(claimed_uses), tier=TIERS[source.tier])
        yield "rights.uses", problem, _TOO_MANY_USES[1]
    if rights.basis == "public_domain" and rights.jurisdiction is None:
        yield "rights.basis", *_NO_JURISDICTION
    if source.expires and source.expires < datetime.now(UTC).date():
        yield "rights.expires", _EXPIRED[0].fill(day=source.expires), _EXPIRED[1]
    if rights.basis == "licence" and not (rights.quotation and rights.quoted_from):
        yield "rights.statement", *_NO_QUOTATION


def _of_consent(source: Source) -> Iterator[tuple[str, Message, Message]]:
    if source.closed_by:
        yield "consent.records", _RESTRICTED[0].fill(label=", ".join(source.closed_by)), _RESTRICTED[1]
    if source.rights is None or source.rights.basis != "consent":
        return
    for number, record in enumerate(source.consent.records):
        missing = [key for key in ("community", "given", "withdrawal_contact") if getattr(record, key) is None]
        if missing and not record.label:
            problem = _INCOMPLETE_RECORD[0].fill(id=record.id, missing=", ".join(missing))
            yield f"consent.records.{number}", problem, _INCOMPLETE_RECORD[1]


def _examples(source: Source) -> Iterator[tuple[str, str]]:
    """Yield the key and value of each placeholder left from a template: its id, and example URLs (RFC 2606)."""
    harvest_options = source.collect.asked
    if source.id.endswith("-de-ejemplo"):
        yield "id", source.id
    addresses = {"homepage": source.homepage, "contact": source.contact}
    if source.rights:
        addresses["rights.quoted_from"] = source.rights.quoted_from
    for option in ("start", "address"):
        value = getattr(harvest_options, option, None)
        if value:
            addresses[f"collect.{source.collect.kind}.{option}"] = value if isinstance(value, str) else value[0]
    for key, value in addresses.items():
        if value and re.search(r"[@/.](?:[\w-]+\.)*example(?:[:/]|\.(?:org|com|net)\b|$)", value):
            yield key, value
