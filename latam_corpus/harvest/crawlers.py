"""What collects each kind of source that is asked for over the network."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError
from latam_corpus.harvest.crawl.permission import permitted
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
    """Return the class that collects a source of this kind.

    Raises:
        ConfigError: the source's holder must be asked first, it isn't one to ask for, or what it needs isn't installed.
    """
    permitted(source)
    if source.collect.kind not in _CRAWLERS:
        problem = _("its records are files; there is nothing to crawl")
        remedy = _("run a recipe that names it, with --input")
        raise ConfigError(_("source {source}", source=source.id), problem, remedy)
    module, name = _CRAWLERS[source.collect.kind].split(":")
    return getattr(installed(module), name)


def installed(named: str) -> ModuleType:
    """Return the module of this name, which needs the extra `crawl`.

    Raises:
        ConfigError: what it needs isn't installed.
    """
    try:
        return import_module(named)
    except ImportError as error:
        problem = _("«{name}» isn't installed", name=error.name)
        raise ConfigError("crawl", problem, "pip install 'latam-corpus[crawl]'") from None
