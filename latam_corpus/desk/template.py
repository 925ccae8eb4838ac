"""Templates of source files, one per kind of source, with comments in three languages.

`templates/source.toml` has the keys of all sources; a template adds its own values and a method of collection. A
comment begins with its language (`# es: …`), and an optional key with `#: `. Each value is on one line. The placeholder
`…` marks a value that only the user can provide; a valid source must not contain it. Rights and consent are commented
out until they are stated.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.config.toml_text import toml_value
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TEMPLATES: Final = Path(__file__).resolve().parent / "templates"
_COMMON: Final = "source"
_STATED: Final = ("rights", "consent.records")  # tables that are commented out by default
_COMMENT: Final = re.compile(r"# (es|pt|en): ?(.*)")
_TABLE: Final = re.compile(r"\[\[?([\w.-]+)\]\]?")
_KEY: Final = re.compile(r"(#: )?([\w.-]+) = (.*)")


@dataclass(frozen=True)
class Template:
    """A template.

    Attributes:
        name: the name for `sources new --template`.
        common: the lines of `source.toml`.
        own: the template's own lines.
    """

    name: str
    common: tuple[str, ...]
    own: tuple[str, ...]

    def title(self, language: str) -> str:
        """Return the purpose of the template in one or two sentences."""
        return " ".join(text for code, text in _comments(self._head) if code == language)

    @cached_property
    def values(self) -> dict[str, Any]:
        """The template's values, by dotted key, without lists of tables."""
        return dict(_dotted(tomllib.loads(self.filled({}, "en"))))

    @cached_property
    def keys(self) -> frozenset[str]:
        """The dotted keys that can be filled in, including optional ones."""
        return frozenset(key for key, _ in _keyed([*self.common, *self.own]))

    @cached_property
    def own_keys(self) -> frozenset[str]:
        """The dotted keys of `source.toml` for which the template has another value."""
        return frozenset(key for key, _ in _keyed(self._head))

    def filled(self, answers: Mapping[str, Any], language: str) -> str:
        """Return the text of a source file, with the comments of one language.

        Args:
            answers: the values by dotted key. None comments out the key, or the table of that name. A key without an
                answer keeps the template's value, but rights and consent without an answer are commented out.
            language: `es`, `pt` or `en`.
        """
        own_values = {key: match[3] for key, match in _keyed(self._head) if match}
        unstated = [table for table in _STATED if not any(key.startswith(f"{table}.") for key in answers)]
        answer_texts = {key: None if value is None else toml_value(value) for key, value in answers.items()}
        overridden = {**own_values, **dict.fromkeys(unstated), **answer_texts}
        head = [line for line in self._head if _COMMENT.fullmatch(line)]
        tables = list(self.own[len(self._head) :])
        lines = [*_filled([*head, "#", *self.common, "", *tables], overridden, language)]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"

    @cached_property
    def _head(self) -> tuple[str, ...]:
        """The lines before the first table and its introductory comment."""
        end = next(index for index, line in enumerate(self.own) if _TABLE.fullmatch(line))
        while end and _COMMENT.fullmatch(self.own[end - 1]):
            end -= 1
        return self.own[:end]


def templates() -> list[Template]:
    """Return all templates, sorted by name.

    >>> [template.name for template in templates()][:3]
    ['dspace', 'feed', 'folder']
    """
    return [load_template(name) for name in _names()]


def load_template(name: str) -> Template:
    """Return the template with this name.

    Raises:
        ConfigError: there is no such template.
    """
    if name not in _names():
        raise ConfigError("--template", _("there is no template «{name}»", name=name), closest(name, _names()))
    texts = [(TEMPLATES / f"{stem}.toml").read_text(encoding="utf-8") for stem in (_COMMON, name)]
    return Template(name, *(tuple(text.splitlines()) for text in texts))


def _names() -> list[str]:
    return sorted(path.stem for path in TEMPLATES.glob("*.toml") if path.stem != _COMMON)


def _comments(lines: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    return ((match[1], match[2]) for match in map(_COMMENT.fullmatch, lines) if match)


def _keyed(lines: list[str] | tuple[str, ...]) -> Iterator[tuple[str, re.Match[str] | None]]:
    """Yield for each line with a key its dotted key and match, and for each table its name and None."""
    table = ""
    for line in lines:
        header, key = _TABLE.fullmatch(line), _KEY.fullmatch(line)
        if header:
            table = f"{header[1]}."
            yield header[1], None
        elif key:
            yield f"{table}{key[2]}", key


def _filled(lines: list[str], values: Mapping[str, str | None], language: str) -> Iterator[str]:
    table, is_off = "", False
    for line in lines:
        comment, header, key = _COMMENT.fullmatch(line), _TABLE.fullmatch(line), _KEY.fullmatch(line)
        if comment:
            if comment[1] == language:
                yield f"# {comment[2]}"
        elif header:
            table, is_off = f"{header[1]}.", header[1] in values and values[header[1]] is None
            yield f"# {line}" if is_off else line
        elif key:
            dotted_key = f"{table}{key[2]}"
            value = values.get(dotted_key, None if key[1] else key[3])
            yield f"# {key[2]} = {value or key[3]}" if is_off or value is None else f"{key[2]} = {value}"
        else:
            yield line


def _dotted(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _dotted(value, f"{prefix}{key}.")
        elif not (isinstance(value, list) and value and isinstance(value[0], dict)):
            yield f"{prefix}{key}", value
