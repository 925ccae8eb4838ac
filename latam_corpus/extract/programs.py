"""Programs beside the toolkit that a recipe may ask for: tesseract, which recognises pages, and LibreOffice."""

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

from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Sequence

TESSERACT: Final = "tesseract"
OFFICE: Final = "soffice"
_ASKED: Final = 60  # seconds in which a program says what it is
# Nothing of what another program prints is longer.
_SHOWN: Final = 200


def run(command: Sequence[str], seconds: float, data: bytes = b"") -> bytes:
    """Return what a program prints; it and what it started end with the time.

    Args:
        command: the program and its arguments.
        seconds: by the clock.
        data: its standard input.

    Raises:
        TimeoutError: it took longer.
        OSError: it can't be started, or it failed; with what it said.
    """
    # One thread, since there is a worker for each processor already.
    environment = os.environ | {"OMP_THREAD_LIMIT": "1"}
    with subprocess.Popen(  # noqa: S603  (a program that the recipe asks for, and our own arguments)
        list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            out, err = process.communicate(data, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{command[0]} took more than {seconds:g} seconds") from None
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        problem = " ".join(err.decode(errors="replace").split())[-_SHOWN:]
        raise OSError(f"{Path(command[0]).name} ended with {process.returncode}: {problem}")
    return out


@lru_cache
def tesseract(languages: tuple[str, ...]) -> str:
    """Return which tesseract recognises these languages, and a digest of its models for them.

    Args:
        languages: by their codes of three letters, as its models are called.

    Raises:
        ConfigError: it isn't installed, or has no model of one of them.

    >>> tesseract(("castellano",))  # doctest: +SKIP
    Traceback (most recent call last):
    latam_corpus.errors.ConfigError: option «ocr» of «extract»: tesseract has no model «castellano»; …
    """
    place = _("option «ocr» of «extract»")
    program = shutil.which(TESSERACT)
    if program is None:
        models = " ".join(f"tesseract-ocr-{one}" for one in languages)
        raise ConfigError(
            place, _("tesseract isn't installed"), _("install it and its models: tesseract-ocr {models}", models=models)
        )
    try:
        listed = run((program, "--list-langs"), _ASKED).decode(errors="replace")
        version = run((program, "--version"), _ASKED).decode(errors="replace")
    except OSError as error:
        raise ConfigError(place, _("tesseract doesn't answer: {reason}", reason=error), _("install it anew")) from None
    first, *known = listed.split("\n")
    for one in languages:
        if one not in known:
            remedy = _(
                "install tesseract-ocr-{one}; or {closest}", one=one, closest=closest(one, [*filter(None, known)])
            )
            raise ConfigError(place, _("tesseract has no model «{one}»", one=one), remedy)
    folder = re.search(r'"([^"]+)"', first)
    digest = hashlib.sha256()
    for one in languages if folder else ():
        with suppress(OSError):
            digest.update(Path(folder[1], f"{one}.traineddata").read_bytes() if folder else b"")
    return f"{version.split(chr(10))[0].strip()} {'+'.join(languages)} {digest.hexdigest()[:8]}"


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
