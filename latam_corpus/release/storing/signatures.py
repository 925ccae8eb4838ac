"""Verify the signatures of a version's manifest and of the withdrawal log.

An entry of the log contains the digest of the previous one, so that the last entry's signature covers them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from latam_corpus.messages import Message
from latam_corpus.release.storing.manifest import MANIFEST, SIGNATURE
from latam_corpus.release.storing.minisign_keys import signature_problem
from latam_corpus.release.storing.withdrawal_log import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.minisign_keys import PublicKey
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import WithdrawalLog


def version_signature_problems(
    manifest: Manifest, data: bytes, log: WithdrawalLog, keys: Sequence[PublicKey]
) -> Iterator[Message]:
    """Yield the problems of the signatures of a version's manifest (its bytes) and of the log; none without keys."""
    if not keys:
        return
    problem = _problem(log.store, keys, data, "releases", manifest.name, manifest.version, MANIFEST)
    if problem:
        yield Message("{file}: {problem}", {"file": MANIFEST, "problem": problem})
    yield from log_signature_problems(log, keys)


def log_signature_problems(log: WithdrawalLog, keys: Sequence[PublicKey]) -> Iterator[Message]:
    """Yield the problems of the signatures of a log. The last entry must be signed."""
    for entry in log.entries if keys else ():
        if entry.number == log.sequence or log.store.exists(FOLDER, entry.file + SIGNATURE):
            problem = _problem(log.store, keys, entry.dumped(), FOLDER, entry.file)
            if problem:
                yield Message("{file}: {problem}", {"file": f"{FOLDER}/{entry.file}", "problem": problem})


def _problem(store: Store, keys: Sequence[PublicKey], data: bytes, *names: str) -> Message | None:
    signature = (*names[:-1], names[-1] + SIGNATURE)
    return signature_problem(data, store.read(*signature) if store.exists(*signature) else None, keys)
