"""Find the files of language models."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from latam_corpus.errors import ConfigError, closest
from latam_corpus.language.labels import MODELS
from latam_corpus.messages import _
from latam_corpus.paths import config_folder
from latam_corpus.storage.durable import replace

SHIPPED: Final = "americas"
_CHOSEN: Final = "language-model"
_CHOOSE_AGAIN: Final = _("choose an existing model, or return to the shipped one: `language use americas`")


def chosen() -> str:
    """Return the model for recipes that don't name one: the choice of `language use`, or else the shipped model.

    Raises:
        ConfigError: the chosen model no longer exists.
    """
    path = config_folder() / _CHOSEN
    try:
        name = path.read_text("utf-8").strip()
    except FileNotFoundError:
        return SHIPPED
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), _("it can't be read: {cause}", cause=error), _CHOOSE_AGAIN) from None
    if not Path(name).is_file():
        raise ConfigError(name, _("the model that `language use` chose no longer exists"), _CHOOSE_AGAIN)
    return name


def choose(model: Path | None) -> None:
    """Choose the model for recipes that don't name one; None chooses the shipped model."""
    path = config_folder() / _CHOSEN
    if model is None:
        path.unlink(missing_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, f"{model.resolve()}\n".encode())


def locate(name: str, label_map: str = "") -> tuple[Path, Path | None]:
    """Return the paths of a model and its label map, which is None if there is no map."""
    if "/" not in name and "." not in name:
        path = MODELS / f"{name}.ftz"
        if not path.is_file():
            shipped = [file.stem for file in MODELS.glob("*.ftz")]
            raise ConfigError(name, _("no such language model"), closest(name, shipped or [SHIPPED]))
    else:
        path = Path(name)
        if not path.is_file():
            raise ConfigError(
                name, _("no such language model file"), _("give a shipped name or the path of a .ftz or .bin")
            )
    if label_map:
        if not Path(label_map).is_file():
            raise ConfigError(
                label_map, _("no such label map"), _("give the path of a TOML file with a [labels] table")
            )
        return path, Path(label_map)
    default_map = path.with_suffix(".toml")
    return path, default_map if default_map.is_file() else None
