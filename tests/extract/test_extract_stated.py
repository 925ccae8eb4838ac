"""Metadata that an HTML page states: title, people, date, section and licences, in any of their places."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.extract.document import Extracted
from latam_corpus.extract.stage import Extract
from latam_corpus.extract.stated_rights.licences import with_page_terms
from latam_corpus.extract.web_pages.html_metadata import HtmlMetadata, day
from latam_corpus.extract.web_pages.page_blocks import read_page
from latam_corpus.pipeline.rows.conserve import pass_through

_LD = """<script type="application/ld+json">{"@context": "https://schema.org", "@graph": [
{"@type": "Organization", "name": "El Diario"},
{"@type": "NewsArticle", "headline": "Sube el río &amp; baja el puente", "datePublished": "2024-05-03T09:00:00-03:00",
"author": [{"@type": "Person", "name": "Ana Paz"}, {"@type": "Person", "name": "Luis Sosa"}],
"articleSection": ["Ciudad"], "license": "https://creativecommons.org/licenses/by/4.0/", "articleBody": "El río subió."}
]}</script>"""


def _metadata(head: str, body: str = "<p>Hola.") -> HtmlMetadata:
    return read_page(f"<html><head>{head}</head><body>{body}</body></html>").metadata


def test_json_ld_takes_precedence() -> None:
    """JSON-LD of the article takes precedence over meta tags and headings."""
    metadata = _metadata(_LD + '<meta name="author" content="Redacción"><title>El Diario</title>', "<h1>Otra cosa</h1>")
    assert metadata.title == "Sube el río & baja el puente"
    assert metadata.creators == ("Ana Paz", "Luis Sosa")
    assert (metadata.published, metadata.section) == ("2024-05-03", "Ciudad")
    assert metadata.licences == ("https://creativecommons.org/licenses/by/4.0/",)
    assert metadata.body == "El río subió."
    assert set(metadata.titles) == {metadata.title, "Otra cosa", "El Diario"}


def test_meta_tags_and_marked_elements_are_read() -> None:
    """Open Graph, Dublin Core, rel and itemprop are read; the address of a profile is not a name."""
    metadata = _metadata(
        '<meta property="og:title" content="Um dia no porto"><meta name="DC.date" content="2023-11-02">'
        '<meta name="article:author" content="https://rede.example/ana"><link rel="canonical" href="https://j.example/1">'
        '<meta property="article:section" content="Cidade">',
        '<a rel="author" href="/ana"><b>Ana</b> Lima</a> <a rel="license" href="/cc">CC</a>',
    )
    assert (metadata.title, metadata.published, metadata.section) == ("Um dia no porto", "2023-11-02", "Cidade")
    assert (metadata.url, metadata.licences) == ("https://j.example/1", ("/cc",))
    assert metadata.creators == ()


def test_a_marked_name_is_read() -> None:
    """A marked name is used if no meta tag names an author."""
    assert _metadata("", '<span itemprop="author">Rosa Mamani</span>').creators == ("Rosa Mamani",)


_OF_OTHERS = (
    '{"@type": "NewsArticle", "headline": "Otra nota", "author": "Luis Paz", "datePublished": "1999-01-01", '
    '"url": "https://d.example/otra", "license": "https://creativecommons.org/licenses/by-nc-nd/4.0/"}'
)


@pytest.mark.parametrize(
    "other_article",
    [
        f'{{"@type": "ItemList", "itemListElement": [{{"@type": "ListItem", "item": {_OF_OTHERS}}}]}}',
        f'{{"@type": "WebPage", "hasPart": {_OF_OTHERS}}}',
        f'{{"@type": "WebPage", "comment": {_OF_OTHERS.replace("NewsArticle", "DiscussionForumPosting")}}}',
        f"[{_OF_OTHERS}]",
    ],
)
def test_metadata_of_other_articles_are_ignored(other_article: str) -> None:
    """Authors, dates and licences of articles in lists, comments, or next to the page's own are ignored."""
    own = '{"@type": "NewsArticle", "headline": "Sube el río", "author": "Rosa Vega", "datePublished": "2020-02-03"}'
    for scripts in ([other_article, own], [own, other_article]):
        head = "".join(f'<script type="application/ld+json">{script}</script>' for script in scripts)
        metadata = _metadata(head, "<article><h1>Sube el río</h1><p>Hola.</p></article>")
        assert (metadata.title, metadata.creators, metadata.published) == ("Sube el río", ("Rosa Vega",), "2020-02-03")
        assert metadata.licences == ()


def test_an_article_with_the_pages_title_or_address_is_its_own() -> None:
    """An article with the page's title or address is the page's own, also in a list or with another headline."""
    post = '{"@type": "BlogPosting", "headline": "%s", "author": "Rosa Vega", "mainEntityOfPage": "%s"}'
    for json_ld in (post % ("Sube el río", ""), post % ("El río sube", "https://d.example/1")):
        head = f'<script type="application/ld+json">{{"@type": "Blog", "blogPost": [{json_ld}]}}</script>'
        head += '<link rel="canonical" href="https://d.example/1">'
        assert _metadata(head, "<h1>Sube el río</h1>").creators == ("Rosa Vega",)


def test_marked_elements_in_comments_and_lists_are_ignored() -> None:
    """Marked elements in comments and lists are ignored, unless they contain the page's heading."""
    comment = '<ol class="comment-list"><li><cite itemprop="author">Vecino</cite><time datetime="2021-01-01"></ol>'
    related = '<aside class="relacionadas"><article><a rel="author">Luis Paz</a><time datetime="1999-01-01"></aside>'
    own = '<h1>Sube el río</h1><span itemprop="author">Rosa Vega</span><time datetime="2020-02-03">hoy</time>'
    wrapped = f'<div class="post-con-comentarios">{related}{own}{comment}</div>'
    assert (_metadata("", wrapped).creators, _metadata("", wrapped).published) == (("Rosa Vega",), "2020-02-03")
    bare = _metadata("", f"<h1>Sube el río</h1><p>Hola.</p>{comment}{related}")
    assert (bare.creators, bare.published) == ((), None)


def test_invalid_dates_languages_and_addresses_are_ignored() -> None:
    """Unfilled templates, impossible dates and addresses without a host are ignored."""
    metadata = read_page(
        '<html lang="{{ locale }}"><link rel="canonical" href="/nota/7"><meta name="date" content="2023-02-31"><p>Hola.'
    ).metadata
    assert (metadata.language, metadata.published, metadata.url) == (None, None, None)
    assert read_page('<html lang="es-UY,en"><p>Hola.').metadata.language == "es-UY"


def test_half_a_character_in_a_description_is_replaced() -> None:
    """Half of a surrogate pair in JSON, from a headline cut within an emoji, is replaced."""
    metadata = _metadata(
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Hola \\ud83d amigo"}</script>'
    )
    assert metadata.title == "Hola ? amigo"


@pytest.mark.parametrize(
    "broken",
    ["{", "[" * 100_000, '{"@type": "NewsArticle", "author": 7, "headline": ["", 3], "datePublished": {}}', "null"],
)
def test_malformed_metadata_are_ignored(broken: str) -> None:
    """A page with malformed metadata is still read."""
    metadata = _metadata(f'<script type="application/ld+json">{broken}</script><title>Aviso</title>')
    assert (metadata.title, metadata.creators, metadata.published) == ("Aviso", (), None)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2024-05-03T10:00:00Z", "2024-05-03"),
        ("https://d.example/2021/7/9/nota-12", "2021-07-09"),
        ("20240503", "2024-05-03"),
        ("03/05/2024", None),  # nobody says whether May or March
        ("2024-13-01", None),
        ("12024-05-03", None),
        ("", None),
    ],
)
def test_dates_are_read_where_their_order_is_known(text: str, date: str | None) -> None:
    """Dates are read if the year comes first and the month exists."""
    assert day(text) == date


def test_licences_are_read_in_many_places() -> None:
    """Licences are read from links, JSON-LD and Dublin Core, but not those of pictures."""
    metadata = _metadata(
        '<link rel="license" href="https://creativecommons.org/licenses/by/4.0/deed.es">'
        '<meta name="DC.Rights" content="Derechos de autor 2024 Revista"><meta name="DC.Rights" content="CC BY-NC 4.0">'
        '<script type="application/ld+json">{"@type": "NewsArticle", "license": {"@id": "https://l.example/1"}, '
        '"image": {"@type": "ImageObject", "license": "https://foto.example/"}}</script>',
        '<a href="/aviso" rel="nofollow license">Aviso</a>',
    )
    assert metadata.licences == (
        "CC BY-NC 4.0",
        "https://creativecommons.org/licenses/by/4.0/deed.es",
        "/aviso",
        "https://l.example/1",
        "Derechos de autor 2024 Revista",
    )


def test_the_number_and_length_of_statements_are_bounded() -> None:
    """At most ten licences of limited length are read, and a long text is not a section."""
    links = "".join(f'<a rel="license" href="https://l.example/{n}">L</a>' for n in range(500))
    metadata = _metadata(
        f'<meta property="article:section" content="{"a" * 5000}">', links + f'<a rel=license href="/{links}">'
    )
    assert len(metadata.licences) == 10
    assert metadata.section is None


def _page(states: str, tier: str = "attribution", mode: Any = "balanced") -> dict[str, Any]:
    """Return a row of a source under CC BY, or this tier, after `extract`, with its ledger rows."""
    page = f"<html><head>{states}</head><body><p>El puente del río se abrió otra vez a los vecinos.</p></body></html>"
    terms = {"rights": ["CC-BY-4.0"], "rights_tier": [tier], "uses": [["train", "redistribute", "evaluate"]]}
    row = {"doc_id": ["a"], "source_id": ["s"], "url": ["https://d.example/n/1"], "raw": [page.encode()]}
    passed = pass_through(Extract(mode=mode), Batch(pl.DataFrame(row | {"media_type": ["text/html"]} | terms)))
    [row] = passed.kept.frame.to_dicts()
    assert not {"verdict", "evidence"} & set(row)
    return row | {"ledger": passed.ledger.to_dicts(), "changed": passed.count.changed}


_IN_COPYRIGHT = "http://rightsstatements.org/vocab/InC/1.0/"
_LICENCE = '<link rel="license" href="{}">'


@pytest.mark.parametrize(
    ("address", "tier", "uses"),
    [
        ("https://creativecommons.org/licenses/by-nc-sa/3.0/cl/", "non_commercial", ["evaluate"]),
        ("//creativecommons.org/licenses/by-nd/4.0/", "no_derivatives", ["evaluate"]),
        ("https://creativecommons.org/licenses/by-sa/4.0/", "share_alike", ["train", "redistribute", "evaluate"]),
        ("https://rightsstatements.org/vocab/InC/1.0/", "unknown", ["evaluate"]),
    ],
)
def test_a_less_open_licence_narrows_the_terms(address: str, tier: str, uses: list[str]) -> None:
    """The row gets the page's less open licence, and the ledger its previous terms."""
    row = _page(_LICENCE.format(address))
    assert (row["rights_tier"], row["uses"]) == (tier, uses)
    assert row["rights"].endswith(address.lstrip("/"))
    [event] = row["ledger"]
    assert (event["stage"], event["verdict"], row["changed"]) == ("extract", "changed", 1)
    evidence = json.loads(event["evidence"])
    assert (evidence["rights_before"], evidence["tier_before"]) == ("CC-BY-4.0", "attribution")
    assert evidence["licences"] == [row["rights"]]


@pytest.mark.parametrize("address", ["https://creativecommons.org/publicdomain/zero/1.0/", "CC-BY-4.0"])
def test_no_licence_of_a_page_widens_its_terms(address: str) -> None:
    """A more open licence is recorded and changes nothing."""
    row = _page(_LICENCE.format(address))
    assert (row["rights"], row["rights_tier"]) == ("CC-BY-4.0", "attribution")
    assert "tier_before" not in json.loads(row["ledger"][0]["evidence"])
    row = _page(_LICENCE.format(address), tier="unknown")
    assert (row["rights_tier"], row["uses"]) == ("unknown", ["train", "redistribute", "evaluate"])


@pytest.mark.parametrize("address", ["/aviso-legal", "http://[::1"])
def test_an_unrecognised_licence_allows_nothing(address: str) -> None:
    """Unrecognised terms allow nothing."""
    row = _page(_LICENCE.format(address))
    assert (row["rights_tier"], row["uses"]) == ("unknown", ["evaluate"])
    assert json.loads(row["ledger"][0]["evidence"])["because"] == "unread"


def test_the_rows_own_statement_narrows_nothing() -> None:
    """A page that repeats the row's own statement doesn't narrow terms that an agreement allows."""
    frame = pl.DataFrame({"url": [None], "rights": [_IN_COPYRIGHT], "rights_tier": ["permission"], "uses": [["train"]]})
    page = Extracted("Hola", "layout", licences=(_IN_COPYRIGHT,))
    assert with_page_terms(frame, [page]).select("rights_tier", "uses").row(0) == ("permission", ["train"])


def test_a_page_without_an_address_is_narrowed_too() -> None:
    """Absolute addresses of licences count on pages without an address, as in a folder."""
    frame = pl.DataFrame(
        {"url": [None], "rights": ["CC0-1.0"], "rights_tier": ["open"], "uses": [["train"]]},
        schema_overrides={"url": pl.String},
    )
    page = Extracted("Hola", "layout", licences=("//creativecommons.org/licenses/by-nc/4.0/", "/cc"))
    assert with_page_terms(frame, [page]).select("rights_tier", "uses").row(0) == ("non_commercial", [])


def test_the_least_open_licence_counts_in_every_mode() -> None:
    """The least open licence counts, whichever mode extracted the text."""
    states = "".join(map(_LICENCE.format, ("/cc", "https://creativecommons.org/licenses/by-nc/4.0/", "CC0-1.0")))
    rows = [_page(states + '<meta name="article:section" content="Ciudad">', mode=mode) for mode in ("fast", "careful")]
    assert {row["rights"] for row in rows} == {"https://creativecommons.org/licenses/by-nc/4.0/"}
    evidence = json.loads(rows[0]["ledger"][0]["evidence"])
    assert evidence["section"] == "Ciudad"
    assert "https://d.example/cc" in evidence["licences"]
    assert rows[0]["ledger"][0]["evidence"] == rows[1]["ledger"][0]["evidence"]


def test_a_page_that_states_neither_changes_nothing() -> None:
    """A page without statements adds no ledger row."""
    assert _page('<meta name="author" content="Ana Paz">')["ledger"] == []


@pytest.mark.parametrize(
    ("ld", "head", "title"),
    [
        # An encyclopedia: the headline describes, the name is what everybody sees.
        ('{"@type": "Article", "name": "Chile", "headline": "país del sur"}', "Chile - Enciclopedia", "Chile"),
        ('{"@type": "Article", "name": "Otro", "headline": "país del sur"}', "Chile", "país del sur"),
        ('{"@type": "Article", "name": "Chile", "headline": "Sube el río"}', "Sube el río | Chile", "Sube el río"),
        ('{"@type": "Article", "headline": "Sube el río"}', "El Diario", "Sube el río"),
        ('{"@type": "Article", "name": "Chile"}', "Chile - Enciclopedia", "Chile - Enciclopedia"),
    ],
)  # fmt: skip
def test_a_hidden_headline_yields_to_the_shown_title(ld: str, head: str, title: str) -> None:
    """A headline or name counts as the title if a heading or the page's title shows it."""
    assert _metadata(f'<script type="application/ld+json">{ld}</script><title>{head}</title>').title == title


@pytest.mark.parametrize(
    "around",
    [
        "<![CDATA[{}]]>", "//<![CDATA[\n{}\n//]]>", "// <![CDATA[\n{}\n// ]]>", "/*<![CDATA[*/{}/*]]>*/",
        "<!--\n{}\n-->", "{};", "\n{}\n",
    ],
)  # fmt: skip
def test_json_ld_is_read_within_comments_and_cdata(around: str) -> None:
    """JSON-LD is read within CDATA and comments, and before a semicolon."""
    ld = '{"@type": "Article", "headline": "Sube el río", "url": "https://d.example/1"}'
    metadata = _metadata(f'<script type="application/ld+json">{around.replace("{}", ld)}</script>')
    assert metadata.title == "Sube el río"
