"""Run another extractor on pages; the module `shelves` starts this script with another Python.

`PYTHON other_extractors.py SYSTEM PAGES TEXTS` reads the markup of a page, a JSON string, from each line of PAGES. The
first line of TEXTS has the versions; each other line is a JSON list of a page's text and the seconds of processor time.
SYSTEM is a name in `SYSTEMS`. The script doesn't import anything from this project.

    python3 -m venv rival-extraction
    rival-extraction/bin/pip install trafilatura lxml_html_clean readability-lxml justext resiliparse
"""

from __future__ import annotations

import json
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_DISTRIBUTIONS = ("trafilatura", "lxml", "readability-lxml", "jusText", "Resiliparse")


def _trafilatura(**options: Any) -> Callable[[str], str]:
    import trafilatura  # the extractors are installed only for the other Python

    def text(page: str) -> str:
        return trafilatura.extract(page, include_comments=False, **options) or ""

    return text


def _readability() -> Callable[[str], str]:
    import lxml.html
    import readability  # type: ignore[import-not-found]

    def text(page: str) -> str:
        summary: Any = lxml.html.fromstring(readability.Document(page).summary(html_partial=True))
        return "\n".join(piece.strip() for piece in summary.itertext() if piece.strip())

    return text


def _justext() -> Callable[[str], str]:
    import justext  # type: ignore[import-untyped]

    stops = frozenset().union(*(justext.get_stoplist(name) for name in ("Spanish", "Portuguese", "English")))

    def text(page: str) -> str:
        return "\n".join(part.text for part in justext.justext(page, stops) if not part.is_boilerplate)

    return text


def _resiliparse(**options: Any) -> Callable[[str], str]:
    from resiliparse.extract.html2text import extract_plain_text

    def text(page: str) -> str:
        return str(extract_plain_text(page, **options))

    return text


SYSTEMS: dict[str, Callable[[], Callable[[str], str]]] = {
    "trafilatura": _trafilatura,
    "trafilatura fast": lambda: _trafilatura(fast=True),
    "trafilatura precision": lambda: _trafilatura(favor_precision=True),
    "trafilatura fast, precision": lambda: _trafilatura(fast=True, favor_precision=True),
    "readability-lxml": _readability,
    "justext": _justext,
    # The options that score best on these pages; the defaults score lower.
    "resiliparse": lambda: _resiliparse(
        main_content=True, preserve_formatting=True, alt_texts=False, list_bullets=False, comments=False
    ),
    "all visible text": lambda: _resiliparse(main_content=False, preserve_formatting=True),
}


def main() -> None:
    """Extract every page with one system."""
    system, pages, texts = sys.argv[1:4]
    extract = SYSTEMS[system]()
    with Path(pages).open(encoding="utf-8") as lines, Path(texts).open("w", encoding="utf-8") as out:
        out.write(json.dumps({name: metadata.version(name) for name in _DISTRIBUTIONS}) + "\n")
        for number, line in enumerate(lines):
            page = json.loads(line)
            if not number:
                extract(page)  # the first call also initialises the extractor
            started = time.process_time()
            try:
                text = extract(page)
            except Exception:  # noqa: BLE001  (a page on which the extractor fails has no text)
                text = ""
            out.write(json.dumps([text, time.process_time() - started]) + "\n")


if __name__ == "__main__":
    main()
