"""Takes the pictures of docs/pictures from the demo's own pages: `python tests/report/screenshots.py`.

Chromium is Debian's, driven by Playwright; nothing is fetched.
"""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[2]
PICTURES: Final = ROOT / "docs" / "pictures"


class Picture(NamedTuple):
    """A page on a screen: its file's name, the page's language, width and height in pixels, and colours."""

    name: str
    page: str
    width: int
    height: int
    colours: str = "light"


_PICTURES: Final = (
    Picture("run", "run.es.html", 1180, 980),
    Picture("run-telephone", "run.pt.html", 390, 844, "dark"),
    Picture("release", "release.es.html", 1180, 980),
    Picture("measure", "measure.html", 1180, 860),
    Picture("sample", "sample.html", 1180, 860),
    Picture("preview", "preview.html", 768, 860),
    Picture("life", "life.html", 1180, 980),
)

# An agency's report in the demo, of which a newspaper has a copy.
_COPY: Final = "https://meridiano.ejemplo.example/cables/88214"
_INTERVIEW: Final = """ENTREVISTADORA: ¿Y cómo era la feria cuando usted era niña?

DOÑA ELVIRA: Grande, pues, más grande que ahora. Bajaban los arrieros con la lana y las papas, y mi papá me llevaba
sentada en la mula. Se cambiaba una cosa por otra, plata casi no se veía.

ENTREVISTADORA: ¿Qué cambiaban?

DOÑA ELVIRA: Charqui por harina, sal por ají. Y coplas también: el que sabía una copla nueva no pagaba el mate.
"""


def _call(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "latam_corpus", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def pages(folder: Path) -> None:
    """Write the demo's pages below a folder."""
    out = folder / "out"
    _call("demo", "--out", out)
    runs = sorted(out.glob("runs/*/run.json"), key=lambda file: file.stat().st_mtime)
    run = runs[0].parent
    for language in ("es", "pt"):
        _call("report", run, "--lang", language, "--to", folder / f"run.{language}.html", "--out", out)
    _call("report", "demo", "--lang", "es", "--to", folder / "release.es.html", "--out", out)
    _call("measure", run, "--html", folder / "measure.html", "--lang", "es", "--out", out)
    _call("sample", run, "--by", "genre", "--n", "2", "--to", folder / "sample.html", "--lang", "pt", "--out", out)
    _call("explain", _COPY, "--run", run, "--html", folder / "life.html", "--lang", "es", "--out", out)
    interview = folder / "entrevista-17.txt"
    interview.write_text(_INTERVIEW, encoding="utf-8")
    _call("sources", "preview", interview, "--html", folder / "preview.html", "--lang", "es", "--out", out)


def main() -> None:
    """Write the pages, and take their pictures."""
    playwright = importlib.import_module("playwright.sync_api")
    browser_path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as named, playwright.sync_playwright() as driver:
        folder = Path(named)
        pages(folder)
        browser: Any = driver.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        for one in _PICTURES:
            viewport = {"width": one.width, "height": one.height}
            context = browser.new_context(viewport=viewport, color_scheme=one.colours)
            page = context.new_page()
            page.goto((folder / one.page).as_uri())
            page.screenshot(path=str(PICTURES / f"{one.name}.png"))
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
