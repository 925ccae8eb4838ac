"""Pages of a text: the original next to the extracted text, why it is kept or dropped, and readers' notes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from latam_corpus.storage.durable import replace
from latam_corpus.web.access.middleware import core_language
from latam_corpus.web.access.roles import editable_collection, may_edit, readable_collection
from latam_corpus.web.jobs.queue import enqueue, newest_or_new
from latam_corpus.web.log import log
from latam_corpus.web.models import CollectionFile, Job, LogEntry
from latam_corpus.web.source_values import change_source, source_values, stated
from latam_corpus.web.texts.jobs import picture_path
from latam_corpus.web.workspace import collection_folder, safe_path, state_of, upload_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest

    from latam_corpus.web.models import Collection

NAMES: Final = "names.txt"  # the file of third persons' names, next to the source file
_HIDDEN: Final = re.compile(r"(\[[A-Z][A-Z_ ]{2,30}(?: ?\d+)?\])")
_TURN: Final = re.compile(r"([^:\n]{1,40}): (.*)")
_LONGEST_NAME: Final = 120
_LARGEST_PICTURE: Final = 32 * 2**20  # bytes
# Pictures that browsers show, by their first bytes.
_PICTURES: Final = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


class NoteForm(forms.Form):
    """A reader's note about a text."""

    lines = forms.CharField(
        label=gettext_lazy("Which lines are missing, or wrong?"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    name = forms.CharField(
        label=gettext_lazy("Which name of a person has to be hidden?"),
        max_length=_LONGEST_NAME,
        required=False,
        help_text=gettext_lazy("It is hidden in all texts of the collection, from the next preview on."),
    )


def may_read(request: HttpRequest, collection: Collection, file: CollectionFile) -> bool:
    """Return whether a person may read a file's text: anyone if it can be released, else editors of the collection."""
    facts = file.facts or {}
    return may_edit(request.user, collection) or ("held_because" in facts and not facts["held_because"])


def texts(request: HttpRequest, slug: str) -> HttpResponse:
    """Show some texts of a collection as a run would treat them, those that would be dropped first."""
    collection = readable_collection(request, slug)
    job = collection.jobs.filter(kind="preview", arguments__path=None).first()
    files = {file.path: file for file in collection.files.all()}
    items = []
    for item in (job.result or {}).get("items", ()) if job and job.state == Job.State.DONE else ():
        file = files.get(item["file"])
        if file is not None and may_read(request, collection, file):
            failing = [number["sentence"] for number in item["numbers"] if number["fails"]]
            why = next(iter([*failing, *item["reasons"]]), "")
            items.append(item | {"pk": file.pk, "why": why, "beginning": " ".join(item["text"].split())[:200]})
    items.sort(key=lambda item: item["kept"])
    values = {
        "collection": collection,
        "items": items,
        "job": job,
        "kept": sum(item["kept"] for item in items),
        "is_old": job is not None and job.arguments.get("state") != state_of(collection, None),
        "has_files": bool(files),
    }
    return render(request, "desk/texts/texts.html", values)


def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """Preview some texts of a collection."""
    collection = editable_collection(request, slug)
    if not collection.jobs.filter(kind="preview", arguments__path=None, state__in=Job.OPEN).exists():
        state = state_of(collection, None)
        enqueue("preview", request.user, collection, path=None, language=core_language(), state=state)
    return redirect("texts", slug)


def text(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show the text that is extracted from a file."""
    collection = readable_collection(request, slug)
    file = get_object_or_404(CollectionFile, collection=collection, pk=number)
    if not may_read(request, collection, file):
        raise Http404
    return _shown(request, collection, file, NoteForm())


def _shown(
    request: HttpRequest, collection: Collection, file: CollectionFile, form: NoteForm, status: int = 200
) -> HttpResponse:
    arguments = {"path": file.path, "language": core_language(), "state": state_of(collection, file)}
    job = newest_or_new(request, "preview", collection, **arguments)
    items = (job.result or {}).get("items", []) if job.state == Job.State.DONE else []
    chosen = request.GET.get("item", "1")
    place = min(max(int(chosen) if chosen.isdecimal() else 1, 1), max(len(items), 1))
    item = items[place - 1] if items else None
    facts, correction = file.facts or {}, file.correction or {}
    form_of_text = correction.get("form") or facts.get("form") or ""
    paths = list(collection.files.values_list("pk", flat=True))
    at = paths.index(file.pk)
    notes = LogEntry.objects.filter(object=_object(collection, file), action__in=("lines missing", "name here"))
    values = {
        "collection": collection,
        "file": file,
        "job": job,
        "item": item,
        "place": place,
        "places": range(1, len(items) + 1),
        "form_of_text": form_of_text,
        "lines": list(_lines(item["text"], form_of_text)) if item else [],
        "original": [(_parts(line), is_out) for line, is_out in item["original"]] if item else [],
        "left_out": sum(is_out for _line, is_out in item["original"]) if item else 0,
        "hidden": len(_HIDDEN.findall(item["text"])) if item else 0,
        "failing": [number for number in item["numbers"] if number["fails"]] if item else [],
        "passing": [number for number in item["numbers"] if not number["fails"]] if item else [],
        "pictures": range(1, (job.result or {}).get("pictures", 0) + 1) if may_edit(request.user, collection) else (),
        "is_words": facts.get("charset") is not None,
        "note_form": form,
        "notes": notes[:10],
        "before": paths[at - 1] if at else None,
        "after": paths[at + 1] if at + 1 < len(paths) else None,
    }
    return render(request, "desk/texts/text.html", values, status=status)


def _parts(line: str) -> list[tuple[str, bool]]:
    """Split a line into pieces, each with a flag whether it replaces hidden data."""
    return [(piece, place % 2 == 1) for place, piece in enumerate(_HIDDEN.split(line)) if piece]


def _lines(text: str, form: str) -> Iterator[dict[str, Any]]:
    """Yield the lines of a text: verses with their numbers, turns with their speakers."""
    number = 0
    for line in text.split("\n"):
        turn = _TURN.fullmatch(line) if form == "interview" else None
        if line.strip():
            number += 1
        yield {
            "number": number if line.strip() else None,
            "speaker": turn[1] if turn else "",
            "parts": _parts(turn[2] if turn else line),
        }


def _object(collection: Collection, file: CollectionFile) -> str:
    return f"collection {collection.slug}, file {file.path}"[:300]


def note(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Store a reader's note: lines are missing, or a person's name must be hidden."""
    collection = editable_collection(request, slug)
    file = get_object_or_404(CollectionFile, collection=collection, pk=number)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _shown(request, collection, file, form, status=422)
    lines, name = form.cleaned_data["lines"].strip(), " ".join(form.cleaned_data["name"].split())
    if lines:
        log(request.user, "lines missing", _object(collection, file), reason=lines)
        messages.success(request, _("Noted for the reviewer: lines are missing or wrong."))
    if name:
        hide_name(collection, name)
        # The log must not repeat the name, since all stewards can read it.
        log(request.user, "name here", _object(collection, file))
        messages.success(request, _("The name is hidden in all texts of this collection."))
    if not lines and not name:
        messages.error(request, _("Write the lines, or the name."))
    return redirect("text", slug, number)


def hide_name(collection: Collection, name: str) -> None:
    """Add a name to the list of third persons, whose names are hidden in all texts of a collection."""
    file_name = str(stated(source_values(collection), "consent.third_persons") or NAMES)
    if safe_path(file_name) != file_name:  # a source file that was written by hand may name a file outside the folder
        file_name = NAMES
    path = collection_folder(collection) / file_name
    names = path.read_text("utf-8").splitlines() if path.is_file() else []
    if name not in names:
        replace(path, "".join(f"{line}\n" for line in [*filter(None, names), name]).encode())
    change_source(collection, {"consent.third_persons": file_name})


def picture(request: HttpRequest, slug: str, number: int, page: int) -> HttpResponse:
    """Return the picture of a PDF's page, or a file that is a picture, to people who may change the collection."""
    collection = editable_collection(request, slug)
    file = get_object_or_404(CollectionFile, collection=collection, pk=number)
    path = picture_path(file.sha256, page)
    if not path.is_file():
        path = upload_of(file.sha256)
    if not path.is_file() or path.stat().st_size > _LARGEST_PICTURE:
        raise Http404
    content = path.read_bytes()
    kind = next((kind for start, kind in _PICTURES.items() if content.startswith(start)), None)
    if kind is None:
        raise Http404
    response = HttpResponse(content, content_type=kind)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
