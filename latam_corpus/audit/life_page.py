"""Write the history of a document as a page that can be shared: redacted, without texts that may not be displayed."""

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


def life_page(story: dict[str, Any], language: str, where: Sequence[str], *, internal: bool = False) -> str:
    """Return the page as HTML.

    `where` are the options for commands to find the runs and the store. An internal page shows texts whose terms don't
    allow display, and is marked.

    Raises:
        ConfigError: there are no pages in this language.
    """
    shown = story["withdrawn"] is None and (internal or story["readable"])
    figures = Figures(language)
    others_view, compared = shareable(story, shown, internal, figures)
    say = Speaker(language)
    return render(
        "life.html",
        language,
        kind="life",
        title=others_view["title"] or (others_view["source"]["origin"] or {}).get("file") or story["doc_id"],
        sections=sections_of(("origin", "steps", *(["bounds"] if others_view["bounds"] else []), *_SECTIONS)),
        internal=internal,
        story=others_view,
        why=meaning(story["reason"]) if story["reason"] else "",
        hidden=not shown,
        facts=list(facts(others_view, say)),
        covered=", ".join(f"{kind} ({n})" for kind, n in sorted(others_view["redactions"].items())),
        steps=list(steps(others_view, say)),
        bounds=[_bound(bound, figures) for bound in sorted(others_view["bounds"], key=lambda bound: bound["kept_to"])],
        compared=compared,
        releases=list(releases(others_view, say)),
        commands=list(_commands(story, where)),
    )


_SECTIONS: Final = ("copies_of", "beginning", "releases", "how")


def where_options(out: Path, store: str | None) -> list[str]:
    """Return the options for commands to find the same runs and store; empty for the default locations.

    >>> from pathlib import Path
    >>> where_options(Path("out"), None), where_options(Path("corpus"), "s3://a/b")
    ([], ['--out', 'corpus', '--store', 's3://a/b'])
    """
    return [*([] if str(out) == "out" else ["--out", str(out)]), *(["--store", store] if store else [])]


def shareable(
    story: dict[str, Any], shown: bool, internal: bool, figures: Figures
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the shareable history, and the comparison with the copy if both texts may be shown."""
    copy = story["copies"]["other"]
    both_shown = shown and copy and (internal or copy["readable"])
    copies = {**story["copies"], "side_by_side": None}
    if copy:
        copies["other"] = {**copy, "title": copy["title"] if both_shown else None}
    genre_country = story["genre"], story["country"]
    shareable = {
        **story,
        "source": story["source"]
        | {"origin": _plain(story["source"]["origin"], figures, genre_country) if shown else None},
        "title": story["title"] if shown else None,
        "copies": copies,
        "stages": [
            {
                **step,
                "evidence": _plain(step["evidence"], figures, genre_country)
                if shown or step["stage"] in WORDLESS
                else None,
            }
            for step in story["stages"]
        ],
    }
    if not shown:
        shareable |= {"url": None, "beginning": "", "stated": {}}
        shareable["language"] = {**story["language"], "variety_cues": None}
    return shareable, story["copies"]["side_by_side"] if both_shown else None


def _plain(value: Any, figures: Figures, genre_country: tuple[str | None, str | None]) -> Any:
    """Redact a value of a ledger or an origin by the rules for the document's genre and country, and format times."""
    if isinstance(value, dict):
        return {key: _plain(item, figures, genre_country) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, figures, genre_country) for item in value]
    if isinstance(value, str):
        return figures.moment(value) if _MOMENT.match(value) else redact(value, *genre_country)[0]
    return value


def _bound(bound: dict[str, Any], figures: Figures) -> dict[str, Any]:
    limits = [
        f"{sign} {figures.short(bound[end])}" for sign, end in (("≥", "min"), ("≤", "max")) if bound[end] is not None
    ]
    value, adjusted = bound["value"], bound.get("held_as")
    return {
        "name": signal_label(bound["signal"]),
        "signal": bound["signal"],
        "value": WORDS["no_list"] if value is None else figures.short(value),
        "held": None if adjusted is None else WORDS["held_as"].fill(value=figures.short(adjusted)),
        "asked": " ".join(limits),
        "file": bound["file"],
        "kept_to": bound["kept_to"],
    }


def _commands(story: dict[str, Any], where: Sequence[str]) -> Iterator[tuple[Message, str]]:
    """Yield pairs of a purpose and the command for it."""
    if "@" not in story["run"]:  # not for a version whose run is missing
        yield (
            WORDS["how_explain"],
            shlex.join(["latam-corpus", "explain", story["doc_id"], "--run", story["run"], *where]),
        )
    names = {row["release"].partition("@")[0] for row in story["releases"] if row["verdict"] == "released"}
    if story["withdrawn"] is None:
        for name in sorted(names):
            yield (
                WORDS["how_withdraw"],
                shlex.join([*_WITHDRAW, name, "--doc", story["doc_id"], "--because", "…", *where]),
            )
