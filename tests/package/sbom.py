"""The software bill of materials that the wheel carries: what the toolkit needs to run, with versions and licences.

`python -m tests.package.sbom` writes it. Without a time or a random number: the same dependencies give the same bytes.
"""

from __future__ import annotations

import importlib.metadata as installed
import json
import re
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement

ROOT: Final = Path(__file__).parents[2]
FILE: Final = ROOT / "sbom.cdx.json"
# Markers are read for one system, whichever computes the file.
_SYSTEM: Final = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.11.0",
    "python_version": "3.11",
    "sys_platform": "linux",
    "extra": "",
}


def cyclonedx() -> str:
    """Return the bill of the toolkit and of all that it needs without extras, as CycloneDX 1.6 JSON.

    Versions are those of `constraints.txt`; licences are those that the installed packages declare.
    """
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    pinned = {_normal(name): version for name, _, version in (line.partition("==") for line in lines)}
    edges = _closure("latam-corpus")
    own = installed.version("latam-corpus")
    versions = {name: own if name == "latam-corpus" else pinned[name] for name in edges}
    addresses = {name: f"pkg:pypi/{name}@{version}" for name, version in versions.items()}
    components = {name: _component(name, versions[name], addresses[name]) for name in sorted(edges)}
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": components.pop("latam-corpus")},
        "components": list(components.values()),
        "dependencies": [
            {"ref": addresses[name], "dependsOn": sorted(addresses[needed] for needed in edges[name])}
            for name in sorted(edges)
        ],
    }
    return json.dumps(bill, indent=1, ensure_ascii=False) + "\n"


def _closure(package: str) -> dict[str, set[str]]:
    """Return `package` and all that it needs, each with the names that it needs directly, by the extras asked for."""
    edges: dict[str, set[str]] = {}
    queue: list[tuple[str, frozenset[str]]] = [(package, frozenset())]
    seen = set(queue)
    while queue:
        name, extras = queue.pop()
        needed = edges.setdefault(name, set())
        for line in installed.requires(name) or ():
            requirement = Requirement(line)
            marker = requirement.marker
            environments = [_SYSTEM | {"extra": extra} for extra in ("", *extras)]
            if marker and not any(marker.evaluate(each) for each in environments):
                continue
            target = (_normal(requirement.name), frozenset(requirement.extras))
            needed.add(target[0])
            if target not in seen:
                seen.add(target)
                queue.append(target)
    return edges


def _component(name: str, version: str, address: str) -> dict[str, Any]:
    declared = installed.metadata(name)
    licences: dict[str, Any] = {}
    if "License-Expression" in declared:
        licences = {"licenses": [{"expression": declared["License-Expression"]}]}
    else:
        # Older metadata has a name, or the whole text, for which the classifiers stand in.
        [field, *_] = declared.get_all("License") or [""]
        classifiers = declared.get_all("Classifier") or ()
        named = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ::")]
        names = [field] if field and "\n" not in field else named
        licences = {"licenses": [{"license": {"name": each}} for each in names]} if names else {}
    return {"type": "library", "bom-ref": address, "name": name, "version": version, **licences, "purl": address}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    FILE.write_text(cyclonedx(), encoding="utf-8")
