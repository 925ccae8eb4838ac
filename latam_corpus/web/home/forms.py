"""The form of a new collection: its name, custodian and rights holder."""

from __future__ import annotations

from django import forms

from latam_corpus.web.forms import NAME_HELP, NAME_LABELS, NAMES
from latam_corpus.web.models import Collection


class NewCollectionForm(forms.ModelForm):
    """A new collection."""

    class Meta:
        model = Collection
        fields = NAMES
        labels = NAME_LABELS
        help_texts = NAME_HELP
