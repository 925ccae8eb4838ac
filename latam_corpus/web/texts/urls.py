"""The URLs of a collection's texts."""

from __future__ import annotations

from typing import Final

from django.urls import path

from latam_corpus.web.texts import views

urlpatterns: Final = [
    path("collections/<slug:slug>/texts", views.texts, name="texts"),
    path("collections/<slug:slug>/texts/preview", views.preview, name="texts-preview"),
    path("collections/<slug:slug>/texts/<int:number>", views.text, name="text"),
    path("collections/<slug:slug>/texts/<int:number>/note", views.note, name="text-note"),
    path("collections/<slug:slug>/texts/<int:number>/pages/<int:page>", views.picture, name="text-page"),
]
