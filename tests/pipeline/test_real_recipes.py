"""The shipped recipes keep most of the real texts, and common readers can read the releases."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
import pytest

if TYPE_CHECKING:
    from conftest import CommandLine

DATA = Path(os.environ.get("LATAM_CORPUS_DATA") or Path(__file__).parents[3] / "shared" / "data")
pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real texts are not beside the project"),
]

_INPUTS = {
    "literature": {
        "conha19": "literature/conha19",
        "gutenberg-latam": "literature/gutenberg_latam",
        "eltec-por": "literature/eltec_por",
    },
    "lyrics": {
        "disco-sonnets": "lyrics/disco_sonnets",
        "tango-pd": "lyrics/tango_pd",
        "sayings": "lyrics/fortunes_sayings",
    },
    "news": {"news-pages": "unclear/news/trafilatura_latam", "aymara-global-voices": "indigenous/aymara_globalvoices"},
    "oral_history": {"coser": "oral_history/coser_ud", "mapudungun-interviews": "oral_history/mapudungun_nc"},
}
# The share of documents kept, source by source; floors only rise.
_FLOORS = {
    "conha19": 1.0,
    "gutenberg-latam": 1.0,
    "eltec-por": 1.0,
    "disco-sonnets": 0.97,
    "tango-pd": 0.98,
    "sayings": 0.98,
    "news-pages": 0.90,
    "aymara-global-voices": 0.95,
    "coser": 0.90,
}


# Novels take as long as all the others.
_GATE = pytest.mark.skipif("LATAM_CORPUS_GATE" not in os.environ, reason="it takes long: `make gate`")
_RECIPES = [pytest.param(name, marks=_GATE if name == "literature" else ()) for name in sorted(_INPUTS)]


def _run(command_line: CommandLine, recipe: str, out: Path) -> dict[str, Any]:
    inputs = [part for name, path in _INPUTS[recipe].items() for part in ("--input", f"{name}={DATA / path}")]
    result = command_line("run", recipe, *inputs, "--out", out, "--json")
    assert result.code == 0, result.err
    actual: dict[str, Any] = result.json
    return actual


@pytest.mark.parametrize("recipe", _RECIPES)
def test_a_recipe_keeps_what_is_good_and_its_release_reads_everywhere(
    command_line: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    figures: dict[str, float],
    recipe: str,
) -> None:
    """Each source keeps its floor; Polars, DuckDB and datasets read as many rows as the release counts."""
    result = _run(command_line, recipe, tmp_path / "out")
    for row in result["by_genre"]:
        figures[f"kept, {row['source']}"] = round(row["kept"] / row["in"], 4)
        assert row["kept"] / row["in"] >= _FLOORS.get(row["source"], 0.0), row
    release = result["release"]
    pulled = tmp_path / "pulled"
    name = f"{release['name']}@{release['version']}"
    assert command_line("pull", name, "--to", pulled, "--store", tmp_path / "out" / "store").code == 0
    rows = pl.read_parquet(pulled / "data/**/*.parquet")
    assert rows.height > 0
    assert set(rows["rights_tier"]) <= {"open", "attribution", "share_alike"}
    [(counted,)] = duckdb.read_parquet(f"{pulled}/data/**/*.parquet").aggregate("count(*)").fetchall()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    import datasets  # reads its settings from the environment when first imported

    loaded = datasets.load_dataset(str(pulled), cache_dir=str(tmp_path / "cache"))
    assert sum(split.num_rows for split in loaded.values()) == rows.height == counted
