"""The form of a collection's source: names, country, languages, genre and rights, with the mistakes in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

import latam_corpus as lc
from latam_corpus.web.files.forms import SourceForm, language_names
from latam_corpus.web.files.views import examine
from latam_corpus.web.log import log
from latam_corpus.web.middleware import core_language
from latam_corpus.web.models import Collection
from latam_corpus.web.roles import editable_collection
from latam_corpus.web.source_values import change_source
from latam_corpus.web.workspace import source_file, write_source

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

# The form's field for each key of the source file.
_FIELD_OF = {"holder": "custodian", "title": "title", "country": "country", "languages": "languages", "genre": "genre"}
# The form's field for advice about the whole file, by a word in the advice. Its remedy is about TOML, so it isn't
# shown.
_FIELD_OF_WORD = {"rights": "licence", "genre": "genre", "language": "languages"}


def source_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change the description of a collection; show the mistakes and advice of the check of its source file."""
    collection = editable_collection(request, slug)
    form = SourceForm(request.POST or None, instance=collection)
    with transaction.atomic():  # the row isn't saved if the file can't be saved
        is_saved = request.method == "POST" and form.is_valid() and form.save_unless_changed()
        before, after = change_source(collection, form.changes()) if is_saved else ("", "")
    if is_saved:
        log(request.user, "collection changed", f"collection {slug}", before=before, after=after)
        messages.success(request, _("Saved."))
        if before != after and collection.files.exists():
            examine(request, collection, all=True)
        return redirect("collection-edit", slug)
    stored = Collection.objects.get(slug=slug)
    by_field, general = _findings(stored)
    for name, field in form.fields.items():
        field.advice = by_field.get(name, [])
    values = {"form": form, "collection": stored, "others": general, "language_names": language_names()}
    return render(request, "desk/home/collection_edit.html", values)


def _findings(collection: Collection) -> tuple[dict[str, list[str]], list[str]]:
    """Return the mistakes and advice about a source file by field of the form, and those that belong to no field."""
    write_source(collection)
    by_field: dict[str, list[str]] = {}
    general = []
    for finding in lc.check_source(source_file(collection)):
        language = core_language()
        sentence = finding.sentence.translate(language)
        about = finding.problem.msgid if not finding.key and not finding.wrong else ""
        name = next((field for word, field in _FIELD_OF_WORD.items() if word in about), _FIELD_OF.get(finding.key))
        if name:
            by_field.setdefault(name, []).append(finding.problem.translate(language) if about else sentence)
        elif finding.key not in {"id", "rights.statement"} or finding.wrong:
            general.append(sentence)
    return by_field, general
