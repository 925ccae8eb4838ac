"""Checks of the arguments of API functions against their signatures, with the messages of recipe options."""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from latam_corpus.config.toml_model import WANTED, Mistake, shown, wanted
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# A number of records, and a number of workers (0 stands for one per processor).
Limit = Annotated[int, Field(ge=1)]
Workers = Annotated[int, Field(ge=0)]


def check_arguments(function: Callable[..., Any], given: Mapping[str, object]) -> None:
    """Raise `ConfigError` if an argument doesn't have the type or the bounds in the function's signature.

    Args:
        function: the function; the types in its signature must be importable at run time.
        given: the arguments by name, from `locals()` on the function's first line.
    """
    for name, (adapter, annotation) in _stated(function).items():
        try:
            adapter.validate_python(given[name], strict=True)
        except ValidationError as error:
            first, *more_errors = error.errors(include_url=False)
            mistake = Mistake(first["type"], None, name, message=first["msg"], bound=first.get("ctx", {}))
            has_wording = not more_errors and first["type"] in WANTED and not first["loc"]
            remedy = wanted(mistake) if has_wording else _("it must be {wanted}", wanted=annotation)
            problem = _("«{key}» is {given}", key=name, given=shown(given[name]))
            raise ConfigError(f"lc.{function.__name__}", problem, remedy) from None


@cache
def _stated(function: Callable[..., Any]) -> dict[str, tuple[TypeAdapter[Any], str]]:
    """Return a type adapter for each argument, and its annotation as text."""
    types = {
        name: str(parameter.annotation)
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.annotation is not inspect.Parameter.empty
    }
    free = ConfigDict(arbitrary_types_allowed=True)
    names = function.__globals__
    return {name: (TypeAdapter(eval(hint, names), config=free), hint) for name, hint in types.items()}  # noqa: S307  (our own)
