"""Pages read back from the WARC files of a crawl."""

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
class EarlierRecord:
    """The earlier record of a page, to which a revisit refers."""

    id: str
    date: str
    digest: str


@dataclass(frozen=True)
class RecordedPage:
    """A page as it was recorded.

    Attributes:
        media_type: as sent, or as detected from the body.
        body: its bytes, with content encodings undone.
        metadata: the record's metadata field, as `page_metadata.to_json` writes it; None if it has none.
    """

    media_type: str
    body: bytes
    opt_outs: list[OptOut]
    metadata: str | None = None


def recorded_page(path: Path, offset: int) -> RecordedPage:
    """Read the page of a committed response record.

    Raises:
        SourceError: the record can't be read.
    """
    try:
        with path.open("rb") as opened:
            opened.seek(offset)
            record = next(iter(ArchiveIterator(opened, parse_http=False)))
            response = parse_response(record.reader.read())
            body = payload_of(response, whole=False)  # opt-outs of a truncated page also apply
    except (OSError, StopIteration, DocumentError) as error:
        remedy = _("restore the file, or remove the source's folder and crawl again")
        raise SourceError(
            str(path),
            _("the record at {offset} can't be read ({reason})", offset=decimal(f"{offset:,}"), reason=error),
            remedy,
        ) from None
    kind = media_type_of(response.headers.get("content-type", ""), body) or "text/html"
    headers = record.headers
    return RecordedPage(kind, body, from_json(headers.get(OPT_OUTS) or "[]"), headers.get(METADATA_FIELD))
