"""The coverage of each language: model, training text, policy, stop words and reviewers."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latam_corpus.codes import UNDETERMINED, groups, name_of
from latam_corpus.language.model_files import chosen, locate
from latam_corpus.policies.policy_files import UND
from latam_corpus.policies.policy_reviews import content_digest, reviews

if TYPE_CHECKING:
    from latam_corpus.policies.policy import Policies


@dataclass(frozen=True)
class Coverage:
    """The resources for one language.

    Attributes:
        code: the ISO 639-3 code, or the ISO 639-5 code of a group that the model identifies.
        name: the name in English, from ISO 639.
        group: the code of the group as which the model judges the language.
        americas: whether the model judges it by the rule for languages of the Americas.
        training_lines: the number of lines that the model was trained on; 0 if it can't identify the language.
        policy: the kind of policy file: `own`, `macro` (its macrolanguage's) or `und`.
        policy_file: the name of that file, such as `spa.toml`.
        stop_words: the number of stop words in the policy.
        bounds: the signals for which the policy has bounds.
        reviewed_by: the reviewers of the policy's current content.
        read_before: the reviewers of earlier content, or without a signature.
    """

    code: str
    name: str
    group: str
    americas: bool
    training_lines: int
    policy: str
    policy_file: str
    stop_words: int
    bounds: tuple[str, ...]
    reviewed_by: tuple[str, ...]
    read_before: tuple[str, ...] = ()


def coverage(policies: Policies) -> list[Coverage]:
    """Return the languages that have a policy or that the model identifies: first languages of the Americas, by name.

    Args:
        policies: the policies.
    """
    _, label_map = locate(chosen())
    labels = tomllib.loads(label_map.read_text("utf-8")).get("labels", {}) if label_map else {}
    lines: dict[str, int] = {}
    for label in labels.values():
        entry = label if isinstance(label, dict) else {"code": label}
        lines[entry["code"]] = lines.get(entry["code"], 0) + entry.get("lines", 0)
    codes = (set(lines) | set(policies.languages)) - {UNDETERMINED}
    rows = [_coverage_of(code, lines.get(code, 0), policies) for code in codes]
    major = {"spa": 0, "por": 1}
    return sorted(rows, key=lambda row: (major.get(row.code, 2), not row.americas, row.policy != "own", row.name))


def _coverage_of(code: str, lines: int, policies: Policies) -> Coverage:
    file = policies.language(code)
    text = (policies.folder / "languages" / f"{file.language}.toml").read_text("utf-8-sig")
    readers = reviews(file.reviewed_by, content_digest(text)) if file.reviewed_by else []
    policy = "own" if file.language == code else "und" if file.language == UND else "macro"
    return Coverage(
        code=code,
        name=name_of(code),
        group=groups().of.get(code, code),
        americas=code in groups().of,
        training_lines=lines,
        policy=policy,
        policy_file=f"{file.language}.toml",
        stop_words=len(file.stop_words.words) if file.stop_words else 0,
        bounds=tuple(sorted(file.bounds)),
        reviewed_by=tuple(f"{review.reader}, {review.day}" for review in readers if review.state == "current"),
        read_before=tuple(review.reader for review in readers if review.state != "current"),
    )
