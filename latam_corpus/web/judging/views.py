"""Pages to draw texts, and to read and judge them one per screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

import latam_corpus as lc
from latam_corpus.web.files.forms import language_names
from latam_corpus.web.jobs.queue import enqueue, wait_for
from latam_corpus.web.judging import samples
from latam_corpus.web.judging.forms import AnswerForm, DrawForm
from latam_corpus.web.log import log
from latam_corpus.web.models import Job, Sample
from latam_corpus.web.workspace import out_folder

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from django.http import HttpRequest, HttpResponse

_FIRST_PART: Final = 1500  # characters of a text that are shown before the reader unfolds the rest
_LITTLE: Final = 500  # a shorter rest is shown without unfolding


def judging(request: HttpRequest, form: DrawForm | None = None, status: int = 200) -> HttpResponse:
    """List the samples to judge, and the reader's progress; show the reader's last drawing if it isn't done."""
    sources = samples.sources_of(request.user)
    form = form or (DrawForm(named=sources) if sources else None)
    judged = {judgement.text for judgement in lc.judgements(out_folder(), readers=[request.user.username]).rows}
    rows = [
        (sample, sum(tuple(text) in judged for text in sample.texts))
        for sample in Sample.objects.all()
        if sample.named in sources
    ]
    rows.sort(key=lambda row: row[1] == len(row[0].texts))
    job = Job.objects.filter(kind="draw texts", person=request.user).first()
    return render(request, "desk/judging/judging.html", {"samples": rows, "form": form, "job": job}, status=status)


def draw(request: HttpRequest) -> HttpResponse:
    """Draw texts for all readers: one sample per language."""
    sources = samples.sources_of(request.user)
    form = DrawForm(request.POST, named=sources)
    if form.is_valid():
        named, number = form.cleaned_data["named"], form.cleaned_data["number"]
        log(request.user, "texts drawn", f"{named}, {number} of each language")
        job = wait_for(enqueue("draw texts", request.user, sources[named], named=named, number=number))
        if job.state != Job.State.FAILED:
            drawn = (job.result or {}).get("samples", [])
            return redirect("judging-next", drawn[0]) if len(drawn) == 1 else redirect("judging")
    return judging(request, form, status=422)


def _opened(request: HttpRequest, number: int) -> tuple[Sample, dict[int, dict[str, Any]]]:
    """Return a sample, and the texts in it that the person may read; raise Http404 if they may not open it."""
    opened = get_object_or_404(Sample, pk=number)
    if not samples.may_open_sample(request.user, opened):
        raise Http404
    return opened, samples.texts_of(request.user, opened)


def sample(request: HttpRequest, number: int) -> HttpResponse:
    """Show a reader's progress and answers; once all texts are judged, show how far the readers agree."""
    opened, texts = _opened(request, number)
    stored = samples.judgements_of(texts)
    answers = samples.answers_of(request.user, texts, stored)
    values = {
        "sample": opened,
        "rows": [(place, row, answers.get(place)) for place, row in texts.items()],
        "done": len(answers),
        "agreement": samples.agreement_of(request.user, texts, stored) if texts else None,
        "labels": {name: field.label for name, field in AnswerForm(language=opened.language).fields.items()},
    }
    return render(request, "desk/judging/sample.html", values)


def next_text(request: HttpRequest, number: int) -> HttpResponse:
    """Go to the first text without an answer."""
    opened, texts = _opened(request, number)
    return _go_on(opened, texts, samples.answers_of(request.user, texts, samples.judgements_of(texts)))


def _go_on(opened: Sample, places: Iterable[int], answered: Container[int], after: int = 0) -> HttpResponse:
    """Go to the next text without an answer, or else to an earlier one; if there is none, to the sample."""
    unanswered = sorted((place for place in places if place not in answered), key=lambda place: (place <= after, place))
    return redirect("judging-text", opened.pk, unanswered[0]) if unanswered else redirect("judging-sample", opened.pk)


def text(request: HttpRequest, number: int, place: int) -> HttpResponse:
    """Show a text, or store the reader's answers and go on to the next text."""
    opened, texts = _opened(request, number)
    if not 1 <= place <= len(opened.texts):
        raise Http404
    if place not in texts:
        messages.error(request, _("This text can't be read any more."))
        return redirect("judging-sample", number)
    row, answers = texts[place], samples.answers_of(request.user, texts, samples.judgements_of(texts))
    own = answers.get(place)
    data = request.POST if request.method == "POST" else None
    form = AnswerForm(data, language=row["language"], initial=AnswerForm.initial_of(own) if own else None)
    if form.is_valid():
        judged = row | {"answers": form.answers(), "note": form.cleaned_data["note"].strip()}
        lc.judge([judged], request.user.username, out_folder())
        return _go_on(opened, texts, {place, *answers}, place)
    words = row["text"]
    end = max(words.rfind(" ", 0, _FIRST_PART), words.rfind("\n", 0, _FIRST_PART))
    end = end if end > 0 and len(words) > _FIRST_PART + _LITTLE else len(words)
    order = list(texts)
    at = order.index(place)
    values = {
        "sample": opened,
        "row": row,
        "beginning": words[:end],
        "rest": words[end:].lstrip(" "),
        "tag": row["language"].replace("_", "-"),
        "at": at + 1,
        "all": len(order),
        "before": order[at - 1] if at else None,
        "form": form,
        "language_names": language_names(),
    }
    return render(request, "desk/judging/text.html", values, status=422 if form.is_bound else 200)
