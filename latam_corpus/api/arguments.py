"""What Python's functions are given, held against their signatures before anything is done, as options are."""

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

# A number of records, and one of workers, of which none stands for one a processor.
Limit = Annotated[int, Field(ge=1)]
Workers = Annotated[int, Field(ge=0)]


def check_arguments(function: Callable[..., Any], given: Mapping[str, object]) -> None:
    """Refuse arguments that aren't of the types or within the bounds that the function's signature states.

    Args:
        function: it must see at run time the types that it names.
        given: the arguments by name, its `locals()` on its first line.

    Raises:
        ConfigError: an argument is wrong; the error names it.
    """
    for name, (adapter, stated) in _stated(function).items():
        try:
            adapter.validate_python(given[name], strict=True)
        except ValidationError as error:
            first, *others = error.errors(include_url=False)
            mistake = Mistake(first["type"], None, name, message=first["msg"], bound=first.get("ctx", {}))
            in_words = not others and first["type"] in WANTED and not first["loc"]
            remedy = wanted(mistake) if in_words else _("it must be {wanted}", wanted=stated)
            problem = _("«{key}» is {given}", key=name, given=shown(given[name]))
            raise ConfigError(f"lc.{function.__name__}", problem, remedy) from None


@cache
def _stated(function: Callable[..., Any]) -> dict[str, tuple[TypeAdapter[Any], str]]:
    """Return what checks each argument, and its type as the signature has it."""
    types = {
        name: str(one.annotation)
        for name, one in inspect.signature(function).parameters.items()
        if one.annotation is not inspect.Parameter.empty
    }
    free = ConfigDict(arbitrary_types_allowed=True)
    names = function.__globals__
    return {name: (TypeAdapter(eval(hint, names), config=free), hint) for name, hint in types.items()}  # noqa: S307  (our own)
