"""A card says of each source who holds it, how it was collected and on which consent, and what it can't tell."""

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
    """The run, whose source says more."""
    told = read_record(run).values
    told["sources"][0] |= columns
    (run / "run.json").write_bytes(sealed(told))
    return run


def section(card: str, title: str) -> str:
    """What stands under a heading of the card; nothing without it."""
    return card.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_who_holds_a_source_and_on_which_consent_is_on_the_card(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """In the version built upon it too, of whose runs none states the source; labels stand under obligations."""
    documents = [document(n, obtained=datetime(2026, 3, 1 + n, tzinfo=UTC)) for n in range(3)]
    run = stating(
        kept_run("a-1", documents),
        contact="biblioteca@example.org",
        collect={"kind": "crawl"},
        consent={"records": [CONSENT, LABEL]},
    )
    build("puerto", [run], tmp_path / "store", **TERMS)
    other = stating(kept_run("b-1", [document(9, source_id="otra")]), id="otra")
    manifest = build("puerto", [other], tmp_path / "store", **TERMS, parent="latest")
    card = Store.at(tmp_path / "store").read("releases", "puerto", manifest.version, "README.md").decode()
    collected = section(card, "Collection")
    assert "| `cuentos-del-puerto` | website | 2026-03-01 to 2026-03-03 | Biblioteca del Puerto | bib" in collected
    assert "| `otra` | not stated |" in collected
    given = "| Asamblea de ejemplo | `acta-7` | 2026-01-05 | train | 2028-01-05 | quy | asamblea@example.org |"
    assert given in section(card, "Consent")
    assert section(card, "Consent").count("cuentos-del-puerto") == 1
    [mine, _other] = manifest.sources
    assert (mine.contact, mine.collected) == ("biblioteca@example.org", "crawl")
    assert [one.given for one in mine.consents] == [date(2026, 1, 5)]


def test_what_isnt_stated_is_said_to_be_so(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """There is no table of consent without one, and a cell is one cell whatever stands in it."""
    run = stating(kept_run("a-1", [document(1)]), holder="Casa | Museo\ndel Puerto")
    manifest = build("puerto", [run], tmp_path / "store", **TERMS)
    card = Store.at(tmp_path / "store").read("releases", "puerto", manifest.version, "README.md").decode()
    assert "| not stated | 2024-" in section(card, "Collection")
    assert "| Casa \\| Museo del Puerto | not stated |" in section(card, "Collection")
    assert "## Consent" not in card


def test_the_limits_are_those_of_this_version(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """What most of it is, languages of which there is little, and splits that were asked for and are empty."""
    documents = [document(n, country="CL" if n < 3 else "PE") for n in range(4)]
    documents.append(document(5, language="quy_Latn", source_id="otra", text="wasi"))
    splits = {"validation": 1e-9, "test": 0.0}
    manifest = build("puerto", [kept_run("a-1", documents)], tmp_path / "store", **TERMS, splits=splits)
    store = Store.at(tmp_path / "store")
    told = section(store.read("releases", "puerto", manifest.version, "README.md").decode(), "Limits and bias")
    assert "- The country of 60 % of the documents is CL, of 3 in all." not in told
    assert "- The country of 80 % of the documents is CL, of 2 in all." in told
    assert "- The source of 80 % of the documents is cuentos-del-puerto, of 2 in all." in told
    assert "fewer than 100 documents: quy_Latn, spa_Latn" in told
    assert "There is no validation split, although 1e-07 % were asked for" in told
    assert "no test split" not in told


def test_each_language_is_led_to_its_own_section(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Which says what the version is, and how a text is taken out of it; every column of a row is explained."""
    run = stating(kept_run("a-1", [document(1)]), consent={"records": [CONSENT]})
    manifest = build("puerto", [run], tmp_path / "store", **TERMS)
    card = Store.at(tmp_path / "store").read("releases", "puerto", manifest.version, "README.md").decode()
    assert "[Español](#español) · [Português](#português) · [English](#english)" in card
    for title, *words in (
        ("Español", "1 documento (", "Para pedir que se retire un texto", "con el consentimiento de comunidades"),
        ("Português", "1 documento (", "Para pedir a retirada de um texto", "com o consentimento de comunidades"),
        ("English", "1 document (", "To ask for a text to be taken out", "with the consent of communities"),
    ):
        for word in words:
            assert word in section(card, title)
    assert section(card, "Columns").count("\n| `") == len(schema.RELEASE_SCHEMA)
    assert f"> Cuentos, {manifest.spec}. Biblioteca del Puerto. 2026." in section(card, "Citation")


def test_a_manifest_from_before_has_no_such_keys(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """And is read and built upon all the same."""
    build("puerto", [kept_run("a-1", [document(1)])], tmp_path / "store", **TERMS)
    store = Store.at(tmp_path / "store")
    place = ("releases", "puerto", "2026.11.0", "manifest.json")
    told = json.loads(store.read(*place))
    for entry in told["sources"]:
        for key in ("contact", "collected", "first", "last", "consents"):
            del entry[key]
    store.write(json.dumps(told).encode(), *place)
    assert load_manifest(store, "puerto", "2026.11.0").sources[0].consents == ()
    after = build("puerto", [kept_run("b-1", [document(2)])], store, **TERMS, parent="latest")
    assert after.rows == 2
