"""The fingerprints of a version's shards: made of a shard's texts while it is written, or taken over from the parent.

A file of the index is a function of its shard and of the scheme: the shard's rows in the shard's order, in its row
groups.
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

# Bytes of text that are fingerprinted at once: their word table takes several times as much.
_TEXT_BYTES: Final = 8 << 20
_READ: Final = [*(name for name in SKETCHED if name not in Fingerprint.gives), "language", "text"]
_OPTIONS: Final = frozenset(field.name for field in dataclasses.fields(Fingerprint)) - {"sketch"}


def scheme_of(options: Mapping[str, Any]) -> Scheme:
    """Return the scheme that the options of a stage `dedupe` make.

    >>> scheme_of({"contained": "drop", "shingle": 7}).shingle
    7
    """
    return Fingerprint(**{key: value for key, value in options.items() if key in _OPTIONS}).parameters()


def scheme_of_stages(stages: Sequence[Mapping[str, Any]]) -> Scheme | None:
    """Return the scheme by which a recipe with these stages finds near-duplicates; None when it finds none.

    >>> scheme_of_stages([{"use": "repair"}, {"use": "dedupe", "near": False}]) is None
    True
    """
    dedupes = [options for options in stages if options.get("use") == "dedupe" and options.get("near", True)]
    return scheme_of(dedupes[-1]) if dedupes else None


def scheme_in(store: Store, manifest: Manifest) -> Scheme:
    """Return the scheme of a version's index, as its first file states it.

    Raises:
        ConfigError: the version has no index, or its first file is damaged or of another toolkit.
    """
    if manifest.index:
        return _scheme_of_file(store, manifest, min(manifest.index))
    latest = store.latest(manifest.name) == manifest.version
    upon = manifest.version if latest else "latest"
    # A build upon an older version would put its documents in place of the latest's.
    which = _("build it") if latest else _("name a version that was built with one, or build one upon the latest")
    remedy = Message("{which}: {command}", {"which": which, "command": build_command(store, manifest, upon)})
    raise ConfigError(f"{store.url}, {manifest.spec}", _("it was built without a fingerprint index"), remedy)


def build_command(store: Store, manifest: Manifest, upon: str) -> str:
    """Return the command that makes the next version of a release upon a version, or mends that one's index."""
    return f"`latam-corpus release build {manifest.name} --parent {upon} --store {store.url}`"


def scheme_of_release(store: Store, manifest: Manifest) -> Scheme:
    """Return the scheme of a version's index, of which files may be damaged or missing.

    It is stated by each of its files; where none can be read, by those of the release's other versions, the newest
    first; where there are none, it is the usual one.
    """
    others = [version for version in reversed(store.versions(manifest.name)) if version != manifest.version]
    for version in (manifest.version, *others):
        with suppress(ReleaseError):
            one = load_manifest(store, manifest.name, version)
            for file in sorted(one.index):
                with suppress(ConfigError):
                    return _scheme_of_file(store, one, file)
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
            f"{place}, {file}", _("it is no file of a fingerprint index: {reason}", reason=f"{error!r}"), remedy
        ) from None


def _is_current(metadata: bytes | None, now: bytes, language: str) -> bool:
    """Whether a file of an index says that it was made as one is now; spellings count where the language has some."""
    mine, its = index_metadata(now), index_metadata(metadata)
    if not codes_spelled(language):
        mine["spellings"] = its["spellings"] = None
    return mine == its


def otherwise_spelled(store: Store, manifest: Manifest) -> list[str]:
    """Return a version's languages whose words in its index were normalised by other spellings, or by none."""
    languages = set()
    for shard in manifest.shards:
        path = ("releases", manifest.name, manifest.version, shard.index)
        if shard.index not in manifest.index or shard.language in languages or not codes_spelled(shard.language):
            continue
        with suppress(ReleaseError, pa.ArrowException, OSError), store.open(*path) as opened:  # others tell damage
            if (
                index_metadata((pq.read_metadata(opened).metadata or {}).get(METADATA)).get("spellings")
                != spellings_digest()
            ):
                languages.add(shard.language)
    return sorted(languages)


@dataclass(frozen=True)
class Sketcher:
    """What makes the index of a version.

    Attributes:
        fingerprint: the stage that sketches a text.
        store: where the parent version is.
        old: the parent version, whose files are taken over as its shards are.
    """

    fingerprint: Fingerprint
    store: Store
    old: Manifest | None

    @classmethod
    def of(cls, scheme: Scheme, store: Store, old: Manifest | None) -> Self:
        """Return what makes an index of this scheme."""
        options = {name: value for name, value in scheme.to_dict().items() if name in _OPTIONS}
        return cls(Fingerprint(sketch=True, scheme=scheme.name, **options), store, old)

    @contextmanager
    def opened(self, target: Path) -> Iterator[Callable[[pl.DataFrame], None]]:
        """Return a function that adds what the index has of a shard's next row group to the file."""
        with writer(target, INDEX, metadata_of(self.fingerprint.parameters())) as file:
            yield lambda group: write_group(file, self._sketched(group))

    def _sketched(self, group: pl.DataFrame) -> pl.DataFrame:
        piece = group["text"].str.len_bytes().cum_sum() // _TEXT_BYTES
        frames = group.select(_READ).with_columns(piece.alias("piece")).partition_by("piece")
        return group_of(pl.concat([self.fingerprint(Batch(frame)).frame.select(SKETCHED) for frame in frames]))

    def take_over(self, shard: Shard, target: Path) -> bool:
        """Write the index file of a shard of the parent: the parent's own where it is sound; False where made anew.

        Raises:
            ReleaseError: the shard can't be read.
        """
        if self._taken(shard, target):
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
            # Of the parent, since only its shards are taken over.
            spec = self.old.spec if self.old else "NAME@VERSION"
            verify = f"latam-corpus release verify {spec} --store {self.store.url}"
            remedy = _("put a sound copy in its place; `{verify}` tells what else is damaged", verify=verify)
            raise ReleaseError(place, _("it can't be read: {cause}", cause=error), remedy) from error

    def _taken(self, shard: Shard, target: Path) -> bool:
        """Whether the target is the parent's file now; it is not when that has other bytes or another scheme."""
        earlier = self.old.files.get(shard.index) if self.old else None
        if self.old is None or earlier is None:
            return False
        path = self.store.path("releases", self.old.name, self.old.version, shard.index)
        # Under another name: what is written over a link is written over the parent's file.
        copy = target.with_suffix(".parent")
        try:
            if self.store.folder is None:
                self.store.filesystem.get_file(path, str(copy))
            else:
                link_or_copy(Path(path), copy)
            sound = digest_of(copy) == earlier.sha256
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
