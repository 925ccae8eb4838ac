"""A packed run continues with any number of ranks, and returns each token of an epoch once."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from latam_corpus.errors import ConfigError
from latam_corpus.train.shards.rows_in_memory import ChosenRows, RowsInMemory
from latam_corpus.train.streams.positioned_stream import PositionedStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

END = 0


class NumberTokenizer:
    """A tokenizer of numbers, so that each token identifies its document and place."""

    end_id = END
    sha256 = "ab" * 32

    def encoded(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """Yield the numbers in each text."""
        for text in texts:
            yield [int(number) for number in text.split()]


@dataclass
class MemoryRows:
    """Documents in memory, some of them left out, in batches of a few positions."""

    texts: list[str]
    left_out: set[int]
    batch: int
    total: int

    def batch_end(self, position: int, world: int) -> int:
        """Return the end of a batch."""
        return min(position + self.batch * world, self.total)

    def take(self, positions: NDArray[np.int64]) -> tuple[ChosenRows, NDArray[np.int64]]:
        """Return the documents at the given positions."""
        stays = np.array([position for position in positions.tolist() if position not in self.left_out], np.int64)
        return ChosenRows(RowsInMemory(pa.table({"text": pa.array(self.texts, pa.large_string())})), stays), stays

    def close(self) -> None:
        """Do nothing."""


class MemoryStream(PositionedStream):
    """A stream of documents in memory, with the numbers of tokens in `sizes`."""

    def __init__(self, sizes: Sequence[int], rank: int, world: int, left_out: set[int], batch: int = 2) -> None:
        super().__init__(7, 0, rank, world)
        starts = np.cumsum([1, *sizes]).tolist()
        texts = [" ".join(map(str, range(start, start + size))) for start, size in zip(starts, sizes, strict=False)]
        self.rows = MemoryRows(texts, left_out, batch, len(texts))

    @property
    def version(self) -> str:
        """The version's name."""
        return "memoria@2026.11.0"

    @property
    def total(self) -> int:
        """The number of documents."""
        return self.rows.total

    def _open(self) -> MemoryRows:
        return self.rows

    def _digest(self) -> str:
        return "stored"


TOKENIZER: Any = NumberTokenizer()


@st.composite
def runs(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, int, list[int], list[int]]]]:
    """Draw documents' sizes, the block length, and for each phase its ranks, blocks and removed documents."""
    sizes = draw(st.lists(st.integers(0, 25), min_size=1, max_size=40))
    positions = st.integers(0, len(sizes) - 1)
    phases = []
    for _ in range(draw(st.integers(1, 5))):
        world = draw(st.integers(1, 5))
        taken = draw(st.lists(st.integers(0, 6), min_size=world, max_size=world))
        phases.append((world, draw(st.integers(1, 30)), taken, draw(st.lists(positions, max_size=3))))
    return sizes, phases


def take_blocks(streams: Sequence[MemoryStream], length: int, taken: Sequence[int]) -> list[list[int]]:
    """Return a number of blocks of each stream, or all of them."""
    blocks = []
    for stream, count in zip(streams, taken, strict=True):
        packed = stream.packed(TOKENIZER, length, drop_last=False)
        blocks += [block.tolist() for block in islice(packed, count)]
    return blocks


def resumed(states: list[Any], sizes: list[int], world: int, left_out: set[int]) -> list[MemoryStream]:
    """Return streams of all ranks that continue after states, written as JSON in another order."""
    streams = [MemoryStream(sizes, rank, world, left_out) for rank in range(world)]
    for stream in streams:
        if states:
            stream.load_state_dict(json.loads(json.dumps(states[::-1])))
    return streams


@settings(deadline=None)
@given(runs())
def test_each_token_comes_once_over_changes_of_ranks_and_withdrawals(
    run: tuple[list[int], list[tuple[int, int, list[int], list[int]]]],
) -> None:
    """Tokens come once, and those of a withdrawn document only before its withdrawal."""
    sizes, phases = run
    assume({position for phase in phases for position in phase[3]} != set(range(len(sizes))))  # which is refused
    left_out: set[int] = set()
    states: list[Any] = []
    seen: list[tuple[int, int]] = []  # token, phase
    withdrawn_in: dict[int, int] = {}
    last: tuple[int, int, list[int], list[int]] = (3, 4, [10**6] * 3, [])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for phase, (world, length, taken, withdrawn) in enumerate([*phases, last]):
            streams = resumed(states, sizes, world, left_out)
            seen += [(token, phase) for block in take_blocks(streams, length, taken) for token in block]
            states = [stream.state_dict() for stream in streams]
            left_out = left_out | set(withdrawn)
            for position in withdrawn:
                withdrawn_in.setdefault(position, phase)
    check_counts(seen, sizes, withdrawn_in)


def take_texts(stream: MemoryStream, length: int, count: int) -> list[str]:
    """Return a number of texts, or all of them, as rows, texts or batches."""
    if length % 3 == 0:
        return [row["text"] for row in islice(stream, count)]
    if length % 3 == 1:
        return list(islice(stream.texts(), count))
    return [text for batch in islice(stream.batches(length), count) for text in batch["text"].to_pylist()]


@settings(deadline=None)
@given(runs())
def test_each_row_comes_once_over_changes_of_ranks_and_withdrawals(
    run: tuple[list[int], list[tuple[int, int, list[int], list[int]]]],
) -> None:
    """Rows, texts and batches share a state, and a withdrawn document comes at most once."""
    documents, phases = len(run[0]), run[1]
    assume({position for phase in phases for position in phase[3]} != set(range(documents)))
    left_out: set[int] = set()
    states: list[Any] = []
    seen: Counter[str] = Counter()
    for world, length, taken, withdrawn in [*phases, (3, 4, [10**6] * 3, [])]:
        streams = resumed(states, [1] * documents, world, left_out)
        for stream, count in zip(streams, taken, strict=True):
            texts = take_texts(stream, length, count)
            assert not {int(text) - 1 for text in texts} & left_out
            seen.update(texts)
        states = [stream.state_dict() for stream in streams]
        left_out = left_out | set(withdrawn)
    assert max(seen.values()) == 1
    assert {str(number) for number in range(1, documents + 1)} - set(seen) <= {
        str(position + 1) for position in left_out
    }


def test_missing_states_are_named() -> None:
    """The state of one of two ranks is never enough for another rank or number of ranks."""
    sizes = [3] * 20
    ranks = [MemoryStream(sizes, rank, 3, set()) for rank in range(3)]
    for _ in range(5):
        next(ranks[1])
    states = [stream.state_dict() for stream in ranks]
    for rank, world, some, missing in (
        (0, 1, states[:1], "1, 2 are missing"),
        (0, 2, states[1:], "ranks 0 are missing"),
        (2, 3, states[:1], "1, 2 are missing"),
        (0, 3, states[::2], "ranks 1 are missing"),
    ):
        stream = MemoryStream(sizes, rank, world, set())
        for state in (some, some[0]) if len(some) == 1 else (some,):
            with pytest.raises(ConfigError, match=f"had 3 ranks.* {missing}; give load_state_dict the list of all"):
                stream.load_state_dict(state)
        assert stream.state_dict()["position"] == 0
    single_rank = MemoryStream(sizes, 1, 3, set())
    single_rank.load_state_dict(states[1])
    assert [row["text"] for row in single_rank] == [row["text"] for row in ranks[1]]


def test_states_that_do_not_belong_together_are_refused() -> None:
    """States of the same rank, of two epochs or of different runs are refused."""
    sizes = [3] * 20

    def two(*states: Any) -> list[MemoryStream]:
        streams = [MemoryStream(sizes, rank, 2, set()) for rank in range(2)]
        for stream in streams:
            if states:
                stream.load_state_dict(states)
            next(stream)
        return streams

    old = [stream.state_dict() for stream in two()]
    three = [MemoryStream(sizes, rank, 3, set()) for rank in range(3)]
    for stream in three:
        stream.load_state_dict(old)
    new = [stream.state_dict() for stream in two(*(stream.state_dict() for stream in three))]
    single_rank = MemoryStream(sizes, 0, 1, set())
    next_epoch = two()[1]
    next_epoch.set_epoch(1)
    for states, problem in (
        ([old[0], old[0]], "two of these states are from the same rank"),
        ([old[0], new[1]], "they differ in «resumed_from»"),
        ([old[0], next_epoch.state_dict()], "they differ in «epoch»"),
        ([old[0] | {"world": 1}, old[1]], "they differ in «world»"),
    ):
        with pytest.raises(ConfigError, match=problem):
            single_rank.load_state_dict(states)


def test_missing_tokens_of_a_withdrawn_document_are_reported() -> None:
    """The remaining tokens of a cut document are skipped with a warning, and the next one is whole."""
    stream = MemoryStream([10, 10], 0, 1, set())
    assert next(stream.packed(TOKENIZER, 4)).tolist() == [1, 2, 3, 4]
    later = MemoryStream([10, 10], 0, 1, {0})
    later.load_state_dict(stream.state_dict())
    with pytest.warns(UserWarning, match="position 0 of memoria.* after its first 4 tokens were packed: its remaining"):
        assert next(later.packed(TOKENIZER, 4)).tolist() == [11, 12, 13, 14]
    assert later.state_dict()["parts"] == [[1, 4]]
    last = MemoryStream([10, 10], 0, 1, {0, 1})
    last.load_state_dict(later.state_dict())
    with pytest.warns(UserWarning, match="position 1 of"):
        assert not list(last.packed(TOKENIZER, 4))


def test_a_cut_document_continues_only_in_blocks() -> None:
    """Rows, texts and batches are refused, since they would repeat packed tokens."""
    stream = MemoryStream([10, 10], 0, 1, set())
    next(stream.packed(TOKENIZER, 4))
    for iterator in (stream, stream.texts(), stream.batches(2)):
        with pytest.raises(
            ConfigError, match=r"stopped inside a document.*continue with packed\(\), or begin a new epoch"
        ):
            next(iterator)
    shorter = MemoryStream([2, 10], 0, 1, set())
    shorter.load_state_dict(stream.state_dict())
    with pytest.raises(ConfigError, match="4 tokens of the document at position 0 were packed, and it has 3"):
        next(shorter.packed(TOKENIZER, 4))
    stream.set_epoch(1)
    assert next(stream)["text"] == "1 2 3 4 5 6 7 8 9 10"


def test_the_last_block_may_be_shorter() -> None:
    """The last block is dropped by default, and fewer ranks may fill it."""
    two = [MemoryStream([3, 3], rank, 2, set()) for rank in range(2)]
    assert [[block.tolist() for block in stream.packed(TOKENIZER, 8)] for stream in two] == [[], []]
    single = MemoryStream([3, 3], 0, 1, set())
    single.load_state_dict([stream.state_dict() for stream in two])
    assert [block.tolist() for block in single.packed(TOKENIZER, 8)] == [[1, 2, 3, END, 4, 5, 6, END]]
    assert [block.tolist() for block in single.packed(TOKENIZER, 5, drop_last=False)] == [
        [1, 2, 3, END, 4],
        [5, 6, END],
    ]


def test_a_completed_epoch_is_not_repeated_after_a_state() -> None:
    """A state at the end resumes without documents, and the next loop begins again."""
    stream = MemoryStream([3] * 4, 0, 1, set())
    whole = [row["text"] for row in stream]
    later = MemoryStream([3] * 4, 0, 1, set())
    later.load_state_dict(stream.state_dict())
    assert not list(later)
    assert [row["text"] for row in later] == whole
    later.load_state_dict(stream.state_dict())
    assert not list(later.packed(TOKENIZER, 2))


def test_progress_counts_returned_documents() -> None:
    """Progress has the documents, tokens and share since the stream was opened or resumed."""
    stream = MemoryStream([3] * 8, 1, 2, set())
    assert (stream.progress().documents, stream.progress().documents_per_second) == (0, 0)
    next(stream)
    next(stream.packed(TOKENIZER, 6))
    progress = stream.progress()
    assert (progress.documents, progress.tokens, progress.share) == (2, 6, 0.5)
    assert progress.seconds > 0
    assert progress.tokens_per_second == pytest.approx(3 * progress.documents_per_second)
    list(stream.packed(TOKENIZER, 2))
    assert stream.progress().share == 1


def test_parts_of_a_rank_share_its_documents() -> None:
    """Parts of a rank divide its documents like a loader's workers, before and after a cut block."""
    sizes = list(range(1, 20))
    rank = MemoryStream(sizes, 1, 2, set())
    seen = next(rank.packed(TOKENIZER, 5)).tolist()
    parts = [rank.part_of(part, 3) for part in range(3)]
    for part in parts:
        seen += next(part.packed(TOKENIZER, 5)).tolist()
    whole = MemoryStream(sizes, 1, 2, set())
    with pytest.raises(ConfigError, match=r"had 6 ranks.* 0, 2, 4 are missing"):
        whole.load_state_dict([part.state_dict() for part in parts])
    other_states = [MemoryStream(sizes, 0, 2, set()).part_of(part, 3).state_dict() for part in range(3)]
    for number in range(2):
        whole = MemoryStream(sizes, number, 2, set())
        whole.load_state_dict({"worker": [part.state_dict() for part in parts], "loader": {"0": {"a": other_states}}})
        for block in whole.packed(TOKENIZER, 4, drop_last=False):
            seen += block.tolist()
    assert sorted(seen)[len(sizes) :] == list(range(1, sum(sizes) + 1))


def check_counts(seen: list[tuple[int, int]], sizes: list[int], withdrawn_in: dict[int, int]) -> None:
    """Compare the returned tokens with the expected ones."""
    counts = Counter(token for token, _ in seen)
    phases_of = dict(seen)
    first = 1
    for position, size in enumerate(sizes):
        tokens = range(first, first + size)
        first += size
        given = [token for token in tokens if counts[token]]
        assert all(counts[token] == 1 for token in given)
        if position not in withdrawn_in:
            assert given == list(tokens)
        else:
            assert given == list(tokens[: len(given)])
            assert all(phases_of[token] <= withdrawn_in[position] for token in given)
    ends = counts[END]
    assert len(sizes) - len(withdrawn_in) <= ends <= len(sizes)
