"""A page's markup as elements, and as the blocks of text that stand in them: one compiled pass.

The markup is what a parser wrote out again, so that every element that isn't void has its end and every value stands in
quotation marks; `resiliparse` (lexbor) parses as browsers do. The pass looks at no word of the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latam_corpus.extract.web_pages.scan_kernels import COUNTS, Page, scan
from latam_corpus.extract.web_pages.tags import automaton, tag_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Markup:
    """The elements and blocks of a page, in the order of the page.

    Attributes:
        tags: uint8[e], places in `tags.TAGS`.
        parents: int32[e]; the first element is its own.
        says: uint32[e], bits of `tags.HINTS`.
        text: uint8, the UTF-8 of all blocks, one after another, white space folded.
        starts: int32[b + 1], where each block starts in it.
        owners: int32[b], the innermost block element around each block.
        inline_says: uint32[b], bits of the inline elements in each.
        counts: int32[b, len(scan.COUNTS)].
        data: uint8, the markup's UTF-8.
        telling: int32[t], where the tags start in it that may say something of the page.
        within: int32[t], the element around each of these.
    """

    tags: NDArray[np.uint8]
    parents: NDArray[np.int32]
    says: NDArray[np.uint32]
    text: NDArray[np.uint8]
    starts: NDArray[np.int32]
    owners: NDArray[np.int32]
    inline_says: NDArray[np.uint32]
    counts: NDArray[np.int32]
    data: NDArray[np.uint8]
    telling: NDArray[np.int32]
    within: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.owners)

    def around(self, element: int) -> Iterator[int]:
        """Yield the element and those that hold it, but for the page itself."""
        while element:
            yield element
            element = int(self.parents[element])

    def block(self, number: int) -> str:
        """Return the text of a block."""
        return self.text[self.starts[number] : self.starts[number + 1]].tobytes().decode("utf-8", "replace")


def read_markup(markup: str, enough: int | None = None) -> Markup:
    """Return the elements and blocks of a page that a parser wrote out.

    Args:
        markup: the page. Of markup that no parser has read the blocks are about the same, with their references to
            characters as they stand.
        enough: bytes of text after which no more is read; None for the whole page.

    >>> page = read_markup("<html><body><div class=nota><p>Hola, <b>vecina</b>.</p>¿Qué tal?</div></body></html>")
    >>> [page.block(number) for number in range(len(page))]
    ['Hola, vecina.', '¿Qué tal?']
    """
    data = np.frombuffer(markup.encode("utf-8", "replace"), np.uint8)
    # A block ends at a tag, and in a <pre> at the end of a line.
    most = int(np.count_nonzero((data == ord("<")) | (data == ord("\n")))) + 2
    page = Page(
        tags=np.zeros(most, np.uint8),
        parents=np.zeros(most, np.int32),
        says=np.zeros(most, np.uint32),
        text=np.empty(len(data) + 1, np.uint8),
        starts=np.zeros(most + 1, np.int32),
        owners=np.zeros(most, np.int32),
        inline=np.zeros(most, np.uint32),
        counts=np.zeros((most, len(COUNTS)), np.int32),
        telling=np.zeros(most, np.int32),
        within=np.zeros(most, np.int32),
    )
    enough = len(data) if enough is None else enough
    elements, blocks, tells = scan(data, enough, tag_table(), automaton(), page)
    return Markup(
        page.tags[:elements],
        page.parents[:elements],
        page.says[:elements],
        page.text[: page.starts[blocks]],
        page.starts[: blocks + 1],
        page.owners[:blocks],
        page.inline[:blocks],
        page.counts[:blocks],
        data,
        page.telling[:tells],
        page.within[:tells],
    )
