"""The command `sources check`: list the errors of source files and how to correct them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import typer

from latam_corpus.catalog.display_names import read_back
from latam_corpus.cli.interface.show import console, print_json
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.errors import ConfigError
from latam_corpus.intake.check_file import check_file, findings_in_records
from latam_corpus.intake.check_source import Finding
from latam_corpus.messages import _

_ADVICE: Final = _("advice")


def check_sources(files: list[Path], where: str, *, as_json: bool) -> None:
    """List the errors of source files and how to correct them. Exit code 1 if there are any."""
    language = spoken()
    reports: list[dict[str, Any]] = []
    if where and len(files) > 1:
        raise ConfigError("--input", _("it can only be used with one file"), _("check the files one by one"))
    by_id: dict[str, Path] = {}
    for path in files:
        source, findings = check_file(path)
        if source and by_id.setdefault(source.id, path) != path:
            same_id = _("«{id}» is the id of {path} too", id=source.id, path=by_id[source.id])
            findings = [*findings, Finding(None, "id", same_id, _("give one of them another id"))]
        if source:
            findings = [*findings, *findings_in_records(source, where)]
        errors_found = sum(finding.wrong for finding in findings)
        reports.append(
            {
                "file": str(path),
                "ok": source is not None and not errors_found,
                "source": source.id if source else None,
                "findings": [finding.as_dict(language) for finding in findings],
            }
        )
        if as_json:
            continue
        verdict = _("{n} {n:error|errors}", n=errors_found) if errors_found else _("no errors")
        console.print(f"{'✗' if errors_found else '✓'} {path}: {verdict.translate(language)}")
        facts = read_back(source.genre, source.country, source.languages) if source else None
        if facts and str(facts):
            console.print(_("  read as: {facts}", facts=facts))
        for finding in findings:
            label = "" if finding.wrong else f"{_ADVICE.translate(language)}: "
            console.print(f"  {label}{finding.in_language(language)}")
    if as_json:
        print_json(reports)
    if not all(report["ok"] for report in reports):
        raise typer.Exit(1)
