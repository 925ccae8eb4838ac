"""The opt-outs of a site's files: `robots`, `aitxt` and `tdmrep_file` parse one each, and `site` combines them."""
