"""Read MARC 21 records, as exchange files (ISO 2709) or XML, with pymarc."""

from __future__ import annotations

import io
import re
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.works.catalogued import Catalogued, earliest
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.text.markup.xml_tree import name_of, words

if TYPE_CHECKING:
    from lxml import etree
    from pymarc import Field, Record

# The punctuation that cataloguing rules (ISBD) require at the end of a field.
_PUNCTUATION: Final = " \t/:;,="
# Roles of added persons who created the text, by code or by the beginning of a word: author, compiler, interviewee.
_ROLES: Final = re.compile(r"aut|dub|com|cre|ive|lyr|lbt|autor|author|compil|entrevistad[oa]|letrist", re.IGNORECASE)
_LANGUAGE_008: Final = slice(35, 38)
_DATE_008: Final = slice(7, 11)
_END: Final = b"\x1d"
_LONGEST: Final = 99_999  # the maximum that the leader can state
# Byte 9 of the leader: `a` states UTF-8, a space MARC-8.
_CODING: Final = 9
_BEYOND_ASCII: Final = re.compile(rb"[\x80-\xff]")
# In MARC-8, a diacritic precedes its letter; the excluded bytes represent no character.
_MARC_8: Final = re.compile(rb"(?:[\x00-\x7f\x88-\x8e\xa1-\xae\xb0-\xbe\xc0-\xc8]|[\xe0-\xfe]+[A-Za-z])*")
_ESCAPE: Final = b"\x1b"  # switches to another alphabet of MARC-8
# Charsets of old library programs.
_OLD_CHARSETS: Final = ("cp1252", "cp850")
# The characters beyond ASCII of Spanish and Portuguese.
_USUAL: Final = frozenset("áéíóúüñçãõâêôàÁÉÍÓÚÜÑÇÃÕÂÊÔÀ¿¡«»“”‘’–—ºª°©")
# So few characters can't show that a record of valid MARC-8 is in another charset.
_FEW: Final = 3
_NO_LANGUAGE: Final = ("", "und", "zxx", "mul", "|||", "   ")


def marc_records(raw: bytes) -> list[Catalogued]:
    """Return the work in each record of a file; a record that can't be read is an empty work.

    Each record is in UTF-8 or MARC-8 as declared, unless its bytes reveal another charset.

    Raises:
        ConfigError: pymarc isn't installed.
    """
    pymarc = _pymarc()
    records = []
    # Records are found by their terminators, not by their stated lengths: a wrong length would lose all later records.
    for piece in raw.split(_END):
        written = piece.lstrip(b"\r\n\x1a\0")
        if not written.strip():
            continue
        stated = b"%05d" % min(len(written) + 1, _LONGEST)
        declared = "UTF-8" if written[_CODING : _CODING + 1] == b"a" else "MARC-8"
        charset = _charset(written, declared)
        coding = b"a" if charset == "UTF-8" else b" "
        whole = io.BytesIO(stated + written[len(stated) : _CODING] + coding + written[_CODING + 1 :] + _END)
        reader = pymarc.MARCReader(
            whole, to_unicode=True, permissive=True, utf8_handling="replace", hide_utf8_warnings=True,
            file_encoding=charset if charset in _OLD_CHARSETS else "iso8859-1",  # makes pymarc decode MARC-8
        )  # fmt: skip
        record = next(reader, None)
        doubt = (declared, charset) if charset != declared else None
        records.append(Catalogued() if record is None else replace(_catalogued(record), charset_doubt=doubt))
    return records


def _charset(written: bytes, declared: str) -> str:
    r"""Return the charset of a record: UTF-8 if it is valid, else the one that looks most like Spanish or Portuguese.

    >>> _charset("La canción".encode(), "MARC-8"), _charset(b"La canci\xe2on", "MARC-8")
    ('UTF-8', 'MARC-8')
    """
    count = len(_BEYOND_ASCII.findall(written))
    if not count:
        return declared
    with suppress(UnicodeDecodeError):
        written.decode("utf-8")
        return "UTF-8" if _ESCAPE not in written else declared
    is_marc_8 = bool(_MARC_8.fullmatch(written))
    charsets = (declared, *(["MARC-8"] if is_marc_8 else []), *_OLD_CHARSETS)  # the first of equal scores wins
    scores = {charset: _usual_share(written, charset) for charset in charsets}
    if is_marc_8 and declared == "MARC-8":
        scores[declared] += 0.5 if count > _FEW else 1.0
    return max(scores, key=scores.__getitem__)


def _usual_share(written: bytes, charset: str) -> float:
    """Return the share of a text's non-ASCII characters that are used in Spanish and Portuguese."""
    text = (
        _pymarc().marc8_to_unicode(written, hide_utf8_warnings=True)
        if charset == "MARC-8"
        else written.decode(charset, "replace")
    )
    beyond = [char for char in text if char > "\x7f"]
    return sum(char in _USUAL for char in beyond) / max(len(beyond), 1)


def marcxml_record(record: etree._Element) -> Catalogued:
    """Return the work in a `record` of MARCXML.

    Raises:
        ConfigError: pymarc isn't installed.
    """
    pymarc = _pymarc()
    fields = []
    for element in record:  # pymarc's own XML parser would expand entities
        tag = element.get("tag", "")
        if name_of(element) == "controlfield":
            fields.append(pymarc.Field(tag=tag, data=element.text or ""))
        elif name_of(element) == "datafield":
            subfields = [pymarc.Subfield(part.get("code", ""), words(part)) for part in element.iterfind("{*}subfield")]
            fields.append(pymarc.Field(tag=tag, subfields=subfields))
    return _catalogued(pymarc.Record(fields=fields))


def _pymarc() -> Any:
    try:
        import pymarc  # an extra
    except ImportError:
        problem, remedy = _("they need the package pymarc"), _("pip install 'latam-corpus[marc]'")
        raise ConfigError(_("catalogue records (MARC)"), problem, remedy) from None
    return pymarc


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
    file_names = [value for field in record.get_fields("856") for value in field.get_subfields("f", "u")]
    return Catalogued(
        title=title or None,
        creators=tuple(dict.fromkeys(filter(None, (_joined(field, "ab") for field in persons)))),
        published=earliest(dates) or earliest([fixed[_DATE_008]]),
        language=language or None,
        url=next((link for link in links if link.startswith(("http://", "https://"))), None),
        rights=tuple(
            value for field in record.get_fields("540") for value in field.get_subfields("u", "a") if value.strip()
        ),
        files=tuple(dict.fromkeys(name for value in (*file_names, *numbers) if (name := value.strip()))),
    )


def _joined(field: Field, codes: str) -> str:
    """Return the subfields as one text, without the punctuation at its end."""
    text = " ".join(" ".join(field.get_subfields(*codes)).split()).rstrip(_PUNCTUATION)
    # A final full stop is removed unless it belongs to an initial.
    return text[:-1] if text.endswith(".") and not re.search(r"(?:^|[\s.])\w\.$", text) else text
