"""Read TOML files as pydantic models; each mistake becomes a ConfigError with its place, the problem and a remedy."""

from __future__ import annotations

import os
import re
import tomllib
import types
import typing
from dataclasses import dataclass, field
from glob import escape, glob
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError

from latam_corpus.config.toml_syntax import syntax_mistake
from latam_corpus.config.toml_text import toml_value
from latam_corpus.errors import ConfigError, as_one, cause_of, nearest, one_of
from latam_corpus.messages import Message, _, same

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pydantic_core import ErrorDetails

M = TypeVar("M", bound=BaseModel)
# The name, the modification time in nanoseconds and the size of each file.
Stamps: TypeAlias = "tuple[tuple[str, int, int], ...]"
# Takes a dotted key (empty if the word is itself a key), a word that isn't allowed, and the allowed words; returns the
# one that was probably meant.
Suggester: TypeAlias = "Callable[[str, str, Sequence[str]], str | None]"

ID_FORM: Final = _("small letters without accents, digits and hyphens between them, such as cartas-familia")
# Descriptions of the expected value, by pydantic's type of error.
EXPECTED_VALUES = {
    "string_type": _("a text in quotes"),
    "int_type": _("a whole number"),
    "bool_type": _("true or false"),
    "tuple_type": _("a list in brackets"),
    "list_type": _("a list in brackets"),
    "dict_type": _("a table"),
    "mapping_type": _("a table"),
    "model_type": _("a table"),
    "model_attributes_type": _("a table"),
    "date_type": _("a date such as 2027-01-31"),
    "date_from_datetime_parsing": _("a date such as 2027-01-31"),
    "date_from_datetime_inexact": _("a date such as 2027-01-31"),
    "greater_than": _("a number above {gt}"),
    "greater_than_equal": _("a number of {ge} or more"),
    "less_than_equal": _("a number of {le} or less"),
    "float_type": _("a number without quotes"),
    "float_parsing": _("a number without quotes"),
    "int_parsing": _("a whole number"),
    "int_parsing_size": _("a whole number of fewer digits"),
    "bool_parsing": _("true or false"),
    "too_short": _("a list with at least one entry"),
    "string_too_short": _("a text of {min_length} {min_length:character|characters} or more"),
    "string_too_long": _("a text of {max_length} {max_length:character|characters} at most"),
    "string_pattern_mismatch": _("a text of the form {pattern}"),
}


def stamps_of(folder: Path, pattern: str) -> Stamps:
    """Return the name, time and size of the files that match a pattern, by which changes are noticed.

    It is called for each batch, so names are strings: sorting Path objects takes ten times as long.
    """
    names = sorted(glob(f"{escape(str(folder))}/{pattern}"))  # noqa: PTH207
    return tuple((name, status.st_mtime_ns, status.st_size) for name in names for status in (os.stat(name),))  # noqa: PTH116


@dataclass(frozen=True)
class Mistake:
    """A mistake in a TOML file, not yet described in words.

    Attributes:
        kind: `syntax` (not TOML), `unknown` or `missing` (a key), `refused` (by a validator of the model), `choice`
            (not one of the allowed words), or pydantic's own type of error.
        line: the line, from 1; None if `line_of` can't find it.
        key: the dotted key, as in the file; empty for the whole file.
        value: the value of the key.
        allowed: the allowed keys or words.
        raised: the exception of the validator or the TOML reader.
        message: pydantic's message, in English.
        near: the allowed key or word that was probably meant.
        bound: the limits with which pydantic compared the value, such as `{"gt": 0}`.
    """

    kind: str
    line: int | None
    key: str
    value: object = None
    allowed: tuple[str, ...] = ()
    raised: Exception | None = None
    message: str = ""
    near: str | None = None
    bound: Mapping[str, Any] = field(default_factory=dict)

    @property
    def remedy(self) -> Message:
        """The key or word that was probably meant, or all allowed ones if none is close or the value is a choice."""
        if self.near is None:
            return one_of(self.allowed) if self.allowed else _("there is none yet")
        if self.kind == "choice":
            return _("did you mean «{near}»? Allowed: {known}", near=self.near, known=", ".join(self.allowed))
        return _("did you mean «{near}»?", near=self.near)


def _nearest(_key: str, typed: str, allowed: Sequence[str]) -> str | None:
    return nearest(typed, allowed)


def load_toml(path: Path, model: type[M], what: str, suggest: Suggester = _nearest) -> M:
    """Read a TOML file and validate it with a model.

    Args:
        path: the TOML file.
        model: a pydantic model; with `extra="forbid"`, unknown keys are errors.
        what: the kind of file for the message, such as "source".
        suggest: returns the allowed word that was probably meant.

    Raises:
        ConfigError: the file is missing, isn't TOML, or has values that the model doesn't allow.
    """
    return parse_toml(read_toml(path, what), model, str(path), suggest)


_copies: dict[str, str] = {}


def read_copies(texts: Mapping[str, str]) -> None:
    """Make this process read these texts instead of the files from now on.

    Args:
        texts: the texts by absolute path; they replace those of an earlier call.
    """
    _copies.clear()
    _copies.update(texts)


def bytes_of(path: Path) -> bytes:
    """Return the bytes of a file, or of its copy (`read_copies`)."""
    copy = _copies.get(os.path.abspath(path))  # noqa: PTH100
    return path.read_bytes() if copy is None else copy.encode()


def has_file(path: Path) -> bool:
    """Whether a file or its copy (`read_copies`) exists."""
    return os.path.abspath(path) in _copies or path.is_file()  # noqa: PTH100


def read_toml(path: Path, what: str) -> str:
    """Return the text of a file, or of its copy (`read_copies`).

    Raises:
        ConfigError: the file is missing or isn't UTF-8 text.
    """
    copy = _copies.get(os.path.abspath(path))  # noqa: PTH100
    if copy is not None:
        return copy.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        return path.read_text(encoding="utf-8-sig")  # some editors write a byte order mark
    except FileNotFoundError:
        problem = _("there is no such source file") if what == "source" else _("there is no such file")
        raise ConfigError(str(path), problem, path_remedy(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        cause = cause_of(error) if isinstance(error, OSError) else error
        problem = _("the file can't be read: {cause}", cause=cause)
        raise ConfigError(str(path), problem, _("TOML is UTF-8 text")) from None


def parse_toml(text: str, model: type[M], name: str, suggest: Suggester = _nearest) -> M:
    """Parse a TOML text and validate it with a model.

    Args:
        text: the TOML text.
        model: the pydantic model.
        name: the name of the file in messages.
        suggest: returns the allowed word that was probably meant.

    Raises:
        ConfigError: there is a mistake; the error names the line, the key, the problem and the closest allowed word.
            MistakesError if there are several.
    """
    parsed = checked_toml(text, model, suggest)
    if isinstance(parsed, model):
        return parsed
    assert isinstance(parsed, list)  # noqa: S101  (the model or its mistakes)
    raise as_one([config_error(mistake, name) for mistake in sorted(parsed, key=lambda mistake: mistake.line or 0)])


def checked_toml(text: str, model: type[M], suggest: Suggester = _nearest) -> M | list[Mistake]:
    """Return the TOML text as a model, or all mistakes in the order of pydantic's checks."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"at line (\d+)", str(error))
        return [Mistake("syntax", int(match[1]) if match else None, "", text, raised=error)]
    except RecursionError:
        return [Mistake("syntax", None, "", raised=ValueError("its lists or tables are nested too deeply"))]
    try:
        return model.model_validate(values)
    except ValidationError as error:
        mistakes = [_mistake(details, text, model, suggest) for details in error.errors(include_url=False)]
        keys = {mistake.key for mistake in mistakes}
        # Pydantic also calls a list too short if its entries are wrong.
        return [mistake for mistake in mistakes if mistake.kind != "too_short" or f"{mistake.key}.0" not in keys]


def _mistake(error: ErrorDetails, text: str, model: type[BaseModel], suggest: Suggester) -> Mistake:
    # In the path, pydantic includes the union's member that failed, which isn't a key of the file.
    loc = tuple(part for part in error["loc"] if not (isinstance(part, str) and "[" in part))
    context = error.get("ctx", {})
    line = line_of(text, loc[:-1] if error["type"] == "missing" else loc)
    key = ".".join(str(part) for part in loc)
    if error["type"] == "extra_forbidden":
        fields = tuple(_fields_at(model, loc[:-1]))
        return Mistake("unknown", line, key, error["input"], fields, near=suggest("", str(loc[-1]), fields))
    if error["type"] == "missing":
        return Mistake("missing", line, key)
    if error["type"] == "value_error":
        return Mistake("refused", line, key, error["input"], raised=context.get("error"))
    if error["type"] == "literal_error":
        choices = tuple(re.findall(r"'([^']*)'", context["expected"]))
        suggestion = suggest(re.sub(r"\.\d+$", "", key), str(error["input"]), choices)
        return Mistake("choice", line, key, error["input"], choices, near=suggestion)
    return Mistake(error["type"], line, key, error["input"], message=error["msg"], bound=context)


def shown_key(key: str) -> str:
    """Return a key for display, with list entries numbered from 1.

    >>> shown_key("collect.texts.0.column"), shown_key("languages.1")
    ('collect.texts (1).column', 'languages (2)')
    """
    return re.sub(r"\.(\d+)", lambda number: f" ({int(number[1]) + 1})", key)


def path_remedy(path: Path, fallback: Message | None = None) -> Message:
    """Return the remedy for a missing file: to use a TOML file with a similar name in its folder, if there is one.

    Args:
        path: the missing file.
        fallback: the remedy if no name is similar; by default, to check the path.
    """
    try:
        existing_names = [file.stem for file in path.parent.glob("*.toml")]
    except OSError:
        existing_names = []
    near = nearest(path.name.removesuffix(".toml"), existing_names)
    return _("did you mean «{near}»?", near=path.parent / f"{near}.toml") if near else fallback or _("check the path")


def config_error(mistake: Mistake, name: str) -> ConfigError:
    """Return the error for a mistake in a file."""
    if mistake.kind == "syntax":
        line, reason, remedy = syntax_mistake(str(mistake.raised), mistake.line, str(mistake.value))
        place = _("{file}, line {line}", file=name, line=line) if line else name
        return ConfigError(place, _("it isn't TOML: {reason}", reason=reason), remedy)
    place = _("{file}, line {line}", file=name, line=mistake.line) if mistake.line else name
    key, last = shown_key(mistake.key), mistake.key.rpartition(".")[2]
    if mistake.kind == "unknown":
        return ConfigError(place, _("unknown key «{key}»", key=key), mistake.remedy)
    if mistake.kind == "missing":
        return ConfigError(place, _("the key «{key}» is missing", key=key), _("add «{key} = …»", key=last))
    if mistake.kind == "refused":
        sentence = same(mistake.raised.args[0] if mistake.raised else mistake.message)
        problem = SentenceHalf("problem", {"sentence": sentence})
        remedy = SentenceHalf("remedy", {"sentence": sentence})
        return ConfigError(place, _("«{key}»: {problem}", key=key, problem=problem) if key else problem, remedy)
    shown_value = shown(mistake.value)
    if mistake.kind == "choice":
        return ConfigError(place, _("«{key}» may not be {given}", key=key, given=shown_value), mistake.remedy)
    return ConfigError(place, _("«{key}» is {given}", key=key, given=shown_value), value_remedy(mistake))


def value_remedy(mistake: Mistake) -> Message:
    """Return the remedy for a value of the wrong type or size, in pydantic's words if EXPECTED_VALUES lacks it."""
    if mistake.key == "id" and mistake.kind == "string_pattern_mismatch":
        return _("it must be {wanted}", wanted=ID_FORM)
    if mistake.kind in EXPECTED_VALUES:
        return _("it must be {wanted}", wanted=EXPECTED_VALUES[mistake.kind].fill(**mistake.bound))
    return same(mistake.message[:1].lower() + mistake.message[1:])


class SentenceHalf(Message):
    """The problem or the remedy in a validator's sentence; its first semicolon separates the two."""

    def translate(self, language: str) -> str:
        """Return this half in a language."""
        problem, __, remedy = same(self.values["sentence"]).translate(language).partition("; ")
        return problem if self.msgid == "problem" else remedy


def shown(value: object) -> str:
    """Return a text in single quotes or another value as TOML, cut to at most 60 characters.

    >>> shown("abierto"), shown(True), shown(("a", 1))
    ("'abierto'", 'true', '["a", 1]')
    """
    return shortened(repr(value) if isinstance(value, str) else toml_value(value))


def shortened(text: str) -> str:
    """Return a text, cut to at most 60 characters."""
    return text if len(text) <= 60 else text[:57] + "…"  # noqa: PLR2004  (half a line of a terminal)


def _fields_at(model: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    """Return the field names that a model allows at a key, sorted."""
    models: list[type[BaseModel]] = [model]
    for part in loc:
        if isinstance(part, int):
            continue
        inside = [
            model_inside
            for m in models
            if part in _by_alias(m)
            for model_inside in _models_in(m.model_fields[_by_alias(m)[part]].annotation)
        ]
        # A part that isn't a field is a key of a mapping, whose values are the current models.
        models = inside if any(part in _by_alias(m) for m in models) else models
    return sorted({alias for m in models for alias in _by_alias(m)})


def _by_alias(model: type[BaseModel]) -> dict[str, str]:
    return {field.alias or name: name for name, field in model.model_fields.items()}


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [model_inside for part in typing.get_args(annotation) for model_inside in _models_in(part)]


def line_of(text: str, loc: Sequence[int | str]) -> int | None:
    r"""Return the line, from 1, of a key, or else of its table; None if neither is found.

    >>> line_of('id = "a"\n[rights]\nbasis = "x"', ("rights", "basis"))
    3
    >>> line_of('[[texts]]\ncolumn = "a"\n[[texts]]\ncolumn = "b"', ("texts", 1, "column"))
    4
    """
    table: tuple[int | str, ...] = ()
    counts: dict[str, int] = {}
    best: tuple[int, int] | None = None  # the number of matching parts of `loc`, and the line
    for number, line in enumerate(text.split("\n"), 1):
        header = re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]", line)
        key = re.match(r"""\s*(?:"([^"]+)"|'([^']+)'|([\w.-]+))\s*=""", line)
        if header:
            name = header[2].replace('"', "").replace("'", "")
            table = tuple(name.split("."))
            if header[1] == "[[":
                table = (*table, counts.get(name, 0))
                counts[name] = counts.get(name, 0) + 1
            key_path: tuple[int | str, ...] = table
        elif key:
            dotted = (key[1] or key[2],) if key[1] or key[2] else tuple(key[3].split("."))
            key_path = (*table, *dotted)
        else:
            continue
        if key_path and key_path == tuple(loc[: len(key_path)]) and (best is None or len(key_path) > best[0]):
            best = (len(key_path), number)
    return best[1] if best else None
