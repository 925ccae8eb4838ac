"""The terms of a record: what its source allows, narrowed by what the record itself says of its rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.rights import openness, tier_of
from latam_corpus.schema import USES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.catalog.source import Source

# What a statement allows by itself, where it allows less than the source does. These three licences allow all uses, on
# conditions; under any other statement, training and redistribution need what a statement can't give: somebody's word.
_FREE: Final = frozenset({"open", "attribution", "share_alike"})
_OTHERWISE: Final = frozenset({"evaluate"})


def terms_of(source: Source, statement: str | None) -> tuple[str, list[str]]:
    """The rights tier and the uses of a record with this statement of rights.

    The source's own statement has the source's tier and uses, which may rest on an agreement. Another statement has
    the tier it gives; a less open one narrows the uses, a more open one never widens them.

    >>> from latam_corpus.catalog.source import load_source
    >>> terms_of(load_source("disco-sonnets"), "CC BY-SA 4.0")
    ('share_alike', ['train', 'redistribute', 'evaluate'])
    >>> terms_of(load_source("disco-sonnets"), "Todos los derechos reservados")
    ('unknown', ['evaluate'])
    """
    if source.rights and statement == source.rights.statement:
        return source.tier, list(source.uses)
    tier = tier_of(statement)
    if openness(tier) <= openness(source.tier):
        return tier, list(source.uses)
    allowed: Sequence[str] | frozenset[str] = USES if tier in _FREE else _OTHERWISE
    return tier, [use for use in source.uses if use in allowed]
