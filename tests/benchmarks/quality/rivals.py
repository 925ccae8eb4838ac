"""datatrove's Gopher, C4 and FineWeb filters on the documents of a JSONL file, in another Python.

`PYTHON rivals.py FILE ROW WORDS` needs datatrove and spacy, and nothing of this project; it prints its cost as one
line of JSON. ROW is `stock` (datatrove's own tokenizer for Spanish) or `regex`; WORDS is a JSON list of stop words.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))


def _filters(row: str, stop_words: list[str]) -> list[Any]:
    """The filters in the order and with the options of datatrove's examples/fineweb.py, in Spanish."""
    from datatrove.pipeline.filters import (
        C4QualityFilter,
        FineWebQualityFilter,
        GopherQualityFilter,
        GopherRepetitionFilter,
    )
    from rival import regex_tokenizer  # type: ignore[import-not-found]

    language = regex_tokenizer() if row == "regex" else "spa"
    return [
        GopherRepetitionFilter(language=language),
        GopherQualityFilter(language=language, stop_words=stop_words),
        C4QualityFilter(filter_no_terminal_punct=False, language=language),
        FineWebQualityFilter(language=language),
    ]


def _main(path: str, row: str, words: str) -> None:
    from datatrove.data import Document

    filters = _filters(row, json.loads(words))
    with Path(path).open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    for quality_filter in filters:  # what is loaded at first use is no part of the speed
        quality_filter.filter(Document(text="Se fue la luz.", id=""))
    reached = [0] * len(filters)
    kept_count = 0
    started = time.process_time()
    for number, text in enumerate(texts):
        document = Document(text=text, id=str(number))
        for place, quality_filter in enumerate(filters):
            reached[place] += 1
            if quality_filter.filter(document) is not True:
                break
        else:
            kept_count += 1
    reported = {"cpu": time.process_time() - started, "kept": kept_count, "reached": reached}
    sys.stdout.write(json.dumps(reported) + "\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])
