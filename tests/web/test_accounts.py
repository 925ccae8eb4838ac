"""Invitations, log-in, sessions and the language of the pages."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from latam_corpus.web.log import log
from latam_corpus.web.models import Invitation, LogEntry, Person

if TYPE_CHECKING:
    from collections.abc import Callable

_ANSWERS = {"username": "ana", "name": "Ana", "password1": "una frase larga", "password2": "una frase larga"}


def test_an_invitation_makes_one_account_with_its_role(client_of: Callable[..., Any]) -> None:
    token = Invitation.make("reviewer", None)
    assert token not in str(Invitation.objects.values())
    assert client_of().get(f"/join/{token}").status_code == 200
    assert client_of().post(f"/join/{token}", _ANSWERS | {"role": "steward"}).status_code == 302
    assert Person.objects.get(username="ana").role == "reviewer"
    assert client_of().post(f"/join/{token}", _ANSWERS | {"username": "eva"}).status_code == 404
    assert not Person.objects.filter(username="eva").exists()
    assert LogEntry.objects.get().action == "account made"


def test_an_old_or_invented_invitation_is_refused(client_of: Callable[..., Any]) -> None:
    token = Invitation.make("steward", None)
    Invitation.objects.update(expires=timezone.now() - timedelta(seconds=1))
    for address in (f"/join/{token}", "/join/invented"):
        assert client_of().post(address, _ANSWERS).status_code == 404
    assert not Person.objects.exists()


@pytest.mark.parametrize("password", ["corta", "password1234", "1234567890"])
def test_a_weak_password_is_refused_beside_its_field(client_of: Callable[..., Any], password: str) -> None:
    answers = _ANSWERS | {"password1": password, "password2": password}
    page = client_of().post(f"/join/{Invitation.make('reviewer', None)}", answers).content.decode()
    assert 'id="id_password2_error"' in page
    assert 'role="alert"' in page
    assert not Person.objects.exists()


def test_a_steward_invites_and_changes_roles_but_not_the_own(
    person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    steward, other = person("steward"), person("contributor")
    client = client_of(steward)
    page = client.post("/people/invite", {"role": "contributor"}).content.decode()
    token = page.partition("/join/")[2].partition("<")[0]
    assert client_of().get(f"/join/{token}").status_code == 200
    client.post(f"/people/{other.pk}", {"role": "reviewer"})
    client.post(f"/people/{steward.pk}", {"role": "contributor"})
    other.refresh_from_db()
    steward.refresh_from_db()
    assert (other.role, other.is_active, steward.role) == ("reviewer", False, "steward")
    assert "wrong" not in client.get("/people").content.decode()


def test_a_log_in_leads_nowhere_else(person: Callable[..., Any], client_of: Callable[..., Any]) -> None:
    person("contributor")
    answers = {"username": "contributor", "password": "una frase larga"}
    for target in ("https://evil.example/", "//evil.example/"):
        response = client_of().post("/login", answers | {"next": target})
        assert response["Location"] == "/"
    assert client_of().post("/login", answers | {"next": "/jobs/"})["Location"] == "/jobs/"
    assert client_of().post("/login", answers | {"password": "otra"}).status_code == 200


def test_a_session_begins_anew_at_log_in_and_ends_after_hours(
    person: Callable[..., Any], client_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    person("contributor")
    client = client_of()
    client.cookies["desk_session"] = "chosenbysomebodyelse"
    client.post("/login", {"username": "contributor", "password": "una frase larga"})
    cookie = client.cookies["desk_session"]
    assert cookie.value != "chosenbysomebodyelse"
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert client.get("/").status_code == 200
    began = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: began + timedelta(hours=11))
    session = client.session
    session["used"] = True
    session.save()
    assert client.get("/").status_code == 200
    monkeypatch.setattr(timezone, "now", lambda: began + timedelta(hours=12, seconds=1))
    assert client.get("/").status_code == 302


def test_a_blocked_person_is_out_at_once(person: Callable[..., Any], client_of: Callable[..., Any]) -> None:
    someone = person("contributor")
    client = client_of(someone)
    Person.objects.update(is_active=False)
    assert client.get("/").status_code == 302


def test_pages_are_in_the_language_of_person_cookie_or_browser(
    person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    someone = person("contributor", language="pt")
    client = client_of(someone)
    assert '<html lang="pt-BR">' in client.get("/", headers={"accept-language": "es"}).content.decode()
    client.post("/language", {"language": "en", "next": "https://evil.example/"})
    assert Person.objects.get().language == "en"
    visitor = client_of()
    assert '<html lang="es">' in visitor.get("/login", headers={"accept-language": "es-MX,es;q=0.9"}).content.decode()
    assert '<html lang="pt-BR">' in visitor.get("/login", headers={"accept-language": "pt"}).content.decode()
    assert visitor.post("/language", {"language": "en", "next": "//evil.example/"})["Location"] == "/"
    assert '<html lang="en">' in visitor.get("/login", headers={"accept-language": "es"}).content.decode()


def test_the_pages_of_the_log_keep_its_search(person: Callable[..., Any], client_of: Callable[..., Any]) -> None:
    steward = person("steward")
    for number in range(101):
        log(steward, "files added", f"collection cantos-{number}")
    assert 'href="?q=cantos&amp;page=2"' in client_of(steward).get("/log?q=cantos").content.decode()
