"""Figures as people of the region write them: groups of three apart by a thin space, the decimal sign by language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

_THIN: Final = "\N{NARROW NO-BREAK SPACE}"
_UNITS: Final = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
_GROUPED: Final = 10_000  # numbers of four digits stay together, as academies and standards have it
_MINUTE: Final = 60
_HOUR: Final = 3600


@dataclass(frozen=True)
class Figures:
    """How figures are written in a language: `es`, `pt` or `en`."""

    language: str

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number with so many decimals.

        >>> Figures("es").number(1234567), Figures("pt").number(1234), Figures("es").number(0.318, 3)
        ('1\u202f234\u202f567', '1234', '0,318')
        """
        formatted = f"{value:,.{digits}f}" if abs(value) >= _GROUPED else f"{value:.{digits}f}"
        whole, point, rest = formatted.partition(".")
        return whole.replace(",", _THIN) + (point if self.language == "en" else point and ",") + rest

    def short(self, value: float) -> str:
        """Return a measured value, to three figures.

        >>> Figures("es").short(0.31849), Figures("en").short(31.0), Figures("pt").short(12345.6)
        ('0,318', '31', '12\u202f346')
        """
        if abs(value) >= 1000:  # noqa: PLR2004  (four figures and more)
            return self.number(value)
        formatted = f"{value:.3g}"
        return formatted if self.language == "en" or "e" in formatted else formatted.replace(".", ",")

    def share(self, part: float, whole: float) -> str:
        """Return a part as a percentage; what is neither none nor all is never told as such.

        >>> Figures("es").share(1, 3), Figures("es").share(1, 10**6), Figures("pt").share(99999, 100000)
        ('33\u202f%', '<\u202f0,1\u202f%', '>\u202f99,9\u202f%')
        """
        percent = 100 * part / whole if whole else 0.0
        if 0 < percent < 0.1:  # noqa: PLR2004  (a tenth of one in a hundred)
            return f"<{_THIN}{self.number(0.1, 1)}{_THIN}%"
        if 99.9 < percent < 100:  # noqa: PLR2004
            return f">{_THIN}{self.number(99.9, 1)}{_THIN}%"
        near_end = 0 < percent < 10 or 90 < percent < 100  # noqa: PLR2004  (where a tenth is of interest)
        formatted = self.number(percent, 1 if near_end else 0)
        return f"{formatted.removesuffix('.0').removesuffix(',0')}{_THIN}%"

    def size(self, octets: int) -> str:
        """Bytes in decimal units.

        >>> Figures("es").size(12_345_678), Figures("en").size(640)
        ('12,3\u202fMB', '640\u202fB')
        """
        for unit, name in _UNITS:
            if octets >= unit:
                return f"{self.number(octets / unit, 1)}{_THIN}{name}"
        return f"{octets}{_THIN}B"

    def duration(self, seconds: float) -> str:
        """Return a duration in the two units that matter.

        >>> Figures("es").duration(3.26), Figures("es").duration(253), Figures("es").duration(7530)
        ('3,3\u202fs', '4\u202fmin 13\u202fs', '2\u202fh 5\u202fmin')
        """
        if seconds < _MINUTE:
            return f"{self.number(seconds, 1)}{_THIN}s"
        whole = round(seconds)
        if whole < _HOUR:
            return f"{whole // _MINUTE}{_THIN}min {whole % _MINUTE}{_THIN}s"
        return f"{self.number(whole // _HOUR)}{_THIN}h {whole % _HOUR // _MINUTE}{_THIN}min"

    def moment(self, iso: str) -> str:
        """Return a moment of ISO 8601 as a date and time, in the zone in which it is stated; what is none as it is.

        >>> Figures("es").moment("2026-11-27T15:52:05.120+00:00"), Figures("en").moment("2026-11-27T15:52:05Z")
        ('27/11/2026 15:52', '2026-11-27 15:52')
        """
        try:
            when = datetime.fromisoformat(iso)
        except ValueError:
            return iso
        return when.strftime("%Y-%m-%d %H:%M" if self.language == "en" else "%d/%m/%Y %H:%M")
