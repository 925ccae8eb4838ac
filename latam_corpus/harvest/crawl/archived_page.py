"""Pages as they stand in the WARC files of a crawl."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastwarc.warc import ArchiveIterator

from latam_corpus.catalog.optout.opt_out import OPT_OUTS, OptOut, from_json
from latam_corpus.collect.web_archives.page_metadata import METADATA_FIELD
from latam_corpus.collect.web_archives.responses import media_type_of, parse_response, payload_of
from latam_corpus.errors import DocumentError, SourceError
from latam_corpus.messages import _, decimal

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Page:
    """A page as it was recorded: its media type, its bytes without encodings, and what was refused then."""

    media_type: str
    body: bytes
    opt_outs: list[OptOut]
    known: str | None = None


def recorded_page(path: Path, offset: int) -> Page:
    """Return the page of a response that was written and committed.

    Args:
        path: the WARC file.
        offset: where the response's record starts.

    Raises:
        SourceError: it isn't there any more.
    """
    try:
        with path.open("rb") as opened:
            opened.seek(offset)
            record = next(iter(ArchiveIterator(opened, parse_http=False)))
            response = parse_response(record.reader.read())
            body = payload_of(response, whole=False)  # what it refuses holds, of a page that was cut as well
    except (OSError, StopIteration, DocumentError) as error:
        remedy = _("restore the file, or remove the source's folder and crawl again")
        raise SourceError(
            str(path),
            _("the record at {offset} can't be read ({reason})", offset=decimal(f"{offset:,}"), reason=error),
            remedy,
        ) from None
    kind = media_type_of(response.headers.get("content-type", ""), body) or "text/html"
    headers = record.headers
    return Page(kind, body, from_json(headers.get(OPT_OUTS) or "[]"), headers.get(METADATA_FIELD))
