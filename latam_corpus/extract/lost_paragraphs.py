"""The paragraphs of a page that its text lacks, and a fuller text where they are too many.

The layout was learnt from articles, whose templates surround them with teasers, comments and calls. A manual, a law or
a chapter stands on its page almost alone, in definition lists, `<pre>`, tables and sections. So only pages without the
parts of such a template are looked at: on these a paragraph outside menus, heads and feet belongs to the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from latam_corpus.extract.calls import without_calls
from latam_corpus.extract.page_blocks import fold_signs
from latam_corpus.extract.scan_kernels import CHARS, LINK_CHARS, WORDS
from latam_corpus.extract.tags import HINTS, TAGS, UNSEEN, UNSPOKEN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.extract.markup import Markup
    from latam_corpus.extract.page_blocks import Page

_PARAGRAPH: Final = 12  # words
# A text is too short where it lacks two paragraphs or more, or one that has more than this share of all words.
_MOST_BLOCKS: Final = 1
_MOST_WORDS: Final = 0.125
# The chance by the layout below which a block is no text of any page.
_LEAST_CHANCE: Final = 0.005


def _bits(*names: str) -> np.uint32:
    return np.uint32(sum(1 << HINTS.index(name) for name in names))


def _places(*names: str) -> NDArray[np.bool_]:
    return np.array([name in names for name in TAGS], np.bool_)


_TEMPLATE: Final = _bits("share", "related", "comment", "advert", "letter")
# The ids of these are made of a section's title.
_TITLED: Final = _places("a", "h1", "h2", "h3", "h4", "h5", "h6")
_OUTSIDE: Final = _places("nav", "header", "footer", "aside", "form")
_SAID_OUTSIDE: Final = np.uint32(UNSEEN | UNSPOKEN) | _TEMPLATE | _bits(
    *("navigation", "side", "notice", "pages", "copyright", "search", "print", "hidden", "tag", "author"),
    "date",
)  # fmt: skip


class Fuller(NamedTuple):
    """A fuller text of a page, and the paragraphs and words that the first one lacked."""

    text: str
    paragraphs: int
    words: int


def fuller_text(page: Page, text: str) -> Fuller | None:
    """Return the page's text with the paragraphs that it lacks; None where it lacks few, or the page has a template.

    Args:
        page: the page with the chances of its blocks.
        text: what was taken of it.
    """
    markup = page.markup
    if page.metadata.published or _has_template(markup):
        return None
    folded = fold_signs(text.encode("utf-8", "replace"))
    words, chars = markup.counts[:, WORDS], markup.counts[:, CHARS]
    prose = ~_is_outside(markup)[markup.owners] & (2 * markup.counts[:, LINK_CHARS] < chars)
    paragraphs = np.flatnonzero(prose & (words >= _PARAGRAPH) & (page.chances >= _LEAST_CHANCE)).tolist()
    lost = [one for one in paragraphs if fold_signs(markup.block(one).encode("utf-8", "replace")) not in folded]
    lost_words = int(words[lost].sum())
    if not lost or (len(lost) <= _MOST_BLOCKS and lost_words <= _MOST_WORDS * (lost_words + len(text.split()))):
        return None
    taken = page.kept.copy()
    taken[paragraphs] = True
    span = np.flatnonzero(taken)
    # Between paragraphs also what is shorter: terms of definition lists, rows, headings, lines of code.
    short = prose & (page.chances >= _LEAST_CHANCE)
    taken[span[0] : span[-1] + 1] |= short[span[0] : span[-1] + 1]
    lines = (markup.block(number) for number in np.flatnonzero(taken).tolist())
    return Fuller(without_calls("\n".join(lines)), len(lost), lost_words)


def _has_template(markup: Markup) -> bool:
    """Whether the page has the parts that templates put around articles: teasers, comments, what is to be shared."""
    return bool(((markup.says & _TEMPLATE) != 0)[~_TITLED[markup.tags]].any())


def _is_outside(markup: Markup) -> NDArray[np.bool_]:
    """Return whether each element is or stands in a menu, a head or a foot, bool[e]."""
    outside = (_OUTSIDE[markup.tags] | ((markup.says & _SAID_OUTSIDE) != 0)).tolist()
    for element, parent in enumerate(markup.parents.tolist()):
        outside[element] = element > 0 and (outside[element] or outside[parent])
    return np.array(outside, np.bool_)
