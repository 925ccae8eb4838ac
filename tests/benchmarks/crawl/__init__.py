"""`crawl`: pages a second of a site on loopback, its pace as the server saw it, and the WARC after kills."""

from .bench import measure, options

__all__ = ["measure", "options"]
