"""The manifest of a version: what it holds, from which runs, under which rights, and what it left out."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Protocol

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from latam_corpus.catalog.naming import is_version, release_name
from latam_corpus.errors import ReleaseError
from latam_corpus.messages import _
from latam_corpus.vocabulary import EXTRA_TYPES, SplitBy

if TYPE_CHECKING:
    import polars as pl

    from latam_corpus.messages import Message

# Raised when a reader of this format would misread the next one; added keys don't raise it.
FORMAT: Final = 1
INDEX_FOLDER: Final = "index"
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = ".minisig"  # after the name of what is signed
VERIFY: Final = _("run `latam-corpus release verify`")

_PUT_BACK: Final = _("put the version's own back from a copy of the store, or build the version anew")

ExtraType = Literal[*EXTRA_TYPES]  # type: ignore[valid-type]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
# Manifests come from stores that others write, and `pull` makes files of these names.
DataPath = Annotated[str, Field(pattern=r"^data/[A-Za-z0-9_]+-[A-Za-z0-9_]+/[a-z]+-\d{5}-of-\d{5}\.parquet$")]

FileName = Annotated[str, Field(pattern=r"^([A-Za-z]|index/[A-Za-z0-9_])[A-Za-z0-9._-]*$")]


# Such names are folders of the store, which the reader of a manifest opens.
Name = Annotated[str, AfterValidator(release_name)]


def _version(version: str) -> str:
    if not is_version(version):
        raise ValueError(_("«{version}» is no version", version=version))
    return version


Version = Annotated[str, AfterValidator(_version)]


class NewerFormatError(ReleaseError):
    """A version of which a newer toolkit wrote the manifest."""


class _Entry(BaseModel):
    # Unknown keys are left: a pinned older toolkit can pull what a newer one of the same format wrote.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Tally(_Entry):
    """Rows and the bytes of their texts."""

    rows: int = Field(ge=0)
    text_bytes: int = Field(ge=0)


class Shard(Tally):
    """One Parquet file: where it is when pulled, its digest and size, and which documents it holds.

    Attributes:
        path: the place in the layout of the Hugging Face Hub, relative to the pulled folder.
        group: the leading bits of who brought and who made its documents that they share (`shard_plan.groups_of`).
        prefix: the leading bits of SHA-256(doc_id) that its documents share; all of the group when empty.
    """

    path: DataPath
    sha256: Sha256
    bytes: int = Field(ge=0)
    language: str
    genre: str
    split: str
    group: Annotated[str, Field(pattern=r"^[01]{0,64}$")] = ""
    prefix: Annotated[str, Field(pattern=r"^[01]{0,64}$")]

    @property
    def object(self) -> str:
        """Where its bytes are in the store."""
        return object_path(self.sha256)

    @property
    def index(self) -> str:
        """Where its fingerprints are in the version's folder, when the version has an index.

        A shard's path without `data/`, flat: no two shards share it, since a configuration has no hyphen but one.
        """
        return f"{INDEX_FOLDER}/{self.path.removeprefix('data/').replace('/', '-')}"

    @property
    def config(self) -> str:
        """The name of its partition's configuration on the Hub, such as `spa_Latn-literature`."""
        return f"{self.language}-{self.genre}"


class Parent(_Entry):
    """The version from which this one was built, and the digest of its manifest."""

    version: Version
    sha256: Sha256


class SideFile(_Entry):
    """A file beside the manifest, or in the folder `index` there."""

    sha256: Sha256
    bytes: int


class RunEntry(_Entry):
    """A run that went into the version: its folder's name, its recipe's title, the digest of `run.json`.

    Attributes:
        policies: the policies that took the place of shipped ones, each with its digest and who has signed it.
    """

    id: str
    title: str
    sha256: Sha256
    rows: int
    failed_parts: int = 0
    policies: tuple[str, ...] = ()


class AcceptedLoss(_Entry):
    """A group of which a run's stage kept less than the recipe's floor, and why that was let pass."""

    run: str
    stage: str
    kind: str
    value: str
    rows_in: int
    kept: int
    floor: float
    reasons: dict[str, int]
    accepted: str


class Audited(_Entry):
    """What readers judged of texts of the version that were drawn by lot; texts by several readers count once.

    Attributes:
        drawn_from: the run or version that they were drawn from.
        drawn_by: the group of it, such as `language=quy_Latn`; empty where all of its documents were one.
        question: what was asked.
        texts: of which a reader said one thing or the other.
        right: those of which no reader says that something is wrong.
        disputed: those of which the readers say different things.
        readers: how many there are.
    """

    drawn_from: str
    drawn_by: str
    question: str
    texts: int
    right: int
    disputed: int
    readers: int


class ConsentEntry(_Entry):
    """A record of consent, as a source's file states it (`catalog.source.ConsentRecord`)."""

    id: str
    community: str | None = None
    given: date | None = None
    scope: tuple[str, ...] | None = None
    expires: date | None = None
    withdrawal_contact: str | None = None
    language: str | None = None


class SourceEntry(Tally):
    """The documents of one source under one rights statement.

    Attributes:
        labels: the addresses of the Local Contexts labels on its documents.
        contact: whom to write to about it.
        collected: the `kind` of `[collect]`, such as `files` or `crawl`; None in versions that don't say it.
        first: when the first of its documents was obtained.
        last: when the last was.
        consents: under which its documents were given.
    """

    source_id: str
    rights: str | None
    rights_tier: str
    basis: str | None
    title: str | None = None
    holder: str | None = None
    homepage: str | None = None
    labels: tuple[str, ...] = ()
    contact: str | None = None
    collected: str | None = None
    first: datetime | None = None
    last: datetime | None = None
    consents: tuple[ConsentEntry, ...] = ()


class Flow(_Entry):
    """Where the rows went: `read == repeated + left_out + released`.

    Attributes:
        read: rows of the runs and of the parent.
        repeated: rows equal in every column to another one that was read.
    """

    read: int
    repeated: int
    left_out: int
    released: int


class Manifest(_Entry):
    """A version, whole: everything that a reader needs to fetch it and to prove what was in it."""

    format: int = FORMAT
    name: Name
    version: Version
    title: str
    created: datetime
    as_of: date
    parent: Parent | None
    toolkit: str
    pyarrow: str
    admit: tuple[str, ...]
    uses: tuple[str, ...]
    splits: dict[str, float]
    split_by: SplitBy = "cluster"
    parted_groups: int = 0  # authors, sources or files whose documents an earlier version left in several splits
    variants: str = "keep"
    withdrawal_sequence: int = 0
    schema_sha256: Sha256
    extra: dict[str, ExtraType] = {}  # columns that sources and plug-ins add, with their types
    runs: tuple[RunEntry, ...]
    flow: Flow
    counts: dict[str, dict[str, Tally]]
    left_out: dict[str, int]
    sources: tuple[SourceEntry, ...]
    accepted_losses: tuple[AcceptedLoss, ...] = ()
    audited: tuple[Audited, ...] = ()
    shard_limit: int | None = None  # bytes of text above which a shard was cut
    shards: tuple[Shard, ...]
    files: dict[FileName, SideFile]

    @property
    def spec(self) -> str:
        """The version as `NAME@VERSION`."""
        return f"{self.name}@{self.version}"

    @property
    def index(self) -> dict[str, SideFile]:
        """The files of its fingerprint index, one a shard; empty when it has none."""
        return {name: file for name, file in self.files.items() if name.startswith(f"{INDEX_FOLDER}/")}

    @property
    def rows(self) -> int:
        """The documents in it."""
        return sum(shard.rows for shard in self.shards)

    @property
    def text_bytes(self) -> int:
        """The bytes of their texts, as UTF-8."""
        return sum(shard.text_bytes for shard in self.shards)

    @property
    def shard_bytes(self) -> int:
        """The bytes of the shards."""
        return sum(shard.bytes for shard in self.shards)

    def dumped(self) -> bytes:
        """Return the manifest as the bytes of its file."""
        return (self.model_dump_json(indent=2) + "\n").encode()


class StoredFiles(Protocol):
    """What is asked of a store here: its place, for errors, and the bytes of its files."""

    @property
    def url(self) -> str:
        """The store's folder or URL."""
        ...

    def read(self, *names: str) -> bytes:
        """Return the bytes of a small file."""
        ...


def load_manifest(store: StoredFiles, name: str, version: str) -> Manifest:
    """Return the manifest of a finished version.

    Raises:
        ReleaseError: there is none, it isn't this version's manifest, or a newer toolkit wrote it.
    """
    return read_manifest(store, name, version)[0]


def read_manifest(store: StoredFiles, name: str, version: str) -> tuple[Manifest, bytes]:
    """Return the manifest of a finished version, and the bytes of its file.

    Raises:
        ReleaseError: see `load_manifest`.
    """
    data = store.read("releases", name, version, MANIFEST)
    place = f"{store.url}, {name}@{version}, {MANIFEST}"
    manifest = parse_manifest(data, place)
    if (manifest.name, manifest.version) != (name, version):
        raise ReleaseError(place, _("it is the manifest of {spec}", spec=manifest.spec), _PUT_BACK)
    return manifest, data


def read_side_file(store: StoredFiles, manifest: Manifest, file: str) -> bytes:
    """Return a file beside the manifest of a version.

    Raises:
        ReleaseError: it is missing, or its bytes aren't those that the manifest names.
    """
    data = store.read("releases", manifest.name, manifest.version, file)
    if hashlib.sha256(data).hexdigest() != manifest.files[file].sha256:
        problem = _("its bytes aren't those that the manifest names")
        raise ReleaseError(f"{store.url}, {manifest.spec}, {file}", problem, VERIFY)
    return data


def manifest_sha256(store: StoredFiles, name: str, version: str) -> str:
    """Return the digest, hex, of a version's manifest as it is stored."""
    return hashlib.sha256(store.read("releases", name, version, MANIFEST)).hexdigest()


def parse_manifest(data: bytes, place: str) -> Manifest:
    """Return the manifest in these bytes.

    Args:
        data: the file's bytes.
        place: where they are from, for the error.

    Raises:
        ReleaseError: they aren't a manifest, or a newer toolkit wrote it.
    """
    values = parsed(data, place, _PUT_BACK)
    if not isinstance(values, dict) or "format" not in values or "shards" not in values:
        raise ReleaseError(place, _("this isn't the manifest of a latam_corpus release"), _PUT_BACK)
    if values["format"] != FORMAT:
        problem = _("its format is {format}, and this toolkit reads {ours}", format=values["format"], ours=FORMAT)
        raise NewerFormatError(place, problem, _("use the version of latam-corpus that its key `toolkit` names"))
    try:
        manifest = Manifest.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(step) for step in first["loc"])
        raise ReleaseError(place, f"«{key}»: {first['msg']}", _PUT_BACK) from None
    # Where case isn't told apart, two shards would be one file.
    paths = Counter(shard.path.lower() for shard in manifest.shards)
    twice = next((path for path, shards in paths.items() if shards > 1), None)
    if twice:
        raise ReleaseError(place, _("two shards are named {twice}", twice=twice), _PUT_BACK)
    return manifest


def parsed(data: bytes, place: str, remedy: str | Message) -> Any:
    """Return what a file of JSON holds.

    Args:
        data: its bytes.
        place: where they are from, for the error.
        remedy: what to do when they are no JSON.

    Raises:
        ReleaseError: they are none.
    """
    if not data.strip():
        raise ReleaseError(place, _("it is empty"), remedy)
    try:
        return json.loads(data)
    except ValueError as error:
        raise ReleaseError(place, _("it isn't JSON: {reason}", reason=error), remedy) from None
    except RecursionError:
        raise ReleaseError(place, _("it is nested too deeply"), remedy) from None


def object_path(sha256: str) -> str:
    """Where the object with this digest is in a store.

    >>> object_path("ab12")
    'objects/sha256/ab/ab12.parquet'
    """
    return f"objects/sha256/{sha256[:2]}/{sha256}.parquet"


def schema_sha256(schema: pl.Schema) -> str:
    """Return the fingerprint of a schema: SHA-256 over its columns' names and types, in order.

    >>> import polars as pl
    >>> a, b = pl.Schema({"url": pl.String()}), pl.Schema({"url": pl.Binary()})
    >>> schema_sha256(a) == schema_sha256(b)
    False
    """
    columns = "\n".join(f"{name} {dtype}" for name, dtype in schema.items())
    return hashlib.sha256(columns.encode()).hexdigest()


def sums(manifest: Manifest, sha256: str) -> bytes:
    """Return what `sha256sum -c` reads in the version's folder of a store: its files, and the objects of its shards.

    Args:
        manifest: the version.
        sha256: the digest of its manifest as stored.
    """
    listed = {file: entry.sha256 for file, entry in manifest.files.items()} | {MANIFEST: sha256}
    listed |= {f"../../../{shard.object}": shard.sha256 for shard in manifest.shards}
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(listed.items())).encode()
