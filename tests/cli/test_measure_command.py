"""`latam-corpus measure`: distributions against bounds, what each bound costs, and bounds from a good sample."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from latam_corpus import schema
from latam_corpus.lab.suggest_bounds import as_toml, suggest
from latam_corpus.policies.policy import Policies
from latam_corpus.quality.distribution import as_dict, groups
from latam_corpus.quality.filter import Filter
from latam_corpus.signals import BY_NAME, signal_label

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

STORY = (
    "La señora abrió la puerta y vio que el perro había vuelto con la pata herida. No dijo nada a nadie, puso agua en "
    "la olla y esperó a que hirviera, mientras los niños miraban desde la ventana lo que pasaba en el patio."
)


def measured(values: dict[str, list[float]], genre: str = "news", language: str = "spa_Latn") -> pl.DataFrame:
    """Documents with these signals; the others are not measured."""
    count = len(next(iter(values.values())))
    signals = {name: pl.Series(values.get(name, [None] * count), dtype=pl.Float32, strict=False) for name in BY_NAME}
    return pl.DataFrame(
        {"doc_id": [f"{n:04d}" for n in range(count)], "language": [language] * count, "genre": [genre] * count}
    ).with_columns(pl.DataFrame(signals).to_struct("signals").cast(schema.SIGNAL_STRUCT))


@pytest.fixture
def policies(tmp_path: Path) -> Policies:
    """Three bounds: at least 6 words a line, 10 words, and at most a tenth of digits."""
    (tmp_path / "filters" / "languages").mkdir(parents=True)
    (tmp_path / "filters" / "genres").mkdir()
    (tmp_path / "filters" / "languages" / "und.toml").write_text('language = "und"\nname = "Undetermined"\n')
    spoken = '[stop_words]\norigin = "a test"\nwords = ["la", "el", "que", "y"]\n[typical]\nstop_word_share = 0.3\n'
    (tmp_path / "filters" / "languages" / "spa.toml").write_text(f'language = "spa"\nname = "Spanish"\n{spoken}')
    bounds = 'stop_word_share = { min = 0.5, of = "typical" }\nword_count = { min = 10 }\n'
    bounds += "words_per_line = { min = 6, max = 40 }\ndigit_share = { max = 0.1 }\n"
    (tmp_path / "filters" / "genres" / "news.toml").write_text(f'genre = "news"\n[bounds]\n{bounds}')
    return Policies.load(tmp_path / "filters")


def test_a_bound_counts_all_drops_and_its_own(policies: Policies) -> None:
    """Of four documents outside a bound, one is outside two bounds."""
    frame = measured(
        {
            "word_count": [5, 50, 50, 50, 50, 50],
            "words_per_line": [3, 3, 50, 20, 20, 6],
            "digit_share": [0, 0, 0, 0.5, 0.1, np.nan],
        }
    )
    [group] = groups(frame, policies)
    assert (group.documents, group.drops) == (6, 4)
    matches = {m.signal: m for m in group.signals if m.bound}
    assert [(c.reason, c.drops, c.alone) for c in matches["words_per_line"].costs] == [
        ("words_per_line<6", 2, 1),
        ("words_per_line>40", 1, 1),
    ]
    assert [(c.reason, c.drops, c.alone) for c in matches["word_count"].costs] == [("word_count<10", 1, 0)]
    assert (matches["digit_share"].drops, matches["digit_share"].values) == (1, 5)
    assert sum(matches["digit_share"].counts) == 5


def test_what_measure_counts_is_what_filter_drops(policies: Policies, tmp_path: Path) -> None:
    """At the bound itself too, where a 32-bit value and a 64-bit bound differ."""
    from latam_corpus.batch import Batch  # a name of this test alone

    rng = np.random.default_rng(20261125)
    frame = measured(
        {
            "word_count": rng.integers(5, 15, 300).astype(float).tolist(),
            "words_per_line": rng.choice([5.9, 6.0, 40.0, 40.1], 300).tolist(),
            "digit_share": rng.choice([0.1, 0.1000001, 0.0, float("nan")], 300).tolist(),
        }
    )
    [group] = groups(frame, policies)
    decided = Filter(policies=str(tmp_path / "filters"))(Batch(frame)).frame["drop_reason"]
    assert group.drops == decided.drop_nulls().len()
    assert 0 < group.drops < 300


def test_the_edge_has_the_nearest_of_both_sides(policies: Policies) -> None:
    """Three outside, two inside, the nearest first; more of one side where the other has fewer."""
    frame = measured({"words_per_line": [1, 5, 4, 3, 2, 6, 9, 7, 8]})
    [group] = groups(frame, policies)
    [cost, _] = next(m for m in group.signals if m.signal == "words_per_line").costs
    assert [(near.value, near.dropped) for near in cost.edge] == [
        (5, True),
        (4, True),
        (3, True),
        (6, False),
        (7, False),
    ]
    [alone] = groups(measured({"words_per_line": [1, 5, 4, 3, 2, 0]}), policies)
    [cost, _] = next(m for m in alone.signals if m.signal == "words_per_line").costs
    assert [near.value for near in cost.edge] == [5, 4, 3, 2, 1]
    output = as_dict(group, {"0001": "Inicio"})
    edge = next(s for s in output["signals"] if s["signal"] == "words_per_line")["edge"]
    assert (edge[0]["doc_id"], edge[0]["beginning"], edge[1]["beginning"]) == ("0001", "Inicio", None)


def test_bounds_that_drop_nothing_are_kept(policies: Policies) -> None:
    """A tighter bound could only drop good documents; one that drops more than agreed is loosened, with some room."""
    rng = np.random.default_rng(7)
    lines, digits = rng.normal(20, 3, 400), rng.uniform(0.05, 0.3, 400)
    frame = measured({"words_per_line": lines.tolist(), "word_count": [80.0] * 400, "digit_share": digits.tolist()})
    [matches] = suggest(frame, policies, 0.01)
    bounds = {b.signal: (b.minimum, b.maximum) for b in matches.bounds}
    assert (bounds["words_per_line"], bounds["word_count"]) == ((6, 40), (10, None))
    least, most = np.quantile(digits, 0.99), np.max(digits)
    assert least < most < (bounds["digit_share"][1] or 0) < 0.35
    assert (matches.loses, matches.present_loses > 0.5) == (0, True)
    toml = as_toml(matches, policies)
    assert toml.count("# stays") == 3  # the stop words' ratio is measured of none
    assert "# now max 0.1" in toml


def test_suggested_bounds_keep_the_agreed_share(policies: Policies) -> None:
    """With `--tighten`, each end drops at most its share, is close to the edge, and is tested on the other half."""
    rng = np.random.default_rng(7)
    lines = rng.normal(20, 3, 400)
    frame = measured({"words_per_line": lines.tolist(), "word_count": [80.0] * 400, "digit_share": [0.0] * 400})
    [matches] = suggest(frame, policies, 0.01, tighten=True)
    bounds = {b.signal: b for b in matches.bounds}
    low, high = bounds["words_per_line"].minimum or 0, bounds["words_per_line"].maximum or 0
    assert (lines < low).sum() <= 4
    assert (lines > high).sum() <= 4
    assert np.min(lines) - 2 < low < np.quantile(lines, 0.01)
    assert np.quantile(lines, 0.99) < high < np.max(lines) + 2
    assert (bounds["word_count"].minimum, bounds["word_count"].maximum) == (80, None)
    assert bounds["digit_share"].maximum == 0
    assert 0 < matches.loses < 0.06
    assert matches.present_loses == 0


def lines(rows: list[dict[str, Any]]) -> str:
    """The rows as JSONL."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def test_suggestions_are_valid_policy_toml(command_line: CommandLine, tmp_path: Path, policies: Policies) -> None:
    """They have typical values and bounds; a ratio is given as a ratio."""
    rows = [{"id": str(n), "text": f"{STORY} {STORY} Son {n}.", "language": "spa", "genre": "news"} for n in range(60)]
    (tmp_path / "in.jsonl").write_text(lines(rows))
    measure = ("measure", tmp_path / "in.jsonl", "--suggest", "--policies", policies.folder)
    [matches] = command_line(*measure, "--json").json
    assert matches["documents"] == 60
    language, genre = matches["toml"].split("# genres/news.toml")
    assert tomllib.loads(language)["typical"]["stop_word_share"] == pytest.approx(matches["typical"]["stop_word_share"])
    genre_bounds = tomllib.loads(genre)["bounds"]
    assert genre_bounds["stop_word_share"]["of"] == "typical"
    assert genre_bounds["stop_word_share"]["min"] <= 1
    shown = command_line(*measure, "--html", tmp_path / "muestra.html")
    assert "on documents not used to choose them" in shown.out
    assert "<svg" in (tmp_path / "muestra.html").read_text()


def test_the_page_is_self_contained_and_escaped(command_line: CommandLine, tmp_path: Path) -> None:
    """The page is one file; HTML in a text is shown as text, and a telephone number isn't shown."""
    rows = [{"id": str(n), "text": f"{STORY} Es la {n}.", "language": "spa", "genre": "news"} for n in range(4)]
    rows.append({"id": "x", "text": "<script>alert(1)</script> +56 9 8765 4321", "language": "spa", "genre": "news"})
    (tmp_path / "in.jsonl").write_text(lines(rows))
    result = command_line("measure", tmp_path / "in.jsonl", "--html", tmp_path / "p" / "m.html", "--in", "pt")
    assert result.code == 0
    page = (tmp_path / "p" / "m.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "8765" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert '<html lang="pt">' in page
    assert page.count("<svg") == 4


def test_texts_whose_terms_keep_them_inside_are_not_shown(command_line: CommandLine, tmp_path: Path) -> None:
    """Their value and id are; `--internal` shows them and stamps the page."""
    terms = {"rights_tier": "permission", "uses": ["train"]}
    rows = [{"id": f"d{n}", "text": "Inicio\nContacto", "language": "spa", "genre": "news", **terms} for n in range(3)]
    (tmp_path / "in.jsonl").write_text(lines(rows))
    page = tmp_path / "m.html"
    assert "Inicio" not in command_line("measure", tmp_path / "in.jsonl", "--html", page).out
    assert "Inicio" not in page.read_text()
    assert '"stamp"' not in page.read_text()
    assert "Inicio" in command_line("measure", tmp_path / "in.jsonl", "--html", page, "--internal").out
    assert "Inicio" in page.read_text()
    assert '"stamp"' in page.read_text()


@pytest.mark.parametrize(
    ("content", "more", "said"),
    [
        (None, [], "there is no such file and no such run"),
        ("", [], "it has no documents"),
        ('{"id": "a", "text": "Hola", "genre": "newz"}\n', [], "there is no genre «newz»"),
        ('{"id": "a", "text": "Hola", "language": "spa"}\n', ["--suggest"], "has 1 document"),
        ('{"id": "a", "text": "Hola", "language": "spa"}\n', ["--suggest", "--lose", "0.5"], "from 0 to 0.2"),
        ('{"id": "a", "text": "Hola", "language": "spa"}\n', ["--policies", "nada"], "no such folder of policies"),
        ('{"id": "a", "text": "Hola", "language": "spa"}\n', ["--in", "fr"], "choose one of: es, pt, en"),
        ('{"id": "a", "text": \n', [], "JSON"),
    ],
)
def test_wrong_input_exits_with_2(
    command_line: CommandLine, tmp_path: Path, content: str | None, more: list[str], said: str
) -> None:
    """The error is one sentence, with exit code 2."""
    path = tmp_path / "in.jsonl"
    if content is not None:
        path.write_text(content)
    ended = command_line("measure", path, *more)
    assert ended.code == 2
    assert said in ended.err


def test_a_run_is_measured_by_its_name_against_its_own_policies(
    command_line: CommandLine, tmp_path: Path, document: Any, kept_run: Any
) -> None:
    """Documents dropped before they were measured are counted."""
    values = dict.fromkeys(BY_NAME, 0.5)
    documents = [document(n, signals=values) for n in range(3)] + [document(3)]
    kept_run("cuentos-1a2b3c4d", documents)
    result = command_line("measure", "cuentos-1a", "--out", tmp_path / "out")
    assert result.code == 0, result.err
    assert "spa_Latn · literature · 3 documents" in result.out
    assert "1 more document was dropped before signals were measured" in result.out


def test_a_run_of_an_earlier_version_lacks_signals_and_is_measured(policies: Policies) -> None:
    """Signals that were added later are unknown, and drop nothing."""
    frame = measured({"words_per_line": [3.0, 20.0]})
    fewer = frame.with_columns(pl.struct(pl.col("signals").struct.field("words_per_line")).alias("signals"))
    [group] = groups(fewer, policies)
    assert group.drops == 1


def test_an_invalid_parquet_file_is_one_sentence(command_line: CommandLine, tmp_path: Path) -> None:
    """An empty file, and a file that isn't Parquet, each give one sentence."""
    for content in ("", "no es Parquet"):
        (tmp_path / "in.parquet").write_text(content)
        ended = command_line("measure", tmp_path / "in.parquet")
        assert (ended.code, "it isn't a Parquet file" in ended.err) == (2, True)


def test_every_signal_has_a_name_in_spanish_and_portuguese() -> None:
    """Librarians see each signal's translated name."""
    assert [signal for signal in BY_NAME if signal in signal_label(signal).translations().values()] == []
