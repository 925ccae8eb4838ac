"""A host that is down is postponed with its addresses, and a failing address costs its host nothing."""

from __future__ import annotations

import importlib
import socket
import struct
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.harvest.crawl import website as crawl_website
from latam_corpus.harvest.crawl.frontier import Frontier
from latam_corpus.harvest.crawl.website import Crawler

if TYPE_CHECKING:
    from pathlib import Path

website: Any = importlib.import_module("tests.benchmarks.crawl.website")
page = website.page
_NAMES = [f"/nota/{n}" for n in range(20)]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that only rests move on: whose turn it is doesn't depend on how busy this machine is."""
    seconds = [1_700_000_000.0]

    def sleep(rest: float) -> None:
        seconds[0] += rest

    monkeypatch.setattr(Frontier, "now", lambda _: seconds[0])
    monkeypatch.setattr(crawl_website, "time", SimpleNamespace(monotonic=time.monotonic, sleep=sleep))


def _reset(handler: Any) -> None:
    """Reset the connection, as a firewall or a failing server does."""
    handler.close_connection = True
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def _kept(host: str) -> socket.socket:
    """A socket that refuses connections to a host and keeps its port from other processes."""
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the host's server may listen there again
    keeper.bind((host.partition(":")[0], int(host.partition(":")[2])))
    return keeper


def test_a_host_that_goes_down_is_left_and_its_addresses_wait(tmp_path: Path) -> None:
    """After five attempts, whatever number of addresses it has; when it is up again they are asked for."""
    kept: list[socket.socket] = []
    with website.Website({"/": page("inicio", *_NAMES)}) as site:
        source = website.source_of(site)

        def falls(handler: Any) -> None:
            handler.close_connection = True
            site.stop_listening()
            kept.append(_kept(site.host))
            site.answer(handler, page("inicio", *_NAMES))

        site.routes["/"] = falls
        result = Crawler(source, tmp_path, website.Unseen()).run()
        host = site.host
    assert result.closed == {host: "no connection"}
    assert result.states == {"page": 1, "waiting": 20}
    assert (result.complete, result.causes) == (False, {})
    frontier = Frontier(result.folder / "frontier.sqlite")
    waiting = frontier.next(host, float("inf"))
    frontier.close()
    assert waiting is not None
    assert waiting.tries == 0
    again = website.Website({name: page(name) for name in _NAMES})
    port = int(host.partition(":")[2])
    with pytest.MonkeyPatch.context() as patch:
        server = website.ThreadingHTTPServer
        patch.setattr(website, "ThreadingHTTPServer", lambda _, handler: server(("127.0.0.1", port), handler))
        with again:
            assert Crawler(source, tmp_path, website.Unseen()).run().states == {"page": 21}
    kept[0].close()


def test_an_address_that_always_resets_delays_no_other(
    tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other addresses are requested between its attempts, and it fails in the end."""
    monkeypatch.setattr(Crawler, "max_tries", 2)
    site.routes |= {"/": page("inicio", "/mala", *_NAMES), "/mala": _reset}
    site.routes |= {name: page(name) for name in _NAMES}
    result, notes = website.crawl(site, tmp_path, first_rest=None)
    assert (result.states, result.complete, result.closed) == ({"failed": 1, "page": 21}, True, {})
    assert [(note["url"], note["cause"]) for note in notes] == [(f"{site.root}/mala", "no connection")]
    indexes = [place for place, path in enumerate(site.paths) if path == "/mala"]
    assert len(indexes) == 2
    assert indexes[1] - indexes[0] > 1


def test_a_host_that_resets_every_request_is_postponed(tmp_path: Path, site: Any) -> None:
    """After three failed addresses in a row the host rests, and after five rests it is postponed."""
    site.routes |= {"/": page("inicio", *_NAMES)} | dict.fromkeys(_NAMES, _reset)
    result, notes = website.crawl(site, tmp_path, first_rest=None)
    assert (result.states, result.closed) == ({"page": 1, "waiting": 20}, {site.host: "no connection"})
    assert notes == []
    assert len(site.paths) < 15


@pytest.mark.parametrize("busy", [503, 429])
def test_a_busy_host_is_postponed_and_a_busy_address_fails(tmp_path: Path, site: Any, busy: int) -> None:
    """The addresses of a busy host wait, and a single busy address fails."""
    site.routes |= {"/": page("inicio", *_NAMES)} | dict.fromkeys(_NAMES, (busy, {}, b""))
    result, _ = website.crawl(site, tmp_path, first_rest=None)
    assert (result.states, result.closed) == ({"page": 1, "waiting": 20}, {site.host: "server busy"})
    assert len(site.paths) == 6
    site.routes |= {name: page(name) for name in _NAMES[1:]}
    result, notes = website.crawl(site, tmp_path / "dos", first_rest=None)
    assert (result.states, result.closed) == ({"failed": 1, "page": 20}, {})
    assert [note["cause"] for note in notes] == ["server busy"]


def test_a_host_that_goes_down_before_its_ai_txt_is_read_is_postponed(tmp_path: Path) -> None:
    """An unread ai.txt doesn't count as a missing one."""
    with website.Website({"/": page("inicio")}) as site:

        def falls(handler: Any) -> None:
            site.answer(handler, (404, {}, b""))
            handler.close_connection = True
            site.stop_listening()

        site.routes["/robots.txt"] = falls
        result = Crawler(website.source_of(site), tmp_path, website.Unseen()).run()
        assert (result.closed, result.states) == ({site.host: "no connection"}, {"waiting": 1})
        frontier = Frontier(result.folder / "frontier.sqlite")
        assert set(frontier.files(site.root, 0.0)) == {f"{site.root}/robots.txt"}
        frontier.close()
