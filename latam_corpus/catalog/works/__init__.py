"""What catalogues say of works: titles, authors, dates, languages, rights, and which files hold them."""
