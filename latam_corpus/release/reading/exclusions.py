"""Lists of documents that readers leave out, such as those that hold lines of an evaluation.

A list that was made of a version says so in its first line, `# NAME@VERSION`: another release's would leave out nothing
of what was looked for, in silence.
"""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError, NoteWarning
from latam_corpus.messages import _, decimal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from latam_corpus.messages import Message

_DOC_ID: Final = re.compile("[0-9a-f]{32}")
_MADE_OF: Final = re.compile(r"# ([^@\s]+)@(\S+)")


def exclusion_list(spec: str, doc_ids: Iterable[str]) -> bytes:
    """Return the bytes of a list of documents of a version.

    >>> exclusion_list("puerto@2026.11.0", ["ab" * 16]).split()[1]
    b'puerto@2026.11.0'
    """
    return "\n".join([f"# {spec}", *doc_ids, ""]).encode()


def excluded_ids(
    files: str | Path | Sequence[str | Path] | frozenset[str],
    specs: Collection[str] = (),
    tell: Callable[[Message], None] | None = None,
) -> frozenset[str]:
    """Return the ids of documents in lists of them: a line each, or JSON lines with `doc_id`.

    Args:
        files: a list, several, or the ids themselves as a frozenset.
        specs: the versions that are read; any when empty.
        tell: is given a sentence where a list was made of another version of one of these; a warning when None.

    Raises:
        ConfigError: a list can't be read, has a line that is no id, or was made of another release.
    """
    if isinstance(files, frozenset):
        return files
    ids = set()
    for file in map(Path, [files] if isinstance(files, (str, Path)) else files):
        try:
            with file.open(encoding="utf-8-sig") as opened:
                lines = list(opened)
        except (OSError, UnicodeDecodeError) as error:
            remedy = _("name files with one id a line, or give the ids as a frozenset")
            raise ConfigError(str(file), _("it can't be read: {cause}", cause=error), remedy) from None
        made_of = _MADE_OF.fullmatch(lines[0].strip()) if lines else None
        if made_of and specs:
            _check(str(file), made_of[1], made_of[2], specs, tell or _warn)
        for number, line in enumerate(lines[1:] if made_of else lines, 2 if made_of else 1):
            if line.strip():
                ids.add(_id_in(line.strip(), _("{file}, line {line}", file=file, line=number)))
    return frozenset(ids)


def none_met(ids: Collection[str], spec: str) -> Message:
    """Return a sentence for who excludes documents of which a version has none."""
    return _(
        "{n:the excluded id isn't|none of the {n} excluded ids is} in {spec}: is the list another release's?",
        n=decimal(f"{len(ids):,}"),
        spec=spec,
    )


def _check(file: str, name: str, version: str, specs: Collection[str], tell: Callable[[Message], None]) -> None:
    made_of = f"{name}@{version}"
    if made_of in specs:
        return
    same = [spec for spec in specs if spec.partition("@")[0] == name]
    if not same:
        problem = _("it is a list of {made_of}, and {spec} is read", made_of=made_of, spec=", ".join(specs))
        raise ConfigError(file, problem, _("make it of that: `latam-corpus contamination … --write-exclusions`"))
    names = {"file": file, "made_of": made_of, "spec": ", ".join(same)}
    tell(_("{file} was made of {made_of}: what {spec} has beside that wasn't searched", **names))


def _warn(told: Message) -> None:
    warnings.warn(NoteWarning(told), stacklevel=5)


def _id_in(line: str, place: Message) -> str:
    value = line
    if line.startswith("{"):
        try:
            value = json.loads(line)["doc_id"]
        except (ValueError, KeyError, RecursionError):
            value = ""
    if not isinstance(value, str) or not _DOC_ID.fullmatch(value):
        raise ConfigError(place, _("this is no document's id"), _("write 32 hex digits a line, or JSON with doc_id"))
    return value
