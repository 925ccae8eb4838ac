"""What one page says of itself: in the headers of its response, and in the head of its HTML."""

from __future__ import annotations

import re
from functools import cached_property
from html import unescape
from itertools import islice
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from latam_corpus.catalog.optout.agents import addressed
from latam_corpus.catalog.optout.decoding import ascii_based
from latam_corpus.catalog.optout.directives import refusals
from latam_corpus.catalog.optout.opt_out import OptOut, opt_out
from latam_corpus.catalog.optout.preferences import FIELDS, reservation
from latam_corpus.catalog.optout.rsl import MEDIA_TYPE, licence_verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

# How far into a page a meta element is looked for: heads with inlined styles and scripts are long.
HEAD: Final = 2**18
# Most pages have none of these words.
_INTERESTING: Final = (
    b"noai", b"no-ai", b"noml", b"ai-training", b"aitraining", b"noarchive", b"tdm-reservation", b"rsl+xml",
    b"content-usage", b"content-signal",
)  # fmt: skip
# ASCII letters and marks have no other names in HTML; a word may be hidden in them from who collects words.
_REFERENCE: Final = re.compile(
    rb"&#(?:x0{0,6}[2-7][0-9a-f](?![0-9a-f])|0{0,6}(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6])(?!\d));?"
)
# What isn't markup, and where it ends; `<!-->` is a whole comment.
_OPENING: Final = re.compile(r"<(?:!--(?!-?>)|(script|style)\b)", re.IGNORECASE)
_ENDS: Final = {
    "": re.compile(r"--!?>"),
    "script": re.compile(r"</script", re.IGNORECASE),
    "style": re.compile(r"</style", re.IGNORECASE),
}
# Possessive and bounded by `<`, so that a page made for it can't make the search slow; else with a quote left open.
_TAG: Final = re.compile(r"<(meta|link)\b((?:[^<>\"']|\"[^\"]*\"|'[^']*')*+(?=>)|[^<>]*+)", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(
    r"(?<![\w:-])([\w:-]++)\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]++)|[\"']([^\"'>]*+))"
)
_INLINE: Final = re.compile(rb"<script\b(?=[^<>]*?rsl\+xml)[^<>]*+>", re.IGNORECASE)
_MAX_INLINE: Final = 5
# Where a meta element may have its name, rightly or not.
_NAMES: Final = ("name", "http-equiv", "property", "itemprop")
_ROBOTS: Final = re.compile(r"(?<![\w-])(?:x-robots-tag|robots)(?![\w-])", re.ASCII)
_TDM: Final = "tdm-reservation"


class Head:
    """The beginning of a page, in which it is told what it refuses: searched once, and taken apart once if need be."""

    def __init__(self, body: bytes) -> None:
        """Take the head of a page whose encodings are undone."""
        # In UTF-16 a character has two bytes.
        self.bytes = ascii_based(body[: 2 * HEAD])[:HEAD]
        lowered = self.bytes.lower()
        self._lowered = _REFERENCE.sub(_referred, lowered) if b"&#" in lowered else lowered
        self._asked: dict[bytes, bool] = {}

    def has(self, word: bytes) -> bool:
        """Whether a word in lower case stands there in any case.

        >>> Head(b"<meta name=TDM-Reservation>").has(b"tdm-reservation")
        True
        """
        # Asked by several: a search over a long head costs more than all else that is looked for in it.
        if word not in self._asked:
            self._asked[word] = word in self._lowered
        return self._asked[word]

    @cached_property
    def elements(self) -> list[tuple[str, dict[str, str]]]:
        """The meta and link elements, with attributes by names in lower case; under `""` all that the tag says."""
        return [
            (
                tag.lower(),
                {"": unescape(rest)}
                | {n.lower(): unescape(a or b or c or d).strip() for n, a, b, c, d in _ATTRIBUTE.findall(rest)},
            )
            for tag, rest in _TAG.findall(_markup(self.bytes.decode("latin-1")))
        ]


def _referred(match: re.Match[bytes]) -> bytes:
    """Return the character that a numeric reference stands for."""
    return unescape(match[0].decode()).lower().encode()


def _markup(text: str) -> str:
    """Return the text without comments, scripts and styles; of those that aren't closed only the opening goes."""
    pieces = []
    at = 0
    unclosed: set[str] = set()
    while opening := _OPENING.search(text, at):
        kind = (opening[1] or "").lower()
        end = None if kind in unclosed else _ENDS[kind].search(text, opening.end())
        pieces.append(text[at : opening.start()])
        if end is None:
            unclosed.add(kind)
        at = end.end() if end else opening.end()
    return " ".join([*pieces, text[at:]])


def unread_licence(address: str, url: str, time: datetime) -> list[OptOut]:
    """Return what a licence that can't be read refuses: it was still meant as terms.

    Args:
        address: where it should be.
        url: the page that it is of.
        time: when it was named.
    """
    del url
    return [opt_out("rsl-permission", "a licence is named and can't be read", address, time)]


def page_opt_outs(
    url: str,
    headers: Sequence[tuple[str, str]],
    head: Head,
    time: datetime,
    licence: Callable[[str, str, datetime], list[OptOut]] = unread_licence,
) -> list[OptOut]:
    """Return what a page refuses by itself: every refusal counts, sorted.

    Args:
        url: the page's address.
        headers: of its response, names in lower case.
        head: its beginning, encodings undone.
        time: when it was fetched.
        licence: what the licence at an address refuses for the page; unread by default.

    >>> from datetime import UTC, datetime
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> page = Head(b'<link rel="license" type="application/rsl+xml" href="/rsl.xml">')
    >>> found = page_opt_outs("https://a.example/nota", [("x-robots-tag", "noai")], page, now)
    >>> [(one.signal, one.address) for one in found]
    [('noai', 'https://a.example/nota'), ('rsl-permission', 'https://a.example/rsl.xml')]
    """
    opt_outs = [*header_opt_outs(headers, url, time), *head_opt_outs(head, url, time)]
    for link in licence_links(headers, head):
        opt_outs += licence(urljoin(url, link), url, time)
    return sorted(set(opt_outs))


def header_opt_outs(headers: Sequence[tuple[str, str]], url: str, time: datetime) -> list[OptOut]:
    """Return what the response's headers refuse.

    Args:
        headers: names in lower case and values, a name as often as it was sent.
        url: the page's address.
        time: when it was fetched.

    >>> from datetime import UTC, datetime
    >>> sent = [("x-robots-tag", "noai, noimageai"), ("tdm-reservation", "1"), ("content-usage", "train-ai=n")]
    >>> found = header_opt_outs(sent, "https://a.example/", datetime(2026, 1, 1, tzinfo=UTC))
    >>> [one.signal for one in found]
    ['noai', 'tdm-reservation', 'content-usage']
    """
    opt_outs: list[OptOut] = []
    for name, value in headers:
        if name == "x-robots-tag":
            opt_outs += [opt_out(word, value, url, time) for word in refusals(value)]
        elif name == "tdm-reservation" and reservation(value):
            opt_outs.append(opt_out("tdm-reservation", f"header: {value}", url, time))
        else:
            readers = FIELDS.get(name.removesuffix("s"), {})
            opt_outs += [opt_out(signal, value, url, time) for signal, read in readers.items() if read(value) == "n"]
    return opt_outs


def head_opt_outs(head: Head, url: str, time: datetime) -> list[OptOut]:
    """Return what the head of an HTML page refuses; its licences are told by `licence_links`.

    >>> from datetime import UTC, datetime
    >>> page = b'<html><head><meta name="robots" content="noai"><meta name=tdm-reservation content=1></head>'
    >>> [one.signal for one in head_opt_outs(Head(page), "https://a.example/", datetime(2026, 1, 1, tzinfo=UTC))]
    ['noai', 'tdm-reservation']
    """
    opt_outs: list[OptOut] = []
    if not any(map(head.has, _INTERESTING)):
        return opt_outs
    verdicts = [licence_verdict(inline, url) for inline in _inlined(head.bytes)]
    opt_outs += [opt_out(verdict[0], f"script: {verdict[1]}", url, time) for verdict in verdicts if verdict]
    for tag, values in head.elements:
        if tag != "meta":
            continue
        name, content = _name(values), values.get("content", "")
        if _ROBOTS.search(name) or addressed(name):
            # Directives stand in `content`, or where they were written by mistake.
            refused = refusals(content) or refusals(values[""])
            opt_outs += [opt_out(word, f"meta: {content or values['']}", url, time) for word in refused]
        elif _TDM in name and reservation(content):
            opt_outs.append(opt_out("tdm-reservation", f"meta: {content}", url, time))
        elif readers := FIELDS.get(name.strip().removesuffix("s")):
            opt_outs += [
                opt_out(signal, f"meta: {content}", url, time)
                for signal, read in readers.items()
                if read(content) == "n"
            ]
    return opt_outs


def reserves(headers: Sequence[tuple[str, str]], head: Head) -> bool | None:
    """Whether the page itself, by header or meta, reserves mining; None where it says nothing.

    Where the two disagree, the reservation counts. What a page says replaces what its site's file says.

    >>> reserves([("tdm-reservation", "0")], Head(b"")), reserves([], Head(b"<p>"))
    (False, None)
    """
    reservations = [reservation(value) for name, value in headers if name == "tdm-reservation"]
    if head.has(b"tdm-reservation"):
        reservations += [
            reservation(v.get("content")) for tag, v in head.elements if tag == "meta" and _TDM in _name(v)
        ]
    known = [one for one in reservations if one is not None]
    return any(known) if known else None


def licence_links(headers: Sequence[tuple[str, str]], head: Head) -> list[str]:
    """Return the RSL licences that the page links to, by header or in its head, as they are written.

    >>> licence_links([("link", '</rsl.xml>; rel="license"; type="application/rsl+xml"')], Head(b""))
    ['/rsl.xml']
    """
    links = [
        match[1]
        for name, value in headers
        if name == "link"
        for match in re.finditer(r"<([^<>]*)>([^<]*)", value)
        if "license" in match[2].lower() and MEDIA_TYPE in match[2].lower()
    ]
    if head.has(b"rsl+xml"):
        links += [v["href"] for t, v in head.elements if t == "link" and v.get("type") == MEDIA_TYPE and "href" in v]
    return list(dict.fromkeys(links))


def _inlined(head: bytes) -> list[bytes]:
    """Return the licences that stand in the page itself."""
    scripts = []
    for opening in islice(_INLINE.finditer(head), _MAX_INLINE):
        if (end := head.find(b"</script", opening.end())) < 0:
            break
        scripts.append(head[opening.end() : end].strip())
    return scripts


def _name(values: dict[str, str]) -> str:
    """Return the names of a meta element, in lower case: authors write several in one."""
    return " ".join(values.get(one, "") for one in _NAMES).lower()
