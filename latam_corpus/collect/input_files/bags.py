"""Bags (BagIt 0.97 and 1.0, RFC 8493): each file with the checksum that its bag's list has.

Only the payload is read. What a list names and isn't there is a failure of the list, and so is each of its lines that
can't be used; a file whose bytes are others, or that no list names, fails by itself, and the rest goes on.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from latam_corpus.collect.input_files.input_file import BAG, Beside, as_json, opened_file
from latam_corpus.collect.records import Failure
from latam_corpus.errors import SourceError
from latam_corpus.messages import N_, _, decimal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from latam_corpus.collect.input_files.input_file import InputFile, Opener

_INFO: Final = "bag-info.txt"
_FETCH: Final = "fetch.txt"
_MANIFEST: Final = re.compile(r"manifest-([\w-]+)\.txt")
_TAGS: Final = re.compile(r"tagmanifest-([\w-]+)\.txt")
# What a bag says of itself; what else lies beside its payload is read as any file.
OF_THE_BAG: Final = re.compile(r"(?:bagit|bag-info|fetch|(?:tag)?manifest-[\w-]+)\.txt")
_PAYLOAD: Final = "data/"
# As lists call them, and as hashlib does; a file is held against the strongest that names it.
_ALGORITHMS: Final[Mapping[str, str]] = {
    "sha3512": "sha3_512", "sha512": "sha512", "blake2b512": "blake2b", "sha3384": "sha3_384", "sha384": "sha384",
    "sha3256": "sha3_256", "sha256": "sha256", "blake2s256": "blake2s", "sha224": "sha224", "sha1": "sha1",
    "md5": "md5",
}  # fmt: skip
_LINE: Final = re.compile(r"\s*([0-9a-fA-F]+)[ \t]+\*?(.+?)\s*")
_FETCHED: Final = re.compile(r"\s*(\S+)[ \t]+(\d+|-)[ \t]+(.+?)\s*")
_FIELD: Final = re.compile(r"([^:\s][^:\n]*?)[ \t]*:[ \t]*(.*(?:\n[ \t]+.*)*)")
_LARGEST: Final = 256 * 2**20
_NEAR: Final = 120
# A line's end in a name, and the sign itself, are written so.
_ESCAPED: Final = {"%0a": "\n", "%0d": "\r", "%25": "%"}
_REMEDY: Final = N_("fetch it again from whoever made the bag")


@dataclass(frozen=True)
class _Line:
    """A line of a list: its number, the checksum (of what is to be fetched the address), and the name as written."""

    number: int
    value: str
    name: str


@dataclass
class _List:
    """A list of a bag: its file, its algorithm as hashlib calls it, its checksums by path, and what is wrong in it."""

    file: InputFile
    algorithm: str
    checksums: dict[str, str] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)


def with_bags(files: Sequence[InputFile], open_: Opener = opened_file) -> list[InputFile]:
    """Return the files, those in bags with their checksums; of a bag's own files its lists alone are left.

    Args:
        files: of a folder, by their paths.
        open_: opens one of them.
    """
    paths = frozenset(one.relative for one in files)
    roots = frozenset(_roots(paths))
    by_root: dict[str | None, list[InputFile]] = defaultdict(list)
    for one in files:
        by_root[next((root for root in _above(one.relative) if root in roots), None)].append(one)
    left = by_root.pop(None, [])
    for root, inside in by_root.items():
        left += _of_bag(root or "", inside, paths, open_)
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
            if root + BAG in paths and (name.startswith(_PAYLOAD) or _MANIFEST.fullmatch(name)):
                yield root


def _of_bag(root: str, files: Sequence[InputFile], paths: Collection[str], open_: Opener) -> Iterator[InputFile]:
    names = {one.relative[len(root) :]: one for one in files}
    # A bag within this one is read by itself, and its files are listed here too.
    there = {path[len(root) :] for path in paths if path.startswith(root)}
    lists = list(_lists(names, _MANIFEST, there, open_))
    tags = next(_lists(names, _TAGS, there, open_), None)
    if not lists:
        found = sorted(name for name in names if _MANIFEST.fullmatch(name))
        detail = {"error": N_("the bag has no list that can be checked"), "lists": found, "known": [*_ALGORITHMS]}
        lists = [_List(names[BAG], "", failures=[Failure(None, "damaged file", {**detail, "remedy": _REMEDY})])]
    _tell_missing(lists, names.get(_FETCH), there, open_)
    for one in lists:
        name = one.file.relative[len(root) :]
        with suppress(SourceError):  # which reading it has told
            if damage := damage_of(_checked(name, tags), partial(open_, one.file)):
                one.failures.append(replace(damage, evidence={"name": name, **damage.evidence}))
        yield replace(one.file, beside=Beside(is_list=True, failures=as_json(_numbered(one.failures))))
    info = _info(names.get(_INFO), open_)
    for name, file in names.items():
        if file.is_missing:  # a link that leads nowhere
            yield file
        elif name.startswith(_PAYLOAD):
            mine = next((one for one in lists if name in one.checksums), None)
            yield replace(file, beside=replace(_checked(name, mine), unlisted=mine is None, bag=info))
        elif not OF_THE_BAG.fullmatch(name):
            yield replace(file, beside=_checked(name, tags))


def _checked(name: str, list_: _List | None) -> Beside:
    """Return what a list says of a file; nothing where it doesn't name it."""
    named = list_ is not None and name in list_.checksums
    return Beside(algorithm=list_.algorithm, checksum=list_.checksums[name]) if list_ and named else Beside()


def _tell_missing(lists: Sequence[_List], fetch: InputFile | None, there: Collection[str], open_: Opener) -> None:
    """Add to the lists of a bag what they name and isn't there, once, and what is wrong with the list of addresses."""
    fetched, wrong = _fetched(fetch, there, open_)
    told: set[str] = set()
    for one in lists:
        for name in sorted({*one.checksums} - told - {*there}):
            where = {"fetch": fetched[name]} if name in fetched else {}
            remedy = N_("fetch it from there into the bag") if where else _REMEDY
            one.failures.append(Failure(None, "missing file", {"name": name, **where, "remedy": remedy}))
        told.update(one.checksums)
    detail = {"list": _FETCH, "remedy": N_("ask whoever made the bag whether it belongs there")}
    unnamed = [Failure(None, "not in the list", {"name": name, **detail}) for name in sorted({*fetched} - told)]
    lists[0].failures += [*wrong, *unnamed]


def _numbered(failures: Sequence[Failure]) -> list[Failure]:
    """Return the failures of a list, those that are of no line each with a number that no line of it has told."""
    several = len(failures) > 1
    last = max((one.number or 0 for one in failures), default=0)
    numbered = []
    for one in failures:
        if one.number is None and (several or one.cause == "missing file"):
            last += 1
            numbered.append(replace(one, number=last))
        else:
            numbered.append(one)
    return numbered


def _lists(
    names: Mapping[str, InputFile], pattern: re.Pattern[str], there: Collection[str], open_: Opener
) -> Iterator[_List]:
    """Yield the lists of a bag that can be checked, the strongest first."""
    by_algorithm = {
        re.sub(r"[\W_]", "", match[1]).lower(): one for name, one in names.items() if (match := pattern.fullmatch(name))
    }
    for name, algorithm in _ALGORITHMS.items():
        if name in by_algorithm:
            yield _read_list(_List(by_algorithm[name], algorithm), there, open_, of_payload=pattern is _MANIFEST)


def _read_list(list_: _List, there: Collection[str], open_: Opener, *, of_payload: bool) -> _List:
    """Fill a list with what its file says."""
    try:
        text = _read(list_.file, open_)
    except SourceError as error:
        list_.failures.append(Failure(None, "damaged file", {"error": error.problem}))
        return list_
    length = 2 * hashlib.new(list_.algorithm, usedforsecurity=False).digest_size
    for line in parsed(text, _LINE, list_.failures):
        name = _name(line.name, there)
        before = list_.checksums.setdefault(name, line.value)
        detail = {"line": line.number, "name": name, "remedy": _REMEDY}
        if len(line.value) != length:
            about = {"n": len(line.value), "algorithm": list_.algorithm, "length": length}
            why = str(_("the checksum has {n} {n:digit|digits}, and {algorithm} has {length}", **about))
            list_.failures.append(Failure(line.number, "malformed record", {**detail, "error": why}))
        elif of_payload and not name.startswith(_PAYLOAD):
            why = str(_("a list of the payload names what isn't in {folder}", folder=_PAYLOAD))
            del list_.checksums[name]
            list_.failures.append(Failure(line.number, "malformed record", {**detail, "error": why}))
        elif before != line.value:
            list_.failures.append(Failure(line.number, "named twice", {**detail, "stated": [before, line.value]}))
    return list_


def parsed(text: str, pattern: re.Pattern[str], failures: list[Failure]) -> Iterator[_Line]:
    r"""Yield the lines of a list; one that is none is a failure.

    >>> failures = []
    >>> lines = list(parsed("ab12  data/notas/a.txt\n\nCD34 *data/b%0Ac.txt\n<html>\n", _LINE, failures))
    >>> [(line.number, line.value, line.name) for line in lines]
    [(1, 'ab12', 'data/notas/a.txt'), (3, 'cd34', 'data/b%0Ac.txt')]
    >>> failures[0].number, failures[0].cause
    (4, 'malformed record')
    """
    for number, line in enumerate(re.split(r"\r\n|\r|\n", unicodedata.normalize("NFC", text)), 1):
        match = pattern.fullmatch(line)
        if match:
            value = match[1].lower() if pattern is _LINE else match[1]
            yield _Line(number, value, match[match.lastindex or 1])
        elif line.strip():
            detail = {"line": number, "near": line.strip()[:_NEAR], "remedy": _REMEDY}
            failures.append(Failure(number, "malformed record", detail))


def _name(written: str, there: Collection[str]) -> str:
    """Return the path that a list means: as it is written, with line ends and percent signs coded, or coded whole."""
    plain = written.replace("\\", "/").removeprefix("./")
    coded = re.sub("%(?:0a|0d|25)", lambda code: _ESCAPED[code[0].lower()], plain, flags=re.IGNORECASE)
    whole = unicodedata.normalize("NFC", unquote(plain))
    return next((one for one in (plain, coded, whole) if one in there), coded)


def _fetched(file: InputFile | None, there: Collection[str], open_: Opener) -> tuple[dict[str, str], list[Failure]]:
    """Return the addresses from which files of a bag are to be fetched, by path, and what is wrong in their list."""
    failures: list[Failure] = []
    if file is None:
        return {}, failures
    try:
        lines = list(parsed(_read(file, open_), _FETCHED, failures))
    except SourceError as error:
        return {}, [Failure(None, "damaged file", {"list": _FETCH, "error": error.problem})]
    failures = [replace(one, number=None, evidence={"list": _FETCH, **one.evidence}) for one in failures]
    return {_name(line.name, there): line.value for line in lines}, failures


def _info(file: InputFile | None, open_: Opener) -> str:
    """Return what a bag says of itself, by its labels, as JSON; nothing where it can't be read."""
    if file is None:
        return ""
    try:
        text = _read(file, open_)
    except SourceError:
        return ""
    fields: dict[str, str] = {}
    for match in _FIELD.finditer(re.sub(r"\r\n?", "\n", text)):
        fields.setdefault(match[1], " ".join(match[2].split()))
    return json.dumps(fields, ensure_ascii=False, sort_keys=True) if fields else ""


def _read(file: InputFile, open_: Opener) -> str:
    with open_(file) as stream:
        raw = stream.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise SourceError(file.relative, _("more than {largest} bytes", largest=decimal(f"{_LARGEST:,}")), _REMEDY)
    return raw.decode("utf-8-sig", "replace")


def damage_of(beside: Beside, open_: Callable[[], BinaryIO]) -> Failure | None:
    """Return why a file of a bag isn't what its list says; None where it is, or lies in no bag.

    Args:
        beside: what the lists say of it.
        open_: opens it.

    Raises:
        SourceError: it can't be read.
    """
    if beside.unlisted:
        return Failure(None, "not in the list", {"remedy": N_("ask whoever made the bag whether it belongs there")})
    if not beside.checksum:
        return None
    digest = hashlib.new(beside.algorithm, usedforsecurity=False)
    with open_() as stream:
        while block := stream.read(2**20):
            digest.update(block)
    if digest.hexdigest() == beside.checksum:
        return None
    detail = {"algorithm": beside.algorithm, "stated": beside.checksum, "counted": digest.hexdigest()}
    return Failure(None, "checksum differs", {**detail, "remedy": _REMEDY})
