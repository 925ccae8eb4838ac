"""The URLs of texts to judge."""

from __future__ import annotations

from typing import Final

from django.urls import path

from latam_corpus.web.judging import views

urlpatterns: Final = [
    path("judging/", views.judging, name="judging"),
    path("judging/draw", views.draw, name="judging-draw"),
    path("judging/<int:number>/", views.sample, name="judging-sample"),
    path("judging/<int:number>/next", views.next_text, name="judging-next"),
    path("judging/<int:number>/<int:place>", views.text, name="judging-text"),
]
