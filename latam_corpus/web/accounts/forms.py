"""The forms of accounts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, BaseUserCreationForm
from django.utils.translation import gettext_lazy as _

from latam_corpus.web.access.limits import is_name_over, note_failed_login
from latam_corpus.web.access.roles import READ_COLLECTIONS, READ_JOBS, READ_SOURCES, WRITE_SOURCES
from latam_corpus.web.models import Person, Role

PersonForm = forms.modelform_factory(Person, fields=["role", "is_active"])
AccountForm = forms.modelform_factory(Person, fields=["name"])


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
            (Role.CONTRIBUTOR, _("Contributor: hand over collections of their own, and follow what happens to them")),
            (Role.REVIEWER, _("Reviewer: approve the rights of others' collections, and judge texts")),
            (Role.STEWARD, _("Steward: do everything, including invitations, versions and withdrawals")),
        ],
        widget=forms.RadioSelect,
        initial=Role.CONTRIBUTOR,
    )


class LogInForm(AuthenticationForm):
    """A name and a password; too many failed attempts block log-in with that name for a while."""

    def clean(self) -> dict[str, Any]:
        """Refuse a wrong name or password, and a name with which too many attempts failed."""
        name = str(self.cleaned_data.get("username", "")).casefold()
        if is_name_over(name):
            raise forms.ValidationError(_("Too many attempts failed with this name. Wait a quarter of an hour."))
        try:
            return super().clean()
        except forms.ValidationError:
            note_failed_login(name)
            raise


class TokenForm(forms.Form):
    """The purpose of a token, what it allows, and how long it is valid."""

    name = forms.CharField(label=_("What is it for?"), max_length=80)
    scopes = forms.MultipleChoiceField(
        label=_("What may it do?"),
        choices=[
            (READ_COLLECTIONS, _("read collections")),
            (READ_SOURCES, _("read source files")),
            (WRITE_SOURCES, _("write source files")),
            (READ_JOBS, _("follow jobs")),
        ],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(label=_("For how many days?"), min_value=1, max_value=365, initial=90)
