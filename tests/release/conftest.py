"""What tests of releases share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from latam_corpus.release.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable


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
