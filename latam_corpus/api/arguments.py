"""Check the arguments of public functions against their signatures."""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from latam_corpus.config.toml_model import EXPECTED_VALUES, Mistake, shortened, value_remedy
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Limit = Annotated[int, Field(ge=1)]  # a number of records
Workers = Annotated[int, Field(ge=0)]  # a number of processes; 0 for one per processor
Language = Literal["en", "es", "pt"]  # the language of sentences


def check_arguments(function: Callable[..., Any], given: Mapping[str, object]) -> None:
    """Raise ConfigError if an argument doesn't have the type or the bounds of the function's signature.

    The function's module must import the types of its signature at run time. `given` has the arguments by name, as
    `locals()` on the function's first line.
    """
    for name, (adapter, stated) in _stated(function).items():
        try:
            adapter.validate_python(given[name], strict=True)
        except ValidationError as error:
            first, *further = error.errors(include_url=False)
            mistake = Mistake(first["type"], None, name, message=first["msg"], bound=first.get("ctx", {}))
            in_words = not further and first["type"] in EXPECTED_VALUES and not first["loc"]
            remedy = value_remedy(mistake) if in_words else _("it must be {wanted}", wanted=stated)
            problem = _("«{key}» is {given}", key=name, given=shortened(repr(given[name])))
            raise ConfigError(f"lc.{function.__name__}", problem, remedy) from None


@cache
def _stated(function: Callable[..., Any]) -> dict[str, tuple[TypeAdapter[Any], str]]:
    """Return for each argument an adapter that validates it, and its type in the signature."""
    types = {
        name: str(parameter.annotation)
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.annotation is not inspect.Parameter.empty
    }
    free = ConfigDict(arbitrary_types_allowed=True)
    names = function.__globals__
    return {name: (TypeAdapter(eval(hint, names), config=free), hint) for name, hint in types.items()}  # noqa: S307  (our own)
