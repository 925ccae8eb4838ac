"""A page's markup as elements, and as blocks of text within them: one compiled pass.

The markup was serialised by a parser, so that every element that isn't void has its end tag and every value is in
quotation marks. `resiliparse` (lexbor) parses as browsers do. The pass ignores the words of the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latam_corpus.extract.web_pages.scan_kernels import COUNTS, MarkupArrays, scan
from latam_corpus.extract.web_pages.tags import automaton, tag_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Markup:
    """The elements and blocks of a page, in the order of the page.

    Attributes:
        tags: uint8[e], indices in `tags.TAGS`.
        parents: int32[e]; the first element is its own parent.
        hints: uint32[e], the bits of `tags.HINTS` that an element's attributes set.
        text: uint8, the UTF-8 of all blocks, one after another, white space folded.
        starts: int32[b + 1], where each block starts in `text`.
        owners: int32[b], the innermost block element around each block.
        inline_hints: uint32[b], the bits of the inline elements in each block.
        counts: int32[b, len(scan.COUNTS)].
        data: uint8, the markup's UTF-8.
        metadata_tags: int32[t], where the tags with possible metadata start in `data`.
        metadata_parents: int32[t], the element around each of these tags.
    """

    tags: NDArray[np.uint8]
    parents: NDArray[np.int32]
    hints: NDArray[np.uint32]
    text: NDArray[np.uint8]
    starts: NDArray[np.int32]
    owners: NDArray[np.int32]
    inline_hints: NDArray[np.uint32]
    counts: NDArray[np.int32]
    data: NDArray[np.uint8]
    metadata_tags: NDArray[np.int32]
    metadata_parents: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.owners)

    def around(self, element: int) -> Iterator[int]:
        """Yield the element and its ancestors, except the page itself."""
        while element:
            yield element
            element = int(self.parents[element])

    def block(self, number: int) -> str:
        """Return the text of a block."""
        return self.text[self.starts[number] : self.starts[number + 1]].tobytes().decode("utf-8", "replace")


def read_markup(markup: str, enough: int | None = None) -> Markup:
    """Return the elements and blocks of a page that a parser has serialised.

    Args:
        markup: the page. Markup that wasn't parsed yields about the same blocks, with unresolved character references.
        enough: bytes of text after which reading stops; None for the complete page.

    >>> page = read_markup("<html><body><div class=nota><p>Hola, <b>vecina</b>.</p>¿Qué tal?</div></body></html>")
    >>> [page.block(number) for number in range(len(page))]
    ['Hola, vecina.', '¿Qué tal?']
    """
    data = np.frombuffer(markup.encode("utf-8", "replace"), np.uint8)
    # A block ends at a tag, and in a <pre> at the end of a line.
    capacity = int(np.count_nonzero((data == ord("<")) | (data == ord("\n")))) + 2
    page = MarkupArrays(
        tags=np.zeros(capacity, np.uint8),
        parents=np.zeros(capacity, np.int32),
        hints=np.zeros(capacity, np.uint32),
        text=np.empty(len(data) + 1, np.uint8),
        starts=np.zeros(capacity + 1, np.int32),
        owners=np.zeros(capacity, np.int32),
        inline=np.zeros(capacity, np.uint32),
        counts=np.zeros((capacity, len(COUNTS)), np.int32),
        metadata_tags=np.zeros(capacity, np.int32),
        metadata_parents=np.zeros(capacity, np.int32),
    )
    enough = len(data) if enough is None else enough
    elements, blocks, metadata_count = scan(data, enough, tag_table(), automaton(), page)
    return Markup(
        page.tags[:elements],
        page.parents[:elements],
        page.hints[:elements],
        page.text[: page.starts[blocks]],
        page.starts[: blocks + 1],
        page.owners[:blocks],
        page.inline[:blocks],
        page.counts[:blocks],
        data,
        page.metadata_tags[:metadata_count],
        page.metadata_parents[:metadata_count],
    )
