"""Web addresses and redirects may lead to public hosts or to named ones only."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import list_inputs, read
from latam_corpus.collect.streams import open_url
from latam_corpus.errors import ConfigError, SourceError
from latam_corpus.storage.public_hosts import VARIABLE, is_public, private_address

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("aiohttp")
_ANY = Source(id="entrega", title="Entrega", holder="Biblioteca")


class _Files(BaseHTTPRequestHandler):
    """A file, and an address that has moved to the port that it names."""

    def do_GET(self) -> None:
        """Answer."""
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        if self.path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.path.split('/')[2]}/a.jsonl")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = b'{"text": "Una copla."}\n'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        """As `GET`."""
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def hosts() -> Iterator[tuple[ThreadingHTTPServer, ThreadingHTTPServer]]:
    """Two servers on this machine."""
    servers = []
    for _ in range(2):
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Files)
        server.asked = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
    yield servers[0], servers[1]
    for server in servers:
        server.shutdown()
        server.server_close()


def _asked(server: ThreadingHTTPServer) -> list[str]:
    requested: list[str] = server.asked  # type: ignore[attr-defined]
    return requested


@pytest.mark.parametrize("chain", ["", "simplecache::"])
def test_a_private_address_is_never_asked_unless_it_is_named(
    hosts: tuple[ThreadingHTTPServer, ThreadingHTTPServer], monkeypatch: pytest.MonkeyPatch, chain: str
) -> None:
    """Neither when an input is listed nor when it is opened."""
    port = hosts[0].server_port
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"ana@0x7f000001:{port}"):
        url = f"{chain}http://{host}/a.jsonl"
        with pytest.raises(ConfigError, match="isn't a public address") as reported:
            list_inputs(_ANY, url)
        assert VARIABLE in str(reported.value)
        with pytest.raises(SourceError, match="isn't a public address"):
            open_url(url).read(1)
    assert _asked(hosts[0]) == []
    monkeypatch.setenv(VARIABLE, f"archivo.example, 127.0.0.1:{port}")
    (file,) = list_inputs(_ANY, f"{chain}http://127.0.0.1:{port}/a.jsonl")
    (frame,) = read(_ANY, file)
    assert frame["text"].to_list() == ["Una copla."]


def test_a_host_that_is_named_can_lead_to_no_other(
    hosts: tuple[ThreadingHTTPServer, ThreadingHTTPServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A redirect is a connection as any."""
    first, second = (server.server_port for server in hosts)
    monkeypatch.setenv(VARIABLE, f"127.0.0.1:{first}")
    with pytest.raises(SourceError, match="is not a public address"):
        open_url(f"http://127.0.0.1:{first}/moved/{second}/a.jsonl").read(1)
    assert _asked(hosts[0])
    assert _asked(hosts[1]) == []


@pytest.mark.parametrize(
    "address",
    [
        "::127.0.0.1", "::8.8.8.8", "64:ff9b:1::1", "64:ff9b:1:abcd::8.8.8.8", "192.0.0.192", "192.88.99.1",
        "::ffff:0:8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::192.0.0.192", "::ffff:192.88.99.1",
    ],
)  # fmt: skip
def test_what_is_given_to_no_host_is_not_public(address: str) -> None:
    """IPv4 in the older and the translators' forms of IPv6, where clouds keep their metadata, and former relays."""
    assert not is_public(address)


def test_what_is_no_address_of_the_web_is_let_through() -> None:
    """A path, an object store, a public address in its own spelling."""
    for url in ("/datos/a.jsonl", "s3://cubo/a", "memory://a", "http://93.184.215.14/a", "https://[2606:4700::1]:8/a"):
        assert private_address(url) is None
    for url in ("http://10.0.0.1/a", "HTTP://[::1]/", "zip://x::https://u:p@169.254.169.254/latest?x=http://a.example"):
        assert private_address(url)
