"""Collections: made with a source file, edited by one person at a time, listed with problems first."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from latam_corpus.web.models import Collection, CollectionFile
from latam_corpus.web.templatetags.desk import TABS
from latam_corpus.web.workspace import source_file

if TYPE_CHECKING:
    from collections.abc import Callable

_ANSWERS = {"title": "Cantos del río", "custodian": "Biblioteca «de» Xico\\", "rights_holder": ""}


def test_a_new_collection_has_a_source_file_that_is_never_overwritten(
    person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    client = client_of(person("contributor"))
    assert client.post("/collections/new", _ANSWERS)["Location"] == "/collections/cantos-del-rio/files"
    client.post("/collections/new", _ANSWERS)
    first, second = Collection.objects.order_by("pk")
    assert second.slug == "cantos-del-rio-2"
    values = tomllib.loads(source_file(first).read_text("utf-8"))
    assert (values["id"], values["title"], values["holder"]) == (first.slug, first.title, first.custodian)
    assert "rights" not in values


def test_missing_answers_are_named_beside_their_fields_and_together(
    person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    page = client_of(person("contributor")).post("/collections/new", {"title": "x"}).content.decode()
    assert 'aria-invalid="true"' in page
    assert 'href="#id_custodian"' in page
    assert 'id="id_custodian_error"' in page
    assert not Collection.objects.exists()


def test_of_two_edits_the_second_sees_the_first(
    person: Callable[..., Any], client_of: Callable[..., Any], collection: Any
) -> None:
    owner = person("contributor")
    collection(owner)
    first, second = client_of(owner), client_of(person("steward"))
    for client in (first, second):
        assert 'name="version" value="1"' in client.get("/collections/cantos/edit").content.decode()
    answers = _ANSWERS | {"version": 1}
    assert first.post("/collections/cantos/edit", answers | {"title": "Cantos uno"}).status_code == 302
    page = second.post("/collections/cantos/edit", answers | {"title": "Cantos dos"}).content.decode()
    assert Collection.objects.get().title == "Cantos uno"
    assert "<td>Cantos uno</td><td>Cantos dos</td>" in page
    assert 'name="version" value="2"' in page
    second.post("/collections/cantos/edit", answers | {"title": "Cantos dos", "version": 2})
    assert Collection.objects.get().title == "Cantos dos"


def test_collections_with_problems_are_first_and_a_contributor_sees_her_own(
    person: Callable[..., Any], client_of: Callable[..., Any], collection: Any
) -> None:
    owner = person("contributor")
    for slug, title in (("a", "Actas"), ("b", "Bandos"), ("z", "Zarzuelas")):
        collection(owner, slug, title=title)
    collection(person("contributor", "otra"), "ajena", title="Ajena")
    facts = {"read": False, "problem": "damaged file"}
    CollectionFile.objects.create(collection_id=Collection.objects.get(slug="z").pk, path="a.pdf", size=1, facts=facts)
    page = client_of(owner).get("/").content.decode()
    assert page.index("Zarzuelas") < page.index("Actas") < page.index("Bandos")
    assert "Ajena" not in page
    assert "Ajena" in client_of(person("reviewer")).get("/").content.decode()


def test_the_tab_of_the_open_page_is_marked_as_current(
    person: Callable[..., Any], client_of: Callable[..., Any], collection: Callable[..., Any]
) -> None:
    """On the main page of each tab, and on a further page of the files."""
    client = client_of(collection(person("contributor")).owner)
    for page, tab in [*((route, route) for route in TABS), ("catalogue", "files")]:
        text = client.get(reverse(page, args=["cantos"])).content.decode()
        current = re.findall(r'<a href="([^"]+)" aria-current="page">', text)
        assert current == [reverse(tab, args=["cantos"])], page
