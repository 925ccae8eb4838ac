"""What an HTML page states about itself: in JSON-LD, in its meta tags, in links with a `rel`; read in one parse."""

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

# Each by the names under which pages have it, the more telling first.
_TITLES: Final = ("og:title", "twitter:title", "citation_title", "dc.title", "dcterms.title", "title")
_AUTHORS: Final = ("author", "citation_author", "dc.creator", "dcterms.creator", "article:author", "parsely-author")
_DATES: Final = (
    *("article:published_time", "datepublished", "citation_publication_date", "citation_date", "dc.date.issued"),
    *("dcterms.issued", "dc.date", "dcterms.created", "pubdate", "publishdate", "publish-date", "sailthru.date"),
    *("parsely-pub-date", "og:published_time", "date", "og:article:published_time"),
)
_RIGHTS: Final = ("dcterms.license", "dc.rights", "dcterms.rights", "dc.rights.license")
# What sites write about themselves on every page: it counts as the notice at their foot does.
_NOTICES: Final = ("copyright", "rights", "dcterms.rightsholder", "dc.rights.holder")
_SECTIONS: Final = ("article:section", "section", "parsely-section", "og:article:section")
_TEASERS: Final = ("description", "og:description")
_ADDRESSES: Final = ("og:url",)
_DAY: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)[-/.](0?[1-9]|1[0-2])[-/.](0?[1-9]|[12]\d|3[01])(?!\d)")
_COMPACT: Final = re.compile(r"^((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_ARTICLE: Final = re.compile(r"Article|Posting|Blog|News|Report|WebPage|CreativeWork|Recipe|Book|Poem|Chapter")
# What in JSON-LD leads from a page to what it is about; all else (comments, lists, what it cites) is of others.
_MAIN: Final = "mainEntityOfPage"
_OWN: Final = frozenset({"@graph", "mainEntity", _MAIN})
# As a parser writes tags out; the value of an attribute may hold a `>`.
_TAG: Final = re.compile(rb"<([A-Za-z][\w-]{0,30})((?:[^>\"]++|\"[^\"]*\"){0,3000}+)>")
_VALUE: Final = re.compile(rb"(?<![\w:-])([\w:-]++)=(?:\"([^\"]*)\"|([^\s\">]+))")
# What is read of any other element with `rel` or `itemprop`, of which some pages have hundreds.
_ALWAYS: Final = frozenset({b"html", b"title", b"h1", b"time"})
_METAS: Final = frozenset(
    name.encode()
    for names in (_TITLES, _AUTHORS, _DATES, _RIGHTS, _NOTICES, _SECTIONS, _TEASERS, _ADDRESSES)
    for name in names
)
_NAMED: Final = re.compile(rb"\b(?:property|name|itemprop)=\"?([^\"]*)")
_MARKED: Final = re.compile(rb"canonical|license|author|datePublished", re.IGNORECASE)
_MARKUP: Final = re.compile(r"<[^<>]*>")
_WRAPPER: Final = re.compile(r"(?://|/\*)?[ \t]*(?:<!\[CDATA\[|\]\]>|\A\s*<!--|-->\s*\Z)[ \t]*(?:\*/)?")
_JSON: Final = json.JSONDecoder(strict=False)
_LANGUAGE: Final = re.compile(r"\s*([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*)")
_ADDRESS: Final = re.compile(r"https?://[^/]", re.IGNORECASE)
# Beyond these a page says nothing that is worth the time.
_MOST_JSON: Final = 2**20
_MOST_OBJECTS: Final = 500
_MOST_TAGS: Final = 1000
_MOST_TEXT: Final = 2000  # bytes of a heading or a name
_MOST_NAME: Final = 100  # characters of a person's name, or a section's
_MOST_NOTICE: Final = 300  # characters
_MOST_NOTICES: Final = 5
_LONGEST_ADDRESS: Final = 2000  # of the page's own


@dataclass(frozen=True)
class HtmlMetadata:
    """What a page says of itself, as far as it does.

    Attributes:
        title: of the article; else of the page.
        titles: every title that it has, for telling titles in its text.
        creators: names of persons or agencies.
        published: a date, ISO 8601.
        section: of the newspaper or site.
        licences: addresses of the licences it links to (`rel=license`, JSON-LD), as they are written, and what it
            states of rights in Dublin Core.
        notices: what else its metadata reserves in words.
        url: the canonical address.
        language: as the page has it.
        description: a teaser.
        body: the text that JSON-LD gives as the article's.
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
    """Return what the page states; what is malformed in it is passed over.

    >>> from latam_corpus.extract.web_pages.markup import read_markup
    >>> page = '<html lang="es"><meta name="author" content="Ana Paz"><time datetime="2024-05-03">'
    >>> metadata = read_metadata(read_markup(page))
    >>> metadata.creators, metadata.published, metadata.language
    (('Ana Paz',), '2024-05-03', 'es')
    """
    tags = _TellingTags()
    data = page.data.tobytes()
    for start, element in zip(page.telling[:_MOST_TAGS].tolist(), page.within.tolist(), strict=False):
        tags.add(data, start, element)
    # What holds the page's heading holds the page, whatever its class says.
    wrappers = {one for element, _text in tags.headings[:1] for one in page.around(element)}
    authors, days = (
        [text for element, text in marks if not _of_others(page, element, wrappers)]
        for marks in (tags.authors, tags.dates)
    )
    headings = [text for _element, text in tags.headings[:1]]
    metas = tags.metas
    named_authors = [] if is_saved_by_office(data) else _named(metas, _AUTHORS)
    shown = [*_named(metas, _TITLES[:4]), *headings, tags.title]
    addresses = [*tags.canonical, *_named(metas, _ADDRESSES)]
    articles = _of_page([one for one in _objects(tags.scripts) if _is_article(one[0])], shown, addresses)
    headlines = _strings(articles, "headline")
    titles = [*headlines, *_named(metas, _TITLES), *headings, tags.title]
    sections = [*_strings(articles, "articleSection"), *_named(metas, _SECTIONS)]
    dates = [*_strings(articles, "datePublished"), *_named(metas, _DATES), *days, *addresses]
    licences = [*tags.licences, *_strings(articles, "license"), *_addresses(articles, "license")]
    licences += _named(metas, _RIGHTS)
    notices = [*_named(metas, _NOTICES), *_strings(articles, "copyrightNotice"), *_strings(articles, "copyright")]
    return HtmlMetadata(
        title=next(filter(None, [*_own(headlines, _strings(articles, "name"), shown), *shown, *titles]), None),
        titles=tuple(dict.fromkeys(filter(None, titles))),
        creators=_people([*_authors(articles)] or named_authors or authors[:1]),
        published=next(filter(None, map(day, dates)), None),
        section=next((one for one in sections if one and len(one) <= _MOST_NAME), None),
        licences=stated(licences),
        notices=tuple(dict.fromkeys(one[:_MOST_NOTICE] for one in filter(is_reserved, notices)))[:_MOST_NOTICES],
        url=next((one for one in addresses if len(one) <= _LONGEST_ADDRESS and _ADDRESS.match(one)), None),
        language=tags.language,
        description=next(iter(_named(metas, _TEASERS)), ""),
        body=" ".join(_MARKUP.sub(" ", html.unescape(body)) for body in _strings(articles, "articleBody", tidy=False)),
    )


@dataclass
class _TellingTags:
    """What the tags that tell something hold, by kind, in the order of the page; of some, the element around them."""

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
        """Sort in the tag that starts here, in this element."""
        opened = _TAG.match(data, start)
        if not opened:
            return
        tag = opened[1].lower()
        if not _may_tell(tag, opened[2]):
            return
        values = {
            key.decode().lower(): html.unescape((quoted or bare).decode("utf-8", "replace"))
            for key, quoted, bare in _VALUE.findall(opened[2])
        }
        if tag == b"script":
            if values.get("type", "").strip().lower() == "application/ld+json":
                self.scripts.append(_inside(data, opened.end(), tag, _MOST_JSON))
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

    def _add_marked(self, held: str, tag: bytes, values: dict[str, str], element: int) -> None:
        rel, role = values.get("rel", "").lower().split(), values.get("itemprop")
        address = values.get("href", "").strip()
        # A licence in RSL is read as a refusal (`file_refusals`).
        if address and "license" in rel and "rsl+xml" not in values.get("type", "").lower():
            self.licences.append(address)
        if address and "canonical" in rel:
            self.canonical.append(address)
        if role == "author" or (tag == b"a" and "author" in rel):
            self.authors.append((element, clean(_MARKUP.sub("", held))))
        if tag == b"time" or role == "datePublished":
            self.dates.append((element, values.get("datetime") or values.get("content") or ""))


def _of_others(page: Markup, element: int, wrappers: Collection[int]) -> bool:
    """Whether an element stands in comments, or in what else the site has to read."""
    around = (one for one in page.around(element) if one not in wrappers and page.tags[one] != TAG["body"])
    # An article's classes name its rubric too, such as the latest news; those of a comment say so.
    itself = (TAG["article"], TAG["main"])
    return any(page.says[one] & (COMMENT_HINT if page.tags[one] in itself else OTHERS_HINTS) for one in around)


def _is_article(one: dict[str, Any]) -> bool:
    return bool(_ARTICLE.search(str(one.get("@type", ""))))


def _of_page(
    articles: Iterable[tuple[dict[str, Any], bool]], shown: Iterable[str], addresses: Collection[str]
) -> list[dict[str, Any]]:
    """Return the articles that are the page's own; those of lists, comments and the like aren't.

    Args:
        articles: each with whether it stands where the page describes itself.
        shown: what is shown as the page's title; what is called so, or has its address, is its own anywhere.
        addresses: the page's.
    """
    seen = {one.casefold() for one in shown if one}
    articles = list(articles)
    meant = [
        bool(seen & {one.casefold() for one in _strings([article], "headline")})
        or not set(addresses).isdisjoint(
            [*_strings([article], "url"), *_strings([article], _MAIN), *_addresses([article], _MAIN)]
        )
        for article, _own in articles
    ]
    # Of several with headlines the one that is meant, if it can be told.
    clear = any(one and article.get("headline") for (article, _own), one in zip(articles, meant, strict=True))
    return [
        article
        for (article, own), one in zip(articles, meant, strict=True)
        if one or (own and not (clear and article.get("headline")))
    ]


def _may_tell(tag: bytes, attributes: bytes) -> bool:
    """Whether a tag is one of those that are read: taking each apart would cost three times as much."""
    if tag == b"meta":
        return any(name.strip().lower() in _METAS for name in _NAMED.findall(attributes))
    if tag == b"script":
        return b"json" in attributes.lower()
    return tag in _ALWAYS or bool(_MARKED.search(attributes))


def _inside(data: bytes, start: int, tag: bytes, most: int = _MOST_TEXT) -> str:
    """Return what stands between a tag and its end; nothing where that is too far away."""
    end = data.find(b"</" + tag, start, start + most)
    return data[start:end].decode("utf-8", "replace") if end >= 0 else ""


def _objects(scripts: Iterable[str]) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield the objects of the page's JSON-LD, outer before inner, and whether each stands where it is of the page."""
    queue: list[tuple[Any, bool]] = []
    for text in scripts:
        with suppress(ValueError, RecursionError):  # not strict: control characters stand in many a string
            # What kept old parsers from reading a script as markup is no JSON, nor is what follows the value.
            bare = _WRAPPER.sub(" ", text).lstrip()
            queue.append((_JSON.raw_decode(bare)[0], True))
    for index, (one, own) in enumerate(queue):
        if index == _MOST_OBJECTS:
            return
        if isinstance(one, dict):
            yield one, own
            queue += [(value, own and key in _OWN) for key, value in one.items() if isinstance(value, dict | list)]
        elif isinstance(one, list):
            queue += [(value, own) for value in one if isinstance(value, dict | list)]


def _own(headlines: list[str], names: list[str], shown: list[str]) -> list[str]:
    """Return the headlines; or the name, if it alone is shown as a title: encyclopedias describe in both.

    >>> _own(["país de América del Sur"], ["Chile"], ["Chile", "Chile - A"]), _own(["Sube el mar"], [], ["A"])
    (['Chile'], ['Sube el mar'])
    """
    seen = [one.casefold() for one in shown]
    if any(headline.casefold() in one for headline in headlines for one in seen):
        return headlines
    named = [name for name in names if any(name.casefold() in one for one in seen)]
    return (named or headlines) if headlines else []


def _named(metas: dict[str, list[str]], names: Iterable[str]) -> list[str]:
    return [value for name in names for value in metas.get(name, ())]


def _strings(objects: Iterable[dict[str, Any]], key: str, *, tidy: bool = True) -> list[str]:
    """Return the strings that objects have under a key, those of lists too."""
    strings = []
    for one in objects:
        value = one.get(key)
        values = value if isinstance(value, list) else [value]
        strings += [clean(text) if tidy else text for text in values if isinstance(text, str) and text.strip()]
    return strings


def _addresses(objects: Iterable[dict[str, Any]], key: str) -> Iterator[str]:
    """Yield the addresses of what objects have under a key as objects."""
    for one in objects:
        value = one.get(key)
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
    # Some pages give the address of a profile.
    return tuple(dict.fromkeys(name for name in tidy if name and len(name) <= _MOST_NAME and "://" not in name))


def day(written: str) -> str | None:
    """Return the date in a string, ISO 8601; None where there is none, or one of which the order can't be told.

    >>> day("2024-05-03T10:00:00-03:00"), day("https://diario.example/2021/7/9/nota"), day("03/05/2024")
    ('2024-05-03', '2021-07-09', None)
    """
    match = _DAY.search(written) or _COMPACT.search(written)
    with suppress(ValueError):  # such as 31 February
        return date(*map(int, match.groups())).isoformat() if match else None
    return None


def clean(text: str) -> str:
    """Return the text with its references to characters resolved and white space folded."""
    # JSON may hold half a character, which nothing can write.
    return " ".join(html.unescape(text).encode("utf-8", "replace").decode().split())
