"""Why an address gave no page, as `crawl`, `rights recheck` and `sources preview` print it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.messages import Message, _, same

if TYPE_CHECKING:
    from collections.abc import Mapping

# One message for each `harvest.crawl.causes.Cause`.
CAUSES: Final[Mapping[str, Message]] = {
    "credentials in address": _("the address holds a password"),
    "address too long": _("the address is too long"),
    "malformed address": _("the address is malformed"),
    "private address": _("the address is in a private network"),
    "shut out by robots": _("robots.txt doesn't allow it"),
    "excluded path": _("the source excludes that path"),
    "too deep": _("too many links from the start"),
    "repeating path": _("the path repeats itself"),
    "too many parameters": _("the address has too many parameters"),
    "too many variants": _("too many variants of one page"),
    "endless calendar": _("an endless calendar"),
    "same content again": _("the same content at many addresses"),
    "too many links": _("too many links on a page"),
    "too many addresses": _("the host has too many addresses (limit: max_addresses)"),
    # budgets
    "too many requests": _("the host's request limit was reached (max_requests)"),
    "too many bytes": _("the host's byte limit was reached (max_bytes)"),
    "too much time": _("the host's time limit was reached (max_hours)"),
    "no connection": _("no connection could be made"),
    "bad certificate": _("the certificate isn't valid"),
    "timed out": _("it took too long"),
    "malformed response": _("the response can't be parsed"),
    "too large": _("it is too large"),
    "unpacks too large": _("it is too large when decompressed"),
    "damaged encoding": _("its encoding is damaged"),
    "too many redirects": _("too many redirects"),
    "redirect out of scope": _("it redirects to a page outside the source"),
    "not a page": _("it is not a page"),
    "error status": _("the server answers with an error"),
    "gone": _("the page no longer exists"),
    "server busy": _("the server asks to come back later"),
    "robots unavailable": _("robots.txt couldn't be read, so nothing was requested"),
    "robots is a page": _("robots.txt is a page"),
    "robots is cut": _("robots.txt is longer than 500 KiB (RFC 9309); the rest was ignored"),
    "unread delay": _("robots.txt asks for a delay that can't be understood; the source's delay is used"),
    "damaged XML": _("the XML is damaged"),
    "out of scope": _("it is outside the source"),
    "not a feed": _("it is neither RSS nor Atom"),
    "endless list": _("an endless list"),
    "not a repository": _("it is not an OAI-PMH repository"),
    "repository error": _("the repository answers with an error"),
    "broken token": _("the repository doesn't continue its list"),
    "closed access": _("the text isn't open access"),
    "not read": _("it has no text in a supported format"),
    "range refused": _("the server doesn't send parts of files"),
    "not the record": _("it isn't the record that the index names"),
}

# Reasons why a site was not read, in addition to the causes.
_OTHER_REASONS: Final = {"not asked yet": _("it hasn't been asked yet")}

LEFT: Final = _("{host} is postponed to another day: {why}")
# Reasons of `harvest.commoncrawl.capture_plan`, in addition to the causes above.
OUT_OF_PLAN: Final[Mapping[str, Message]] = {
    "malformed line": _("the line can't be read"),
    "host": _("it is on another host"),
    "status": _("the server didn't return the page"),
    "media type": CAUSES["not a page"],
    "language": _("it is in another language"),
    "path": CAUSES["excluded path"],
    "its file is elsewhere": _("the WARC file that it names isn't in this web archive"),
    "the plan is full (max_records)": _("the plan is full (max_records)"),
    "another capture of the page is later": _("a later capture of the page exists"),
}


def cause_message(cause: str) -> Message:
    """Return the message for a cause, or for a cause with an underlying one (`cause: underlying cause`).

    >>> cause_message("robots unavailable: no connection").translate("es")
    'robots.txt no se pudo leer, así que no se solicitó nada: no se pudo conectar'
    """
    first, _, second = cause.partition(": ")
    message = CAUSES.get(first) or _OTHER_REASONS.get(first) or same(first)
    if not second:
        return message
    return Message("{first}: {second}", {"first": message, "second": CAUSES.get(second, same(second))})
