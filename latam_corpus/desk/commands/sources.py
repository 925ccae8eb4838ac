"""`latam-corpus sources …`: what librarians do at a terminal: describe a source, check it, see what comes of it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from latam_corpus.catalog.display_names import read_back
from latam_corpus.cli.interface.options import Json
from latam_corpus.cli.interface.show import block, console, errors, print_json, table
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.cli.scaffolds.editor_schema import schema_line, write_with_schema
from latam_corpus.desk.answers import choice
from latam_corpus.desk.check_source import Finding, check_source
from latam_corpus.desk.commands.inventory import inventory
from latam_corpus.desk.commands.preview import preview
from latam_corpus.desk.commands.sheets import export_sheet, import_sheet
from latam_corpus.desk.commands.speaker_key import speakers
from latam_corpus.desk.previews.joined_verses import files_with_verses
from latam_corpus.desk.questionnaire import answered, interview
from latam_corpus.desk.questions import Question
from latam_corpus.desk.source_argument import check_file
from latam_corpus.desk.template import Template, load_template, templates
from latam_corpus.errors import ConfigError
from latam_corpus.messages import N_, _, recognised, same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.catalog.source import Source

app = typer.Typer(no_args_is_help=True)
_RIGHT: Final = _("it is right")
_WRONG: Final = _("{n} to be put right")
_ADVICE: Final = _("advice")
_WRITTEN: Final = _("written: {path}")
_NOTHING_WRITTEN: Final = _("nothing was written")
_TEMPLATE: Final = _("template")
_OTHER_NAME: Final = _("give another name: latam-corpus sources new OTHER.toml")
_SAME_ID: Final = _("«{id}» is the id of {path} too")
_OTHER_ID: Final = _("give one of them another id")
_KIND: Final = Question(
    "template",
    _("What kind of source is it?"),
    _("What is asked next depends on it."),
    needed=True,
)


class _Terminal:
    """Questions on standard error, answers from standard input: typed by a person, or a line each from a file."""

    def __init__(self) -> None:
        self.patient = sys.stdin is not None and sys.stdin.isatty()

    def tell(self, line: str) -> None:
        """Show a line."""
        errors.print(block(line))

    def ask(self, prompt: str) -> str:
        """Return the answer typed; EOFError where there is none."""
        errors.print(block(prompt), end="")
        line = sys.stdin.readline() if sys.stdin is not None else ""
        if not self.patient:
            errors.print(line.rstrip("\n"))
        if not line:
            raise EOFError
        return line


@app.command("new")
def new(
    path: Annotated[
        Path | None, typer.Argument(metavar="FILE", help=N_("The file to write; ID.toml by default."))
    ] = None,
    template: Annotated[
        str, typer.Option("--template", metavar="NAME", help=N_("The kind of holder; see --list."))
    ] = "",
    blank: Annotated[
        bool, typer.Option("--blank", help=N_("Ask nothing: write the template to fill in by hand."))
    ] = False,
    listed: Annotated[bool, typer.Option("--list", help=N_("List the templates."))] = False,
    as_json: Json = False,
) -> None:
    """Write a source's file by questions and answers; never over another file. Answers can be piped, one a line."""
    language = spoken()
    if listed:
        _list_templates(language, as_json)
        return
    if path and path.exists():
        raise ConfigError(str(path), _("that file is there already"), _OTHER_NAME)
    screen = _Terminal()
    if blank and not template:
        raise ConfigError(
            "--blank", _("which template?"), _("name one with --template; `sources new --list` lists them")
        )
    try:
        chosen = load_template(template) if template else _chosen(screen, language)
        answers = {} if blank else interview(chosen, screen, language, datetime.now(UTC).date())
    except KeyboardInterrupt:
        screen.tell(f"\n{_NOTHING_WRITTEN.translate(language)}")
        raise typer.Exit(130) from None
    text = schema_line("source") + chosen.filled(answers, language)
    named = path or Path(f"{answers.get('id', chosen.values['id'])}.toml")
    write_with_schema(named, text, "source", _OTHER_NAME)
    _tell_written(named, text, language, as_json)


def _list_templates(language: str, as_json: bool) -> None:
    rows = [(one.name, one.title(language)) for one in templates()]
    if as_json:
        print_json([{"template": name, "for": title} for name, title in rows])
    else:
        table("", [_TEMPLATE.translate(language), ""], rows)


def _tell_written(path: Path, text: str, language: str, as_json: bool) -> None:
    source, findings = check_source(text, str(path))
    if as_json:
        advised = [one.as_dict(language) for one in findings]
        print_json({"file": str(path), "source": source.id if source else None, "findings": advised})
        return
    console.print(_WRITTEN.fill(path=path).translate(language), markup=False)
    for one in findings:
        console.print(f"  {_ADVICE.translate(language)}: {one.in_language(language)}", markup=False)
    more = " --input …" if source and source.collect.kind == "files" else ""
    usable = (f"sources preview {path}{more}", f"run {path}{more}") if source else ()
    for command in (f"sources check {path}", *usable):
        console.print(_("next  {command}", command=f"latam-corpus {command}"))


def _chosen(screen: _Terminal, language: str) -> Template:
    known = {one.name: same(one.title(language)) for one in templates()}
    question = Question(_KIND.key, _KIND.ask, _KIND.why, choice(known), needed=True, names=known)
    return load_template(answered(question, load_template("folder"), screen, language, {}))


@app.command("check")
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help=N_("Source files."))],
    where: Annotated[
        str, typer.Option("--input", metavar="PATH", help=N_("Where the records of the one file are."))
    ] = "",
    as_json: Json = False,
) -> None:
    """Say everything that is wrong with source files, and what to write instead. Exit code 1 when something is.

    With --input, the first records are read, and the columns that the file names are looked for in them.
    """
    from latam_corpus.pipeline.planning.recipe_errors import unreadable_suffixes

    language = spoken()
    reports: list[dict[str, Any]] = []
    if where and len(files) > 1:
        raise ConfigError("--input", _("it goes with one file"), _("check the files one by one"))
    by_id: dict[str, Path] = {}
    for path in files:
        source, findings = check_file(path)
        if source and by_id.setdefault(source.id, path) != path:
            same_id = _SAME_ID.fill(id=source.id, path=by_id[source.id])
            findings = [*findings, Finding(None, "id", same_id, _OTHER_ID)]
        if source:
            findings = [*findings, *(Finding(None, "collect.files", *one) for one in unreadable_suffixes(source))]
        if source and where:
            findings = [*findings, *_of_records(source, where)]
        wrong = [one for one in findings if one.wrong]
        reports.append(
            {
                "file": str(path),
                "ok": source is not None and not wrong,
                "source": source.id if source else None,
                "findings": [one.as_dict(language) for one in findings],
            }
        )
        if as_json:
            continue
        verdict = _WRONG.fill(n=len(wrong)) if wrong else _RIGHT
        console.print(f"{'✗' if wrong else '✓'} {path}: {verdict.translate(language)}", markup=False)
        facts = read_back(source.genre, source.country, source.languages) if source else None
        if facts and str(facts):
            console.print(_("  read as: {facts}", facts=facts))
        for one in findings:
            mark = "" if one.wrong else f"{_ADVICE.translate(language)}: "
            console.print(f"  {mark}{one.in_language(language)}", markup=False)
    if as_json:
        print_json(reports)
    if not all(one["ok"] for one in reports):
        raise typer.Exit(1)


def _of_records(source: Source, where: str) -> Iterator[Finding]:
    """Yield what the first records show to be wrong, each under the name of its file."""
    from latam_corpus.collect.examine import examine
    from latam_corpus.pipeline.planning.own_terms import REMEDY, own_terms
    from latam_corpus.pipeline.stored_runs.reasons import meaning

    seen = examine(source, where)
    for wrong, breaches in ((True, seen.breaches), (False, seen.notes)):
        for breach in breaches:
            file = str(breach.place).partition(", ")[2]
            yield Finding(None, file, breach.problem, breach.remedy, wrong=wrong)
    if problem := own_terms(source, where).problem:
        yield Finding(None, "", problem, REMEDY, wrong=False)
    for file, problem, advised in files_with_verses(source, where):
        yield Finding(None, file, problem, advised, wrong=False)
    for (file, reason), remedy in seen.unread.items():
        what = recognised(remedy) if remedy else _("mend it or take it out; a run sets it aside, and goes on")
        yield Finding(None, file, meaning(reason), what, wrong=False)


app.command("preview")(preview)
app.command("inventory")(inventory)
app.command("speakers")(speakers)
app.command("export")(export_sheet)
app.command("import")(import_sheet)
