"""External programs that a recipe may enable: tesseract for OCR, and LibreOffice."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.display_names import language_of
from latam_corpus.codes import admits
from latam_corpus.errors import ConfigError, closest, nearest
from latam_corpus.formats.registry import BY_NAME
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.messages import Message

TESSERACT: Final = "tesseract"
OFFICE: Final = "soffice"
# Languages with a model of tesseract's authors (tessdata 4.1); others may be installed too.
OCR_LANGUAGES: Final = frozenset({
    "afr", "amh", "ara", "asm", "aze", "aze_cyrl", "bel", "ben", "bod", "bos", "bre", "bul", "cat", "ceb", "ces",
    "chi_sim", "chi_sim_vert", "chi_tra", "chi_tra_vert", "chr", "cos", "cym", "dan", "deu", "div", "dzo", "ell",
    "eng", "enm", "epo", "est", "eus", "fao", "fas", "fil", "fin", "fra", "frk", "frm", "fry", "gla", "gle", "glg",
    "grc", "guj", "hat", "heb", "hin", "hrv", "hun", "hye", "iku", "ind", "isl", "ita", "ita_old", "jav", "jpn",
    "jpn_vert", "kan", "kat", "kat_old", "kaz", "khm", "kir", "kmr", "kor", "kor_vert", "lao", "lat", "lav", "lit",
    "ltz", "mal", "mar", "mkd", "mlt", "mon", "mri", "msa", "mya", "nep", "nld", "nor", "oci", "ori", "pan", "pol",
    "por", "pus", "que", "ron", "rus", "san", "sin", "slk", "slv", "snd", "spa", "spa_old", "sqi", "srp",
    "srp_latn", "sun", "swa", "swe", "syr", "tam", "tat", "tel", "tgk", "tha", "tir", "ton", "tur", "uig", "ukr",
    "urd", "uzb", "uzb_cyrl", "vie", "yid", "yor",
})  # fmt: skip
_NAME_OCR: Final = _('name their languages in the stage extract of the recipe, ocr = ["spa"]; `recipe new` writes it')
_INSTALL_OCR: Final = _(
    "install tesseract (tesseract-ocr, and tesseract-ocr-spa, -por or others), and name their languages in the stage "
    'extract of the recipe, ocr = ["spa"]'
)
_NAME_OFFICE: Final = _(
    "write libreoffice = true in the stage extract of the recipe, as `recipe new` does; or save them as DOCX"
)
_INSTALL_OFFICE: Final = _(
    "install LibreOffice (libreoffice-writer), and write libreoffice = true in the stage extract of the recipe; or "
    "save them as DOCX"
)
_QUERY_SECONDS: Final = 60  # to report its version and languages
# Characters of a program's error output that are quoted in an error.
_SHOWN: Final = 200


def run(command: Sequence[str], seconds: float, data: bytes = b"") -> bytes:
    """Run a program and return its output; it and its child processes are killed after the time limit.

    Args:
        command: the program and its arguments.
        seconds: the seconds of wall-clock time.
        data: its standard input.

    Raises:
        TimeoutError: it took longer.
        OSError: it can't be started, or it failed; the message has its error output.
    """
    # One thread, since each processor already has a worker.
    environment = os.environ | {"OMP_THREAD_LIMIT": "1"}
    with subprocess.Popen(  # noqa: S603  (a program that the recipe asks for, and our own arguments)
        list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            output, error_output = process.communicate(data, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{command[0]} took more than {seconds:g} seconds") from None
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        problem = " ".join(error_output.decode(errors="replace").split())[-_SHOWN:]
        raise OSError(f"{Path(command[0]).name} ended with {process.returncode}: {problem}")
    return output


@lru_cache
def tesseract(languages: tuple[str, ...]) -> str:
    """Return a string of tesseract's version, these languages, and a digest of their models.

    Args:
        languages: names of tesseract models, mostly three-letter codes.

    Raises:
        ConfigError: it isn't installed, or lacks a model for one of them.

    >>> tesseract(("castellano",))  # doctest: +SKIP
    Traceback (most recent call last):
    latam_corpus.errors.ConfigError: option «ocr» of «extract»: tesseract has no model «castellano»; …
    """
    place = _("option «ocr» of «extract»")
    program, installed = shutil.which(TESSERACT), models()
    for language in languages:
        if language not in OCR_LANGUAGES and language not in installed:
            raise ConfigError(
                place, _("tesseract has no model «{one}»", one=language), _model_remedy(language, installed)
            )
    if program is None:
        packages = " ".join(map(_package, languages))
        raise ConfigError(
            place,
            _("tesseract isn't installed"),
            _("install it and its models: tesseract-ocr {models}", models=packages),
        )
    try:
        listing = run((program, "--list-langs"), _QUERY_SECONDS).decode(errors="replace")
        version = run((program, "--version"), _QUERY_SECONDS).decode(errors="replace")
    except OSError as error:
        raise ConfigError(place, _("tesseract failed: {reason}", reason=error), _("reinstall it")) from None
    header, *installed_models = listing.split("\n")
    for language in languages:
        if language not in installed_models:
            suggestion = closest(language, [*filter(None, installed_models)])
            remedy = _("install {package}; or {closest}", package=_package(language), closest=suggestion)
            raise ConfigError(place, _("tesseract has no model «{one}»", one=language), remedy)
    folder = re.search(r'"([^"]+)"', header)
    digest = hashlib.sha256()
    for language in languages if folder else ():
        with suppress(OSError):
            digest.update(Path(folder[1], f"{language}.traineddata").read_bytes() if folder else b"")
    return f"{version.split(chr(10))[0].strip()} {'+'.join(languages)} {digest.hexdigest()[:8]}"


def models() -> frozenset[str]:
    """Return the languages of the installed models; none if tesseract isn't installed or fails."""
    try:
        listing = run((TESSERACT, "--list-langs"), _QUERY_SECONDS).decode(errors="replace")
    except OSError:
        return frozenset()
    return frozenset(filter(None, listing.split("\n")[1:]))


def _package(language: str) -> str:
    """Return the name of the Debian package with a model of tesseract."""
    return f"tesseract-ocr-{language.replace('_', '-')}"


def _model_remedy(typed: str, installed: frozenset[str]) -> Message:
    """Return a remedy for an unknown model: the model of the language with this name, or the closest model name.

    >>> str(_model_remedy("português", frozenset())), str(_model_remedy("sap", frozenset({"spa", "por"})))
    ('did you mean «por»?', 'did you mean «spa»?')
    """
    code = language_of(typed)
    if code in OCR_LANGUAGES:
        return closest(code, [code])
    return closest(typed, installed if nearest(typed, installed) else OCR_LANGUAGES)


def ocr_of(language: str) -> str | None:
    """Return tesseract's model for texts in a language; None if it has none.

    >>> ocr_of("spa"), ocr_of("quy"), ocr_of("gug")
    ('spa', 'que', None)
    """
    return next((model for model in sorted(OCR_LANGUAGES) if model == language or admits(model, language)), None)


def asked_for(name: str) -> Message | None:
    """Return how to enable or install the program that a format needs; None if it needs none.

    >>> asked_for("docx"), str(asked_for("image")).startswith(("name", "install"))
    (None, True)
    """
    program = BY_NAME[name].program if name in BY_NAME else None
    if program == "ocr":
        return _NAME_OCR if shutil.which(TESSERACT) else _INSTALL_OCR
    if program == "libreoffice":
        return _NAME_OFFICE if shutil.which(OFFICE) else _INSTALL_OFFICE
    return None


def office() -> str:
    """Return the path of LibreOffice.

    Raises:
        ConfigError: it isn't installed.
    """
    program = shutil.which(OFFICE)
    if program is None:
        remedy = _("install it (the package libreoffice-writer), or leave the option out")
        raise ConfigError(_("option «libreoffice» of «extract»"), _("LibreOffice isn't installed"), remedy)
    return program
