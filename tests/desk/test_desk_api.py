"""The client of a desk's API against servers that misbehave, and addresses that it refuses."""

from __future__ import annotations

import http.server
import threading
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.desk.desk_api import DeskApi
from latam_corpus.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TOKEN = "desk_" + "s3creto" * 4


class _Server(http.server.ThreadingHTTPServer):
    """A server that gives one answer to all requests, and keeps them."""

    daemon_threads = True
    answer: tuple[int, dict[str, str], bytes]
    requests: list[tuple[str, dict[str, str]]]


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        status, headers, body = self.server.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Log nothing."""


@pytest.fixture
def server() -> Iterator[Callable[..., _Server]]:
    """Starts servers on loopback that give one answer."""
    started: list[_Server] = []

    def start(status: int, body: bytes = b"", **headers: str) -> _Server:
        running = _Server(("127.0.0.1", 0), _Handler)
        running.answer, running.requests = (status, headers, body), []
        threading.Thread(target=running.serve_forever, args=(0.01,)).start()
        started.append(running)
        return running

    yield start
    for running in started:
        running.shutdown()
        running.server_close()


def _api(running: _Server) -> DeskApi:
    return DeskApi(f"http://127.0.0.1:{running.server_port}", _TOKEN, "es")


def test_the_token_is_sent_in_the_header_to_the_desk_alone(
    server: Callable[..., _Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy of the environment sees nothing of a request to this machine."""
    proxy, desk = server(200, b"{}"), server(200, b'{"a": 1}', ETag='"x"')
    for name in ("http_proxy", "all_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.server_port}")
    answer = _api(desk).get("/collections/cantos/source")
    assert answer is not None
    assert (answer.values, answer.etag) == ({"a": 1}, '"x"')
    [(path, headers)] = desk.requests
    assert path == "/api/collections/cantos/source"
    assert headers["authorization"] == f"Bearer {_TOKEN}"
    assert headers["accept-language"] == "es"
    assert not proxy.requests


def test_no_redirect_is_followed(server: Callable[..., _Server]) -> None:
    """A redirect is an error that names the other host, without the rest of its address."""
    other = server(200, b"{}")
    for status in (301, 302, 303, 307, 308):
        desk = server(status, Location=f"http://127.0.0.1:{other.server_port}/api/x?secreto")
        with pytest.raises(CorpusError, match=f"it redirects to http://127.0.0.1:{other.server_port};") as caught:
            _api(desk).get("/x")
        assert _TOKEN not in str(caught.value)
    assert not other.requests


@pytest.mark.parametrize(
    ("status", "body", "code", "problem"),
    [
        (200, b"<html>", 2, "isn't that of a desk"),
        (200, b'{"toml": "a', 2, "isn't that of a desk"),
        (200, b"[1]", 2, "isn't that of a desk"),
        (200, b"[" * 200_000, 2, "isn't that of a desk"),
        (404, b"<h1>Not found</h1>", 2, "isn't that of a desk"),
        (403, b'{"errors": []}', 2, "isn't that of a desk"),
        (403, b'{"errors": [1]}', 2, "isn't that of a desk"),
        (403, b'{"errors": [{"problem": "no", "remedy": "pida"}]}', 2, "no; pida"),
        (412, b'{"errors": [{"problem": "otro"}]}', 1, "otro"),
        (500, b'{"errors": [{"problem": "roto"}]}', 1, "roto"),
    ],
)
def test_an_answer_becomes_an_error_with_a_code(
    server: Callable[..., _Server], status: int, body: bytes, code: int, problem: str
) -> None:
    """The exit code is 1 if the same request may succeed later, else 2."""
    with pytest.raises(CorpusError, match=problem) as caught:
        _api(server(status, body)).get("/x")
    assert caught.value.exit_code == code


def test_nothing_at_an_address_is_no_error(server: Callable[..., _Server]) -> None:
    """A collection without a catalogue has nothing at the catalogue's address."""
    assert _api(server(404, b'{"errors": [{"problem": "no"}]}')).get("/x") is None


def test_a_desk_that_does_not_answer_is_named(server: Callable[..., _Server]) -> None:
    """A refused connection and a server without TLS are errors without a traceback."""
    with pytest.raises(CorpusError, match="the desk doesn't answer: the connection was refused") as caught:
        DeskApi("http://127.0.0.1:9", _TOKEN, "en").get("/x")
    assert caught.value.exit_code == 1
    tls = f"https://127.0.0.1:{server(200, b'{}').server_port}"
    with pytest.raises(CorpusError, match="the desk doesn't answer"):
        DeskApi(tls, _TOKEN, "en").get("/x")


@pytest.mark.parametrize(
    "address",
    [
        "desk.example",
        "ftp://desk.example",
        "http://desk.example",
        "http://127.0.0.1.desk.example",
        "http://10.0.0.1",
        "http://[::ffff:10.0.0.1]",
        "http://2130706433",
        "http://127.0.0.1@desk.example",
        "https://ana:clave@desk.example",
        "https://desk.example?token=x",
        "https://desk.example/#x",
        "https://desk.example:99999",
        "https://",
        "https://[",
        "https://desk .example",
        "https://desk.example/\r\nX: y",
        "",
    ],
)
def test_an_address_that_would_show_the_token_is_refused(address: str) -> None:
    """Plain http is for this machine, and an address holds no password, query or fragment."""
    with pytest.raises(CorpusError, match="--desk") as caught:
        DeskApi(address, _TOKEN, "en")
    assert caught.value.exit_code == 2
    assert "clave" not in str(caught.value)


@pytest.mark.parametrize("address", ["https://desk.example/mesa/", "http://localhost:8000", "http://[::1]:8000"])
def test_an_address_over_tls_or_on_this_machine_is_accepted(address: str) -> None:
    """Any https address is accepted, and http on loopback."""
    assert DeskApi(address, _TOKEN, "en").address == address.rstrip("/")


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "con espacio", "ñ", "x" * 201, ""])
def test_a_token_with_other_characters_is_refused_unseen(token: str) -> None:
    """The error doesn't show the token."""
    with pytest.raises(CorpusError, match="LATAM_CORPUS_TOKEN") as caught:
        DeskApi("https://desk.example", token, "en")
    assert not token or token not in str(caught.value)
