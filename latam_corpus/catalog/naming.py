"""Check the names of releases and versions: each name is a folder's name, and must be unambiguous."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import Message, _, same

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

_PLACE: Final = _("the release name")
# The command line's keyword for the latest version.
LATEST_KEYWORD: Final = "latest"
VERSION_FORM: Final = _("versions are YYYY.M.N, such as 2026.11.0")
_NAME: Final = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
_LONGEST: Final = 100
_VERSION: Final = re.compile(r"([1-9][0-9]{3})\.([1-9]|1[0-2])\.(0|[1-9][0-9]{0,5})")
# Names of devices in Windows, with any suffix; and the keyword.
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
    """Return the name if a release can have it. Only lower case is allowed, since some disks ignore case.

    Raises:
        ValueError: it can't be a release's name; the message contains the problem and the remedy, separated by a
            semicolon.

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
    """Describe the first character that isn't allowed in names, by its code point if it may look like another.

    >>> str(_odd_sign("рuerto"))
    ': it has U+0440, CYRILLIC SMALL LETTER ER'
    """
    odd = next((sign for sign in name if not re.fullmatch(r"[a-z0-9._-]", sign)), None)
    if odd is None:
        return same("")
    if " " < odd <= "~":
        return _(": it has {sign}", sign=f"«{odd}»")
    sign_name = unicodedata.name(odd, None) or _("a control character")
    return _(": it has {code}, {sign}", code=f"U+{ord(odd):04X}", sign=sign_name)


def checked_name(name: str) -> str:
    """Return the name if a release can have it.

    Raises:
        ConfigError: it can't be a release's name.
    """
    try:
        return release_name(name)
    except ValueError as error:
        problem, __, remedy = str(error).partition("; ")
        raise ConfigError(_PLACE, problem, remedy) from None


def is_version(version: str) -> bool:
    """Whether a text is a version.

    >>> is_version("2026.11.0"), is_version("latest"), is_version("2026.11.01"), is_version("2026.13.0")
    (True, False, False, False)
    """
    return _VERSION.fullmatch(version) is not None


def checked_version(version: str, place: str = "the version", existing_versions: Iterable[str] = ()) -> str:
    """Return the version if it has the form of one.

    The error names `place`, and suggests the closest of the existing versions.

    Raises:
        ConfigError: it doesn't have the form of a version.
    """
    if is_version(version):
        return version
    existing = list(existing_versions)
    raise ConfigError(
        place,
        _("«{version}» isn't a version: {version_form}", version=version, version_form=VERSION_FORM),
        closest(version, existing) if existing else "",
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
    used_numbers = [number for *of_month, number in map(version_key, versions) if tuple(of_month) == month]
    return f"{today.year}.{today.month}.{max(used_numbers, default=-1) + 1}"
