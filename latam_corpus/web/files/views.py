"""Pages of a collection's description and files: problems, three ways to add files, corrections, and the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Case, Count, Q, Value, When
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import latam_corpus as lc
from latam_corpus.web.access.middleware import core_language
from latam_corpus.web.access.roles import editable_collection, is_single, readable_collection
from latam_corpus.web.files.catalogue import catalogue_of, change_draft, write_catalogue
from latam_corpus.web.files.forms import FORMS, CorrectionForm, FolderForm, SourceForm, label_of, language_names
from latam_corpus.web.jobs.queue import enqueue, wait_for
from latam_corpus.web.log import log
from latam_corpus.web.models import Collection, CollectionFile, Job
from latam_corpus.web.source_values import change_source
from latam_corpus.web.uploads import keep_uploads
from latam_corpus.web.workspace import source_file, write_source

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_A_PAGE = 50
_UNREAD = Q(facts__read=False) | (Q(facts__problem__isnull=False) & ~Q(facts__problem=""))
_DROPPED = Q(fate__dropped__gt=0)
_OF_ALL = ("rights=null", "uses=null")  # the files are held because the collection states no rights, or allows no use
# The form's field for each key of the source file.
_FIELD_OF = {"holder": "custodian", "title": "title", "country": "country", "languages": "languages", "genre": "genre"}
# The form's field for advice about the whole file, by a word in the advice. Its remedy is about TOML, so it isn't
# shown.
_FIELD_OF_WORD = {"rights": "licence", "genre": "genre", "language": "languages"}


def problems(collection: Collection) -> dict[str, tuple[Any, Q]]:
    """Return the problems by which files can be filtered, most serious first, with label and query."""
    of_row = {"no-row": (_("without a row in the catalogue"), Q(row__isnull=True))} if catalogue_of(collection) else {}
    return {
        "unread": (_("can't be read"), _UNREAD),
        **of_row,
        "language": (_("of an unclear language"), Q(facts__language="und")),
        "rights": (_("held because of their rights"), Q(facts__has_key="held_because") & ~Q(facts__held_because=None)),
        "dropped": (_("dropped by the last run"), _DROPPED),
        "new": (_("not examined yet"), Q(facts__isnull=True)),
    }


def files(request: HttpRequest, slug: str, folder_form: FolderForm | None = None, status: int = 200) -> HttpResponse:
    """List a collection's files, those with problems first, with the results of the last run."""
    collection = readable_collection(request, slug)
    conditions = problems(collection)
    chosen = {name: request.GET.get(name, "") for name in ("problem", "language", "form", "q")}
    everything = collection.files.all()
    counts = everything.aggregate(
        **{key.replace("-", "_"): Count("pk", filter=q) for key, (_label, q) in conditions.items()}
    )
    rows = everything.annotate(gravity=_gravity(conditions))
    if chosen["problem"] in conditions:
        rows = rows.filter(conditions[chosen["problem"]][1])
    columns = {"language": "facts__language", "form": "facts__form", "q": "path__icontains"}
    rows = rows.filter(**{column: chosen[name] for name, column in columns.items() if chosen[name]})
    page = Paginator(rows.order_by("gravity", "path"), _A_PAGE).get_page(request.GET.get("page"))
    catalogue = catalogue_of(collection)
    missing = {row["number"]: row for row in catalogue.get("missing", ())}
    for file in page:
        file.near = missing.get(catalogue.get("near", {}).get(file.path))
        file.near_label = label_of(file.near) if file.near else ""
        file.held_of_its_own = (file.facts or {}).get("held_because") not in {None, *_OF_ALL}
        file.form_label = FORMS.get(file.correction.get("form") or (file.facts or {}).get("form") or "", "")
    facts = everything.order_by()
    languages = facts.values_list("facts__language", flat=True).distinct()
    forms = set(facts.values_list("facts__form", flat=True).distinct())
    values = {
        "collection": collection,
        "page": page,
        "is_filtered": any(chosen.values()),
        "chosen": chosen,
        "problems": [
            (key, label, n) for key, (label, _q) in conditions.items() if (n := counts[key.replace("-", "_")])
        ],
        "languages_here": sorted(filter(None, languages)),
        "forms_here": [(name, label) for name, label in FORMS.items() if name in forms],
        "catalogue": catalogue,
        "all_count": everything.count(),
        "no_rights": everything.filter(facts__held_because__in=_OF_ALL).exists(),
        "is_run": everything.filter(fate__isnull=False).exists(),
        "job": collection.jobs.filter(kind__in=("survey", "import folder", "read catalogue", "run")).first(),
        "folder_form": folder_form or FolderForm(),
    }
    return render(request, "desk/files/files.html", values, status=status)


def _gravity(conditions: dict[str, tuple[Any, Q]]) -> Case:
    """Return the rank of a file's most serious problem; rights are ignored, since they often concern all files."""
    order = [key for key in conditions if key != "rights"]
    return Case(
        *(When(conditions[key][1], then=Value(place)) for place, key in enumerate(order)), default=Value(len(order))
    )


def upload(request: HttpRequest, slug: str) -> HttpResponse:
    """Store uploaded files, and examine them."""
    collection = editable_collection(request, slug)
    added, refused = keep_uploads(request, collection)
    if added:
        log(request.user, "files added", f"collection {slug}, {added} files")
        text = ngettext("%(n)d file is here.", "%(n)d files are here.", added) % {"n": added}
        messages.success(request, text)
        examine(request, collection)
    reasons = {
        "hidden": _("hidden files of the system, or names that lead out of the folder"),
        "large": _("larger than this desk accepts"),
        "cut": _("too much at a time; send the rest separately"),
    }
    for reason, label in reasons.items():
        names = [file.name for file in refused if file.reason == reason]
        if names:
            shown = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")  # noqa: PLR2004  (enough to recognise them)
            messages.warning(request, _("Not added (%(reason)s): %(names)s") % {"reason": label, "names": shown})
    if not added and not refused:
        messages.error(request, _("No file was chosen."))
    return redirect("files", slug)


def named_folder(request: HttpRequest, slug: str) -> HttpResponse:
    """Copy a local folder into the collection; only on a desk for one person."""
    collection = editable_collection(request, slug)
    form = FolderForm(request.POST)
    if not is_single():
        messages.error(request, _("A folder can be named only on a desk for one person."))
        return redirect("files", slug)
    if not form.is_valid():
        return files(request, slug, form, status=422)
    wait_for(enqueue("import folder", request.user, collection, folder=form.cleaned_data["folder"]))
    return redirect("files", slug)


def examine(request: HttpRequest, collection: Collection, **which: Any) -> Job:
    """Start a job that examines files: those in `paths`; all if `all`; otherwise the new ones."""
    return enqueue("survey", request.user, collection, **which)


def run(request: HttpRequest, slug: str) -> HttpResponse:
    """Run the collection's recipe; nothing is released."""
    collection = editable_collection(request, slug)
    if not collection.files.exists():
        messages.error(request, _("Add files first."))
        return redirect("files", slug)
    if not collection.jobs.filter(kind="run", state__in=Job.OPEN).exists():
        job = enqueue("run", request.user, collection, language=core_language())
        log(request.user, "run started", f"collection {slug}, job {job.pk}")
    return redirect("files", slug)


def file_edit(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Correct the facts about a file; its text is then previewed with the corrections."""
    collection = editable_collection(request, slug)
    file = get_object_or_404(collection.files, pk=number)
    form = CorrectionForm(request.POST or None, instance=file, collection=collection)
    if request.method == "POST" and form.is_valid() and form.save_unless_changed():
        correct(request, collection, file, form.correction())
        if form.cleaned_data.get("row"):
            join(collection, file, int(form.cleaned_data["row"]))
        write_catalogue(collection)
        examine(request, collection, paths=[file.path])
        return redirect("text", slug, number)
    values = {"collection": collection, "file": file, "form": form, "language_names": language_names()}
    return render(request, "desk/files/file_edit.html", values, status=422 if form.errors else 200)


def file_set(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Store one correction with one click: a genre, a form, or the row that resembles the file."""
    collection = editable_collection(request, slug)
    file = get_object_or_404(collection.files, pk=number)
    corrections = {
        "song": file.correction | {"genre": "lyrics", "form": "verse"},
        "interview": file.correction | {"genre": "oral_history", "form": "interview"},
        "as found": {},
    }
    if request.POST.get("is") in corrections:
        correct(request, collection, file, corrections[request.POST["is"]])
    elif request.POST.get("row", "").isdecimal() and join(collection, file, int(request.POST["row"])):
        log(request.user, "row joined", f"collection {slug}, file {file.path}", reason=f"row {request.POST['row']}")
        messages.success(request, _("«%(file)s» has its row now.") % {"file": file.path})
    else:
        messages.error(request, _("That row isn't free any more. Look at the list again."))
        return redirect("files", slug)
    write_catalogue(collection)
    job = examine(request, collection, paths=[file.path])
    if request.POST.get("next") == "text":  # the text's page shows the preview when it is ready
        return redirect("text", slug, number)
    wait_for(job)
    return redirect("catalogue" if request.POST.get("next") == "catalogue" else "files", slug)


def correct(request: HttpRequest, collection: Collection, file: CollectionFile, correction: dict[str, Any]) -> None:
    """Store the corrections of a file, and log them."""
    if correction == file.correction:
        return
    file.store(correction=correction)
    shown = ", ".join(f"{key}: {value}" for key, value in correction.items()) or "none"
    log(request.user, "file corrected", f"collection {collection.slug}, file {file.path}", reason=shown)
    file.refresh_from_db()


def join(collection: Collection, file: CollectionFile, number: int) -> bool:
    """Assign an unused row of the catalogue to a file; return whether the row was still unused."""
    is_joined = False

    def change(draft: dict[str, Any]) -> None:
        nonlocal is_joined
        catalogue = draft.get("catalogue") or {}
        row = next((row for row in catalogue.get("missing", ()) if row["number"] == number), None)
        if row is None:
            return
        catalogue["missing"] = [missing_row for missing_row in catalogue["missing"] if missing_row["number"] != number]
        catalogue["missing_count"] = max(catalogue.get("missing_count", 1) - 1, 0)
        catalogue["joined"] = {**catalogue.get("joined", {}), file.path: number}
        catalogue["near"] = {path: near for path, near in catalogue.get("near", {}).items() if near != number}
        file.store(row=row["cells"])
        is_joined = True

    change_draft(collection, change)
    return is_joined


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
