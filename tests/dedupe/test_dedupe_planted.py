"""The planted sets of the near-duplicate benchmark have the properties that they claim."""

from __future__ import annotations

import gzip
import importlib
import itertools
import json
import lzma
import os
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import CommandLine

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("LATAM_CORPUS_DATA") or ROOT.parent / "shared" / "data")
_ROOM = "tests.benchmarks.dedupe"
# By name: the package is `tests.benchmarks` to Python and `benchmarks` to the type checker.
documents: Any = importlib.import_module(f"{_ROOM}.documents")
planted: Any = importlib.import_module(f"{_ROOM}.planted")
incremental: Any = importlib.import_module(f"{_ROOM}.incremental")
parts: Any = importlib.import_module(f"{_ROOM}.parts")
score: Any = importlib.import_module(f"{_ROOM}.score")
shelf: Any = importlib.import_module(f"{_ROOM}.shelf")
_GATE = pytest.mark.skipif("LATAM_CORPUS_GATE" not in os.environ, reason="it takes many texts: `make gate`")

_WORDS = {
    "es": """barco puerto ventana lluvia camino hermana carta noche molino caballo maestro plaza invierno fuego piedra
    sombra cosecha tambor vecino puente historia memoria silencio gente viajero pueblo montaña ribera campana sueño
    llegó dijo miraba cantaba volvió esperaba cerró abrió perdió recordaba grande viejo lento oscuro claro antiguo""",
    "pt": """barco porto janela chuva caminho irmã carta noite moinho cavalo mestre praça inverno fogo pedra sombra
    colheita tambor vizinho ponte história memória silêncio gente viajante povo montanha ribeira sino sonho chegou disse
    olhava cantava voltou esperava fechou abriu perdeu lembrava grande velho lento escuro claro antigo""",
}
_LONG = ("edits_1", "edits_5", "edits_10", "edits_20", "ocr_1", "ocr_3", "ocr_5", "relined", "hyphenated", "header",
         "menu", "cut_90", "cut_70", "cut_50", "orthography", "accents", "edition_es", "edition_pt")  # fmt: skip
_SHORT = ("short_8_30_word", "short_31_100_edits_10", "sonnet_ocr_3")
_CONTAINED = {"sonnet_in_anthology", "chapter_in_book", "verse_in_article", "passage_in_article"}
_APART = {"form_decree", "form_weather", "form_obituary", "form_job_ad", "form_house_ad", "form_football", "licence",
          "same_menu", "sermon", "translation"}  # fmt: skip


def _sentence(chance: random.Random, language: str, number: int) -> str:
    words = _WORDS[language].split()
    function_words = {"es": ("el", "la", "y", "de", "que", "en"), "pt": ("o", "a", "e", "de", "que", "em")}[language]
    picked = [chance.choice(function_words if at % 2 else words) for at in range(number)]
    return f"{' '.join(picked).capitalize()}."


def _prose(chance: random.Random, language: str, paragraphs: int) -> str:
    return "\n".join(_sentence(chance, language, chance.randint(25, 90)) for _ in range(paragraphs))


@pytest.fixture(scope="module")
def small_shelf() -> Any:
    """Return a shelf of made-up books, sonnets, sayings, verses, pages, menus, licences and translations."""
    chance = random.Random(4)
    text, around = shelf.Text, shelf.Around
    novels, editions = [], []
    for language in ("es", "pt"):
        for author in range(8):
            for book in range(2):
                body = _prose(chance, language, 260 if author else 200)
                novels.append(text(f"{language}-{author}-{book}", f"{language} {author}", language, "novels", body))
                if author < 2:
                    second = body.replace(" grande ", " pequeño " if language == "es" else " pequeno ")
                    editions.append(text(novels[-1].id, novels[-1].author, language, "other", second))
    poems = [_sentence(chance, "es", 80).replace(" que ", "\n") for _ in range(80)]
    return shelf.Shelf(
        tuple(novels),
        tuple(editions),
        tuple(text(f"s{n}", f"poet {n % 8}", "es", "sonnets", poem) for n, poem in enumerate(poems)),
        tuple(text(f"p{n}", str(n), "es", "sayings", _sentence(chance, "es", 12)) for n in range(80)),
        tuple(tuple(_sentence(chance, "es", 22) for _ in range(60)) for _ in range(12)),
        tuple(text(f"page-{n}", f"work {n % 2}", "es", "alto", _prose(chance, "es", 4)) for n in range(8)),
        tuple(around(f"site-{n}", f"Portada\nSección {n}", f"Contacto {n}\nAvisos") for n in range(8)),
        tuple(around(f"file-{n}", f"START {n}", _prose(chance, "es", 30)) for n in range(4)),
        tuple(text(f"l{n}", f"l{n}", f"l{n}", "udhr", _prose(chance, "es", 6)) for n in range(6)),
    )


def _made(stock: Any, name: str) -> Any:
    return planted.make(stock, name, each=4)


def test_a_seed_gives_the_same_set_again(small_shelf: Any) -> None:
    """A seed always gives the same documents in the same order, and the same truth."""
    first, second = _made(small_shelf, "first"), _made(small_shelf, "first")
    assert first.documents == second.documents
    assert first.truth() == second.truth()


def test_every_kind_is_there(small_shelf: Any) -> None:
    """Both sets have each kind of copies, of contained texts and of pairs that must be kept."""
    for name in ("first", "second"):
        built = _made(small_shelf, name)
        result = {pair.kind for pair in built.pairs}
        assert result >= {*_LONG, *_SHORT, "drift_step"}, {*_LONG, *_SHORT} - result
        assert {pair.kind for pair in built.contained} == _CONTAINED
        assert set(built.groups) == _APART
        assert all(len(group) > 1 for groups in built.groups.values() for group in groups)


def test_truth_speaks_of_documents_that_are_there(small_shelf: Any) -> None:
    """Ids are unique, pairs name two documents of the set, and no pair is both a copy and apart."""
    result = _made(small_shelf, "first")
    by_id = {document.id: document for document in result.documents}
    assert len(by_id) == len(result.documents)
    assert all(document.text.strip() for document in result.documents)
    near = {frozenset((pair.a, pair.b)) for pair in result.pairs}
    for pair in (*result.pairs, *result.contained, *result.apart):
        assert pair.a in by_id
        assert pair.b in by_id
        assert pair.a != pair.b
    assert not near & {frozenset((pair.a, pair.b)) for pair in result.apart}
    for groups in result.groups.values():
        for group in groups:
            assert not any(a in group and b in group for a, b in map(tuple, near))


def test_copies_are_as_damaged_as_their_kind_says(small_shelf: Any) -> None:
    """Each kind of copy has the damage that it names."""
    result = _made(small_shelf, "first")
    by_id = {document.id: document for document in result.documents}
    of_kind: dict[str, list[tuple[str, str]]] = {}
    for pair in (*result.pairs, *result.contained):
        of_kind.setdefault(pair.kind, []).append((by_id[pair.a].text, by_id[pair.b].text))
    for original, copy in of_kind["cut_50"]:
        assert len(copy.split()) == pytest.approx(len(original.split()) / 2, abs=1)
    for original, copy in of_kind["relined"]:
        assert copy != original
        assert copy.split() == original.split()
    for original, copy in of_kind["menu"]:
        assert original in copy
    for original, copy in of_kind["accents"]:
        assert "é" not in copy
        assert len(copy) == len(original)
    for original, copy in of_kind["edits_1"]:
        assert 0 < len(set(copy.split("\n")) ^ set(original.split("\n"))) <= 0.4 * len(original.split())
    for kind in _CONTAINED:
        for larger, smaller in of_kind[kind]:
            assert " ".join(smaller.split()) in " ".join(larger.split())
            assert len(smaller) < 0.5 * len(larger)


def _halves_share_nothing(stock: Any) -> None:
    first, second = stock.half("first"), stock.half("second")
    for name in ("novels", "editions", "sonnets", "pages"):
        first_names, second_names = ({text.author for text in getattr(half, name)} for half in (first, second))
        assert first_names
        assert second_names
        assert not first_names & second_names, name
    assert not {menu.owner for menu in first.menus} & {menu.owner for menu in second.menus}
    assert not set(first.verses) & set(second.verses)
    assert {text.id for text in first.novels} | {text.id for text in second.novels} == {t.id for t in stock.novels}


def test_the_two_sets_share_no_author(small_shelf: Any) -> None:
    """Books, sonnets, pages, sites and Bible books are in one half only, and none is lost."""
    _halves_share_nothing(small_shelf)


def test_the_sets_share_no_form(small_shelf: Any) -> None:
    """No two forms of two sets have a common line of fixed words."""
    lines = []
    for name in planted.SEEDS:
        forms = importlib.import_module(f"{_ROOM}.forms").Forms.load(name)
        words = {
            " ".join(form.text.split()[at : at + 6]) for form in forms.forms for at in range(len(form.text.split()))
        }
        lines.append({line for line in words if "{" not in line and len(line.split()) == 6})
    assert all(lines)
    assert not any(first & second for first, second in itertools.combinations(lines, 2))
    del small_shelf


def test_growth_gives_the_number_asked_for_with_a_fifth_of_copies(small_shelf: Any) -> None:
    """A grown set has the requested number of documents, a fifth of them copies, with unique ids."""
    result = list(parts.growth(small_shelf, 1500, words=500))
    assert len({document.id for document in result}) == 1500
    assert sum(document.kind == "edits_5" for document in result) == 300
    assert any(document.source_id.startswith("world-1") for document in result)
    fast = parts.speed(small_shelf, 100)
    assert len(fast.documents) == 100
    assert len(fast.pairs) == 20


def test_a_score_counts_what_was_found_and_what_was_wrong() -> None:
    """A score counts found pairs, merged forms, judged natural pairs and lost texts."""
    built = [
        documents.Document(name, text, "x", "s", name)
        for name, text in (
            ("a", "el barco llegó al puerto con la lluvia"),
            ("b", "el barco llegó al puerto con la lluvia fina"),
            ("c", "uno dos tres cuatro cinco seis"),
            ("d", "siete ocho nueve diez once doce"),
            ("e", "el barco llegó al puerto con la lluvia"),
        )
    ]
    truth = documents.Planted(
        "t",
        tuple(built),
        (documents.Pair("edits", "a", "b"), documents.Pair("cut", "a", "d")),
        groups={"form_x": (("c", "d"),)},
    )
    result = score.score(truth, documents.Result({"a": "b", "c": "d", "e": "b"}))
    assert result.recall == {"cut": (0, 1), "edits": (1, 1)}
    assert result.apart == {"form_x": (1, 1)}
    assert (result.removed, result.planted, result.wrong, result.lost) == (3, 1, {"form_x": 1}, 1)
    assert result.precision() == pytest.approx(2 / 3)
    assert result.precision(["form_x"]) == 1
    judged = score.score(truth, documents.Result({"e": "b"}), {"b e": "other"})
    assert judged.precision() == 0


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="the real texts are not beside the project")
@_GATE
def test_the_real_sets_are_disjoint_and_large() -> None:
    """On real texts the halves are disjoint, and the set for speed has 10,000 documents, a fifth planted."""
    stock = shelf.Shelf.load(DATA)
    _halves_share_nothing(stock)
    fast = parts.speed(stock, 10_000)
    words = [len(document.text.split()) for document in fast.documents if document.kind == "book_part"]
    assert len(fast.documents) == 10_000
    assert len(fast.pairs) == 2_000
    assert max(words) <= 6000
    first = planted.make(stock, "first")
    assert min(sum(pair.kind == kind for pair in first.pairs) for kind in _LONG) >= 100


def test_new_documents_beside_an_index_are_kept_as_in_a_full_run(small_shelf: Any, tmp_path: Path) -> None:
    """New documents against an index of the old ones are decided as in a run of all."""
    built = list(parts.growth(small_shelf, 440, words=60))
    result = incremental.compared(built, tmp_path / "index")
    assert result.new == 40
    assert 0 < result.kept < result.new
    assert result.indexed < 400
    assert (result.only_full, result.only_incremental) == (frozenset(), frozenset())


def _packed(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def data(tmp_path: Path, small_shelf: Any) -> Path:
    """Return the made-up shelf as files, as under `--data`."""
    files = [file.path for file in shelf.FILES]
    for path, language in ((files[0], "es"), (files[1], "pt")):
        own = [text for text in small_shelf.novels if text.language == language]
        _packed(tmp_path / path, [{"id": t.id, "author": t.author, "text": t.text} for t in own])
    _packed(tmp_path / files[2], [{"id": t.id, "author": t.author, "text": t.text} for t in small_shelf.sonnets])
    for path, language in ((files[3], "es"), (files[4], "pt")):
        own = [text for text in small_shelf.editions if text.language == language]
        _packed(tmp_path / path, [{"a": f"novels id={t.id}", "text_b": t.text} for t in own])
    _packed(tmp_path / files[5], [{"lang": "es", "text": t.text} for t in small_shelf.sayings])
    _packed(tmp_path / files[6], [{"block": n, "text": v} for n, book in enumerate(small_shelf.verses) for v in book])
    _packed(tmp_path / files[7], [{"work": t.author, "page": t.id, "lines": t.text} for t in small_shelf.pages])
    _packed(tmp_path / files[8], [{"code": t.id, "text": t.text} for t in small_shelf.declaration])
    news = tmp_path / "unclear/news/trafilatura_latam/html"
    news.mkdir(parents=True)
    for n in range(4):
        links = "".join(f"<a href='/{k}'>Sección {n} {k}</a>" for k in range(40))
        (news / f"diario{n}.example-nota.html.gz").write_bytes(
            gzip.compress(f"<html><body>{links}</body></html>".encode())
        )
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    "job",
    [*(pytest.param(job, marks=_GATE) for job in ("recall", "speed", "growth", "library")), "incremental"],
)
def test_the_benchmark_prints_its_tables(benchmark_line: CommandLine, data: Path, tmp_path: Path, job: str) -> None:
    """Each job runs on a few texts and writes Markdown."""
    few = ("--each", "2", "--sets", "first,second", "--documents", "40", "--sizes", "20,40")
    tables = tmp_path / "tables.md"
    output = benchmark_line("dedupe", "--job", job, "--data", data, *few, "--markdown", tables)
    assert output.code == 0, output.err
    assert "latam_corpus" in output.out
    assert "|---" in tables.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_wrong_option_is_told_in_one_sentence(benchmark_line: CommandLine, data: Path) -> None:
    """An unknown job, set or row is an error with the closest name."""
    for option in (["--job", "recal"], ["--rows", "datasketch"], ["--sets", "frst", "--each", "1"]):
        assert benchmark_line("dedupe", "--data", data, *option).code == 2
