"""Find the possible kinds of a number in a text: telephone, identity, account, plate, house number, coordinates.

Candidate spans may overlap; the candidate with the lowest rank has precedence.
"""

from __future__ import annotations

import ipaddress
import re
import string
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from latam_corpus.privacy.kinds import DASH, IDENTIFIERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from latam_corpus.privacy.kinds import Identifier
    from latam_corpus.privacy.privacy_policy import Words

# Dates and ranges of years have as many digits as an identifier, but aren't identifiers.
_PLAIN_NUMBER: Final = re.compile(
    r"(?:1[5-9]|20)\d{2}([/.-])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])"
    r"|(?:1[5-9]|20)\d{2}\s?[\u2010-\u2013/-]\s?(?:\d{2}|(?:1[5-9]|20)\d{2})"
)
_DAY: Final = re.compile(r"(?:0?[1-9]|[12]\d|3[01])([/. -])(?:0?[1-9]|1[0-2])\1(?:\d{2}|(?:1[5-9]|20)\d{2})")
_DATE_LIKE_CEDULAS: Final = "PA"  # a Panamanian cédula may look like a date: 3-11-1981
_MARGIN: Final = 40  # characters
# A currency before a number makes it an amount.
_MONEY: Final = re.compile(r"(?:[$€£]|\b(?:R|US|S/|Bs|Gs|Q|L|USD|UYU|ARS|CLP|COP|MXN|BRL)\.?\s?\$?)\s?$")
_ENDS_MONEY: Final = frozenset("$€£.RSsQLDYPNX/")
# An amount has separated thousands, followed by a plural noun. These lower-case words end like plurals, but aren't
# counted nouns.
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:[.,'’]\d{3})+|\d{1,2}(?: \d{3}){2}")
_ROUND: Final = re.compile(r"\d{1,3}(?:[.,'’ ]000){2,}")
_NOT_COUNTED: Final = (
    "más|mas|mais|tras|nos|vos|las|los|les|nas|das|dos|aos|sus|seus|suas|mis|tus|pues|pois|antes|después|depois|además"
    "|entonces|apenas|atrás|detrás|jamás|esos|esas|estos|estas|unos|unas|uns|umas|ambos|ambas|todos|todas|quienes"
    "|cuales|cuyos|cuyas|altos|bajos|fondos|tres|seis|tienes|vienes|gracias|saludos|consultas|informes|reservas|ventas"
)
_COUNTED: Final = re.compile(rf" (?:de )?(?!(?:{_NOT_COUNTED}|\w+mos)\b)[a-záéíóúüñãõâêôç]{{2,}}s\b")
# A number isn't an amount if it follows a label in the singular (`CC 52.345.678 mayores`), or continues a list.
_NAMED_BEFORE: Final = re.compile(
    r"(?:\b[A-Z]{2,6}|\b(?:[A-Z]\.){2,5}"
    r"|\b(?i:c[eé]dula|documento|identidad|identidade|ciudadan[ií]a|cidad[aã]o|extranjer[ií]a|carn[eé]|registro))"
    r"(?: ?[Nn](?:[º°o]|ro|r\.o|[uúU]m(?:ero)?)\.?)?[ :.]{1,3}$|\d(?:,| [yeou]| ou) $"
)
_MONTH: Final = re.compile(
    r" de (?:ene|feb|mar|abr|may|mai|jun|jul|ago|set|sep|oct|out|nov|dic|dez|jan|fev)[a-zç]*\b", re.IGNORECASE
)
_MOST_COUNTED_NEAR_A_STREET: Final = 3  # digits
_BETWEEN_ITEMS: Final = re.compile(r"(?:[ ,;/]| (?:y|e|o|u|ou) )+")
_IPV4: Final = re.compile(r"(?:(?<![\w.])|(?<=IP)|(?<=[Ii]p))(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)")
# Numbers of versions and sections look like IP addresses.
_NUMBERING: Final = re.compile(
    r"(?:§+|\b(?:v|ver|vers|versi[oó]n|versiones|vers[aã]o|vers[oõ]es|version|release|build|revisi[oó]n|revis[aã]o"
    r"|firmware|kernel|parche|patch|actualizaci[oó]n|atualiza[cç][aã]o|secci[oó]n|se[cç][aã]o|sec|subsecci[oó]n"
    r"|apartado|ep[ií]grafe|cap[ií]tulo|cap|punto|ponto|numeral|inciso|art[ií]culo|artigo|art|[ií]tem|cl[aá]usula"
    r"|p[aá]rrafo|par[aá]grafo|anexo|tabla|tabela|cuadro|quadro|figura|fig|norma|requisito|regla|regra)s?\.?)"
    r"[ :]{0,2}(?:n(?:[.º°o]|ro)*\s?)?$",
    re.IGNORECASE,
)
# A numbered heading: `3.2.2.4 Alcance`.
_SMALL_PART: Final = 32
_HEADING: Final = re.compile(r"[.)]?[ -]{1,3}[A-ZÁÉÍÓÚÑÂÊÔÃÕÇ][^\W\d_]")
_IPV6: Final = re.compile(r"(?<![\w:.])[\da-fA-F]{1,4}(?::{1,2}[\da-fA-F]{1,4}){2,7}(?![\w:])")
_SHORTEST_PHONE: Final = 8  # digits, including the country code; the longest has 15 (ITU-T E.164)
# Separators include no-break spaces, and the dashes with which word processors replace a hyphen (U+2010 to U+2013).
# Brackets belong to the number only in pairs, as in `(+56) 9 …` and `+56 (9) …`; a bracket that closes a remark around
# the number doesn't. Digits after the fifteenth belong to other numbers.
_PHONE: Final = re.compile(
    r"(?:\(\+\d(?:[ \xa0\u202f.\u2010-\u2013-]?\d){,8}\)|(?<![\w+])\+\d|(?<=wa\.me/|phone=)\d)"
    r"(?:[ \xa0\u202f.\u2010-\u2013-]?(?:\(\d{1,4}\)|\d)){1,14}(?!\d)"
)
# The same with any separators, or with an exit code: `+56-9/8765-4321`, `+ (56) 9`, `0056 9 …`. A number in this form
# must be a valid telephone number.
_GAPS: Final = r"[ \xa0\u202f./\u2010-\u2014-]{0,3}"
_WIDE_PHONE: Final = re.compile(
    rf"(?:\+|\b(?:00|011) ?)(?=[(\d])(?:\d{{1,3}}(?:\)|(?=\d|{_GAPS}))|(?=\())"
    rf"(?:{_GAPS}(?:\(\d{{1,4}}\)|\d)){{6,15}}(?!\d)"
)
_PREFIX: Final = re.compile(r"\+|00|011")
_PREFIX_WITHIN: Final = re.compile(r"(?<= )0(?:0|11)(?=[ (\d./\u2010-\u2014-])")
# Country codes of the region, and of countries to which many of its people have emigrated (ITU-T E.164).
_COUNTRY_CODE: Final = re.compile(r"(?:1|5[0-9]{1,2}|29[79]|3[34]|351|39|4[149])")
# A national number: an optional area code in brackets, and groups of digits.
_NATIONAL: Final = re.compile(
    r"(?<![\d_])(?<!\d[.,/\u2010-\u2013-])(?:\(0?\d{1,5}\)[ /\u2010-\u2013-]{0,3})?\d{1,11}"
    r"(?:(?: ?[/\u2010-\u2014-] ?|[ .\xa0])\d{2,7}){0,4}(?!\w|[.,]\d)"
)
_WITH_AREA: Final = re.compile(r"\(0?\d{2,4}\) ?9?\d{3,4}[ \u2010-\u2013-]?\d{4}(?!\w|[.,]\d)")
_FEWEST_NATIONAL: Final = 6
_NEAR: Final = 4  # the maximum number of words between a word for telephones and a local number without an area code
_STREET: Final = re.compile(
    r"(?<!\w)(?i:(?:calle|av(?:enida|da)?\.?|avda\.?|rua|r\.|carrera|cra\.?|kra\.?|cl\.|diagonal|diag\.?|transversal"
    r"|pasaje|pje\.?|psje\.?|jir[oó]n|jr\.|alameda|calzada|bou?levard|blvd\.?|bulevar|travessa|pra[çc]a|plaza|camino"
    r"|callej[oó]n|prolongaci[oó]n|estrada|ladeira|largo|privada|cerrada)[ \xa0]+|c/ *)"
    r"((?:(?:[A-ZÁÉÍÓÚÑÂÊÔÃÕÇ][\w.'’]*|de|del|la|las|los|el|da|do|das|dos|e|y|\d{1,3}[A-Z]?(?!\d)"
    r"|(?:sur|norte|este|oeste|bis)\b)[ \xa0]*){1,7})"
    r"(?:, *)?(?i:#|n(?:[.º°o]|ro|r\.o|úm|um)\.?º?|número|nº|no\.|casa)? *\Z"
)
_NAMED: Final = re.compile(r"[A-ZÁÉÍÓÚÑÂÊÔÃÕÇ]|\d")
# A letter after the number belongs to it, unless it is a word that begins a sentence («4930 Y nada más»).
_HOUSE: Final = re.compile(rf"\d{{1,5}}(?: ?(?![AEOY] [a-z])[A-Z](?!\w))?(?: ?{DASH} ?\d{{1,4}}(?!\d))?(?!\w|[.,/:]\d)")
_STREET_WINDOW: Final = 70
_HOME_NEAR: Final = 8  # the maximum number of words between a word such as «vive» and the street
_PLATE: Final = re.compile(
    r"(?<![\w-])(?:[A-Z]{3}[ -]?\d[A-Z]\d{2}|[A-Z]{2}[ -]?\d{3}[ -]?[A-Z]{2}|[A-Z]{3}[ -]\d{2}[ -]\d{2}"
    r"|[A-Z]{1,3}[ -]?\d{3,4}|[A-Z]{2}[ ·.-]?[A-Z]{2}[ ·.-]?\d{2}|\d{3,4}[ -]?[A-Z]{3}|[A-Z]{3}[ -]?\d{2}[A-Z]"
    r"|[A-Z][ -]?\d{3}[ -]?[A-Z]{3}|[A-Z]{3}-\d{3}-[A-Z]|[A-Z]\d[A-Z][ -]?\d{3})(?![\w-])"
)
_MERCOSUL: Final = re.compile(r"(?<![\w-])[A-Z]{3}\d[A-Z]\d{2}(?![\w-])")
_DECIMALS: Final = re.compile(r"(?<![\w.])[-\u2212]?\d{1,2}\.\d{4,}°?\s?[,;]\s?[-\u2212]?\d{1,3}\.\d{4,}(?!\w)")
# In America longitudes are negative; a minus sign makes the difference to two telephone numbers with dots.
_AMERICAN_PLACE: Final = re.compile(r"(?<![\w.])\d{1,2}\.\d{4,}°?\s?[,;]\s?-\d{1,3}\.\d{4,}(?!\w)")
_SIGNS: Final = re.compile(r"[A-ZÑ\u2010-\u2013-]")
_CAPITAL: Final = re.compile("[A-ZÑ]")
_SHAPE: Final = str.maketrans("123456789" + string.ascii_lowercase.replace("k", ""), "0" * 9 + "a" * 25)
_LINKED: Final = re.compile(r"(?:\bwa\.me/|[?&]phone=)$")  # links that open a chat
_BEFORE_LINKED: Final = frozenset("/=")
_OPENERS: Final = frozenset("(+")
_NO_DIGIT: Final = re.compile(r"\D+")
DASHES: Final = frozenset("-\u2010\u2011\u2012\u2013")
_BEFORE_HOUSE: Final = frozenset("#nN°º0123456789")
_BETWEEN_GROUPS: Final = " ./\xa0\u2010\u2011\u2012\u2013\u2014-"
_LAST_GROUP: Final = re.compile(r"[ ./\xa0\u202f\u2010-\u2014-]+\(?\d+\)?$")
_ATTACHED: Final = re.compile(r"([^\W\d_ºª]+(?:\.[^\W\d_ºª]+)*)\.?[/\u2010-\u2013-]?$")
_JOINS: Final = frozenset("/-\u2010\u2011\u2012\u2013")
_LONGEST_LABEL: Final = 24
_NUMBER_WORDS: Final = frozenset({"n", "no", "nr", "nro", "num", "numero", "xx"})
_SURE: Final = 50  # from this `Identifier.chance` on, a word for another kind doesn't reject a valid number
_SURE_AT_HOME: Final = 10  # the same in a text from the identifier's country
_MOST_OF_PLATE: Final = 5
_LONG: Final = 13  # minimum number of digits of a written form without separators
_FEWEST_ANYWHERE: Final = 7
_MOST_ANYWHERE: Final = 11
_MOST_OF_COUNTRY: Final = 11
# Ranks, lowest first: listed names of third persons, kinds with their own sign, written forms in their order, telephone
# numbers in international form, numbers indicated by a word (nearest first), and all others.
NAME, EMAIL, KEY, _NETWORK = range(-1, 3)
_AFTER_FORMS: Final = 100
_BY_WORD: Final = 200
_RANKS: Final = 100
_LAST: Final = 10_000


_Ranked: TypeAlias = "tuple[int, Identifier, re.Pattern[str]]"


class IdentifierSpan(NamedTuple):
    """A candidate identifier in a text, with its rank (the lowest of overlapping candidates wins), span and kind."""

    rank: int
    start: int
    end: int
    kind: str


def nearest(indications: Iterable[tuple[int, frozenset[str]]], kind: str) -> int | None:
    """Return the distance of the nearest word for a kind, from `Words.indications`; None without a word."""
    return next((distance for distance, kinds in indications if kind in kinds), None)


class Numbers:
    """Finds candidate identifiers at each number of a text."""

    def __init__(self, text: str, modes: Mapping[str, str], words: Words, country: str | None) -> None:
        self.text, self.modes, self.words, self.country = text, modes, words, country
        # The end and the indications of the last number with a word; they also apply to the next item of a list.
        self.last_indicated: tuple[int, list[tuple[int, frozenset[str]]]] = (-1, [])
        _, self.lettered, self.bare = _ranked_forms(country)

    def short_number(self, start: int, end: int) -> Iterator[IdentifierSpan]:
        """Yield candidates at a number with few digits, which may be part of a plate, IP address, cédula or account."""
        text = self.text
        text_before, text_after = text[max(0, start - 2) : start], text[end : end + 4]
        if ":" in text_after:
            yield from self.networks(start, end, 0)
        neighbours = text_before[-1:] + text_after[:1]
        # The fastest test comes first: most numbers have no capital letters near them.
        if (around := text_before + text_after[:2]) != around.lower():
            yield from self.plates(start, end)
        if (text_before[-1:] in _OPENERS or text[start] == "0") and self.modes["phone"] != "off":
            yield from self.marked_phones(start)
        if text_before[-1:] in DASHES or text_after[:1] in DASHES or neighbours != neighbours.lower():
            yield from self.forms(start, end, end - start, marked=True)

    def long_number(self, start: int, end: int) -> Iterator[IdentifierSpan]:
        """Yield candidates at a number of more than four characters."""
        text, modes = self.text, self.modes
        number = text[start:end]
        if self.is_date(number):
            return
        digits = len(_NO_DIGIT.sub("", number))
        if ":" in text[end : end + 4] or number.count(".") >= 3:  # noqa: PLR2004
            yield from self.networks(start, end, digits)
        marked = _SIGNS.search(text, max(0, start - 3), end + 3) is not None
        if marked and digits <= _MOST_OF_PLATE:
            yield from self.plates(start, end)
        if "." in number and modes["coordinates"] != "off" and text[end : end + 2].lstrip("° ")[:1] in (",", ";"):
            yield from self.places(_DECIMALS, max(0, start - 1), end + _MARGIN)
        if marked or digits >= _LONG or text[start - 1 : start] in _OPENERS or not self.is_date_or_amount(start, end):
            yield from self.forms(start, end, digits, marked)

    def forms(self, start: int, end: int, digits: int, marked: bool) -> Iterator[IdentifierSpan]:
        """Yield telephone numbers and `IDENTIFIERS`; `marked` is whether capitals or dashes are next to the number."""
        text, phones = self.text, self.modes["phone"]
        if phones != "off":
            yield from self.marked_phones(start)
            # A telephone number with an exit code may follow another number and a space.
            if text.find(" 0", start, end) >= 0:
                following = (
                    self.wide_phone(prefix.start()) for prefix in _PREFIX_WITHIN.finditer(text, start + 1, end)
                )
                yield from filter(None, following)
        if digits >= _LONG or marked:
            yield from self.marked_numbers(start, end)
        indications = list(self.words.indications(text, start))
        end_of_last, indications_of_last = self.last_indicated
        if not indications and 0 <= end_of_last < start and _BETWEEN_ITEMS.fullmatch(text, end_of_last, start):
            indications = indications_of_last
        if not indications or not indications[0][1]:
            return
        distances = {kind: distance for distance, kinds in reversed(indications) for kind in kinds}
        spans = [*(self.national(start, end, distances["phone"]) if phones != "off" and "phone" in distances else ())]
        spans += self.named_numbers(start, end, distances)
        if spans:
            self.last_indicated = max(span.end for span in spans), indications
        yield from spans

    def named_numbers(self, start: int, end: int, distances: Mapping[str, int]) -> Iterator[IdentifierSpan]:
        """Yield bare numbers whose kind is indicated by a word before them.

        Args:
            start: the start of the number.
            end: the end of the number.
            distances: the number of words between the word for a kind and the number, by kind.
        """
        for rank, identifier, form in self.bare:
            kind = identifier.kind
            if kind not in distances or self.modes[kind] == "off":
                continue
            for match in _matches_over(identifier, form, self.text, start, end):
                is_named = self.allows_label(identifier, match.start()) and _is_valid_match(identifier, match)
                if is_named and not self.is_date_or_amount(*match.span()):
                    yield IdentifierSpan(_BY_WORD + distances[kind] * _RANKS + rank, *match.span(), kind)

    def marked_numbers(self, start: int, end: int) -> Iterator[IdentifierSpan]:
        """Yield numbers in written form, which are distinguished by punctuation or letters."""
        text = self.text
        forms = _forms_of_shape(text[max(0, start - 2) : end + 3].translate(_SHAPE), self.country)
        if _CAPITAL.search(text, max(0, start - 3), end + 3):
            forms += self.lettered
        for rank, identifier, form in forms:
            if self.modes[identifier.kind] != "off":
                for match in _matches_over(identifier, form, text, start, end):
                    if self.is_identifier(identifier, match):
                        yield IdentifierSpan(rank, *match.span(), identifier.kind)

    def marked_phones(self, start: int) -> Iterator[IdentifierSpan]:
        """Yield telephone numbers in international form, in a link, or with the country's area code in brackets."""
        text = self.text
        has_opener = text[start - 1 : start] in _OPENERS
        if (has_opener or text[start] == "0") and (wide := self.wide_phone(start)):
            yield wide
        if text[start - 1 : start] == "+":
            for position in (max(0, start - 2), start - 1):
                match = _PHONE.match(text, position)
                if match and sum(map(str.isdecimal, match.group())) >= _SHORTEST_PHONE:
                    yield IdentifierSpan(
                        _AFTER_FORMS, position, position + len(_valid(match.group()) or match.group()), "phone"
                    )
                    return
        elif text[start - 1 : start] in _BEFORE_LINKED and _LINKED.search(text, max(0, start - 8), start):
            match = _PHONE.match(text, start)
            if match and _is_international("+" + match.group()):
                yield IdentifierSpan(_AFTER_FORMS, *match.span(), "phone")
        elif self.modes["phone"] == "form" and self.country and text[start - 1 : start] == "(":
            match = _WITH_AREA.match(text, start - 1)
            if match and _is_number(match.group(), self.country):
                yield IdentifierSpan(_AFTER_FORMS, *match.span(), "phone")

    def wide_phone(self, start: int) -> IdentifierSpan | None:
        """Return a valid telephone number in international form with any separators between groups, or None."""
        text = self.text
        if text.startswith("0", start):
            first = start
        else:
            first = text.rfind("+", max(0, start - 3), start)
            if first < 0 or text[first + 1 : start].strip("("):
                return None
        match = _WIDE_PHONE.match(text, first)
        if match is None or (first and (text[first - 1].isalnum() or text[first - 1] == "+")):
            return None
        prefix = _PREFIX.match(text, first)
        number = _valid("+" + text[prefix.end() : match.end()]) if prefix else ""
        if not prefix or not number:
            return None
        if prefix[0] != "+":  # inventory numbers may also begin with zeros
            digits = _NO_DIGIT.sub("", number)
            if not _COUNTRY_CODE.match(digits):
                return None
            if number[1:] == digits and nearest(self.words.indications(text, first), "phone") is None:
                return None
        end = prefix.end() + len(number) - 1
        closes = text.count(")", first, end) > text.count("(", first, end)
        return IdentifierSpan(_AFTER_FORMS, first - (closes and text[first - 1] == "("), end, "phone")

    def has_attached_word(self, start: int) -> bool:
        """Whether a word other than an abbreviation of «number» precedes a number without a space."""
        previous = self.text[start - 1 : start]
        if not previous.isalpha() and previous not in _JOINS:
            return False
        word = _ATTACHED.search(self.text, max(0, start - _LONGEST_LABEL), start)
        return word is not None and word[1].lower() not in _NUMBER_WORDS

    def allows_label(self, identifier: Identifier, start: int) -> bool:
        """Whether no word is attached to a number, or a word that indicates this identifier."""
        if not self.has_attached_word(start):
            return True
        return nearest(self.words.indications(self.text, start), identifier.kind) == 0

    def is_date(self, number: str) -> bool:
        """Whether a number is a date or a range of years."""
        return bool(_PLAIN_NUMBER.fullmatch(number) or (_DAY.fullmatch(number) and self.country != _DATE_LIKE_CEDULAS))

    def is_date_or_amount(self, start: int, end: int) -> bool:
        """Whether a number is a date or an amount; an amount follows a currency, or precedes a unit or counted noun."""
        text = self.text
        if self.is_date(text[start:end]):
            return True
        low = max(0, start - 6)
        money = text[low:start].rstrip()[-1:] in _ENDS_MONEY and _MONEY.search(text, low, start)
        if money or self.words.units.match(text, end):
            return True
        if not _THOUSANDS.fullmatch(text, start, end):
            return False
        counts = _COUNTED.match(text, end) or _ROUND.fullmatch(text, start, end)
        return bool(counts and not _NAMED_BEFORE.search(text, max(0, start - _MARGIN), start))

    def is_identifier(self, identifier: Identifier, match: re.Match[str]) -> bool:
        """Whether a number in written form is an identifier, by its check digits, its mode, and the words before it."""
        if not _is_valid_match(identifier, match) or self.is_date_or_amount(*match.span()):
            return False
        if not self.allows_label(identifier, match.start()):
            return False
        indications = list(self.words.indications(self.text, match.start()))
        if nearest(indications, identifier.kind) is not None:
            return True
        is_rejected = bool(indications) and not indications[0][1] and indications[0][0] <= _NEAR
        is_of_country = self.country in identifier.countries
        is_sure = identifier.chance >= (_SURE_AT_HOME if is_of_country else _SURE)
        return self.modes[identifier.kind] == "form" and (is_sure or not is_rejected)

    def networks(self, start: int, end: int, digits: int) -> Iterator[IdentifierSpan]:
        """Yield public IPv4 addresses, and IPv6 addresses if a colon follows."""
        if self.modes["ip"] == "off":
            return
        text = self.text
        if digits >= 4 and text.count(".", start, end) >= 3:  # noqa: PLR2004
            for match in _IPV4.finditer(text, start, end):
                if self.is_section_number(match):
                    continue
                if not text[match.end() : match.end() + 1].isdecimal() and _is_public(match.group()):
                    yield IdentifierSpan(_NETWORK, *match.span(), "ip")
        if ":" in text[end : end + 4]:
            for match in _IPV6.finditer(text, max(0, start - 3), end + _MARGIN):
                if match.start() <= start and _is_public(match.group()):
                    yield IdentifierSpan(_NETWORK, *match.span(), "ip")

    def is_section_number(self, match: re.Match[str]) -> bool:
        """Whether a match that looks like an IP address is the number of a section or a version."""
        low = max(0, match.start() - _MARGIN)
        if _NUMBERING.search(self.text, low, match.start()):
            return True
        begins_line = match.start() == 0 or self.text[match.start() - 1] == "\n"
        has_small_parts = all(int(part) < _SMALL_PART for part in match.group().split("."))
        return begins_line and has_small_parts and _HEADING.match(self.text, match.end()) is not None

    def national(self, start: int, end: int, distance: int) -> Iterator[IdentifierSpan]:
        """Yield telephone numbers in national form; `distance` is the number of words from a word for telephones."""
        text = self.text
        position = start - 1 if text[start - 1 : start] == "(" else start
        while match := _NATIONAL.search(text, position, end + 1):
            position = match.end()
            if (distance and self.has_attached_word(match.start())) or self.is_date_or_amount(*match.span()):
                continue
            if self.is_coordinate(match):
                continue
            if number := _first_number(match.group(), self.country, local=distance <= _NEAR):
                position = match.start() + len(number)
                yield IdentifierSpan(_BY_WORD + distance * _RANKS, match.start(), position, "phone")

    def address(self, start: int) -> Iterator[IdentifierSpan]:
        """Yield the street address whose house number is at this place."""
        text = self.text
        # A house number follows a name, a number or a sign; this test excludes most other numbers.
        text_before = text[max(0, start - 16) : start].rstrip(" ,")
        initial = text_before[max(text_before.rfind(" "), text_before.rfind("/")) + 1 :][:1]
        if not (initial.isupper() or initial in _BEFORE_HOUSE):
            return
        house = _HOUSE.match(text, start)
        if house and len(house[0]) <= _MOST_COUNTED_NEAR_A_STREET and self.is_day_or_count(house.end()):
            return
        street = house and _STREET.search(text, max(0, start - _STREET_WINDOW), start)
        if not house or not street or not _NAMED.search(street[1]):
            return
        if self.modes["address"] == "context":
            distance = nearest(self.words.indications(text, street.start()), "address")
            if distance is None or distance > _HOME_NEAR:
                return
        yield IdentifierSpan(_LAST, street.start(), house.end(), "address")

    def is_coordinate(self, match: re.Match[str]) -> bool:
        """Whether a number is a latitude or longitude of a place in America: `-33.44891, -70.66927`."""
        if "." not in match.group():
            return False
        low, high = max(0, match.start() - _MARGIN), match.end() + _MARGIN
        places = _AMERICAN_PLACE.finditer(self.text, low, high)
        return any(place.start() <= match.start() < place.end() for place in places)

    def is_day_or_count(self, end: int) -> bool:
        """Whether a short number that ends here is the day of a month, or counts a noun: `20 años después`."""
        text = self.text
        return bool(_MONTH.match(text, end) or self.words.units.match(text, end) or _COUNTED.match(text, end))

    def plates(self, start: int, end: int) -> Iterator[IdentifierSpan]:
        """Yield the licence plates with a number at this place."""
        text, mode = self.text, self.modes["plate"]
        if mode == "off":
            return
        for match in _PLATE.finditer(text, max(0, start - 9), end + 6):
            if not match.start() <= start < match.end():
                continue
            is_mercosul = mode == "form" and _MERCOSUL.fullmatch(match.group())
            if is_mercosul or nearest(self.words.indications(text, match.start()), "plate") is not None:
                yield IdentifierSpan(_LAST, *match.span(), "plate")

    def places(self, form: re.Pattern[str], low: int, high: int) -> Iterator[IdentifierSpan]:
        """Yield the coordinates in a form, within a part of the text."""
        for match in form.finditer(self.text, low, high):
            indications = self.words.indications(self.text, match.start())
            if self.modes["coordinates"] == "form" or nearest(indications, "coordinates") is not None:
                yield IdentifierSpan(0, *match.span(), "coordinates")


@lru_cache(maxsize=64)
def _ranked_forms(country: str | None) -> tuple[tuple[_Ranked, ...], tuple[_Ranked, ...], tuple[_Ranked, ...]]:
    """Return written forms, written forms with letters, and bare forms, each with its rank.

    Identifiers of the country precede the others.
    """
    ordered = (
        sorted(IDENTIFIERS, key=lambda identifier: country not in identifier.countries) if country else IDENTIFIERS
    )
    ranked = [*enumerate(ordered, _NETWORK + 1)]
    written = tuple((rank, each, each.written) for rank, each in ranked if each.written is not None)
    return (
        written,
        tuple((rank, each, form) for rank, each, form in written if each.lettered),
        tuple((rank, each, each.bare) for rank, each in ranked if each.bare is not None),
    )


@lru_cache(maxsize=1 << 16)
def _forms_of_shape(shape: str, country: str | None) -> tuple[_Ranked, ...]:
    """Return the written forms without letters that may match a number of this shape.

    A shape has `0` for each digit and `a` for each lower-case letter. The result is cached, since many numbers share a
    shape.
    """
    return tuple(ranked for ranked in _ranked_forms(country)[0] if ranked[2].search(shape))


def _matches_over(
    identifier: Identifier, form: re.Pattern[str], text: str, start: int, end: int
) -> Iterator[re.Match[str]]:
    """Yield the matches of a form that overlap a number."""
    low, high = max(0, start - _MARGIN // 2), end + _MARGIN // 2
    while match := form.search(text, low, high):
        may_begin = identifier.start.match(text, match.start()) is not None
        low = match.end() if may_begin else match.start() + 1
        if may_begin and match.end() > start and match.start() < end:
            yield match


def _is_valid_match(identifier: Identifier, match: re.Match[str]) -> bool:
    return identifier.holds is None or identifier.holds(match.group())


def _is_public(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False


def _valid(number: str) -> str:
    """Return the longest valid international telephone number at the start of groups of digits; empty if none."""
    import phonenumbers  # importing it takes longer than redacting a small run, and most texts have no telephone number

    shorter, longer = number, ""
    while shorter != longer:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(shorter)):
                return shorter
        except phonenumbers.NumberParseException:
            return ""
        shorter, longer = _LAST_GROUP.sub("", shorter), shorter
    return ""


def _first_number(number: str, country: str | None, *, local: bool) -> str:
    """Return the telephone number at the start of groups of digits; empty if there is none.

    It is the longest one after which no groups remain, or groups that begin with another telephone number.
    """
    longest, shorter, longer = "", number, ""
    while shorter != longer and sum(map(str.isdecimal, shorter)) >= _FEWEST_NATIONAL:
        if _is_number(shorter, country, local=local):
            other_groups = number[len(shorter) :].lstrip(_BETWEEN_GROUPS)
            if not other_groups or _first_number(other_groups, country, local=local):
                return shorter
            longest = longest or shorter
        shorter, longer = _LAST_GROUP.sub("", shorter), shorter
    return longest


def _is_international(number: str) -> bool:
    """Whether a number in international form has a possible length for its country."""
    import phonenumbers

    try:
        return bool(phonenumbers.is_possible_number(phonenumbers.parse(number)))
    except phonenumbers.NumberParseException:
        return False


def is_telephone_of(number: str, country: str | None) -> bool:
    """Whether a number is a valid telephone number of the country, or in international form of the region."""
    import phonenumbers

    digits = _NO_DIGIT.sub("", number)
    if number.startswith("+") or len(digits) > _MOST_OF_COUNTRY:
        return bool(_COUNTRY_CODE.match(digits) and _valid("+" + digits))
    try:
        return country in phonenumbers.SUPPORTED_REGIONS and phonenumbers.is_valid_number_for_region(
            phonenumbers.parse(digits, country), country
        )
    except phonenumbers.NumberParseException:
        return False


def _is_number(number: str, country: str | None, *, local: bool = False) -> bool:
    """Whether a number may be a telephone number of the country; without a country, whether its length is usual.

    Args:
        number: a number in national form.
        country: the ISO 3166-1 alpha-2 code, or None.
        local: whether numbers without an area code are accepted.
    """
    import phonenumbers

    digits = sum(map(str.isdecimal, number))
    if country is None or country not in phonenumbers.SUPPORTED_REGIONS:
        return _FEWEST_ANYWHERE <= digits <= _MOST_ANYWHERE
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return False
    if phonenumbers.is_valid_number_for_region(parsed, country):
        return True
    # The number lacks its area code or has a mobile prefix, and is next to a word for telephones.
    possible = (phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY, phonenumbers.ValidationResult.IS_POSSIBLE)
    verdict = phonenumbers.is_possible_number_with_reason(parsed)
    return local and _FEWEST_NATIONAL <= digits < _MOST_ANYWHERE and verdict in possible
