"""Where personal identifiers stand in a text: numbers are looked at one by one, and the words beside them.

A text is searched once for digits and for the few other signs that an identifier begins with. What costs is paid for
these places alone, which prose has few of.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect
from typing import TYPE_CHECKING, Final, NamedTuple

from latam_corpus.privacy.normalised_text import even, is_broken, narrow
from latam_corpus.privacy.number_kinds import EMAIL, KEY, NAME, Numbers, Span, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from latam_corpus.privacy.privacy_policy import Words

# A run of digits with the marks that may part one number. Commas and apostrophes stand between numbers too: they part
# the thousands of one that has six digits at least, and no other marks.
_RUN: Final = re.compile(
    r"\d(?:(?<!\d[,'’].)(?:\d{0,2}(?:[,'’]\d{3}){2,3}|\d{2}[,'’]\d{3})(?![,'’./\u2010-\u2013-]?\d)"
    r"|(?:[ .\u2010-\u2013/()\xa0\u202f-]{0,2}\d)*)"
)
_EMAIL_NAME: Final = re.compile(r"[\w.+-]+$")
_EMAIL_HOST: Final = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_BEFORE_HANDLE: Final = frozenset("@!")
_MAIL_HOST: Final = re.compile(
    r"(?:gmail|googlemail|hotmail|outlook|live|msn|yahoo|ymail|icloud|proton(?:mail)?|uol|bol|terra|ig|globo)\.",
    re.IGNORECASE,
)
_AT: Final = re.compile(r"[\[({<]\s*(?:at|AT|At|arroba|ARROBA|a)\s*[\])}>]")
_AT_WORD: Final = re.compile(r"\s(?:arroba|ARROBA|Arroba|AT)\s")
_DOT: Final = r"(?:\.|\s?[\[({]\s?(?:punto|ponto|dot|\.)\s?[\])}]\s?|\s(?:punto|ponto|dot|PUNTO|PONTO|DOT)\s)"
_TLD: Final = (
    "com|org|net|edu|gob|gov|gub|mil|info|io|biz|coop|me|tv|"
    "ar|bo|br|cl|co|cr|cu|do|ec|es|gt|hn|ht|mx|ni|pa|pe|pr|pt|py|sv|uy|ve"
)
# With blanks around its sign an address is one where its name has more than letters, or something says so before it: a
# place may be written like that, «nos vemos @ casa.com».
_NAME_APART: Final = re.compile(
    r"(?:[\w.+-]*[\d._+-][\w.+-]*|(?<=[(<\[:] )\w+|(?<=[(<\[:])\w+|(?<!.)\w+"
    r"|(?:mail|correo|contact\w*|contato|escrib\w+|escrev\w+)\W+(?:\w+\W+)?\w+)$",
    re.IGNORECASE,
)
_HOST_APART: Final = re.compile(rf"(?:[\w-]+\.)+(?:{_TLD})(?![\w-])", re.IGNORECASE)
_SPOKEN_NAME: Final = re.compile(rf"(?:[\w+-]+{_DOT}){{,3}}[\w+-]+\s?$")
_SPOKEN_HOST: Final = re.compile(rf"\s?[\w-]+(?:{_DOT}[\w-]+){{,2}}?(?:{_DOT}(?:{_TLD})){{1,2}}(?!\w)", re.IGNORECASE)
_UUID: Final = re.compile(r"(?<!\w)[\da-fA-F]{8}-(?:[\da-fA-F]{4}-){3}[\da-fA-F]{12}(?!\w)")
_DEGREES: Final = re.compile(
    r"(?<!\w)\d{1,2}°\s?\d{1,2}['′’]\s?(?:\d{1,2}(?:[.,]\d+)?(?:[\"″”]|'')\s?)?[NSns]\w*[\s,;y e]{,4}"
    r"\d{1,3}°\s?\d{1,2}['′’]\s?(?:\d{1,2}(?:[.,]\d+)?(?:[\"″”]|'')\s?)?[WOEwoe]\w*"
)
_SIGN: Final = re.compile("[0-9@\uff10-\uff19]")  # among them the full-width digits of some documents
# Characters that are read before and after such a sign.
_BEFORE: Final = 400
_AFTER: Final = 300
_SHORT: Final = 4  # characters of a number that is a year at most
# Characters that are read before the sign of an address: RFC 5321 has 64. Of a spoken one, those after it too.
_LONGEST_NAME: Final = 256
_LONGEST_SPOKEN: Final = 80


class Hints(NamedTuple):
    """What a quick look at many texts at once has told of one: whether these may stand in it."""

    spoken_at: bool = True
    keys: bool = True
    streets: bool = True


def find(
    text: str,
    modes: Mapping[str, str],
    words: Words,
    country: str | None = None,
    names: re.Pattern[str] | None = None,
    hints: Hints = Hints(),  # noqa: B008  (it is a value)
) -> list[Span]:
    """Return the identifiers of a text, in order; none overlaps another.

    Args:
        text: any.
        modes: kind → `off`, `context` or `form`.
        words: what stands beside numbers.
        country: whose forms are tried before the others'.
        names: of third persons, as their list gives them; None without one.
        hints: what needn't be looked for.
    """
    found = apart(_all(text, modes, words, country, hints))
    if names is None:
        return found
    # A name within an address of e-mail or of a house is of it; else it comes first.
    listed = [Span(NAME, *match.span(), "name") for match in names.finditer(text)]
    return apart([*found, *(name for name in listed if not _is_part(name, found))])


def _all(text: str, modes: Mapping[str, str], words: Words, country: str | None, hints: Hints) -> Iterator[Span]:
    """Yield what is found where it stands in the text; a line's end may part it, and not two."""
    signs = [sign.start() for sign in _SIGN.finditer(text)]
    if "＠" in text or "﹫" in text or max(map(text.__getitem__, signs), default="") > "@":
        text = narrow(text)
        signs = [sign.start() for sign in _SIGN.finditer(text)]
    if hints.spoken_at:
        signs = sorted([*signs, *(sign.start() for form in (_AT, _AT_WORD) for sign in form.finditer(text))])
    for first, last in _stretches(signs):
        stretch = text[first:last]
        for joined in (False, True) if is_broken(stretch) else (False,):
            read = even(stretch, joined=joined)
            for span in _in_even(read.text, modes, words, country, hints):
                start, end = read.place(span.start, span.end)
                if stretch.count("\n", start, end) <= 1:
                    yield span._replace(start=first + start, end=first + end)


def _stretches(signs: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the parts of a text around digits and signs of e-mail, with what is read before and after them."""
    if not signs:
        return
    start = last = signs[0]
    for sign in signs:
        if sign - last > _BEFORE + _AFTER:
            yield max(0, start - _BEFORE), last + _AFTER
            start = sign
        last = sign
    yield max(0, start - _BEFORE), last + _AFTER


def _in_even(text: str, modes: Mapping[str, str], words: Words, country: str | None, hints: Hints) -> list[Span]:
    spans: list[Span] = []
    if modes["email"] != "off":
        spans += _emails(text)
        if hints.spoken_at:
            spans += _spoken_emails(text)
    if modes["pix"] != "off" and hints.keys:
        spans += _keys(text, modes, words)
    streets = modes["address"] != "off" and hints.streets
    numbers = Numbers(text, modes, words, country)
    for run in _RUN.finditer(text):
        start, end = run.span()
        spans += numbers.at(start, end) if end - start > _SHORT else numbers.at_short(start, end)
        if streets:
            spans += numbers.address(start)
    if modes["coordinates"] != "off" and "°" in text:
        spans += numbers.places(_DEGREES, 0, len(text))
    return spans


def _is_part(name: Span, found: list[Span]) -> bool:
    """Whether one of the spans, which are in order and apart, has the name and more."""
    index = bisect(found, name.start, key=lambda one: one.start)
    return any(name.end <= one.end and name[1:3] != one[1:3] for one in found[:index][-1:])


def apart(spans: Iterable[Span]) -> list[Span]:
    """Return the spans of the least rank, the first and longest of these, without any that overlaps another."""
    disjoint: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.rank, one.start, -one.end)):
        index = bisect(disjoint, span.start, key=lambda one: one.start)
        if all(one.end <= span.start or span.end <= one.start for one in disjoint[max(index - 1, 0) : index + 1]):
            disjoint.insert(index, span)
    return disjoint


def replaced(text: str, spans: Iterable[Span], mark: str = "[{}]") -> tuple[str, list[str]]:
    """Return a text with marks in place of identifiers, and their kinds.

    Args:
        text: any.
        spans: of `find`.
        mark: what a kind is written in.
    """
    pieces: list[str] = []
    kinds: list[str] = []
    end = 0
    for span in spans:
        pieces += [text[end : span.start], mark.format(span.kind.upper())]
        end = span.end
        kinds.append(span.kind)
    return "".join([*pieces, text[end:]]), kinds


def _emails(text: str) -> Iterator[Span]:
    for sign in re.finditer("@", text):
        start, end, form = sign.start(), sign.end(), _EMAIL_HOST
        if text[start - 1 : end + 1] == " @ ":
            start, end, form = start - 1, end + 1, _HOST_APART
            if not _NAME_APART.search(text, max(0, start - _LONGEST_NAME), start):
                continue
        name = _EMAIL_NAME.search(text, max(0, start - _LONGEST_NAME), start)
        host = form.match(text, end)
        if name and host and not _is_handle(text, name.start(), host.group()):
            yield Span(EMAIL, name.start(), host.end(), "email")


def _is_handle(text: str, start: int, host: str) -> bool:
    """Whether `name@host` is a public handle of the fediverse, `@name@host` or `!group@host`, not an address."""
    return text[start - 1 : start] in _BEFORE_HANDLE and not _MAIL_HOST.match(host)


def _spoken_emails(text: str) -> Iterator[Span]:
    signs = [*_AT.finditer(text), *_AT_WORD.finditer(text)]
    for sign in signs:
        name = _SPOKEN_NAME.search(text, max(0, sign.start() - _LONGEST_SPOKEN), sign.start())
        host = _SPOKEN_HOST.match(text, sign.end(), sign.end() + _LONGEST_SPOKEN)
        if name and host:
            yield Span(EMAIL, name.start(), host.end(), "email")


def _keys(text: str, modes: Mapping[str, str], words: Words) -> Iterator[Span]:
    """Random keys of PIX, each beside its word."""
    for key in _UUID.finditer(text):
        if modes["pix"] == "form" or nearest(words.spoken_for(text, key.start()), "pix") is not None:
            yield Span(KEY, *key.span(), "pix")


def names_pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """Return the pattern of a list of names: whole words, in either case, whatever white space is between them.

    >>> names_pattern(["Rosa Quispe"]).sub("[NAME]", "La señora ROSA  QUISPE y Rosa Quispes")
    'La señora [NAME] y Rosa Quispes'
    """
    composed = (unicodedata.normalize("NFC", name).split() for name in names)  # as texts are
    parts = sorted({r"\s+".join(map(re.escape, words)) for words in composed if words}, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)", re.IGNORECASE) if parts else None
