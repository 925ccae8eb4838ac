"""A language can be added to the shipped model with three commands, which measure the cost for other languages."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import random
import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.lab.language.added_language import KEPT_OUT, TRAIN, draw, extend, misnamed_rows, read_language
from latam_corpus.language.classifier.ftz import Parts, read_parts
from latam_corpus.language.evidence import RULE
from latam_corpus.language.identify import Identify
from latam_corpus.language.model import load
from latam_corpus.language.model_files import locate

if TYPE_CHECKING:
    from conftest import CommandLine

_SYLLABLES = ["qla", "vrü", "θen", "zhy", "oqx", "udj", "ŋra", "pxe", "ivv", "wöt", "tlh", "kzu", "ghé", "yrr", "bvo"]
# A made-up language under the code of another, so that no text is composed in a real one.
_CODE = "tlh"
_SPANISH = (
    "Los vecinos de la caleta abrieron ayer el registro de las lanchas que salen a pescar.",
    "O barco saiu do porto antes do amanhecer e voltou com a rede vazia, como todos os dias.",
    "Chay runakunaqa llaqtankupi tiyanku, hinaspa llapan wawankuna yachaywasiman rinku sapa punchaw.",
)


def _lines(count: int, seed: int = 1) -> list[str]:
    rng = random.Random(seed)
    words = ["".join(rng.choices(_SYLLABLES, k=rng.randint(2, 3))) for _ in range(60)]
    return [" ".join(rng.choices(words, k=rng.randint(6, 14))) for _ in range(count)]


@pytest.fixture(autouse=True)
def _chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Ignore the model that this machine's user has chosen."""
    monkeypatch.setenv("LATAM_CORPUS_CONFIG", str(tmp_path / "config"))


def _written(folder: Path) -> Path:
    """Write two hundred different lines to two files, some of them twice."""
    folder.mkdir()
    lines = _lines(200)
    (folder / "uno.txt").write_text("\n".join([*lines[:120], "", "2026", *lines[:10]]) + "\n", "utf-8")
    (folder / "dos.txt").write_text("\n".join(lines[120:]) + "\n", "utf-8")
    return folder


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """The files of a language."""
    return _written(tmp_path / "textos")


@pytest.fixture
def drawn(texts: Path, command_line: CommandLine) -> Path:
    """The folder that `language new` wrote."""
    folder = texts.parent / _CODE
    ended = command_line("language", "new", _CODE, texts, "--to", folder, "--licence", "CC0-1.0", "--json")
    assert ended.code == 0, ended.err
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the language with its model; tests must not change it."""
    folder = tmp_path_factory.mktemp("lengua")
    day = dt.date(2026, 11, 27)
    draw(_CODE, [_written(folder / "textos")], folder / _CODE, "CC0-1.0", day)
    extend(read_language(folder / _CODE), day)
    return folder / _CODE


@pytest.fixture
def trained(model: Path, tmp_path: Path) -> Path:
    """A copy of the folder with the model."""
    return Path(shutil.copytree(model, tmp_path / _CODE))


def _parts(path: Path) -> Parts:
    parts = read_parts(path)
    assert parts
    return parts


def test_three_commands_lead_to_a_model_that_names_the_language(drawn: Path, command_line: CommandLine) -> None:
    """The model names unseen lines, keeps the names of other languages, and is the default after `language use`."""
    comparison = command_line("language", "train", drawn, "--json").json
    assert comparison["named"]["shipped"] == 0
    assert comparison["named"]["this"] >= 0.9 * comparison["kept_out"] > 20
    assert comparison["others"] > 5000
    assert comparison["taken"] == {}
    assert comparison["right"]["this"] >= comparison["right"]["shipped"] - 5
    frame = pl.DataFrame({"text": [*_lines(20, seed=1)[10:], *_SPANISH]})
    previous = Identify()(Batch(frame)).frame["language"].to_list()
    command_line("language", "use", drawn)
    after = Identify()(Batch(frame)).frame["language"].to_list()
    assert after[:10] == ["tlh_Latn"] * 10
    assert after[10:] == previous[10:]
    assert Identify(model="americas")(Batch(frame)).frame["language"].to_list() == previous
    card = command_line("language", "card", "--json").json
    assert (card["name"], card["names"]["tlh"]) == ("americas-tlh", "Klingon")
    entries = [entry for entry in card["trained_on"] if entry.get("label") == "tlh"]
    assert entries == [{"file": "tlh/train.txt", "label": "tlh", "licence": "CC0-1.0"}]
    command_line("language", "use", "americas")
    assert Identify()(Batch(frame)).frame["language"].to_list() == previous


def test_adding_a_language_changes_nothing_else_in_the_model(model: Path) -> None:
    """The labels, words and vectors of the shipped model stay the same; a last label is added; fastText loads it."""
    import fasttext

    shipped, extended = _parts(locate("americas")[0]), _parts(model / "americas-tlh.ftz")
    assert extended.labels == (*shipped.labels, "__label__tlh_Latn")
    assert np.array_equal(extended.output[:-1], shipped.output)
    assert extended.words == shipped.words
    assert np.array_equal(extended.rows, shipped.rows)
    assert np.array_equal(extended.row_of, shipped.row_of)
    opened = fasttext.load_model(str(model / "americas-tlh.ftz"))
    assert opened.predict(_lines(1)[0])[0] == ("__label__tlh_Latn",)
    map_before, map_after = (
        tomllib.loads((path.with_suffix(".toml")).read_text("utf-8"))
        for path in (locate("americas")[0], model / "americas-tlh.ftz")
    )
    assert map_after["labels"].pop("tlh_Latn")["lines"] > 300
    assert "tlh" in map_after["words"]
    assert {key: value for key, value in map_after["words"].items() if key != "tlh"} == map_before["words"]
    assert map_after["labels"] == map_before["labels"]
    assert map_after["settings"] == map_before["settings"]


def test_the_same_texts_give_the_same_model(trained: Path, command_line: CommandLine) -> None:
    """A second training writes the same bytes, and `evaluate` compares the model on other texts."""
    previous = (trained / "americas-tlh.ftz").read_bytes()
    command_line("language", "train", trained)
    assert (trained / "americas-tlh.ftz").read_bytes() == previous
    other_texts = trained.parent / "otras.tsv"
    other_texts.write_text(
        "".join(f"{code}\t{text}\n" for code, text in zip(("spa", "por", "quy"), _SPANISH, strict=True))
    )
    comparison = command_line("language", "evaluate", trained, "--beside", other_texts, "--json").json
    assert (comparison["others"], comparison["right"], comparison["taken"]) == (3, {"shipped": 3, "this": 3}, {})


def test_the_kept_out_part_is_drawn_by_words_alone(drawn: Path, texts: Path, command_line: CommandLine) -> None:
    """Repeated lines are kept once, added lines move no others, and lines without letters are dropped."""
    train, kept_out = ((drawn / name).read_text("utf-8").splitlines() for name in (TRAIN, KEPT_OUT))
    assert len(train) + len(kept_out) == 200
    assert 20 < len(kept_out) < 60
    assert not {*train} & {*kept_out}
    (texts / "tres.txt").write_text("\n".join(_lines(30, seed=9)), "utf-8")
    counts = command_line("language", "new", _CODE, texts, "--to", drawn, "--json").json
    assert (counts["train"] + counts["kept_out"], counts["repeated"]) == (230, 10)
    assert {*kept_out} <= {*(drawn / KEPT_OUT).read_text("utf-8").splitlines()}
    stated = tomllib.loads((drawn / "language.toml").read_text("utf-8"))
    assert [entry["file"] for entry in stated["texts"]] == ["dos.txt", "tres.txt", "uno.txt"]
    assert stated["name"] == "Klingon"


def test_lines_in_another_language_are_shown(texts: Path, command_line: CommandLine) -> None:
    """`language new` lists lines that look like another language, which would spoil the model."""
    (texts / "glosas.txt").write_text("\n".join(_SPANISH[:1]), "utf-8")
    ended = command_line("language", "new", _CODE, texts, "--to", texts.parent / "x", "--lang", "es")
    assert "líneas que parecen spa (español): 1" in ended.out
    assert "Los vecinos de la caleta" in ended.out
    assert "siguiente: latam-corpus language train" in ended.out


def _leak(folder: Path) -> None:
    line = (folder / KEPT_OUT).read_text("utf-8").splitlines()[0]
    with (folder / TRAIN).open("a", encoding="utf-8") as file:
        file.write(line.upper() + "\n")


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (_leak, "una línea reservada para medir está también en train.txt"),
        (lambda folder: (folder / KEPT_OUT).write_text("x\n"), "se modificó después de que `language new` lo escribió"),
        (lambda folder: (folder / KEPT_OUT).unlink(), "no existe"),
        (lambda folder: (folder / TRAIN).write_text(""), "train.txt: está vacío"),
        (lambda folder: (folder / "language.toml").write_text("code = "), "no se puede leer"),
        (lambda folder: (folder / "language.toml").write_text('code = "tlh"\n'), "no se puede leer"),
    ],
)
def test_a_folder_that_was_damaged_is_not_trained(
    drawn: Path, command_line: CommandLine, damage: Any, problem: str
) -> None:
    """A changed or missing file of the folder is an error, and no model is written."""
    damage(drawn)
    ended = command_line("language", "train", drawn, "--lang", "es")
    assert (ended.code, problem in ended.err) == (2, True), ended.err
    assert not list(drawn.glob("*.ftz"))


@pytest.mark.parametrize(
    ("code", "content", "problem"),
    [
        ("tlh", "uno dos\n" * 100, "1 línea distinta con palabras es muy poco"),
        ("tlh", "1 2 3\n" * 100, "0 líneas distintas"),
        ("mixteco", "uno\n", "mixteco"),
        ("xx1", "uno\n", "xx1"),
    ],
)
def test_too_few_lines_and_unknown_codes_are_refused(
    tmp_path: Path, command_line: CommandLine, code: str, content: str, problem: str
) -> None:
    """Too few lines and an unknown code are errors, and no folder is created."""
    (tmp_path / "a.txt").write_text(content)
    ended = command_line("language", "new", code, tmp_path / "a.txt", "--to", tmp_path / "x", "--lang", "es")
    assert (ended.code, problem in ended.err) == (2, True), ended.err
    assert not (tmp_path / "x").exists()


def test_a_folder_with_other_files_is_not_overwritten(texts: Path, command_line: CommandLine) -> None:
    """`language new` refuses a folder with other files and leaves them as they are."""
    ended = command_line("language", "new", _CODE, texts, "--to", texts, "--lang", "pt")
    assert (ended.code, "a pasta tem outros arquivos" in ended.err) == (2, True)
    assert sorted(path.name for path in texts.iterdir()) == ["dos.txt", "uno.txt"]


def test_a_chosen_model_that_was_deleted_is_an_error(trained: Path, command_line: CommandLine, tmp_path: Path) -> None:
    """A deleted default model is an error, and `language use americas` restores the shipped one."""
    command_line("language", "use", trained)
    (trained / "americas-tlh.ftz").unlink()
    (tmp_path / "in.jsonl").write_text(json.dumps({"id": "a", "text": _SPANISH[0]}) + "\n")
    ended = command_line("stage", "identify", tmp_path / "in.jsonl", tmp_path / "out.jsonl", "--lang", "es")
    assert (ended.code, "el modelo que eligió `language use` ya no existe" in ended.err) == (2, True)
    assert command_line("language", "use", "americas").code == 0
    assert command_line("stage", "identify", tmp_path / "in.jsonl", tmp_path / "out.jsonl").code == 0


def test_only_languages_of_the_americas_need_listed_words() -> None:
    """The shipped model lists words of the languages of the Americas, which need them, and of four others."""
    model = load("americas")
    named = {group for group in model.groups if model.needs_words(group)}
    assert not named & set(RULE.colonial)
    assert {group for group in model.words if group not in RULE.colonial} <= named
    assert not model.needs_words("deu")


def test_a_model_of_few_languages_misnames_others() -> None:
    """A model of two languages names most rows in other languages as one of them; the shipped model names none."""
    whole = load("americas")
    indices = [index for index, label in enumerate(whole.labels) if label.name in ("spa_Latn", "por_Latn")]
    assert whole._vectors  # noqa: SLF001  (no such model is shipped)
    parts = dataclasses.replace(whole._vectors.parts, output=whole.output[indices])  # noqa: SLF001
    model = dataclasses.replace(
        whole,
        labels=tuple(whole.labels[index] for index in indices),
        _vectors=dataclasses.replace(whole._vectors, parts=parts),  # noqa: SLF001
    )
    rows, names = misnamed_rows(model)
    assert rows > 2000
    assert names.total() > 0.5 * rows
    assert set(names) == {"spa", "por"}
    assert misnamed_rows(whole) == (0, {})
