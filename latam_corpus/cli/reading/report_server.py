"""The server of `latam-corpus report --serve`: a report, a search over its documents, and a page per document.

It listens only on the loopback address, and answers GET and HEAD for three kinds of paths, none of which names a file.
It refuses requests for another host, since pages of other sites can make a browser send them.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from latam_corpus.audit.life_page import life_page
from latam_corpus.errors import ConfigError, CorpusError, cause_of
from latam_corpus.messages import _
from latam_corpus.report.search_page import missing_page, search_page

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LOOPBACK: Final = "127.0.0.1"
_LONGEST_QUERY: Final = 300  # characters
_DOCUMENT: Final = re.compile(r"/document/([0-9a-f]{32})")
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Served:
    """The content of the server.

    Attributes:
        stories: a function that returns the histories of the documents that match a query, or raises `ConfigError` if
            none matches.
        where: the command options that name the runs and the store, for commands shown on pages.
        internal: also show texts whose terms don't allow it.
    """

    title: str
    page: str
    stories: Callable[[str], Sequence[dict[str, Any]]]
    language: str
    where: Sequence[str] = ()
    internal: bool = False

    def answer(self, target: str) -> tuple[HTTPStatus, str]:
        """Return the HTTP status and the page for the target of a request."""
        parts = urlsplit(target)
        if parts.path == "/":
            return HTTPStatus.OK, self.page
        if parts.path == "/search":
            query = parse_qs(parts.query, max_num_fields=8, errors="replace").get("q", [""])[0]
            return HTTPStatus.OK, self._search(" ".join(query.split())[:_LONGEST_QUERY])
        if match := _DOCUMENT.fullmatch(parts.path):
            stories, problem = self._stories(match[1])
            if not stories:
                return HTTPStatus.NOT_FOUND, missing_page(self.title, self.language, problem)
            page = life_page(stories[0], self.language, self.where, internal=self.internal, served=True)
            return HTTPStatus.OK, page
        return HTTPStatus.NOT_FOUND, missing_page(self.title, self.language)

    def _search(self, query: str) -> str:
        stories, problem = self._stories(query) if query else ((), "")
        return search_page(self.title, query, stories, self.language, problem, internal=self.internal)

    def _stories(self, query: str) -> tuple[Sequence[dict[str, Any]], str]:
        """Return the histories of the matching documents, or the problem if none matches."""
        try:
            return self.stories(query), ""
        except CorpusError as error:
            return (), str(error.translated(self.language))


class ReportServer(ThreadingHTTPServer):
    """A server on the loopback address."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = False

    def __init__(self, served: Served, port: int) -> None:
        """Bind the port; 0 picks a free one.

        Raises:
            ConfigError: the port is in use or not allowed.
        """
        self.served = served
        try:
            super().__init__((_LOOPBACK, port), _Handler)
        except OSError as error:
            problem = _("the server can't use this port: {cause}", cause=cause_of(error))
            raise ConfigError(f"--port {port}", problem, _("leave --port out to use a free one")) from None

    @property
    def address(self) -> str:
        """The URL of the report."""
        return f"http://{_LOOPBACK}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore errors of connections that the browser closed."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: ReportServer
    server_version, sys_version = "latam-corpus", ""
    timeout = 60

    def do_GET(self) -> None:
        """Send the page."""
        port = self.server.server_port
        if self.headers.get("Host", "") not in (f"{_LOOPBACK}:{port}", f"localhost:{port}"):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return
        try:
            status, page = self.server.served.answer(self.path)
        except ValueError:  # the URL is invalid
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        data = page.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    do_HEAD = do_GET  # noqa: N815

    def end_headers(self) -> None:
        """Add headers that keep the page from loading other content, and other sites from embedding it."""
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the name in the base class)
        """Log nothing, since a search may name a person."""


def serve(server: ReportServer) -> None:
    """Answer requests until the user presses Ctrl-C."""
    with server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return
