"""Every route by every role: what the table allows is open, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.urls import URLPattern, get_resolver, reverse

from latam_corpus.web.access.roles import EVERYONE, ROUTES, SCOPES, VISITOR
from latam_corpus.web.models import Job, Token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# A value for each name that an address may contain.
_VALUES = {
    "slug": "cantos",
    "number": 1,
    "page": 1,
    "place": 1,
    "token": "t",
    "name": "desk.css",
    "kind": "rights",
    "version": "0.1.0",
}


def _patterns(patterns: Any) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield pattern
        else:
            yield from _patterns(pattern.url_patterns)


_ROUTES = {pattern.name: pattern for pattern in _patterns(get_resolver().url_patterns)}


def _address(name: str) -> str:
    names = _ROUTES[name].pattern.converters
    return reverse(name, kwargs={key: _VALUES.get(key, "x") for key in names})


def _answer(client: Any, someone: Any, name: str, method: str = "get") -> Any:
    """The answer to a person, who calls the API with a token that has all scopes."""
    headers = {}
    if someone is not None and name.startswith("api-"):
        headers["authorization"] = f"Bearer {Token.make(someone, 'prueba', sorted(set(SCOPES.values())), 1)}"
    return getattr(client, method)(_address(name), headers=headers)


def test_the_table_has_every_route_and_no_other() -> None:
    assert set(_ROUTES) == set(ROUTES)
    assert all(roles and roles <= EVERYONE for roles in ROUTES.values())


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("role", sorted(EVERYONE))
@pytest.mark.parametrize("name", sorted(ROUTES))
def test_a_route_is_open_to_its_roles_alone(
    name: str, role: str, method: str, person: Callable[..., Any], client_of: Callable[..., Any], collection: Any
) -> None:
    someone = None if role == VISITOR else person(role)
    owner = someone or person("contributor", "duena")
    Job.objects.create(pk=1, kind="import folder", collection=collection(owner), person=owner)
    response = _answer(client_of(someone), someone, name, method)
    to_login = response.status_code == 302 and response["Location"].startswith(reverse("login") + "?")
    if role in ROUTES[name]:
        assert response.status_code not in {401, 403}
        assert not to_login
        assert response.status_code < 500
    else:
        assert to_login or response.status_code == (403 if role != VISITOR else 401)
        assert not to_login or role == VISITOR


@pytest.mark.parametrize("name", sorted(name for name in _ROUTES if "slug" in _ROUTES[name].pattern.converters))
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_contributor_does_not_reach_the_collection_of_another(
    name: str, method: str, person: Callable[..., Any], client_of: Callable[..., Any], collection: Any
) -> None:
    if ROUTES[name] == EVERYONE:
        pytest.skip("a public page")
    collection(person("contributor", "duena"))
    other = person("contributor", "otra")
    response = _answer(client_of(other), other, name, method)
    assert response.status_code in {403, 404, 405}


@pytest.mark.parametrize("name", sorted(name for name, roles in ROUTES.items() if VISITOR not in roles))
@pytest.mark.usefixtures("single")
def test_a_desk_for_one_person_is_closed_without_its_token(
    name: str, person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    assert client_of().get(_address(name)).status_code == (401 if name.startswith("api-") else 403)
    person("steward", "you")
    client = client_of()
    assert client.get(reverse("start", args=["wrong"])).status_code == 404
    assert client_of().get(reverse("home")).status_code == 403
    assert client.get(reverse("start", args=[settings.DESK.start_token])).status_code == 302
    assert client.get(reverse("home")).status_code == 200


def test_the_token_of_one_person_opens_no_desk_with_accounts(client_of: Callable[..., Any]) -> None:
    assert client_of().get(reverse("start", args=[settings.DESK.start_token])).status_code == 404


def test_every_answer_has_the_headers(client_of: Callable[..., Any]) -> None:
    for address in ("/login", "/nowhere", "/health", "/static/desk/desk.css", "/"):
        response = client_of().get(address)
        assert "default-src 'none'" in response["Content-Security-Policy"]
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Referrer-Policy"] == "same-origin"
