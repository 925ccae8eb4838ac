"""A packed run goes on with any number of ranks: each token of an epoch comes once, whatever stops or leaves."""

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
from latam_corpus.train.shards.rows_in_memory import ChosenRows, HeldRows
from latam_corpus.train.streams.positioned_stream import PositionedStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

END = 0


class NumberTokenizer:
    """Reads a text as numbers, so that each token of a test says of which document it is, and where."""

    end_id = END
    sha256 = "ab" * 32

    def encoded(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """Yield the numbers in each text."""
        for text in texts:
            yield [int(number) for number in text.split()]


@dataclass
class MemoryRows:
    """Documents in memory, some of which are left out, in batches of a few positions."""

    texts: list[str]
    left_out: set[int]
    batch: int
    total: int

    def batch_end(self, position: int, world: int) -> int:
        """Return the end of a batch."""
        return min(position + self.batch * world, self.total)

    def take(self, positions: NDArray[np.int64]) -> tuple[ChosenRows, NDArray[np.int64]]:
        """Return the documents at positions."""
        stays = np.array([position for position in positions.tolist() if position not in self.left_out], np.int64)
        return ChosenRows(HeldRows(pa.table({"text": pa.array(self.texts, pa.large_string())})), stays), stays

    def close(self) -> None:
        """Do nothing."""


class MemoryStream(PositionedStream):
    """A stream of documents in memory, as many tokens each as `sizes` says."""

    def __init__(self, sizes: Sequence[int], rank: int, world: int, left_out: set[int], batch: int = 2) -> None:
        super().__init__(7, 0, rank, world)
        starts = np.cumsum([1, *sizes]).tolist()
        texts = [" ".join(map(str, range(start, start + size))) for start, size in zip(starts, sizes, strict=False)]
        self.rows = MemoryRows(texts, left_out, batch, len(texts))

    @property
    def version(self) -> str:
        """A name."""
        return "memoria@2026.11.0"

    @property
    def total(self) -> int:
        """How many documents there are."""
        return self.rows.total

    def _open(self) -> MemoryRows:
        return self.rows

    def _digest(self) -> str:
        return "stored"


TOKENIZER: Any = NumberTokenizer()


@st.composite
def runs(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, int, list[int], list[int]]]]:
    """Documents' sizes, and what happens: how many ranks, the length of blocks, blocks taken by each, what leaves."""
    sizes = draw(st.lists(st.integers(0, 25), min_size=1, max_size=40))
    positions = st.integers(0, len(sizes) - 1)
    phases = []
    for _ in range(draw(st.integers(1, 5))):
        world = draw(st.integers(1, 5))
        taken = draw(st.lists(st.integers(0, 6), min_size=world, max_size=world))
        phases.append((world, draw(st.integers(1, 30)), taken, draw(st.lists(positions, max_size=3))))
    return sizes, phases


def take_blocks(streams: Sequence[MemoryStream], length: int, taken: Sequence[int]) -> list[list[int]]:
    """Return as many blocks of each stream, or all that it has."""
    blocks = []
    for stream, count in zip(streams, taken, strict=True):
        packed = stream.packed(TOKENIZER, length, drop_last=False)
        blocks += [block.tolist() for block in islice(packed, count)]
    return blocks


def resumed(states: list[Any], sizes: list[int], world: int, left_out: set[int]) -> list[MemoryStream]:
    """Return streams of as many ranks that go on after states, which came through JSON in another order."""
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
    """Tokens are counted by number: of a withdrawn document those before its withdrawal, of another one all, once."""
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
    """Return the texts of rows, texts or batches of a length: as many of these, or all."""
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
    """Rows, texts and batches have the same state; a document that was withdrawn comes at most once, and not later."""
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
    assert {str(number) for number in range(1, documents + 1)} - set(seen) <= {str(one + 1) for one in left_out}


def test_missing_states_are_named() -> None:
    """One of two ranks' states isn't enough for any other number of ranks, nor for the other rank."""
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
    alone = MemoryStream(sizes, 1, 3, set())
    alone.load_state_dict(states[1])
    assert [row["text"] for row in alone] == [row["text"] for row in ranks[1]]


def test_states_that_do_not_belong_together_are_refused() -> None:
    """Two of one rank, of two epochs, and of ranks that went on from different states."""
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
    alone = MemoryStream(sizes, 0, 1, set())
    next_epoch = two()[1]
    next_epoch.set_epoch(1)
    for states, problem in (
        ([old[0], old[0]], "two of these are states of one rank"),
        ([old[0], new[1]], "they differ in «resumed_from»"),
        ([old[0], next_epoch.state_dict()], "they differ in «epoch»"),
        ([old[0] | {"world": 1}, old[1]], "they differ in «world»"),
    ):
        with pytest.raises(ConfigError, match=problem):
            alone.load_state_dict(states)


def test_the_rest_of_a_withdrawn_document_is_reported() -> None:
    """Its first tokens are in a block; the others don't come, and the next document begins with its first token."""
    stream = MemoryStream([10, 10], 0, 1, set())
    assert next(stream.packed(TOKENIZER, 4)).tolist() == [1, 2, 3, 4]
    later = MemoryStream([10, 10], 0, 1, {0})
    later.load_state_dict(stream.state_dict())
    with pytest.warns(UserWarning, match="position 0 of memoria.* after its first 4 tokens were packed: its other"):
        assert next(later.packed(TOKENIZER, 4)).tolist() == [11, 12, 13, 14]
    assert later.state_dict()["parts"] == [[1, 4]]
    last = MemoryStream([10, 10], 0, 1, {0, 1})
    last.load_state_dict(later.state_dict())
    with pytest.warns(UserWarning, match="position 1 of"):
        assert not list(last.packed(TOKENIZER, 4))


def test_a_cut_document_goes_on_in_blocks_only() -> None:
    """As a row, text or batch it would come whole, with tokens that blocks have had."""
    stream = MemoryStream([10, 10], 0, 1, set())
    next(stream.packed(TOKENIZER, 4))
    for others in (stream, stream.texts(), stream.batches(2)):
        with pytest.raises(ConfigError, match=r"stopped inside a document.*go on with packed\(\), or begin an epoch"):
            next(others)
    shorter = MemoryStream([2, 10], 0, 1, set())
    shorter.load_state_dict(stream.state_dict())
    with pytest.raises(ConfigError, match="4 tokens of the document at position 0 were packed, and it has 3"):
        next(shorter.packed(TOKENIZER, 4))
    stream.set_epoch(1)
    assert next(stream)["text"] == "1 2 3 4 5 6 7 8 9 10"


def test_the_last_block_may_be_shorter() -> None:
    """By default it is dropped; on fewer ranks, what two ranks couldn't fill makes a block."""
    two = [MemoryStream([3, 3], rank, 2, set()) for rank in range(2)]
    assert [[block.tolist() for block in stream.packed(TOKENIZER, 8)] for stream in two] == [[], []]
    one = MemoryStream([3, 3], 0, 1, set())
    one.load_state_dict([stream.state_dict() for stream in two])
    assert [block.tolist() for block in one.packed(TOKENIZER, 8)] == [[1, 2, 3, END, 4, 5, 6, END]]
    assert [block.tolist() for block in one.packed(TOKENIZER, 5, drop_last=False)] == [
        [1, 2, 3, END, 4],
        [5, 6, END],
    ]


def test_an_epoch_that_ended_is_not_given_again_after_a_state() -> None:
    """A run that goes on from a state of its end has nothing more of it; the next loop begins it again."""
    stream = MemoryStream([3] * 4, 0, 1, set())
    whole = [row["text"] for row in stream]
    later = MemoryStream([3] * 4, 0, 1, set())
    later.load_state_dict(stream.state_dict())
    assert not list(later)
    assert [row["text"] for row in later] == whole
    later.load_state_dict(stream.state_dict())
    assert not list(later.packed(TOKENIZER, 2))


def test_progress_counts_what_was_given() -> None:
    """Documents, tokens and the share of the epoch, from where the stream was opened or resumed."""
    stream = MemoryStream([3] * 8, 1, 2, set())
    assert (stream.progress().documents, stream.progress().documents_per_second) == (0, 0)
    next(stream)
    next(stream.packed(TOKENIZER, 6))
    told = stream.progress()
    assert (told.documents, told.tokens, told.share) == (2, 6, 0.5)
    assert told.seconds > 0
    assert told.tokens_per_second == pytest.approx(3 * told.documents_per_second)
    list(stream.packed(TOKENIZER, 2))
    assert stream.progress().share == 1


def test_parts_of_a_rank_share_its_documents() -> None:
    """As the workers of a loader do, before and after a block was cut; their states are those of so many ranks."""
    sizes = list(range(1, 20))
    rank = MemoryStream(sizes, 1, 2, set())
    seen = next(rank.packed(TOKENIZER, 5)).tolist()
    parts = [rank.part_of(part, 3) for part in range(3)]
    for part in parts:
        seen += next(part.packed(TOKENIZER, 5)).tolist()
    whole = MemoryStream(sizes, 1, 2, set())
    with pytest.raises(ConfigError, match=r"had 6 ranks.* 0, 2, 4 are missing"):
        whole.load_state_dict([part.state_dict() for part in parts])
    other = [MemoryStream(sizes, 0, 2, set()).part_of(part, 3).state_dict() for part in range(3)]
    for number in range(2):
        whole = MemoryStream(sizes, number, 2, set())
        whole.load_state_dict({"worker": [part.state_dict() for part in parts], "loader": {"0": {"a": other}}})
        for block in whole.packed(TOKENIZER, 4, drop_last=False):
            seen += block.tolist()
    assert sorted(seen)[len(sizes) :] == list(range(1, sum(sizes) + 1))


def check_counts(seen: list[tuple[int, int]], sizes: list[int], withdrawn_in: dict[int, int]) -> None:
    """Compare what came with what was there."""
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
