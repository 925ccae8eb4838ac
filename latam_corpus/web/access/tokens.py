"""Access to the API, which requires a token with the right scope; a browser session isn't enough."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.contrib.auth.models import AnonymousUser
from django.http import JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from latam_corpus.web.access.roles import SCOPES, may_open
from latam_corpus.web.models import Token, digest_of_token

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_SCHEME: Final = "Bearer "


def error(status: int, problem: str, remedy: str = "", place: str = "", **headers: str) -> JsonResponse:
    """Return an error as JSON: place, problem and remedy."""
    row = {"place": place, "problem": problem, "remedy": remedy}
    return JsonResponse({"errors": [row]}, status=status, headers=headers)


def refusal(request: HttpRequest, route: str) -> HttpResponse | None:
    """Set the request's user to the token's owner; return an error unless the token allows the route."""
    token = _token(request)
    request.user = AnonymousUser() if token is None else token.person
    if not may_open(request, route):
        if token is not None:
            return error(403, _("Your account doesn't allow this"))
        challenge = {"WWW-Authenticate": 'Bearer realm="desk"'}
        return error(
            401, _("The request has no valid token"), _("Make a token on the page of your account."), **challenge
        )
    scope = SCOPES.get((route, request.method))
    if scope is not None and (token is None or scope not in token.scopes):
        return error(
            403, _("The token doesn't allow this"), _("Make a token with the scope %(scope)s.") % {"scope": scope}
        )
    return None


def _token(request: HttpRequest) -> Token | None:
    """Return the valid token in a request's header; record its use at most once a minute."""
    header = str(request.headers.get("Authorization", ""))
    if not header.startswith(_SCHEME):
        return None
    now = timezone.now()
    digest = digest_of_token(header.removeprefix(_SCHEME).strip())
    token: Token | None = (
        Token.objects.select_related("person").filter(digest=digest, expires__gt=now, person__is_active=True).first()
    )
    if token is not None and (token.last_used is None or now - token.last_used > timedelta(minutes=1)):
        Token.objects.filter(pk=token.pk).update(last_used=now)
    return token
