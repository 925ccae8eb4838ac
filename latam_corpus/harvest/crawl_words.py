"""What `crawl`, `rights recheck` and `sources preview` say of addresses and hosts, in three languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.messages import Message, _, same

if TYPE_CHECKING:
    from collections.abc import Mapping

# By `harvest.crawl.causes.Cause`.
CAUSES: Final[Mapping[str, Message]] = {
    "credentials in address": _("the address holds a password"),
    "address too long": _("the address is too long"),
    "malformed address": _("the address is malformed"),
    "private address": _("the address is in a private network"),
    "shut out by robots": _("robots.txt doesn't allow it"),
    "excluded path": _("the source leaves that path out"),
    "too deep": _("too many links from the start"),
    "repeating path": _("the path repeats itself"),
    "too many parameters": _("the address has too many parameters"),
    "too many variants": _("too many variants of one page"),
    "endless calendar": _("a calendar without end"),
    "same content again": _("the same content at many addresses"),
    "too many links": _("too many links on a page"),
    "too many addresses": _("the host has more addresses than are kept (max_addresses)"),
    # budgets
    "too many requests": _("its requests are used up (max_requests)"),
    "too many bytes": _("its bytes are used up (max_bytes)"),
    "too much time": _("its time is used up (max_hours)"),
    "no connection": _("no connection could be made"),
    "bad certificate": _("the certificate isn't valid"),
    "timed out": _("it took too long"),
    "malformed response": _("the answer can't be read"),
    "too large": _("it is too large"),
    "unpacks too large": _("it unpacks to too much"),
    "damaged encoding": _("its encoding is damaged"),
    "too many redirects": _("too many redirects"),
    "redirect out of scope": _("it redirects out of the source"),
    "not a page": _("it is no page"),
    "error status": _("the server answers with an error"),
    "gone": _("the page is gone"),
    "server busy": _("the server asks to come back later"),
    "robots unavailable": _("robots.txt couldn't be read, and without it nothing is asked for"),
    "robots is a page": _("robots.txt is a page"),
    "robots is cut": _("robots.txt is longer than 500 KiB (RFC 9309), and the rest of it isn't read"),
    "unread delay": _("robots.txt asks for a delay that can't be read, and the source's is kept"),
    "damaged XML": _("the XML is damaged"),
    "out of scope": _("it is out of the source"),
    "not a feed": _("it is neither RSS nor Atom"),
    "endless list": _("a list without end"),
    "not a repository": _("it is no OAI-PMH repository"),
    "repository error": _("the repository answers with an error"),
    "broken token": _("the repository doesn't go on with its list"),
    "closed access": _("the text isn't open"),
    "not read": _("there is no text that is read"),
    "range refused": _("the server gives no parts of files"),
    "not the record": _("it isn't the record that the index says"),
}

# What isn't a cause that is counted.
_OTHERS: Final = {"not asked yet": _("it wasn't asked yet")}

LEFT: Final = _("{host} is left for another day: {why}")
# crawl
PROGRESS: Final = _("pages: {pages}; requests: {requests}; hosts with more: {hosts}; the last: {url}")
PAGES: Final = _("pages in {folder}: {pages}, in {seconds} s")
NO_PAGE: Final = _("no page, because")
ADDRESSES: Final = _("addresses")
NAMED: Final = _("{file} names them")
GONE: Final = _("pages that are gone: {n}; {file} names them, and they stay as they were read")
WITHDRAWN: Final = _("pages that are gone: {n}; {file} names them, and they leave the next version")
WAITING: Final = _("addresses that wait: {n}; the same command goes on from here")
CAPTURES: Final = _("captures: {captures}, of {hosts} {hosts:host|hosts}; bytes to fetch: {bytes}")
HOST: Final = _("host")
OF_HOST: Final = _("captures")
LEFT_OUT: Final = _("left out, because")
# By `collect.commoncrawl.plan`, beside the causes above.
OUT_OF_PLAN: Final[Mapping[str, Message]] = {
    "malformed line": _("the line can't be read"),
    "host": _("it is of another host"),
    "status": _("the server didn't give the page"),
    "media type": CAUSES["not a page"],
    "language": _("it is in another language"),
    "path": CAUSES["excluded path"],
    "its file is elsewhere": _("its file is elsewhere"),
    "the plan is full (max_records)": _("the plan is full (max_records)"),
    "another capture of the page is later": _("another capture of the page is later"),
}
READ_PLAN: Final = _(
    "{file} names them: take out the lines that you don't want and give the same command without --plan-only"
)
NEXT: Final = _("next")
WITH_SOURCE: Final = _("latam-corpus run RECIPE, with «{source}» among its sources")
# rights recheck
SITES_READ: Final = _("sites read: {done} of {total}")
HEADS: Final = (
    _("site"),
    _("signal"),
    _("value"),
    _("address"),
    _("read"),
    _("documents"),
)
MORE: Final = _("and {n} {n:refusal|refusals} more, in the file")
UNREAD: Final = _("{site} couldn't be read, and what it said before stands: {why}")
UNREAD_FILE: Final = _("{file} couldn't be read, and what it said before stands")
LEAVING: Final = _("{spec}: {n} of {total} {total:document|documents} with an address must leave the next version")
LISTED: Final = _("{file} names them; every build of {name} reads it")
EVIDENCE: Final = _("what the sites said is in {folder}")


def cause_message(cause: str) -> Message:
    """Return a cause in three languages; of one that has a cause of its own, both.

    >>> cause_message("robots unavailable: no connection").translate("es")
    'robots.txt no se pudo leer, y sin él no se pide nada: no se pudo conectar'
    """
    first, _, second = cause.partition(": ")
    message = CAUSES.get(first) or _OTHERS.get(first) or same(first)
    if not second:
        return message
    return Message("{first}: {second}", {"first": message, "second": CAUSES.get(second, same(second))})
