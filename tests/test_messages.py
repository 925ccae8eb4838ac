"""Sentences in three languages: the catalogues have every sentence of the code, complete and current."""

from __future__ import annotations

import ast
import gettext
import importlib
import json
import pickle
import re
import string
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import latam_corpus
from latam_corpus import messages
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import DOMAIN, LOCALE, Message, _, enumerated, evidence_values, same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from babel.messages import Catalog

_PACKAGE = Path(latam_corpus.__file__).parent
_TRANSLATED = ("es", "pt")


@cache
def _said() -> frozenset[str]:
    """Return the sentences in the source, as `make messages` extracts them (`tests/babel.cfg`)."""
    helps = importlib.import_module("tests.message_extractor")
    return frozenset(str(message[2]) for message in extract_from_dir(_PACKAGE, [("**.py", helps.extract)]))


@cache
def _catalogue(language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


_COUNTED = re.compile(r"\{(\w+):([^|{}]*)\|((?:[^{}]|\{\w+\})*)\}")  # {n:document|documents}


def _of_several(sentence: str) -> str:
    """Return a sentence with the plural words in place of the choice."""
    return _COUNTED.sub(r"\3", sentence)


def _parameters(sentence: str) -> list[str]:
    """Return the names in braces."""
    return sorted(field[1] for field in string.Formatter().parse(_of_several(sentence)) if field[1] is not None)


def _counts(sentence: str) -> set[str]:
    """Return the parameters by which a sentence chooses its words."""
    return {match[1] for match in _COUNTED.finditer(sentence)}


@pytest.mark.parametrize("language", _TRANSLATED)
def test_every_sentence_has_its_translation(language: str) -> None:
    """A sentence that was edited in the source has no translation until it gets a new one (`make messages`)."""
    written = {str(item.id): item for item in _catalogue(language) if item.id}
    assert len(_said()) > 500
    assert sorted(_said() - written.keys()) == []
    assert sorted(written.keys() - _said()) == []
    assert [name for name, item in written.items() if item.fuzzy or not str(item.string).strip()] == []
    assert not _catalogue(language).obsolete


@pytest.mark.parametrize("language", _TRANSLATED)
def test_a_translation_has_the_parameters_of_its_sentence(language: str) -> None:
    """Each parameter occurs as often, and under the same name."""
    for item in _catalogue(language):
        if item.id:
            assert _parameters(str(item.id)) == _parameters(str(item.string)), item.id
            assert _counts(str(item.string)) <= set(_parameters(str(item.id))), item.id
            assert list(item.check(_catalogue(language))) == []


# A number with a noun for several: two words may stand between them.
_SEVERAL = re.compile(r"\{(\w+)\} (?:of \{\w+\} )?(?:(?:[a-z]+(?<!s)) ){0,2}?([a-z]+s)\b")
_NO_NOUNS = re.compile(
    "as|begins|closes|contains|differs|does|ends|has|is|its|leads|less|lies|locks|names|opens|pass|reads|says|stands|starts|states|"
    "takes|this|was"
)
_NEVER_ONE = re.compile(
    "more than {(n|max_ratio|max_total|max_record|largest|cap|most)}|documents at most"  # limits of the program
    "|of {n} words|cue «|stop word «"  # from two words on
    "|of 1,000|{kept} words|texts per second|bytes and had|bytes, not|cut after|bytes of {language} hold"  # measured
    "|small files|files and folders|also knows {others} others|ranks|of its {n} codes|{n} good documents"  # always many
    "|names of {n} (submissions|runs) begin|documents match"  # and one is asked for
    "|add {host} to hosts"  # a key
)


@pytest.mark.parametrize("language", _TRANSLATED)
def test_a_count_of_one_is_singular(language: str) -> None:
    """No sentence says «1 documents», in English or, where English chooses by a number, in a translation."""
    wanting = [
        (sentence, noun)
        for sentence in sorted(_said())
        for _count, noun in _SEVERAL.findall(_COUNTED.sub("", sentence))
        if not _NO_NOUNS.fullmatch(noun) and not _NEVER_ONE.search(sentence)
    ]
    assert wanting == []
    assert [item.id for item in _catalogue(language) if not _counts(str(item.id)) <= _counts(str(item.string))] == []


@pytest.mark.parametrize("language", _TRANSLATED)
def test_what_is_read_is_what_is_written(language: str) -> None:
    """The compiled catalogue, which is installed, was compiled from this one."""
    with (LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for item in _catalogue(language):
        assert not item.id or compiled.gettext(str(item.id)) == item.string
    assert len(vars(compiled)["_catalog"]) == len(_catalogue(language)) + 1  # the header


@cache
def _modules() -> dict[str, ast.Module]:
    """Return the package's modules by dotted name."""
    return {
        ".".join(path.relative_to(_PACKAGE.parent).with_suffix("").parts): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(_PACKAGE.rglob("*.py"))
    }


@cache
def _nodes(module: str) -> list[ast.AST]:
    """Return all nodes of a module."""
    return list(ast.walk(_modules()[module]))


def _sentence(call: ast.expr | None) -> str | None:
    """Return the sentence in a call of `_`."""
    is_marked = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "_"
    return str(ast.literal_eval(call.args[0])) if isinstance(call, ast.Call) and is_marked else None


@cache
def _constants(module: str) -> dict[str, str]:
    """Return the sentences that a module defines as constants, or as items of a constant tuple, as in `_WRONG[0]`."""
    sentences: dict[str, str | None] = {}
    for node in _modules()[module].body:
        if isinstance(node, ast.AnnAssign):
            name = ast.unparse(node.target)
            parts = node.value.elts if isinstance(node.value, ast.Tuple) else ()
            sentences |= {
                name: _sentence(node.value),
                **{f"{name}[{n}]": _sentence(item) for n, item in enumerate(parts)},
            }
    return {name: text for name, text in sentences.items() if text}


def _known(module: str) -> dict[str, str]:
    """Return the module's constants, and those that it imports."""
    imports = [node for node in _nodes(module) if isinstance(node, ast.ImportFrom)]
    imported = {
        alias.name: _constants(str(node.module))[alias.name]
        for node in imports
        if node.module in _modules()
        for alias in node.names
        if alias.name in _constants(str(node.module))
    }
    return {**imported, **_constants(module)}


def _filled(module: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield each sentence that is filled with values in a module, and the call."""
    constants = _known(module)
    for node in _nodes(module):
        if not isinstance(node, ast.Call) or not node.keywords or any(word.arg is None for word in node.keywords):
            continue
        if sentence := _sentence(node):
            yield sentence, node
            continue
        # `CONSTANT.fill(…)`, and the commands' own `say(CONSTANT, …)`.
        is_filled = isinstance(node.func, ast.Attribute) and node.func.attr == "fill"
        is_said = isinstance(node.func, ast.Name) and node.func.id == "say"
        name = ast.unparse(node.func)[: -len(".fill")] if is_filled else ast.unparse(node.args[0]) if is_said else ""
        if name in constants:
            yield constants[name], node


def test_sentences_get_exactly_their_parameters() -> None:
    """Calls of `_` and of `fill` pass the parameters of the sentence, neither more nor fewer."""
    filled = [(module, sentence, call) for module in _modules() for sentence, call in _filled(module)]
    assert len(filled) > 120
    for module, sentence, call in filled:
        given = sorted(str(word.arg) for word in call.keywords)
        assert given == sorted(set(_parameters(sentence))), f"{module}:{call.lineno}: {sentence}"


def test_a_value_that_is_missing_is_an_error() -> None:
    """Every language raises the error, rather than showing braces."""
    for language in ("es", "pt", "en"):
        with pytest.raises(KeyError, match="name"):
            _("there is no source «{name}» in the catalogue").translate(language)


def test_pickled_errors_are_translated() -> None:
    """Parameters of a worker's error are translated; braces in a value aren't parameters, and texts are unchanged."""
    raised = ConfigError(
        _("input of {source}", source="a"), _("no file matches «{named}»", named="{x}"), "left as written"
    )
    error = pickle.loads(pickle.dumps(raised))  # noqa: S301  (its own bytes)
    assert str(error) == "input of a: no file matches «{x}»; left as written"
    assert str(error.translated("es")) == "entrada de a: ningún archivo coincide con «{x}»; left as written"
    assert (error.place, error.problem, error.remedy) == ("input of a", "no file matches «{x}»", "left as written")
    near = ConfigError("receta", "no", closest("filtro", ["filter"])).translated("pt")
    assert near.remedy == "você quis escrever “filter”?"


def test_nested_messages_are_translated() -> None:
    """Texts that are the same in every language are unchanged, and an empty one stays empty."""
    both = enumerated([_("news"), same("<b>")])
    assert both.translations() == {"es": "prensa, <b>", "pt": "imprensa, <b>", "en": "news, <b>"}
    assert enumerated([]).translations() == {"es": "", "pt": "", "en": ""}
    assert pickle.loads(pickle.dumps(both)) == both  # noqa: S301  (its own bytes)
    assert same(both) is both
    assert Message("{one}: {two}", {"one": _("news"), "two": "2"}).translate("pt") == "imprensa: 2"


def test_every_refusal_of_a_source_can_be_translated() -> None:
    """Each sentence that a validator of source files raises is marked, and parted by a semicolon in every language."""
    raised = [
        node.exc
        for module in ("fields", "harvest_tables", "source")
        for node in _nodes(f"latam_corpus.catalog.{module}")
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and ast.unparse(node.exc.func) == "ValueError"
    ]
    assert len(raised) > 20
    for error in raised:
        sentence = _sentence(error.args[0])
        assert sentence, ast.unparse(error)
        assert all(
            "; " in text for text in (sentence, *(str(_catalogue(item)[sentence].string) for item in _TRANSLATED))
        )


def test_what_the_system_says_of_files_is_told_by_one_function() -> None:
    """`strerror` is in English or the system's language; `cause_of` returns it in the user's language."""
    named = [path.name for path in _PACKAGE.rglob("*.py") if "strerror" in path.read_text(encoding="utf-8")]
    assert named == ["errors.py"]


def test_progress_steps_are_marked_for_translation() -> None:
    """The command line looks up steps by their texts; an unmarked one would be printed in English."""
    marked, bare = 0, []
    rooms = {"dedupe", "lab", "pipeline", "release", "train"}
    for module in _modules():
        if module.split(".")[1] in rooms:
            for call in _nodes(module):
                named = getattr(getattr(call, "func", None), "attr", getattr(getattr(call, "func", None), "id", ""))
                if isinstance(call, ast.Call) and named in ("step", "progress", "_with_progress", "map"):
                    bare += [item.value for item in call.args if isinstance(item, ast.Constant) and item.value]
                    marked += any(isinstance(item, ast.Call) and ast.unparse(item.func) == "N_" for item in call.args)
    assert [text for text in bare if isinstance(text, str)] == []
    assert marked > 10


_TELL = {
    "ConfigError",
    "PartError",
    "ReleaseError",
    "SourceError",
    "Outcome",
    "Option",
    "Argument",
    "print",
    "note",
    "tell",
}
_PROSE = re.compile(r"^(?!.*(?:pip install|latam-corpus|--)).*[a-z]{2,} [a-z]{2,}")


def _plain(value: ast.expr | None, named: dict[str, ast.expr | None]) -> Iterator[str]:
    """Yield the words in a text, also under a module's constant, that aren't marked as a sentence."""
    value = named.get(value.id, value) if isinstance(value, ast.Name) else value
    if isinstance(value, ast.Constant):
        yield str(value.value)
    elif isinstance(value, ast.JoinedStr):
        yield "…".join(str(item.value) for item in value.values if isinstance(item, ast.Constant))
    elif isinstance(value, ast.IfExp):
        yield from (*_plain(value.body, named), *_plain(value.orelse, named))


def test_no_sentence_is_marked_inside_an_f_string() -> None:
    """Babel doesn't read those, so that the sentence would have no translation."""
    results = []
    for module in _modules():
        for outer in _nodes(module):
            inner = ast.walk(outer) if isinstance(outer, ast.JoinedStr) else ()
            called = [item.func for item in inner if isinstance(item, ast.Call)]
            results += [
                f"{module}:{function.lineno}"
                for function in called
                if isinstance(function, ast.Name) and function.id in ("_", "N_")
            ]
    assert results == []


def test_no_user_facing_sentence_is_unmarked() -> None:
    """Errors, helps and printed lines are marked for translation."""
    matches = []
    for module, tree in _modules().items():
        of_module = [node for node in tree.body if isinstance(node, ast.AnnAssign | ast.Assign)]
        named = {ast.unparse(getattr(node, "target", None) or node.targets[0]): node.value for node in of_module}  # type: ignore[union-attr]
        for call in _nodes(module):
            name = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
            short = name.rpartition(".")[2] if not name.endswith(".note") else ""  # crawlers note a cause by its key
            if not isinstance(call, ast.Call) or short not in _TELL:
                continue
            words = {keyword.arg: keyword.value for keyword in call.keywords}
            sentences = [words.get("help"), words.get("show_default"), words.get("error"), *call.args]
            texts = [text for item in sentences for text in _plain(item, named)]
            matches += [f"{module}:{call.lineno}: {text}" for text in texts if _PROSE.search(text)]
    assert matches == []


def test_sentences_of_evidence_can_be_translated() -> None:
    """The ledger stores the English text of a sentence, and enough to translate it with its parameters."""
    translated = 0
    for written in _said():
        names = {name for _part, name, *_rest in string.Formatter().parse(written) if name}
        for value in ("1", "2") if names and all(map(str.isidentifier, names)) else ():
            message = Message(written, dict.fromkeys(names, value))
            evidence = json.loads(json.dumps(evidence_values({"error": message, "record": 3})))
            assert (evidence["error"], evidence["record"]) == (str(message), 3)
            assert messages.sentence(evidence, evidence["error"]).translate("es") == message.translate("es")
            translated += message.translate("es") != str(message)
    assert translated > 100
