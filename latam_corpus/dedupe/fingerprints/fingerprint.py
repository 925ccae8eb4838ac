"""The stage `fingerprint`: the hash of the normalised text, and the sketch that finds near-duplicates."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from latam_corpus.codes import groups
from latam_corpus.dedupe.fingerprints.anchors import stream_and_accents
from latam_corpus.dedupe.fingerprints.appended import appended_words
from latam_corpus.dedupe.fingerprints.damage import damage_of, shipped
from latam_corpus.dedupe.fingerprints.minhash import proposals_of
from latam_corpus.dedupe.fingerprints.scheme import ACCENTED, ANCHORS, APPENDED, MINHASH, SKETCH, STREAM, WORDS, Scheme
from latam_corpus.stages import Stage
from latam_corpus.text.normal import normal, normal_utf8
from latam_corpus.text.orthography import in_modern, spellings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.batch import Batch


def text_hash(text: str) -> bytes:
    r"""Return the first 128 bits of the SHA-256 of the normalised text: NFC, lower case, white space as single spaces.

    Withdrawal lists depend on this definition: anyone can compute it without this toolkit.

    >>> text_hash("La  Luna\n") == text_hash("la luna")
    True
    """
    return hashlib.sha256(normal(text).encode()).digest()[:16]


@dataclass(frozen=True)
class Fingerprint(Stage):
    """The stage that adds each document's `text_hash` and, optionally, the sketch that finds near-duplicates.

    Attributes:
        sketch: whether to add the sketch: `words` (the number of words), DAMAGE (`damage_of`, by the document's
            `language`), `appended` (`appended_words`), `accented` (`stream_and_accents`), `anchors` (uint64, see
            `anchors_of`; the band keys under the scheme "minhash") and `stream` (uint32 per word, see `word_stream`).
        scheme: "anchors" or "minhash"; this and the following options are as in `Scheme`.
        shingle: words in a run.
        bands: keys per document; for "minhash" only.
        rows: minima per key; for "minhash" only.
        seed: the seed of the hash functions.
    """

    name: ClassVar[str] = "fingerprint"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"text"})
    gives: ClassVar[frozenset[str]] = frozenset({"text_hash", *SKETCH})

    sketch: bool = False
    scheme: str = Scheme.name
    shingle: int = Scheme.shingle
    bands: int = Scheme.bands
    rows: int = Scheme.rows
    seed: int = Scheme.seed

    def __post_init__(self) -> None:
        self.parameters()

    def parameters(self) -> Scheme:
        """Return the scheme that the options describe.

        Raises:
            ConfigError: an option is out of its range.
        """
        values = asdict(self)
        option_names = {field.name for field in fields(Scheme)}
        return Scheme(name=self.scheme, **{key: value for key, value in values.items() if key in option_names})

    def fingerprint(self) -> str:
        """Return a digest of the words that identify damage and of the MinHash library; empty if there is no sketch."""
        if not self.sketch:
            return ""
        return shipped().digest() + (metadata.version("datasketch") if self.scheme == MINHASH else "")

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with `text_hash` and, if enabled, the sketch."""
        hashes = [hashlib.sha256(text).digest()[:16] for text in normal_utf8(batch.frame["text"])]
        columns = {"text_hash": pl.Series("text_hash", hashes, dtype=pl.Binary)}
        if self.sketch:
            scheme = self.parameters()
            languages = batch.frame["language"].to_list() if "language" in batch.frame.columns else [None] * len(batch)
            stream, (accented, accented_in_middle) = stream_and_accents(_in_one_spelling(batch, languages).words)
            columns |= {
                WORDS: pl.Series(WORDS, stream.counts, dtype=pl.UInt32),
                **damage_of(batch.words, languages, accented_in_middle),
                ACCENTED: pl.Series(ACCENTED, accented, dtype=pl.UInt32),
                APPENDED: pl.Series(APPENDED, appended_words(batch.words), dtype=pl.UInt32),
                ANCHORS: proposals_of(stream, scheme).lists(),
                STREAM: stream.lists(),
            }
        return batch.with_columns(columns)


def _in_one_spelling(batch: Batch, languages: Sequence[str | None]) -> Batch:
    """Return the batch with texts in an old spelling of an indigenous language converted to the modern spelling."""
    spelled = {code: codes_spelled(code) for code in set(languages) if code}
    if not any(spelled.values()):
        return batch
    texts = [
        in_modern(codes, text) if text and code and (codes := spelled[code]) else text
        for text, code in zip(batch.frame["text"], languages, strict=True)
    ]
    return batch.with_columns({"text": pl.Series("text", texts, dtype=pl.String)})


@cache
def codes_spelled(language: str) -> frozenset[str]:
    """Return the languages in the table of spellings that equal a row's language or belong to its group.

    >>> sorted(codes_spelled("aym_Latn")), sorted(codes_spelled("spa_Latn"))
    (['ayc', 'aym', 'ayr'], [])
    """
    code = language.partition("_")[0]
    group_of = groups().of
    return frozenset(
        member for spelling in spellings() for member in spelling.codes if code in (member, group_of.get(member))
    )
