"""The JSON API of a desk, as a client: read and write a collection's files with a token."""

from __future__ import annotations

import http.client
import ipaddress
import json
import re
import urllib.error
import urllib.request
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from latam_corpus.errors import ConfigError, CorpusError, SourceError, as_one, cause_of
from latam_corpus.messages import _, same

VARIABLE: Final = "LATAM_CORPUS_TOKEN"
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,200}")
_SECONDS: Final = 60  # without a byte from the desk
_LARGEST: Final = 64 * 2**20  # bytes of an answer
_CONFLICTS: Final = frozenset({http.client.PRECONDITION_FAILED, http.client.PRECONDITION_REQUIRED})


class Answer(NamedTuple):
    """A desk's answer: its values, and the ETag of the file."""

    values: dict[str, Any]
    etag: str


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follow no redirect, since the token would be sent along."""

    def redirect_request(self, *_args: Any) -> None:
        """Return None, so that the redirect is an error."""


class DeskApi:
    """A desk's API.

    Args:
        address: of the desk: https, or http on this machine.
        token: one that a person made on the page of their account.
        language: of the desk's error messages.
    """

    def __init__(self, address: str, token: str, language: str) -> None:
        self.address = _checked(address)
        if not _TOKEN.fullmatch(token):
            problem = _("it contains characters that no token has")
            raise ConfigError(VARIABLE, problem, _("copy the token again, or make a new one"))
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "Accept-Language": language}
        # A proxy would see what is sent to this machine over plain http.
        proxies: dict[str, str] | None = {} if self.address.startswith("http:") else None
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies), _NoRedirect)

    def get(self, path: str) -> Answer | None:
        """Return the answer to a GET; None if the desk has nothing at this path that the token may read.

        Raises:
            CorpusError: the desk doesn't answer, or refuses.
        """
        return self._answer(urllib.request.Request(f"{self.address}/api{path}", headers=self._headers), self.address)  # noqa: S310

    def put(self, path: str, body: dict[str, str], replaces: str, place: str) -> Answer:
        """Return the answer to a PUT.

        Args:
            path: below `/api`.
            body: the JSON object to send.
            replaces: the ETag of the file that it replaces; empty for a new one.
            place: the file, for error messages.

        Raises:
            CorpusError: the desk doesn't answer, or refuses.
        """
        headers = self._headers | {"Content-Type": "application/json"} | ({"If-Match": replaces} if replaces else {})
        data = json.dumps(body).encode()
        request = urllib.request.Request(f"{self.address}/api{path}", data, headers, method="PUT")  # noqa: S310
        answer = self._answer(request, place)
        if answer is None:
            raise ConfigError(place, _("the desk has no such collection"), _("check the id and the token's account"))
        return answer

    def _answer(self, request: urllib.request.Request, place: str) -> Answer | None:
        try:
            with self._opener.open(request, timeout=_SECONDS) as response:
                return Answer(self._values(response.read(_LARGEST + 1)), response.headers.get("ETag", ""))
        except urllib.error.HTTPError as error:
            with error:
                raise_for = self._refusal(error, place)
            if raise_for is None:
                return None
            raise raise_for from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            cause = cause_of(reason) if isinstance(reason, OSError) else same(reason or type(error).__name__)
            problem = _("the desk doesn't answer: {cause}", cause=cause)
            raise SourceError(self.address, problem, _("check the address, and try again")) from None

    def _refusal(self, error: urllib.error.HTTPError, place: str) -> CorpusError | None:
        """Return the error of a refused request; None if there is nothing at its address."""
        if error.code // 100 == 3:  # noqa: PLR2004  (redirects)
            target = urlsplit(error.headers.get("Location", ""))
            problem = _("it redirects to {address}", address=f"{target.scheme}://{target.netloc}")
            return ConfigError(self.address, problem, _("name the address of the desk itself"))
        rows = self._values(error.read(_LARGEST + 1)).get("errors")
        if error.code == http.client.NOT_FOUND:
            return None
        rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        if not rows:
            return self._no_desk()
        if error.code in _CONFLICTS:
            remedy = _(
                "copy it into another folder with «sources pull», add your changes there, and push it from there"
            )
            return SourceError(place, str(rows[0].get("problem") or ""), remedy)
        refused = as_one([ConfigError(*_parts(row, place)) for row in rows])
        is_later = error.code == http.client.TOO_MANY_REQUESTS or error.code >= http.client.INTERNAL_SERVER_ERROR
        return SourceError(*_parts(rows[0], place)) if is_later else refused

    def _values(self, data: bytes) -> dict[str, Any]:
        try:
            values = json.loads(data) if len(data) <= _LARGEST else None
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            raise self._no_desk()
        return values

    def _no_desk(self) -> CorpusError:
        problem = _("the answer isn't that of a desk")
        return ConfigError(self.address, problem, _("name the address at which the desk's first page opens"))


def _parts(row: dict[str, Any], place: str) -> tuple[str, str, str]:
    """Return the place, problem and remedy of an error that the desk names."""
    inner, problem, remedy = (str(row.get(name) or "") for name in ("place", "problem", "remedy"))
    return ", ".join(filter(None, [place, inner])), problem, remedy


def _checked(address: str) -> str:
    """Return the address of a desk, without a slash at its end.

    Raises:
        ConfigError: it isn't one, or would send the token in the clear.
    """
    example = _("write it as https://desk.example.org")
    try:
        url = urlsplit(address)
        host, has_port = url.hostname or "", url.port is None or url.port > 0
    except ValueError:
        host, has_port = "", False
    if not host or not has_port or url.scheme not in {"http", "https"} or not address.isascii() or " " in address:
        raise ConfigError("--desk", _("it isn't the address of a desk"), example)
    if url.username is not None or url.password is not None or url.query or url.fragment:
        problem = _("only the host, its port and a path belong in the address")
        raise ConfigError("--desk", problem, _("give the token in {variable}", variable=VARIABLE))
    if url.scheme == "http" and not _is_loopback(host):
        problem = _("over plain http, others on the network could read the token")
        raise ConfigError("--desk", problem, _("use https; http is for a desk on this machine"))
    return f"{url.scheme}://{url.netloc}{url.path.rstrip('/')}"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
