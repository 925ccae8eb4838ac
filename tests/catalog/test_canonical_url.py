"""The canonical form of a URL never changes, because every document's identity depends on it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latam_corpus.catalog.identity import URL_VERSION, canonical_url

# Golden: a change here is a new URL_VERSION, and every doc_id made from a URL changes with it.
_GOLDEN = [
    ("https://diario.example", "https://diario.example/"),
    ("HTTP://Diario.Example:80/", "http://diario.example/"),
    ("https://diario.example:443/a", "https://diario.example/a"),
    ("https://diario.example:8443/a", "https://diario.example:8443/a"),
    ("https://ana:clave@diario.example/a", "https://diario.example/a"),
    ("https://diario.example./a", "https://diario.example/a"),
    ("https://diario.example/a/../b/./c", "https://diario.example/b/c"),
    ("https://diario.example/../../a", "https://diario.example/a"),
    ("https://diario.example/a//b/", "https://diario.example/a//b/"),
    ("https://diario.example/a#comentarios", "https://diario.example/a"),
    ("https://diario.example/?utm_source=boletin&utm_medium=mail", "https://diario.example/"),
    ("https://diario.example/n?b=2&a=1&fbclid=XyZ", "https://diario.example/n?b=2&a=1"),
    ("https://diario.example/n?UTM_Campaign=x&id=7&gclid=1", "https://diario.example/n?id=7"),
    ("https://diario.example/n?&&id=7&", "https://diario.example/n?id=7"),
    ("https://diario.example/n?ref=portada", "https://diario.example/n?ref=portada"),
    ("https://diario.example/ma%c3%b1ana", "https://diario.example/ma%C3%B1ana"),
    ("https://diario.example/mañana", "https://diario.example/ma%C3%B1ana"),
    ("https://diario.example/%7Eana/%2Fb", "https://diario.example/~ana/%2Fb"),
    ("https://diario.example/100%", "https://diario.example/100%25"),
    ("https://diario.example/a b", "https://diario.example/a%20b"),
    ("https://diario.example\\a", "https://diario.example/a"),
    ("https://periódico.example/", "https://xn--peridico-y3a.example/"),
    ("https://PERIÓDICO.example/", "https://xn--peridico-y3a.example/"),
    ("https://[2001:DB8::1]:443/a", "https://[2001:db8::1]/a"),
    (" https://diario.example/a\n", "https://diario.example/a"),
    ("https://diario.example/lar\tga", "https://diario.example/larga"),
    ("https://www.diario.example/a", "https://www.diario.example/a"),
    # Not URLs: returned without the white space around them.
    (" ftp://archivo.example/A ", "ftp://archivo.example/A"),
    ("diario.example/a", "diario.example/a"),
    ("https://", "https://"),
    ("https:///a", "https:///a"),
    ("https://ana:clave@sin host/a", "https://sin host/a"),
    ("mailto:ana@diario.example", "mailto:ana@diario.example"),
    ("", ""),
]


@pytest.mark.parametrize(("url", "canonical"), _GOLDEN)
def test_version_1_is_frozen(url: str, canonical: str) -> None:
    """The golden forms of version 1."""
    assert URL_VERSION == 1
    assert canonical_url(url) == canonical


_PIECES = st.sampled_from(
    [
        *"/?#&=.:@%[]\\ \t\nñáÑ~",
        "..",
        "//",
        "%2f",
        "%E1",
        "%zz",
        "utm_x=1",
        "a",
        "Z",
        "7",
        ":80",
        "\ud800",
        "ß",
        "example",
    ]
)


@given(st.lists(_PIECES, max_size=12).map("".join), st.sampled_from(["http://", "HTTPS://u:p@", "", "x:"]))
def test_the_canonical_form_of_a_canonical_form_is_itself(rest: str, start: str) -> None:
    """Junk raises nothing, and doing it twice changes nothing."""
    once = canonical_url(start + rest)
    assert canonical_url(once) == once


@given(st.text(max_size=50))
def test_any_text_passes(text: str) -> None:
    """No string is too strange for a field of URLs."""
    once = canonical_url(text)
    assert canonical_url(once) == once
