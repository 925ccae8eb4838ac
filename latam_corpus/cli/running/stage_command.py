"""`latam-corpus stage`: run one stage on a file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, get_origin, get_type_hints

from latam_corpus.cli.interface.show import console, note, number, print_json
from latam_corpus.collect.row_files import RowWriter, kind_of
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.pipeline.execution.one_stage import extract_files, process_file
from latam_corpus.pipeline.planning.registry import make_stage, stage_class
from latam_corpus.stages import Stage


def run_stage(*, name: str, source: Path, output: Path, settings: list[str], as_json: bool) -> None:
    """Run one stage on a file; the output has one row per input row, in the same order."""
    options: dict[str, Any] = {}
    for entry in settings:
        key, value = _setting(name, entry)
        if key in options:
            raise ConfigError("--set", _("«{key}» is given twice", key=key), _("give it once"))
        options[key] = value
    configured = make_stage(name, options, f"stage «{name}»")
    kind_of(output)
    rows, dropped = 0, 0
    if isinstance(configured, Stage) and "raw" in configured.needs:
        chunks = extract_files(source, configured)
    else:
        chunks = process_file(source, configured.expand(), note)
    with RowWriter(output) as writer:
        for originals, result in chunks:
            writer.write(originals, result)
            rows += result.height
            dropped += result["drop_reason"].drop_nulls().len() if "drop_reason" in result.columns else 0
    if as_json:
        print_json({"stage": name, "rows": rows, "dropped": dropped, "output": str(output)})
    else:
        console.print(
            _(
                "{name}: {n} {n:row|rows}, {dropped} with a drop reason, in {output}",
                name=name,
                n=number(rows),
                dropped=number(dropped),
                output=output,
            )
        )


def _setting(stage_name: str, entry: str) -> tuple[str, Any]:
    """Parse `key=value`; the value is TOML if possible, and a list may be written as `spa,por`."""
    key, separator, value = entry.partition("=")
    if not separator:
        raise ConfigError("--set", _("«{entry}» has no =", entry=entry), _("write key=value"))
    hint = get_type_hints(stage_class(stage_name, "stage")).get(key.strip())
    is_list = get_origin(hint) is tuple
    try:
        parsed: Any = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value.split(",") if is_list else value
    return key.strip(), [parsed] if is_list and not isinstance(parsed, list) else parsed
