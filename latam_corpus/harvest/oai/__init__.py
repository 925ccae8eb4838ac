"""Repositories by OAI-PMH: `replies` parses their replies, `memory` stores records, `oai_visits` collects the texts."""
