"""Which documents a release may have, by statements that are plain facts.

Nothing of the product decides here. The rules are those of `docs/rights.md` and decisions 0117 to 0119.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

# How open the licences are that statements name.
_TIERS = ("open", "attribution", "non_commercial")
LICENCES = {"CC0-1.0": "open", "CC-BY-4.0": "attribution", "CC-BY-NC-4.0": "non_commercial"}
_ALWAYS = frozenset({"reserved", "unread", "claimed", "no row"})  # nobody knows what is allowed
SECRET, NON_COMMERCIAL = "tk-secret-sacred", "tk-non-commercial"


class Asked(NamedTuple):
    """What a version is for: the tiers that it admits, its uses, and the day."""

    admit: tuple[str, ...]
    uses: tuple[str, ...]
    day: date


@dataclass(frozen=True)
class Source:
    """What a source file says."""

    name: str
    holder: str
    statement: str | None = "CC0-1.0"
    uses: tuple[str, ...] = ("train", "redistribute", "evaluate")
    until: date | None = None
    start: date | None = None
    label: str | None = None
    scope: tuple[str, ...] | None = None
    agreement: str | None = None

    def forbids(self, asked: Asked) -> bool:
        """Whether the source's own terms keep its documents out."""
        return (
            self.statement is None
            or LICENCES[self.statement] not in asked.admit
            or any(use not in self.uses or (self.scope is not None and use not in self.scope) for use in asked.uses)
            or (self.until is not None and self.until < asked.day)
            or self.label_forbids(asked)
            or self.is_embargoed(asked)
        )

    def label_forbids(self, asked: Asked) -> bool:
        """Whether a label of a community does, which binds every copy."""
        closed = self.label == SECRET and self.agreement is None
        return closed or (self.label == NON_COMMERCIAL and "non_commercial" not in asked.admit)

    def is_embargoed(self, asked: Asked) -> bool:
        """Whether an embargo does, which binds copies, too."""
        return self.start is not None and self.start > asked.day


class Fact(NamedTuple):
    """A statement of a record, row or file about its document; `by_file` is the file's own."""

    says: str
    by_file: bool = False

    def forbids(self, asked: Asked) -> bool:
        """Whether the statement keeps the document out."""
        name, _, day = self.says.partition(" ")
        if name == "until":
            return date.fromisoformat(day) < asked.day
        if name == "from":
            return date.fromisoformat(day) > asked.day
        return {
            "nc": "non_commercial" not in asked.admit or asked.uses != ("evaluate",),
            "by": "attribution" not in asked.admit,
            "evaluate": asked.uses != ("evaluate",),
            "noai": "train" in asked.uses,
            "tdm": asked.uses != ("evaluate",),
        }.get(self.says, self.says in _ALWAYS)

    def is_beyond(self, source: Source) -> bool:
        """Whether it restricts more than the licence, the uses and the end of its source do already."""
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
    """A document in a run: its source as it was then, its key in the source, its text, and what is said of it."""

    source: Source
    key: str
    work: int
    facts: tuple[Fact, ...]

    @property
    def name(self) -> tuple[str, str]:
        """What names the document in every run."""
        return self.source.name, self.key


@dataclass
class Version:
    """A version: what it was asked for, the items of the runs that it names, and the documents that it has."""

    asked: Asked
    items: list[Item]
    released: set[tuple[str, str]] = field(default_factory=set)


@dataclass
class Oracle:
    """What may be in the latest of several versions, each the parent of the next."""

    versions: list[Version]

    def texts_of(self, document: tuple[str, str]) -> set[int]:
        """The texts that a document has had; a notice at the end of a text makes it another one."""
        return {item.work for version in self.versions for item in version.items if item.name == document}

    @property
    def latest(self) -> Version:
        """The version that is judged."""
        return self.versions[-1]

    def violations(self, document: tuple[str, str]) -> list[str]:
        """The statements that forbid a document of the latest version."""
        found = []
        for number, version in enumerate(self.versions):
            is_earlier = version is not self.latest
            for item in version.items:
                if item.name != document and self.texts_of(document) != {item.work}:
                    continue
                if is_earlier and not self._is_remembered(number, item, document):
                    continue
                found += [f"{item.source.name}/{item.key} in {number}: {why}" for why in self._against(item, document)]
        return found

    def _is_remembered(self, number: int, item: Item, document: tuple[str, str]) -> bool:
        """Whether what an earlier version's run states of `item` still binds the document.

        A version knows what is stated of documents that it has, or that the version before it had.
        """
        before = self.versions[number - 1].released if number else set()
        if document not in self.versions[number].released | before:
            return False
        seen = {
            one.source.agreement for v in self.versions[: number + 1] for one in v.items
            if one.source.name == item.source.name
        }  # fmt: skip
        later = {
            one.source.agreement for v in self.versions[number + 1 :] for one in v.items
            if one.source.name == item.source.name
        }  # fmt: skip
        return not (later - seen - {None})

    def _against(self, item: Item, document: tuple[str, str]) -> list[str]:
        """What one item says against a document that is the same one, or another with its text."""
        asked, source = self.latest.asked, item.source
        every = (one for version in self.versions for one in version.items)
        own = [one.source for one in every if one.source.name == document[0]]
        facts = [one for one in item.facts if one.forbids(asked)]
        if item.name != document:  # a file without a row says nothing of its copies
            facts = [one for one in facts if one.says != "no row"]
            # Not heeded yet: the licence of a file without a row, such as CC BY-NC, as a restriction of its copies.
            if any(one.says == "no row" for one in item.facts):
                facts = [one for one in facts if one.says not in ("nc", "by")]
        # An agreement of a source lifts what its files reserve, not what its records and rows say.
        facts = [one for one in facts if not (one.by_file and one.says in _ALWAYS and source.agreement)]
        if item.source.name == document[0]:
            states_nothing = item.source.statement is None and not item.facts
            if states_nothing and item.name != document:
                return []
            return [one.says for one in facts] + (["its source"] if source.forbids(asked) else [])
        if source.label_forbids(asked) and (source.label == SECRET or not source.agreement):
            return ["a label of its community"]
        if any(one.agreement and one.holder != source.holder for one in own):
            return []
        found = [one.says for one in facts if one.is_beyond(source)]
        return found + (["an embargo"] if source.is_embargoed(asked) else [])

    def must_be_released(self) -> set[int]:
        """The texts that nothing restricts in any version, and that a source offers for what is asked."""
        asked = self.latest.asked
        restricted = {
            work
            for version in self.versions
            for item in version.items
            for work in self.texts_of(item.name)
            if any(fact.forbids(asked) for fact in item.facts)
            or item.source.label_forbids(asked)
            or item.source.is_embargoed(asked)
        }
        # A source whose terms differ between runs has the strictest of them.
        every = {item.source for version in self.versions for item in version.items}
        closed = {source.name for source in every if source.forbids(asked)}
        offered = {item.work for item in self.latest.items if item.source.name not in closed}
        return offered - restricted
