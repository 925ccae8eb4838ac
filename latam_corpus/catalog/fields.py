"""Types for the values in a source file: codes, patterns and lists, each with a check and a remedy."""

from __future__ import annotations

import codecs
import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, field_validator

from latam_corpus.codes import declared_tag, is_family, is_tag, known_code, share_name, which_of
from latam_corpus.messages import _
from latam_corpus.vocabulary import COUNTRY_CODES


def _country(code: str) -> str:
    if code not in COUNTRY_CODES:
        raise ValueError(
            _(
                "«{code}» isn't a two-letter country code (ISO 3166-1); write two capital letters, such as CL or BR",
                code=code,
            )
        )
    return code


def _language(code: str) -> str:
    standard_code = known_code(code) or declared_tag(code)
    if standard_code == code or is_tag(code):
        return code
    if members := share_name(code):
        raise ValueError(_("many languages are called «{name}»; {remedy}", name=code, remedy=which_of(code, members)))
    if standard_code is None and is_family(code):
        raise ValueError(_("«{code}» is a family of languages; name its languages, one by one", code=code))
    if standard_code is None:
        raise ValueError(_("«{code}» isn't an ISO 639-3 code; write three letters, such as spa, por or quy", code=code))
    raise ValueError(_("«{code}» isn't an ISO 639-3 code; write «{known}»", code=code, known=standard_code))


def _charset(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise ValueError(_("«{name}» isn't a charset; write one such as utf-8, cp1252 or utf-16", name=name)) from None


def _pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(
            _(
                "«{pattern}» isn't a regular expression ({error}); correct it, or ask a programmer for help",
                pattern=pattern,
                error=error,
            )
        ) from None
    return pattern


Country = Annotated[str, AfterValidator(_country)]
Language = Annotated[str, AfterValidator(_language)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Charset = Annotated[str, AfterValidator(_charset)]


UNWRITTEN: Final = "…"  # the placeholder in templates


class TomlModel(BaseModel):
    """A table of a source file."""

    # Strict: the text "3" isn't a number, and a wrong type is an error.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    @field_validator("*", mode="before")
    @classmethod
    def _is_written(cls, value: Any) -> Any:
        """Raise ValueError if a template's placeholder wasn't replaced."""
        if isinstance(value, str) and value.strip() == UNWRITTEN:
            raise ValueError(_("«…» is the template's placeholder; replace it by a value, or delete the line"))
        return value


def as_tuple(value: object) -> object:
    """Return a list of TOML as a tuple, since sources must be hashable."""
    return tuple(value) if isinstance(value, list) else value
