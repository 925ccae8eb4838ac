"""Terms, consents and approvals: written into the source's files, approved by somebody else, and bound to them."""

from __future__ import annotations

import csv
import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from latam_corpus.errors import ConfigError
from latam_corpus.web.models import Approval, Collection, CollectionFile, Job, Person
from latam_corpus.web.releases.jobs import approvals_now
from latam_corpus.web.rights.approvals import (
    KINDS,
    covered,
    decide,
    digest_of,
    may_decide,
    missing_approvals,
    propose,
    standing,
)
from latam_corpus.web.rights.terms import NOT_RELEASED, groups
from latam_corpus.web.source_values import change_source, source_values
from latam_corpus.web.workspace import collection_folder, files_folder, record_file

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("jobs_at_once")
_TERMS = {
    "custodian": "Biblioteca de Xico",
    "rights_holder": "Familia Ruiz",
    "statement": "CC-BY-4.0",
    "basis": "licence",
    "uses": ["train", "redistribute"],
}
_TEXT = "La barca llegó al puerto con la lluvia de abril, y los vecinos bajaron a recibirla con faroles. "


def _add(collection: Any, name: str, text: str, **values: Any) -> Any:
    path = files_folder(collection) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    import hashlib

    row = record_file(collection, name, hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)
    CollectionFile.objects.filter(pk=row.pk).update(**values)
    return row


@pytest.fixture
def owned(person: Callable[..., Any], collection: Callable[..., Any]) -> Any:
    """A collection with two files of its contributor «duena»."""
    created = collection(person("contributor", "duena"))
    _add(created, "uno.txt", _TEXT * 2)
    _add(created, "dos.txt", _TEXT * 3)
    return created


@pytest.fixture
def stated(owned: Any, client_of: Callable[..., Any]) -> Any:
    """The same, with terms, and proposed for approval."""
    client = client_of(owned.owner)
    page = client.get("/collections/cantos/rights/terms").context["form"]
    assert client.post("/collections/cantos/rights/terms", _TERMS | {"seen": page.initial["seen"]}).status_code == 302
    client.post("/collections/cantos/rights/propose")
    return Collection.objects.get()


def _approve(collection: Any, person: Any) -> None:
    for kind in KINDS:
        assert decide(collection, kind, person, standing(collection, kind).digest, approved=True, reason="")


def test_terms_are_written_into_the_source_file_and_wrong_ones_are_named(
    owned: Any, client_of: Callable[..., Any]
) -> None:
    client = client_of(owned.owner)
    for wrong, field in (
        ({"rights_holder": ""}, "rights_holder"),
        ({"statement": "other", "other_statement": "prensa libre"}, "other_statement"),
        ({"statement": "https://rightsstatements.org/vocab/InC/1.0/"}, "agreement"),
        ({"statement": "CC-BY-NC-4.0"}, "uses"),
        ({"expires": "1990-01-01", "embargo_until": "1991-01-01"}, "expires"),
    ):
        page = client.post("/collections/cantos/rights/terms", _TERMS | wrong)
        assert field in page.context["form"].errors
    assert "rights" not in source_values(owned)
    seen = client.get("/collections/cantos/rights/terms").context["form"].initial["seen"]
    client.post("/collections/cantos/rights/terms", _TERMS | {"seen": seen, "expires": "2100-05-01"})
    values = tomllib.loads((collection_folder(owned) / "source.toml").read_text("utf-8"))
    assert values["rights"]["uses"] == ["train", "redistribute"]
    assert values["holder"] == "Biblioteca de Xico"
    assert Collection.objects.get().rights_holder == "Familia Ruiz"
    page = client.post("/collections/cantos/rights/terms", _TERMS | {"seen": seen, "statement": "CC0-1.0"})
    assert "Someone else changed this" in page.content.decode()
    assert source_values(owned)["rights"]["statement"] == "CC-BY-4.0"


def test_values_of_the_catalogue_are_groups_and_a_decision_is_written_into_its_rows(
    stated: Any, client_of: Callable[..., Any]
) -> None:
    catalogue = {"name": "c.csv", "sha256": "0" * 64, "columns": {"Derechos": "rights"}}
    Collection.objects.update(draft=stated.draft | {"catalogue": catalogue})
    for name, cell in (
        ("tres.txt", "permiso verbal"),
        ("cuatro.txt", "permiso verbal"),
        ("cinco.txt", "CC BY-NC / CC0"),
    ):
        _add(stated, name, _TEXT, row={"Derechos": cell})
    client = client_of(stated.owner)
    results = {group.value: group for group in groups(Collection.objects.get())}
    assert len(results["permiso verbal"].paths) == 2
    assert results["CC BY-NC / CC0"].licences == ["CC BY-NC", "CC0"]
    assert results[""].is_without_row
    page = client.post("/collections/cantos/rights/group?value=permiso%20verbal", {"statement": "CC0-1.0"})
    assert page.context["form"].errors["statement"]
    answers = {"statement": "CC-BY-NC-4.0", "uses": ["train"], "community": "Asamblea", "expires": "2100-01-31"}
    assert client.post("/collections/cantos/rights/group?value=permiso%20verbal", answers).status_code == 302
    client.post("/collections/cantos/rights/group?file=cinco.txt", {"statement": NOT_RELEASED})
    with (collection_folder(stated) / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    assert rows["files/tres.txt"]["rights"] == "CC-BY-NC-4.0"
    assert (rows["files/tres.txt"]["uses"], rows["files/tres.txt"]["expires"]) == ("train", "2100-01-31")
    assert rows["files/cinco.txt"]["rights"] == NOT_RELEASED
    assert "files/uno.txt" not in rows
    held = {group.value: group.held for group in groups(Collection.objects.get())}
    assert held[NOT_RELEASED] == ("rights_tier=unknown:rights",)
    assert held[""] == ("rights_tier=unknown:catalogue_row",)
    page = client.get("/collections/cantos/rights").content.decode()
    assert page.index("No row in the catalogue") < page.index("«CC-BY-NC-4.0»")


def test_a_consent_is_recorded_with_its_document_which_only_readers_of_the_collection_get(
    owned: Any, person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    client = client_of(owned.owner)
    document = SimpleUploadedFile("acta 7.pdf", b"%PDF-1.7 firmado")
    answers = {
        "id": "acta-7",
        "community": "Asamblea",
        "scope": ["train"],
        "withdrawal_contact": "asamblea@example.org",
    }
    answers |= {"document": document, "given": "2020-01-05", "expires": "2100-01-05"}
    assert client.post("/collections/cantos/rights/consent", answers).status_code == 302
    (record,) = source_values(owned)["consent"]["records"]
    assert (record["id"], record["scope"], str(record["expires"])) == ("acta-7", ["train"], "2100-01-05")
    response = client.get("/collections/cantos/rights/document?id=acta-7")
    assert b"".join(response.streaming_content) == b"%PDF-1.7 firmado"
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Type"] == "application/octet-stream"
    other = client_of(person("contributor", "otra"))
    assert other.get("/collections/cantos/rights/document?id=acta-7").status_code == 404
    duplicates = client.post("/collections/cantos/rights/consent", answers | {"document": ""})
    assert duplicates.context["form"].errors["id"]
    client.post("/collections/cantos/rights/consent/remove", {"id": "acta-7"})
    assert "consent" not in source_values(owned)


def test_only_somebody_else_approves_and_a_refusal_says_why(
    stated: Any, person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    owner, reviewer = stated.owner, person("reviewer")
    assert [standing(stated, kind).state for kind in KINDS] == ["proposed", "proposed"]
    Person.objects.filter(pk=owner.pk).update(role="steward")
    answers = {"decision": "approve", "digest": standing(stated, "rights").digest}
    assert client_of(owner).post("/collections/cantos/rights/approve/rights", answers).status_code == 302
    assert not Approval.objects.exists()
    client = client_of(reviewer)
    page = client.post("/collections/cantos/rights/approve/rights", answers | {"decision": "refuse"})
    assert page.context["form"].errors["reason"]
    client.post(
        "/collections/cantos/rights/approve/rights", answers | {"decision": "refuse", "reason": "Falta la carta."}
    )
    results = standing(stated, "rights")
    assert (results.state, results.reason, results.person) == ("refused", "Falta la carta.", reviewer)
    assert "Falta la carta." in client_of(owner).get("/collections/cantos/rights").content.decode()
    propose(stated, owner)
    assert standing(stated, "rights").state == "proposed"
    client.post("/collections/cantos/rights/approve/rights", answers)
    client.post("/collections/cantos/rights/approve/consent", answers | {"digest": standing(stated, "consent").digest})
    assert missing_approvals(stated) == []
    assert Collection.objects.get().state == "approved"


def test_a_steward_who_wrote_the_terms_does_not_approve_them(
    stated: Any, person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    steward = person("steward")
    seen = digest_of(covered(stated, "rights")["stated"])
    client_of(steward).post("/collections/cantos/rights/terms", _TERMS | {"seen": seen, "statement": "CC-BY-SA-4.0"})
    propose(stated, stated.owner)
    digest = standing(stated, "rights").digest
    assert not decide(stated, "rights", steward, digest, approved=True, reason="")
    assert decide(stated, "rights", person("reviewer"), digest, approved=True, reason="")


def test_nobody_approves_what_she_wrote_even_if_others_wrote_after_her(
    stated: Any, person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    first, second = person("steward", "primera"), person("steward", "segunda")
    for steward, statement in ((first, "CC-BY-SA-4.0"), (second, "CC0-1.0")):
        seen = digest_of(covered(stated, "rights")["stated"])
        changed = _TERMS | {"seen": seen, "statement": statement}
        assert client_of(steward).post("/collections/cantos/rights/terms", changed).status_code == 302
    propose(stated, stated.owner)
    assert not may_decide(first, stated, "rights")
    assert not may_decide(second, stated, "rights")
    _approve(stated, person("reviewer"))
    change_source(stated, {"rights.uses": ["evaluate"]})
    propose(stated, stated.owner)
    assert may_decide(first, stated, "rights")  # the reviewer approved what she wrote


def test_what_changed_while_a_reviewer_read_is_not_approved(
    stated: Any, person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    client = client_of(person("reviewer"))
    digest = client.get("/collections/cantos/rights/approve/rights").context["form"].initial["digest"]
    _add(stated, "nuevo.txt", _TEXT)
    propose(stated, stated.owner)
    page = client.post("/collections/cantos/rights/approve/rights", {"decision": "approve", "digest": digest})
    assert "It changed while you were reading it" in page.content.decode()
    assert not Approval.objects.exists()


def test_an_approval_expires_and_the_page_says_what_changed(
    stated: Any, person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    _approve(stated, person("reviewer"))
    assert missing_approvals(stated) == []
    _add(stated, "tres.txt", _TEXT)
    _add(stated, "uno.txt", _TEXT * 5)
    change_source(stated, {"rights.expires": "2100-01-01"})
    results = standing(stated, "rights")
    assert results.state == "expired"
    page = client_of(stated.owner).get("/collections/cantos/rights").content.decode()
    assert "1 file was added: tres.txt" in page
    assert "1 file has other content: uno.txt" in page
    assert "rights.expires: “–” became “2100-01-01”" in page
    assert len(missing_approvals(stated)) == 2


def test_an_approval_expires_when_a_licence_of_several_is_chosen_or_chosen_anew(
    stated: Any, person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    catalogue = {"name": "c.csv", "sha256": "0" * 64, "columns": {"Derechos": "rights"}}
    Collection.objects.update(draft=stated.draft | {"catalogue": catalogue})
    _add(stated, "uno.txt", _TEXT, row={"Derechos": "CC BY-NC / CC BY"})
    client = client_of(stated.owner)
    cell = "CC%20BY-NC%20/%20CC%20BY"
    for reviewer, statement in (("primera", "CC BY"), ("segunda", "CC-BY-NC-4.0")):
        propose(stated, stated.owner)
        _approve(stated, person("reviewer", reviewer))
        assert missing_approvals(stated) == []
        client.post(f"/collections/cantos/rights/group?value={cell}", {"statement": statement})
        assert standing(stated, "rights").state == "expired"
        with pytest.raises(ConfigError, match="aren't both approved"):
            approvals_now(stated)
        cell = "CC%20BY"


_CHANGES = st.sampled_from(
    ["statement", "uses", "agreement", "holder", "rights_holder", "file", "content", "cell", "map"]
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(_CHANGES, min_size=1, max_size=3, unique=True), value=st.sampled_from(["uno", "dos", "tres"]))
def test_an_approval_never_matches_changed_content(
    changes: list[str], value: str, person: Callable[..., Any], collection: Callable[..., Any]
) -> None:
    number = Collection.objects.count()
    owner = Person.objects.filter(username="duena").first() or person("contributor", "duena")
    reviewer = Person.objects.filter(username="revisora").first() or person("reviewer", "revisora")
    created = collection(owner, f"cantos-{number}")
    _add(created, "uno.txt", _TEXT)
    change_source(created, {"rights.statement": "CC-BY-4.0", "rights.uses": ["train"], "rights.basis": "licence"})
    propose(created, owner)
    _approve(created, reviewer)
    assert len(approvals_now(created)) == 2
    previous = {kind: json.dumps(covered(created, kind), sort_keys=True) for kind in KINDS}
    for change in changes:
        match change:
            case "statement":
                change_source(created, {"rights.statement": f"CC-BY-{value}"})
            case "uses":
                change_source(created, {"rights.uses": ["train", value]})
            case "agreement" | "holder":
                change_source(created, {"rights.agreement" if change == "agreement" else "holder": value})
            case "rights_holder":
                Collection.objects.filter(pk=created.pk).update(rights_holder=value)
            case "file":
                _add(created, f"{value}.md", _TEXT)
            case "content":
                _add(created, "uno.txt", f"{_TEXT} {value}")
            case "cell":
                (collection_folder(created) / "catalogue.csv").write_text(
                    f"file,rights\nfiles/uno.txt,{value}\n", "utf-8"
                )
            case "map":
                change_source(created, {"collect.columns.rights": value})
    assert any(json.dumps(covered(created, kind), sort_keys=True) != previous[kind] for kind in KINDS)
    assert standing(created, "rights").state == "expired"
    assert missing_approvals(created)
    with pytest.raises(ConfigError):
        approvals_now(created)


@pytest.mark.parametrize("how", ["changed", "added", "removed", "linked"])
def test_files_on_the_disk_that_are_not_the_approved_ones_are_not_released(
    how: str, stated: Any, person: Callable[..., Any]
) -> None:
    _approve(stated, person("reviewer"))
    path = files_folder(stated) / "uno.txt"
    match how:
        case "changed":
            path.write_text("otra cosa", encoding="utf-8")
        case "added":
            (files_folder(stated) / "oculto.txt").write_text(_TEXT, encoding="utf-8")
        case "removed":
            path.unlink()
        case "linked":
            path.rename(path.with_suffix(".copy"))
            path.symlink_to(path.with_suffix(".copy"))
    with pytest.raises(ConfigError, match=r"it isn't the file that was added here"):
        approvals_now(stated)


def test_no_route_releases_without_both_approvals(
    stated: Any, person: Callable[..., Any], client_of: Callable[..., Any], desk: Any
) -> None:
    from latam_corpus.web.access.roles import ROUTES
    from latam_corpus.web.jobs.queue import KINDS as JOBS

    client = client_of(person("steward"))
    decide(stated, "rights", person("reviewer"), standing(stated, "rights").digest, approved=True, reason="")
    for route in ROUTES:
        if route.startswith(("release", "rights")):
            name = route.removeprefix("release").removeprefix("rights").strip("-")
            part = "release" if route.startswith("release") else "rights"
            client.post(f"/collections/cantos/{part}{'/' + name if name else ''}", {"name": "voces", "uses": ["train"]})
    assert not Job.objects.filter(kind="release").exists()
    assert not (desk.data / "out" / "store").exists()
    job = Job.objects.create(kind="release", collection=stated, person=stated.owner, arguments={"name": "voces"})
    from latam_corpus.web.releases.jobs import make_version

    with pytest.raises(ConfigError, match="aren't both approved"):
        make_version(job)
    assert [name for name, kind in JOBS.items() if kind.where.startswith("latam_corpus.web.releases.jobs.make")] == [
        "release"
    ]


@pytest.mark.usefixtures("single")
def test_on_a_desk_for_one_person_the_page_says_that_nobody_else_has_looked(
    person: Callable[..., Any], client_of: Callable[..., Any], collection: Callable[..., Any]
) -> None:
    you = person("steward", "you")
    created = collection(you)
    _add(created, "uno.txt", _TEXT)
    change_source(created, {"rights.statement": "CC0-1.0", "rights.uses": ["train"], "rights.basis": "licence"})
    propose(created, you)
    _approve(created, you)
    assert standing(created, "rights").is_alone
    page = client_of(you).get("/collections/cantos/rights").content.decode()
    assert "no one else has reviewed it" in page
    with translation.override("es"):
        assert str(Person(username="you")) == "usted"
