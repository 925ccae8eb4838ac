"""The descriptor of a column. Every schema, list of names and table of columns is derived from descriptors.

Importing it loads neither Polars nor PyArrow, since the command line and the models of source files read descriptors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection

    from latam_corpus.messages import Message

# A name that `schema.polars_type` knows, the fields of a struct, or a list of such structs.
Type: TypeAlias = "str | dict[str, Type] | list[Type]"


@dataclass(frozen=True)
class RecordKey:
    """A column's key in `[collect.columns]`: how records of a source and rows of a catalogue state the column.

    Attributes:
        value: the kind of its values, a key of `mapping.READERS`; empty if they aren't metadata.
        read_from: the record's columns that are read by default, unless the source maps one.
        heads: names of table columns with this meaning, as `mapping.head_key` returns them, the closest first. They are
            only used for advice, unless `narrows`.
        narrows: whether it states terms; columns named in `heads` are then read without a mapping, and narrow the
            source's terms.
        of_pages: whether crawlers store it with the pages of a web archive.
    """

    order: int
    help: str
    value: str = ""
    read_from: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    narrows: bool = False
    of_pages: bool = False


@dataclass(frozen=True, eq=False)
class Column:
    """A column of documents or of the ledger.

    Attributes:
        label: its name in previews of files; None if they don't show it.
        set_by: `collect` if every collected record has it, `record` if only records of some sources have it, `stage` if
            only stages and releases set it.
        key: how records state it; None if they can't.
        source: the attribute of `Source` with the value for documents whose records state none; empty if there is none.
        words: the allowed values of the column or its members, if they are fixed.
        pattern: a regular expression for its whole values.
        advice: the remedy for other values; by default, the list of the words.
        free: its fields with free text (the column's name if it isn't a struct). They may contain personal identifiers,
            so `redact` processes them.
        released: whether versions contain it.
        repeats: whether shards store its values in a dictionary, since few of them differ.
        statistics: whether shards store its smallest and largest value; never for texts, names and titles.
    """

    name: str
    type: Type
    meaning: Message
    nullable: bool = False
    label: Message | None = None
    set_by: Literal["collect", "record", "stage"] = "stage"
    key: RecordKey | None = None
    source: str = ""
    words: Collection[str] = ()
    pattern: str = ""
    advice: Message | None = None
    free: tuple[str, ...] = ()
    released: bool = True
    repeats: bool = False
    statistics: bool = False

    def allows(self, value: str) -> bool:
        """Whether the column, or a member of its lists, may have this value."""
        if self.pattern:
            return re.fullmatch(self.pattern, value) is not None
        return not self.words or value in self.words


def names(listed: str) -> tuple[str, ...]:
    """Return the names that a text lists.

    >>> names("autor, autora a")
    ('autor', 'autora a')
    """
    return tuple(listed.split(", "))
