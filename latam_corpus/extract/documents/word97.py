"""Word 97 to 2003 documents: LibreOffice, if the recipe enables it, saves them as DOCX, which is then read.

LibreOffice works in a temporary folder. It runs no macro, updates no link and fetches nothing.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.document import UnusableError
from latam_corpus.extract.documents import docx
from latam_corpus.extract.isolation.programs import OFFICE, run
from latam_corpus.messages import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.extract.document import Extracted

# Increased when the same bytes yield a different text.
EXTRACTOR: Final = "word97 1"

_SECONDS: Final = 180
_REMEDY: Final = N_("open it and save it as DOCX")
_FILTER: Final = "docx:MS Word 2007 XML"
# Each setting of LibreOffice's registry: its path, name and value.
_SETTINGS: Final = (
    ("Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Common/Security/Scripting", "DisableActiveContent", "true"),
    ("Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Writer/Content/Update", "Link", "0"),
)
_PROFILE: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<oor:items xmlns:oor="http://openoffice.org/2001/registry">'
    + "".join(
        f'<item oor:path="/org.openoffice.Office.{path}"><prop oor:name="{name}" oor:op="fuse">'
        f"<value>{value}</value></prop></item>"
        for path, name, value in _SETTINGS
    )
    + "</oor:items>\n"
)


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the text of a Word 97 to 2003 document.

    Args:
        raw: the file's bytes.
        parameters: `libreoffice`, if the recipe enables it; `form`, see `docx`.

    Raises:
        UnusableError: the recipe doesn't enable LibreOffice, or LibreOffice can't read the document.
    """
    if not parameters.get("libreoffice"):
        remedy = N_("set libreoffice = true in the stage extract, or save it as DOCX, ODT or plain text")
        raise UnusableError("no extractor", N_("it is a Word 97-2003 document (.doc)"), remedy)
    with tempfile.TemporaryDirectory(prefix="latam-corpus-", ignore_cleanup_errors=True) as folder:
        workdir = Path(folder)
        profile = workdir / "profile" / "user"
        profile.mkdir(parents=True)
        (profile / "registrymodifications.xcu").write_text(_PROFILE, encoding="utf-8")
        (workdir / "texto.doc").write_bytes(raw)
        command = [OFFICE, f"-env:UserInstallation={(workdir / 'profile').as_uri()}", "--headless", "--norestore"]
        command += ["--convert-to", _FILTER, "--outdir", str(workdir), str(workdir / "texto.doc")]
        try:
            run(command, _SECONDS)
        except FileNotFoundError:
            problem, remedy = N_("LibreOffice isn't installed here"), N_("install it on every machine that runs parts")
            raise UnusableError("no extractor", problem, remedy) from None
        except TimeoutError as error:
            raise UnusableError("timeout", str(error), _REMEDY) from None
        except OSError as error:
            raise UnusableError("damaged file", str(error), _REMEDY) from None
        # LibreOffice's exit code is 0 even if it can't open the document.
        if not (workdir / "texto.docx").is_file():
            raise UnusableError("damaged file", N_("LibreOffice can't open it"), _REMEDY)
        saved = (workdir / "texto.docx").read_bytes()
    return replace(docx.extract(saved, parameters), extractor=EXTRACTOR)
