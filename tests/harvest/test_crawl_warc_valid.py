"""The WARC files of a crawl are valid for warcio, FastWARC and, if installed, pywb."""

from __future__ import annotations

import gzip
import importlib
import json
import os
import subprocess
from typing import TYPE_CHECKING, Any, Final

import pytest
from fastwarc.warc import ArchiveIterator
from warcio.archiveiterator import ArchiveIterator as Reference

from latam_corpus.harvest.crawl.website import Crawler

if TYPE_CHECKING:
    from pathlib import Path

website: Any = importlib.import_module("tests.benchmarks.crawl.website")
page = website.page
# A Python with pywb, whose dependencies replace some of ours: `brotlipy` the module of Brotli, among others.
_PYWB: Final = os.environ.get("LATAM_CORPUS_PYWB")


@pytest.fixture
def folder(tmp_path: Path, site: Any) -> Path:
    """The folder of three rounds of a site with changed, unchanged, refused, moved, removed and packed pages."""

    def tagged(handler: Any) -> None:
        is_unchanged = handler.headers.get("If-None-Match") == '"v1"'
        site.answer(
            handler, (304, {"Content-Length": "0"}, b"") if is_unchanged else (200, {"ETag": '"v1"'}, page("con marca"))
        )

    names = ("/marca", "/igual", "/otra", "/cerrada", "/vieja", "/gone", "/mañana", "/a//b/?z=1&b=2")
    site.routes |= {"/": page("inicio", *names), "/marca": tagged, "/otra": page("otra"), "/cerrada": page("c")}
    site.routes |= {"/igual": (200, {"Content-Encoding": "gzip", "X-Dos": "á"}, gzip.compress(page("igual"), mtime=0))}
    site.routes |= {
        "/vieja": (301, {"Location": "/otra"}, b"se fue"),
        "/gone": page("g"),
        "/ma%C3%B1ana": page("m"),
        "/a//b/?z=1&b=2": page("z"),
    }
    more = 'gone = "withdraw"'
    for turn in range(3):
        Crawler(website.source_of(site, more), tmp_path, website.Unseen(), first_rest=0.01).run(again=turn > 0)
        site.routes["/otra"] = page(f"otra, corregida {turn}")
        site.routes["/robots.txt"] = (200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /cerrada")
        site.routes.pop("/gone", None)
    return tmp_path / "collected" / "gaceta"


def test_every_record_is_valid_for_warcio_and_fastwarc(folder: Path) -> None:
    """Digests match, no record is dropped, and no id is repeated."""
    kinds: list[str] = []
    ids: list[str] = []
    for path in sorted((folder / "warc").glob("*.warc.gz")):
        with path.open("rb") as file:
            for record in Reference(file, check_digests="raise"):
                record.content_stream().read()
                kinds.append(record.rec_type)
                ids.append(record.rec_headers.get_header("WARC-Record-ID"))
        with path.open("rb") as file:
            valid = [record.record_id for record in ArchiveIterator(file, verify_digests=True)]
        assert [f"<{str(record_id).strip('<>')}>" for record_id in valid] == ids[-len(valid) :]
    assert len(valid) == len(kinds)
    assert set(kinds) == {"warcinfo", "response", "request", "metadata", "revisit", "conversion"}
    assert kinds.count("revisit") >= 6
    assert len(ids) == len(set(ids))


def test_a_revisit_has_no_body_and_the_digest_of_its_headers(folder: Path) -> None:
    """A revisit of an equal payload has the form that the specification requires."""
    matched = 0
    for path in (folder / "warc").glob("*.warc.gz"):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, parse_http=False):
                if record.headers["WARC-Type"] == "revisit":
                    matched += 1
                    assert record.reader.read().endswith(b"\r\n\r\n")
                    assert record.headers["WARC-Profile"].startswith("http://netpreserve.org/warc/1.1/revisit/")
                    assert record.headers["WARC-Refers-To-Target-URI"] == record.headers["WARC-Target-URI"]
    assert matched


def test_the_same_exchange_written_twice_has_two_ids(tmp_path: Path, site: Any) -> None:
    """Two equal exchanges within one second get different ids for all their records."""
    site.routes["/"] = page("inicio")
    for _ in range(4):
        Crawler(website.source_of(site), tmp_path, website.Unseen()).run(again=True)
    (path,) = (tmp_path / "collected" / "gaceta" / "warc").glob("*.warc.gz")
    with path.open("rb") as file:
        ids = [record.record_id for record in ArchiveIterator(file)]
    assert len(ids) == len(set(ids)) == 1 + 4 * 4 * 3


def _lines(text: str) -> set[tuple[str, ...]]:
    """Return key, time and location of each index line."""
    split = [line.split(" ", 2) for line in text.splitlines() if line]
    fields = [(key, stamp, json.loads(about)) for key, stamp, about in split]
    return {
        (key, stamp, about["digest"].removeprefix("sha1:"), about["offset"], about["length"], about["filename"])
        for key, stamp, about in fields
    }


@pytest.mark.skipif(_PYWB is None, reason="LATAM_CORPUS_PYWB names no Python with pywb")
def test_pywb_makes_the_same_index(folder: Path) -> None:
    """The index by pywb of the exchanges has the same keys, times, digests and offsets."""
    paths = sorted(str(path) for path in (folder / "warc").glob("*.warc.gz"))
    pywb_index = folder / "pywb.cdxj"
    command = [str(_PYWB), "-m", "pywb.indexer.cdxindexer", "-j", "-s", "-o", str(pywb_index), *paths]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    pywb_lines, ours = (_lines(path.read_text(encoding="utf-8")) for path in (pywb_index, folder / "index.cdxj"))
    assert ours <= pywb_lines
    # It lists the conversion, which is no answer of a server.
    assert [key.rpartition("/")[2] for key, *_ in pywb_lines - ours] == ["cerrada"]
