"""The request for a withdrawal or a hold: documents, sources, people, addresses and texts, in any number."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Self

from latam_corpus.dedupe.fingerprints.fingerprint import text_hash
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.release.refusals.tombstones import settled
from latam_corpus.release.storing.withdrawal_log import LogSelection, asked_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.messages import Message
    from latam_corpus.release.storing.withdrawal_log import By

_FIELDS: Final[dict[By, str]] = {
    "doc": "docs", "source": "sources", "creator": "creators", "url": "urls", "text": "texts",
}  # fmt: skip


class RequestItem(NamedTuple):
    """One document, source, person, address or text of a request; for `normalised` see `settled`."""

    by: By
    value: str
    normalised: str

    @property
    def shown(self) -> str:
        """The item on receipts: the hash of a text, else the normalised value."""
        return text_hash(self.normalised).hex() if self.by == "text" else self.normalised

    @property
    def logged(self) -> LogSelection:
        """The item in the log: a hash, except for a pattern of addresses."""
        return LogSelection(by=self.by, asked=self.normalised if self.by == "url" else asked_hash(self.by, self.shown))


@dataclass(frozen=True)
class WithdrawalRequest:
    """A request to withdraw or hold documents. It results in one entry of the log and one receipt.

    Attributes:
        name: the release for which the next version is made; the documents are removed from all releases of the store.
        urls: addresses; `*` matches any characters.
        kind: a withdrawal for good, or a hold until a dispute is settled (`holds.py`).
        places: the file and line of ids that were read from files, by id, for errors.

    >>> request = WithdrawalRequest("poemas", "her heirs ask for it", docs=("b", "a", "b"), sources=("cantos",))
    >>> [(item.by, item.normalised) for item in request.items], request.by
    ([('doc', 'a'), ('doc', 'b'), ('source', 'cantos')], 'several')
    """

    name: str
    because: str
    docs: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    kind: Literal["withdrawal", "hold"] = "withdrawal"
    places: Mapping[str, Message] = field(default_factory=dict, compare=False)

    @classmethod
    def of(
        cls, name: str, by: By, value: str, because: str, *, kind: Literal["withdrawal", "hold"] = "withdrawal"
    ) -> Self:
        """Return a request with one item.

        >>> WithdrawalRequest.of("poemas", "source", "cantos", "its holder asks for it").sources
        ('cantos',)
        """
        items: dict[str, Any] = {_FIELDS[by]: (value,)}
        return cls(name, because, kind=kind, **items)

    @cached_property
    def items(self) -> tuple[RequestItem, ...]:
        """The items, distinct and sorted, so that their order in the request doesn't matter.

        Raises:
            ConfigError: there are no items, a value is empty, or an address names no site.
        """
        values = {
            (by, settled(by, value)): value for by, field in _FIELDS.items() for value in reversed(getattr(self, field))
        }
        if not values:
            options = ", ".join(f"--{by}" for by in _FIELDS)
            raise ConfigError(_("the request"), _("nothing is named"), _("name one of: {names}", names=options))
        return tuple(RequestItem(by, value, normalised) for (by, normalised), value in sorted(values.items()))

    @property
    def creator_names(self) -> list[str]:
        """The names of people in the items."""
        return [item.value for item in self.items if item.by == "creator"]

    @property
    def by(self) -> By:
        """The kind of the only item, or `several`."""
        return self.items[0].by if len(self.items) == 1 else "several"

    @property
    def shown(self) -> str:
        """The only item as on receipts, or a JSON list of pairs of kind and value."""
        if len(self.items) == 1:
            return self.items[0].shown
        return json.dumps([[item.by, item.shown] for item in self.items], ensure_ascii=False)

    @property
    def asked(self) -> str:
        """The value of `asked` in the log: the only item's value, or the hash of `shown`."""
        return self.items[0].logged.asked if len(self.items) == 1 else asked_hash("several", self.shown)

    @property
    def several(self) -> tuple[LogSelection, ...]:
        """The items in the log; empty if there is only one."""
        return tuple(item.logged for item in self.items) if len(self.items) > 1 else ()
