"""Released shards only depend on the documents, not on workers, batches, parts, or names and order of files."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe, SmallSource

_SEED = 11
_LINES = (
    "El molino del pueblo dejó de moler el año en que el río cambió de cauce y se llevó el puente de piedra.",
    "Mi madrina guardaba las semillas en frascos de vidrio, cada una con el nombre de quien se la había dado.",
    "Los arrieros bajaban de la sierra con quesos y lana, y subían con sal, velas y noticias de la costa.",
    "Nadie supo quién tocaba la guitarra aquella noche, porque la luz se fue antes de la segunda canción.",
    "La maestra llegó en el tren de los jueves con un baúl de libros y una lámpara que no hacía humo.",
    "Cuando llueve en febrero la calle se vuelve arroyo, y los chicos botan barcos de papel hasta la plaza.",
    "Dicen que el viejo faro sigue encendido, aunque hace veinte años que no pasa por allí ningún barco.",
    "En la cocina de atrás se hacía el pan para toda la cuadra, y el olor despertaba a los perros del barrio.",
    "El cartero conocía las historias de todos, pero nunca contó ninguna, ni siquiera cuando se jubiló.",
    "Para la fiesta de la cosecha se cubría la plaza de guirnaldas y se bailaba hasta que salía el sol.",
)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, small_recipe: SmallRecipe, small_source: SmallSource) -> Path:
    """Five files with documents of ten to forty lines, some of them equal, similar, or excerpts of others."""
    folder = tmp_path_factory.mktemp("shards")
    (folder / "in").mkdir()
    stages = ("repair", "identify", "filter", "redact", "dedupe")
    (folder / "receta.toml").write_text(small_recipe(*stages, release=""))
    (folder / "fuente.toml").write_text(small_source())
    chance = random.Random(_SEED)
    texts: list[str] = []
    for number in range(70):
        words = " ".join(chance.choice(_LINES) for _ in range(chance.randrange(10, 40))).split()
        chance.shuffle(words)  # else all would be made of the same runs
        texts.append(" ".join(words))
        if number % 5 == 0:
            texts.append(texts[-1].upper() if number % 2 else texts[-1])
        if number % 7 == 0:
            texts.append(" ".join("nieve" if chance.random() < 0.05 else word for word in words))
        if number % 9 == 0:
            texts.append(" ".join(words[20:90]))
    texts = [f"{text}." for text in texts]  # literature in which no line ends a sentence falls before it is compared
    chance.shuffle(texts)
    for file in range(5):
        rows = [{"id": f"d{n}", "text": text} for n, text in enumerate(texts) if n % 5 == file]
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / "in" / f"{file}.jsonl").write_text(lines, encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Releases:
    """Runs of one recipe into folders of their own."""

    room: Path
    folder: Path
    command_line: CommandLine

    def made(self, out: str, *more: str, files: str = "in") -> tuple[set[str], dict[str, int]]:
        """Return the names of the released shards, which are hashes, and the counts of drop reasons."""
        given = ("--input", f"fuente={self.room / files}", "--out", self.folder / out)
        result = self.command_line("run", self.room / "receta.toml", "--no-report", "--json", *given, *more)
        assert result.code == 0, result.err
        reasons = result.json["by_genre"][0]["reasons"]
        return {path.name for path in (self.folder / out / "store" / "objects").rglob("*.parquet")}, reasons

    def rows(self, out: str) -> pl.DataFrame:
        """Return the released rows without their origin, shard by shard."""
        shards = sorted((self.folder / out / "store").rglob("objects/**/*.parquet"))
        return pl.read_parquet(shards).drop("origin").sort("split", "doc_id")


@pytest.mark.slow
def test_workers_batches_and_names_of_files_change_nothing(
    room: Path, tmp_path: Path, command_line: CommandLine
) -> None:
    """Two workers with batches of 7 rows give the same bytes as one with whole files; names only change `origin`."""
    releases = Releases(room, tmp_path, command_line)
    expected, reasons = releases.made("one")
    assert reasons["duplicate"] > 10
    assert releases.made("two", "--workers", "2", "--batch-rows", "7") == (expected, reasons)
    for file in sorted((room / "in").iterdir()):
        file.rename(file.with_name(f"{9 - int(file.stem)}-otro.jsonl"))
    # A row says in which file it stood, which is another one now; nothing else may differ.
    assert releases.made("renamed")[1] == reasons
    assert releases.rows("renamed").equals(releases.rows("one"))


def test_a_cluster_of_an_earlier_dedupe_stays_however_files_are_cut(
    tmp_path: Path, command_line: CommandLine, small_recipe: SmallRecipe, small_source: SmallSource
) -> None:
    """A later `dedupe` leaves the clusters of rows that it doesn't decide on, in one part or several."""
    (tmp_path / "fuente.toml").write_text(small_source())
    (tmp_path / "receta.toml").write_text(small_recipe("dedupe near = false", "dedupe", release=""))
    near = " ".join(_LINES[5:])
    texts = [_LINES[0], _LINES[1], _LINES[0], near, near.replace("fiesta", "feria")]
    lines = [json.dumps({"id": f"d{n}", "text": text}) + "\n" for n, text in enumerate(texts)]
    for name, cut in (("una", [lines]), ("varias", [[line] for line in lines])):
        (tmp_path / name).mkdir()
        for number, some in enumerate(cut):
            (tmp_path / name / f"{number}.jsonl").write_text("".join(some), encoding="utf-8")
    releases = Releases(tmp_path, tmp_path, command_line)
    item, several = (releases.made(f"out-{name}", files=name) for name in ("una", "varias"))
    assert item[1] == several[1] == {"duplicate": 2}
    rows, others = (releases.rows(out).drop("obtained") for out in ("out-una", "out-varias"))
    assert rows.equals(others)
    assert rows.filter(pl.col("text") == _LINES[0])["cluster_size"].to_list() == [2]
