"""What is stored beside a document for the search for near-duplicates: its sketch."""

from __future__ import annotations

from typing import Final

import polars as pl

from latam_corpus.dedupe.damage import DAMAGE

WORDS: Final = "words"
ANCHORS: Final = "anchors"
STREAM: Final = "stream"
SKETCH: Final = pl.Schema({WORDS: pl.UInt32(), **DAMAGE, ANCHORS: pl.List(pl.UInt64()), STREAM: pl.List(pl.UInt32())})
