"""The interview of `sources new`: questions in the language of who answers, answers as values of a template."""

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
HOW: Final = _("Enter takes what stands in brackets; «-» leaves it unanswered; Ctrl-C ends and writes nothing.")
_NEEDED: Final = _("this answer is needed")
_ENDED: Final = _("the answers ended before this question")
_ONE_A_LINE: Final = _("one line an answer, in the order of the questions; nothing was written")


class Screen(Protocol):
    """Where questions are asked."""

    patient: bool  # whether a wrong answer is asked for again, as of a person; answers from a file are not

    def tell(self, line: str) -> None:
        """Show a line."""

    def ask(self, prompt: str) -> str:
        """Return the answer typed; EOFError where there is none."""


def interview(template: Template, screen: Screen, language: str, today: date) -> dict[str, Any]:
    """Return the answers, by dotted key, for `Template.filled`; None for what is left out.

    Raises:
        ConfigError: answers that don't come from a person ended too early, or can't be used.
    """
    answers: dict[str, Any] = {}
    screen.tell(HOW.translate(language))
    for question in (*questions.ABOUT, *questions.COLLECTED):
        if _asked(question, template, answers):
            answers[question.key] = answered(question, template, screen, language, answers)
    answers |= _rights(template, screen, language, answers, today)
    if not _has_form(answers):
        answers["collect.form"] = None
    if "consent.records.id" in template.keys:
        # Consent that nobody has given isn't on record.
        agreed = answers.get("rights.agreement") if answers.get("rights.basis") == "consent" else None
        answers |= {"consent.records.id": agreed} if agreed else {"consent.records": None}
    return _as_lists(answers)


def answered(question: Question, template: Template, screen: Screen, language: str, before: Mapping[str, Any]) -> Any:
    """Return the answer to one question; None where it is left out.

    Raises:
        ConfigError: the answer doesn't come from a person and can't be used.
    """
    default = question.default(before, template)
    screen.tell("")
    screen.tell(question.why.translate(language))
    for number, message in enumerate(question.names.values(), 1):
        screen.tell(f"  {number:>2}  {message.translate(language)}")
    offered = [
        question.names[word].translate(language) if word in question.names else word
        for word in (default or "").split(", ")
    ]
    prompt = question.ask.translate(language) + (f" [{', '.join(offered)}]" if default else "") + ": "
    while True:
        try:
            typed = screen.ask(prompt).strip() or default or ""
        except EOFError:
            raise _unusable(question, _ENDED, _ONE_A_LINE) from None
        if typed in ("", _SKIP):
            if not question.needed:
                return None
            message = _NEEDED
        else:
            try:
                return question.read(typed)
            except answers.AnswerError as error:
                message = error.message
        if not screen.patient:
            raise _unusable(question, message, _ONE_A_LINE)
        screen.tell(f"  ✗ {message.translate(language)}")


def _unusable(question: Question, problem: Message, remedy: Message) -> ConfigError:
    return ConfigError(_("«{question}»", question=question.ask), problem, remedy)


def _asked(question: Question, template: Template, answers: Mapping[str, Any]) -> bool:
    if question.key == "collect.files" and "collect.form" not in template.keys:
        return False
    return question.key in template.keys and (question.key != "collect.form" or _has_form(answers))


def _has_form(answers: Mapping[str, Any]) -> bool:
    """Whether the files have verses or paragraphs that their suffix doesn't tell apart."""
    patterns = answers.get("collect.files")
    return not patterns or any(pattern.endswith((".txt", ".md")) for pattern in patterns)


def _as_lists(answers: dict[str, Any]) -> dict[str, Any]:
    return {key: [value] if key.endswith(".start") and value else value for key, value in answers.items()}


def _rights(
    template: Template, screen: Screen, language: str, before: Mapping[str, Any], today: date
) -> dict[str, Any]:
    """Return what is answered on rights; the table is left out where nobody knows them."""
    statement = answered(questions.STATEMENT, template, screen, language, before)
    if not statement:
        return {"rights": None}
    rights: dict[str, Any] = {"rights.statement": statement}
    rights |= dict.fromkeys(("tier", "agreement", "expires", "quotation", "quoted_from", "quoted_on"))
    rights = {key if key.startswith("rights.") else f"rights.{key}": value for key, value in rights.items()}
    if statement == IN_COPYRIGHT:
        asked: tuple[Question, ...] = (questions.BASIS, questions.AGREEMENT, questions.EXPIRES, questions.PURPOSES)
        rights["rights.tier"] = "permission"
    else:
        asked = (questions.PURPOSES, questions.QUOTATION, questions.QUOTED_FROM)
        rights["rights.basis"] = "public_domain" if statement == PUBLIC_DOMAIN else "licence"
    for question in asked:
        rights[question.key] = answered(question, template, screen, language, rights)
    if rights["rights.quotation"]:
        rights["rights.quoted_on"] = today
    return rights
