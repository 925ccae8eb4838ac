"""The permitted values of columns: genres, countries, uses, tiers of rights, formats.

The columns are in `columns`.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from latam_corpus.messages import N_, _

# Names of values in three languages. Code that only checks values uses the tuples below.
GENRE_NAMES: Final = {
    "news": _("news"),
    "literature": _("literature"),
    "lyrics": _("lyrics"),
    "oral_history": _("oral history"),
    "government": _("government"),
    "legal": _("legal"),
    "academic": _("academic"),
    "education": _("education"),
    "reference": _("reference"),
    "dictionary": _("dictionary"),
    "religious": _("religious"),
    "web": _("web"),
}
COMPOSITION_NAMES: Final = {
    "original": _("original"),
    "translation": _("translation"),
    "machine": _("machine translation"),
    "synthetic": _("written by a machine"),
}
BASIS_NAMES: Final = {
    "licence": _("licence"),
    "public_domain": _("public domain"),
    "contract": _("contract"),
    "consent": _("consent"),
}
USE_NAMES: Final = {
    "train": _("train"),
    "redistribute": _("redistribute"),
    "evaluate": _("evaluate"),
}
# From the most open to the least; `catalog.rights` derives a row's tier and dedupe keeps the more open copy.
TIER_NAMES: Final = {
    "open": _("open"),
    "attribution": _("attribution"),
    "share_alike": _("share alike"),
    "non_commercial": _("non-commercial"),
    "no_derivatives": _("no derivatives"),
    "permission": _("by permission"),
    "unknown": _("unknown"),
}
GENRES: Final = tuple(GENRE_NAMES)
COMPOSITIONS: Final = tuple(COMPOSITION_NAMES)
BASES: Final = tuple(BASIS_NAMES)
USES: Final = tuple(USE_NAMES)
RIGHTS_TIERS: Final = tuple(TIER_NAMES)
VARIETY_BASES: Final = ("declared", "predicted")
SPLITS: Final = ("train", "validation", "test")
# Types of the columns that sources and plug-ins add; releases store them in `extra`.
EXTRA_TYPES: Final = ("string", "int64", "float64", "bool", "date", "list[string]")
# A parameter of a web page's media type: the crawler has read the licences to which the page links.
LICENCES_READ: Final = "licences=read"
# ISO 3166-1.
COUNTRY_CODES: Final = frozenset(
    re.findall(
        "[A-Z]+",
        """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW
    BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI
    FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN
    IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME
    MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF
    PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE
    YT ZA ZM ZW
""",
    )
)
# Maximum characters of a text, or bytes before extraction. No work is longer, and stages use some 30 bytes per
# character.
MAX_TEXT: Final = 32 * 2**20
TOO_LONG: Final = N_("divide it into its works or chapters, one record each")
# The extractor of provisional text from the stage `skim`, which `extract` replaces.
SKIMMED: Final = "skim"
VERDICTS: Final = ("dropped", "changed", "failed", "released")
# Types for pydantic; mypy can't read an unpacked literal.
Tier = Literal[*RIGHTS_TIERS]  # type: ignore[valid-type]
Use = Literal[*USES]  # type: ignore[valid-type]

# The variants of a work that a release includes: all, the longest, or the longest of each country.
Variants = Literal["keep", "longest", "by_country"]
# The unit that a split of a release doesn't divide: a cluster of copies, or also all documents of an author, source or
# file.
SplitBy = Literal["cluster", "author", "source", "file"]
