"""Access to pages and to the API: roles, limits, tokens, and the middleware that enforces them."""
