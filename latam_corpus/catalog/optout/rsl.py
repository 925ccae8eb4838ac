"""Read RSL 1.0 (Really Simple Licensing, rslstandard.org/rsl): XML licences named by robots.txt, headers and pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from latam_corpus.catalog.optout.patterns import longest, path_of
from latam_corpus.catalog.optout.preferences import is_about_training

if TYPE_CHECKING:
    from lxml.etree import _Element

MEDIA_TYPE: Final = "application/rsl+xml"
Verdict: TypeAlias = Literal["rsl-prohibited", "rsl-permission"]

# Words for training, or for every use, among the usages that a licence permits, in the known versions of RSL.
# Prohibitions are matched more generously.
_TRAINING: Final = frozenset({"train-ai", "ai-train", "ai-training", "ai-all", "all"})
# Licences of these kinds need no agreement with the owner; the corpus's columns provide the attribution.
_ALLOWED_PAYMENTS: Final = frozenset({"", "free", "attribution"})
_LARGEST: Final = 2**20


def licence_verdict(text: bytes, url: str) -> tuple[Verdict, str] | None:
    """Return the verdict of an RSL document on training with the URL, and the reason; None if training is allowed.

    A prohibition in any licence of the URL counts. Otherwise, one licence that allows training, free or for
    attribution, suffices. In all other cases permission is required. An unreadable document requires permission too,
    since it was meant as terms. A document that doesn't cover the URL allows training.

    >>> licence = b'<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license>%s</license></content></rsl>'
    >>> licence_verdict(licence % b'<prohibits type="usage">train-ai</prohibits>', "https://a.example/x")[0]
    'rsl-prohibited'
    >>> licence_verdict(licence % b'<permits type="usage">search</permits>', "https://a.example/x")[0]
    'rsl-permission'
    >>> licence_verdict(licence % b'<permits type="usage">all</permits>', "https://a.example/x") is None
    True
    """
    root = _parsed(text)
    if root is None:
        return "rsl-permission", "the licence can't be read"
    contents = [(_pattern(content, url), content) for content in root.iter("{*}content")]
    url_contents = [content for content in longest(contents, path_of(url)) if content is not None]
    licences = [(content, licence) for content in url_contents for licence in content.iter("{*}license")]
    for _, licence in licences:
        prohibited = _usages(licence, "prohibits")
        if refused := {word for word in prohibited if word in _TRAINING or is_about_training(word)}:
            return "rsl-prohibited", f"prohibits usage: {', '.join(sorted(refused))}"
    if not url_contents or any(_allows_training(content, licence) for content, licence in licences):
        return None
    return "rsl-permission", "training needs a licence from the owner"


def _allows_training(content: _Element, licence: _Element) -> bool:
    """Whether the licence lets anyone train without an agreement with the owner."""
    permitted = [element for element in licence.iter("{*}permits") if element.get("type") == "usage"]
    if permitted and not _usages(licence, "permits") & _TRAINING:
        return False
    payments = [(element.get("type") or "").strip() for element in licence.iter("{*}payment")]
    # If there is a licence server, even a free licence must be obtained from it.
    return not content.get("server") and all(kind in _ALLOWED_PAYMENTS for kind in payments)


def _usages(licence: _Element, name: str) -> frozenset[str]:
    elements = [element for element in licence.iter(f"{{*}}{name}") if element.get("type", "usage") == "usage"]
    words = (word for element in elements for word in re.split(r"[,;\s]+", element.text or "") if word)
    return frozenset(word.lower().replace("_", "-") for word in words)


def _pattern(content: _Element, url: str) -> str:
    """Return the content's URL as a path pattern; empty if it is on another host."""
    location = (content.get("url") or "").strip()
    if "://" not in location:
        return location
    try:
        if urlsplit(location).netloc.lower() != urlsplit(url).netloc.lower():
            return ""
    except ValueError:
        return ""
    return path_of(location)


def _parsed(text: bytes) -> _Element | None:
    from lxml import etree  # imported here, since lxml is heavy and most sites have no licence

    # Without entities and network access, since the document may be malicious.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    if len(text) > _LARGEST:
        return None
    try:
        root = etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return root if root is not None and etree.QName(root).localname == "rsl" else None
