"""`filters/privacy/` states the replaced kinds; an impossible setting is refused with its file and line."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from latam_corpus import vocabulary
from latam_corpus.errors import ConfigError
from latam_corpus.paths import data_folder
from latam_corpus.privacy.kinds import IDENTIFIERS, KINDS
from latam_corpus.privacy.privacy_policy import privacy_policies
from latam_corpus.privacy.redact import Redact, redact

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A copy of the shipped policies, to be edited."""
    shutil.copytree(data_folder("filters") / "privacy", tmp_path / "privacy")
    return tmp_path


def test_every_genre_has_one_policy_and_every_kind_its_words() -> None:
    """In each file, every kind in mode `context` has words."""
    known = privacy_policies()
    assert sorted(known.files) == sorted(vocabulary.GENRES)
    kinds_with_words = {kind for phrases in known.words.phrases.values() for _, kinds in phrases for kind in kinds}
    assert {item.kind for item in IDENTIFIERS if item.bare} <= kinds_with_words <= set(KINDS)


@pytest.mark.parametrize(
    ("file", "before", "after", "error"),
    [
        ("usual.toml", 'cuit = "form"', 'quit = "form"', "line [0-9]+.*«quit».*cuit"),
        ("usual.toml", 'cuit = "form"', 'cuit = "always"', "cuit"),
        ("usual.toml", 'cuit = "form"', "", "«cuit» is missing"),
        ("usual.toml", '"news", ', '"notas", ', "unknown genre «notas»"),
        ("usual.toml", '"news", ', '"news", "literature", ', "«literature» is also in"),
        ("usual.toml", '"news", ', "", "no file serves the genre «news»"),
        ("strict.toml", "[countries.BR]", "[countries.Brasil]", "«Brasil» isn't a country"),
        ("words.toml", "window = 60", "window = 0", "window"),
        ("words.toml", "\ncuit = ", "\nquit = ", "unknown kind «quit».*cuit"),
        ("light.toml", "genres =", "generos =", "«genres» is missing"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(
    policies: Path, file: str, before: str, after: str, error: str
) -> None:
    """Misspelt, doubled and missing words, with what was meant."""
    path = policies / "privacy" / file
    text = path.read_text("utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, after), "utf-8")
    with pytest.raises(ConfigError, match=error):
        redact("12.345.678-5", policies=str(policies))


def test_an_edited_policy_counts_at_once_and_redoes_the_stage(policies: Path) -> None:
    """The same folder elsewhere is the same policy."""
    stage = Redact(policies=str(policies))
    assert stage.fingerprint() == Redact().fingerprint()
    path = policies / "privacy" / "usual.toml"
    path.write_text(path.read_text("utf-8").replace('rut = "form"', 'rut = "off"', 1), "utf-8")
    assert stage.fingerprint() != Redact().fingerprint()
    assert redact("RUT 12.345.678-5", policies=str(policies))[1] == {}
    with pytest.raises(ConfigError, match="privacy policies doesn't exist"):
        redact("", policies=str(policies / "nada"))
