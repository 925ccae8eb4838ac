"""Format numbers for pages, with groups of three digits and the language's decimal sign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

_THIN: Final = "\N{NARROW NO-BREAK SPACE}"
_UNITS: Final = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
_GROUPED: Final = 10_000  # numbers of four digits aren't split, as language academies and standards recommend
_MINUTE: Final = 60
_HOUR: Final = 3600


@dataclass(frozen=True)
class Figures:
    """The format of numbers in a language: `es`, `pt` or `en`."""

    language: str

    def number(self, value: float, digits: int = 0) -> str:
        """Format a number with this many decimals.

        >>> Figures("es").number(1234567), Figures("pt").number(1234), Figures("es").number(0.318, 3)
        ('1\u202f234\u202f567', '1234', '0,318')
        """
        formatted = f"{value:,.{digits}f}" if abs(value) >= _GROUPED else f"{value:.{digits}f}"
        integer, point, decimals = formatted.partition(".")
        return integer.replace(",", _THIN) + (point if self.language == "en" else point and ",") + decimals

    def short(self, value: float) -> str:
        """Format a measured value to three significant digits.

        >>> Figures("es").short(0.31849), Figures("en").short(31.0), Figures("pt").short(12345.6)
        ('0,318', '31', '12\u202f346')
        """
        if abs(value) >= 1000:  # noqa: PLR2004  (four digits and more)
            return self.number(value)
        formatted = f"{value:.3g}"
        return formatted if self.language == "en" or "e" in formatted else formatted.replace(".", ",")

    def share(self, part: float, whole: float) -> str:
        """Format a share as a percentage; never round it to 0 % or 100 %.

        >>> Figures("es").share(1, 3), Figures("es").share(1, 10**6), Figures("pt").share(99999, 100000)
        ('33\u202f%', '<\u202f0,1\u202f%', '>\u202f99,9\u202f%')
        """
        percent = 100 * part / whole if whole else 0.0
        if 0 < percent < 0.1:  # noqa: PLR2004  (a tenth of one in a hundred)
            return f"<{_THIN}{self.number(0.1, 1)}{_THIN}%"
        if 99.9 < percent < 100:  # noqa: PLR2004
            return f">{_THIN}{self.number(99.9, 1)}{_THIN}%"
        near_end = 0 < percent < 10 or 90 < percent < 100  # noqa: PLR2004  (near the ends, tenths matter)
        formatted = self.number(percent, 1 if near_end else 0)
        return f"{formatted.removesuffix('.0').removesuffix(',0')}{_THIN}%"

    def size(self, octets: int) -> str:
        """Format a number of bytes in decimal units.

        >>> Figures("es").size(12_345_678), Figures("en").size(640)
        ('12,3\u202fMB', '640\u202fB')
        """
        for unit, name in _UNITS:
            if octets >= unit:
                return f"{self.number(octets / unit, 1)}{_THIN}{name}"
        return f"{octets}{_THIN}B"

    def duration(self, seconds: float) -> str:
        """Format a duration in its two largest units.

        >>> Figures("es").duration(3.26), Figures("es").duration(253), Figures("es").duration(7530)
        ('3,3\u202fs', '4\u202fmin 13\u202fs', '2\u202fh 5\u202fmin')
        """
        if seconds < _MINUTE:
            return f"{self.number(seconds, 1)}{_THIN}s"
        rounded = round(seconds)
        if rounded < _HOUR:
            return f"{rounded // _MINUTE}{_THIN}min {rounded % _MINUTE}{_THIN}s"
        return f"{self.number(rounded // _HOUR)}{_THIN}h {rounded % _HOUR // _MINUTE}{_THIN}min"

    def moment(self, iso: str) -> str:
        """Format an ISO 8601 time as date and time in its time zone; return other texts unchanged.

        >>> Figures("es").moment("2026-11-27T15:52:05.120+00:00"), Figures("en").moment("2026-11-27T15:52:05Z")
        ('27/11/2026 15:52', '2026-11-27 15:52')
        """
        try:
            when = datetime.fromisoformat(iso)
        except ValueError:
            return iso
        return when.strftime("%Y-%m-%d %H:%M" if self.language == "en" else "%d/%m/%Y %H:%M")
