"""The files below a folder of this disk: those that links lead to are among them, and no folder is passed over."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import fsspec

from latam_corpus.collect.streams import cannot_be_opened

if TYPE_CHECKING:
    from collections.abc import Iterator

# What fsspec says of a file.
Info: TypeAlias = dict[str, Any]

# Files there are made while they are read, some without end. Shared memory is a folder as any other.
OF_THE_SYSTEM: Final = re.compile(r"/(?:proc|sys|dev(?!/shm/))(?:/|\Z)")
_NOWHERE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})


def walked(root: str, *, specials: bool = False) -> dict[str, Info]:
    """Return what fsspec says of each file below a folder, by its path; hidden ones are left out.

    Args:
        root: the folder.
        specials: whether what is neither a file nor a folder (a pipe, a socket, a device) is given too, as `special`.
    A link is as what it leads to, whose own path is its `name`. Links to a folder that holds them, or that another has
    led to, aren't entered, so that loops end.

    Raises:
        SourceError: a folder can't be listed.
    """
    real = os.path.realpath(root)
    found = _Walk(root, real, {real}).below(root, real)
    return {path: info for path, info in found if specials or "special" not in info}


@dataclass(frozen=True)
class _Walk:
    """A walk below a folder: its path as it was named, its path without links, and those that links have led to."""

    root: str
    real: str
    entered: set[str]

    def below(self, folder: str, real: str, *, by_link: bool = False) -> Iterator[tuple[str, Info]]:
        """Yield the files below a folder.

        Args:
            folder: its path.
            real: its path without links.
            by_link: whether a link has led to it.
        """
        try:
            entries = fsspec.filesystem("file").ls(folder, detail=True)
        except OSError as error:
            raise cannot_be_opened(folder, error) from None
        for entry in entries:
            name = entry["name"].rpartition("/")[2]
            if name.startswith("."):
                continue
            path, info = f"{folder.rstrip('/')}/{name}", followed(entry)
            there = info["name"] if entry["islink"] else f"{real.rstrip('/')}/{name}"
            linked = by_link or entry["islink"]
            if info["type"] == "directory" and not (linked and self._was_entered(there, real)):
                yield from self.below(path, there, by_link=linked)
            elif info["type"] == "other" and not entry["islink"]:
                yield path, {**info, "type": "file", "size": 0, "special": True}
            elif info["type"] == "file":
                yield path, {**info, "name": self._own(there) if linked and "leads_to" not in info else path}

    def _was_entered(self, there: str, holder: str) -> bool:
        """Whether a folder holds that in which the link to it is, or was entered by a link; now it is."""
        if there in self.entered or f"{holder}/".startswith(f"{there}/"):
            return True
        self.entered.add(there)
        return False

    def _own(self, real: str) -> str:
        """Return the path by which a file of the walk's own folder is known without links; of another, its own."""
        return self.root + real[len(self.real) :] if real.startswith(f"{self.real}/") else real


def followed(info: Info) -> Info:
    """Return what a link leads to in its place; one that leads nowhere is a file that `leads_to` it.

    Raises:
        SourceError: it can't be asked.
    """
    if not info.get("islink"):
        return info
    path = info["name"]
    real = os.path.realpath(path)
    if OF_THE_SYSTEM.match(real):
        return {**info, "type": "other"}
    try:
        there: Info = fsspec.filesystem("file").info(real)
    except OSError as error:
        if error.errno in _NOWHERE:
            return {**info, "type": "file", "size": 0, "leads_to": os.readlink(path)}  # noqa: PTH115  (its words)
        raise cannot_be_opened(path, error) from None
    return there
