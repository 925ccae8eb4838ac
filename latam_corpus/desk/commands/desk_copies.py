"""The commands `sources pull` and `sources push`: copy a collection's files from a desk, and send them back."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from contextlib import suppress
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.cli.interface.show import console, print_json
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.desk.desk_api import VARIABLE, DeskApi
from latam_corpus.desk.source_argument import usable_source
from latam_corpus.errors import ConfigError, cause_of
from latam_corpus.messages import Message, _
from latam_corpus.storage.durable import replace

if TYPE_CHECKING:
    from latam_corpus.desk.desk_api import Answer

_SOURCE: Final = "source.toml"
_CATALOGUE: Final = "catalogue.csv"
# In the folder of the files: the desk, the collection, and the ETag and SHA-256 of each file as it was copied.
_NOTE: Final = ".{name}.desk.json"
_ID: Final = re.compile(r"[-a-zA-Z0-9_]{1,60}")
_LOST: Final = {
    "rights": _("the approval of the rights no longer applies: a second person must approve them at the desk"),
    "consent": _("the approval of the consent no longer applies: a second person must approve it at the desk"),
}


def pull_source(name: str, desk: str, to: Path | None, *, as_json: bool) -> None:
    """Copy a collection's source file and catalogue from a desk into a folder.

    Raises:
        CorpusError: the desk refuses, or a local file has changes that would be lost.
    """
    if not _ID.fullmatch(name):
        raise ConfigError(name, _("it isn't the id of a collection"), _("use letters, digits, - and _ only"))
    api = DeskApi(desk, _token(), spoken())
    folder = to or Path(name)
    written = _copy(api, name, folder, _SOURCE)
    if as_json:
        print_json({"collection": name, "desk": api.address, "files": [str(path) for path in written]})
        return
    for path in written:
        console.print(_("written: {path}", path=path))
    command = f"latam-corpus sources push {folder / _SOURCE} --desk {api.address}"
    console.print(_("next  {command}", command=command))


def push_source(path: Path, desk: str, *, as_json: bool) -> None:
    """Send a source file, and the catalogue that it names, to a desk as a draft.

    Raises:
        CorpusError: the desk refuses, or the files at the desk have changed since they were copied.
    """
    if path.suffix != ".toml":
        raise ConfigError(str(path), _("it isn't a source file"), _("name a .toml file"))
    source = usable_source(str(path), spoken())
    index = source.collect.index.file if source.collect.index else ""
    api = DeskApi(desk, _token(), spoken())
    files = [(path, "source", "toml")]
    if index == _CATALOGUE and path.with_name(_CATALOGUE).is_file():
        files.append((path.with_name(_CATALOGUE), "catalogue", "csv"))
    sent = _send(api, source.id, files)
    changed = _copy(api, source.id, path.parent, path.name) if sent else []
    if as_json:
        facts = {"collection": source.id, "desk": api.address, "pushed": list(sent), "approvals": _approvals(sent)}
        advice = [row for answer in sent.values() for row in answer.values.get("advice", [])]
        print_json({**facts, "advice": advice, "files": [str(file) for file in changed]})
        return
    if not sent:
        console.print(_("nothing was sent: the files haven't changed since they were copied"))
    for file, resource, _key in files:
        if resource in sent:
            console.print(_("sent: {path}", path=file))
    for file in changed:
        console.print(_("written: {path}, as the desk has it now", path=file))
    if index and index != _CATALOGUE:
        console.print(_("not sent: {path}; a desk's catalogue is named {name}", path=index, name=_CATALOGUE))
    for kind, sentence in _LOST.items():
        if _approvals(sent).get(kind) == "expired":
            console.print(sentence)


def _send(api: DeskApi, name: str, files: list[tuple[Path, str, str]]) -> dict[str, Answer]:
    """Send the files that have changed since they were copied; return the answers, by resource."""
    folder = files[0][0].parent
    note = _read_note(folder, api.address, name)
    sent = {}
    for path, resource, key in files:
        text = _read(path)
        known = note["files"].get(resource, {})
        if known.get("sha256") == _digest(text):
            continue
        sent[resource] = api.put(f"/collections/{name}/{resource}", {key: text}, known.get("etag", ""), str(path))
        note["files"][resource] = {"etag": sent[resource].etag, "sha256": _digest(text)}
        _write_note(folder, note)
    return sent


def _approvals(sent: dict[str, Answer]) -> dict[str, str]:
    """Return the states of the approvals after the last push."""
    answers = list(sent.values())
    states: dict[str, str] = answers[-1].values.get("approvals", {}) if answers else {}
    return states


def _copy(api: DeskApi, name: str, folder: Path, source_name: str) -> list[Path]:
    """Write the files that differ from the desk's; return their paths.

    Raises:
        ConfigError: there is no such collection, or a file has changes that the desk doesn't have.
    """
    note = _read_note(folder, api.address, name)
    source = api.get(f"/collections/{name}/source")
    if source is None:
        problem = _("the desk has no collection «{id}» that you may read", id=name)
        raise ConfigError(api.address, problem, _("check the id and the token's account"))
    catalogue = api.get(f"/collections/{name}/catalogue")
    targets = {"source": (source_name, source, "toml"), "catalogue": (_CATALOGUE, catalogue, "csv")}
    wanted: dict[Path, str | None] = {}
    for resource, (file_name, answer, key) in targets.items():
        path = folder / file_name
        text = None if answer is None else str(answer.values.get(key, ""))
        stored = _read(path) if path.is_file() else None
        if stored == text:
            continue
        if stored is not None and note["files"].get(resource, {}).get("sha256") != _digest(stored):
            if text is None:
                continue
            problem = _("it has changes that the desk doesn't have")
            raise ConfigError(str(path), problem, _("push them first, or copy into another folder with --to"))
        wanted[path] = text
    note["files"] = {
        resource: {"etag": answer.etag, "sha256": _digest(str(answer.values.get(key, "")))}
        for resource, (_file_name, answer, key) in targets.items()
        if answer is not None
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in wanted.items():
            if text is None:
                path.unlink()
            else:
                replace(path, text.encode())
    except OSError as error:
        problem = _("it can't be written: {cause}", cause=cause_of(error))
        raise ConfigError(str(folder), problem, _("name another place")) from None
    _write_note(folder, note)
    return [path for path, text in wanted.items() if text is not None]


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        raise ConfigError(str(path), _("it isn't UTF-8"), _("save it as UTF-8")) from None
    except OSError as error:
        raise ConfigError(str(path), _("it can't be read: {cause}", cause=cause_of(error))) from None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _read_note(folder: Path, address: str, name: str) -> dict[str, Any]:
    """Return what is noted about the copies in a folder; an empty note if they are of another desk or collection."""
    empty: dict[str, Any] = {"desk": address, "collection": name, "files": {}}
    try:
        note = json.loads((folder / _NOTE.format(name=name)).read_bytes())
    except (OSError, ValueError):
        return empty
    is_same = isinstance(note, dict) and (note.get("desk"), note.get("collection")) == (address, name)
    return note if is_same and isinstance(note.get("files"), dict) else empty


def _write_note(folder: Path, note: dict[str, Any]) -> None:
    replace(folder / _NOTE.format(name=note["collection"]), json.dumps(note, indent=1).encode())


def _token() -> str:
    """Return the token in the environment, or one that is typed unseen.

    Raises:
        ConfigError: there is none, and nobody to ask.
    """
    token = os.environ.get(VARIABLE, "").strip()
    if token:
        return token
    question: Message = _("Token of the desk")
    if sys.stdin is not None and sys.stdin.isatty():  # None: the process has no standard input
        with suppress(EOFError):  # Ctrl-D
            return getpass(f"{question.translate(spoken())}: ").strip()
    remedy = _("make one on the page of your account at the desk, and set {variable} to it", variable=VARIABLE)
    raise ConfigError(VARIABLE, _("there is no token"), remedy)
