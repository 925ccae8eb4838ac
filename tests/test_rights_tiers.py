"""A statement of rights gives a tier, and only a statement that is understood opens anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latam_corpus.catalog.rights import openness, tier_of
from latam_corpus.errors import ConfigError
from latam_corpus.schema import RIGHTS_TIERS


@pytest.mark.parametrize(
    ("statement", "tier"),
    [
        ("CC0-1.0", "open"),
        ("CC0", "open"),
        ("https://creativecommons.org/publicdomain/zero/1.0/deed.es", "open"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "open"),
        ("Public Domain Mark 1.0", "open"),
        ("0BSD", "open"),
        ("Unlicense", "open"),
        ("CC-BY-4.0", "attribution"),
        ("CC BY 3.0 CL", "attribution"),
        ("http://creativecommons.org/licenses/by/2.5/ar/", "attribution"),
        ("MIT", "attribution"),
        ("Apache-2.0", "attribution"),
        ("BSD-3-Clause", "attribution"),
        ("CC-BY-SA-3.0", "share_alike"),
        ("Creative Commons Atribución-CompartirIgual 4.0 Internacional", "share_alike"),
        ("Creative Commons Atribuição-CompartilhaIgual 4.0 Internacional", "share_alike"),
        ("GPL-2.0-or-later", "share_alike"),
        ("LGPL-3.0-only", "share_alike"),
        ("MPL-2.0", "share_alike"),
        ("ODbL-1.0", "share_alike"),
        ("CC-BY-NC-4.0", "non_commercial"),
        ("https://creativecommons.org/licenses/by-nc-sa/3.0/", "non_commercial"),
        ("Creative Commons Atribuição-NãoComercial 4.0 Internacional", "non_commercial"),
        ("CC-BY-ND-4.0", "no_derivatives"),
        ("https://creativecommons.org/licenses/by-nc-nd/4.0/", "no_derivatives"),
        ("MIT OR GPL-3.0-only", "attribution"),
        ("MIT AND CC-BY-SA-4.0", "share_alike"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "share_alike"),
    ],
)
def test_a_known_statement_has_its_tier(statement: str, tier: str) -> None:
    """SPDX, Creative Commons by URI and by name, in three languages."""
    assert tier_of(statement) == tier


@pytest.mark.parametrize(
    "statement",
    [
        None,
        "",
        "Todos los derechos reservados",
        "Todos os direitos reservados",
        "© 2021 Editorial",
        "CC BY 4.0, salvo las imágenes: todos los derechos reservados",
        "dominio público",
        "Public domain in the USA.",
        "libre",
        "MIT AND LicenseRef-propia",
        "https://creativecommons.org/licenses/sampling/1.0/",
        "https://rightsstatements.org/vocab/InC/1.0/",
        "https://rightsstatements.org/vocab/InC-EDU/1.0/",
        "https://rightsstatements.org/vocab/NoC-US/1.0/",
        "https://rightsstatements.org/page/NKC/1.0/?language=es",
        "https://example.org/licenses/by/4.0/",
    ],
)
def test_what_is_not_understood_stays_unknown(statement: str | None) -> None:
    """Free text, reserved rights and doubtful statements open nothing."""
    assert tier_of(statement) == "unknown"


def test_the_twelve_rightsstatements_are_known() -> None:
    """Only those that grant something to everyone are more than unknown."""
    names = (
        "InC", "InC-OW-EU", "InC-EDU", "InC-NC", "InC-RUU", "NoC-CR", "NoC-NC", "NoC-OKLR", "NoC-US",
        "CNE", "UND", "NKC",
    )  # fmt: skip
    tiers = {name: tier_of(f"http://rightsstatements.org/vocab/{name}/1.0/") for name in names}
    assert {name for name, tier in tiers.items() if tier != "unknown"} == {"InC-NC", "NoC-NC"}
    assert tiers["NoC-NC"] == "non_commercial"


@given(st.text(max_size=60))
def test_any_text_has_a_tier(statement: str) -> None:
    """Whatever a catalogue holds in its field of rights, reading it raises nothing."""
    assert tier_of(statement) in RIGHTS_TIERS


def test_openness_orders_the_tiers_and_refuses_others() -> None:
    """The order is the schema's; a tier that doesn't exist names the closest one."""
    assert [openness(tier) for tier in RIGHTS_TIERS] == list(range(7))
    with pytest.raises(ConfigError, match="did you mean «attribution»"):
        openness("atribution")


@pytest.mark.parametrize("statement", ["()", "() Todos los derechos reservados", "( and x WITH + :", "(" * 5000])
def test_no_statement_breaks_what_reads_it(statement: str) -> None:
    """A page may state anything."""
    assert tier_of(statement) == "unknown"
