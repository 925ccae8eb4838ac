"""The choice of signals to measure, and compiled counts compared with plain Python."""

from __future__ import annotations

import json
import lzma
import os
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_corpus.batch import Batch
from latam_corpus.errors import ConfigError
from latam_corpus.quality.filter import Filter
from latam_corpus.quality.measure import Measure, measure_signals
from latam_corpus.signals import ALWAYS
from latam_corpus.signals.of_words_kernels import LONGEST_GRAM
from latam_corpus.signals.reading import Reading
from latam_corpus.text.turns.speaker_labels import without_labels

_DATA = Path(os.environ.get("LATAM_CORPUS_DATA", "missing"))
_TEXT = "La barca salió del puerto antes del alba y volvió con la red vacía."


def _measured(stage: Measure, text: str = _TEXT) -> dict[str, float | None]:
    frame = pl.DataFrame({"text": [text], "language": ["spa_Latn"]})
    result: dict[str, float | None] = stage(Batch(frame)).frame["signals"][0]
    return result


def _policies(folder: Path, genre_bounds: str) -> str:
    for kind, name, text in (
        ("languages", "und", 'language = "und"\nname = "any"\n'),
        ("genres", "news", f'genre = "news"\n[bounds]\n{genre_bounds}\n'),
    ):
        path = folder / kind / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return str(folder)


def test_a_signal_is_measured_when_a_policy_bounds_it_or_a_recipe_asks(tmp_path: Path) -> None:
    """Cheap, bounded and requested signals are measured, others are null, and the digest reflects the choice."""
    plain = _policies(tmp_path / "plain", "word_count = { min = 1 }")
    bounding = _policies(tmp_path / "bounding", "compression_ratio = { min = 0.2 }")
    signals = _measured(Measure(plain))
    assert {name for name, value in signals.items() if value is not None} == ALWAYS
    assert _measured(Measure(bounding))["compression_ratio"] is not None
    assert _measured(Measure(plain, signals=("char_entropy",)))["char_entropy"] is not None
    assert len({Measure(plain).fingerprint(), Measure(bounding).fingerprint()}) == 2
    assert Measure(plain).fingerprint() != Measure(plain, signals=("char_entropy",)).fingerprint()


def test_lines_are_counted_without_a_look_for_phrases() -> None:
    """Phrases are searched only if a signal that needs them is requested."""
    reading = Reading.of([_TEXT, "Este sitio usa cookies."])
    measure_signals(reading, {"sparse_line_share", "open_line_share", "table_share"})
    assert "phrases" not in vars(reading)
    assert measure_signals(reading, {"sentence_count"})["sentence_count"].tolist() == [1, 0]
    assert "phrases" in vars(reading)


def test_the_filter_hands_on_what_is_asked_for() -> None:
    """A plan passes the filter's options `signals` and `word_lists` to `measure`."""
    first, _ = Filter(signals=("char_entropy",), word_lists="listas").expand()
    assert isinstance(first, Measure)
    assert (first.signals, first.word_lists) == (("char_entropy",), "listas")


def test_an_unknown_signal_is_refused_with_the_closest() -> None:
    """An unknown signal is an error with the closest name."""
    with pytest.raises(ConfigError, match="char_entropi") as error:
        Measure(signals=("char_entropi",))
    assert "char_entropy" in str(error.value)


def test_words_are_counted_on_a_named_list(tmp_path: Path) -> None:
    """Words are counted with affix flags ignored, languages without a list are NaN, and the digest covers the lists."""
    (tmp_path / "spa.txt").write_text("5\nbarca/S\npuerto\nsalir/E\n", encoding="utf-8")
    stage = Measure(signals=("dictionary_word_rate",), word_lists=str(tmp_path))
    assert _measured(stage)["dictionary_word_rate"] == pytest.approx(2 / 14)
    previous = stage.fingerprint()
    (tmp_path / "spa.txt").write_text("barca\npuerto\nalba\n", encoding="utf-8")
    assert _measured(stage)["dictionary_word_rate"] == pytest.approx(3 / 14)
    assert stage.fingerprint() != previous


def test_a_folder_without_word_lists_is_refused(tmp_path: Path) -> None:
    """A folder without word lists, or with one that isn't UTF-8, is an error."""
    stage = Measure(signals=("dictionary_word_rate",), word_lists=str(tmp_path))
    with pytest.raises(ConfigError, match="no word lists"):
        _measured(stage)
    (tmp_path / "spa.txt").write_bytes("año".encode("latin-1"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        _measured(stage)


def _duplicates(words: list[str], n: int) -> int:
    seen: set[tuple[str, ...]] = set()
    at = repeated = 0
    while at < len(words) - n + 1:
        gram = tuple(words[at : at + n])
        if gram in seen:
            repeated += sum(map(len, gram))
            at += n
        else:
            seen.add(gram)
            at += 1
    return repeated


def _top(words: list[str], n: int) -> int:
    grams = Counter(" ".join(words[i : i + n]) for i in range(len(words) - n + 1))
    return max(((len(gram) * times) for gram, times in grams.most_common(1)), default=0)


@given(st.lists(st.lists(st.sampled_from(["a", "no", "luz"]), max_size=60), min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_n_grams_are_counted_as_by_hand(documents: list[list[str]]) -> None:
    """Repeated and most frequent n-grams equal a naive count."""
    grams = Reading.of([" ".join(words) for words in documents]).grams
    for number, words in enumerate(documents):
        for n in range(1, LONGEST_GRAM + 1):
            assert grams.duplicate[number, n] == _duplicates(words, n)
            assert grams.top[number, n] == _top(words, n)
        shares = np.array(list(Counter(words).values())) / max(len(words), 1)
        assert grams.entropy[number] == pytest.approx(-(shares * np.log2(shares)).sum(), abs=1e-9)


@given(st.lists(st.text(max_size=80), min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_characters_are_counted_as_by_hand(texts: list[str]) -> None:
    """Entropy and curly brackets equal a naive count."""
    result = measure_signals(
        Reading.of(texts), {"char_entropy", "curly_bracket_count", "ellipses_per_word", "word_count"}
    )
    for number, text in enumerate(texts):
        shares = np.array(list(Counter(text.replace("\n", "")).values())) / max(len(text.replace("\n", "")), 1)
        assert result["char_entropy"][number] == pytest.approx(-(shares * np.log2(shares)).sum(), abs=1e-5)
        assert result["curly_bracket_count"][number] == text.count("{") + text.count("}")
        ellipses = sum(line.count("...") + line.count("…") for line in text.split("\n"))
        assert result["ellipses_per_word"][number] == pytest.approx(ellipses / max(result["word_count"][number], 1))


def test_a_signal_does_not_hang_on_the_documents_beside() -> None:
    """Signals of a document don't depend on its batch."""
    texts = ["", _TEXT, f"{_TEXT}\n" * 40, "Inicio\nInicio", "{}" * 300, "pa1abra ca^a", f"{_TEXT} " * 100]
    names = {"compression_ratio", "duplicate_10_gram_share", "top_2_gram_share", "char_entropy", "ocr_damage_share"}
    joined = measure_signals(Reading.of(texts), names)
    for number, text in enumerate(texts):
        separate_results = measure_signals(Reading.of([text]), names)
        assert {name: float(separate_results[name][0]) for name in names} == {
            n: float(joined[n][number]) for n in names
        }


@pytest.mark.real
@pytest.mark.skipif(not _DATA.is_dir(), reason="the real texts are not beside the project")
def test_scripture_and_novels_are_told_apart() -> None:
    """Stretches of a Bible have many verse formulas, and stretches of novels hardly any."""

    def stretches(path: str) -> list[str]:
        with lzma.open(_DATA / path, "rt", encoding="utf-8") as lines:
            words = " ".join(json.loads(line)["text"] for _, line in zip(range(8000), lines, strict=False)).split()
        return [" ".join(words[i : i + 500]) for i in range(0, min(len(words), 50_000), 500)]

    verses, novels = (
        measure_signals(Reading.of(stretches(path)), {"scripture_per_1000"})["scripture_per_1000"]
        for path in ("literature/reina_valera_1909_nt/verses.jsonl.xz", "literature/conha19/novels.jsonl.xz")
    )
    assert np.mean(verses) > 20 * np.mean(novels)


_TALK = (
    ("ENTREVISTADORA", "¿Dónde nació usted, y cómo era el pueblo en esos años?"),
    ("ROSA QUISPE", "En el puerto."),
    ("ENTREVISTADORA", "¿Y su madre de dónde era?"),
    ("ROSA QUISPE", "De la isla, como todos los de mi casa."),
)


@pytest.mark.parametrize("form", ["{0}: {1}", "{0}.— {1}", "[00:01:02] {0}: {1}", "{0}:\n{1}"])
def test_labels_of_speakers_are_no_words(form: str) -> None:
    """Labels of speakers don't count as words, with or without `turns`, while lines keep their length."""
    output = "\n".join(words for _name, words in _TALK)
    text = "\n".join(form.format(*turn) for turn in _TALK)
    frame = pl.DataFrame({"text": [output, text], "language": ["spa_Latn"] * 2, "genre": ["oral_history"] * 2})
    plain, labelled = Measure()(Batch(frame)).frame["signals"]
    for name in ("word_count", "stop_word_share", "upper_case_share", "mean_word_length", "digit_share"):
        assert labelled[name] == plain[name], name
    if "\n" not in form:
        assert labelled["words_per_line"] > plain["words_per_line"]
    news = Measure()(Batch(frame.with_columns(genre=pl.lit("news")))).frame["signals"][1]
    assert news["word_count"] > plain["word_count"]


def test_labels_are_told_by_turns_in_every_genre() -> None:
    """Labels at the start of turns don't count as words in any genre."""
    lines = [f"{name.title()}: {words}" for name, words in _TALK]
    turns = [{"speaker": name.title(), "offset": 0} for name, _words in _TALK]
    row = {"text": "\n".join(lines), "language": "spa_Latn", "genre": "news", "turns": turns}
    result = Measure()(Batch(pl.DataFrame([row]))).frame
    assert result["signals"][0]["word_count"] == len(" ".join(words for _name, words in _TALK).split())
    assert result["text"][0] == row["text"]


def test_a_play_is_no_page_in_capitals() -> None:
    """Names of speakers in a play don't count as words in capitals."""
    play = (
        "Escena primera\n\nDON LUIS.— ¡Señor!\n\nINÉS.— ¿Qué quieres,\nsi ya se fue la gente de la plaza?\n\n"
        "DON LUIS.— ¡Oh!\n\nINÉS.— ¿Y tú?\n\nDON LUIS.— Yo no.\n\nINÉS.— Pues vete de mi casa."
    )
    frame = pl.DataFrame({"text": [play] * 2, "language": ["spa_Latn"] * 2, "genre": ["literature", "web"]})
    spoken, counted = Measure()(Batch(frame)).frame["signals"].struct.field("upper_case_share")
    assert spoken < 0.15 < counted  # as `filters/genres/literature.toml` bounds it


@pytest.mark.parametrize(
    "text",
    ["Título: Coplas\nAutor: Anónimo\nAño: 1901", "Nota: vino.\n\nNota: no vino.\n\nNota: vino.\n\nNota: no sé.",
     "\n".join(["El cielo es de todos y de nadie, dijo."] * 90 + ["P: sí", "R: no", "P: sí", "R: no"])],
)  # fmt: skip
def test_headings_and_what_is_quoted_are_words(text: str) -> None:
    """Headings and quotations count as words, because labels recur through the whole text."""
    assert without_labels(pl.Series([text]), None, pl.Series([True])) is None
