"""The API does what its description states, for requests that schemathesis derives from it, valid and invalid."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from django.conf import settings as django_settings
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from latam_corpus.web.access.limits import LIMITS
from latam_corpus.web.access.roles import SCOPES
from latam_corpus.web.api import views
from latam_corpus.web.files.catalogue import write_catalogue
from latam_corpus.web.models import CollectionFile, Token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_EXAMPLES = 200 if "LATAM_CORPUS_GATE" in os.environ else 20  # for each operation
# Any text can be sent, and few texts are source files.
_NOT_CHECKED = [checks.positive_data_acceptance]
_PATHS = json.loads(views.DESCRIPTION.read_bytes())["paths"]
_OPERATIONS = [(path, method) for path, methods in _PATHS.items() for method in methods if path != "/openapi.json"]


@pytest.fixture
def api_schema(person: Callable[..., Any], collection: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The description, as the API gives it, of a desk with a collection of the token's person."""
    monkeypatch.setattr(django_settings, "ALLOWED_HOSTS", ["localhost"])  # of schemathesis
    monkeypatch.setitem(LIMITS, "api", LIMITS["api"]._replace(most=10**6))
    owner = person("contributor")
    owned = collection(owner)
    CollectionFile.objects.create(collection=owned, path="uno.txt", size=1, correction={"title": "Uno"})
    write_catalogue(owned)
    token = Token.make(owner, "prueba", sorted(set(SCOPES.values())), 1)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)  # the test's transaction is in the connection
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", get_wsgi_application())
    schema.config.update(headers={"Authorization": f"Bearer {token}"})
    yield schema
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(("path", "method"), _OPERATIONS)
def test_an_answer_is_as_described(path: str, method: str, mode: GenerationMode, api_schema: Any) -> None:
    @settings(max_examples=_EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=api_schema[path][method].as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        case.call_and_validate(excluded_checks=_NOT_CHECKED)

    check()
