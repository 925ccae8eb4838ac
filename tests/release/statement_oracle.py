"""Decide which documents a release may have from abstract statements, without code of the package.

The rules are those of `docs/rights.md`, and of `catalogues.md`, `strictest-statement.md` and `rights-statements.md` in
`docs/decisions/`.

"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

# The tiers of licences in statements, from open to closed.
_TIERS = ("open", "attribution", "non_commercial")
LICENCES = {"CC0-1.0": "open", "CC-BY-4.0": "attribution", "CC-BY-NC-4.0": "non_commercial"}
_ALWAYS = frozenset({"reserved", "unread", "claimed", "no row"})  # it is unknown what they allow
SECRET, NON_COMMERCIAL = "tk-secret-sacred", "tk-non-commercial"


class Requirements(NamedTuple):
    """The requirements of a version: the tiers that it admits, the required uses, and the day."""

    admit: tuple[str, ...]
    uses: tuple[str, ...]
    day: date


@dataclass(frozen=True)
class Source:
    """The terms of a source file."""

    name: str
    holder: str
    statement: str | None = "CC0-1.0"
    uses: tuple[str, ...] = ("train", "redistribute", "evaluate")
    until: date | None = None
    start: date | None = None
    label: str | None = None
    scope: tuple[str, ...] | None = None
    agreement: str | None = None

    def forbids(self, requirements: Requirements) -> bool:
        """Whether the terms of the source keep its documents out."""
        return (
            self.statement is None
            or LICENCES[self.statement] not in requirements.admit
            or any(
                use not in self.uses or (self.scope is not None and use not in self.scope) for use in requirements.uses
            )
            or (self.until is not None and self.until < requirements.day)
            or self.label_forbids(requirements)
            or self.is_embargoed(requirements)
        )

    def label_forbids(self, requirements: Requirements) -> bool:
        """Whether a community label keeps out every copy."""
        closed = self.label == SECRET and self.agreement is None
        return closed or (self.label == NON_COMMERCIAL and "non_commercial" not in requirements.admit)

    def is_embargoed(self, requirements: Requirements) -> bool:
        """Whether an embargo keeps out every copy."""
        return self.start is not None and self.start > requirements.day


class Fact(NamedTuple):
    """A statement of a record, row or file about its document; `by_file` marks one of the file itself."""

    says: str
    by_file: bool = False

    def forbids(self, requirements: Requirements) -> bool:
        """Whether the statement keeps the document out."""
        name, _, day = self.says.partition(" ")
        if name == "until":
            return date.fromisoformat(day) < requirements.day
        if name == "from":
            return date.fromisoformat(day) > requirements.day
        return {
            "nc": "non_commercial" not in requirements.admit or requirements.uses != ("evaluate",),
            "by": "attribution" not in requirements.admit,
            "evaluate": requirements.uses != ("evaluate",),
            "noai": "train" in requirements.uses,
            "tdm": requirements.uses != ("evaluate",),
        }.get(self.says, self.says in _ALWAYS)

    def is_beyond(self, source: Source) -> bool:
        """Whether it restricts more than the licence, the uses and the end of its source."""
        if source.statement is None:
            return self.says in _ALWAYS or self.says in ("noai", "tdm") or self.says.startswith("from")
        tier = LICENCES[source.statement]
        if source.label == NON_COMMERCIAL:
            tier = "non_commercial"
        if self.says in ("by", "nc"):
            return _TIERS.index(tier) < _TIERS.index("attribution" if self.says == "by" else "non_commercial")
        if self.says == "evaluate":
            return {"train", "redistribute"} <= set(source.uses) and source.scope is None
        return not (self.says.startswith("until") and source.until)


class Item(NamedTuple):
    """A document in a run: its source at that time, its key in the source, its text, and the facts about it."""

    source: Source
    key: str
    work: int
    facts: tuple[Fact, ...]

    @property
    def name(self) -> tuple[str, str]:
        """The name of the document in every run."""
        return self.source.name, self.key


@dataclass
class Version:
    """A version: its requirements, the items of its runs, and the released documents."""

    requirements: Requirements
    items: list[Item]
    released: set[tuple[str, str]] = field(default_factory=set)


@dataclass
class Oracle:
    """Judge the latest of several versions, each the parent of the next."""

    versions: list[Version]

    def texts_of(self, document: tuple[str, str]) -> set[int]:
        """Return the texts that a document has had; a notice at the end of a text makes it a different one."""
        return {item.work for version in self.versions for item in version.items if item.name == document}

    @property
    def latest(self) -> Version:
        """The version that is judged."""
        return self.versions[-1]

    def violations(self, document: tuple[str, str]) -> list[str]:
        """Return the statements that forbid a document of the latest version."""
        violations = []
        for number, version in enumerate(self.versions):
            is_earlier = version is not self.latest
            for item in version.items:
                if item.name != document and self.texts_of(document) != {item.work}:
                    continue
                if is_earlier and not self._is_remembered(number, item, document):
                    continue
                violations += [
                    f"{item.source.name}/{item.key} in {number}: {why}" for why in self._against(item, document)
                ]
        return violations

    def _is_remembered(self, number: int, item: Item, document: tuple[str, str]) -> bool:
        """Whether a statement of an earlier version's run about `item` still applies to the document.

        A version remembers statements about documents that it has, or that the previous version had.

        """
        previous = self.versions[number - 1].released if number else set()
        if document not in self.versions[number].released | previous:
            return False
        seen = {
            other_item.source.agreement for v in self.versions[: number + 1] for other_item in v.items
            if other_item.source.name == item.source.name
        }  # fmt: skip
        later = {
            other_item.source.agreement for v in self.versions[number + 1 :] for other_item in v.items
            if other_item.source.name == item.source.name
        }  # fmt: skip
        return not (later - seen - {None})

    def _against(self, item: Item, document: tuple[str, str]) -> list[str]:
        """Return the statements of an item against a document, which is the same one or has its text."""
        requirements, source = self.latest.requirements, item.source
        all_items = (entry for version in self.versions for entry in version.items)
        own_sources = [entry.source for entry in all_items if entry.source.name == document[0]]
        facts = [entry for entry in item.facts if entry.forbids(requirements)]
        if item.name != document:  # a file without a row doesn't restrict its copies
            facts = [entry for entry in facts if entry.says != "no row"]
            # Not implemented: the licence of a file without a row, such as CC BY-NC, as a restriction of its copies.
            if any(entry.says == "no row" for entry in item.facts):
                facts = [entry for entry in facts if entry.says not in ("nc", "by")]
        # An agreement of a source lifts what its files reserve, not what its records and rows say.
        facts = [entry for entry in facts if not (entry.by_file and entry.says in _ALWAYS and source.agreement)]
        if item.source.name == document[0]:
            states_nothing = item.source.statement is None and not item.facts
            if states_nothing and item.name != document:
                return []
            return [entry.says for entry in facts] + (["its source"] if source.forbids(requirements) else [])
        if source.label_forbids(requirements) and (source.label == SECRET or not source.agreement):
            return ["a label of its community"]
        if any(entry.agreement and entry.holder != source.holder for entry in own_sources):
            return []
        restrictions = [entry.says for entry in facts if entry.is_beyond(source)]
        return restrictions + (["an embargo"] if source.is_embargoed(requirements) else [])

    def must_be_released(self) -> set[int]:
        """Return the texts that are restricted in no version, and whose source meets the requirements."""
        requirements = self.latest.requirements
        restricted = {
            work
            for version in self.versions
            for item in version.items
            for work in self.texts_of(item.name)
            if any(fact.forbids(requirements) for fact in item.facts)
            or item.source.label_forbids(requirements)
            or item.source.is_embargoed(requirements)
        }
        # A source whose terms differ between runs has the strictest of them.
        all_sources = {item.source for version in self.versions for item in version.items}
        closed = {source.name for source in all_sources if source.forbids(requirements)}
        offered = {item.work for item in self.latest.items if item.source.name not in closed}
        return offered - restricted
