"""Error pages, in the reader's language."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import PermissionDenied, TooManyFilesSent
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from latam_corpus.web.access.roles import is_single
from latam_corpus.web.access.tokens import error

if TYPE_CHECKING:
    from django.http import HttpRequest

_TEXTS: Final = {
    400: (_("This request can't be read"), _("Go back, and send the form again.")),
    403: (
        _("This page isn't open to you"),
        _("Your account doesn't allow it. Ask a steward of this desk if you need it."),
    ),
    404: (_("There is no such page"), _("The address is wrong, or the page isn't open to you.")),
    405: (_("This address only takes forms"), _("Go back to the page with the form, and use its button.")),
    409: (_("The desk can't process this"), ""),
    413: (_("This is too large"), _("Send fewer or smaller files at a time.")),
    429: (_("Too many attempts"), _("Wait a few minutes, and try again.")),
    500: (
        _("The desk made an error"),
        _("Nothing that was saved is lost. Try again; if it happens again, tell the administrator of this desk."),
    ),
}
_STATUS: Final = {TooManyFilesSent: 413, PermissionDenied: 403, Http404: 404, Exception: 400}
_SINGLE: Final = _("Open the desk with the address that the terminal shows: it proves that it is you.")
_FORGED: Final = _("The form was open for too long, or was sent from another page. Open it again, and send it.")


def error_page(request: HttpRequest, status: int, advice: Any = "") -> HttpResponse:
    """Return the error page of an HTTP status, with this advice instead of the usual one."""
    heading, usual_advice = _TEXTS[status]
    if status == HTTPStatus.FORBIDDEN and is_single():
        usual_advice = _SINGLE
    advice = advice or usual_advice
    response: HttpResponse
    if request.path.startswith("/api/"):
        response = error(status, str(heading), str(advice))
    else:
        response = render(request, "desk/error.html", {"heading": heading, "advice": advice}, status=status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = "600"
    return response


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the error page for a request that can't be read, isn't allowed, or has an unknown address."""
    return error_page(request, next(status for kind, status in _STATUS.items() if isinstance(exception, kind)))


def server_error(request: HttpRequest) -> HttpResponse:
    """Return the error page for an error in the desk itself, or plain text if that page fails too."""
    try:
        return error_page(request, 500)
    except Exception:  # noqa: BLE001  (a template or the database is broken; Django logs the first error)
        return HttpResponse("500\n", status=500, content_type="text/plain")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the error page for a form that another site may have sent."""
    del reason
    return error_page(request, 403, _FORGED)
