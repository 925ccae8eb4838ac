"""Write abstract statements about rights into files, records, catalogues and source files.

A statement is a name, such as "reserved", or a name with a date, such as "until 2027-06-30".

"""

from __future__ import annotations

import csv
import io
import json
import os
from typing import TYPE_CHECKING, Any

import openpyxl
from written_files import zip_file

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

_LABEL = "https://localcontexts.org/label/"
_DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns"
_NOTICE = "© 2024 Editorial Sur. Todos los derechos reservados."
_NC = "https://creativecommons.org/licenses/by-nc/4.0/"

# Columns of a record or of a catalogue's row; each statement has its own, so that several fit in one row.
COLUMNS: dict[str, dict[str, Any]] = {
    "reserved": {"license": "Todos los derechos reservados"},
    "unread": {"rights": "permiso verbal de la familia"},
    "nc": {"licencia": "CC BY-NC 4.0"},
    "by": {"dc:rights": "CC BY 4.0"},
    "evaluate": {"uses": "evaluate"},
    "noai": {"opt_outs": "noai"},
    "cc0": {"derechos": "CC0-1.0"},
}
_DAYS = {"until": "expires", "from": "embargo_until"}

_HEAD = {
    "noai": '<meta name="robots" content="noai">',
    "tdm": '<meta name="tdm-reservation" content="1">',
    "nc": f'<link rel="license" href="{_NC}">',
    "by": '<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">',
    "unread": '<meta name="dc.rights" content="Uso permitido solo a la familia">',
    "claimed": '<meta name="dc.rights" content="© 2024 Revista del Sur">',
    "free": '<meta name="dc.rights" content="Algunos derechos reservados">',
}
_FIELDS = {
    "reserved": f"<dc:rights>{_NOTICE}</dc:rights>",
    "nc": f"<dc:rights>{_NC}</dc:rights>",
    "unread": "<dc:rights>Uso permitido solo a la familia</dc:rights>",
    "claimed": "<dc:rights>© 2024 Revista del Sur</dc:rights>",
    "free": "<dc:rights>Algunos derechos reservados</dc:rights>",
}


def columns_of(statements: Collection[str]) -> dict[str, Any]:
    """Return the columns with which a record or a row makes these statements."""
    columns: dict[str, Any] = {}
    for statement in sorted(statements):
        name, _, day = statement.partition(" ")
        columns |= {_DAYS[name]: day} if name in _DAYS else COLUMNS[statement]
    return columns


def html(title: str, text: str, statements: Collection[str]) -> bytes:
    """Return a page with an article, whose head or footer makes the statements."""
    head = "".join(_HEAD[statement] for statement in statements if statement in _HEAD)
    foot = _NOTICE if "reserved" in statements else "Contacto y horarios"
    body = f"<article><p>{text}</p></article><footer><p>{foot}</p></footer>"
    return f'<html lang="es"><head><title>{title}</title>{head}</head><body>{body}</body></html>'.encode()


def epub(title: str, text: str, statements: Collection[str]) -> bytes:
    """Return a book of one chapter, whose package makes the statements."""
    about = f"<dc:title>{title}</dc:title>" + "".join(
        _FIELDS[statement] for statement in statements if statement in _FIELDS
    )
    about += '<meta property="tdm:reservation">1</meta>' if "tdm" in statements else ""
    spine = '<manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
    opf = f'<package><metadata {_DC}>{about}</metadata>{spine}<spine><itemref idref="a"/></spine></package>'
    members = {
        "META-INF/container.xml": '<container><rootfiles><rootfile full-path="p.opf"/></rootfiles></container>',
        "p.opf": opf,
        "a.xhtml": f"<html><body><p>{text}</p></body></html>",
    }
    return zip_file(members)


def odt(title: str, text: str, statements: Collection[str]) -> bytes:
    """Return a flat OpenDocument text, whose metadata or page footer makes the statements."""
    fields = f"<dc:title>{title}</dc:title>"
    fields += "".join(
        _FIELDS[statement] for statement in statements if statement in _FIELDS and statement != "reserved"
    )
    foot = _NOTICE if "reserved" in statements else ""
    spaces = f'xmlns:o="{_OFFICE}:office:1.0" xmlns:m="{_OFFICE}:meta:1.0" xmlns:s="{_OFFICE}:style:1.0" {_DC}'
    styles = f"<o:master-styles><s:master-page><s:footer><p>{foot}</p></s:footer></s:master-page></o:master-styles>"
    body = f"<o:body><o:text><p>{text}</p></o:text></o:body>"
    return f"<o:document {spaces}><o:meta>{fields}</o:meta>{styles}{body}</o:document>".encode()


def txt(title: str, text: str, statements: Collection[str]) -> bytes:
    """Return a plain text, with a notice at its end."""
    del title
    return (text + (f"\n\n{_NOTICE}" if "reserved" in statements else "") + "\n").encode()


# What each kind of file can state itself, with its suffix and its writer.
FILES: dict[str, tuple[str, tuple[str, ...], Callable[[str, str, Collection[str]], bytes]]] = {
    "html": ("html", (*_HEAD, "reserved"), html),
    "epub": ("epub", (*_FIELDS, "tdm"), epub),
    "odt": ("fodt", tuple(_FIELDS), odt),
    "txt": ("txt", ("reserved",), txt),
}


def jsonl(records: Sequence[Mapping[str, Any]]) -> bytes:
    """Return records, one per line."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def catalogue(kind: str, rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a table as CSV or XLSX; a cell is empty if its row has no such statement."""
    names = list(dict.fromkeys(["archivo", *(name for row in rows for name in row)]))
    if kind == "csv":
        table = io.StringIO()
        writer = csv.DictWriter(table, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
        return table.getvalue().encode()
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(names)
    for row in rows:
        sheet.append([row.get(name) for name in names])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def put(path: Path, content: bytes, time: int) -> None:
    """Write a file with this modification time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (time, time))


def source_toml(source_id: str, holder: str, terms: Mapping[str, Any], collect: Sequence[str]) -> str:
    """Return a source file with these terms: `statement`, `uses`, `until`, `from`, `label`, `scope`, `agreement`."""
    lines = [f'id = "{source_id}"', f'title = "{source_id}"', f'holder = "{holder}"', 'languages = ["spa"]']
    if terms["statement"]:
        lines += ["[rights]", f'statement = "{terms["statement"]}"', 'basis = "licence"']
        lines += [f"uses = {json.dumps(list(terms['uses']))}"]
        lines += [f"expires = {terms['until']}"] if terms["until"] else []
        lines += [f"embargo_until = {terms['from']}"] if terms["from"] else []
        lines += [f'agreement = "{terms["agreement"]}"'] if terms["agreement"] else []
    if terms["label"] or terms["scope"]:
        lines += ["[[consent.records]]", 'id = "acta"', 'community = "Asamblea de ejemplo"']
        lines += [f'label = "{_LABEL}{terms["label"]}/"'] if terms["label"] else []
        lines += [f"scope = {json.dumps(list(terms['scope']))}"] if terms["scope"] else []
    return "\n".join([*lines, "[collect]", *collect]) + "\n"
