"""CDXJ: the index by which replay tools find a record of the WARC files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from latam_corpus.durable import replace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def surt(url: str) -> str:
    """The sort-friendly form of a canonical URL, by which indexes are ordered.

    >>> surt("https://www.gaceta.example:8443/Notas/1?b=2")
    'example,gaceta,www:8443)/notas/1?b=2'
    """
    host, slash, rest = url.partition("://")[2].partition("/")
    name, colon, port = host.partition(":")
    labels = name.split(".")
    ordered = name if labels[-1].isdigit() else ",".join(reversed(labels))
    return f"{ordered}{colon}{port}){slash}{rest}".lower()


def write_index(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the CDXJ index of the records: a line each, sorted, as replay tools search it."""
    lines = []
    for row in rows:
        stamp = "".join(filter(str.isdigit, row["date"]))
        told = {name: str(row[name]) for name in ("url", "mime", "status", "digest", "length", "offset")}
        lines.append(f"{surt(row['url'])} {stamp} {json.dumps(told | {'filename': row['file']}, ensure_ascii=False)}\n")
    replace(path, "".join(sorted(lines)).encode())
