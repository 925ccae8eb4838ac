"""Check source files that users send, with the core's rules and with rules for a shared machine."""

from __future__ import annotations

import hashlib
import ipaddress
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import latam_corpus as lc
from latam_corpus.messages import Message, _
from latam_corpus.storage.durable import replace
from latam_corpus.storage.public_hosts import is_public
from latam_corpus.web.workspace import data_folder, files_folder, safe_path, source_file, text_and_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.web.models import Collection

LARGEST: Final = 2**20  # maximum bytes of a source file
# Keys that name files, which must be in the collection's own folder.
_FILES: Final = (("consent", "third_persons"), ("consent", "speakers"), ("collect", "index", "file"))
_OWN_NAMES: Final = (".localhost", ".local", ".internal", ".lan", ".home", ".corp", ".intranet")


def check_sent_source(text: str, slug: str) -> list[lc.Finding]:
    """Return the mistakes in a source file that a user sent, and advice, for which `wrong` is false."""
    with tempfile.TemporaryDirectory(dir=data_folder() / "tmp") as folder:
        path = Path(folder, f"{slug}.toml")
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
        try:
            findings = lc.check_source(path)
            values = {} if any(finding.wrong for finding in findings) else tomllib.loads(text)
        except RecursionError:
            return [lc.Finding(None, "", _("its lists are nested too deeply"), _("write it without them"))]
    return [*_own_mistakes(values, slug), *findings] if values else findings


def _own_mistakes(values: dict[str, Any], slug: str) -> Iterator[lc.Finding]:
    """Yield the mistakes that matter only on a shared machine, not on the author's own."""
    if values["id"] != slug:
        yield lc.Finding(None, "id", _("it isn't the id of the collection"), _("write «{slug}»", slug=slug))
    for keys in _FILES:
        named: Any = values
        for key in keys:
            named = named.get(key, {}) if isinstance(named, dict) else {}
        if isinstance(named, str) and safe_path(named) != named:
            problem = _("«{path}» isn't a file of the collection", path=named)
            yield lc.Finding(None, ".".join(keys), problem, _("name a file next to the others"))
    for key, value in _strings(values.get("collect", {}), "collect"):
        if key.endswith(".private_hosts"):
            yield lc.Finding(None, key, _("a desk can't reach private networks"), _("leave it out"))
        elif address := _private_host(value):
            problem = _("«{address}» is in a private network, which a desk doesn't reach", address=address)
            yield lc.Finding(None, key, problem, _("name a public address"))


def _strings(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """Yield each text in a table or list, with its dotted key."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _strings(inner, f"{key}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner, key)


def _private_host(text: str) -> str | None:
    """Return the host of an address if its name shows that it is private.

    Other names are resolved and checked when a connection is made.
    """
    if "://" not in text:
        return None
    try:
        host = (urlsplit(text.partition("::")[2] if "::" in text.partition("://")[0] else text).hostname or "").rstrip(
            "."
        )
    except ValueError:
        return text
    try:
        return None if is_public(str(ipaddress.ip_address(host))) else host
    except ValueError:
        is_number = host.replace(".", "").removeprefix("0x").isalnum() and host.rpartition(".")[2][:1].isdigit()
        return host if "." not in host or is_number or f".{host}".endswith(_OWN_NAMES) else None


def read_source(collection: Collection) -> tuple[str, str]:
    """Return the text of a collection's source file, and its SHA-256; both empty if there is none."""
    return text_and_digest(source_file(collection))


def replace_source(collection: Collection, text: str) -> str:
    """Replace a collection's source file as a whole; return its SHA-256."""
    files_folder(collection).mkdir(parents=True, exist_ok=True)
    replace(source_file(collection), text.encode())
    return hashlib.sha256(text.encode()).hexdigest()


def sentence(finding: lc.Finding, language: str) -> dict[str, str]:
    """Return the place, problem and remedy of a finding in a language."""

    def said(text: Message | None) -> str:
        return text.translate(language) if text else ""

    line = _("line {line}", line=finding.line).translate(language) if finding.line else ""
    place = ", ".join(filter(None, [line, finding.key]))
    return {"place": place, "problem": said(finding.problem), "remedy": said(finding.remedy)}
