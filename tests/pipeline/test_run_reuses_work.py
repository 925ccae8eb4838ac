"""Work is reused if it is still valid: unchanged parts, and measured rows under a changed bound."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus.paths import data_folder

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe, SmallSource

# Sentences that repeat nothing, so that no rule but the one under test falls on them.
_SENTENCES = (
    "La barca número {n} salió del puerto antes del alba y volvió con la red vacía, como casi siempre en invierno.",
    "Mi abuela contaba {n} veces la misma historia y nadie se atrevía a decirle que ya la sabíamos de memoria.",
    "En la casilla {n} del registro alguien había escrito un nombre que después borraron con cuidado.",
    "Cuando llovía mucho, el maestro nos dejaba ir temprano y cruzábamos el puente de {n} tablas corriendo.",
    "Para la fiesta compraron {n} velas, dos sacos de harina y un vino que no le gustó a ninguno de los invitados.",
    "Desde el cerro se ven {n} techos de lata, la iglesia sin torre y más allá el mar, que a esa hora es gris.",
    "Ella respondió que prefería esperar {n} años antes que venderle la casa de su padre a un desconocido.",
)


@dataclass
class Room:
    """A folder with a recipe, a source, policies and input."""

    folder: Path
    command_line: CommandLine

    def run(self) -> dict[str, Any]:
        """Run the command and return its JSON output."""
        given = ("--input", f"fuente={self.folder / 'in'}", "--out", self.folder / "out")
        result = self.command_line("run", self.folder / "receta.toml", "--json", *given)
        actual: dict[str, Any] = result.json
        assert result.code == (0 if actual["release"] else 1), result.err
        return actual

    def write(self, name: str, numbers: range) -> None:
        """Write a JSONL file with a document for each number."""
        rows = [
            {"id": f"d{n}", "text": " ".join(text.format(n=n * 7 + k) for k, text in enumerate(_SENTENCES))}
            for n in numbers
        ]
        (self.folder / "in" / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def room(tmp_path: Path, command_line: CommandLine, small_recipe: SmallRecipe, small_source: SmallSource) -> Room:
    """A room with two files of thirty documents."""
    stages = (
        "extract",
        "repair",
        "identify",
        f'filter policies = "{tmp_path / "filters"}"',
        "redact",
        "dedupe near = false",
    )
    created = Room(tmp_path, command_line)
    shutil.copytree(data_folder("filters"), tmp_path / "filters")
    (tmp_path / "in").mkdir()
    release = "split = { validation = 0.0, test = 0.0 }"
    (tmp_path / "receta.toml").write_text(small_recipe(*stages, release=release))
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.jsonl", "*.txt"]'))
    created.write("a.jsonl", range(30))
    created.write("b.jsonl", range(30, 60))
    return created


def test_the_same_run_again_does_nothing_again(room: Room) -> None:
    """Every part of every step is reused, and no new version is made."""
    first = room.run()
    repeated = room.run()
    assert first["rows"] == repeated["rows"] == {"in": 60, "kept": 60}
    assert all(step["parts"] == 0 for step in first["reused"].values())
    assert all(step["parts"] == step["of"] == 2 for step in repeated["reused"].values())
    assert repeated["release"] == first["release"]


def test_what_barriers_decided_is_compared_before_it_is_used_again(room: Room) -> None:
    """A damaged file of decisions is reported and rebuilt, and the release doesn't change."""
    first = room.run()
    files = sorted((room.folder / "out" / "work" / "decisions").iterdir())
    assert {path.suffix for path in files} == {".json", ".parquet"}
    for path in files:
        whole = path.read_bytes()
        middle = len(whole) // 2
        path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
        repeated = room.run()
        assert any(path.name in result for result in repeated["mended"]), path.suffix
        assert path.read_bytes() == whole
        assert repeated["release"] == first["release"]


def test_a_changed_bound_redecides_measured_rows(room: Room) -> None:
    """Extraction, identification and measuring are reused; only the decision is repeated."""
    first = room.run()
    policy = room.folder / "filters" / "genres" / "literature.toml"
    policy.write_text(policy.read_text() + "\nword_count = { min = 100000 }\n")
    repeated = room.run()
    measured = next(title for title in repeated["reused"] if "measure" in title)
    decided = next(title for title in repeated["reused"] if "filter" in title)
    assert repeated["reused"][measured] == {"parts": 2, "of": 2}
    assert repeated["reused"][decided] == {"parts": 0, "of": 2}
    assert (first["rows"]["kept"], repeated["rows"]["kept"]) == (60, 0)
    assert repeated["run"] != first["run"]
    assert repeated["by_genre"][0]["reasons"] == {"word_count<100000": 60}


def test_a_changed_stop_word_measures_anew_and_extracts_nothing(room: Room) -> None:
    """Stop words affect what is measured, so texts are measured again."""
    room.run()
    policy = room.folder / "filters" / "languages" / "spa.toml"
    policy.write_text(policy.read_text().replace('"el", "la", ', '"el", ', 1))
    repeated = room.run()
    assert {step["parts"] for title, step in repeated["reused"].items() if "measure" in title} == {0}


def test_a_new_file_is_worked_alone(room: Room) -> None:
    """Two parts are reused, and only the third is processed."""
    room.run()
    room.write("c.jsonl", range(60, 90))
    repeated = room.run()
    measured = next(title for title in repeated["reused"] if "measure" in title)
    assert repeated["reused"][measured] == {"parts": 2, "of": 3}
    assert repeated["rows"] == {"in": 90, "kept": 90}


def test_a_bad_file_fails_alone(room: Room, small_source: SmallSource) -> None:
    """A truncated archive is a ledger row, and the other files' documents are kept."""
    (room.folder / "in" / "roto.jsonl.gz").write_bytes(b"\x1f\x8b\x08\x00garbage")
    (room.folder / "fuente.toml").write_text(small_source('files = ["*.jsonl", "*.jsonl.gz"]'))
    result = room.run()
    assert result["rows"]["kept"] == 60
    ledger = pl.read_parquet(f"{result['folder']}/ledger/*.parquet")
    assert ledger.filter(pl.col("verdict") == "failed").height == 1
