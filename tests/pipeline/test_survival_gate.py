"""The survival gate: a run that loses too much of a source, language, genre or country makes no release."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from built_versions import build

from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.pipeline.planning.survival import Floors, Loss, losses
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, KeptRun, SealRun, SmallRecipe, SmallSource

STAGES = ("collect", "identify", "filter", "supersede", "dedupe")
GOOD = "La señora abrió la puerta y vio que el perro había vuelto con la pata herida, y no dijo nada a nadie. Caso {}."


def group(
    n: int, language: str = "spa_Latn", *, genre: str = "news", source: str = "a", country: str = ""
) -> Counter[Any]:
    """N documents of one group, declared as Spanish."""
    return Counter({(genre, source, language, "es", country): n})


def fallen(n: int, stage: str, reason: str, language: str = "spa_Latn", **second: str) -> Counter[Any]:
    """N documents of one group that a stage dropped."""
    [(key, rows)] = group(n, language, **second).items()
    return Counter({(stage, *key, reason): rows})


def told(kept: Counter[Any], dropped: Counter[Any], **floors: Any) -> list[tuple[str, str, str, int, int]]:
    """Return the losses without floors and reasons."""
    actual = losses(kept, dropped, STAGES, "identify", Floors(**floors))
    return [(loss.stage, loss.kind, loss.value, loss.rows_in, loss.kept) for loss in actual]


def test_a_small_group_that_nearly_vanishes_is_found_among_many_that_stay() -> None:
    """A stage kept 960 of 1,000 documents, but only 10 of 50 of one genre."""
    kept = group(950) + group(10, genre="lyrics")
    assert told(kept, fallen(40, "filter", "words_per_line<6", genre="lyrics")) == [
        ("filter", "genre", "lyrics", 50, 10)
    ]


def test_what_enters_a_stage_is_what_left_the_one_before() -> None:
    """Two stages that drop a third each are judged by their own inputs."""
    dropped = fallen(40, "filter", "x") + fallen(40, "dedupe", "duplicate")
    assert told(group(40), dropped, floor=0.6) == [
        ("dedupe", "source", "a", 80, 40),
        ("dedupe", "language", "spa", 80, 40),
        ("dedupe", "genre", "news", 80, 40),
    ]


def test_before_it_is_identified_a_document_counts_under_its_declared_language() -> None:
    """Texts that `identify` took for English count as losses of Spanish."""
    dropped = fallen(60, "identify", "language=eng", "eng_Latn", source="b")
    assert ("identify", "language", "spa", 100, 40) in told(group(40), dropped)
    assert not [loss for loss in told(group(40), dropped) if "eng" in loss[2]]
    undetermined = fallen(60, "filter", "word_count<20", "und")
    assert ("filter", "language", "spa", 100, 40) in told(group(40), undetermined)


def test_floors_of_groups_count_before_those_of_stages() -> None:
    """Small groups under `least` and superseded records aren't judged."""
    dropped = fallen(90, "filter", "x")
    assert told(group(10), dropped, stage={"filter": 0.05}) == []
    assert [loss[1] for loss in told(group(10), dropped, stage={"filter": 0.05}, language={"spa": 0.5})] == ["language"]
    assert told(group(10), dropped, least=101) == []
    assert told(group(10), fallen(90, "supersede", "superseded")) == []
    assert len(told(group(10), fallen(90, "dedupe", "duplicate"))) == 3


def test_the_country_is_named_with_the_stage_and_the_most_frequent_reasons() -> None:
    """At most three reasons are named, the most frequent first."""
    dropped = sum((fallen(n, "filter", f"r{n}", country="BO") for n in (1, 4, 9, 16)), Counter[Any]())
    [loss] = losses(group(99) + group(3, country="BO"), dropped, STAGES, None, Floors())
    assert (loss.kind, loss.value, loss.rows_in, loss.kept) == ("country", "BO", 33, 3)
    assert loss.reasons == {"r16": 16, "r9": 9, "r4": 4}


@pytest.fixture
def corpus(tmp_path: Path, small_recipe: SmallRecipe, small_source: SmallSource) -> Any:
    """Return a maker of recipes whose filter drops 25 menus of Bolivia and keeps 30 stories of Chile."""

    def make(survival: str = "") -> Path:
        (tmp_path / "filters" / "languages").mkdir(parents=True, exist_ok=True)
        (tmp_path / "filters" / "genres").mkdir(exist_ok=True)
        (tmp_path / "filters" / "languages" / "und.toml").write_text('language = "und"\nname = "Undetermined"\n')
        bounds = "[bounds]\nwords_per_line = { min = 3.5 }\n"
        (tmp_path / "filters" / "genres" / "literature.toml").write_text(f'genre = "literature"\n{bounds}')
        columns = 'id = "id"\ntext = "text"\ncountry = "pais"'
        (tmp_path / "fuente.toml").write_text(small_source(f'files = ["*.jsonl"]\n[collect.columns]\n{columns}'))
        rows = [
            {"id": f"c{n}", "text": " ".join(GOOD.format(n * 10 + i) for i in range(5)), "pais": "CL"}
            for n in range(30)
        ]
        rows += [
            {"id": f"m{n}", "text": f"Inicio\nContacto\nMapa del sitio\nAyuda {n}", "pais": "BO"} for n in range(25)
        ]
        (tmp_path / "datos").mkdir(exist_ok=True)
        (tmp_path / "datos" / "d.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        recipe = tmp_path / "receta.toml"
        recipe.write_text(small_recipe("identify", f'filter policies = "{tmp_path}/filters"', release=f"\n{survival}"))
        return recipe

    return make


def test_a_run_below_its_floor_makes_no_release_until_someone_says_why(
    corpus: Any, tmp_path: Path, command_line: CommandLine
) -> None:
    """The error names stage, group and reason; a written reason is on the card and in the manifest."""
    run = ("run", corpus("[survival]\nfloor = 0.4"), "--input", tmp_path / "datos", "--out", tmp_path / "out")
    refused = command_line(*run, "--engine", "in-process")
    assert refused.code == 1
    assert "filter kept 0 of 25 documents of the country BO (0 %, floor 40 %)" in refused.out
    assert "no version is built" in refused.out
    assert Store.at(tmp_path / "out" / "store").names() == []
    [folder] = (tmp_path / "out" / "runs").iterdir()
    repeated = command_line("release", "build", "prueba", folder.name, "--out", tmp_path / "out")
    assert repeated.code == 1
    assert "country BO" in repeated.err
    assert "--accept-loss" in repeated.err
    passed = command_line(*run, "--engine", "in-process", "--accept-loss", "son menús del sitio", "--json").json
    assert passed["accepted_loss"] == "son menús del sitio"
    assert [path.name for path in (tmp_path / "out" / "runs").iterdir()] == [folder.name]
    assert json.loads((folder / "run.json").read_text())["accepted_loss"] == "son menús del sitio"
    # It was said of this very result, and is told again.
    assert "accepted because: son menús del sitio" in command_line(*run, "--engine", "in-process").out
    version = passed["release"]["version"]
    manifest = load_manifest(Store.at(tmp_path / "out" / "store"), "prueba", version)
    assert {(loss.kind, loss.value, loss.accepted) for loss in manifest.accepted_losses} == {
        ("country", "BO", "son menús del sitio")
    }
    card = (tmp_path / "out" / "store" / "releases" / "prueba" / version / "README.md").read_text()
    assert "It was accepted because: son menús del sitio" in card
    assert "| filter | country BO | 25 | 0 | 40 % |" in card
    shown = command_line("release", "show", "prueba", "--out", tmp_path / "out").out
    assert "filter kept 0 of 25 documents of the country BO, accepted because: son menús del sitio" in shown


def test_a_reason_given_when_nothing_is_lost_stands_nowhere(
    corpus: Any, tmp_path: Path, command_line: CommandLine
) -> None:
    """Without a loss, the reason isn't stored."""
    recipe = corpus("[survival]\nfloor = 0.4\ncountry = { BO = 0 }")
    run = ("run", recipe, "--input", tmp_path / "datos", "--out", tmp_path / "out", "--engine", "in-process", "--json")
    created = command_line(*run, "--accept-loss", "por si acaso").json
    assert created["release"]
    assert (created["losses"], created["accepted_loss"]) == ([], None)


@pytest.mark.parametrize(
    ("survival", "expected"),
    [
        ("[survival]\nfloor = 1.5", "«survival.floor» is 1.5"),
        ("[survival]\nflor = 0.5", "did you mean «floor»?"),
        ("[survival.stage]\nfiltr = 0.5", "did you mean «filter»?"),
        ("[survival.source]\nfuentes = 0.5", "did you mean «fuente»?"),
        ("[survival.genre]\nlyric = 0.5", "did you mean «lyrics»?"),
        ("[survival.country]\nBO = -1", "«survival.country.BO» is -1"),
        ("[survival.country]\nbo = 0.5", "write BO"),
        ("[survival.language]\nspax = 0.5", "unknown language code «spax»; did you mean «spx»?"),
    ],
)
def test_wrong_floors_are_found_before_anything_runs(
    corpus: Any, command_line: CommandLine, survival: str, expected: str
) -> None:
    """The error names the file and the closest name."""
    ended = command_line("check", corpus(survival))
    assert ended.code == 2
    assert expected in ended.err
    assert "receta.toml" in ended.err


def test_an_empty_reason_is_refused(corpus: Any, tmp_path: Path, command_line: CommandLine) -> None:
    """The card would have an empty reason."""
    ended = command_line(
        "run", corpus(), "--input", tmp_path / "datos", "--out", tmp_path / "out", "--accept-loss", " "
    )
    assert ended.code == 2
    assert "write why" in ended.err


def test_an_empty_reason_is_refused_by_build_as_well(tmp_path: Path, document: Any, kept_run: KeptRun) -> None:
    """The Python function refuses it, too, and nothing is written."""
    folder = kept_run("cuentos-1", [document(0)])
    terms: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "created": document(0)["obtained"]}
    with pytest.raises(ConfigError, match="write why"):
        build("puerto", [folder], tmp_path / "store", accept_loss="  ", **terms)
    assert not (tmp_path / "store" / "releases").exists()


def test_build_takes_a_reason_for_runs_that_have_none(
    tmp_path: Path, document: Any, kept_run: KeptRun, seal_run: SealRun
) -> None:
    """A run's own reason is kept; the new one is for runs without one."""
    folder = kept_run("cuentos-1", [document(n) for n in range(3)])
    loss = Loss("filter", "language", "ayr_Latn", 40, 3, 0.5, {"word_count<20": 37})
    seal_run(folder, losses=[loss.as_dict()])
    terms: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "created": document(0)["obtained"]}
    with pytest.raises(ReleaseError, match="filter kept 3 of 40 documents of the language ayr_Latn"):
        build("puerto", [folder], tmp_path / "store", **terms)
    created = build("puerto", [folder], tmp_path / "store", accept_loss="todo es menú", **terms)
    assert created.accepted_losses[0].accepted == "todo es menú"


def test_a_version_built_upon_another_keeps_what_was_let_pass(
    tmp_path: Path, document: Any, kept_run: KeptRun, seal_run: SealRun
) -> None:
    """The parent's reason is kept, unless the same run is named again."""
    folder = kept_run("cuentos-1", [document(n) for n in range(3)])
    loss = Loss("filter", "language", "ayr_Latn", 40, 3, 0.5, {"word_count<20": 37})
    seal_run(folder, losses=[loss.as_dict()], accepted_loss="todo es menú")
    terms: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "created": document(0)["obtained"]}
    first = build("puerto", [folder], tmp_path / "store", **terms)
    second = kept_run("cuentos-2", [document(7)])
    upon = build("puerto", [second], tmp_path / "store", parent="latest", **terms)
    assert upon.accepted_losses == first.accepted_losses
    card = (tmp_path / "store" / "releases" / "puerto" / upon.version / "README.md").read_text()
    assert "It was accepted because: todo es menú" in card
    rebuilt = build("puerto", [], tmp_path / "store", parent="latest", **terms)
    assert (rebuilt.version, rebuilt.accepted_losses) == (upon.version, first.accepted_losses)
    seal_run(folder, losses=[], accepted_loss=None)
    assert build("puerto", [folder], tmp_path / "store", parent="latest", **terms).accepted_losses == ()
