"""The site file: where a cluster is and what it gives to each task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from latam_corpus.toml_model import load_toml

if TYPE_CHECKING:
    from pathlib import Path

_FORBID = ConfigDict(extra="forbid", frozen=True, strict=True)


class RaySite(BaseModel):
    """`[ray]`: a Ray cluster that is running, whose nodes see the files of sources and `--out` under the same paths.

    Attributes:
        address: host and port of its head, or `auto` for the cluster that this machine is of.
        memory_gb: what is asked for each task; a node is given no more tasks than it has memory for.
        environment: variables of the workers.
    """

    model_config = _FORBID
    address: Annotated[str, Field(pattern=r"^(auto|[\w.-]+:\d{1,5})$")]
    memory_gb: Annotated[float, Field(gt=0)] | None = None
    environment: dict[str, str] = Field(default_factory=dict)


class Site(BaseModel):
    """A site file.

    Attributes:
        ray: the cluster of `--engine ray`.
    """

    model_config = _FORBID
    ray: RaySite


def load_site(path: Path) -> Site:
    """Return the site that a file states.

    Raises:
        ConfigError: the file is missing, isn't TOML, or says what no site has.
    """
    return load_toml(path, Site, "site file")
