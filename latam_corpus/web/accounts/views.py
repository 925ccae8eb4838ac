"""Log in and out, accept an invitation, choose a language; people and invitations, for stewards."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.i18n import set_language

from latam_corpus.web.access.middleware import DJANGO_CODES
from latam_corpus.web.access.roles import is_single
from latam_corpus.web.accounts.forms import AccountForm, InviteForm, JoinForm, LogInForm, PersonForm, TokenForm
from latam_corpus.web.log import ACTIONS, broken_entries, log
from latam_corpus.web.models import ONE_PERSON, Invitation, LogEntry, Person, Role, Token, digest_of_token

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_BACKEND = "django.contrib.auth.backends.ModelBackend"


class LogIn(LoginView):
    """Log in with a name and a password."""

    template_name = "desk/accounts/login.html"
    authentication_form = LogInForm
    redirect_authenticated_user = True


def start(request: HttpRequest, token: str) -> HttpResponse:
    """Log in the only user of a desk on this machine, through the address that the terminal shows."""
    if not is_single() or not secrets.compare_digest(token.encode(), settings.DESK.start_token.encode()):
        raise Http404
    login(request, Person.objects.get(username=ONE_PERSON), _BACKEND)
    return redirect("home")


def language(request: HttpRequest) -> HttpResponse:
    """Set the language of the pages, in a cookie and for the person, and return to the page."""
    for code, django_code in DJANGO_CODES.items():
        if django_code == request.POST.get("language"):
            Person.objects.filter(pk=request.user.pk).update(language=code)
    response: HttpResponse = set_language(request)
    return response


def join(request: HttpRequest, token: str) -> HttpResponse:
    """Create an account with an invitation, which can be used once."""
    invitation = Invitation.open_ones().filter(digest=digest_of_token(token)).first()
    if invitation is None:
        return render(request, "desk/accounts/no_invitation.html", status=404)
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            person = form.save(commit=False)
            person.role = invitation.role
            person.save()
            # If two requests use the same invitation, the second is refused.
            if not Invitation.open_ones().filter(pk=invitation.pk).update(used_by=person):
                transaction.set_rollback(True)
                return render(request, "desk/accounts/no_invitation.html", status=404)
            log(person, "account made", f"person {person.username}, role {person.role}")
        login(request, person, _BACKEND)
        return redirect("home")
    return render(request, "desk/accounts/join.html", {"form": form, "role": Role(invitation.role).label})


def account(request: HttpRequest) -> HttpResponse:
    """Show a person's own account: name and password."""
    asks_password = "new_password1" in request.POST
    person = Person.objects.get(pk=request.user.pk)
    form = AccountForm(request.POST if request.method == "POST" and not asks_password else None, instance=person)
    password = None if is_single() else PasswordChangeForm(person, request.POST if asks_password else None)
    if form.is_bound and form.is_valid():
        form.save()
        messages.success(request, _("Your name is saved."))
        return redirect("account")
    if password is not None and password.is_bound and password.is_valid():
        update_session_auth_hash(request, password.save())
        log(person, "password changed", f"person {person.username}")
        messages.success(request, _("Your password is changed. Your other sessions have ended."))
        return redirect("account")
    values = {
        "form": form,
        "password": password,
        "token_form": TokenForm(auto_id="token_%s"),
        "tokens": _tokens(request),
    }
    return render(request, "desk/accounts/account.html", values)


def _tokens(request: HttpRequest) -> Any:
    return Token.objects.filter(person=request.user, expires__gt=timezone.now()).order_by("-created")


def token_new(request: HttpRequest) -> HttpResponse:
    """Create a token of the API, and show it once."""
    form = TokenForm(request.POST, auto_id="token_%s")
    if not form.is_valid():
        values = {"form": AccountForm(instance=request.user), "token_form": form, "tokens": _tokens(request)}
        return render(request, "desk/accounts/account.html", values, status=422)
    answers = form.cleaned_data
    token = Token.make(request.user, answers["name"], answers["scopes"], answers["days"])
    log(request.user, "token made", f"{answers['name']}: {', '.join(answers['scopes'])}")
    return render(request, "desk/accounts/token.html", {"token": token, "name": answers["name"]})


def token_revoke(request: HttpRequest, number: int) -> HttpResponse:
    """Revoke one of the person's own tokens."""
    token = get_object_or_404(_tokens(request), pk=number)
    token.delete()
    log(request.user, "token revoked", token.name)
    messages.success(request, _("The token «%(name)s» has ended.") % {"name": token.name})
    return redirect("account")


def log_page(request: HttpRequest) -> HttpResponse:
    """Show the log, newest entries first, filtered by person, action or object."""
    words = request.GET.get("q", "").strip()[:100]
    entries = LogEntry.objects.select_related("person")
    for word in words.split():
        labelled = [action for action, label in ACTIONS.items() if word.casefold() in str(label).casefold()]
        entries = entries.filter(
            Q(action__icontains=word)
            | Q(action__in=labelled)
            | Q(object__icontains=word)
            | Q(reason__icontains=word)
            | Q(person__name__icontains=word)
        )
    page = Paginator(entries, 100).get_page(request.GET.get("page"))
    broken = [entry.pk for entry in broken_entries()] if "check" in request.GET else None
    return render(request, "desk/log/log.html", {"page": page, "words": words, "broken": broken})


def people(request: HttpRequest) -> HttpResponse:
    """List the people and the open invitations."""
    rows = [
        (person, PersonForm(instance=person, auto_id=f"p{person.pk}_%s")) for person in Person.objects.order_by("name")
    ]
    values = {"rows": rows, "form": InviteForm(), "invitations": Invitation.open_ones()}
    return render(request, "desk/accounts/people.html", values)


def invite(request: HttpRequest) -> HttpResponse:
    """Create an invitation, and show its link once."""
    form = InviteForm(request.POST)
    if not form.is_valid():
        return render(request, "desk/accounts/people.html", {"form": form, "rows": []}, status=422)
    token = Invitation.make(form.cleaned_data["role"], request.user)
    log(request.user, "invitation made", f"role {form.cleaned_data['role']}")
    address = request.build_absolute_uri(reverse("join", args=[token]))
    return render(request, "desk/accounts/invited.html", {"address": address, "days": Invitation.DAYS})


def person_role(request: HttpRequest, number: int) -> HttpResponse:
    """Change another person's role, or whether that person may log in; never one's own, so that a steward remains."""
    person = get_object_or_404(Person, pk=number)
    form = PersonForm(request.POST, instance=person)
    if person.pk == request.user.pk:
        messages.error(request, _("Another steward must change your own role."))
    elif form.is_valid():
        form.save()
        state = "" if person.is_active else ", may not log in"
        log(request.user, "role changed", f"person {person.username}, role {person.role}{state}")
        messages.success(request, _("The role of %(name)s is saved.") % {"name": person})
    return redirect("people")
