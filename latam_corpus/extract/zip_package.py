"""Documents that are a zip of files, such as EPUB, DOCX and ODT; members are read in memory, never written to disk."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.bounded_xml import parse_xml
from latam_corpus.extract.document import UnusableError
from latam_corpus.messages import N_

if TYPE_CHECKING:
    from lxml import etree

# Maximum decompressed bytes of all members that are read; no book has more text.
_MAX_BYTES: Final = 256 * 2**20
_ENCRYPTED: Final = 0x1
_REMEDY: Final = N_("fetch the file again")


class ZipPackage:
    """The members of a package, by name.

    Raises:
        UnusableError: it isn't a zip file, or its directory is damaged.
    """

    def __init__(self, raw: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(raw))
        except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError) as error:
            raise UnusableError("damaged file", str(error), _REMEDY) from None
        self._left = _MAX_BYTES

    def __contains__(self, name: str) -> bool:
        return name in self._zip.NameToInfo

    def names(self) -> list[str]:
        """Return the names of all members, in the package's order."""
        return self._zip.namelist()

    def read(self, name: str) -> bytes:
        """Return a member's bytes.

        Raises:
            UnusableError: the member is missing, damaged or encrypted, or the package is too large.
        """
        info = self._zip.NameToInfo.get(name)
        if info is None:
            raise UnusableError("damaged file", f"the package has no «{name}»", _REMEDY)
        if info.flag_bits & _ENCRYPTED:
            raise UnusableError("encrypted", f"«{name}» is encrypted", N_("remove its password"))
        try:
            with self._zip.open(info) as stream:
                data = stream.read(self._left + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
            raise UnusableError("damaged file", f"«{name}»: {error}", _REMEDY) from None
        self._left -= len(data)
        if self._left < 0:
            raise UnusableError(
                "too large", f"it unpacks to more than {_MAX_BYTES:,} bytes", N_("divide it into smaller files")
            )
        return data

    def xml(self, name: str) -> etree._Element:
        """Return the root of an XML member."""
        return parse_xml(self.read(name), name)
