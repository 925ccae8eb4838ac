"""The forms for judging a text and for drawing a sample of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from latam_corpus.catalog.display_names import language_name
from latam_corpus.web.access.middleware import core_language
from latam_corpus.web.files.forms import LanguageField
from latam_corpus.web.templatetags.desk import named_language

if TYPE_CHECKING:
    from collections.abc import Mapping

QUESTIONS: Final = ("language", "natural", "personal_data", "verdict")
_UNSURE: Final = ("unsure", _("Unsure"))
_YES_OR_NO: Final = (("yes", _("Yes")), ("no", _("No")), _UNSURE)


def _question(label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=_YES_OR_NO, widget=forms.RadioSelect, required=False)


class AnswerForm(forms.Form):
    """Four questions about a text, and a note. The page shows the choices of `verdict` as its submit buttons."""

    language = _question("")
    other = LanguageField(label=_("If not, in which?"))
    natural = _question(_("Is it natural, as people speak or write?"))
    personal_data = _question(_("Is personal data left, such as an address or a telephone number?"))
    note = forms.CharField(
        label=_("Note"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2, "class": "low"})
    )
    verdict = forms.ChoiceField(
        label=_("As a whole, this text is"),
        choices=(("good", _("Good")), ("bad", _("Bad")), _UNSURE),
        widget=forms.RadioSelect,
        error_messages={"required": _("Say whether the text is good: this stores your answers.")},
    )

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = named_language(language)
        if name:
            self.fields["language"].label = gettext("Is it in this language: %(language)s?") % {"language": name}
        else:
            del self.fields["language"]
            self.fields["other"].label = gettext("In which language is it?")

    @staticmethod
    def initial_of(judgement: Any) -> dict[str, Any]:
        """Return the initial values for a text that this reader has judged before."""
        values = {**judgement.answers, "note": judgement.note}
        if values.get("language", "yes") not in dict(_YES_OR_NO):
            values |= {"language": "no", "other": language_name(values["language"]).translate(core_language())}
        return values

    def clean(self) -> dict[str, Any]:
        """Refuse another language if the reader answers that the stated one is right."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("other") and values.get("language") == "yes":
            self.add_error("other", _("You answered that the language is right. Correct one of the two."))
        return values

    def answers(self) -> dict[str, str]:
        """Return the answers of a valid form, by question, in the form that `lc.judge` expects."""
        values = {question: self.cleaned_data.get(question) for question in QUESTIONS}
        values["language"] = self.cleaned_data.get("other") or values["language"]
        return {key: value for key, value in values.items() if value}


class DrawForm(forms.Form):
    """The version or run from which texts are drawn, and their number per language."""

    named = forms.ChoiceField(label=_("From which texts?"))
    number = forms.IntegerField(label=_("How many of each language, at most?"), min_value=1, max_value=100, initial=30)

    def __init__(self, *args: Any, named: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        its_run = gettext("%(title)s, its last run")
        self.fields["named"].choices = [
            (name, its_run % {"title": collection} if collection else name) for name, collection in named.items()
        ]
