"""The JSON API: sources, collections and jobs, with tokens that have scopes; `openapi.json` describes it."""
