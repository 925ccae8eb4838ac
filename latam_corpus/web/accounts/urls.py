"""The URLs of accounts."""

from __future__ import annotations

from typing import Final

from django.urls import path

from latam_corpus.web.accounts import views

urlpatterns: Final = [
    path("login", views.LogIn.as_view(), name="login"),
    path("logout", views.log_out, name="logout"),
    path("start/<str:token>", views.start, name="start"),
    path("language", views.language, name="language"),
    path("join/<str:token>", views.join, name="join"),
    path("account", views.account, name="account"),
    path("account/tokens", views.token_new, name="token-new"),
    path("account/tokens/<int:number>/revoke", views.token_revoke, name="token-revoke"),
    path("log", views.log_page, name="log"),
    path("people", views.people, name="people"),
    path("people/invite", views.invite, name="invite"),
    path("people/<int:number>", views.person_role, name="person-role"),
]
