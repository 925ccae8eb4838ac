"""The labels of Local Contexts, with which communities set rules for their knowledge, and their effects."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from latam_corpus.catalog.rights import openness
from latam_corpus.errors import nearest
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CLOSED: Final = "closed"
_BASE: Final = "https://localcontexts.org/label/"
_ADDRESS: Final = re.compile(r"(?:https?://)?(?:www\.)?localcontexts\.org/label/([a-z-]+)/?", re.IGNORECASE)


class CommunityLabel(NamedTuple):
    """A label of Local Contexts.

    Attributes:
        slug: the last part of its address.
        code: its code, such as `TK SS`.
        binds: `closed`, `nothing`, or the most open tier that it allows.
    """

    slug: str
    code: str
    binds: str
    names: Mapping[str, str]

    @property
    def uri(self) -> str:
        """The address of the label."""
        return f"{_BASE}{self.slug}/"


@cache
def labels() -> dict[str, CommunityLabel]:
    """Return all labels by their slugs."""
    text = Path(__file__).with_name("labels.toml").read_text("utf-8")
    return {
        slug: CommunityLabel(
            slug, values["code"], values["binds"], {language: values[language] for language in ("en", "es", "pt")}
        )
        for slug, values in tomllib.loads(text).items()
    }


def label_of(statement: str) -> CommunityLabel | None:
    """Return the label of an address, which may end in the label's code; None for any other text.

    >>> label_of("https://localcontexts.org/label/tk-secret-sacred/").code
    'TK SS'
    >>> label_of("http://localcontexts.org/label/tk-a").slug
    'tk-attribution'
    >>> label_of("TK Secreto")
    """
    match = _ADDRESS.fullmatch(statement.strip())
    slug = match[1].lower() if match else ""
    return labels().get(slug) or _by_code().get(slug)


def known_label(statement: str) -> str:
    """Return the statement unchanged if it is a label's address.

    Raises:
        ValueError: it isn't a label's address; the message names the closest label.
    """
    if label_of(statement):
        return statement
    called = {name.casefold(): label for label in labels().values() for name in _called(label)}
    typed = statement.strip().casefold()
    near = nearest(typed, called) or nearest(typed.rstrip("/").rpartition("/")[2], called)
    if near:
        raise ValueError(
            _("«{label}» isn't a label of Local Contexts; did you mean {near}?", label=statement, near=called[near].uri)
        )
    raise ValueError(
        _(
            "«{label}» isn't a label of Local Contexts; write its address, such as {example}",
            label=statement,
            example=f"{_BASE}tk-attribution/",
        )
    )


def narrowed_tier(tier: str, statements: Iterable[str]) -> str:
    """Return the most open tier, no more open than the given one, that all labels allow.

    >>> narrowed_tier("open", ["https://localcontexts.org/label/tk-non-commercial/"])
    'non_commercial'
    """
    bound = [
        label.binds
        for statement in statements
        if (label := label_of(statement)) and label.binds not in (CLOSED, "nothing")
    ]
    return max((tier, *bound), key=openness)


def closing(statements: Iterable[str]) -> list[str]:
    """Return the codes of labels that close their material; an unknown label also does, and is returned unchanged.

    >>> closing(["https://localcontexts.org/label/tk-seasonal/", "https://localcontexts.org/label/tk-verified/"])
    ['TK S']
    """
    labelled = [(statement, label_of(statement)) for statement in statements]
    return sorted(
        {label.code if label else statement for statement, label in labelled if label is None or label.binds == CLOSED}
    )


@cache
def _by_code() -> dict[str, CommunityLabel]:
    return {label.code.lower().replace(" ", "-"): label for label in labels().values()}


def _called(label: CommunityLabel) -> tuple[str, ...]:
    shorter = [name.removeprefix("TK ").removeprefix("CT ").removeprefix("BC ") for name in label.names.values()]
    return (label.uri, label.slug, label.code, *label.names.values(), *shorter)
