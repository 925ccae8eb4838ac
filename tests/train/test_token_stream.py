"""An export streams with the states of other streams, and without documents withdrawn since."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest
from latam_corpus.train import CorpusStream, TokenStream, load_tokenizer
from latam_corpus.train.export.write_export import COLUMNS, write_export

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.release.storing.store import Store


@pytest.fixture(params=["ds", "megatron"])
def exported(small_store: Store, tokenizer_file: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """An export of several files."""
    stream = CorpusStream(small_store.url, "puerto@2026.11.0", columns=COLUMNS)
    write_export(stream, load_tokenizer(tokenizer_file), request.param, tmp_path / "export", max_bytes=2000)
    return tmp_path / "export"


def test_an_exports_documents_come_once(small_store: Store, exported: Path, tokenizer_file: Path) -> None:
    """Documents have the tokens of their texts, in an order of seed and epoch, on any number of ranks."""
    tokenizer = load_tokenizer(tokenizer_file)
    texts = {row["doc_id"]: row["text"] for row in CorpusStream(small_store.url, "puerto")}
    rows = list(TokenStream(exported, small_store.url, seed=7))
    assert len(rows) == len(texts) == len({row["doc_id"] for row in rows})
    for row in rows:
        assert row["tokens"] == [*tokenizer.encode([texts[row["doc_id"]]])[0], tokenizer.end_id]
    order = [row["doc_id"] for row in rows]
    assert order != [row["doc_id"] for row in TokenStream(exported, small_store.url, seed=7, epoch=1)]
    stored = [row["doc_id"] for row in TokenStream(exported, small_store.url, shuffle=False)]
    assert stored == [row["doc_id"] for row in CorpusStream(small_store.url, "puerto")]
    for rank in range(3):
        stream = TokenStream(exported, small_store.url, seed=7, rank=rank, world=3)
        assert [row["doc_id"] for row in stream] == order[rank::3]
    without = TokenStream(exported, small_store.url, seed=7, exclude=frozenset(order[:5]))
    assert [row["doc_id"] for row in without] == order[5:]


def test_blocks_of_an_export_resume_on_other_ranks_after_a_withdrawal(small_store: Store, exported: Path) -> None:
    """All tokens of remaining documents come once, and no further ones of withdrawn documents."""
    rows = list(TokenStream(exported, small_store.url, seed=7))

    def opened(world: int) -> list[TokenStream]:
        return [TokenStream(exported, small_store.url, seed=7, rank=rank, world=world) for rank in range(world)]

    two, seen = opened(2), []
    for stream in two:
        blocks = stream.packed(stream.tokenizer, 37)
        for _ in range(5):
            seen += next(blocks).tolist()
    states = [json.loads(json.dumps(stream.state_dict())) for stream in two]
    cut = [position for state in states for position, _tokens in state["parts"]]
    assert cut
    dropped = [*rows[cut[0]]["tokens"][dict(states[cut[0] % 2]["parts"])[cut[0]] :], *rows[100]["tokens"]]
    for number in (cut[0], 100):
        withdraw(
            small_store,
            WithdrawalRequest.of("puerto", "doc", rows[number]["doc_id"], "asked by the author"),
            datetime.now(UTC),
        )
    three = opened(3)
    with pytest.warns(UserWarning, match=f"position {cut[0]} of puerto"):
        seen += rest_of(three, states)
    assert Counter(seen) + Counter(dropped) == Counter(token for row in rows for token in row["tokens"])


def rest_of(streams: list[TokenStream], states: list[Any]) -> list[int]:
    """Return the tokens that streams return after states."""
    tokens: list[int] = []
    for stream in streams:
        stream.load_state_dict(states)
        for block in stream.packed(stream.tokenizer, 64, drop_last=False):
            tokens += block.tolist()
    return tokens


def test_folders_that_are_not_flat_exports_are_refused(
    small_store: Store, exported: Path, tokenizer_file: Path, tmp_path: Path
) -> None:
    """Another folder, format, tokenizer or store, and a truncated file are refused."""
    with pytest.raises(ConfigError, match="isn't an export"):
        TokenStream(tmp_path, small_store.url)
    tokenizer = load_tokenizer(tokenizer_file)
    write_export(
        CorpusStream(small_store.url, "puerto@2026.11.0", columns=COLUMNS), tokenizer, "jsonl", tmp_path / "lines"
    )
    with pytest.raises(ConfigError, match=r"its format is jsonl.*--format ds or --format megatron"):
        TokenStream(tmp_path / "lines", small_store.url)
    stream = TokenStream(exported, small_store.url)
    other_tokenizer: Any = type("Other", (), {"sha256": "0" * 64, "end_id": 0})()
    with pytest.raises(ConfigError, match="made by another tokenizer"):
        next(stream.packed(other_tokenizer, 8))
    with pytest.raises(ConfigError, match="can't encode texts"):
        stream.tokenizer.encoded(["agua"])
    assert len(next(stream.packed(tokenizer, 8))) == 8
    file = next(path for path in sorted(exported.iterdir()) if path.suffix in (".ds", ".bin"))
    file.write_bytes(file.read_bytes()[:-2])
    with pytest.raises(ReleaseError, match="and the map says"):
        TokenStream(exported, small_store.url)
    (tmp_path / "empty").mkdir()
    with pytest.raises((ConfigError, ReleaseError)):
        TokenStream(exported, tmp_path / "empty")
