"""The URLs of all pages."""

from __future__ import annotations

from typing import Final

from django.urls import path

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

handler400: Final = "latam_corpus.web.access.errors.bad_request"
handler403: Final = "latam_corpus.web.access.errors.forbidden"
handler404: Final = "latam_corpus.web.access.errors.not_found"
handler500: Final = "latam_corpus.web.access.errors.server_error"

urlpatterns: Final = [
    path("", home.home, name="home"),
    path("health", home.health, name="health"),
    path("static/desk/<str:name>", home.asset, name="asset"),
    path("collections/new", home.collection_new, name="collection-new"),
    path("collections/<slug:slug>/", home.collection, name="collection"),
    path("jobs/", home.jobs, name="jobs"),
    path("jobs/<int:number>", home.job, name="job"),
    path("jobs/<int:number>/stop", home.job_stop, name="job-stop"),
    path("login", accounts.LogIn.as_view(), name="login"),
    path("logout", accounts.log_out, name="logout"),
    path("start/<str:token>", accounts.start, name="start"),
    path("language", accounts.language, name="language"),
    path("join/<str:token>", accounts.join, name="join"),
    path("account", accounts.account, name="account"),
    path("account/tokens", accounts.token_new, name="token-new"),
    path("account/tokens/<int:number>/revoke", accounts.token_revoke, name="token-revoke"),
    path("log", accounts.log_page, name="log"),
    path("people", accounts.people, name="people"),
    path("people/invite", accounts.invite, name="invite"),
    path("people/<int:number>", accounts.person_role, name="person-role"),
    path("collections/<slug:slug>/files", files.files, name="files"),
    path("collections/<slug:slug>/files/upload", files.upload, name="files-upload"),
    path("collections/<slug:slug>/files/folder", files.named_folder, name="files-folder"),
    path("collections/<slug:slug>/files/survey", files.survey, name="files-survey"),
    path("collections/<slug:slug>/files/run", files.run, name="files-run"),
    path("collections/<slug:slug>/files/<int:number>/edit", files.file_edit, name="file-edit"),
    path("collections/<slug:slug>/files/<int:number>/set", files.file_set, name="file-set"),
    path("collections/<slug:slug>/catalogue", catalogue_views.catalogue, name="catalogue"),
    path("collections/<slug:slug>/catalogue/upload", catalogue_views.catalogue_upload, name="catalogue-upload"),
    path("collections/<slug:slug>/catalogue/columns", catalogue_views.catalogue_columns, name="catalogue-columns"),
    path("collections/<slug:slug>/catalogue/language", catalogue_views.catalogue_language, name="catalogue-language"),
    path("collections/<slug:slug>/catalogue/join", catalogue_views.catalogue_join, name="catalogue-join"),
    path("collections/<slug:slug>/catalogue/remove", catalogue_views.catalogue_remove, name="catalogue-remove"),
    path("collections/<slug:slug>/edit", files.source_edit, name="collection-edit"),
    path("collections/<slug:slug>/rights", rights.rights, name="rights"),
    path("collections/<slug:slug>/rights/terms", rights.terms, name="rights-terms"),
    path("collections/<slug:slug>/rights/group", rights.group, name="rights-group"),
    path("collections/<slug:slug>/rights/consent", rights.consent, name="rights-consent"),
    path("collections/<slug:slug>/rights/consent/remove", rights.consent_remove, name="rights-consent-remove"),
    path("collections/<slug:slug>/rights/document", rights.document, name="rights-document"),
    path("collections/<slug:slug>/rights/propose", rights.propose_both, name="rights-propose"),
    path("collections/<slug:slug>/rights/approve/<str:kind>", rights.approve, name="rights-approve"),
    path("collections/<slug:slug>/release", releases.release, name="release"),
    path("collections/<slug:slug>/release/build", releases.build, name="release-build"),
    path("collections/<slug:slug>/release/public", releases.public, name="release-public"),
    path("collections/<slug:slug>/release/texts", releases.texts, name="release-texts"),
    path("collections/<slug:slug>/release/text", releases.text, name="release-text"),
    path("status/", releases.find_status, name="status-find"),
    path("status/<str:number>", releases.status, name="status"),
    path("collections/<slug:slug>/withdraw", withdrawals.withdraw, name="withdraw"),
    path("collections/<slug:slug>/withdraw/rule", withdrawals.rule, name="withdraw-rule"),
    path("collections/<slug:slug>/withdraw/found/<int:number>", withdrawals.found, name="withdraw-found"),
    path("collections/<slug:slug>/withdraw/request/<int:number>", withdrawals.request_page, name="withdraw-request"),
    path("collections/<slug:slug>/withdraw/request/<int:number>/drop", withdrawals.drop, name="withdraw-drop"),
    path("collections/<slug:slug>/withdraw/done/<int:number>", withdrawals.done, name="withdraw-done"),
    path("collections/<slug:slug>/withdraw/done/<int:number>/receipt", withdrawals.receipt, name="withdraw-receipt"),
    path("collections/<slug:slug>/withdraw/done/<int:number>/return", withdrawals.return_held, name="withdraw-return"),
    path("collections/<slug:slug>/texts", texts.texts, name="texts"),
    path("collections/<slug:slug>/texts/preview", texts.preview, name="texts-preview"),
    path("collections/<slug:slug>/texts/<int:number>", texts.text, name="text"),
    path("collections/<slug:slug>/texts/<int:number>/note", texts.note, name="text-note"),
    path("collections/<slug:slug>/texts/<int:number>/pages/<int:page>", texts.picture, name="text-page"),
    path("judging/", judging.judging, name="judging"),
    path("judging/draw", judging.draw, name="judging-draw"),
    path("judging/<int:number>/", judging.sample, name="judging-sample"),
    path("judging/<int:number>/next", judging.next_text, name="judging-next"),
    path("judging/<int:number>/<int:place>", judging.text, name="judging-text"),
    path("rules", policies.policies, name="policies"),
    path("rules/new", policies.new, name="policy-new"),
    path("rules/<int:number>", policies.policy, name="policy"),
    path("rules/<int:number>/sign", policies.sign, name="policy-sign"),
    path("rules/<int:number>/use", policies.use, name="policy-use"),
    path("browse/", browse.browse, name="browse"),
    path("browse/<slug:slug>", browse.collection, name="browse-collection"),
    path("browse/<slug:slug>/text", browse.text, name="browse-text"),
    path("api/openapi.json", api.openapi, name="api-openapi"),
    path("api/collections", api.collections, name="api-collections"),
    path("api/collections/<slug:slug>", api.collection, name="api-collection"),
    path("api/collections/<slug:slug>/source", api.source, name="api-source"),
    path("api/collections/<slug:slug>/catalogue", api.catalogue, name="api-catalogue"),
    path("api/jobs", api.jobs, name="api-jobs"),
    path("api/jobs/<int:number>", api.job, name="api-job"),
]
