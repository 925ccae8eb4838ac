"""Read bag lists and catalogues inside archives, which describe members as they describe the files of a folder."""

from __future__ import annotations

import io
import shutil
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Final

from latam_corpus.collect.archives import Member, members
from latam_corpus.collect.input_files.bags import OF_THE_BAG, with_bags
from latam_corpus.collect.input_files.file_index import with_index
from latam_corpus.collect.input_files.input_file import BAG, InputFile, compiled, is_one_of
from latam_corpus.collect.input_files.unnamed_catalogues import candidates_of, with_unnamed_catalogues
from latam_corpus.collect.records import Failure
from latam_corpus.collect.streams import MAX_RECORD, open_url
from latam_corpus.errors import SourceError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.records import Content

# The maximum number of bytes of all lists of an archive, which are kept in memory.
_MOST_BYTES: Final = 2 * MAX_RECORD


@dataclass(frozen=True)
class ArchiveLists:
    """The descriptions of an archive's members by the lists inside it.

    Attributes:
        members: the members that a list describes, and the lists, by name.
        left_out: the names of the members that belong to the bag format and have no text.
        has_index: whether the source's catalogue is in the archive.
    """

    members: Mapping[str, InputFile] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    has_index: bool = False


def listed_members(source: Source, content: Content) -> ArchiveLists:
    """Return the descriptions of an archive's members in the lists inside it; empty if it has no lists.

    This reads the archive once, and unpacks only the lists. A catalogue that `collect.index` doesn't name holds the
    members back. The archive is read completely, even if it has a span.

    Raises:
        ConfigError: the catalogue can't be read, lacks a column that the source names, or contradicts itself.
    """
    index = source.collect.index
    is_index = compiled(index.file, also_compressed=False).fullmatch if index else None
    files: list[InputFile] = []
    list_bytes: dict[str, bytes] = {}
    try:
        for member in members(replace(content, span=None)):
            if isinstance(member, Failure):
                break
            files.append(InputFile(member.name, member.name, 0))
            of_bag = OF_THE_BAG.fullmatch(PurePosixPath(member.name).name)
            if isinstance(member, Member) and (of_bag or (is_index and is_index(member.name))):
                _read_member(member, list_bytes)
    except SourceError:  # reading the archive will report the problem
        pass
    has_index = is_index is not None and any(is_index(name) for name in list_bytes)
    patterns = [compiled(pattern) for pattern in source.collect.files]
    chosen = [member for member in files if is_one_of(member.relative, patterns)]
    candidates = {member.relative for member in candidates_of(source, chosen, files)}
    if not (has_index or candidates or any(PurePosixPath(name).name == BAG for name in list_bytes)):
        return ArchiveLists()
    if candidates:
        _read_members(content, candidates, list_bytes)
    open_ = partial(_opened_list, list_bytes)
    described = with_bags(sorted(files), open_)
    left_out = frozenset(member.relative for member in files) - {member.relative for member in described}
    chosen_described = [member for member in described if is_one_of(member.relative, patterns)]
    if has_index:
        described = with_index(source, chosen_described, described, open_)
    elif candidates:
        restricted = {
            member.relative: member for member in with_unnamed_catalogues(source, chosen_described, described, open_)
        }
        described = [restricted.get(member.relative, member) for member in described]
    return ArchiveLists({member.relative: member for member in described}, left_out, has_index)


def _read_members(content: Content, names: Collection[str], list_bytes: dict[str, bytes]) -> None:
    """Read the bytes of these members into memory."""
    with suppress(SourceError):  # reading the archive will report the problem
        for member in members(replace(content, span=None)):
            if isinstance(member, Member) and member.name in names:
                _read_member(member, list_bytes)


def _read_member(member: Member, list_bytes: dict[str, bytes]) -> None:
    """Read a list's bytes into memory; skip a damaged or too large one, which is reported when it is read."""
    limit = min(MAX_RECORD, _MOST_BYTES - sum(map(len, list_bytes.values())))
    try:
        with member.open() as stream:
            raw = stream.read(limit + 1)
    except SourceError:
        return
    if len(raw) <= limit:
        list_bytes[member.name] = raw


def _opened_list(list_bytes: Mapping[str, bytes], file: InputFile) -> BinaryIO:
    if file.relative not in list_bytes:
        raise SourceError(file.relative, _("it can't be unpacked, or is too large for a list"), _("check the archive"))
    return io.BytesIO(list_bytes[file.relative])


@contextmanager
def reopened(content: Content) -> Iterator[Content]:
    """Copy a content that can be opened only once, such as a tar's member, to a file that can be opened repeatedly.

    Raises:
        SourceError: the content can't be read.
    """
    with tempfile.NamedTemporaryFile(prefix="latam-corpus-") as copy:
        with content.open() as stream:
            shutil.copyfileobj(stream, copy, 2**20)
        copy.flush()
        yield replace(content, open=partial(open_url, copy.name))
