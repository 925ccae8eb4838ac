"""Over several rounds of a repository, moved, changed, withdrawn, deposited and closed records are handled."""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus.harvest.oai.oai_visits import OaiVisits
from latam_corpus.harvest.oai.rights_statements import is_closed, statement_of

if TYPE_CHECKING:
    from pathlib import Path

# By name: the package is `tests.benchmarks` to Python and `benchmarks` to the type checker.
collected: Any = importlib.import_module("tests.benchmarks.crawl.collected")
repository: Any = importlib.import_module("tests.benchmarks.crawl.repository")
website: Any = importlib.import_module("tests.benchmarks.crawl.website")
page, Record = website.page, repository.Record
text, placed = repository.text, repository.placed
_source, _harvest = repository.source, repository.harvest


def _latest(site: Any, out: Path) -> list[dict[str, Any]]:
    """Return the latest row of each document, by its id."""
    frames: list[pl.DataFrame] = collected.frames_of(_source(site), out)
    rows = pl.concat(frames, how="diagonal").sort("obtained", maintain_order=True).iter_rows(named=True)
    return list({str(row["doc_id"]): row for row in rows}.values())


def _causes(site: Any, out: Path) -> list[str]:
    return [row["cause"] for row in collected.notes_of(_source(site), out)]


def test_a_changed_record_is_fetched_again_behind_a_redirect(tmp_path: Path, site: Any) -> None:
    """A changed record behind a handle gets its new columns, and a redirect loop ends."""
    records = [Record("oai:r:1", dc={"title": ["Uno"], "identifier": ["{root}/handle/1"]})]
    placed(site, records)
    site.routes["/handle/1"] = (302, {"Location": "/t/1"}, b"")
    _harvest(site, tmp_path)
    records[0].dc["title"], records[0].datestamp = ["Dos"], "2026-03-01"
    _harvest(site, tmp_path, again=True)
    assert [row["title"] for row in _latest(site, tmp_path) if row["raw"]] == ["Dos"]
    site.routes["/t/1"] = (302, {"Location": "/handle/1"}, b"")
    records[0].datestamp = "2026-04-01"
    site.asked.clear()
    _harvest(site, tmp_path, again=True)
    assert len(site.paths) <= 3 + 11
    assert "too many redirects" in _causes(site, tmp_path)


def test_a_record_withdrawn_while_its_text_is_fetched_is_left_out(
    tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that arrives after its record was deleted or closed is left out."""
    records = [text(1), text(2)]
    placed(site, records)
    answered = OaiVisits.handle

    def late(self: Any, waiting: Any, answer: Any, site_: Any, *, conditional: bool) -> bool:
        if "/t/" in waiting.url:
            deleted = Record("oai:r:1", "2026-03-01", deleted=True)
            shut = text(2, datestamp="2026-03-01")
            shut.dc["rights"] = ["info:eu-repo/semantics/restrictedAccess"]
            records_xml = "".join(record.xml() for record in (deleted, shut))
            reply = repository.Repository([]).wrapped(f"<ListRecords>{records_xml}</ListRecords>")
            for record in importlib.import_module("latam_corpus.harvest.oai.replies").reply_of(reply.encode()).records:
                self.record(record, 9, answer.time)
        return answered(self, waiting, answer, site_, conditional=conditional)

    monkeypatch.setattr(OaiVisits, "handle", late)
    assert _harvest(site, tmp_path).pages == 0
    assert {row["drop_reason"] for row in _latest(site, tmp_path)} == {"withdrawn", "unreadable:not read"}
    monkeypatch.undo()
    site.asked.clear()
    records[0].deleted = True
    records[1].dc["rights"] = ["info:eu-repo/semantics/restrictedAccess"]
    _harvest(site, tmp_path, again=True)
    assert [path for path in site.paths if path.startswith("/t/")] == []


def test_a_text_that_is_deposited_again_belongs_to_its_new_record(tmp_path: Path, site: Any) -> None:
    """A text belongs to its new record, whichever record is listed first."""
    old, new_record = [Record(f"oai:vieja:{n}", dc={"title": ["T"], "identifier": [f"{{root}}/t/{n}"]}) for n in (1, 2)]
    records = [old, new_record, Record("oai:aun:2", dc={"title": ["Nuevo"], "identifier": ["{root}/t/2"]})]
    repo = placed(site, records)
    _harvest(site, tmp_path)
    for record in (old, new_record):
        record.deleted, record.datestamp = True, "2026-03-01"
    repo.records.append(Record("oai:nueva:1", "2026-03-02", dc={"title": ["N"], "identifier": [f"{site.root}/t/1"]}))
    _harvest(site, tmp_path, again=True)
    _harvest(site, tmp_path, again=True)
    urls = {row["origin"]["member"]: row["url"] for row in _latest(site, tmp_path) if row["raw"]}
    assert urls == {"oai:nueva:1": f"{site.root}/t/1", "oai:aun:2": f"{site.root}/t/2"}


def test_a_text_under_narrower_terms_is_not_kept_under_the_former(tmp_path: Path, site: Any) -> None:
    """A text under narrower terms leaves if its page fails, and one under wider terms is kept."""
    records = [text(1), text(2)]
    for record, words in zip(records, ("CC BY-SA 4.0", "CC BY-NC 4.0"), strict=True):
        record.dc["rights"] = [words]
    placed(site, records)
    _harvest(site, tmp_path)
    for number, words in enumerate(("Todos los derechos reservados", "CC BY 4.0")):
        records[number].dc["rights"], records[number].datestamp = [words], "2026-03-01"
        site.routes[f"/t/{number + 1}"] = (500, {}, b"")
    _harvest(site, tmp_path, again=True)
    rows = {row["title"]: (row["drop_reason"], row["rights_tier"]) for row in _latest(site, tmp_path)}
    assert rows["Cuento 1"][0] == "unreadable:not read"
    assert rows["Cuento 2"] == (None, "non_commercial")
    del site.routes["/t/1"]
    _harvest(site, tmp_path, again=True)
    rows = {row["title"]: (row["drop_reason"], row["rights_tier"]) for row in _latest(site, tmp_path)}
    assert rows["Cuento 1"] == (None, "unknown")


def test_a_link_to_a_list_of_addresses_is_not_a_text(tmp_path: Path, site: Any) -> None:
    """If a link is a sitemap or feed, the next link is tried, or the record is logged."""
    feed = (200, {"Content-Type": "application/rss+xml"}, b"<rss><channel><item><link>/x</link></item></channel></rss>")
    site.routes |= {"/lista": feed}
    links = {1: ["{root}/lista"], 2: ["{root}/lista", "{root}/t/2"]}
    placed(site, [Record("oai:r:1", dc={"title": ["C1"], "identifier": links[1]})])
    _harvest(site, tmp_path)
    (row,) = _latest(site, tmp_path)
    assert (row["drop_reason"], "a list of addresses" in row["evidence"]) == ("unreadable:not read", True)
    placed(site, [Record("oai:r:2", dc={"title": ["C2"], "identifier": links[2]})])
    _harvest(site, tmp_path / "otra")
    assert [row["url"] for row in _latest(site, tmp_path / "otra") if row["raw"]] == [f"{site.root}/t/2"]


@pytest.mark.parametrize(
    ("moment", "lines", "since"),
    [
        ("2026-02-01T10:00:00Z", "until = 2026-01-15", "2026-01-15"),
        ("2999-01-01T00:00:00Z", "", None),
        ("2026-02-01T10:00:00Z", "until = 2999-01-01", "2026-02-01"),
        ("ayer", "", None),
    ],
)
def test_the_next_round_begins_at_the_end_of_the_last_list(
    tmp_path: Path, site: Any, moment: str, lines: str, since: str | None
) -> None:
    """The next round begins at the end of the last list, and never on a future day."""
    repo = placed(site, [text(1)])
    repo.moment = moment
    _harvest(site, tmp_path, lines)
    repo.requests.clear()
    _harvest(site, tmp_path, lines, again=True)
    today = f"{repo.requests[1]['from']}"
    assert today == since if since else today < "2100"
    assert repo.requests[1].get("until", today) >= today


def test_an_endless_token_is_logged_and_not_sent(tmp_path: Path, site: Any) -> None:
    """A token that is too long for a WARC record is logged, and the WARC is readable."""
    repo = placed(site, [text(1)])
    inner = f"<ListRecords>{repo.records[0].xml()}<resumptionToken>{'x' * 100_000}</resumptionToken></ListRecords>"
    repo.hook = lambda arguments: (
        None if arguments["verb"] == "Identify" else (200, repository.XML, repo.wrapped(inner).encode())
    )
    assert _harvest(site, tmp_path).pages == 1
    assert _causes(site, tmp_path) == ["broken token"]
    assert len(repo.requests) == 2


def test_a_failed_request_is_repeated_though_another_list_restarted(tmp_path: Path, site: Any) -> None:
    """A failed request is repeated in its own list's attempt, whatever other lists do."""
    repo = placed(site, [text(1), text(2), text(3), text(4, set_="poemas"), text(5, set_="poemas")])
    broken = ["token"]

    def hook(arguments: dict[str, str]) -> Any:
        if arguments.get("resumptionToken", "").endswith("cuentos") and broken:
            broken.pop()
            return 200, repository.XML, repo.wrapped('<error code="badResumptionToken"/>').encode()
        return (404, {}, b"") if arguments.get("set") == "poemas" and not failing else None

    failing: list[str] = []
    repo.hook = hook
    sets = 'sets = ["poemas", "cuentos"]'
    _harvest(site, tmp_path, sets)
    failing.append("no more")
    _harvest(site, tmp_path, sets)
    assert sorted(row["title"] for row in _latest(site, tmp_path) if row["raw"]) == [f"Cuento {n}" for n in range(1, 6)]


@pytest.mark.parametrize(
    ("rights", "statement"),
    [
        (["CC BY 4.0", "Reservados todos los derechos"], "Reservados todos los derechos"),
        (["CC BY 4.0", "Todos os direitos são reservados"], "Todos os direitos são reservados"),
        (["CC BY 4.0", "© 2020 Ana Paz. Derechos reservados."], "© 2020 Ana Paz. Derechos reservados."),
        (["CC BY 4.0", "Algunos derechos reservados"], "CC BY 4.0"),
        (["CC BY 4.0", "© 2020 Ana Paz"], "CC BY 4.0"),
        (["CC BY 4.0", "Solo para uso no comercial"], "Solo para uso no comercial"),
        (["CC BY-NC 4.0", "Uso no comercial"], "CC BY-NC 4.0"),
        (["CC BY-NC 4.0", "Atribución-NoComercial-SinDerivadas 4.0 Chile"],
         "Atribución-NoComercial-SinDerivadas 4.0 Chile"),
        (["CC BY-NC 4.0", "Según Atribución-NoComercial-SinDerivadas, Chile"],
         "Según Atribución-NoComercial-SinDerivadas, Chile"),
        (["CC BY-NC-ND 4.0", "Según Atribución-NoComercial-SinDerivadas, Chile"], "CC BY-NC-ND 4.0"),
        (["CC BY 4.0", "Prohibida su reproducción"], "Prohibida su reproducción"),
        (["CC BY 4.0", "Solo para investigación"], "Solo para investigación"),
        (["CC BY 4.0", "Alle Rechte vorbehalten"], "Alle Rechte vorbehalten"),
        (["CC BY 4.0", "Nenhuma parte desta obra pode ser reproduzida"],
         "Nenhuma parte desta obra pode ser reproduzida"),
        (["CC BY 4.0", "Uso restringido"], "Uso restringido"),
        (["CC BY 4.0", "Sin restricciones"], "CC BY 4.0"),
        (["CC BY 4.0", "No reproducir sin autorización del autor"], "No reproducir sin autorización del autor"),
        (["CC BY 4.0", "http://rightsstatements.org/vocab/InC/1.0/"], "http://rightsstatements.org/vocab/InC/1.0/"),
        (["CC BY 4.0", "http://rightsstatements.org/vocab/NoC-OKLR/1.0/"],
         "http://rightsstatements.org/vocab/NoC-OKLR/1.0/"),
        (["CC BY 4.0", "Vea http://creativecommons.org/licenses/by-nc-nd/4.0/ para más"],
         "Vea http://creativecommons.org/licenses/by-nc-nd/4.0/ para más"),
    ],
)  # fmt: skip
def test_a_statement_is_never_more_open_than_the_record(rights: list[str], statement: str) -> None:
    """A sentence that revokes or narrows a licence takes precedence, and one that repeats it does not."""
    assert statement_of(rights) == statement
    assert statement_of(rights[::-1]) == statement


@pytest.mark.parametrize(
    "words", ["Acceso cerrado", "Acesso fechado", "metadata only access", "INFO:EU-REPO/semantics/closedAccess"]
)
def test_closed_access_is_recognised_in_three_languages(words: str) -> None:
    """Closed access is recognised in Spanish, Portuguese and English."""
    assert is_closed([words], [], "2026-01-01")


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ('links = "/nada/"', 'links = "/t/"'),
        ('elements = ["source"]', 'elements = ["identifier"]'),
        ("since = 2025-12-01", "since = 2020-01-01"),
    ],
)
def test_a_changed_choice_of_records_lists_all_again(tmp_path: Path, site: Any, first: str, then: str) -> None:
    """A changed table lists all records again, without fetching known texts."""
    placed(site, [text(1, datestamp="2021-01-01"), text(2, datestamp="2021-01-01"), text(3, datestamp="2026-01-01")])
    page_count = _harvest(site, tmp_path, first).pages
    assert page_count < 3
    assert _harvest(site, tmp_path, then, again=True).pages == 3 - page_count
    assert sorted(row["title"] for row in _latest(site, tmp_path) if row["raw"]) == [f"Cuento {n}" for n in (1, 2, 3)]
    site.asked.clear()
    _harvest(site, tmp_path, then, again=True)
    assert [path for path in site.paths if path.startswith("/t/")] == []


def test_a_set_contained_in_another_is_listed_to_its_end(tmp_path: Path, site: Any) -> None:
    """Records known from another set don't make a list seem endless."""
    repo = placed(site, [*(text(n) for n in range(30)), text(30, set_="poemas")])

    def hook(arguments: dict[str, str]) -> Any:
        return (
            (200, repository.XML, repo.reply({**arguments, "set": ""}).encode())
            if arguments.get("set") == "todo"
            else None
        )

    repo.hook = hook
    assert _harvest(site, tmp_path, 'sets = ["cuentos", "todo"]').pages == 31
    assert _causes(site, tmp_path) == []


def test_the_later_state_of_a_repeated_record_counts(tmp_path: Path, site: Any) -> None:
    """The later state of a record that is repeated in a list counts, in either order."""
    deleted_records = [Record("oai:r:1", "2026-01-02", deleted=True), Record("oai:r:2", "2026-01-03", deleted=True)]
    deleted_in_round = Record("oai:r:3", "2026-01-02", deleted=True)
    placed(
        site,
        [text(1), deleted_records[0], deleted_records[1], text(2), deleted_in_round, text(3, datestamp="2026-01-05")],
    )
    _harvest(site, tmp_path)
    lines = (tmp_path / "collected" / _source(site).id / "withdrawn.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["oai:r:1", "oai:r:2"]
