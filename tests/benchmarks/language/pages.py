"""Passages of prose out of manuals, HTML, Mallard, catalogues and fortunes, with the language that their path names."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lxml import etree, html

from latam_corpus.codes import groups, known_code
from latam_corpus.lab.language.message_catalogues import messages
from latam_corpus.lab.language.texts import is_untranslated

from .packages import OTHER_STORIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STORIES: Final = "stories of a game"
# Written without spaces between words, so that thirty words can't be counted.
_UNSPACED: Final = frozenset({"jpn", "zho", "tha", "khm", "lao", "mya", "dzo", "bod"})
_TAGS: Final = ("p", "li", "dd", "td")
_ROFF_TEXT: Final = re.compile(r"^\.(?:B|I|BR|IR|RB|RI|BI|IB|SM|SB)\s+(.*)$")
_ROFF_ESCAPES: Final = (
    (re.compile(r"\\f(?:\[[^]]*\]|\([A-Z]{2}|.)"), ""),
    (re.compile(r"\\\((?:aq|cq|oq)|\\\[(?:aq|cq|oq)\]"), "'"),
    (re.compile(r"\\\((?:lq|rq|dq)|\\\[(?:lq|rq|dq)\]"), '"'),
    (re.compile(r"\\[ ~0]|\\\(en|\\\(em|\\\[(?:en|em)\]"), " "),
    (re.compile(r"\\-"), "-"),
    (re.compile(r"\\[&%|^:,/!]|\\s[-+]?\d|\\m\[[^]]*\]|\\c$"), ""),
    (re.compile(r'\\e|\\".*$'), ""),
)


@dataclass(frozen=True)
class Passage:
    """Text of one language from one place.

    Attributes:
        source: what it is from, as a table says it.
        language: ISO 639-3.
        text: its paragraphs, a line each.
    """

    source: str
    language: str
    text: str


def passages(folder: Path, only: str = "") -> Iterator[Passage]:
    """The passages of all unpacked packages, in the order of the paths; what was left in English is left out.

    Args:
        folder: the one that packages.py made.
        only: the source whose passages are wanted; all when empty.
    """
    root = folder / "x"
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        name = path.relative_to(root).as_posix()
        for source, pattern, read in _FAMILIES:
            results = pattern.fullmatch(name) if only in ("", source) else None
            if results:
                code = _code(results["lang"])
                if code and code not in _UNSPACED and code not in groups().of:
                    held = [line for line in read(path) if not is_untranslated(code, line)]
                    yield Passage(source, code, "\n".join(held))
                break


def _code(given: str | None) -> str | None:
    """ISO 639-3 of a folder's name.

    >>> _code("pt_BR"), _code("sr@latin"), _code("C"), _code(None)
    ('por', 'srp', 'eng', 'eng')
    """
    return "eng" if given in (None, "C") else known_code(re.split("[-_@]", given or "")[0])


def roff(source: str) -> list[str]:
    r"""The paragraphs of a manual page's source, without requests, tables and code.

    >>> roff(".TH LS 1\n.SH NOMBRE\nls \\- lista\nel \\fBcontenido\\fP\n.PP\nUna opción.\n.nf\nint x;\n.fi")
    ['ls - lista el contenido', 'Una opción.']
    """
    created: list[str] = []
    held: list[str] = []
    skip = ""
    for line in source.splitlines():
        if skip:
            skip = "" if line.startswith(skip) else skip
            continue
        request = line[:3]
        if request in (".TS", ".nf", ".EX"):
            skip = {".TS": ".TE", ".nf": ".fi", ".EX": ".EE"}[request]
            continue
        said = _ROFF_TEXT.match(line)
        if said:
            held.append(said[1].replace('"', ""))
        elif line.startswith((".", "'")) or not line.strip():
            created += [" ".join(held)] if held else []
            held = []
        else:
            held.append(line)
    return [_without_escapes(line) for line in [*created, " ".join(held)] if line]


def _without_escapes(line: str) -> str:
    for pattern, stands in _ROFF_ESCAPES:
        line = pattern.sub(stands, line)
    return " ".join(line.split())


def _manual(path: Path) -> list[str]:
    return roff(gzip.decompress(path.read_bytes()).decode("utf-8", "replace"))


def _html(path: Path) -> list[str]:
    return html_blocks(path.read_bytes())


def html_blocks(raw: bytes) -> list[str]:
    """The text of each paragraph, list item and table cell of a page.

    >>> html_blocks(b"<nav>Menu</nav><p>Guarde el <b>archivo</b>.</p><ul><li>Luego cierre.</li></ul>")
    ['Guarde el archivo.', 'Luego cierre.']
    """
    if not raw.strip():
        return []
    tree: Any = html.fromstring(raw, parser=html.HTMLParser(encoding="utf-8" if _is_utf8(raw) else None))
    for element in tree.xpath("//script | //style | //pre | //nav"):
        element.drop_tree()
    blocks = (e for e in tree.iter(*_TAGS) if next(e.iterdescendants(*_TAGS), None) is None)
    return [text for block in blocks if (text := " ".join(str(block.text_content()).split()))]


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _mallard(path: Path) -> list[str]:
    tree = etree.parse(path, etree.XMLParser(resolve_entities=False, no_network=True, recover=True))
    if tree.getroot() is None:
        return []
    results = (" ".join("".join(str(part) for part in e.itertext()).split()) for e in tree.iter("{*}p", "{*}para"))
    return [text for text in results if text]


def _stories(path: Path) -> list[str]:
    # What people say is often shorter than a window, so that a story is taken together.
    return [" ".join(messages(path))]


def _fortunes(path: Path) -> list[str]:
    return [" ".join(part.split()) for part in path.read_bytes().decode("utf-8", "replace").split("\n%\n")]


_FAMILIES: Final[tuple[tuple[str, re.Pattern[str], Callable[[Path], list[str]]], ...]] = tuple(
    (source, re.compile(pattern), read)
    for source, pattern, read in (
        ("manual pages", r"[^/]+/usr/share/man/(?:(?P<lang>[a-z]{2}(?:_[A-Z]{2})?)/)?man\d/[^/]+\.gz", _manual),
        ("LibreOffice help", r".*/libreoffice/help/(?P<lang>[^/]+)/text/.*\.html", _html),
        ("GNOME help", r"gnome-user-docs/usr/share/help/(?P<lang>[^/]+)/.*\.page", _mallard),
        ("help of GNOME applications", r"[^/]+/usr/share/help/(?P<lang>[^/]+)/.*\.(?:page|docbook|xml)", _mallard),
        ("GIMP help", r".*/gimp/[^/]+/help/(?P<lang>[^/]+)/.*\.html", _html),
        ("Debian handbook", r"debian-handbook/.*/html/(?P<lang>[^/]+)/.*\.html", _html),
        ("Debian guides", r"debian-reference-[^/]+/.*/[^/]+\.(?P<lang>[a-z]{2}(?:-[a-z]{2})?)\.html", _html),
        ("Debian guides", r".*/installation-guide-amd64/(?P<lang>[^/]+)/.*\.html", _html),
        ("Debian guides", r"(?:aptitude-doc|developers-reference|debian-faq)-(?P<lang>[a-z]{2})/.*\.html", _html),
        ("Debian guides", r"debian-edu-doc-(?P<lang>[a-z]{2}(?:-[a-z]{2})?)/.*\.html", _html),
        ("manuals of machines", r"(?:kicad|linuxcnc)-doc-(?P<lang>[a-z]{2})/.*\.html", _html),
        (
            STORIES,
            rf"wesnoth-[^/]+/.*/(?P<lang>[a-zA-Z_]+)/LC_MESSAGES/wesnoth-(?:{'|'.join(OTHER_STORIES)})\.mo",
            _stories,
        ),
        ("fortunes", r"fortunes-(?P<lang>[a-z]{2,3})/.*/fortunes(?:-de)?/[^./]+", _fortunes),
    )
)
