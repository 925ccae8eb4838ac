"""`sources new`: questions in the user's language, a commented and valid file, and no overwritten file."""

from __future__ import annotations

import io
import json
import re
import sys
import tomllib
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.catalog.source import load_source
from latam_corpus.cli.reading.reference import source_schema
from latam_corpus.collect.files import list_inputs, read
from latam_corpus.config.toml_text import toml_text
from latam_corpus.desk import questions
from latam_corpus.desk.answers import FILE_NAMES, FILES, AnswerError, address, contact, files, identifier, statement
from latam_corpus.desk.questionnaire import interview
from latam_corpus.desk.template import load_template, templates
from latam_corpus.intake.check_source import check_source
from latam_corpus.messages import LANGUAGES

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

_ANSWERS = (
    "Cartas de una familia", "", "Familia Ejemplo", "https://cartas.cl/", "familia@cartas.cl", "literatura", "chile",
    "español, mapudungun", "1", "prosa", "-", "CC BY 4.0", "", "Se puede usar citando la fuente", "https://cartas.cl/uso",
)  # fmt: skip


_NAMED = {"title": "Cartas de una familia", "holder": "Familia Ejemplo"}


class _Person(io.StringIO):
    """Answers as a person at a terminal types them."""

    def isatty(self) -> bool:
        return True


class _Screen:
    """A person who gives these answers, and a record of the shown texts."""

    def __init__(self, *typed: str, patient: bool = True) -> None:
        self.typed, self.shown, self.patient = list(typed), "", patient

    def show(self, line: str) -> None:
        self.shown += line + "\n"

    def ask(self, prompt: str) -> str:
        self.shown += prompt
        if not self.typed:
            raise EOFError
        return self.typed.pop(0)


def _interview(template: str, language: str, *typed: str) -> dict[str, Any]:
    results = interview(load_template(template), _Screen(*typed), language, date(2026, 11, 25))
    return tomllib.loads(load_template(template).filled(results, language))


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Answers from a pipe, a line each, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def pipe(*lines: str, typed: bool = False) -> None:
        text = "".join(line + "\n" for line in lines)
        monkeypatch.setattr(sys, "stdin", _Person(text) if typed else io.StringIO(text))

    return pipe


def test_piped_answers_make_a_commented_valid_file(command_line: CommandLine, piped: Any, tmp_path: Path) -> None:
    """Names become codes in the file, Enter accepts the default, comments are in the user's language."""
    piped(*_ANSWERS)
    result = command_line("sources", "new", "--template", "folder", "--lang", "es")
    assert result.code == 0, result.err
    path = tmp_path / "cartas-de-una-familia.toml"
    source = load_source(path)
    assert (source.id, source.genre, source.country) == ("cartas-de-una-familia", "literature", "CL")
    assert source.languages == ("spa", "arn")
    assert source.collect.files == ("**/*.txt",)
    assert source.rights is not None
    assert source.rights.uses == ("train", "redistribute", "evaluate")
    assert source.rights.quoted_from == "https://cartas.cl/uso"
    text = path.read_text(encoding="utf-8")
    assert "# El título de la colección" in text
    assert "O título" not in text
    assert "sources check cartas-de-una-familia.toml" in result.out
    assert not check_source(text, str(path))[1]


def test_editors_find_its_schema_and_a_newer_one_takes_the_place_of_an_older(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is next to the file, by a relative path in the first line; so is that of a folder's draft."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "libros").mkdir()
    (tmp_path / "libros" / "uno.txt").write_text("La barca volvió con la red vacía.", encoding="utf-8")
    schema = tmp_path / ".latam-corpus" / "source.schema.json"
    for command in ("new uno.toml --template folder --blank", "inventory libros --draft dos.toml"):
        schema.parent.mkdir(exist_ok=True)
        schema.write_text("{}", encoding="utf-8")
        result = command_line("sources", *command.split())
        assert result.code == 0, result
        assert json.loads(schema.read_text(encoding="utf-8")) == source_schema()
    for name in ("uno.toml", "dos.toml"):
        first = (tmp_path / name).read_text(encoding="utf-8").partition("\n")[0]
        assert first == "#:schema .latam-corpus/source.schema.json"


def test_a_file_that_is_there_is_never_written_over(command_line: CommandLine, piped: Any, tmp_path: Path) -> None:
    """Neither a file named in the command nor one named by an answer is changed."""
    existing = tmp_path / "cartas-de-una-familia.toml"
    existing.write_text("mío", encoding="utf-8")
    for arguments in (["new", str(existing)], ["new"]):
        piped(*_ANSWERS)
        result = command_line("sources", *arguments, "--template", "folder", "--lang", "es")
        assert result.code == 2
        assert "ya existe" in result.err
        assert existing.read_text(encoding="utf-8") == "mío"


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (_ANSWERS[:5], "no queda ninguna respuesta"),
        (("Cartas", "MAL id"), "como «mal-id»"),
        (("",), "necesita una respuesta"),
    ],
)
def test_a_piped_answer_that_is_wrong_ends_it_and_nothing_is_written(
    command_line: CommandLine, piped: Any, tmp_path: Path, answers: tuple[str, ...], message: str
) -> None:
    """The next line answers the next question, so a wrong one can't be asked again."""
    piped(*answers)
    result = command_line("sources", "new", "--template", "folder", "--lang", "es")
    assert result.code == 2
    assert message in result.err.splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_a_person_is_asked_again(command_line: CommandLine, piped: Any, tmp_path: Path) -> None:
    """The problem is shown, until the answer can be used."""
    typed = list(_ANSWERS)
    typed[6:7] = ["Ruritania", "CL"]
    piped(*typed, typed=True)
    result = command_line("sources", "new", "--template", "folder", "--lang", "pt")
    assert result.code == 0
    assert "“Ruritania” não é reconhecido como país" in result.err
    assert (tmp_path / "cartas-de-una-familia.toml").exists()


def test_a_person_who_breaks_off_leaves_nothing(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Ctrl-C at any question: no file is written, and the command says so."""

    def leaves() -> str:
        raise KeyboardInterrupt

    person = _Person()
    monkeypatch.setattr(person, "readline", leaves)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", person)
    result = command_line("sources", "new", "--lang", "es")
    assert (result.code, "no se escribió nada" in result.err) == (130, True)
    assert not list(tmp_path.iterdir())


def test_the_kind_of_holder_is_asked_where_no_template_is_named(
    command_line: CommandLine, piped: Any, tmp_path: Path
) -> None:
    """All templates are offered, each with its purpose."""
    piped("folder", *_ANSWERS)
    result = command_line("sources", "new", "--lang", "en")
    assert result.code == 0, result.err
    for template in templates():
        assert template.title("en") in result.err
    assert list(tmp_path.glob("*.toml"))


def test_a_repository_is_asked_for_its_door() -> None:
    """The usual address of DSpace is offered, on the site that was named."""
    typed = ("Tesis", "", "Universidad", "https://repo.uni.cl/", "repo@uni.cl", "", "-", "spa", "", "9")
    values = _interview("dspace", "es", *typed)
    assert values["collect"]["oai"]["address"] == "https://repo.uni.cl/server/oai/request"
    assert "rights" not in values
    assert "country" not in values
    assert values["genre"] == "academic"


def test_consent_is_on_record_only_where_it_was_given() -> None:
    """A permission has its tier, its agreement and the uses that were agreed; a licence has no consent."""
    about = ("Vozes", "", "Arquivo", "", "", "", "Brasil", "português", "", "", "-")
    values = _interview("oral-history", "pt", *about, "8", "consentimento", "termo-12", "2031-12-31", "treinar")
    assert values["rights"] == {
        "statement": "https://rightsstatements.org/vocab/InC/1.0/", "tier": "permission", "basis": "consent",
        "uses": ["train"], "agreement": "termo-12", "expires": date(2031, 12, 31),
    }  # fmt: skip
    assert values["consent"]["records"] == [{"id": "termo-12"}]
    licensed = _interview("oral-history", "pt", *about, "2", "", "", "")
    assert "consent" not in licensed
    assert licensed["rights"]["uses"] == ["evaluate"]  # the template's caution, whatever the licence


def test_each_question_is_asked_and_explained_in_the_language_of_who_answers() -> None:
    """Every question is in the user's language, with an explanation."""
    requested = [*questions.ABOUT, *questions.COLLECTED, questions.STATEMENT, questions.PURPOSES, questions.BASIS]
    for question in requested:
        assert len({*question.why.translations().values()}) == len(LANGUAGES)
        assert all(why.endswith((".", "?")) or ":" in why for why in question.why.translations().values())
    screen = _Screen(*_ANSWERS)
    interview(load_template("folder"), screen, "pt", date(2026, 11, 25))
    assert "O nome pelo qual a coleção é conhecida." in screen.shown
    assert "¿" not in screen.shown


@pytest.mark.parametrize("template", templates(), ids=lambda template: template.name)
@pytest.mark.parametrize("language", list(LANGUAGES))
def test_each_template_is_a_valid_source_in_each_language(template: Any, language: str) -> None:
    """A template with title and holder is valid, with comments in that language alone."""
    text = template.filled(_NAMED, language)
    source, problems = check_source(text)
    assert source is not None, [problem.in_language("en") for problem in problems]
    assert "id" in {problem.key for problem in problems}  # the example id is reported
    assert template.title(language)
    for line in text.splitlines():
        assert len(line) <= 120, line
        assert not line.startswith(("# es:", "# pt:", "# en:"))


@pytest.mark.parametrize("template", templates(), ids=lambda template: template.name)
def test_a_template_states_nothing_in_its_holders_stead(template: Any) -> None:
    """It is refused unfilled; country, languages, rights and consent are empty until someone states them."""
    refused, problems = check_source(template.filled({}, "es"))
    assert refused is None
    assert {problem.key for problem in problems} == {"title", "holder"}
    source, _ = check_source(template.filled(_NAMED, "es"))
    assert source is not None
    assert (source.rights, source.country, source.languages, source.homepage) == (None, None, (), None)
    assert source.consent.records == ()
    # Removing the comment signs without filling in the values states no rights either.
    stated = re.sub(
        r"(?m)^# (\[rights\]|(?:statement|basis|uses|quotation|quoted_from) = )", r"\1", template.filled(_NAMED, "es")
    )
    refused, problems = check_source(stated)
    assert refused is None
    assert {problem.key for problem in problems} == {"rights.quotation", "rights.quoted_from"}


@pytest.mark.parametrize("template", templates(), ids=lambda template: template.name)
def test_a_template_speaks_three_languages_alike(template: Any) -> None:
    """Each language has the same number of comments, and the filled templates have the same values."""
    lines = [*template.common, *template.own]
    counts = {code: sum(line.startswith(f"# {code}:") for line in lines) for code in LANGUAGES}
    assert len(set(counts.values())) == 1
    assert tomllib.loads(template.filled({}, "es")) == tomllib.loads(template.filled({}, "pt"))


def test_a_template_can_be_written_blank_and_the_templates_be_listed(
    command_line: CommandLine, piped: Any, tmp_path: Path
) -> None:
    """A blank template is for users who prefer to fill it in by hand."""
    piped()
    assert command_line("sources", "new", "--template", "gazette", "--blank", "mio.toml", "--lang", "pt").code == 0
    assert "# O título da coleção" in (tmp_path / "mio.toml").read_text(encoding="utf-8")
    output = command_line("sources", "new", "--list", "--lang", "es").out
    assert all(template.name in output for template in templates())
    assert len(command_line("sources", "new", "--list", "--json").json) == len(templates())
    assert command_line("sources", "new", "--template", "dspce", "--blank").err.count("did you mean «dspace»") == 1


@pytest.mark.parametrize(
    ("read", "typed"),
    [
        (identifier, "Mi Fuente"), (address, "cartas.cl"), (address, "https://a b"), (contact, "nadie"),
        (statement, "todos"), (statement, "17"),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_used_is_refused(read: Any, typed: str) -> None:
    """The refusal names the answer, in each language."""
    with pytest.raises(AnswerError) as caught:
        read(typed)
    assert all(typed in translation for translation in caught.value.message.translations().values())


def test_values_are_written_as_toml_reads_them() -> None:
    """Quotes, backslashes, line breaks and control characters survive."""
    values = {"title": 'El "año"\\ \n\x7f\x01', "n": 2, "d": date(2026, 1, 2), "b": False, "t": {"a b": {"c": ["x"]}}}
    assert tomllib.loads(toml_text(values)) == values


def test_the_wiki_template_reads_what_the_extractor_of_dumps_writes(tmp_path: Path) -> None:
    """Files without a suffix, a page a line, named by its address."""
    folder = tmp_path / "AA"
    folder.mkdir()
    line = (
        '{"id": "7", "revid": "9", "url": "https://gn.wiki.example/wiki?curid=7", "title": "Ñandutí", "text": "Texto."}'
    )
    (folder / "wiki_00").write_text(line + "\n", encoding="utf-8")
    source = check_source(load_template("mediawiki").filled(_NAMED, "es"))[0]
    assert source is not None
    [file] = list_inputs(source, tmp_path)
    [row] = [row for frame in read(source, file) for row in frame.iter_rows(named=True)]
    assert (row["text"], row["title"]) == ("Texto.", "Ñandutí")
    assert row["url"] == "https://gn.wiki.example/wiki?curid=7"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_kind_of_files_is_answered_by_the_name_that_is_shown(language: str) -> None:
    """Each displayed name is accepted in full."""
    for kind, name in FILE_NAMES.items():
        assert files(name.translate(language)) == ([] if kind == "every" else list(FILES[kind])), kind
