"""The URLs of versions and of the status page."""

from __future__ import annotations

from typing import Final

from django.urls import path

from latam_corpus.web.releases import views

urlpatterns: Final = [
    path("collections/<slug:slug>/release", views.release, name="release"),
    path("collections/<slug:slug>/release/build", views.build, name="release-build"),
    path("collections/<slug:slug>/release/public", views.public, name="release-public"),
    path("collections/<slug:slug>/release/texts", views.texts, name="release-texts"),
    path("collections/<slug:slug>/release/text", views.text, name="release-text"),
    path("status/", views.find_status, name="status-find"),
    path("status/<str:number>", views.status, name="status"),
]
