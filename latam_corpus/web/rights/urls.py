"""The URLs of a collection's rights."""

from __future__ import annotations

from typing import Final

from django.urls import path

from latam_corpus.web.rights import views

urlpatterns: Final = [
    path("collections/<slug:slug>/rights", views.rights, name="rights"),
    path("collections/<slug:slug>/rights/terms", views.terms, name="rights-terms"),
    path("collections/<slug:slug>/rights/group", views.group, name="rights-group"),
    path("collections/<slug:slug>/rights/consent", views.consent, name="rights-consent"),
    path("collections/<slug:slug>/rights/consent/remove", views.consent_remove, name="rights-consent-remove"),
    path("collections/<slug:slug>/rights/document", views.document, name="rights-document"),
    path("collections/<slug:slug>/rights/propose", views.propose_both, name="rights-propose"),
    path("collections/<slug:slug>/rights/approve/<str:kind>", views.approve, name="rights-approve"),
]
