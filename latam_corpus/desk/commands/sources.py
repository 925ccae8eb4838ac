"""The command `sources new`: write a source file by questions and answers."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import typer

from latam_corpus.cli.interface.show import block, console, errors, print_json, table
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.cli.scaffolds.editor_schema import schema_line, write_with_schema
from latam_corpus.desk.answers import choice
from latam_corpus.desk.questionnaire import answered, interview
from latam_corpus.desk.questions import Question
from latam_corpus.desk.template import Template, load_template, templates
from latam_corpus.errors import ConfigError
from latam_corpus.intake.check_source import check_source
from latam_corpus.messages import _, same

_ADVICE: Final = _("advice")
_NOTHING_WRITTEN: Final = _("nothing was written")
_OTHER_NAME: Final = _("give another name: latam-corpus sources new OTHER.toml")
_KIND: Final = Question(
    "template",
    _("What kind of source is it?"),
    _("The next questions depend on it."),
    needed=True,
)


class _Terminal:
    """Shows questions on standard error, and reads answers from standard input, one per line."""

    def __init__(self) -> None:
        self.patient = sys.stdin is not None and sys.stdin.isatty()

    def show(self, line: str) -> None:
        """Show a line."""
        errors.print(block(line))

    def ask(self, prompt: str) -> str:
        """Show a prompt and return the typed answer; raise EOFError at the end of the input."""
        errors.print(block(prompt), end="")
        line = sys.stdin.readline() if sys.stdin is not None else ""
        if not self.patient:
            errors.print(line.rstrip("\n"))
        if not line:
            raise EOFError
        return line


def write_source(*, path: Path | None, template: str, blank: bool, list_templates: bool, as_json: bool) -> None:
    """Write a source file by questions and answers, which can be piped, one per line. No file is overwritten."""
    language = spoken()
    if list_templates:
        _list_templates(language, as_json)
        return
    if path and path.exists():
        raise ConfigError(str(path), _("the file already exists"), _OTHER_NAME)
    screen = _Terminal()
    if blank and not template:
        raise ConfigError(
            "--blank", _("no template is named"), _("name one with --template; `sources new --list` lists them")
        )
    try:
        chosen = load_template(template) if template else _chosen(screen, language)
        answers = {} if blank else interview(chosen, screen, language, datetime.now(UTC).date())
    except KeyboardInterrupt:
        screen.show(f"\n{_NOTHING_WRITTEN.translate(language)}")
        raise typer.Exit(130) from None
    text = schema_line("source") + chosen.filled(answers, language)
    new_path = path or Path(f"{answers.get('id', chosen.values['id'])}.toml")
    write_with_schema(new_path, text, "source", _OTHER_NAME)
    _print_written(new_path, text, language, as_json)


def _list_templates(language: str, as_json: bool) -> None:
    rows = [(template.name, template.title(language)) for template in templates()]
    if as_json:
        print_json([{"template": name, "for": title} for name, title in rows])
    else:
        table("", [_("template"), ""], rows)


def _print_written(path: Path, text: str, language: str, as_json: bool) -> None:
    source, findings = check_source(text, str(path))
    if as_json:
        suggestions = [finding.as_dict(language) for finding in findings]
        print_json({"file": str(path), "source": source.id if source else None, "findings": suggestions})
        return
    console.print(_("written: {path}", path=path))
    for finding in findings:
        console.print(f"  {_ADVICE.translate(language)}: {finding.in_language(language)}")
    input_option = " --input …" if source and source.collect.kind == "files" else ""
    usable = (f"sources preview {path}{input_option}", f"run {path}{input_option}") if source else ()
    for command in (f"sources check {path}", *usable):
        console.print(_("next  {command}", command=f"latam-corpus {command}"))


def _chosen(screen: _Terminal, language: str) -> Template:
    titles = {template.name: same(template.title(language)) for template in templates()}
    question = Question(_KIND.key, _KIND.ask, _KIND.why, choice(titles), needed=True, names=titles)
    return load_template(answered(question, load_template("folder"), screen, language, {}))
