"""Removed pages: the server answers 404 or 410 for an address that gave a page before.

Pages are removed for many reasons, and the owner's wish is only one of them. The document is therefore kept, as in an
archive, unless the source sets `gone = "withdraw"`; then it is withdrawn, like a deleted record of a repository.
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
    """Write a record that makes runs drop the page's row, with the reason `withdrawn`.

    `moment`, in UTC, must be later than the page's record.
    """
    reason = f"status {status}"
    metadata = page_metadata.to_json({"url": url, "cause": "withdrawn", "told": reason})
    fields = {"Content-Type": "application/warc-fields", page_metadata.METADATA_FIELD: metadata}
    archive.append_record("metadata", url, moment, f"cause: gone\r\ntold: {reason}\r\n".encode(), fields)


def write_gone_pages(path: Path, source_id: str, pages: Iterable[tuple[str, str, bool]]) -> None:
    """Write the list of removed pages, a JSON line per page; without pages, an existing file is emptied.

    `pages` has the address of each page, the date it was last read, and whether it was withdrawn.
    """
    rows = [
        {"source_id": source_id, "url": url, "read": read, "withdrawn": withdrawn} for url, read, withdrawn in pages
    ]
    if rows or path.exists():
        replace(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())
