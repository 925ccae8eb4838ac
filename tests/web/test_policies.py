"""The rules of a language: picked by name, edited with own texts in view, signed, and used in runs."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from latam_corpus.web.jobs import worker
from latam_corpus.web.models import Collection, CollectionFile, Job, LogEntry, Person, PolicyDraft
from latam_corpus.web.policies.jobs import policy_text
from latam_corpus.web.source_values import change_source
from latam_corpus.web.workspace import out_folder, rules_folder

if TYPE_CHECKING:
    from collections.abc import Callable

_STORY = (
    "En el año de 1932 la biblioteca de la ciudad recibió una donación de libros que venían de la casa de un maestro. "
    "Los vecinos ayudaron a llevarlos en carretas, y durante muchas semanas se reunieron por las tardes para "
    "ordenarlos. Quien quiera consultarlos puede escribir a archivo@biblioteca.mx, como hacía Rosa Ruiz.\n"
)
_LISTED = (
    "Esta es la cuenta de la tienda de la sierra en el mes de mayo: 2 4 6 de las velas que ya se le dieron a la "
    "casa, 8 0 2 de lo que él les llevó a los de la escuela, 7 8 9 0 por la sal y por el maíz que se le debe a "
    "ella, 4 5 6 7 de todo lo que está en el patio con los clavos, 1 2 3 4 5 de la manta y de lo demás que "
    "no se pagó, 1 2 3 4 5 6 de lo de ayer, y 1 2 3 4 5 6 7 8 9 0 1 2 3 4 de lo que aún no es de nadie.\n"
)


@pytest.fixture(autouse=True)
def _jobs_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do each job when it is queued, in this process."""

    def enqueue(kind: str, person: Any, collection: Any = None, **arguments: Any) -> Job:
        job = Job.objects.create(kind=kind, person=person, collection=collection, arguments=arguments, state="running")
        monkeypatch.setattr("sys.argv", ["job", str(job.pk)])
        worker.main()
        job.refresh_from_db()
        return job

    for module in ("files.views", "jobs.queue"):
        monkeypatch.setattr(f"latam_corpus.web.{module}.enqueue", enqueue)


@pytest.fixture
def client(person: Callable[..., Any], client_of: Callable[..., Any]) -> Any:
    """Return the browser of a contributor."""
    return client_of(person("contributor"))


@pytest.fixture
def texts(client: Any, collection: Any) -> None:
    """Create the contributor's collection, with a story and a bill."""
    change_source(collection(Person.objects.get()), {"genre": "web"})
    texts = {"historia.txt": _STORY, "cuenta.txt": _LISTED}
    files = [SimpleUploadedFile(name, text.encode()) for name, text in texts.items()]
    client.post("/collections/cantos/files/upload", {"files": files})


def _page(client: Any, address: str) -> str:
    return str(client.get(address).content.decode())


def _draft(client: Any, code: str = "spa") -> PolicyDraft:
    address = client.post("/rules/new", {"code": code})["Location"]
    return PolicyDraft.objects.get(pk=int(address.rpartition("/")[2]))


def _values(client: Any, draft: PolicyDraft, page: int = 1) -> dict[str, Any]:
    """Return the values that the form of a page sends without a change."""
    context = client.get(f"/rules/{draft.pk}?page={page}").context
    form = context["form"]
    sent: dict[str, Any] = {}
    for name in form.bounds:
        shown = str(form[name].value())
        sent |= {name: shown, f"{name}-slid": shown, f"{name}-was": shown}
    return sent | {"keep": [word for word, _kept, _places in context["words"]], "version": form["version"].value()}


def _save(client: Any, draft: PolicyDraft, **changed: Any) -> Any:
    changes = {name.replace("__", "-"): value for name, value in changed.items()}
    return client.post(f"/rules/{draft.pk}?page=1", _values(client, draft) | changes)


def _sign(client: Any, draft: PolicyDraft, **changed: Any) -> Any:
    digest = client.get(f"/rules/{draft.pk}").context["digest"]
    sent = {"reader": "Rosa, Xico", "statement": "Hablo esta lengua.", "digest": digest}
    return client.post(f"/rules/{draft.pk}/sign", sent | changed)


def _bound(client: Any, draft: PolicyDraft, name: str) -> dict[str, Any]:
    bounds = client.get(f"/rules/{draft.pk}").context["bounds"]
    return next(bound for bound in bounds if bound["field"].name == name)


def test_a_language_is_found_by_the_name_that_people_say(client: Any) -> None:
    page = _page(client, "/rules?q=MIXTECO de penoles")
    assert re.findall(r'name="code" value="(\w+)"', page) == ["mil"]
    for language, name in (("en", "Guerrero"), ("es", "Guerrero"), ("pt-br", "Guerrero")):
        context = client.get("/rules?q=NAHUATL", headers={"accept-language": language}).context
        assert context["group"][0] == "nah"
        assert ("ngu", name) in context["found"]
    spanish = client.get("/rules?q=guerrero", headers={"accept-language": "es"}).context["found"]
    assert ("ngu", "náhuatl de Guerrero") in spanish
    assert "No language of the region" in _page(client, "/rules?q=xyzzy")


@pytest.mark.parametrize(
    ("group", "file"), [("omq-x-mixtec", "omq"), ("nah", "nah"), ("und-x-totonac", "tcw"), ("que", "que")]
)
def test_who_does_not_know_the_variety_stores_the_group(client: Any, group: str, file: str) -> None:
    page = _page(client, f"/rules?group={group}")
    assert "I don't know which</button>" in page
    draft = _draft(client, re.findall(r'name="code" value="([\w-]+)"', page)[0])
    assert draft.language == group
    assert tomllib.loads(policy_text(draft))["language"] == file


@pytest.mark.parametrize("code", ["", "und", "xyzzy", "../spa", "es"])
def test_what_is_no_language_starts_no_draft(client: Any, code: str) -> None:
    assert client.post("/rules/new", {"code": code})["Location"] == "/rules"
    assert not PolicyDraft.objects.exists()


@pytest.mark.usefixtures("texts")
def test_each_word_has_examples_from_own_texts_which_hide_what_is_hidden(client: Any) -> None:
    draft = _draft(client)
    answer = client.get(f"/rules/{draft.pk}")
    places = {word: places for word, _kept, places in answer.context["words"]}
    assert 2 <= len(places["de"]) <= 3
    assert {place[3] for place in places["de"]} == {"historia.txt", "cuenta.txt"}
    assert all(place[1].lower() == "de" for place in places["de"])
    assert "<mark>de</mark>" in answer.content.decode()
    assert "archivo@" not in json.dumps(Job.objects.get(kind="try rules").result)
    assert answer.context["unseen_count"] > 0


@pytest.mark.usefixtures("texts")
def test_a_bound_names_the_texts_that_it_drops_without_measuring_again(client: Any) -> None:
    draft = _draft(client)
    name = "alphabetic_word_share-min"
    previous = _bound(client, draft, name)
    assert [row["title"] for row, _value in previous["rows"]] == ["cuenta.txt"]
    _save(client, draft, alphabetic_word_share__min="55")
    assert _bound(client, draft, name)["count"] == 0
    assert "It drops none of your texts." in _page(client, f"/rules/{draft.pk}")
    _save(client, draft, alphabetic_word_share__min="100")
    current = _bound(client, draft, name)
    assert [row["title"] for row, _value in current["rows"]] == ["cuenta.txt", "historia.txt"]
    assert [value for _row, value in current["rows"]] == sorted(value for _row, value in current["rows"])
    assert Job.objects.filter(kind="try rules").count() == 1


def test_the_slider_counts_if_only_it_was_moved(client: Any) -> None:
    draft = _draft(client)
    _save(client, draft, **{"alphabetic_word_share-min-slid": "61.5"})
    draft.refresh_from_db()
    assert draft.rules["bounds"]["alphabetic_word_share"] == {"min": 0.615}
    _save(client, draft, **{"alphabetic_word_share-min": "62", "alphabetic_word_share-min-slid": "70"})
    draft.refresh_from_db()
    assert draft.rules["bounds"]["alphabetic_word_share"] == {"min": 0.62}


def test_saving_without_a_change_changes_no_rule(client: Any) -> None:
    draft = _draft(client)
    previous = policy_text(draft)
    assert _save(client, draft).status_code == 302
    draft.refresh_from_db()
    assert policy_text(draft) == previous
    assert not LogEntry.objects.filter(action="rules changed").exists()


@pytest.mark.usefixtures("texts")
def test_words_are_added_and_removed_and_own_texts_measured_again(client: Any) -> None:
    draft = _draft(client)
    kept_words = [word for word in _values(client, draft)["keep"] if word != "el"]
    other_page = draft.rules["words"][150]
    _save(client, draft, keep=kept_words, add="Maestro, maíz")
    draft.refresh_from_db()
    assert "el" not in draft.rules["words"]
    assert {"maestro", "maíz", other_page} <= set(draft.rules["words"])
    assert LogEntry.objects.filter(action="rules changed").latest("pk").reason == "+maestro; +maíz; -el"
    client.get(f"/rules/{draft.pk}")
    assert Job.objects.filter(kind="try rules").first().result["examples"]["maestro"]
    assert Job.objects.filter(kind="try rules").count() == 2


def test_what_is_no_word_and_a_wrong_number_are_named_beside_their_fields(client: Any) -> None:
    draft = _draft(client)
    answer = _save(client, draft, add="a+b", alphabetic_word_share__min="70")
    assert answer.status_code == 422
    assert "«a+b»" in answer.context["form"].errors["add"][0]
    assert answer.context["digest"] == client.get(f"/rules/{draft.pk}").context["digest"]
    answer = _save(client, draft, alphabetic_word_share__min="170")
    assert "alphabetic_word_share-min" in answer.context["form"].errors
    draft.refresh_from_db()
    assert draft.version == 1


def test_two_people_who_edit_one_draft_see_the_conflict(
    client: Any, person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    draft = _draft(client, "lat")
    steward = client_of(person("steward"))
    opened = _values(client, draft)
    _save(steward, draft, add="et", alphabetic_word_share__min="60")
    answer = client.post(f"/rules/{draft.pk}", opened | {"add": "non"})
    assert answer.status_code == 422
    assert answer.context["form"].conflict_rows() == [
        ("Words", "et", "non"),
        ("words that have a letter: at least", "60", "50"),
    ]
    assert "Someone else saved this in the meantime." in answer.content.decode()
    draft.refresh_from_db()
    assert draft.rules["words"] == ["et"]
    client.post(f"/rules/{draft.pk}", opened | {"add": "non", "version": answer.context["form"]["version"].value()})
    draft.refresh_from_db()
    assert draft.rules["words"] == ["non"]


def test_a_signature_ends_when_a_word_or_bound_changes(client: Any) -> None:
    draft = _draft(client)
    assert "Nobody has reviewed these rules yet." in _page(client, f"/rules/{draft.pk}")
    assert _sign(client, draft).status_code == 302
    page = _page(client, f"/rules/{draft.pk}")
    assert "Signed by Rosa, Xico" in page
    assert "«Hablo esta lengua.»" in page
    draft.refresh_from_db()
    assert re.search(r'reviewed_by = \["Rosa, Xico, \d{4}-\d\d-\d\d, sha256:[0-9a-f]{16}"\]', draft.signed)
    _save(client, draft, alphabetic_word_share__min="60")
    page = _page(client, f"/rules/{draft.pk}")
    assert "the signature isn't valid any more" in page
    assert "Changed after Rosa, Xico" in _page(client, "/rules")
    _save(client, draft, alphabetic_word_share__min="70")
    assert "Signed by Rosa, Xico" in _page(client, f"/rules/{draft.pk}")


def test_only_the_owner_signs_and_only_what_the_page_showed(
    client: Any, person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    draft = _draft(client)
    steward = client_of(person("steward"))
    assert _sign(steward, draft).status_code == 404
    shown = client.get(f"/rules/{draft.pk}").context["digest"]
    _save(steward, draft, add="vecino")
    assert _sign(client, draft, digest=shown).status_code == 422
    assert _sign(client, draft, reader=" ").status_code == 422
    draft.refresh_from_db()
    assert not draft.signed


def test_the_draft_of_another_is_not_shown(
    client: Any, person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    draft = _draft(client)
    other_client = client_of(person("contributor", "otra"))
    for address in ("", "/sign", "/use"):
        assert other_client.post(f"/rules/{draft.pk}{address}").status_code == 404
    assert "Spanish" not in _page(other_client, "/rules")


@pytest.mark.usefixtures("texts")
@pytest.mark.filterwarnings("ignore::UserWarning")  # nothing states rights
def test_runs_use_signed_rules_alone_and_a_verdict_changes(client: Any) -> None:
    def reasons_by_file() -> dict[str, list[str]]:
        client.post("/collections/cantos/files/run")
        return {file.path: file.fate["reasons"] for file in CollectionFile.objects.all()}

    draft = _draft(client)
    assert reasons_by_file() == {"historia.txt": [], "cuenta.txt": ["alphabetic_word_share<0.7"]}
    _save(client, draft, alphabetic_word_share__min="55")
    client.post(f"/rules/{draft.pk}/use", {"collection": "cantos"})
    folder = rules_folder(Collection.objects.get())
    assert not folder.exists()
    _sign(client, draft)
    client.post(f"/rules/{draft.pk}/use", {"collection": "cantos"})
    assert (folder / "spa.toml").is_file()
    assert reasons_by_file() == {"historia.txt": [], "cuenta.txt": []}
    run = Job.objects.filter(kind="run").first().result["run"]
    record = json.loads((out_folder() / "runs" / run / "run.json").read_text("utf-8"))
    assert record["policies"][0]["readers"] == ["Rosa, Xico"]
    _save(client, draft, alphabetic_word_share__min="100")
    assert reasons_by_file() == {"historia.txt": [], "cuenta.txt": []}
    assert "uses rules that Rosa, Xico signed on" in _page(client, f"/rules/{draft.pk}")
    client.post(f"/rules/{draft.pk}/use", {})
    assert not (folder / "spa.toml").exists()
    assert reasons_by_file()["cuenta.txt"] == ["alphabetic_word_share<0.7"]
    assert list(
        LogEntry.objects.filter(action__startswith="rules").order_by("pk").values_list("action", flat=True)
    ) == [
        "rules opened",
        "rules changed",
        "rules signed",
        "rules used",
        "rules changed",
        "rules no longer used",
    ]


def test_without_texts_the_rules_can_be_read(person: Callable[..., Any], client_of: Callable[..., Any]) -> None:
    client = client_of(person("contributor"))
    draft = _draft(client, "mil")
    page = _page(client, f"/rules/{draft.pk}")
    assert "None of your texts follows these rules." in page
    assert not draft.rules["words"]
    assert draft.rules["bounds"]["stop_word_count"] == {"min": 1}
    assert "stop_words" not in tomllib.loads(policy_text(draft))


@pytest.mark.usefixtures("texts")
def test_a_damaged_file_of_used_rules_is_named(client: Any) -> None:
    draft = _draft(client)
    folder = rules_folder(Collection.objects.get())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spa.toml").write_bytes(b'language = "spa"\nname = \xff')
    response = client.get(f"/rules/{draft.pk}")
    assert response.status_code == 409
    assert "spa.toml" in response.content.decode()
