"""The desk as a Django application."""

from __future__ import annotations

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """The application, whose tables are named `desk_…`."""

    name = "latam_corpus.web"
    label = "desk"

    def ready(self) -> None:
        """Connect the handler that limits the length of sessions."""
        from django.contrib.auth.signals import user_logged_in

        from latam_corpus.web.access.middleware import limit_session

        user_logged_in.connect(limit_session)
