"""Every sentence of the desk is translated, with its parameters, and nothing else is in its catalogues."""

from __future__ import annotations

import importlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from latam_corpus import web
from latam_corpus.web.log import ACTIONS, log
from latam_corpus.web.rights.approvals import KINDS

if TYPE_CHECKING:
    from babel.messages import Catalog

_PACKAGE = Path(web.__file__).parent
_PARAMETER = re.compile(r"%\(\w+\)[sd]|%%")


@cache
def _said() -> frozenset[str]:
    helps: Any = importlib.import_module("tests.web_message_extractor")
    methods = [("**.py", helps.module), ("templates/**.html", helps.template)]
    results = extract_from_dir(_PACKAGE, methods, keywords=helps.KEYWORDS)
    return frozenset(str(one[2][0] if isinstance(one[2], tuple) else one[2]) for one in results)


def _catalogue(language: str) -> Catalog:
    with (_PACKAGE / "locale" / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def _id(message: Any) -> str:
    return str(message.id if isinstance(message.id, str) else message.id[0])


def _forms(message: Any) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


@pytest.mark.parametrize("language", ["es", "pt_BR"])
def test_every_sentence_has_its_translation(language: str) -> None:
    messages = [message for message in _catalogue(language) if message.id]
    assert len(_said()) > 100
    assert _said() == {_id(message) for message in messages}
    for message in messages:
        forms = _forms(message)
        original = message.id if isinstance(message.id, str) else message.id[-1]
        assert all(form.strip() for form in forms), message.id
        assert not message.fuzzy, message.id
        for form in forms:
            assert set(_PARAMETER.findall(form)) == set(_PARAMETER.findall(str(original))), message.id


@pytest.mark.parametrize("language", ["es", "pt_BR"])
def test_the_compiled_catalogue_is_that_of_the_sentences(language: str) -> None:
    with (_PACKAGE / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        compiled = read_mo(file)
    written = {_id(message): _forms(message) for message in _catalogue(language) if message.id}
    assert {_id(message): _forms(message) for message in compiled if message.id} == written


def test_every_action_of_the_log_has_a_label() -> None:
    sources = [file.read_text("utf-8") for file in _PACKAGE.rglob("*.py")]
    actions = {action for text in sources for action in re.findall(r'\blog\(\s*[\w.]+, "([^"]+)"', text)}
    kinds = {f"{kind} {what}" for kind in KINDS for what in ("proposed", "approved", "refused")}
    assert actions | kinds | {"texts held", "texts withdrawn"} == ACTIONS.keys()


def test_the_log_is_shown_and_searched_in_the_readers_language(person: Any, client_of: Any) -> None:
    steward = person("steward")
    log(steward, "version made", "collection rio")
    page = client_of(steward).get("/log?q=versión+creada", headers={"accept-language": "es"}).content.decode()
    assert "versión creada: rio" in page
