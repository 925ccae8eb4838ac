"""Ask the questions of `sources new` in the user's language, and return the answers as values of a template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from latam_corpus.catalog.display_names import IN_COPYRIGHT, PUBLIC_DOMAIN
from latam_corpus.desk import answers, questions
from latam_corpus.errors import ConfigError
from latam_corpus.messages import Message, _

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from latam_corpus.desk.questions import Question
    from latam_corpus.desk.template import Template

_SKIP: Final = "-"
INSTRUCTIONS: Final = _(
    "Press Enter to accept the value in brackets, «-» to skip a question, Ctrl-C to stop without writing a file."
)
_ONE_PER_LINE: Final = _("nothing was written; give one answer per line, in the order of the questions")


class Screen(Protocol):
    """A terminal, or another interface that asks questions."""

    patient: bool  # whether a question is repeated after an unusable answer; false for answers from a file

    def show(self, line: str) -> None:
        """Show a line."""

    def ask(self, prompt: str) -> str:
        """Show a prompt and return the typed answer; raise EOFError at the end of the input."""


def interview(template: Template, screen: Screen, language: str, today: date) -> dict[str, Any]:
    """Ask all questions; return the answers for `Template.filled` by dotted key, with None for skipped questions.

    Raises:
        ConfigError: answers from a file ended too early, or can't be used.
    """
    answers: dict[str, Any] = {}
    screen.show(INSTRUCTIONS.translate(language))
    for question in (*questions.ABOUT, *questions.COLLECTED):
        if _is_asked(question, template, answers):
            answers[question.key] = answered(question, template, screen, language, answers)
    answers |= _rights(template, screen, language, answers, today)
    if not _has_form(answers):
        answers["collect.form"] = None
    if "consent.records.id" in template.keys:
        agreed = answers.get("rights.agreement") if answers.get("rights.basis") == "consent" else None
        answers |= {"consent.records.id": agreed} if agreed else {"consent.records": None}
    return _as_lists(answers)


def answered(
    question: Question, template: Template, screen: Screen, language: str, answers_so_far: Mapping[str, Any]
) -> Any:
    """Ask a question until the answer can be used; return the answer, or None for a skipped question.

    Raises:
        ConfigError: an answer from a file can't be used.
    """
    default = question.default(answers_so_far, template)
    screen.show("")
    screen.show(question.why.translate(language))
    for number, message in enumerate(question.names.values(), 1):
        screen.show(f"  {number:>2}  {message.translate(language)}")
    default_names = [
        question.names[word].translate(language) if word in question.names else word
        for word in (default or "").split(", ")
    ]
    prompt = question.ask.translate(language) + (f" [{', '.join(default_names)}]" if default else "") + ": "
    while True:
        try:
            typed = screen.ask(prompt).strip() or default or ""
        except EOFError:
            raise _unusable(question, _("no answer is left for this question")) from None
        if typed in ("", _SKIP):
            if not question.needed:
                return None
            message = _("this question needs an answer")
        else:
            try:
                return question.read(typed)
            except answers.AnswerError as error:
                message = error.message
        if not screen.patient:
            raise _unusable(question, message)
        screen.show(f"  ✗ {message.translate(language)}")


def _unusable(question: Question, problem: Message) -> ConfigError:
    return ConfigError(_("«{question}»", question=question.ask), problem, _ONE_PER_LINE)


def _is_asked(question: Question, template: Template, answers: Mapping[str, Any]) -> bool:
    if question.key == "collect.files" and "collect.form" not in template.keys:
        return False
    return question.key in template.keys and (question.key != "collect.form" or _has_form(answers))


def _has_form(answers: Mapping[str, Any]) -> bool:
    """Whether the files may contain prose or verse, so that the user must state which."""
    patterns = answers.get("collect.files")
    return not patterns or any(pattern.endswith((".txt", ".md")) for pattern in patterns)


def _as_lists(answers: dict[str, Any]) -> dict[str, Any]:
    return {key: [value] if key.endswith(".start") and value else value for key, value in answers.items()}


def _rights(
    template: Template, screen: Screen, language: str, answers_so_far: Mapping[str, Any], today: date
) -> dict[str, Any]:
    """Ask the questions about rights; return the answers, or no table if the statement of rights is unknown."""
    statement = answered(questions.STATEMENT, template, screen, language, answers_so_far)
    if not statement:
        return {"rights": None}
    rights: dict[str, Any] = {"rights.statement": statement}
    rights |= dict.fromkeys(("tier", "agreement", "expires", "quotation", "quoted_from", "quoted_on"))
    rights = {key if key.startswith("rights.") else f"rights.{key}": value for key, value in rights.items()}
    if statement == IN_COPYRIGHT:
        follow_ups: tuple[Question, ...] = (questions.BASIS, questions.AGREEMENT, questions.EXPIRES, questions.PURPOSES)
        rights["rights.tier"] = "permission"
    else:
        follow_ups = (questions.PURPOSES, questions.QUOTATION, questions.QUOTED_FROM)
        rights["rights.basis"] = "public_domain" if statement == PUBLIC_DOMAIN else "licence"
    for question in follow_ups:
        rights[question.key] = answered(question, template, screen, language, rights)
    if rights["rights.quotation"]:
        rights["rights.quoted_on"] = today
    return rights
