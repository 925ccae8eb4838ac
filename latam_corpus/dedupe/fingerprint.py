"""The stage `fingerprint`: the hash of the normalised text, by which exact duplicates are found."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from latam_corpus.text.normal import normal, normal_utf8

if TYPE_CHECKING:
    from latam_corpus.batch import Batch


def text_hash(text: str) -> bytes:
    r"""The first 128 bits of the SHA-256 of the normalised text: NFC, lower case, runs of white space one space.

    Anyone can compute it without this toolkit, which withdrawal lists rely on.

    >>> text_hash("La  Luna\n") == text_hash("la luna")
    True
    """
    return hashlib.sha256(normal(text).encode()).digest()[:16]


@dataclass(frozen=True)
class Fingerprint:
    """The stage that gives each document its `text_hash`."""

    name: ClassVar[str] = "fingerprint"
    needs: ClassVar[frozenset[str]] = frozenset({"text"})
    gives: ClassVar[frozenset[str]] = frozenset({"text_hash"})

    def __call__(self, batch: Batch) -> Batch:
        """The batch with `text_hash`."""
        hashes = [hashlib.sha256(found).digest()[:16] for found in normal_utf8(batch.frame["text"])]
        return batch.with_columns({"text_hash": pl.Series("text_hash", hashes, dtype=pl.Binary)})
