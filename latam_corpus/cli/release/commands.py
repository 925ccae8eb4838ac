"""All commands of the group `latam-corpus release`."""

from __future__ import annotations

from latam_corpus.cli.release.group import app

# The order of these imports is the order of the group's help.
# isort: off
from latam_corpus.cli.release import build  # noqa: F401
from latam_corpus.cli.release import versions  # noqa: F401
from latam_corpus.cli.release import withdraw  # noqa: F401
from latam_corpus.cli.release import receipts  # noqa: F401
from latam_corpus.cli.release import purge  # noqa: F401
from latam_corpus.cli.release import publish  # noqa: F401
from latam_corpus.cli.release import locks  # noqa: F401
# isort: on

__all__ = ["app"]
