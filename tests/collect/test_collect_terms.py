"""A record's own statement of rights narrows what its source allows, and never widens it."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect.documents.frames import terms_of
from latam_corpus.collect.files import list_inputs, read
from latam_corpus.config.toml_model import parse_toml
from latam_corpus.release.eligibility.admission import ReleaseTerms

if TYPE_CHECKING:
    from pathlib import Path

_ALL = ["train", "redistribute", "evaluate"]


def _rows(folder: Path, rights: str, *statements: str | None) -> list[dict[str, Any]]:
    """The collected rows of a source with these rights, one for each record with this statement of its own."""
    source = parse_toml(
        f'id = "prensa"\ntitle = "Prensa"\nholder = "Hemeroteca"\n{rights}[collect.columns]\nrights = "licencia"\n',
        Source,
        "prensa.toml",
    )
    path = folder / "prensa.jsonl"
    records = [{"text": f"La nota número {n}.", "licencia": said} for n, said in enumerate(statements)]
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return pl.concat([frame for file in list_inputs(source, path) for frame in read(source, file)]).to_dicts()


@pytest.mark.parametrize(
    ("statement", "tier", "uses"),
    [
        (None, "attribution", _ALL),  # the source's own
        ("CC-BY-4.0", "attribution", _ALL),
        ("CC0-1.0", "attribution", _ALL),
        ("Dominio público", "attribution", _ALL),
        ("CC BY-SA: citando la fuente, y con la misma licencia", "share_alike", _ALL),
        ("CC BY-SA 4.0", "share_alike", _ALL),
        ("CC BY-NC 4.0", "non_commercial", ["evaluate"]),
        ("CC BY-ND 4.0", "no_derivatives", ["evaluate"]),
        ("Todos los derechos reservados", "unknown", ["evaluate"]),
        ("https://rightsstatements.org/vocab/InC/1.0/", "unknown", ["evaluate"]),
    ],
)
def test_less_open_rights_of_a_record_narrow_its_uses(
    tmp_path: Path, statement: str | None, tier: str, uses: list[str]
) -> None:
    """In a source under CC BY for all uses, non-commercial or reserved records can only be used to evaluate."""
    rights = '[rights]\nstatement = "CC-BY-4.0"\nbasis = "licence"\nuses = ["train", "redistribute", "evaluate"]\n'
    [row] = _rows(tmp_path, rights, statement)
    assert (row["rights_tier"], row["uses"]) == (tier, uses)


def test_open_rights_of_a_record_widen_nothing(tmp_path: Path) -> None:
    """They widen neither tier nor uses, so a release of open texts has none of them."""
    rights = '[rights]\nstatement = "CC-BY-SA-4.0"\nbasis = "licence"\nuses = ["train"]\n'
    rows = _rows(tmp_path, rights, "CC0-1.0", "CC BY-NC 4.0")
    assert [(row["rights_tier"], row["uses"]) for row in rows] == [("share_alike", ["train"]), ("non_commercial", [])]


@pytest.mark.parametrize(
    ("own", "statement", "kept"),
    [
        ("CC-BY-NC-SA-4.0", "CC BY-NC 4.0", "CC-BY-NC-SA-4.0"),
        ("CC-BY-SA-4.0", "CC0-1.0", "CC-BY-SA-4.0"),
        ("CC-BY-4.0", "CC BY 3.0", "CC BY 3.0"),  # it asks the same
        ("CC-BY-ND-4.0", "CC BY-NC 4.0", "CC BY-NC 4.0"),  # it asks something else
        ("CC-BY-NC-4.0", "CC BY-NC-SA 4.0", "CC BY-NC-SA 4.0"),
        ("CC-BY-4.0", "Todos los derechos reservados", "Todos los derechos reservados"),
    ],
)
def test_the_sources_statement_replaces_one_that_asks_less(tmp_path: Path, own: str, statement: str, kept: str) -> None:
    """Otherwise the obligations of the source, such as to share alike, would be missing from the document."""
    rights = f'[rights]\nstatement = "{own}"\nbasis = "licence"\nuses = ["evaluate"]\n'
    [row] = _rows(tmp_path, rights, statement)
    assert row["rights"] == kept


def test_an_agreement_covers_the_statement_it_was_made_on(tmp_path: Path) -> None:
    """The uses that a holder permitted stay with the records that say what the source says."""
    rights = (
        '[rights]\nstatement = "https://rightsstatements.org/vocab/InC/1.0/"\nbasis = "contract"\n'
        'uses = ["train"]\ntier = "permission"\nagreement = "carta-3"\n'
    )
    rows = _rows(tmp_path, rights, None, "© Los herederos")
    assert [(row["rights_tier"], row["uses"]) for row in rows] == [("permission", ["train"]), ("unknown", [])]


def _source(statement: str | None, uses: list[str], more: str = "") -> Source:
    rights = f'[rights]\nstatement = "{statement}"\nbasis = "licence"\nuses = {uses}\n{more}' if statement else ""
    return parse_toml(f'id = "prensa"\ntitle = "Prensa"\nholder = "Hemeroteca"\n{rights}', Source, "prensa.toml")


_RESERVED = "Todos los derechos reservados"
_AGREED = 'tier = "permission"\nagreement = "carta-3"'


@pytest.mark.parametrize(
    ("source", "statement", "expected"),
    [
        # The source's own statement: its tier and its uses.
        (_source("CC-BY-4.0", _ALL), "CC-BY-4.0", ("attribution", _ALL)),
        (_source("CC-BY-NC-4.0", _ALL), "CC-BY-NC-4.0", ("non_commercial", _ALL)),
        (_source(_RESERVED, ["train"], _AGREED), _RESERVED, ("permission", ["train"])),
        # As open, written in another way: the source's uses, which may rest on an agreement.
        (_source("CC-BY-NC-4.0", _ALL), "CC BY-NC-SA 3.0", ("non_commercial", _ALL)),
        # More open: the source's tier, and no use more than it has.
        (_source("CC-BY-NC-4.0", ["evaluate"]), "CC0-1.0", ("non_commercial", ["evaluate"])),
        (_source(_RESERVED, ["train"], _AGREED), "CC BY 4.0", ("permission", ["train"])),
        # Less open: the uses that both allow.
        (_source("CC0-1.0", _ALL), "CC BY 4.0", ("attribution", _ALL)),
        (_source("CC0-1.0", _ALL), "CC BY-NC 4.0", ("non_commercial", ["evaluate"])),
        (_source("CC-BY-NC-4.0", _ALL), "CC BY-ND 4.0", ("no_derivatives", ["evaluate"])),
        (_source(_RESERVED, ["train"], _AGREED), "© Los herederos", ("unknown", [])),
        (_source("CC0-1.0", ["train"]), None, ("unknown", [])),
        # Without rights nothing is allowed, and a record's statement alone allows nothing.
        (_source(None, []), None, ("unknown", [])),
        (_source(None, []), "CC0-1.0", ("open", [])),
    ],
)
def test_a_records_terms_are_its_sources_narrowed_by_its_own_statement(
    source: Source, statement: str | None, expected: tuple[str, list[str]]
) -> None:
    """The source's own statement, one as open, more open and less open."""
    assert terms_of(source, statement) == expected


@pytest.mark.parametrize(
    ("source", "signals", "expected"),
    [
        (_source("CC-BY-4.0", _ALL), [], ("attribution", _ALL)),
        (_source("CC-BY-4.0", _ALL), ["noai"], ("attribution", ["redistribute", "evaluate"])),
        (_source("CC-BY-4.0", _ALL), ["noarchive"], ("attribution", ["evaluate"])),
        (_source("CC-BY-4.0", ["train"]), ["tdm-reservation"], ("attribution", [])),
        (_source("CC-BY-4.0", _ALL), ["nofollow"], ("attribution", _ALL)),
        # A licence that must be obtained: no more open than `permission`, and no less.
        (_source("CC0-1.0", _ALL), ["noai", "rsl-permission"], ("permission", ["evaluate"])),
        (_source("CC-BY-ND-4.0", ["evaluate"]), ["rsl-permission"], ("permission", ["evaluate"])),
        (_source(_RESERVED, ["train"], _AGREED), ["rsl-permission"], ("permission", [])),
        (_source(_RESERVED, ["evaluate"]), ["rsl-permission"], ("unknown", ["evaluate"])),
        # A licence that forbids training lowers no tier.
        (_source("CC0-1.0", _ALL), ["rsl-prohibited"], ("open", ["redistribute", "evaluate"])),
    ],
)
def test_opt_outs_take_uses_away_whatever_the_licence_gives(
    source: Source, signals: list[str], expected: tuple[str, list[str]]
) -> None:
    """Each refusal by its table; one that asks for a licence lowers the tier too."""
    assert terms_of(source, source.rights.statement if source.rights else None, iter(signals)) == expected


def test_a_release_that_admits_the_tier_still_asks_for_the_use(tmp_path: Path) -> None:
    """A non-commercial record among open ones stays out of a release for training, and the reason is the use."""
    rights = '[rights]\nstatement = "CC0-1.0"\nbasis = "licence"\nuses = ["train", "redistribute"]\n'
    frame = pl.DataFrame(_rows(tmp_path, rights, "CC0-1.0", "CC BY-NC 4.0"), infer_schema_length=None)
    terms = ReleaseTerms(("open", "non_commercial"), ("train",), date(2026, 11, 25))
    assert frame.select(terms.refusal()).to_series().to_list() == [None, "uses_lack=train"]
