"""What collects each kind of source that is asked for over the network."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError
from latam_corpus.harvest.crawl.permission import permitted

if TYPE_CHECKING:
    from types import ModuleType

    from latam_corpus.catalog.source import Source

_CRAWLERS: Final = {
    "crawl": "latam_corpus.harvest.crawl.website:Crawler",
    "feeds": "latam_corpus.harvest.feeds.rounds:FeedCrawler",
    "oai": "latam_corpus.harvest.oai.repository:OaiCrawler",
    "commoncrawl": "latam_corpus.harvest.commoncrawl.copying:CommonCrawler",
}


def crawler_of(source: Source) -> Any:
    """The class that collects a source of this kind.

    Raises:
        ConfigError: the source's holder must be asked first, it isn't one to ask for, or what it needs isn't installed.
    """
    permitted(source)
    if source.collect.kind not in _CRAWLERS:
        problem = "its records are files; there is nothing to crawl"
        raise ConfigError(f"source {source.id}", problem, "run a recipe that names it, with --input")
    named, _, name = _CRAWLERS[source.collect.kind].partition(":")
    return getattr(installed(named), name)


def installed(named: str) -> ModuleType:
    """The module of this name, which needs the extra `crawl`.

    Raises:
        ConfigError: what it needs isn't installed.
    """
    try:
        return import_module(named)
    except ImportError as error:
        raise ConfigError("crawl", f"«{error.name}» isn't installed", "pip install 'latam-corpus[crawl]'") from None
