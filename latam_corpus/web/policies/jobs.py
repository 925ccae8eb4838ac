"""Jobs about the rules of a language: measure own texts with its words, and find the words in them."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import latam_corpus as lc
from latam_corpus.api.language_rules import language_rules, rules_code
from latam_corpus.config.toml_text import toml_text
from latam_corpus.web.access.roles import may_edit
from latam_corpus.web.files.catalogue import FOLDER, write_catalogue
from latam_corpus.web.models import Collection, PolicyDraft
from latam_corpus.web.workspace import collection_folder, data_folder, rules_folder, source_file, state_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latam_corpus.web.models import Job

EXAMPLES: Final = 3  # per word
_MOST: Final = 60  # texts per collection
_SEARCHED: Final = 20_000  # characters per text
_CONTEXT: Final = 40  # characters on each side of a word


def own_collections(draft: PolicyDraft) -> list[Collection]:
    """Return the collections that the draft's owner may change."""
    return [collection for collection in Collection.objects.order_by("title") if may_edit(draft.owner, collection)]


def policy_text(draft: PolicyDraft, words: list[str] | None = None) -> str:
    """Return a draft as an unsigned policy file, with these words if any are given."""
    values = language_rules(draft.language)
    shipped, words = values.pop("stop_words"), draft.rules["words"] if words is None else words
    origin = shipped["origin"]
    if words != shipped["words"]:
        origin = f"{origin}; changed at the desk" if origin else "chosen at the desk"
    stop_words = {"stop_words": {"origin": origin, "words": words}} if words else {}
    return toml_text(values | {"bounds": draft.rules["bounds"], "reviewed_by": []} | stop_words)


def state_of_trial(draft: PolicyDraft, collections: Iterable[Collection]) -> str:
    """Return a digest of a trial's inputs: the words and the texts, but not the bounds."""
    states = [state_of(collection, None, with_rules=False) for collection in collections]
    return hashlib.sha256(json.dumps([draft.language, draft.rules["words"], states]).encode()).hexdigest()


def try_rules(job: Job) -> dict[str, Any]:
    """Measure the owner's texts with a draft's words, without applying bounds, so that any bounds can be tried."""
    draft, words = PolicyDraft.objects.get(pk=job.arguments["draft"]), job.arguments["words"]
    name = f"{rules_code(draft.language)}.toml"
    texts, places, unread, other_count = [], [], [], 0
    for collection in own_collections(draft):
        if not collection.files.exists():
            continue
        with tempfile.TemporaryDirectory(dir=data_folder() / "tmp") as folder:
            for used in rules_folder(collection).glob("*.toml"):
                shutil.copy(used, folder)
            Path(folder, name).write_text(policy_text(draft, words), encoding="utf-8")
            try:
                write_catalogue(collection)
                items = lc.preview(source_file(collection), collection_folder(collection), _MOST, policies=folder)
            except (lc.ConfigError, lc.SourceError):
                unread.append(collection.title)
                continue
        files = dict(collection.files.values_list("path", "pk"))
        for item in items:
            numbers = {number.signal: number for number in item.numbers if number.file == f"languages/{name}"}
            if not numbers:
                other_count += 1
                continue
            path = item.file.removeprefix(f"{FOLDER}/")
            title = item.title or path
            values = {signal: [number.value, *number.compared] for signal, number in numbers.items()}
            is_out = any(number.is_outside for number in item.numbers if number.file != f"languages/{name}")
            texts.append({"collection": collection.slug, "file": files.get(path), "title": title, "values": values})
            texts[-1]["is_out"] = is_out  # outside the bounds of its genre, which a draft doesn't have
            places.append((title, item.text[:_SEARCHED]))
    return {"texts": texts, "examples": _examples(words, places), "unread": unread, "others": other_count}


def _examples(words: list[str], texts: Iterable[tuple[str, str]]) -> dict[str, list[list[str]]]:
    """Return up to three examples per word, if possible from different texts: before, the word, after, title."""
    if not words:
        return {}
    one_of = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    pattern = re.compile(rf"(?<!\w)(?:{one_of})(?!\w)", re.IGNORECASE)
    matches: dict[str, list[tuple[int, list[str]]]] = {}
    for title, text in texts:
        counts: Counter[str] = Counter()
        for match in pattern.finditer(text):
            word = match[0].lower()
            counts[word] += 1
            if counts[word] <= EXAMPLES:
                preceding = text[max(match.start() - _CONTEXT, 0) : match.start()]
                following = text[match.end() :][:_CONTEXT]
                matches.setdefault(word, []).append((counts[word], [preceding, match[0], following, title]))
    return {
        word: [place for _nth, place in sorted(places, key=lambda pair: pair[0])[:EXAMPLES]]
        for word, places in matches.items()
    }
