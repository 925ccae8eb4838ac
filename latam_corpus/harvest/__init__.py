"""Collects pages: of websites, feeds, repositories and Common Crawl, into WARC."""

from __future__ import annotations

from typing import Final

from latam_corpus.cli.interface.lazy_command import Command
from latam_corpus.messages import N_

COMMANDS: Final = {
    "crawl": Command(
        "latam_corpus.harvest.commands.crawl:crawl",
        "contribute",
        N_("Crawl a source into WARC, politely; the same command goes on where it was stopped."),
    ),
    "rights": Command(
        "latam_corpus.harvest.commands.rights_recheck:app",
        "contribute",
        N_("Read again what owners refuse, and list what must leave."),
    ),
}
