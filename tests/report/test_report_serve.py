"""`report --serve`: a page and a search that only this machine can reach, for any request."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import quote

import pytest

from latam_corpus.cli.reading import report_server
from latam_corpus.release.storing.store import Store
from latam_corpus.report.page_words import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from conftest import CommandLine, Document, KeptRun

_HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "([+*?{\\",
    "(?i)(a+)+$",
    "\x00\x1b[31m\u202e",
    "{{ 7*7 }}",
    "' OR 1=1 --",
    "barca " * 5000,
    "https://[::1",
    "https://" + "a" * 400,
)
_ADDRESSES = (
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/document/../run.json",
    "/document/%2e%2e%2frun.json",
    "/document/" + "g" * 32,
    "/document/" + "0" * 32,
    "/report.html",
    "/run.json",
    "//evil.example/",
    "http://evil.example/x",
    "/document/",
    "/search?q=a&" + "&".join(f"x{n}=1" for n in range(2000)),
)


class Serving(Protocol):
    """A function that starts servers."""

    def __call__(self, *arguments: str | Path) -> AbstractContextManager[Client]:
        """Run `report --serve` with these arguments for the length of the block; yield a client."""


class Answer(NamedTuple):
    """The server's answer."""

    status: int
    text: str
    headers: dict[str, str]


class Client:
    """A client of the server on a port."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, target: str, method: str = "GET", host: str | None = None) -> Answer:
        """Send a request with this address, unchanged, and return the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        connection.putrequest(method, target, skip_host=True)
        connection.putheader("Host", f"127.0.0.1:{self.port}" if host is None else host)
        connection.endheaders()
        response = connection.getresponse()
        answer = Answer(response.status, response.read().decode(), dict(response.getheaders()))
        connection.close()
        return answer

    def search(self, words: str) -> Answer:
        """Return the answer to a search for these words."""
        return self.ask(f"/search?q={quote(words)}")


@pytest.fixture
def serving(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Serving:
    """Return a function that starts a server by the command line."""

    @contextmanager
    def start(*arguments: str | Path) -> Iterator[Client]:
        servers: list[report_server.ReportServer] = []
        monkeypatch.setattr(report_server, "serve", servers.append)
        result = command_line("report", *arguments, "--serve", "--out", tmp_path / "out")
        assert result.code == 0, result.err
        [server] = servers
        assert server.address in result.out
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Client(server.server_port)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    return start


@pytest.fixture
def run(document: Document, kept_run: KeptRun) -> Path:
    """Create a run of five documents, one of them for training only."""
    documents = [document(n, title=f"Cuento {n}") for n in range(4)]
    documents.append(document(4, title="Cerrada", uses=["train"]))
    return kept_run("cuentos-1a2b3c4d", documents)


def test_a_search_leads_from_words_to_a_documents_life(serving: Serving, run: Path, document: Document) -> None:
    """A document is found by words, title and id; a hidden one shows its title only; nothing is written."""
    initial_files = sorted(run.rglob("*"))
    with serving(run) as client:
        page = client.ask("/")
        assert page.status == 200
        assert '<form class="search"' in page.text
        assert "form-action &#39;self&#39;" in page.text
        for words in ("número 2 salió", "Cuento 2", document(2)["doc_id"]):
            answer = client.search(words)
            assert answer.text.count("/document/") == 1
            [target] = re.findall(r'href="(/document/[0-9a-f]{32})"', answer.text)
            life = client.ask(target)
            assert (life.status, "Cuento 2" in life.text) == (200, True)
        hidden = client.search("número 4 salió")
        assert document(4)["doc_id"] in hidden.text
        for shown in (hidden.text, client.ask(f"/document/{document(4)['doc_id']}").text):
            assert "Cerrada" in shown
            assert WORDS["hidden"].translate("en") in shown.replace("&#39;", "'")
            assert "La barca" not in shown
        assert "no matching document in" in client.search("una palabra que no está").text
        assert client.search("").status == 200
    assert sorted(run.rglob("*")) == initial_files


def test_of_what_is_withdrawn_the_search_says_so(
    serving: Serving, run: Path, document: Document, command_line: CommandLine, tmp_path: Path
) -> None:
    """The reason isn't the terms of the text, and the start page doesn't show its words, either."""
    out, withdrawn = ("--out", tmp_path / "out"), document(2)["doc_id"]
    command_line("release", "build", "puerto", run.name, "--admit", "open", "--uses", "train", *out)
    command_line("release", "withdraw", "puerto", "--doc", withdrawn, "--because", "así lo pide", *out)
    with serving(run) as client:
        text = client.search(withdrawn).text
        assert "Cuento 2" not in text + client.ask("/").text
        assert "it is withdrawn" in text
        assert "terms" not in text


def test_a_release_is_searched_too(
    serving: Serving,
    run: Path,
    document: Document,
    command_line: CommandLine,
    tmp_path: Path,
) -> None:
    """The search uses the run if it still exists, or else the version's own rows."""
    out = ("--out", tmp_path / "out")
    command_line("release", "build", "puerto", run.name, "--admit", "open", "--uses", "train", *out)
    address = f"/document/{document(1)['doc_id']}"
    with serving("puerto") as client:
        assert "cuentos-1a2b3c4d" in client.ask(address).text
    (run / "run.json").rename(tmp_path / "run.json")
    with serving("puerto") as client:
        assert client.search("número 1 salió").text.count(address) == 1
        life = client.ask(address).text
        assert "Cuento 1" in life
        assert f"puerto@{Store.at(tmp_path / 'out' / 'store').latest('puerto')}" in life
        assert "latam-corpus explain" not in life
        assert "latam-corpus release withdraw puerto --doc" in life


def test_nothing_else_is_served(serving: Serving, run: Path) -> None:
    """No address leads to a file, other hosts and methods are refused, and each page has a policy without scripts."""
    with serving(run) as client:
        for target in _ADDRESSES:
            answer = client.ask(target)
            assert answer.status in (400, 404), target[:60]
            assert "root:" not in answer.text
        for host in ("evil.example", "evil.example:80", "", f"127.0.0.1:{client.port + 1}"):
            assert client.ask("/", host=host).status == 421
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
            assert client.ask("/", method).status == 501
        assert client.ask("/", "HEAD").text == ""
        for target in ("/", "/search?q=barca", "/nada"):
            policy = client.ask(target).headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'")
            assert "script" not in policy


def test_hostile_words_are_words(serving: Serving, run: Path) -> None:
    """They are searched for literally, shortened if they are long, and shown as text."""
    with serving(run) as client:
        for words in _HOSTILE:
            answer = client.search(words)
            assert answer.status == 200, words
            assert len(answer.text) < 100_000
            assert not set("\u202e\x00\x1b") & set(answer.text)
            assert not re.search("<(script|img)", answer.text), words
        assert client.ask("/search?q=%ff%fe%c3").status == 200


def test_options_that_do_not_go_together_are_refused(
    run: Path, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each error names the option; a port in use is an error, too."""
    out = ("--out", tmp_path / "out")
    for more, message in (
        (("--serve", "--to", tmp_path / "p.html"), "it can't be combined with --to or --json"),
        (("--serve", "--json"), "it can't be combined with --to or --json"),
        (("--port", "8000"), "it needs --serve"),
    ):
        result = command_line("report", run, *more, *out)
        assert (result.code, message in result.err) == (2, True)
    monkeypatch.setattr(report_server, "serve", lambda _server: None)
    taken = report_server.ReportServer(report_server.Served("", "", lambda _: (), "en"), 0)
    result = command_line("report", run, "--serve", "--port", str(taken.server_port), *out)
    taken.server_close()
    assert (result.code, f"--port {taken.server_port}: the server can't use this port" in result.err) == (2, True)


def test_ctrl_c_ends_it(run: Path, tmp_path: Path) -> None:
    """Ctrl+C ends the server with exit code 0 and without a traceback."""
    command = [sys.executable, "-m", "latam_corpus", "report", str(run), "--serve", "--out", str(tmp_path / "out")]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        # A process that was started in the background would ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        port = int(re.findall(r"127\.0\.0\.1:(\d+)", line)[0])
        assert Client(port).ask("/").status == 200
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=300)
        assert (process.returncode, "Traceback" in err) == (0, False)
