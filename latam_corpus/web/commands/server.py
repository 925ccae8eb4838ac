"""The desk's server: waitress, with a thread for the worker that starts jobs."""

from __future__ import annotations

import copy
import socket
import tempfile
from typing import TYPE_CHECKING, Any

import waitress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser

from latam_corpus.errors import ConfigError, cause_of
from latam_corpus.messages import _
from latam_corpus.web.jobs.worker import Worker
from latam_corpus.web.models import ONE_PERSON, Person, Role
from latam_corpus.web.workspace import data_folder, recover

if TYPE_CHECKING:
    from collections.abc import Callable

_USUAL_BODY = 16 * 2**20  # bytes of a request without uploads


def prepare() -> None:
    """Create or migrate the tables; on a desk for one person, create that person."""
    call_command("migrate", verbosity=0, interactive=False)
    if settings.DESK.single:
        values = {"password": make_password(None), "role": Role.STEWARD}  # no one can log in with a password
        Person.objects.get_or_create(username=ONE_PERSON, defaults=values)


class CappedParser(HTTPRequestParser):
    """Refuses a large body before it is received, except for an upload with a session cookie."""

    adj: Any

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the header, and set the body's limit accordingly."""
        super().parse_header(header_plus)
        if not (self.path.endswith("/upload") and f"{settings.SESSION_COOKIE_NAME}=" in self.headers.get("COOKIE", "")):
            self.adj = copy.copy(self.adj)
            self.adj.max_request_body_size = _USUAL_BODY


def serve(host: str, port: int, ready: Callable[[int], None], proxy: str = "") -> None:
    """Serve the desk until the user presses Ctrl-C; call `ready` with the port when it answers.

    Port 0 is any free one. `proxy` is the address of a trusted proxy, whose headers state the reader's address and
    protocol.

    Raises:
        ConfigError: the address or port can't be used.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, TypeError) as error:  # TypeError: no host can have such a name
        listener.close()
        problem = _("it can't be used: {cause}", cause=cause_of(error) if isinstance(error, OSError) else error)
        raise ConfigError(f"{host}:{port}", problem, _("name another address or port")) from None
    HTTPChannel.parser_class = CappedParser
    recover()
    tempfile.tempdir = str(data_folder() / "tmp")  # waitress stores large requests there, on the uploads' disk
    options: dict[str, Any] = {}
    if proxy:
        options = {
            "trusted_proxy": proxy,
            "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
            "clear_untrusted_proxy_headers": True,
        }
    server = waitress.create_server(
        get_wsgi_application(),
        sockets=[listener],
        threads=8,
        ident=None,
        max_request_body_size=settings.DESK.largest_upload + 2**26,
        channel_timeout=300,
        **options,
    )
    worker = Worker()
    worker.start()
    ready(int(server.effective_port))
    try:
        server.run()
    finally:
        worker.end()
        worker.join()
        server.close()
