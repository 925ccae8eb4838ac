"""The URLs of all pages, and the roles that may open each; `access.middleware.Access` enforces them."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from latam_corpus.web.access.roles import EVERYONE, OWNERS, PEOPLE, REVIEWERS, ROUTES, STEWARDS
from latam_corpus.web.accounts import views as accounts
from latam_corpus.web.api import views as api
from latam_corpus.web.browse import views as browse
from latam_corpus.web.files import catalogue_views
from latam_corpus.web.files import views as files
from latam_corpus.web.home import views as home
from latam_corpus.web.judging import views as judging
from latam_corpus.web.policies import views as policies
from latam_corpus.web.releases import views as releases
from latam_corpus.web.rights import views as rights
from latam_corpus.web.texts import views as texts
from latam_corpus.web.withdrawals import views as withdrawals

handler400: Final = "latam_corpus.web.access.errors.refused"
handler403: Final = handler400
handler404: Final = handler400
handler500: Final = "latam_corpus.web.access.errors.server_error"

_COLLECTION: Final = "collections/<slug:slug>"


def page(address: str, view: Any, name: str, roles: frozenset[str]) -> URLPattern:
    """Return the URL pattern of a route that these roles may open."""
    ROUTES[name] = roles
    return path(address, view, name=name)


def action(address: str, view: Any, name: str, roles: frozenset[str]) -> URLPattern:
    """Return the URL pattern of a route that only takes forms."""
    return page(address, require_POST(view), name, roles)


def endpoint(address: str, view: Any, name: str, roles: frozenset[str]) -> URLPattern:
    """Return the URL pattern of a route of the API, which needs a token instead of the check for forged forms."""
    return page(address, csrf_exempt(view), name, roles)


urlpatterns: Final = [
    page("", home.home, "home", PEOPLE),
    page("health", home.health, "health", EVERYONE),
    page("static/desk/<str:name>", home.asset, "asset", EVERYONE),
    page("collections/new", home.collection_new, "collection-new", OWNERS),
    page(f"{_COLLECTION}/", home.collection, "collection", PEOPLE),
    page("jobs/", home.jobs, "jobs", PEOPLE),
    page("jobs/<int:number>", home.job, "job", PEOPLE),
    action("jobs/<int:number>/stop", home.job_stop, "job-stop", PEOPLE),
    page("login", accounts.LogIn.as_view(), "login", EVERYONE),
    page("logout", LogoutView.as_view(next_page="login"), "logout", PEOPLE),
    page("start/<str:token>", accounts.start, "start", EVERYONE),
    action("language", accounts.language, "language", EVERYONE),
    page("join/<str:token>", accounts.join, "join", EVERYONE),
    page("account", accounts.account, "account", PEOPLE),
    action("account/tokens", accounts.token_new, "token-new", PEOPLE),
    action("account/tokens/<int:number>/revoke", accounts.token_revoke, "token-revoke", PEOPLE),
    page("log", accounts.log_page, "log", STEWARDS),
    page("people", accounts.people, "people", STEWARDS),
    action("people/invite", accounts.invite, "invite", STEWARDS),
    action("people/<int:number>", accounts.person_role, "person-role", STEWARDS),
    page(f"{_COLLECTION}/files", files.files, "files", PEOPLE),
    action(f"{_COLLECTION}/files/upload", files.upload, "files-upload", OWNERS),
    action(f"{_COLLECTION}/files/folder", files.named_folder, "files-folder", STEWARDS),
    action(f"{_COLLECTION}/files/run", files.run, "files-run", OWNERS),
    page(f"{_COLLECTION}/files/<int:number>/edit", files.file_edit, "file-edit", OWNERS),
    action(f"{_COLLECTION}/files/<int:number>/set", files.file_set, "file-set", OWNERS),
    page(f"{_COLLECTION}/catalogue", catalogue_views.catalogue, "catalogue", PEOPLE),
    action(f"{_COLLECTION}/catalogue/upload", catalogue_views.catalogue_upload, "catalogue-upload", OWNERS),
    action(f"{_COLLECTION}/catalogue/columns", catalogue_views.catalogue_columns, "catalogue-columns", OWNERS),
    action(f"{_COLLECTION}/catalogue/language", catalogue_views.catalogue_language, "catalogue-language", OWNERS),
    action(f"{_COLLECTION}/catalogue/join", catalogue_views.catalogue_join, "catalogue-join", OWNERS),
    action(f"{_COLLECTION}/catalogue/remove", catalogue_views.catalogue_remove, "catalogue-remove", OWNERS),
    page(f"{_COLLECTION}/edit", files.source_edit, "collection-edit", OWNERS),
    page(f"{_COLLECTION}/rights", rights.rights, "rights", PEOPLE),
    page(f"{_COLLECTION}/rights/terms", rights.terms, "rights-terms", OWNERS),
    page(f"{_COLLECTION}/rights/group", rights.group, "rights-group", OWNERS),
    page(f"{_COLLECTION}/rights/consent", rights.consent, "rights-consent", OWNERS),
    action(f"{_COLLECTION}/rights/consent/remove", rights.consent_remove, "rights-consent-remove", OWNERS),
    page(f"{_COLLECTION}/rights/document", rights.document, "rights-document", PEOPLE),
    action(f"{_COLLECTION}/rights/propose", rights.propose_both, "rights-propose", OWNERS),
    page(f"{_COLLECTION}/rights/approve/<str:kind>", rights.approve, "rights-approve", REVIEWERS),
    page(f"{_COLLECTION}/release", releases.release, "release", PEOPLE),
    action(f"{_COLLECTION}/release/build", releases.build, "release-build", STEWARDS),
    action(f"{_COLLECTION}/release/public", releases.public, "release-public", OWNERS),
    page(f"{_COLLECTION}/release/texts", releases.texts, "release-texts", OWNERS),
    page(f"{_COLLECTION}/release/text", releases.text, "release-text", OWNERS),
    page("status/", releases.find_status, "status-find", EVERYONE),
    page("status/<str:number>", releases.status, "status", EVERYONE),
    page(f"{_COLLECTION}/withdraw", withdrawals.withdraw, "withdraw", PEOPLE),
    action(f"{_COLLECTION}/withdraw/rule", withdrawals.rule, "withdraw-rule", OWNERS),
    page(f"{_COLLECTION}/withdraw/found/<int:number>", withdrawals.found, "withdraw-found", OWNERS),
    page(f"{_COLLECTION}/withdraw/request/<int:number>", withdrawals.request_page, "withdraw-request", PEOPLE),
    action(f"{_COLLECTION}/withdraw/request/<int:number>/drop", withdrawals.drop, "withdraw-drop", OWNERS),
    page(f"{_COLLECTION}/withdraw/done/<int:number>", withdrawals.done, "withdraw-done", PEOPLE),
    page(f"{_COLLECTION}/withdraw/done/<int:number>/receipt", withdrawals.receipt, "withdraw-receipt", PEOPLE),
    action(f"{_COLLECTION}/withdraw/done/<int:number>/return", withdrawals.return_held, "withdraw-return", STEWARDS),
    page(f"{_COLLECTION}/texts", texts.texts, "texts", PEOPLE),
    action(f"{_COLLECTION}/texts/preview", texts.preview, "texts-preview", OWNERS),
    page(f"{_COLLECTION}/texts/<int:number>", texts.text, "text", PEOPLE),
    action(f"{_COLLECTION}/texts/<int:number>/note", texts.note, "text-note", OWNERS),
    page(f"{_COLLECTION}/texts/<int:number>/pages/<int:page>", texts.picture, "text-page", OWNERS),
    # Reviewers and stewards read samples of versions; samples of a run are for readers of its collection.
    page("judging/", judging.judging, "judging", PEOPLE),
    action("judging/draw", judging.draw, "judging-draw", PEOPLE),
    page("judging/<int:number>/", judging.sample, "judging-sample", PEOPLE),
    page("judging/<int:number>/next", judging.next_text, "judging-next", PEOPLE),
    page("judging/<int:number>/<int:place>", judging.text, "judging-text", PEOPLE),
    page("rules", policies.policies, "policies", OWNERS),
    action("rules/new", policies.new, "policy-new", OWNERS),
    page("rules/<int:number>", policies.policy, "policy", OWNERS),
    action("rules/<int:number>/sign", policies.sign, "policy-sign", OWNERS),
    action("rules/<int:number>/use", policies.use, "policy-use", OWNERS),
    # `browse.holdings` decides what each person sees of the public catalogue.
    page("browse/", browse.browse, "browse", EVERYONE),
    page("browse/<slug:slug>", browse.collection, "browse-collection", EVERYONE),
    page("browse/<slug:slug>/text", browse.text, "browse-text", EVERYONE),
    endpoint("api/openapi.json", api.openapi, "api-openapi", EVERYONE),
    endpoint("api/collections", api.collections, "api-collections", PEOPLE),
    endpoint("api/collections/<slug:slug>", api.collection, "api-collection", PEOPLE),
    endpoint("api/collections/<slug:slug>/source", api.source, "api-source", PEOPLE),
    endpoint("api/collections/<slug:slug>/catalogue", api.catalogue, "api-catalogue", PEOPLE),
    endpoint("api/jobs", api.jobs, "api-jobs", PEOPLE),
    endpoint("api/jobs/<int:number>", api.job, "api-job", PEOPLE),
]
