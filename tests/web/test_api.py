"""The API: tokens, scopes, source files that are pushed and pulled, and addresses that are refused."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from latam_corpus.storage.durable import digest_of
from latam_corpus.web.access.roles import ROUTES, SCOPES
from latam_corpus.web.files.catalogue import write_catalogue
from latam_corpus.web.files.jobs import use_catalogue
from latam_corpus.web.models import Collection, Job, LogEntry, Person, Token
from latam_corpus.web.rights.approvals import decide, propose, standing
from latam_corpus.web.workspace import add_file, source_file, store_upload

if TYPE_CHECKING:
    from collections.abc import Callable

_SOURCE = 'id = "cantos"\ntitle = "Cantos"\nholder = "Biblioteca de Xico"\ngenre = "lyrics"\n'
_ALL = sorted(set(SCOPES.values()))


@pytest.fixture
def api(client_of: Callable[..., Any]) -> Callable[..., Any]:
    """Calls the API with a new token of a person."""

    def call(
        someone: Any, method: str, path: str, body: Any = None, scopes: list[str] = _ALL, replaces: str = ""
    ) -> Any:
        token = Token.make(someone, "prueba", scopes, 1)
        sent = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        client = client_of(enforce_csrf_checks=True)
        headers = {"authorization": f"Bearer {token}"} | ({"if-match": replaces} if replaces else {})
        return getattr(client, method)(f"/api{path}", headers=headers, **sent)

    return call


def test_a_source_is_pushed_pulled_and_replaced_only_as_it_was_seen(person: Callable[..., Any], api: Any) -> None:
    owner = person("contributor")
    created = api(owner, "put", "/collections/cantos/source", {"toml": _SOURCE})
    assert created.status_code == 201
    answer = api(owner, "get", "/collections/cantos/source")
    pulled, etag = answer.json(), answer.headers["ETag"]
    assert pulled == {"toml": _SOURCE, "sha256": created.json()["sha256"]}
    assert etag == created.headers["ETag"] == f'"{pulled["sha256"]}"'
    newer = _SOURCE.replace('"Cantos"', '"Cantos del río"')
    for replaces, status in (("", 428), ("*", 412), (f'"{"0" * 64}"', 412), (pulled["sha256"], 412)):
        refused = api(owner, "put", "/collections/cantos/source", {"toml": newer}, replaces=replaces)
        assert refused.status_code == status
        assert source_file(Collection.objects.get()).read_text("utf-8") == _SOURCE
    done = api(owner, "put", "/collections/cantos/source", {"toml": newer}, replaces=etag)
    assert done.status_code == 200
    assert api(owner, "put", "/collections/cantos/source", {"toml": _SOURCE}, replaces=etag).status_code == 412
    assert source_file(Collection.objects.get()).read_text("utf-8") == newer
    assert api(owner, "get", "/collections/cantos").json()["title"] == "Cantos del río"
    assert [row["id"] for row in api(owner, "get", "/collections").json()["collections"]] == ["cantos"]
    assert LogEntry.objects.filter(action="source replaced", digest_before=pulled["sha256"]).count() == 1


def test_a_mistake_is_named_in_the_senders_language(person: Callable[..., Any], client_of: Callable[..., Any]) -> None:
    token = Token.make(person("contributor"), "prueba", _ALL, 1)
    body = json.dumps({"toml": _SOURCE.replace('"lyrics"', '"prenza"')})
    headers = {"authorization": f"Bearer {token}", "accept-language": "es"}
    answer = client_of().put("/api/collections/cantos/source", body, content_type="application/json", headers=headers)
    assert answer.status_code == 422
    [mistake] = answer.json()["errors"]
    assert mistake["place"] == "línea 4, genre"
    assert not Collection.objects.exists()


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ('[consent]\nthird_persons = "../otra/nombres.txt"', "consent.third_persons"),
        ('[consent]\nspeakers = "/etc/passwd"', "consent.speakers"),
        ('[collect]\nindex.file = "../../secret_key"', "collect.index.file"),
        ('[collect]\nkind = "oai"\noai.address = "http://127.0.0.1:8000/oai"', "collect.oai.address"),
        ('[collect]\nkind = "oai"\noai.address = "http://169.254.169.254/latest"', "collect.oai.address"),
        ('[collect]\nkind = "oai"\noai.address = "http://[::ffff:10.0.0.1]/oai"', "collect.oai.address"),
        ('[collect]\nkind = "oai"\noai.address = "http://catalogo.internal/oai"', "collect.oai.address"),
        ('[collect]\nkind = "feeds"\nfeeds.start = ["http://2130706433/rss"]', "collect.feeds.start"),
        ('[collect]\nkind = "feeds"\nfeeds.start = ["http://0x7f.1/rss"]', "collect.feeds.start"),
        ('[collect]\nkind = "feeds"\nfeeds.start = ["http://intranet/rss"]', "collect.feeds.start"),
        (
            '[collect]\nkind = "feeds"\nfeeds.start = ["https://a.example/rss"]\nfeeds.private_hosts = ["a.example"]',
            "collect.feeds.private_hosts",
        ),
    ],
)
def test_a_source_that_leads_out_of_its_folder_or_into_a_private_network_is_refused(
    person: Callable[..., Any], api: Any, line: str, place: str
) -> None:
    source = f'{_SOURCE}contact = "ana@biblioteca.example"\n{line}\n'
    answer = api(person("contributor"), "put", "/collections/cantos/source", {"toml": source})
    assert answer.status_code == 422, answer.content
    assert place in [error["place"].rpartition(", ")[2] for error in answer.json()["errors"]], answer.json()
    assert not Collection.objects.exists()


def test_a_public_address_is_accepted(person: Callable[..., Any], api: Any) -> None:
    line = 'contact = "ana@biblioteca.example"\n[collect]\nkind = "oai"\noai.address = "https://catalogo.example/oai"\n'
    answer = api(person("contributor"), "put", "/collections/cantos/source", {"toml": _SOURCE + line})
    assert answer.status_code == 201, answer.content


@pytest.fixture
def described(person: Callable[..., Any], collection: Any, desk: Any) -> Any:
    """A collection with files of equal names in two folders, a catalogue of its own, a correction and an approval."""
    owner = person("contributor")
    created = collection(owner)
    for path in ("a/uno.txt", "b/uno.txt", "dos.txt"):
        file = desk.data / "tmp" / "file"
        file.write_text(f"Río que bajas cantando {path}", encoding="utf-8")
        digest = digest_of(file)
        add_file(created, path, store_upload(file, digest), digest)
    table = desk.data / "tmp" / "table"
    rows = "".join(
        f"{name};Canto;{rights};x\n"
        for name, rights in (("a/uno.txt", "CC BY 4.0"), ("b/uno.txt", "CC0-1.0"), ("dos.txt", "permiso verbal"))
    )
    table.write_text(f"Archivo;Título;Derechos;Nota\n{rows}", encoding="utf-8")
    digest = digest_of(table)
    store_upload(table, digest)
    use_catalogue(created, "catalogo.csv", digest)
    created.files.filter(path="dos.txt").update(correction={"title": "Canto segundo", "form": "verse"})
    write_catalogue(created)
    return created


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_catalogue_that_comes_back_unchanged_changes_nothing(described: Any, api: Any) -> None:
    pulled = api(described.owner, "get", "/collections/cantos/catalogue")
    assert {row["file"]: row["rights"] for row in _rows(pulled.json()["csv"])} == {
        "files/a/uno.txt": "CC BY 4.0",
        "files/b/uno.txt": "CC0-1.0",
        "files/dos.txt": "permiso verbal",
    }
    source = source_file(described).read_bytes()
    body = {"csv": pulled.json()["csv"]}
    pushed = api(described.owner, "put", "/collections/cantos/catalogue", body, replaces=pulled.headers["ETag"])
    assert (pushed.status_code, pushed.headers["ETag"]) == (200, pulled.headers["ETag"])
    assert api(described.owner, "get", "/collections/cantos/catalogue").json() == pulled.json()
    assert source_file(described).read_bytes() == source
    assert Job.objects.filter(kind="survey").count() == 1


def test_a_pushed_catalogue_replaces_corrections_and_its_missing_rows_close_files(described: Any, api: Any) -> None:
    pulled = api(described.owner, "get", "/collections/cantos/catalogue")
    changed = pulled.json()["csv"].replace("Canto segundo", "Canto 2")
    changed = "".join(line for line in changed.splitlines(keepends=True) if "b/uno" not in line)
    for replaces, status in (("", 428), (f'"{"0" * 64}"', 412)):
        answer = api(described.owner, "put", "/collections/cantos/catalogue", {"csv": changed}, replaces=replaces)
        assert answer.status_code == status
    etag = pulled.headers["ETag"]
    pushed = api(described.owner, "put", "/collections/cantos/catalogue", {"csv": changed}, replaces=etag)
    assert pushed.status_code == 200
    stored = api(described.owner, "get", "/collections/cantos/catalogue")
    rows = {row["file"]: row for row in _rows(stored.json()["csv"])}
    assert rows["files/dos.txt"]["title"] == "Canto 2"
    assert rows["files/dos.txt"]["form"] == "verse"
    assert rows["files/a/uno.txt"]["Nota"] == "x"
    assert "files/b/uno.txt" not in rows
    assert described.files.get(path="b/uno.txt").row is None
    assert stored.headers["ETag"] == pushed.headers["ETag"] != etag


def test_a_push_ends_an_approval_of_what_it_changes_alone(described: Any, api: Any, person: Callable[..., Any]) -> None:
    propose(described, described.owner)
    for kind in ("rights", "consent"):
        digest = standing(described, kind).digest
        assert decide(described, kind, person("reviewer", kind), digest, approved=True, reason="")
    assert Collection.objects.get().state == "approved"
    pulled = api(described.owner, "get", "/collections/cantos/catalogue")
    text, etag = pulled.json()["csv"], pulled.headers["ETag"]
    titled = api(
        described.owner,
        "put",
        "/collections/cantos/catalogue",
        {"csv": text.replace("Canto segundo", "Canto 2")},
        replaces=etag,
    )
    assert titled.json()["approvals"] == {"rights": "approved", "consent": "approved"}
    assert Collection.objects.get().state == "approved"
    opened = text.replace("permiso verbal", "CC BY 4.0")
    pushed = api(
        described.owner, "put", "/collections/cantos/catalogue", {"csv": opened}, replaces=titled.headers["ETag"]
    )
    assert pushed.json()["approvals"] == {"rights": "expired", "consent": "approved"}
    assert Collection.objects.get().state == "draft"
    source = api(described.owner, "get", "/collections/cantos/source")
    text = source.json()["toml"].replace('holder = "Biblioteca de Xico"', 'holder = "Otra biblioteca"')
    answer = api(described.owner, "put", "/collections/cantos/source", {"toml": text}, replaces=source.headers["ETag"])
    assert answer.json()["approvals"]["rights"] == "expired"


@pytest.mark.parametrize(
    "text", ["", "\n\n", "\x00", '"' * 200_001, "file\n" + "x" * 200_000, "a,b\n1,2\n", ",,\n,,\n"]
)
def test_a_hostile_catalogue_changes_nothing_or_is_named(described: Any, api: Any, text: str) -> None:
    etag = api(described.owner, "get", "/collections/cantos/catalogue").headers["ETag"]
    answer = api(described.owner, "put", "/collections/cantos/catalogue", {"csv": text}, replaces=etag)
    assert answer.status_code in {200, 422}, answer.content
    if answer.status_code == 422:
        assert answer.json()["errors"][0]["problem"]
        assert api(described.owner, "get", "/collections/cantos/catalogue").headers["ETag"] == etag


@pytest.mark.parametrize("body", [None, [], {"toml": 3}, {"csv": _SOURCE}, {"toml": "\ud800"}])
def test_a_body_that_is_no_source_is_refused(person: Callable[..., Any], api: Any, body: Any) -> None:
    assert api(person("contributor"), "put", "/collections/cantos/source", body).status_code == 400


@pytest.mark.parametrize("size", [2**20 + 1, 2**21 + 1])
def test_a_large_body_is_refused(person: Callable[..., Any], api: Any, size: int) -> None:
    answer = api(person("contributor"), "put", "/collections/cantos/source", {"toml": "x" * size})
    assert (answer.status_code, answer.json()["errors"][0]["place"]) == (413, "toml")


@pytest.mark.parametrize(
    "toml", ["x", "a = " + "[" * 20000, 'id = "cantos"\n' * 2, "\x00", _SOURCE.replace("cantos", "otro")]
)
def test_a_text_that_is_no_valid_source_is_refused(person: Callable[..., Any], api: Any, toml: str) -> None:
    answer = api(person("contributor"), "put", "/collections/cantos/source", {"toml": toml})
    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_a_token_opens_its_scopes_alone(person: Callable[..., Any], api: Any, collection: Any) -> None:
    owner = person("contributor")
    collection(owner)
    calls = {
        "collections:read": [("get", "/collections"), ("get", "/collections/cantos")],
        "sources:read": [("get", "/collections/cantos/source"), ("get", "/collections/cantos/catalogue")],
        "sources:write": [("put", "/collections/cantos/source"), ("put", "/collections/cantos/catalogue")],
        "jobs:read": [("get", "/jobs")],
    }
    assert set(calls) == set(_ALL)
    for scope in _ALL:
        for needed, requests in calls.items():
            for method, path in requests:
                body = {"toml": "x"} if method == "put" else None
                status = api(owner, method, path, body, [scope]).status_code
                assert (status == 403) == (scope != needed), (scope, path, status)


def test_a_token_has_no_more_rights_than_its_person(person: Callable[..., Any], api: Any, collection: Any) -> None:
    collection(person("contributor", "duena"))
    other = person("contributor", "otra")
    assert api(other, "get", "/collections/cantos/source").status_code == 404
    assert api(other, "put", "/collections/cantos/source", {"toml": _SOURCE}).status_code == 403
    reviewer = person("reviewer")
    assert api(reviewer, "get", "/collections/cantos/source").status_code == 200
    assert api(reviewer, "put", "/collections/cantos/source", {"toml": _SOURCE}).status_code == 403
    assert api(reviewer, "put", "/collections/cantos/catalogue", {"csv": "file\n"}).status_code == 403
    assert api(other, "put", "/collections/cantos/catalogue", {"csv": "file\n"}).status_code == 404
    assert (
        api(reviewer, "put", "/collections/nueva/source", {"toml": _SOURCE.replace("cantos", "nueva")}).status_code
        == 403
    )


def test_neither_a_session_nor_an_old_revoked_or_invented_token_opens_the_api(
    person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    someone = person("steward")
    client = client_of(someone)
    assert client.get("/api/collections").status_code == 401
    token = Token.make(someone, "prueba", _ALL, 1)
    headers = {"authorization": f"Bearer {token}"}
    assert token not in str(Token.objects.values())
    assert client_of().get("/api/collections", headers=headers).status_code == 200
    assert client_of().get("/api/collections", headers={"authorization": f"Bearer {token}x"}).status_code == 401
    assert client_of().get("/", headers=headers).status_code == 302
    Person.objects.update(is_active=False)
    assert client_of().get("/api/collections", headers=headers).status_code == 401
    Person.objects.update(is_active=True)
    assert client_of().get("/api/collections", headers=headers).status_code == 200
    Token.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert client_of().get("/api/collections", headers=headers).status_code == 401


def test_a_person_makes_and_ends_tokens_on_her_page(person: Callable[..., Any], client_of: Callable[..., Any]) -> None:
    someone = person("contributor")
    client = client_of(someone)
    page = client.post("/account/tokens", {"name": "copia", "scopes": ["jobs:read"], "days": 3}).content.decode()
    token = page.partition("<code>")[2].partition("<")[0]
    headers = {"authorization": f"Bearer {token}"}
    assert client_of().get("/api/jobs", headers=headers).status_code == 200
    number = Token.objects.get().pk
    assert client_of(person("steward")).post(f"/account/tokens/{number}/revoke").status_code == 404
    client.post(f"/account/tokens/{number}/revoke")
    assert client_of().get("/api/jobs", headers=headers).status_code == 401


def test_a_wrong_address_is_answered_with_json(client_of: Callable[..., Any]) -> None:
    answer = client_of().get("/api/nothing")
    assert (answer.status_code, len(answer.json()["errors"])) == (404, 1)


def test_the_description_has_every_route_and_its_scope(client_of: Callable[..., Any]) -> None:
    described = client_of().get("/api/openapi.json").json()
    operations = [
        (path, method.upper(), operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    from django.urls import get_resolver, resolve

    assert get_resolver()
    names = {
        (resolve("/api" + path.replace("{slug}", "cantos").replace("{number}", "1")).view_name, method): operation
        for path, method, operation in operations
    }
    assert set(names) - {("api-openapi", "GET")} == set(SCOPES)
    assert {name for name, _method in names} == {name for name in ROUTES if name.startswith("api-")}
    for key, scope in SCOPES.items():
        assert f"(scope {scope})" in names[key]["summary"]
