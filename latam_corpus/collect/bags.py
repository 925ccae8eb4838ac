"""Bags (BagIt 0.97 and 1.0, RFC 8493): each file with the checksum that its bag's list has.

Only the payload is read. What a list names and isn't there is a failure of the list; a file whose bytes are others, or
that the list doesn't name, fails by itself, and the rest goes on.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from latam_corpus.collect.input_file import Beside, as_json
from latam_corpus.collect.records import Failure
from latam_corpus.collect.streams import open_url
from latam_corpus.errors import SourceError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from latam_corpus.collect.input_file import InputFile

_DECLARATION: Final = "bagit.txt"
_MANIFEST: Final = re.compile(r"manifest-(\w+)\.txt")
# What a bag says of itself; what else lies beside its payload is read as any file.
_OF_THE_BAG: Final = re.compile(r"(?:bagit|bag-info|fetch|(?:tag)?manifest-\w+)\.txt")
_PAYLOAD: Final = "data/"
# The strongest of those that a bag has is compared.
_ALGORITHMS: Final = ("sha512", "sha256", "sha1", "md5")
_LINE: Final = re.compile(r"\s*([0-9a-fA-F]+)[ \t]+\*?(?:\./)?(.+?)\s*")
_LARGEST: Final = 256 * 2**20
# A line's end in a name, and the sign itself, are written so.
_ESCAPED: Final = {"%0a": "\n", "%0d": "\r", "%25": "%"}
_REMEDY: Final = "fetch it again from whoever made the bag"


def with_bags(files: Sequence[InputFile]) -> list[InputFile]:
    """Return the files, those in bags with their checksums; of a bag's own files its list alone is left.

    Args:
        files: of a folder, by their paths.
    """
    paths = frozenset(one.relative for one in files)
    roots = frozenset(_roots(paths))
    by_root: dict[str | None, list[InputFile]] = defaultdict(list)
    for one in files:
        by_root[next((root for root in _above(one.relative) if root in roots), None)].append(one)
    left = by_root.pop(None, [])
    for root, inside in by_root.items():
        left += _of_bag(root or "", inside, paths)
    return sorted(left, key=lambda one: one.relative)


def _above(path: str) -> Iterator[str]:
    """Yield the folders in which a path is, the innermost first, each with its slash; that of all is empty."""
    while path:
        path = path.rpartition("/")[0]
        yield f"{path}/" if path else ""


def _roots(paths: Collection[str]) -> Iterator[str]:
    """Yield the folders that say that they are bags, and have a payload or a list of one."""
    for path in paths:
        for root in _above(path):
            name = path[len(root) :]
            if root + _DECLARATION in paths and (name.startswith(_PAYLOAD) or _MANIFEST.fullmatch(name)):
                yield root


def _of_bag(root: str, files: Sequence[InputFile], paths: Collection[str]) -> Iterator[InputFile]:
    names = {one.relative[len(root) :]: one for one in files}
    payload = {name: one for name, one in names.items() if name.startswith(_PAYLOAD)}
    yield from (one for name, one in names.items() if not (_OF_THE_BAG.fullmatch(name) or name in payload))
    lists = {match[1].lower(): one for name, one in names.items() if (match := _MANIFEST.fullmatch(name))}
    algorithm = next((one for one in _ALGORITHMS if one in lists), "")
    list_ = lists.get(algorithm, names[_DECLARATION])
    checksums: dict[str, str] = {}
    failures: list[Failure] = []
    try:
        checksums = parsed(_read(list_)) if algorithm else {}
        if not algorithm:
            detail = {"error": "the bag has no list that can be checked", "remedy": _REMEDY}
            failures.append(Failure(None, "damaged file", detail))
    except SourceError as error:
        failures.append(Failure(None, "damaged file", {"error": error.problem}))
    for number, name in enumerate(sorted(name for name in checksums if root + name not in paths), 1):
        failures.append(Failure(number, "missing file", {"name": name, "remedy": _REMEDY}))
    yield replace(list_, beside=Beside(is_list=True, failures=as_json(failures)))
    for name, one in payload.items():
        checksum = checksums.get(name, "")
        yield replace(one, beside=Beside(algorithm=algorithm, checksum=checksum, unlisted=not checksum))


def parsed(manifest: str) -> dict[str, str]:
    r"""Return the checksums of a bag's list, by path in the bag.

    >>> parsed("ab12  data/notas/a.txt\nCD34 *data/b%0Ac.txt\n")
    {'data/notas/a.txt': 'ab12', 'data/b\nc.txt': 'cd34'}
    """
    lines = map(_LINE.fullmatch, re.split(r"[\r\n]+", unicodedata.normalize("NFC", manifest)))
    return {
        re.sub("%(?:0a|0d|25)", lambda code: _ESCAPED[code[0].lower()], line[2], flags=re.IGNORECASE): line[1].lower()
        for line in lines
        if line
    }


def _read(file: InputFile) -> str:
    with open_url(file.url) as stream:
        raw = stream.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise SourceError(file.relative, _("more than {largest} bytes", largest=f"{_LARGEST:,}"), _REMEDY)
    return raw.decode("utf-8-sig", "replace")


def damage_of(file: InputFile) -> Failure | None:
    """Return why a file of a bag isn't what its list says; None where it is, or lies in no bag.

    Raises:
        SourceError: it can't be read.
    """
    beside = file.beside
    if beside.unlisted:
        return Failure(None, "not in the list", {"remedy": "ask whoever made the bag whether it belongs there"})
    if not beside.checksum:
        return None
    digest = hashlib.new(beside.algorithm, usedforsecurity=False)
    with open_url(file.url) as stream:
        while block := stream.read(2**20):
            digest.update(block)
    if digest.hexdigest() == beside.checksum:
        return None
    detail = {"algorithm": beside.algorithm, "stated": beside.checksum, "counted": digest.hexdigest()}
    return Failure(None, "checksum differs", {**detail, "remedy": _REMEDY})
