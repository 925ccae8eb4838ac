"""The form of a new collection: its name, who keeps it, who holds the rights."""

from __future__ import annotations

from django import forms

from latam_corpus.web.files.forms import SourceForm
from latam_corpus.web.models import Collection


class NewCollectionForm(forms.ModelForm):
    """A new collection."""

    class Meta:
        model = Collection
        fields = SourceForm.Meta.fields
        labels = SourceForm.Meta.labels
        help_texts = SourceForm.Meta.help_texts
