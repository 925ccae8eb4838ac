"""Finds the documents of a version that contain lines of an evaluation set, ignoring case and accents.

A line is found by its runs of five words; a line of three or four words must match as a whole. A document matches if it
has enough of the line's words in such runs, anywhere in the text, so that a line with some changed words is found. A
line of ten to forty words without an intact run of five is found by runs of three words and the words around them. If a
record has several fields, such as a passage, a question and answers, one field of five or more words is enough, since a
question may leak without its passage. A short line in very many documents, such as a greeting, isn't evidence and is
listed separately; so is a line of fewer than three words, which can't be searched for.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from latam_corpus.dedupe.fingerprints.anchors import CAPITAL_FLAG, word_stream
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import N_, _
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from latam_corpus.messages import Message
    from latam_corpus.pipeline.execution.engines import OnStep
    from latam_corpus.train.streams.stream import CorpusStream

RUN: Final = 5
SHORTEST: Final = 3
SHARE: Final = 0.5
# A line of at most eight words in more than twenty documents, and in more than one in a thousand, is a common phrase.
_SHORT: Final = 8
_COMMON: Final = 20
_COMMON_SHARE: Final = 0.001
_REGISTRY: Final = Path(__file__).with_name("benchmarks.toml")
# A line with scattered changes may have no run of five left. It also matches if at least seven tenths of its words are
# within two words of their places around a run of three words. Shorter lines than ten words would match by chance;
# longer lines than forty words keep runs of five. A run of three words that more than twenty lines share, such as «a lo
# largo», is ignored.
_SCATTERED_RUN: Final = 3
_SCATTERED_WORDS: Final = (10, 40)
_SCATTERED_SHARE: Final = 0.7
_SCATTERED_SHIFT: Final = 2
_SCATTERED_LINES: Final = 20
_NAME_LINES: Final = _("name a file of JSON lines, or of plain lines")
_SIEVE_BITS: Final = 24
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
_SHARES: Final = pl.Schema({"doc": pl.Int64(), "piece": pl.Int64(), "share": pl.Float64()})
_MATCHES: Final = pl.Schema({"piece": pl.Int64(), "doc_id": pl.String(), "share": pl.Float64(), "words": pl.Int64()})
# Separates the fields of a line; texts don't contain it.
FIELD_END: Final = "\x1e"
# A word hyphenated at the end of a line, and ligatures or wide letters, both common in PDF files.
_HYPHENATED: Final = r"(\p{L})[-\x{ad}\x{2010}]\r?\n[ \t]*(\p{Ll})"
_COMPATIBILITY: Final = r"[\x{fb00}-\x{fb06}\x{ff01}-\x{ff5e}]"


@dataclass(frozen=True)
class Benchmark:
    """A public evaluation set.

    Attributes:
        home: the URL of its download page.
        fields: the fields of its records whose text is searched for.
        checked: the source against which this entry was checked.
    """

    name: str
    title: str
    languages: tuple[str, ...]
    home: str
    fields: tuple[str, ...]
    checked: str


@cache
def benchmarks() -> dict[str, Benchmark]:
    """Return the registered evaluation sets, by name."""
    registry = tomllib.loads(_REGISTRY.read_text(encoding="utf-8"))
    return {
        name: Benchmark(name, row["title"], tuple(row["languages"]), row["home"], tuple(row["fields"]), row["checked"])
        for name, row in registry.items()
    }


@dataclass(frozen=True)
class Contamination:
    """The lines of an evaluation set in a version.

    Attributes:
        matches: a table of `eval` (the line's index, from 0), `doc_id`, and `share` (of the line's words in the
            document).
        too_short: lines that can't be searched for.
        common: short lines that are in very many documents.
        blank: lines without text, such as records whose field is null.
    """

    lines: int
    matches: pl.DataFrame
    too_short: tuple[int, ...]
    common: tuple[int, ...]
    blank: tuple[int, ...]

    @property
    def documents(self) -> list[str]:
        """The ids of the documents that match."""
        return sorted(self.matches["doc_id"].unique())


def read_evaluation(against: str, fields: Sequence[str] = ()) -> list[str]:
    """Return the lines of an evaluation set, with FIELD_END between their fields.

    Args:
        against: a file of JSON lines, of plain lines, or with one JSON list, whose elements count as lines; or
            `NAME=FILE` for a registered set.
        fields: the JSON fields to search for; by default `text`, or all texts if a record has no such field.

    Raises:
        ConfigError: the file can't be read, has no lines, or its records have none of the fields.
    """
    name, _equals, path = against.rpartition("=")
    if name and not Path(against).exists():
        if name not in benchmarks():
            raise ConfigError("--against", _("«{name}» isn't registered", name=name), closest(name, benchmarks()))
        fields, against = fields or benchmarks()[name].fields, path
    if against in benchmarks() and not Path(against).exists():
        benchmark = benchmarks()[against]
        problem = _("{title}: its texts aren't in this toolkit", title=benchmark.title)
        remedy = _("download it from {home}, and give {name}=FILE", home=benchmark.home, name=against)
        raise ConfigError("--against", problem, remedy)
    try:
        text = Path(against).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(against, _("it can't be read: {cause}", cause=error), _NAME_LINES) from None
    lines = text.removesuffix("\n").split("\n") if text.strip() else []
    if not lines:
        raise ConfigError(against, _("it has no lines"), _NAME_LINES)
    suffix = Path(against).suffix.lower()
    if suffix not in (".jsonl", ".json", ".ndjson"):
        return lines
    records = _json_list(text) if suffix == ".json" else None
    if records is not None:
        texts = [
            _record_text(record, fields, _("{file}, element {number}", file=against, number=number))
            for number, record in enumerate(records, 1)
        ]
    else:
        places = [_("{file}, line {line}", file=against, line=number) for number in range(1, len(lines) + 1)]
        texts = [
            _record_text(_parse_line(line, place), fields, place) for line, place in zip(lines, places, strict=True)
        ]
    if not any(text.strip() for text in texts):
        raise ConfigError(
            against, _("none of its records has text in that field"), _("name another field: --field NAME")
        )
    return texts


def _json_list(text: str) -> list[Any] | None:
    """Return the elements if the file is a single nonempty JSON list; otherwise None."""
    try:
        records = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return records if isinstance(records, list) and records else None


def _parse_line(line: str, place: Message) -> Any:
    try:
        return json.loads(line) if line.strip() else ""
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            place, _("this isn't JSON: {error}", error=error), _("write one JSON object per line")
        ) from None


def _record_text(record: Any, fields: Sequence[str], place: Message) -> str:
    if not isinstance(record, dict):
        return FIELD_END.join(_strings(record))
    names = list(fields) or (["text"] if isinstance(record.get("text"), str) else list(record))
    present = [name for name in names if name in record]
    if not present:
        if not names:
            raise ConfigError(place, _("it is empty"), _("write one JSON object per line"))
        raise ConfigError(place, _("it has no field «{field}»", field=names[0]), closest(names[0], record))
    return FIELD_END.join(text for name in present for text in _strings(record[name]))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        # JSON can contain half of a surrogate pair; UTF-8 can't.
        yield value.encode(errors="replace").decode()
    elif isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _strings(member)


def find_matches(
    stream: CorpusStream, lines: Sequence[str], share: float = SHARE, progress: OnStep | None = None
) -> Contamination:
    """Find the documents of a stream that contain lines of an evaluation set.

    `share` is the share of a line's words, or of the words of one of its fields, that a document must have.

    Raises:
        ConfigError: the share isn't above 0 and at most 1.
        ReleaseError: a file of the version is missing or damaged.
    """
    if not 0 < share <= 1:
        raise ConfigError("--share", _("{share} isn't a share", share=share), _("give a number above 0, up to 1"))
    index = _Index(lines)
    frames = [pl.DataFrame(schema=_MATCHES)]
    document_count = 0
    total = stream.total
    for table in stream.batches():
        texts = pl.Series(table["text"].to_pylist(), dtype=pl.String)
        frames.append(index.matches(texts, table["doc_id"].to_pylist(), share))
        document_count += table.num_rows
        if progress:
            progress(N_("reading documents"), document_count, max(total, document_count))
    matches = pl.concat(frames)
    max_documents = max(_COMMON, int(_COMMON_SHARE * document_count))
    counts = matches.filter(pl.col("words") <= _SHORT).group_by("piece").len()
    common = counts.filter(pl.col("len") > max_documents)["piece"].sort()
    uncommon = matches.filter(~pl.col("piece").is_in(common.implode()))
    by_line = uncommon.with_columns(pl.Series("eval", index.lines[uncommon["piece"].to_numpy()], pl.Int64))
    line_matches = by_line.group_by("eval", "doc_id").agg(pl.col("share").max())
    return Contamination(
        len(lines),
        line_matches.sort("eval", "share", "doc_id", descending=[False, True, False]),
        tuple(index.too_short),
        tuple(common.filter(common < len(lines)).to_list()),
        tuple(index.blank),
    )


class _Index:
    """The runs of words in an evaluation's pieces: its lines, followed by the fields of lines with several fields.

    Attributes:
        lines: the index of each piece's line.
        blank: lines without text.
        too_short: lines that can't be searched for.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        lines_with_fields = [(number, line.split(FIELD_END)) for number, line in enumerate(lines) if FIELD_END in line]
        # A field that several lines share, such as an instruction, identifies none of them.
        line_counts = Counter(
            field for _, parts in lines_with_fields for field in {part.strip().casefold() for part in parts}
        )
        fields = [
            (number, part)
            for number, parts in lines_with_fields
            for part in parts
            if line_counts[part.strip().casefold()] == 1
        ]
        self.lines = np.array([*range(len(lines)), *(number for number, _ in fields)], np.int64)
        values, offsets = _words(pl.Series([*lines, *(text for _, text in fields)], dtype=pl.String))
        self._counts = np.diff(offsets)
        has_text = np.array([bool(line.strip()) for line in lines])
        self.blank = np.flatnonzero(~has_text).tolist()
        self.too_short = np.flatnonzero(has_text & (self._counts[: len(lines)] < SHORTEST)).tolist()
        # A field with fewer words than a run could be a common phrase.
        self._counts[len(lines) :][self._counts[len(lines) :] < RUN] = 0
        self._values, self._starts = values, offsets[:-1]
        # Lines shorter than a run are searched for as a whole.
        short_runs = {size: _Runs.of(values, offsets, size, self._counts == size) for size in range(SHORTEST, RUN)}
        tables = short_runs | {RUN: _Runs.of(values, offsets, RUN, self._counts >= RUN)}
        self._tables = {size: table for size, table in tables.items() if len(table.hashes)}
        min_words, max_words = _SCATTERED_WORDS
        scattered = (self._counts >= min_words) & (self._counts <= max_words)
        self._scattered = _Runs.of(values, offsets, _SCATTERED_RUN, scattered).uncommon()

    def matches(self, texts: pl.Series, doc_ids: Sequence[str], share: float) -> pl.DataFrame:
        """Return the pieces in these texts, with the schema _MATCHES."""
        values, offsets = _words(texts)
        candidates = pl.concat([self._in_runs(values, offsets), self._in_place(values, offsets)])
        shares = candidates.group_by("doc", "piece", maintain_order=True).agg(pl.col("share").max())
        enough = shares.filter(pl.col("share") >= share)
        words = pl.Series("words", self._counts[enough["piece"].to_numpy()], pl.Int64)
        ids = pl.Series("doc_id", [doc_ids[doc] for doc in enough["doc"]], dtype=pl.String)
        return enough.select("piece", ids, "share", words)

    def _in_runs(self, values: NDArray[np.uint64], offsets: NDArray[np.int64]) -> pl.DataFrame:
        """Return the share of each piece's words that are in runs shared with a text, with the schema _SHARES."""
        hits = [np.zeros((0, 4), np.int64)]
        for size, table in self._tables.items():
            docs, _starts, entries = table.hits(values, offsets)
            columns = (docs, table.owners[entries], table.places[entries], np.full(len(entries), size))
            hits.append(np.stack(columns, axis=1).astype(np.int64))
        rows = pl.DataFrame(np.unique(np.concatenate(hits), axis=0), schema=["doc", "piece", "place", "size"])
        # A word in several overlapping runs counts once.
        following = pl.col("place").shift(-1).over("doc", "piece") - pl.col("place")
        covered = pl.min_horizontal(following.fill_null(RUN), pl.col("size")).sum()
        counted = rows.group_by("doc", "piece", maintain_order=True).agg(covered.alias("covered"))
        shares = counted["covered"].to_numpy() / self._counts[counted["piece"].to_numpy()]
        return counted.select("doc", "piece", pl.Series("share", shares, pl.Float64))

    def _in_place(self, values: NDArray[np.uint64], offsets: NDArray[np.int64]) -> pl.DataFrame:
        """Return the share of each piece's words near their places around a common run, with the schema _SHARES."""
        docs, starts, entries = self._scattered.hits(values, offsets)
        pieces = self._scattered.owners[entries]
        begins = starts - self._scattered.places[entries]  # index in all texts' words at which the piece would begin
        keys = np.unique(np.stack((docs, pieces, begins), axis=1), axis=0)
        docs, pieces, begins = keys.T
        lengths = self._counts[pieces]
        candidates = np.repeat(np.arange(len(keys)), lengths)
        places = np.arange(len(candidates)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        expected = self._values[self._starts[pieces][candidates] + places]
        is_near = np.zeros(len(candidates), dtype=bool)
        for shift in range(-_SCATTERED_SHIFT, _SCATTERED_SHIFT + 1):
            word = begins[candidates] + places + shift
            inside = (word >= offsets[docs][candidates]) & (word < offsets[docs + 1][candidates])
            is_near |= inside & (values[np.where(inside, word, 0)] == expected)
        shares = np.bincount(candidates, weights=is_near, minlength=len(keys)) / lengths
        frame = pl.DataFrame({"doc": docs, "piece": pieces, "share": shares}, schema=_SHARES)
        return frame.filter(pl.col("share") >= _SCATTERED_SHARE)


@dataclass(frozen=True)
class _Runs:
    """All runs of one length in an evaluation's pieces, sorted by hash.

    Attributes:
        size: words per run.
        hashes: the hash of each run, uint64.
        owners: the piece of each run.
        places: the word at which each run begins in its piece.
        sieve: 2**24 flags, indexed by the first bits of a hash; False if no run's hash begins with them.
    """

    size: int
    hashes: NDArray[np.uint64]
    owners: NDArray[np.int64]
    places: NDArray[np.int64]
    sieve: NDArray[np.bool_]

    @classmethod
    def of(cls, values: NDArray[np.uint64], offsets: NDArray[np.int64], size: int, chosen: NDArray[np.bool_]) -> _Runs:
        """Return the runs of the chosen pieces."""
        hashes, owners, places = _runs(values, offsets, size)
        is_chosen = chosen[owners]
        order = np.argsort(hashes[is_chosen], kind="stable")
        return cls._sorted(size, hashes[is_chosen][order], owners[is_chosen][order], places[is_chosen][order])

    @classmethod
    def _sorted(
        cls, size: int, hashes: NDArray[np.uint64], owners: NDArray[np.int64], places: NDArray[np.int64]
    ) -> _Runs:
        sieve = np.zeros(1 << _SIEVE_BITS, dtype=bool)
        sieve[hashes >> np.uint64(64 - _SIEVE_BITS)] = True
        return cls(size, hashes, owners, places, sieve)

    def uncommon(self) -> _Runs:
        """Return the runs that are in at most `_SCATTERED_LINES` pieces."""
        _, index, counts = np.unique(self.hashes, return_inverse=True, return_counts=True)
        is_uncommon = counts[index] <= _SCATTERED_LINES
        return self._sorted(self.size, self.hashes[is_uncommon], self.owners[is_uncommon], self.places[is_uncommon])

    def hits(
        self, values: NDArray[np.uint64], offsets: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Find the runs of texts that are also in a piece.

        Returns:
            For each run, the text, the index of its first word among the words of all texts, and its index in these
                runs.
        """
        hashes, texts, places = _runs(values, offsets, self.size)
        likely = np.flatnonzero(self.sieve[hashes >> np.uint64(64 - _SIEVE_BITS)])
        first = np.searchsorted(self.hashes, hashes[likely], side="left")
        counts = np.searchsorted(self.hashes, hashes[likely], side="right") - first
        entries = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        begins = places + offsets[texts]
        return np.repeat(texts[likely], counts), np.repeat(begins[likely], counts), entries


def _words(texts: pl.Series) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return each word of the texts as a number, ignoring accents and case, and the index of each text's first word."""
    joined = pl.col("text").str.replace_all(_HYPHENATED, "$1$2")
    folded = pl.when(joined.str.contains(_COMPATIBILITY)).then(joined.str.normalize("NFKC")).otherwise(joined)
    texts = texts.to_frame("text").select(folded).to_series()
    stream = word_stream(WordTable.of(texts))
    return (stream.values & np.uint32(CAPITAL_FLAG - 1)).astype(np.uint64), np.asarray(stream.offsets, np.int64)


def _runs(
    values: NDArray[np.uint64], offsets: NDArray[np.int64], size: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Return for each run of `size` words inside a text its hash, its text, and the index of its first word."""
    count = max(0, len(values) - size + 1)
    hashes = np.zeros(count, np.uint64)
    for step in range(size):
        hashes = (hashes ^ values[step : step + count]) * _MULTIPLIER
        hashes ^= hashes >> np.uint64(29)
    owners = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    inside = owners[:count] == owners[size - 1 : size - 1 + count]
    starts = owners[:count][inside]
    return hashes[inside], starts, np.flatnonzero(inside) - offsets[starts]
