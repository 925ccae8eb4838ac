"""The fingerprint index of a version: computed while a shard is written, or copied from the parent version.

An index file depends only on its shard and the scheme. It has the shard's rows in the same order and row groups.
"""

from __future__ import annotations

import dataclasses
import json
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

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
from latam_corpus.dedupe.fingerprints.scheme import Scheme
from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.messages import Message, _
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.shard_file import write_group, writer
from latam_corpus.storage.durable import digest_of, link_or_copy
from latam_corpus.text.orthography import spellings_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from latam_corpus.release.storing.manifest import Manifest, Shard
    from latam_corpus.release.storing.store import Store

# Bytes of text that are fingerprinted at once; their word table takes several times as much memory.
_TEXT_BYTES: Final = 8 << 20
_READ: Final = [*(name for name in SKETCHED if name not in Fingerprint.gives), "language", "text"]
_OPTIONS: Final = frozenset(field.name for field in dataclasses.fields(Fingerprint)) - {"sketch"}


def scheme_of(options: Mapping[str, Any]) -> Scheme:
    """Return the scheme of fingerprints for the options of a stage `dedupe`.

    >>> scheme_of({"contained": "drop", "shingle": 7}).shingle
    7
    """
    return Fingerprint(**{key: value for key, value in options.items() if key in _OPTIONS}).parameters()


def scheme_of_stages(stages: Sequence[Mapping[str, Any]]) -> Scheme | None:
    """Return the scheme by which a recipe's stages find near-duplicates; None if no stage searches for them.

    >>> scheme_of_stages([{"use": "repair"}, {"use": "dedupe", "near": False}]) is None
    True
    """
    dedupes = [options for options in stages if options.get("use") == "dedupe" and options.get("near", True)]
    return scheme_of(dedupes[-1]) if dedupes else None


def scheme_in(store: Store, manifest: Manifest) -> Scheme:
    """Return the scheme that the first file of a version's index states.

    Raises:
        ConfigError: the version has no index, or its first file is damaged or in another toolkit's format.
    """
    if manifest.index:
        return _scheme_of_file(store, manifest, min(manifest.index))
    is_latest = store.latest(manifest.name) == manifest.version
    # A build based on an older version would drop the documents that were added since.
    parent = manifest.version if is_latest else "latest"
    action = _("build it") if is_latest else _("name a version that has an index, or build one based on the latest")
    remedy = Message("{action}: {command}", {"action": action, "command": build_command(store, manifest, parent)})
    raise ConfigError(f"{store.url}, {manifest.spec}", _("it was built without a fingerprint index"), remedy)


def build_command(store: Store, manifest: Manifest, parent: str) -> str:
    """Return the command that builds the next version from a parent, or repairs the parent's index."""
    return f"`latam-corpus release build {manifest.name} --parent {parent} --store {store.url}`"


def scheme_of_release(store: Store, manifest: Manifest) -> Scheme:
    """Return the scheme of a version's index, even if some of its files are damaged or missing.

    Every readable file of the index states the scheme. If the version has none, the release's other versions decide,
    the newest first. If they have none either, the default scheme is returned.
    """
    other_versions = [version for version in reversed(store.versions(manifest.name)) if version != manifest.version]
    for version in (manifest.version, *other_versions):
        with suppress(ReleaseError):
            indexed = load_manifest(store, manifest.name, version)
            for file in sorted(indexed.index):
                with suppress(ConfigError):
                    return _scheme_of_file(store, indexed, file)
    return Scheme()


def _scheme_of_file(store: Store, manifest: Manifest, file: str) -> Scheme:
    """Return the scheme that a file of the index states."""
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
        return Scheme.from_dict(metadata["scheme"], place)
    except ReleaseError as error:
        raise ConfigError(error.place, error.problem, remedy) from None
    except (pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f"{place}, {file}", _("it isn't a file of a fingerprint index: {reason}", reason=f"{error!r}"), remedy
        ) from None


def _is_current(metadata: bytes | None, now: bytes, language: str) -> bool:
    """Whether an index file has current metadata; spelling rules count only for languages that have some."""
    current, stored = index_metadata(now), index_metadata(metadata)
    if not codes_spelled(language):
        current["spellings"] = stored["spellings"] = None
    return current == stored


def languages_with_former_spellings(store: Store, manifest: Manifest) -> list[str]:
    """Return the languages of a version whose fingerprints were computed with other spelling rules, or without any."""
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
    """Writes the index of a version, and reuses the parent's index files with its shards."""

    fingerprint: Fingerprint
    store: Store
    parent: Manifest | None

    @classmethod
    def of(cls, scheme: Scheme, store: Store, parent: Manifest | None) -> Self:
        """Return a sketcher for a scheme."""
        options = {name: value for name, value in scheme.to_dict().items() if name in _OPTIONS}
        return cls(Fingerprint(sketch=True, scheme=scheme.name, **options), store, parent)

    @contextmanager
    def opened(self, target: Path) -> Iterator[Callable[[pl.DataFrame], None]]:
        """Open an index file; yield a function that adds the fingerprints of a shard's next row group to it."""
        with writer(target, INDEX, metadata_of(self.fingerprint.parameters())) as file:
            yield lambda group: write_group(file, self._sketched(group))

    def _sketched(self, group: pl.DataFrame) -> pl.DataFrame:
        piece = group["text"].str.len_bytes().cum_sum() // _TEXT_BYTES
        frames = group.select(_READ).with_columns(piece.alias("piece")).partition_by("piece")
        return group_of(pl.concat([self.fingerprint(Batch(frame)).frame.select(SKETCHED) for frame in frames]))

    def reuse_or_rebuild(self, shard: Shard, target: Path) -> bool:
        """Write the index file of a parent's shard; return whether the parent's index file could be reused.

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
        """Copy the parent's index file to the target; return False if it is damaged or outdated."""
        recorded = self.parent.files.get(shard.index) if self.parent else None
        if self.parent is None or recorded is None:
            return False
        path = self.store.path("releases", self.parent.name, self.parent.version, shard.index)
        # Not linked as `target`: a rebuild, which writes to the target, would overwrite the parent's file.
        copy = target.with_suffix(".parent")
        try:
            if self.store.folder is None:
                self.store.filesystem.get_file(path, str(copy))
            else:
                link_or_copy(Path(path), copy)
            sound = digest_of(copy) == recorded.sha256
            metadata = pq.read_metadata(copy).metadata if sound else {}
            now = metadata_of(self.fingerprint.parameters())[METADATA]
            sound = sound and _is_current(metadata.get(METADATA), now, shard.language)
            if sound:
                copy.replace(target)
        except FileNotFoundError:
            return False
        else:
            return sound
        finally:
            copy.unlink(missing_ok=True)
