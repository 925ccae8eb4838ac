"""The values that columns may have: genres, countries, uses, tiers of rights, formats.

`columns` has the columns themselves.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from latam_corpus.messages import N_

GENRES: Final = (
    "news",
    "literature",
    "lyrics",
    "oral_history",
    "government",
    "legal",
    "academic",
    "education",
    "reference",
    "dictionary",
    "religious",
    "web",
)
COMPOSITIONS: Final = ("original", "translation", "machine", "synthetic")
BASES: Final = ("licence", "public_domain", "contract", "consent")
USES: Final = ("train", "redistribute", "evaluate")
VARIETY_BASES: Final = ("declared", "predicted")
SPLITS: Final = ("train", "validation", "test")
# Types of the columns that sources and plug-ins add, which releases have in `extra`.
EXTRA_TYPES: Final = ("string", "int64", "float64", "bool", "date", "list[string]")
# A parameter of a web page's media type: its crawler has read the licences that the page links to.
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
# Characters of one text; of one that is still bytes, bytes. No work is longer, and stages use some 30 bytes for each.
MAX_TEXT: Final = 32 * 2**20
TOO_LONG: Final = N_("divide it into its works or chapters, one record each")
# The extractor of text that is only a page's first impression, which `extract` replaces.
SKIMMED: Final = "skim"
VERDICTS: Final = ("dropped", "changed", "failed", "released")
# From the most open to the least; `catalog.rights` derives a row's tier and dedupe keeps the more open copy.
RIGHTS_TIERS: Final = (
    "open",
    "attribution",
    "share_alike",
    "non_commercial",
    "no_derivatives",
    "permission",
    "unknown",
)
# As pydantic checks them; mypy can't read a literal that is unpacked.
Tier = Literal[*RIGHTS_TIERS]  # type: ignore[valid-type]
Use = Literal[*USES]  # type: ignore[valid-type]

# What a release takes of several variants of one work: all, the longest, the longest of each country.
Variants = Literal["keep", "longest", "by_country"]
# What is in one split of a release: a cluster of copies, and with it all of an author, a source or a file of one.
SplitBy = Literal["cluster", "author", "source", "file"]
