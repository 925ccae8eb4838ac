"""What could be better in a valid file of a source: what keeps it from being released, crawled or understood."""

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

# Tiers under which nobody may train or redistribute unless somebody has said so.
_NOT_FREE: Final = frozenset({"non_commercial", "no_derivatives", "unknown"})
_NO_RIGHTS: Final = (
    _("the source says nothing of rights: it can be collected and measured, and is never released"),
    _("when you know them, add the table [rights]"),
)
_NO_LICENCE: Final = (
    _("«{statement}» isn't known as a licence, so nothing of the source is released"),
    _("write a licence by its name or address, such as CC-BY-4.0 or https://creativecommons.org/licenses/by/4.0/"),
)
_PERHAPS: Final = _("did you mean «{near}»?")
_MORE_THAN_SAID: Final = (
    _("it allows {uses}, and the statement of rights is of the tier «{tier}»"),
    _("where nobody gave permission, leave evaluate; where somebody did, name the agreement"),
)
_EXPIRED: Final = (
    _("the permission ended on {day}: nothing of the source is released"),
    _("ask for it anew, and write until when it holds"),
)
_NO_QUOTATION: Final = (
    _("nobody can check where the licence is from"),
    _("copy the sentence that states it into quotation, and its address into quoted_from"),
)
NO_CONTACT: Final = (
    _("without a contact no page is asked for: a crawler says whom to write to"),
    _('add contact = "name@…"'),
)
ASK_FIRST: Final = (
    _("{holder} must be asked first: until then nothing is collected"),
    _("once there is an answer, write what was agreed into [rights] and change status"),
)
_CLOSED: Final = (
    _("the label {label} closes it: nothing of it is released"),
    _("where its people have agreed in writing, name that agreement in [rights]"),
)
_NO_AGREEMENT: Final = (
    _("it rests on consent, and the record «{id}» doesn't say {missing}"),
    _("add what you know, so that whoever gave it can take it back"),
)
_PLACELESS: Final = (
    _("it is in the public domain, and nobody knows where"),
    _('add jurisdiction = "CL", the country whose law makes it free; `rights term` tells from when'),
)
_NO_GENRE: Final = (
    _("without a genre, texts are judged as the others of the recipe"),
    _('add genre = "…"'),
)
_NO_LANGUAGES: Final = (
    _("it doesn't say which languages the texts are in"),
    _('add languages = ["spa"]'),
)
_EXAMPLE: Final = (
    _("it still has the example's value («{value}»)"),
    _("write your own"),
)
_FILE_NAME: Final = (
    _("the file is called «{name}»"),
    _("in the catalogue a file has the name of its id: {id}.toml"),
)

_SHIPPED_TOO: Final = (
    _("the catalogue has a source with that id already"),
    _("if it is another source, give it another id; two with one id can't be in one recipe"),
)


def advice(source: Source, name: str = "") -> Iterator[tuple[str, Message, Message]]:
    """Yield the key, the problem and the remedy of each.

    Args:
        source: valid.
        name: its file's; empty for none.
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
    shipped = SOURCES / f"{source.id}.toml"
    if name and shipped.exists() and Path(name).resolve() != shipped.resolve():
        yield "id", *_SHIPPED_TOO


def _of_rights(source: Source) -> Iterator[tuple[str, Message, Message]]:
    rights = source.rights
    if rights is None:
        yield "", *_NO_RIGHTS
        return
    near = None
    if source.tier == "unknown" and not is_known(rights.statement):
        near = statement_of(rights.statement) or near_licence(rights.statement)
        remedy = _PERHAPS.fill(near=near) if near else _NO_LICENCE[1]
        yield "rights.statement", _NO_LICENCE[0].fill(statement=rights.statement), remedy
    wide = [use for use in rights.uses if use != "evaluate"]
    if wide and source.tier in _NOT_FREE and not rights.agreement and near is None:
        problem = _MORE_THAN_SAID[0].fill(uses=", ".join(wide), tier=TIERS[source.tier])
        yield "rights.uses", problem, _MORE_THAN_SAID[1]
    if rights.basis == "public_domain" and rights.jurisdiction is None:
        yield "rights.basis", *_PLACELESS
    if source.expires and source.expires < datetime.now(UTC).date():
        yield "rights.expires", _EXPIRED[0].fill(day=source.expires), _EXPIRED[1]
    if rights.basis == "licence" and not (rights.quotation and rights.quoted_from):
        yield "rights.statement", *_NO_QUOTATION


def _of_consent(source: Source) -> Iterator[tuple[str, Message, Message]]:
    if source.closed_by:
        yield "consent.records", _CLOSED[0].fill(label=", ".join(source.closed_by)), _CLOSED[1]
    if source.rights is None or source.rights.basis != "consent":
        return
    for number, record in enumerate(source.consent.records):
        missing = [key for key in ("community", "given", "withdrawal_contact") if getattr(record, key) is None]
        if missing and not record.label:
            problem = _NO_AGREEMENT[0].fill(id=record.id, missing=", ".join(missing))
            yield f"consent.records.{number}", problem, _NO_AGREEMENT[1]


def _examples(source: Source) -> Iterator[tuple[str, str]]:
    """Yield the values that a template left: its id, and addresses of the domains that stand for any (RFC 2606)."""
    asked = source.collect.asked
    if source.id.endswith("-de-ejemplo"):
        yield "id", source.id
    addresses = {"homepage": source.homepage, "contact": source.contact}
    if source.rights:
        addresses["rights.quoted_from"] = source.rights.quoted_from
    for option in ("start", "address"):
        value = getattr(asked, option, None)
        if value:
            addresses[f"collect.{source.collect.kind}.{option}"] = value if isinstance(value, str) else value[0]
    for key, value in addresses.items():
        if value and re.search(r"[@/.](?:[\w-]+\.)*example(?:[:/]|\.(?:org|com|net)\b|$)", value):
            yield key, value
