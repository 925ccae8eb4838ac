"""The forms of accounts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import BaseUserCreationForm
from django.utils.translation import gettext_lazy as _

from latam_corpus.web.models import Person, Role


class JoinForm(BaseUserCreationForm):
    """An invited person's name and password."""

    class Meta:
        model = Person
        fields = ["username", "name"]


class InviteForm(forms.Form):
    """The role of a person to invite."""

    role = forms.ChoiceField(
        label=_("What may this person do?"),
        choices=[
            (Role.CONTRIBUTOR, _("Contributor: hand over own collections, and follow them")),
            (Role.REVIEWER, _("Reviewer: approve the rights of others' collections, and judge texts")),
            (Role.STEWARD, _("Steward: everything, with invitations, versions and withdrawals")),
        ],
        widget=forms.RadioSelect,
        initial=Role.CONTRIBUTOR,
    )


class PersonForm(forms.ModelForm):
    """A person's role, and whether she may log in."""

    class Meta:
        model = Person
        fields = ["role", "is_active"]
        labels = {"role": _("Role"), "is_active": _("May log in")}


class AccountForm(forms.ModelForm):
    """A person's own name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Your name, as colleagues see it")

    class Meta:
        model = Person
        fields = ["name"]
