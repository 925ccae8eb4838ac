"""`latam-corpus report --serve`: the page, a search over its documents, and each one's life, for this machine alone.

Only GET and HEAD of three kinds of address are answered, none of which names a file; a request that was meant for
another host, as a page elsewhere can have a browser send it, is refused.
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
_LONGEST: Final = 300  # characters of what is searched for
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
    """What is served.

    Attributes:
        title: what it is about.
        page: the report, as HTML.
        stories: gives the stories of the documents that a question means; raises `ConfigError` where there are none.
        language: of the pages.
        where: the options by which a command finds the runs and the store.
        internal: whether what terms hide is shown.
    """

    title: str
    page: str
    stories: Callable[[str], Sequence[dict[str, Any]]]
    language: str
    where: Sequence[str] = ()
    internal: bool = False

    def answer(self, target: str) -> tuple[HTTPStatus, str]:
        """Return the page of an address, and how the request ended."""
        parts = urlsplit(target)
        if parts.path == "/":
            return HTTPStatus.OK, self.page
        if parts.path == "/search":
            asked = parse_qs(parts.query, max_num_fields=8, errors="replace").get("q", [""])[0]
            return HTTPStatus.OK, self._found(" ".join(asked.split())[:_LONGEST])
        if match := _DOCUMENT.fullmatch(parts.path):
            stories, problem = self._stories(match[1])
            if not stories:
                return HTTPStatus.NOT_FOUND, missing_page(self.title, self.language, problem)
            page = life_page(stories[0], self.language, self.where, internal=self.internal, served=True)
            return HTTPStatus.OK, page
        return HTTPStatus.NOT_FOUND, missing_page(self.title, self.language)

    def _found(self, asked: str) -> str:
        stories, problem = self._stories(asked) if asked else ((), "")
        return search_page(self.title, asked, stories, self.language, problem, internal=self.internal)

    def _stories(self, asked: str) -> tuple[Sequence[dict[str, Any]], str]:
        """Return the stories of the documents that are meant, or why there are none."""
        try:
            return self.stories(asked), ""
        except CorpusError as error:
            return (), str(error.translated(self.language))


class ReportServer(ThreadingHTTPServer):
    """A server on this machine's loopback."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = False

    def __init__(self, served: Served, port: int) -> None:
        """Take a port; a free one where it is 0.

        Raises:
            ConfigError: it is taken, or may not be used.
        """
        self.served = served
        try:
            super().__init__((_LOOPBACK, port), _Handler)
        except OSError as error:
            problem = _("it can't be served there: {cause}", cause=cause_of(error))
            raise ConfigError(f"--port {port}", problem, _("leave --port out, and a free one is taken")) from None

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://{_LOOPBACK}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a reader that went away."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: ReportServer
    server_version, sys_version = "latam-corpus", ""
    timeout = 60

    def do_GET(self) -> None:
        """Answer with a page."""
        port = self.server.server_port
        if self.headers.get("Host", "") not in (f"{_LOOPBACK}:{port}", f"localhost:{port}"):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return
        try:
            status, page = self.server.served.answer(self.path)
        except ValueError:  # an address that is none
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
        """Add what keeps a page from asking for anything, or being asked for by another."""
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (as it is called there)
        """Log nothing: a search may name a person."""


def serve(server: ReportServer) -> None:
    """Answer until Ctrl-C is pressed."""
    with server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return
