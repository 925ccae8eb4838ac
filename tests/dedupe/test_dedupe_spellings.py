"""A text in a language's old spelling has the same words for the search for copies as one in the modern spelling."""

from __future__ import annotations

import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.dedupe.fingerprints.fingerprint import Fingerprint
from latam_corpus.dedupe.fingerprints.scheme import STREAM
from latam_corpus.text.orthography import Spelling, in_modern, spellings


def _streams(language: str | None, *texts: str) -> list[list[int]]:
    frame = pl.DataFrame({"text": texts, "language": [language] * len(texts)}, schema_overrides={"language": pl.String})
    streams: list[list[int]] = Fingerprint(sketch=True)(Batch(frame)).frame[STREAM].to_list()
    return streams


@pytest.mark.parametrize("spelling", spellings(), ids=lambda item: item.name[:40])
def test_attested_words_are_the_same_in_both_spellings(spelling: Spelling) -> None:
    """Words with a single modern spelling are equal in both, and texts in other languages aren't changed."""
    pairs = [(old, new) for old, new in spelling.attested if spelling.rewritten(old, to_modern=True) == new]
    assert pairs
    old, new = (" ".join(word.capitalize() for word in words) for words in zip(*pairs, strict=True))
    if not spelling.is_old(old.lower()):
        pytest.skip("the words show as many signs of the one as of the other")
    (code, *_) = sorted(spelling.codes)
    first, second = _streams(f"{code}_Latn", old, new)
    assert first == second
    assert in_modern({"spa"}, old) == old


def test_a_row_of_a_group_is_read_by_its_members_tables() -> None:
    """A row in a group of languages uses the tables of its members."""
    for language in ("aym_Latn", "ayr_Latn"):
        first, second = _streams(language, "Ucajj ucampis jumanacajj", "Ukax ukampis jumanakax")
        assert first == second


def test_what_isnt_in_an_old_spelling_stays_as_it_is() -> None:
    """A text in the modern spelling, and a row without text or language, isn't changed."""
    assert in_modern({"ayr"}, "Ukax ukampis ucajj") == "Ukax ukampis ucajj"
    assert in_modern({"ayr"}, "UCAJJ, C y ucampis.") == "UKAX, K y ukampis."
    assert _streams(None, "Ucajj", "") == _streams("und", "Ucajj", "")
