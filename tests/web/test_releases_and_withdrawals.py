"""From an approved collection to its share of a version, and from a search to a receipt."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

import latam_corpus as lc
from latam_corpus.text.folding import folded
from latam_corpus.web.models import Collection, CollectionFile, Job
from latam_corpus.web.releases.shares import shares_of, store_folder
from latam_corpus.web.rights.approvals import KINDS, decide, propose, standing
from latam_corpus.web.source_values import change_source
from latam_corpus.web.withdrawals import jobs as withdrawal_jobs
from latam_corpus.web.withdrawals import search, views
from latam_corpus.web.withdrawals.search import find
from latam_corpus.web.workspace import files_folder, record_file

if TYPE_CHECKING:
    from collections.abc import Callable

# A run's warnings are for the job's log.
pytestmark = [pytest.mark.usefixtures("jobs_at_once"), pytest.mark.filterwarnings("ignore::UserWarning")]

_SONG = (
    "Baja la barca por el río de mi pueblo, baja cantando con la lluvia de abril, y en la orilla la espera mi madre "
    "con un pañuelo blanco y un farol encendido. Dile que vuelvo cuando madure el maíz, dile que guardo su carta, que "
    "en el puerto los vecinos me preguntan por ella y que nadie en la ribera canta como ella cantaba. "
)
_TALE = (
    "El maestro llegó a la escuela en una mula prestada por el comisario, con dos cajas de libros y una campana. Los "
    "niños lo recibieron en la plaza, y durante la primera semana nadie estudió, porque había que reparar el techo y "
    "pintar las paredes. Después aprendieron a leer con los periódicos que el comerciante traía cada mes de la ciudad. "
)
_LETTER = (
    "Querida hermana, te escribo desde la estación para decirte que el tren salió tarde y que la cosecha de este año "
    "fue mejor que la del año pasado. Mi padre vendió los bueyes, compró un arado nuevo, y piensa sembrar trigo en la "
    "ladera que mira al norte. Saluda a todos los primos, y manda noticias con el cartero que viene los jueves. "
)


def _add(collection: Any, name: str, text: str, **correction: str) -> None:
    path = files_folder(collection) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    row = record_file(collection, name, hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)
    CollectionFile.objects.filter(pk=row.pk).update(correction=correction)


def _approved(owner: Any, reviewer: Any, collection: Callable[..., Any], slug: str, **texts: str) -> Any:
    approved = collection(owner, slug, title=f"Cantos de {slug}", rights_holder="Familia Ruiz")
    for name, text in texts.items():
        _add(approved, f"{name}.txt", text, title=name.replace("_", " ").capitalize(), creators="Rosa Ruiz")
    change_source(approved, {"rights.statement": "CC-BY-4.0", "rights.uses": ["train"], "rights.basis": "licence"})
    change_source(approved, {"genre": "literature", "languages": ["spa"]})
    from latam_corpus.web.files.catalogue import write_catalogue

    write_catalogue(approved)
    propose(approved, owner)
    for kind in KINDS:
        assert decide(approved, kind, reviewer, standing(approved, kind).digest, approved=True, reason="")
    return approved


@pytest.fixture
def people(person: Callable[..., Any]) -> dict[str, Any]:
    """Return an owner, a reviewer and a steward."""
    return {role: person(role) for role in ("contributor", "reviewer", "steward")}


@pytest.fixture
def released(
    people: dict[str, Any], collection: Callable[..., Any], client_of: Callable[..., Any], jobs_at_once: None
) -> Any:
    """Return a collection with a song, its copy and two other texts in a version."""
    del jobs_at_once  # the version is made by a job
    texts = {"la_barca": _SONG, "la_barca_otra_vez": _SONG, "el_maestro": _TALE, "la_carta": _LETTER}
    approved = _approved(people["contributor"], people["reviewer"], collection, "rio", **texts)
    client = client_of(people["steward"])
    answer = client.post("/collections/rio/release/build", {"name": "voces", "uses": ["train"]})
    job = Job.objects.filter(kind="release").get()
    assert job.state == "done", job.result
    assert answer["Location"] == f"/jobs/{job.pk}"
    return approved


@pytest.mark.parametrize(
    ("chosen", "later", "rights"),
    [
        ("CC BY-NC", "CC-BY-NC-SA-4.0", "CC-BY-NC-SA-4.0"),
        ("CC BY", "https://rightsstatements.org/vocab/InC/1.0/", "CC BY"),
        ("CC BY-NC", "CC-BY-4.0", None),
    ],
)
def test_of_a_chosen_licence_and_later_terms_the_stricter_binds_a_version(
    chosen: str,
    later: str,
    rights: str | None,
    people: dict[str, Any],
    collection: Callable[..., Any],
    client_of: Callable[..., Any],
) -> None:
    cell = "CC BY / CC BY-NC"
    created = collection(people["contributor"], "rio", rights_holder="Familia Ruiz")
    for name, text in (("la_barca", _SONG), ("el_maestro", _TALE)):
        _add(created, f"{name}.txt", text)
    CollectionFile.objects.filter(path="la_barca.txt").update(row={"Derechos": cell})
    CollectionFile.objects.filter(path="el_maestro.txt").update(row={"Derechos": ""})
    catalogue = {"name": "c.csv", "sha256": "0" * 64, "columns": {"Derechos": "rights"}}
    Collection.objects.update(draft={"catalogue": catalogue})
    change_source(created, {"genre": "literature", "languages": ["spa"]})
    owner = client_of(people["contributor"])
    group = f"/collections/rio/rights/group?value={quote(cell)}"
    assert owner.post(group, {"statement": chosen, "next": "catalogue"})["Location"] == "/collections/rio/catalogue"
    seen = owner.get("/collections/rio/rights/terms").context["form"].initial["seen"]
    terms = {"custodian": "Biblioteca", "rights_holder": "Familia Ruiz", "basis": "contract", "agreement": "Carta 3"}
    stated = {"seen": seen, "statement": later, "uses": ["train"]}
    assert owner.post("/collections/rio/rights/terms", terms | stated).status_code == 302
    created.refresh_from_db()
    propose(created, created.owner)
    for kind in KINDS:
        assert decide(created, kind, people["reviewer"], standing(created, kind).digest, approved=True, reason="")
    client_of(people["steward"]).post("/collections/rio/release/build", {"name": "voces", "uses": ["train"]})
    job = Job.objects.get(kind="release")
    rows = lc.open_release(store_folder(), job.result["version"]).scan().collect().to_dicts()
    terms_of = {row["origin"]["file"]: (row["rights"], row["rights_tier"], row["uses"]) for row in rows}
    of_collection = terms_of["files/el_maestro.txt"]
    assert of_collection[0] == later
    assert terms_of.get("files/la_barca.txt") == ((rights, *of_collection[1:]) if rights else None)


@pytest.mark.usefixtures("released")
def test_an_owner_sees_her_share_and_her_texts_and_everyone_the_status(
    people: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    (share,), uncounted = shares_of("rio")
    assert uncounted == []
    assert (share.documents, share.languages[0][0], share.languages[0][3]) == (3, "spa_Latn", 100.0)
    assert share.words == sum(len(text.split()) for text in (_SONG, _TALE, _LETTER))
    assert share.attribution.startswith("Cantos de rio. Biblioteca de Xico. CC-BY-4.0. voces@")
    assert [entry["by"] for entry in share.approvals] == ["reviewer", "reviewer"]
    owner = client_of(people["contributor"])
    page = owner.get("/collections/rio/release").content.decode()
    assert share.attribution in page
    assert f"approved, in version {share.version}" in page
    assert Collection.objects.get().state == "released"
    page = owner.get(f"/collections/rio/release/texts?version={share.version}").content.decode()
    assert "El maestro" in page
    doc = re.search(r"doc=([^\"&]+)\">El maestro", page)
    assert doc is not None
    text = owner.get(f"/collections/rio/release/text?version={share.version}&doc={doc[1]}")
    assert "una mula prestada" in text.content.decode()
    assert owner.get("/collections/rio/release/texts?version=voces@1999.1.0").status_code == 404
    reviewer = client_of(people["reviewer"])
    assert reviewer.get(f"/collections/rio/release/texts?version={share.version}").status_code == 403
    number = Collection.objects.get().status_number
    page = client_of().get(f"/status/{number}").content.decode()
    assert share.version in page
    assert "Cantos de rio" not in page
    owner.post("/collections/rio/release/public", {"is_public": "on"})
    assert "Cantos de rio" in client_of().get(f"/status/{number}").content.decode()
    assert client_of().get("/status/W0001-00000000").status_code == 404


def test_a_song_and_its_copy_are_withdrawn_with_a_receipt(
    released: Any, people: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    owner = client_of(people["contributor"])
    results_url = owner.post("/collections/rio/withdraw", {"query": "BAJA la  barca", "by": "words"})["Location"]
    page = owner.get(results_url).content.decode()
    rows = Job.objects.get(kind="find texts").result["rows"]
    assert {row["file"] for row in rows} == {"la_barca.txt", "la_barca_otra_vez.txt"}
    assert "2 matches" in page
    assert "as a copy" in page
    wrong = owner.post(results_url, {"kind": "withdrawal", "because": ""})
    assert "Tick at least one text." in wrong.content.decode()
    answers = {"row": ["0", "1"], "kind": "withdrawal", "because": "la familia lo pide"}
    request = owner.post(results_url, answers)["Location"]
    tried = Job.objects.get(kind="try withdrawal")
    assert tried.state == "done", tried.result
    assert (tried.result["leaving_count"], tried.result["returning"]) == (1, [])
    page = owner.get(request).content.decode()
    assert "La barca" in page
    assert "la_barca_otra_vez.txt" in page
    assert len(lc.versions(store_folder())) == 1
    assert CollectionFile.objects.count() == 4
    done = owner.post(request)["Location"]
    (entry,) = Job.objects.get(kind="withdraw").result["receipts"]
    page = owner.get(done).content.decode()
    assert entry["request"] in page
    assert "data:image/svg+xml" in page
    assert len(lc.versions(store_folder())) == 2
    assert {file.path for file in CollectionFile.objects.all()} == {"el_maestro.txt", "la_carta.txt"}
    assert [share.documents for share in shares_of("rio")[0]] == [2, 2]
    assert find(released, "baja la barca", "words", everywhere=True) == ([], False)
    receipt = owner.get(f"{done}/receipt")
    assert receipt["Content-Disposition"] == 'attachment; filename="{}.html"'.format(entry["request"])
    assert entry["request"] in b"".join(receipt.streaming_content).decode()
    public = client_of().get(f"/status/{entry['request']}").content.decode()
    assert "1 text was withdrawn." in public
    assert f"{entry['before']} (1)" in public
    assert "barca" not in public
    assert owner.post(request)["Location"] == done
    assert Job.objects.filter(kind="withdraw").count() == 1


def test_two_confirmations_at_once_start_one_withdrawal(
    released: Any, people: dict[str, Any], client_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = client_of(people["contributor"])
    results_url = owner.post("/collections/rio/withdraw", {"query": "maestro", "by": "title"})["Location"]
    answers = {"row": ["0"], "kind": "withdrawal", "because": "la familia lo pide", "keep_files": "on"}
    request = owner.post(results_url, answers)["Location"]
    actual = views._may_confirm  # noqa: SLF001  (somebody else confirms meanwhile)

    def meanwhile(of: Any, job: Job) -> bool:
        monkeypatch.setattr(views, "_may_confirm", actual)
        client_of(people["contributor"]).post(request)
        return actual(of, job)

    monkeypatch.setattr(views, "_may_confirm", meanwhile)
    done = owner.post(request)["Location"]
    assert Job.objects.filter(kind="withdraw").count() == 1
    assert done.endswith(f"/{Job.objects.get(kind='withdraw').pk}")
    rows, _is_cut = find(released, "maestro", "title", everywhere=False)
    assert [(row["versions"], row["is_withdrawn"]) for row in rows if row["doc_id"]] == [([], True)]


@pytest.mark.usefixtures("released")
def test_a_second_person_confirms_if_the_collection_asks_for_one_and_a_hold_ends(
    people: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    owner, reviewer, steward = (client_of(people[role]) for role in ("contributor", "reviewer", "steward"))
    owner.post("/collections/rio/withdraw/rule", {"second_person": "on"})
    results_url = owner.post("/collections/rio/withdraw", {"query": "maestro", "by": "title"})["Location"]
    answers = {"row": ["0"], "kind": "hold", "because": "dos herederos discuten"}
    request = owner.post(results_url, answers)["Location"]
    page = owner.get(request).content.decode()
    assert "A second person confirms it" in page
    assert "1 text would be hidden in all versions" in page
    owner.post(request)
    assert not Job.objects.filter(kind="withdraw").exists()
    owner.post("/collections/rio/withdraw/rule", {})
    assert Collection.objects.get().draft["second_person"]
    assert "dos herederos discuten" in reviewer.get("/collections/rio/withdraw").content.decode()
    assert "Yes, hold them" in reviewer.get(request).content.decode()
    done = reviewer.post(request)["Location"]
    (entry,) = Job.objects.get(kind="withdraw").result["receipts"]
    assert entry["kind"] == "hold"
    assert CollectionFile.objects.count() == 4
    assert shares_of("rio")[0][0].documents == 2
    assert owner.post(f"{done}/return", {"request": entry["request"], "because": "acuerdo"}).status_code == 403
    steward.post(f"{done}/return", {"request": entry["request"], "because": "llegaron a un acuerdo"})
    ended = Job.objects.get(kind="end hold")
    assert ended.state == "done", ended.result
    assert shares_of("rio")[0][0].documents == 3
    page = steward.get(f"/collections/rio/withdraw/done/{ended.pk}").content.decode()
    assert "Receipt of a return" in page
    assert "Versions that have the texts again" in page
    assert "no longer get" not in page
    (entry,) = ended.result["receipts"]
    assert "no longer get" not in owner.get(f"/status/{entry['request']}").content.decode()


@pytest.mark.usefixtures("released")
def test_a_held_text_can_be_withdrawn_and_a_withdrawn_one_leaves_no_second_receipt(
    people: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    owner = client_of(people["contributor"])
    pages = []
    for kind, keeps in (("hold", ""), ("withdrawal", "on"), ("withdrawal", "")):
        results_url = owner.post("/collections/rio/withdraw", {"query": "maestro", "by": "title"})["Location"]
        answers = {"row": ["0"], "kind": kind, "because": "lo piden", "keep_files": keeps}
        pages.append(owner.get(owner.post(owner.post(results_url, answers)["Location"])["Location"]).content.decode())
    jobs = Job.objects.filter(kind="withdraw").order_by("pk")
    assert [[entry["kind"] for entry in job.result["receipts"]] for job in jobs] == [["hold"], ["withdrawal"], []]
    assert [job.result["removed"] for job in jobs] == [[], [], ["el_maestro.txt"]]
    assert ["there is no new receipt" in page for page in pages] == [False, False, True]


@pytest.mark.usefixtures("released")
def test_a_copy_of_another_collection_is_shown_without_its_title_and_a_steward_confirms(
    people: dict[str, Any], client_of: Callable[..., Any], collection: Any, person: Callable[..., Any]
) -> None:
    other_collection = _approved(
        person("contributor", "otra"), people["reviewer"], collection, "puerto", secreto_de_la_barca=f"{_SONG}{_LETTER}"
    )
    CollectionFile.objects.filter(collection=other_collection).update(
        correction={"title": "Secreto", "creators": "Ana Paz"}
    )
    from latam_corpus.web.files.catalogue import write_catalogue

    write_catalogue(other_collection)
    propose(other_collection, other_collection.owner)
    for kind in KINDS:
        decide(
            other_collection,
            kind,
            people["reviewer"],
            standing(other_collection, kind).digest,
            approved=True,
            reason="",
        )
    steward = client_of(people["steward"])
    steward.post("/collections/puerto/release/build", {"name": "otras"})
    assert Job.objects.filter(kind="release", state="done").count() == 2
    owner = client_of(people["contributor"])
    results_url = owner.post("/collections/rio/withdraw", {"query": "pañuelo blanco", "by": "words"})["Location"]
    page = owner.get(results_url).content.decode()
    assert "Secreto" not in page
    answers = {"row": ["0", "1"], "kind": "withdrawal", "because": "la familia lo pide"}
    page = owner.get(owner.post(results_url, answers)["Location"]).content.decode()
    remaining = page.partition("Copies that stay in the versions")[2]
    assert "a text of another collection: puerto" in remaining
    assert "Secreto" not in remaining
    request = owner.post(results_url, answers | {"with_copies": "on"})["Location"]
    assert "Copies that stay" not in owner.get(request).content.decode()
    tried = Job.objects.filter(kind="try withdrawal").latest("pk")
    assert tried.state == "done", tried.result
    assert tried.result["concerns_others"]
    assert "a steward confirms it" in owner.get(request).content.decode()
    owner.post(request)
    assert not Job.objects.filter(kind="withdraw").exists()
    page = steward.get(steward.post(request)["Location"]).content.decode()
    for version in (*lc.versions(store_folder(), "otras"), lc.versions(store_folder(), "voces")[0]):
        assert f"{version} (1)" in page
    assert "versions of other corpora were made with these texts: otras." in page


@pytest.mark.usefixtures("released")
def test_a_list_of_matches_that_is_cut_says_so(
    people: dict[str, Any], client_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = client_of(people["contributor"])
    for limit, is_cut in ((500, False), (3, True)):
        monkeypatch.setattr(search, "_MOST", limit)
        results_url = owner.post("/collections/rio/withdraw", {"query": "que", "by": "words"})["Location"]
        assert ("more matches than this list can show" in owner.get(results_url).content.decode()) is is_cut


def test_a_text_that_cannot_be_read_is_withdrawn_by_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its copies, a text is withdrawn by its words; without words, the document still leaves."""
    monkeypatch.setattr(
        withdrawal_jobs, "documents_by_id", lambda _ids: {"a": {"text": "La barca"}, "b": {"text": None}}
    )
    arguments = {"docs": {"a": ["voces@1"], "b": ["voces@1"], "c": ["voces@1"]}, "with_copies": True}
    requests = withdrawal_jobs._requests(arguments)  # noqa: SLF001  (the whole of a job is tried above)
    assert requests == {"voces": {"texts": ["La barca"], "docs": ["b", "c"]}}


def test_capitals_accents_and_spaces_make_no_difference() -> None:
    assert folded(" La  CANCIÓN\n") == "la cancion"
