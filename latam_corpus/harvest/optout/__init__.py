"""What a site's files refuse: `robots`, `aitxt`, `tdmrep_file` each read one, `site` puts them together."""
