"""What the owners of websites say about training: every signal in use, read from where it stands.

`signal` names the signals and what each withholds; `robots`, `aitxt`, `tdmrep` and `rsl` read a site's files; `page`
reads the headers and the head of one page; `site` puts a site's files together.
"""
