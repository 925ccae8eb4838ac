"""The EU summary has a version's sources, domains and opt-outs, without withdrawn documents."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from built_versions import build

from latam_corpus.release.refusals.opt_outs import LISTED, write_opt_outs
from latam_corpus.release.storing.store import Store
from latam_corpus.release.training_summary import next_update, training_content, training_summary
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SealRun

    from latam_corpus.release.storing.manifest import Manifest

TERMS: dict[str, Any] = {"admit": ["open", "permission"], "uses": ["evaluate"], "today": date(2026, 11, 25)}
NOW = datetime(2026, 11, 27, tzinfo=UTC)
WRITTEN = date(2026, 8, 31)
OPT_OUT = {"signal": "noai", "value": "noai", "address": "https://faro.example/1", "time": NOW}


@pytest.fixture
def version(tmp_path: Path, document: Any, kept_run: Any, seal_run: SealRun) -> tuple[Store, Manifest]:
    """Return a version of twenty-one sites, one of them large, a book, and a letter given by permission."""
    pages = [
        document(n, source_id="sitios", url=f"https://www.Sitio{n}.example:80/a?b", uses=["evaluate"])
        for n in range(20)
    ]
    large = document(20, source_id="sitios", url="http://yo@faro.example/1", text="La luz. " * 90, opt_outs=[OPT_OUT])
    other_documents = [
        document(30, source_id="libros", url="https://libros.example/1", composition="machine"),
        document(31, source_id="cartas", rights=None, rights_tier="permission", agreement="a-1"),
    ]
    documents = [row | {"uses": ["evaluate"]} for row in (*pages, large, *other_documents)]
    run = kept_run("a-1", documents)
    sources = [
        {"id": "sitios", "title": "Sitios del puerto", "holder": "Varios", "collect": {"kind": "crawl"}},
        {"id": "libros", "title": "Libros | del puerto", "holder": "Casa", "collect": {"kind": "files"}},
        {"id": "cartas", "title": "Cartas", "holder": "Familia", "collect": {"kind": "files"}},
    ]
    seal_run(run, sources=sources)
    store = Store.at(tmp_path / "store")
    return store, build("puerto", [run], store, **TERMS)


def section(text: str, number: str) -> str:
    """Return the text under a heading with this number."""
    return text.partition(f"\n### {number} ")[2].partition("\n## ")[0].partition("\n### ")[0]


def test_sources_are_in_the_sections_of_the_template(version: tuple[Store, Manifest]) -> None:
    """Sources are crawled, public or given by permission; the largest tenth of domains is named."""
    store, manifest = version
    content = training_content(store, manifest)
    text = training_summary(manifest, content, WRITTEN)
    assert content.domains[0].name == "faro.example"
    assert {domain.name for domain in content.domains[1:]} == {f"sitio{n}.example" for n in range(20)}
    assert [domain.name for domain in content.named][:1] == ["faro.example"]
    assert len(content.named) == 3
    crawled = section(text, "2.3")
    assert "| Sitios del puerto |" in crawled
    assert "The 3 domains with most content, a tenth of the 21 in all" in crawled
    assert "| faro.example | 1 | 720 B |" in crawled
    assert "libros.example" not in text
    assert "| Libros \\| del puerto | not stated | Casa | CC0-1.0 | 1 |" in section(text, "2.1")
    assert "| Cartas | not stated | Familia | permission | 1 |" in section(text, "2.2")
    assert "Cartas" not in section(text, "2.1") + crawled
    assert "1 documents were written or translated by a machine" in section(text, "2.5")
    assert "- 1 documents carry noai" in section(text, "3.1")
    assert "less than 1 billion tokens" in text
    assert "*to be filled in by the provider of the model*" in text


def test_withdrawn_documents_are_not_counted(version: tuple[Store, Manifest]) -> None:
    """Documents withdrawn later are not counted in an older version either."""
    store, manifest = version
    former = training_content(store, manifest)
    withdraw(store, WithdrawalRequest.of("puerto", "url", "http://yo@faro.example/*", "lo pide su autora"), NOW)
    current = training_content(store, manifest)
    assert (current.documents, len(current.domains), current.opt_outs) == (former.documents - 1, 20, {})
    assert "faro.example" not in training_summary(manifest, current, WRITTEN)


def test_a_summary_names_its_template_and_its_next_update(
    version: tuple[Store, Manifest], command_line: CommandLine
) -> None:
    """The next update is six months later, on a day that the month has."""
    store, manifest = version
    text = training_summary(manifest, training_content(store, manifest), WRITTEN)
    assert "C(2025) 8311 of 5 December\n2025" in text
    assert "Written on 2026-08-31. Next update: by 2027-02-28" in text
    values = command_line("release", "training-summary", "puerto", "--store", store.url, "--json").json
    assert values["next_update"] == str(next_update(date.fromisoformat(values["written"])))


def test_each_statement_of_a_source_is_counted(tmp_path: Path, document: Any, kept_run: Any, seal_run: SealRun) -> None:
    """A source may be partly public and partly given by permission; unknown kinds have their own section."""
    days = {True: "2026-01-02", False: "2026-03-04"}
    documents = [
        document(
            n,
            source_id="sitios",
            url=None if n == 1 else f"https://s{n}.example/",
            obtained=datetime.fromisoformat(days[n < 2]).replace(tzinfo=UTC),
            genre="news",
        )
        for n in range(4)
    ]
    documents += [document(n, source_id="actas") for n in (10, 11)]
    documents += [document(12, source_id="actas", rights=None, rights_tier="permission", agreement="a-1")]
    documents += [document(13, source_id="sueltos", genre="lyrics", country="PE")]
    run = kept_run("a-1", [row | {"uses": ["evaluate"]} for row in documents])
    sources = [
        {"id": "sitios", "title": "Sitios", "collect": {"kind": "commoncrawl"}},
        {"id": "actas", "title": "Actas", "collect": {"kind": "files"}},
        {"id": "sueltos", "title": "Sueltos"},
    ]
    seal_run(run, sources=sources)
    store = Store.at(tmp_path / "store")
    manifest = build("puerto", [run], store, **TERMS)
    write_opt_outs(store, "puerto", _refusals("ff" * 16, documents[2]["doc_id"]))
    content = training_content(store, manifest)
    text = training_summary(manifest, content, WRITTEN)
    assert sum(row.documents for row in content.statements) == content.documents == 8
    assert "| Actas | not stated | not stated | CC0-1.0 | 2 |" in section(text, "2.1")
    assert "| Actas | not stated | not stated | permission | 1 |" in section(text, "2.2")
    assert "Sueltos" in section(text, "2.6")
    assert "isn't stated" in section(text, "2.6")
    crawled = section(text, "2.3")
    assert "Period of collection: 2026-01-02 to 2026-03-04" in crawled
    assert "CCBot" in crawled
    assert "1 of these documents have no address of a site" in crawled
    assert content.opt_outs == {"noai": 1}
    assert "lyrics" in text
    withdraw(store, WithdrawalRequest.of("puerto", "source", "sueltos", "lo pide"), NOW)
    withdraw(store, WithdrawalRequest.of("puerto", "doc", documents[0]["doc_id"], "lo pide"), NOW)
    text = training_summary(manifest, training_content(store, manifest), WRITTEN)
    assert not [word for word in ("lyrics", "PE ", "Sueltos") if word in text]
    assert "2026-01-02 to 2026-03-04" in section(text, "2.3")


def _refusals(*ids: str) -> pl.DataFrame:
    row = {"source_id": "sitios", "url": "https://s.example/", "obtained": NOW, **OPT_OUT, "since": NOW}
    return pl.DataFrame([row | {"doc_id": doc_id, "retroactive": True} for doc_id in ids], schema=LISTED)


def test_a_version_of_files_has_no_domains(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Without crawled sources there is no period of collection, and left-out documents are counted by signal."""
    documents = [document(1), document(2, uses=[], opt_outs=[OPT_OUT])]
    store = Store.at(tmp_path / "store")
    manifest = build(
        "puerto", [kept_run("a-1", documents)], store, admit=["open"], uses=["train"], today=TERMS["today"]
    )
    text = training_summary(manifest, training_content(store, manifest), WRITTEN)
    assert "none was crawled" in section(text, "2.3")
    assert "there are no domains" in section(text, "2.3")
    assert "- 1 documents were left out by noai" in section(text, "3.1")


def test_the_command_writes_the_summary(
    version: tuple[Store, Manifest], tmp_path: Path, command_line: CommandLine
) -> None:
    """The command writes to a file or to standard output, or JSON with all domains."""
    store = ("--store", version[0].url)
    result = command_line("release", "training-summary", "puerto", *store)
    assert result.out.startswith("# Public summary of training content: what puerto@2026.11.0 says for it\n")
    file = tmp_path / "resumen.md"
    written = command_line("release", "training-summary", "puerto", "--to", file, *store, "--lang", "es")
    assert "23 documentos, 21 dominios" in written.out
    assert file.read_text("utf-8") == result.out
    values = command_line("release", "training-summary", "puerto", "--json", *store).json
    assert (len(values["domains"]), values["documents"], values["sources"]["sitios"]) == (21, 23, 21)
    assert command_line("release", "training-summary", "peurto", *store).code == 2
