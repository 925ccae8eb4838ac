"""A budget is divided as requested, and its documents are mixed in an order that can be resumed."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from threading import Barrier, Event, Lock
from time import sleep
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latam_corpus.errors import ConfigError
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest
from latam_corpus.train import CorpusStream, MixedStream
from latam_corpus.train.mixture import Weighting, divide, parse_weights, token_budget
from latam_corpus.train.shards.corpus_files import open_files
from latam_corpus.train.shards.file_piece import read_group
from latam_corpus.train.shards.group_cache import SharedGroups

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conftest import CommandLine

    from latam_corpus.release.storing.store import Store

SLICES = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 10**9), min_size=1)


@given(SLICES, st.integers(1, 10**10), st.sampled_from(["proportional", "temperature"]), st.floats(0.5, 10))
def test_a_budget_is_spent_whole(slices: dict[str, int], budget: int, method: str, temperature: float) -> None:
    """The whole budget is divided, and a larger slice never gets less."""
    drawn = divide(budget, slices, Weighting(method, temperature))
    assert sum(drawn.values()) == budget
    by_size = sorted(slices, key=slices.__getitem__)
    assert all(drawn[a] <= drawn[b] + 1 for a, b in pairwise(by_size))


@given(SLICES, st.integers(1, 10**10), st.floats(0.5, 8))
def test_unimax_never_goes_beyond_its_cap(slices: dict[str, int], budget: int, cap: float) -> None:
    """Slices below their caps get equal parts, and the budget is spent unless all are at their caps."""
    drawn = divide(budget, slices, Weighting("unimax", cap=cap))
    assert all(drawn[name] <= slices[name] * cap + 1 for name in slices)
    free = [drawn[name] for name in slices if drawn[name] < slices[name] * cap - 1]
    assert not free or max(free) - min(free) <= 1
    assert abs(sum(drawn.values()) - min(budget, sum(slices.values()) * cap)) <= len(slices) + 1e-6 * budget


@pytest.mark.parametrize("text", ["", "-5", "0", "12x", "1e", "many", "1e400", "1e308T"])
def test_invalid_budgets_are_refused(text: str) -> None:
    """The error shows valid budgets."""
    with pytest.raises(ConfigError, match="write a number such as"):
        token_budget(text)


@pytest.mark.parametrize("texts", [["quy"], ["quy=x"], ["=1"], ["quy=1", "quy=2"]])
def test_invalid_weights_are_refused(texts: list[str]) -> None:
    """A slice without a number, a number without a slice, and two weights of one slice are refused."""
    with pytest.raises(ConfigError, match="--weight"):
        parse_weights(texts)
    with pytest.raises(ConfigError, match="did you mean «quy_Latn»"):
        divide(10, {"quy_Latn": 5}, Weighting("given", weights={"quy_Lat": 1}))
    huge = Weighting("given", weights={"quy_Latn": 1e308, "spa_Latn": 1e308})
    assert divide(10, {"quy_Latn": 5, "spa_Latn": 5}, huge) == {"quy_Latn": 5, "spa_Latn": 5}
    with pytest.raises(ConfigError, match="no slice has a weight"):
        divide(10, {"quy_Latn": 5}, Weighting("given", weights={"quy_Latn": 0}))


def test_options_of_a_weighting_imply_it_or_are_refused(
    small_store: Store, tokenizer_file: Path, command_line: CommandLine
) -> None:
    """A temperature implies its method, and is refused with another."""
    base: list[Any] = ["mix", "plan", "puerto", "--store", small_store.url, "--tokenizer", tokenizer_file]
    base += ["--tokens", "9000", "--json"]
    implied = command_line(*base, "--temperature", "5").json
    assert implied == command_line(*base, "--temperature", "5", "--weights", "temperature").json
    assert implied["weights"] == "temperature"
    assert implied["slices"] != command_line(*base, "--weights", "temperature").json["slices"]
    assert command_line(*base, "--weight", "spa_Latn=1").json["weights"] == "given"
    assert command_line(*base).json["weights"] == "proportional"
    for options, option, method in (
        (("--temperature", "5", "--weights", "proportional"), "--temperature", "proportional"),
        (("--temperature", "5", "--weights", "unimax"), "--temperature", "unimax"),
        (("--weight", "spa_Latn=1", "--weights", "proportional"), "--weight", "proportional"),
        (("--weight", "spa_Latn=1", "--temperature", "5"), "--weight", "temperature"),
    ):
        result = command_line(*base, *options)
        assert result.code == 2
        [error] = json.loads(result.err)["errors"]
        assert (error["place"], error["problem"]) == (option, f"it has no effect if the weights are {method}")


@pytest.fixture
def plan(small_store: Store, tokenizer_file: Path, command_line: CommandLine) -> Any:
    """A plan that repeats Portuguese two and a half times and draws a part of Spanish."""
    base: list[Any] = ["mix", "plan", "puerto", "--store", small_store.url, "--tokenizer", tokenizer_file]
    whole = command_line(*base, "--tokens", "1M", "--json").json
    sizes = {part["slice"]: part["tokens"] for part in whole["slices"]}
    budget = {"por_Latn": round(2.5 * sizes["por_Latn"]), "spa_Latn": round(0.5 * sizes["spa_Latn"])}
    weights = [f"--weight={name}={tokens}" for name, tokens in budget.items()]
    result = command_line(*base, "--tokens", str(sum(budget.values())), *weights, "--cap", "2", "--json")
    assert result.code == 0, result.err
    return result.json


def test_a_plan_has_epochs(plan: Any, small_store: Store, tokenizer_file: Path, command_line: CommandLine) -> None:
    """The plan has epochs, documents and exhausted slices, and no share of indigenous languages here."""
    slices = {part["slice"]: part for part in plan["slices"]}
    assert slices["por_Latn"]["epochs"] == pytest.approx(2.5, abs=0.01)
    assert slices["spa_Latn"]["epochs"] == pytest.approx(0.5, abs=0.01)
    assert (slices["por_Latn"]["drawn"], slices["spa_Latn"]["drawn"]) == (60, 48)
    assert (slices["por_Latn"]["exhausted"], slices["spa_Latn"]["exhausted"]) == (True, False)
    assert plan["indigenous_share"] == 0
    assert sum(part["share"] for part in plan["slices"]) == pytest.approx(1)
    base: list[Any] = ["mix", "plan", "puerto", "--store", small_store.url, "--tokenizer", tokenizer_file]
    shown = command_line(*base, "--tokens", "10M", "--weights", "unimax", "--by", "language,genre")
    assert shown.code == 0
    assert "por_Latn/literature" in shown.out
    assert "unfilled" in shown.out
    first = next(CorpusStream(small_store.url, "puerto"))["doc_id"]
    done = withdraw(small_store, WithdrawalRequest.of("puerto", "doc", first, "asked by the author"), datetime.now(UTC))
    old, new = done.before.spec, done.after.spec
    both = command_line(*base, old, "--tokens", "10M")
    assert both.code == 2
    assert f"{old} is a version of the same release as {new}" in " ".join(both.err.split())
    wrong = command_line(*base, "--tokens", "10M", "--weights", "unimaks")
    assert wrong.code == 2
    assert "did you mean «unimax»" in wrong.err


def test_a_mixture_follows_its_plan(plan: Any, small_store: Store) -> None:
    """A slice repeats only after all its documents, turns are spread evenly, and ranks share them."""
    rows = list(MixedStream(small_store.url, plan, seed=3, columns=["doc_id", "language"]))
    by_language = {
        language: [row["doc_id"] for row in rows if row["language"] == language]
        for language in ("por_Latn", "spa_Latn")
    }
    portuguese, spanish = by_language["por_Latn"], by_language["spa_Latn"]
    assert len(spanish) == len(set(spanish)) == 48
    assert Counter(Counter(portuguese).values()) == {2: 12, 3: 12}
    assert len(set(portuguese[:24])) == len(set(portuguese[24:48])) == 24
    assert portuguese[:24] != portuguese[24:48]
    first = Counter(row["language"] for row in rows[:54])
    assert 20 <= first["por_Latn"] <= 40
    parts = [
        [row["doc_id"] for row in MixedStream(small_store.url, plan, seed=3, rank=rank, world=3, columns=["doc_id"])]
        for rank in range(3)
    ]
    order = [row["doc_id"] for row in rows]
    assert parts == [order[rank::3] for rank in range(3)]


def test_a_mixture_resumes_from_its_state(plan: Any, small_store: Store, tmp_path: Path) -> None:
    """A state continues on another number of ranks, without documents excluded since."""
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan))
    order = [row["doc_id"] for row in MixedStream(small_store.url, file, seed=3, columns=["doc_id"])]
    stream = MixedStream(small_store.url, file, seed=3)
    for _ in range(70):
        next(stream)
    state = json.loads(json.dumps(stream.state_dict()))
    id_file = tmp_path / "excluded.txt"
    id_file.write_text("\n".join(order[:10]))
    cases: list[tuple[dict[str, Any], set[str]]] = [({}, set()), ({"exclude": [id_file]}, set(order[:10]))]
    for options, left_out in cases:
        remaining: list[list[str]] = []
        for rank in range(2):
            fresh = MixedStream(small_store.url, plan, rank=rank, world=2, columns=["doc_id"], **options)
            fresh.load_state_dict(state)
            remaining.append([row["doc_id"] for row in fresh])
        assert remaining == [
            [doc_id for i, doc_id in enumerate(order) if i >= 70 and i % 2 == k and doc_id not in left_out]
            for k in (0, 1)
        ]
    id_file.write_text(f"# costa@2026.11.0\n{order[0]}")
    with pytest.raises(ConfigError, match="made for costa"):
        MixedStream(small_store.url, plan, exclude=[id_file])
    fewer = MixedStream(
        small_store.url, {**plan, "slices": [part | {"drawn": part["drawn"] - 1} for part in plan["slices"]]}
    )
    with pytest.raises(ConfigError, match="another order"):
        fewer.load_state_dict(state)


def test_a_mixture_begins_again_in_the_same_order(plan: Any, small_store: Store) -> None:
    """A repetition begins with the first pass over each slice, also after a state."""
    stream = MixedStream(small_store.url, plan, seed=3, columns=["doc_id"])
    order = [next(stream)["doc_id"] for _ in range(5)]
    state = stream.state_dict()
    order += [row["doc_id"] for row in stream]
    assert [row["doc_id"] for row in stream] == order
    stream.load_state_dict(state)
    assert [row["doc_id"] for row in stream] == order[5:]


@pytest.mark.filterwarnings("ignore:.*(is|are) withdrawn")
def test_a_plan_after_withdrawals_is_drawn_completely(
    small_store: Store, tokenizer_file: Path, command_line: CommandLine
) -> None:
    """Each remaining document is drawn, and later withdrawals change no position."""
    version = "puerto@2026.11.0"
    portuguese = [row["doc_id"] for row in CorpusStream(small_store.url, version, language="por_Latn")]
    now = datetime(2026, 11, 27, tzinfo=UTC)
    withdraw(small_store, WithdrawalRequest("puerto", "asked by the author", docs=tuple(portuguese[:6])), now)
    base: list[Any] = ["mix", "plan", version, "--store", small_store.url, "--tokenizer", tokenizer_file]
    size = sum(part["tokens"] for part in command_line(*base, "--tokens", "1M", "--json").json["slices"])
    plan = command_line(*base, "--tokens", str(size), "--json").json
    assert [part["drawn"] for part in plan["slices"]] == [18, 96]
    order = [row["doc_id"] for row in MixedStream(small_store.url, plan, columns=["doc_id"])]
    assert len(order) == len(set(order)) == 114
    assert set(portuguese[6:]) < set(order)
    withdraw(small_store, WithdrawalRequest.of("puerto", "doc", portuguese[6], "asked by the author"), now)
    remaining = [row["doc_id"] for row in MixedStream(small_store.url, plan, columns=["doc_id"])]
    assert remaining == [doc_id for doc_id in order if doc_id != portuguese[6]]


def test_chunks_join_without_a_gap(plan: Any, small_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """An epoch of many chunks has the same documents as one of a single chunk."""
    whole = Counter(row["doc_id"] for row in MixedStream(small_store.url, plan, seed=3, columns=["doc_id"]))
    monkeypatch.setattr("latam_corpus.train.streams.mixed_stream._CHUNK_ROWS", 10)
    order = [row["doc_id"] for row in MixedStream(small_store.url, plan, seed=3, columns=["doc_id"])]
    assert Counter(order) == whole
    stream = MixedStream(small_store.url, plan, seed=3, columns=["doc_id"])
    stream.load_state_dict(stream.state_dict() | {"position": 57})
    assert [row["doc_id"] for row in stream] == order[57:]


def test_weights_may_change_in_stages(
    small_store: Store, tokenizer_file: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each stage follows its plan, slices continue across stages, and states resume in any of them."""
    base: list[Any] = ["mix", "plan", "puerto", "--store", small_store.url, "--tokenizer", tokenizer_file]
    sizes = {part["slice"]: part["tokens"] for part in command_line(*base, "--tokens", "1M", "--json").json["slices"]}

    def planned(**times: float) -> Any:
        budget = {f"{name}_Latn": round(share * sizes[f"{name}_Latn"]) for name, share in times.items()}
        weights = [f"--weight={name}={tokens}" for name, tokens in budget.items()]
        return command_line(*base, "--tokens", str(sum(budget.values())), *weights, "--json").json

    stages = [planned(spa=0.5, por=0.25), planned(por=1), planned(spa=0.5, por=0.5)]
    drawn = [Counter({part["language"]: part["drawn"] for part in plan["slices"]}) for plan in stages]
    monkeypatch.setattr("latam_corpus.train.streams.mixed_stream._CHUNK_ROWS", 16)

    def opened(rank: int = 0, world: int = 1) -> MixedStream:
        return MixedStream(small_store.url, stages, seed=3, rank=rank, world=world, columns=["doc_id", "language"])

    rows = list(opened())
    assert len(rows) == sum(counts.total() for counts in drawn)
    at = 0
    for counts in drawn:
        stage = rows[at : at + counts.total()]
        assert Counter(row["language"] for row in stage) == +counts
        at += counts.total()
    portuguese = [row["doc_id"] for row in rows if row["language"] == "por_Latn"]
    assert len(portuguese) > 24 == len(set(portuguese[:24]))
    assert len({row["doc_id"] for row in rows if row["language"] == "spa_Latn"}) == 96
    order = [row["doc_id"] for row in rows]
    for taken in (0, 10, 60, 80, 100):
        stream = opened()
        for _row in range(taken):
            next(stream)
        remaining = []
        for rank in range(2):
            fresh = opened(rank, 2)
            fresh.load_state_dict(stream.state_dict())
            remaining.append([row["doc_id"] for row in fresh])
        assert remaining == [
            [doc_id for i, doc_id in enumerate(order) if i >= taken and i % 2 == rank] for rank in (0, 1)
        ]
    with pytest.raises(ConfigError, match="another order"):
        MixedStream(small_store.url, stages[::-1]).load_state_dict(opened().state_dict())
    other_plan = command_line(*base, "--tokens", "9000", "--by", "language,genre", "--json").json
    with pytest.raises(ConfigError, match="different columns"):
        MixedStream(small_store.url, [stages[0], other_plan])
    with pytest.raises(ConfigError, match="draws no documents"):
        MixedStream(small_store.url, [])
    first_stage = [row["doc_id"] for row in MixedStream(small_store.url, stages[:1], seed=3)]
    assert first_stage == [row["doc_id"] for row in MixedStream(small_store.url, stages[0], seed=3)]


def test_a_mixture_may_be_of_rows(small_store: Store, tokenizer_file: Path, command_line: CommandLine) -> None:
    """Slices by country divide files, include nulls, and resume on ranks."""
    base: list[Any] = ["mix", "plan", "puerto", "--store", small_store.url, "--tokenizer", tokenizer_file]
    base += ["--by", "country,language", "--json"]
    sizes = {part["slice"]: part["tokens"] for part in command_line(*base, "--tokens", "1M").json["slices"]}
    expected = {"CL/spa_Latn": 1, "/por_Latn": 2, "AR/por_Latn": 1}
    weights = [f"--weight={name}={times * sizes[name]}" for name, times in expected.items()]
    budget = sum(times * sizes[name] for name, times in expected.items())
    plan = command_line(*base, "--tokens", str(budget), *weights).json
    assert {part["slice"]: part["drawn"] for part in plan["slices"] if part["drawn"]} == {
        "CL/spa_Latn": 24, "/por_Latn": 12, "AR/por_Latn": 6,
    }  # fmt: skip
    rows = list(MixedStream(small_store.url, plan, seed=3, columns=["doc_id", "country", "language"]))
    seen = Counter((row["country"], row["language"], row["doc_id"]) for row in rows)
    assert Counter((country, language, times) for (country, language, _), times in seen.items()) == {
        ("CL", "spa_Latn", 1): 24, (None, "por_Latn", 2): 6, ("AR", "por_Latn", 1): 6,
    }  # fmt: skip
    order = [row["doc_id"] for row in rows]
    stream = MixedStream(small_store.url, plan, seed=3, columns=["text"])
    for _ in range(11):
        next(stream)
    remaining = []
    for rank in range(2):
        fresh = MixedStream(small_store.url, plan, rank=rank, world=2, columns=["doc_id"])
        fresh.load_state_dict(json.loads(json.dumps(stream.state_dict())))
        remaining.append([row["doc_id"] for row in fresh])
    assert remaining == [[doc_id for i, doc_id in enumerate(order) if i >= 11 and i % 2 == rank] for rank in (0, 1)]
    chile = CorpusStream(small_store.url, "puerto", columns=["doc_id"]).of_rows({"country": "CL"})
    assert chile.total == 30
    assert chile.state_dict()["order"] != CorpusStream(small_store.url, "puerto").state_dict()["order"]


def test_slices_of_rows_read_their_files_once(small_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices share row groups in memory within a limit, also in another process."""
    read_groups: list[str] = []

    def counting(opened: Any, footer: Any, number: int, columns: Sequence[str]) -> Any:
        read_groups.extend(columns)
        return read_group(opened, footer, number, columns)

    monkeypatch.setattr("latam_corpus.train.shards.corpus_files.read_group", counting)
    version = CorpusStream(small_store.url, "puerto").version
    slices = [{"release": version, "country": country, "drawn": 30} for country in ("CL", "AR", "")]
    mixed = MixedStream(small_store.url, {"by": ["country"], "slices": slices}, columns=["text"])
    mixed = pickle.loads(pickle.dumps(mixed))  # noqa: S301  (its own)
    assert len(list(mixed)) == 90
    assert read_groups.count("text") == len(open_files(small_store.url, "puerto").groups) > 1
    table = pa.table({"text": ["agua", "río"]})
    shared = SharedGroups(2 * table.nbytes)
    loaded: list[str] = []

    def read(key: str) -> pa.Table:
        loaded.append(key)
        return table

    for key in "abacab":
        shared.read(key, partial(read, key))
    assert loaded == ["a", "b", "c", "b"]


def test_a_group_asked_for_by_two_at_once_is_read_once() -> None:
    """A second request waits for the first, and requests for other groups don't."""
    table, shared, load_count = pa.table({"text": ["agua"]}), SharedGroups(), [0]
    reading, second_request, go = Event(), Event(), Event()

    def read() -> pa.Table:
        load_count[0] += 1
        (second_request if reading.is_set() else reading).set()
        assert go.wait(300)
        return table

    with ThreadPoolExecutor(3) as pool:
        try:
            both = [pool.submit(shared.read, "a", read)]
            assert reading.wait(300)
            both.append(pool.submit(shared.read, "a", read))
            assert not second_request.wait(0.3)
            assert pool.submit(shared.read, "b", lambda: table).result(300) is table
        finally:
            go.set()
        assert all(future.result(300) is table for future in both)
    assert load_count == [1]


class _LockOfASlowReader:
    """A lock whose holder pauses after releasing it, so that the next one goes first."""

    def __init__(self) -> None:
        self._lock = Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *error: object) -> None:
        self._lock.release()
        sleep(0.2)


def test_a_waiting_request_finds_the_group_when_the_first_has_read_it() -> None:
    """The group is in the cache before the request that waited for it can look."""
    table, shared, reading = pa.table({"text": ["agua"]}), SharedGroups(), Barrier(2)
    shared._reading["a"] = _LockOfASlowReader()  # type: ignore[assignment]  # noqa: SLF001

    def read() -> pa.Table:
        reading.wait(300)
        sleep(0.1)
        return table

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(shared.read, "a", read)
        reading.wait(300)
        second = pool.submit(shared.read, "a", partial(pytest.fail, "the group was read twice"))
        assert first.result(300) is second.result(300) is table


def test_invalid_plans_are_refused(plan: Any, small_store: Store, tmp_path: Path) -> None:
    """Other files, unknown columns and plans that draw nothing are refused."""
    for wrong, message in (
        ({}, "it isn't a plan"),
        (
            plan | {"by": ["countri"], "slices": [part | {"countri": "CL"} for part in plan["slices"]]},
            "slices can't be formed by «countri»; did you mean «country»",
        ),
        (plan | {"by": ["country"]}, "it isn't a plan: 'country'"),
        (plan | {"slices": [part | {"drawn": 0} for part in plan["slices"]]}, "draws no documents"),
        (tmp_path / "none.json", "it isn't a plan"),
        (plan | {"slices": [part | {"documents": "24"} for part in plan["slices"]]}, "it isn't a plan"),
        (plan | {"slices": [part | {"language": None} for part in plan["slices"]]}, "it isn't a plan"),
        (plan | {"slices": [{**plan["slices"][0], "language": "quy_Latn"}]}, r"2026\.11\.0 has none"),
        (
            plan | {"slices": [part | {"documents": 97} for part in plan["slices"]]},
            "counted 97 .* which now has 24",
        ),
    ):
        with pytest.raises(ConfigError, match=message):
            MixedStream(small_store.url, wrong)
    with pytest.raises(ConfigError, match=r"split: the plan says which split each slice has; leave it out"):
        MixedStream(small_store.url, plan, split="test")
    assert len(list(CorpusStream(small_store.url, plan["slices"][0]["release"]))) == 120
