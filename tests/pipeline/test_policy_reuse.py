"""A step runs again only if its input rows change, or what it uses for these rows.

So an edited policy redoes the parts whose rows it concerns, and no others; what is reused is what it would make.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.engine.local import InProcess
from latam_corpus.paths import data_folder
from latam_corpus.pipeline.execution.part import folder_of
from latam_corpus.pipeline.execution.run import find_parts, run
from latam_corpus.pipeline.planning.plan import make_plan
from latam_corpus.pipeline.planning.recipe import load_recipe
from latam_corpus.pipeline.rows.step_file import DROPPED, ROWS
from latam_corpus.pipeline.stored_runs.disk import disk_use
from latam_corpus.quality.filter import Filter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from conftest import SmallRecipe, SmallSource

    from latam_corpus.pipeline.execution.part import Outcome
    from latam_corpus.pipeline.execution.result import RunResult

_SPANISH = (
    "La barca número {n} salió del puerto antes del alba y volvió con la red vacía, como casi siempre en invierno. "
    "Cuando llovía mucho, el maestro nos dejaba ir temprano y cruzábamos el puente de {n} tablas corriendo, sin mirar "
    "hacia abajo, porque alguien nos había dicho que el río se llevaba a los que tenían miedo."
)
_PORTUGUESE = (
    "A barca número {n} saiu do porto antes do amanhecer e voltou com a rede vazia, como quase sempre no inverno. "
    "Quando chovia muito, o professor nos deixava ir embora mais cedo e atravessávamos a ponte de {n} tábuas correndo, "
    "sem olhar para baixo, porque alguém nos tinha dito que o rio levava quem tinha medo."
)
_SONG = "Se fue la barca, se fue\ny no me quiso llevar,\nsi vuelve dentro de {n} años\nya no la voy a esperar."
# A file is a part. The last one is in no language, and is judged by und.toml.
_PARTS = {
    "jornal": [("news", _PORTUGUESE)],
    "letras": [("lyrics", _SONG)],
    "noticias": [("news", _SPANISH)],
    "revista": [("lyrics", _SONG), ("news", _PORTUGUESE)],
    "tablas": [("reference", "1810 {n} 1811 {n} 1812 {n}")],
}
_MOJIBAKE, _REPEATED = "mojibake_per_1000 = { max = 1.0 }", "duplicate_line_share = { max = 0.10 }"
_NEWS = {"jornal", "noticias", "revista"}
_IN_PORTUGUESE = {"jornal", "revista"}
_ALL = set(_PARTS)


class Work(NamedTuple):
    """A folder with a recipe, its input and its outputs."""

    folder: Path
    run: Callable[..., RunResult]
    first: RunResult


def _ran(folder: Path, recipe: str, engine: InProcess) -> RunResult:
    (folder / "receta.toml").write_text(recipe)
    plan = make_plan(load_recipe(str(folder / "receta.toml")), {"fuente": str(folder / "in")})
    return run(plan, find_parts(plan), folder / "out", engine)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, small_recipe: SmallRecipe, small_source: SmallSource) -> Work:
    """A run of five parts with the shipped policies, and a function that runs it with others."""
    folder = tmp_path_factory.mktemp("reuse")
    (folder / "in").mkdir()
    for name, kinds in _PARTS.items():
        rows = [
            {"id": f"{name}-{number}-{genre}", "genre": genre, "text": text.format(n=number)}
            for number in range(4)
            for genre, text in kinds
        ]
        (folder / "in" / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "fuente.toml").write_text(small_source('files = ["*.jsonl"]'))

    def by(policies: Path, engine: InProcess | None = None) -> RunResult:
        recipe = small_recipe("identify", f'filter policies = "{policies}"', "redact")
        return _ran(folder, recipe, engine or InProcess())

    return Work(folder, by, by(data_folder("filters")))


@pytest.fixture
def filters(tmp_path: Path) -> Path:
    """An editable copy of the shipped policies."""
    return shutil.copytree(data_folder("filters"), tmp_path / "filters")


def _redone(first: RunResult, repeated: RunResult, step: int) -> set[str]:
    """Return the files whose parts have another output of a step; step 0 measures, step 1 filters."""
    names = dict(zip(first.outputs, sorted(_PARTS), strict=True))
    return {names[part] for part, keys in repeated.outputs.items() if keys[step] != first.outputs[part][step]}


@pytest.mark.parametrize(
    ("file", "old", "new", "measured", "filtered"),
    [
        # a bound of a genre: the parts with rows of it, whatever else they hold
        ("genres/news.toml", "word_count = { min = 10 }", "word_count = { min = 11 }", set(), _NEWS),
        ("genres/lyrics.toml", "upper_case_share = { max = 0.20 }", "", set(), {"letras", "revista"}),
        ("genres/reference.toml", "[bounds]", "[bounds]\nword_count = { min = 6 }", set(), {"tablas"}),
        ("genres/legal.toml", "[bounds]", "[bounds]\nword_count = { min = 6 }", set(), set()),
        # the order of two bounds decides which one is named
        ("genres/news.toml", f"{_MOJIBAKE}\n{_REPEATED}", f"{_REPEATED}\n{_MOJIBAKE}", set(), _NEWS),
        # what is written otherwise and means the same; what is rounded away
        ("genres/news.toml", "{ min = 10 }", "{ min = 10.0 }", set(), set()),
        ("genres/news.toml", "{ min = 0.60, of", "{ min = 0.600001, of", set(), set()),
        ("genres/news.toml", "reviewed_by = []", 'reviewed_by = ["Alguien"] # leído', set(), set()),
        # a bound of a language, and what is typical of it where a genre bounds the ratio
        ("languages/por.toml", "ocr_damage_share      = {", "ocr_damage_share = { min = 0.0,", set(), _IN_PORTUGUESE),
        ("languages/quy.toml", "ocr_damage_share = { max", "ocr_damage_share = { min = 0.0, max", set(), set()),
        ("languages/und.toml", "ocr_damage_share = { max", "ocr_damage_share = { min = 0.0, max", set(), {"tablas"}),
        ("languages/por.toml", "[typical]", "[typical]\nlongest_word = 12.0", set(), set()),
        ("languages/spa.toml", "sparse_line_share = 0.02", "sparse_line_share = 0.03", set(), {"noticias"}),
        # what measuring rests on counts for every part, since a word is looked up in all languages' lists at once;
        # where the same comes of it, nothing more is done
        ("languages/spa.toml", '"el", "la", ', '"el", ', _ALL, {"letras", "noticias", "revista"}),
        ("languages/quy.toml", "[stop_words]", 'alphabet = "aqw"\n[stop_words]', _ALL, set()),
        ("languages/spa.toml", "abcdefghijklmnñ", "abcdefghijkmnñ", _ALL, set()),  # no bound asks for `alphabet_fit`
        ("languages/eng.toml", "background  = true", "background  = false", _ALL, set()),
        ("languages/quy.toml", "[stop_words]", 'covers = ["bzd"]\n[stop_words]', _ALL, set()),
        ("languages/bzd.toml", "", 'language = "bzd"\nname = "Bribri"\n', _ALL, set()),
        # a signal that takes a pass of its own is measured once somebody bounds it
        ("genres/legal.toml", "[bounds]", "[bounds]\nsentence_count = { min = 0 }", _ALL, _ALL),
    ],
)
def test_an_edit_redoes_the_parts_that_it_concerns(
    work: Work, filters: Path, file: str, old: str, new: str, measured: set[str], filtered: set[str]
) -> None:
    """Other parts are reused, and their outputs are those that the edited policies would give."""
    path = filters / file
    result = path.read_text() if path.exists() else ""
    assert old in result
    path.write_text(result.replace(old, new, 1))
    repeated = work.run(filters)
    assert _redone(work.first, repeated, 0) == measured
    assert _redone(work.first, repeated, 1) == filtered
    for rows, stored in _stored(work, repeated):
        created = Filter(str(filters))(Batch(rows)).frame
        fallen = created.filter(pl.col("drop_reason").is_not_null()).select("doc_id", "drop_reason")
        assert fallen.equals(stored)


def _stored(work: Work, result: RunResult) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Return for each part the measured rows, and the ids and reasons of those that the filter dropped."""
    for keys in result.outputs.values():
        measured, filtered = (folder_of(work.folder / "out" / "work", key) for key in keys[:2])
        yield pl.read_parquet(measured / ROWS), pl.read_parquet(filtered / DROPPED).select("doc_id", "drop_reason")


class _Editor(InProcess):
    """An engine that edits a policy after the second part."""

    def __init__(self, file: Path, line: str) -> None:
        object.__setattr__(self, "edit", (file, line))

    def map(self, work: Callable[[Any], Outcome], tasks: Sequence[Any]) -> Iterator[Outcome]:
        """The outcomes in order."""
        file, line = self.edit  # type: ignore[attr-defined]
        for number, task in enumerate(tasks):
            if number == 2 and line not in file.read_text():
                file.write_text(f"{file.read_text()}\n{line}\n")
            yield work(task)


@pytest.mark.parametrize(
    ("expected", "during", "stage"),
    [
        # what was measured is reused, and filtered anew
        ("word_count = { max = 90000 }", "mean_word_length = { min = 50 }", "filter"),
        # nothing is reused
        ("longest_word = { max = 900 }", "sentence_count = { min = 50 }", "measure"),
    ],
)
def test_a_policy_edited_during_a_run_fails_what_comes_after(
    work: Work, filters: Path, expected: str, during: str, stage: str
) -> None:
    """A run never has verdicts by two versions of a policy, and never stores one under the other's key."""
    policy = filters / "genres" / "news.toml"
    policy.write_text(policy.read_text().replace("word_count = { min = 10 }", expected))
    as_planned = policy.read_text()
    broken = work.run(filters, _Editor(policy, during))
    assert len(broken.failures) == 3
    assert all(
        f"of «{stage}» changed during the run" in why and "run it again" in why
        for why in map(str, broken.failures.values())
    )
    by_new = work.run(filters)
    assert {row["genre"]: row["kept"] for row in by_new.by_genre}["news"] == 0
    policy.write_text(as_planned)
    by_old = work.run(filters)
    assert by_old.kept == work.first.kept
    done = [keys for name, keys in broken.outputs.items() if name not in broken.failures]
    assert len(done) == 2
    assert all(keys in by_old.outputs.values() for keys in done)


@pytest.fixture
def room(tmp_path: Path, small_source: SmallSource) -> Path:
    """A folder with a source of two files of news in Spanish."""
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        texts = _SPANISH.format(n=1), _SPANISH.format(n=1).replace("temprano", "tenprano")
        rows = [{"id": f"{name}-{number}", "text": text} for number, text in enumerate(texts)]
        (tmp_path / "in" / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.jsonl"]'))
    return tmp_path


def test_what_a_barrier_wants_beside_the_rows_is_part_of_the_step(room: Path, small_recipe: SmallRecipe) -> None:
    """A run without the barrier stored the same rows, but not the barrier's columns."""
    _ran(room, small_recipe("identify", "fingerprint sketch = true"), InProcess())
    result = _ran(room, small_recipe("identify", "dedupe"), InProcess())
    assert not result.failures
    assert (result.rows_in, result.kept) == (4, 1)


def test_parts_of_which_nothing_is_left_share_what_comes_after(room: Path, small_recipe: SmallRecipe) -> None:
    """Their common output is made once, and counted once in the disk use."""
    recipe = small_recipe('identify languages = ["por"]', "filter", "redact", genre="news")
    result = _ran(room, recipe, InProcess())
    assert (result.rows_in, result.kept) == (4, 0)
    (measured_a, filtered_a, *_), (measured_b, filtered_b, *_) = result.outputs.values()
    assert measured_a != measured_b
    assert filtered_a == filtered_b
    [use] = (disk := disk_use(room / "out")).runs
    assert use.total == use.alone == disk.work
    assert disk.unused == 0
