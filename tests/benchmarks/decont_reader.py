"""datatrove's decontamination of the same documents, as `leaks` starts it.

`python decont_reader.py LINES DOCUMENTS RUN OUT` reads JSON lines with `text`, looks for runs of so many words, and
writes the numbers of the documents that it drops and its CPU seconds. Its indexer asks for lighteval; what is
taken of it is how it hashes a line.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any


def _texts(file: str) -> list[str]:
    with Path(file).open(encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]


def _main(lines: str, documents: str, run: str, out: str) -> None:
    from datatrove.data import Document
    from datatrove.pipeline.decont.n_grams import NGramsDecontConfig, NGramsDecontFilter, NGramsDecontIndexer
    from rival import regex_tokenizer  # type: ignore[import-not-found]

    config = NGramsDecontConfig(n_grams=int(run))
    block: Any = NGramsDecontFilter(str(Path(out).parent), config, language=regex_tokenizer())
    texts = _texts(documents)
    begun = time.process_time()
    hashes = (NGramsDecontIndexer.compute_hashes(block, line) for line in _texts(lines))
    vars(block)["_index_hashes"] = dict.fromkeys((one for each in hashes for one in each), "lines")
    dropped = [n for n, text in enumerate(texts) if block.filter(Document(text=text, id=str(n))) is not True]
    reported = {"dropped": dropped, "cpu": time.process_time() - begun}
    Path(out).write_text(json.dumps(reported), encoding="utf-8")


if __name__ == "__main__":
    _main(*sys.argv[1:])
