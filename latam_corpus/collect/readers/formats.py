"""Formats of files that contain records, and of archives of other files."""

from __future__ import annotations

from typing import Final

from latam_corpus.formats.format import Format
from latam_corpus.messages import same

FORMATS: Final = (
    Format(
        name="jsonl",
        label=same("JSON Lines"),
        suffixes=(".jsonl", ".ndjson"),
        reader="latam_corpus.collect.readers.jsonl:read",
        splitter="latam_corpus.collect.readers.line_spans:split",
        may_be_another=True,
    ),
    Format(
        name="csv",
        label=same("CSV"),
        suffixes=(".csv", ".tsv", ".tab"),
        reader="latam_corpus.collect.readers.csv_tables:read",
        splitter="latam_corpus.collect.readers.csv_tables:split",
        may_be_another=True,
    ),
    Format(
        name="parquet",
        label=same("Parquet"),
        suffixes=(".parquet",),
        reader="latam_corpus.collect.readers.parquet:read",
        splitter="latam_corpus.collect.readers.parquet:split",
    ),
    Format(
        name="arrow",
        label=same("Arrow"),
        suffixes=(".arrow", ".feather", ".ipc"),
        reader="latam_corpus.collect.readers.arrow:read",
        splitter="latam_corpus.collect.readers.arrow:split",
    ),
    Format(
        name="archive",
        label=same("ZIP, TAR"),
        suffixes=(".zip", ".tar", ".tgz", ".txz"),
        splitter="latam_corpus.collect.archives:split",
        archive=True,
        may_be_another=True,
    ),
)
