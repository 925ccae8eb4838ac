"""A job's process: `python -m latam_corpus.web.job NUMBER`, which the server starts."""

from __future__ import annotations

from latam_corpus.web.settings import Desk, configure

if __name__ == "__main__":
    configure(Desk.from_environment())
    from latam_corpus.web.jobs import main

    main()
