"""The desk as an application of Django."""

from __future__ import annotations

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """The application, whose tables are named `desk_…`."""

    name = "latam_corpus.web"
    label = "desk"
