"""CDXJ: the index with which replay tools find records in WARC files."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.storage.durable import replace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_WWW: Final = re.compile(r"^www\d*\.")
_SLASHES: Final = re.compile(r"//+")


def surt(url: str) -> str:
    """Return the sort key of a canonical URL (SURT), as replay tools make it.

    It ignores `www.`, the order of parameters, and double or trailing slashes.

    >>> surt("https://www.gaceta.example:8443/Notas//1/?c=&b=2")
    'example,gaceta:8443)/notas/1?b=2&c='
    """
    host, _, path_and_query = url.partition("://")[2].partition("/")
    path, mark, query = path_and_query.partition("?")
    name, colon, port = _WWW.sub("", host).partition(":")
    ordered = ",".join(reversed(name.split(".")))
    path = _SLASHES.sub("/", f"/{path}").rstrip("/") or "/"
    return f"{ordered}{colon}{port}){path}{mark}{'&'.join(sorted(query.split('&')))}".lower()


def write_index(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the CDXJ index of the records, one sorted line each."""
    lines = []
    for row in rows:
        stamp = "".join(filter(str.isdigit, row["date"]))
        fields = {name: str(row[name]) for name in ("url", "mime", "status", "digest", "length", "offset")}
        lines.append(
            f"{surt(row['url'])} {stamp} {json.dumps(fields | {'filename': row['file']}, ensure_ascii=False)}\n"
        )
    replace(path, "".join(sorted(lines)).encode())
