"""The order of keeping is terms, damage, length, date and id, and no content is lost by it."""

from __future__ import annotations

import json
import lzma
import os
import random
import unicodedata
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus import schema
from latam_corpus.audit.copies import lines, why_kept
from latam_corpus.batch import Batch
from latam_corpus.corpus import Frames
from latam_corpus.dedupe.decide.order import Keeping, in_order
from latam_corpus.dedupe.dedupe import Dedupe
from latam_corpus.dedupe.fingerprints.anchors import stream_and_accents
from latam_corpus.dedupe.fingerprints.damage import CLASSES, damage_of
from latam_corpus.dedupe.fingerprints.fingerprint import Fingerprint
from latam_corpus.dedupe.fingerprints.scheme import DAMAGE
from latam_corpus.pipeline.planning.plan import make_plan
from latam_corpus.pipeline.planning.recipe import load_recipe
from latam_corpus.pipeline.stored_runs.keys import stage_digest
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conftest import CommandLine, SmallRecipe

DATA = Path(os.environ.get("LATAM_CORPUS_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
_DAY = datetime(2024, 5, 1, tzinfo=UTC)
_SPANISH = (
    "Había una vez, según contaban allí, un farero que todavía creía en las cartas. Después de la tormenta bajó a la "
    "playa y halló una botella; también halló un zapato, así que se sentó a esperar al otro. No había más gente en la "
    "isla, pero él decía que el mar traía a cada uno lo suyo, y que jamás se quedaba con nada que alguien buscara. Los "
    "pescadores que venían del puerto lo habían visto allá arriba, junto a la lámpara, leyendo en voz alta. Leía "
    "también los domingos. Algún día, les dijo, vendrá quien perdió este zapato y me preguntará por él; entonces le "
    "daré además la botella, que tenía dentro un papel en blanco, y así podrá escribir lo que todavía no sabía decir. "
    "Los pescadores reían, aunque después, en la cantina, ninguno hablaba de otra cosa. Allí está la botella, hoy, "
    "sobre la mesa del museo; el papel se perdió, según dicen, cuando el agua entró por la ventana del sur."
)
_PORTUGUESE = (
    "Não havia luz na vila, mas até as crianças sabiam o caminho da fonte. Então o sineiro, que já não era moço, subiu "
    "a torre só para ver se a nuvem vinha do rio. Você também virá, disse à neta, porém não agora. Lá em cima não se "
    "ouvia nada; estão todos à mesa, pensou, e já não esperam por mim. Até que viu, do outro lado, uma vela acesa na "
    "janela da escola, tão pequena que só ele a via. São os rapazes, disse então, que não têm medo do escuro e estão a "
    "ler à luz de uma vela. Desceu devagar, porém contente, e não contou a ninguém. Depois, já velho, dizia que as "
    "luzes se contam de longe, e que há sempre uma que não se apaga. Você não acredita, dizia à neta, mas até hoje vão "
    "lá os rapazes, então já homens, e acendem a mesma vela na janela da mesma escola."
)
_MORE = " Impreso en la casa de la viuda para todos los lectores de esta villa."  # thirteen words
_PASSAGE = " ".join(f"capítulo{n} nuevo{n}" for n in range(20))
_TEXTS = pytest.mark.parametrize(
    ("text", "language"), [(_SPANISH, "spa_Latn"), (_PORTUGUESE, "por_Latn"), (_SPANISH, "und"), (_PORTUGUESE, None)]
)


def _bare(text: str) -> str:
    """Return the text without accents."""
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if unicodedata.category(letter) != "Mn")


def _mojibake(text: str) -> str:
    """Return the text with its UTF-8 decoded as Windows-1252."""
    return text.encode().decode("cp1252", "replace")


def _misread(text: str, share: float = 0.06) -> str:
    """Return the text with some letters misread as by a scanner."""
    chance = random.Random(7)
    like = {"o": "0", "l": "1", "i": "1", "e": "c", "n": "u", "s": "5", "b": "h"}
    return "".join(like.get(letter, letter) if chance.random() < share else letter for letter in text)


_DAMAGES = pytest.mark.parametrize(
    ("damage", "kind"), [(_bare, "accents_missing"), (_mojibake, "mojibake"), (_misread, "misread")]
)


def _frame(rows: Mapping[str, Any]) -> pl.DataFrame:
    """Return documents by id, each given as its text or as columns; by default Spanish, open and of one day."""
    usual = {"rights_tier": "open", "obtained": _DAY, "language": "spa_Latn", "uses": ["train"]}
    documents = [
        usual | {"doc_id": name} | ({"text": row} if isinstance(row, str) else row) for name, row in rows.items()
    ]
    result = schema.conform(pl.DataFrame(documents, infer_schema_length=None), schema.DOCUMENT_SCHEMA)
    return Fingerprint(sketch=True)(Batch(result)).frame


def _decided(rows: Mapping[str, Any], stage: Dedupe | None = None) -> dict[str, dict[str, Any]]:
    """Return the decisions on dropped documents, after checking that the order of rows doesn't matter."""
    frame = _frame(rows)
    decisions = [_once(each, stage or Dedupe()) for each in (frame, frame.reverse())]
    assert decisions[0] == decisions[1]
    return decisions[0]


def _once(frame: pl.DataFrame, stage: Dedupe) -> dict[str, dict[str, Any]]:
    ids = frame["doc_id"].to_list()
    result = pl.concat(stage.decide(Frames((frame,))), how="diagonal").drop("doc_id", "kept_row", strict=False)
    rows = {ids[row.pop("row")]: row for row in result.iter_rows(named=True) if row["drop_reason"]}
    return {name: row | {"evidence": json.loads(row["evidence"])} for name, row in sorted(rows.items())}


def _kept_by(rows: Mapping[str, Any], stage: Dedupe | None = None) -> tuple[str, str]:
    """Return the kept one of two copies, and the step of the order that decided."""
    [(name, row)] = _decided(rows, stage).items()
    assert name != row["duplicate_of"]
    return row["duplicate_of"], row["evidence"]["decided_by"]


@_TEXTS
@_DAMAGES
def test_the_sound_copy_is_kept_though_the_damaged_one_is_longer(
    text: str, language: str | None, damage: Callable[[str], str], kind: str
) -> None:
    """An undamaged copy is kept rather than a longer one that is damaged, in an unknown language too."""
    rows = {
        "a": {"text": damage(text) + _MORE, "language": language, "obtained": _DAY - timedelta(days=9)},
        "b": {"text": text, "language": language},
    }
    [(name, decision)] = _decided(rows).items()
    assert (name, decision["duplicate_of"], decision["evidence"]["decided_by"]) == ("a", "b", "damage")
    assert decision["evidence"][kind] > decision["evidence"][f"kept_{kind}"] == 0
    assert decision["containment"] > 0.55


@_DAMAGES
def test_a_damaged_copy_with_a_passage_more_is_not_lost(damage: Callable[[str], str], kind: str) -> None:
    """A damaged copy with forty additional words is kept in one cluster with the undamaged one."""
    frame = _frame({"a": f"{damage(_SPANISH)} {_PASSAGE}", "b": _SPANISH})
    result = pl.concat(Dedupe().decide(Frames((frame,))), how="diagonal")
    assert result["drop_reason"].null_count() == 2
    assert result["duplicate_cluster"].to_list() == ["a", "a"]
    assert frame[kind][0] >= CLASSES[0]


def test_of_two_sound_copies_the_one_with_a_passage_more_is_kept() -> None:
    """Without damage the longer copy is kept."""
    assert _kept_by({"a": _SPANISH, "b": f"{_SPANISH} {_PASSAGE}"}) == ("b", "words")


def _damage(words: WordTable, languages: list[str]) -> dict[str, pl.Series]:
    return damage_of(words, languages, stream_and_accents(words)[1][1])


def test_a_language_without_accents_is_not_damaged() -> None:
    """Missing accents are recognised only in languages with accented stop words."""
    words = WordTable.of([_bare(_SPANISH)] * 5)
    result = _damage(words, ["spa_Latn", "quy_Latn", "eng_Latn", "nah_Latn", "es-CL"])
    assert [share > 0 for share in result["accents_missing"]] == [True, False, False, False, True]
    english = (
        "The keeper of the light went down to the shore and found a bottle in which there was nothing to read. " * 8
    )
    assert _damage(WordTable.of([english]), ["und"])["accents_missing"].to_list() == [0]


def test_old_spelling_and_a_few_slips_are_not_damage() -> None:
    """A text with few missing accents, with two odd words or with brand names isn't damaged."""
    slips = _SPANISH.replace("Después", "Despues").replace("también", "tambien", 1)
    accents = _SPANISH.replace(" a ", " á ").replace(" o ", " ó ")
    names = _SPANISH.replace("farero", "farErO").replace("playa", "p1aya").replace("mesa", "YouTube WhatsApp McArthur")
    result = _damage(WordTable.of([slips, accents, names]), ["spa_Latn"] * 3)
    assert {name: result[name].to_list() for name in DAMAGE} == {name: [0, 0, 0] for name in DAMAGE}


def test_a_damaged_menu_makes_no_article_damaged() -> None:
    """Damage at the top and the foot of a page doesn't count for the article between them."""
    menu = "Inicio \ufffd\ufffd\ufffd Conteúd0s 0pinión Depo*rtes " * 5
    result = _damage(WordTable.of([f"{menu} {_SPANISH} {menu}", _misread(_SPANISH)]), ["spa_Latn"] * 2)
    assert [(result[kind][0], result[kind][1] > 0) for kind in ("mojibake", "misread")] == [(0, False), (0, True)]


def test_a_short_text_is_not_judged() -> None:
    """Damage is judged from forty words on."""
    words = (_bare("Después también según decían todavía, allí, más, así. ") * 9).split()
    texts = [" ".join(words[:39]), " ".join(words[:40])]
    assert [share > 0 for share in _damage(WordTable.of(texts), ["spa_Latn"] * 2)["accents_missing"]] == [False, True]


@pytest.mark.parametrize("copy", [_SPANISH, _SPANISH.replace("farero", "guardián")], ids=["equal", "near"])
@pytest.mark.parametrize(
    ("second", "by"),
    [
        ({"rights_tier": "unknown"}, "terms"),
        ({"rights_tier": "open", "uses": ["evaluate"]}, "terms"),
        ({"rights_tier": "open", "uses": []}, "terms"),
        ({"rights_tier": "open", "uses": None}, "terms"),
        ({"rights_tier": "open", "expires": date(2020, 1, 1)}, "terms"),
        ({"rights_tier": "open", "embargo_until": date(2040, 1, 1)}, "terms"),
        ({"rights_tier": "share_alike"}, "rights_tier"),
    ],
    ids=str,
)
def test_a_copy_that_the_release_may_not_use_displaces_none_that_it_may(
    copy: str, second: dict[str, Any], by: str
) -> None:
    """A copy that the release may not use never replaces one that it may, and the more open usable copy is kept."""
    stage = Dedupe(admit=("open", "attribution", "share_alike"), uses=("train", "redistribute"))
    both = ["train", "redistribute"]
    rows = {
        "a": {"uses": both}
        | second
        | {"text": copy + _MORE * (copy != _SPANISH), "obtained": _DAY - timedelta(days=9)},
        "b": {"text": _SPANISH, "rights_tier": "attribution", "uses": both},
    }
    assert _kept_by(rows, stage) == ("b", by)


@pytest.mark.parametrize("copy", [_SPANISH, _SPANISH.replace("farero", "guardián")], ids=["equal", "near"])
@pytest.mark.parametrize(
    ("shorter", "longer"),
    [
        ({"expires": date(2020, 1, 1)}, {"expires": date(2040, 1, 1)}),
        ({"embargo_until": date(2040, 1, 1)}, {"embargo_until": date(2020, 1, 1)}),
        ({"expires": date(2030, 1, 1), "embargo_until": date(2028, 1, 1)}, {"expires": date(2030, 1, 1)}),
    ],
    ids=str,
)
def test_of_copies_for_a_time_the_one_for_longer_is_kept(
    copy: str, shorter: dict[str, Any], longer: dict[str, Any]
) -> None:
    """Of copies with limited terms the one that may be used for longer is kept."""
    stage = Dedupe(admit=("open", "attribution"), uses=("train",))
    early = {"text": copy, "obtained": _DAY - timedelta(days=9)}
    rows = {"a": early | shorter, "b": {"text": _SPANISH, "rights_tier": "attribution"} | longer}
    assert _kept_by(rows, stage) == ("b", "terms")


@pytest.mark.parametrize("copy", [_SPANISH, _SPANISH.replace("farero", "guardián")], ids=["equal", "near"])
def test_copies_of_which_one_ends_before_the_other_begins_are_both_kept(copy: str) -> None:
    """Copies that may be used at different times are both kept, and a third one is dropped for the one it matches."""
    rows = {
        "now": {"text": copy, "expires": date(2027, 1, 1)},
        "then": {"text": _SPANISH, "embargo_until": date(2030, 1, 1)},
        "never": {"text": _SPANISH, "rights_tier": "unknown"},
    }
    result = _decided(rows, Dedupe(admit=("open",), uses=("train",)))
    assert set(result) == {"never"}
    frame = _frame(rows)
    built = pl.concat(Dedupe(admit=("open",), uses=("train",)).decide(Frames((frame,))), how="diagonal")
    assert set(built["duplicate_cluster"]) == {"never"}


def test_without_a_release_the_more_open_is_kept() -> None:
    """Without a release the more open copy is kept."""
    rows = {
        "a": {"text": _SPANISH, "rights_tier": "attribution"},
        "b": {"text": _bare(_SPANISH), "rights_tier": "open", "uses": []},
    }
    assert _kept_by(rows) == ("b", "rights_tier")


def test_length_counts_beyond_a_fiftieth() -> None:
    """Length decides only if it differs by at least a fiftieth."""
    words = " ".join(f"palabra{n} común{n % 7}" for n in range(500))
    early, late = _DAY, _DAY + timedelta(days=1)
    more = {n: {"text": f"{words} {' '.join(f'otra{m}' for m in range(n))}", "obtained": late} for n in (3, 100)}
    assert _kept_by({"a": more[3], "b": {"text": words, "obtained": early}}) == ("b", "obtained")
    assert _kept_by({"a": {"text": words, "obtained": early}, "b": more[100]}) == ("b", "words")


def test_date_and_id_settle_the_rest() -> None:
    """The earlier copy is kept, and on the same day the one with the smaller id."""
    copy = _SPANISH.replace("farero", "vigía")
    assert _kept_by({"a": {"text": copy, "obtained": _DAY + timedelta(1)}, "b": _SPANISH}) == ("b", "obtained")
    assert _kept_by({"b": copy, "a": _SPANISH}) == ("a", "doc_id")
    assert _kept_by({"b": _SPANISH, "a": _SPANISH.upper()}) == ("a", "doc_id")


def test_the_order_is_the_same_however_rows_lie() -> None:
    """Each step of the order comes before the next, and records without a date come last."""
    rows = pl.DataFrame(
        [
            {"row": 0, "rights_tier": "open", "words": 100, "accents_missing": 0, "obtained": None, "doc_id": "a"},
            {"row": 1, "rights_tier": "open", "words": 100, "accents_missing": 0, "obtained": _DAY, "doc_id": "c"},
            {"row": 2, "rights_tier": "open", "words": 101, "accents_missing": 1, "obtained": _DAY, "doc_id": "b"},
            {"row": 3, "rights_tier": "open", "words": 900, "accents_missing": 9, "obtained": _DAY, "doc_id": "d"},
            {
                "row": 4,
                "rights_tier": "permission",
                "words": 999,
                "accents_missing": 0,
                "obtained": _DAY,
                "doc_id": "e",
            },
            {
                "row": 5,
                "rights_tier": "nobody knows",
                "words": 999,
                "accents_missing": 0,
                "obtained": _DAY,
                "doc_id": "f",
            },
        ]
    ).with_columns(mojibake=0, misread=0, uses=None, expires=None, embargo_until=None)
    for seed in range(5):
        mixed = rows.sample(fraction=1.0, shuffle=True, seed=seed)
        assert in_order(Keeping().ranked(mixed))["row"].to_list() == [2, 1, 0, 3, 4, 5]


def test_a_plan_gives_the_stage_its_releases_terms(tmp_path: Path, small_recipe: SmallRecipe) -> None:
    """A plan gives the stage the release's terms unless it has its own; they change the decision, not the sketch."""
    (tmp_path / "fuente.toml").write_text(
        'id = "fuente"\ntitle = "Cuentos"\nholder = "Nadie"\nlanguages = ["spa"]\n[rights]\nstatement = "CC0-1.0"\n'
        'basis = "licence"\nuses = ["train"]\n[collect]\nfiles = ["*.jsonl"]\n',
        encoding="utf-8",
    )

    def planned(*given: str, **release: Any) -> tuple[Dedupe, str]:
        (tmp_path / "receta.toml").write_text(small_recipe(*given, **release), encoding="utf-8")
        first, *_ = make_plan(load_recipe(str(tmp_path / "receta.toml")), {}).segments
        [barrier] = [barrier for barrier in first.barriers if isinstance(barrier, Dedupe)]
        return barrier, first.steps[-1].digest()

    plain, sketches = planned("dedupe")
    released, equal_sketches = planned("dedupe", release="")
    stated, _ = planned('dedupe admit = ["permission"]', release="")
    assert (plain.admit, plain.uses) == ((), ())
    assert (released.admit, released.uses) == (("open",), ("train",))
    assert (stated.admit, stated.uses) == (("permission",), ())
    assert len({stage_digest(stage) for stage in (plain, released, stated)}) == 3
    assert equal_sketches == sketches


def test_a_recipe_releases_the_copy_that_it_may_use(
    command_line: CommandLine, small_recipe: SmallRecipe, tmp_path: Path
) -> None:
    """A release for training uses the CC BY copy rather than a CC0 copy that is only for evaluation."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name, statement, uses, text in (
        ("libre", "CC0-1.0", '["evaluate"]', _SPANISH + _MORE),
        ("citada", "CC-BY-4.0", '["train"]', _SPANISH),
    ):
        (folder / f"{name}.jsonl").write_text(json.dumps({"id": name, "text": text}), encoding="utf-8")
        (tmp_path / f"{name}.toml").write_text(
            f'id = "{name}"\ntitle = "{name}"\nholder = "Nadie"\nlanguages = ["spa"]\n[rights]\n'
            f'statement = "{statement}"\nbasis = "licence"\nuses = {uses}\n[collect]\nfiles = ["{name}.jsonl"]\n',
            encoding="utf-8",
        )
    recipe = small_recipe("dedupe", release="").replace('"fuente.toml"', '"libre.toml", "citada.toml"')
    (tmp_path / "receta.toml").write_text(recipe.replace('["open"]', '["open", "attribution"]'), encoding="utf-8")
    inputs = [word for name in ("libre", "citada") for word in ("--input", f"{name}={folder}")]
    out = ("--out", tmp_path / "out")
    run = command_line("run", tmp_path / "receta.toml", *inputs, *out, "--engine", "in-process", "--json")
    assert run.code == 0, run.err
    shards = list((tmp_path / "out" / "store" / "objects").rglob("*.parquet"))
    assert pl.concat([pl.read_parquet(path) for path in shards])["source_id"].to_list() == ["citada"]
    said = " ".join(command_line("explain", "Impreso en la casa", *out).out.split())
    assert "that document is kept: the release may use it, but may not use this one, or only for a shorter time" in said


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ({"decided_by": "existing"}, "it is in the earlier version"),
        (
            {"decided_by": "rights_tier", "rights_tier": "unknown", "kept_rights_tier": "open"},
            "open, compared with unknown",
        ),
        ({"decided_by": "damage", "mojibake": 90, "kept_mojibake": 2, "misread": 5}, "wrong encoding"),
        (
            {"decided_by": "damage", "misread": 5, "kept_misread": 2},
            "2 words of 1,000, compared with 5; letters are misread",
        ),
        ({"decided_by": "obtained", "obtained": "2025", "kept_obtained": "2024"}, "earlier: 2024, compared with 2025"),
        ({"decided_by": "doc_id"}, "the smaller doc_id is kept"),
        ({"words": 9, "kept_words": 99}, None),
    ],
)
def test_each_step_is_told_in_words(evidence: dict[str, Any], expected: str | None) -> None:
    """Each step is explained in words, and a step of another barrier isn't."""
    reason = why_kept(evidence)
    shown = str(reason) if reason else None
    assert shown is expected is None or (shown is not None and expected is not None and expected in shown)


@pytest.mark.real
@pytest.mark.skipif(not DATA.is_dir(), reason="the real texts are not here")
@_DAMAGES
@pytest.mark.parametrize(
    ("file", "language"),
    [("literature/conha19/novels.jsonl.xz", "spa_Latn"), ("literature/eltec_por/novels.jsonl.xz", "por_Latn")],
)
def test_of_a_novel_the_sound_copy_is_kept(file: str, language: str, damage: Callable[[str], str], kind: str) -> None:
    """The undamaged copy of a novel is kept rather than a longer damaged one."""
    with lzma.open(DATA / file, "rt", encoding="utf-8") as lines:
        novels = [json.loads(next(lines))["text"] for _ in range(4)]
    for text in (*novels[:2], *(" ".join(novel.split()[:900]) for novel in novels)):
        rows = {
            "a": {"text": damage(text) + _MORE, "language": language},
            "b": {"text": text, "language": language},
        }
        [(name, decision)] = _once(_frame(rows), Dedupe()).items()
        assert (name, decision["evidence"]["decided_by"]) == ("a", "damage")
        assert decision["evidence"][kind] > decision["evidence"][f"kept_{kind}"]


def test_an_equal_copy_of_a_near_duplicate_is_told_as_both() -> None:
    """The 88.4 % of its words in the kept document aren't described as the same text."""
    facts: dict[str, object] = {"duplicate_of": "kept", "contained_in": None, "variant_of": None, "containment": 0.884}
    facts |= {"other": None}
    facts |= {"cluster": {"id": "kept", "size": 3}, "rule": None, "why": None, "side_by_side": None}
    evidence = {"rule": "equal normalised text", "kept": "twin", "decided_by": "doc_id"}
    assert [str(line) for line in lines(facts, evidence)] == [
        "it has the same text as twin, except for letter case and spacing, which was dropped too",
        "88.4 % of its words are in kept",
    ]
