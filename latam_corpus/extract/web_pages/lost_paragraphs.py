"""Find paragraphs of a page that its extracted text lacks, and return a fuller text if there are too many.

The layout model was trained on articles, whose templates surround them with teasers, comments and calls to action. A
manual, a law or a chapter is almost alone on its page, in definition lists, `<pre>`, tables and sections. So only pages
without such a template are considered: on these, a paragraph outside menus, headers and footers belongs to the text.
With a template, only posts of a thread are added.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from latam_corpus.extract.web_pages.calls_to_action import without_calls
from latam_corpus.extract.web_pages.measures_kernels import find_outermost
from latam_corpus.extract.web_pages.page_blocks import fold_signs
from latam_corpus.extract.web_pages.scan_kernels import CHARS, LINK_CHARS, WORDS
from latam_corpus.extract.web_pages.tags import HINTS, TAGS, UNSEEN, UNSPOKEN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.extract.web_pages.markup import Markup
    from latam_corpus.extract.web_pages.page_blocks import Page

_PARAGRAPH: Final = 10  # words
# If at least this many long paragraphs are missing, a part of the page is missing.
_MANY: Final = 2
_LONG: Final = 12  # words
# Minimum probability of a paragraph in such a part, and of a single paragraph.
_MIN_CHANCE: Final = 0.005
_MIN_CHANCE_ALONE: Final = 0.1
# Another extractor's line is dropped if it is a block with a lower probability,
_MIN_CHANCE_SECOND: Final = 0.15
# unless less than this share of its text would remain: then the layout is wrong about the page.
_MIN_REMAINING: Final = 0.67
# A paragraph with this probability belongs to a short text, even if another extractor omits it. In longer texts, the
# layout takes teasers for paragraphs too often to rely on a single one.
_CERTAIN: Final = 0.75
_SHORT_TEXT: Final = 100  # words in such paragraphs
# If they have less than this share of the kept words, the layout's text is a list or table with a notice.
_MIN_CERTAIN: Final = 0.5
# Minimum probability of a post that a thread lacks, and minimum share of the text's words in the thread's other posts.
_MIN_CHANCE_POST: Final = 0.05
_MIN_IN_POSTS: Final = 0.5
# Minimum share of the kept words within the element around a page's text.
_NEARLY_ALL: Final = 0.9
# A page with a larger share of its characters in links is a list or a portal: a single paragraph there is a notice.
_MAX_LINKS: Final = 0.5


def _bits(*names: str) -> np.uint32:
    return np.uint32(sum(1 << HINTS.index(name) for name in names))


def _places(*names: str) -> NDArray[np.bool_]:
    return np.array([name in names for name in TAGS], np.bool_)


_TEMPLATE: Final = _bits("share", "related", "comment", "advert", "letter")
# The ids of these elements come from section titles, so they are no hint of a template.
_TITLED: Final = _places("a", "h1", "h2", "h3", "h4", "h5", "h6")
_FOOT: Final = _bits("footer")
_HEAD: Final = _bits("header")
_CONTENT_HINTS: Final = _bits("body", "article", "content", "main")
_CONTENT: Final = _places("article", "main")
_BODY: Final = _places("body")
_SIDE: Final = _bits("side")
_OUTSIDE: Final = _places("nav", "header", "footer", "aside", "form")
_OUTSIDE_HINTS: Final = np.uint32(UNSEEN | UNSPOKEN) | _TEMPLATE | _bits(
    *("navigation", "notice", "pages", "copyright", "search", "print", "hidden", "tag", "author"),
    "date",
)  # fmt: skip


class Fuller(NamedTuple):
    """A fuller text of a page, and the numbers of paragraphs and words added to the first text."""

    text: str
    paragraphs: int
    words: int


def fuller_text(page: Page, text: str) -> Fuller | None:
    """Return the page's text with the paragraphs that it lacks; None if it lacks none, or if the page has a template.

    Args:
        page: the page with the probabilities of its blocks.
        text: the text that was extracted from it.
    """
    markup = page.markup
    if page.metadata.published or _has_template(markup):
        return None
    prose = _is_prose(page)
    folded = fold_signs(text.encode("utf-8", "replace"))
    paragraphs = np.flatnonzero(prose & (markup.counts[:, WORDS] >= _PARAGRAPH) & (page.chances >= _MIN_CHANCE))
    is_present = np.array([_folded_block(markup, number) in folded for number in paragraphs.tolist()], np.bool_)
    missing = paragraphs[~is_present]
    if np.count_nonzero(markup.counts[missing, WORDS] >= _LONG) < _MANY:
        missing = missing[_is_likely(page, missing)]
    if not len(missing):
        return None
    selected = page.kept & ~_is_head_or_foot(page)
    selected[paragraphs[is_present]] = selected[missing] = True
    span = np.flatnonzero(selected)
    # Shorter blocks between paragraphs are added too: terms of definition lists, rows, headings, lines of code.
    between = prose & (page.chances >= _MIN_CHANCE)
    selected[span[0] : span[-1] + 1] |= between[span[0] : span[-1] + 1]
    lines = (markup.block(number) for number in np.flatnonzero(selected).tolist())
    return Fuller(without_calls("\n".join(lines)), len(missing), int(markup.counts[missing, WORDS].sum()))


def text_with_posts(page: Page, text: str) -> Fuller | None:
    """Return the layout's text with the posts that a thread lacks; None if it lacks none, or if the text is no thread.

    Posts are paragraphs in equal elements, each with its own parent; paragraphs of an article share theirs. Comments,
    reviews and teasers are posts too, so the thread must have the text's first paragraph and half of its words. A page
    with a date of publication is an article, and `fuller_text` is for pages without a template.

    Args:
        page: the page with the probabilities of its blocks.
        text: the text that was extracted from it.
    """
    markup = page.markup
    if page.metadata.published or not _has_template(markup):
        return None
    words, folded = markup.counts[:, WORDS], fold_signs(text.encode("utf-8", "replace"))
    paragraphs = np.flatnonzero(words >= _PARAGRAPH).tolist()
    present = [number for number in paragraphs if _folded_block(markup, number) in folded]
    threads: defaultdict[tuple[tuple[int, int], ...], list[int]] = defaultdict(list)
    for number in paragraphs:
        around = markup.around(int(markup.owners[number]))
        threads[tuple((int(markup.tags[element]), int(markup.hints[element])) for element in around)].append(number)
    thread = next((thread for thread in threads.values() if present and present[0] in thread), [])
    posts = sorted(set(thread) & set(present))
    lost = [number for number in sorted(set(thread) - set(posts)) if page.chances[number] >= _MIN_CHANCE_POST]
    has_own_parents = len(np.unique(markup.parents[markup.owners[thread]])) == len(thread)
    if not lost or not has_own_parents or words[posts].sum() < _MIN_IN_POSTS * len(text.split()):
        return None
    selected = page.kept
    selected[posts + lost] = True
    lines = (markup.block(number) for number in np.flatnonzero(selected).tolist())
    return Fuller(without_calls("\n".join(lines)), len(lost), int(words[lost].sum()))


def lacks_certain_paragraph(page: Page, text: str) -> bool:
    """Return whether the text lacks a paragraph of which the layout is nearly certain; False if there are many.

    Args:
        page: the page with the probabilities of its blocks.
        text: the text that another extractor found in it.
    """
    folded = fold_signs(text.encode("utf-8", "replace"))
    return any(_folded_block(page.markup, number) not in folded for number in _certain_paragraphs(page))


def adds_only_surroundings(page: Page, text: str) -> bool:
    """Return whether the layout's text is short, certain and complete, and the text adds no paragraph like its own.

    Posts of a forum are in equal elements, one in the other; a notice or survey next to a short article is in others.

    Args:
        page: the page with the probabilities of its blocks.
        text: the text that another extractor found in it.
    """
    markup, certain = page.markup, _certain_paragraphs(page)
    words = markup.counts[:, WORDS]
    if not certain or words[certain].sum() < _MIN_CERTAIN * words[page.kept].sum():
        return False
    folded = fold_signs(text.encode("utf-8", "replace"))
    paths = {_path(markup, number) for number in certain}
    others = np.flatnonzero(~page.kept & (words >= _PARAGRAPH)).tolist()
    if any(_path(markup, number) in paths and _folded_block(markup, number) in folded for number in others):
        return False
    return fuller_text(page, page.text) is None


def _certain_paragraphs(page: Page) -> list[int]:
    """Return the paragraphs of a short text of which the layout is nearly certain; none if the text is longer."""
    words = page.markup.counts[:, WORDS]
    certain = np.flatnonzero((page.chances >= _CERTAIN) & (words >= _PARAGRAPH))
    return [] if words[certain].sum() > _SHORT_TEXT else certain.tolist()


def _path(markup: Markup, number: int) -> tuple[int, ...]:
    """Return the tags of the elements around a block."""
    return tuple(int(markup.tags[element]) for element in markup.around(int(markup.owners[number])))


def _folded_block(markup: Markup, number: int) -> bytes:
    return fold_signs(markup.block(number).encode("utf-8", "replace"))


def without_improbable(page: Page, text: str) -> str:
    """Return the text without lines that are improbable by the layout: menus, teasers and notices.

    On a page without a template, paragraphs outside menus are kept, because `fuller_text` would add them.

    Args:
        page: the page with the probabilities of its blocks.
        text: the text that another extractor found in it.
    """
    markup = page.markup
    is_text = page.chances >= _MIN_CHANCE_SECOND
    if not (page.metadata.published or _has_template(markup)):
        is_text |= _is_prose(page) & (markup.counts[:, WORDS] >= _PARAGRAPH)
    remaining = _without_lines(text, _folded_blocks(page, ~is_text) - _folded_blocks(page, is_text))
    return remaining if len(remaining) >= _MIN_REMAINING * len(text) else text


def without_head_and_foot(page: Page, text: str) -> str:
    """Return the text without the lines of the page's named head and foot, if the page has no template.

    Project Gutenberg's licence is such a foot, and it looks like text.

    Args:
        page: the page with the probabilities of its blocks.
        text: the text that was extracted from it.
    """
    if page.metadata.published or _has_template(page.markup):
        return text
    is_outside = _is_head_or_foot(page)
    if not is_outside.any():
        return text
    return _without_lines(text, _folded_blocks(page, is_outside) - _folded_blocks(page, ~is_outside))


def _is_head_or_foot(page: Page) -> NDArray[np.bool_]:
    """Return whether each block is in an element that is named as head or foot, bool[b].

    Elements within the content or around the most probable block don't count, and feet only on pages without footnotes.
    """
    markup = page.markup
    is_named = ((markup.hints & (_HEAD if _has_footnotes(markup) else _HEAD | _FOOT)) != 0) & ~_BODY[markup.tags]
    is_content = (_CONTENT[markup.tags] | ((markup.hints & _CONTENT_HINTS) != 0)) & ~_BODY[markup.tags]
    if len(markup):
        is_named[list(markup.around(int(markup.owners[page.chances.argmax()])))] = False
    is_named &= ~_is_within(markup, is_content)
    return _is_within(markup, is_named)[markup.owners]


def _is_within(markup: Markup, selected: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return whether each element or one of its ancestors is selected, bool[e]; the page itself doesn't count."""
    outermost: NDArray[np.int32] = find_outermost(markup.parents, selected.astype(np.uint32), np.uint32(1))
    return outermost > 0


def _has_footnotes(markup: Markup) -> bool:
    return b"footnote" in markup.data.tobytes()


def _folded_blocks(page: Page, selected: NDArray[np.bool_]) -> set[bytes]:
    return {_folded_block(page.markup, number) for number in np.flatnonzero(selected).tolist()}


def _without_lines(text: str, removed: set[bytes]) -> str:
    """Return the text without the lines that equal one of these folded blocks; empty lines are kept."""
    removed = removed - {b""}
    lines = (line for line in text.split("\n") if fold_signs(line.encode("utf-8", "replace")) not in removed)
    return "\n".join(lines)


def _is_likely(page: Page, missing: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether each block is likely to be text, if few paragraphs are lost, bool[b].

    A block is likely text if it is a footnote, or if it is in the element around the text and either between paragraphs
    or like them.
    """
    markup, kept_blocks = page.markup, np.flatnonzero(page.kept)
    if not len(kept_blocks) or markup.counts[:, LINK_CHARS].sum() > _MAX_LINKS * markup.counts[:, CHARS].sum():
        return np.zeros(len(missing), np.bool_)
    owners = markup.owners[missing].tolist()
    body = int(markup.parents[_text_element(markup, kept_blocks)])
    kinds = {(markup.tags[owner], markup.hints[owner]) for owner in markup.owners[kept_blocks].tolist()}
    # A kept notice far from the text must not turn the blocks between them into text.
    is_in_body = np.array([body in (0, *markup.around(owner)) for owner in owners], np.bool_)
    is_like = np.array([(markup.tags[owner], markup.hints[owner]) in kinds for owner in owners], np.bool_)
    is_within = (missing > kept_blocks[0]) & (missing < kept_blocks[-1])
    is_foot = find_outermost(markup.parents, markup.hints, _FOOT)[owners] > 0
    is_text = (is_in_body & (is_within | is_like)) | is_foot
    return np.asarray((page.chances[missing] >= _MIN_CHANCE_ALONE) & is_text, np.bool_)


def _text_element(markup: Markup, kept_blocks: NDArray[np.int64]) -> int:
    """Return the innermost element around nearly all words of the kept blocks; 0 if there is none."""
    if not len(kept_blocks):
        return 0
    sums = np.bincount(markup.owners[kept_blocks], markup.counts[kept_blocks, WORDS], len(markup.parents)).tolist()
    total = sum(sums)
    for element in range(len(sums) - 1, 0, -1):
        if sums[element] >= _NEARLY_ALL * total:
            return element
        sums[markup.parents[element]] += sums[element]
    return 0


def _is_prose(page: Page) -> NDArray[np.bool_]:
    """Return whether each block is outside menus, headers and footers and is not mostly links, bool[b]."""
    markup = page.markup
    prose = ~(_is_outside(markup)[markup.owners] | _is_head_or_foot(page))
    prose &= 2 * markup.counts[:, LINK_CHARS] < markup.counts[:, CHARS]
    if not _has_footnotes(markup):  # any other element named like a footer may be a footnote
        prose &= find_outermost(markup.parents, markup.hints, _FOOT)[markup.owners] == 0
    # A sidebar within the text's element, or with the same parent as some of its paragraphs, is a boxed note.
    sides = find_outermost(markup.parents, markup.hints, _SIDE)[markup.owners]
    paragraphs = prose & (markup.counts[:, WORDS] >= _PARAGRAPH) & (page.chances >= _MIN_CHANCE_ALONE)
    text_parents = set(markup.parents[markup.owners[(page.kept | paragraphs) & (sides == 0)]].tolist())
    text_element = _text_element(markup, np.flatnonzero(page.kept))
    separate_sides = [
        side
        for side in set(sides.tolist()) - {0}
        if (parent := int(markup.parents[side])) not in text_parents
        and text_element not in markup.around(int(markup.parents[parent]))
    ]
    return prose & ~np.isin(sides, separate_sides)


def _has_template(markup: Markup) -> bool:
    """Return whether the page has parts that templates put around articles: teasers, comments, share buttons."""
    return bool(((markup.hints & _TEMPLATE) != 0)[~_TITLED[markup.tags]].any())


def _is_outside(markup: Markup) -> NDArray[np.bool_]:
    """Return whether each element is in a menu, header or footer, bool[e]."""
    outside = (_OUTSIDE[markup.tags] | ((markup.hints & _OUTSIDE_HINTS) != 0)).tolist()
    for element, parent in enumerate(markup.parents.tolist()):
        outside[element] = element > 0 and (outside[element] or outside[parent])
    return np.array(outside, np.bool_)
