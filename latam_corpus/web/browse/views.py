"""The public catalogue: versions by language, genre, country and rights; a page for each collection and text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from latam_corpus.audit.life_page import shareable
from latam_corpus.audit.lineage_lines import Speaker, facts, releases, steps
from latam_corpus.report.figures import Figures
from latam_corpus.web.access.middleware import core_language
from latam_corpus.web.access.roles import may_edit
from latam_corpus.web.browse import holdings
from latam_corpus.web.models import Collection
from latam_corpus.web.releases.shares import shares_of
from latam_corpus.web.releases.views import count_later, number_of
from latam_corpus.web.source_values import source_values

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from latam_corpus.web.releases.shares import Share

_A_PAGE: Final = 50  # texts
_CARDS: Final = 10
_LABELS: Final = {"language": _("Language"), "genre": _("Genre"), "country": _("Country"), "rights": _("Rights")}


def browse(request: HttpRequest) -> HttpResponse:
    """List the versions with content that the visitor may know of."""
    chosen = {name: request.GET.get(name, "")[:60] for name in holdings.FILTERS}
    cards, choices, uncounted = holdings.catalogue(holdings.visible_sources(request), chosen, core_language())
    count_later(request, uncounted)
    values = {
        "page": Paginator(cards, _CARDS).get_page(request.GET.get("page")),
        "fields": [(name, _LABELS[name], choices[name], chosen[name]) for name in holdings.FILTERS],
        "labels": _LABELS,
        "uncounted": uncounted,
        "is_filtered": any(chosen.values()),
    }
    return render(request, "desk/browse/browse.html", values)


def collection(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a collection: its share of the versions, its terms, and the texts that may be shown."""
    shares = _shares(request, slug)
    row = Collection.objects.filter(slug=slug).first()
    newest = shares[0]
    page = Paginator(holdings.readable_texts(newest.version, slug), _A_PAGE).get_page(request.GET.get("page"))
    values = {
        "slug": slug,
        "title": row.title if row else newest.title,
        "custodian": row.custodian if row else newest.holder,
        "number": number_of(row) if row else "",
        "contacts": _contacts(row) or [newest.holder],
        "shares": shares,
        "charts": [
            (_LABELS[name], holdings.bars(holdings.slices_of(newest.version, slug), name, core_language()))
            for name in holdings.FILTERS
        ],
        "newest": newest,
        "page": page,
        "texts": holdings.listed(newest.version, slug, list(page)),
    }
    return render(request, "desk/browse/collection.html", values)


def text(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the history of a text to those who may see it: everyone if its terms allow it, else who may edit it."""
    shares = _shares(request, slug)
    version = request.GET.get("version") or shares[0].version
    versions = {share.version for share in shares}
    if version not in versions:
        raise Http404
    story = holdings.story_of(version, slug, request.GET.get("doc", ""))
    row = Collection.objects.filter(slug=slug).first()
    is_own = row is not None and request.user.is_authenticated and may_edit(request.user, row)
    if story is None or story["withdrawn"] is not None or not (story["readable"] or is_own):
        raise Http404
    shown, _compared = shareable(story, shown=True, internal=False, figures=Figures(core_language()))
    say = Speaker(core_language())
    if shown["copies"]["other"]:
        shown["copies"]["other"]["title"] = None  # the copy may be in a collection that isn't public
    values: dict[str, Any] = {
        "slug": slug,
        "title": row.title if row else shares[0].title,
        "contacts": _contacts(row) or [shares[0].holder],
        "story": shown,
        "is_hidden": not story["readable"],
        "facts": [(say(name), value, more) for name, value, more in facts(shown, say)],
        "steps": list(steps(shown, say)),
        "releases": [(name, where) for name, where in releases(shown, say) if name in versions],
    }
    return render(request, "desk/browse/text.html", values)


def _contacts(row: Collection | None) -> list[str]:
    """Return whom to ask for a withdrawal: the contacts of consents and of the source, or else the custodian."""
    if row is None:
        return []
    source = source_values(row)
    contacts = [record.get("withdrawal_contact") for record in source.get("consent", ())] + [source.get("contact")]
    return list(dict.fromkeys(filter(None, contacts))) or [row.custodian]


def _shares(request: HttpRequest, slug: str) -> list[Share]:
    """Return a collection's shares of the versions, newest first; raise Http404 if the visitor may know of none."""
    visible = holdings.visible_sources(request)
    shares = shares_of(slug)[0] if visible is None or slug in visible else []
    if not shares:
        raise Http404
    return shares
