"""Lists of documents to exclude when reading, such as documents that contain lines of an evaluation.

The first line of a list names the version that was searched, `# NAME@VERSION`, because a list of another release would
silently exclude nothing.
"""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.identity import is_doc_id
from latam_corpus.errors import ConfigError, NoteWarning
from latam_corpus.messages import _, decimal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from latam_corpus.messages import Message

_LISTED_VERSION: Final = re.compile(r"# ([^@\s]+)@(\S+)")


def exclusion_list(spec: str, doc_ids: Iterable[str]) -> bytes:
    """Return the contents of a list of documents of a version.

    >>> exclusion_list("puerto@2026.11.0", ["ab" * 16]).split()[1]
    b'puerto@2026.11.0'
    """
    return "\n".join([f"# {spec}", *doc_ids, ""]).encode()


def excluded_ids(
    files: str | Path | Sequence[str | Path] | frozenset[str],
    specs: Collection[str] = (),
    report: Callable[[Message], None] | None = None,
) -> frozenset[str]:
    """Return the ids in lists of documents, with an id per line or as JSON lines with `doc_id`.

    Args:
        files: one list, several lists, or the ids themselves as a frozenset.
        specs: the versions that are read; empty accepts lists of any version.
        report: called with a note if a list was made for another version of a release; None gives a warning.

    Raises:
        ConfigError: a list can't be read, has a line that isn't an id, or was made for another release.
    """
    if isinstance(files, frozenset):
        return files
    ids = set()
    for file in map(Path, [files] if isinstance(files, (str, Path)) else files):
        try:
            with file.open(encoding="utf-8-sig") as opened:
                lines = list(opened)
        except (OSError, UnicodeDecodeError) as error:
            remedy = _("name files with one id per line, or pass the ids as a frozenset")
            raise ConfigError(str(file), _("it can't be read: {cause}", cause=error), remedy) from None
        version = _LISTED_VERSION.fullmatch(lines[0].strip()) if lines else None
        if version and specs:
            _check_version(str(file), version[1], version[2], specs, report or _warn)
        for number, line in enumerate(lines[1:] if version else lines, 2 if version else 1):
            if line.strip():
                ids.add(_read_id(line.strip(), _("{file}, line {line}", file=file, line=number)))
    return frozenset(ids)


def no_exclusion_found(ids: Collection[str], spec: str) -> Message:
    """Return a note that none of the excluded documents is in a version."""
    return _(
        "{n:the excluded id isn't|none of the {n} excluded ids is} in {spec}: is the list another release's?",
        n=decimal(f"{len(ids):,}"),
        spec=spec,
    )


def _check_version(
    file: str, name: str, version: str, specs: Collection[str], report: Callable[[Message], None]
) -> None:
    """Raise ConfigError if a list was made for another release; report one made for another version."""
    searched_spec = f"{name}@{version}"
    if searched_spec in specs:
        return
    same_release = [spec for spec in specs if spec.partition("@")[0] == name]
    if not same_release:
        problem = _("it was made for {listed}, but {spec} is read", listed=searched_spec, spec=", ".join(specs))
        raise ConfigError(file, problem, _("make a new list: `latam-corpus contamination … --write-exclusions`"))
    names = {"file": file, "listed": searched_spec, "spec": ", ".join(same_release)}
    report(_("{file} was made for {listed}: documents that only {spec} has weren't searched", **names))


def _warn(note: Message) -> None:
    warnings.warn(NoteWarning(note), stacklevel=5)


def _read_id(line: str, place: Message) -> str:
    value = line
    if line.startswith("{"):
        try:
            value = json.loads(line)["doc_id"]
        except (ValueError, KeyError, RecursionError):
            value = ""
    if not isinstance(value, str) or not is_doc_id(value):
        raise ConfigError(
            place, _("this isn't a document's id"), _("write 32 hex digits per line, or JSON with doc_id")
        )
    return value
