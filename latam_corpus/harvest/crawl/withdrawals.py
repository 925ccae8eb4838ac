"""Pages that are gone: their server answers 404 or 410 for an address that gave a page before.

A page goes for many reasons, of which its owner's will is one. So it stays as it was read, as in an archive, unless the
source says `gone = "withdraw"`: then it is taken back, as a repository's deleted record is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from latam_corpus.collect.web_archives import page_metadata
from latam_corpus.storage.durable import replace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from latam_corpus.harvest.crawl.transport.warc_writer import Archive

GONE_STATUSES: Final = (404, 410)


def withdraw_page(archive: Archive, url: str, status: int, moment: datetime) -> None:
    """Write a record by which a run drops the page's row, with the reason `withdrawn`.

    Args:
        archive: the crawl's.
        url: the page's address.
        status: what its server answered.
        moment: when, UTC; later than the page's record.
    """
    reason = f"status {status}"
    known = page_metadata.to_json({"url": url, "cause": "withdrawn", "told": reason})
    fields = {"Content-Type": "application/warc-fields", page_metadata.METADATA_FIELD: known}
    archive.state("metadata", url, moment, f"cause: gone\r\ntold: {reason}\r\n".encode(), fields)


def write_gone_pages(path: Path, source_id: str, pages: Iterable[tuple[str, str, bool]]) -> None:
    """Write the list of pages that are gone, a line each; no file where none ever was.

    Args:
        path: of the list, which is written anew.
        source_id: the source's.
        pages: address, when its page was read last, and whether it was taken back.
    """
    rows = [
        {"source_id": source_id, "url": url, "read": read, "withdrawn": withdrawn} for url, read, withdrawn in pages
    ]
    if rows or path.exists():
        replace(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())
