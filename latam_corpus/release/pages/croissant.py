"""Build a version's `croissant.json`: metadata for dataset catalogues, in Croissant 1.1 with its RAI vocabulary.

It lists each source with its origin (PROV-O) and its conditions of use (ODRL).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.columns import BY_NAME, DOCUMENT
from latam_corpus.schema.extra_columns import EXTRA

if TYPE_CHECKING:
    from latam_corpus.columns.descriptor import Type
    from latam_corpus.release.storing.manifest import Manifest, SourceEntry

CROISSANT: Final = "croissant.json"
_SHARDS: Final = "shards"
# The RAI vocabulary's term for each kind of collection. Files were collected by others.
_COLLECTION_TYPES: Final = {
    **dict.fromkeys(("crawl", "feeds", "commoncrawl"), "Web Scraping"),
    "oai": "Web API",
}
_COLLECTED_BY_OTHERS: Final = "Secondary Data Analysis"
_PARQUET: Final = "application/x-parquet"
_CROISSANT: Final = "http://mlcommons.org/croissant/"
_TERMS: Final = (
    *(
        "citeAs",
        "column",
        "equivalentProperty",
        "extract",
        "field",
        "fileProperty",
        "fileObject",
        "fileSet",
        "format",
        "includes",
    ),
    *("isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex", "repeated"),
    *("replace", "samplingRate", "separator", "source", "subField", "transform"),
)
_CONTEXT: Final = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{name: f"cr:{name}" for name in _TERMS},
    "conformsTo": "dct:conformsTo",
    "cr": _CROISSANT,
    "rai": f"{_CROISSANT}RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "prov": "http://www.w3.org/ns/prov#",
    "sc": "https://schema.org/",
}
_TYPES: Final[tuple[tuple[Any, str], ...]] = (
    (pl.String, "sc:Text"),
    (pl.Date, "sc:Date"),
    (pl.Datetime, "sc:DateTime"),
    (pl.Int32, "sc:Integer"),
    (pl.Int64, "sc:Integer"),
    (pl.Float32, "sc:Float"),
    (pl.Float64, "sc:Float"),
    (pl.Boolean, "sc:Boolean"),
)
# Duties and prohibitions of each rights tier, in terms of ODRL and Creative Commons.
_DUTIES: Final = {"attribution": ["odrl:attribute"], "share_alike": ["odrl:attribute", "odrl:shareAlike"]}
_PROHIBITED: Final = {"non_commercial": ["odrl:commercialize"], "no_derivatives": ["odrl:derive"]}
_USES: Final = {"train": "odrl:aggregate", "redistribute": "odrl:distribute", "evaluate": "odrl:use"}


def croissant(manifest: Manifest) -> bytes:
    """Return the bytes of a version's `croissant.json`."""
    metadata = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [f"{_CROISSANT}1.1", f"{_CROISSANT}RAI/1.0"],
        "name": manifest.name,
        "alternateName": manifest.title,
        "description": (
            f"{manifest.title}: {manifest.rows:,} documents of Latin America in {len(manifest.shards)} shards, each "
            "with its source, its rights and how it was obtained."
        ),
        "version": manifest.version,
        "datePublished": manifest.created.date().isoformat(),
        "license": sorted({source.rights for source in manifest.sources if source.rights}) or ["unknown"],
        "creator": [{"@type": "sc:Organization", "name": name} for name in _holders(manifest)],
        "citeAs": f"{manifest.title}, {manifest.spec}. {', '.join(_holders(manifest))}. {manifest.created.year}.",
        "inLanguage": sorted({shard.language for shard in manifest.shards}),
        "url": manifest.spec,
        "isLiveDataset": False,
        "usageInfo": [_offer(manifest, source) for source in manifest.sources],
        **_provenance(manifest),
        **_responsible(manifest),
        "distribution": _distribution(manifest),
        "recordSet": [_records(manifest)] if manifest.shards else [],
    }
    return (json.dumps(metadata, ensure_ascii=False, indent=1) + "\n").encode()


def _holders(manifest: Manifest) -> list[str]:
    return sorted({source.holder for source in manifest.sources if source.holder}) or ["not stated"]


def _offer(manifest: Manifest, source: SourceEntry) -> dict[str, Any]:
    """Return the conditions of use of a source's documents."""
    duties = [{"odrl:action": {"@id": duty}} for duty in _DUTIES.get(source.rights_tier, ())]
    return {
        "@type": "odrl:Offer",
        "@id": f"offer-{source.source_id}-{source.rights_tier}",
        "name": f"{source.source_id}: {source.rights or 'no statement'} ({source.rights_tier})",
        "odrl:target": source.homepage or source.source_id,
        "odrl:permission": [
            {"odrl:action": {"@id": _USES[use]}, **({"odrl:duty": duties} if duties else {})} for use in manifest.uses
        ],
        "odrl:prohibition": [{"odrl:action": {"@id": act}} for act in _PROHIBITED.get(source.rights_tier, ())],
    }


def _provenance(manifest: Manifest) -> dict[str, Any]:
    """Return the sources, the parent version and the runs of the version."""
    sources = {source.source_id: source for source in manifest.sources}
    derived = [
        {
            "@type": "prov:Entity",
            "@id": f"source-{source.source_id}",
            "name": source.title or source.source_id,
            **({"url": source.homepage} if source.homepage else {}),
            **({"prov:wasAttributedTo": {"@type": "prov:Agent", "name": source.holder}} if source.holder else {}),
        }
        for source in sources.values()
    ]
    if manifest.parent:
        spec = f"{manifest.name}@{manifest.parent.version}"
        derived.append({"@type": "prov:Entity", "@id": spec, "name": spec, "sha256": manifest.parent.sha256})
    activities = [
        {"@type": "prov:Activity", "@id": f"run-{run.id}", "name": run.title, "sha256": run.sha256}
        for run in manifest.runs
    ]
    agent = {"@type": "prov:SoftwareAgent", "@id": "toolkit", "name": f"latam_corpus {manifest.toolkit}"}
    by_toolkit = {"prov:wasAssociatedWith": {"@id": "toolkit"}}
    return {
        "prov:wasDerivedFrom": derived,
        "prov:wasGeneratedBy": [activity | by_toolkit for activity in activities] or [agent],
    }


def _responsible(manifest: Manifest) -> dict[str, Any]:
    """Return the properties of the RAI vocabulary that can be derived from the manifest."""
    left_out = ", ".join(f"{reason} ({n:,})" for reason, n in manifest.left_out.items())
    countries = {name or "not stated": tally.rows for name, tally in manifest.counts.get("country", {}).items()}
    collection_types = {
        _COLLECTION_TYPES.get(str(source.collected), _COLLECTED_BY_OTHERS) for source in manifest.sources
    }
    return {
        "rai:dataCollection": "Each row names its source, file or archive record, and when it was obtained.",
        "rai:dataCollectionType": sorted(collection_types or {_COLLECTED_BY_OTHERS}),
        "rai:dataPreprocessingProtocol": "Extracted, repaired, identified, filtered, redacted and deduplicated; the "
        "runs named under prov:wasGeneratedBy have the stages and the reason for each document that fell.",
        "rai:dataBiases": "Documents by country: " + ", ".join(f"{name} {n:,}" for name, n in countries.items()),
        "rai:dataLimitations": f"Left out of this version: {left_out or 'nothing'}.",
        "rai:dataUseCases": [f"{use}: every document allows it" for use in manifest.uses],
        "rai:personalSensitiveInformation": "Identifiers that have a form (e-mail, telephone, national numbers) are "
        "replaced by marks where the recipe redacts, and counted in the column redactions; names are not found.",
        "rai:dataReleaseMaintenancePlan": "Documents can be withdrawn: the next version is without them, and readers "
        "leave them out of this one. It knows the store's log of withdrawals up to entry "
        f"{manifest.withdrawal_sequence}.",
    }


def _distribution(manifest: Manifest) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = [
        {
            "@type": "cr:FileObject",
            "@id": shard.path,
            "name": shard.path,
            "contentUrl": shard.path,
            "contentSize": f"{shard.bytes} B",
            "encodingFormat": _PARQUET,
            "sha256": shard.sha256,
        }
        for shard in manifest.shards
    ]
    shards = {
        "@type": "cr:FileSet",
        "@id": _SHARDS,
        "name": _SHARDS,
        "encodingFormat": _PARQUET,
        "includes": "data/**/*.parquet",
    }
    return [*files, shards] if files else []


def _records(manifest: Manifest) -> dict[str, Any]:
    """Return the columns with values or lists of values; Croissant can't describe other nested columns."""
    fields = [
        field
        for column in DOCUMENT
        if column.released and (field := _field(column.name, column.type, str(column.meaning), column.name))
    ]
    if manifest.extra:
        fields.append(_extra(manifest))
    key = {"@id": "documents/doc_id"}
    return {"@type": "cr:RecordSet", "@id": "documents", "name": "documents", "key": key, "field": fields}


def _extra(manifest: Manifest) -> dict[str, Any]:
    """Return the columns that sources and plug-ins add, as subfields of `extra`."""
    added = "added by a source or a plug-in"
    return {
        "@type": "cr:Field",
        "@id": f"documents/{EXTRA}",
        "name": EXTRA,
        "description": str(BY_NAME[EXTRA].meaning),
        "subField": [
            _field(f"{EXTRA}/{name}", kind, added, EXTRA, f"$.{name}") for name, kind in manifest.extra.items()
        ],
    }


def _field(path: str, kind: Type, description: str, column: str, json_path: str = "") -> dict[str, Any]:
    """Return the field of a column; empty if its type isn't one of Croissant's."""
    dtype = schema.polars_type(kind)
    inner = dtype.inner if isinstance(dtype, pl.List) else dtype
    data_type = next((name for plain, name in _TYPES if inner == plain), None)
    if data_type is None:
        return {}
    return {
        "@type": "cr:Field",
        "@id": f"documents/{path}",
        "name": path.rpartition("/")[2],
        "description": description,
        "dataType": data_type,
        **({"repeated": True} if inner != dtype else {}),
        "source": {
            "fileSet": {"@id": _SHARDS},
            "extract": {"column": column},
            **({"transform": {"jsonPath": json_path}} if json_path else {}),
        },
    }
