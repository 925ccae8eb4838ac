"""Check a receipt of a withdrawal without the latam_corpus toolkit: python verify_receipt.py RECEIPT [STORE]

Exit code 0: nobody has changed a byte of the receipt, and it says what the log's entry in it says.
With STORE, a folder: its log has that entry, every entry follows on the one before, and the receipt is in it.
Who made it is said by its signature: verify_signature.py beside this file.
"""

import hashlib
import json
import pathlib
import re
import sys


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


def check_store(values, data, store):
    """The log of a store is the files withdrawals/0001.json and so on."""
    previous, receipts, number = "0" * 64, [], 0
    while (file := store / "withdrawals" / f"{number + 1:04d}.json").exists():
        number += 1
        entry = unsealed(file.read_bytes())
        must((entry["number"], entry["previous"]) == (number, previous), f"{file} doesn't follow on the one before")
        previous = sha256(file.read_bytes())
        if number == values["entry"]["number"]:
            must(previous == values["entry"]["sha256"], f"{file} is another entry than the receipt's")
        if entry["of"] == values["entry"]["number"]:
            receipts += entry["receipts"].values()
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
    except (KeyError, TypeError, ValueError, OSError) as error:
        print(f"{receipt}: not genuine: {error}")
        return 1
    what = values.get("kind", "withdrawal")
    print(f"{receipt}: genuine. {values['request']}: {what}, {values['documents']} documents of {values['release']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
