"""The files at the root that say how to cite and what changed are in their forms."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

import latam_corpus

_ROOT = Path(__file__).parents[2]
_HEADINGS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
# The first version has nothing that changed; it lists what each user gets.
_FIRST = ["For librarians and archivists", "For data engineers", "For trainers", "For all", "Limits"]


def test_what_is_cited_is_this_program() -> None:
    """The keys that the Citation File Format asks for, and the package's own version and licence."""
    cited = yaml.safe_load((_ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert cited["cff-version"] == "1.2.0"
    assert cited["message"]
    assert cited["title"].startswith("latam_corpus")
    assert cited["authors"] == [{"name": "The latam_corpus developers"}] == project["authors"]
    assert str(cited["version"]) == latam_corpus.__version__
    assert cited["license"] == project["license"]


def test_the_changelog_is_kept() -> None:
    """Each version has its headings in order, each at most once, with a sentence per line; the first has its own."""
    text = (_ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    _, *versions = re.split(r"^## ", text, flags=re.MULTILINE)
    assert versions[0].startswith("[Unreleased]\n")
    for position, version in enumerate(versions, start=1):
        head, *sections = re.split(r"^### ", version, flags=re.MULTILINE)
        assert re.fullmatch(r"\[(Unreleased|\d+\.\d+\.\d+)\]( - \d{4}-\d\d-\d\d)?\s*", head.partition("\n")[0])
        names = [section.partition("\n")[0] for section in sections]
        assert names == (_FIRST if position == len(versions) else [name for name in _HEADINGS if name in names])
        for section in sections:
            lines = section.splitlines()[1:]
            assert all(re.fullmatch(r"- .+[.\])]", line) for line in lines if line), section
