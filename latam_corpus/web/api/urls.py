"""The URLs of the API, below `/api/`."""

from __future__ import annotations

from typing import Final

from django.urls import path

from latam_corpus.web.api import views

urlpatterns: Final = [
    path("openapi.json", views.openapi, name="api-openapi"),
    path("collections", views.collections, name="api-collections"),
    path("collections/<slug:slug>", views.collection, name="api-collection"),
    path("collections/<slug:slug>/source", views.source, name="api-source"),
    path("collections/<slug:slug>/catalogue", views.catalogue, name="api-catalogue"),
    path("jobs", views.jobs, name="api-jobs"),
    path("jobs/<int:number>", views.job, name="api-job"),
]
