"""The crawler class of each kind of source that is collected over the network."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError
from latam_corpus.harvest.crawl.permission import require_permission
from latam_corpus.messages import _

if TYPE_CHECKING:
    from types import ModuleType

    from latam_corpus.catalog.source import Source

_CRAWLERS: Final = {
    "crawl": "latam_corpus.harvest.crawl.website:Crawler",
    "feeds": "latam_corpus.harvest.feeds.feed_rounds:FeedCrawler",
    "oai": "latam_corpus.harvest.oai.repository:OaiCrawler",
    "commoncrawl": "latam_corpus.harvest.commoncrawl.copying:CommonCrawler",
}


def crawler_of(source: Source) -> Any:
    """Return the crawler class for a source's kind.

    Raises:
        ConfigError: the source needs its holder's permission, its records are files, or the extra `crawl` is missing.
    """
    require_permission(source)
    if source.collect.kind not in _CRAWLERS:
        problem = _("its records are files; there is nothing to crawl")
        remedy = _("run a recipe that names it, with --input")
        raise ConfigError(_("source {source}", source=source.id), problem, remedy)
    module, name = _CRAWLERS[source.collect.kind].split(":")
    return getattr(installed(module), name)


def installed(name: str) -> ModuleType:
    """Import a module that needs the extra `crawl`, and return it.

    Raises:
        ConfigError: the extra isn't installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        problem = _("«{name}» isn't installed", name=error.name)
        raise ConfigError("crawl", problem, "pip install 'latam-corpus[crawl]'") from None
