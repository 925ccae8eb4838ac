"""What one request withdraws or holds: documents, sources, people, addresses and texts, as many as are named."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from latam_corpus.dedupe.fingerprints.fingerprint import text_hash
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.release.refusals.tombstones import settled
from latam_corpus.release.storing.withdrawal_log import Selection, asked_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.messages import Message
    from latam_corpus.release.storing.withdrawal_log import By

_FIELDS: Final[dict[By, str]] = {
    "doc": "docs", "source": "sources", "creator": "creators", "url": "urls", "text": "texts",
}  # fmt: skip


class Named(NamedTuple):
    """One thing that a request names.

    Attributes:
        by: its kind.
        given: what the user wrote.
        wanted: the same in the form in which it is compared, see `settled`.
    """

    by: By
    given: str
    wanted: str

    @property
    def shown(self) -> str:
        """What receipts state: the hash of a text, else `wanted`."""
        return text_hash(self.wanted).hex() if self.by == "text" else self.wanted

    @property
    def logged(self) -> Selection:
        """What the log states: a pattern of addresses itself, a hash of all else."""
        return Selection(by=self.by, asked=self.wanted if self.by == "url" else asked_hash(self.by, self.shown))


@dataclass(frozen=True)
class WithdrawalRequest:
    """Everything that one request names; it makes one entry of the log and one receipt.

    Attributes:
        docs: ids of documents.
        sources: ids of sources.
        creators: names of people.
        urls: addresses, in which `*` stands for any characters.
        texts: whole texts.
        places: where ids were read from a file, by the id: errors name the line.

    >>> request = WithdrawalRequest(docs=("b", "a", "b"), sources=("cantos",))
    >>> [(one.by, one.wanted) for one in request.named], request.by
    ([('doc', 'a'), ('doc', 'b'), ('source', 'cantos')], 'several')
    """

    docs: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    places: Mapping[str, Message] = field(default_factory=dict, compare=False)

    @cached_property
    def named(self) -> tuple[Named, ...]:
        """Each thing that is named, once and sorted, so that the order of a request does not matter.

        Raises:
            ConfigError: nothing is named, a value is empty, or an address names no site.
        """
        every = {
            (by, settled(by, given)): given for by, field in _FIELDS.items() for given in reversed(getattr(self, field))
        }
        if not every:
            options = ", ".join(f"--{by}" for by in _FIELDS)
            raise ConfigError(_("the request"), _("nothing is named"), _("name one of: {names}", names=options))
        return tuple(Named(by, given, wanted) for (by, wanted), given in sorted(every.items()))

    @property
    def by(self) -> By:
        """The kind of what is named; `several` if more than one thing is."""
        return self.named[0].by if len(self.named) == 1 else "several"

    @property
    def shown(self) -> str:
        """What receipts state: of several things a JSON list of pairs of kind and value."""
        if len(self.named) == 1:
            return self.named[0].shown
        return json.dumps([[one.by, one.shown] for one in self.named], ensure_ascii=False)

    @property
    def asked(self) -> str:
        """What the log states as `asked`; of several things the hash of `shown`."""
        return self.named[0].logged.asked if len(self.named) == 1 else asked_hash("several", self.shown)

    @property
    def several(self) -> tuple[Selection, ...]:
        """What the log states of each thing, if there are several."""
        return tuple(one.logged for one in self.named) if len(self.named) > 1 else ()


def request_of(by: By, value: str) -> WithdrawalRequest:
    """Return a request that names one thing.

    >>> request_of("source", "cantos").named[0].wanted
    'cantos'
    """
    named: dict[str, Any] = {_FIELDS[by]: (value,)}
    return WithdrawalRequest(**named)
