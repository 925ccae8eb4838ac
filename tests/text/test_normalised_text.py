"""The compiled pass that normalises texts gives the same result as the rule in Python."""

from __future__ import annotations

import hashlib
import unicodedata

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_corpus.batch import Batch
from latam_corpus.dedupe.fingerprints.fingerprint import Fingerprint
from latam_corpus.text.normal import normal_utf8

_TRICKY = [
    *"aA1 \n\t\r\x0b\x1c\x1f\x85\xa0\u2003\u2028\u3000\u200b\xad",
    *"ñÑáÁçÇßẞİıſKÅΣσςΩǅⒶⅣȺȾꞋʼ¿¡—€ﬁＡ",
    *"\u0301\u0303\u0327\u0345e\u1161\u11a8가𐐀😀",
]


def _rule(text: str) -> bytes:
    return " ".join(unicodedata.normalize("NFC", text).lower().split()).encode()


@given(
    st.lists(st.one_of(st.text(max_size=20), st.lists(st.sampled_from(_TRICKY), max_size=8).map("".join)), max_size=40)
)
@settings(max_examples=3 * settings().max_examples, deadline=None)
def test_the_pass_agrees_with_the_rule(texts: list[str]) -> None:
    """Documents give the same result together as alone, including those left to Python."""
    results = [bytes(result) for result in normal_utf8(pl.Series(texts, dtype=pl.String))]
    assert results == [_rule(text) for text in texts]


def test_every_code_point_is_normalised_as_python_does() -> None:
    """Each character of Unicode, between two letters, is normalised as by Python."""
    texts = [f"a{chr(point)}B" for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    results = [bytes(result) for result in normal_utf8(pl.Series(texts))]
    assert results == [_rule(text) for text in texts]


def test_a_fingerprint_is_the_hash_that_anyone_can_compute() -> None:
    """A fingerprint is the first 128 bits of the SHA-256 of the normalised text; a missing text counts as empty."""
    batch = Batch(pl.DataFrame({"text": ["La  Luna\n", None]}))
    hashes = Fingerprint()(batch).frame["text_hash"].to_list()
    assert hashes == [hashlib.sha256(text).digest()[:16] for text in (b"la luna", b"")]
