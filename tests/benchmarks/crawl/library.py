"""A website of any size, its pages made from their numbers, and what a crawl of it must hold."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from fastwarc.warc import ArchiveIterator, WarcRecordType

from .website import page

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_WORDS = (
    "puerto", "barco", "lancha", "muelle", "farol", "neblina", "marea", "gaviota", "red", "anzuelo", "mercado",
    "vecina", "escuela", "camino", "cerro", "lluvia", "tejado", "cocina", "carta", "domingo",
)  # fmt: skip


def pages_of(count: int) -> Callable[[str], bytes | None]:
    """The pages `/nota/0` … `/nota/<count - 1>`, each linked from the one before its half, and a few to others."""

    def route(path: str) -> bytes | None:
        if path == "/":
            return page("inicio", "/nota/0")
        kind, _, number = path.rpartition("/")
        if kind != "/nota" or not number.isdigit() or int(number) >= count:
            return None
        n = int(number)
        links = [f"/nota/{other}" for other in (2 * n + 1, 2 * n + 2, (n * 7919) % count, n // 2) if other < count]
        drawn = hashlib.sha256(path.encode()).digest()
        words = [_WORDS[byte % len(_WORDS)] for byte in drawn * 8]
        reported = " ".join(words)
        # With words of its own: pages that differ in numbers alone are a trap.
        return page(f"nota {n}: {' '.join(words[:8])}", *links, head=f"<meta name=description content='{reported}'>")

    return route


def content_of(folder: Path) -> list[tuple[str, str, str]]:
    """Return a crawl's output regardless of order and time: each response's kind, address and payload digest."""
    results: list[tuple[str, str, str]] = []
    for path in sorted((folder / "warc").glob("*.warc.gz")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, record_types=WarcRecordType.response | WarcRecordType.revisit):
                about: Any = record.headers
                url = about["WARC-Target-URI"].partition("//")[2].partition("/")[2]
                results.append((about["WARC-Type"], url, about["WARC-Payload-Digest"]))
    return sorted(results)


def source_file(root: str, host: str, delay: float) -> str:
    """A source file that crawls the site at this pace."""
    about = 'id = "gaceta"\ntitle = "Gaceta"\nholder = "Biblioteca"\ncontact = "biblioteca@gaceta.example"\n'
    kind = 'genre = "news"\nlanguages = ["spa"]\n'
    rights = '[rights]\nstatement = "CC0-1.0"\nbasis = "licence"\nuses = ["train", "redistribute"]\n'
    scope = f'start = ["{root}/"]\ndelay = {delay}\nprivate_hosts = ["{host}"]\n'
    return f'{about}{kind}{rights}[collect]\nkind = "crawl"\n[collect.crawl]\n{scope}'
