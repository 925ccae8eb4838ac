"""MARC 21 records, as exchange files (ISO 2709) or XML, by pymarc."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.works.catalogued import Catalogued, earliest
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.text.xml_tree import name_of, words

if TYPE_CHECKING:
    from lxml import etree
    from pymarc import Field, Record

# What cataloguing rules (ISBD) put at the end of a field.
_PUNCTUATION: Final = " \t/:;,="
# Of the added persons those who made the text, by code or by the beginning of a word: author, compiler, interviewee.
_ROLES: Final = re.compile(r"aut|dub|com|cre|ive|lyr|lbt|autor|author|compil|entrevistad[oa]|letrist", re.IGNORECASE)
_LANGUAGE_008: Final = slice(35, 38)
_DATE_008: Final = slice(7, 11)
_END: Final = b"\x1d"
_LONGEST: Final = 99_999  # as it can be stated
_NO_LANGUAGE: Final = ("", "und", "zxx", "mul", "|||", "   ")


def marc_records(raw: bytes) -> list[Catalogued]:
    """Return what each record of a file says; one that can't be read is left empty in its place.

    Args:
        raw: of an exchange file; its records are in UTF-8 or MARC-8, as each says.

    Raises:
        ConfigError: pymarc isn't installed.
    """
    try:
        from pymarc import MARCReader  # an extra
    except ImportError:
        raise _absent() from None
    records = []
    # By their ends and not by the lengths that they state, after a wrong one of which all others would be lost.
    for piece in raw.split(_END):
        written = piece.lstrip(b"\r\n\x1a\0")
        if not written.strip():
            continue
        stated = b"%05d" % min(len(written) + 1, _LONGEST)
        whole = io.BytesIO(stated + written[len(stated) :] + _END)
        reader = MARCReader(whole, to_unicode=True, permissive=True, utf8_handling="replace", hide_utf8_warnings=True)
        record = next(reader, None)
        records.append(Catalogued() if record is None else _catalogued(record))
    return records


def marcxml_record(record: etree._Element) -> Catalogued:
    """Return what a `record` in MARCXML says.

    Raises:
        ConfigError: pymarc isn't installed.
    """
    try:
        from pymarc import Field, Record, Subfield  # an extra
    except ImportError:
        raise _absent() from None
    fields = []
    for one in record:  # not by its parser, which expands entities
        tag = one.get("tag", "")
        if name_of(one) == "controlfield":
            fields.append(Field(tag=tag, data=one.text or ""))
        elif name_of(one) == "datafield":
            subfields = [Subfield(part.get("code", ""), words(part)) for part in one.iterfind("{*}subfield")]
            fields.append(Field(tag=tag, subfields=subfields))
    return _catalogued(Record(fields=fields))


def _absent() -> ConfigError:
    return ConfigError(
        _("catalogue records (MARC)"), _("they need the package pymarc"), _("pip install 'latam-corpus[marc]'")
    )


def _catalogued(record: Record) -> Catalogued:
    title = next((_joined(field, "abnp") for field in record.get_fields("245")), "")
    persons = record.get_fields("100", "110", "111")
    persons += [
        field for field in record.get_fields("700", "710") if _ROLES.match(" ".join(field.get_subfields("4", "e")))
    ]
    fixed = next((field.data or "" for field in record.get_fields("008")), "")
    dates = [value for field in record.get_fields("260", "264") for value in field.get_subfields("c")]
    languages = [value for field in record.get_fields("041") for value in field.get_subfields("a")]
    language = fixed[_LANGUAGE_008] if fixed[_LANGUAGE_008] not in _NO_LANGUAGE else (languages or [""])[0]
    links = [value for field in record.get_fields("856") for value in field.get_subfields("u")]
    numbers = [field.data or "" for field in record.get_fields("001")]
    numbers += [value for field in record.get_fields("035", "024") for value in field.get_subfields("a")]
    named = [value for field in record.get_fields("856") for value in field.get_subfields("f", "u")]
    return Catalogued(
        title=title or None,
        creators=tuple(dict.fromkeys(filter(None, (_joined(field, "ab") for field in persons)))),
        published=earliest(dates) or earliest([fixed[_DATE_008]]),
        language=language or None,
        url=next((link for link in links if link.startswith(("http://", "https://"))), None),
        rights=tuple(
            value for field in record.get_fields("540") for value in field.get_subfields("u", "a") if value.strip()
        ),
        files=tuple(dict.fromkeys(name for one in (*named, *numbers) if (name := one.strip()))),
    )


def _joined(field: Field, codes: str) -> str:
    """Return the subfields as one text, without the punctuation at its end."""
    text = " ".join(" ".join(field.get_subfields(*codes)).split()).rstrip(_PUNCTUATION)
    # A full stop ends a heading, unless it is an initial's.
    return text[:-1] if text.endswith(".") and not re.search(r"(?:^|[\s.])\w\.$", text) else text
