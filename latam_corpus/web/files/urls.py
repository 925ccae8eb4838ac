"""The addresses of a collection's files."""

from __future__ import annotations

from typing import Final

from django.urls import path

from latam_corpus.web.files import views

urlpatterns: Final = [
    path("collections/<slug:slug>/files", views.files, name="files"),
    path("collections/<slug:slug>/files/upload", views.upload, name="files-upload"),
    path("collections/<slug:slug>/files/folder", views.named_folder, name="files-folder"),
]
