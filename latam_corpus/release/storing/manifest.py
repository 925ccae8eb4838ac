"""The manifest of a version: its shards, runs, sources, rights and counts, and the documents left out."""

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

# Increased only if older readers would misread the new format, not when keys are added.
FORMAT: Final = 1
INDEX_FOLDER: Final = "index"
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = ".minisig"  # suffix to the name of the signed file
VERIFY: Final = _("run `latam-corpus release verify`")

_RESTORE: Final = _("restore it from a backup of the store, or build the version again")

ExtraType = Literal[*EXTRA_TYPES]  # type: ignore[valid-type]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
# Checked because manifests may come from other people's stores, and `pull` writes files with these names.
DataPath = Annotated[str, Field(pattern=r"^data/[A-Za-z0-9_]+-[A-Za-z0-9_]+/[a-z]+-\d{5}-of-\d{5}\.parquet$")]

FileName = Annotated[str, Field(pattern=r"^([A-Za-z]|index/[A-Za-z0-9_])[A-Za-z0-9._-]*$")]


# Checked because readers of a manifest open folders with this name.
Name = Annotated[str, AfterValidator(release_name)]


def _version(version: str) -> str:
    if not is_version(version):
        raise ValueError(_("«{version}» isn't a version number", version=version))
    return version


Version = Annotated[str, AfterValidator(_version)]


class NewerFormatError(ReleaseError):
    """The manifest was written by a newer version of this package."""


class _Entry(BaseModel):
    # Unknown keys are ignored, so that an older version of this package can pull newer releases of the same format.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Tally(_Entry):
    """The number of rows and the bytes of their texts."""

    rows: int = Field(ge=0)
    text_bytes: int = Field(ge=0)


class Shard(Tally):
    """One Parquet file of a version.

    Attributes:
        path: the path in a pulled folder, in the layout of the Hugging Face Hub.
        language: the language of all its documents, which also share `genre` and `split`.
        group: the leading bits that the groups of its documents share (`shard_plan.groups_of`).
        prefix: the leading bits that SHA-256(doc_id) of its documents share; empty if it has all documents of the
            group.
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
        """The path of the file in the store."""
        return object_path(self.sha256)

    @property
    def index(self) -> str:
        """The path of its fingerprints in the version's folder, if the version has an index.

        The path is unique, since the name of a configuration has exactly one hyphen.
        """
        return f"{INDEX_FOLDER}/{self.path.removeprefix('data/').replace('/', '-')}"

    @property
    def config(self) -> str:
        """The name of its configuration on the Hugging Face Hub, such as `spa_Latn-literature`."""
        return f"{self.language}-{self.genre}"


class Parent(_Entry):
    """The parent version and the digest of its manifest."""

    version: Version
    sha256: Sha256


class SideFile(_Entry):
    """A file in the folder of the manifest, or in its `index`."""

    sha256: Sha256
    bytes: int


class RunEntry(_Entry):
    """A run that the version was built from.

    Attributes:
        sha256: the digest of `run.json`.
        policies: the policies that replaced shipped ones, each with its digest and signer.
    """

    id: str
    title: str
    sha256: Sha256
    rows: int
    failed_parts: int = 0
    policies: tuple[str, ...] = ()


class AcceptedLoss(_Entry):
    """A group of documents whose kept share was below the recipe's floor, and the reason why this was accepted."""

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
    """The judgements of readers about a random sample of the version's texts. Each text counts once.

    Attributes:
        drawn_from: the run or version of the sample.
        drawn_by: the group of the sample, such as `language=quy_Latn`; empty if it was drawn from all documents.
        right: the number of texts for which no reader reported a mistake.
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
    """Counts and facts about the documents of one source under one rights statement.

    Attributes:
        labels: the addresses of the Local Contexts labels on its documents.
        collected: the `kind` of `[collect]`, such as `files` or `crawl`; None in versions that don't state it.
        first: when the earliest of its documents was obtained.
        last: when the latest of its documents was obtained.
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
    """The numbers of rows of a build: `read == repeated + left_out + released`."""

    read: int
    repeated: int
    left_out: int
    released: int


class Manifest(_Entry):
    """The manifest of a version, with everything that is needed to fetch and verify it."""

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
    parted_groups: int = 0  # authors, sources or files with documents in several splits since an earlier version
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
    shard_limit: int | None = None  # bytes of text above which shards were split
    shards: tuple[Shard, ...]
    files: dict[FileName, SideFile]

    @property
    def spec(self) -> str:
        """The version as `NAME@VERSION`."""
        return f"{self.name}@{self.version}"

    @property
    def index(self) -> dict[str, SideFile]:
        """The files of its fingerprint index, one per shard; empty if it has none."""
        return {name: file for name, file in self.files.items() if name.startswith(f"{INDEX_FOLDER}/")}

    @property
    def rows(self) -> int:
        """The number of documents."""
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
        """Return the bytes of the manifest's file."""
        return (self.model_dump_json(indent=2) + "\n").encode()


class StoredFiles(Protocol):
    """A store of files, such as `Store`, which this module can't import."""

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
        ReleaseError: the manifest is missing, belongs to another version, or has a newer format.
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
        raise ReleaseError(place, _("it is the manifest of {spec}", spec=manifest.spec), _RESTORE)
    return manifest, data


def read_side_file(store: StoredFiles, manifest: Manifest, file: str) -> bytes:
    """Return the bytes of a file that the manifest lists.

    Raises:
        ReleaseError: the file is missing, or its digest differs from the manifest.
    """
    data = store.read("releases", manifest.name, manifest.version, file)
    if hashlib.sha256(data).hexdigest() != manifest.files[file].sha256:
        problem = _("its bytes aren't those that the manifest names")
        raise ReleaseError(f"{store.url}, {manifest.spec}, {file}", problem, VERIFY)
    return data


def manifest_sha256(store: StoredFiles, name: str, version: str) -> str:
    """Return the SHA-256 of a version's stored manifest, hex."""
    return hashlib.sha256(store.read("releases", name, version, MANIFEST)).hexdigest()


def parse_manifest(data: bytes, place: str) -> Manifest:
    """Parse a manifest; errors name the place.

    Raises:
        ReleaseError: the bytes aren't a manifest, or it has a newer format.
    """
    values = parsed(data, place, _RESTORE)
    if not isinstance(values, dict) or "format" not in values or "shards" not in values:
        raise ReleaseError(place, _("this isn't the manifest of a latam_corpus release"), _RESTORE)
    if values["format"] != FORMAT:
        problem = _("its format is {format}, and this toolkit reads {ours}", format=values["format"], ours=FORMAT)
        raise NewerFormatError(place, problem, _("use the version of latam-corpus that its key `toolkit` names"))
    try:
        manifest = Manifest.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(step) for step in first["loc"])
        raise ReleaseError(place, f"«{key}»: {first['msg']}", _RESTORE) from None
    # On a file system that ignores case, two such shards would be one file.
    paths = Counter(shard.path.lower() for shard in manifest.shards)
    repeated = next((path for path, shards in paths.items() if shards > 1), None)
    if repeated:
        raise ReleaseError(place, _("two shards are named {twice}", twice=repeated), _RESTORE)
    return manifest


def parsed(data: bytes, place: str, remedy: str | Message) -> Any:
    """Parse a JSON file; raise ReleaseError with the place and the remedy if it isn't JSON."""
    if not data.strip():
        raise ReleaseError(place, _("it is empty"), remedy)
    try:
        return json.loads(data)
    except ValueError as error:
        raise ReleaseError(place, _("it isn't JSON: {reason}", reason=error), remedy) from None
    except RecursionError:
        raise ReleaseError(place, _("it is nested too deeply"), remedy) from None


def object_path(sha256: str) -> str:
    """Return the path of an object in a store, given its digest.

    >>> object_path("ab12")
    'objects/sha256/ab/ab12.parquet'
    """
    return f"objects/sha256/{sha256[:2]}/{sha256}.parquet"


def schema_sha256(schema: pl.Schema) -> str:
    """Return the SHA-256 of a schema's column names and types, in order.

    >>> import polars as pl
    >>> a, b = pl.Schema({"url": pl.String()}), pl.Schema({"url": pl.Binary()})
    >>> schema_sha256(a) == schema_sha256(b)
    False
    """
    columns = "\n".join(f"{name} {dtype}" for name, dtype in schema.items())
    return hashlib.sha256(columns.encode()).hexdigest()


def sums(manifest: Manifest, sha256: str) -> bytes:
    """Return the checksums of a version's files and objects, in the format of `sha256sum -c` in its folder."""
    digests = {file: entry.sha256 for file, entry in manifest.files.items()} | {MANIFEST: sha256}
    digests |= {f"../../../{shard.object}": shard.sha256 for shard in manifest.shards}
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items())).encode()
