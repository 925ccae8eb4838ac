"""The URLs of the rules of languages."""

from __future__ import annotations

from typing import Final

from django.urls import path

from latam_corpus.web.policies import views

urlpatterns: Final = [
    path("rules", views.policies, name="policies"),
    path("rules/new", views.new, name="policy-new"),
    path("rules/<int:number>", views.policy, name="policy"),
    path("rules/<int:number>/sign", views.sign, name="policy-sign"),
    path("rules/<int:number>/use", views.use, name="policy-use"),
]
