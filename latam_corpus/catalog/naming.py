"""What releases and their versions may be called: each name is a folder, and can be taken for no other name."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import Message, _, same

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

# The keyword of the command line that is no version's number.
_PLACE: Final = _("the release name")
LATEST_KEYWORD: Final = "latest"
VERSION_FORM: Final = _("versions are YYYY.M.N, such as 2026.11.0")
_NAME: Final = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
_LONGEST: Final = 100
_VERSION: Final = re.compile(r"([1-9][0-9]{3})\.([1-9]|1[0-2])\.(0|[1-9][0-9]{0,5})")
# What Windows takes for a device, whatever follows a dot; and the keyword.
_TAKEN: Final = {
    LATEST_KEYWORD,
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
}
_RULE: Final = _("use a to z, 0 to 9 and, between them, single dots, hyphens or underscores, such as latam-news")


def release_name(name: str) -> str:
    """Return the name, where a release may have it; lower case alone, since some disks don't tell case apart.

    Raises:
        ValueError: it can't be one; the problem and the remedy, with a semicolon between them.

    >>> release_name("latam-news")
    'latam-news'
    """
    if not name:
        raise ValueError(_("no name is given; {rule}", rule=_RULE))
    if not _NAME.fullmatch(name):
        near = name.lower()
        if near != name and _NAME.fullmatch(near):
            raise ValueError(_("«{name}» has capital letters; did you mean «{near}»?", name=name, near=near))
        odd = _odd_sign(name)
        raise ValueError(_("«{name}» can't be a release's name{odd}; {rule}", name=name, odd=odd, rule=_RULE))
    if len(name) > _LONGEST:
        long = _("«{name}…» has more than {n} characters; shorten it", name=name[:20], n=_LONGEST)
        raise ValueError(long)
    if name.partition(".")[0] in _TAKEN:
        raise ValueError(_("«{name}» means something else; choose another name", name=name))
    return name


def _odd_sign(name: str) -> Message:
    """Return the first character that no name has, by its code where it may look like another.

    >>> str(_odd_sign("рuerto"))
    ': it has U+0440, CYRILLIC SMALL LETTER ER'
    """
    odd = next((sign for sign in name if not re.fullmatch(r"[a-z0-9._-]", sign)), None)
    if odd is None:
        return same("")
    if " " < odd <= "~":
        return _(": it has {sign}", sign=f"«{odd}»")
    named = unicodedata.name(odd, None) or _("a control character")
    return _(": it has {code}, {sign}", code=f"U+{ord(odd):04X}", sign=named)


def checked_name(name: str) -> str:
    """Return the name, where a release may have it.

    Raises:
        ConfigError: it can't be one.
    """
    try:
        return release_name(name)
    except ValueError as error:
        problem, __, remedy = str(error).partition("; ")
        raise ConfigError(_PLACE, problem, remedy) from None


def is_version(version: str) -> bool:
    """Whether this is a version's number.

    >>> is_version("2026.11.0"), is_version("latest"), is_version("2026.11.01"), is_version("2026.13.0")
    (True, False, False, False)
    """
    return _VERSION.fullmatch(version) is not None


def checked_version(version: str, place: str = "the version", known: Iterable[str] = ()) -> str:
    """Return the version, where it is written as one.

    Args:
        version: as the user gave it.
        place: what to call it in an error.
        known: the versions that there are, of which the closest may be meant.

    Raises:
        ConfigError: it isn't written as one.
    """
    if is_version(version):
        return version
    there = list(known)
    raise ConfigError(
        place,
        _("«{version}» is no version: {version_form}", version=version, version_form=VERSION_FORM),
        closest(version, there) if there else "",
    )


def version_key(version: str) -> tuple[int, ...]:
    """Return a sort key that compares the numbers in versions as numbers.

    >>> sorted(["2026.11.10", "2026.11.9", "2026.2.0"], key=version_key)
    ['2026.2.0', '2026.11.9', '2026.11.10']
    """
    return tuple(int(piece) for piece in version.split("."))


def next_version(versions: Iterable[str], today: date) -> str:
    """Return the next free version of the month.

    >>> from datetime import date
    >>> next_version(["2026.10.4", "2026.11.0"], date(2026, 11, 25))
    '2026.11.1'
    """
    month = (today.year, today.month)
    taken = [number for *of_month, number in map(version_key, versions) if tuple(of_month) == month]
    return f"{today.year}.{today.month}.{max(taken, default=-1) + 1}"
