"""Pages of a collection's catalogue: upload it, state the meaning of its columns, and match rows with files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import F
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from latam_corpus.catalog.display_names import language_name
from latam_corpus.codes import declared_tag
from latam_corpus.web.access.middleware import core_language
from latam_corpus.web.access.roles import editable_collection, readable_collection
from latam_corpus.web.files.catalogue import catalogue_of, change_draft, licences_in, value_of, write_catalogue
from latam_corpus.web.files.forms import LanguageField, MappingForm, language_names
from latam_corpus.web.files.views import examine, join
from latam_corpus.web.jobs.queue import enqueue, wait_for
from latam_corpus.web.log import log
from latam_corpus.web.uploads import keep_upload

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from latam_corpus.web.models import Collection

_A_PAGE = 50
_SUFFIXES = (".csv", ".tsv", ".xlsx", ".ods")


def catalogue(request: HttpRequest, slug: str, form: MappingForm | None = None, status: int = 200) -> HttpResponse:
    """Show the columns of a collection's catalogue, its languages, and the rows and files that don't match."""
    collection = readable_collection(request, slug)
    described = catalogue_of(collection)
    without_row = collection.files.filter(row__isnull=True) if described else []
    page = Paginator(without_row, _A_PAGE).get_page(request.GET.get("page"))
    rows = {row["number"]: row for row in described.get("missing", ())}
    for file in page:
        file.near = rows.get(described.get("near", {}).get(file.path))
    examples: dict[str, str] = {}
    of_files = collection.files.filter(row__isnull=False).values_list("row", flat=True)[:_A_PAGE]
    for cells in [*(row["cells"] for row in rows.values()), *of_files]:
        for head, cell in cells.items():
            examples.setdefault(head, cell[:60])
    form = form or (MappingForm(catalogue=described) if described else None)
    if form:
        for number, head in enumerate(form.heads):
            if head in examples:
                form.fields[f"c{number}"].help_text = _("such as «%(cell)s»") % {"cell": examples[head]}
    values = {
        "collection": collection,
        "catalogue": described,
        "form": form,
        "page": page,
        "near_count": len(described.get("near", {})),
        "missing": described.get("missing", [])[:_A_PAGE],
        "named": _languages(collection),
        "several_licences": _several_licences(collection),
        "language_names": language_names(),
        "job": collection.jobs.filter(kind__in=("read catalogue", "survey")).first(),
    }
    return render(request, "desk/files/catalogue.html", values, status=status)


def _languages(collection: Collection) -> list[dict[str, Any]]:
    """Return the languages in the catalogue, unknown ones first: stated name, number of files, and known name."""
    columns = catalogue_of(collection).get("columns", {})
    if "declared_language" not in columns.values():
        return []
    described = collection.files.filter(row__isnull=False)
    counts = Counter(value_of(file, "declared_language", columns) for file in described)
    del counts[""]
    chosen = catalogue_of(collection).get("languages", {})
    rows = []
    for typed, n in counts.items():
        code = chosen.get(typed) or declared_tag(typed)
        of_group = _("%(name)s, I don't know which") % {"name": typed}
        suggested = of_group if declared_tag(of_group) else ""
        rows.append(
            {
                "typed": typed,
                "n": n,
                "suggested": suggested,
                "means": language_name(code).translate(core_language()) if code else "",
            }
        )
    return sorted(rows, key=lambda row: (bool(row["means"]), row["typed"].casefold()))


def _several_licences(collection: Collection) -> list[tuple[str, int, list[str]]]:
    """Return each cell of the catalogue that names several licences, its number of files, and the licences."""
    columns = catalogue_of(collection).get("columns", {})
    counts = Counter(value_of(file, "rights", columns).strip() for file in collection.files.all())
    return [(cell, n, licences) for cell, n in counts.items() if (licences := licences_in(cell))]


def catalogue_upload(request: HttpRequest, slug: str) -> HttpResponse:
    """Store an uploaded catalogue, and read it."""
    collection = editable_collection(request, slug)
    file = request.FILES.get("catalogue")
    if file is None or not file.relative.lower().endswith(_SUFFIXES):
        messages.error(request, _("Choose a table: CSV, XLSX or ODS. Save another kind as one of these."))
        return redirect("catalogue", slug)
    digest = keep_upload(file).name
    log(request.user, "catalogue added", f"collection {slug}", after=digest)
    name = Path(file.relative).name
    wait_for(enqueue("read catalogue", request.user, collection, name=name, sha256=digest))
    return redirect("catalogue", slug)


def catalogue_columns(request: HttpRequest, slug: str) -> HttpResponse:
    """Store the meaning of the columns, and read the catalogue again."""
    collection = editable_collection(request, slug)
    described = catalogue_of(collection)
    form = MappingForm(request.POST, catalogue=described)
    if not described:
        return redirect("catalogue", slug)
    if not form.is_valid():
        return catalogue(request, slug, form, status=422)
    log(request.user, "catalogue mapped", f"collection {slug}", reason=str(form.columns)[:1000])
    arguments = {"name": described["name"], "sha256": described["sha256"], "column": form.cleaned_data["column"]}
    wait_for(enqueue("read catalogue", request.user, collection, **arguments, columns=form.columns))
    return redirect("catalogue", slug)


def catalogue_language(request: HttpRequest, slug: str) -> HttpResponse:
    """Store which language a name in the catalogue means, for all rows with that name."""
    collection = editable_collection(request, slug)
    typed = request.POST.get("typed", "")
    try:
        code = LanguageField(label="").clean(request.POST.get("meant", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("catalogue", slug)

    def change(draft: dict[str, Any]) -> None:
        if draft.get("catalogue"):
            draft["catalogue"].setdefault("languages", {})[typed] = code

    change_draft(collection, change)
    log(request.user, "language named", f"collection {slug}", reason=f"«{typed}»: {code}")
    write_catalogue(collection)
    examine(request, collection, all=True)
    return redirect("catalogue", slug)


def catalogue_join(request: HttpRequest, slug: str) -> HttpResponse:
    """Give each file without a row the row with the closest name."""
    collection = editable_collection(request, slug)
    joined = 0
    for path, number in dict(catalogue_of(collection).get("near", {})).items():
        file = collection.files.filter(path=path, row__isnull=True).first()
        joined += file is not None and join(collection, file, number)
    if joined:
        log(request.user, "rows joined", f"collection {slug}, {joined} files")
        write_catalogue(collection)
        examine(request, collection, all=True)
    messages.success(
        request, ngettext("%(n)d file has its row now.", "%(n)d files have their rows now.", joined) % {"n": joined}
    )
    return redirect("catalogue", slug)


def catalogue_remove(request: HttpRequest, slug: str) -> HttpResponse:
    """Stop using a catalogue: files lose their rows but keep their corrections."""
    collection = editable_collection(request, slug)
    former = catalogue_of(collection).get("sha256", "")
    change_draft(collection, lambda draft: draft.pop("catalogue", None))
    collection.files.update(row=None, version=F("version") + 1)
    log(request.user, "catalogue removed", f"collection {slug}", before=former)
    write_catalogue(collection)
    examine(request, collection, all=True)
    return redirect("catalogue", slug)
