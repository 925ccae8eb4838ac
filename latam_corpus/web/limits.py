"""Limits of requests by address, for pages that anyone may open."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from latam_corpus.web.models import Attempt

if TYPE_CHECKING:
    from django.http import HttpRequest


def is_too_many(request: HttpRequest, route: str, most: int, minutes: int) -> bool:
    """Count a request, and return whether its address sent more than `most` for a route in the last minutes."""
    address = str(request.META.get("REMOTE_ADDR", ""))[:64]
    now = timezone.now()
    recent = Attempt.objects.filter(route=route, address=address, at__gt=now - timedelta(minutes=minutes))
    if recent.count() >= most:
        return True
    Attempt.objects.create(route=route, address=address)
    Attempt.objects.filter(route=route, at__lt=now - timedelta(days=1)).delete()
    return False
