"""Hostile names and requests: on every page and form, those of all slices included."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import URLPattern, get_resolver, reverse

from latam_corpus.web.access.roles import ROUTES
from latam_corpus.web.log import log
from latam_corpus.web.models import Collection, CollectionFile, Job, LogEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SCRIPT = "<script>alert(1)</script>"
_QUOTED = "\"'><img src=x onerror=alert(2)>{{ 7|add:7 }}"
_HOSTILE = _SCRIPT + _QUOTED
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


def _address(name: str, **values: Any) -> str:
    names = _ROUTES[name].pattern.converters
    return reverse(name, kwargs={key: (_VALUES | values).get(key, "x") for key in names})


def _is_clean(page: str) -> bool:
    return (
        "<script>alert" not in page
        and not re.search(r"<img[^>]*onerror", page)
        and "}}" not in page.replace("{{ 7|add:7 }}", "")
    )


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_a_stored_name_is_shown_as_text_on_every_page(
    name: str, person: Callable[..., Any], client_of: Callable[..., Any], collection: Any
) -> None:
    owner = person("steward", "duena")
    owner.name = _HOSTILE
    owner.save()
    created = collection(owner, title=_HOSTILE, custodian=_HOSTILE, rights_holder=_HOSTILE, reason=_HOSTILE)
    facts = {"read": False, "problem": _HOSTILE, "format": _HOSTILE, "language": _HOSTILE, "remedy": _HOSTILE}
    row = {"titulo": _HOSTILE, _HOSTILE: _HOSTILE}
    CollectionFile.objects.create(
        collection=created, path=f"{_HOSTILE}.txt".replace("/", "_"), size=1, facts=facts, row=row
    )
    result = {"error": {"place": _HOSTILE, "problem": _HOSTILE, "remedy": {"msgid": _HOSTILE}}}
    Job.objects.create(pk=1, kind="import folder", collection=created, person=owner, state="failed", result=result)
    log(owner, _HOSTILE, _HOSTILE, reason=_HOSTILE)
    response = client_of(owner).get(_address(name), {"q": _HOSTILE, "page": _HOSTILE, "next": "javascript:alert(1)"})
    if response.headers["Content-Type"].startswith("text/html"):
        page = response.content.decode()
        assert _is_clean(page), name
        assert 'href="javascript:' not in page


@pytest.mark.parametrize("name", sorted(name for name in ROUTES if name not in {"asset", "health"}))
def test_a_sent_value_is_shown_as_text(
    name: str, person: Callable[..., Any], client_of: Callable[..., Any], collection: Any
) -> None:
    owner = person("steward")
    collection(owner)
    fields = ("title", "custodian", "rights_holder", "reason", "username", "name", "folder", "role", "language", "next")
    client = client_of(owner)
    client.post(
        _address(name), dict.fromkeys((*fields, "scopes", "days", "password1", "note", "answer", "q"), _HOSTILE)
    )
    for address in (_address(name), "/"):
        response = client.get(address)
        if response.headers["Content-Type"].startswith("text/html"):
            assert _is_clean(response.content.decode()), name


@pytest.mark.parametrize("name", sorted(name for name in ROUTES if not name.startswith("api-")))
def test_no_form_is_accepted_from_another_site(
    name: str, person: Callable[..., Any], client_of: Callable[..., Any], collection: Any
) -> None:
    owner = person("steward")
    collection(owner)
    rows = (Collection.objects.count(), LogEntry.objects.count(), Job.objects.count())
    response = client_of(owner, enforce_csrf_checks=True).post(_address(name), {"title": "x", "custodian": "y"})
    assert response.status_code in {403, 404}
    assert (Collection.objects.count(), LogEntry.objects.count(), Job.objects.count()) == rows


@pytest.mark.parametrize(
    "path", ["../secret_key", "..%2f..%2fsecret_key", "%2e%2e/secret_key", "desk.css/../../x", "/etc/passwd"]
)
def test_no_address_leads_to_another_file(client_of: Callable[..., Any], path: str) -> None:
    for prefix in ("/static/desk/", "/collections/", "/jobs/", "/api/collections/"):
        assert client_of().get(prefix + path).status_code in {302, 401, 404}


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "127.0.0.1.evil.example", "[::1]"])
def test_a_request_for_another_host_is_refused(client_of: Callable[..., Any], host: str) -> None:
    assert client_of(headers={"host": host}).get("/login").status_code == 400


def test_the_log_can_only_grow_and_shows_what_was_changed(
    person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    from django.db import connection

    steward = person("steward")
    entries = [log(steward, "probado", f"cosa {number}", reason="porque sí") for number in range(3)]
    for change in (
        entries[0].save,
        entries[0].delete,
        LogEntry.objects.all().delete,
        lambda: LogEntry.objects.update(reason=""),
    ):
        with pytest.raises(PermissionError):
            change()
    client = client_of(steward)
    assert "No entry was changed" in client.get("/log?check=1").content.decode()
    assert "cosa 1" in client.get("/log?q=cosa+1").content.decode()
    assert "cosa 2" not in client.get("/log?q=cosa+1").content.decode()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE desk_logentry SET reason = 'otra' WHERE id = %s", [entries[1].pk])
    page = client.get("/log?check=1").content.decode()
    assert 'role="alert"' in page
    assert f" {entries[1].pk}</p>" in page
