"""Formats of web archives, which contain captures of pages."""

from __future__ import annotations

from typing import Final

from latam_corpus.formats.format import Format
from latam_corpus.messages import same

FORMATS: Final = (
    Format(
        name="warc",
        label=same("WARC"),
        suffixes=(".warc", ".wet"),
        media_type="text/html",
        reader="latam_corpus.collect.web_archives.warc:read",
        splitter="latam_corpus.collect.web_archives.warc:split",
        is_web_archive=True,
    ),
    Format(
        name="arc",
        label=same("ARC"),
        suffixes=(".arc",),
        media_type="text/html",
        reader="latam_corpus.collect.web_archives.arc:read",
        is_web_archive=True,
    ),
    # A ZIP of WARC files (WACZ 1.1.1), and of indexes, lists of pages and logs, which aren't documents.
    Format(
        name="wacz",
        label=same("WACZ"),
        suffixes=(".wacz",),
        splitter="latam_corpus.collect.archives:split",
        archive=True,
        holds="warc",
        is_web_archive=True,
    ),
)
