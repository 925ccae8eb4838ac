"""Which documents a store's withdrawals keep out: by what they are, by whom and where they are from, and what they say.

A text is known again by its `text_hash`, and by its runs of five words, accents and case aside: by 64-bit hashes, of
which a long text keeps one in eight or sixteen. So the log holds no words.
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
from latam_corpus.catalog.identity import canonical_url
from latam_corpus.dedupe.anchors import anchors_of, word_stream
from latam_corpus.dedupe.fingerprint import text_hash
from latam_corpus.dedupe.scheme import Ragged, Scheme, sampling_of
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.release.withdrawal_log import TEXTS, TEXTS_BY, WithdrawalLog, asked_hash
from latam_corpus.text.folding import name_key, parted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.release.withdrawal_log import By, Entry, Selection

# Short runs of three words would weigh more in short texts than in the long ones that quote them.
_SCHEME: Final = Scheme(short_words=1)
_NUMBER: Final = re.compile(r"\w*\d\w*")
# Texts of one form with other numbers, such as decrees, are other texts.
_SHARE_OF_NUMBERS: Final = 0.8
_SIEVE_BITS: Final = 22
_KEPT_WHOLE: Final = 300  # words of a text of which all runs are kept
_FEWEST: Final = 3  # runs in common, by which a document may be known
# The share of a withdrawn text's runs that a document has and stays out. Of a text that was named as such also the
# share of the document's runs that the text has, so that a stanza goes with its song.
SHARE_OF_TEXT: Final = {"text": 0.5, "creator": 0.8, "doc": 0.8}
SHARE_OF_DOCUMENT: Final = {"text": 0.5}
READS: Final = ("doc_id", "parent_id", "source_id", "creators", "contributor", "url", "text_hash")


def settled(by: By, value: str) -> str:
    """Return what was named, in the form in which it is compared and hashed.

    Raises:
        ConfigError: nothing is named, or a pattern of addresses that names no site.

    >>> settled("creator", " García Márquez,  Gabriel"), settled("url", "HTTP://Sitio.example/a/*")
    ('gabriel garcia marquez', 'http://sitio.example/a/*')
    """
    if not value.strip():
        raise ConfigError(f"--{by}", _("nothing is named"), _("say what is withdrawn"))
    if by == "creator":
        return name_key(value)
    if by != "url":
        return value.strip()
    pattern = re.match(r"(https?://[^/*]+)(.*)", value.strip(), re.DOTALL | re.IGNORECASE)
    if not pattern:
        raise ConfigError(
            "--url", _("«{value}» names no site", value=value), _("write it as https://site.example/folder/*")
        )
    return canonical_url(value) if "*" not in value else pattern[1].lower() + pattern[2]


def runs_of(texts: pl.Series) -> tuple[Ragged, NDArray[np.int64]]:
    """All runs of each text, as sorted hashes, and how many words it has."""
    stream = word_stream(Batch(pl.DataFrame({"text": texts.fill_null("")})).words)
    every = Ragged(stream.values, stream.offsets)
    return anchors_of(every, _SCHEME, np.ones(len(every), np.uint64)), stream.counts


def run_divisors(words: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the number that divides the runs which the log keeps of texts of so many words."""
    return np.where(words < _KEPT_WHOLE, np.uint64(1), sampling_of(words))


def texts_of(texts: pl.Series) -> pl.DataFrame:
    """Return what the log keeps of texts: TEXTS."""
    runs, words = runs_of(texts)
    stored_runs = []
    for number, divisor in enumerate(run_divisors(words)):
        values = runs.of(number)
        stored_runs.append(values[values % divisor == 0].astype("<u8").tobytes())
    hashes = [text_hash(text or "") for text in texts]
    numbers = [np.array(sorted(numbers_of(text or "")), "<u2").tobytes() for text in texts]
    rows = {"text_hash": hashes, "words": words, "runs": stored_runs, "numbers": numbers}
    return pl.DataFrame(rows, schema=TEXTS).unique("text_hash", maintain_order=True)


def _sieved(runs: NDArray[np.uint64]) -> NDArray[np.int64]:
    # The last bits of a long text's are those by which its runs were chosen.
    return (runs >> np.uint64(64 - _SIEVE_BITS)).astype(np.int64)


def numbers_of(text: str) -> set[int]:
    """Hash words with digits to 16 bits: enough to tell two decrees apart, too little to tell a number.

    >>> numbers_of("Decreto 45 de 1998") == numbers_of("Decreto 46 de 1998")
    False
    """
    words = _NUMBER.findall(text)
    return {int.from_bytes(hashlib.sha256(word.encode()).digest()[:2], "little") for word in words}


@dataclass(frozen=True)
class WithdrawnTexts:
    """Texts that stay out, each with the number of its entry and by what that was asked for.

    Attributes:
        table: TEXTS, `number` and `by`.
    """

    table: pl.DataFrame

    @cached_property
    def _owners(self) -> pl.DataFrame:
        """The hashes of all texts' runs, sorted, each with the place of its text."""
        values = [np.frombuffer(runs, "<u8") for runs in self.table["runs"]]
        counts = [len(signature) for signature in values]
        owners = pl.DataFrame(
            {
                "run": np.concatenate([np.zeros(0, "<u8"), *values]),
                "text": np.repeat(np.arange(len(values), dtype=np.uint32), counts),
            }
        )
        return owners.sort("run")

    @cached_property
    def _sieve(self) -> NDArray[np.bool_]:
        """By some bits of a hash whether a text may have it, bool[2^22]: most of a corpus have none."""
        sieve = np.zeros(1 << _SIEVE_BITS, np.bool_)
        sieve[_sieved(self._owners["run"].to_numpy())] = True
        return sieve

    def known(self, texts: pl.Series, hashes: pl.Series) -> pl.DataFrame:
        """Give the texts that are a withdrawn one, near it, or have it in them: `row`, `number` of the entry, `share`.

        Args:
            texts: of documents.
            hashes: their `text_hash`.
        """
        equal = pl.DataFrame({"row": np.arange(len(hashes), dtype=np.uint32), "text_hash": hashes}).join(
            self.table.select("text_hash", "number"), on="text_hash"
        )
        matches = [equal.select("row", "number", pl.lit(1.0).alias("share")), self._near(texts)]
        return pl.concat(matches).sort("share", descending=True).unique("row", keep="first", maintain_order=True)

    def _near(self, texts: pl.Series) -> pl.DataFrame:
        runs, _ = runs_of(texts)
        owned = self._owners["run"].to_numpy()
        nothing = pl.DataFrame(schema={"row": pl.UInt32, "number": pl.UInt32, "share": pl.Float64})
        if not len(owned):
            return nothing
        maybe = np.flatnonzero(self._sieve[_sieved(runs.values)])
        places = np.searchsorted(owned, runs.values[maybe]).clip(max=len(owned) - 1)
        hit = maybe[owned[places] == runs.values[maybe]]
        if not len(hit):
            return nothing
        rows = (np.searchsorted(runs.offsets, hit, "right") - 1).astype(np.uint32)
        sizes = self.table.select(
            "number",
            "by",
            (pl.col("runs").bin.size() // 8).alias("size"),
            pl.Series("divisor", run_divisors(self.table["words"].to_numpy().astype(np.int64))),
        ).with_row_index("text")
        shared = (
            pl.DataFrame({"row": rows, "run": runs.values[hit]})
            .join(self._owners, on="run")
            .group_by("row", "text")
            .len("shared")
            .filter(pl.col("shared") >= _FEWEST)
            .join(sizes, on="text")
            .with_columns(pl.col("by").replace_strict(SHARE_OF_TEXT, return_dtype=pl.Float64).alias("least"))
        )
        mine = [
            int((runs.of(row) % np.uint64(divisor) == 0).sum())
            for row, divisor in shared.select("row", "divisor").iter_rows()
        ]
        shared = shared.with_columns(pl.Series("mine", mine, dtype=pl.Int64))
        within = pl.col("by").replace_strict(SHARE_OF_DOCUMENT, default=2.0, return_dtype=pl.Float64)
        of_text, of_document = pl.col("shared") / pl.col("size"), pl.col("shared") / pl.col("mine")
        near = shared.with_columns(
            (of_text >= pl.col("least")).alias("copy"), (of_document >= within).alias("piece")
        ).filter(pl.col("copy") | pl.col("piece"))
        same = [
            self._same_numbers(texts[row], text, copy)
            for row, text, copy in near.select("row", "text", "copy").iter_rows()
        ]
        return near.filter(pl.Series(same, dtype=pl.Boolean)).select(
            "row", pl.col("number").cast(pl.UInt32), pl.max_horizontal(of_text, of_document).alias("share")
        )

    def _same_numbers(self, document: str, text: int, copy: bool) -> bool:
        """Whether a copy has the numbers of a text, or the text those of a piece of it."""
        mine = numbers_of(document)
        its = set(np.frombuffer(self.table["numbers"][text], "<u2").tolist())
        wanted, there = (its, mine) if copy else (mine, its)
        return len(wanted & there) >= _SHARE_OF_NUMBERS * len(wanted)


@dataclass(frozen=True)
class Tombstones:
    """What a store's withdrawals keep out of every version that is built.

    Attributes:
        log: the store's.
        erasing: whether what is only held is let be, which may come back.
    """

    log: WithdrawalLog
    erasing: bool = False

    @cached_property
    def _entries(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.log.withdrawals if entry.erases or not self.erasing)

    @cached_property
    def _ids(self) -> pl.DataFrame:
        return self.log.documents_of(self._entries)

    @cached_property
    def _spared(self) -> pl.Series:
        frames = [self.log.table(entry, "spared")["doc_id"] for entry in self._entries]
        return pl.concat([pl.Series("doc_id", [], pl.String), *frames])

    @cached_property
    def texts(self) -> WithdrawnTexts:
        """The texts that stay out."""
        frames = [pl.DataFrame(schema={**TEXTS_BY, "number": pl.UInt32})]
        for entry in self._entries:
            number = pl.lit(entry.number, pl.UInt32).alias("number")
            frames.append(self.log.table(entry, "texts").with_columns(number))
        return WithdrawnTexts(pl.concat(frames))

    @cached_property
    def _texts_named(self) -> WithdrawnTexts:
        """The texts that stay out whatever source they are from."""
        return WithdrawnTexts(self.texts.table.filter(pl.col("by") != "doc"))

    def listed(self, frame: pl.DataFrame) -> pl.Series:
        """For each row the number of the entry that lists it, or what it was cut from; else null.

        Args:
            frame: `doc_id`, `parent_id`.
        """
        numbers = [pl.lit(None, pl.UInt32)]
        for name in ("doc_id", "parent_id"):
            rows = frame.select(name).join(
                self._ids, left_on=name, right_on="doc_id", how="left", maintain_order="left"
            )
            numbers.append(pl.lit(rows["number"]))
        return frame.select(pl.coalesce(numbers).alias("number")).to_series()

    def about(self, frame: pl.DataFrame) -> pl.Series:
        """For each row the number of the entry that keeps it out by its ids, source, people or address; else null.

        Args:
            frame: with READS.
        """
        numbers = self.listed(frame)
        for entry in self._entries:
            for selection in entry.selections:
                if selection.by in ("source", "creator", "url"):
                    mine = pl.Series("number", np.where(named_by(frame, selection), entry.number, 0), pl.UInt32)
                    numbers = numbers.zip_with(numbers.is_not_null(), mine.replace(0, None))
        return numbers

    def matching_texts(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows that say what was withdrawn, see `WithdrawnTexts.known`.

        Args:
            frame: `doc_id`, `text`, `text_hash`.
        """
        if not self.texts.table.height:
            return pl.DataFrame(schema={"row": pl.UInt32, "number": pl.UInt32, "share": pl.Float64})
        matches = self.texts.known(frame["text"], frame["text_hash"])
        spared = frame["doc_id"].is_in(self._spared.implode()).to_numpy()
        of_spared = pl.Series(spared[matches["row"].to_numpy()], dtype=pl.Boolean)
        if not of_spared.any():
            return matches
        # A copy is spared if a document was named by its id, and not if its words or their author were named.
        words = self._texts_named.known(frame["text"], frame["text_hash"])
        words = words.filter(pl.Series(spared[words["row"].to_numpy()], dtype=pl.Boolean))
        return pl.concat([matches.filter(~of_spared), words])


def named_by(frame: pl.DataFrame, selection: Selection) -> NDArray[np.bool_]:
    """Return which rows are of the source, by the person or at an address that is withdrawn, bool[n].

    Args:
        frame: `source_id`, `creators`, `contributor`, `url`.
        selection: by source, creator or url.
    """
    if selection.by == "source":
        return _hashed(frame["source_id"], "source", selection.asked).to_numpy()
    if selection.by == "url":
        return matching(frame["url"], selection.asked).to_numpy()
    people = frame.select(
        pl.int_range(pl.len()).alias("row"),
        pl.concat_list(pl.col("creators").fill_null([]), pl.col("contributor")).alias("name"),
    ).explode("name")
    named = people.filter(_hashed(people["name"], "creator", selection.asked))["row"]
    mask = np.zeros(frame.height, np.bool_)
    mask[named.to_numpy()] = True
    return mask


def _hashed(values: pl.Series, by: By, asked: str) -> pl.Series:
    """Which of these are what was asked for; values repeat, so that each distinct one is hashed once.

    A name may stand among others in one text, as in PDF and Word.
    """

    def is_asked(value: str) -> bool:
        names = {value, *parted(value)} if by == "creator" else {value}
        return any(asked_hash(by, settled(by, name)) == asked for name in names if name.strip())

    return values.is_in(list(filter(is_asked, values.unique().drop_nulls().to_list()))).fill_null(value=False)


def matching(urls: pl.Series, pattern: str) -> pl.Series:
    """Which addresses a pattern names, in which `*` stands for any characters.

    >>> matching(pl.Series(["https://a.example/x?y", None, "https://b.example/"]), "https://a.example/*").to_list()
    [True, False, False]
    """
    expression = "(?s)^" + ".*".join(re.escape(piece) for piece in pattern.split("*")) + "$"
    return urls.cast(pl.String).str.contains(expression).fill_null(value=False)
