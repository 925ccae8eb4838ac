"""Collection over the network: websites, feeds, repositories and Common Crawl, into WARC files."""

from __future__ import annotations

from typing import Final

from latam_corpus.cli.interface.commands import Command
from latam_corpus.messages import N_

COMMANDS: Final = {
    "crawl": Command(
        "latam_corpus.harvest.commands.crawl:crawl",
        "contribute",
        N_("Crawl a source politely into WARC; run the command again to resume."),
    ),
    "rights": Command(
        "latam_corpus.harvest.commands.rights_recheck:app",
        "contribute",
        N_("Read the sites' opt-outs again, and list the documents that must leave."),
    ),
}
