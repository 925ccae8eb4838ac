"""A repository's records become documents through their links, and deleted ones are withdrawn."""

from __future__ import annotations

import importlib
import json
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.config.toml_model import parse_toml
from latam_corpus.errors import ConfigError
from latam_corpus.harvest.crawl.website import Crawler
from latam_corpus.harvest.oai.replies import reply_of

if TYPE_CHECKING:
    from pathlib import Path

# By name: the package is `tests.benchmarks` to Python and `benchmarks` to the type checker.
collected: Any = importlib.import_module("tests.benchmarks.crawl.collected")
repository_: Any = importlib.import_module("tests.benchmarks.crawl.repository")
website: Any = importlib.import_module("tests.benchmarks.crawl.website")
page = website.page
_XML, Record, Repository = repository_.XML, repository_.Record, repository_.Repository
_text, _placed = repository_.text, repository_.placed
_source, _harvest = repository_.source, repository_.harvest
_KILLS = 3
_TEI = '<TEI xmlns="http://www.tei-c.org/ns/1.0"><text><body><p>La barca salió del puerto.</p></body></text></TEI>'


def _frame(site: Any, out: Path) -> pl.DataFrame:
    frames: list[pl.DataFrame] = collected.frames_of(_source(site), out)
    return pl.concat(frames, how="diagonal")


def _rows(site: Any, out: Path) -> dict[str, dict[str, Any]]:
    """Return the latest row of each document, by the record's identifier."""
    rows = _frame(site, out).sort("obtained", maintain_order=True).iter_rows(named=True)
    latest = {str(row["doc_id"]): row for row in rows}
    return {str(row["origin"]["member"] if row["raw"] else row["title"] or row["url"]): row for row in latest.values()}


def _notes(site: Any, out: Path) -> list[tuple[str, Any]]:
    rows = collected.notes_of(_source(site), out)
    return [(row["cause"], row.get("why") or row.get("code") or row.get("told")) for row in rows]


def test_records_become_documents_with_their_columns(tmp_path: Path, site: Any) -> None:
    """Lists are completed before texts, and rows have title, authors, date, language and rights."""
    full = {
        "title": ["La barca", "The boat"],
        "creator": ["Paz, Ana", "Mar, Luis"],
        "date": ["2021-05-01T10:00:00Z", "1998"],
        "language": ["spa"],
        "rights": ["info:eu-repo/semantics/openAccess", "https://creativecommons.org/licenses/by-nc/4.0/"],
        "identifier": ["https://otro.example/x", "{root}/t/1"],
    }
    repository = _placed(site, [Record("oai:r:1", dc=full), *(_text(n) for n in range(2, 6))])
    result = _harvest(site, tmp_path)
    assert (result.pages, result.complete) == (5, True)
    assert [request["verb"] for request in repository.requests] == ["Identify", *["ListRecords"] * 3]
    assert [path for path in site.paths if path.startswith("/t/")] == [f"/t/{n}" for n in range(1, 6)]
    assert site.paths[4] == "/t/1"
    row = _rows(site, tmp_path)["oai:r:1"]
    assert (row["title"], row["creators"], row["published"]) == ("La barca", ["Paz, Ana", "Mar, Luis"], "1998")
    assert (row["declared_language"], row["rights_tier"], row["url"]) == ("spa", "non_commercial", f"{site.root}/t/1")
    assert row["uses"] == ["evaluate"]
    other_row = _rows(site, tmp_path)["oai:r:2"]
    assert (other_row["rights_tier"], other_row["uses"]) == ("attribution", ["train", "redistribute", "evaluate"])


def test_an_oversized_record_leaves_the_warc_readable(tmp_path: Path, site: Any) -> None:
    """Too many authors or an endless title are cut, and an endless identifier is logged and skipped."""
    long = {"title": ["Ñandú " * 9999], "creator": [f"Autora {n}" * 99 for n in range(999)]}
    _placed(site, [Record("oai:r:1", dc=long | {"identifier": ["{root}/t/1"]}), Record("x" * 9999), _text(2)])
    assert _harvest(site, tmp_path).pages == 2
    rows = _rows(site, tmp_path)
    assert sorted(rows) == ["oai:r:1", "oai:r:2"]
    assert rows["oai:r:1"]["title"].startswith("Ñandú Ñandú")
    assert _notes(site, tmp_path) == [("repository error", "an identifier of 9999 characters")]


def test_sets_and_days_are_asked_for_as_the_source_says(tmp_path: Path, site: Any) -> None:
    """One list per set is requested, and nothing of other sets."""
    repository = _placed(site, [_text(1), _text(2, set_="poemas"), _text(3, set_="actas")])
    _harvest(site, tmp_path, 'sets = ["cuentos", "poemas"]\nsince = 2025-01-01\nuntil = 2027-01-01')
    lists = repository.requests[1:]
    assert [(request["set"], request["from"], request["until"]) for request in lists] == [
        ("cuentos", "2025-01-01", "2027-01-01"), ("poemas", "2025-01-01", "2027-01-01"),
    ]  # fmt: skip
    assert sorted(_rows(site, tmp_path)) == ["oai:r:1", "oai:r:2"]


def test_a_second_round_asks_for_changes_and_deletions_become_withdrawals(tmp_path: Path, site: Any) -> None:
    """A deletion gives a later row of the document and a line of `withdrawn.jsonl`."""
    records = [_text(n) for n in range(1, 4)]
    repository = _placed(site, records)
    _harvest(site, tmp_path)
    records[0].deleted, records[0].datestamp = True, "2026-03-01"
    records[1].dc["title"], records[1].datestamp = ["Cuento segundo"], "2026-03-02"
    repository.requests.clear()
    repository.moment = "2026-04-01T10:00:00Z"
    _harvest(site, tmp_path, again=True)
    assert [request.get("from") for request in repository.requests] == [None, "2026-02-01"]
    frame = _frame(site, tmp_path)
    withdrawn_rows = frame.filter(pl.col("drop_reason") == "withdrawn").to_dicts()
    first = frame.filter(pl.col("origin").struct.field("member") == "oai:r:1", pl.col("raw").is_not_null()).to_dicts()
    assert [(row["doc_id"], row["verdict"]) for row in withdrawn_rows] == [(first[0]["doc_id"], "dropped")]
    (line,) = (tmp_path / "collected" / "cosecha" / "withdrawn.jsonl").read_text(encoding="utf-8").splitlines()
    assert (json.loads(line)["doc_id"], json.loads(line)["time"]) == (first[0]["doc_id"], "2026-03-01")
    assert frame.filter(pl.col("title") == "Cuento segundo").height == 1


def test_a_deletion_leaves_the_next_version_of_a_release(tmp_path: Path, site: Any, command_line: Any) -> None:
    """A deleted document is in no later run and in no later version."""
    records = [_text(n) for n in range(1, 4)]
    _placed(site, records)
    rights = '[rights]\nstatement = "CC0-1.0"\nbasis = "licence"\nuses = ["train"]\n'
    (tmp_path / "repositorio.toml").write_text(_toml(site) + rights, encoding="utf-8")
    recipe = tmp_path / "receta.toml"
    terms = '[release]\nname = "cuentos"\nadmit = ["open"]\nuses = ["train"]\nindex = false\n'
    stage = '[[stage]]\nuse = "extract"\n'
    recipe.write_text(f'title = "R"\nsources = ["repositorio.toml"]\n{stage}{terms}', encoding="utf-8")

    def released() -> list[str]:
        store = tmp_path / "store"
        latest = json.loads((store / "releases" / "cuentos" / "latest.json").read_text(encoding="utf-8"))["version"]
        manifest = json.loads((store / "releases" / "cuentos" / latest / "manifest.json").read_text(encoding="utf-8"))
        digests = [shard["sha256"] for shard in manifest["shards"]]
        shards = [store / "objects" / "sha256" / digest[:2] / f"{digest}.parquet" for digest in digests]
        return sorted(pl.read_parquet(shards)["title"])

    _harvest(site, tmp_path)
    first = command_line("run", recipe, "--out", tmp_path, "--engine", "in-process")
    assert (first.code, released()) == (0, ["Cuento 1", "Cuento 2", "Cuento 3"]), first.err
    records[0].deleted, records[0].datestamp = True, "2026-03-01"
    _harvest(site, tmp_path, again=True)
    other_recipe = tmp_path / "otra.toml"
    other_recipe.write_text(recipe.read_text(encoding="utf-8").partition("[release]")[0], encoding="utf-8")
    assert command_line("run", other_recipe, "--out", tmp_path, "--engine", "in-process").code == 0
    (run,) = (tmp_path / "runs").glob("otra-*")
    assert sorted(pl.read_parquet(run / "kept" / "*.parquet")["title"]) == ["Cuento 2", "Cuento 3"]
    terms_ = ("--admit", "open", "--uses", "train", "--out", tmp_path)
    built = command_line("release", "build", "cuentos", run, "--parent", "latest", *terms_)
    assert (built.code, released()) == (0, ["Cuento 2", "Cuento 3"]), built.err
    ledger = pl.read_parquet(tmp_path / "store" / "releases" / "cuentos" / "*" / "ledger.parquet")
    assert "withdrawn" in ledger["reason"].to_list()
    # Nor does a run that was made before bring it back; a holder who puts it back does.
    (run_folder,) = (tmp_path / "runs").glob("receta-*")
    built = command_line("release", "build", "cuentos", run_folder, "--parent", "latest", *terms_)
    assert (built.code, released()) == (0, ["Cuento 2", "Cuento 3"]), built.err
    # Records are dated to the second: a text of the very second in which it was taken back stays taken back.
    second = int(time.time())
    while int(time.time()) == second:
        time.sleep(0.01)
    records[0].deleted, records[0].datestamp = False, "2026-04-01"
    _harvest(site, tmp_path, again=True)
    assert command_line("run", other_recipe, "--out", tmp_path, "--engine", "in-process").code == 0
    built = command_line("release", "build", "cuentos", "otra", "--parent", "latest", *terms_)
    assert (built.code, released()) == (0, ["Cuento 1", "Cuento 2", "Cuento 3"]), built.err


def _toml(site: Any) -> str:
    return (
        'id = "cosecha"\ntitle = "R"\nholder = "B"\ncontact = "b@gaceta.example"\ngenre = "literature"\n'
        f'[collect]\nkind = "oai"\n[collect.oai]\naddress = "{site.root}/oai"\n'
    )


def test_the_text_is_found_through_links_and_pages_about_it(tmp_path: Path, site: Any) -> None:
    """A landing page leads to the HTML text that it names, one that names only a PDF gives none, and TEI is read."""
    links = {
        1: ["{root}/libro.pdf", "{root}/t/1"],
        2: ["{root}/ficha/2"],
        3: ["{root}/ficha/3"],
        4: ["{root}/t4.xml"],
        5: ["doi:10.1/x"],
        6: ["{root}/mudado"],
        7: ["{root}/roto", "{root}/t/7"],
    }
    records = [Record(f"oai:r:{n}", dc={"title": [f"C{n}"], "identifier": urls}) for n, urls in links.items()]
    site.routes |= {
        "/ficha/2": page("ficha", head='<meta name="citation_fulltext_html_url" content="/t/2">'),
        "/ficha/3": page("ficha", head='<meta name="citation_pdf_url" content="/t/3.pdf">'),
        "/t4.xml": (200, _XML, _TEI.encode()),
        "/mudado": (302, {"Location": "/t/6"}, b""),
        "/roto": (404, {}, b""),
    }
    _placed(site, records)
    _harvest(site, tmp_path)
    rows = _rows(site, tmp_path)
    texts = {name: row["url"].removeprefix(site.root) for name, row in rows.items() if row["raw"]}
    assert texts == {
        "oai:r:1": "/t/1", "oai:r:2": "/t/2", "oai:r:4": "/t4.xml", "oai:r:6": "/t/6", "oai:r:7": "/t/7",
    }  # fmt: skip
    assert rows["oai:r:4"]["media_type"].split(";")[0] == "application/tei+xml"
    assert {name: row["drop_reason"] for name, row in rows.items() if not row["raw"]} == {
        "C3": "unreadable:not read", "C5": "unreadable:not read",
    }  # fmt: skip
    assert "its text is a PDF" in rows["C3"]["evidence"]
    assert sum(cause == "not read" for cause, _ in _notes(site, tmp_path)) == 2


def test_texts_that_are_not_open_are_not_asked_for(tmp_path: Path, site: Any) -> None:
    """Restricted and embargoed texts aren't requested, and all others are."""
    rights = ["info:eu-repo/semantics/restrictedAccess", "info:eu-repo/semantics/embargoedAccess", "Acceso abierto"]
    records = [_text(n) for n in range(3)]
    for record, words in zip(records, rights, strict=True):
        record.dc["rights"] = [words]
    records[1].dc["date"] = ["info:eu-repo/date/embargoEnd/2999-01-01"]
    _placed(site, records)
    _harvest(site, tmp_path)
    assert [path for path in site.paths if path.startswith("/t/")] == ["/t/2"]
    assert [cause for cause, _ in _notes(site, tmp_path)] == ["closed access", "not read"] * 2


def test_a_text_that_fails_later_stays_as_it_was(tmp_path: Path, site: Any) -> None:
    """The text of a changed record is kept if its page fails, and the failure is logged."""
    records = [_text(1)]
    _placed(site, records)
    _harvest(site, tmp_path)
    records[0].datestamp = "2026-03-01"
    site.routes["/t/1"] = (500, {}, b"")
    _harvest(site, tmp_path, again=True)
    assert [row["drop_reason"] for row in _frame(site, tmp_path).iter_rows(named=True)] == [None]
    assert [cause for cause, _ in _notes(site, tmp_path)] == ["error status"]


def test_a_broken_token_restarts_the_list_once(tmp_path: Path, site: Any) -> None:
    """A list with a broken token restarts once, without fetching known records again."""
    repository = _placed(site, [_text(n) for n in range(6)])
    broken = [1]

    def hook(arguments: dict[str, str]) -> Any:
        if arguments.get("resumptionToken", "").startswith("4") and broken:
            broken.pop()
            return 200, _XML, repository.wrapped('<error code="badResumptionToken">caducó</error>').encode()
        return None

    repository.hook = hook
    assert _harvest(site, tmp_path).complete
    texts = [path for path in site.paths if path.startswith("/t/")]
    assert sorted(texts) == [f"/t/{n}" for n in range(6)]
    assert _notes(site, tmp_path) == [("broken token", "badResumptionToken")]


def test_an_incomplete_list_is_requested_from_its_beginning(tmp_path: Path, site: Any) -> None:
    """An incomplete list is requested from its beginning, so that no record is lost."""
    repository = _placed(site, [_text(n) for n in range(4)])
    error = repository.wrapped('<error code="badResumptionToken">no</error>').encode()
    repository.hook = lambda arguments: (200, _XML, error) if "resumptionToken" in arguments else None
    _harvest(site, tmp_path)
    assert [cause for cause, _ in _notes(site, tmp_path)] == ["broken token"] * 2
    assert sorted(_rows(site, tmp_path)) == ["oai:r:0", "oai:r:1"]
    repository.hook = lambda _: None
    repository.requests.clear()
    _harvest(site, tmp_path, again=True)
    assert [request.get("from") for request in repository.requests] == [None] * 3
    assert sorted(_rows(site, tmp_path)) == [f"oai:r:{n}" for n in range(4)]
    assert [path for path in site.paths if path.startswith("/t/")] == [f"/t/{n}" for n in range(4)]


def _endless(repository: Any, arguments: dict[str, str], *, fresh: bool) -> Any:
    """Return the same record endlessly, under one token or under new ones."""
    if arguments["verb"] == "Identify":
        return None
    token = str(len(repository.requests)) if fresh else "igual"
    records_xml = "".join(record.xml() for record in repository.records)
    inner = f"<ListRecords>{records_xml}<resumptionToken>{token}</resumptionToken></ListRecords>"
    return 200, _XML, repository.wrapped(inner).encode()


@pytest.mark.parametrize(("fresh", "lists"), [(False, 2), (True, 11)])
def test_a_list_without_end_ends(tmp_path: Path, site: Any, fresh: bool, lists: int) -> None:
    """An endless list is logged, and the texts of its records are fetched."""
    repository = _placed(site, [_text(1)])
    repository.hook = lambda arguments: _endless(repository, arguments, fresh=fresh)
    assert _harvest(site, tmp_path).pages == 1
    assert sum(request["verb"] == "ListRecords" for request in repository.requests) == lists
    assert [cause for cause, _ in _notes(site, tmp_path)] == ["endless list"]


def test_listing_stops_after_the_declared_number_of_records(tmp_path: Path, site: Any) -> None:
    """Listing stops after `max_records`, and the log says that there are more."""
    repository = _placed(site, [_text(n) for n in range(20)])
    _harvest(site, tmp_path, "max_records = 5")
    assert sum(request["verb"] == "ListRecords" for request in repository.requests) == 3
    assert [cause for cause, _ in _notes(site, tmp_path)] == ["endless list"]


def test_a_limited_session_lists_no_more_than_it_needs(tmp_path: Path, site: Any) -> None:
    """A limited session stops listing a repository of PDF files, and the next one continues with the token."""
    records = [Record(f"oai:r:{n}", dc={"identifier": [f"{{root}}/{n}.pdf"]}) for n in range(300)]
    repository = _placed(site, [*records, _text(999)])
    first = _harvest(site, tmp_path, limit=1)
    assert (first.pages, len(repository.requests), list(first.closed)) == (0, 101, [site.host])
    second = _harvest(site, tmp_path)
    assert (second.pages, second.complete, len(repository.requests)) == (1, True, 152)


def test_a_new_round_drops_the_requests_of_the_last_one(tmp_path: Path, site: Any) -> None:
    """Each part of a list is requested once in a new round, even if the last one was interrupted."""
    records = [Record(f"oai:r:{n}", dc={"identifier": [f"{{root}}/{n}.pdf"]}) for n in range(300)]
    repository = _placed(site, records)
    _harvest(site, tmp_path, limit=1)
    repository.requests.clear()
    assert _harvest(site, tmp_path, again=True).complete
    assert len(repository.requests) == 151


_BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><OAI-PMH>&b;</OAI-PMH>'


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ((200, _XML, _BOMB), "damaged XML"),
        ((200, _XML, b"<OAI-PMH><ListRecords>"), "damaged XML"),
        ((200, _XML, b"<html/>"), "not a repository"),
        ((200, {"Content-Type": "application/json"}, b"{}"), "not a page"),
        ((200, _XML, b'<OAI-PMH><error code="badArgument">no</error></OAI-PMH>'), "repository error"),
        ((404, {}, b""), "error status"),
        ((302, {"Location": "http://127.0.0.2/oai"}, b""), "redirect out of scope"),
        ((200, _XML, b"<OAI-PMH>" + b" " * 2**21 + b"</OAI-PMH>"), "too large"),
    ],
)  # fmt: skip
def test_malformed_replies_of_a_repository_are_logged(tmp_path: Path, site: Any, answer: Any, cause: str) -> None:
    """The list ends at a malformed reply, and a later session continues it."""
    repository = _placed(site, [_text(1)])
    wrong = [answer]
    repository.hook = lambda arguments: wrong[0] if wrong and arguments["verb"] == "ListRecords" else None
    _harvest(site, tmp_path, "max_page_bytes = 1000000")
    assert [noted_cause for noted_cause, _ in _notes(site, tmp_path)] == [cause]
    wrong.clear()
    _harvest(site, tmp_path, "max_page_bytes = 1000000", again=True)
    assert sorted(_rows(site, tmp_path)) == ["oai:r:1"]


def test_a_busy_repository_is_given_the_rest_it_asks_for(tmp_path: Path, site: Any) -> None:
    """The crawler waits as a 503 with Retry-After asks."""
    repository = _placed(site, [_text(1)])
    busy = [(503, {"Retry-After": "1"}, b"")]
    repository.hook = lambda arguments: busy.pop() if busy and arguments["verb"] == "ListRecords" else None
    _harvest(site, tmp_path)
    lists = [request.time for request in site.asked if "ListRecords" in request.path]
    assert len(lists) == 2
    assert lists[1] - lists[0] >= 1.0
    assert sorted(_rows(site, tmp_path)) == ["oai:r:1"]


def test_a_wrong_charset_costs_nothing() -> None:
    """A Latin-1 reply that is declared as UTF-8 is read."""
    xml = Repository([Record("oai:r:1", dc={"title": ["Año"]})]).reply({"verb": "ListRecords"})
    assert reply_of(xml.encode("latin-1")).records[0].columns()["title"] == "Año"


@pytest.mark.parametrize("at", ["verb=Identify", "resumptionToken", "/t/2"])
def test_a_killed_harvest_resumes(tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    """A token is used once more, no text is fetched twice, and every row is unique."""
    repository = _placed(site, [_text(n) for n in range(5)])
    taken = Crawler._handle  # noqa: SLF001  (a break in the middle of a session)
    broken: list[str] = []

    def breaking(self: Any, job: Any, answer: Any) -> None:
        if at in job.address and not broken:
            broken.append(job.address)
            raise KeyboardInterrupt
        taken(self, job, answer)

    monkeypatch.setattr(Crawler, "_handle", breaking)
    with pytest.raises(KeyboardInterrupt):
        _harvest(site, tmp_path)
    assert _harvest(site, tmp_path).complete
    repeated = [path for path in site.paths if site.paths.count(path) > 1]
    assert set(repeated) == {broken[0].removeprefix(site.root)}
    assert len(repository.requests) == 4 + (at != "/t/2")
    assert sorted(_rows(site, tmp_path)) == [f"oai:r:{n}" for n in range(5)]
    assert _frame(site, tmp_path).height == 5


@pytest.mark.slow
def test_a_harvest_killed_from_outside_ends_as_a_whole_one(tmp_path: Path, site: Any) -> None:
    """With SIGKILL at random moments only the request in flight is repeated, and each text is written once."""
    repository = _placed(site, [_text(n) for n in range(30)])
    source = tmp_path / "repositorio.toml"
    source.write_text(_toml(site) + f'private_hosts = ["{site.host}"]\ndelay = 0.01\n', encoding="utf-8")
    command = [sys.executable, "-m", "latam_corpus", "crawl", str(source), "--out", str(tmp_path)]
    chance = random.Random(11)
    for _ in range(_KILLS):
        request_count = len(site.asked)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and len(site.asked) == request_count:
            time.sleep(0.005)
        time.sleep(chance.random() * 0.5)
        process.kill()
        process.wait()
    assert subprocess.run(command, check=False, capture_output=True, timeout=120).returncode == 0
    assert len(site.asked) - len({request.path for request in site.asked}) <= _KILLS
    assert len(repository.requests) <= 16 + _KILLS
    assert sorted(_rows(site, tmp_path)) == sorted(f"oai:r:{n}" for n in range(30))
    assert _frame(site, tmp_path).height == 30


def test_an_invalid_table_is_reported() -> None:
    """An invalid table is refused with a remedy."""
    top = 'id = "r"\ntitle = "R"\nholder = "B"\n[collect]\nkind = "oai"\n[collect.oai]\n'
    for lines, problem in {
        'address = "https://r.example/oai?verb=Identify"': "without \\?verb",
        'address = "https://r.example/oai"\nsince = 2026-01-02\nuntil = 2026-01-01': "exchange them",
        'address = "r.example"': "isn't the address",
        'address = "https://r.example/oai"\nlinks = "["': "regular expression",
    }.items():
        with pytest.raises(ConfigError, match=problem):
            parse_toml(top + lines, Source, "r.toml")
