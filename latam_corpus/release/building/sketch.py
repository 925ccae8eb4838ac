"""The fingerprint index of a version: computed while a shard is written, or copied from the parent version.

A file of the index is a function of its shard. It has the shard's rows in the same order and row groups.
"""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from latam_corpus.batch import Batch
from latam_corpus.dedupe.fingerprints.fingerprint import Fingerprint, codes_spelled
from latam_corpus.dedupe.fingerprints.fingerprint_index import (
    FORMAT,
    INDEX,
    METADATA,
    SKETCHED,
    group_of,
    index_metadata,
    metadata_of,
)
from latam_corpus.dedupe.fingerprints.scheme import check_scheme
from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.messages import Message, _
from latam_corpus.release.storing.shard_file import write_group, writer
from latam_corpus.storage.durable import digest_of, link_or_copy
from latam_corpus.text.orthography import spellings_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from latam_corpus.release.storing.manifest import Manifest, Shard
    from latam_corpus.release.storing.store import Store

# Bytes of text that are fingerprinted at once; their word table needs several times as much memory.
_TEXT_BYTES: Final = 8 << 20
_READ: Final = [*(name for name in SKETCHED if name not in Fingerprint.gives), "language", "text"]
_FINGERPRINT: Final = Fingerprint(sketch=True)


def check_index(store: Store, manifest: Manifest) -> None:
    """Raise unless the first file of a version's index has fingerprints of this toolkit.

    Raises:
        ConfigError: the version has no index, or its first file is damaged or of another scheme.
    """
    if manifest.index:
        _check_file(store, manifest, min(manifest.index))
        return
    is_latest = store.latest(manifest.name) == manifest.version
    # A build based on an older version would drop the documents that were added since.
    parent = manifest.version if is_latest else "latest"
    action = _("build it") if is_latest else _("name a version that has an index, or build one based on the latest")
    remedy = Message("{action}: {command}", {"action": action, "command": build_command(store, manifest, parent)})
    raise ConfigError(f"{store.url}, {manifest.spec}", _("it was built without a fingerprint index"), remedy)


def build_command(store: Store, manifest: Manifest, parent: str) -> str:
    """Return the command that builds the next version based on a parent version, or repairs the parent's index."""
    return f"`latam-corpus release build {manifest.name} --parent {parent} --store {store.url}`"


def _check_file(store: Store, manifest: Manifest, file: str) -> None:
    place = f"{store.url}, {manifest.spec}"
    remedy = _("build it: {build_command}", build_command=build_command(store, manifest, manifest.version))
    try:
        with store.open("releases", manifest.name, manifest.version, file) as opened:
            metadata = json.loads(pq.read_metadata(opened).metadata[METADATA])
        if metadata["format"] != FORMAT:
            raise ConfigError(
                place,
                _(
                    "its index has format {metadata}, this toolkit reads {format}",
                    metadata=metadata["format"],
                    format=FORMAT,
                ),
                remedy,
            )
        check_scheme(metadata["scheme"], place)
    except ReleaseError as error:
        raise ConfigError(error.place, error.problem, remedy) from None
    except (pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f"{place}, {file}", _("it is no file of a fingerprint index: {reason}", reason=f"{error!r}"), remedy
        ) from None


def _is_current(metadata: bytes | None, now: bytes, language: str) -> bool:
    """Whether an index file has the metadata of one written now; spelling rules count only for languages with rules."""
    current, stored = index_metadata(now), index_metadata(metadata)
    if not codes_spelled(language):
        current["spellings"] = stored["spellings"] = None
    return current == stored


def languages_with_former_spellings(store: Store, manifest: Manifest) -> list[str]:
    """Return the languages of a version whose index was computed with other spelling rules, or with none."""
    languages = set()
    for shard in manifest.shards:
        path = ("releases", manifest.name, manifest.version, shard.index)
        if shard.index not in manifest.index or shard.language in languages or not codes_spelled(shard.language):
            continue
        # Damage is reported when the index is read.
        with suppress(ReleaseError, pa.ArrowException, OSError), store.open(*path) as opened:
            metadata = index_metadata((pq.read_metadata(opened).metadata or {}).get(METADATA))
            if metadata.get("spellings") != spellings_digest():
                languages.add(shard.language)
    return sorted(languages)


@dataclass(frozen=True)
class Sketcher:
    """Writes the index of a version.

    Attributes:
        store: the store of the parent version.
        parent: the parent version, whose index files are reused with its shards.
    """

    store: Store
    parent: Manifest | None

    @contextmanager
    def opened(self, target: Path) -> Iterator[Callable[[pl.DataFrame], None]]:
        """Open an index file; yield a function that adds the fingerprints of a shard's next row group to it."""
        with writer(target, INDEX, metadata_of()) as file:
            yield lambda group: write_group(file, self._sketched(group))

    def _sketched(self, group: pl.DataFrame) -> pl.DataFrame:
        piece = group["text"].str.len_bytes().cum_sum() // _TEXT_BYTES
        frames = group.select(_READ).with_columns(piece.alias("piece")).partition_by("piece")
        return group_of(pl.concat([_FINGERPRINT(Batch(frame)).frame.select(SKETCHED) for frame in frames]))

    def reuse_or_rebuild(self, shard: Shard, target: Path) -> bool:
        """Write the index file of a shard of the parent and return whether the parent's file could be reused.

        Raises:
            ReleaseError: the shard can't be read.
        """
        if self._reused(shard, target):
            return True
        try:
            with self.store.open(shard.object) as opened, self.opened(target) as add:
                file = pq.ParquetFile(opened)
                for number in range(file.num_row_groups):
                    group = pl.from_arrow(file.read_row_group(number, columns=_READ, use_threads=False))
                    if isinstance(group, pl.DataFrame):
                        add(group)
                return False
        except (pa.ArrowException, OSError) as error:
            place = f"{self.store.url}, {shard.object}"
            spec = self.parent.spec if self.parent else "NAME@VERSION"
            verify = f"latam-corpus release verify {spec} --store {self.store.url}"
            remedy = _("replace it with an undamaged copy; `{verify}` lists all damaged files", verify=verify)
            raise ReleaseError(place, _("it can't be read: {cause}", cause=error), remedy) from error

    def _reused(self, shard: Shard, target: Path) -> bool:
        """Copy the parent's index file to the target; return False if it is damaged or has another scheme."""
        recorded = self.parent.files.get(shard.index) if self.parent else None
        if self.parent is None or recorded is None:
            return False
        path = self.store.path("releases", self.parent.name, self.parent.version, shard.index)
        # Under another name: writing to a link would overwrite the parent's file.
        copy = target.with_suffix(".parent")
        try:
            if self.store.folder is None:
                self.store.filesystem.get_file(path, str(copy))
            else:
                link_or_copy(Path(path), copy)
            sound = digest_of(copy) == recorded.sha256
            metadata = pq.read_metadata(copy).metadata if sound else {}
            now = metadata_of()[METADATA]
            sound = sound and _is_current(metadata.get(METADATA), now, shard.language)
            if sound:
                copy.replace(target)
        except FileNotFoundError:
            return False
        else:
            return sound
        finally:
            copy.unlink(missing_ok=True)
