"""Extract the sentences of the desk: those of its modules as Babel does, those of its templates as Django does."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, Any, Final

from babel.messages.extract import extract_python

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# With the arguments that are sentences, as Babel writes it.
KEYWORDS: Final[dict[str, Any]] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def module(file: IO[bytes], keywords: Any, tags: Collection[str], options: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the sentences of a module that imports Django's `gettext`; other modules use the core's."""
    source = file.read()
    if b"from django.utils.translation import" in source:
        yield from extract_python(io.BytesIO(source), keywords, tags, options)


def template(file: IO[bytes], keywords: Any, tags: Collection[str], options: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the sentences of a template."""
    from django.conf import settings

    if not settings.configured:
        settings.configure()
    from django.utils.translation.template import templatize

    code = templatize(file.read().decode(), origin="template")
    yield from extract_python(io.BytesIO(code.encode()), keywords, tags, options)
