"""What an extractor gives: a document's text, and what its bytes say about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from latam_corpus.errors import DocumentError

# Why bytes gave no text: all the words that may follow `extract:` in a reason, plain ones, since reasons are counted
# and read. What is peculiar to one document stands in its evidence.
Cause: TypeAlias = Literal[
    "no extractor",  # for its media type
    "no text",
    "not TEI",
    "not UTF-8",  # the text has half of a character
    "not XML",  # or is deeper, or has a longer text, than any text has
    "own entity",  # the XML declares a piece of its text as an entity
    "parser error",
    "damaged file",  # a package lacks a piece, or can't be opened
    "encrypted",
    "too large",
    "memory",
    "timeout",  # it took its processor time
    "stalled",  # it waited until the clock ended it
    "killed",  # it, or the kernel, or somebody ended the process
]


@dataclass(frozen=True)
class Extracted:
    """A document's text, the extractor's name and version, and the catalogue data found in the bytes.

    `section` (of a newspaper or site) and `licences` (addresses or names, as they are written) have no column of their
    own; `extract.licences` says what becomes of them.
    """

    text: str
    extractor: str
    title: str | None = None
    creators: tuple[str, ...] = ()
    published: str | None = None
    declared_language: str | None = None
    url: str | None = None
    section: str | None = None
    licences: tuple[str, ...] = ()


class UnusableError(DocumentError):
    """A document of which its extractor can say why it can't be used.

    >>> print(UnusableError("not TEI", "its root is <alto>", "convert it"))
    not TEI: its root is <alto>; convert it
    """

    def __init__(self, cause: Cause, problem: str, remedy: str = "") -> None:
        super().__init__(cause, problem, remedy)
        self.cause: Cause = cause


# An extractor maps a document's bytes and the parameters of its media type to its text; it may raise anything, which
# the stage makes a failed row.
Extractor: TypeAlias = Callable[[bytes, Mapping[str, str]], Extracted]
