"""Which documents of a version contain lines of an evaluation set: by runs of words, ignoring case and accents.

A line is looked for by its runs of five words; a line of three or four words only as it is. A document matches if it
has enough of the line's words in such runs, anywhere, so that a line is found with some words changed. A line of ten to
forty words whose every run of five was broken is found by runs of three words and by the words around them. If a record
has several fields, such as a passage, a question and answers, one field of five words or more is enough: a question
leaks without its passage. A short line that a great many documents have, such as a greeting, shows nothing and is
listed separately, as is a line of fewer than three words, which cannot be looked for.
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
    from latam_corpus.release.storing.store import Progress
    from latam_corpus.train.streams.stream import CorpusStream

RUN: Final = 5
SHORTEST: Final = 3
SHARE: Final = 0.5
# A line of so few words in more documents than twenty, and in more than one in a thousand, is a common phrase.
_SHORT: Final = 8
_COMMON: Final = 20
_COMMON_SHARE: Final = 0.001
_REGISTRY: Final = Path(__file__).with_name("benchmarks.toml")
# A line whose words were changed here and there may have no run of five left. It matches, too, if at least seven tenths
# of its words are at their places, give or take two, around a run of three words. Lines of fewer than ten words would
# match by chance; longer ones than forty keep runs of five. A run of three words that more than twenty lines have, such
# as «a lo largo», is not looked at.
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
# Between the fields of a line; texts have none.
FIELD_END: Final = "\x1e"
# A word that a line's end cuts, and letters that a PDF or a font writes as one sign or wide.
_CUT: Final = r"(\p{L})[-\x{ad}\x{2010}]\r?\n[ \t]*(\p{Ll})"
_OTHER_SIGNS: Final = r"[\x{fb00}-\x{fb06}\x{ff01}-\x{ff5e}]"


@dataclass(frozen=True)
class Benchmark:
    """A public evaluation set.

    Attributes:
        home: where it can be had.
        fields: of its records, those that are text to be looked for.
        checked: what was read that says so.
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
        name: Benchmark(name, one["title"], tuple(one["languages"]), one["home"], tuple(one["fields"]), one["checked"])
        for name, one in registry.items()
    }


@dataclass(frozen=True)
class Contamination:
    """What of an evaluation set a version holds.

    Attributes:
        lines: how many it has.
        matches: `eval`, the line from 0, `doc_id`, and `share`, of the line's words that stand in the document.
        too_short: lines that can't be looked for.
        common: short lines that very many documents have.
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
        against: a file of JSON lines, of one JSON list, whose elements count as lines, or of plain lines; or
            `NAME=FILE`, of a registered set.
        fields: of JSON, those that are looked for; `text` when None, or all texts where there is no such.

    Raises:
        ConfigError: it can't be read, has no lines, or its records have none of the fields.
    """
    name, _equals, path = against.rpartition("=")
    if name and not Path(against).exists():
        if name not in benchmarks():
            raise ConfigError("--against", _("«{name}» isn't registered", name=name), closest(name, benchmarks()))
        fields, against = fields or benchmarks()[name].fields, path
    if against in benchmarks() and not Path(against).exists():
        known = benchmarks()[against]
        problem = _("{title}: its texts aren't in this toolkit", title=known.title)
        remedy = _("download it from {home}, and give {name}=FILE", home=known.home, name=against)
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
    listed = _list_in(text) if suffix == ".json" else None
    if listed is not None:
        texts = [
            _text_in(record, fields, _("{file}, element {number}", file=against, number=number))
            for number, record in enumerate(listed, 1)
        ]
    else:
        places = [_("{file}, line {line}", file=against, line=number) for number in range(1, len(lines) + 1)]
        texts = [_text_in(_parsed(line, place), fields, place) for line, place in zip(lines, places, strict=True)]
    if not any(one.strip() for one in texts):
        raise ConfigError(against, _("none of its records has text there"), _("name the field that has: --field NAME"))
    return texts


def _list_in(text: str) -> list[Any] | None:
    """Return the elements of a file that is one JSON list; None of another."""
    try:
        records = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return records if isinstance(records, list) and records else None


def _parsed(line: str, place: Message) -> Any:
    try:
        return json.loads(line) if line.strip() else ""
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            place, _("this isn't JSON: {error}", error=error), _("write one JSON object a line")
        ) from None


def _text_in(record: Any, fields: Sequence[str], place: Message) -> str:
    if not isinstance(record, dict):
        return FIELD_END.join(_strings(record))
    wanted = list(fields) or (["text"] if isinstance(record.get("text"), str) else list(record))
    there = [name for name in wanted if name in record]
    if not there:
        if not wanted:
            raise ConfigError(place, _("it is empty"), _("write one JSON object a line"))
        raise ConfigError(place, _("it has no field «{field}»", field=wanted[0]), closest(wanted[0], record))
    return FIELD_END.join(text for name in there for text in _strings(record[name]))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        # Half of a surrogate pair, which JSON can write and UTF-8 can't.
        yield value.encode(errors="replace").decode()
    elif isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)


def find_matches(
    stream: CorpusStream, lines: Sequence[str], share: float = SHARE, progress: Progress | None = None
) -> Contamination:
    """Return the documents of a stream that hold lines of an evaluation set.

    Args:
        stream: with the columns `doc_id` and `text`.
        lines: of the set, as `read_evaluation` returns them.
        share: of a line's words, or of those of one of its fields, that a document must have.
        progress: told how many documents were read.

    Raises:
        ConfigError: the share is none.
        ReleaseError: a file of the version is missing or damaged.
    """
    if not 0 < share <= 1:
        raise ConfigError("--share", _("{share} isn't a share", share=share), _("give a number above 0, up to 1"))
    index = _Index(lines)
    frames = [pl.DataFrame(schema=_MATCHES)]
    read = 0
    total = stream.total
    for table in stream.batches():
        texts = pl.Series(table["text"].to_pylist(), dtype=pl.String)
        frames.append(index.matches(texts, table["doc_id"].to_pylist(), share))
        read += table.num_rows
        if progress:
            progress(N_("reading documents"), read, max(total, read))
    matches = pl.concat(frames)
    most = max(_COMMON, int(_COMMON_SHARE * read))
    counts = matches.filter(pl.col("words") <= _SHORT).group_by("piece").len()
    common = counts.filter(pl.col("len") > most)["piece"].sort()
    uncommon = matches.filter(~pl.col("piece").is_in(common.implode()))
    by_line = uncommon.with_columns(pl.Series("eval", index.lines[uncommon["piece"].to_numpy()], pl.Int64))
    found = by_line.group_by("eval", "doc_id").agg(pl.col("share").max())
    return Contamination(
        len(lines),
        found.sort("eval", "share", "doc_id", descending=[False, True, False]),
        tuple(index.too_short),
        tuple(common.filter(common < len(lines)).to_list()),
        tuple(index.blank),
    )


class _Index:
    """The runs of words of an evaluation's lines and, after these, of their fields where a line has several.

    Attributes:
        lines: of each piece, the line.
        blank, too_short: lines that can't be looked for.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        several = [(number, line.split(FIELD_END)) for number, line in enumerate(lines) if FIELD_END in line]
        # What several lines have, such as an instruction, is none of them.
        of_lines = Counter(one for _, parts in several for one in {part.strip().casefold() for part in parts})
        fields = [(number, one) for number, parts in several for one in parts if of_lines[one.strip().casefold()] == 1]
        self.lines = np.array([*range(len(lines)), *(number for number, _ in fields)], np.int64)
        values, offsets = _words(pl.Series([*lines, *(one for _, one in fields)], dtype=pl.String))
        self._counts = np.diff(offsets)
        there = np.array([bool(line.strip()) for line in lines])
        self.blank = np.flatnonzero(~there).tolist()
        self.too_short = np.flatnonzero(there & (self._counts[: len(lines)] < SHORTEST)).tolist()
        # A field of fewer words than a run is any phrase.
        self._counts[len(lines) :][self._counts[len(lines) :] < RUN] = 0
        self._values, self._starts = values, offsets[:-1]
        # Runs shorter than five are whole lines.
        whole = {size: _Runs.of(values, offsets, size, self._counts == size) for size in range(SHORTEST, RUN)}
        tables = whole | {RUN: _Runs.of(values, offsets, RUN, self._counts >= RUN)}
        self._tables = {size: table for size, table in tables.items() if len(table.hashes)}
        least, most = _SCATTERED_WORDS
        scattered = (self._counts >= least) & (self._counts <= most)
        self._scattered = _Runs.of(values, offsets, _SCATTERED_RUN, scattered).uncommon()

    def matches(self, texts: pl.Series, doc_ids: Sequence[str], share: float) -> pl.DataFrame:
        """Which of these texts hold which lines, _MATCHES."""
        values, offsets = _words(texts)
        found = pl.concat([self._in_runs(values, offsets), self._in_place(values, offsets)])
        shares = found.group_by("doc", "piece", maintain_order=True).agg(pl.col("share").max())
        enough = shares.filter(pl.col("share") >= share)
        words = pl.Series("words", self._counts[enough["piece"].to_numpy()], pl.Int64)
        ids = pl.Series("doc_id", [doc_ids[doc] for doc in enough["doc"]], dtype=pl.String)
        return enough.select("piece", ids, "share", words)

    def _in_runs(self, values: NDArray[np.uint64], offsets: NDArray[np.int64]) -> pl.DataFrame:
        """Return the share of a line's words that are in runs which a text has, _SHARES."""
        hits = [np.zeros((0, 4), np.int64)]
        for size, table in self._tables.items():
            docs, _at, entries = table.hits(values, offsets)
            columns = (docs, table.owners[entries], table.places[entries], np.full(len(entries), size))
            hits.append(np.stack(columns, axis=1).astype(np.int64))
        rows = pl.DataFrame(np.unique(np.concatenate(hits), axis=0), schema=["doc", "piece", "place", "size"])
        # Of runs that overlap each word counts once.
        following = pl.col("place").shift(-1).over("doc", "piece") - pl.col("place")
        covered = pl.min_horizontal(following.fill_null(RUN), pl.col("size")).sum()
        counted = rows.group_by("doc", "piece", maintain_order=True).agg(covered.alias("covered"))
        shares = counted["covered"].to_numpy() / self._counts[counted["piece"].to_numpy()]
        return counted.select("doc", "piece", pl.Series("share", shares, pl.Float64))

    def _in_place(self, values: NDArray[np.uint64], offsets: NDArray[np.int64]) -> pl.DataFrame:
        """Return the share of a line's words that are at their places around a run which a text has, _SHARES."""
        docs, at, entries = self._scattered.hits(values, offsets)
        pieces = self._scattered.owners[entries]
        begins = at - self._scattered.places[entries]  # where the line would begin among the words of all texts
        keys = np.unique(np.stack((docs, pieces, begins), axis=1), axis=0)
        docs, pieces, begins = keys.T
        lengths = self._counts[pieces]
        candidates = np.repeat(np.arange(len(keys)), lengths)
        places = np.arange(len(candidates)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        wanted = self._values[self._starts[pieces][candidates] + places]
        there = np.zeros(len(candidates), dtype=bool)
        for shift in range(-_SCATTERED_SHIFT, _SCATTERED_SHIFT + 1):
            word = begins[candidates] + places + shift
            inside = (word >= offsets[docs][candidates]) & (word < offsets[docs + 1][candidates])
            there |= inside & (values[np.where(inside, word, 0)] == wanted)
        shares = np.bincount(candidates, weights=there, minlength=len(keys)) / lengths
        found = pl.DataFrame({"doc": docs, "piece": pieces, "share": shares}, schema=_SHARES)
        return found.filter(pl.col("share") >= _SCATTERED_SHARE)


@dataclass(frozen=True)
class _Runs:
    """The runs of so many words of an evaluation's lines, sorted by hash.

    Attributes:
        size: the words of a run.
        hashes: one per run, uint64.
        owners: the line of each run.
        places: where each run begins in its line, in words.
        sieve: 2**24 flags, by the first bits of a hash: False if no run begins so.
    """

    size: int
    hashes: NDArray[np.uint64]
    owners: NDArray[np.int64]
    places: NDArray[np.int64]
    sieve: NDArray[np.bool_]

    @classmethod
    def of(cls, values: NDArray[np.uint64], offsets: NDArray[np.int64], size: int, wanted: NDArray[np.bool_]) -> _Runs:
        """Return the runs of the wanted lines."""
        hashes, owners, places = _runs(values, offsets, size)
        mine = wanted[owners]
        order = np.argsort(hashes[mine], kind="stable")
        return cls._sorted(size, hashes[mine][order], owners[mine][order], places[mine][order])

    @classmethod
    def _sorted(
        cls, size: int, hashes: NDArray[np.uint64], owners: NDArray[np.int64], places: NDArray[np.int64]
    ) -> _Runs:
        sieve = np.zeros(1 << _SIEVE_BITS, dtype=bool)
        sieve[hashes >> np.uint64(64 - _SIEVE_BITS)] = True
        return cls(size, hashes, owners, places, sieve)

    def uncommon(self) -> _Runs:
        """Return the runs that few lines have."""
        _, index, counts = np.unique(self.hashes, return_inverse=True, return_counts=True)
        few = counts[index] <= _SCATTERED_LINES
        return self._sorted(self.size, self.hashes[few], self.owners[few], self.places[few])

    def hits(
        self, values: NDArray[np.uint64], offsets: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return each run of the texts that a line has: the text, where it begins among all words, the run's number."""
        hashes, texts, places = _runs(values, offsets, self.size)
        likely = np.flatnonzero(self.sieve[hashes >> np.uint64(64 - _SIEVE_BITS)])
        first = np.searchsorted(self.hashes, hashes[likely], side="left")
        counts = np.searchsorted(self.hashes, hashes[likely], side="right") - first
        entries = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        begins = places + offsets[texts]
        return np.repeat(texts[likely], counts), np.repeat(begins[likely], counts), entries


def _words(texts: pl.Series) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Each word of the texts as a number, accents and case aside, and where each text's words begin."""
    joined = pl.col("text").str.replace_all(_CUT, "$1$2")
    folded = pl.when(joined.str.contains(_OTHER_SIGNS)).then(joined.str.normalize("NFKC")).otherwise(joined)
    texts = texts.to_frame("text").select(folded).to_series()
    stream = word_stream(WordTable.of(texts))
    return (stream.values & np.uint32(CAPITAL_FLAG - 1)).astype(np.uint64), np.asarray(stream.offsets, np.int64)


def _runs(
    values: NDArray[np.uint64], offsets: NDArray[np.int64], size: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the hash of each run of so many words inside one text, the text, and the run's place in it."""
    count = max(0, len(values) - size + 1)
    hashes = np.zeros(count, np.uint64)
    for step in range(size):
        hashes = (hashes ^ values[step : step + count]) * _MULTIPLIER
        hashes ^= hashes >> np.uint64(29)
    owners = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    inside = owners[:count] == owners[size - 1 : size - 1 + count]
    starts = owners[:count][inside]
    return hashes[inside], starts, np.flatnonzero(inside) - offsets[starts]
