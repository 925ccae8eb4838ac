"""Markdown: the text without its marks, line by line, and the metadata in its front matter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.named_values import day_exists
from latam_corpus.extract.charset import decode
from latam_corpus.extract.document import Extracted
from latam_corpus.extract.stated_rights.stated_licences import NAMES, stated

if TYPE_CHECKING:
    from collections.abc import Mapping

# Increased when the same bytes yield a different text.
EXTRACTOR: Final = "markdown 3"

_FRONT: Final = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_ENTRY: Final = re.compile(r"([^\W\d][\w-]*):[ \t]*(.*)")
_BLOCK: Final = re.compile(r"[>|][+-]?\d?$")  # YAML signs for a value in the next lines
_DATE: Final = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
# Lines without text: rules, underlines of headings, the line under a table's head, link definitions.
_MARK_LINE: Final = re.compile(
    r" {0,3}(?:=+|(?:[-*_][ \t]*){3,}|-+|\|?[ \t]*:?-{2,}[-:| \t]*|\[[^\]\n]+\]:[ \t]*\S.*)\s*"
)
_HEADING: Final = re.compile(r" {0,3}#{1,6}(?:[ \t]+|$)")
_HEADING_END: Final = re.compile(r"[ \t]+#+[ \t]*$")
_QUOTE: Final = re.compile(r"(?: {0,3}>[ ]?)+")
_INLINE: Final = (
    (re.compile(r"!\[[^\]\n]*\](?:\([^)\n]*\)|\[[^\]\n]*\])"), ""),  # an image
    (re.compile(r"\[\^[^\]\n]+\]:?"), ""),  # a mark of a footnote
    (re.compile(r"\[([^\]\n]+)\](?:\([^)\n]*\)|\[[^\]\n]*\])"), r"\1"),  # a link
    (re.compile(r"<(https?://[^<>\s]+)>"), r"\1"),
    (re.compile(r"</?[A-Za-z][^<>\n]*>"), ""),
    (re.compile(r"(`+)([^`\n]+)\1"), r"\2"),
    (re.compile(r"(\*\*|__|~~)(?=\S)([^\n]*?\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*\\])\*(?=[^\s*])([^*\n]*[^\s*\\])\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<![\w\\])_(?=[^\s_])([^_\n]*[^\s_\\])_(?!\w)"), r"\1"),
    (re.compile(r"\\([\\`*_{}\[\]()#+\-.!>~|])"), r"\1"),
)
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    r"""Return the text of a Markdown file; it keeps its lines, and code blocks are unchanged.

    Args:
        raw: the file's bytes.
        parameters: `charset`, detected by default.

    >>> extract(b"---\ntitle: Coplas\nlang: es\n---\n# Coplas\n\nUna **copla** y [otra](x.md).\n", {}).text
    'Coplas\n\nUna copla y otra.'
    """
    text, _ = decode(raw, parameters.get("charset"))
    front, body = front_matter(text.replace("\r\n", "\n").replace("\r", "\n"))
    date = _DATE.match(_first(front, "date"))
    return Extracted(
        plain(body),
        EXTRACTOR,
        title=_first(front, "title") or None,
        creators=tuple(front.get("author") or front.get("authors") or front.get("autor") or ()),
        published=date[0] if date and day_exists(date[0]) else None,
        declared_language=_first(front, "lang") or _first(front, "language") or _first(front, "locale") or None,
        licences=stated(value for name in front.keys() & NAMES for value in front[name]),
    )


def front_matter(text: str) -> tuple[dict[str, list[str]], str]:
    r"""Return the entries of the block between `---` at the beginning of a text, and the text after it.

    Only names, plain values and lists are read, a subset of YAML.

    >>> front_matter("---\ntitle: 'El río'\nauthor: [Ana, Luis]\n---\nTexto")
    ({'title': ['El río'], 'author': ['Ana', 'Luis']}, 'Texto')
    """
    match = _FRONT.match(text)
    if match is None:
        return {}, text
    entries: dict[str, list[str]] = {}
    name = ""
    for line in match[1].split("\n"):
        entry = _ENTRY.fullmatch(line)
        if entry:
            name, value = entry[1].lower(), entry[2].strip()
            values = value[1:-1].split(",") if value.startswith("[") and value.endswith("]") else [value]
            entries[name] = [item for part in values if (item := _unquoted(part))]
        elif name and line.lstrip().startswith("- "):
            entries[name].append(_unquoted(line.lstrip()[2:]))
        elif name in NAMES and line.strip():  # a statement of several lines, or of several parts
            previous = " ".join(entries[name])
            entries[name] = [f"{_BLOCK.sub('', previous)} {line.strip()}".strip()]
    return entries, text[match.end() :]


def plain(text: str) -> str:
    r"""Return Markdown without its marks.

    >>> plain("> *Vidalita*, _sí_\n> 2 \\* 3 = 6, un_nombre_así")
    'Vidalita, sí\n2 * 3 = 6, un_nombre_así'
    """
    lines: list[str] = []
    fence = ""
    for line in _COMMENT.sub("", text).split("\n"):
        match = _FENCE.match(line)
        if match and (not fence or match[1].startswith(fence)):
            fence = "" if fence else match[1]
        elif fence:
            lines.append(line)
        elif not _MARK_LINE.fullmatch(line):
            lines.append(_plain_line(line))
    return "\n".join(lines).strip("\n")


def _plain_line(line: str) -> str:
    line = _QUOTE.sub("", line, count=1) if _QUOTE.match(line) else line
    if heading := _HEADING.match(line):
        line = _HEADING_END.sub("", line[heading.end() :])
    line = line.rstrip().removesuffix("\\").rstrip()
    for pattern, replacement in _INLINE:
        line = pattern.sub(replacement, line)
    return line.rstrip()


def _first(front: Mapping[str, list[str]], name: str) -> str:
    return next(iter(front.get(name, [])), "")


def _unquoted(value: str) -> str:
    value = value.strip()
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
