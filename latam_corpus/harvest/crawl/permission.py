"""Whether a source may be crawled, and what the crawler says of itself."""

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
    """Return what the crawler says of itself: its name, and whom to write to.

    Raises:
        ConfigError: the source names no contact, or one that nobody can write to.
    """
    contact = (source.contact or "").strip()
    if not contact:
        problem = _("a crawler says whom to write to, and the source has no contact")
        raise ConfigError(
            _("source {source}", source=source.id), problem, _('add contact = "name@institution.example"')
        )
    if not contact.isascii() or any(mark in contact for mark in "\r\n()") or not ("@" in contact or "://" in contact):
        problem = _("«{contact}» is no address that a site's owner can write to", contact=contact)
        raise ConfigError(_("source {source}", source=source.id), problem, _("write an e-mail address or a web page"))
    return f"{TOKEN}/{__version__} (+{contact}; source {source.id})"


def scope_of(source: Source) -> Crawl:
    """Return what may be crawled of the source.

    Raises:
        ConfigError: it isn't one to crawl, or its holder must be asked first.
    """
    described = source.collect.asked
    if described is None:
        raise ConfigError(
            _("source {source}", source=source.id), _("it says nothing of crawling"), _("add the table [collect.crawl]")
        )
    permitted(source)
    return described.scope


def permitted(source: Source) -> None:
    """Nothing, for a source that may be collected from where it stands.

    Raises:
        ConfigError: its holder must be asked first.
    """
    if source.status == "ask_first":
        problem = _("its holder must be asked first ({holder})", holder=source.holder)
        raise ConfigError(
            _("source {source}", source=source.id), problem, _("ask, and state what was agreed in the source's file")
        )
