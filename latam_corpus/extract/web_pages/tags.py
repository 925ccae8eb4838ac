"""HTML tags, and the class names and roles that hint at an element's purpose, for the pass over a page's markup.

The names are from page templates, in the languages in which templates are written; words of the texts are not used.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.text.slots_kernels import slot_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Kinds of a tag, as bits.
BLOCK: Final = 1  # its text is a separate block; unknown tags too
VOID: Final = 2  # it has no end tag
SILENT: Final = 4  # its content is not text of the page
RAW: Final = 8  # its content is not markup
LINK: Final = 16
BOLD: Final = 32
BREAK: Final = 64
HAS_METADATA: Final = 128  # it may have metadata of the page

# Tags that features distinguish, by their index; 0 is any other.
TAGS: Final = (
    *("", "p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "td", "th", "div", "blockquote", "pre", "dt", "dd"),
    *("figcaption", "figure", "address", "section", "article", "main", "nav", "header", "footer", "aside", "form"),
    *("ul", "ol", "table", "tr", "a", "span", "time", "body", "center", "summary", "details"),
)
TAG: Final = {name: number for number, name in enumerate(TAGS)}
_INLINE: Final = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark nobr q s samp small span "
    "strike strong sub sup time tt u var wbr"
)
_VOID: Final = "area base br col embed hr img input link meta param source track wbr"
_SILENT: Final = (
    "script style noscript template svg iframe object math canvas audio video map select datalist button textarea "
    "noframes noembed xmp dialog title"
)
_RAW: Final = "script style iframe noembed noframes xmp plaintext title"
_METADATA: Final = "html meta link script title h1 time"
_BOLD: Final = "b strong h1 h2 h3 h4 h5 h6"

# Hints in a class name, an id, a role or an itemprop, a bit each. A space matches any character that is not a letter.
HINT_WORDS: Final = {
    "body": ("articlebody", "article body", "body", "entry content", "post content", "contenido", "conteudo", "cuerpo"),
    "article": ("article", "post", "entry", "story", "noticia", "nota", "artigo", "articulo"),
    "content": ("content", "texto", " text", "rich"),
    "main": ("main", "principal", "primary"),
    "paragraph": ("paragra", "parrafo"),
    "lead": ("lead", "intro", "bajada", "copete", "teaser", "excerpt", "summary", "sumario", "standfirst", " dek"),
    "title": ("title", "titul", "headline", "heading", "subtitle"),
    "comment": ("comment", "comentario", "disqus", "reply", "respond", "discussion"),
    "related": (
        *("related", "relacionad", "recommend", "recomend", "similar", "more ", " mas ", " mais ", "readmore"),
        *("trending", "popular", "latest", "recent", "ultim", "leidas", "lidas", "outbrain", "taboola", "recirc"),
    ),
    "share": ("share", "social", "sharing", "compart", "facebook", "twitter", "whatsapp", "follow", "addtoany"),
    "navigation": ("nav", "menu", "breadcrumb", "topbar", "toolbar", "skip"),
    "side": ("sidebar", "aside", "widget", "secondary", "lateral", "rail", "complementary"),
    "footer": ("footer", " foot", "rodape", "pie ", "colophon", "contentinfo"),
    "header": ("header", "masthead", "banner", "logo", "brand"),
    "advert": (" ad ", " ads", "advert", "promo", "sponsor", "publicidad", "publicidade", "dfp", "adsense"),
    "tag": ("tag", "categor", "topic", "label", "keyword", "etiqueta", "tema"),
    "author": ("author", "byline", "autor", "writer", "firma", "bio", "credit", "signature", "source", "fuente"),
    "date": ("date", "time", "fecha", "publish", "posted", "hora", "updated"),
    "meta": ("meta", "info", "detail", "data "),
    "image": ("caption", "image", "photo", "foto", "imagen", "galler", "galeria", "media", "video", "legend"),
    "letter": ("newsletter", "subscri", "suscri", "signup", "register", "boletin", "paywall", "assine"),
    "notice": ("cookie", "popup", "modal", "overlay", "consent", "login", "gdpr", "alert", "lightbox", "dialog"),
    "list": ("list", "item", "card", "grid", "carousel", "slider", "tile", "archive", "col "),
    "pages": ("paginat", "pager", "previous", "prev", "next", "siguiente", "anterior"),
    "copyright": ("copyright", "legal", "disclaimer", "licen", "rights", "terms", "imprint"),
    "search": ("search", "busca", "buscador"),
    "box": ("box", "callout", "infobox", "inset", "pullquote", "quote", "highlight", "destac", "embed", "factbox"),
    "print": ("print", "imprim", "mail", "tools", "action", "button", "btn"),
    "hidden": ("hidden", "screen reader", "sr only", "visually", "noprint", "display none"),
}
HINTS: Final = tuple(HINT_WORDS)
METADATA_ATTRIBUTE: Final = 1 << 31  # an element whose `rel` or `itemprop` has one of `METADATA_HINTS`
METADATA_HINTS: Final = sum(1 << HINTS.index(name) for name in ("author", "date", "copyright"))
COMMENT_HINT: Final = 1 << HINTS.index("comment")
OTHERS_HINTS: Final = sum(1 << HINTS.index(name) for name in ("comment", "related"))
HIDDEN: Final = 1 << HINTS.index("hidden")
# Hidden until a script shows it: by the attribute `hidden`, or `display: none` or `visibility: hidden` in `style`.
UNSEEN: Final = 1 << 30
UNSPOKEN: Final = 1 << 29  # `aria-hidden`: shown, but not read aloud


@cache
def tag_table() -> tuple[NDArray[np.uint64], NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the tags as a hash table: uint64 keys for `slot_of`, uint8 kinds, and uint8 indices in `TAGS`."""
    names = {*TAGS[1:], *f"{_INLINE} {_VOID} {_SILENT} {_RAW} {_BOLD} {_METADATA}".split()}
    keys, kinds, places = np.zeros(512, np.uint64), np.zeros(512, np.uint8), np.zeros(512, np.uint8)
    for name in names:
        at = slot_of(keys, np.uint64(name_hash(name)))
        keys[at] = name_hash(name)
        places[at] = TAG.get(name, 0)
        kinds[at] = (
            BLOCK * (name not in _INLINE.split())
            | VOID * (name in _VOID.split())
            | SILENT * (name in _SILENT.split())
            | RAW * (name in _RAW.split())
            | LINK * (name == "a")
            | BOLD * (name in _BOLD.split())
            | BREAK * (name == "br")
            | HAS_METADATA * (name in _METADATA.split())
        )
    return keys, kinds, places


def name_hash(name: str) -> int:
    """Return the FNV-1a hash of a name, 64 bits, as the compiled pass computes it.

    >>> name_hash("p") == name_hash("P".lower())
    True
    """
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return h


@cache
def automaton() -> tuple[NDArray[np.int16], NDArray[np.uint32]]:
    """Return an automaton that searches for all of `HINT_WORDS` at once (Aho and Corasick 1975).

    Returns:
        int16[states, 27], the next state by letter (a is 1), 0 for any other character; uint32[states], the hint bits.
    """
    transitions: list[list[int]] = [[-1] * 27]
    hints = [0]
    for bit, names in enumerate(HINT_WORDS.values()):
        for name in names:
            state = 0
            for letter in name:
                letter_index = 0 if letter == " " else ord(letter) - 96
                if transitions[state][letter_index] < 0:
                    transitions[state][letter_index] = len(transitions)
                    transitions.append([-1] * 27)
                    hints.append(0)
                state = transitions[state][letter_index]
            hints[state] |= 1 << bit
    fallbacks = [0] * len(transitions)
    queue = [0]
    for state in queue:
        for letter_index, following in enumerate(transitions[state]):
            fallback = transitions[fallbacks[state]][letter_index] if state else 0
            if following < 0:
                transitions[state][letter_index] = max(fallback, 0)
            else:
                fallbacks[following] = max(fallback, 0)
                hints[following] |= hints[fallbacks[following]]
                queue.append(following)
    return np.array(transitions, np.int16), np.array(hints, np.uint32)
