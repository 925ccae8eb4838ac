"""`python -m latam_corpus` is `latam-corpus`."""

from latam_corpus.cli.app import main

main()
