"""Forms that add files to a collection."""

from __future__ import annotations

from pathlib import Path

from django import forms
from django.utils.translation import gettext_lazy as _


class FolderForm(forms.Form):
    """A folder on the machine of the desk."""

    folder = forms.CharField(
        label=_("A folder on this machine"), max_length=1000, help_text=_("Its full path, such as /home/ana/cantos.")
    )

    def clean_folder(self) -> str:
        """Return the path of a folder that exists.

        Raises:
            ValidationError: there is no such folder.
        """
        folder = Path(self.cleaned_data["folder"]).expanduser()
        if not folder.is_absolute() or not folder.is_dir():
            raise forms.ValidationError(_("There is no such folder on this machine. Copy its full path."))
        return str(folder)
