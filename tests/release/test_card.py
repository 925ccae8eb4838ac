"""A card names the holder, collection and consent of each source, and marks unknown values."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from built_versions import build

from latam_corpus import schema
from latam_corpus.pipeline.stored_runs.run_record import read_record
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store import Store
from latam_corpus.storage.durable import sealed

if TYPE_CHECKING:
    from pathlib import Path

TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25)}
CONSENT = {
    "id": "acta-7",
    "community": "Asamblea de ejemplo",
    "given": "2026-01-05",
    "scope": ["train"],
    "expires": "2028-01-05",
    "withdrawal_contact": "asamblea@example.org",
    "language": "quy",
}
LABEL = {"id": "l-1", "label": "https://localcontexts.org/label/tk-attribution/", "community": "Puerto"}


def stating(run: Path, **columns: Any) -> Path:
    """Change the source in the record of a run."""
    values = read_record(run).values
    values["sources"][0] |= columns
    (run / "run.json").write_bytes(sealed(values))
    return run


def section(card: str, title: str) -> str:
    """Return the text under a heading of the card; empty without the heading."""
    return card.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_holders_and_consents_are_on_the_card(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """The next version keeps them, although its own runs do not have the source."""
    documents = [document(n, obtained=datetime(2026, 3, 1 + n, tzinfo=UTC)) for n in range(3)]
    run = stating(
        kept_run("a-1", documents),
        contact="biblioteca@example.org",
        collect={"kind": "crawl"},
        consent={"records": [CONSENT, LABEL]},
    )
    build("puerto", [run], tmp_path / "store", **TERMS)
    other_run = stating(kept_run("b-1", [document(9, source_id="otra")]), id="otra")
    manifest = build("puerto", [other_run], tmp_path / "store", **TERMS, parent="latest")
    card = Store.at(tmp_path / "store").read("releases", "puerto", manifest.version, "README.md").decode()
    collected = section(card, "Collection")
    assert "| `cuentos-del-puerto` | website | 2026-03-01 to 2026-03-03 | Biblioteca del Puerto | bib" in collected
    assert "| `otra` | not stated |" in collected
    given = "| Asamblea de ejemplo | `acta-7` | 2026-01-05 | train | 2028-01-05 | quy | asamblea@example.org |"
    assert given in section(card, "Consent")
    assert section(card, "Consent").count("cuentos-del-puerto") == 1
    [source, _other] = manifest.sources
    assert (source.contact, source.collected) == ("biblioteca@example.org", "crawl")
    assert [consent.given for consent in source.consents] == [date(2026, 1, 5)]


def test_missing_statements_are_marked_on_the_card(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Without a consent there is no such table, and cells are escaped."""
    run = stating(kept_run("a-1", [document(1)]), holder="Casa | Museo\ndel Puerto")
    manifest = build("puerto", [run], tmp_path / "store", **TERMS)
    card = Store.at(tmp_path / "store").read("releases", "puerto", manifest.version, "README.md").decode()
    assert "| not stated | 2024-" in section(card, "Collection")
    assert "| Casa \\| Museo del Puerto | not stated |" in section(card, "Collection")
    assert "## Consent" not in card


def test_the_card_states_the_limits_of_the_version(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """The card has the largest shares, languages with few documents, and empty splits."""
    documents = [document(n, country="CL" if n < 3 else "PE") for n in range(4)]
    documents.append(document(5, language="quy_Latn", source_id="otra", text="wasi"))
    splits = {"validation": 1e-9, "test": 0.0}
    manifest = build("puerto", [kept_run("a-1", documents)], tmp_path / "store", **TERMS, splits=splits)
    store = Store.at(tmp_path / "store")
    limits = section(store.read("releases", "puerto", manifest.version, "README.md").decode(), "Limits and bias")
    assert "- The country of 60 % of the documents is CL, of 3 in all." not in limits
    assert "- The country of 80 % of the documents is CL, of 2 in all." in limits
    assert "- The source of 80 % of the documents is cuentos-del-puerto, of 2 in all." in limits
    assert "fewer than 100 documents: quy_Latn, spa_Latn" in limits
    assert "There is no validation split, although 1e-07 % were asked for" in limits
    assert "no test split" not in limits


def test_the_card_has_a_section_in_each_language(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Each section describes the version and how to request a removal; all columns are explained."""
    run = stating(kept_run("a-1", [document(1)]), consent={"records": [CONSENT]})
    manifest = build("puerto", [run], tmp_path / "store", **TERMS)
    card = Store.at(tmp_path / "store").read("releases", "puerto", manifest.version, "README.md").decode()
    assert "[Español](#español) · [Português](#português) · [English](#english)" in card
    for title, *words in (
        ("Español", "1 documento (", "Para pedir que se retire un texto", "con el consentimiento de comunidades"),
        ("Português", "1 documento (", "Para pedir a retirada de um texto", "com o consentimento de comunidades"),
        ("English", "1 document (", "To ask for the withdrawal of a text", "with the consent of communities"),
    ):
        for word in words:
            assert word in section(card, title)
    assert section(card, "Columns").count("\n| `") == len(schema.RELEASE_SCHEMA)
    assert f"> Cuentos, {manifest.spec}. Biblioteca del Puerto. 2026." in section(card, "Citation")


def test_an_older_manifest_without_these_keys_is_read(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """An older manifest can be read, and be the parent of a version."""
    build("puerto", [kept_run("a-1", [document(1)])], tmp_path / "store", **TERMS)
    store = Store.at(tmp_path / "store")
    place = ("releases", "puerto", "2026.11.0", "manifest.json")
    values = json.loads(store.read(*place))
    for entry in values["sources"]:
        for key in ("contact", "collected", "first", "last", "consents"):
            del entry[key]
    store.write(json.dumps(values).encode(), *place)
    assert load_manifest(store, "puerto", "2026.11.0").sources[0].consents == ()
    second = build("puerto", [kept_run("b-1", [document(2)])], store, **TERMS, parent="latest")
    assert second.rows == 2
