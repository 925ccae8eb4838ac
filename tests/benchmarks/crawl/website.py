"""A website on loopback for crawls: pages by path, and a record of who asked for what, when."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from latam_corpus.catalog.source import Source
from latam_corpus.config.toml_model import parse_toml
from latam_corpus.harvest.crawl.crawl_progress import Silent
from latam_corpus.harvest.crawl.website import Crawler

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path

# A page's bytes, or status, headers and bytes, or a function that writes what it likes.
Route: TypeAlias = "bytes | tuple[int, dict[str, str], bytes] | Callable[[BaseHTTPRequestHandler], Any]"


@dataclass(frozen=True)
class Asked:
    """A request: its time, its path, and its headers by names in lower case."""

    time: float
    path: str
    headers: dict[str, str]


@dataclass
class Website:
    """A running site; it answers 404 for paths without a route."""

    routes: dict[str, Route] = field(default_factory=dict)
    any_: Callable[[str], Route | None] = lambda _: None
    asked: list[Asked] = field(default_factory=list)
    tls: ssl.SSLContext | None = None

    def __enter__(self) -> Self:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body are sent apart: without this the body would wait some 40 ms for the head's receipt.
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                site.asked.append(Asked(time.monotonic(), self.path, {k.lower(): v for k, v in self.headers.items()}))
                route = site.routes.get(self.path) or site.any_(self.path)
                try:
                    site.answer(self, route)
                except (OSError, ValueError):  # the crawler has hung up
                    self.close_connection = True

            def log_message(self, *args: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if self.tls:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def stop_listening(self) -> None:
        """Refuse new connections, but not accepted ones; a route calls it before it answers."""
        self._server.shutdown()  # A loop that waits for connections keeps a closed socket listening.
        self._server.socket.close()

    @property
    def host(self) -> str:
        """Return `127.0.0.1:port`."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def root(self) -> str:
        """Return the site's address."""
        return f"http{'s' if self.tls else ''}://{self.host}"

    @property
    def paths(self) -> list[str]:
        """Return the requested paths in order, without the sites' files."""
        site_files = ("/robots.txt", "/ai.txt", "/.well-known/tdmrep.json")
        return [request.path for request in self.asked if request.path not in site_files]

    def answer(self, handler: BaseHTTPRequestHandler, route: Route | None) -> None:
        """Write a route's answer."""
        if callable(route):
            route(handler)
            return
        status, headers, body = (
            (404, {}, b"no") if route is None else (200, {}, route) if isinstance(route, bytes) else route
        )
        handler.send_response(status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
            handler.send_header(name, value)
        if "Content-Length" not in headers and "Transfer-Encoding" not in headers:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


def page(title: str, *links: str, head: str = "") -> bytes:
    """Return a page of a newspaper with these links."""
    items = "".join(f'<li><a href="{link}">{link}</a></li>' for link in links)
    text = f"La nota {title} cuenta lo que pasó ayer en el puerto, cuando los barcos volvieron antes del alba."
    return f"<!doctype html><title>{title}</title>{head}<body><p>{text}</p><ul>{items}</ul></body></html>".encode()


def source_of(site: Website, more: str = "", *, about: str = "", tables: str = "") -> Any:
    """Return the source `gaceta`, crawled from the site's root, by default without delay.

    Args:
        site: its address is the start, and is allowed although it is on this machine.
        more: lines of `[collect.crawl]`.
        about: lines at the top.
        tables: whole tables next to `[collect]`.
    """
    top = {"contact": '"biblioteca@gaceta.example"'} | _pairs(about)
    crawl = {"start": f'["{site.root}/"]', "delay": "0.0", "private_hosts": f'["{site.host}"]'} | _pairs(more)
    text = ['id = "gaceta"', 'title = "Gaceta"', 'holder = "Biblioteca"', *(f"{k} = {v}" for k, v in top.items())]
    text += [tables, "[collect]", 'kind = "crawl"', "[collect.crawl]"]
    text += [f"{name} = {value}" for name, value in crawl.items()]
    return parse_toml("\n".join(text), Source, "gaceta.toml")


def _pairs(lines: str) -> dict[str, str]:
    return {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in lines.splitlines())}


Unseen = Silent  # progress of a crawl that nobody watches


def crawl(
    site: Website, out: Path, more: str = "", *, again: bool = False, first_rest: float | None = 0.01, **options: Any
) -> tuple[Any, list[dict[str, Any]]]:
    """Return the result of a crawl of the site, with these lines of `[collect.crawl]`, and its notes."""
    crawler = Crawler(source_of(site, more), out, Unseen(), first_rest=first_rest, **options)
    result = crawler.run(again=again)
    return result, notes_of(result.folder)


def notes_of(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of `crawl.jsonl`."""
    lines = (folder / "crawl.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
