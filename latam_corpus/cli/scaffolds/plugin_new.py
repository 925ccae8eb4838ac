"""`latam-corpus plugin new`: write a package with a stage, a signal, an extractor or a reader."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from latam_corpus.cli.interface.options import Json
from latam_corpus.cli.interface.show import console, print_json
from latam_corpus.cli.scaffolds.plug_in_templates import KINDS, PROJECT, TEST
from latam_corpus.errors import ConfigError, closest
from latam_corpus.formats.registry import suffixes
from latam_corpus.messages import N_, _
from latam_corpus.pipeline.planning.registry import registered
from latam_corpus.signals import signal_names

app = typer.Typer(no_args_is_help=True)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_SUFFIX: Final = re.compile(r"[a-z][a-z0-9]*")


@app.callback()
def plugin() -> None:
    """Write plug-in packages."""


@app.command("new")
def new(
    kind: Annotated[str, typer.Argument(help=N_("stage, signal, extractor or reader."))],
    name: Annotated[
        str,
        typer.Argument(
            help=N_("Its name in recipes or policies; for an extractor or reader, the suffix of its files.")
        ),
    ],
    to: Annotated[Path | None, typer.Option(help=N_("The folder to write; corpus-NAME by default."))] = None,
    as_json: Json = False,
) -> None:
    """Write a package with a stage, signal, extractor or reader, and a test."""
    if kind not in KINDS:
        raise ConfigError(kind, _("it isn't a kind of plug-in"), closest(kind, KINDS))
    if not (_SUFFIX if kind in ("extractor", "reader") else _NAME).fullmatch(name):
        remedy = _("start with a small letter, and use small letters and digits; a stage or signal may also have _")
        raise ConfigError(name, _("it isn't a valid name"), remedy)
    existing = {"stage": registered(), "signal": signal_names()}.get(kind, [suffix[1:] for suffix in suffixes()])
    if name in existing:
        raise ConfigError(name, _("the name is taken"), _("give it another name"))
    folder = to or Path(f"corpus-{name.replace('_', '-')}")
    if folder.exists():
        raise ConfigError(str(folder), _("the folder already exists"), _("name a new one with --to"))
    chosen = KINDS[kind]
    words = {"name": name, "kind": kind, "group": chosen.group, "hyphened": name.replace("_", "-")}
    words["class_name"] = "".join(part.capitalize() for part in name.split("_"))
    words["attribute"] = chosen.attribute.substitute(words)
    words["call"] = chosen.test.substitute(words)
    files = {
        "pyproject.toml": PROJECT.substitute(words),
        f"corpus_{name}.py": chosen.module.substitute(words),
        f"tests/test_{name}.py": TEST.substitute(words),
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    if as_json:
        print_json({"folder": str(folder), "files": sorted(files)})
        return
    for path in files:
        console.print(_("written: {path}", path=folder / path))
    for command in (f"pip install -e {folder}", f"python -m pytest {folder}"):
        console.print(_("next  {command}", command=command))
