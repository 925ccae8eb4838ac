"""Middleware for all pages: headers, language, access, and the maximum length of sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.utils import translation
from django.utils.cache import patch_vary_headers

from latam_corpus.errors import CorpusError
from latam_corpus.web.access.errors import error_page
from latam_corpus.web.access.limits import is_over
from latam_corpus.web.access.roles import is_single, may_open
from latam_corpus.web.access.tokens import refusal
from latam_corpus.web.settings import SESSION_HOURS

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    Next = Callable[[HttpRequest], HttpResponse]

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
# The core's code for each language code of Django.
DJANGO_CODES: Final = {"es": "es", "pt": "pt-br", "en": "en"}


def headers(get_response: Next) -> Next:
    """Add the headers, besides those of Django, that separate pages from other sites, and forbid caching."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return answer


def language(get_response: Next) -> Next:
    """Respond in the language of the person, or else of the cookie, or else of the browser."""

    def answer(request: HttpRequest) -> HttpResponse:
        chosen = DJANGO_CODES.get(request.user.language) if request.user.is_authenticated else None
        code = chosen or translation.get_language_from_request(request)
        with translation.override(code):
            request.LANGUAGE_CODE = code
            response = get_response(request)
        response.headers.setdefault("Content-Language", "pt-BR" if code == "pt-br" else code)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response

    return answer


def core_language() -> str:
    """Return the core's code for the language of the page: `es`, `pt` or `en`."""
    code = translation.get_language() or "en"
    return next((core for core, django_code in DJANGO_CODES.items() if django_code == code), "en")


def limit_session(request: HttpRequest, **values: Any) -> None:
    """Let a session end `SESSION_HOURS` after the log-in, even if it is in use."""
    del values
    request.session.set_expiry(timedelta(hours=SESSION_HOURS))


class Access:
    """Enforces `roles.ROUTES`."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Check access before the view, or the protection against forged requests, reads the request's body."""
        del view, args, kwargs
        route = request.resolver_match.view_name or ""
        if is_over(request, route):
            return error_page(request, 429)
        if route.startswith("api-"):
            return refusal(request, route)
        if may_open(request, route):
            return None
        if not request.user.is_authenticated and not is_single():
            return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")
        return error_page(request, 403)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Show an error of the core with its remedy, for example if a user damaged a source file."""
        if not isinstance(exception, CorpusError):
            return None
        return error_page(request, 409, str(exception.translated(core_language())))


def page_values(request: HttpRequest) -> dict[str, Any]:
    """Return the values that all templates may use."""
    del request
    return {"is_single": is_single(), "languages": settings.LANGUAGES}
