"""Forms that show errors next to each field and in a summary, and detect concurrent edits."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import F
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext as _


class Renderer(TemplatesSetting):
    """Renders forms with the desk's templates."""

    form_template_name = "desk/parts/form.html"
    field_template_name = "desk/parts/field.html"


def refuse_as_changed(form: Any, name: str, current: Any, message: str) -> None:
    """Explain in a form that its content was changed meanwhile; submitting it again refers to the current one."""
    form.add_error(None, message)
    form.data = form.data.copy()
    form.data[name] = current


class VersionedForm(forms.ModelForm):
    """A form for a `Versioned` row; it is saved only if no one else has saved the row since the form was opened.

    Templates show the other person's row, `conflict`, next to the form with `desk/parts/conflict.html`.
    """

    conflict: Any = None
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = self.instance.version

    def save_unless_changed(self) -> bool:
        """Save a valid form; if the row has a newer version, explain that in the form and return False.

        The form then has the number of the newer version, so that submitting it again overwrites the other person's
        values.
        """
        row = self.instance
        values = {name: getattr(row, name) for name in self._meta.fields or () if name in self.cleaned_data}
        unchanged = type(row).objects.filter(pk=row.pk, version=self.cleaned_data["version"] or 0)
        if unchanged.update(version=F("version") + 1, **values):
            row.refresh_from_db()
            return True
        self.conflict = type(row).objects.get(pk=row.pk)
        message = _(
            "Someone else saved this in the meantime. Compare both texts; if you save again, yours replaces theirs."
        )
        refuse_as_changed(self, "version", self.conflict.version, message)
        return False

    def stored_value(self, name: str) -> Any:
        """Return the other person's value of a field; a form with fields that the row lacks overrides it."""
        return getattr(self.conflict, name, None)

    def conflict_rows(self) -> list[tuple[str, str, str]]:
        """Return each field that differs: its label, the other person's value and this person's value."""
        if self.conflict is None:
            return []
        rows = []
        for name, field in self.fields.items():
            stored, own = str(self.stored_value(name) or ""), str(self.cleaned_data.get(name) or "")
            if name != "version" and stored != own:
                rows.append((str(field.label), stored, own))
        return rows
