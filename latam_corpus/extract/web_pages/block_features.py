"""Numeric features of each block of a page, from its position and form; its words are not used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.extract.web_pages.measures_kernels import (
    compare_siblings,
    find_main,
    sum_up,
    write_context,
    write_main,
    write_nearest,
    write_neighbours,
    write_own,
    write_places,
)
from latam_corpus.extract.web_pages.tags import HINTS, TAG

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.extract.web_pages.markup import Markup

# Features from the page's metadata: whether the block is a title of the page (2) or part of one (1), whether it is in
# the article body stated in JSON-LD, how often it occurs on the page, whether the page states an article body, and
# whether the block is a teaser.
METADATA_FEATURES: Final = ("is_title", "in_body", "times", "has_body", "is_teaser")
# Columns of `context`: the probabilities of a block's neighbours, of its enclosing elements, and of blocks near it.
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
_NEIGHBOURS: Final = tuple(
    f"{name}_{side}" for side in (-2, -1, 1, 2) for name in ("chars", "link_share", "last", "tag", "same", "bold")
)
_NEAR_TAGS: Final = (
    *("nav", "header", "footer", "aside", "form", "article", "main", "figure", "li", "table", "blockquote", "section"),
    *("a", "ul", "h2", "td"),
)
FEATURES: Final = (
    *_OWN, *_AROUND, *_ALIKE, *_MAIN, *_PLACE, *_NEIGHBOURS,
    *(f"near_{name}" for name in _NEAR_TAGS),
    *(f"said_{name}" for name in HINTS),
    *METADATA_FEATURES,
)  # fmt: skip

_NEAR_TAG_NUMBERS: Final = np.array([TAG[name] for name in _NEAR_TAGS], np.uint8)


def features(page: Markup, from_metadata: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a row of `FEATURES` for each block, float32[b, len(FEATURES)].

    Args:
        page: the elements and blocks.
        from_metadata: float32[b, len(METADATA_FEATURES)].
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
    column = write_neighbours(table, column, page.tags, page.owners, page.counts)
    column = write_nearest(
        table, column, page.tags, page.parents, page.hints, page.owners, page.inline_hints, _NEAR_TAG_NUMBERS
    )
    table[:, column:] = from_metadata
    return table


def context(page: Markup, chances: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a row of `CONTEXT` for each block, float32[b, len(CONTEXT)].

    Args:
        page: the elements and blocks.
        chances: float32[b], the first forest's probability of each block.
    """
    table: NDArray[np.float32] = write_context(page.parents, page.owners, page.counts, chances, len(CONTEXT))
    return table
