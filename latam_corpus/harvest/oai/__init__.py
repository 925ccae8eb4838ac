"""Repositories by OAI-PMH: `replies` reads what they answer, `memory` keeps records, `crawl` fetches their texts."""
