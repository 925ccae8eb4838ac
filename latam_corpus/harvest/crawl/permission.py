"""Whether a source may be crawled, and the user agent that its crawler sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latam_corpus.__about__ import __version__
from latam_corpus.catalog.optout.agents import TOKEN
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from latam_corpus.catalog.harvest_tables import Crawl
    from latam_corpus.catalog.source import Source


def user_agent(source: Source) -> str:
    """Return the user agent: the crawler's name, its version and a contact for site owners.

    Raises:
        ConfigError: the source has no contact, or one that is no e-mail or web address.
    """
    place = _("source {source}", source=source.id)
    contact = (source.contact or "").strip()
    if not contact:
        problem = _("the source has no contact; a crawler must name one")
        raise ConfigError(place, problem, _('add contact = "name@institution.example"'))
    if not contact.isascii() or any(mark in contact for mark in "\r\n()") or not ("@" in contact or "://" in contact):
        problem = _("«{contact}» isn't an e-mail or web address", contact=contact)
        raise ConfigError(place, problem, _("write an e-mail address or a web page"))
    return f"{TOKEN}/{__version__} (+{contact}; source {source.id})"


def scope_of(source: Source) -> Crawl:
    """Return the scope of a source: the addresses that may be crawled.

    Raises:
        ConfigError: the source has no table for crawling, or its holder must be asked first.
    """
    table = source.collect.asked
    if table is None:
        problem = _("it doesn't say how to crawl the site")
        raise ConfigError(_("source {source}", source=source.id), problem, _("add the table [collect.crawl]"))
    require_permission(source)
    return table.scope


def require_permission(source: Source) -> None:
    """Raise `ConfigError` if a source may not be collected yet."""
    if source.status == "ask_first":
        problem = _("its holder must be asked first ({holder})", holder=source.holder)
        raise ConfigError(
            _("source {source}", source=source.id), problem, _("ask, and state what was agreed in the source's file")
        )
