"""A repository over several rounds: what moved, changed, was taken back or handed in anew, and how open it is."""

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
    """The latest row of each document, by its id."""
    frames: list[pl.DataFrame] = collected.frames_of(_source(site), out)
    rows = pl.concat(frames, how="diagonal").sort("obtained", maintain_order=True).iter_rows(named=True)
    return list({str(row["doc_id"]): row for row in rows}.values())


def _causes(site: Any, out: Path) -> list[str]:
    return [row["cause"] for row in collected.notes_of(_source(site), out)]


def test_a_changed_record_is_fetched_again_behind_a_redirect(tmp_path: Path, site: Any) -> None:
    """As handles lead to texts: its columns are the new ones, and a loop of redirects ends."""
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


def test_what_is_taken_back_while_its_text_is_on_its_way_stays_out(
    tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text from another host may arrive after the list that takes it back, or shuts it."""
    records = [text(1), text(2)]
    placed(site, records)
    answered = OaiVisits.handle

    def late(self: Any, waiting: Any, answer: Any, site_: Any, *, conditional: bool) -> bool:
        if "/t/" in waiting.url:
            deleted = Record("oai:r:1", "2026-03-01", deleted=True)
            shut = text(2, datestamp="2026-03-01")
            shut.dc["rights"] = ["info:eu-repo/semantics/restrictedAccess"]
            listed = "".join(one.xml() for one in (deleted, shut))
            reply = repository.Repository([]).wrapped(f"<ListRecords>{listed}</ListRecords>")
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


def test_a_text_that_is_handed_in_anew_belongs_to_its_new_record(tmp_path: Path, site: Any) -> None:
    """Whichever of the two records is listed first."""
    old, other = [Record(f"oai:vieja:{n}", dc={"title": ["T"], "identifier": [f"{{root}}/t/{n}"]}) for n in (1, 2)]
    records = [old, other, Record("oai:aun:2", dc={"title": ["Nuevo"], "identifier": ["{root}/t/2"]})]
    made = placed(site, records)
    _harvest(site, tmp_path)
    for one in (old, other):
        one.deleted, one.datestamp = True, "2026-03-01"
    made.records.append(Record("oai:nueva:1", "2026-03-02", dc={"title": ["N"], "identifier": [f"{site.root}/t/1"]}))
    _harvest(site, tmp_path, again=True)
    _harvest(site, tmp_path, again=True)
    found = {row["origin"]["member"]: row["url"] for row in _latest(site, tmp_path) if row["raw"]}
    assert found == {"oai:nueva:1": f"{site.root}/t/1", "oai:aun:2": f"{site.root}/t/2"}


def test_a_text_under_terms_that_were_narrowed_is_not_kept_under_the_former(tmp_path: Path, site: Any) -> None:
    """Where its page can't be had again it leaves, until it can; a wider statement takes nothing away."""
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


def test_a_link_that_leads_to_a_list_of_addresses_is_no_text(tmp_path: Path, site: Any) -> None:
    """A sitemap or feed in the place of a text: the next link is tried, else the record is told."""
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
def test_the_next_round_asks_from_where_the_last_list_ended(
    tmp_path: Path, site: Any, moment: str, lines: str, since: str | None
) -> None:
    """The end of what was asked for, if that is earlier; never a day that hasn't come, whatever a clock says."""
    made = placed(site, [text(1)])
    made.moment = moment
    _harvest(site, tmp_path, lines)
    made.asked.clear()
    _harvest(site, tmp_path, lines, again=True)
    today = f"{made.asked[1]['from']}"
    assert today == since if since else today < "2100"
    assert made.asked[1].get("until", today) >= today


def test_a_token_without_end_is_told_and_not_sent(tmp_path: Path, site: Any) -> None:
    """It would stand in the head of a record, which readers refuse; the WARC stays readable."""
    made = placed(site, [text(1)])
    inner = f"<ListRecords>{made.records[0].xml()}<resumptionToken>{'x' * 100_000}</resumptionToken></ListRecords>"
    made.hook = lambda said: None if said["verb"] == "Identify" else (200, repository.XML, made.wrapped(inner).encode())
    assert _harvest(site, tmp_path).pages == 1
    assert _causes(site, tmp_path) == ["broken token"]
    assert len(made.asked) == 2


def test_a_request_that_failed_is_made_again_though_another_list_began_anew(tmp_path: Path, site: Any) -> None:
    """Each list has its own attempt."""
    made = placed(site, [text(1), text(2), text(3), text(4, set_="poemas"), text(5, set_="poemas")])
    broken = ["token"]

    def hook(said: dict[str, str]) -> Any:
        if said.get("resumptionToken", "").endswith("cuentos") and broken:
            broken.pop()
            return 200, repository.XML, made.wrapped('<error code="badResumptionToken"/>').encode()
        return (404, {}, b"") if said.get("set") == "poemas" and not failing else None

    failing: list[str] = []
    made.hook = hook
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
def test_a_statement_is_never_more_open_than_the_record_is(rights: list[str], statement: str) -> None:
    """What takes a licence back, or narrows it, wins over it, in any order; what repeats it does not."""
    assert statement_of(rights) == statement
    assert statement_of(rights[::-1]) == statement


@pytest.mark.parametrize(
    "words", ["Acceso cerrado", "Acesso fechado", "metadata only access", "INFO:EU-REPO/semantics/closedAccess"]
)
def test_a_text_that_is_shut_in_other_words_is_closed(words: str) -> None:
    """In Spanish, Portuguese and English."""
    assert is_closed([words], [], "2026-01-01")


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ('links = "/nada/"', 'links = "/t/"'),
        ('elements = ["source"]', 'elements = ["identifier"]'),
        ("since = 2025-12-01", "since = 2020-01-01"),
    ],
)
def test_after_another_choice_of_records_and_texts_all_is_listed_anew(
    tmp_path: Path, site: Any, first: str, then: str
) -> None:
    """A table that was mended finds what it missed, and what was had isn't fetched again."""
    placed(site, [text(1, datestamp="2021-01-01"), text(2, datestamp="2021-01-01"), text(3, datestamp="2026-01-01")])
    had = _harvest(site, tmp_path, first).pages
    assert had < 3
    assert _harvest(site, tmp_path, then, again=True).pages == 3 - had
    assert sorted(row["title"] for row in _latest(site, tmp_path) if row["raw"]) == [f"Cuento {n}" for n in (1, 2, 3)]
    site.asked.clear()
    _harvest(site, tmp_path, then, again=True)
    assert [path for path in site.paths if path.startswith("/t/")] == []


def test_a_set_that_another_holds_is_listed_to_its_end(tmp_path: Path, site: Any) -> None:
    """Records that came with another set are no sign that a list has no end."""
    made = placed(site, [*(text(n) for n in range(30)), text(30, set_="poemas")])

    def hook(said: dict[str, str]) -> Any:
        return (200, repository.XML, made.reply({**said, "set": ""}).encode()) if said.get("set") == "todo" else None

    made.hook = hook
    assert _harvest(site, tmp_path, 'sets = ["cuentos", "todo"]').pages == 31
    assert _causes(site, tmp_path) == []


def test_a_record_that_one_list_has_twice_is_as_it_was_last(tmp_path: Path, site: Any) -> None:
    """Alive and then taken back, taken back and then handed in anew; in either order of the two in the list."""
    gone = [Record("oai:r:1", "2026-01-02", deleted=True), Record("oai:r:2", "2026-01-03", deleted=True)]
    again = Record("oai:r:3", "2026-01-02", deleted=True)
    placed(site, [text(1), gone[0], gone[1], text(2), again, text(3, datestamp="2026-01-05")])
    _harvest(site, tmp_path)
    lines = (tmp_path / "collected" / _source(site).id / "withdrawn.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["oai:r:1", "oai:r:2"]
