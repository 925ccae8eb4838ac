"""Forms of withdrawals: the search, the request, and the end of a hold."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class SearchForm(forms.Form):
    """A search for texts."""

    query = forms.CharField(label=_("What are you looking for?"), max_length=300)
    by = forms.ChoiceField(
        label=_("Where is it?"),
        widget=forms.RadioSelect,
        initial="words",
        choices=[
            ("words", _("in the text: some of its words")),
            ("title", _("in the title or the name of the file")),
            ("person", _("in the name of its author, singer or speaker")),
        ],
    )


class RequestForm(forms.Form):
    """A request to withdraw or hold the ticked texts, with a reason."""

    kind = forms.ChoiceField(
        label=_("What should happen?"),
        widget=forms.RadioSelect,
        initial="withdrawal",
        choices=[
            ("withdrawal", _("withdraw them: no version has them any more")),
            ("hold", _("hold them during a dispute: hidden until it is settled")),
        ],
    )
    with_copies = forms.BooleanField(
        label=_("The words themselves: every copy too, in other collections as well"), required=False
    )
    keep_files = forms.BooleanField(
        label=_("Keep the files here; only take the texts out of the versions"), required=False
    )
    because = forms.CharField(
        label=_("Why?"),
        max_length=500,
        help_text=_(
            "In a few words, such as “the family asks”. It is on the receipt and in the log: name no one in it."
        ),
    )

    def __init__(self, *args: Any, rows: list[dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows

    def clean(self) -> dict[str, Any]:
        """Find the ticked rows, and require at least one."""
        values: dict[str, Any] = super().clean() or {}
        numbers = set(self.data.getlist("row")) if hasattr(self.data, "getlist") else set()
        self.ticked = [row for number, row in enumerate(self.rows) if str(number) in numbers]
        if not self.ticked:
            self.add_error(None, gettext("Tick at least one text."))
        if values.get("kind") == "hold" and any(not row["versions"] for row in self.ticked):
            self.add_error("kind", gettext("A text that is in no version can't be held. Withdraw it, or untick it."))
        return values


class ReasonForm(forms.Form):
    """The reason for ending a hold."""

    because = forms.CharField(label=_("How was it settled?"), max_length=500, help_text=_("Name no one in it."))
