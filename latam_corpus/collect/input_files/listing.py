"""List the files of a source at a path or URL, in a fixed order."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.collect.input_files.archive_lists import listed_members
from latam_corpus.collect.input_files.bags import with_bags
from latam_corpus.collect.input_files.file_index import with_index
from latam_corpus.collect.input_files.folder_walk import OF_THE_SYSTEM, followed, walked
from latam_corpus.collect.input_files.input_file import BAG, FileDescription, InputFile, as_json, compiled, is_one_of
from latam_corpus.collect.input_files.unnamed_catalogues import with_unnamed_catalogues
from latam_corpus.collect.records import Content, Failure, readable
from latam_corpus.collect.streams import open_url
from latam_corpus.errors import ConfigError, SourceError
from latam_corpus.formats.format import Unread
from latam_corpus.formats.registry import format_of, suffixes
from latam_corpus.formats.sniff import HEAD, sniffed
from latam_corpus.messages import N_, Message, _, first_of
from latam_corpus.storage.durable import sha256_of
from latam_corpus.storage.public_hosts import VARIABLE, private_address, web_options
from latam_corpus.storage.remote import file_system

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from latam_corpus.catalog.source import Source

_SHOWN: Final = 5


def list_inputs(source: Source, where: str | Path) -> list[InputFile]:
    """Return the source's files at a place, sorted by their relative paths.

    Files of an unknown format and broken links are listed too if there are other files; reading one returns a failed
    row, so that they are reported. Hidden files aren't listed. `where` is a file, a folder, a glob (`**` for any
    depth), or an fsspec URL of one of the three. `collect.files` chooses among a folder's files; by default, all are
    chosen.

    Raises:
        ConfigError: there are no files, the source chooses none of them, or none has a known format.
        SourceError: a folder can't be listed.
    """
    place = _("input of {source}", source=source.id)
    location = os.path.expanduser(os.fspath(where))  # noqa: PTH111  (it may be a URL, which Path would spoil)
    try:
        fs, path = file_system(location, **web_options(location))
    except (ValueError, ImportError) as error:
        raise ConfigError(place, _("«{named}» can't be read: {error}", named=location, error=error)) from None
    if address := private_address(location):
        raise ConfigError(
            place,
            _("«{named}» leads to {address}, which isn't a public address", named=location, address=address),
            _("if it should be read, name its host in {variable}", variable=VARIABLE),
        )
    fs.invalidate_cache()
    if "file" in _protocols(fs) and OF_THE_SYSTEM.match(os.path.realpath(path)):
        raise ConfigError(
            place,
            _("«{named}» belongs to the system, and has no texts", named=location),
            _("check the path"),
        )
    if fs.isfile(path):
        files = [_input_file(fs, fs.info(path), PurePosixPath(path).name)]
        files = _with_neighbour_catalogues(fs, str(PurePosixPath(path).parent), files, source)
    elif fs.isdir(path):
        files = _in_folder(fs, path.rstrip("/"), location, source)
    elif fs.exists(path):
        raise ConfigError(
            place,
            _("«{named}» is neither a file nor a folder", named=location),
            _("check the path"),
        )
    elif re.search(r"[*?\[]", location):
        files = _matching(fs, path, location, source)
    else:
        raise ConfigError(
            place,
            _("there is nothing at «{named}»", named=location),
            _nearest_files(fs, path),
        )
    if source.collect.index and not any(file.description.is_list for file in files):
        _refuse_without_index(source, files, location, is_folder=fs.isdir(path))
    known_by_name = any(file.is_missing or format_of(file.relative, source.collect.format) for file in files)
    if not known_by_name and not any(isinstance(_kind(file), str) for file in files):
        known_suffixes = ", ".join(sorted(suffixes()))
        remedy = _(
            "the known suffixes are {known}, also with .gz, .xz, .zst; or set collect.format", known=known_suffixes
        )
        if len(files) == 1:
            kind = _kind(files[0])
            if isinstance(kind, Unread):
                raise ConfigError(files[0].url, _("it is {format}, an unknown format", format=kind.name), kind.remedy)
            raise ConfigError(files[0].url, _("a file of an unknown format"), remedy)
        raise ConfigError(location, _("{n} {n:file|files}, all of unknown formats", n=len(files)), remedy)
    return files


def _kind(file: InputFile) -> str | Unread | None:
    """Detect the file's type from its first bytes."""
    try:
        with open_url(file.url) as stream:
            return sniffed(stream.read(HEAD))
    except (SourceError, OSError):  # reading the file will report the problem
        return None


def digest(file: InputFile) -> str:
    """Return the SHA-256, in hex, of the file's stored bytes.

    Raises:
        SourceError: the file can't be read.
    """
    with open_url(file.url) as stream:
        return sha256_of(stream)


def _in_folder(fs: Any, root: str, location: str, source: Source) -> list[InputFile]:
    """Return the folder's files that the source chooses, and the lists that describe them."""
    all_files = _every_file(fs, root)
    patterns = [compiled(pattern) for pattern in source.collect.files]
    lists = [file for file in all_files if file.description.is_list]
    chosen = (file for file in all_files if is_one_of(file.relative, patterns) or _may_be_folder(file))
    chosen_files = _once(file for file in chosen if not file.description.is_list)
    if not chosen_files and not lists:
        looked = ", ".join(source.collect.files) or "files"
        problem = _("«{named}» has no {looked}", named=location, looked=looked)
        remedy = _files_there([file.relative for file in all_files])
        raise ConfigError(_("input of {source}", source=source.id), problem, remedy)
    # A catalogue inside an archive is looked for when the archive is read.
    is_index = _is_index(source)
    if is_index is None:
        return with_unnamed_catalogues(source, sorted([*chosen_files, *lists]), all_files)
    if chosen_files and all(map(_is_archive, chosen_files)) and not any(map(is_index, all_files)):
        return sorted([*chosen_files, *lists])
    return with_index(source, sorted([*chosen_files, *lists]), all_files)


def _every_file(fs: Any, root: str) -> list[InputFile]:
    """Return all files of a folder in order, with their descriptions by the lists of bags."""
    entries = walked(root, specials=True) if "file" in _protocols(fs) else fs.find(root, detail=True)
    files = sorted(_input_file(fs, info, name) for name, info in _below(root, entries).items())
    if not any(PurePosixPath(file.relative).name == BAG for file in files):
        return files
    return with_bags(files)


def _may_be_folder(file: InputFile) -> bool:
    """Whether the file is a broken link whose target may have been a folder with files that the source chooses."""
    return file.is_missing and not PurePosixPath(file.relative).suffix


def _once(files: Iterable[InputFile]) -> list[InputFile]:
    """Remove links to other files of the list; keep one of several links to the same file.

    The file itself is kept if its name shows a format or no link's name does. A cache, for example, names files by
    their digests.
    """
    by_url: dict[str, InputFile] = {}
    for file in files:
        first = by_url.setdefault(file.url, file)
        if first is file:
            continue
        is_target = file.url.endswith(f"/{file.relative}")
        format_, first_format = format_of(file.relative), format_of(first.relative)
        if (is_target and (format_ or not first_format)) or (format_ and not first_format):
            by_url[file.url] = file
    return list(by_url.values())


_OF_KIND: Final = re.compile(r"(?:\*\*/)?\*\.[^/]+")


def unchosen(source: Source, where: str, catalogues: Collection[str]) -> Counter[str]:
    """Count the files of a folder on this disk that no pattern of the source chooses, by suffix.

    Files are counted only if the patterns choose kinds of files, such as `**/*.txt`; naming files or folders is a
    deliberate choice. The toolkit's own files, such as TOML files and lists of persons, aren't counted. Catalogues are
    reported separately.
    """
    fs, path = file_system(os.path.expanduser(where), **web_options(where))  # noqa: PTH111  (see above)
    patterns = source.collect.files
    of_kinds = patterns and all(_OF_KIND.fullmatch(pattern) for pattern in patterns)
    if not of_kinds or "file" not in _protocols(fs) or not fs.isdir(path):
        return Counter()
    is_index, chosen = _is_index(source), [compiled(pattern) for pattern in patterns]
    all_files = _every_file(fs, path.rstrip("/"))
    names = (file.relative for file in all_files if not (file.description.is_list or (is_index and is_index(file))))
    unchosen_names = (PurePosixPath(name) for name in names if name not in catalogues and not is_one_of(name, chosen))
    persons = {path.name for path in (source.names_file, source.speakers_file) if path}
    texts = (name for name in unchosen_names if name.suffix.lower() != ".toml" and name.name not in persons)
    return Counter(name.suffix.lower() or name.name for name in texts)


def _is_index(source: Source) -> Callable[[InputFile], object] | None:
    """Return a function that recognises the source's catalogue; None if the source has none."""
    index = source.collect.index
    pattern = compiled(index.file, also_compressed=False) if index else None
    return pattern and (lambda file: pattern.fullmatch(file.relative))


def _is_archive(file: InputFile) -> bool:
    entry = format_of(file.relative)
    return entry is not None and entry.archive


def _refuse_without_index(source: Source, files: list[InputFile], location: str, *, is_folder: bool) -> None:
    """Raise unless a catalogue can describe the files: one next to them, or one inside each archive."""
    place = _("input of {source}", source=source.id)
    index = source.collect.index
    for file in files:
        if not _is_archive(file):
            if is_folder:  # a file in a folder without a catalogue is only described by bags
                continue
            problem = _(
                "«{named}» isn't a folder, and collect.index names a catalogue among a folder's files", named=location
            )
            raise ConfigError(place, problem, _("name the folder that contains both"))
        lists = listed_members(source, Content(file.relative, partial(open_url, file.url)))
        if index and not lists.has_index:
            problem = _("no file in «{archive}» matches «{pattern}», which collect.index names")
            raise ConfigError(place, problem.fill(archive=file.relative, pattern=index.file), _("check the pattern"))


def _matching(fs: Any, path: str, location: str, source: Source) -> list[InputFile]:
    """Return the files that match a glob, by their path below the last folder without wildcards."""
    root = re.split(r"[*?\[]", path)[0].rpartition("/")[0]
    entries = fs.glob(path, detail=True)
    if "file" in _protocols(fs):
        entries = {name: followed(info) for name, info in entries.items()}
    files = _below(root, entries)
    if not files:
        problem = _("no file matches «{named}»", named=location)
        raise ConfigError(_("input of {source}", source=source.id), problem, _("check the pattern"))
    matched = sorted(_once(_input_file(fs, files[name], name) for name in sorted(files)))
    return _with_neighbour_catalogues(fs, root, matched, source)


def _with_neighbour_catalogues(fs: Any, root: str, files: list[InputFile], source: Source) -> list[InputFile]:
    """Add the neighbouring catalogues that name the files; only the files themselves were given, not their folder."""
    if "file" not in _protocols(fs):
        return files
    folders = {str(PurePosixPath(root, file.relative).parent) for file in files}
    entries = dict(entry for folder in sorted(folders) for entry in _entries_of(fs, folder))
    near = [_input_file(fs, info, name) for name, info in _below(root, entries).items()]
    return with_unnamed_catalogues(source, files, near, by_name=True)


def _entries_of(fs: Any, folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the files of a folder; yield none if it can't be listed, since its files may still be readable."""
    with suppress(OSError):
        for info in fs.ls(folder, detail=True):
            with suppress(SourceError):
                yield info["name"], followed(info)


def _below(root: str, entries: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the files by their path below the root, without hidden ones."""
    files = {path[len(root) :].lstrip("/"): info for path, info in entries.items() if info["type"] == "file"}
    return {name: info for name, info in files.items() if not any(part.startswith(".") for part in name.split("/"))}


def _input_file(fs: Any, info: dict[str, Any], relative: str) -> InputFile:
    url = info["name"] if "file" in _protocols(fs) else fs.unstrip_protocol(info["name"])
    size = info.get("size")
    description = FileDescription()
    if "leads_to" in info:
        detail = {
            "link": _readable(info["leads_to"]),
            "remedy": N_("replace the link with the file that it leads to, or remove the link"),
        }
        description = FileDescription(failures=as_json([Failure(None, "missing file", detail)]))
    if info.get("special"):
        failure = Failure(None, "no file", {"remedy": N_("leave it out, or save a file")})
        description = FileDescription(failures=as_json([failure]))
    return InputFile(_readable(relative), url, int(size or 0), description)


def _readable(name: str) -> str:
    """Return a file's name as valid text: it may not be UTF-8, but a document's origin must be."""
    return unicodedata.normalize("NFC", readable(name))


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)


def _files_there(names: list[str]) -> Message:
    return _("its files: {there}", there=first_of(sorted(names), _SHOWN)) if names else _("it has no files")


def _nearest_files(fs: Any, path: str) -> Message:
    """Return the files in the nearest existing folder of a missing path."""
    folder = PurePosixPath(path).parent
    while not fs.isdir(str(folder)) and folder != folder.parent:
        folder = folder.parent
    if str(folder) in (".", "/", ""):
        return _("check the path")
    names = [PurePosixPath(name).name for name in fs.ls(str(folder), detail=False)]
    names = [name for name in names if not name.startswith(".")]
    if not names:
        return _("{folder} has no files", folder=folder)
    return _("{folder} contains: {there}", folder=folder, there=first_of(sorted(names), _SHOWN))
