"""HTML as a tree of the complete page, even if its markup is nested very deep."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree, html
from resiliparse.parse.html import HTMLTree

if TYPE_CHECKING:
    from re import Match

# libxml2 stops at 256 nested elements, and at a text of 10 MB.
_DEEPEST_BLOCK: Final = 180
_DEEPEST: Final = 220
_DEEPEST_LINK: Final = 240
# Errors at which libxml2 stops and returns a partial tree.
STOPS: Final = frozenset({"ERR_RESOURCE_LIMIT", "ERR_INTERNAL_ERROR", "ERR_NO_MEMORY"})
_VOID: Final = frozenset({
    *("area", "base", "br", "col", "embed", "frame", "hr", "img", "input", "link", "meta", "param", "source", "track"),
    "wbr",
})  # fmt: skip
_INLINE: Final = frozenset({
    *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins"),
    *("kbd", "label", "mark", "nobr", "q", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup"),
    *("time", "tt", "u", "var"),
})  # fmt: skip
# Elements whose content isn't markup.
_RAW: Final = "iframe|noembed|noframes|script|style|textarea|title|xmp"
_XHTML: Final = re.compile(r"\A\s*<\?xml\b|//DTD XHTML |http://www\.w3\.org/1999/xhtml")
_HEAD: Final = 2048
# An empty element of XHTML. In an unquoted value the slash is part of the value; a link with an address isn't empty.
_EMPTY: Final = re.compile(
    rf"<(?!(?:{'|'.join(sorted(_VOID))})\b)(?!a\b[^<>]*\bhref\b)([a-zA-Z][\w:-]*)"
    r"((?:\s+[\w:.-]+(?:\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))?)*+)\s*/>",
    re.IGNORECASE,
)
# Pieces of a parser's output: complete raw elements, comments, and tags with quoted values.
_WRITTEN: Final = re.compile(
    rf"<(?P<raw>{_RAW})\b[^>]*>.*?</(?P=raw)\s*>|<!--.*?-->|<(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*)(?:[^>\"]|\"[^\"]*\")*>",
    re.DOTALL,
)


class StoppedError(ValueError):
    """A parser stopped before the end of its input, for example because memory ran short."""


def html_tree(page: bytes, charset: str | None = "utf-8") -> html.HtmlElement:
    """Return the root of an HTML page, without comments; markup that is nested too deep is flattened.

    Args:
        page: the page.
        charset: the charset; None uses the one that the page states.

    Raises:
        etree.ParserError: the page is empty.
        MemoryError: not even a part of the tree fits into memory.
        StoppedError: the parser stops before the page's end.

    >>> deep = "<div><i>" * 2000 + "<p>La barca salió.</p><p>No volvió.</p>"
    >>> [paragraph.text for paragraph in html_tree(deep.encode()).iter("p")]
    ['La barca salió.', 'No volvió.']
    """
    root, stopped = _parsed(page, charset)
    if stopped:
        charset = charset or str(root.getroottree().docinfo.encoding or "utf-8")
        try:
            text = page.decode(charset, "replace")
        except LookupError:
            text = page.decode("utf-8", "replace")
        root, stopped = _parsed(flattened(text).encode("utf-8", "replace"), "utf-8", huge=True)
    if stopped:
        raise StoppedError(f"the parser stopped before the page's end: {stopped}")
    return root


def _parsed(page: bytes, charset: str | None, *, huge: bool = False) -> tuple[html.HtmlElement, str]:
    """Return the tree, and the reason why the parser stopped before the page's end, or ""."""
    parser = html.HTMLParser(
        encoding=charset, remove_comments=True, remove_pis=True, no_network=True, huge_tree=huge, recover=True
    )
    try:
        root = html.document_fromstring(page, parser=parser)
    except etree.XMLSyntaxError:
        if any(entry.type_name == "ERR_NO_MEMORY" for entry in parser.error_log):
            raise MemoryError from None
        raise
    return root, next((error.message.strip() for error in parser.error_log if error.type_name in STOPS), "")


def with_ends(page: str) -> str:
    """Return an XHTML page with an end tag for each empty element, for HTML parsers; other pages are unchanged.

    Without end tags, `<a id="x"/>` would contain the rest of its parent, and `<title/>` the rest of the page.

    >>> with_ends('<html xmlns="http://www.w3.org/1999/xhtml"><a id="x"/><br/><p>La barca')
    '<html xmlns="http://www.w3.org/1999/xhtml"><a id="x"></a><br/><p>La barca'
    """
    return _EMPTY.sub(r"<\1\2></\1>", page) if _XHTML.search(page, 0, _HEAD) else page


def flattened(page: str) -> str:
    """Return a page as a browser reads it, with no element deeper than tree parsers accept.

    Below that depth each block ends where the next one begins, and inline elements other than links lose their tags.

    >>> page = flattened("<div>" * 300 + "<p>Uno <b>dos</b></p><p>Tres</p>")
    >>> page.count("<div>"), "<div></div><p>Uno <b>dos</b></p><p>Tres</p>" in page
    (300, True)
    """
    document = HTMLTree.parse(with_ends(page)).document
    open_: list[tuple[str, bool]] = []  # the open elements, and whether the tags of each are kept
    depth = 0  # depth of the open elements whose tags are kept

    def flat(tag: Match[str]) -> str:
        nonlocal depth
        name = (tag["name"] or "").lower()
        if not name or name in _VOID:
            return tag[0]
        if tag["end"]:
            if not open_ or not open_.pop()[1]:
                return ""
            depth -= 1
            return tag[0]
        end_tags = ""
        if name not in _INLINE:
            at = len(open_) - 1
            while depth >= _DEEPEST_BLOCK:
                if open_[at][1]:
                    end_tags += f"</{open_[at][0]}>"
                    open_[at] = (open_[at][0], False)
                    depth -= 1
                at -= 1
        keeps_tags = depth < (_DEEPEST_LINK if name == "a" else _DEEPEST)
        open_.append((name, keeps_tags))
        depth += keeps_tags
        return end_tags + (tag[0] if keeps_tags else "")

    return _WRITTEN.sub(flat, str(document.html) if document else "")
