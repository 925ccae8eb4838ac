"""The process of a job: the server starts `python -m latam_corpus.web.jobs NUMBER`."""

from __future__ import annotations

from latam_corpus.web.settings import Desk, configure

if __name__ == "__main__":
    configure(Desk.from_environment())
    from latam_corpus.web.jobs.worker import main

    main()
