"""The public catalogue: each person sees the collections and texts that they may, by role and by terms."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from built_versions import build, prose

from latam_corpus.web.browse.holdings import bars
from latam_corpus.web.models import Collection, Job
from latam_corpus.web.releases.jobs import count_versions
from latam_corpus.web.releases.shares import count_version, store_folder, stored_counts
from latam_corpus.web.source_values import change_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Document, KeptRun

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
_OPEN = {"rights": "CC-BY-4.0", "rights_tier": "attribution", "uses": ["train", "redistribute"]}
_CLOSED = {"rights": "CC-BY-NC-4.0", "rights_tier": "non_commercial", "uses": ["train"]}


@pytest.fixture
def version(document: Document, kept_run: KeptRun, desk: Any) -> str:
    """A version with texts of a public collection and of a private one, with and without leave to show them."""
    documents = [
        document(1, text=prose(1), title="Canto abierto", source_id="publica", genre="lyrics", country="MX", **_OPEN),
        document(2, text=prose(2), title="Canto cerrado", source_id="publica", genre="lyrics", country="MX", **_CLOSED),
        document(3, text=prose(3), title="Acta privada", source_id="privada", genre="legal", country="PE", **_OPEN),
        document(
            4,
            text=f"Escriba a rosa.ruiz@correo.example. {prose(4)}",
            title="Carta de rosa.ruiz@correo.example",
            source_id="publica",
            genre="literature",
            country="AR",
            **_OPEN,
        ),
    ]
    run = kept_run("voces-1a2b3c4d", documents)
    assert run.is_relative_to(desk.data / "out" / "runs")
    options: dict[str, Any] = {
        "admit": ["attribution", "non_commercial"],
        "uses": ["train"],
        "today": date(2026, 11, 25),
    }
    spec = build("voces", [run], store_folder(), **options).spec
    count_version(spec)
    return spec


@pytest.fixture
def owner(version: str, person: Callable[..., Any], collection: Callable[..., Any]) -> Any:
    """The owner of both collections, of which one is public."""
    del version
    someone = person("contributor", "duena")
    collection(someone, "publica", title="Cantos públicos", draft={"is_public": True})
    collection(someone, "privada", title="Actas privadas")
    return someone


def _doc(number: int, version: str) -> str:
    import latam_corpus as lc

    title = {1: "Canto abierto", 2: "Canto cerrado", 3: "Acta privada"}[number]
    rows = lc.open_release(store_folder(), version).scan().select("doc_id", "title").collect()
    return str(rows.filter(rows["title"] == title)["doc_id"][0])


@pytest.mark.parametrize(
    ("role", "sees_private"),
    [("", False), ("contributor", False), ("owner", True), ("reviewer", True), ("steward", True)],
)
def test_a_person_sees_the_collections_of_their_role_alone(
    role: str, sees_private: bool, owner: Any, person: Callable[..., Any], client_of: Callable[..., Any], version: str
) -> None:
    client = client_of(owner if role == "owner" else person(role, "otra") if role else None)
    page = client.get("/browse/").content.decode()
    assert version in page
    assert "Cantos públicos" in page
    for private in ("Actas privadas", "/browse/privada", 'value="PE"', 'value="legal"'):
        assert (private in page) == sees_private, private
    assert f"<dd>{4 if sees_private else 3}</dd>" in page
    assert client.get("/browse/privada").status_code == (200 if sees_private else 404)
    story = client.get(f"/browse/privada/text?doc={_doc(3, version)}")
    assert story.status_code == (200 if sees_private else 404)


def test_a_text_whose_terms_do_not_allow_it_is_shown_to_nobody_else(
    owner: Any, person: Callable[..., Any], client_of: Callable[..., Any], version: str
) -> None:
    closed, opened = _doc(2, version), _doc(1, version)
    for someone in (None, person("contributor", "otra"), person("reviewer")):
        client = client_of(someone)
        page = client.get("/browse/publica").content.decode()
        assert "Canto abierto" in page
        assert "Canto cerrado" not in page
        assert closed not in page
        assert client.get(f"/browse/publica/text?doc={closed}").status_code == 404
        story = client.get(f"/browse/publica/text?doc={opened}").content.decode()
        assert "Canto abierto" in story
        assert prose(1)[:30] in story
    story = client_of(owner).get(f"/browse/publica/text?doc={closed}").content.decode()
    assert "Canto cerrado" in story
    assert "The terms of the text allow nobody else to see it." in story


@pytest.mark.usefixtures("owner")
def test_a_visitor_learns_whom_to_ask_for_a_withdrawal(client_of: Callable[..., Any], version: str) -> None:
    addresses = ("/browse/publica", f"/browse/publica/text?doc={_doc(1, version)}")
    row = Collection.objects.get(slug="publica")
    for contact in (row.custodian, "familia@correo.example"):
        for address in addresses:
            assert f"To ask for a withdrawal, contact: {contact}" in client_of(None).get(address).content.decode()
        consent = [{"id": "c1", "withdrawal_contact": "familia@correo.example"}]
        change_source(row, {"consent": consent})


@pytest.mark.usefixtures("owner")
def test_personal_data_is_masked(client_of: Callable[..., Any], version: str) -> None:
    del version
    page = client_of().get("/browse/publica").content.decode()
    assert "Carta de " in page
    assert "rosa.ruiz" not in page
    (doc,) = {part.partition('"')[0] for part in page.split("?doc=")[1:] if "Carta de" in part.partition("</a>")[0]}
    story = client_of().get(f"/browse/publica/text?doc={doc}").content.decode()
    assert "Carta de " in story
    assert "rosa.ruiz" not in story


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("state", [Collection.State.HELD, Collection.State.WITHDRAWN])
def test_a_collection_on_hold_or_not_public_any_more_is_gone(
    state: str, client_of: Callable[..., Any], version: str
) -> None:
    Collection.objects.filter(slug="publica").update(state=state)
    page = client_of().get("/browse/").content.decode()
    assert "No collection of this desk is public yet." in page
    assert version not in page
    assert client_of().get("/browse/publica").status_code == 404
    Collection.objects.update(state="released", draft={"is_public": False})
    assert client_of().get("/browse/publica").status_code == 404


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("genre=lyrics", 2),
        ("country=AR", 1),
        ("rights=non_commercial", 1),
        ("language=spa_Latn&genre=lyrics&rights=attribution", 1),
        ("country=PE", 0),
        ("genre=x%00%3Cscript%3E", 0),
    ],
)
def test_versions_are_filtered(query: str, texts: int, client_of: Callable[..., Any], version: str) -> None:
    response = client_of().get(f"/browse/?{query}&page=x")
    page = response.content.decode()
    assert response.status_code == 200
    assert (version in page) == bool(texts)
    assert f"<dd>{texts}</dd>" in page if texts else "No public text matches." in page
    assert "<script>" not in page


@pytest.mark.usefixtures("owner")
def test_a_card_and_a_collection_link_to_what_belongs_to_them(client_of: Callable[..., Any], version: str) -> None:
    page = client_of().get("/browse/").content.decode()
    assert 'href="/browse/publica"' in page
    assert "CC BY-NC: non-commercial" in page
    page = client_of().get("/browse/publica").content.decode()
    assert f"{version}." in page
    number = Collection.objects.get(slug="publica").status_number
    assert f'href="/status/{number}"' in page
    assert "Biblioteca de Xico" in client_of().get("/browse/publica").content.decode()
    assert client_of().get("/browse/publica/text?doc=x").status_code == 404
    assert client_of().get(f"/browse/publica/text?doc={_doc(3, version)}").status_code == 404
    assert client_of().get(f"/browse/publica/text?version=voces@1.1.1&doc={_doc(1, version)}").status_code == 404


def test_counts_of_an_earlier_desk_are_counted_again(version: str) -> None:
    from latam_corpus.web.releases import shares

    file = shares._file(version)  # noqa: SLF001  (as an earlier desk wrote it)
    approvals = {"publica": [{"kind": "rights", "name": "Ana", "day": "2026-11-25", "alone": False}]}
    stored = {"version": "v", "day": "2026-11-25", "counts": [], "approvals": approvals}
    file.write_text(json.dumps(stored), encoding="utf-8")
    assert stored_counts(version) is None
    assert shares.count_version(version)["approvals"] == approvals


@pytest.mark.usefixtures("owner")
def test_a_visitor_starts_the_count_of_a_version_that_was_built_outside_the_desk(
    client_of: Callable[..., Any], version: str
) -> None:
    from latam_corpus.web.releases import shares

    shares._file(version).unlink()  # noqa: SLF001  (as if the version was built outside the desk)
    for _visit in range(2):
        assert "The versions are being counted." in client_of().get("/browse/").content.decode()
    job = Job.objects.get(kind="count versions")
    assert job.person is None
    Job.objects.update(state="failed")
    client_of().get("/browse/")
    assert Job.objects.count() == 1
    Job.objects.update(state="done")
    client_of().get("/browse/")
    assert Job.objects.count() == 2
    count_versions(job)
    page = client_of().get("/browse/").content.decode()
    assert version in page
    assert "being counted" not in page


@pytest.mark.usefixtures("owner", "version")
@pytest.mark.parametrize("path", ["/browse/", "/browse/publica"])
@pytest.mark.parametrize(
    ("code", "word"), [("es", "Catálogo público"), ("pt-br", "Catálogo público"), ("en", "Public")]
)
def test_a_page_is_small_and_in_the_readers_language(
    path: str, code: str, word: str, client_of: Callable[..., Any]
) -> None:
    response = client_of().get(path, headers={"accept-language": code})
    assert word in response.content.decode()
    assert len(response.content) < 100_000
    assert 'href="/browse/"' in client_of().get("/login").content.decode()


def test_small_values_of_a_chart_are_one_bar() -> None:
    rows: list[dict[str, Any]] = [
        {"country": f"X{number}", "documents": 1, "words": 10 + number} for number in range(12)
    ]
    chart = bars(rows, "country", "en")
    assert len(chart) == 8
    assert (chart[0].name, chart[-1].name, chart[-1].documents) == ("X11", "…", 5)
    assert sum(bar.words for bar in chart) == sum(row["words"] for row in rows)
