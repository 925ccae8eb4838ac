"""A plug-in of pytest by which tests of today find the modules of commit 8a29708, which had other names."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

_CRAWL: Final = "latam_corpus.collect.crawl"
_OLD: Final = {
    "latam_corpus.catalog.optout.page_opt_outs": "latam_corpus.catalog.optout.page",
    f"{_CRAWL}.website": f"{_CRAWL}.crawl",
    "latam_corpus.collect.row_files": "latam_corpus.collect.records",
    "latam_corpus.extract.block_features": "latam_corpus.extract.measures",
    "latam_corpus.extract.html_metadata": "latam_corpus.extract.stated",
    "latam_corpus.extract.page_blocks": "latam_corpus.extract.page",
    "latam_corpus.harvest": "latam_corpus.collect",
    "latam_corpus.harvest.crawl": _CRAWL,
    "latam_corpus.harvest.crawl.crawl_progress": f"{_CRAWL}.progress",
    "latam_corpus.harvest.crawl.lenient_xml": f"{_CRAWL}.links",
    "latam_corpus.harvest.crawl.website": f"{_CRAWL}.crawl",
    "latam_corpus.harvest.feeds": "latam_corpus.collect.feeds",
    "latam_corpus.harvest.feeds.entries": "latam_corpus.collect.feeds.entries",
    "latam_corpus.harvest.oai": "latam_corpus.collect.oai",
    "latam_corpus.harvest.oai.oai_visits": "latam_corpus.collect.oai.visit",
    "latam_corpus.harvest.oai.replies": "latam_corpus.collect.oai.replies",
    "latam_corpus.harvest.oai.repository": "latam_corpus.collect.oai.crawl",
    "latam_corpus.harvest.oai.rights_statements": "latam_corpus.collect.oai.rights",
    "latam_corpus.harvest.optout": "latam_corpus.catalog.optout",
    "latam_corpus.harvest.optout.tdmrep_file": "latam_corpus.catalog.optout.tdmrep",
    "latam_corpus.public_hosts": f"{_CRAWL}.network",
    "latam_corpus.stages": "latam_corpus.batch",
    **{
        f"latam_corpus.harvest.crawl.{name}": f"{_CRAWL}.{name}"
        for name in ("causes", "frontier", "links", "recheck", "traps")
    },
    **{
        f"latam_corpus.harvest.optout.{name}": f"latam_corpus.catalog.optout.{name}"
        for name in ("aitxt", "robots", "site")
    },
}


class NotThereYetError(Exception):
    """Something that the code before has under no name."""


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.machinery.ModuleSpec(fullname, self) if fullname in _OLD else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return importlib.import_module(_OLD[spec.name])

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: it was executed under its own name."""


def _absent(*_: object, **__: object) -> Any:
    raise NotThereYetError


def pytest_load_initial_conftests() -> None:
    """Give the modules their names of today, before any test is looked at; importing this file changes nothing."""
    sys.meta_path.insert(0, _Finder())
    stated: Any = importlib.import_module("latam_corpus.extract.html_metadata")
    stated.HtmlMetadata = stated.Stated
    page: Any = importlib.import_module("latam_corpus.extract.page_blocks")
    page.Page.metadata = property(lambda one: one.said)
    # What the modules of the tests import for others of their tests.
    for module, names in {
        "collect.crawl.network": ("VARIABLE", "private_address"),
        "collect.records": ("read_chunks",),
        "extract.licences": ("with_page_terms",),
        "extract.measures": ("CONTEXT", "FEATURES", "KNOWN", "context", "features"),
        "extract.page": ("without_unseen",),
        "extract.tags": ("HINTS", "automaton"),
    }.items():
        for name in names:
            vars(importlib.import_module(f"latam_corpus.{module}")).setdefault(name, _absent)
