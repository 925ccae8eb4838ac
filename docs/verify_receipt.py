"""Check a receipt of a withdrawal without the latam_corpus toolkit: python verify_receipt.py RECEIPT [STORE]

Exit code 0: no byte of the receipt was changed, and it agrees with the log entry that it contains.
With STORE, a folder: the store's log contains that entry and names the receipt, and the log itself is whole.
Exit code 1: the message says whether the receipt or the log is at fault. verify_signature.py checks who signed it.
"""

import hashlib
import json
import pathlib
import re
import sys


class DamagedLogError(Exception): ...


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def must(true, problem):
    if not true:
        raise ValueError(problem)


def unsealed(data):
    """JSON whose last key is the SHA-256 of all bytes before its value."""
    head, mark, seal = data.rpartition(b',\n "seal": "')
    must(mark and seal == sha256(head + mark).encode() + b'"\n}\n', "its bytes aren't those that were written")
    return json.loads(data)


def values_of(data):
    """What a receipt says; a page ends with the SHA-256 of all before, and holds the values as JSON."""
    if data.startswith(b"{"):
        return unsealed(data)
    page = re.fullmatch(rb"(?s)(.*\n<!-- sha256 )([0-9a-f]{64}) -->\n", data)
    must(page and sha256(page[1]).encode() == page[2], "its bytes aren't those that were written")
    inner = re.search(rb'(?s)<script type="application/json" id="receipt">\n(.*)</script>', data)
    return unsealed(inner[1].replace(b"<\\/", b"</"))


def check_values(values):
    file = values["entry"]["file"].encode()
    entry = unsealed(file)
    asked = values["asked"]
    named = asked["value"] if asked["by"] == "url" else sha256(f"{asked['by']}\0{asked['value']}".encode())
    must(values["entry"]["sha256"] == sha256(file), "the digest of its entry is wrong")
    must(values["entry"]["number"] == entry["number"], "its entry has another number")
    must((values["request"], values["release"]) == (entry["request"], entry["release"]), "another request")
    must(values.get("kind", entry["kind"]) == entry["kind"], "another kind")
    must((asked["by"], named, asked["because"]) == (entry["by"], entry["asked"], entry["because"]), "asked otherwise")


def read_log(store):
    """The entries of a store's log, withdrawals/0001.json and so on, with their digests."""
    entries, previous = [], "0" * 64
    while (file := store / "withdrawals" / f"{len(entries) + 1:04d}.json").exists():
        try:
            entry = unsealed(file.read_bytes())
            must((entry["number"], entry["previous"]) == (len(entries) + 1, previous), "it doesn't follow the last")
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedLogError(f"{file}: {error}") from None
        entries.append((entry, previous := sha256(file.read_bytes())))
    return entries


def check_store(values, data, store):
    entries = read_log(store)
    number = values["entry"]["number"]
    must(number <= len(entries), f"the store's log has no entry {number}")
    must(entries[number - 1][1] == values["entry"]["sha256"], f"entry {number} of the store's log is another one")
    receipts = [digest for entry, _ in entries if entry["of"] == number for digest in entry["receipts"].values()]
    must(sha256(data) in receipts, "the store's log names no such receipt")
    for when in ("before", "after"):
        name, _, version = values[when]["version"].partition("@")
        manifest = store / "releases" / name / version / "manifest.json"
        must(sha256(manifest.read_bytes()) == values[when]["manifest_sha256"], f"{manifest} is another")


def main(receipt, store=None):
    data = pathlib.Path(receipt).read_bytes()
    try:
        values = values_of(data)
        check_values(values)
        if store:
            check_store(values, data, pathlib.Path(store))
    except DamagedLogError as error:
        print(f"{store}: its log is damaged: {error}; restore it from a backup, then check the receipt again")
        return 1
    except (KeyError, TypeError, ValueError, OSError) as error:
        print(f"{receipt}: not genuine / no es auténtica / não é autêntico: {error}")
        return 1
    print(f"{receipt}: genuine / auténtica / autêntico. {values['request']}: {values['kind']} of {values['release']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
