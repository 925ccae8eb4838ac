"""Fixtures for tests of releases."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from latam_corpus.release.storing.manifest import sums
from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from latam_corpus.release.storing.manifest import Manifest


class BeforeWrites(Protocol):
    """Calls a function before each call of the named methods of a store."""

    def __call__(self, action: Callable[[], None], *names: str) -> None:
        """Install the function until the end of the test."""


@pytest.fixture
def before_writes(monkeypatch: pytest.MonkeyPatch) -> BeforeWrites:
    """Stop a test at the n-th write to a store."""

    def call(action: Callable[[], None], *names: str) -> None:
        def counting(whole: Callable[..., Any]) -> Callable[..., Any]:
            def write(*arguments: Any) -> Any:
                action()
                return whole(*arguments)

            return write

        for name in names:
            monkeypatch.setattr(Store, name, counting(getattr(Store, name)))

    return call


class Republish(Protocol):
    """Replaces the manifest of a version."""

    def __call__(self, store: Store, manifest: Manifest) -> Manifest:
        """Write this manifest and its checksums, and return it."""


@pytest.fixture(scope="session")
def republished() -> Republish:
    """Replace the manifest of a version."""

    def change(store: Store, manifest: Manifest) -> Manifest:
        data, place = manifest.dumped(), ("releases", manifest.name, manifest.version)
        store.write(data, *place, "manifest.json")
        store.write(sums(manifest, hashlib.sha256(data).hexdigest()), *place, "SHA256SUMS")
        return manifest

    return change
