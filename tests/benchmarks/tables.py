"""`tables`: the pages of docs/results, each written from one kept result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from .dedupe.tables import markdown
from .machine import RESULTS, Table

ROOT: Final = Path(__file__).resolve().parents[2]
PAGES: Final = ROOT / "docs" / "results"
_GATE: Final = ROOT / "tests" / "quality_gate" / "results"
_HEAD: Final = "<!-- Written by `python -m tests.benchmarks tables`; edit the result or the benchmark instead. -->\n\n"
_DATE: Final = len("2026-11-25-")
_WITH_JOBS: Final = ("dedupe_", "extraction_")
_COMMANDS: Final = {
    "ablate_transformer": "ablate --transformer",
    "gate": "gate --job gate",
    "quality_fresh": "quality_kept --fresh",
    "quality_fresh_first_look": "quality_kept --fresh",
}


def write() -> list[Path]:
    """Write the pages, remove those without a result, and return their paths."""
    PAGES.mkdir(parents=True, exist_ok=True)
    created = pages()
    for old in PAGES.glob("*.md"):
        if old.name not in created:
            old.unlink()
    for name, text in created.items():
        (PAGES / name).write_text(text, encoding="utf-8")
    return [PAGES / name for name in created]


def pages() -> dict[str, str]:
    """Return the pages by file name: one for the newest result of each name, and a list of all."""
    newest = {path.stem[_DATE:]: path for path in sorted(RESULTS.glob("*.json"))}
    created = {f"{name}.md": page(name, path) for name, path in sorted(newest.items())}
    [*_, gate] = sorted(_GATE.glob("*.json"))
    created["floors.md"] = _floors(gate)
    rows = [_listed(name, path) for name, path in newest.items()]
    facts = _read(gate)
    rows.append(("[floors](floors.md)", "What `make gate` measured", "`make gate`", facts["date"], facts["commit"], ""))
    title = "The newest result of each benchmark"
    table = markdown(
        Table(title, ("result", "measures", "command", "date", "commit", "processor"), tuple(sorted(rows)))
    )
    created["README.md"] = (
        f"{_HEAD}# Results\n\nEach page has the system, load, versions and settings too.\n\n{table}\n"
    )
    return created


def command(name: str) -> str:
    """Return the command that measures a result.

    >>> command("growth"), command("dedupe_recall"), command("quality_fresh")
    ('python -m tests.benchmarks growth', 'python -m tests.benchmarks dedupe --job recall', \
'python -m tests.benchmarks quality_kept --fresh')
    """
    if name.startswith("short_texts"):
        return "python -m tests.benchmarks.quality_kept.short_sheet"
    job = next((prefix for prefix in _WITH_JOBS if name.startswith(prefix)), "")
    usual = f"{job[:-1]} --job {name.removeprefix(job)}" if job else name
    return f"python -m tests.benchmarks {_COMMANDS.get(name, usual)}"


def _listed(name: str, path: Path) -> tuple[str, ...]:
    """Return a row of the list of results."""
    report = _read(path)
    machine = report["machine"]
    processor = f"{machine['processor']}, {machine['cores']} cores"
    return (
        *(f"[{name}]({name}.md)", _titles(path), f"`{command(name)}`"),
        *(report["written"], machine["commit"], processor),
    )


def page(name: str, path: Path) -> str:
    """Return the page of one result: its settings, its tables, its notes."""
    reported = _read(path)
    machine = reported["machine"]
    facts = [
        ("result", f"`{path.relative_to(ROOT).as_posix()}`, {reported['written']}"),
        ("commit", _commit(machine)),
        ("processor", f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB"),
        ("system", machine["system"]),
        ("load", " ".join(map(cell, machine["load"]))),
        ("Python", machine["python"]),
        ("versions", ", ".join(f"{key} {value}" for key, value in machine["versions"].items())),
        (
            "settings",
            ", ".join(f"{key} {cell(value)}" for key, value in reported["settings"].items() if _is_plain(value)),
        ),
    ]
    facts += [("model of languages", machine.get("model"))]
    fact_lines = "\n".join(f"- {key}: {value}" for key, value in facts if value)
    tables = [_table(table) for table in reported["tables"]]
    notes = "\n".join(f"- {' '.join(note.split())}" for note in reported.get("notes", ()))
    return f"{_HEAD}# {name}\n\n" + "\n\n".join([fact_lines, *tables, *([notes] if notes else [])]) + "\n"


def cell(value: object) -> str:
    """Format a figure for a page.

    >>> cell(12033.0), cell(836687), cell(0.0), cell(0.968), cell("spa"), cell(None)
    ('12,033', '836,687', '0', '0.968', 'spa', '')
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:,.7g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _floors(path: Path) -> str:
    reported = _read(path)
    rows = tuple((name, cell(value)) for name, value in reported["figures"].items())
    table = markdown(Table("What `make gate` measured", ("figure", "value#"), rows))
    facts = f"- result: `{path.relative_to(ROOT).as_posix()}`, {reported['date']}\n- commit: {_commit(reported)}"
    return f"{_HEAD}# floors\n\n{facts}\n\n{table}\n"


def _commit(reported: dict[str, Any]) -> str:
    """The code's commit; of results that don't name their model it was added later, and is the one that kept them."""
    return str(reported["commit"]) if "model" in reported else f"{reported['commit']}, which kept the result"


def _table(table: dict[str, Any]) -> str:
    rows = tuple(tuple(map(_escaped, row)) for row in table["rows"])
    return markdown(Table(table["title"], tuple(table["columns"]), rows))


def _escaped(value: object) -> str:
    """A cell that can't be taken for markup: code of the mutants has stars and line ends."""
    text = " ".join(cell(value).split())
    return f"`{text}`" if any(sign in text for sign in "*<{") and "`" not in text else text


def _is_plain(value: object) -> bool:
    return not isinstance(value, dict | list)


def _titles(path: Path) -> str:
    [first, *_] = _read(path)["tables"]
    return str(first["title"])


def _read(path: Path) -> dict[str, Any]:
    reported: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return reported
