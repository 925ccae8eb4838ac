"""The desk as a Django application."""

from __future__ import annotations

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """The application, whose tables are named `desk_…`."""

    name = "latam_corpus.web"
    label = "desk"

    def ready(self) -> None:
        """Connect the handler that records the start of a session."""
        from django.contrib.auth.signals import user_logged_in

        from latam_corpus.web.access.middleware import note_start

        user_logged_in.connect(note_start)
