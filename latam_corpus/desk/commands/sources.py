"""The commands `sources …`, with which librarians describe a source, check it and preview its texts."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from latam_corpus.catalog.display_names import read_back
from latam_corpus.cli.interface.show import block, console, errors, print_json, table
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.cli.scaffolds.editor_schema import schema_line, write_with_schema
from latam_corpus.collect.examine import examine
from latam_corpus.desk.answers import choice
from latam_corpus.desk.check_source import Finding, check_source
from latam_corpus.desk.previews.joined_verses import files_with_verses
from latam_corpus.desk.questionnaire import answered, interview
from latam_corpus.desk.questions import Question
from latam_corpus.desk.source_argument import check_file
from latam_corpus.desk.template import Template, load_template, templates
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _, recognised, same
from latam_corpus.pipeline.planning.own_terms import REMEDY, own_terms
from latam_corpus.pipeline.planning.recipe_errors import unreadable_suffixes
from latam_corpus.pipeline.stored_runs.reasons import meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.catalog.source import Source

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
    """Show questions on standard error and read answers from standard input, one per line."""

    def __init__(self) -> None:
        self.patient = sys.stdin is not None and sys.stdin.isatty()

    def show(self, line: str) -> None:
        """Show a line."""
        errors.print(block(line))

    def ask(self, prompt: str) -> str:
        """Show a prompt and return the typed answer; raise EOFError if there is none."""
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
    named = path or Path(f"{answers.get('id', chosen.values['id'])}.toml")
    write_with_schema(named, text, "source", _OTHER_NAME)
    _print_written(named, text, language, as_json)


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


def check_sources(files: list[Path], where: str, *, as_json: bool) -> None:
    """List the errors of source files and how to correct them. Exit code 1 if there are any."""
    language = spoken()
    reports: list[dict[str, Any]] = []
    if where and len(files) > 1:
        raise ConfigError("--input", _("it can only be used with one file"), _("check the files one by one"))
    by_id: dict[str, Path] = {}
    for path in files:
        source, findings = check_file(path)
        if source and by_id.setdefault(source.id, path) != path:
            same_id = _("«{id}» is the id of {path} too", id=source.id, path=by_id[source.id])
            findings = [*findings, Finding(None, "id", same_id, _("give one of them another id"))]
        if source:
            findings = [
                *findings,
                *(Finding(None, "collect.files", *problem) for problem in unreadable_suffixes(source)),
            ]
        if source and where:
            findings = [*findings, *_record_findings(source, where)]
        errors_found = sum(finding.wrong for finding in findings)
        reports.append(
            {
                "file": str(path),
                "ok": source is not None and not errors_found,
                "source": source.id if source else None,
                "findings": [finding.as_dict(language) for finding in findings],
            }
        )
        if as_json:
            continue
        verdict = _("{n} {n:error|errors}", n=errors_found) if errors_found else _("no errors")
        console.print(f"{'✗' if errors_found else '✓'} {path}: {verdict.translate(language)}")
        facts = read_back(source.genre, source.country, source.languages) if source else None
        if facts and str(facts):
            console.print(_("  read as: {facts}", facts=facts))
        for finding in findings:
            label = "" if finding.wrong else f"{_ADVICE.translate(language)}: "
            console.print(f"  {label}{finding.in_language(language)}")
    if as_json:
        print_json(reports)
    if not all(report["ok"] for report in reports):
        raise typer.Exit(1)


def _record_findings(source: Source, where: str) -> Iterator[Finding]:
    """Yield the errors and suggestions for the first records, each under the name of its file."""
    examination = examine(source, where)
    for wrong, breaches in ((True, examination.breaches), (False, examination.notes)):
        for breach in breaches:
            file = str(breach.place).partition(", ")[2]
            yield Finding(None, file, breach.problem, breach.remedy, wrong=wrong)
    if problem := own_terms(source, where).problem:
        yield Finding(None, "", problem, REMEDY, wrong=False)
    for file, problem, remedy in files_with_verses(source, where):
        yield Finding(None, file, problem, remedy, wrong=False)
    for (file, reason), hint in examination.unread.items():
        remedy = recognised(hint) if hint else _("repair it or remove it; a run drops it and continues")
        yield Finding(None, file, meaning(reason), remedy, wrong=False)
