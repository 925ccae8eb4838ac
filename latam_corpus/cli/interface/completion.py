"""What a shell completes by name: recipes, sources, stages and runs, as the names of their files tell it.

What begins otherwise is a path, which the shell completes itself.
"""

from __future__ import annotations

from pathlib import Path

import typer


def recipes(incomplete: str) -> list[str]:
    """Return the shipped recipes whose name begins so."""
    from latam_corpus.pipeline.planning.recipe import shipped_recipes

    return [name for name in shipped_recipes() if name.startswith(incomplete)]


def sources(incomplete: str) -> list[str]:
    """Return the ids of the catalogue that begin so."""
    from latam_corpus.catalog.source import SOURCES

    return sorted(path.stem for path in SOURCES.glob("*.toml") if path.stem.startswith(incomplete))


def stages(incomplete: str) -> list[str]:
    """Return the stages, plug-ins' too, whose key begins so."""
    from latam_corpus.pipeline.planning.registry import registered

    return sorted(name for name in registered() if name.startswith(incomplete))


def runs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the finished runs of the folder `--out` whose name begins so."""
    from latam_corpus.pipeline.stored_runs.run_record import RUN_FILE

    files = (Path(ctx.params.get("out") or "out") / "runs").glob(f"*/{RUN_FILE}")
    return sorted(path.parent.name for path in files if path.parent.name.startswith(incomplete))
