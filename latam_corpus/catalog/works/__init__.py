"""Read descriptions of works in catalogues: titles, authors, dates, languages, rights and files."""
