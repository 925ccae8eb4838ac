"""A stream leaves out withdrawn documents, reports them, and keeps the positions of the others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest
from latam_corpus.train import CorpusStream

if TYPE_CHECKING:
    from latam_corpus.release.storing.store import Store


def test_a_stream_of_an_old_version_leaves_out_what_was_withdrawn(small_store: Store) -> None:
    """The other documents keep their order, so that a run can resume from its state."""
    spec = f"puerto@{small_store.latest('puerto')}"
    stream = CorpusStream(small_store.url, spec, seed=7, columns=["doc_id"])
    first_ids = [next(stream)["doc_id"] for _ in range(10)]
    state = stream.state_dict()
    remaining = [row["doc_id"] for row in stream]
    withdraw(small_store, WithdrawalRequest.of("puerto", "doc", remaining[5], "lo piden"), datetime.now(UTC))
    withdraw(small_store, WithdrawalRequest.of("puerto", "doc", first_ids[3], "lo piden"), datetime.now(UTC))
    with pytest.warns(UserWarning, match=f"2 documents of {spec} are withdrawn"):
        reopened = CorpusStream(small_store.url, spec, seed=7, columns=["doc_id"])
    assert reopened.files.withdrawal_sequence == 2
    reopened.load_state_dict(state)
    assert [row["doc_id"] for row in reopened] == remaining[:5] + remaining[6:]
    reopened.set_epoch(0)
    assert [row["doc_id"] for row in reopened][:9] == first_ids[:3] + first_ids[4:]
