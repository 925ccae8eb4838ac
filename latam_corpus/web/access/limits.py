"""Rate limits per address for pages that could be abused: log-in, invitations, uploads, the API."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from django.utils import timezone
from django.utils.crypto import salted_hmac

from latam_corpus.web.models import Attempt

if TYPE_CHECKING:
    from django.http import HttpRequest


class Limit(NamedTuple):
    """At most `most` requests in `seconds`; if `is_form`, only requests that send a form count."""

    most: int
    seconds: int
    is_form: bool = False


FAILED_LOGIN: Final = "login of a name"  # counted per name, over all addresses
# Limits by route. `tests/web/test_limits.py` requires one for each public page that could be opened by guessing.
LIMITS: Final = {
    "login": Limit(30, 900, is_form=True),
    FAILED_LOGIN: Limit(10, 900),
    "join": Limit(30, 900),
    "start": Limit(30, 900),
    "account": Limit(30, 900, is_form=True),
    "invite": Limit(60, 3600),
    "files-upload": Limit(600, 3600),
    "status": Limit(30, 600),
    "status-find": Limit(60, 600),
    "browse": Limit(300, 600),
    "browse-collection": Limit(300, 600),
    "browse-text": Limit(120, 600),
    "api": Limit(600, 600),
}


def is_over(request: HttpRequest, route: str) -> bool:
    """Count a request, and return whether its address has sent too many."""
    name = "api" if route.startswith("api-") else route
    limit = LIMITS.get(name)
    if limit is None or (limit.is_form and request.method != "POST"):
        return False
    return _count(name, _address(request)) >= limit.most


def note_failed_login(name: str) -> None:
    """Count a failed log-in with a name."""
    _count(FAILED_LOGIN, name)


def is_name_over(name: str) -> bool:
    """Return whether too many log-ins with this name failed."""
    limit = LIMITS[FAILED_LOGIN]
    start = timezone.now() - timedelta(seconds=limit.seconds)
    return Attempt.objects.filter(route=FAILED_LOGIN, address=_hidden(name), at__gt=start).count() >= limit.most


def _count(route: str, who: str) -> int:
    """Add an attempt, remove expired ones, and return how many earlier ones still count."""
    earlier = Attempt.objects.filter(route=route, address=_hidden(who))
    start = timezone.now() - timedelta(seconds=LIMITS[route].seconds)
    earlier.filter(at__lte=start).delete()
    count = earlier.count()
    if count < LIMITS[route].most:
        Attempt.objects.create(route=route, address=_hidden(who))
    return int(count)


def _address(request: HttpRequest) -> str:
    """Return the sender's address; for IPv6 the network, in which one sender can have any number of addresses."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{ip}/64", strict=False)) if ip.version == 6 else address  # noqa: PLR2004  (IPv6)


def _hidden(who: str) -> str:
    """Return a digest of an address or name, which the database doesn't store itself."""
    return salted_hmac("attempts", who, algorithm="sha256").hexdigest()
