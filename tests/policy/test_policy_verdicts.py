"""The file and the bounds that apply to a document, and the digests that change with verdicts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

import numpy as np
import polars as pl
import pytest

from latam_corpus import schema
from latam_corpus.batch import Batch
from latam_corpus.errors import ConfigError
from latam_corpus.policies.policy import Bound, Policies, cached_policies
from latam_corpus.quality.filter import Filter
from latam_corpus.quality.measure import Measure
from latam_corpus.text.stops import StopTable

if TYPE_CHECKING:
    from pathlib import Path

_LANGUAGES = {
    "und": "[bounds]\nalphabetic_word_share = { min = 0.5 }",
    "spa": """
        background = true
        alphabet = "abcdefghijklmnñopqrstuvwxyz"
        [stop_words]
        origin = "prueba"
        words = ["de", "la"]
        [typical]
        stop_word_share = 0.53
        words_per_line = 6.0
        [bounds]
        stop_word_count = { min = 2 }
        longest_word = { max = 30.25 }
    """,
    "por": 'background = true\n[stop_words]\norigin = "prueba"\nwords = ["de", "não"]',
    "que": 'covers = ["gnc", "oci"]',
    "quy": 'covers = ["quz"]',
}
_GENRES = {
    "news": """
        [bounds]
        stop_word_share = { min = 0.55, max = 1.333, of = "typical" }
        digit_share = { max = 0.000012 }
        word_count = { min = 25, max = 4000 }
    """,
    "lyrics": "[bounds]\nunique_words_per_200 = { min = 0.25 }",
}


class Written(Protocol):
    """Writes a folder of policies."""

    def __call__(self, **changed: str) -> Path:
        """Return the folder with these languages or genres, each with the content of its file."""


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Return a maker of small policies."""

    def write(**changed: str) -> Path:
        for kind, key, files in (("languages", "language", _LANGUAGES), ("genres", "genre", _GENRES)):
            folder = tmp_path / "filters" / kind
            folder.mkdir(parents=True, exist_ok=True)
            for name in [*files, *(name for name in changed if (len(name) == 3) == (kind == "languages"))]:
                head = f'{key} = "{name}"\n' + (f'name = "{name.title()}"\n' if kind == "languages" else "")
                (folder / f"{name}.toml").write_text(head + changed.get(name, files.get(name, "")) + "\n")
        return tmp_path / "filters"

    return write


@pytest.mark.parametrize(
    ("code", "file"),
    [
        ("spa", "spa"),
        ("spa_Latn", "spa"),
        ("es", "spa"),
        ("es-CL", "spa"),
        ("ES", "spa"),
        ("quy", "quy"),  # its own, before its macrolanguage's
        ("quz", "quy"),  # the one that covers it, before its macrolanguage's
        ("qvn", "que"),  # its macrolanguage's
        ("qu", "que"),
        ("gnc", "que"),  # covered, and of no macrolanguage
        ("oc", "que"),  # covered under its code of three letters
        ("deu", "und"),
        ("und", "und"),
        ("", "und"),
    ],
)
def test_a_language_has_its_own_file_or_the_nearest(written: Written, code: str, file: str) -> None:
    """A language uses its own file, one that covers it, its macrolanguage's, or und.toml, in this order."""
    policies = Policies.load(written())
    assert policies.language(code).language == file
    own = [bound.file for bound in policies.bounds(code, "lyrics")][:-1]
    assert set(own) <= {f"languages/{file}.toml"}


def test_a_document_keeps_its_language_and_its_genre(written: Written) -> None:
    """Values are as in the files, and ratios become values of four decimals if the language has a typical value."""
    policies = Policies.load(written())
    news = "genres/news.toml"
    plain = [Bound("digit_share", None, 0.000012, news), Bound("word_count", 25, 4000, news)]
    assert list(policies.bounds("spa_Latn", "news")) == [
        Bound("stop_word_count", 2, None, "languages/spa.toml"),
        Bound("longest_word", None, 30.25, "languages/spa.toml"),
        Bound("stop_word_share", 0.2915, 0.7065, news, typical=0.53),  # 0.55 and 1.333 of 0.53, which is 0.70649
        *plain,
    ]
    assert list(policies.bounds("por", "news")) == plain
    assert policies.bounds("deu", "news")[0].signal == "alphabetic_word_share"


@pytest.mark.parametrize("code", ["und", "", "und_Zyyy", "deu", "spa"])
def test_where_no_language_is_told_other_bounds_stand_in_the_place_of_those_on_the_same_signal(
    written: Written, code: str
) -> None:
    """Bounds for an unknown language replace others on the same signal; a known one without a file has the usual."""
    und = f"""{_LANGUAGES["und"]}
        longest_word = {{ max = 99 }}
        [unknown]
        word_count = {{ min = 90 }}
        alphabetic_word_share = {{ min = 0.9 }}
        char_entropy = {{ max = 9.5 }}
    """
    folder = written(und=und)
    policies = Policies.load(folder)
    result = [
        (item.signal, item.minimum, item.maximum, item.file, item.typical) for item in policies.bounds(code, "news")
    ]
    file, news = "languages/und.toml", "genres/news.toml"
    usual = [("alphabetic_word_share", 0.5, None, file, 1.0), ("longest_word", None, 99, file, 1.0)]
    plain = [("digit_share", None, 0.000012, news, 1.0), ("word_count", 25, 4000, news, 1.0)]
    unknown = [
        ("word_count", 90, None, file, None), ("alphabetic_word_share", 0.9, None, file, None),
        ("char_entropy", None, 9.5, file, None),
    ]  # fmt: skip
    expected = {"deu": [*usual, *plain], "spa": result}.get(code, [usual[1], *unknown, plain[0]])
    assert result == expected
    assert ("char_entropy" in {item[0] for item in result}) == (code not in ("deu", "spa"))
    line = next(n for n, line in enumerate((folder / file).read_text().splitlines(), 1) if "char_entropy" in line)
    assert str(policies.place_of("char_entropy")) == f"{folder}/{file}, line {line}"
    assert "char_entropy" in policies.bounded_signals


def test_a_language_that_does_not_exist_is_refused(written: Written) -> None:
    """An unknown language is an error that names the folder."""
    folder = written()
    with pytest.raises(ConfigError) as error:
        Policies.load(folder).bounds("zzx", "news")
    assert error.value.place == str(folder / "languages")


@pytest.mark.parametrize(
    ("spanish", "expected"),
    [('"la"', ["ukax", "mä", "ucajj", "ukajj"]), ('"ukajj"', ["ukax", "mä", "ucajj"])],
)
def test_stop_words_count_in_their_other_spellings_but_for_those_of_a_background_language(
    written: Written, monkeypatch: pytest.MonkeyPatch, spanish: str, expected: list[str]
) -> None:
    """Other spellings of stop words follow the list, without those that a background language has."""
    entries: dict[str, tuple[str, ...]] = {}
    monkeypatch.setattr(StopTable, "of", entries.update)
    words = '[stop_words]\norigin = "prueba"\nwords = ["ukax", "mä"]'
    _ = Policies.load(written(aym=words, spa=_LANGUAGES["spa"].replace('"la"', spanish))).stop_table
    assert list(entries["aym"]) == expected
    assert list(entries["spa"]) == ["de", spanish.strip('"')]


def test_a_reason_is_readable() -> None:
    """A drop reason has at most six digits."""
    bound = Bound("word_count", 25.0, 1234.5678, "")
    assert (bound.too_low, bound.too_high) == ("word_count<25", "word_count>1234.57")


def test_a_genre_without_a_file_is_refused_with_the_closest(written: Written) -> None:
    """A genre without a file is an error that names the folder and the closest genre."""
    folder = written()
    with pytest.raises(ConfigError, match="no policy for the genre «new»; did you mean «news»") as error:
        Policies.load(folder).bounds("spa", "new")
    assert error.value.place == str(folder / "genres")


def test_what_any_file_bounds_is_measured(written: Written) -> None:
    """Signals bounded by any file are measured, and background languages are in order."""
    policies = Policies.load(written())
    requested = {
        "stop_word_count",
        "longest_word",
        "alphabetic_word_share",
        "stop_word_share",
        "digit_share",
        "word_count",
    }
    assert policies.bounded_signals == {*requested, "unique_words_per_200"}
    assert policies.background == ("por", "spa")
    assert policies.stop_table.languages == ("por", "spa")


def test_the_place_of_a_bound_is_told(written: Written) -> None:
    """The place of a bound is in a language's file, then in a genre's, or the folder if nothing bounds the signal."""
    folder = written()
    policies = Policies.load(folder)
    lines = (folder / "genres" / "news.toml").read_text().splitlines()
    line = next(number for number, line in enumerate(lines, 1) if "word_count" in line)
    assert str(policies.place_of("word_count")) == f"{folder}/genres/news.toml, line {line}"
    assert str(policies.place_of("longest_word")).startswith(f"{folder}/languages/spa.toml, line ")
    assert policies.place_of("char_entropy") == str(folder)


_SPANISH = _LANGUAGES["spa"]
_PORTUGUESE = _LANGUAGES["por"]


@pytest.mark.parametrize(
    ("name", "text", "measured", "judged"),
    [
        ("spa", _SPANISH.replace('"la"', '"el"'), True, False),
        ("por", _PORTUGUESE.replace(', "não"', ""), True, False),
        ("spa", _SPANISH.replace("ñ", ""), True, False),
        ("por", f'alphabet = "ç"\n{_PORTUGUESE}', True, False),
        ("por", _PORTUGUESE.replace("background = true", ""), True, False),
        ("quy", "", True, True),  # nothing covers quz any more
        ("quy", 'covers = ["qvn"]', True, True),
        ("gug", "", True, True),  # a new file, though it bounds nothing
        ("spa", _SPANISH.replace("0.53", "0.54"), False, True),
        ("spa", _SPANISH.replace("min = 2", "min = 3"), False, True),
        ("spa", _SPANISH.replace("max = 30.25", "min = 30.25"), False, True),
        ("news", _GENRES["news"].replace("max = 4000", "max = 4001"), False, True),
        ("news", _GENRES["news"].replace(', of = "typical"', ""), False, True),
        ("lyrics", "[bounds]\nunique_words_per_200 = { max = 0.25 }", False, True),
        ("legal", "[bounds]\nword_count = { min = 25 }", False, True),
        ("spa", f'reviewed_by = ["Alguien"]\n{_SPANISH}', False, False),
    ],
)
def test_a_digest_changes_with_what_it_stands_for(
    written: Written, name: str, text: str, measured: bool, judged: bool
) -> None:
    """The lexicon's digest changes with the lists of languages, the bounds' digest with bounds and typical values."""
    previous = Policies.load(written())
    following = Policies.load(written(**{name: text}))
    assert (following.lexicon_digest() != previous.lexicon_digest()) == measured
    assert (following.bounds_digest() != previous.bounds_digest()) == judged


@pytest.mark.parametrize(
    ("name", "text", "concerned"),
    [
        ("news", _GENRES["news"].replace("min = 25", "min = 26"), {("spa", "news"), ("und", "news")}),
        ("news", _GENRES["news"].replace("max = 4000", "max = 4001"), {("spa", "news"), ("und", "news")}),
        ("news", _GENRES["news"].replace("word_count", "sentence_count"), {("spa", "news"), ("und", "news")}),
        ("und", "", {("und", "news")}),
        ("spa", _SPANISH.replace("0.53", "0.54"), {("spa", "news")}),
        ("spa", _SPANISH.replace("words_per_line = 6.0", "words_per_line = 7.0"), set()),
        # If a bound is a value, the signal's typical value is shown next to it.
        ("spa", _SPANISH.replace("= 0.53", "= 0.53\n        word_count = 90.0"), {("spa", "news")}),
        ("lyrics", "", {("spa", "lyrics")}),
        ("legal", "[bounds]\nword_count = { min = 25 }", set()),
    ],
)
def test_a_digest_for_some_rows_changes_with_their_bounds(
    written: Written, name: str, text: str, concerned: set[tuple[str, str]]
) -> None:
    """A digest for some languages and genres changes only with their bounds."""
    pairs = {("spa", "news"), ("spa", "lyrics"), ("und", "news")}
    previous = Policies.load(written())
    following = Policies.load(written(**{name: text}))
    assert {pair for pair in pairs if following.bounds_digest({pair}) != previous.bounds_digest({pair})} == concerned
    assert (following.bounds_digest(pairs) != previous.bounds_digest(pairs)) == bool(concerned)


def test_a_digest_for_some_rows_tells_them_apart(written: Written) -> None:
    """Rows that exchange their bounds have different digests, and the order of rows doesn't matter."""
    first, second = "[bounds]\nword_count = { min = 1 }", "[bounds]\nword_count = { min = 2 }"
    previous = Policies.load(written(news=first, lyrics=second))
    following = Policies.load(written(news=second, lyrics=first))
    pairs = [("spa", "news"), ("spa", "lyrics")]
    assert following.bounds_digest(pairs) != previous.bounds_digest(pairs)
    assert previous.bounds_digest(pairs) == previous.bounds_digest(reversed(pairs))
    assert previous.bounds_digest([]) == following.bounds_digest([])
    assert previous.bounds_digest([]) != previous.bounds_digest(None)


def _judged(
    folder: Path, rows: list[tuple[str | None, str, dict[str, float | None]]]
) -> list[tuple[str | None, object]]:
    """Return the drop reason and the evidence of each row, given by language, genre and measured signals."""
    signals = [dict.fromkeys(schema.SIGNAL_STRUCT.to_schema()) | values for _, _, values in rows]
    frame = pl.DataFrame(
        {
            "language": pl.Series([language for language, _, _ in rows], dtype=pl.String),
            "genre": [genre for _, genre, _ in rows],
            "signals": pl.Series(signals, dtype=schema.SIGNAL_STRUCT),
        }
    )
    result = Filter(str(folder))(Batch(frame)).frame
    evidence = [None if row_evidence is None else json.loads(row_evidence) for row_evidence in result["evidence"]]
    return list(zip(result["drop_reason"], evidence, strict=True))


def test_a_document_falls_by_the_first_bound_that_it_breaks(written: Written) -> None:
    """A document is dropped by the first bound that it breaks, and the evidence has all of them."""
    result = _judged(
        written(),
        [
            (
                "spa_Latn",
                "news",
                {"word_count": 24, "stop_word_count": 1, "longest_word": 30.5, "digit_share": 0.00004},
            ),
            ("spa_Latn", "news", {"word_count": 4001.00006, "stop_word_share": 0.12345678}),
            ("spa_Latn", "lyrics", {"word_count": 3, "unique_words_per_200": 0.2}),
            ("por_Latn", "lyrics", {"stop_word_count": 0, "unique_words_per_200": 0.3}),
            (None, "lyrics", {"alphabetic_word_share": 0.4, "unique_words_per_200": 0.1}),
        ],
    )
    many = {"stop_word_count<2": 1.0, "longest_word>30.25": 30.5, "digit_share>1.2e-05": 0.0, "word_count<25": 24.0}
    assert result == [
        ("stop_word_count<2", many),
        ("stop_word_share<0.2915", {"stop_word_share<0.2915": 0.1235, "word_count>4000": 4001.0}),
        ("unique_words_per_200<0.25", {"unique_words_per_200<0.25": 0.2}),
        (None, None),
        ("alphabetic_word_share<0.5", {"alphabetic_word_share<0.5": 0.4, "unique_words_per_200<0.25": 0.1}),
    ]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"word_count": 25.0}, None),
        ({"word_count": 4000.0}, None),
        ({"stop_word_share": 0.2915}, None),  # as the measured float32
        ({"stop_word_share": 0.7065}, None),
        ({"stop_word_share": float(np.nextafter(np.float32(0.2915), np.float32(0)))}, "stop_word_share<0.2915"),
        ({"stop_word_share": float(np.nextafter(np.float32(0.7065), np.float32(1)))}, "stop_word_share>0.7065"),
        ({"stop_word_share": float("nan")}, None),
        ({"stop_word_share": None}, None),
    ],
)
def test_what_is_at_a_bound_keeps_it(written: Written, values: dict[str, float | None], reason: str | None) -> None:
    """A value equal to a bound passes, and so does an unmeasured one."""
    [(result, _)] = _judged(written(), [("spa", "news", values)])
    assert result == reason


def test_what_fell_before_keeps_its_reason(written: Written) -> None:
    """A row that was dropped before keeps its reason."""
    frame = pl.DataFrame(
        {
            "language": ["spa"],
            "genre": ["news"],
            "signals": pl.Series([dict.fromkeys(schema.SIGNAL_STRUCT.to_schema(), 0.0)], dtype=schema.SIGNAL_STRUCT),
            "drop_reason": ["language=eng"],
        }
    )
    assert Filter(str(written()))(Batch(frame)).frame["drop_reason"].to_list() == ["language=eng"]


def test_a_document_is_measured_by_its_languages_file(written: Written) -> None:
    """A document is measured with the words of the file that covers its code, or with none."""
    folder = written(spa=f'covers = ["lad"]\n{_SPANISH}')
    frame = pl.DataFrame({"text": ["de la casa de la abuela"] * 5, "language": ["spa_Latn", "lad", "por", "und", None]})
    result = Measure(str(folder))(Batch(frame)).frame["signals"].struct.field("stop_word_count").fill_nan(None)
    assert result.to_list() == [2, 2, 1, None, None]


def test_a_folder_of_policies_is_read_again_when_it_changes(written: Written) -> None:
    """A folder is read again only if a file is edited, added or removed."""
    folder = written()
    moved = str(folder.rename(folder.with_name("[filtros]")))
    first = cached_policies(moved)
    assert cached_policies(moved) is first
    new = folder.with_name("[filtros]") / "genres" / "legal.toml"
    new.write_text('genre = "legal"\n')
    assert set(cached_policies(moved).genres) == {"news", "lyrics", "legal"}
    new.write_text('genre = "legal"\nreviewed_by = ["Alguien"]\n')
    assert cached_policies(moved).genres["legal"].reviewed_by == ("Alguien",)
    new.unlink()
    assert set(cached_policies(moved).genres) == {"news", "lyrics"}


def test_the_shipped_policies_are_those_without_a_name() -> None:
    """The default policies are those of the package or the checkout."""
    assert cached_policies().folder == Policies.load().folder
    assert {"spa", "por"} <= set(cached_policies("").languages)


def test_a_genre_loosens_bounds_of_the_language_and_tightens_none() -> None:
    """A genre can loosen a language's bound, and never tighten it."""
    policies = Policies.load()
    result = {
        code: {item.signal: item.maximum for item in policies.bounds(code, "reference")}
        for code in ("spa_Latn", "bzd_Latn")
    }
    assert (result["spa_Latn"]["code_symbol_share"], result["spa_Latn"]["ocr_damage_share"]) == (0.25, 0.07)
    assert result["bzd_Latn"]["ocr_damage_share"] == 0.15
