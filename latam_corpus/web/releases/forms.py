"""The form of a new version."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _


class VersionForm(forms.Form):
    """The corpus to which a collection is added, and the uses of its first version."""

    name = forms.CharField(
        label=_("Name of the corpus"),
        max_length=60,
        validators=[
            RegexValidator(r"^[a-z][a-z0-9]*(-[a-z0-9]+)*\Z", _("Use small letters, digits and hyphens only."))
        ],
        help_text=_("All collections with the same name here are in one corpus, such as voces-del-rio."),
    )
    uses = forms.MultipleChoiceField(
        label=_("What is it for?"),
        widget=forms.CheckboxSelectMultiple,
        choices=[("train", _("to train models")), ("redistribute", _("to pass the texts on, and show them"))],
        help_text=_("A text is in the version only if its terms allow all of this. Later versions keep the answer."),
    )

    def __init__(self, *args: Any, names: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].initial = names[-1] if names else ""
        if names:
            del self.fields["uses"]
