"""A desk in a temporary folder, and people of each role."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("django", reason="the desk isn't installed: pip install 'latam-corpus[desk]'")

from latam_corpus.web.settings import Desk, configure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Test modules import models, which need the settings; so they are made before any test module is imported.
_FOLDER = tempfile.TemporaryDirectory(prefix="desk-tests-", ignore_cleanup_errors=True)
_DESK = Desk(Path(_FOLDER.name).resolve(), hosts=("testserver",))
configure(_DESK)
from django.conf import settings  # noqa: E402  (configured above)

import latam_corpus.web.urls  # noqa: E402, F401  (it fills the table of routes)

settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # Argon2 is slow by intent


@pytest.fixture(scope="session")
def _tables() -> Iterator[None]:
    from django.core.management import call_command
    from django.db import connections
    from django.test.utils import setup_test_environment

    setup_test_environment()  # so that responses have the context of their templates
    call_command("migrate", verbosity=0, interactive=False)
    yield
    connections.close_all()


@pytest.fixture(autouse=True)
def desk(_tables: None, tmp_path: Path) -> Iterator[Desk]:
    """A desk without rows and with empty folders; what a test stores is undone after it."""
    from dataclasses import replace

    from django.db import transaction

    (tmp_path / "tmp").mkdir()
    settings.DESK = replace(_DESK, data=tmp_path)
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "tmp")
    with transaction.atomic():
        yield settings.DESK
        transaction.set_rollback(True)


@pytest.fixture
def single(desk: Desk) -> Iterator[None]:
    """The desk serves one person on this machine."""
    from dataclasses import replace

    settings.DESK = replace(desk, single=True)
    yield
    settings.DESK = desk


@pytest.fixture
def person() -> Callable[..., Any]:
    """Makes a person with a role."""
    from django.contrib.auth.hashers import make_password

    from latam_corpus.web.models import Person

    def make(role: str, username: str = "", **values: Any) -> Any:
        name, password = username or role, make_password("una frase larga")
        return Person.objects.create(username=name, password=password, name=name, role=role, **values)

    return make


@pytest.fixture
def client_of() -> Callable[..., Any]:
    """Makes a browser in which a person is logged in, or nobody."""
    from django.test import Client

    def make(someone: Any = None, **options: Any) -> Any:
        client = Client(**options)
        if someone is not None:
            client.force_login(someone)
        return client

    return make


@pytest.fixture
def collection() -> Callable[..., Any]:
    """Makes a collection of a person, with its folder and source file."""
    from latam_corpus.web.models import Collection
    from latam_corpus.web.workspace import write_source

    def make(owner: Any, slug: str = "cantos", **values: Any) -> Any:
        values = {"title": "Cantos del río", "custodian": "Biblioteca de Xico"} | values
        created = Collection.objects.create(slug=slug, owner=owner, **values)
        write_source(created)
        return created

    return make


@pytest.fixture
def jobs_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do each job when it is queued, in this process."""
    from latam_corpus.web.jobs import worker
    from latam_corpus.web.models import Job

    def enqueue(kind: str, person: Any, collection: Any = None, **arguments: Any) -> Any:
        job = Job.objects.create(kind=kind, person=person, collection=collection, arguments=arguments, state="running")
        monkeypatch.setattr("sys.argv", ["job", str(job.pk)])
        worker.main()
        job.refresh_from_db()
        return job

    for module in ("rights.terms", "releases.views", "withdrawals.views", "judging.views"):
        monkeypatch.setattr(f"latam_corpus.web.{module}.enqueue", enqueue)
