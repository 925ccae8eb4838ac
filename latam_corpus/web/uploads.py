"""Uploads: stream and hash them to the data folder, with size limits; this process never parses them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.core.files.uploadhandler import SkipFile, StopUpload, TemporaryFileUploadHandler
from django.http.multipartparser import MultiPartParser

from latam_corpus.web.workspace import add_file, safe_path, store_upload

if TYPE_CHECKING:
    from django.http import HttpRequest

    from latam_corpus.web.models import Collection


class Refused(NamedTuple):
    """A refused file, and the reason: `hidden`, `large` or `cut`."""

    name: str
    reason: str


class _PathKeepingParser(MultiPartParser):
    """Django's parser, changed to keep the folders in the names that browsers send for a folder's files."""

    def sanitize_file_name(self, file_name: str) -> str:
        return file_name[:2000]


class DigestHandler(TemporaryFileUploadHandler):
    """Writes each uploaded file into the data folder, computes its SHA-256, and refuses files that are too large."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.total = 0
        self.written = 0
        self.refused: list[Refused] = []

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803  (Django passes it by this name)
        content_length: int,
        boundary: bytes,
        encoding: str | None = None,
    ) -> Any:
        """Parse the body with a parser that keeps folders; store the refused files on the request."""
        del content_length, boundary
        if self.request is not None:
            self.request.refused_files = self.refused
        if getattr(self, "inner", False):
            return None
        self.inner = True
        parser = _PathKeepingParser(META, input_data, [self], encoding)
        return parser.parse()

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        """Start a file, unless its name is hidden or leads out of the folder."""
        relative = safe_path(file_name)
        if not relative:
            self.refused.append(Refused(file_name[:200], "hidden"))
            raise SkipFile
        super().new_file(field_name, relative, *args, **kwargs)
        self.file.relative = relative
        self.file.digest = hashlib.sha256()
        self.written = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a piece of the file."""
        del start
        self.written += len(raw_data)
        self.total += len(raw_data)
        if self.total > settings.DESK.largest_upload:
            self.refused.append(Refused(self.file.relative, "cut"))
            raise StopUpload(connection_reset=False)
        if self.written > settings.DESK.largest_file:
            self.refused.append(Refused(self.file.relative, "large"))
            self.file.close()
            raise SkipFile
        self.file.digest.update(raw_data)
        self.file.write(raw_data)


def keep_upload(file: Any) -> Path:
    """Move an uploaded file to the path that ends in its SHA-256; return the path."""
    file.file.flush()
    return store_upload(Path(file.temporary_file_path()), file.digest.hexdigest())


def keep_uploads(request: HttpRequest, collection: Collection) -> tuple[int, list[Refused]]:
    """Add the uploaded files of a form to a collection; return their number, and the refused files."""
    files = request.FILES.getlist("files")
    for file in files:
        upload = keep_upload(file)
        add_file(collection, file.relative, upload, upload.name)
    return len(files), list(getattr(request, "refused_files", ()))
