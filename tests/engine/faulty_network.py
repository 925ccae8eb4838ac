"""A proxy in front of an object store that fails as networks and busy servers do."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

# No answer that comes in time, one that stops half-way, a put whose answer is lost, and the like.
_OF_READS = ("cut", "slow", "busy", "silent", "reset")
_OF_CONDITIONS = ("lost", "busy", "reset")
_OF_OTHERS = ("busy", "reset", "silent")
KINDS = {*_OF_READS, *_OF_CONDITIONS, *_OF_OTHERS}
_TOLD = {"busy": (503, "SlowDown"), "denied": (403, "AccessDenied")}
HANGS = 4.0  # seconds, more than clients wait


class FaultyNetwork:
    """A server that passes requests on, and sometimes fails.

    Attributes:
        faults: how often each kind of failure was met; "" for requests that were handed on.
        address: of the proxy.
        refuses: which requests are denied, by method and path.
    """

    def __init__(self, store: str, every: int = 0) -> None:
        """Make it; it begins with the block.

        Args:
            store: the address of the server behind it.
            every: one in so many reads, conditional puts and other requests fails, the first among them; 0 for none.
        """
        self.faults: Counter[str] = Counter()
        self.refuses: Callable[[str, str], bool] = lambda _method, _path: False
        self._every = every
        self._seen: Counter[tuple[str, ...]] = Counter()
        self._lock = threading.Lock()
        network = self
        target = urlsplit(store)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout: ClassVar[float] = 60

            def handle_verb(self) -> None:
                """Pass the request on."""
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                network.pass_on(self, str(target.hostname), int(target.port or 80), body)

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        for verb in ("GET", "PUT", "POST", "HEAD", "DELETE"):
            setattr(Handler, f"do_{verb}", Handler.handle_verb)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _fault(self, request: BaseHTTPRequestHandler) -> str:
        if self.refuses(request.command, request.path):
            return "denied"
        conditional = "If-None-Match" in request.headers or "If-Match" in request.headers
        kinds = _OF_READS if request.command == "GET" else _OF_CONDITIONS if conditional else _OF_OTHERS
        with self._lock:
            self._seen[kinds] += 1
            turn, remaining = divmod(self._seen[kinds] - 1, self._every) if self._every else (0, 1)
            kind = "" if remaining else kinds[turn % len(kinds)]
            self.faults[kind] += 1
        return kind

    def pass_on(self, request: BaseHTTPRequestHandler, host: str, port: int, body: bytes) -> None:
        """Pass a request on and return its answer, unless the request is to fail."""
        fault = self._fault(request)
        if fault in _TOLD:
            status, code = _TOLD[fault]
            result = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>Access Denied</Message></Error>"
            _answer(request, status, [("Content-Type", "application/xml")], result.encode())
            return
        if fault == "silent":
            time.sleep(HANGS)
        if fault in ("silent", "reset"):
            _close(request)
            return
        store = http.client.HTTPConnection(host, port, timeout=60)
        store.request(request.command, request.path, body, dict(request.headers))
        answer = store.getresponse()
        data = answer.read()
        store.close()
        if fault == "lost":
            _close(request)
            return
        _answer(request, answer.status, answer.getheaders(), data, fault)


def _answer(
    request: BaseHTTPRequestHandler, status: int, headers: list[tuple[str, str]], data: bytes, fault: str = ""
) -> None:
    request.send_response(status)
    for name, value in headers:
        if name.lower() not in ("connection", "transfer-encoding", "date", "server"):
            request.send_header(name, value)
    if not any(name.lower() == "content-length" for name, _ in headers):
        request.send_header("Content-Length", str(len(data)))
    request.end_headers()
    if fault == "cut":
        request.wfile.write(data[: len(data) // 2])
        _close(request)
    elif fault == "slow":
        for start in range(0, len(data), -(-len(data) // 4) or 1):
            request.wfile.write(data[start : start + (-(-len(data) // 4) or 1)])
            request.wfile.flush()
            time.sleep(0.2)
    elif request.command != "HEAD":
        request.wfile.write(data)


def _close(request: BaseHTTPRequestHandler) -> None:
    request.close_connection = True
    request.wfile.flush()
    request.connection.shutdown(socket.SHUT_RDWR)
