"""A TOML file as a checked value: whatever is wrong in it becomes one ConfigError that says where, what and how."""

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
from latam_corpus.errors import ConfigError, as_one, cause_of, nearest, one_of
from latam_corpus.messages import Message, _, same

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pydantic_core import ErrorDetails

M = TypeVar("M", bound=BaseModel)
# Of each file its name, its time in nanoseconds and its size.
Stamps: TypeAlias = "tuple[tuple[str, int, int], ...]"
Near: TypeAlias = "Callable[[str, str, Sequence[str]], str | None]"

ID_FORM: Final = _("small letters without accents, digits and hyphens between them, such as cartas-familia")
# Pydantic's words for what a TOML author must write.
WANTED = {
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
    "too_short": _("a list with something in it"),
    "string_too_short": _("a text of {min_length} {min_length:character|characters} or more"),
    "string_too_long": _("a text of {max_length} {max_length:character|characters} at most"),
    "string_pattern_mismatch": _("a text of the form {pattern}"),
}


def stamps_of(folder: Path, pattern: str) -> Stamps:
    """Return what changes when a file does whose name has the pattern, seen from the folder.

    Asked for each batch: names are strings, since sorted Path objects take ten times as long.
    """
    names = sorted(glob(f"{escape(str(folder))}/{pattern}"))  # noqa: PTH207
    return tuple((name, status.st_mtime_ns, status.st_size) for name in names for status in (os.stat(name),))  # noqa: PTH116


@dataclass(frozen=True)
class Mistake:
    """Something wrong in a TOML file, in no language yet.

    Attributes:
        kind: `syntax` (no TOML), `unknown` or `missing` (a key), `refused` (by a validator of the model), `choice`
            (none of the words allowed), or pydantic's own type of error.
        line: from 1; None when it isn't written plainly.
        key: dotted, as in the file; empty for the file as a whole.
        value: the value.
        known: the keys or words that are allowed.
        raised: what the validator or the TOML reader raised.
        message: pydantic's words, in English.
        near: the one of the known that was probably meant.
        bound: what pydantic compared the value with, such as `{"gt": 0}`.
    """

    kind: str
    line: int | None
    key: str
    value: object = None
    known: tuple[str, ...] = ()
    raised: Exception | None = None
    message: str = ""
    near: str | None = None
    bound: Mapping[str, Any] = field(default_factory=dict)

    @property
    def remedy(self) -> Message:
        """The key or word that was probably meant, of words all that are allowed; all of them where none is near."""
        if self.near is None:
            return one_of(self.known) if self.known else _("there is none yet")
        if self.kind == "choice":
            return _("did you mean «{near}»? Allowed: {known}", near=self.near, known=", ".join(self.known))
        return _("did you mean «{near}»?", near=self.near)


def _nearest(_key: str, typed: str, known: Sequence[str]) -> str | None:
    return nearest(typed, known)


def load_toml(path: Path, model: type[M], what: str, near: Near = _nearest) -> M:
    """Return the file's content as the model.

    Args:
        path: the TOML file.
        model: a pydantic model; fields it doesn't have are errors when it says `extra="forbid"`.
        what: what the file is, for the message, such as "source".
        near: gives, for a dotted key, a word that can't stand there and those that can, the one that was meant.

    Raises:
        ConfigError: the file is missing, isn't TOML, or says what the model doesn't allow.
    """
    return parse_toml(read_toml(path, what), model, str(path), near)


_copies: dict[str, str] = {}


def read_copies(texts: Mapping[str, str]) -> None:
    """Have `read_toml` return these texts in place of files, by their absolute paths, from now on in this process."""
    _copies.clear()
    _copies.update(texts)


def bytes_of(path: Path) -> bytes:
    """Return the file's bytes, or those of the copy that is read in its place."""
    copy = _copies.get(os.path.abspath(path))  # noqa: PTH100
    return path.read_bytes() if copy is None else copy.encode()


def has_file(path: Path) -> bool:
    """Whether there is such a file, or a copy that is read in its place."""
    return os.path.abspath(path) in _copies or path.is_file()  # noqa: PTH100


def read_toml(path: Path, what: str) -> str:
    """Return the file's text, or that of the copy that is read in its place.

    Raises:
        ConfigError: it is missing or isn't text.
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


def parse_toml(text: str, model: type[M], name: str, near: Near = _nearest) -> M:
    """Return the TOML text as the model; `name` stands for the file in messages.

    Raises:
        ConfigError: with the line, the key, the problem and the closest allowed word; MistakesError for several.
    """
    parsed = checked_toml(text, model, near)
    if isinstance(parsed, model):
        return parsed
    assert isinstance(parsed, list)  # noqa: S101  (the model or what is wrong)
    raise as_one([config_error(one, name) for one in sorted(parsed, key=lambda one: one.line or 0)])


def checked_toml(text: str, model: type[M], near: Near = _nearest) -> M | list[Mistake]:
    """Return the TOML text as the model, or everything that is wrong with it, in the order of pydantic's checks."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        return [Mistake("syntax", int(at[1]) if at else None, "", text, raised=error)]
    except RecursionError:
        return [Mistake("syntax", None, "", raised=ValueError("its lists or tables are nested too deeply"))]
    try:
        return model.model_validate(values)
    except ValidationError as error:
        mistakes = [_mistake(one, text, model, near) for one in error.errors(include_url=False)]
        keys = {one.key for one in mistakes}
        # Pydantic calls a list too short whose entries are wrong.
        return [one for one in mistakes if one.kind != "too_short" or f"{one.key}.0" not in keys]


def _mistake(error: ErrorDetails, text: str, model: type[BaseModel], near: Near) -> Mistake:
    # A union names the member that failed inside the path; the author's file has no such key.
    loc = tuple(part for part in error["loc"] if not (isinstance(part, str) and "[" in part))
    context = error.get("ctx", {})
    line = line_of(text, loc[:-1] if error["type"] == "missing" else loc)
    key = ".".join(str(part) for part in loc)
    if error["type"] == "extra_forbidden":
        known = tuple(_fields_at(model, loc[:-1]))
        return Mistake("unknown", line, key, error["input"], known, near=near("", str(loc[-1]), known))
    if error["type"] == "missing":
        return Mistake("missing", line, key)
    if error["type"] == "value_error":
        return Mistake("refused", line, key, error["input"], raised=context.get("error"))
    if error["type"] == "literal_error":
        known = tuple(re.findall(r"'([^']*)'", context["expected"]))
        meant = near(re.sub(r"\.\d+$", "", key), str(error["input"]), known)
        return Mistake("choice", line, key, error["input"], known, near=meant)
    return Mistake(error["type"], line, key, error["input"], message=error["msg"], bound=context)


def shown_key(key: str) -> str:
    """Return a key as people read it: entries of a list have numbers from 1.

    >>> shown_key("collect.texts.0.column"), shown_key("languages.1")
    ('collect.texts (1).column', 'languages (2)')
    """
    return re.sub(r"\.(\d+)", lambda number: f" ({int(number[1]) + 1})", key)


def path_remedy(path: Path, other: Message | None = None) -> Message:
    """Return what to do about a file that isn't there: to name the one beside it of about that name.

    Args:
        path: of the file.
        other: what to do where there is none; to check the path when None.
    """
    try:
        there = [one.stem for one in path.parent.glob("*.toml")]
    except OSError:
        there = []
    near = nearest(path.name.removesuffix(".toml"), there)
    return _("did you mean «{near}»?", near=path.parent / f"{near}.toml") if near else other or _("check the path")


def config_error(mistake: Mistake, name: str) -> ConfigError:
    """Return the error of a mistake in the file of this name."""
    if mistake.kind == "syntax":
        line, reason, remedy = syntax_mistake(str(mistake.raised), mistake.line, str(mistake.value))
        place = _("{file}, line {line}", file=name, line=line) if line else name
        return ConfigError(place, _("not TOML: {reason}", reason=reason), remedy)
    place = _("{file}, line {line}", file=name, line=mistake.line) if mistake.line else name
    key, last = shown_key(mistake.key), mistake.key.rpartition(".")[2]
    if mistake.kind == "unknown":
        return ConfigError(place, _("unknown key «{key}»", key=key), mistake.remedy)
    if mistake.kind == "missing":
        return ConfigError(place, _("the key «{key}» is missing", key=key), _("add «{key} = …»", key=last))
    if mistake.kind == "refused":
        sentence = same(mistake.raised.args[0] if mistake.raised else mistake.message)
        inner, half = Half("problem", {"sentence": sentence}), Half("remedy", {"sentence": sentence})
        refused = _("«{key}»: {problem}", key=key, problem=inner) if key else inner
        return ConfigError(place, refused, half)
    shown_value = shown(mistake.value)
    if mistake.kind == "choice":
        problem = _("«{key}» may not be {given}", key=key, given=shown_value)
        return ConfigError(place, problem, mistake.remedy)
    return ConfigError(place, _("«{key}» is {given}", key=key, given=shown_value), wanted(mistake))


def wanted(mistake: Mistake) -> Message:
    """Return the remedy of a value of the wrong type or size: what it must be, else pydantic's words."""
    if mistake.key == "id" and mistake.kind == "string_pattern_mismatch":
        return _("it must be {wanted}", wanted=ID_FORM)
    if mistake.kind in WANTED:
        return _("it must be {wanted}", wanted=WANTED[mistake.kind].fill(**mistake.bound))
    return same(mistake.message[:1].lower() + mistake.message[1:])


class Half(Message):
    """The problem or the remedy of a validator's sentence, which are parted by its first semicolon."""

    def translate(self, language: str) -> str:
        """Return that part of the sentence in a language."""
        problem, __, remedy = same(self.values["sentence"]).translate(language).partition("; ")
        return problem if self.msgid == "problem" else remedy


def shown(value: object) -> str:
    """Return the value as Python writes it, cut to a line's worth."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"  # noqa: PLR2004  (a line's worth)


def _fields_at(model: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    """Return the fields that the model has at a place."""
    here: list[type[BaseModel]] = [model]
    for part in loc:
        if isinstance(part, int):
            continue
        inside = [
            model_inside
            for m in here
            if part in _by_alias(m)
            for model_inside in _models_in(m.model_fields[_by_alias(m)[part]].annotation)
        ]
        # A part that is no field is a key of a mapping, whose values are the models already found.
        here = inside if any(part in _by_alias(m) for m in here) else here
    return sorted({alias for m in here for alias in _by_alias(m)})


def _by_alias(model: type[BaseModel]) -> dict[str, str]:
    return {field.alias or name: name for name, field in model.model_fields.items()}


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [model_inside for part in typing.get_args(annotation) for model_inside in _models_in(part)]


def line_of(text: str, loc: Sequence[int | str]) -> int | None:
    r"""Return the line, from 1, on which a key or its table stands; None when it isn't written plainly.

    >>> line_of('id = "a"\n[rights]\nbasis = "x"', ("rights", "basis"))
    3
    >>> line_of('[[texts]]\ncolumn = "a"\n[[texts]]\ncolumn = "b"', ("texts", 1, "column"))
    4
    """
    table: tuple[int | str, ...] = ()
    counts: dict[str, int] = {}
    best: tuple[int, int] | None = None  # how much of the place is matched, and the line
    for number, line in enumerate(text.split("\n"), 1):
        header = re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]", line)
        key = re.match(r"""\s*(?:"([^"]+)"|'([^']+)'|([\w.-]+))\s*=""", line)
        if header:
            name = header[2].replace('"', "").replace("'", "")
            table = tuple(name.split("."))
            if header[1] == "[[":
                table = (*table, counts.get(name, 0))
                counts[name] = counts.get(name, 0) + 1
            here: tuple[int | str, ...] = table
        elif key:
            dotted = (key[1] or key[2],) if key[1] or key[2] else tuple(key[3].split("."))
            here = (*table, *dotted)
        else:
            continue
        if here and here == tuple(loc[: len(here)]) and (best is None or len(here) > best[0]):
            best = (len(here), number)
    return best[1] if best else None
