"""Texts are read and judged on the desk: by whom, blind, stored at once and as sheets are."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from built_versions import build, prose

import latam_corpus as lc
from latam_corpus.web.files.jobs import run_collection
from latam_corpus.web.models import Job, Sample
from latam_corpus.web.source_values import change_source
from latam_corpus.web.workspace import files_folder, record_file, source_file, state_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import CommandLine, Document, KeptRun

# Reading a version of which documents were withdrawn warns.
pytestmark = [pytest.mark.filterwarnings("ignore::UserWarning"), pytest.mark.usefixtures("jobs_at_once")]
_RUN = "cuentos-1a2b3c4d"
_GOOD = {"language": "yes", "natural": "yes", "personal_data": "no", "verdict": "good", "note": ""}


@pytest.fixture
def run(document: Document, kept_run: KeptRun) -> Path:
    """A run of four texts; one is for training only."""
    documents = [document(number, text=prose(number), title=f"Canto {number}") for number in range(4)]
    documents[0] |= {"title": "<script>alert(1)</script>", "text": f"<b>hostil</b> {prose(0)}"}
    documents[3] |= {"uses": ["train"], "title": "Canto cerrado"}
    return kept_run(_RUN, documents)


@pytest.fixture
def store(run: Path, tmp_path: Path) -> Path:
    """A store with a version of the run."""
    folder = tmp_path / "out" / "store"
    build("voces", [run], folder, admit=["open"], uses=["train"], today=date(2026, 11, 25))
    return folder


@pytest.fixture
def draw(store: Path) -> Callable[..., int]:
    """Return a function that draws texts of the version and returns the number of the sample."""

    def drawn(client: Any, number: int = 3) -> int:
        client.post("/judging/draw", {"named": lc.versions(store)[0], "number": number})
        return int(Sample.objects.latest("pk").pk)

    return drawn


@pytest.fixture
def own_run(run: Path, person: Callable[..., Any], collection: Callable[..., Any]) -> Any:
    """The collection that the run belongs to."""
    created = collection(person("contributor"))
    result = {"run": run.name, "state": state_of(created, None)}
    Job.objects.create(kind="run", person=created.owner, collection=created, state="done", result=result)
    return created


def _stored(folder: Path, **filters: Any) -> tuple[Any, ...]:
    return lc.judgements(folder / "out", **filters).rows


def test_a_reader_goes_on_where_she_stopped_and_changes_an_answer(
    draw: Callable[..., int], person: Callable[..., Any], client_of: Callable[..., Any], tmp_path: Path
) -> None:
    client = client_of(person("reviewer"))
    number = draw(client)
    assert client.get(f"/judging/{number}/next")["Location"] == f"/judging/{number}/1"
    page = client.get(f"/judging/{number}/1").content.decode()
    assert "1 of 3" in page
    assert client.post(f"/judging/{number}/1", _GOOD)["Location"] == f"/judging/{number}/2"
    assert client.post(f"/judging/{number}/1", _GOOD)["Location"] == f"/judging/{number}/2"  # sent twice
    assert len(_stored(tmp_path)) == 1
    assert client.post(f"/judging/{number}/3", _GOOD)["Location"] == f"/judging/{number}/2"
    assert "You have judged 2 of 3 texts." in client.get("/judging/").content.decode()
    client.get("/judging/")  # another visit
    assert client.get(f"/judging/{number}/next")["Location"] == f"/judging/{number}/2"
    changed = _GOOD | {"verdict": "bad", "language": "no", "other": "quechua", "note": " mezclado "}
    assert client.post(f"/judging/{number}/2", changed)["Location"] == f"/judging/{number}/"
    client.post(f"/judging/{number}/1", changed)
    answers = {"language": "que", "natural": "yes", "personal_data": "no", "verdict": "bad"}
    judged = {judgement.note: judgement for judgement in _stored(tmp_path)}
    assert judged["mezclado"].answers == answers
    assert len(_stored(tmp_path)) == 3
    page = client.get(f"/judging/{number}/1").content.decode()
    assert "mezclado" in page
    assert 'value="bad" aria-pressed="true"' in page


def test_a_long_drawing_is_shown_as_work_and_reading_does_not_draw_again(
    draw: Callable[..., int], person: Callable[..., Any], client_of: Callable[..., Any], monkeypatch: Any
) -> None:
    reviewer = person("reviewer")
    client = client_of(reviewer)
    number = draw(client)
    assert "data-refresh" not in client.get("/judging/").content.decode()
    Job.objects.create(kind="draw texts", person=reviewer, state="running")
    assert "data-refresh" in client.get("/judging/").content.decode()
    monkeypatch.delattr(lc, "sample")
    assert "1 of 3" in client.get(f"/judging/{number}/1").content.decode()


def test_the_second_reader_is_blind_and_agreement_is_shown_to_those_who_have_finished(
    draw: Callable[..., int], person: Callable[..., Any], client_of: Callable[..., Any], tmp_path: Path
) -> None:
    first, second = (client_of(person("reviewer", name)) for name in ("ana", "eva"))
    steward = client_of(person("steward"))
    number = draw(first)
    for place, verdict in enumerate(("good", "good", "bad"), 1):
        first.post(f"/judging/{number}/{place}", _GOOD | {"verdict": verdict, "note": "opinión de Ana"})
    assert "Two readers have to judge" in first.get(f"/judging/{number}/").content.decode()
    assert draw(second) == number
    addresses = ["/judging/", f"/judging/{number}/", *(f"/judging/{number}/{place}" for place in (1, 2, 3))]
    for place in (1, 2, 3):
        for address in addresses:
            page = second.get(address).content.decode()
            assert "opinión de Ana" not in page
            assert "%</td>" not in page
        assert 'aria-pressed="true"' not in second.get(f"/judging/{number}/{place}").content.decode().split("<main")[1]
        assert "%</td>" not in first.get(f"/judging/{number}/").content.decode()
        assert "%</td>" not in steward.get(f"/judging/{number}/").content.decode()
        second.post(f"/judging/{number}/{place}", _GOOD)
    pairs = {pair.question: pair for pair in lc.judgements(tmp_path / "out").agreement}
    assert pairs["verdict"].kappa == 0
    for client in (first, second, steward):
        page = client.get(f"/judging/{number}/").content.decode()
        assert "ana – eva" in page
        assert "67 %" in page
    for place in (1, 2, 3):
        assert "opinión de Ana" not in second.get(f"/judging/{number}/{place}").content.decode()
    third = client_of(person("reviewer", "luz"))
    assert "%</td>" not in third.get(f"/judging/{number}/").content.decode()


def test_answers_are_stored_as_those_of_a_sheet(
    draw: Callable[..., int],
    person: Callable[..., Any],
    client_of: Callable[..., Any],
    command_line: CommandLine,
    store: Path,
    tmp_path: Path,
) -> None:
    client = client_of(person("reviewer", "rosa"))
    client.post(f"/judging/{draw(client)}/1", _GOOD | {"note": "leído"})
    (judged,) = map(asdict, _stored(tmp_path))
    sheet, out = tmp_path / "s.csv", ("--out", tmp_path / "out")
    named = lc.versions(store)[0]
    command_line("sample", named, "--by", "language", "--n", "3", "--to", sheet, "--in", "en", *out)
    head, first, *_rest = sheet.read_text("utf-8").splitlines(keepends=True)
    separator = ";" if first.startswith(";;;;;") else ","
    filled = separator.join(["good", "yes", "yes", "no", "leído", ""])
    sheet.write_text(head + first.replace(separator * 5, filled, 1), "utf-8")
    command_line("judge", "import", sheet, "--reader", "Rosa", *out)
    (imported,) = map(asdict, _stored(tmp_path, readers=["Rosa"]))
    assert imported | {"sheet": "", "reader": ""} == judged | {"sheet": "", "reader": ""}


def test_texts_are_shown_as_their_terms_say_and_all_of_a_run_to_its_owner(
    own_run: Any, store: Path, draw: Callable[..., int], person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    owner, reviewer = client_of(own_run.owner), client_of(person("reviewer"))
    stranger = client_of(person("contributor", "otra"))
    assert owner.post("/judging/draw", {"named": _RUN, "number": 10})["Location"] == "/judging/1/next"
    assert "Canto cerrado" in owner.get("/judging/1/").content.decode()
    assert "Canto cerrado" not in (page := reviewer.get("/judging/1/").content.decode())
    assert "You have judged 0 of 3 texts." in page
    (closed,) = [place for place in range(1, 5) if reviewer.get(f"/judging/1/{place}").status_code == 302]
    assert reviewer.post(f"/judging/1/{closed}", _GOOD)["Location"] == "/judging/1/"
    assert lc.judgements(store.parent).rows == ()
    assert owner.post(f"/judging/1/{closed}", _GOOD).status_code == 302
    assert len(lc.judgements(store.parent).rows) == 1
    for address in ("/judging/1/", "/judging/1/next", "/judging/1/1"):
        assert stranger.get(address).status_code == 404
    assert stranger.post("/judging/1/1", _GOOD).status_code == 404
    assert stranger.post("/judging/draw", {"named": _RUN, "number": 1}).status_code == 422
    of_version = draw(reviewer)
    assert "Canto cerrado" not in reviewer.get(f"/judging/{of_version}/").content.decode()
    assert owner.get(f"/judging/{of_version}/").status_code == 404
    assert owner.post("/judging/draw", {"named": lc.versions(store)[0], "number": 1}).status_code == 422
    with source_file(own_run).open("a", encoding="utf-8") as file:
        file.write("# other terms\n")
    for client in (owner, reviewer):
        assert "None of these texts may be read any more" in client.get("/judging/1/").content.decode()
        assert client.get("/judging/1/1").status_code == 302


@pytest.mark.parametrize("function", [lc.withdraw, lc.hold])
def test_a_text_that_leaves_disappears_and_takes_no_answer(
    function: Any, draw: Callable[..., int], person: Callable[..., Any], client_of: Callable[..., Any], store: Path
) -> None:
    client = client_of(person("reviewer"))
    number = draw(client)
    previous_page = client.get(f"/judging/{number}/2").content.decode()
    function(store, "voces", because="lo pide", docs=[Sample.objects.get().texts[1][0]], progress=False)
    assert client.post(f"/judging/{number}/2", _GOOD)["Location"] == f"/judging/{number}/"
    assert lc.judgements(store.parent).rows == ()
    assert client.post(f"/judging/{number}/1", _GOOD)["Location"] == f"/judging/{number}/3"
    page = client.get(f"/judging/{number}/3").content.decode()
    assert "2 of 2" in page
    assert "2 of 3" in previous_page


def test_a_hostile_text_is_escaped(
    draw: Callable[..., int], person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    client = client_of(person("reviewer"))
    number = draw(client)
    client.post(f"/judging/{number}/1", _GOOD | {"note": "</textarea><script>alert(2)</script>"})
    pages = "".join(client.get(f"/judging/{number}/{place}").content.decode() for place in ("", 1, 2, 3))
    assert "&lt;b&gt;hostil&lt;/b&gt;" in pages
    assert "<b>hostil" not in pages
    assert "<script>alert" not in pages


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"verdict": "excellent"}, "Select a valid choice"),
        ({"verdict": ""}, "Say whether the text is good"),
        ({"natural": "perhaps"}, "Select a valid choice"),
        ({"other": "quechua"}, "You answered that the language is right"),
        ({"language": "no", "other": "marciano"}, "marciano"),
    ],
)
def test_another_answer_is_refused_and_nothing_is_stored(
    changed: dict[str, str],
    sentence: str,
    draw: Callable[..., int],
    person: Callable[..., Any],
    client_of: Callable[..., Any],
    tmp_path: Path,
) -> None:
    client = client_of(person("reviewer"))
    answer = client.post(f"/judging/{draw(client)}/1", _GOOD | changed)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert _stored(tmp_path) == ()
    assert client.get("/judging/1/99").status_code == 404


def test_without_a_text_that_may_be_read_the_draw_says_so(
    store: Path, document: Document, kept_run: KeptRun, person: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    run = kept_run("cerrados-1a2b3c4d", [document(9, uses=["train"])])
    build("cerrados", [run], store, admit=["open"], uses=["train"], today=date(2026, 11, 25))
    (named,) = lc.versions(store, "cerrados")
    answer = client_of(person("reviewer")).post("/judging/draw", {"named": named, "number": 3})
    assert answer.status_code == 422
    assert "its only document may not be shown" in answer.content.decode()
    assert not Sample.objects.exists()


def test_the_texts_of_a_collection_are_read_after_its_run(
    person: Callable[..., Any], client_of: Callable[..., Any], collection: Callable[..., Any]
) -> None:
    created = collection(person("contributor"))
    client = client_of(created.owner)
    assert "There is nothing to read yet" in client.get("/judging/").content.decode()
    path = files_folder(created) / "maestro.txt"
    path.write_text(
        "El maestro llegó a la escuela en una mula prestada por el comisario, con dos cajas de libros y una campana. "
        "Los niños lo recibieron en la plaza, y durante la primera semana nadie estudió, porque había que reparar el "
        "techo y pintar las paredes. Después aprendieron a leer con los periódicos que traía el comerciante.",
        encoding="utf-8",
    )
    record_file(created, path.name, "0" * 64, path.stat().st_size)
    change_source(created, {"genre": "literature", "languages": ["spa"]})
    job = Job.objects.create(kind="run", person=created.owner, collection=created, state="running")
    result = run_collection(job)
    Job.objects.filter(pk=job.pk).update(state="done", result=result)
    assert "Cantos del río, its last run" in client.get("/judging/").content.decode()
    first = client.post("/judging/draw", {"named": result["run"], "number": 3})["Location"]
    text = client.get(first)["Location"]
    assert "una mula prestada" in client.get(text).content.decode()
    assert client.post(text, _GOOD)["Location"] == "/judging/1/"


@pytest.mark.usefixtures("store")
def test_a_damaged_file_of_judgements_is_named(person: Any, client_of: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "out" / "judgements.jsonl").write_text("{roto\n")
    response = client_of(person("reviewer")).get("/judging/")
    assert response.status_code == 409
    assert "judgements.jsonl:1" in response.content.decode()
