"""`croissant.json` agrees with the manifest on files, columns, sources, conditions and origin."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import TYPE_CHECKING, Any

from built_versions import build

from latam_corpus.release.pages.croissant import CROISSANT
from latam_corpus.release.reading.pull import Subset, pull

if TYPE_CHECKING:
    from pathlib import Path

TERMS: dict[str, Any] = {
    "admit": ["open", "attribution", "non_commercial"],
    "uses": ["train"],
    "today": date(2026, 11, 25),
}


def test_croissant_describes_the_version(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """It has each shard with its digest, each source with its conditions, and the provenance."""
    documents = [
        document(1),
        document(2, language="por_Latn", rights="CC-BY-4.0", rights_tier="attribution", source_id="faro"),
        document(3, rights="CC-BY-NC-4.0", rights_tier="non_commercial", source_id="muelle"),
    ]
    manifest = build("puerto", [kept_run("a-1", documents)], tmp_path / "store", **TERMS)
    metadata = json.loads((tmp_path / "store" / "releases" / "puerto" / manifest.version / CROISSANT).read_bytes())
    assert metadata["conformsTo"][0] == "http://mlcommons.org/croissant/1.1"
    files = {
        entry["contentUrl"]: entry["sha256"] for entry in metadata["distribution"] if entry["@type"] == "cr:FileObject"
    }
    assert files == {shard.path: shard.sha256 for shard in manifest.shards}
    offers = {offer["odrl:target"]: offer for offer in metadata["usageInfo"]}
    duties = {
        name: [duty["odrl:action"]["@id"] for duty in offer["odrl:permission"][0].get("odrl:duty", [])]
        for name, offer in offers.items()
    }
    assert duties == {"https://puerto.example/cuentos": [], "faro": ["odrl:attribute"], "muelle": []}
    assert offers["muelle"]["odrl:prohibition"] == [{"odrl:action": {"@id": "odrl:commercialize"}}]
    assert metadata["license"] == ["CC-BY-4.0", "CC-BY-NC-4.0", "CC0-1.0"]
    assert {entry["name"] for entry in metadata["prov:wasDerivedFrom"]} == {"Cuentos del puerto", "faro", "muelle"}
    assert metadata["prov:wasGeneratedBy"][0]["@id"] == "run-a-1"
    assert metadata["rai:dataCollectionType"] == ["Secondary Data Analysis"]  # of files
    fields = {field["name"]: field for field in metadata["recordSet"][0]["field"]}
    assert fields["text"]["dataType"] == "sc:Text"
    assert fields["uses"]["repeated"] is True
    assert "signals" not in fields
    assert all(value for key, value in metadata.items() if key.startswith("rai:"))


def test_a_selection_of_rows_has_its_own_croissant_file(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """It lists the pulled shards with their digests; a selection of columns has none."""
    build("puerto", [kept_run("a-1", [document(1), document(2, country="AR")])], tmp_path / "store", **TERMS)
    selections: dict[str, dict[str, Any]] = {
        "all": {},
        "some": {"where": "country = 'AR'"},
        "texts": {"columns": ["text"]},
    }
    files = {}
    for name, options in selections.items():
        pull("puerto", tmp_path / "store", tmp_path / name, Subset(**options))
        files[name] = (tmp_path / name / CROISSANT).read_bytes() if (tmp_path / name / CROISSANT).exists() else None
    assert files["all"] is not None
    assert files["some"] is not None
    assert files["texts"] is None
    [shard] = [entry for entry in json.loads(files["some"])["distribution"] if entry["@type"] == "cr:FileObject"]
    assert shard["sha256"] == hashlib.sha256((tmp_path / "some" / shard["@id"]).read_bytes()).hexdigest()
