"""The desk's folders: uploads under their digests, collections with their files and source files, jobs.

A name that a user sends is used as a file name only after `safe_path` has cleaned it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import time
import unicodedata
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import transaction

from latam_corpus.desk.template import load_template
from latam_corpus.storage.durable import digest_of, link_or_copy, sync
from latam_corpus.web.models import Collection, CollectionFile

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f<>:\"|?*]")
_LONGEST_PART: Final = 180  # bytes; most file systems allow 255
_LONGEST_PATH: Final = 900  # characters
_HOUR: Final = 3600  # seconds
_DEEPEST: Final = 20  # nested folders
_JUNK: Final = frozenset({"thumbs.db", "desktop.ini"})


def data_folder() -> Path:
    """Return the data folder."""
    folder: Path = settings.DESK.data
    return folder


def collection_folder(collection: Collection) -> Path:
    """Return a collection's folder, with `source.toml`."""
    return data_folder() / "collections" / collection.slug


def is_taken(slug: str) -> bool:
    """Return whether a collection, or the folder of one, has this id."""
    return Collection.objects.filter(slug=slug).exists() or collection_folder(Collection(slug=slug)).exists()


def text_and_digest(path: Path) -> tuple[str, str]:
    """Return the text of a file, and its SHA-256; both empty if there is no such file."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return "", ""
    return data.decode(errors="replace"), hashlib.sha256(data).hexdigest()


def files_folder(collection: Collection) -> Path:
    """Return the folder of a collection's files."""
    return collection_folder(collection) / "files"


def source_file(collection: Collection) -> Path:
    """Return the path of a collection's source file."""
    return collection_folder(collection) / "source.toml"


def out_folder() -> Path:
    """Return the folder of the runs, of intermediate results and of the version store."""
    return data_folder() / "out"


def rules_folder(collection: Collection) -> Path:
    """Return the folder of the signed policies that a collection's runs use; it may not exist."""
    return data_folder() / "policies" / collection.slug


def used_rules(collection: Collection) -> Path | None:
    """Return the folder of a collection's own policies; None if its runs use only the shipped ones."""
    folder = rules_folder(collection)
    return folder if any(folder.glob("*.toml")) else None


def safe_path(name: str) -> str:
    r"""Return a relative path without parent folders, drives, control characters or overlong parts; "" if unusable.

    >>> safe_path("cantos/../../etc/passwd"), safe_path("C:\\textos\\uno.txt"), safe_path("/a//b.txt")
    ('', 'C_/textos/uno.txt', 'a/b.txt')
    >>> safe_path(".DS_Store"), safe_path("~$lista.xlsx"), safe_path("acta\x00.pdf")
    ('', '', 'acta_.pdf')
    """
    parts = []
    for raw_part in unicodedata.normalize("NFC", name).replace("\\", "/").split("/"):
        part = _CONTROL.sub("_", raw_part).strip()
        if part in {"", "."}:
            continue
        if part.startswith((".", "~$")) or part.lower() in _JUNK:
            return ""
        parts.append(_shortened(part))
    path = "/".join(parts)
    return path if len(parts) <= _DEEPEST and len(path) <= _LONGEST_PATH else ""


def _shortened(part: str) -> str:
    """Shorten a name to at most 180 bytes; a shortened name keeps its suffix and gets a digest."""
    if len(part.encode()) <= _LONGEST_PART:
        return part
    suffix = Path(part).suffix
    stem = part.removesuffix(suffix)
    suffix = suffix if len(suffix.encode()) <= 20 else ""  # noqa: PLR2004  (no suffix is longer)
    digest = hashlib.sha256(part.encode()).hexdigest()[:12]
    beginning = stem.encode()[: _LONGEST_PART - 13 - len(suffix.encode())].decode(errors="ignore")
    return f"{beginning}-{digest}{suffix}"


def upload_of(digest: str) -> Path:
    """Return the path of the upload with this SHA-256."""
    return data_folder() / "uploads" / digest[:2] / digest


def store_upload(temporary: Path, digest: str) -> Path:
    """Move an upload durably to the path of its SHA-256; keep an existing upload with the same bytes."""
    target = upload_of(digest)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        temporary.chmod(0o440)
        sync(temporary)
        temporary.replace(target)
        sync(target.parent)
    return target


def add_file(collection: Collection, relative: str, upload: Path, digest: str) -> CollectionFile:
    """Add an upload to a collection under a path that `safe_path` returned; replace an existing file there."""
    target = files_folder(collection) / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data_folder() / "tmp") as folder:
        link = Path(folder, "file")
        link_or_copy(upload, link)
        link.replace(target)
    sync(target.parent)
    return record_file(collection, relative, digest, target.stat().st_size)


def record_file(collection: Collection, relative: str, digest: str, size: int) -> CollectionFile:
    """Create or update a file's row; remove facts about earlier content."""
    with transaction.atomic():
        row, _created = CollectionFile.objects.get_or_create(
            collection=collection, path=relative, defaults={"sha256": digest, "size": size}
        )
        if row.sha256 != digest:
            row.store(sha256=digest, size=size, facts=None, fate=None)
            row.refresh_from_db()
    return row


def import_folder(collection: Collection, folder: Path) -> Iterator[tuple[str, str]]:
    """Copy the files of a local folder into a collection; yield each path, with a reason if the file was left out.

    Links are left out, so that a folder can't expose files from elsewhere.
    """
    closed: list[OSError] = []
    for root, folders, names in os.walk(folder, onerror=closed.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(root, name)
            shown = path.relative_to(folder).as_posix()
            relative = safe_path(shown)
            if not relative or path.is_symlink() or not path.is_file():
                yield shown, "hidden"
                continue
            if path.stat().st_size > settings.DESK.largest_file:
                yield shown, "large"
                continue
            try:
                temporary, digest = _copied(path)
            except PermissionError:
                yield shown, "closed"
                continue
            try:
                add_file(collection, relative, store_upload(temporary, digest), digest)
            finally:
                temporary.unlink(missing_ok=True)
            yield relative, ""
    for error in closed:
        yield Path(error.filename).relative_to(folder).as_posix(), "closed"


def _copied(path: Path) -> tuple[Path, str]:
    """Copy a file into the data folder; return the copy and its SHA-256."""
    with path.open("rb") as source, tempfile.NamedTemporaryFile(dir=data_folder() / "tmp", delete=False) as copy:
        shutil.copyfileobj(source, copy)
    return Path(copy.name), digest_of(Path(copy.name))


def recover() -> None:
    """Create missing rows of files, after a server was killed before writing them; remove unfinished uploads."""
    for leftover in (data_folder() / "tmp").iterdir():
        try:
            age = time.time() - leftover.stat().st_mtime
        except FileNotFoundError:  # a job that outlived the server has moved it
            continue
        if age < _HOUR:  # such a job may be writing it
            continue
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)
    for collection in Collection.objects.all():
        paths_in_rows = set(collection.files.values_list("path", flat=True))
        root = files_folder(collection)
        for path in sorted(root.rglob("*")):
            relative = path.relative_to(root).as_posix()
            if path.is_file() and not path.is_symlink() and relative not in paths_in_rows:
                record_file(collection, relative, digest_of(path), path.stat().st_size)


def write_source(collection: Collection) -> None:
    """Write a collection's source file from its row, unless the file already exists."""
    answers = {"id": collection.slug, "title": collection.title, "holder": collection.custodian, "collect.files": None}
    text = load_template("folder").filled(answers, collection.owner.language or "en")
    path = source_file(collection)
    files_folder(collection).mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError), path.open("x", encoding="utf-8") as file:
        file.write(text)


def state_of(collection: Collection, file: CollectionFile | None, *, with_rules: bool = True) -> str:
    """Return a digest of the inputs of a preview or run: files, rows, corrections, source and policies."""
    of_file = (
        [file.sha256, file.row, file.correction]
        if file
        else sorted(collection.files.values_list("path", "sha256", "version"))
    )
    source = source_file(collection)
    described = source.read_bytes() if source.exists() else b""
    if with_rules:
        described += b"".join(path.read_bytes() for path in sorted(rules_folder(collection).glob("*.toml")))
    return hashlib.sha256(json.dumps(of_file, sort_keys=True).encode() + described).hexdigest()
