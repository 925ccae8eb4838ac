"""Redact identifiers in metadata written by people: file names, URLs, authors, and remarks on terms.

The default policy applies to metadata in every genre, since metadata isn't literature. Names are kept, since they are
the attribution.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus.privacy.find import find, replaced, without_overlaps
from latam_corpus.privacy.kinds import IDENTIFIERS
from latam_corpus.privacy.number_kinds import EMAIL, IdentifierSpan, is_telephone_of
from latam_corpus.privacy.privacy_policy import UNSTATED, privacy_policies
from latam_corpus.schema.extra_columns import EXTRA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from latam_corpus.privacy.privacy_policy import Words

# A pattern, for Polars too, of texts that may contain an identifier: an @, or the digits of the shortest number.
_MAY_CONTAIN: Final = "(?i)[@\uff20\ufe6b]|%40|arroba|" r"\d(?:[^\d\s]{0,6}\s?[^\d\s]{0,6}\d){4}"
_CANDIDATE: Final = re.compile(_MAY_CONTAIN)
FILE_FIELDS: Final = frozenset({"file", "member"})
ADDRESS_FIELDS: Final = frozenset({"url", "address"})
_HOST: Final = re.compile(r"[a-zA-Z][\w+.-]*://[^/?#]*")
_PARTS: Final = re.compile("([?&;#])")
_ENCODED: Final = re.compile("(?:%[0-9A-Fa-f]{2})+")
_ENCODED_MARK: Final = "%5B{}%5D"  # brackets are kept as in `canonical_url`
_BARE: Final = re.compile(r"(?<![^\W_])\+?\d(?:[ _.()-]?\d){8,12}(?![^\W_])")
_DATED: Final = re.compile(r"(?:1[89]|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_MOST_GROUPS: Final = 4
_LEAST_CHANCE: Final = 50  # minimum `Identifier.chance` for a number in a file name to be an identifier


def rows_to_read(values: pl.Series, fields: frozenset[str]) -> list[int]:
    """Return the indices of the rows of a column that may contain an identifier.

    Args:
        values: texts, or lists or structs with texts.
        fields: names of the struct fields that are read.
    """
    if values.null_count() == len(values):
        return []
    rows = pl.DataFrame({"row": pl.arange(len(values), dtype=pl.UInt32, eager=True), "value": values})
    candidates: list[pl.Series] = []
    pending = [rows]
    while pending:
        frame = pending.pop()
        kind = frame.schema["value"]
        if kind == pl.String():
            candidates.append(frame.filter(pl.col("value").str.contains(_MAY_CONTAIN))["row"])
        elif isinstance(kind, pl.List):
            pending.append(frame.explode("value"))
        elif isinstance(kind, pl.Struct):
            names = [struct_field.name for struct_field in kind.fields if struct_field.name in fields]
            pending += [frame.select("row", pl.col("value").struct.field(name).alias("value")) for name in names]
    return pl.concat([pl.Series("row", [], dtype=pl.UInt32), *candidates]).unique().sort().to_list()


@dataclass
class MetadataRedaction:
    """Redacts a document's metadata, and collects the kinds of the identifiers.

    Attributes:
        modes: the mode of each kind.
        words: the words that indicate the kinds of numbers.
        country: the country of the document.
        names: the pattern of third persons' names, which are replaced only in additional columns.
        kinds: the kind of each identifier replaced so far.
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
            name: the name of the column or the struct field.
            fields: names of the struct fields that are read.
        """
        if isinstance(value, list):
            return [self.value(item, name, fields) for item in value]
        if isinstance(value, dict) and name == EXTRA:
            return {**value, "value": self._additional_value(value["key"], value["value"])}
        if isinstance(value, dict):
            return {key: self.value(item, key, fields) if key in fields else item for key, item in value.items()}
        if not isinstance(value, str) or not _CANDIDATE.search(value):
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

    def _additional_value(self, column: str, value: str) -> str:
        """Redact a value of an additional column; the column's name counts as a word before a number."""
        written = str(self.value(value, "value", frozenset()))
        label = f"{column.replace('_', ' ')}: "
        spans = find(label + written, self.modes, self.words, self.country, self.names)
        redacted, kinds = replaced(label + written, [span for span in spans if span.start >= len(label)])
        self.kinds += kinds
        return redacted[len(label) :]


def redacted_name(name: str) -> str:
    """Replace the identifiers in a name of a person or an institution.

    The result depends only on the name, so that a search for the original also finds the redacted name.

    >>> redacted_name("Ana Paz <ana@correo.example>")
    'Ana Paz <[EMAIL]>'
    """
    policies = privacy_policies()
    return replaced(name, find(name, policies.modes(UNSTATED, None), policies.words))[0]


@lru_cache(maxsize=2**14)
def redacted_address(address: str) -> tuple[str, tuple[str, ...]]:
    """Replace the identifiers in the path and the query of a URL; return the URL and the kinds of the identifiers.

    The host is kept. The result depends only on the URL, so that a search for the original also finds the redacted one.

    >>> redacted_address("https://diario.example/nota?autor=ana%40correo.example&p=2")
    ('https://diario.example/nota?autor=%5BEMAIL%5D&p=2', ('email',))
    """
    host = _HOST.match(address)
    start = host.end() if host else 0
    policies = privacy_policies()
    modes = policies.modes(UNSTATED, None)
    written, kinds = [address[:start]], []
    for part in _PARTS.split(address[start:]):  # a parameter's name isn't context for the next parameter
        text, starts = _decoded(part)
        spans = _in_names(text, modes, policies.words, None)
        encoded_spans = [IdentifierSpan(span.rank, starts[span.start], starts[span.end], span.kind) for span in spans]
        redacted_part, part_kinds = replaced(part, encoded_spans, _ENCODED_MARK)
        written.append(redacted_part)
        kinds += part_kinds
    return "".join(written), tuple(kinds)


def redacted_file_name(
    name: str, modes: Mapping[str, str], words: Words, country: str | None
) -> tuple[str, Sequence[str]]:
    """Replace the identifiers in the name of a file; return the name and the kinds of the identifiers.

    File names often contain a person's name and telephone number. Therefore, a number of at least nine digits is
    replaced even without a word next to it if it is a valid telephone number of the country, or has two valid check
    digits.

    >>> policies = privacy_policies()
    >>> redacted_file_name("entrevista_maria_5512345678.wav", policies.modes("web", "MX"), policies.words, "MX")
    ('entrevista_maria_[PHONE].wav', ['phone'])
    """
    spans = [*_in_names(name, modes, words, country), *_bare_numbers(name, modes, country)]
    return replaced(name, without_overlaps(spans))


def possible_file_names(name: str) -> set[str]:
    """Return the name of a file, and its redacted forms for all countries."""
    policies = privacy_policies()
    countries = {None, *(country for identifier in IDENTIFIERS for country in identifier.countries)}
    return {name} | {
        redacted_file_name(name, policies.modes(UNSTATED, country), policies.words, country)[0] for country in countries
    }


def _in_names(text: str, modes: Mapping[str, str], words: Words, country: str | None) -> list[IdentifierSpan]:
    """Find identifiers in a name without spaces, in which underscores may separate words."""
    name_words = words.in_names
    spans = find(text, modes, name_words, country)
    if "_" in text:
        with_spaces = find(text.replace("_", " "), modes, name_words, country)
        spans = without_overlaps([*spans, *(span for span in with_spaces if span.rank != EMAIL)])
    return spans


def _bare_numbers(name: str, modes: Mapping[str, str], country: str | None) -> Iterable[IdentifierSpan]:
    for match in _BARE.finditer(name):
        digits = re.sub(r"\D", "", match[0])
        if _DATED.match(digits) or len(re.findall(r"\d+", match[0])) > _MOST_GROUPS:
            continue
        if modes["phone"] != "off" and is_telephone_of(match[0].replace("_", " "), country):
            yield IdentifierSpan(1, *match.span(), "phone")
            continue
        for identifier in IDENTIFIERS:
            if identifier.chance < _LEAST_CHANCE or modes[identifier.kind] == "off":
                continue
            is_of_country = country is None or country in identifier.countries
            has_form = identifier.bare is not None and identifier.bare.fullmatch(digits)
            if is_of_country and has_form and identifier.holds and identifier.holds(digits):
                yield IdentifierSpan(1, *match.span(), identifier.kind)


def _decoded(address: str) -> tuple[str, Sequence[int]]:
    """Decode the percent-encoding of a URL; return the text, and the index of each character in the URL."""
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
            decoded = bytes.fromhex(run[0].replace("%", "")).decode()
        except UnicodeDecodeError:
            decoded = ""
        if decoded:
            pieces.append(decoded)
            index = run.start()
            for character in decoded:
                starts.append(index)
                index += 3 * len(character.encode())
        else:
            pieces.append(run[0])
            starts += range(*run.span())
        last = run.end()
    return "".join(pieces), [*starts, len(address)]
