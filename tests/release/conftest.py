"""What tests of releases share."""

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
    """Calls a function before each call of these methods of a store."""

    def __call__(self, before: Callable[[], None], *names: str) -> None:
        """From here on, until the test ends."""


@pytest.fixture
def before_writes(monkeypatch: pytest.MonkeyPatch) -> BeforeWrites:
    """By it a test is stopped at a store's n-th write."""

    def call(before: Callable[[], None], *names: str) -> None:
        def counting(whole: Callable[..., Any]) -> Callable[..., Any]:
            def write(*arguments: Any) -> Any:
                before()
                return whole(*arguments)

            return write

        for name in names:
            monkeypatch.setattr(Store, name, counting(getattr(Store, name)))

    return call


class Republish(Protocol):
    """Changes what a version says of itself."""

    def __call__(self, store: Store, manifest: Manifest) -> Manifest:
        """The version with this manifest in place of its own."""


@pytest.fixture(scope="session")
def republished() -> Republish:
    """A changer of versions."""

    def change(store: Store, manifest: Manifest) -> Manifest:
        data, place = manifest.dumped(), ("releases", manifest.name, manifest.version)
        store.write(data, *place, "manifest.json")
        store.write(sums(manifest, hashlib.sha256(data).hexdigest()), *place, "SHA256SUMS")
        return manifest

    return change
