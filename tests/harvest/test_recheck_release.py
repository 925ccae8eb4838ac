"""The opt-outs of a release's sites are read again, and the next version omits the affected documents."""

from __future__ import annotations

import importlib
import itertools
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from warcio.archiveiterator import ArchiveIterator

from latam_corpus.catalog.harvest_tables import Asking
from latam_corpus.harvest.crawl.recheck import SiteReader
from latam_corpus.harvest.crawl.requests import Fetcher
from latam_corpus.harvest.optout.site import Site, SiteFile
from latam_corpus.release.refusals.opt_outs import LISTED, OptOutList, read_opt_outs, updated_opt_outs
from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import CommandLine, Document, KeptRun

website: Any = importlib.import_module("tests.benchmarks.crawl.website")
_TEXT = {"Content-Type": "text/plain"}
_CLOSED = (200, _TEXT, b"User-agent: GPTBot\nDisallow: /notas/")
_SEEN = datetime(2026, 11, 25, tzinfo=UTC)
_TERMS = {"name": "cuentos", "admit": ["open"], "uses": ["train"]}


@pytest.fixture
def sites() -> Iterator[list[Any]]:
    """Three running websites."""
    with website.Website() as first, website.Website() as two, website.Website() as three:
        yield [first, two, three]


@pytest.fixture
def released(
    tmp_path: Path, document: Document, kept_run: KeptRun, sites: list[Any], command_line: CommandLine
) -> Path:
    """The folder of a version with four documents on each of three sites, and one that isn't on the web."""
    places = [f"{sites[n % 3].root}/{'notas' if n % 2 else 'otras'}/{n}" for n in range(12)]
    rows = [document(n, url=url) for n, url in enumerate(places)]
    kept_run("cuentos-1", [*rows, document(12)], release=_TERMS)
    assert command_line("release", "build", "cuentos", "cuentos-1", "--out", tmp_path / "out").code == 0
    return tmp_path / "out"


def _recheck(command_line: CommandLine, out: Path, sites: list[Any], *more: str, json: bool = True) -> Any:
    hosts = [part for site in sites for part in ("--private-host", site.host)]
    about = ("--contact", "biblioteca@puerto.example", "--delay", "0", "--out", out)
    return command_line("rights", "recheck", "cuentos", *about, *hosts, *more, *(["--json"] if json else []))


def _built(command_line: CommandLine, out: Path) -> dict[str, Any]:
    result = command_line("release", "build", "cuentos", "--parent", "latest", "--out", out, "--json")
    assert result.code == 0, result.err
    return dict(result.json)


def test_refused_documents_leave_the_next_version(released: Path, sites: list[Any], command_line: CommandLine) -> None:
    """Only documents of refused paths are listed, with their signals, and only the sites' files are requested."""
    sites[0].routes["/robots.txt"] = _CLOSED
    sites[1].routes["/.well-known/tdmrep.json"] = (200, _TEXT, b'[{"location": "/", "tdm-reservation": 1}]')
    report = _recheck(command_line, released, sites).json
    assert (report["documents"], report["sites"], report["unread"], report["documents_leaving"]) == (12, 3, {}, 6)
    leave = {(row["site"], row["signal"]): (row["address"], row["documents"]) for row in report["leave"]}
    assert leave == {
        (sites[0].root, "robots-agent"): (f"{sites[0].root}/robots.txt", 2),
        (sites[1].root, "tdm-reservation"): (f"{sites[1].root}/.well-known/tdmrep.json", 4),
    }
    assert all(site.paths == [] for site in sites)
    assert "biblioteca@puerto.example" in sites[0].asked[0].headers["user-agent"]
    listed = read_opt_outs(Store.at(released / "store"), "cuentos")
    assert listed.schema == LISTED
    assert listed["doc_id"].n_unique() == 6
    built = _built(command_line, released)
    assert built["left_out"] == {"opt_out=robots-agent": 2, "opt_out=tdm-reservation": 4}
    assert built["documents"] == 7


def test_a_recheck_finds_opt_outs_in_deployed_forms(
    released: Path, sites: list[Any], command_line: CommandLine
) -> None:
    """An address in `Disallow`, `DisallowAITraining` and a key of an earlier draft in capitals are found."""
    agent = f"User-agent: PerplexityBot\nDisallow: {sites[0].root}/notas/"
    for site, text in zip(
        sites, (agent, "DisallowAITraining: /otras/", "Content-Usage: TDM=NO; search=y"), strict=True
    ):
        site.routes["/robots.txt"] = (200, _TEXT, text.encode())
    report = _recheck(command_line, released, sites).json
    assert {(row["site"], row["signal"]): row["documents"] for row in report["leave"]} == {
        (sites[0].root, "robots-agent"): 2,
        (sites[1].root, "robots-agent"): 2,
        (sites[2].root, "content-usage"): 4,
    }


def test_documents_return_once_their_refusal_is_lifted(
    released: Path, sites: list[Any], command_line: CommandLine
) -> None:
    """A listed document stays out of later builds until the refusal is lifted."""
    sites[0].routes["/robots.txt"] = _CLOSED
    _recheck(command_line, released, sites)
    assert _built(command_line, released)["documents"] == 11
    build = ("release", "build", "cuentos", "cuentos-1", "--parent", "latest", "--out", released, "--json")
    assert command_line(*build).json["documents"] == 11
    del sites[0].routes["/robots.txt"]
    assert _recheck(command_line, released, sites).json["documents_leaving"] == 0
    assert command_line(*build).json["documents"] == 13


def test_earlier_opt_outs_of_an_unread_site_still_apply(
    released: Path, sites: list[Any], command_line: CommandLine
) -> None:
    """Earlier opt-outs of an unread site still apply, and a site that was never read removes nothing."""
    sites[0].routes["/robots.txt"] = _CLOSED
    _recheck(command_line, released, sites)
    for site in sites[:2]:
        site.routes["/robots.txt"] = (302, {"Location": "http://10.0.0.1/robots.txt"}, b"")
    report = _recheck(command_line, released, sites).json
    assert report["unread"] == dict.fromkeys((site.root for site in sites[:2]), "robots unavailable: private address")
    assert (report["sites"], report["documents_leaving"]) == (1, 2)
    sites[2].routes["/robots.txt"] = (200, _TEXT, b"User-agent: *\nDisallow: /")
    shown = _recheck(command_line, released, sites, json=False)
    assert shown.code == 0
    assert f"{sites[0].root} couldn't be read" in shown.out
    assert "6 of 12 documents with an address must leave" in shown.out  # those of the third site too: it was read anew
    assert sites[2].root in shown.out


@pytest.mark.parametrize(
    "shut", [(403, {}, b""), (451, {}, b""), (401, {}, b""), (200, {}, b"<!doctype html><title>Are you human?</title>")]
)
def test_the_response_of_a_firewall_is_not_a_permission(
    released: Path, sites: list[Any], command_line: CommandLine, shut: Any
) -> None:
    """A firewall's response is reported, and earlier opt-outs still apply."""
    sites[0].routes |= {
        "/robots.txt": (200, _TEXT, b"License: /rsl.xml"),
        "/ai.txt": (200, _TEXT, b"User-Agent: *\nDisallow: /"),
    }
    assert _recheck(command_line, released, sites).json["documents_leaving"] == 4
    sites[0].routes.clear()
    sites[0].any_ = lambda _: shut
    report = _recheck(command_line, released, sites).json
    assert {f"{sites[0].root}/robots.txt", f"{sites[0].root}/ai.txt"} <= set(report["unread_files"])
    assert report["documents_leaving"] == 4
    assert {row["signal"] for row in report["leave"]} == {"ai.txt", "rsl-permission"}


def test_a_dead_site_does_not_hide_another_of_its_host(tmp_path: Path, sites: list[Any]) -> None:
    """A site is read even if another scheme or port of its host is dead."""
    alive, dead = sites[0], sites[0].root.replace("http://", "https://")
    alive.routes["/robots.txt"] = _CLOSED
    reader = SiteReader(
        "otros", [dead, alive.root], tmp_path, lambda *_: None,
        contact="biblioteca@puerto.example", asking=Asking(delay=0, private_hosts=(alive.host,)), first_rest=0.01,
    )  # fmt: skip
    reader.run()
    assert set(reader.unread) == {dead}
    assert reader.sites[alive.root].opt_outs(f"{alive.root}/notas/1")


def test_earlier_opt_outs_of_an_unread_file_still_apply(
    released: Path, sites: list[Any], command_line: CommandLine
) -> None:
    """After two attempts a file is reported as unread, and its earlier opt-outs still apply."""
    sites[0].routes["/ai.txt"] = (200, _TEXT, b"User-Agent: *\nDisallow: *.html\nDisallow: /")
    sites[0].routes["/robots.txt"] = _CLOSED
    assert _recheck(command_line, released, sites).json["documents_leaving"] == 4
    del sites[0].routes["/robots.txt"]
    sites[0].routes["/ai.txt"] = (503, {"Retry-After": "0"}, b"")
    sites[0].asked.clear()
    report = _recheck(command_line, released, sites).json
    assert (report["unread"], report["unread_files"]) == ({}, [f"{sites[0].root}/ai.txt"])
    assert {row["signal"]: row["documents"] for row in report["leave"]} == {"ai.txt": 4}
    assert [request.path for request in sites[0].asked].count("/ai.txt") == 2
    sites[0].routes["/ai.txt"] = (404, {}, b"")
    report = _recheck(command_line, released, sites).json
    assert (report["unread_files"], report["documents_leaving"]) == ([], 0)


@pytest.mark.parametrize(("lang", "word"), [("es", "no se pudo leer"), ("pt", "não pôde ser lido")])
def test_a_dead_host_is_tried_twice_and_reported(
    released: Path, sites: list[Any], command_line: CommandLine, monkeypatch: pytest.MonkeyPatch, lang: str, word: str
) -> None:
    """The report is in the reader's language, and earlier opt-outs still apply."""
    tried: Counter[str] = Counter()
    ask = Fetcher.fetch

    def counted(asker: Fetcher, job: Any) -> Any:
        tried[job.waiting.host] += 1
        return ask(asker, job)

    monkeypatch.setattr(Fetcher, "fetch", counted)
    monkeypatch.setattr("latam_corpus.harvest.crawl.recheck._FIRST_REST", 0.01)
    sites[0].routes["/robots.txt"] = lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)
    sites[1].routes["/robots.txt"] = _CLOSED
    result = _recheck(command_line, released, sites, "--lang", lang, json=False)
    assert result.code == 0, result.err
    assert f"{sites[0].root} {word}" in result.out
    assert "2 de 12 documentos" in result.out
    assert tried[sites[0].host] == 2


def test_without_the_retroactive_rule_only_later_documents_leave(
    released: Path, sites: list[Any], command_line: CommandLine, document: Document, kept_run: KeptRun
) -> None:
    """The refusal is listed, and applies only to documents obtained after it was first read."""
    sites[0].routes["/robots.txt"] = _CLOSED
    report = _recheck(command_line, released, sites, "--not-retroactive").json
    assert ([row["documents"] for row in report["refusals"]], report["documents_leaving"]) == ([2], 0)
    assert _built(command_line, released)["unchanged"]
    (later,) = set(read_opt_outs(Store.at(released / "store"), "cuentos")["time"])
    kept_run("cuentos-2", [document(3, url=f"{sites[0].root}/notas/3", obtained=later)], release=_TERMS)
    built = command_line("release", "build", "cuentos", "cuentos-2", "--parent", "latest", "--out", released, "--json")
    assert built.json["left_out"]["opt_out=robots-agent"] == 1


def test_a_recheck_that_is_killed_goes_on(released: Path, sites: list[Any], command_line: CommandLine) -> None:
    """No site is read twice except the one in flight, and the responses are in complete WARC files."""
    asked_second, over, asked_for = Event(), Event(), itertools.count()

    def route(site: Any, answer: Any) -> Callable[[Any], None]:
        """Answer at once, but the second site only when the process was killed."""

        def answered(handler: Any) -> None:
            if next(asked_for) == 1:
                asked_second.set()
                over.wait()
            site.answer(handler, answer)

        return answered

    for site in sites:
        site.routes["/robots.txt"] = route(site, _CLOSED if site is sites[0] else (404, {}, b""))
    hosts = [part for site in sites for part in ("--private-host", site.host)]
    command = [sys.executable, "-m", "latam_corpus", "rights", "recheck", "cuentos", "--contact", "b@puerto.example"]
    command += ["--delay", "0", "--workers", "1", "--out", str(released), *hosts]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    try:
        assert asked_second.wait(120)
    finally:
        process.kill()
        over.set()
    assert process.wait() == -signal.SIGKILL
    reported = _recheck(command_line, released, sites, "--workers", "1").json
    assert (reported["sites"], reported["documents_leaving"]) == (3, 2)
    requested = Counter((site.host, one.path) for site in sites for one in site.asked)
    assert sum(requested.values()) - len(requested) <= 1
    for path in (released / "rights" / "cuentos" / "warc").glob("*.warc.gz"):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, check_digests="raise"):
                record.content_stream().read()


def test_missing_web_addresses_and_invalid_contacts_are_reported(
    tmp_path: Path, document: Document, kept_run: KeptRun, command_line: CommandLine, released: Path, sites: list[Any]
) -> None:
    """Both errors come before a request."""
    kept_run("sueltos-1", [document(40)], release=_TERMS)
    out = tmp_path / "out"
    assert command_line("release", "build", "sueltos", "sueltos-1", "--out", out).code == 0
    result = command_line("rights", "recheck", "sueltos", "--contact", "b@puerto.example", "--out", out)
    assert (result.code, "address on the web" in result.err) == (2, True)
    nobody = command_line("rights", "recheck", "cuentos", "--contact", "nadie", "--out", released)
    assert (nobody.code, "an e-mail or web address" in nobody.err) == (2, True)
    assert all(site.asked == [] for site in sites)


def test_a_licence_that_must_be_asked_for_lowers_the_tier_and_no_row_is_lost(document: Document) -> None:
    """Rows keep their order, and rows without a refusal aren't changed."""
    root = "https://diario.example"
    robots = SiteFile(b"License: https://otro.example/l.xml", _SEEN)
    rows = pl.DataFrame([document(n, url=f"{root if n == 1 else 'https://otra.example'}/{n}") for n in range(3)])
    listed = updated_opt_outs(
        rows.select("doc_id", "source_id", "url", "obtained"),
        {root: Site(root, {f"{root}/robots.txt": robots})},
        pl.DataFrame(schema=LISTED),
        retroactive=True,
    )
    narrowed = OptOutList(listed).narrowed(rows.with_columns(opt_outs=None))
    assert narrowed["doc_id"].to_list() == rows["doc_id"].to_list()
    assert narrowed["rights_tier"].to_list() == ["open", "permission", "open"]
    assert narrowed["uses"].to_list() == [["train", "redistribute"], [], ["train", "redistribute"]]
    assert [len(opt_outs) for opt_outs in narrowed["opt_outs"]] == [0, 1, 0]
