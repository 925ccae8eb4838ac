"""The agents that a refusal may name: this crawler, and those that gather training data."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Final

# Our product token: the name by which a robots.txt may speak to this crawler.
TOKEN: Final = "latam-corpus"  # noqa: S105  (a name, no secret)
_AGENTS: Final = Path(__file__).with_name("agents.toml")


@lru_cache(maxsize=1)
def training_agents() -> dict[str, str]:
    """The agents that gather training data, by their lower case: a dated snapshot of a public list (`agents.toml`).

    >>> training_agents()["gptbot"], "chatgpt-user" in training_agents()
    ('GPTBot', False)
    """
    return {name.lower(): name for name in tomllib.loads(_AGENTS.read_text(encoding="utf-8"))["agents"]}
