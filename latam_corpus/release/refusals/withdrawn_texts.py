"""Recognise copies of withdrawn texts by the fingerprints in the log: hashes of word runs and of numbers.

There are two kinds of fingerprints. Phrases are runs of three words, without numbers, each with its position in the
text. A document that has phrases of a text in the same order and at the same distances contains that stretch of the
text, even if a scanner misread the words between them. Entries from older toolkits have only runs of five words without
positions; they are compared by the share of common runs.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus.batch import Batch
from latam_corpus.dedupe.fingerprints.anchors import anchors_of, word_stream
from latam_corpus.dedupe.fingerprints.fingerprint import text_hash
from latam_corpus.dedupe.fingerprints.fingerprint_kernels import NUMBER_FLAG, WORD_BITS
from latam_corpus.dedupe.fingerprints.scheme import Ragged, Scheme, sampling_of
from latam_corpus.release.storing.withdrawal_log import TEXTS
from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Runs of three words would weigh more in short texts than in the long texts that quote them.
_SCHEME: Final = Scheme(short_words=1)
_SIEVE_BITS: Final = 22
_SHORTEST_SAMPLED: Final = 300  # words; all runs of shorter texts are stored
_FEWEST_RUNS: Final = 3  # runs that a text and its copy must have in common
# The share of a withdrawn text that a document must have to be withdrawn with it. If the text itself was withdrawn, the
# share of the document that comes from the text counts too, so that a stanza is withdrawn with its song.
SHARE_OF_TEXT: Final = {"text": 0.5, "creator": 0.8, "doc": 0.8}
SHARE_OF_DOCUMENT: Final = {"text": 0.5}
# Texts with the same words and other numbers, such as decrees, are different: at most one number in five may differ.
_SHARE_OF_NUMBERS: Final = 0.8
# A long text with one changed number is still a copy: one different number is allowed in this many words.
_WORDS_PER_NUMBER: Final = 500

_PHRASE: Final = 3  # words
# Length in words and divisor: for texts of at least this length, only phrases whose hash is divisible are stored.
_PHRASE_SAMPLING: Final = ((20_000, 8), (2000, 4))
# `_GAP`: the words allowed between two phrases of a stretch, times the divisor. `_DRIFT`: the words by which their
# distance may differ between text and document. If one character in ten is misread, one phrase in five is intact. Gaps
# of 24 words found a few more of these texts, but mistook 12 of 948 interviews with the same questions for copies; gaps
# of 20 words mistook one (tests/benchmarks/disguises.py).
_GAP: Final = 20
_DRIFT: Final = 3
_DRIFT_PER_WORD: Final = 0.2
_BAND: Final = 12  # words; phrases are grouped by their offset between text and document, in bands of this width
_FEWEST_PHRASES: Final = 3  # fewest phrases of a stretch
_SHORTEST: Final = 8  # fewest words of a stretch, and of a document or text to compare

_NUMBER_WORD: Final = re.compile(r"\w*\d\w*")
# Numbers of the layout: alone on a line, at its beginning, in brackets, or of a page or note.
_LAYOUT_NUMBER: Final = re.compile(
    r"(?mi)^[ \t]*\d{1,4}\b(?![.,]?\d)(?![ \u00a0\u202f]\d{3}\b)[.):]?|[\[(]\d{1,4}[\])]"
    r"|\b(?:pp?|p[aá]gs?|p[aá]ginas?|pages?|notas?|notes?|fols?|folios?)\.?\s*\d+"
)
_TOKEN: Final = re.compile(r"\d{1,3}(?:[ .,'’\u00a0\u202f]\d{3})+(?!\w)|[^\W_]+(?:['’ʼ][^\W_]+)*")
_STREAM_MASK: Final = np.uint32((1 << WORD_BITS) - 1)
_MATCH: Final = {"row": pl.UInt32, "number": pl.UInt32, "share": pl.Float64}


def texts_of(texts: pl.Series) -> pl.DataFrame:
    """Return the rows that the log stores for texts: TEXTS."""
    texts = texts.fill_null("")
    runs, words = _runs_of(texts)
    run_divisors = _run_divisors(words)
    phrases = _phrases_of(texts)
    rows = []
    for number, text in enumerate(texts):
        values = runs.of(number)
        own_phrases, places = _first_places(phrases.of(number))
        sampled = own_phrases % _phrase_divisor(phrases.counts[number]) == 0
        rows.append(
            {
                "text_hash": text_hash(text),
                "words": words[number],
                "runs": values[values % run_divisors[number] == 0].astype("<u8").tobytes(),
                "numbers": np.array(sorted(_number_hashes(text)), "<u2").tobytes(),
                "phrases": own_phrases[sampled].astype("<u4").tobytes(),
                "places": places[sampled].astype("<u4").tobytes(),
                "length": phrases.counts[number],
                "numbers_in_place": np.array([key for _, key in numbers_in_place(text)], "<u8").tobytes(),
            }
        )
    return pl.DataFrame(rows, schema=TEXTS).unique("text_hash", maintain_order=True)


def _runs_of(texts: pl.Series) -> tuple[Ragged, NDArray[np.int64]]:
    """Return the hashes of all runs of five words of each text, sorted, and the number of its words."""
    stream = word_stream(Batch(pl.DataFrame({"text": texts})).words)
    words = Ragged(stream.values, stream.offsets)
    return anchors_of(words, _SCHEME, np.ones(len(words), np.uint64)), stream.counts


def _run_divisors(words: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the divisor of the runs that the log stores, for texts of these lengths."""
    return np.where(words < _SHORTEST_SAMPLED, np.uint64(1), sampling_of(words))


def _phrases_of(texts: pl.Series) -> Ragged:
    """Return the hashes of all phrases of each text, uint32, in the order of the text.

    Numbers, marks of notes and hyphens at line ends are removed first, so that editions that differ in them agree.
    """
    stream = word_stream(Batch(pl.DataFrame({"text": _plain(texts)})).words)
    is_word = (stream.values & np.uint32(NUMBER_FLAG)) == 0
    words_before = np.concatenate(([0], np.cumsum(is_word)))
    offsets = words_before[stream.offsets]
    words = (stream.values[is_word] & _STREAM_MASK).astype(np.uint64)
    # Phrases that begin with the last two words of a text would run into the next text; `chosen` omits them.
    padded = np.concatenate((words, np.zeros(_PHRASE - 1, np.uint64)))
    keys = np.zeros(len(words), np.uint64)
    for place in range(_PHRASE):
        keys = (keys << np.uint64(WORD_BITS)) | padded[place : place + len(words)]
    hashes = _mixed(keys)
    counts = np.maximum(np.diff(offsets) - (_PHRASE - 1), 0)
    starts = np.concatenate(([0], np.cumsum(counts)))
    chosen = np.repeat(offsets[:-1] - starts[:-1], counts) + np.arange(starts[-1])
    return Ragged(hashes[chosen], starts)


def _plain(texts: pl.Series) -> pl.Series:
    """Return texts without invisible characters, marks of notes and hyphens at line ends."""
    return (
        texts.str.replace_all("[\u00ad\u200b-\u200d\u2060\ufeff\u00b2\u00b3\u00b9\u2070-\u2089]", "")
        .str.replace_all(r"(\p{L})[-‐¬][ \t]*\r?\n\s*(\p{Ll})", "$1$2")
        .str.replace_all(r"(\p{L})\d{1,3}\b", "$1")
    )


def _mixed(keys: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Hash 54 bits to 32 bits, by the finaliser of MurmurHash3."""
    for shift, factor in ((33, 0xFF51AFD7ED558CCD), (33, 0xC4CEB9FE1A85EC53)):
        keys = (keys ^ (keys >> np.uint64(shift))) * np.uint64(factor)
    return (keys >> np.uint64(32)).astype(np.uint32)


def _first_places(phrases: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the distinct phrases, sorted, and the first position of each."""
    return np.unique(phrases, return_index=True)


def _phrase_divisor(length: int) -> int:
    return next((divisor for shortest, divisor in _PHRASE_SAMPLING if length >= shortest), 1)


def _number_hashes(text: str) -> set[int]:
    """Hash words with digits to 16 bits, enough to distinguish two decrees, too few to reconstruct a number."""
    return {_hash(word) for word in _NUMBER_WORD.findall(text)}


def _hash(words: str, size: int = 2) -> int:
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:size], "little")


def numbers_in_place(text: str) -> list[tuple[int, int]]:
    r"""Return the position of each number, in words, and a hash: 48 bits of the two words before it, 16 of the number.

    Numbers of the layout, which differ between editions, and digits within words are ignored.

    >>> spoken, written = "Población total de 1.234.567", "POBLACIÓN total de 1 234 567 (1)"
    >>> numbers_in_place(spoken) == numbers_in_place(written)
    True
    >>> numbers_in_place("Decreto número 45") == numbers_in_place("Decreto número 46")
    False
    >>> numbers_in_place("12\nLa nota [3] de la pág. 7")
    []
    """
    words = ["", ""]
    numbers = []
    plain = _plain(pl.Series([text]))[0]
    for token in _TOKEN.findall(folded(_LAYOUT_NUMBER.sub(" ", plain))):
        digits = "".join(filter(str.isdecimal, token))
        if digits and len(digits) == sum(map(str.isalnum, token)):
            key = _hash(" ".join(words[-2:]), 6) << 16 | _hash(digits.lstrip("0"))
            numbers.append((len(words) - 2, key))
        elif not digits:
            words.append(token)
    return numbers


@dataclass(frozen=True)
class WithdrawnTexts:
    """Withdrawn texts (TEXTS), each with the `number` of its entry and the option `by` which it was withdrawn."""

    table: pl.DataFrame

    @cached_property
    def _by_phrases(self) -> _PhraseIndex:
        return _PhraseIndex(self.table.filter(pl.col("phrases").is_not_null()))

    @cached_property
    def _by_runs(self) -> _RunIndex:
        return _RunIndex(self.table.filter(pl.col("phrases").is_null()))

    def copies(self, texts: pl.Series, hashes: pl.Series) -> pl.DataFrame:
        """Return the documents that copy or contain a withdrawn text: `row`, `number` of the entry, `share`."""
        texts = texts.fill_null("")
        equal = pl.DataFrame({"row": np.arange(len(hashes), dtype=np.uint32), "text_hash": hashes}).join(
            self.table.select("text_hash", "number"), on="text_hash"
        )
        matches = [equal.select("row", "number", pl.lit(1.0).alias("share"))]
        matches += [index.matches(texts) for index in (self._by_phrases, self._by_runs)]
        return pl.concat(matches).sort("share", descending=True).unique("row", keep="first", maintain_order=True)


@dataclass(frozen=True)
class _PhraseIndex:
    """Withdrawn texts by their phrases."""

    table: pl.DataFrame

    @cached_property
    def _owners(self) -> pl.DataFrame:
        """The phrases of all texts, sorted, each with its text and its position in it."""
        phrases = [np.frombuffer(values, "<u4") for values in self.table["phrases"]]
        places = [np.frombuffer(values, "<u4") for values in self.table["places"]]
        text = np.repeat(np.arange(len(phrases), dtype=np.uint32), [len(values) for values in phrases])
        empty = np.zeros(0, np.uint32)
        return pl.DataFrame(
            {
                "phrase": np.concatenate([empty, *phrases]),
                "text": text,
                "place": np.concatenate([empty, *places]).astype(np.int64),
            }
        ).sort("phrase")

    @cached_property
    def _sieve(self) -> NDArray[np.bool_]:
        """Whether a text may have a phrase with these leading bits, bool[2^22]; it rules out most documents."""
        sieve = np.zeros(1 << _SIEVE_BITS, np.bool_)
        sieve[self._owners["phrase"].to_numpy() >> (32 - _SIEVE_BITS)] = True
        return sieve

    def matches(self, texts: pl.Series) -> pl.DataFrame:
        """Return `row`, `number` and `share` of each document that has enough of a text."""
        matches = []
        if self.table.height:
            phrases = _phrases_of(texts)
            stretches = self._stretches(phrases)
            for (row, text), chains in stretches.group_by("row", "text", maintain_order=True):
                share = self._share(chains, int(text), phrases.of(int(row)), texts[int(row)])
                if share:
                    matches.append((row, self.table["number"][int(text)], share))
        return pl.DataFrame(matches, schema=_MATCH, orient="row")

    def _stretches(self, phrases: Ragged) -> pl.DataFrame:
        """Return the stretches that documents and withdrawn texts have in common.

        Each has the `row` of the document, the `text`, the positions `at` to `at_end` in the document, and the
        positions `place` to `place_end` in the text.
        """
        withdrawn = self._owners["phrase"].to_numpy()
        candidates = np.flatnonzero(self._sieve[phrases.values >> (32 - _SIEVE_BITS)])
        places = np.searchsorted(withdrawn, phrases.values[candidates]).clip(max=max(len(withdrawn) - 1, 0))
        hits = candidates[withdrawn[places] == phrases.values[candidates]] if len(withdrawn) else candidates[:0]
        rows = np.searchsorted(phrases.offsets, hits, "right") - 1
        gaps = pl.Series([_GAP * _phrase_divisor(length) for length in self.table["length"]], dtype=pl.Int64)
        pairs = (
            pl.DataFrame(
                {"row": rows.astype(np.uint32), "phrase": phrases.values[hits], "at": hits - phrases.offsets[rows]}
            )
            .join(self._owners, on="phrase")
            .filter(pl.len().over("row", "text") >= _FEWEST_PHRASES)
        )
        pairs = pairs.with_columns(gaps.gather(pairs["text"]).alias("gap"))
        banded = [
            pairs.with_columns(((pl.col("at") - pl.col("place") + shift) // _BAND).alias("band"), half=pl.lit(shift))
            for shift in (0, _BAND // 2)
        ]
        key = ["row", "text", "half", "band"]
        return (
            pl.concat(banded)
            .sort(*key, "at", "place")
            .with_columns(
                pl.col("at").diff().over(key).alias("step"),
                (pl.col("at") - pl.col("place")).diff().abs().over(key).alias("drift"),
            )
            .with_columns(
                ((pl.col("step") > pl.col("gap")) | (pl.col("drift") > _DRIFT + pl.col("step") * _DRIFT_PER_WORD))
                .fill_null(value=False)
                .alias("apart")
            )
            .with_columns(pl.col("apart").cum_sum().over(key).alias("chain"))
            .group_by(*key, "chain", maintain_order=True)
            .agg(
                pl.col("phrase").n_unique().alias("phrases"),
                pl.col("at").min().alias("at"),
                pl.col("at").max().alias("at_end"),
                pl.col("place").min().alias("place"),
                pl.col("place").max().alias("place_end"),
            )
            .filter(
                (pl.col("phrases") >= _FEWEST_PHRASES)
                & (pl.col("at_end") - pl.col("at") + _PHRASE >= _SHORTEST)
                & (pl.col("place_end") - pl.col("place") + _PHRASE >= _SHORTEST)
            )
            .sort("row", "text")
        )

    def _share(self, stretches: pl.DataFrame, text: int, phrases: NDArray[np.uint32], document: str) -> float:
        """Return the share of the text in the document or of the document in the text; 0.0 if it isn't a copy."""
        by = self.table["by"][text]
        places = np.frombuffer(self.table["places"][text], "<u4").astype(np.int64)
        _, firsts = _first_places(phrases)
        in_text = _within(places, stretches["place"], stretches["place_end"])
        in_document = _within(firsts, stretches["at"], stretches["at_end"])
        of_text, of_document = in_text.mean(), in_document.mean()
        if of_text < SHARE_OF_TEXT[by] and of_document < SHARE_OF_DOCUMENT.get(by, 2.0):
            return 0.0
        if self._has_other_numbers(text, document, stretches, int(in_document.sum())):
            return 0.0
        return float(max(of_text, of_document))

    def _has_other_numbers(self, text: int, document: str, stretches: pl.DataFrame, words: int) -> bool:
        """Whether the document has other numbers in the same places as the text, as filled-in forms do.

        Numbers that are missing or added, and numbers outside the text's stretches, don't count.
        """
        text_numbers = _by_place(np.frombuffer(self.table["numbers_in_place"][text], "<u8").tolist())
        numbers = numbers_in_place(document) if text_numbers else []
        if not numbers:
            return False
        places = np.array([place for place, _ in numbers], np.int64)
        inside = _within(places, stretches["at"] - _PHRASE, stretches["at_end"] + 2 * _PHRASE)
        document_numbers = _by_place([key for (_, key), is_inside in zip(numbers, inside, strict=True) if is_inside])
        shared_places = text_numbers.keys() & document_numbers.keys()
        differing = sum(text_numbers[place].isdisjoint(document_numbers[place]) for place in shared_places)
        return differing > (1 - _SHARE_OF_NUMBERS) * len(shared_places) and differing * _WORDS_PER_NUMBER >= words


def _within(places: NDArray[np.int64], first: pl.Series, last: pl.Series) -> NDArray[np.bool_]:
    """Return a mask of the places inside one of these intervals, ends included."""
    depth = np.zeros(max(int(places.max(initial=0)), int(last.max())) + 2, np.int64)  # type: ignore[arg-type]
    np.add.at(depth, np.maximum(first.to_numpy(), 0), 1)
    np.add.at(depth, last.to_numpy() + 1, -1)
    return np.cumsum(depth)[places] > 0


def _by_place(numbers: list[int]) -> dict[int, set[int]]:
    """Return the hashes of numbers by the hash of the words before them."""
    by_place: dict[int, set[int]] = {}
    for number in numbers:
        by_place.setdefault(number >> 16, set()).add(number & 0xFFFF)
    return by_place


@dataclass(frozen=True)
class _RunIndex:
    """Withdrawn texts of which an older toolkit stored only runs of five words and hashes of numbers."""

    table: pl.DataFrame

    @cached_property
    def _owners(self) -> pl.DataFrame:
        """The runs of all texts, sorted, each with its text."""
        values = [np.frombuffer(runs, "<u8") for runs in self.table["runs"]]
        text = np.repeat(np.arange(len(values), dtype=np.uint32), [len(runs) for runs in values])
        return pl.DataFrame({"run": np.concatenate([np.zeros(0, "<u8"), *values]), "text": text}).sort("run")

    def matches(self, texts: pl.Series) -> pl.DataFrame:
        """Return `row`, `number` and `share` of each document that has enough of a text."""
        withdrawn = self._owners["run"].to_numpy()
        if not len(withdrawn):
            return pl.DataFrame(schema=_MATCH)
        runs, _ = _runs_of(texts)
        places = np.searchsorted(withdrawn, runs.values).clip(max=len(withdrawn) - 1)
        hits = np.flatnonzero(withdrawn[places] == runs.values)
        rows = (np.searchsorted(runs.offsets, hits, "right") - 1).astype(np.uint32)
        sizes = self.table.select(
            "number",
            "by",
            (pl.col("runs").bin.size() // 8).alias("size"),
            pl.Series("divisor", _run_divisors(self.table["words"].to_numpy().astype(np.int64))),
        ).with_row_index("text")
        shared = (
            pl.DataFrame({"row": rows, "run": runs.values[hits]})
            .join(self._owners, on="run")
            .group_by("row", "text", maintain_order=True)
            .len("shared")
            .filter(pl.col("shared") >= _FEWEST_RUNS)
            .join(sizes, on="text", maintain_order="left")
        )
        matches = []
        for row, text, common, number, by, size, divisor in shared.iter_rows():
            of_text = common / size
            of_document = common / int((runs.of(row) % np.uint64(divisor) == 0).sum())
            enough = of_text >= SHARE_OF_TEXT[by] or of_document >= SHARE_OF_DOCUMENT.get(by, 2.0)
            if enough and not self._has_other_numbers(text, texts[row]):
                matches.append((row, number, max(of_text, of_document)))
        return pl.DataFrame(matches, schema=_MATCH, orient="row")

    def _has_other_numbers(self, text: int, document: str) -> bool:
        """Whether the document lacks numbers of the text and has at least as many others, as filled-in forms do."""
        text_numbers = set(np.frombuffer(self.table["numbers"][text], "<u2").tolist())
        document_numbers = _number_hashes(_LAYOUT_NUMBER.sub(" ", document))
        missing = len(text_numbers - document_numbers)
        added = len(document_numbers - text_numbers)
        return missing > (1 - _SHARE_OF_NUMBERS) * len(text_numbers) and added >= missing
