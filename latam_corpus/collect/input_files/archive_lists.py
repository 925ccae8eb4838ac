"""Lists inside archives: bags and catalogues among the members say of them what they would among a folder's files."""

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
from latam_corpus.collect.input_files.unnamed_catalogues import candidates_of, with_held
from latam_corpus.collect.records import Failure
from latam_corpus.collect.streams import MAX_RECORD, open_url
from latam_corpus.errors import SourceError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.records import Content

# All lists of an archive together; they are held in memory.
_MOST_BYTES: Final = 2 * MAX_RECORD


@dataclass(frozen=True)
class Listed:
    """What lists inside an archive say.

    Attributes:
        members: by name those of which a list says something, and the lists.
        left_out: names of members that are a bag's own and have no text.
        has_index: whether the source's catalogue is among them.
    """

    members: Mapping[str, InputFile] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    has_index: bool = False


def listed_members(source: Source, content: Content) -> Listed:
    """Return what the lists inside an archive say of its members; nothing where it has none.

    The archive is gone through once for it, and of its members the lists alone are unpacked.

    Args:
        source: its `collect.index` may name a catalogue; one that it doesn't name holds the members back.
        content: the archive, of which all is looked at, whatever its span.

    Raises:
        ConfigError: the catalogue can't be read, lacks a column that the source names, or contradicts itself.
    """
    index = source.collect.index
    is_index = compiled(index.file, also_compressed=False).fullmatch if index else None
    files: list[InputFile] = []
    held: dict[str, bytes] = {}
    try:
        for one in members(replace(content, span=None)):
            if isinstance(one, Failure):
                break
            files.append(InputFile(one.name, one.name, 0))
            of_bag = OF_THE_BAG.fullmatch(PurePosixPath(one.name).name)
            if isinstance(one, Member) and (of_bag or (is_index and is_index(one.name))):
                _hold(one, held)
    except SourceError:  # reading it tells why
        pass
    has_index = is_index is not None and any(is_index(name) for name in held)
    patterns = [compiled(pattern) for pattern in source.collect.files]
    chosen = [one for one in files if is_one_of(one.relative, patterns)]
    candidates = {one.relative for one in candidates_of(source, chosen, files)}
    if not (has_index or candidates or any(PurePosixPath(name).name == BAG for name in held)):
        return Listed()
    if candidates:
        _hold_all(content, candidates, held)
    open_ = partial(_held, held)
    listed = with_bags(sorted(files), open_)
    left_out = frozenset(one.relative for one in files) - {one.relative for one in listed}
    wanted = [one for one in listed if is_one_of(one.relative, patterns)]
    if has_index:
        listed = with_index(source, wanted, listed, open_)
    elif candidates:
        restricted = {one.relative: one for one in with_held(source, wanted, listed, open_)}
        listed = [restricted.get(one.relative, one) for one in listed]
    return Listed({one.relative: one for one in listed}, left_out, has_index)


def _hold_all(content: Content, names: Collection[str], held: dict[str, bytes]) -> None:
    """Hold the bytes of these members."""
    with suppress(SourceError):  # reading it tells why
        for one in members(replace(content, span=None)):
            if isinstance(one, Member) and one.name in names:
                _hold(one, held)


def _hold(member: Member, held: dict[str, bytes]) -> None:
    """Hold a list's bytes; of one that is damaged or too large nothing, which whoever reads it tells."""
    left = min(MAX_RECORD, _MOST_BYTES - sum(map(len, held.values())))
    try:
        with member.open() as stream:
            raw = stream.read(left + 1)
    except SourceError:
        return
    if len(raw) <= left:
        held[member.name] = raw


def _held(held: Mapping[str, bytes], file: InputFile) -> BinaryIO:
    if file.relative not in held:
        raise SourceError(file.relative, _("it can't be unpacked, or is too large for a list"), _("check the archive"))
    return io.BytesIO(held[file.relative])


@contextmanager
def reopened(content: Content) -> Iterator[Content]:
    """Give a content that opens once, such as a tar's member, as one that opens again and again, from a copy on disk.

    Raises:
        SourceError: it can't be read.
    """
    with tempfile.NamedTemporaryFile(prefix="latam-corpus-") as copy:
        with content.open() as stream:
            shutil.copyfileobj(stream, copy, 2**20)
        copy.flush()
        yield replace(content, open=partial(open_url, copy.name))
