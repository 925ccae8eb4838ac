"""Read bags (BagIt 0.97 and 1.0, RFC 8493), with the checksum of each file from the lists of its bag.

Only the payload is read. If a list names a missing file, or has an invalid line, the failure belongs to the list. A
file becomes a failed row if its checksum is wrong or no list names it; the other files are read.
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

from latam_corpus.collect.input_files.input_file import BAG, FileDescription, as_json, opened_file
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
# The files of the bag format; other files outside the payload are read like any file.
OF_THE_BAG: Final = re.compile(r"(?:bagit|bag-info|fetch|(?:tag)?manifest-[\w-]+)\.txt")
_PAYLOAD: Final = "data/"
# The names of algorithms in lists and in hashlib, the strongest first. A file is checked by the strongest list that
# names it.
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
# The escape sequences of line ends and percent signs in a name.
_ESCAPED: Final = {"%0a": "\n", "%0d": "\r", "%25": "%"}
_REMEDY: Final = N_("fetch it again from whoever made the bag")


@dataclass(frozen=True)
class _Line:
    """A line of a list: its number, its checksum (in `fetch.txt`, the address), and the name as written."""

    number: int
    value: str
    name: str


@dataclass
class _List:
    """A list of a bag: its file, its algorithm in hashlib, its checksums by path, and its failures."""

    file: InputFile
    algorithm: str
    checksums: dict[str, str] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)


def with_bags(files: Sequence[InputFile], open_: Opener = opened_file) -> list[InputFile]:
    """Return the files with the checksums of their bags; of the files of the bag format, only the lists are returned.

    `files` are sorted by path.
    """
    paths = frozenset(file.relative for file in files)
    roots = frozenset(_roots(paths))
    by_root: dict[str | None, list[InputFile]] = defaultdict(list)
    for file in files:
        by_root[next((root for root in _parents(file.relative) if root in roots), None)].append(file)
    described = by_root.pop(None, [])
    for root, inside in by_root.items():
        described += _of_bag(root or "", inside, paths, open_)
    return sorted(described, key=lambda file: file.relative)


def _parents(path: str) -> Iterator[str]:
    """Yield the parent folders of a path, innermost first, each with a final slash; the root is an empty string."""
    while path:
        path = path.rpartition("/")[0]
        yield f"{path}/" if path else ""


def _roots(paths: Collection[str]) -> Iterator[str]:
    """Yield the folders that are bags: those with the file `bagit.txt`, and a payload or a list."""
    for path in paths:
        for root in _parents(path):
            name = path[len(root) :]
            if root + BAG in paths and (name.startswith(_PAYLOAD) or _MANIFEST.fullmatch(name)):
                yield root


def _of_bag(root: str, files: Sequence[InputFile], paths: Collection[str], open_: Opener) -> Iterator[InputFile]:
    names = {file.relative[len(root) :]: file for file in files}
    # A bag inside this one is read separately, but the lists of this bag name its files too.
    names_in_bag = {path[len(root) :] for path in paths if path.startswith(root)}
    lists = list(_lists(names, _MANIFEST, names_in_bag, open_))
    tags = next(_lists(names, _TAGS, names_in_bag, open_), None)
    if not lists:
        list_names = sorted(name for name in names if _MANIFEST.fullmatch(name))
        detail = {"error": N_("the bag has no list that can be checked"), "lists": list_names, "known": [*_ALGORITHMS]}
        lists = [_List(names[BAG], "", failures=[Failure(None, "damaged file", {**detail, "remedy": _REMEDY})])]
    _add_missing(lists, names.get(_FETCH), names_in_bag, open_)
    for list_ in lists:
        name = list_.file.relative[len(root) :]
        with suppress(SourceError):  # reading the list has already reported it
            if damage := damage_of(_checked(name, tags), partial(open_, list_.file)):
                list_.failures.append(replace(damage, evidence={"name": name, **damage.evidence}))
        description = FileDescription(is_list=True, failures=as_json(_numbered(list_.failures)))
        yield replace(list_.file, description=description)
    info = _info(names.get(_INFO), open_)
    for name, file in names.items():
        if file.is_missing:  # a broken link
            yield file
        elif name.startswith(_PAYLOAD):
            naming_list = next((list_ for list_ in lists if name in list_.checksums), None)
            description = replace(_checked(name, naming_list), unlisted=naming_list is None, bag=info)
            yield replace(file, description=description)
        elif not OF_THE_BAG.fullmatch(name):
            yield replace(file, description=_checked(name, tags))


def _checked(name: str, list_: _List | None) -> FileDescription:
    """Return the description of a file by a list; empty if the list doesn't name it."""
    if list_ is None or name not in list_.checksums:
        return FileDescription()
    return FileDescription(algorithm=list_.algorithm, checksum=list_.checksums[name])


def _add_missing(lists: Sequence[_List], fetch: InputFile | None, names_in_bag: Collection[str], open_: Opener) -> None:
    """Add a failure for each missing file that the lists name, and the failures of the list of addresses."""
    fetched, fetch_failures = _fetched(fetch, names_in_bag, open_)
    listed_names: set[str] = set()
    for list_ in lists:
        for name in sorted({*list_.checksums} - listed_names - {*names_in_bag}):
            address = {"fetch": fetched[name]} if name in fetched else {}
            remedy = N_("download it from there, and put it into the bag") if address else _REMEDY
            list_.failures.append(Failure(None, "missing file", {"name": name, **address, "remedy": remedy}))
        listed_names.update(list_.checksums)
    detail = {"list": _FETCH, "remedy": N_("ask whoever made the bag whether it belongs there")}
    unnamed = [Failure(None, "not in the list", {"name": name, **detail}) for name in sorted({*fetched} - listed_names)]
    lists[0].failures += [*fetch_failures, *unnamed]


def _numbered(failures: Sequence[Failure]) -> list[Failure]:
    """Assign a line number after the last line to each failure of a list that is about no line."""
    is_one_of_several = len(failures) > 1
    last = max((failure.number or 0 for failure in failures), default=0)
    numbered = []
    for failure in failures:
        if failure.number is None and (is_one_of_several or failure.cause == "missing file"):
            last += 1
            numbered.append(replace(failure, number=last))
        else:
            numbered.append(failure)
    return numbered


def _lists(
    names: Mapping[str, InputFile], pattern: re.Pattern[str], names_in_bag: Collection[str], open_: Opener
) -> Iterator[_List]:
    """Yield the lists of a bag whose algorithm is supported, the strongest first."""
    by_algorithm = {
        re.sub(r"[\W_]", "", match[1]).lower(): file
        for name, file in names.items()
        if (match := pattern.fullmatch(name))
    }
    for name, algorithm in _ALGORITHMS.items():
        if name in by_algorithm:
            yield _read_list(_List(by_algorithm[name], algorithm), names_in_bag, open_, of_payload=pattern is _MANIFEST)


def _read_list(list_: _List, names_in_bag: Collection[str], open_: Opener, *, of_payload: bool) -> _List:
    """Fill a list with the checksums and failures of its file."""
    try:
        text = _read(list_.file, open_)
    except SourceError as error:
        list_.failures.append(Failure(None, "damaged file", {"error": error.args[1]}))
        return list_
    length = 2 * hashlib.new(list_.algorithm, usedforsecurity=False).digest_size
    for line in parsed(text, _LINE, list_.failures):
        name = _name(line.name, names_in_bag)
        first_value = list_.checksums.setdefault(name, line.value)
        detail = {"line": line.number, "name": name, "remedy": _REMEDY}
        if len(line.value) != length:
            about = {"n": len(line.value), "algorithm": list_.algorithm, "length": length}
            why = _("the checksum has {n} {n:digit|digits}, and {algorithm} has {length}", **about)
            list_.failures.append(Failure(line.number, "malformed record", {**detail, "error": why}))
        elif of_payload and not name.startswith(_PAYLOAD):
            why = _("a list of the payload names files that aren't in {folder}", folder=_PAYLOAD)
            del list_.checksums[name]
            list_.failures.append(Failure(line.number, "malformed record", {**detail, "error": why}))
        elif first_value != line.value:
            list_.failures.append(Failure(line.number, "named twice", {**detail, "stated": [first_value, line.value]}))
    return list_


def parsed(text: str, pattern: re.Pattern[str], failures: list[Failure]) -> Iterator[_Line]:
    r"""Yield the lines of a list; an invalid line is added to the failures.

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


def _name(written: str, names_in_bag: Collection[str]) -> str:
    """Return the file of a name in a list: as written, with decoded line ends and percent signs, or fully decoded."""
    plain = written.replace("\\", "/").removeprefix("./")
    coded = re.sub("%(?:0a|0d|25)", lambda code: _ESCAPED[code[0].lower()], plain, flags=re.IGNORECASE)
    fully_decoded = unicodedata.normalize("NFC", unquote(plain))
    return next((name for name in (plain, coded, fully_decoded) if name in names_in_bag), coded)


def _fetched(
    file: InputFile | None, names_in_bag: Collection[str], open_: Opener
) -> tuple[dict[str, str], list[Failure]]:
    """Return the addresses of files that must be fetched into a bag, by path, and the failures of their list."""
    failures: list[Failure] = []
    if file is None:
        return {}, failures
    try:
        lines = list(parsed(_read(file, open_), _FETCHED, failures))
    except SourceError as error:
        return {}, [Failure(None, "damaged file", {"list": _FETCH, "error": error.args[1]})]
    failures = [replace(failure, number=None, evidence={"list": _FETCH, **failure.evidence}) for failure in failures]
    return {_name(line.name, names_in_bag): line.value for line in lines}, failures


def _info(file: InputFile | None, open_: Opener) -> str:
    """Return a bag's metadata as JSON, by label; an empty string if it can't be read."""
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


def damage_of(description: FileDescription, open_: Callable[[], BinaryIO]) -> Failure | None:
    """Return the failure of a file that differs from its bag's list; None if it doesn't differ, or isn't in a bag.

    Raises:
        SourceError: the file can't be read.
    """
    if description.unlisted:
        return Failure(None, "not in the list", {"remedy": N_("ask whoever made the bag whether it belongs there")})
    if not description.checksum:
        return None
    digest = hashlib.new(description.algorithm, usedforsecurity=False)
    with open_() as stream:
        while block := stream.read(2**20):
            digest.update(block)
    if digest.hexdigest() == description.checksum:
        return None
    detail = {"algorithm": description.algorithm, "stated": description.checksum, "counted": digest.hexdigest()}
    return Failure(None, "checksum differs", {**detail, "remedy": _REMEDY})
