"""The plan of what is copied from another archive: a file that is read, audited and cut before anything is fetched."""

from __future__ import annotations

import dataclasses
import io
import json
from collections import Counter
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final
from urllib.parse import urljoin

from latam_corpus.catalog.harvest_tables import host_of, is_chosen
from latam_corpus.catalog.identity import canonical_url
from latam_corpus.catalog.optout.patterns import path_of
from latam_corpus.codes import admits
from latam_corpus.collect.web_archives.responses import PAGES
from latam_corpus.errors import ConfigError
from latam_corpus.harvest.commoncrawl.capture_index import ELSEWHERE, Capture, captures
from latam_corpus.harvest.commoncrawl.ranges import RemoteFile
from latam_corpus.messages import _
from latam_corpus.storage.durable import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from latam_corpus.catalog.harvest_tables import CommonCrawl

_OK: Final = range(200, 300)
_UNKNOWN: Final = ("", "unk", "-")
_REMEDY: Final = _("take whole lines out, and change none; or make the plan anew with --again")


@dataclass
class Plan:
    """What was chosen, and what was left out and why.

    Attributes:
        captures: by canonical URL, the latest of each.
        left_out: captures by the reason for which they aren't in the plan.
        read: bytes of each index that were read; of a file on this machine, its size.
    """

    captures: dict[str, Capture] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    read: dict[str, int] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """Return what the plan comes to: counts by host, top-level domain and language, and the bytes to fetch."""
        rows = list(self.captures.values())
        hosts = Counter(host_of(url) for url in self.captures)
        return {
            "captures": len(rows),
            "bytes": sum(row.length for row in rows),
            "hosts": dict(hosts.most_common()),
            "domains": dict(Counter(_domain(url) for url in self.captures).most_common()),
            "languages": dict(Counter((row.languages or ("?",))[0] for row in rows).most_common()),
            "left_out": dict(self.left_out.most_common()),
            "index": self.read,
        }


def make_plan(table: CommonCrawl, agent: str) -> Plan:
    """Return the captures that a source's table chooses from its indexes.

    Raises:
        ConfigError: an index isn't there.
        SourceError: an index can't be read.
    """
    plan = Plan()
    for name in [location for named in table.index for location in _index_files(named)]:
        stream: BinaryIO
        if name.startswith(("http://", "https://")):
            remote = RemoteFile(name, agent, table)
            # Parquet's reader takes a read that ends with a block for the end of the file.
            stream = io.BufferedReader(remote)
        else:
            remote, stream = None, Path(name).open("rb")  # noqa: SIM115  (closed below, as the other)
        with stream:
            for capture in captures(name, stream, _domains(table)):
                _add(plan, table, capture)
            plan.read[name] = remote.fetched if remote else Path(name).stat().st_size
    return plan


def _index_files(named: str) -> list[str]:
    if named.startswith(("http://", "https://")):
        return [named]
    files = sorted(glob(str(Path(named).expanduser()), recursive=True))  # noqa: PTH207  (the pattern is the user's)
    if not files:
        raise ConfigError(
            "[collect.commoncrawl]",
            _("there is no index «{named}»", named=named),
            _("give a path, a glob or an address"),
        )
    return files


def _domains(table: CommonCrawl) -> list[str] | None:
    """Return the top-level domains beside which nothing is wanted; None where any may be."""
    if not (table.hosts or table.domains):
        return None
    return sorted({*table.domains, *(_domain(f"https://{host}/") for host in table.hosts)})


def _domain(url: str) -> str:
    return host_of(url).partition(":")[0].rpartition(".")[2]


def _add(plan: Plan, table: CommonCrawl, capture: Capture | None) -> None:
    if capture is None:
        plan.left_out["malformed line"] += 1
        return
    if capture is ELSEWHERE:
        plan.left_out["host"] += 1
        return
    url = canonical_url(capture.url)
    earlier = plan.captures.get(url)
    if why := why_not(table, capture, url):
        plan.left_out[why] += 1
    elif earlier is None and len(plan.captures) >= table.max_records:
        plan.left_out["the plan is full (max_records)"] += 1
    else:
        if earlier is not None:
            plan.left_out["another capture of the page is later"] += 1
        if earlier is None or capture.time > earlier.time:
            plan.captures[url] = capture


def why_not(table: CommonCrawl, capture: Capture, url: str) -> str | None:
    """Why a capture isn't wanted; None for one that is.

    >>> from latam_corpus.catalog.harvest_tables import CommonCrawl
    >>> table = CommonCrawl(index=("a.cdx",), domains=("cl",), languages=("spa",))
    >>> one = Capture("https://g.cl/a", "", 200, "text/html", ("eng", "spa"), "", "a.warc.gz", 0, 9)
    >>> why_not(table, one, one.url)
    'language'
    """
    tests: dict[str, Callable[[], object]] = {
        "malformed address": lambda: not url.startswith(("http://", "https://")),
        "host": lambda: not _is_host(table, url),
        "status": lambda: capture.status and capture.status not in _OK,
        "media type": lambda: capture.mime not in _UNKNOWN and capture.mime not in PAGES,
        "language": lambda: table.languages and not _is_asked(table, capture.languages[:1]),
        "path": lambda: not is_chosen(path_of(url), table.paths, table.exclude),
        "too large": lambda: capture.length > table.max_page_bytes,
        "its file is elsewhere": lambda: not is_inside(table, capture),
    }
    return next((why for why, test in tests.items() if test()), None)


def _is_asked(table: CommonCrawl, values: tuple[str, ...]) -> bool:
    return any(admits(asked, one) for asked in table.languages for one in values)


def _is_host(table: CommonCrawl, url: str) -> bool:
    whole = host_of(url)
    names = (whole, whole.partition(":")[0])  # a host that is named without a port has any
    named = any(
        one in names or (one.startswith("*.") and any(n.endswith(one[1:]) for n in names)) for one in table.hosts
    )
    return named or not (table.hosts or table.domains) or _domain(url) in table.domains


def is_inside(table: CommonCrawl, capture: Capture) -> bool:
    """Whether a capture's file is one of the archive's."""
    return record_address(table.records, capture.filename).startswith(table.records)


def record_address(records: str, filename: str) -> str:
    """Return the address of an archive's file.

    >>> record_address("https://data.commoncrawl.org/", "crawl-data/x.warc.gz")
    'https://data.commoncrawl.org/crawl-data/x.warc.gz'
    """
    return canonical_url(urljoin(records, filename))


def write_plan(folder: Path, plan: Plan, table: CommonCrawl) -> dict[str, Any]:
    """Write `plan.jsonl`, a line a capture in the order in which they are fetched, and what it comes to; the latter."""
    rows = sorted(plan.captures.values(), key=lambda one: (one.filename, one.offset))
    summary = {"choice": table.model_dump(mode="json", exclude_defaults=True), **plan.summary()}
    lines = [json.dumps(dataclasses.asdict(row), ensure_ascii=False) for row in rows]
    replace(folder / "plan.jsonl", "".join(f"{line}\n" for line in lines).encode())
    replace(folder / "plan.json", json.dumps(summary, indent=1).encode())
    return summary


def read_plan(path: Path, table: CommonCrawl) -> Iterator[Capture]:
    """Yield the captures of a plan, which somebody may have cut.

    Raises:
        ConfigError: a line isn't one that a plan has, or leads out of the archive.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():  # as an editor leaves one at the end
                continue
            try:
                capture = _planned(json.loads(line))
                sound = capture.offset >= 0 and 0 < capture.length <= table.max_page_bytes
                if not sound or not is_inside(table, capture):
                    raise ValueError("it names no record of the archive")  # noqa: TRY301
            except (ValueError, TypeError, RecursionError) as error:
                raise ConfigError(_("{file}, line {line}", file=path, line=number), str(error)[:200], _REMEDY) from None
            yield capture


def _planned(row: dict[str, Any]) -> Capture:
    """Return the capture of a line; ValueError or TypeError for another thing."""
    fields = [one.name for one in dataclasses.fields(Capture)]
    if set(row) != set(fields):
        raise ValueError(f"its fields are {', '.join(sorted(row))}")
    capture = Capture(**{**row, "languages": tuple(row["languages"])})
    numbers = (capture.status, capture.offset, capture.length)
    if any(type(one) is not int for one in numbers):
        raise ValueError("status, offset and length are whole numbers")
    if any(not isinstance(row[one], str) for one in ("url", "time", "mime", "digest", "filename")):
        raise ValueError("url, time, mime, digest and filename are texts")
    return capture
