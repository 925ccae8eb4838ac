"""Read the opt-outs of a single page from the headers of its response and the head of its HTML."""

from __future__ import annotations

import codecs
import re
from functools import cached_property
from html import unescape
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import urljoin

from latam_corpus.catalog.optout.agents import addressed
from latam_corpus.catalog.optout.opt_out import OptOut, opt_out
from latam_corpus.catalog.optout.preferences import FIELDS, reservation
from latam_corpus.catalog.optout.rsl import MEDIA_TYPE, licence_verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime


_MARKS: Final = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_LOOK: Final = 256
# The first bytes of a page are searched for meta elements; so many, since heads may have inlined styles and scripts.
HEAD: Final = 2**18
# Most pages have none of these words.
_INTERESTING: Final = (
    b"noai", b"no-ai", b"noml", b"ai-training", b"aitraining", b"noarchive", b"reservation", b"rsl+xml",
    b"content-usage", b"content-signal",
)  # fmt: skip
# Numeric references to ASCII characters, which may hide a word from a simple search.
_REFERENCE: Final = re.compile(
    rb"&#(?:x0{0,6}[2-7][0-9a-f](?![0-9a-f])|0{0,6}(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6])(?!\d));?"
)
# Comments, scripts and styles, and their ends; `<!-->` is a whole comment.
_OPENING: Final = re.compile(r"<(?:!--(?!-?>)|(script|style)\b)", re.IGNORECASE)
_ENDS: Final = {
    "": re.compile(r"--!?>"),
    "script": re.compile(r"</script", re.IGNORECASE),
    "style": re.compile(r"</style", re.IGNORECASE),
}
# Possessive and bounded by `<`, so that no page can make the search slow; the second form is for an unclosed quote.
_TAG: Final = re.compile(r"<(meta|link)\b((?:[^<>\"']|\"[^\"]*\"|'[^']*')*+(?=>)|[^<>]*+)", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(
    r"(?<![\w:-])([\w:-]++)\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]++)|[\"']([^\"'>]*+))"
)
_INLINE: Final = re.compile(rb"<script\b(?=[^<>]*?rsl\+xml)[^<>]*+>", re.IGNORECASE)
_MAX_INLINE: Final = 5
# The attributes that contain the names of meta elements, correctly or not.
_NAMES: Final = ("name", "http-equiv", "property", "itemprop")
_ROBOTS: Final = re.compile(r"(?<![\w-])(?:x-robots-tag|robots)(?![\w-])", re.ASCII)
_TDM: Final = "tdm-reservation"
Refusal: TypeAlias = Literal["noai", "noarchive"]
_REFUSALS: Final[tuple[Refusal, ...]] = ("noai", "noarchive")
# Other words for `noai`: noml.info, and draft-canel-robots-ai-control of October 2024.
_ALIASES: Final[dict[str, Refusal]] = dict.fromkeys(
    ("noml", "no-ai", "noaitraining", "no-ai-training", "disallowaitraining", "disallow-ai-training"), "noai"
)
# The directives that search engines document, and others in use. A word with a colon is an agent's name only if a
# directive follows.
_DIRECTIVES: Final = frozenset({
    *_REFUSALS, *_ALIASES, "all", "index", "follow", "noindex", "nofollow", "none", "nosnippet", "indexifembedded",
    "noimageindex", "noimageai", "notranslate", "nositelinkssearchbox", "nopagereadaloud", "nocache", "noodp", "noydir",
})  # fmt: skip
# Directives with values, some of which (`max-image-preview: none`) are also names of directives.
_VALUED: Final = re.compile(r"max-|unavailable")
# Only ASCII letters count as letters: typographic quotes may be in any charset.
_SEPARATORS: Final = re.compile(r"[^\w:*-]+", re.ASCII)
_COLON: Final = re.compile(r"\s*:\s*")
# The maximum number of characters that are read, since a malicious value may be very long.
_LONGEST: Final = 10_000


def ascii_based(body: bytes) -> bytes:
    """Return UTF-16 bytes as UTF-8, with or without a byte-order mark; return other bytes unchanged.

    >>> [ascii_based("<meta>".encode(one)) for one in ("utf-16", "utf-16-le", "utf-16-be", "latin-1")]
    [b'<meta>', b'<meta>', b'<meta>', b'<meta>']
    """
    start = body[:_LOOK]
    charset = next((charset for mark, charset in _MARKS if start.startswith(mark)), None)
    if charset is None and 0 in start:
        even, odd = start[::2].count(0), start[1::2].count(0)
        # In ASCII text every second byte is NUL, in a title in Latin script nearly every second one.
        if max(even, odd) > len(start) // 4 and max(even, odd) > 2 * min(even, odd):
            charset = "utf-16-le" if odd > even else "utf-16-be"
    if charset is None:
        return body
    # UTF-32 starts like UTF-16, and leaves NULs when decoded as such.
    return body.decode(charset, "replace").removeprefix("\ufeff").replace("\0", "").encode("utf-8", "replace")


class Head:
    """The beginning of a page, which is searched once for each word and parsed at most once."""

    def __init__(self, body: bytes) -> None:
        """Store the head of a page whose content encodings were removed."""
        # In UTF-16 a character has two bytes.
        self.bytes = ascii_based(body[: 2 * HEAD])[:HEAD]
        lowered = self.bytes.lower()
        self._lowered = _REFERENCE.sub(_referred, lowered) if b"&#" in lowered else lowered
        self._results: dict[bytes, bool] = {}

    def has(self, word: bytes) -> bool:
        """Whether a lower-case word is in the head, in any case.

        >>> Head(b"<meta name=TDM-Reservation>").has(b"tdm-reservation")
        True
        """
        # Several callers look for the same words, and searching a long head is the most expensive step.
        if word not in self._results:
            self._results[word] = word in self._lowered
        return self._results[word]

    @cached_property
    def elements(self) -> list[tuple[str, dict[str, str]]]:
        """The meta and link elements, with attributes by lower-case names; under `""`, the whole content of the tag."""
        return [
            (
                tag.lower(),
                {"": unescape(content)}
                | {n.lower(): unescape(a or b or c or d).strip() for n, a, b, c, d in _ATTRIBUTE.findall(content)},
            )
            for tag, content in _TAG.findall(_markup(self.bytes.decode("latin-1")))
        ]


def _referred(match: re.Match[bytes]) -> bytes:
    """Return the character of a numeric reference."""
    return unescape(match[0].decode()).lower().encode()


def _markup(text: str) -> str:
    """Return the text without comments, scripts and styles; if one isn't closed, only its opening tag is removed."""
    pieces = []
    position = 0
    unclosed: set[str] = set()
    while opening := _OPENING.search(text, position):
        kind = (opening[1] or "").lower()
        end = None if kind in unclosed else _ENDS[kind].search(text, opening.end())
        pieces.append(text[position : opening.start()])
        if end is None:
            unclosed.add(kind)
        position = end.end() if end else opening.end()
    return " ".join([*pieces, text[position:]])


def unread_licence(address: str, url: str, time: datetime) -> list[OptOut]:
    """Return the opt-out for an unreadable licence, which counts because it was meant as terms."""
    del url
    return [opt_out("rsl-permission", "a licence is named and can't be read", address, time)]


def page_opt_outs(
    url: str,
    headers: Sequence[tuple[str, str]],
    head: Head,
    time: datetime,
    licence: Callable[[str, str, datetime], list[OptOut]] = unread_licence,
) -> list[OptOut]:
    """Return the opt-outs of a page from its headers, its head and its licences, sorted.

    Header names are in lower case, and `head` is the beginning of the page, without encodings. `licence` returns the
    opt-outs of the licence at an address; by default, licences aren't read.

    >>> from datetime import UTC, datetime
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> page = Head(b'<link rel="license" type="application/rsl+xml" href="/rsl.xml">')
    >>> opt_outs = page_opt_outs("https://a.example/nota", [("x-robots-tag", "noai")], page, now)
    >>> [(opt_out.signal, opt_out.address) for opt_out in opt_outs]
    [('noai', 'https://a.example/nota'), ('rsl-permission', 'https://a.example/rsl.xml')]
    """
    opt_outs = [*header_opt_outs(headers, url, time), *head_opt_outs(head, url, time)]
    for link in licence_links(headers, head):
        opt_outs += licence(urljoin(url, link), url, time)
    return sorted(set(opt_outs))


def header_opt_outs(headers: Sequence[tuple[str, str]], url: str, time: datetime) -> list[OptOut]:
    """Return the opt-outs in a response's headers.

    Header names are in lower case, and may be repeated.

    >>> from datetime import UTC, datetime
    >>> sent = [("x-robots-tag", "noai, noimageai"), ("tdm-reservation", "1"), ("content-usage", "train-ai=n")]
    >>> opt_outs = header_opt_outs(sent, "https://a.example/", datetime(2026, 1, 1, tzinfo=UTC))
    >>> [opt_out.signal for opt_out in opt_outs]
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
    """Return the opt-outs in the head of an HTML page, except those in its licences (`licence_links`).

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
            # Directives should be in `content`, but may be anywhere in the tag by mistake.
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
    """Whether a page reserves text and data mining, by header or meta element; None if it has no statement.

    If the two disagree, the reservation counts. The page's statement replaces that of its site's file.

    >>> reserves([("tdm-reservation", "0")], Head(b"")), reserves([], Head(b"<p>"))
    (False, None)
    """
    reservations = [reservation(value) for name, value in headers if name == "tdm-reservation"]
    if head.has(b"tdm-reservation"):
        reservations += [
            reservation(v.get("content")) for tag, v in head.elements if tag == "meta" and _TDM in _name(v)
        ]
    stated = [value for value in reservations if value is not None]
    return any(stated) if stated else None


def licence_links(headers: Sequence[tuple[str, str]], head: Head) -> list[str]:
    """Return the RSL licences to which the page links by header or in its head, as written.

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
    """Return the licences that are embedded in the page."""
    scripts = []
    for opening in islice(_INLINE.finditer(head), _MAX_INLINE):
        if (end := head.find(b"</script", opening.end())) < 0:
            break
        scripts.append(head[opening.end() : end].strip())
    return scripts


def _name(values: dict[str, str]) -> str:
    """Return the names in a meta element, in lower case; authors write several in one."""
    return " ".join(values.get(attribute, "") for attribute in _NAMES).lower()


def refusals(value: str) -> list[Refusal]:
    """Return the opt-outs among the directives, for all agents or for one that gathers training data.

    Directives are separated by commas, semicolons or spaces. The directives after `otherbot:` are for that bot, until
    the next agent is named; `max-snippet: -1` and the like name no agent.

    >>> refusals("max-image-preview:large, noai"), refusals("otherbot: noai"), refusals("ccbot: nofollow; noarchive")
    (['noai'], [], ['noarchive'])
    >>> refusals("unavailable_after: 25 Jun 2026 15:00:00 PST, noarchive"), refusals("otherbot: noindex, *: noai")
    (['noarchive'], ['noai'])
    """
    words = [word for word in _SEPARATORS.split(_COLON.sub(": ", value[:_LONGEST].lower())) if word]
    bare_words: set[str] = set()
    concerned = True
    # Words that aren't directives: before a colon, several agents, or the words of one agent's name.
    unknown: list[str] = []
    for word, next_word in zip_longest(words, words[1:], fillvalue=""):
        if word.endswith(":") and _is_agent(word[:-1], next_word.rstrip(":")):
            concerned = bool(addressed(" ".join([*unknown, word[:-1]])))
            unknown = []
        elif (bare := word.rstrip(":")) in _DIRECTIVES:
            unknown = []
            if concerned:
                bare_words.add(_ALIASES.get(bare, bare))
        else:
            unknown.append(word)
    return [word for word in _REFUSALS if word in bare_words]


def _is_agent(word: str, next_word: str) -> bool:
    """Whether a word with a colon is an agent's name: it isn't a directive, and a directive follows it."""
    if word in _DIRECTIVES or _VALUED.match(word):
        return False
    return next_word in _DIRECTIVES or _VALUED.match(next_word) is not None
