"""The URLs of withdrawals."""

from __future__ import annotations

from typing import Final

from django.urls import path

from latam_corpus.web.withdrawals import views

_AT: Final = "collections/<slug:slug>/withdraw"
urlpatterns: Final = [
    path(_AT, views.withdraw, name="withdraw"),
    path(f"{_AT}/rule", views.rule, name="withdraw-rule"),
    path(f"{_AT}/found/<int:number>", views.found, name="withdraw-found"),
    path(f"{_AT}/request/<int:number>", views.request_page, name="withdraw-request"),
    path(f"{_AT}/request/<int:number>/drop", views.drop, name="withdraw-drop"),
    path(f"{_AT}/done/<int:number>", views.done, name="withdraw-done"),
    path(f"{_AT}/done/<int:number>/receipt", views.receipt, name="withdraw-receipt"),
    path(f"{_AT}/done/<int:number>/return", views.return_held, name="withdraw-return"),
]
