"""Metadata of an HTML page: from JSON-LD, meta tags, and links with a `rel`; read in one parse."""

from __future__ import annotations

import html
import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.rights_in_words import is_reserved
from latam_corpus.extract.stated_rights.file_properties import is_saved_by_office
from latam_corpus.extract.stated_rights.stated_licences import stated
from latam_corpus.extract.web_pages.tags import COMMENT_HINT, OTHERS_HINTS, TAG

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from latam_corpus.extract.web_pages.markup import Markup

# The names of each field in pages, in order of reliability.
_TITLES: Final = ("og:title", "twitter:title", "citation_title", "dc.title", "dcterms.title", "title")
_AUTHORS: Final = ("author", "citation_author", "dc.creator", "dcterms.creator", "article:author", "parsely-author")
_DATES: Final = (
    *("article:published_time", "datepublished", "citation_publication_date", "citation_date", "dc.date.issued"),
    *("dcterms.issued", "dc.date", "dcterms.created", "pubdate", "publishdate", "publish-date", "sailthru.date"),
    *("parsely-pub-date", "og:published_time", "date", "og:article:published_time"),
)
_RIGHTS: Final = ("dcterms.license", "dc.rights", "dcterms.rights", "dc.rights.license")
# Statements about the whole site, repeated on each page; they count like the notice in a footer.
_NOTICES: Final = ("copyright", "rights", "dcterms.rightsholder", "dc.rights.holder")
_SECTIONS: Final = ("article:section", "section", "parsely-section", "og:article:section")
_TEASERS: Final = ("description", "og:description")
_ADDRESSES: Final = ("og:url",)
_DAY: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)[-/.](0?[1-9]|1[0-2])[-/.](0?[1-9]|[12]\d|3[01])(?!\d)")
_COMPACT: Final = re.compile(r"^((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_ARTICLE: Final = re.compile(r"Article|Posting|Blog|News|Report|WebPage|CreativeWork|Recipe|Book|Poem|Chapter")
# JSON-LD keys that lead from a page to its article; other keys lead to comments, lists and citations.
_MAIN: Final = "mainEntityOfPage"
_OWN: Final = frozenset({"@graph", "mainEntity", _MAIN})
# A tag as a parser serialises it; an attribute's value may contain `>`.
_TAG: Final = re.compile(rb"<([A-Za-z][\w-]{0,30})((?:[^>\"]++|\"[^\"]*\"){0,3000}+)>")
_VALUE: Final = re.compile(rb"(?<![\w:-])([\w:-]++)=(?:\"([^\"]*)\"|([^\s\">]+))")
# Tags that are always read. Other tags with `rel` or `itemprop`, of which some pages have hundreds, are read only if
# they match.
_ALWAYS: Final = frozenset({b"html", b"title", b"h1", b"time"})
_METAS: Final = frozenset(
    name.encode()
    for names in (_TITLES, _AUTHORS, _DATES, _RIGHTS, _NOTICES, _SECTIONS, _TEASERS, _ADDRESSES)
    for name in names
)
_NAME_ATTRIBUTE: Final = re.compile(rb"\b(?:property|name|itemprop)=\"?([^\"]*)")
_MARKED: Final = re.compile(rb"canonical|license|author|datePublished", re.IGNORECASE)
_MARKUP: Final = re.compile(r"<[^<>]*>")
_WRAPPER: Final = re.compile(r"(?://|/\*)?[ \t]*(?:<!\[CDATA\[|\]\]>|\A\s*<!--|-->\s*\Z)[ \t]*(?:\*/)?")
_JSON: Final = json.JSONDecoder(strict=False)  # many strings contain control characters
_LANGUAGE: Final = re.compile(r"\s*([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*)")
_ADDRESS: Final = re.compile(r"https?://[^/]", re.IGNORECASE)
# Limits beyond which more metadata isn't worth the time.
_MAX_JSON: Final = 2**20
_MAX_OBJECTS: Final = 500
_MAX_TAGS: Final = 1000
_MAX_TEXT: Final = 2000  # bytes of a heading or a name
_MAX_NAME: Final = 100  # characters of the name of a person or section
_MAX_NOTICE: Final = 300  # characters
_MAX_NOTICES: Final = 5
_MAX_ADDRESS: Final = 2000  # characters


@dataclass(frozen=True)
class HtmlMetadata:
    """The metadata that a page states about itself.

    Attributes:
        title: the title of the article, or else of the page.
        titles: all its titles, for recognising them in the text.
        creators: names of persons or agencies.
        published: a date, ISO 8601.
        section: the section of the newspaper or site.
        licences: addresses of linked licences (`rel=license`, JSON-LD), as written, and statements of rights in Dublin
            Core.
        notices: other reservations of rights in its metadata.
        url: the canonical address.
        language: the language as the page states it.
        description: a teaser.
        body: the article's text in JSON-LD.
    """

    title: str | None = None
    titles: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    published: str | None = None
    section: str | None = None
    licences: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    url: str | None = None
    language: str | None = None
    description: str = ""
    body: str = ""


def read_metadata(page: Markup) -> HtmlMetadata:
    """Return the metadata of a page; malformed entries are ignored.

    >>> from latam_corpus.extract.web_pages.markup import read_markup
    >>> page = '<html lang="es"><meta name="author" content="Ana Paz"><time datetime="2024-05-03">'
    >>> metadata = read_metadata(read_markup(page))
    >>> metadata.creators, metadata.published, metadata.language
    (('Ana Paz',), '2024-05-03', 'es')
    """
    tags = _MetadataTags()
    data = page.data.tobytes()
    for start, element in zip(page.metadata_tags[:_MAX_TAGS].tolist(), page.metadata_parents.tolist(), strict=False):
        tags.add(data, start, element)
    # Elements around the page's heading contain the page itself, regardless of their classes.
    wrappers = {ancestor for element, _text in tags.headings[:1] for ancestor in page.around(element)}
    authors, dates_in_text = (
        [text for element, text in marks if not _is_foreign(page, element, wrappers)]
        for marks in (tags.authors, tags.dates)
    )
    headings = [text for _element, text in tags.headings[:1]]
    metas = tags.metas
    named_authors = [] if is_saved_by_office(data) else _values_of(metas, _AUTHORS)
    displayed_titles = [*_values_of(metas, _TITLES[:4]), *headings, tags.title]
    addresses = [*tags.canonical, *_values_of(metas, _ADDRESSES)]
    candidates = [item for item in _objects(tags.scripts) if _is_article(item[0])]
    articles = _own_articles(candidates, displayed_titles, addresses)
    headlines = _strings(articles, "headline")
    own_headlines = _own_headlines(headlines, _strings(articles, "name"), displayed_titles)
    titles = [*headlines, *_values_of(metas, _TITLES), *headings, tags.title]
    sections = [*_strings(articles, "articleSection"), *_values_of(metas, _SECTIONS)]
    dates = [*_strings(articles, "datePublished"), *_values_of(metas, _DATES), *dates_in_text, *addresses]
    licences = [*tags.licences, *_strings(articles, "license"), *_addresses(articles, "license")]
    licences += _values_of(metas, _RIGHTS)
    notices = [*_values_of(metas, _NOTICES), *_strings(articles, "copyrightNotice"), *_strings(articles, "copyright")]
    return HtmlMetadata(
        title=next(filter(None, [*own_headlines, *displayed_titles, *titles]), None),
        titles=tuple(dict.fromkeys(filter(None, titles))),
        creators=_people([*_authors(articles)] or named_authors or authors[:1]),
        published=next(filter(None, map(day, dates)), None),
        section=next((section for section in sections if section and len(section) <= _MAX_NAME), None),
        licences=stated(licences),
        notices=tuple(dict.fromkeys(notice[:_MAX_NOTICE] for notice in filter(is_reserved, notices)))[:_MAX_NOTICES],
        url=next((address for address in addresses if len(address) <= _MAX_ADDRESS and _ADDRESS.match(address)), None),
        language=tags.language,
        description=next(iter(_values_of(metas, _TEASERS)), ""),
        body=" ".join(_MARKUP.sub(" ", html.unescape(body)) for body in _strings(articles, "articleBody", tidy=False)),
    )


@dataclass
class _MetadataTags:
    """The contents of the tags with metadata, by kind, in page order; some with their enclosing element."""

    title: str = ""
    language: str | None = None
    metas: dict[str, list[str]] = field(default_factory=dict)
    scripts: list[str] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    authors: list[tuple[int, str]] = field(default_factory=list)
    dates: list[tuple[int, str]] = field(default_factory=list)
    canonical: list[str] = field(default_factory=list)
    licences: list[str] = field(default_factory=list)

    def add(self, data: bytes, start: int, element: int) -> None:
        """Store the content of the tag that starts at this position, within this element."""
        opened = _TAG.match(data, start)
        if not opened:
            return
        tag = opened[1].lower()
        if not _is_relevant(tag, opened[2]):
            return
        values = {
            key.decode().lower(): html.unescape((quoted or bare).decode("utf-8", "replace"))
            for key, quoted, bare in _VALUE.findall(opened[2])
        }
        if tag == b"script":
            if values.get("type", "").strip().lower() == "application/ld+json":
                self.scripts.append(_inside(data, opened.end(), tag, _MAX_JSON))
        elif tag == b"title":
            self.title = self.title or clean(_inside(data, opened.end(), tag))
        elif tag == b"h1":
            self.headings.append((element, clean(_MARKUP.sub("", _inside(data, opened.end(), tag)))))
        elif tag == b"html":
            match = _LANGUAGE.match(values.get("lang", ""))
            self.language = match[1] if match else None
        elif tag == b"meta" and (content := clean(values.get("content", ""))):
            name = values.get("property") or values.get("name") or values.get("itemprop") or ""
            self.metas.setdefault(name.strip().lower(), []).append(content)
        else:
            self._add_marked(_inside(data, opened.end(), tag), tag, values, element)

    def _add_marked(self, content: str, tag: bytes, values: dict[str, str], element: int) -> None:
        rel, role = values.get("rel", "").lower().split(), values.get("itemprop")
        address = values.get("href", "").strip()
        # A licence in RSL is read as a refusal (`file_refusals`).
        if address and "license" in rel and "rsl+xml" not in values.get("type", "").lower():
            self.licences.append(address)
        if address and "canonical" in rel:
            self.canonical.append(address)
        if role == "author" or (tag == b"a" and "author" in rel):
            self.authors.append((element, clean(_MARKUP.sub("", content))))
        if tag == b"time" or role == "datePublished":
            self.dates.append((element, values.get("datetime") or values.get("content") or ""))


def _is_foreign(page: Markup, element: int, wrappers: Collection[int]) -> bool:
    """Return whether an element is in comments, or in teasers of other articles."""
    ancestors = (
        ancestor for ancestor in page.around(element) if ancestor not in wrappers and page.tags[ancestor] != TAG["body"]
    )
    # The classes of an article may name a section such as the latest news, so only hints of comments count there.
    article_tags = (TAG["article"], TAG["main"])
    return any(
        page.hints[ancestor] & (COMMENT_HINT if page.tags[ancestor] in article_tags else OTHERS_HINTS)
        for ancestor in ancestors
    )


def _is_article(item: dict[str, Any]) -> bool:
    return bool(_ARTICLE.search(str(item.get("@type", ""))))


def _own_articles(
    articles: Iterable[tuple[dict[str, Any], bool]], displayed_titles: Iterable[str], addresses: Collection[str]
) -> list[dict[str, Any]]:
    """Return the page's own articles, without those of lists and comments.

    Args:
        articles: each article, and whether it is where the page describes itself.
        displayed_titles: the titles shown on the page; an article with one of them is the page's own anywhere.
        addresses: the page's addresses; an article with one of them is the page's own anywhere.
    """
    titles = {title.casefold() for title in displayed_titles if title}
    articles = list(articles)
    matches = [
        bool(titles & {headline.casefold() for headline in _strings([article], "headline")})
        or not set(addresses).isdisjoint(
            [*_strings([article], "url"), *_strings([article], _MAIN), *_addresses([article], _MAIN)]
        )
        for article, _is_own in articles
    ]
    # If an article with a headline matches, others with headlines are not the page's own.
    is_clear = any(matched and article.get("headline") for (article, _), matched in zip(articles, matches, strict=True))
    return [
        article
        for (article, is_own), matched in zip(articles, matches, strict=True)
        if matched or (is_own and not (is_clear and article.get("headline")))
    ]


def _is_relevant(tag: bytes, attributes: bytes) -> bool:
    """Return whether a tag is to be parsed; parsing every tag would take three times as long."""
    if tag == b"meta":
        return any(name.strip().lower() in _METAS for name in _NAME_ATTRIBUTE.findall(attributes))
    if tag == b"script":
        return b"json" in attributes.lower()
    return tag in _ALWAYS or bool(_MARKED.search(attributes))


def _inside(data: bytes, start: int, tag: bytes, limit: int = _MAX_TEXT) -> str:
    """Return the text between a tag and its end, or "" if the end is too far away."""
    end = data.find(b"</" + tag, start, start + limit)
    return data[start:end].decode("utf-8", "replace") if end >= 0 else ""


def _objects(scripts: Iterable[str]) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield the objects of the page's JSON-LD, outer before inner, each with whether it describes the page itself."""
    queue: list[tuple[Any, bool]] = []
    for text in scripts:
        with suppress(ValueError, RecursionError):
            # Comment marks, which hid scripts from old parsers, and text after the value aren't JSON.
            unwrapped = _WRAPPER.sub(" ", text).lstrip()
            queue.append((_JSON.raw_decode(unwrapped)[0], True))
    for index, (item, is_own) in enumerate(queue):
        if index == _MAX_OBJECTS:
            return
        if isinstance(item, dict):
            yield item, is_own
            queue += [(value, is_own and key in _OWN) for key, value in item.items() if isinstance(value, dict | list)]
        elif isinstance(item, list):
            queue += [(value, is_own) for value in item if isinstance(value, dict | list)]


def _own_headlines(headlines: list[str], names: list[str], displayed_titles: list[str]) -> list[str]:
    """Return the headlines, or the names if only a name is shown as a title.

    Encyclopedias put a description in the headline.

    >>> _own_headlines(["país de América del Sur"], ["Chile"], ["Chile", "Chile - A"])
    ['Chile']
    >>> _own_headlines(["Sube el mar"], [], ["A"])
    ['Sube el mar']
    """
    titles = [title.casefold() for title in displayed_titles]
    if any(headline.casefold() in title for headline in headlines for title in titles):
        return headlines
    shown_names = [name for name in names if any(name.casefold() in title for title in titles)]
    return (shown_names or headlines) if headlines else []


def _values_of(metas: dict[str, list[str]], names: Iterable[str]) -> list[str]:
    return [value for name in names for value in metas.get(name, ())]


def _strings(objects: Iterable[dict[str, Any]], key: str, *, tidy: bool = True) -> list[str]:
    """Return the strings of objects under a key, including those in lists."""
    strings = []
    for item in objects:
        value = item.get(key)
        values = value if isinstance(value, list) else [value]
        strings += [clean(text) if tidy else text for text in values if isinstance(text, str) and text.strip()]
    return strings


def _addresses(objects: Iterable[dict[str, Any]], key: str) -> Iterator[str]:
    """Yield the addresses of the objects that are values of a key."""
    for item in objects:
        value = item.get(key)
        for inner in value if isinstance(value, list) else (value,):
            address = (inner.get("@id") or inner.get("url")) if isinstance(inner, dict) else None
            if isinstance(address, str) and address.strip():
                yield clean(address)


def _authors(articles: Iterable[dict[str, Any]]) -> Iterator[str]:
    for article in articles:
        authors = article.get("author") or article.get("creator") or ()
        for author in authors if isinstance(authors, list) else (authors,):
            name = author.get("name") if isinstance(author, dict) else author
            if isinstance(name, str):
                yield name


def _people(names: Iterable[str]) -> tuple[str, ...]:
    tidy = [clean(name) for name in names]
    # Some pages give the address of a profile instead.
    return tuple(dict.fromkeys(name for name in tidy if name and len(name) <= _MAX_NAME and "://" not in name))


def day(text: str) -> str | None:
    """Return the date in a string as ISO 8601; None without a date, or if the order of day and month is ambiguous.

    >>> day("2024-05-03T10:00:00-03:00"), day("https://diario.example/2021/7/9/nota"), day("03/05/2024")
    ('2024-05-03', '2021-07-09', None)
    """
    match = _DAY.search(text) or _COMPACT.search(text)
    with suppress(ValueError):  # such as 31 February
        return date(*map(int, match.groups())).isoformat() if match else None
    return None


def clean(text: str) -> str:
    """Return the text with its character references resolved and white space folded."""
    # JSON may contain half a surrogate pair, which can't be encoded.
    return " ".join(html.unescape(text).encode("utf-8", "replace").decode().split())
