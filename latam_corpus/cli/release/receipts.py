"""`latam-corpus release verify-receipt` and `keygen`."""

from __future__ import annotations

from pathlib import Path

import typer

from latam_corpus.cli.interface.show import console, print_json
from latam_corpus.errors import ConfigError, cause_of
from latam_corpus.messages import Message, _
from latam_corpus.release.storing.minisign_keys import new_key, public_file, read_public_keys, signature_file
from latam_corpus.release.storing.store import Store
from latam_corpus.release.withdrawals.withdrawal_receipt import receipt_problems


def check_receipt(receipt: Path, store: str | None, key: list[str] | None, *, as_json: bool) -> None:
    """Verify the receipt of a withdrawal; with --store also against the store's log, with --key also its signature."""
    keys = read_public_keys(key or ())
    try:
        data = receipt.read_bytes()
        signed = signature_file(receipt)
        signature = signed.read_bytes() if keys and signed.exists() else None
    except OSError as error:
        raise ConfigError(
            str(receipt), _("it can't be read: {cause}", cause=cause_of(error)), _("name a receipt")
        ) from None
    problems = receipt_problems(data, Store.at(store) if store else None, keys, signature)
    if as_json:
        print_json({"receipt": str(receipt), "genuine": not problems, "problems": list(map(str, problems))})
    elif problems:
        for problem in problems:
            console.print(Message("{receipt}: {problem}", {"receipt": str(receipt), "problem": problem}))
    else:
        message = (
            _("{receipt}: genuine, and listed in the log of {store}", receipt=receipt, store=store)
            if store
            else _("{receipt}: genuine; --store compares it with the store's log", receipt=receipt)
        )
        console.print(message)
    if problems:
        raise typer.Exit(1)


def make_key(file: Path, *, as_json: bool) -> None:
    """Make a minisign key to sign versions, withdrawals and receipts (`--sign`)."""
    line = new_key(file)
    if as_json:
        print_json({"secret": str(file), "public": str(public_file(file)), "key": line})
        return
    console.print(_("{file} is the secret key: keep it private, with a copy in a safe place", file=file))
    public = public_file(file)
    console.print(
        _("{file} is the public key; with this file or its line anyone can verify what you signed:", file=public)
    )
    console.print(f"  {line}")
