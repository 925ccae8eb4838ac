"""The policies that replaced shipped ones in a run, as recorded in `run.json`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from latam_corpus.messages import Message, _, enumerated, same

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class OwnPolicy:
    """A policy that replaces a shipped one.

    Attributes:
        sha256: the first 16 hex digits of the digest of its content, as in signatures.
        readers: the people who signed its current content.
    """

    file: str
    sha256: str
    readers: tuple[str, ...]

    @property
    def sentence(self) -> Message:
        """A sentence with its file, its digest and its readers."""
        about = {"file": self.file, "digest": self.sha256}
        if self.readers:
            return _("{file} ({digest}), signed by {readers}", readers=enumerated(map(same, self.readers)), **about)
        return _("{file} ({digest}), not signed by anyone", **about)


def policies_recorded(values: Mapping[str, Any]) -> list[OwnPolicy]:
    """Return the policies that replaced shipped ones, from the values of a `run.json`."""
    return [OwnPolicy(entry["file"], entry["sha256"], tuple(entry["readers"])) for entry in values.get("policies", ())]
