"""What an HTML page states about itself: title, people, date, section and licences, wherever it says so."""

from __future__ import annotations

import pytest

from latam_corpus.extract.page import read_page
from latam_corpus.extract.stated import Stated, day

_LD = """<script type="application/ld+json">{"@context": "https://schema.org", "@graph": [
{"@type": "Organization", "name": "El Diario"},
{"@type": "NewsArticle", "headline": "Sube el río &amp; baja el puente", "datePublished": "2024-05-03T09:00:00-03:00",
"author": [{"@type": "Person", "name": "Ana Paz"}, {"@type": "Person", "name": "Luis Sosa"}],
"articleSection": ["Ciudad"], "license": "https://creativecommons.org/licenses/by/4.0/", "articleBody": "El río subió."}
]}</script>"""


def _said(head: str, body: str = "<p>Hola.") -> Stated:
    return read_page(f"<html><head>{head}</head><body>{body}</body></html>").said


def test_json_ld_says_it_best() -> None:
    """What stands in the article's own description goes before meta tags and headings."""
    said = _said(_LD + '<meta name="author" content="Redacción"><title>El Diario</title>', "<h1>Otra cosa</h1>")
    assert said.title == "Sube el río & baja el puente"
    assert said.creators == ("Ana Paz", "Luis Sosa")
    assert (said.published, said.section) == ("2024-05-03", "Ciudad")
    assert said.licences == ("https://creativecommons.org/licenses/by/4.0/",)
    assert said.body == "El río subió."
    assert set(said.titles) == {said.title, "Otra cosa", "El Diario"}


def test_meta_tags_and_marked_elements_say_it_too() -> None:
    """Open Graph, Dublin Core, rel and itemprop; the address of a profile is no name."""
    said = _said(
        '<meta property="og:title" content="Um dia no porto"><meta name="DC.date" content="2023-11-02">'
        '<meta name="article:author" content="https://rede.example/ana"><link rel="canonical" href="https://j.example/1">'
        '<meta property="article:section" content="Cidade">',
        '<a rel="author" href="/ana"><b>Ana</b> Lima</a> <a rel="license" href="/cc">CC</a>',
    )
    assert (said.title, said.published, said.section) == ("Um dia no porto", "2023-11-02", "Cidade")
    assert (said.url, said.licences) == ("https://j.example/1", ("/cc",))
    assert said.creators == ()


def test_a_name_that_is_marked_is_found() -> None:
    """Where no meta tag names anybody."""
    assert _said("", '<span itemprop="author">Rosa Mamani</span>').creators == ("Rosa Mamani",)


def test_what_is_no_date_language_or_address_is_not_taken_for_one() -> None:
    """Templates that were never filled, days that don't exist, addresses without a site."""
    said = read_page(
        '<html lang="{{ locale }}"><link rel="canonical" href="/nota/7"><meta name="date" content="2023-02-31"><p>Hola.'
    ).said
    assert (said.language, said.published, said.url) == (None, None, None)
    assert read_page('<html lang="es-UY,en"><p>Hola.').said.language == "es-UY"


def test_half_a_character_in_a_description_is_replaced() -> None:
    """JSON may hold one, where a headline was cut through an emoji; no file could."""
    said = _said(
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Hola \\ud83d amigo"}</script>'
    )
    assert said.title == "Hola ? amigo"


@pytest.mark.parametrize(
    "broken",
    ["{", "[" * 100_000, '{"@type": "NewsArticle", "author": 7, "headline": ["", 3], "datePublished": {}}', "null"],
)
def test_malformed_descriptions_are_passed_over(broken: str) -> None:
    """A page is still read when what it says of itself makes no sense."""
    said = _said(f'<script type="application/ld+json">{broken}</script><title>Aviso</title>')
    assert (said.title, said.creators, said.published) == ("Aviso", (), None)


@pytest.mark.parametrize(
    ("said", "found"),
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
def test_dates_are_read_where_their_order_is_known(said: str, found: str | None) -> None:
    """Years first, months that exist."""
    assert day(said) == found
