"""datatrove's filters with FineWeb-2's bounds on the same documents, as `bench` starts them with another Python.

`PYTHON rival_filters.py INPUT CONFIGS OUT` needs datatrove 0.10.1 and spacy and nothing of this project. INPUT has one
JSON object a line: language, text. CONFIGS is FineWeb-2's `configs.tar.xz`. OUT gets one JSON list a line: why
FineWeb-2's filters drop the document, and why C4's then does; null where it stays.

The order and the bounds that FineWeb-2 leaves out or fixes are those of its pipeline (github.com/huggingface/fineweb-2,
fineweb-2-pipeline.py): paragraphs and characters in duplicate lines aren't bounded, nor are short lines, and a tenth of
the characters may stand in duplicate lines. FineWeb-2 doesn't run C4's filter; FineWeb does, with open lines allowed.
"""

from __future__ import annotations

import json
import sys
import tarfile
from pathlib import Path
from typing import Any

# Languages whose policy is of FineWeb-2's code for the same language or the variety with the most text.
_CODES = {"aym": "ayr", "grn": "gug", "que": "quy"}
_WITHOUT = "spa"  # of a language without bounds: those of the language around it


def _configs(path: str) -> dict[str, dict[str, Any]]:
    import yaml

    results = {}
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file and member.name.endswith("_Latn.yml"):
                results[Path(member.name).name.removesuffix("_Latn.yml")] = yaml.safe_load(file)
    return results


def _loose(path: Path) -> dict[str, Any]:
    import yaml

    return dict(yaml.safe_load(path.read_text("utf-8")))


def _tokenized(code: str) -> str:
    """The language whose tokenizer datatrove has installed for this one."""
    from datatrove.utils.word_tokenizers import load_word_tokenizer

    try:
        load_word_tokenizer(code).word_tokenize("a")
    except (ImportError, ValueError):
        return _WITHOUT
    return code


def _filters(language: str, bounds: dict[str, Any]) -> list[Any]:
    from datatrove.pipeline.filters import (
        C4QualityFilter,
        FineWebQualityFilter,
        GopherQualityFilter,
        GopherRepetitionFilter,
    )

    return [
        GopherRepetitionFilter(
            language=language,
            dup_para_frac=0,
            dup_line_char_frac=0,
            dup_para_char_frac=0,
            dup_line_frac=bounds["dup_line_frac"],
            top_n_grams=bounds["top_n_grams"],
            dup_n_grams=bounds["dup_n_grams"],
        ),
        FineWebQualityFilter(
            language=language,
            short_line_thr=999,
            char_duplicates_ratio=0.1,
            line_punct_thr=bounds["line_punct_thr"],
            new_line_ratio=bounds["new_line_ratio"],
        ),
        GopherQualityFilter(
            language=language,
            max_avg_word_length=bounds["max_avg_word_length"],
            min_avg_word_length=bounds["min_avg_word_length"],
            stop_words=bounds["stopwords"],
            max_non_alpha_words_ratio=bounds["max_non_alpha_words_ratio"],
            min_stop_words=2,
        ),
        C4QualityFilter(language=language, filter_no_terminal_punct=False),
    ]


def _reason(block: Any, document: Any) -> str | None:
    reported = block.filter(document)
    passed, reason = reported if isinstance(reported, tuple) else (reported, type(block).__name__)
    return None if passed else str(reason)


def _main(source: str, configs: str, out: str) -> None:
    from datatrove.data import Document

    known = _configs(configs)
    for code in ("spa", "por"):
        known.setdefault(code, _loose(Path(configs).with_name(f"{code}_Latn.yml")))
    created: dict[str, list[Any]] = {}
    with open(source, encoding="utf-8") as lines, open(out, "w", encoding="utf-8") as reported:  # noqa: PTH123
        for number, line in enumerate(lines):
            row = json.loads(line)
            code = _CODES.get(row["language"], row["language"])
            if code not in created:
                bounds = known.get(code, known[_WITHOUT])
                created[code] = _filters(_tokenized(code), bounds)
            document = Document(text=row["text"], id=str(number))
            *fineweb, c4 = created[code]
            first = next((why for why in (_reason(block, document) for block in fineweb) if why), None)
            then = None if first else _reason(c4, document)
            reported.write(json.dumps([first, then]) + "\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])
