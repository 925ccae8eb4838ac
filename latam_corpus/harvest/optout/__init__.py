"""The opt-outs of a site's files: `robots` parses robots.txt, and `site` the other files, and combines them."""
