"""The addresses of the public catalogue."""

from __future__ import annotations

from typing import Final

from django.urls import path

from latam_corpus.web.browse import views

urlpatterns: Final = [
    path("browse/", views.browse, name="browse"),
    path("browse/<slug:slug>", views.collection, name="browse-collection"),
    path("browse/<slug:slug>/text", views.text, name="browse-text"),
]
