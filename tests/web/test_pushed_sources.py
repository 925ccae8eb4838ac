"""`sources pull` and `sources push` against a desk: copies, conflicts, approvals, refusals."""

from __future__ import annotations

import email.message
import io
import json
import sys
import urllib.error
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.desk.desk_api import DeskApi
from latam_corpus.web.models import Collection, Token
from latam_corpus.web.rights.approvals import decide, propose, standing
from latam_corpus.web.workspace import source_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import CommandLine

_DESK = "http://127.0.0.1:8000"
_BOTH = ["sources:read", "sources:write"]


class _Response(io.BytesIO):
    """A response of the desk, as `urllib` has it."""

    def __init__(self, response: Any) -> None:
        super().__init__(response.content)
        self.headers = response.headers


@pytest.fixture
def log_in(client_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Sends requests of the commands to the desk, without a network, with a new token of a person."""

    class Opener:
        def open(self, request: Any, timeout: float) -> Any:
            assert timeout
            assert request.full_url.startswith(f"{_DESK}/api/")
            headers = {name.lower(): value for name, value in request.header_items()}
            response = client_of(enforce_csrf_checks=True).generic(
                request.get_method(),
                request.full_url.removeprefix(_DESK),
                request.data or b"",
                headers.pop("content-type", ""),
                headers=headers,
            )
            if response.status_code < 300:
                return _Response(response)
            raise urllib.error.HTTPError("", response.status_code, "", email.message.Message(), _Response(response))

    own_init = DeskApi.__init__

    def init(self: DeskApi, *arguments: str) -> None:
        own_init(self, *arguments)
        self._opener = Opener()  # type: ignore[assignment]

    monkeypatch.setattr(DeskApi, "__init__", init)

    def log_in_as(someone: Any, scopes: list[str] = _BOTH) -> str:
        token = Token.make(someone, "prueba", scopes, 1)
        monkeypatch.setenv("LATAM_CORPUS_TOKEN", token)
        return token

    return log_in_as


@pytest.fixture
def pulled(
    person: Callable[..., Any], collection: Any, log_in: Any, command_line: CommandLine, tmp_path: Path
) -> tuple[Any, Path]:
    """A collection, and the source file that its owner pulled."""
    owned = collection(person("contributor"))
    log_in(owned.owner)
    source = tmp_path / "propia" / "source.toml"
    assert command_line("sources", "pull", "cantos", "--desk", _DESK, "--to", source.parent).code == 0
    assert source.read_bytes() == source_file(owned).read_bytes()
    return owned, source


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_changed_copy_is_pushed_once(pulled: tuple[Any, Path], command_line: CommandLine) -> None:
    owned, source = pulled
    assert "nothing was sent" in command_line("sources", "push", source, "--desk", _DESK, "--lang", "en").out
    _change(source, "Cantos del río", "Cantos de la sierra")
    told = command_line("sources", "push", source, "--desk", f"{_DESK}/", "--json")
    assert told.code == 0
    assert told.json["pushed"] == ["source"]
    assert source_file(owned).read_bytes() == source.read_bytes()
    assert Collection.objects.get().title == "Cantos de la sierra"
    assert "nothing was sent" in command_line("sources", "push", source, "--desk", _DESK, "--lang", "en").out


def test_two_people_who_change_one_draft_see_it(
    pulled: tuple[Any, Path], command_line: CommandLine, person: Callable[..., Any], log_in: Any, tmp_path: Path
) -> None:
    owned, source = pulled
    token = log_in(person("steward"))
    other = tmp_path / "ajena" / "source.toml"
    assert command_line("sources", "pull", "cantos", "--desk", _DESK, "--to", other.parent).code == 0
    _change(other, "Cantos del río", "Cantos de otra persona")
    assert command_line("sources", "push", other, "--desk", _DESK).code == 0
    _change(source, "Cantos del río", "Cantos míos")
    told = command_line("sources", "push", source, "--desk", _DESK, "--lang", "en")
    assert told.code == 1
    assert "changed in the meantime" in told.err
    assert str(source) in told.err.replace("\n", "")
    assert "Cantos de otra persona" in source_file(owned).read_text("utf-8")
    again = command_line("sources", "pull", "cantos", "--desk", _DESK, "--to", source.parent, "--lang", "en")
    assert again.code == 2
    assert "has changes that the desk doesn't have" in again.err
    assert "Cantos míos" in source.read_text("utf-8")
    assert token not in told.err + told.out + again.err


def test_a_file_that_was_not_pulled_replaces_no_collection(
    pulled: tuple[Any, Path], command_line: CommandLine, tmp_path: Path
) -> None:
    _owned, source = pulled
    copy = tmp_path / "cantos.toml"
    copy.write_bytes(source.read_bytes())
    told = command_line("sources", "push", copy, "--desk", _DESK, "--lang", "en")
    assert told.code == 1
    assert "exists already; copy it into another folder" in told.err
    copy.write_text(source.read_text("utf-8").replace('id = "cantos"', 'id = "nuevos"'), encoding="utf-8")
    assert command_line("sources", "push", copy, "--desk", _DESK).code == 0
    assert Collection.objects.get(slug="nuevos").state == "draft"


def test_a_catalogue_is_pushed_with_its_source_and_the_desks_columns_come_back(
    pulled: tuple[Any, Path], command_line: CommandLine
) -> None:
    owned, source = pulled
    owned.files.create(path="uno.txt", sha256="0" * 64, size=1)
    catalogue = source.with_name("catalogue.csv")
    catalogue.write_text("file,title,rights\nfiles/uno.txt,Canto,CC BY 4.0\n", encoding="utf-8")
    _change(source, "[collect]\n", '[collect]\nindex.file = "catalogue.csv"\n')
    told = command_line("sources", "push", source, "--desk", _DESK, "--json")
    assert told.code == 0, told.err
    assert told.json["pushed"] == ["source", "catalogue"]
    assert owned.files.get().row == {"file": "files/uno.txt", "title": "Canto", "rights": "CC BY 4.0"}
    assert source_file(owned).read_bytes() == source.read_bytes()
    _change(catalogue, "CC BY 4.0", "CC0-1.0")
    told = command_line("sources", "push", source, "--desk", _DESK, "--json")
    assert told.json["pushed"] == ["catalogue"]
    assert owned.files.get().row["rights"] == "CC0-1.0"


def test_an_approval_ends_when_a_push_changes_what_it_covers(
    pulled: tuple[Any, Path], command_line: CommandLine, person: Callable[..., Any]
) -> None:
    owned, source = pulled
    propose(owned, owned.owner)
    digest = standing(owned, "rights").digest
    assert decide(owned, "rights", person("reviewer"), digest, approved=True, reason="")
    _change(source, 'holder = "Biblioteca de Xico"', 'holder = "Otra biblioteca"')
    told = command_line("sources", "push", source, "--desk", _DESK, "--lang", "en")
    assert "the approval of the rights no longer applies" in told.out
    assert standing(owned, "rights").state == "expired"


def test_a_token_without_the_scope_changes_nothing(
    pulled: tuple[Any, Path], command_line: CommandLine, log_in: Any
) -> None:
    owned, source = pulled
    before = source_file(owned).read_bytes()
    log_in(owned.owner, ["sources:read"])
    _change(source, "Cantos del río", "Cantos míos")
    told = command_line("sources", "push", source, "--desk", _DESK, "--lang", "en")
    assert told.code == 2
    assert "sources:write" in told.err
    assert source_file(owned).read_bytes() == before


def test_an_unknown_token_is_refused_with_what_to_do(
    command_line: CommandLine, log_in: Any, person: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(person("contributor"))
    missing = command_line("sources", "pull", "nada", "--desk", _DESK, "--lang", "en")
    assert missing.code == 2
    assert "no collection «nada»" in missing.err
    monkeypatch.setenv("LATAM_CORPUS_TOKEN", "desk_inventado")
    told = command_line("sources", "pull", "cantos", "--desk", _DESK, "--lang", "en")
    assert told.code == 2
    assert "Make a token on the page of your account" in told.err
    assert "inventado" not in told.err + told.out


def test_without_an_answer_there_is_no_token(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process may have no standard input, and Ctrl-D ends it."""
    monkeypatch.delenv("LATAM_CORPUS_TOKEN", raising=False)

    def ended(_question: str) -> str:
        raise EOFError

    monkeypatch.setattr("latam_corpus.desk.commands.desk_copies.getpass", ended)
    for stdin in (None, SimpleNamespace(isatty=lambda: True)):
        monkeypatch.setattr(sys, "stdin", stdin)
        told = command_line("sources", "pull", "cantos", "--desk", _DESK, "--lang", "en")
        assert (told.code, "there is no token" in told.err) == (2, True)


def test_a_mistake_is_named_before_anything_is_sent(
    pulled: tuple[Any, Path], command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    _owned, source = pulled
    monkeypatch.delenv("LATAM_CORPUS_TOKEN")
    told = command_line("sources", "push", source, "--desk", _DESK, "--lang", "en")
    assert told.code == 2
    assert "there is no token" in told.err
    source.write_text('id = "cantos"\ngenre = "prenza"\n', encoding="utf-8")
    told = command_line("sources", "push", source, "--desk", _DESK, "--lang", "es")
    assert told.code == 2
    assert "prenza" in told.err


def test_what_the_desk_alone_refuses_names_the_line_of_the_file(
    pulled: tuple[Any, Path], command_line: CommandLine
) -> None:
    owned, source = pulled
    _change(source, "[collect]\n", '[collect]\nindex.file = "../../otra/catalogue.csv"\n')
    told = command_line("sources", "push", source, "--desk", _DESK, "--lang", "en")
    assert told.code == 2, told.out
    assert "collect.index.file" in told.err
    assert "otra" not in source_file(owned).read_text("utf-8")
    assert json.loads((source.parent / ".cantos.desk.json").read_bytes())["desk"] == _DESK
