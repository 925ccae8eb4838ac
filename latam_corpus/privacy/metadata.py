"""Identifiers in what people wrote about a document: its file's name, its address, its authors, remarks on its terms.

These are nobody's literature, so the usual policy holds for them in every genre. Names stay: they are the attribution.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus.extra_columns import EXTRA
from latam_corpus.privacy.find import apart, find, replaced
from latam_corpus.privacy.kinds import IDENTIFIERS
from latam_corpus.privacy.number_kinds import EMAIL, Span, is_telephone_of
from latam_corpus.privacy.privacy_policy import UNSTATED, privacy_policies

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from latam_corpus.privacy.privacy_policy import Words

# What a text must have to hold an identifier, for Polars: an address of e-mail, or the digits of the shortest number.
_MAY_HOLD: Final = r"(?i)[@\x{ff20}\x{fe6b}]|%40|arroba|\d(?:[^\d\s]{0,6}\s?[^\d\s]{0,6}\d){4}"
FILE_FIELDS: Final = frozenset({"file", "member"})
ADDRESS_FIELDS: Final = frozenset({"url", "address"})
_HOST: Final = re.compile(r"[a-zA-Z][\w+.-]*://[^/?#]*")
_PARTS: Final = re.compile("([?&;#])")
_ENCODED: Final = re.compile("(?:%[0-9A-Fa-f]{2})+")
_CODED_MARK: Final = "%5B{}%5D"  # as `canonical_url` writes brackets
_BARE: Final = re.compile(r"(?<![^\W_])\+?\d(?:[ _.()-]?\d){8,12}(?![^\W_])")
_DATED: Final = re.compile(r"(?:1[89]|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_MOST_GROUPS: Final = 4
_LEAST_CHANCE: Final = 50  # of so many numbers one passes the rule of an identifier by chance


def rows_to_read(values: pl.Series, fields: frozenset[str]) -> list[int]:
    """Return the rows of a column in which a field may hold an identifier.

    Args:
        values: texts, or lists or structs with texts.
        fields: the fields of structs that are read.
    """
    rows = pl.DataFrame({"row": pl.arange(len(values), dtype=pl.UInt32, eager=True), "value": values})
    found: list[pl.Series] = []
    pending = [rows]
    while pending:
        frame = pending.pop()
        kind = frame.schema["value"]
        if kind == pl.String():
            found.append(frame.filter(pl.col("value").str.contains(_MAY_HOLD))["row"])
        elif isinstance(kind, pl.List):
            pending.append(frame.explode("value"))
        elif isinstance(kind, pl.Struct):
            of_fields = [one.name for one in kind.fields if one.name in fields]
            pending += [frame.select("row", pl.col("value").struct.field(name).alias("value")) for name in of_fields]
    return pl.concat([pl.Series("row", [], dtype=pl.UInt32), *found]).unique().sort().to_list()


@dataclass
class MetadataRedaction:
    """How the metadata of one document are redacted, and what was found.

    Attributes:
        modes: kind → mode.
        words: those beside numbers.
        country: of the document.
        names: third persons' names, which are replaced in additional columns.
        kinds: of what was replaced, so far.
    """

    modes: Mapping[str, str]
    words: Words
    country: str | None
    names: re.Pattern[str] | None = None
    kinds: list[str] = field(default_factory=list)

    def value(self, value: Any, name: str, fields: frozenset[str]) -> Any:
        """Return a column's value with its identifiers replaced.

        Args:
            value: a text, or a list or a struct with texts.
            name: of the column, or of the struct's field.
            fields: of structs that are read.
        """
        if isinstance(value, list):
            return [self.value(one, name, fields) for one in value]
        if isinstance(value, dict) and name == EXTRA:
            return {**value, "value": self._under(value["key"], value["value"])}
        if isinstance(value, dict):
            return {key: self.value(one, key, fields) if key in fields else one for key, one in value.items()}
        if not isinstance(value, str):
            return value
        kinds: Sequence[str]
        if name in ADDRESS_FIELDS or _HOST.match(value):
            written, kinds = redacted_address(value)
        elif name in FILE_FIELDS:
            written, kinds = redacted_file_name(value, self.modes, self.words, self.country)
        else:
            written, kinds = replaced(value, find(value, self.modes, self.words, self.country))
        self.kinds += kinds
        return written

    def _under(self, column: str, value: str) -> str:
        """Return a value of an additional column redacted; the column's name is read as the word before a number."""
        written = str(self.value(value, "value", frozenset()))
        label = f"{column.replace('_', ' ')}: "
        spans = find(label + written, self.modes, self.words, self.country, self.names)
        rest, kinds = replaced(label + written, [one for one in spans if one.start >= len(label)])
        self.kinds += kinds
        return rest[len(label) :]


def redacted_name(name: str) -> str:
    """Return the name of a person or an institution with the identifiers beside it replaced.

    The result depends on the name alone, so that whoever knows the original finds the redacted one.

    >>> redacted_name("Ana Paz <ana@correo.example>")
    'Ana Paz <[EMAIL]>'
    """
    policies = privacy_policies()
    return replaced(name, find(name, policies.modes(UNSTATED, None), policies.words))[0]


@lru_cache(maxsize=2**14)
def redacted_address(address: str) -> tuple[str, tuple[str, ...]]:
    """Return an address with the identifiers in its path and its query replaced, and their kinds.

    The host is kept. The result depends on the address alone, so that the original leads to the redacted one.

    >>> redacted_address("https://diario.example/nota?autor=ana%40correo.example&p=2")
    ('https://diario.example/nota?autor=%5BEMAIL%5D&p=2', ('email',))
    """
    host = _HOST.match(address)
    start = host.end() if host else 0
    policies = privacy_policies()
    modes = policies.modes(UNSTATED, None)
    written, kinds = [address[:start]], []
    for part in _PARTS.split(address[start:]):  # what one part of a query is called says nothing of the next one
        text, starts = _decoded(part)
        spans = _in_names(text, modes, policies.words, None)
        coded = [Span(span.rank, starts[span.start], starts[span.end], span.kind) for span in spans]
        rest, of_part = replaced(part, coded, _CODED_MARK)
        written.append(rest)
        kinds += of_part
    return "".join(written), tuple(kinds)


def redacted_file_name(
    name: str, modes: Mapping[str, str], words: Words, country: str | None
) -> tuple[str, Sequence[str]]:
    """Return the name of a file with its identifiers replaced, and their kinds.

    A number of nine digits or more that a telephone of the country has, or whose two check digits hold, is replaced
    without a word beside it: such names are made of who spoke and of how to call them.

    >>> policies = privacy_policies()
    >>> redacted_file_name("entrevista_maria_5512345678.wav", policies.modes("web", "MX"), policies.words, "MX")
    ('entrevista_maria_[PHONE].wav', ['phone'])
    """
    return replaced(name, apart([*_in_names(name, modes, words, country), *_bare(name, modes, country)]))


def file_names_meant(name: str) -> set[str]:
    """Return a file's name and what redaction makes of it in any country."""
    policies = privacy_policies()
    countries = {None, *(country for one in IDENTIFIERS for country in one.countries)}
    return {name} | {
        redacted_file_name(name, policies.modes(UNSTATED, country), policies.words, country)[0] for country in countries
    }


def _in_names(text: str, modes: Mapping[str, str], words: Words, country: str | None) -> list[Span]:
    """Find identifiers in a name without blanks, in which a low line may part words."""
    told = words.in_names
    spans = find(text, modes, told, country)
    if "_" in text:
        spans = apart(
            [*spans, *(one for one in find(text.replace("_", " "), modes, told, country) if one.rank != EMAIL)]
        )
    return spans


def _bare(name: str, modes: Mapping[str, str], country: str | None) -> Iterable[Span]:
    for match in _BARE.finditer(name):
        digits = re.sub(r"\D", "", match[0])
        if _DATED.match(digits) or len(re.findall(r"\d+", match[0])) > _MOST_GROUPS:
            continue
        if modes["phone"] != "off" and is_telephone_of(match[0].replace("_", " "), country):
            yield Span(1, *match.span(), "phone")
            continue
        likely = (one for one in IDENTIFIERS if one.chance >= _LEAST_CHANCE and modes[one.kind] != "off")
        for one in likely:
            is_own = country is None or country in one.countries
            if is_own and one.bare and one.bare.fullmatch(digits) and one.holds and one.holds(digits):
                yield Span(1, *match.span(), one.kind)


def _decoded(address: str) -> tuple[str, Sequence[int]]:
    """Return an address without percent-encoding, and where each of its characters begins in the address."""
    pieces: list[str] = []
    starts: list[int] = []
    last = 0
    for run in [*_ENCODED.finditer(address), None]:
        end = run.start() if run else len(address)
        pieces.append(address[last:end])
        starts += range(last, end)
        if run is None:
            break
        try:
            read = bytes.fromhex(run[0].replace("%", "")).decode()
        except UnicodeDecodeError:
            read = ""
        if read:
            pieces.append(read)
            at = run.start()
            for sign in read:
                starts.append(at)
                at += 3 * len(sign.encode())
        else:
            pieces.append(run[0])
            starts += range(*run.span())
        last = run.end()
    return "".join(pieces), [*starts, len(address)]
