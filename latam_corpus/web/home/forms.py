"""The form of a collection: its name, who keeps it, who holds the rights."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from latam_corpus.web.forms import VersionedForm
from latam_corpus.web.models import Collection

_FIELDS = ["title", "custodian", "rights_holder"]
_LABELS = {
    "title": _("What is the collection called?"),
    "custodian": _("Who keeps it?"),
    "rights_holder": _("Who holds the rights?"),
}
_HELP = {
    "title": _("The name by which people know it, such as «Songs of the river»."),
    "custodian": _("The library, archive, family or community that has the texts."),
    "rights_holder": _("The authors, their heirs, a publisher or a community. Leave it empty if you don't know yet."),
}


class NewCollectionForm(forms.ModelForm):
    """A new collection."""

    class Meta:
        model = Collection
        fields = _FIELDS
        labels = _LABELS
        help_texts = _HELP


class CollectionForm(VersionedForm):
    """A collection that exists, which another person may edit, too."""

    class Meta:
        model = Collection
        fields = _FIELDS
        labels = _LABELS
        help_texts = _HELP
