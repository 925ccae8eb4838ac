"""A statement of rights gives a tier, and only a statement that is understood opens anything."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_corpus.catalog.rights import is_known, obligations_of, openness, tier_of, uses_under
from latam_corpus.errors import ConfigError
from latam_corpus.vocabulary import RIGHTS_TIERS

# What each licence of Creative Commons lets others do, by its deed; `by-nd-nc` is the order of version 1.0.
_LICENCES = {
    "by": "attribution",
    "by-sa": "share_alike",
    "by-nc": "non_commercial",
    "by-nc-sa": "non_commercial",
    "by-nd": "no_derivatives",
    "by-nc-nd": "no_derivatives",
    "by-nd-nc": "no_derivatives",
}


@pytest.mark.parametrize(("code", "tier"), _LICENCES.items())
@pytest.mark.parametrize(
    "address",
    [
        "https://creativecommons.org/licenses/{}/4.0/",
        "http://www.creativecommons.org/licenses/{}/4.0",
        "creativecommons.org/licenses/{}/3.0/br/deed.pt_BR",
        "https://creativecommons.org/licenses/{}/4.0/legalcode.es",
        "https://creativecommons.org/licenses/{}/3.0/igo/rdf",
        "https://creativecommons.org/licenses/{}/2.5/scotland/",
        "https://creativecommons.org/licenses/{}/?lang=es",
        "HTTPS://CREATIVECOMMONS.ORG/LICENSES/{}/4.0/#texto",
    ],
)
def test_the_address_of_a_licence_has_the_licences_tier(address: str, code: str, tier: str) -> None:
    """Of any version and country, with or without its protocol, and of its deed or legal code."""
    assert tier_of(address.format(code)) == tier
    assert tier_of(address.format(code.upper())) == tier


@pytest.mark.parametrize(
    ("statement", "tier"),
    [
        ("https://creativecommons.org/publicdomain/zero/1.0/deed.es", "open"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "open"),
        ("  https://creativecommons.org/licenses/by/4.0/\n", "attribution"),
        *dict.fromkeys(
            ("CC0", "CC-0", "CC0-1.0", "CC0 1.0 Universal", "CC Zero", "CCZero", "Creative Commons 0",
             "Creative Commons Zero v1.0 Universal", "Public Domain Mark 1.0", "PDM 1.0", "CC PDM 1.0 Universal",
             "Creative Commons Public Domain Mark"), "open",
        ).items(),
        *dict.fromkeys(
            ("CC BY", "cc-by-4.0", "CC_BY_3.0", "CC BY 3.0 CL", "CC BY v4", "CC BY 4.0 (Internacional)",
             "CC BY 3.0 IGO",
             "Creative Commons BY", "CC Creative Commons BY 4.0", "Creative Commons Attribution 2.0 Generic",
             "Attribution 4.0 International (CC BY 4.0)", "Atribución 3.0 Chile (CC BY 3.0 CL)",
             "Creative Commons Atribución 4.0 Internacional", "Creative Commons Reconocimiento 3.0 España",
             "Atribución/Reconocimiento 4.0 Internacional", "Licencia CC BY 4.0", "Licença CC BY 4.0",
             "license cc by", "Licence CC BY 4.0", "CC BY4.0",
             "  CC BY 4.0\n", "Atribuição 3.0 Brasil", "CC—BY–4.0", "by 4.0"), "attribution",
        ).items(),
        *dict.fromkeys(
            ("CC BY-SA 4.0", "Attribution-ShareAlike 3.0 Unported", "Attribution-Share Alike 2.0",
             "Creative Commons Atribución-CompartirIgual 2.5 Argentina", "Atribución-Compartir Igual 4.0",
             "Creative Commons Atribuição-CompartilhaIgual 4.0 Internacional", "Atribuição-Compartilha Igual 3.0",
             "CC BY-SA 4.0 (CC BY-SA 4.0)"), "share_alike",
        ).items(),
        *dict.fromkeys(
            ("CC BY-NC 3.0", "CC BY (NC)", "CC BY, NC", "CC BY-NC-SA 4.0",
             "Attribution-NonCommercial 4.0 International",
             "Attribution Non Commercial 4.0", "Atribución-NoComercial 2.5 Colombia", "Atribución no comercial 4.0",
             "Atribuição-NãoComercial-CompartilhaIgual 4.0 Internacional", "Atribuição não comercial 4.0"),
            "non_commercial",
        ).items(),
        *dict.fromkeys(
            ("CC BY-ND 4.0", "CC BY-NC-ND 2.5 PE", "Attribution-NoDerivs 3.0", "Attribution-NoDeriv 3.0",
             "Attribution-NoDerivatives 4.0 International", "Attribution-No Derivs 3.0", "Atribución-NoDerivadas 4.0",
             "Atribución-NoDerivados 4.0", "Reconocimiento-SinObraDerivada 3.0 España",
             "Reconocimiento-NoComercial-Sin Obras Derivadas 3.0",
             "Atribución/Reconocimiento-SinDerivados 4.0 Internacional",
             "Atribución-NoComercial-SinDerivadas 2.5 Argentina", "Atribuição-SemDerivações 4.0 Internacional",
             "Atribuição-Sem Derivados 3.0 Brasil", "Atribuição-SemDerivadas 3.0"), "no_derivatives",
        ).items(),
    ],
)  # fmt: skip
def test_a_licence_is_known_by_its_name(statement: str, tier: str) -> None:
    """Short and long names, in English, Spanish and Portuguese, as the licences' pages and catalogues write them."""
    assert tier_of(statement) == tier


@pytest.mark.parametrize(
    ("country", "version"),
    [
        ("Argentina", "2.5"), ("Brasil", "3.0"), ("Brazil", "3.0"), ("Chile", "3.0"), ("Colombia", "2.5"),
        ("Costa Rica", "3.0"), ("Ecuador", "3.0"), ("España", "3.0"), ("Spain", "3.0"), ("Guatemala", "3.0"),
        ("México", "2.5"), ("Perú", "2.5"), ("Portugal", "3.0"), ("Puerto Rico", "3.0"), ("Uruguay", "3.0"),
        ("Venezuela", "3.0"),
    ],
)  # fmt: skip
def test_a_licence_of_a_country_of_the_region_is_known_by_its_name(country: str, version: str) -> None:
    """The countries of the region for which Creative Commons made a version, and the two in Europe."""
    assert tier_of(f"Atribución-CompartirIgual {version} {country}") == "share_alike"


@pytest.mark.parametrize(
    ("statement", "tier"),
    [
        # The licence index calls them permissive or public domain, and they ask for nothing.
        *dict.fromkeys(("0BSD", "MIT-0", "Unlicense", "CC-PDDC", "PDDL-1.0"), "open").items(),
        *dict.fromkeys(("MIT", "mit", "Apache-2.0", "BSD-3-Clause", "ODC-By-1.0"), "attribution").items(),
        *dict.fromkeys(
            ("GPL-2.0-or-later", "GPL-3.0+", "AGPL-3.0-only", "LGPL-3.0-only", "MPL-2.0", "ODbL-1.0", "CC-BY-SA-3.0",
             "GFDL-1.3-or-later", "CC-BY-SA-3.0-AT"), "share_alike",
        ).items(),
        *dict.fromkeys(("CC-BY-NC-4.0", "CC-BY-NC-SA-3.0-IGO"), "non_commercial").items(),
        *dict.fromkeys(("CC-BY-ND-4.0", "CC-BY-NC-ND-3.0-DE"), "no_derivatives").items(),
        *dict.fromkeys(("Elastic-2.0", "BUSL-1.1", "LicenseRef-propia"), "unknown").items(),
        # Of two at choice the more open, of two together the less open.
        ("MIT OR GPL-3.0-only", "attribution"),
        ("GPL-3.0-only OR MIT", "attribution"),
        ("MIT AND CC-BY-SA-4.0", "share_alike"),
        ("CC-BY-NC-4.0 AND MIT", "non_commercial"),
        ("(MIT OR GPL-2.0-only) AND CC-BY-ND-4.0", "no_derivatives"),
        ("MIT OR (GPL-2.0-only AND CC-BY-ND-4.0)", "attribution"),
        ("GPL-3.0-only OR CC-BY-NC-4.0", "share_alike"),
        ("CC0-1.0 AND CC-BY-NC-4.0", "non_commercial"),
        ("MIT OR libre", "unknown"),
        ("MIT AND Elastic-2.0", "unknown"),
        ("MIT OR Elastic-2.0", "attribution"),
        # An exception gives more, and changes no tier.
        ("GPL-2.0-only WITH Classpath-exception-2.0", "share_alike"),
        ("Apache-2.0 WITH LLVM-exception", "attribution"),
    ],
)  # fmt: skip
def test_an_spdx_expression_has_the_tier_of_what_it_lets_one_choose(statement: str, tier: str) -> None:
    """Permissive licences ask for attribution, copyleft ones for the same licence."""
    assert tier_of(statement) == tier


@pytest.mark.parametrize(
    "statement",
    [
        None, "", "  ", "Todos los derechos reservados", "Todos os direitos reservados", "© 2021 Editorial",
        "CC BY 4.0, salvo las imágenes: todos los derechos reservados", "dominio público",
        "Public domain in the USA.", "libre", "CC", "Creative Commons", "by", "attribution", "GPL-2.0-only OR",
        "MIT AND LicenseRef-propia",
        # A condition is one wherever it stands; these once were taken for codes of countries.
        "CC BY-SA-NC", "CC BY 4.0 NC", "CC-BY-4.0-SA", "CC BY 4.0 ND", "CC BY-SA-ND", "CC0 NC", "CC0 1.0 ND",
        "https://creativecommons.org/licenses/by/4.0/nc/", "https://creativecommons.org/licenses/by/4.0/nd",
        "https://creativecommons.org/licenses/by/4.0/sa/",
        # Two statements that differ.
        "Attribution 4.0 International (CC BY-NC 4.0)", "Todos los derechos (CC BY 4.0)", "CC BY 4.0 (CC BY 4.0) no",
        "https://creativecommons.org/licenses/by/4.0/ y https://creativecommons.org/licenses/by-nc/4.0/",
        "https://creativecommons.org/licenses/by/4.0/ salvo las imágenes, reservadas",
        "https://creativecommons.org/licenses/by/4.0/# salvo las imágenes",
        "https://creativecommons.org/licenses/sampling/1.0/", "https://creativecommons.org/licenses/",
        "https://example.org/licenses/by/4.0/", "https://creativecommons.org.example/licenses/by/4.0/",
    ],
)  # fmt: skip
def test_what_is_not_understood_stays_unknown(statement: str | None) -> None:
    """Free text, reserved rights, licences with a remark and doubtful statements open nothing."""
    assert tier_of(statement) == "unknown"


# rightsstatements.org, version 1.0: what each lets anyone do. Two allow use that isn't commercial; of «educational
# use», contracts, laws of other kinds and works free in one country nobody can say that a corpus may be made of them.
_RIGHTS_STATEMENTS = {
    "InC": "unknown",
    "InC-OW-EU": "unknown",
    "InC-EDU": "unknown",
    "InC-NC": "non_commercial",
    "InC-RUU": "unknown",
    "NoC-CR": "unknown",
    "NoC-NC": "non_commercial",
    "NoC-OKLR": "unknown",
    "NoC-US": "unknown",
    "CNE": "unknown",
    "UND": "unknown",
    "NKC": "unknown",
}


@pytest.mark.parametrize(("name", "tier"), _RIGHTS_STATEMENTS.items())
@pytest.mark.parametrize(
    "address",
    [
        "http://rightsstatements.org/vocab/{}/1.0/", "https://www.rightsstatements.org/page/{}/1.0/?language=es",
        "rightsstatements.org/vocab/{}/1.0", "http://rightsstatements.org/page/{}/1.0#texto",
    ],
)  # fmt: skip
def test_the_twelve_rightsstatements_are_known(address: str, name: str, tier: str) -> None:
    """Only those that grant something to everyone are more than unknown, and none is a licence."""
    for said in (address.format(name), address.format(name.lower()), f"  {address.format(name)}\n"):
        assert (tier_of(said), is_known(said)) == (tier, True)


@pytest.mark.parametrize(
    "statement",
    [
        "http://rightsstatements.org/vocab/Libre/1.0/", "http://rightsstatements.org/vocab/InC/2.0/",
        "http://rightsstatements.org/vocab/InC-NC/1.0/ y otros",
        "http://rightsstatements.org/vocab/InC-NC/1.0/? y otros",
    ],
)  # fmt: skip
def test_a_statement_that_the_vocabulary_lacks_is_not_known(statement: str) -> None:
    """A name that rightsstatements.org doesn't have, another version of it, and a statement with a remark."""
    assert (tier_of(statement), is_known(statement)) == ("unknown", False)


@pytest.mark.parametrize(
    ("tier", "allowed"),
    [
        ("open", ["train", "redistribute", "evaluate"]),
        ("attribution", ["train", "redistribute", "evaluate"]),
        ("share_alike", ["train", "redistribute", "evaluate"]),
        ("non_commercial", ["evaluate"]),
        ("no_derivatives", ["evaluate"]),
        ("permission", ["evaluate"]),
        ("unknown", ["evaluate"]),
    ],
)
def test_a_statement_allows_the_uses_of_its_tier(tier: str, allowed: list[str]) -> None:
    """The three free tiers all uses, the others none that needs somebody's word; never one that wasn't asked about."""
    assert uses_under(tier, ["train", "redistribute", "evaluate"]) == allowed
    assert uses_under(tier, ["train"]) == [use for use in allowed if use == "train"]
    assert uses_under(tier, []) == []


@pytest.mark.parametrize(
    ("statement", "owed"),
    [
        ("BY 4.0", ["attribution"]),
        ("BY-SA 4.0", ["attribution", "share_alike"]),
        ("BY-NC 4.0", ["attribution", "non_commercial"]),
        ("BY-ND 4.0", ["attribution", "no_derivatives"]),
        ("CC BY-NC-SA 4.0", ["attribution", "share_alike", "non_commercial"]),
        ("https://creativecommons.org/licenses/by-nc-nd/4.0/", ["attribution", "non_commercial", "no_derivatives"]),
        ("CC0-1.0", []),
        # Only beside `by`, and only in a statement that is understood.
        ("NC", []), ("SA", []), ("Prensa by NC", []), ("CC BY-SA-ND", []), (None, []),
    ],
)  # fmt: skip
def test_each_word_of_a_licence_binds_whatever_the_tier_is(statement: str | None, owed: list[str]) -> None:
    """The obligations of a licence apply even if an agreement or a label states another tier."""
    order = ["attribution", "share_alike", "non_commercial", "no_derivatives", "agreement"]
    by_tier = {"attribution": ["attribution"], "share_alike": ["attribution", "share_alike"], "open": [],
               "non_commercial": ["non_commercial"], "no_derivatives": ["no_derivatives"],
               "permission": ["agreement"], "unknown": []}  # fmt: skip
    assert sorted(by_tier) == sorted(RIGHTS_TIERS)
    for tier, more in by_tier.items():
        assert obligations_of(statement, tier) == [one for one in order if one in {*owed, *more}], tier


@given(st.text(max_size=60))
@settings(deadline=None)  # the first statement opens the licence index
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
