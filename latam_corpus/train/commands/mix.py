"""`latam-corpus mix plan` and `tokens`: divide a token budget among slices, and count a version's tokens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from latam_corpus.audit.stores import load_version, open_store
from latam_corpus.cli.interface.show import console, note, number, print_json, progress, table
from latam_corpus.codes import groups
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _, decimal
from latam_corpus.train.mixture import divide, parse_weights, token_budget, weighting_of
from latam_corpus.train.shards.corpus_files import held_out_note, open_files
from latam_corpus.train.tokens.token_counts import REFERENCE, count_slices
from latam_corpus.train.tokens.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from latam_corpus.train.shards.corpus_files import CorpusFiles


BAR = 24  # characters of the longest bar


def show_mixture(
    *,
    names: list[str],
    tokens: str,
    tokenizer: str,
    by: str,
    weights: str | None,
    temperature: float | None,
    cap: float,
    weight: list[str] | None,
    split: str | None,
    out: Path,
    store: str | None,
    as_json: bool,
) -> None:
    """Show each slice's epochs under a token budget, exhausted slices, and the share of indigenous languages."""
    budget = token_budget(tokens)
    weighting = weighting_of(weights, temperature, cap, parse_weights(weight or []))
    loaded = load_tokenizer(tokenizer)
    opened = open_store(store, out)
    columns = list(dict.fromkeys(name.strip() for name in by.split(",")))
    files: dict[str, CorpusFiles] = {}
    for name in dict.fromkeys(names):
        spec = load_version(opened, name, note).spec
        release = spec.partition("@")[0]
        same_release = next((key for key in files if key != spec and key.partition("@")[0] == release), None)
        if same_release:
            problem = _("{spec} is a version of the same release as {other}", spec=spec, other=same_release)
            raise ConfigError(name, problem, _("name one of them: most documents are in both"))
        all_files = open_files(opened.url, spec)
        files[spec] = all_files.of(split=all_files.chosen_split(split))
        if split is None and files[spec].held_out:
            note(held_out_note(files[spec]))
    counted = []
    with progress() as step:
        for spec, version in files.items():
            counted += [(spec, part) for part in count_slices(version, loaded, columns, step)]
    labels = {
        (spec, part.values): "/".join([*([spec.partition("@")[0]] if len(files) > 1 else []), *part.values])
        for spec, part in counted
    }
    sizes = {labels[spec, part.values]: part.tokens for spec, part in counted}
    drawn = divide(budget, sizes, weighting)
    rows: list[dict[str, Any]] = []
    indigenous = 0
    for spec, part in counted:
        tokens_drawn = drawn[labels[spec, part.values]]
        epochs = tokens_drawn / part.tokens if part.tokens else 0.0
        values = dict(zip(columns, part.values, strict=True))
        if values.get("language", "").partition("_")[0] in groups().of:
            indigenous += tokens_drawn
        rows.append(
            {"slice": labels[spec, part.values], "release": spec}
            | values
            | ({} if "split" in columns else {"split": split or "train"})
            | {
                "documents": part.documents,
                "tokens": part.tokens,
                "share": tokens_drawn / budget,
                "budget": tokens_drawn,
                "epochs": epochs,
                "drawn": round(epochs * part.documents),
                "exhausted": epochs > cap or (weighting.method == "unimax" and epochs >= cap * (1 - 1e-6)),
            }
        )
    total = sum(drawn.values())
    by_language = "language" in columns
    if as_json:
        print_json(
            {
                "tokens": budget,
                "planned": total,
                "tokenizer": loaded.sha256,
                "weights": weighting.method,
                "by": list(dict.fromkeys([*columns, "split"])),
                "indigenous_share": indigenous / budget if by_language else None,
                "slices": rows,
            }
        )
        return
    largest_share = max(row["share"] for row in rows)
    table(
        _("{n} {n:token|tokens}, {method}", n=number(budget), method=weighting.method),
        [_("slice"), _("documents#"), _("tokens#"), _("share#"), _("epochs#"), "", ""],
        [
            (
                row["slice"],
                number(row["documents"]),
                number(row["tokens"]),
                decimal(f"{row['share']:.1%}"),
                decimal(f"{row['epochs']:.2f}"),
                _("exhausted") if row["exhausted"] else "",
                "█" * round(BAR * row["share"] / largest_share) if largest_share else "",
            )
            for row in sorted(rows, key=lambda row: -row["share"])
        ],
    )
    if total < budget:
        console.print(_("the caps leave {n} {n:token|tokens} of the budget unfilled", n=number(budget - total)))
    if by_language:
        share = decimal(f"{indigenous / budget:.1%}")
        console.print(_("indigenous languages of the Americas: {share} of the budget", share=share))


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
