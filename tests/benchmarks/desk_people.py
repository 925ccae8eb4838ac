"""Make people with collections, and print their sessions.

`python -m tests.benchmarks.desk_people DATA DATABASE PEOPLE FILES`
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from latam_corpus.web.settings import Desk, configure


def _main() -> None:
    data, database, people, files = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    configure(Desk(data, database))
    from django.test import Client

    from latam_corpus.web.commands.server import prepare
    from latam_corpus.web.models import Collection, Person
    from latam_corpus.web.workspace import files_folder, record_file, write_source

    prepare()
    sessions = []
    for number in range(people):
        person = Person.objects.create(username=f"p{number}", name=f"Persona {number}", role="contributor")
        collection = Collection.objects.create(slug=f"c{number}", owner=person, title=f"Cantos {number}", custodian="B")
        write_source(collection)
        for place in range(files):
            text = f"Texto {number} {place}, que nadie ha leído todavía.\n".encode()
            (files_folder(collection) / f"{place}.txt").write_bytes(text)
            record_file(collection, f"{place}.txt", hashlib.sha256(text).hexdigest(), len(text))
        browser = Client()
        browser.force_login(person)
        sessions.append({name: cookie.value for name, cookie in browser.cookies.items()})
    print(json.dumps(sessions))  # noqa: T201


if __name__ == "__main__":
    _main()
