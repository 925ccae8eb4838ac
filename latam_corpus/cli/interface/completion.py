"""Shell completion of the names of recipes, sources, stages and runs, by the names of their files.

Paths are completed by the shell.
"""

from __future__ import annotations

from pathlib import Path

import typer


def recipes(incomplete: str) -> list[str]:
    """Return the shipped recipes whose name starts with this text."""
    from latam_corpus.pipeline.planning.recipe import shipped_recipes

    return [name for name in shipped_recipes() if name.startswith(incomplete)]


def sources(incomplete: str) -> list[str]:
    """Return the ids of sources in the catalogue that start with this text."""
    from latam_corpus.catalog.source import SOURCES

    return sorted(path.stem for path in SOURCES.glob("*.toml") if path.stem.startswith(incomplete))


def stages(incomplete: str) -> list[str]:
    """Return the stages, including plug-ins, whose key starts with this text."""
    from latam_corpus.pipeline.planning.registry import registered

    return sorted(name for name in registered() if name.startswith(incomplete))


def runs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the finished runs in the folder `--out` whose name starts with this text."""
    from latam_corpus.pipeline.stored_runs.run_record import RUN_FILE

    files = (Path(ctx.params.get("out") or "out") / "runs").glob(f"*/{RUN_FILE}")
    return sorted(path.parent.name for path in files if path.parent.name.startswith(incomplete))
