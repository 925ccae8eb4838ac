"""What a block's place and form say of it, a row of numbers for each block of a page; no word of the text is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.extract.web_pages.measures_kernels import (
    compare_siblings,
    find_main,
    sum_up,
    write_above,
    write_beside,
    write_context,
    write_main,
    write_own,
    write_places,
)
from latam_corpus.extract.web_pages.tags import HINTS, TAG

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.extract.web_pages.markup import Markup

# What is known of a block from elsewhere on the page: it is a title of the page (2) or a piece of one (1), it stands in
# the body that the page gives in JSON-LD, how often it stands on the page, the page gives such a body, it is a teaser.
KNOWN: Final = ("is_title", "in_body", "times", "has_body", "is_teaser")
# What `context` says of a block: the chances of its neighbours, of the elements around it, of what stands near.
CONTEXT: Final = (
    *("chance", "chance_-3", "chance_-2", "chance_-1", "chance_1", "chance_2", "chance_3"),
    *("chance_0_up", "chance_1_up", "chance_2_up", "chance_3_up"),
    *("kept_before", "kept_chars", "best_chance", "chance_around", "likely_before"),
)

_OWN: Final = (
    *("chars", "words", "link_share", "links", "bold_share", "commas", "stops", "digit_share", "upper_share"),
    *("capital_share", "mark_share", "word_length", "last", "first_upper", "after_break", "before_break", "silent"),
    *("tag", "tag_above", "tag_above_2", "depth"),
)
_AROUND: Final = tuple(
    f"{name}_{level}" for level in range(4) for name in ("link_share", "chars", "share", "long_share", "blocks")
)
_ALIKE: Final = ("alike", "alike_chars", "alike_links", "alike_above", "alike_above_chars", "alike_above_links")
_MAIN: Final = ("in_main", "up_to_main", "down_from_main", "main_share", "main_links", "main_blocks", "place_in_main")
_PLACE: Final = (
    *("place", "chars_before", "long_before", "long_after", "since_long", "until_long", "chars_since_long"),
    *("chars_until_long", "since_title", "since_heading", "page_chars", "page_blocks", "page_long_share"),
)
_BESIDE: Final = tuple(
    f"{name}_{side}" for side in (-2, -1, 1, 2) for name in ("chars", "link_share", "last", "tag", "same", "bold")
)
_NEAR_TAGS: Final = (
    *("nav", "header", "footer", "aside", "form", "article", "main", "figure", "li", "table", "blockquote", "section"),
    *("a", "ul", "h2", "td"),
)
FEATURES: Final = (
    *_OWN, *_AROUND, *_ALIKE, *_MAIN, *_PLACE, *_BESIDE,
    *(f"near_{name}" for name in _NEAR_TAGS),
    *(f"said_{name}" for name in HINTS),
    *KNOWN,
)  # fmt: skip

_TAGS_ASKED: Final = np.array([TAG[name] for name in _NEAR_TAGS], np.uint8)


def features(page: Markup, known: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a row of `FEATURES` for each block, float32[b, len(FEATURES)].

    Args:
        page: the elements and blocks.
        known: float32[b, len(KNOWN)].
    """
    table = np.zeros((len(page), len(FEATURES)), np.float32)
    if not len(page):
        return table
    sums = sum_up(page.parents, page.owners, page.counts)
    alike = compare_siblings(page.tags, page.parents, sums)
    main = find_main(page.parents, page.owners, page.counts, sums)
    column = write_own(table, page.tags, page.parents, page.owners, page.counts, sums, alike)
    column = write_main(table, column, page.parents, page.owners, page.counts, sums, main)
    column = write_places(table, column, page.tags, page.owners, page.counts)
    column = write_beside(table, column, page.tags, page.owners, page.counts)
    column = write_above(table, column, page.tags, page.parents, page.says, page.owners, page.inline_says, _TAGS_ASKED)
    table[:, column:] = known
    return table


def context(page: Markup, chances: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a row of `CONTEXT` for each block, float32[b, len(CONTEXT)].

    Args:
        page: the elements and blocks.
        chances: float32[b], a first look at each block.
    """
    table: NDArray[np.float32] = write_context(page.parents, page.owners, page.counts, chances, len(CONTEXT))
    return table
