"""Policies that took the place of shipped ones in a run, as its record names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from latam_corpus.messages import Message, _, enumerated, same

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class OwnPolicy:
    """A policy that takes the place of a shipped one.

    Attributes:
        file: its name in a folder of policies, `languages/quy.toml`.
        sha256: the first 16 hex digits of its content's digest, as signatures have it.
        readers: who has signed it as it is.
    """

    file: str
    sha256: str
    readers: tuple[str, ...]

    @property
    def sentence(self) -> Message:
        """The sentence by which a run names it."""
        about = {"file": self.file, "digest": self.sha256}
        if self.readers:
            return _("{file} ({digest}), signed by {readers}", readers=enumerated(map(same, self.readers)), **about)
        return _("{file} ({digest}), which no one has signed", **about)


def policies_recorded(values: Mapping[str, Any]) -> list[OwnPolicy]:
    """Return the policies that took the place of shipped ones in a run, as its record has them."""
    return [OwnPolicy(entry["file"], entry["sha256"], tuple(entry["readers"])) for entry in values.get("policies", ())]
