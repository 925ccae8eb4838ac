"""Which documents of a version hold lines of an evaluation set: by runs of words, case and accents aside.

A line of an evaluation is looked for by all its runs of five words; one of three or four words as it is. A document
matches where enough of the line's words stand in runs that it has, so that a leak is found wherever it is in a document
and with some words changed. Of a record with several fields, such as a passage, a question and answers, one of five
words or more is enough: a question leaks without its passage. A short line that a great many documents have, such as a
greeting, shows nothing: it is told apart, and so is a line of fewer than three words, which can't be looked for.
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

from latam_corpus.dedupe.anchors import CAPITAL_FLAG, word_stream
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import N_, _
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from latam_corpus.messages import Message
    from latam_corpus.release.store import Progress
    from latam_corpus.train.stream import CorpusStream

RUN: Final = 5
SHORTEST: Final = 3
SHARE: Final = 0.5
# A line of so few words in more documents than twenty, and in more than one in a thousand, is a common phrase.
_SHORT: Final = 8
_COMMON: Final = 20
_COMMON_SHARE: Final = 0.001
_REGISTRY: Final = Path(__file__).with_name("benchmarks.toml")
_NAME_LINES: Final = _("name a file of JSON lines, or of plain lines")
_SIEVE_BITS: Final = 24
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
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
        self._tables = {
            size: table for size in range(SHORTEST, RUN + 1) if len((table := self._table(values, offsets, size))[0])
        }

    def _table(
        self, values: NDArray[np.uint64], offsets: NDArray[np.int64], size: int
    ) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Return the hashes of runs of so many words, sorted; each one's line and place in it; and a sieve of them."""
        hashes, owners, places = _runs(values, offsets, size)
        # Shorter runs than five are whole lines.
        mine = self._counts[owners] >= size if size == RUN else self._counts[owners] == size
        order = np.argsort(hashes[mine], kind="stable")
        sorted_hashes = hashes[mine][order]
        sieve = np.zeros(1 << _SIEVE_BITS, dtype=bool)
        sieve[sorted_hashes >> np.uint64(64 - _SIEVE_BITS)] = True
        return sorted_hashes, owners[mine][order], places[mine][order], sieve

    def matches(self, texts: pl.Series, doc_ids: Sequence[str], share: float) -> pl.DataFrame:
        """Which of these texts hold which lines, _MATCHES."""
        values, offsets = _words(texts)
        hits_by_size = [self._hits(values, offsets, size) for size in self._tables]
        hits = np.unique(np.concatenate([np.zeros((0, 4), np.int64), *hits_by_size]), axis=0)
        if not len(hits):
            return pl.DataFrame(schema=_MATCHES)
        rows = pl.DataFrame(hits, schema=["doc", "piece", "place", "size"])
        # Of runs that overlap each word counts once.
        following = pl.col("place").shift(-1).over("doc", "piece") - pl.col("place")
        covered = pl.min_horizontal(following.fill_null(RUN), pl.col("size")).sum()
        counted = rows.group_by("doc", "piece", maintain_order=True).agg(covered.alias("covered"))
        words = pl.Series(self._counts)[counted["piece"]]
        shares = counted.with_columns(words.alias("words")).with_columns(
            (pl.col("covered") / pl.col("words")).alias("share")
        )
        enough = shares.filter(pl.col("share") >= share)
        return enough.select(
            "piece", pl.Series("doc_id", [doc_ids[doc] for doc in enough["doc"]], dtype=pl.String), "share", "words"
        )

    def _hits(self, values: NDArray[np.uint64], offsets: NDArray[np.int64], size: int) -> NDArray[np.int64]:
        """Each run of the texts that a line has: the text, the line, the run's place in the line, and its size."""
        known, owners, places, sieve = self._tables[size]
        hashes, texts, _ = _runs(values, offsets, size)
        likely = np.flatnonzero(sieve[hashes >> np.uint64(64 - _SIEVE_BITS)])
        first = np.searchsorted(known, hashes[likely], side="left")
        counts = np.searchsorted(known, hashes[likely], side="right") - first
        entries = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        rows = (np.repeat(texts[likely], counts), owners[entries], places[entries], np.full(len(entries), size))
        return np.stack(rows, axis=1).astype(np.int64)


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
