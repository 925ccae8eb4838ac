"""The lines of robots.txt and ai.txt, read more leniently than RFC 9309, so that misspelt refusals count."""

from __future__ import annotations

import re
from typing import Final

from latam_corpus.catalog.optout.agents import addressed

# The keys have only letters, since names are written with hyphens, spaces and dashes, and in the plural. Large crawlers
# accept the same misspellings.
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
_NAME: Final = re.compile(r"[^:=]{0,40}?[:=]")
# Rules without a colon. A sentence may begin with the same word; `_VALUES` excludes it.
_BARE: Final = re.compile(
    r"\W*(user[\W_]{0,2}agents?|dis+al+ow(?:-?ai-?training)?|allow|site-?maps?)[\s:=]+(\S.*)", re.IGNORECASE
)
# The permitted beginnings of the value of a rule without a colon.
_VALUES: Final = {
    "user-agent": ("*",),
    "disallow": ("/", "*"),
    "disallow-ai-training": ("/", "*"),
    "allow": ("/", "*"),
    "sitemap": ("http", "/"),
}
# Several rules in one line, from wrong line ends.
_INNER: Final = re.compile(
    r"(?:\s|\\[rn]|<br\s*/?>)+(?=(?:user-?agent|(?:dis)?allow(?:aitraining)?|content-(?:usage|signal))\s*:)",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"(?:https?:)?//[^/\s]*|www\.[^/\s]*", re.IGNORECASE)
_LINES: Final = re.compile(r"\r\n|\r|\n|\u2028|\u2029|\x85|\x0b|\x0c")


def fields_of(text: str) -> list[tuple[str, str]]:
    r"""Return the lines as pairs of lower-case name and value, without comments.

    A `user-agent` line that names relevant agents is followed by one more for each of them, with its token.

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
    r"""Return the path pattern of a `Disallow`; addresses, and names without a slash, are read as paths.

    In RFC 9309 paths begin with `/`, and parsers ignore other values.

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
    """Return a line's name and value; an empty name if it isn't a rule."""
    name_match = _NAME.match(line)
    name, value = (name_match[0][:-1].strip().lower(), line[name_match.end() :].strip()) if name_match else ("", "")
    if rule_name := _NAMES.get(_letters(name)):
        return rule_name, value
    if bare := _BARE.match(line):
        rule_name, bare_value = _NAMES[_letters(bare[1].lower())], bare[2].strip()
        names_agent = rule_name == "user-agent" and (" " not in bare_value or addressed(bare_value))
        if bare_value.startswith(_VALUES[rule_name]) or names_agent:
            return rule_name, bare_value
    return (name, value) if name_match and name_match[0].endswith(":") else ("", "")


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", name)
