"""The terms of a record: what its source allows, narrowed by what the record says of its rights and by opt-outs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.optout.opt_out import withheld
from latam_corpus.catalog.rights import openness, tier_of, uses_under

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latam_corpus.catalog.source import Source

_ASKING: Final = "rsl-permission"


def terms_of(source: Source, statement: str | None, refused: Iterable[str] = ()) -> tuple[str, list[str]]:
    """The rights tier and the uses of a record with this statement of rights and these opt-out signals.

    The source's own statement has the source's tier and uses, which may rest on an agreement. Another statement has
    the tier it gives; a less open one narrows the uses, a more open one never widens them. An opt-out takes away the
    uses that it withholds; where a licence must first be obtained, the tier is no more open than `permission`.

    >>> from latam_corpus.catalog.source import load_source
    >>> terms_of(load_source("disco-sonnets"), "CC BY-SA 4.0")
    ('share_alike', ['train', 'redistribute', 'evaluate'])
    >>> terms_of(load_source("disco-sonnets"), "Todos los derechos reservados")
    ('unknown', ['evaluate'])
    >>> terms_of(load_source("disco-sonnets"), "CC BY-SA 4.0", ["noai"])
    ('share_alike', ['redistribute', 'evaluate'])
    """
    tier, uses = _stated(source, statement)
    signals = list(refused)
    if _ASKING in signals and openness(tier) < openness("permission"):
        tier = "permission"
    kept = withheld(signals)
    return tier, [use for use in uses if use not in kept]


def _stated(source: Source, statement: str | None) -> tuple[str, list[str]]:
    """The tier and the uses by the statements alone."""
    if source.rights and statement == source.rights.statement:
        return source.tier, list(source.uses)
    tier = tier_of(statement)
    if openness(tier) <= openness(source.tier):
        return tier, list(source.uses)
    return tier, uses_under(tier, source.uses)
