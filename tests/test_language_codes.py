"""A language's code admits certain rows, and all comparisons of codes follow this rule."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.catalog.harvest_tables import CommonCrawl
from latam_corpus.codes import admits, groups, holder, iso_code, narrowed
from latam_corpus.errors import ConfigError
from latam_corpus.harvest.commoncrawl.capture_index import Capture
from latam_corpus.harvest.commoncrawl.capture_plan import why_not
from latam_corpus.intake.check_source import check_source
from latam_corpus.intake.preview_page import to_look_at
from latam_corpus.language.identify import Identify
from latam_corpus.language.judge import LanguageJudgement
from latam_corpus.paths import data_folder
from latam_corpus.pipeline.execution.one_stage import with_language
from latam_corpus.pipeline.planning.survival import Floors, losses
from latam_corpus.policies.policy import Policies
from latam_corpus.quality.measure import Measure
from latam_corpus.quality.signal_resources import cached_word_lists

if TYPE_CHECKING:
    from conftest import CommandLine

SPANISH = "La señora abrió la puerta y vio que el perro había vuelto con la pata herida, y no dijo nada a nadie."
SOURCE = 'id = "relatos"\ntitle = "Relatos"\nholder = "Biblioteca"\nlanguages = ["{code}"]\n'


@pytest.mark.parametrize(
    ("requested", "row", "admitted"),
    [
        ("quy", "quy_Latn", True),  # the same
        ("que", "quy_Latn", True),  # a member of a macrolanguage
        ("quy", "que_Latn", True),  # the macrolanguage, of which nobody could tell the member
        ("que", "que_Latn", True),
        ("quy", "quz_Latn", False),  # a sibling
        ("nah", "nci_Latn", True),  # a member of a collection
        ("nah", "azz_Latn", True),
        ("azz", "nah_Latn", True),  # the collection
        ("azz", "nci_Latn", False),
        ("myn", "quc_Latn", True),
        ("zap", "zai_Latn", True),
        ("aym", "ayr_Latn", True),
        ("nor", "nob_Latn", True),  # a macrolanguage that is no group here
        ("nob", "nor_Latn", True),
        ("nob", "nno_Latn", False),
        ("spa", "spa_Latn", True),
        ("spa", "que_Latn", False),  # unrelated
        ("que", "spa_Latn", False),
        ("nah", "que_Latn", False),
        ("quy", "und", False),
        ("und", "und", True),
    ],
)
def test_a_code_admits_itself_its_members_and_a_group_that_cannot_be_told_finer(
    requested: str, row: str, admitted: bool
) -> None:
    """A requested language gets its own texts, its members' and those known only as its group, never a sibling's."""
    assert admits(requested, row) is admitted


@pytest.mark.parametrize(
    ("language", "declared", "expected"),
    [
        ("que_Latn", "quy", "quy_Latn"),
        ("nah_Latn", "azz", "azz_Latn"),
        ("que_Latn", "que", "que_Latn"),
        ("que_Latn", "spa", "que_Latn"),
        ("que_Latn", "runasimi", "que_Latn"),
        ("que_Latn", None, "que_Latn"),
        ("quz_Latn", "quy", "quz_Latn"),
        ("spa_Latn", "quy", "spa_Latn"),
        ("und", "quy", "und"),
    ],
)
def test_a_source_names_the_member_where_a_text_shows_its_group_alone(
    language: str, declared: str | None, expected: str
) -> None:
    """The identified group is narrowed to the member that its source declares; other results never change."""
    assert narrowed(language, declared) == expected


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[LanguageJudgement]:
    """Return the model's verdict on each text, to be set by the test."""
    results: list[LanguageJudgement] = []
    monkeypatch.setattr("latam_corpus.language.identify.judge", lambda *_: list(results))
    return results


def test_a_recipe_that_asks_for_a_member_keeps_what_is_known_as_its_group(shown: list[LanguageJudgement]) -> None:
    """Rows of the group are kept; those of a sibling and those whose source declares a sibling are dropped."""
    shown += [LanguageJudgement(code, 0.9) for code in ("quy_Latn", "que_Latn", "que_Latn", "que_Latn", "quz_Latn")]
    frame = pl.DataFrame(
        {"text": ["a"] * 5, "declared_language": [None, None, "quy-PE", "quz", "quy"]},
        schema={"text": pl.String, "declared_language": pl.String},
    )
    created = Identify(languages=("quy",))(Batch(frame)).frame
    assert created["language"].to_list() == ["quy_Latn", "que_Latn", "quy_Latn", "quz_Latn", "quz_Latn"]
    assert created["drop_reason"].to_list() == [None, None, None, "language=quz", "language=quz"]
    # The ledger says that the member is the source's word.
    assert [json.loads(evidence).get("shown") for evidence in created["evidence"][3:]] == ["que_Latn", None]


def test_the_languages_of_a_mixed_document_are_narrowed_with_its_own(shown: list[LanguageJudgement]) -> None:
    """The first entry of `languages` stays the language of the document."""
    shown += [LanguageJudgement("que_Latn", 0.9, (("que_Latn", 0.7), ("spa_Latn", 0.3)))]
    created = Identify()(Batch(pl.DataFrame({"text": ["a"], "declared_language": ["quy"]}))).frame
    assert created["languages"][0].to_list()[0]["code"] == created["language"][0] == "quy_Latn"


def test_a_language_that_the_model_cannot_name_is_refused() -> None:
    """No text could ever be kept for it, so it is refused before anything runs, with the nearest codes."""
    with pytest.raises(ConfigError, match=r"can't identify «yrl» \(Nhengatu\)"):
        Identify(languages=("spa", "yrl"))
    with pytest.raises(ConfigError, match=r"can't identify «gnn» .*nearest of its .*gun \(Mbyá Guaraní\)"):
        Identify(languages=("gnn",))


def test_check_refuses_a_recipe_that_asks_for_what_the_model_cannot_name(
    tmp_path: Path, command_line: CommandLine
) -> None:
    """`check` ends with 2, and names recipe, stage and language."""
    recipe = tmp_path / "receta.toml"
    recipe.write_text(
        'title = "Nheengatu"\ngenre = "news"\nsources = ["agencia-brasil"]\n[[stage]]\nuse = "extract"\n'
        '[[stage]]\nuse = "identify"\nlanguages = ["por", "yrl"]\n'
    )
    result = command_line("check", recipe)
    assert result.code == 2
    assert "stage 2" in result.err
    assert "yrl" in result.err


@pytest.mark.parametrize("code", ["nah", "oto", "que", "azz", "zap"])
def test_a_source_may_be_in_any_language_or_collection_that_recipes_name(code: str) -> None:
    """A source file may state any language that a recipe may request."""
    source, _ = check_source(SOURCE.format(code=code))
    assert source is not None
    assert source.languages == (code,)


def test_a_family_whose_members_nobody_listed_is_refused_as_one() -> None:
    """A code of ISO 639-5 without a list isn't reported as a typing error."""
    source, results = check_source(SOURCE.format(code="tup"))
    assert source is None
    reported = [finding.in_language("es") for finding in results]
    assert reported == ["línea 4, «languages (1)»: «tup» es una familia de lenguas; indique sus lenguas, una por una"]
    with pytest.raises(ConfigError, match="family of languages"):
        iso_code("tup", "receta.toml")


def test_all_codes_of_shipped_recipes_are_known_and_named_by_the_model() -> None:
    """Each recipe's stages can be made with the languages that it asks for."""
    for path in sorted(Path(data_folder("pipelines")).glob("*.toml")):
        for stage in tomllib.loads(path.read_text())["stage"]:
            if stage["use"] == "identify":
                assert Identify(languages=tuple(stage.get("languages", ())))


def _losses(rows: Counter[Any], **floors: Any) -> list[tuple[str, int, int]]:
    dropped = Counter({("filter", *key, "x"): n for key, n in rows.items()})
    results = losses(Counter(), dropped, ("identify", "filter"), "identify", Floors(**floors))
    return [(loss.value, loss.rows_in, loss.kept) for loss in results if loss.kind == "language"]


def _rows(**by_language: int) -> Counter[Any]:
    return Counter({("news", "a", f"{code}_Latn", "", ""): n for code, n in by_language.items()})


def test_a_floor_on_a_group_judges_all_its_members_together() -> None:
    """Members with too few rows for a judgement of their own are judged together, as the floor names them."""
    assert _losses(_rows(quy=12, quz=14, spa=5), floor=0.0, language={"que": 0.5}) == [("que", 26, 0)]


def test_a_floor_on_a_member_counts_what_is_known_as_its_group() -> None:
    """A floor on Ayacucho Quechua counts all rows that a request for this language admits."""
    assert _losses(_rows(quy=12, que=14, quz=40), floor=0.0, language={"quy": 0.5}) == [("quy", 26, 0)]


def test_a_lenient_floor_on_a_group_holds_for_its_members() -> None:
    """A member without a floor of its own has its group's, not the recipe's general one."""
    assert not _losses(_rows(quy=30), floor=0.9, language={"que": 0.0})
    assert _losses(_rows(quy=30), floor=0.9, language={"que": 0.0, "quy": 0.5}) == [("quy", 30, 0)]


@pytest.mark.parametrize(
    ("code", "file"),
    [
        *(
            ("npl_Latn", "nah"),
            ("nci", "nah"),
            ("nah_Latn", "nah"),
            ("azz", "azz"),
            ("ayr_Latn", "aym"),
            ("quf", "que"),
        ),
        *(("quy", "quy"), ("es-CL", "spa"), ("tzc", "tzo"), ("ote", "oto"), ("deu", "und"), ("", "und")),
    ],
)
def test_a_language_without_a_policy_has_its_groups(code: str, file: str) -> None:
    """The policy is its own file, one that covers it, that of its group or macrolanguage, or the general one."""
    assert Policies.load().language(code).language == file


def test_a_word_list_of_a_group_serves_its_members(tmp_path: Path) -> None:
    """`nah.txt` counts for a text in Highland Puebla Nahuatl, whose policy is its own file."""
    (tmp_path / "nah.txt").write_text("tonali\n")
    frame = pl.DataFrame({"doc_id": ["1"], "text": ["tonali tonali"], "language": ["azz_Latn"]})
    stage = Measure(signals=("dictionary_word_rate",), word_lists=str(tmp_path))
    assert stage(Batch(frame)).frame["signals"].struct.field("dictionary_word_rate")[0] == 1.0
    assert holder("azz_Latn", {"nah"}) == "nah"


@pytest.mark.parametrize(
    ("code", "remedy"), [("spanish", "write «spa»"), ("Aymara", "write «aym»"), ("quyx", "did you mean «quy»?")]
)
def test_rows_in_a_language_that_there_isnt_are_refused(code: str, remedy: str) -> None:
    """An unknown language is refused, because the loosest bounds would apply to it without a note."""
    batch = Batch(pl.DataFrame({"text": ["La luz."], "language": [code], "genre": ["news"]}))
    with pytest.raises(ConfigError, match=re.escape(remedy)):
        Measure()(batch)


def test_a_language_that_a_source_names_in_words_is_no_code() -> None:
    """Such rows are identified; a code of two letters or with a script counts as a code."""
    declared = ["Castellano", "es", "spa_Latn", "spax"]
    text = "Se fue la luz en todo el barrio de abajo."
    frame = pl.DataFrame({"doc_id": ["a", "b", "c", "d"], "text": [text] * 4, "declared_language": declared})
    rows = frame.with_columns(pl.lit(None, pl.String).alias("language"))
    results = with_language(rows, [Measure()], lambda _: None)
    assert results["language"].to_list() == ["spa_Latn", "es", "spa_Latn", "spa_Latn"]


@pytest.mark.parametrize(("name", "remedy"), [("es", "name it spa.txt"), ("quechua", "unknown language code")])
def test_a_word_list_under_a_name_that_no_text_has_is_refused(tmp_path: Path, name: str, remedy: str) -> None:
    """A list that would never be used is reported."""
    (tmp_path / f"{name}.txt").write_text("casa\n")
    with pytest.raises(ConfigError, match=remedy):
        cached_word_lists(str(tmp_path))


def test_a_capture_in_the_group_of_a_language_is_fetched() -> None:
    """Common Crawl's index has Quechua and no member of it."""
    table = CommonCrawl(index=("a.cdx",), domains=("pe",), languages=("quy",))
    for result, why in (("que", None), ("quz", "language"), ("spa", "language")):
        capture = Capture("https://g.pe/a", "", 200, "text/html", (result,), "", f"{table.records}a.warc.gz", 0, 9)
        assert why_not(table, capture, capture.url) == why


def test_a_preview_calls_a_member_no_other_language() -> None:
    """A text in the group or in a member of the stated language needs no review."""
    words = "palabra " * 30
    assert not to_look_at(words, "quy_Latn", ["que"])
    assert not to_look_at(words, "que_Latn", ["quy"])
    assert to_look_at(words, "quz_Latn", ["quy"])


def test_the_catalogue_is_searched_by_the_same_rule(command_line: CommandLine) -> None:
    """A search for Nahuatl finds sources in its languages, and one for a member finds the macrolanguage."""

    def ids_of(named: str) -> set[str]:
        reported = json.loads(command_line("sources", "list", "--language", named, "--json").out)
        return {source["id"] for source in reported}

    assert "ud-highland-puebla-nahuatl" in ids_of("náhuatl")
    assert "wikipedia-qu" in ids_of("quy")
    assert "wikipedia-qu" not in ids_of("nah")


def test_work_made_with_other_groups_is_not_taken_for_this_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed `groups.toml` changes the fingerprints of the work that depends on it."""
    previous = Identify().fingerprint(), Policies.load().bounds_digest(), Policies.load().lexicon_digest()
    changed_groups = dataclasses.replace(groups(), digest="other")
    for room in ("language.identify", "policies.policy"):
        monkeypatch.setattr(f"latam_corpus.{room}.groups", lambda: changed_groups)
    current = Identify().fingerprint(), Policies.load().bounds_digest(), Policies.load().lexicon_digest()
    assert all(a != b for a, b in zip(previous, current, strict=True))
