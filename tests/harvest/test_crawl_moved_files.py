"""A moved file of a site is requested like a page: within the source, at its new host's pace and by its rules."""

from __future__ import annotations

import importlib
import ssl
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from latam_corpus.catalog.harvest_tables import Asking
from latam_corpus.harvest.crawl import website as crawl_website
from latam_corpus.harvest.crawl.recheck import SiteReader
from latam_corpus.harvest.crawl.requests import Fetcher

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

website: Any = importlib.import_module("tests.benchmarks.crawl.website")
page = website.page
_TEXT = {"Content-Type": "text/plain"}


@pytest.fixture
def second_site() -> Iterator[Any]:
    """A second website, to which the first redirects."""
    with website.Website({"/": page("otra")}) as running:
        yield running


def _crawl(site: Any, out: Path, *other_sites: Any, more: str = "") -> tuple[Any, list[dict[str, Any]]]:
    hosts = ", ".join(f'"{member.host}"' for member in (site, *other_sites))
    result, notes = website.crawl(site, out, f"hosts = [{hosts}]\nprivate_hosts = [{hosts}]\n{more}")
    return result, notes


def _to(url: str) -> tuple[int, dict[str, str], bytes]:
    return 302, {"Location": url}, b""


def test_a_robots_txt_that_has_moved_within_the_source_is_obeyed(
    tmp_path: Path, site: Any, second_site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It applies to the site that redirected, and not to the host where it is."""
    monkeypatch.setattr(crawl_website, "_LONGEST_SLEEP", 0.02)
    site.routes |= {"/": page("inicio", "/privado", f"{second_site.root}/privado"), "/privado": page("p")}
    site.routes["/robots.txt"] = _to(f"{second_site.root}/reglas/gaceta.txt")

    def slow(handler: Any) -> None:
        time.sleep(0.3)
        second_site.answer(handler, (200, _TEXT, b"User-agent: *\nDisallow: /privado"))

    second_site.routes["/reglas/gaceta.txt"] = slow
    second_site.routes["/privado"] = page("de otra")
    result, notes = _crawl(site, tmp_path, second_site)
    assert (result.pages, result.complete) == (2, True)
    assert [(note["cause"], note["url"]) for note in notes] == [("shut out by robots", f"{site.root}/privado")]
    # While it is on its way nothing is asked twice.
    assert [request.path for request in site.asked].count("/robots.txt") == 1
    # The other host's own rules were read before a path of it was asked for.
    assert [request.path for request in second_site.asked][:2] == ["/robots.txt", "/reglas/gaceta.txt"]


def test_a_file_that_moves_out_of_the_source_is_not_asked_for(tmp_path: Path, site: Any, second_site: Any) -> None:
    """Without robots.txt the host is refused, without ai.txt it is crawled, and no redirect leaves the source."""
    site.routes |= {"/": page("inicio"), "/robots.txt": _to(f"{second_site.root}/robots.txt")}
    result, notes = _crawl(site, tmp_path)
    assert (result.pages, result.complete) == (0, False)
    assert result.closed == {site.host: "robots unavailable: redirect out of scope"}
    assert [(note["cause"], note["why"]) for note in notes] == [("robots unavailable", "redirect out of scope")]
    assert second_site.root in notes[0]["told"]
    site.routes |= {"/robots.txt": (404, {}, b""), "/ai.txt": _to(f"{second_site.root}/ai.txt")}
    site.routes["/.well-known/tdmrep.json"] = _to(f"{second_site.root}/tdmrep.json")
    assert _crawl(site, tmp_path / "dos")[0].pages == 1
    assert second_site.asked == []


def test_a_file_that_moves_to_a_forbidden_path_is_not_asked_for(tmp_path: Path, site: Any, second_site: Any) -> None:
    """The robots.txt of the new host applies, even on the same host."""
    site.routes |= {"/": page("inicio"), "/ai.txt": _to(f"{second_site.root}/no/ai.txt")}
    site.routes |= {"/robots.txt": (200, _TEXT, b"User-agent: *\nDisallow: /no/")}
    site.routes["/.well-known/tdmrep.json"] = _to("/no/tdmrep.json")
    second_site.routes["/robots.txt"] = (200, _TEXT, b"User-agent: *\nDisallow: /no/")
    assert _crawl(site, tmp_path, second_site)[0].pages == 1
    assert [request.path for request in second_site.asked] == ["/robots.txt"]
    assert "/no/tdmrep.json" not in site.paths


def test_moved_files_keep_the_pace_of_the_host_where_they_are(
    tmp_path: Path, site: Any, second_site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two sites' files that lead to one host are asked of it one after the other, as its robots.txt says."""
    start = f'start = ["{site.root}/", "{second_site.root}/"]\ndelay = 0.05'
    site.routes["/"] = page("inicio")
    for number, name in enumerate(("robots.txt", "ai.txt", ".well-known/tdmrep.json")):
        site.routes[f"/{name}"] = _to(f"{second_site.root}/{number}")
    second_site.routes["/robots.txt"] = (200, _TEXT, b"User-agent: *\nCrawl-delay: 0.5")
    fetch, moments = Fetcher.fetch, []

    def recorded(fetcher: Fetcher, job: Any) -> Any:
        """When a request is begun; a busy machine may serve it later."""
        if job.host == second_site.host:
            moments.append(time.monotonic())
        return fetch(fetcher, job)

    monkeypatch.setattr(Fetcher, "fetch", recorded)
    assert _crawl(site, tmp_path, second_site, more=start)[0].pages == 2
    assert len(moments) == 7  # three files and a page of its own, three of the other site
    # By the source's own pace they would be 0.05 apart.
    assert min(b - a for a, b in pairwise(moments)) >= 0.49


def test_files_that_move_in_circles_end(tmp_path: Path, site: Any, second_site: Any) -> None:
    """Two sites that redirect to each other for their robots.txt are refused."""
    site.routes |= {"/": page("inicio"), "/robots.txt": _to(f"{second_site.root}/a")}
    second_site.routes["/robots.txt"] = _to(f"{site.root}/b")
    result, notes = _crawl(site, tmp_path, second_site)
    assert {note["cause"] for note in notes} == {"robots unavailable"}
    assert (result.pages, result.complete) == (0, False)
    assert (site.paths, second_site.paths) == ([], [])
    # Without end, but always to a robots.txt: after five it counts as none, as RFC 9309 has it.
    site.routes["/robots.txt"] = _to(f"{second_site.root}/robots.txt")
    second_site.routes["/robots.txt"] = _to(f"{site.root}/robots.txt")
    assert _crawl(site, tmp_path / "dos", second_site)[0].pages == 1


def test_an_unverified_certificate_is_accepted_only_from_its_host(tmp_path: Path, site: Any) -> None:
    """An unverified certificate of one host isn't accepted from another."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with website.Website({"/": page("otra")}, tls=context) as safe:
        site.routes |= {"/": page("inicio"), "/robots.txt": _to(f"{safe.root}/robots.txt")}
        result, notes = _crawl(site, tmp_path, safe, more=f'unverified_tls = ["{site.host}"]')
        assert {note["why"] for note in notes} == {"bad certificate"}  # as often as it was tried
        assert (result.pages, safe.asked) == (0, [])
        more = f'unverified_tls = ["{safe.host}"]'
        assert _crawl(site, tmp_path / "dos", safe, more=more)[0].pages == 1


def test_a_recheck_follows_a_moved_file_to_any_host(tmp_path: Path, site: Any, second_site: Any) -> None:
    """A recheck follows a moved file to any host, requests no page there, and applies it to the original site."""
    site.routes["/robots.txt"] = _to(f"{second_site.root}/robots.txt")
    second_site.routes["/robots.txt"] = (200, _TEXT, b"User-agent: *\nDisallow: /")
    hosts = [site.host, second_site.host]
    reader = SiteReader(
        "r",
        [site.root],
        tmp_path,
        lambda *_: None,
        contact="a@b.example",
        asking=Asking(delay=0.0, private_hosts=tuple(hosts)),
        first_rest=0.01,
    )
    reader.run()
    assert not reader.sites[site.root].robots.allows(f"{site.root}/nota")
    assert (reader.unread, reader.unread_files) == ({}, frozenset())
    assert {request.path for request in second_site.asked} == {"/robots.txt"}
