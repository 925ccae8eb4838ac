"""Draw pages of files as pictures, in the sandbox in which files are read."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Final

from latam_corpus.api.arguments import check_arguments
from latam_corpus.errors import ConfigError
from latam_corpus.extract.document import Extracted
from latam_corpus.extract.isolation import sandbox
from latam_corpus.extract.isolation.child import DocumentLimits, ExtractJob
from latam_corpus.messages import _

_LARGEST: Final = 64 * 2**20  # maximum bytes of a file


def page_picture(path: str | Path, page: int = 1) -> bytes:
    """Return a page of a PDF as a greyscale PNG, at most 900 pixels wide.

    Nothing is redacted: show it only to people who have the file.

    Args:
        path: the path of the PDF.
        page: the number of the page, from 1.

    Raises:
        ConfigError: the file is too large or damaged, or has no such page.
    """
    check_arguments(page_picture, locals())
    file = Path(path).expanduser()
    if file.stat().st_size > _LARGEST:
        raise ConfigError(str(path), _("it is too large to be shown"), _("open it in another program"))
    job = ExtractJob("latam_corpus.extract.scans.pdf:picture", file.read_bytes(), {"page": str(page)})
    (outcome,) = sandbox.extract([job], DocumentLimits())
    if not isinstance(outcome, Extracted):
        raise ConfigError(str(path), _("its page can't be drawn: {cause}", cause=outcome.cause), _("check the file"))
    return base64.b64decode(outcome.text)
