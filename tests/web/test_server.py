"""The start of the server: what it can't listen on is named, and files of jobs that still run are left alone."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from latam_corpus.errors import ConfigError
from latam_corpus.web.commands.server import serve
from latam_corpus.web.workspace import recover

if TYPE_CHECKING:
    from pathlib import Path


def test_a_used_port_and_an_unknown_host_are_named_with_a_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as used:
        port = used.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"127\.0\.0\.1:{port}: it can't be used: Address already in use; name"):
            serve("127.0.0.1", port, lambda _port: None)
    with pytest.raises(ConfigError, match=r"a\.\.b:0: it can't be used: Name or service not known"):
        serve("a..b", 0, lambda _port: None)
    with pytest.raises(ConfigError, match=r"ñ\.\.b:0: it can't be used: encoding of hostname failed"):
        serve("ñ..b", 0, lambda _port: None)


def test_a_temporary_file_that_a_job_moves_meanwhile_does_not_stop_the_start(tmp_path: Path) -> None:
    moved = tmp_path / "tmp" / "moved"
    moved.symlink_to("its target was moved")
    recover()
    assert moved.is_symlink()
