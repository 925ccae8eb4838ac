"""Map a statement of rights to one of seven tiers, from `open` to `unknown`.

A statement is an SPDX expression, a Creative Commons URI or name, or a rightsstatements.org URI. Everything else is
`unknown`: a tier is never guessed from free text, and «todos los derechos reservados» never opens a document.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError, closest, nearest
from latam_corpus.messages import _
from latam_corpus.vocabulary import RIGHTS_TIERS, USES

if TYPE_CHECKING:
    from collections.abc import Iterable

# The obligations: credit the authors in the row; release derived works under the same terms; don't sell; don't change
# the text; keep to a written agreement.
OBLIGATIONS: Final = ("attribution", "share_alike", "non_commercial", "no_derivatives", "agreement")
_FREE: Final = frozenset({"open", "attribution", "share_alike"})
_OTHERWISE: Final = frozenset({"evaluate"})
_CC_TIERS: Final = {
    "zero": "open",
    "mark": "open",
    "by": "attribution",
    "by-sa": "share_alike",
    "by-nc": "non_commercial",
    "by-nc-sa": "non_commercial",
    # These licences forbid changes, but a corpus changes texts, so they are the least open ones.
    "by-nd": "no_derivatives",
    "by-nc-nd": "no_derivatives",
    "by-nd-nc": "no_derivatives",  # the order of version 1.0
}

# The statements of rightsstatements.org, version 1.0. They aren't licences; only two of them say which uses are
# allowed.
_STATEMENTS: Final = {
    "InC": "unknown",
    "InC-OW-EU": "unknown",
    "InC-EDU": "unknown",
    "InC-NC": "non_commercial",
    "InC-RUU": "unknown",
    # The contract must be read, and its terms must be stated as an agreement with the tier `permission`.
    "NoC-CR": "unknown",
    "NoC-NC": "non_commercial",
    # Other legal restrictions: among them, laws that protect traditional cultural expressions.
    "NoC-OKLR": "unknown",
    # A work that is free in one country may not be free in others; if it is free everywhere, the source states the
    # Public Domain Mark.
    "NoC-US": "unknown",
    "CNE": "unknown",
    "UND": "unknown",
    "NKC": "unknown",
}
# These say that the rights are unknown, or concern another country: they neither reserve nor permit anything.
_SAY_NOTHING: Final = frozenset({"cne", "und", "nkc", "noc-us"})
_BY_LOWER: Final = {name.lower(): tier for name, tier in _STATEMENTS.items()}

# SPDX licences without any conditions, not even attribution, although the licence index calls them permissive.
_ASK_NOTHING: Final = frozenset({"0BSD", "MIT-0"})
# The licence index's categories; categories not listed here (proprietary, source-available…) are unknown.
_CATEGORIES: Final = {
    "Public Domain": "open",
    "Permissive": "attribution",
    "Copyleft": "share_alike",
    "Copyleft Limited": "share_alike",
}

# The SPDX identifiers of Creative Commons licences.
_CC_KINDS: Final = ("BY", "BY-SA", "BY-NC", "BY-NC-SA", "BY-ND", "BY-NC-ND")
_CC_VERSIONS: Final = ("2.0", "2.5", "3.0", "4.0")
_CC_IDS: Final = ("CC0-1.0", *(f"CC-{kind}-{version}" for kind in _CC_KINDS for version in _CC_VERSIONS))

# Exactly one address, since text after it may restrict the licence.
_CC_URI: Final = re.compile(
    r"(?:https?://)?(?:www\.)?creativecommons\.org/(?:licenses|publicdomain)/([a-z-]+)"
    r"(?:/\d\.\d(?:/(?:igo|scotland|(?!nc|nd|sa)[a-z]{2}))?(?:/(?:deed|legalcode|rdf)[\w.-]*)?)?/?(?:[?#]\S*)?",
    re.IGNORECASE,
)
_STATEMENT_URI: Final = re.compile(
    r"(?:https?://)?(?:www\.)?rightsstatements\.org/(?:vocab|page)/([A-Za-z-]+)/1\.0/?(?:[?#]\S*)?", re.IGNORECASE
)
# A country's version of a licence may have the country's code, but `nc`, `nd` and `sa` are always conditions.
_VERSION: Final = (
    r"(?: ?v?\d(?:\.\d)?)?(?: (?:international|internacional|unported|generic|igo|argentina|brasil|brazil|chile"
    r"|colombia|costa rica|ecuador|espana|guatemala|mexico|peru|portugal|puerto rico|spain|uruguay|venezuela"
    r"|(?!nc|nd|sa)[a-z]{2}))?"
)
_CC_NAME: Final = re.compile(
    r"(?:cc|creative commons|cc creative commons)? ?"
    r"(by|attribution|atribucion(?: reconocimiento)?|reconocimiento|atribuicao)"
    r"(?: (nc|non ?commercial|no ?comercial|nao ?comercial))?"
    r"(?: (sa|share ?alike|compartir ?igual|compartilha ?igual|nd|no ?deriv(?:ative|ado|ada)?s?"
    r"|sin ?(?:obras? ?)?derivad[ao]s?|sem ?deriv(?:acoes|ados|adas)))?" + _VERSION
)
_OPEN_NAME: Final = re.compile(
    r"(?:cc ?0|cc ?zero|creative commons (?:0|zero)|(?:cc |creative commons )?(?:pdm|public domain mark))"
    r"(?: universal)?" + _VERSION + r"(?: universal)?"
)

# The form on the licences' pages: the name, followed by the short name in brackets.
_NAME_AND_SHORT_NAME: Final = re.compile(r"([^()]+)\((CC[^()]+)\)", re.IGNORECASE)


def openness(tier: str) -> int:
    """Return the rank of a tier by openness, 0 for the most open.

    Raises:
        ConfigError: the tier isn't one of the seven.

    >>> openness("open"), openness("unknown")
    (0, 6)
    """
    if tier not in RIGHTS_TIERS:
        raise ConfigError(_("rights tier"), _("unknown tier «{tier}»", tier=tier), closest(tier, RIGHTS_TIERS))
    return RIGHTS_TIERS.index(tier)


def uses_under(tier: str, uses: Iterable[str]) -> list[str]:
    """Return those of the uses that a statement of this tier allows without an agreement.

    The three most open tiers allow all uses, with conditions. Under the others, training and redistribution need a
    permission that a statement can't give.

    >>> uses_under("share_alike", ["train", "evaluate"]), uses_under("non_commercial", ["train", "evaluate"])
    (['train', 'evaluate'], ['evaluate'])
    """
    return [use for use in uses if use in (USES if tier in _FREE else _OTHERWISE)]


def obligations_of(statement: str | None, tier: str) -> list[str]:
    """Return the obligations, from OBLIGATIONS, of users of a document with this statement and tier.

    >>> obligations_of("CC BY-NC-SA 4.0", "non_commercial"), obligations_of("CC0-1.0", "open")
    (['attribution', 'share_alike', 'non_commercial'], [])
    >>> obligations_of("CC0-1.0", "attribution"), obligations_of("Carta 3", "permission")
    (['attribution'], ['agreement'])
    """
    words = set(re.findall("[a-z]+", (statement or "").lower())) if is_known(statement or "") else set()
    owed = {
        "attribution": tier in ("attribution", "share_alike") or "by" in words,
        "share_alike": tier == "share_alike" or {"by", "sa"} <= words,
        "non_commercial": tier == "non_commercial" or {"by", "nc"} <= words,
        "no_derivatives": tier == "no_derivatives" or {"by", "nd"} <= words,
        "agreement": tier == "permission",
    }
    return [name for name in OBLIGATIONS if owed[name]]


@lru_cache(maxsize=4096)
def tier_of(statement: str | None) -> str:
    """Return the tier of a statement of rights; `unknown` if the statement isn't understood.

    A statement is an SPDX expression, a Creative Commons URI or name, or a rightsstatements.org URI.

    >>> tier_of("https://creativecommons.org/licenses/by-sa/4.0/"), tier_of("CC BY-NC 3.0"), tier_of("CC0-1.0")
    ('share_alike', 'non_commercial', 'open')
    >>> tier_of("MIT OR GPL-3.0-or-later"), tier_of("MIT AND GPL-3.0-or-later")
    ('attribution', 'share_alike')
    >>> tier_of("Todos los derechos reservados"), tier_of("http://rightsstatements.org/vocab/InC/1.0/")
    ('unknown', 'unknown')
    """
    text = (statement or "").strip()
    uri = _CC_URI.fullmatch(text)
    if uri:
        return _CC_TIERS.get(uri[1].lower(), "unknown")
    uri = _STATEMENT_URI.fullmatch(text)
    if uri:
        return _BY_LOWER.get(uri[1].lower(), "unknown")
    return _name_tier(text) or _spdx_tier(text)


def is_known(statement: str) -> bool:
    """Whether a statement is in the vocabulary, even if its tier is `unknown`.

    >>> [is_known(one) for one in ("CC BY 4.0", "http://rightsstatements.org/vocab/InC/1.0/", "Prensa libre")]
    [True, True, False]
    """
    uri = _STATEMENT_URI.fullmatch(statement.strip())
    return tier_of(statement) != "unknown" or (uri is not None and uri[1].lower() in _BY_LOWER)


def says_nothing(statement: str | None) -> bool:
    """Whether a statement neither allows nor reserves anything: it is missing, or says that rights are unknown.

    A statement that isn't understood may be a reservation.

    >>> [says_nothing(one) for one in (None, " ", "https://rightsstatements.org/vocab/CNE/1.0/", "Permiso verbal")]
    [True, True, True, False]
    """
    text = (statement or "").strip()
    uri = _STATEMENT_URI.fullmatch(text)
    return not text or (uri is not None and uri[1].lower() in _SAY_NOTHING)


def near_licence(typed: str) -> str | None:
    """Return the known statement that an unknown one probably means, or None if no statement is close.

    >>> near_licence("CC-YB-4.0"), near_licence("Todos los derechos reservados")
    ('CC-BY-4.0', None)
    """
    return nearest(typed.strip().upper().replace(" ", "-"), _CC_IDS)


def _name_tier(text: str) -> str | None:
    """Return the tier of a Creative Commons name or SPDX id, in English, Spanish or Portuguese; None for other text.

    >>> _name_tier("Creative Commons Atribución-NoComercial-CompartirIgual 4.0 Internacional")
    'non_commercial'
    >>> _name_tier("CC-BY-ND-4.0")
    'no_derivatives'
    >>> _name_tier("Attribution 4.0 International (CC BY 4.0)")
    'attribution'
    """
    both_names = _NAME_AND_SHORT_NAME.fullmatch(text)
    if both_names:
        tiers = {_name_tier(name) for name in both_names.groups()}
        return tiers.pop() if len(tiers) == 1 else None
    plain = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))
    words = re.sub(r"[\s\-–—_/,]+", " ", plain.replace("(", " ").replace(")", " ")).strip()
    words = re.sub(r"^(?:licencia|licenca|license|licence) ", "", words)
    if _OPEN_NAME.fullmatch(words):
        return "open"
    name = _CC_NAME.fullmatch(words)
    if name is None or not re.match(r"cc|creative commons|.* ", words):
        return None
    kind = "by" + ("-nc" if name[2] else "")
    if name[3]:
        kind += "-sa" if name[3].startswith(("sa", "share", "compart")) else "-nd"
    return _CC_TIERS[kind]


def _spdx_tier(text: str) -> str:
    """Return the tier of an SPDX expression: the most open of alternatives (OR), the least open of parts (AND)."""
    try:
        parsed = _licensing().parse(text, validate=True)
    except Exception:  # noqa: BLE001  (a page may state any text, and the parser fails for some, such as `()`)
        return "unknown"
    return "unknown" if parsed is None else _expression_tier(parsed)


def _expression_tier(node: Any) -> str:
    operator = type(node).__name__
    if operator in ("OR", "AND"):
        tiers = [_expression_tier(part) for part in node.args]
        # An unknown alternative is never chosen; an unknown part makes the whole expression unknown.
        return min(tiers, key=openness) if operator == "OR" else max(tiers, key=openness)
    return _symbol_tier(str(getattr(node, "license_symbol", node)))  # GPL-2.0-only WITH an exception


def _symbol_tier(key: str) -> str:
    if key in _ASK_NOTHING:
        return "open"
    return _name_tier(key) or _CATEGORIES.get(_categories().get(key.lower(), ""), "unknown")


@lru_cache(maxsize=1)
def _licensing() -> Any:
    import license_expression

    return license_expression.get_spdx_licensing()


@lru_cache(maxsize=1)
def _categories() -> dict[str, str]:
    """Return the licence index's category of each SPDX id, in lower case."""
    import license_expression

    index = license_expression.get_license_index()
    return {
        licence["spdx_license_key"].lower(): licence["category"] for licence in index if licence.get("spdx_license_key")
    }
