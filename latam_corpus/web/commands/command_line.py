"""The commands `desk`, `desk serve`, `desk invite`, `desk backup` and `desk restore`."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from latam_corpus.cli.interface.options import Json
from latam_corpus.cli.interface.show import console, print_json
from latam_corpus.errors import ConfigError, cause_of, one_of
from latam_corpus.messages import N_, _
from latam_corpus.web.settings import Desk, configure

app = typer.Typer(invoke_without_command=True)

Data = Annotated[Path, typer.Option("--data", metavar="FOLDER", help=N_("The folder of the desk's data."))]
Database = Annotated[
    str,
    typer.Option(
        "--database",
        metavar="URL",
        envvar="LATAM_CORPUS_DESK_DATABASE",
        show_default=N_("an SQLite file in the data folder"),
        help=N_("A PostgreSQL database: postgresql://user:password@host/name."),
    ),
]
_LOOPBACK = "127.0.0.1"


@app.callback()
def desk(
    context: typer.Context,
    data: Data = Path("desk"),
    port: Annotated[int, typer.Option(min=0, max=65535, help=N_("The port; 0 for any free one."))] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help=N_("Print the address, and don't open the browser."))
    ] = False,
) -> None:
    """Open the desk: hand over a collection, see what happens to it and withdraw it, in a browser.

    Without a further command, it serves one person on this machine and opens the browser.
    """
    if context.invoked_subcommand is not None:
        return
    settings = Desk(_created(data), single=True)
    configure(settings)
    from latam_corpus.web.commands.server import prepare, serve

    prepare()

    def ready(used_port: int) -> None:
        address = f"http://{_LOOPBACK}:{used_port}/start/{settings.start_token}"
        console.print(_("The desk is open, for you alone: {address}", address=address), soft_wrap=True)
        console.print(_("Press Ctrl-C to close it. Its data is in {folder}.", folder=settings.data))
        if not no_browser:
            webbrowser.open(address)

    serve(_LOOPBACK, port, ready)


@app.command("serve")
def serve_desk(
    data: Data = Path("desk"),
    database: Database = "",
    bind: Annotated[
        str, typer.Option("--bind", metavar="HOST:PORT", help=N_("The address to listen on."))
    ] = "127.0.0.1:8000",
    hosts: Annotated[
        list[str],
        typer.Option(
            "--host", metavar="NAME", help=N_("A host name by which browsers reach the desk; can be repeated.")
        ),
    ] = [],
    proxy: Annotated[
        str, typer.Option("--proxy", metavar="IP", help=N_("The address of the https proxy in front of the desk."))
    ] = "",
) -> None:
    """Serve the desk for a library: people log in, with accounts by invitation (`desk invite`)."""
    host, _colon, port = bind.rpartition(":")
    if not host or not port.isdecimal() or int(port) >= 2**16:
        raise ConfigError("--bind", _("«{text}» isn't HOST:PORT", text=bind), _("write it as 127.0.0.1:8000"))
    names = (*hosts, host.strip("[]"), "localhost") if host not in {"0.0.0.0", "[::]"} else (*hosts, "localhost")  # noqa: S104
    configure(Desk(_created(data), database, hosts=tuple(dict.fromkeys(names)), https=bool(proxy)))
    from latam_corpus.web.commands.server import serve

    _prepared()

    def ready(used_port: int) -> None:
        console.print(_("The desk is open: {address}", address=f"http://{host}:{used_port}/"), soft_wrap=True)

    serve(host.strip("[]"), int(port), ready, proxy)


@app.command()
def invite(
    role: Annotated[str, typer.Option("--role", help=N_("contributor, reviewer or steward."))],
    data: Data = Path("desk"),
    database: Database = "",
    address: Annotated[
        str, typer.Option("--address", metavar="URL", help=N_("The address by which browsers reach the desk."))
    ] = "http://127.0.0.1:8000",
    as_json: Json = False,
) -> None:
    """Print a link that lets one person create an account within 14 days."""
    configure(Desk(_created(data), database))
    from latam_corpus.web.log import log
    from latam_corpus.web.models import Invitation, Role

    if role not in Role.values:
        raise ConfigError("--role", _("there is no role «{name}»", name=role), one_of(Role.values))
    _prepared()
    token = Invitation.make(role, None)
    log(None, "invitation made", f"role {role}")
    link = f"{address.rstrip('/')}/join/{token}"
    _report({"link": link, "role": role}, link, as_json=as_json)


@app.command("backup")
def back_up_desk(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=N_("The archive to write: .tar.gz or .tar."))],
    data: Data = Path("desk"),
    database: Database = "",
    as_json: Json = False,
) -> None:
    """Write the desk into one archive: people, drafts and decisions, sources, uploads, runs and versions."""
    if not data.is_dir():
        raise ConfigError("--data", _("there is no folder «{folder}»", folder=data), _("check the path"))
    configure(Desk(_created(data), database))
    from latam_corpus.web.commands.backup import back_up

    _prepared()
    count = back_up(file)
    text = _("{file}: the desk with {n} {n:file|files}", file=file, n=count)
    _report({"file": str(file), "files": count}, text, as_json=as_json)


@app.command("restore")
def restore_desk(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=N_("An archive of `desk backup`."))],
    data: Data = Path("desk"),
    database: Database = "",
    as_json: Json = False,
) -> None:
    """Restore a desk into a new folder, and into an empty database."""
    from latam_corpus.web.commands import archive

    archive.unpack(file, data)
    configure(Desk(_created(data), database))
    from latam_corpus.web.commands.backup import restore_rows

    _prepared()
    people = restore_rows()
    text = _("The desk is restored: {n} {n:person|people}", n=people)
    _report({"folder": str(data.resolve()), "people": people}, text, as_json=as_json)


def _report(values: dict[str, object], text: object, *, as_json: bool) -> None:
    """Print the result of a command, as JSON or as a sentence."""
    if as_json:
        print_json(values)
    else:
        console.print(text, soft_wrap=True)


def _created(data: Path) -> Path:
    """Create the data folder; return its full path.

    Raises:
        ConfigError: it can't be created.
    """
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        (data / "tmp").mkdir(exist_ok=True)
    except OSError as error:
        problem = _("it can't be written: {cause}", cause=cause_of(error))
        raise ConfigError("--data", problem, _("name another place")) from None
    return data.resolve()


def _prepared() -> None:
    """Create or migrate the tables.

    Raises:
        ConfigError: the database doesn't answer.
    """
    from django.core.exceptions import ImproperlyConfigured
    from django.db import DatabaseError

    from latam_corpus.web.commands.server import prepare

    try:
        prepare()
    except ImproperlyConfigured:
        problem = _("PostgreSQL needs psycopg, which isn't installed")
        raise ConfigError("--database", problem, "pip install 'latam-corpus[desk-postgresql]'") from None
    except DatabaseError as error:
        problem = _("the database doesn't answer: {cause}", cause=str(error).strip().partition("\n")[0])
        raise ConfigError("--database", problem, _("check its address, name and password")) from None
