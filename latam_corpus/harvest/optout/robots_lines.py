"""The lines of robots.txt and ai.txt, read as any crawler would read them, and wider: an owner meant somebody."""

from __future__ import annotations

import re
from typing import Final

from latam_corpus.catalog.optout.agents import addressed

# By their letters, since they are written with hyphens, spaces, dashes and in the plural; the misspellings are those
# that large crawlers accept.
_NAMES: Final = {
    **dict.fromkeys(("useragent", "useragents"), "user-agent"),
    **dict.fromkeys(
        ("disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw", "dissallaw", "dissalaw"), "disallow"
    ),
    **dict.fromkeys(("allow", "alow"), "allow"),
    **dict.fromkeys(("crawldelay", "crawldelays"), "crawl-delay"),
    **dict.fromkeys(("disallowaitraining", "disallowaitrain", "dissallowaitraining"), "disallow-ai-training"),
    **dict.fromkeys(("allowaitraining", "allowaitrain"), "allow-ai-training"),
    **dict.fromkeys(("contentusage", "contentusages"), "content-usage"),
    **dict.fromkeys(("contentsignal", "contentsignals"), "content-signal"),
    **dict.fromkeys(("sitemap", "sitemaps"), "sitemap"),
    **dict.fromkeys(("license", "licence"), "license"),
}
_NAMED: Final = re.compile(r"[^:=]{0,40}?[:=]")
# Without a colon; a sentence may begin so, too.
_BARE: Final = re.compile(
    r"\W*(user[\W_]{0,2}agents?|dis+al+ow(?:-?ai-?training)?|allow|site-?maps?)[\s:=]+(\S.*)", re.IGNORECASE
)
# How the value then begins.
_VALUES: Final = {
    "user-agent": ("*",),
    "disallow": ("/", "*"),
    "disallow-ai-training": ("/", "*"),
    "allow": ("/", "*"),
    "sitemap": ("http", "/"),
}
# Rules that came into one line, after a mistake of whoever wrote the file's line ends.
_INNER: Final = re.compile(
    r"(?:\s|\\[rn]|<br\s*/?>)+(?=(?:user-?agent|(?:dis)?allow(?:aitraining)?|content-(?:usage|signal))\s*:)",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"(?:https?:)?//[^/\s]*|www\.[^/\s]*", re.IGNORECASE)
_LINES: Final = re.compile(r"\r\n|\r|\n|\u2028|\u2029|\x85|\x0b|\x0c")


def fields_of(text: str) -> list[tuple[str, str]]:
    r"""Return the lines as names in lower case and values, without comments.

    A `user-agent` that names agents which matter here is followed by one for each of them, by its token.

    >>> fields_of("Useragent: GPTBot # entrenamiento\nDisalow /notas")
    [('user-agent', 'GPTBot'), ('disallow', '/notas')]
    >>> fields_of("User-agent GPTBot/1.0, otherbot")
    [('user-agent', 'GPTBot/1.0, otherbot'), ('user-agent', 'gptbot')]
    """
    fields = []
    for line in _LINES.split(text):
        for rule in _INNER.split(line.partition("#")[0]):
            name, value = _field(rule)
            if not name:
                continue
            fields.append((name, value))
            if name == "user-agent":
                fields += [(name, agent) for agent in addressed(value) if agent != value.lower()]
    return fields


def forbidden_path(value: str) -> str:
    r"""Return the path pattern that a `Disallow` means: addresses and names without a slash were meant as paths, too.

    RFC 9309 has paths begin with `/`; parsers ignore other values.

    >>> forbidden_path("https://a.example/notas"), forbidden_path("https://a.example"), forbidden_path("notas")
    ('/notas', '/', '/notas')
    >>> forbidden_path("/notas"), forbidden_path("*.pdf"), forbidden_path("?imprimir"), forbidden_path("")
    ('/notas', '*.pdf', '/*?imprimir', '')
    """
    plain = value.strip("\"'").replace("\\", "/")
    if address := _ADDRESS.match(plain):
        plain = plain[address.end() :] or "/"
    if not plain or plain.startswith(("/", "*")):
        return plain
    return f"/{plain}" if plain[0].isalnum() or plain[0] in "_%~" else f"/*{plain}"


def _field(line: str) -> tuple[str, str]:
    """Return a line's name and value; no name where it is none of a rule."""
    written = _NAMED.match(line)
    name, value = (written[0][:-1].strip().lower(), line[written.end() :].strip()) if written else ("", "")
    if known := _NAMES.get(_letters(name)):
        return known, value
    if bare := _BARE.match(line):
        known, rest = _NAMES[_letters(bare[1].lower())], bare[2].strip()
        if rest.startswith(_VALUES[known]) or (known == "user-agent" and (" " not in rest or addressed(rest))):
            return known, rest
    return (name, value) if written and written[0].endswith(":") else ("", "")


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", name)
