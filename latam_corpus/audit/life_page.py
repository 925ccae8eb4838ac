"""A document's story as a page, to be shown to others: redacted, and with what its terms hide left out.

A page that is served to this machine alone names the document by title and file all the same.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.audit.lineage import WORDLESS
from latam_corpus.audit.lineage_lines import Speaker, facts, releases, steps
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.privacy.redact import redact
from latam_corpus.report.figures import Figures
from latam_corpus.report.page_words import WORDS
from latam_corpus.report.templating import render, sections_of
from latam_corpus.signals import signal_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from latam_corpus.messages import Message

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_WITHDRAW: Final = ("latam-corpus", "release", "withdraw")


def life_page(
    story: dict[str, Any], language: str, where: Sequence[str], *, internal: bool = False, served: bool = False
) -> str:
    """Return the page as HTML.

    Args:
        story: of `lineage`.
        language: of the page.
        where: the options by which a command finds the runs and the store.
        internal: whether what the document's terms hide is shown; the page is stamped then.
        served: whether it is served to this machine alone. It links back to the page that it was found from.

    Raises:
        ConfigError: pages don't speak the language.
    """
    shown = story["withdrawn"] is None and (internal or story["readable"])
    figures = Figures(language)
    named = shown or (served and story["withdrawn"] is None and story["nameable"])
    told, compared = _shareable(story, shown, named, internal, figures)
    say = Speaker(language)
    return render(
        "life.html",
        language,
        kind="life",
        title=told["title"] or (told["source"]["origin"] or {}).get("file") or story["doc_id"],
        sections=sections_of(("origin", "steps", *(["bounds"] if told["bounds"] else []), *_SECTIONS)),
        internal=internal,
        served=served,
        story=told,
        why=meaning(story["reason"]) if story["reason"] else "",
        hidden=not shown,
        facts=list(facts(told, say)),
        covered=", ".join(f"{kind} ({n})" for kind, n in sorted(told["redactions"].items())),
        steps=list(steps(told, say)),
        bounds=[_bound(bound, figures) for bound in sorted(told["bounds"], key=lambda bound: bound["kept_to"])],
        compared=compared,
        releases=list(releases(told, say)),
        commands=list(_commands(story, where)),
    )


_SECTIONS: Final = ("copies_of", "beginning", "releases", "how")


def where_options(out: Path, store: str | None) -> list[str]:
    """Return the options by which a command finds the same runs and store; none where they are where they are sought.

    >>> from pathlib import Path
    >>> where_options(Path("out"), None), where_options(Path("corpus"), "s3://a/b")
    ([], ['--out', 'corpus', '--store', 's3://a/b'])
    """
    return [*([] if str(out) == "out" else ["--out", str(out)]), *(["--store", store] if store else [])]


def _shareable(
    story: dict[str, Any], shown: bool, named: bool, internal: bool, figures: Figures
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the story as others may read it, and how the document differs from its copy, where both may be shown."""
    other = story["copies"]["other"]
    both = shown and other and (internal or other["readable"])
    copies = {**story["copies"], "side_by_side": None}
    if other:
        copies["other"] = {**other, "title": other["title"] if both else None}
    whose = story["genre"], story["country"]
    told = {
        **story,
        "source": story["source"] | {"origin": _plain(story["source"]["origin"], figures, whose) if named else None},
        "title": story["title"] if named else None,
        "copies": copies,
        "stages": [
            {
                **step,
                "evidence": _plain(step["evidence"], figures, whose) if shown or step["stage"] in WORDLESS else None,
            }
            for step in story["stages"]
        ],
    }
    if not shown:
        told |= {"url": None, "beginning": "", "stated": {}}
        told["language"] = {**story["language"], "variety_cues": None}
    return told, story["copies"]["side_by_side"] if both else None


def _plain(value: Any, figures: Figures, whose: tuple[str | None, str | None]) -> Any:
    """Return a value of a ledger or an origin, by genre and country redacted, moments as people write them."""
    if isinstance(value, dict):
        return {key: _plain(one, figures, whose) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one, figures, whose) for one in value]
    if isinstance(value, str):
        return figures.moment(value) if _MOMENT.match(value) else redact(value, *whose)[0]
    return value


def _bound(bound: dict[str, Any], figures: Figures) -> dict[str, Any]:
    limits = [
        f"{sign} {figures.short(bound[end])}" for sign, end in (("≥", "min"), ("≤", "max")) if bound[end] is not None
    ]
    value, held = bound["value"], bound.get("held_as")
    return {
        "name": signal_label(bound["signal"]),
        "signal": bound["signal"],
        "value": WORDS["no_list"] if value is None else figures.short(value),
        "held": None if held is None else WORDS["held_as"].fill(value=figures.short(held)),
        "asked": " ".join(limits),
        "file": bound["file"],
        "kept_to": bound["kept_to"],
    }


def _commands(story: dict[str, Any], where: Sequence[str]) -> Iterator[tuple[Message, str]]:
    """Yield what can be done from here, and the commands that do it."""
    if "@" not in story["run"]:  # of a version that is here without its run
        yield (
            WORDS["how_explain"],
            shlex.join(["latam-corpus", "explain", story["doc_id"], "--run", story["run"], *where]),
        )
    names = {one["release"].partition("@")[0] for one in story["releases"] if one["verdict"] == "released"}
    if story["withdrawn"] is None:
        for name in sorted(names):
            yield (
                WORDS["how_withdraw"],
                shlex.join([*_WITHDRAW, name, "--doc", story["doc_id"], "--because", "…", *where]),
            )
