"""The labels of Local Contexts: what communities say of their knowledge, and what each binds where they say no more."""

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


class Label(NamedTuple):
    """A label.

    Attributes:
        slug: the end of its address.
        code: such as `TK SS`.
        binds: `closed`, `nothing`, or the tier than which nothing under it is more open.
        names: language → what it is called.
    """

    slug: str
    code: str
    binds: str
    names: Mapping[str, str]

    @property
    def uri(self) -> str:
        """Its address."""
        return f"{_BASE}{self.slug}/"


@cache
def labels() -> dict[str, Label]:
    """All labels, by the end of their address."""
    text = Path(__file__).with_name("labels.toml").read_text("utf-8")
    return {
        slug: Label(slug, one["code"], one["binds"], {language: one[language] for language in ("en", "es", "pt")})
        for slug, one in tomllib.loads(text).items()
    }


def label_of(statement: str) -> Label | None:
    """Return the label with an address, which may end in its code; None for anything else.

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
    """Return the statement itself, where it is a label's address.

    Raises:
        ValueError: it is none; the sentence names the nearest one.
    """
    if label_of(statement):
        return statement
    called = {name.casefold(): one for one in labels().values() for name in _called(one)}
    near = nearest(statement.strip().casefold(), called) or nearest(_end_of(statement), called)
    if near:
        raise ValueError(
            _("«{label}» is no label of Local Contexts; did you mean {near}?", label=statement, near=called[near].uri)
        )
    raise ValueError(
        _(
            "«{label}» is no label of Local Contexts; write its address, such as {example}",
            label=statement,
            example=f"{_BASE}tk-attribution/",
        )
    )


def narrowed_tier(tier: str, statements: Iterable[str]) -> str:
    """Return the tier, no more open than any of the labels lets it be.

    >>> narrowed_tier("open", ["https://localcontexts.org/label/tk-non-commercial/"])
    'non_commercial'
    """
    bound = [label.binds for one in statements if (label := label_of(one)) and label.binds not in (CLOSED, "nothing")]
    return max((tier, *bound), key=openness)


def closing(statements: Iterable[str]) -> list[str]:
    """Return the codes of the labels that close what they stand on; what is no label closes too, by what it says.

    >>> closing(["https://localcontexts.org/label/tk-seasonal/", "https://localcontexts.org/label/tk-verified/"])
    ['TK S']
    """
    labelled = [(one, label_of(one)) for one in statements]
    return sorted({label.code if label else one for one, label in labelled if label is None or label.binds == CLOSED})


@cache
def _by_code() -> dict[str, Label]:
    return {one.code.lower().replace(" ", "-"): one for one in labels().values()}


def _called(label: Label) -> tuple[str, ...]:
    shorter = [name.removeprefix("TK ").removeprefix("CT ").removeprefix("BC ") for name in label.names.values()]
    return (label.uri, label.slug, label.code, *label.names.values(), *shorter)


def _end_of(statement: str) -> str:
    return statement.strip().rstrip("/").rpartition("/")[2].casefold()
