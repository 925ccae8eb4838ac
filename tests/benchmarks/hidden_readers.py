"""Read files with the readers of one checkout; the benchmark `hidden` runs this script with that checkout on its path.

`PYTHONPATH=CHECKOUT PYTHON -P hidden_readers.py` takes a JSON list of media type and Base64 from each line, and prints
the text, the names of title and creators, the notes, and the reader's error if it refused the file.
"""

from __future__ import annotations

import base64
import json
import sys
from importlib import import_module
from typing import Any

from latam_corpus.extract.stage import EXTRACTORS


def _read(media_type: str, raw: bytes) -> tuple[str, list[str], list[str], str]:
    module, _, name = EXTRACTORS[media_type].partition(":")
    try:
        found: Any = getattr(import_module(module), name.format(mode="balanced"))(raw, {})
    except Exception as error:  # noqa: BLE001  (earlier readers raise other classes)
        return "", [], [], str(error) or type(error).__name__
    names = [found.title, *(found.creators or ())]
    return found.text, [name for name in names if name], list(getattr(found, "notes", ())), ""


if __name__ == "__main__":
    for line in sys.stdin:
        media_type, raw = json.loads(line)
        sys.stdout.write(json.dumps(_read(media_type, base64.b64decode(raw))) + "\n")
