"""List the files below a local folder, including the targets of links; an unreadable folder is an error."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from latam_corpus.collect.streams import cannot_be_opened

if TYPE_CHECKING:
    from collections.abc import Iterator

# fsspec's information about a file.
Info: TypeAlias = dict[str, Any]

# The system generates the files of these folders while they are read, some endlessly; shared memory is ordinary.
OF_THE_SYSTEM: Final = re.compile(r"/(?:proc|sys|dev(?!/shm/))(?:/|\Z)")
_NOWHERE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})


def walked(root: str, *, specials: bool = False) -> dict[str, Info]:
    """Return fsspec's information about each file below a folder, by path, without hidden files.

    A link has the information of its target; `name` is the target's path. To avoid loops, a link isn't followed if it
    leads to a folder that contains it, or to a folder that another link has entered. `specials` includes pipes, sockets
    and devices, marked as `special`.

    Raises:
        SourceError: a folder can't be listed.
    """
    real = os.path.realpath(root)
    files = _Walk(root, real, {real}).below(root, real)
    return {path: info for path, info in files if specials or "special" not in info}


@dataclass(frozen=True)
class _Walk:
    """A walk below a folder: its path as given, its path without links, and the paths that links have led to."""

    root: str
    real: str
    entered: set[str]

    def below(self, folder: str, real: str, *, by_link: bool = False) -> Iterator[tuple[str, Info]]:
        """Yield the files below a folder.

        `real` is the path without links; `by_link` means that a link has led to it.
        """
        import fsspec

        try:
            # In order, for of two links to a folder the first is followed: a file system lists them in any order.
            entries = sorted(fsspec.filesystem("file").ls(folder, detail=True), key=itemgetter("name"))
        except OSError as error:
            raise cannot_be_opened(folder, error) from None
        for entry in entries:
            name = entry["name"].rpartition("/")[2]
            if name.startswith((".", "~$")):  # hidden, or the lock of a file that is open in Office
                continue
            path, info = f"{folder.rstrip('/')}/{name}", followed(entry)
            target = info["name"] if entry["islink"] else f"{real.rstrip('/')}/{name}"
            linked = by_link or entry["islink"]
            if info["type"] == "directory" and not (linked and self._was_entered(target, real)):
                yield from self.below(path, target, by_link=linked)
            elif info["type"] == "other" and not entry["islink"]:
                yield path, {**info, "type": "file", "size": 0, "special": True}
            elif info["type"] == "file":
                yield path, {**info, "name": self._own(target) if linked and "leads_to" not in info else path}

    def _was_entered(self, target: str, link_folder: str) -> bool:
        """Whether a folder contains the link to it, or a link has entered it before; mark it as entered."""
        if target in self.entered or f"{link_folder}/".startswith(f"{target}/"):
            return True
        self.entered.add(target)
        return False

    def _own(self, real: str) -> str:
        """Return a file's path relative to the walk's folder if it is inside, or else its path without links."""
        return self.root + real[len(self.real) :] if real.startswith(f"{self.real}/") else real


def followed(info: Info) -> Info:
    """Return the information of a link's target; a broken link is a file with the key `leads_to`.

    Raises:
        SourceError: the target's information can't be read.
    """
    if not info.get("islink"):
        return info
    path = info["name"]
    real = os.path.realpath(path)
    if OF_THE_SYSTEM.match(real):
        return {**info, "type": "other"}
    import fsspec

    try:
        target: Info = fsspec.filesystem("file").info(real)
    except OSError as error:
        if error.errno in _NOWHERE:
            return {**info, "type": "file", "size": 0, "leads_to": os.readlink(path)}  # noqa: PTH115  (its words)
        raise cannot_be_opened(path, error) from None
    return target
