"""All commands of the group `latam-corpus release`, in the order of its help."""

from __future__ import annotations

from latam_corpus.cli.release import build, locks, publish, purge, receipts, versions, withdraw  # noqa: F401  (the order of the help)
from latam_corpus.cli.release.group import app

__all__ = ["app"]
