"""Serve the demo's newspaper pages on this machine and crawl them."""

from __future__ import annotations

import shutil
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latam_corpus.catalog.harvest_tables import Crawl
from latam_corpus.catalog.source import load_source
from latam_corpus.harvest.crawl.crawl_progress import Silent
from latam_corpus.harvest.crawlers import crawler_of
from latam_corpus.pipeline.planning.collection_folders import collected_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROBOTS = "User-agent: *\nAllow: /\nSitemap: /sitemap.xml\n"


class _SiteHandler(SimpleHTTPRequestHandler):
    """A handler that serves the pages of a folder, a robots.txt and a sitemap."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a GET request."""
        if self.path not in ("/robots.txt", "/sitemap.xml"):
            super().do_GET()
            return
        body = (_ROBOTS if self.path == "/robots.txt" else self._sitemap()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain" if self.path == "/robots.txt" else "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _sitemap(self) -> str:
        pages = sorted(path.name for path in Path(self.directory).glob("*.html"))
        urls = "".join(f"<url><loc>http://{self.headers['Host']}/{page}</loc></url>" for page in pages)
        return f"<urlset>{urls}</urlset>"

    def log_message(self, *args: object) -> None:
        """Log nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the folder's pages on the loopback address until the block ends; yield `host:port`.

    Raises:
        OSError: no port is free.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_SiteHandler, directory=str(folder)))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def crawl_pieces(source_file: Path, folder: Path, workdir: Path) -> Any:
    """Serve the folder's pages and crawl them, replacing an earlier crawl; return the crawler's result.

    Args:
        source_file: the source's file; the start page and hosts are replaced by those of the served website.
        folder: the pages.
        workdir: a folder; the crawl is written to its `collected/`.

    Raises:
        ConfigError: the crawler isn't installed.
        OSError: no port is free.
    """
    source = load_source(source_file)
    crawler = crawler_of(source)
    shutil.rmtree(collected_folder(source.id, workdir), ignore_errors=True)
    with served(folder) as host:
        settings = source.collect.crawl.model_dump() if source.collect.crawl else {}
        scope = Crawl.model_validate(settings | {"start": (f"http://{host}/sitemap.xml",), "private_hosts": (host,)})
        collect = source.collect.model_copy(update={"crawl": scope})
        return crawler(source.model_copy(update={"collect": collect}), workdir, Silent()).run()
