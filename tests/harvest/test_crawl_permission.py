"""A source may be crawled only with permission, and the user agent names its contact."""

from __future__ import annotations

import re

import pytest

import latam_corpus
from latam_corpus.catalog.source import Source
from latam_corpus.config.toml_model import parse_toml
from latam_corpus.errors import ConfigError
from latam_corpus.harvest.crawl.permission import require_permission, scope_of, user_agent

_CRAWL = '[collect]\nkind = "crawl"\n[collect.crawl]\nstart = ["https://diario.example/"]\n'


def _source(more: str = "", collect: str = "") -> Source:
    text = f'id = "diario"\ntitle = "El diario"\nholder = "La imprenta"\n{more}\n{collect}'
    return parse_toml(text, Source, "diario.toml")


@pytest.mark.parametrize(
    "contact",
    [
        "biblioteca@puerto.example",
        "https://puerto.example/~corpus",
        "  biblioteca@puerto.example ",
        "mailto:a@b.example",
    ],
)
def test_the_user_agent_has_name_version_and_contact(contact: str) -> None:
    """The user agent has the name, version, source and an e-mail or web address."""
    agent = user_agent(_source(f'contact = "{contact}"'))
    assert agent == f"latam-corpus/{latam_corpus.__version__} (+{contact.strip()}; source diario)"


@pytest.mark.parametrize(
    ("contact", "problem"),
    [
        ("", "has no contact.*add contact = "),
        ("   ", "has no contact.*add contact = "),
        ("La biblioteca", "«La biblioteca» isn't an e-mail or web address.*write an e-mail address or a web page"),
        ("puerto.example", "isn't an e-mail or web address"),
        # A header of HTTP is ASCII, one line, and its brackets close.
        ("biblioteca@ñandú.example", "isn't an e-mail or web address"),
        ("a@b.example\\r\\nX-Robots: si", "isn't an e-mail or web address"),
        ("a@b.example\\rX", "isn't an e-mail or web address"),
        ("a@b.example\\nX", "isn't an e-mail or web address"),
        ("a@b.example (la biblioteca", "isn't an e-mail or web address"),
        ("la biblioteca) a@b.example", "isn't an e-mail or web address"),
    ],
)
def test_an_invalid_contact_is_refused(contact: str, problem: str) -> None:
    """An invalid contact is refused before a request, and can't break the header."""
    with pytest.raises(ConfigError, match="source diario") as raised:
        user_agent(_source(f'contact = "{contact}"'))
    assert re.search(problem, str(raised.value), re.DOTALL)


def test_a_source_without_a_contact_is_refused() -> None:
    """A contact is optional only for sources that are read from files."""
    with pytest.raises(ConfigError, match="has no contact"):
        user_agent(_source())


@pytest.mark.parametrize("status", ["verified", "unverified"])
def test_unconfirmed_rights_do_not_prevent_a_crawl(status: str) -> None:
    """Unconfirmed rights don't prevent a crawl."""
    source = _source(f'status = "{status}"', _CRAWL)
    require_permission(source)
    assert source.collect.crawl is not None
    assert scope_of(source) == source.collect.crawl.scope


def test_a_source_that_needs_permission_is_refused() -> None:
    """The error names the source, the holder and the remedy, and not the table."""
    source = _source('status = "ask_first"', _CRAWL)
    for check in (require_permission, scope_of):
        with pytest.raises(ConfigError, match=r"source diario.*asked first \(La imprenta\).*ask, and state") as raised:
            check(source)
        assert raised.value.exit_code == 2


def test_a_source_of_files_has_nothing_to_crawl() -> None:
    """The error says which table is missing."""
    with pytest.raises(
        ConfigError, match=r"source diario.*doesn't say how to crawl the site.*add the table \[collect.crawl\]"
    ):
        scope_of(_source())
    require_permission(_source())
