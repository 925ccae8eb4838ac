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
    """A function that calls another one before each call of some methods of a store."""

    def __call__(self, before: Callable[[], None], *names: str) -> None:
        """Call `before` first in each call of the named methods, until the test ends."""


@pytest.fixture
def before_writes(monkeypatch: pytest.MonkeyPatch) -> BeforeWrites:
    """Return a function that lets a test interrupt a store at its n-th write."""

    def call(before: Callable[[], None], *names: str) -> None:
        def wrapped(method: Callable[..., Any]) -> Callable[..., Any]:
            def write(*arguments: Any) -> Any:
                before()
                return method(*arguments)

            return write

        for name in names:
            monkeypatch.setattr(Store, name, wrapped(getattr(Store, name)))

    return call


class Republish(Protocol):
    """A function that replaces the manifest of a version."""

    def __call__(self, store: Store, manifest: Manifest) -> Manifest:
        """Store a manifest and return it."""


@pytest.fixture(scope="session")
def republished() -> Republish:
    """Return a function that replaces the manifest and the SHA256SUMS of a version."""

    def change(store: Store, manifest: Manifest) -> Manifest:
        data, place = manifest.dumped(), ("releases", manifest.name, manifest.version)
        store.write(data, *place, "manifest.json")
        store.write(sums(manifest, hashlib.sha256(data).hexdigest()), *place, "SHA256SUMS")
        return manifest

    return change
