"""The URLs of all pages; each package lists its own."""

from __future__ import annotations

from typing import Final

from django.urls import include, path

handler400: Final = "latam_corpus.web.errors.bad_request"
handler403: Final = "latam_corpus.web.errors.forbidden"
handler404: Final = "latam_corpus.web.errors.not_found"
handler500: Final = "latam_corpus.web.errors.server_error"

urlpatterns: Final = [
    path("", include("latam_corpus.web.home.urls")),
    path("", include("latam_corpus.web.accounts.urls")),
    path("", include("latam_corpus.web.files.urls")),
    path("", include("latam_corpus.web.rights.urls")),
    path("", include("latam_corpus.web.releases.urls")),
    path("", include("latam_corpus.web.withdrawals.urls")),
    path("", include("latam_corpus.web.texts.urls")),
    path("", include("latam_corpus.web.judging.urls")),
    path("", include("latam_corpus.web.policies.urls")),
    path("", include("latam_corpus.web.browse.urls")),
    path("api/", include("latam_corpus.web.api.urls")),
]
