"""Manuals and help pages of Debian packages: much text in languages that are not of the Americas.

`python tests/benchmarks/language/packages.py FOLDER` downloads the packages, those that the shipped model is trained on
among them, with `apt-get download` and unpacks each into a folder of its own name; nothing is installed. What is there
already is left as it is. With `sayings` behind it the packages are those that `sentences` reads, of which no model of
ours has seen one; they need a folder of their own.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError, CorpusError
from latam_corpus.language.labels import MODELS

if TYPE_CHECKING:
    from collections.abc import Iterable

_MANUALS: Final = (
    *("manpages", "manpages-dev", "manpages-cs", "manpages-da", "manpages-de", "manpages-de-dev", "manpages-es"),
    *("manpages-es-dev", "manpages-fi", "manpages-fr", "manpages-fr-dev", "manpages-hu", "manpages-id"),
    *("manpages-it", "manpages-it-dev", "manpages-nb", "manpages-nl", "manpages-pl", "manpages-pt-br"),
    *("manpages-pt-br-dev", "manpages-ro", "manpages-ro-dev", "manpages-sv", "manpages-tr", "manpages-vi"),
)
_OFFICE: Final = tuple(
    f"libreoffice-help-{code}"
    for code in "ca de en-us es et eu fi fr gl hu id it nl om pt pt-br tr vi".split()  # noqa: SIM905 - a long list
)
_GNOME: Final = (
    *("gnome-user-docs", "evince-common", "gedit-common", "totem-common", "gnome-calculator", "cheese-common", "eog"),
    *("file-roller", "gnome-terminal-data", "brasero-common", "gnome-disk-utility", "gnome-system-monitor"),
    *("gnome-mines", "gnome-sudoku", "aisleriot", "epiphany-browser-data", "evolution-common", "rhythmbox-data"),
    *("five-or-more", "four-in-a-row", "gnome-chess", "gnome-nibbles", "gnome-klotski", "iagno", "swell-foop"),
    *("tali", "quadrapassel", "simple-scan", "shotwell-common", "baobab"),
)
_HANDBOOKS: Final = (
    *("debian-handbook", "debian-reference-es", "debian-reference-fr", "debian-reference-id", "debian-reference-it"),
    *("debian-reference-pt", "debian-reference-pt-br", "aptitude-doc-es", "aptitude-doc-fi", "aptitude-doc-fr"),
    *("aptitude-doc-it", "installation-guide-amd64", "debian-faq-fr", "debian-faq-it", "debian-faq-pt"),
    *("debian-edu-doc-es", "debian-edu-doc-fr", "debian-edu-doc-it", "debian-edu-doc-pt-br", "debian-edu-doc-ro"),
    *("kicad-doc-ca", "kicad-doc-es", "kicad-doc-fr", "kicad-doc-it", "linuxcnc-doc-es", "linuxcnc-doc-fr"),
    *("developers-reference-it", "gimp-help-ca", "gimp-help-es", "gimp-help-it", "gimp-help-pt", "gimp-help-ro"),
)
_FORTUNES: Final = ("fortunes-it", "fortunes-scn")
# Stories of a game: those are measured; others are trained on.
OTHER_STORIES: Final = ("dw", "l", "sof", "tb", "tsg")
_OTHERS: Final = ("wesnoth-1.18-dw", "wesnoth-1.18-l", "wesnoth-1.18-sof", "wesnoth-1.18-ttb", "wesnoth-1.18-tsg")
_TRAINED_ON: Final = tuple(
    name
    for entry in tomllib.loads((MODELS / "americas.data.toml").read_text("utf-8"))["data"]
    for name in entry.get("packages", [entry["package"]] if "package" in entry else [])
)
PACKAGES: Final = tuple(dict.fromkeys((*_MANUALS, *_OFFICE, *_GNOME, *_HANDBOOKS, *_FORTUNES, *_TRAINED_ON, *_OTHERS)))
# By the code of their language; that of Debian Minimal is in English.
SAYINGS: Final = {
    "bul": "fortunes-bg", "ces": "fortunes-cs", "deu": "fortunes-de", "eng": "fortunes-min", "epo": "fortunes-eo",
    "gle": "fortunes-ga", "ita": "fortunes-it", "pol": "fortunes-pl", "por": "fortunes-br", "rus": "fortunes-ru",
    "spa": "fortunes-es",
}  # fmt: skip


def fetch(folder: Path, packages: Iterable[str] = PACKAGES) -> None:
    """Download and unpack the missing packages.

    Raises:
        CorpusError: apt-get or dpkg-deb failed.
    """
    archives = folder / "debs"
    archives.mkdir(parents=True, exist_ok=True)
    packages = tuple(packages)
    missing = [name for name in packages if not list(archives.glob(f"{name}_*.deb"))]
    for first in range(0, len(missing), 20):
        _call(["apt-get", "download", *missing[first : first + 20]], archives)
    for name in packages:
        place = folder / "x" / name
        if not place.is_dir():
            [archive, *_] = sorted(archives.glob(f"{name}_*.deb"))
            place.mkdir(parents=True)
            _call(["dpkg-deb", "--extract", str(archive), str(place)], folder)


def versions(folder: Path) -> dict[str, str]:
    """Package file → SHA-256, of those that are there.

    Raises:
        ConfigError: there is none.
    """
    results = sorted((folder / "debs").glob("*.deb"))
    if not results:
        raise ConfigError(
            str(folder), "no packages are there", f"get them: python tests/benchmarks/language/packages.py {folder}"
        )
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in results}


def _call(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        reported = done.stderr.strip().splitlines()
        raise CorpusError(
            " ".join(command[:2]), reported[-1] if reported else f"exit code {done.returncode}", "run it by hand"
        )


def _main() -> int:
    if len(sys.argv) < 2 or sys.argv[1].startswith("-") or sys.argv[2:] not in ([], ["sayings"]):
        sys.stderr.write("usage: python tests/benchmarks/language/packages.py FOLDER [sayings]\n")
        return 2
    try:
        fetch(Path(sys.argv[1]), SAYINGS.values() if sys.argv[2:] else PACKAGES)
    except (CorpusError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main())
