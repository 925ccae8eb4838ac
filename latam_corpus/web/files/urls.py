"""The URLs of a collection's files."""

from __future__ import annotations

from typing import Final

from django.urls import path

from latam_corpus.web.files import catalogue_views, source_views, views

urlpatterns: Final = [
    path("collections/<slug:slug>/files", views.files, name="files"),
    path("collections/<slug:slug>/files/upload", views.upload, name="files-upload"),
    path("collections/<slug:slug>/files/folder", views.named_folder, name="files-folder"),
    path("collections/<slug:slug>/files/survey", views.survey, name="files-survey"),
    path("collections/<slug:slug>/files/run", views.run, name="files-run"),
    path("collections/<slug:slug>/files/<int:number>/edit", views.file_edit, name="file-edit"),
    path("collections/<slug:slug>/files/<int:number>/set", views.file_set, name="file-set"),
    path("collections/<slug:slug>/catalogue", catalogue_views.catalogue, name="catalogue"),
    path("collections/<slug:slug>/catalogue/upload", catalogue_views.catalogue_upload, name="catalogue-upload"),
    path("collections/<slug:slug>/catalogue/columns", catalogue_views.catalogue_columns, name="catalogue-columns"),
    path("collections/<slug:slug>/catalogue/language", catalogue_views.catalogue_language, name="catalogue-language"),
    path("collections/<slug:slug>/catalogue/join", catalogue_views.catalogue_join, name="catalogue-join"),
    path("collections/<slug:slug>/catalogue/remove", catalogue_views.catalogue_remove, name="catalogue-remove"),
    path("collections/<slug:slug>/edit", source_views.source_edit, name="collection-edit"),
]
