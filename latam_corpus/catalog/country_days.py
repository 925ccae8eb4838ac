"""Compute the current day in a country; if it depends on the time zone, the day that protects the rights holder.

An embargo until 1 December that ended with the UTC day would end in Guatemala at six in the evening of 30 November.

For each country, the table has the smallest and the greatest UTC offset of all its time zones, in minutes, including
summer time, from 2024 to 2035. The source is the IANA time zone database, version 2026b (`zone.tab`), which is in the
public domain. With the table, the days are the same on every machine, even without a time zone database.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

_ZONES: Final = """
-660 -660 AS NU
-600 -600 CK
-600 -540 PF
-600 -240 US
-480 -480 PN
-480 -300 MX
-480 -150 CA
-360 -360 BZ CR GT HN NI SV
-360 -300 EC
-360 -180 CL
-300 -300 CO JM KY PA PE
-300 -240 BS CU HT TC
-300 -120 BR
-240 -240 AG AI AW BB BL BO BQ CW DM DO GD GP GY KN LC MF MQ MS PR SX TT VC VE VG VI
-240 -180 BM PY
-240 0 GL
-180 -180 AR FK GF SR UY
-180 -120 PM
-180 780 AQ
-120 -120 GS
-60 -60 CV
-60 60 PT
0 0 BF CI GH GM GN GW IS LR ML MR SH SL SN ST TG
0 60 EH FO GB GG IE IM JE MA
0 120 ES
60 60 AO BJ CF CG CM DZ GA GQ NE NG TD TN
60 120 AD AL AT BA BE CD CH CZ DE DK FR GI HR HU IT LI LU MC ME MK MT NL NO PL RS SE SI SJ SK SM VA
120 120 BI BW LS LY MW MZ NA RW SD SS SZ ZA ZM ZW
120 180 AX BG CY EE EG FI GR IL LB LT LV MD PS RO UA
120 720 RU
180 180 BH BY DJ ER ET IQ JO KE KM KW MG QA SA SO SY TR TZ UG YE YT
210 210 IR
240 240 AE AM AZ GE MU OM RE SC
270 270 AF
300 300 MV PK TF TJ TM UZ
300 360 KZ
330 330 IN LK
345 345 NP
360 360 BD BT IO KG
360 480 CN
390 390 CC MM
420 420 CX KH LA TH VN
420 480 MN
420 540 ID
480 480 BN HK MO MY PH SG TW
480 660 AU
540 540 JP KP KR PW TL
600 600 GU MP
600 660 FM PG
660 660 NC SB VU
660 720 NF
720 720 FJ MH NR TV WF
720 825 NZ
720 840 KI
780 780 TK TO WS
"""
_OFFSETS: Final = {
    country: (int(west), int(east))
    for west, east, *countries in map(str.split, _ZONES.strip().splitlines())
    for country in countries
}
_ANYWHERE: Final = (-720, 840)  # for a missing country, or one without a zone: the range of all zones


@lru_cache(maxsize=16)  # the expression contains all countries, and every batch of rows needs it
def begun_days(moment: datetime) -> pl.Expr:
    """Return, for `country`, the latest day that has begun in UTC and everywhere in the country. Embargoes end by it.

    `moment` is in UTC.

    >>> from datetime import UTC, datetime
    >>> rows = pl.DataFrame({"country": ["CL", "ES", None]})
    >>> rows.select(begun_days(datetime(2026, 12, 1, 2, tzinfo=UTC))).to_series().dt.to_string().to_list()
    ['2026-11-30', '2026-12-01', '2026-11-30']
    """
    return _by_country(lambda west, _east: min(_day(moment, 0), _day(moment, west)))


@lru_cache(maxsize=16)
def newest_days(moment: datetime) -> pl.Expr:
    """Return, for `country`, the latest day that has begun in UTC or anywhere in the country. Permissions end by it.

    `moment` is in UTC.

    >>> from datetime import UTC, datetime
    >>> rows = pl.DataFrame({"country": ["CL", "PH"]})
    >>> rows.select(newest_days(datetime(2026, 11, 30, 20, tzinfo=UTC))).to_series().dt.to_string().to_list()
    ['2026-11-30', '2026-12-01']
    """
    return _by_country(lambda _west, east: max(_day(moment, 0), _day(moment, east)))


def _day(moment: datetime, offset: int) -> date:
    return (moment + timedelta(minutes=offset)).date()


def _by_country(day: Callable[[int, int], date]) -> pl.Expr:
    days = {country: day(*offsets) for country, offsets in _OFFSETS.items()}
    return pl.col("country").cast(pl.String).replace_strict(days, default=day(*_ANYWHERE), return_dtype=pl.Date)
