"""Templates of source files: one for each kind of holder, with comments in three languages, to be filled in.

`templates/source.toml` has what every source has; a template adds its values and how it is collected. A comment begins
with its language (`# es: …`), a key that is off until somebody needs it with `#: `. Each value stands on one line. What
only who fills it in can say is `…`, which no source may have; rights and consent are off until somebody states them.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.desk.toml_text import toml_value
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TEMPLATES: Final = Path(__file__).resolve().parent / "templates"
_COMMON: Final = "source"
_STATED: Final = ("rights", "consent.records")  # tables of what only somebody's word can fill
_COMMENT: Final = re.compile(r"# (es|pt|en): ?(.*)")
_TABLE: Final = re.compile(r"\[\[?([\w.-]+)\]\]?")
_KEY: Final = re.compile(r"(#: )?([\w.-]+) = (.*)")


@dataclass(frozen=True)
class Template:
    """A template.

    Attributes:
        name: as `sources new --template` takes it.
        common: the lines of what every source has.
        own: the template's own lines.
    """

    name: str
    common: tuple[str, ...]
    own: tuple[str, ...]

    def title(self, language: str) -> str:
        """Return what it is for, in a sentence or two."""
        return " ".join(text for code, text in _comments(self._head) if code == language)

    @cached_property
    def values(self) -> dict[str, Any]:
        """What the template says, by dotted key; the tables of a list are left out."""
        return dict(_dotted(tomllib.loads(self.filled({}, "en"))))

    @cached_property
    def keys(self) -> frozenset[str]:
        """The dotted keys that it can be filled in by, those that are off included."""
        return frozenset(key for key, _ in _keyed([*self.common, *self.own]))

    @cached_property
    def own_keys(self) -> frozenset[str]:
        """The dotted keys of what every source has that it has its own value for."""
        return frozenset(key for key, _ in _keyed(self._head))

    def filled(self, answers: Mapping[str, Any], language: str) -> str:
        """Return the file, with the comments of one language.

        Args:
            answers: values by dotted key; None turns a key off, as it does a table of which it is the name. What isn't
                answered stays as the template has it; rights and consent are off.
            language: `es`, `pt` or `en`.
        """
        own = {key: match[3] for key, match in _keyed(self._head) if match}
        unstated = [table for table in _STATED if not any(key.startswith(f"{table}.") for key in answers)]
        overridden = {**own, **dict.fromkeys(unstated), **{key: _shown(value) for key, value in answers.items()}}
        head = [line for line in self._head if _COMMENT.fullmatch(line)]
        tables = list(self.own[len(self._head) :])
        lines = [*_filled([*head, "#", *self.common, "", *tables], overridden, language)]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"

    @cached_property
    def _head(self) -> tuple[str, ...]:
        """The lines before the first table, and before the comment that introduces it."""
        at = next(index for index, line in enumerate(self.own) if _TABLE.fullmatch(line))
        while at and _COMMENT.fullmatch(self.own[at - 1]):
            at -= 1
        return self.own[:at]


def templates() -> list[Template]:
    """All templates, by name.

    >>> [template.name for template in templates()][:3]
    ['dspace', 'feed', 'folder']
    """
    names = sorted(path.stem for path in TEMPLATES.glob("*.toml"))
    return [load_template(name) for name in names if name != _COMMON]


def load_template(name: str) -> Template:
    """Return the template with this name.

    Raises:
        ConfigError: there is none.
    """
    known = sorted(path.stem for path in TEMPLATES.glob("*.toml") if path.stem != _COMMON)
    if name not in known:
        raise ConfigError("--template", _("there is no template «{name}»", name=name), closest(name, known))
    read = [(TEMPLATES / f"{one}.toml").read_text(encoding="utf-8") for one in (_COMMON, name)]
    return Template(name, *(tuple(text.splitlines()) for text in read))


def _shown(value: Any) -> str | None:
    return None if value is None else toml_value(value)


def _comments(lines: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    return ((match[1], match[2]) for match in map(_COMMENT.fullmatch, lines) if match)


def _keyed(lines: list[str] | tuple[str, ...]) -> Iterator[tuple[str, re.Match[str] | None]]:
    """Yield the dotted key of each line that has one, with its match; of each table, without."""
    table = ""
    for line in lines:
        header, key = _TABLE.fullmatch(line), _KEY.fullmatch(line)
        if header:
            table = f"{header[1]}."
            yield header[1], None
        elif key:
            yield f"{table}{key[2]}", key


def _filled(lines: list[str], values: Mapping[str, str | None], language: str) -> Iterator[str]:
    table, off = "", False
    for line in lines:
        comment, header, key = _COMMENT.fullmatch(line), _TABLE.fullmatch(line), _KEY.fullmatch(line)
        if comment:
            if comment[1] == language:
                yield f"# {comment[2]}"
        elif header:
            table, off = f"{header[1]}.", header[1] in values and values[header[1]] is None
            yield f"# {line}" if off else line
        elif key:
            full = f"{table}{key[2]}"
            value = values.get(full, None if key[1] else key[3])
            yield f"# {key[2]} = {value or key[3]}" if off or value is None else f"{key[2]} = {value}"
        else:
            yield line


def _dotted(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _dotted(value, f"{before}{key}.")
        elif not (isinstance(value, list) and value and isinstance(value[0], dict)):
            yield f"{before}{key}", value
