"""Forms for the rules of a language: words and bounds, and a signature."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from latam_corpus.api.language_rules import check_rules
from latam_corpus.errors import ConfigError
from latam_corpus.signals import signal_label
from latam_corpus.web.access.middleware import core_language
from latam_corpus.web.forms import VersionedForm
from latam_corpus.web.models import PolicyDraft
from latam_corpus.web.policies.jobs import policy_text

SENTENCES: Final = {
    "stop_word_count": _("A text has at least this many different words of the list."),
    "stop_word_margin": _(
        "Of every 100 words, those of this list, less those of the list of Spanish, Portuguese or English: at least "
        "this many. Below zero, a text may have more of the other language."
    ),
    "alphabetic_word_share": _("Of every 100 words, at least this many have a letter. Lists of prices have fewer."),
    "mixed_case_word_share": _("Of every 100 words, at most this many have capitals inside, such as «pLaza»."),
    "code_symbol_share": _("Of every 100 characters, at most this many are signs of programs, such as { } = #."),
    "ocr_damage_share": _("Of every 100 words, at most this many look badly scanned, such as «c4sa»."),
}
_AT: Final = {"min": _("%(signal)s: at least"), "max": _("%(signal)s: at most")}
_FINE: Final = 50  # the upper end of a maximum's slider, in percent


def scale(signal: str) -> int:
    """Return the factor for showing a signal: 100 for shares, which are shown as percentages."""
    return 100 if signal.endswith(("_share", "_rate", "_margin")) else 1


def words_of_one(first: dict[str, Any], second: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the words that only the first of two drafts' rules have, and those that only the second have."""
    of_first, of_second = first["words"], second["words"]
    return [word for word in of_first if word not in of_second], [word for word in of_second if word not in of_first]


class Slider(forms.NumberInput):
    """A number field with a slider; without JavaScript, the value of the control that was changed counts."""

    template_name = "desk/policies/slider.html"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the number, or the slider's value if only the slider was moved."""
        number = super().value_from_datadict(data, files, name)
        slid = data.get(f"{name}-slid")
        return slid if slid and number == data.get(f"{name}-was") else number


class PolicyForm(VersionedForm):
    """The words and bounds of a draft; only words that the page shows can be removed."""

    add = forms.CharField(
        label=_("Add words"),
        max_length=2000,
        required=False,
        widget=forms.TextInput(attrs={"autocapitalize": "off", "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("Words of any text, on any topic, separated by spaces: pronouns, articles, particles. No names."),
    )

    class Meta:
        model = PolicyDraft
        fields = ("rules",)

    def __init__(self, *args: Any, page_words: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["rules"]
        self.page_words = page_words
        self.bounds: dict[str, tuple[str, str]] = {}
        for signal, ends in self.instance.rules["bounds"].items():
            for end, value in ends.items():
                self._add_bound(signal, end, value)

    def _add_bound(self, signal: str, end: str, value: float) -> None:
        name, of = f"{signal}-{end}", scale(signal)
        shown = round(value * of, 1)
        low, high = (-100 if signal.endswith("_margin") else 0), (100 if of > 1 else max(20, int(shown)))
        slides_to = _FINE if end == "max" and 0 <= shown <= _FINE and of > 1 else high
        label = _AT[end] % {"signal": signal_label(signal).translate(core_language())}
        slider = {"named": label, "slides_to": str(slides_to), "slides_by": "0.1" if of > 1 else "1"}
        self.fields[name] = forms.FloatField(
            label=label,
            help_text=SENTENCES.get(signal, ""),
            initial=int(shown) if shown == int(shown) else shown,
            min_value=low,
            max_value=high,
            widget=Slider(attrs=slider),
        )
        self.bounds[name] = (signal, end)

    def clean(self) -> dict[str, Any]:
        """Combine words and bounds, and check them as a run would."""
        values: dict[str, Any] = super().clean() or {}
        kept = set(self.data.getlist("keep"))
        words = [word for word in self.instance.rules["words"] if word in kept or word not in self.page_words]
        typed = unicodedata.normalize("NFC", values.get("add", "")).lower()
        words += [word for word in dict.fromkeys(re.split(r"[\s,;]+", typed)) if word and word not in words]
        bounds: dict[str, dict[str, float]] = {}
        for name, (signal, end) in self.bounds.items():
            if name in values:
                value: float = values[name] / scale(signal)
                is_same = values[name] == self.fields[name].initial
                stored = self.instance.rules["bounds"][signal][end]
                bounds.setdefault(signal, {})[end] = stored if is_same else round(value, 4)
        if not self.errors:
            rules = {"words": words, "bounds": bounds}
            try:
                check_rules(policy_text(PolicyDraft(language=self.instance.language, rules=rules)))
            except ConfigError as error:
                self.add_error("add" if values.get("add") else None, error.problem.translate(core_language()))
            values["rules"] = rules
        return values

    def conflict_rows(self) -> list[tuple[str, str, str]]:
        """Return the words that only one of the two drafts has, and the bounds that differ."""
        if self.conflict is None:
            return []
        other_rules, own_rules = self.conflict.rules, self.cleaned_data["rules"]
        words = words_of_one(other_rules, own_rules)
        rows = [(gettext("Words"), *map(", ".join, words))] if any(words) else []
        for name, (signal, end) in self.bounds.items():
            ends = [rules["bounds"].get(signal, {}).get(end, 0) * scale(signal) for rules in (other_rules, own_rules)]
            if ends[0] != ends[1]:
                rows.append((str(self.fields[name].label), f"{ends[0]:g}", f"{ends[1]:g}"))
        return rows


class SignForm(forms.Form):
    """A signature of the rules that the page showed."""

    reader = forms.CharField(
        label=_("Your name, and your place if you like"),
        max_length=120,
        help_text=_("It is kept with the rules and with each run and version that uses them."),
    )
    statement = forms.CharField(
        label=_("What you state"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        initial=_("I speak this language, and I have read its words and bounds."),
    )
    digest = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean_reader(self) -> str:
        """Return the name as one line."""
        return " ".join(self.cleaned_data["reader"].split())

    def clean_statement(self) -> str:
        """Return the statement as one line."""
        return " ".join(self.cleaned_data["statement"].split())
