"""Edit, sign and use the rules of a language, which are the values of its policy file."""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latam_corpus.codes import UNDETERMINED, name_of, short, varieties
from latam_corpus.config.toml_model import parse_toml, read_toml
from latam_corpus.pipeline.planning.policy_overlay import overlay
from latam_corpus.policies.policy import cached_policies
from latam_corpus.policies.policy_files import LanguageFile
from latam_corpus.policies.policy_reviews import KEY, Review, content_digest, reviews, signed

if TYPE_CHECKING:
    from datetime import date

_ANY_WORD = {"min": 1}


def rules_code(code: str) -> str:
    """Return the code of the policy file for a language, a group, or a tag such as `omq-x-mixtec`.

    A tag without its own group has the file of its first member that lacks a shipped file.

    >>> rules_code("quy"), rules_code("omq-x-mixtec"), rules_code("und-x-totonac")
    ('quy', 'omq', 'tcw')
    """
    group = short(code)
    return group if group != UNDETERMINED else next(iter(_without_file(code)), UNDETERMINED)


def _without_file(tag: str) -> list[str]:
    shipped = cached_policies().languages
    return [member for member in varieties().get(tag, ()) if member not in shipped]


def language_rules(code: str) -> dict[str, Any]:
    """Return the values of a language's shipped policy file, or of a new one with the rules that currently apply.

    >>> language_rules("quy")["name"], language_rules("mil")["bounds"]["stop_word_count"]
    ('Ayacucho Quechua', {'min': 1})
    """
    own, policies = rules_code(code), cached_policies()
    base = policies.language(own).language
    path = policies.folder / "languages" / f"{base}.toml"
    values = tomllib.loads(read_toml(path, "policy"))
    if base != own:
        values = {key: value for key, value in values.items() if key not in {"covers", "unknown", "background", KEY}}
        values |= {"language": own, "name": name_of(own), KEY: []}
        values["bounds"] = {"stop_word_count": _ANY_WORD} | values["bounds"]
        if short(code) == UNDETERMINED:
            values |= {"name": code, "covers": _without_file(code)[1:]}
    values.setdefault("stop_words", {"origin": "", "words": []})
    return values


def check_rules(text: str) -> None:
    """Raise ConfigError unless the text of a policy file can replace a shipped file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rules", f"{tomllib.loads(text)['language']}.toml")
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
        overlay(path.parent, Path(folder))


def sign_rules(text: str, reader: str, day: date) -> str:
    """Check a policy file and add a reader's signature, which is valid until the content changes; return the text.

    Raises:
        ConfigError: the file can't be used, or the name can't be written.
    """
    check_rules(text)
    return signed(text, reader, day, "rules")


def readers_of(text: str, name: str, current: str | None = None) -> list[Review]:
    """Return the readers of a signed policy file, and whether their signatures are for its current content.

    Args:
        text: the text of the signed file.
        name: the name of the file, for messages.
        current: the current content; by default, the file's content.

    Raises:
        ConfigError: the file was damaged.
    """
    return reviews(parse_toml(text, LanguageFile, name).reviewed_by, content_digest(current or text))
