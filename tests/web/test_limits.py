"""Limits of attempts, by address and by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.web.access.limits import FAILED_LOGIN, LIMITS
from latam_corpus.web.access.roles import ROUTES, VISITOR
from latam_corpus.web.models import Attempt

if TYPE_CHECKING:
    from collections.abc import Callable

_UNLIMITED = {"logout", "language", "asset", "health", "api-openapi"}  # a guess opens nothing there


def test_each_page_that_a_guess_could_open_has_a_limit() -> None:
    public = {name for name, roles in ROUTES.items() if VISITOR in roles} - _UNLIMITED
    assert public <= set(LIMITS)
    assert set(LIMITS) - {FAILED_LOGIN, "api"} <= set(ROUTES)


@pytest.mark.parametrize(
    ("path", "method"), [("/login", "post"), ("/join/x", "get"), ("/start/x", "get"), ("/api/jobs", "get")]
)
def test_an_address_that_asks_too_often_waits_and_others_do_not(
    client_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, path: str, method: str
) -> None:
    for name, limit in LIMITS.items():
        monkeypatch.setitem(LIMITS, name, limit._replace(most=3))
    client = client_of(REMOTE_ADDR="203.0.113.5")
    statuses = [getattr(client, method)(path).status_code for _ in range(4)]
    assert statuses.count(429) == 1
    assert statuses[3] == 429
    assert getattr(client_of(REMOTE_ADDR="203.0.113.6"), method)(path).status_code != 429
    assert "203.0.113" not in str(Attempt.objects.values())


def test_addresses_of_one_ipv6_network_count_together(
    client_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, "join", LIMITS["join"]._replace(most=1))
    assert client_of(REMOTE_ADDR="2001:db8::1").get("/join/x").status_code == 404
    assert client_of(REMOTE_ADDR="2001:db8::2").get("/join/x").status_code == 429
    assert client_of(REMOTE_ADDR="2001:db8:0:1::1").get("/join/x").status_code == 404


def test_a_name_with_failed_log_ins_waits_from_every_address(
    person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    person("contributor")
    right = {"username": "contributor", "password": "una frase larga"}
    for number in range(LIMITS[FAILED_LOGIN].most):
        client_of(REMOTE_ADDR=f"203.0.113.{number}").post("/login", right | {"password": "mala"})
    page = client_of(REMOTE_ADDR="198.51.100.1").post("/login", right)
    assert page.status_code == 200
    assert "Wait a quarter of an hour" in page.content.decode()
