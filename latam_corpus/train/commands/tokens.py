"""`latam-corpus release tokens`: counts the tokens of a version by slice, and the tokens per word."""

from __future__ import annotations

from pathlib import Path

from latam_corpus.audit.stores import load_version, open_store
from latam_corpus.cli.interface.show import note, number, print_json, progress, table
from latam_corpus.messages import _, decimal
from latam_corpus.train.shards.corpus_files import open_files
from latam_corpus.train.tokens.token_counts import REFERENCE, count_slices
from latam_corpus.train.tokens.tokenizer import load_tokenizer

BAR = 24  # characters of the longest bar


def show_tokens(*, spec: str, tokenizer: str, by: str, out: Path, store: str | None, as_json: bool) -> None:
    """Count the tokens of a version by language and genre."""
    loaded = load_tokenizer(tokenizer)
    opened = open_store(store, out)
    files = open_files(opened.url, load_version(opened, spec, note).spec)
    columns = list(dict.fromkeys(name.strip() for name in by.split(",")))
    with progress() as step:
        slices = count_slices(files, loaded, columns, step)
    reference = [part for part in slices if part.values[0] == REFERENCE and columns[0] == "language"]
    reference_words = sum(part.words for part in reference)
    spanish = sum(part.tokens for part in reference) / reference_words if reference_words else None
    rows = [
        dict(zip(columns, part.values, strict=True))
        | {
            "documents": part.documents,
            "tokens": part.tokens,
            "words": part.words,
            "bytes": part.bytes,
            "tokens_a_word": round(part.fertility, 3),
            "beside_spanish": round(part.fertility / spanish, 3) if spanish else None,
        }
        for part in slices
    ]
    total = sum(part.tokens for part in slices)
    if as_json:
        print_json({"release": files.manifest.spec, "tokenizer": loaded.sha256, "tokens": total, "slices": rows})
        return
    highest = max((part.fertility for part in slices), default=1)
    table(
        _("{release}: {n} {n:token|tokens}", release=files.manifest.spec, n=number(total)),
        [*columns, _("documents#"), _("tokens#"), _("tokens per word#"), _("relative to Spanish#"), ""],
        [
            (
                *part.values,
                number(part.documents),
                number(part.tokens),
                decimal(f"{part.fertility:.2f}"),
                row["beside_spanish"] if spanish else "",
                "█" * round(BAR * part.fertility / highest),
            )
            for part, row in zip(slices, rows, strict=True)
        ],
    )
