"""The files of a collection: the list, and three ways to add some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from latam_corpus.web.files.forms import FolderForm
from latam_corpus.web.jobs import enqueue
from latam_corpus.web.log import log
from latam_corpus.web.roles import editable_collection, is_single, readable_collection
from latam_corpus.web.uploads import keep_uploads

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_A_PAGE = 100


def files(request: HttpRequest, slug: str) -> HttpResponse:
    """List a collection's files."""
    collection = readable_collection(request, slug)
    page = Paginator(collection.files.all(), _A_PAGE).get_page(request.GET.get("page"))
    values = {"collection": collection, "tab": "files", "page": page, "folder_form": FolderForm()}
    return render(request, "desk/files/files.html", values)


@require_POST
def upload(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the files that a form uploads."""
    collection = editable_collection(request, slug)
    taken, refused = keep_uploads(request, collection)
    if taken:
        log(request.user, "files added", f"collection {slug}, {taken} files")
        text = ngettext("%(n)d file is here.", "%(n)d files are here.", taken) % {"n": taken}
        messages.success(request, text)
    reasons = {
        "hidden": _("hidden files of the system, or names that lead out of the folder"),
        "large": _("larger than this desk takes"),
        "cut": _("too much at a time; send the rest separately"),
    }
    for reason, label in reasons.items():
        names = [file.name for file in refused if file.reason == reason]
        if names:
            shown = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")  # noqa: PLR2004  (enough to recognise them)
            messages.warning(request, _("Not taken, %(reason)s: %(names)s") % {"reason": label, "names": shown})
    if not taken and not refused:
        messages.error(request, _("No file was chosen."))
    return redirect("files", slug)


@require_POST
def named_folder(request: HttpRequest, slug: str) -> HttpResponse:
    """Copy a folder on this machine into the collection, on a desk for one person."""
    collection = editable_collection(request, slug)
    form = FolderForm(request.POST)
    if not is_single():
        messages.error(request, _("A folder can be named only on a desk for one person."))
        return redirect("files", slug)
    if not form.is_valid():
        page = Paginator(collection.files.all(), _A_PAGE).get_page(1)
        values = {"collection": collection, "tab": "files", "page": page, "folder_form": form}
        return render(request, "desk/files/files.html", values, status=422)
    job = enqueue("import folder", request.user, collection, folder=form.cleaned_data["folder"])
    return redirect("job", job.pk)
