"""A killed crawl resumes, requests nothing twice, and ends with the same WARC.

Set `LATAM_CORPUS_KILLS` to the number of kills: two in `make test`, thirty in `make gate`.
"""

from __future__ import annotations

import importlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from latam_corpus.harvest.crawl.frontier import Frontier
from latam_corpus.harvest.crawl.website import Crawler

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

library: Any = importlib.import_module("tests.benchmarks.crawl.library")
website: Any = importlib.import_module("tests.benchmarks.crawl.website")
_PAGES = 60
_KILLS = int(os.environ.get("LATAM_CORPUS_KILLS", "2"))


@pytest.fixture
def site() -> Iterator[Any]:
    """A running website of sixty pages."""
    with website.Website(any_=library.pages_of(_PAGES)) as running:
        yield running


def _started(source: Path, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "latam_corpus", "crawl", str(source), "--out", str(out)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.slow
def test_killed_at_random_moments(tmp_path: Path, site: Any) -> None:
    """At most the request in flight is made again, and every record is whole.

    The last page isn't answered before the last kill, so that each one hits a crawl that isn't done.
    """
    source = tmp_path / "gaceta.toml"
    source.write_text(library.source_file(site.root, site.host, 0.01), encoding="utf-8")
    whole = _started(source, tmp_path / "entera")
    assert whole.wait(120) == 0
    expected = library.content_of(tmp_path / "entera" / "collected" / "gaceta")
    assert len(expected) == _PAGES + 1 + 3  # with the start and the site's three files
    chance, over, last = random.Random(7), Event(), site.paths[-1]

    def held(handler: Any) -> None:
        over.wait()
        site.answer(handler, site.any_(last))

    site.routes[last] = held
    site.asked.clear()
    for _ in range(_KILLS):
        process = _started(source, tmp_path / "cortada")
        # Once it asks, so that each kill hits the crawl and not the interpreter's start.
        request_count = len(site.asked)
        while process.poll() is None and len(site.asked) == request_count:
            time.sleep(0.005)
        time.sleep(chance.random() * 0.4)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.returncode == -signal.SIGKILL
    over.set()
    assert _started(source, tmp_path / "cortada").wait(120) == 0
    assert library.content_of(tmp_path / "cortada" / "collected" / "gaceta") == expected
    requests = Counter(request.path for request in site.asked)
    assert sum(requests.values()) - len(requests) <= _KILLS
    for path in (tmp_path / "cortada").rglob("*.warc.gz"):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, check_digests="raise"):
                record.content_stream().read()


@pytest.mark.parametrize("step", ["before the commit", "after the commit"])
def test_killed_on_either_side_of_a_commit(
    tmp_path: Path, site: Any, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uncommitted bytes are truncated and requested again, and committed ones are kept."""
    source = website.source_of(site)
    done = Frontier.commit
    calls = []

    def breaking(self: Frontier, lengths: dict[str, int]) -> None:
        calls.append(1)
        if len(calls) == 20:
            if step == "after the commit":
                done(self, lengths)
            raise KeyboardInterrupt
        done(self, lengths)

    monkeypatch.setattr(Frontier, "commit", breaking)
    with pytest.raises(KeyboardInterrupt):
        Crawler(source, tmp_path, website.Unseen()).run()
    first = len(site.asked)
    result = Crawler(source, tmp_path, website.Unseen()).run()
    assert (result.pages, result.complete) == (_PAGES + 1, True)
    repeated = len(site.asked) - len({request.path for request in site.asked})
    assert repeated == (1 if step == "before the commit" else 0)
    assert first < len(site.asked)
    urls = [url for _, url, _ in library.content_of(result.folder)]
    assert len(urls) == len(set(urls)) == _PAGES + 1 + 3


def test_a_crawled_source_is_run_and_its_rows_are_released(tmp_path: Path, site: Any, command_line: Any) -> None:
    """A crawl leads to a version without a typed path, and refused pages are left out with their reason."""
    site.routes["/nota/5"] = (200, {"X-Robots-Tag": "noai"}, website.page("nota 5"))
    source = tmp_path / "gaceta.toml"
    source.write_text(library.source_file(site.root, site.host, 0.0), encoding="utf-8")
    recipe = tmp_path / "gacetas.toml"
    recipe.write_text(
        'title = "Gacetas"\ngenre = "news"\nsources = ["gaceta.toml"]\n[[stage]]\nuse = "extract"\n'
        '[release]\nname = "gacetas"\nadmit = ["open"]\nuses = ["train"]\n',
        encoding="utf-8",
    )
    out = tmp_path / "out"
    crawled = command_line("crawl", source, "--out", out, "--json")
    assert (crawled.code, crawled.json["pages"], crawled.json["complete"]) == (0, _PAGES + 1, True)
    result = command_line("run", recipe, "--out", out, "--engine", "in-process", "--json")
    assert result.json["rows"]["in"] == _PAGES + 1
    shown = command_line("release", "show", "gacetas", "--out", out, "--json").json
    assert [reason for reason in shown["left_out"] if "noai" in reason] == ["opt_out=noai"]
