"""Labels of Local Contexts bind: one that closes a source keeps its rows in, unless a written agreement is named."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from latam_corpus import schema, vocabulary
from latam_corpus.catalog.community_labels import closing, label_of, labels
from latam_corpus.catalog.rights import openness
from latam_corpus.catalog.source import Source
from latam_corpus.collect.documents.frames import terms_of
from latam_corpus.config.toml_model import parse_toml
from latam_corpus.errors import ConfigError
from latam_corpus.release.eligibility.admission import ReleaseTerms, closed_by_labels
from latam_corpus.report.disclosure import with_readable

_ALL = ["train", "redistribute", "evaluate"]
_BASE = "https://localcontexts.org/label/"
_TODAY = date(2026, 11, 27)


def _source(record: str, rights: str = 'statement = "CC0-1.0"\nbasis = "licence"\n') -> Source:
    uses = "" if "uses =" in rights else 'uses = ["train", "redistribute", "evaluate"]\n'
    return parse_toml(
        f'id = "cantos"\ntitle = "Cantos"\nholder = "Comunidad"\n[rights]\n{rights}{uses}'
        f'[[consent.records]]\nid = "c-1"\n{record}',
        Source,
        "cantos.toml",
    )


def _labelled(slug: str, **agreement: str) -> Source:
    more = "".join(f'{key} = "{value}"\n' for key, value in agreement.items())
    return _source(f'label = "{_BASE}{slug}/"', f'statement = "CC0-1.0"\nbasis = "consent"\n{more}')


def test_each_label_binds_as_its_text_says() -> None:
    """Thirty labels; those that issue rules name bind as the rules say, in the three languages."""
    bound = {label.code: label.binds for label in labels().values()}
    assert len(bound) == len(labels()) == 30
    assert {bound[code] for code in ("TK SS", "TK S", "TK CO", "TK MR", "TK WG", "BC CNV")} == {"closed"}
    assert {bound[code] for code in ("TK NC", "BC NC", "BC R")} == {"non_commercial"}
    assert {bound[code] for code in ("TK A", "BC P")} == {"attribution"}
    assert {bound[code] for code in ("TK V", "BC CV")} == {"nothing"}
    assert set(bound.values()) == {"closed", "nothing", "attribution", "non_commercial"}
    assert all(label_of(label.uri) is label and set(label.names) == {"en", "es", "pt"} for label in labels().values())
    assert labels()["tk-secret-sacred"].names["es"] == "CT Secreto / Sagrado"


@pytest.mark.parametrize("slug", ["tk-secret-sacred", "tk-seasonal", "tk-community-use-only", "bc-clan"])
def test_a_label_that_closes_leaves_no_use_without_an_agreement(slug: str) -> None:
    """Whatever the licence says, of the source or of a record; with the holder's written agreement it is as agreed."""
    closed = _labelled(slug)
    assert (closed.uses, closed.tier) == ((), "open")
    assert terms_of(closed, "CC0-1.0") == ("open", [])
    assert terms_of(closed, "CC BY 4.0") == ("attribution", [])
    agreed = _labelled(slug, agreement="acta-7")
    assert (list(agreed.uses), agreed.closed_by) == (_ALL, [])


@pytest.mark.parametrize(
    ("slug", "tier"),
    [("tk-non-commercial", "non_commercial"), ("tk-attribution", "attribution"), ("tk-verified", "open")],
)
def test_a_label_makes_no_record_more_open_than_it_says(slug: str, tier: str) -> None:
    """A record's own licence is narrowed too, and one that is less open stays so."""
    source = _labelled(slug)
    assert source.tier == tier
    assert terms_of(source, "CC0-1.0") == (tier, _ALL)
    assert terms_of(source, "CC BY-SA 4.0")[0] == max(tier, "share_alike", key=openness)
    assert terms_of(source, "Todos los derechos reservados") == ("unknown", ["evaluate"])


def _refusal(label: str | None, agreement: str | None = None) -> tuple[str | None, bool]:
    row: dict[str, Any] = {"rights_tier": "open", "uses": _ALL, "agreement": agreement}
    row["consent"] = [{"id": "c-1", "label": label, "community": "Puerto"}]
    frame = schema.conform(pl.DataFrame([row], schema_overrides={"consent": schema.CONSENT}), schema.DOCUMENT_SCHEMA)
    return frame.select(closed_by_labels()).item(), with_readable(frame, _TODAY)["readable"][0]


def test_rows_that_were_worked_before_labels_bound_stay_out_too() -> None:
    """Rows of an old run have all uses despite their label; neither a release nor a page shows them."""
    assert _refusal(f"{_BASE}tk-secret-sacred/") == ("label=TK SS", False)
    assert _refusal("secreto para siempre") == ("label=secreto para siempre", False)
    assert _refusal(f"{_BASE}tk-secret-sacred/", "acta-7") == (None, True)
    assert _refusal(f"{_BASE}tk-verified/") == (None, True)
    assert _refusal(None) == (None, True)
    assert closing(["https://localcontexts.org/label/tk-ss", f"{_BASE}tk-men-general/"]) == ["TK MG", "TK SS"]


@pytest.mark.parametrize(
    ("label", "near"),
    [
        ("TK Secret/Sacred", "tk-secret-sacred"),
        ("Secreto / Sagrado", "tk-secret-sacred"),
        ("CT No Comercial", "tk-non-commercial"),
        ("tk atribution", "tk-attribution"),
        (f"{_BASE}tk-seasonl/", "tk-seasonal"),
        ("https://localcontexts.org/labels/tk-seasonal/", "tk-seasonal"),
    ],
)
def test_a_label_in_free_words_is_refused_with_the_nearest_one(label: str, near: str) -> None:
    """The address is what binds; a name may be another community's."""
    with pytest.raises(ConfigError, match=rf"isn't a label of Local Contexts; did you mean {_BASE}{near}/"):
        _source(f'label = "{label}"')


def test_words_that_are_near_no_label_are_refused_with_an_example() -> None:
    """Such as no word at all."""
    with pytest.raises(ConfigError, match=rf"write its address, such as {_BASE}tk-attribution/"):
        _source('label = "¿?"')


def test_consent_narrows_uses_and_time() -> None:
    """The uses that every record is for, until the first of them ends."""
    source = _source(
        'community = "Asamblea"\ngiven = 2026-01-05\nscope = ["evaluate", "train"]\nexpires = 2028-01-01\n'
        'withdrawal_contact = "asamblea@example.org"\nlanguage = "quy"\n'
        '[[consent.records]]\nid = "c-2"\nscope = ["train"]\n',
        'statement = "CC-BY-4.0"\nbasis = "consent"\nexpires = 2030-01-01\n',
    )
    assert (source.uses, source.expires) == (("train",), date(2028, 1, 1))
    assert terms_of(source, "CC0-1.0")[1] == ["train"]
    assert source.consent.records[0].language == "quy"


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ("given = 2026-01-05\nexpires = 2025-01-05", "expires before it was given"),
        ('scope = ["entrenar"]', "scope"),
        ('language = "quechua"', "quechua"),
        ("given = true", "given"),
    ],
)
def test_a_consent_that_cannot_be_is_refused(record: str, problem: str) -> None:
    """Days in the wrong order, a use or language that isn't one."""
    with pytest.raises(ConfigError, match=problem):
        _source(record)


def test_closed_rows_are_refused_whatever_a_release_asks() -> None:
    """For each use, though the tier is admitted."""
    source = _labelled("tk-secret-sacred")
    for use in vocabulary.USES:
        tier, uses = terms_of(source, "CC0-1.0")
        row = {"rights_tier": [tier], "uses": [uses], "expires": [None], "embargo_until": [None], "opt_outs": [None]}
        frame = pl.DataFrame(
            row, schema_overrides={"uses": pl.List(pl.String), "expires": pl.Date, "embargo_until": pl.Date}
        )
        assert frame.select(ReleaseTerms(("open",), (use,), _TODAY).refusal()).item() == f"uses_lack={use}"
