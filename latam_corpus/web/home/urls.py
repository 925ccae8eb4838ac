"""The URLs of the home page, collections and jobs."""

from __future__ import annotations

from typing import Final

from django.urls import path

from latam_corpus.web.home import views

urlpatterns: Final = [
    path("", views.home, name="home"),
    path("health", views.health, name="health"),
    path("static/desk/<str:name>", views.asset, name="asset"),
    path("collections/new", views.collection_new, name="collection-new"),
    path("collections/<slug:slug>/", views.collection, name="collection"),
    path("jobs/", views.jobs, name="jobs"),
    path("jobs/<int:number>", views.job, name="job"),
    path("jobs/<int:number>/stop", views.job_stop, name="job-stop"),
]
