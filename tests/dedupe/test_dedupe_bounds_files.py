"""The files of bounds in `filters/dedupe` are checked, and their values decide."""

from __future__ import annotations

import pickle
import re
import shutil
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from latam_corpus.dedupe.dedupe import Dedupe
from latam_corpus.dedupe.fingerprints.anchors import word_stream
from latam_corpus.dedupe.verify.bounds import dedupe_bounds
from latam_corpus.dedupe.verify.pair_facts import GENRE_NUMBERS, DocumentFacts
from latam_corpus.dedupe.verify.rules import BOUND_NAMES, RULES
from latam_corpus.dedupe.verify.verify_pairs import measure_pairs, verdict_on
from latam_corpus.errors import ConfigError
from latam_corpus.paths import data_folder
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the shipped folder."""
    shutil.copytree(data_folder("filters") / "dedupe", tmp_path / "dedupe")
    return tmp_path


@pytest.mark.parametrize(
    ("file", "old", "new", "problem", "remedy"),
    [
        ("default.toml", "share = 0.70", "shares = 0.70", "unknown bound «shares»", "did you mean «share»?"),
        ("default.toml", "short_words = 30\n", "", "the bound «short_words» is missing", "add «short_words"),
        ("lyrics.toml", '"lyrics"', '"lyric"', "unknown genre «lyric»", "did you mean «lyrics»?"),
        ("lyrics.toml", '"lyrics"', '"literature"', "another file already has bounds for «literature»", "one file"),
        ("lyrics.toml", 'genres = ["lyrics"]', "genres = []", "the key «genres» is missing", "add «genres"),
        ("default.toml", "chapter = 1000", 'chapter = "1000"', "chapter", "a number without quotes"),
        ("default.toml", "chapter = 1000", "chapter = -1", "chapter", "0 or more"),
        ("default.toml", "reviewed_by = []", 'genres = ["news"]', "default.toml can't have the key «genres»", "delete"),
    ],
)
def test_a_wrong_file_is_an_error_that_names_the_place_and_the_remedy(
    folder: Path, file: str, old: str, new: str, problem: str, remedy: str
) -> None:
    """Unknown bounds and genres, missing bounds, repeated genres and wrong values are errors with place and remedy."""
    path = folder / "dedupe" / file
    text = path.read_text(encoding="utf-8")
    assert re.search(f"^{re.escape(old)}" if "=" in old else re.escape(old), text, re.MULTILINE)
    path.write_text(
        re.sub(f"^{re.escape(old)}" if "=" in old else re.escape(old), new, text, count=1, flags=re.MULTILINE)
    )
    with pytest.raises(ConfigError) as caught:
        dedupe_bounds(str(folder))
    message = str(caught.value)
    assert "dedupe" in message
    assert problem in message
    assert remedy in message


def test_a_folder_without_bounds_is_an_error(tmp_path: Path) -> None:
    """A folder without bounds is an error whose remedy names the files to copy."""
    with pytest.raises(ConfigError, match="copy the toolkit's filters/dedupe"):
        dedupe_bounds(str(tmp_path))


def test_a_stage_depends_on_the_values_of_its_bounds_and_not_on_comments(folder: Path) -> None:
    """A changed bound changes the stage's fingerprint; comments and the folder's place don't."""
    usual = Dedupe().fingerprint()
    assert Dedupe(policies=str(folder)).fingerprint() == usual
    path = folder / "dedupe" / "lyrics.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"# Reviewed.\n{text}", encoding="utf-8")
    assert Dedupe(policies=str(folder)).fingerprint() == usual
    path.write_text(text.replace("slot_words = 0", "slot_words = 75"), encoding="utf-8")
    assert Dedupe(policies=str(folder)).fingerprint() != usual
    assert pickle.loads(pickle.dumps(dedupe_bounds(str(folder)))) == dedupe_bounds(str(folder))  # noqa: S301


def test_every_bound_has_a_comment_and_a_rule() -> None:
    """Every bound has a comment above it, and a rule that reads it."""
    for path in sorted((data_folder("filters") / "dedupe").glob("*.toml")):
        lines = path.read_text(encoding="utf-8").splitlines()
        for previous, line in pairwise(lines):
            if re.match(r"\w+ = [0-9]", line):
                assert previous.startswith("# "), f"{path.name}: {line}"
    assert set(dedupe_bounds().default) == set(BOUND_NAMES)


def test_rules_have_distinct_names_and_a_sentence() -> None:
    """Rules have distinct names and a docstring."""
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all((rule.test.__doc__ or "").startswith("Match ") for rule in RULES)


def test_a_song_with_another_verse_is_a_version_and_an_article_a_copy() -> None:
    """One different passage makes a song a variant and a news article a copy."""
    song = (
        "La molinera lloraba junto al molino de piedra porque el río no traía ni agua ni barcas ni viento y decía que "
        "su amor se fue por el camino verde con la luna en el sombrero y no volvió nunca más a la aldea"
    )
    second = song.replace("por el camino verde", "tras unos caballos negros")
    assert verdict_on(song, second, "lyrics") == "variant passages"
    assert verdict_on(song, second, "news") == "duplicate share"


def test_the_genre_of_a_pair_is_that_of_both_or_the_only_known_one() -> None:
    """The genre of a pair is that of both documents or the only known one, and unknown if they differ."""
    numbers = [GENRE_NUMBERS[genre] for genre in ("lyrics", "news", "")]
    streams = word_stream(WordTable.of(["una canción", "una noticia", "otra"]))
    facts = DocumentFacts.unknown(3)
    facts.genre[:] = numbers
    pairs = np.array([[0, 0], [0, 1], [0, 2], [2, 1], [2, 2]], np.uint32)
    lyrics, news, none = numbers
    assert measure_pairs(streams, pairs, dedupe_bounds(), facts).genre.tolist() == [lyrics, none, lyrics, news, none]
